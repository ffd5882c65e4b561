"""Classifier of known cut: a spiral classifier, or a cyclone whose efficiency curve was measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.units.classification import Curve, to_coarse
from zveno.simulate.units.unit import Report, Spec, UnitModel, Values, per_basis, two_ways, vector


@dataclass(frozen=True, kw_only=True)
class Classifier(UnitModel):
    """Divides by size along a given efficiency curve.

    A share ``bypass`` of everything, water included, goes to the coarse product unclassified; the rest follows the
    curve: ``sharpness`` is alpha of Whiten's curve, or the slope of the Rosin-Rammler one. ``d50c_um`` holds for grains
    of 2.6 t/m3; others have d50c (1.6 / (density - 1))^``density_exponent``.

    References
    ----------
    Nageswararao, Wiseman & Napier-Munn (2004), Minerals Engineering 17, 671-687.

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import basis_of
    >>> ore = basis_of([("quartz", "non")] * 3, sg=[2.6] * 3, k_per_min=[0.0] * 3, groups=["gangue"] * 3,
    ...     sizes=([300.0, 150.0], [0, 1, 2]))
    >>> classifier = Classifier(d50c_um=150.0, sharpness=2.5, bypass=0.3)
    >>> classifier.run(np.array([20.0, 30.0, 50.0, 100.0]), ore)["coarse"].round(2)
    array([[19.87, 24.72, 21.37, 30.  ]])
    """

    by_size: ClassVar[bool] = True
    outlets: ClassVar = ("fine", "coarse")

    d50c_um: Annotated[Values, Spec("um", "corrected cut size of grains of 2.6 t/m3", low=1.0)]
    sharpness: Annotated[Values, Spec("-", "alpha of Whiten's curve, or slope of Rosin-Rammler's", low=0.1, high=50.0)]
    bypass: Annotated[Values, Spec("frac", "share of all that goes to the coarse product unclassified", high=0.99)]
    curve: Annotated[Curve, Spec("", "form of the efficiency curve")] = "whiten"
    density_exponent: Annotated[Values, Spec("-", "how the cut falls with density over water", high=2.0)] = 0.5

    def split(self, drivers: Floats, basis: Basis) -> Floats:
        """By-pass and curve."""
        fine = self._fine(basis)
        return two_ways(np.broadcast_to(fine, (max(len(fine), len(drivers)), len(basis))))

    def report(self, feed: Floats, drivers: Floats, basis: Basis) -> Report:  # noqa: ARG002
        """Coarse over fine solids."""
        fine = basis.solids(feed * self._fine(basis))
        coarse = basis.solids(feed) - fine
        load = np.divide(coarse, fine, out=np.zeros(len(feed)), where=fine > 0)
        return {"feed": (basis.solids(feed), "t/h"), "circulating_load": (load, "frac")}

    @per_basis
    def _fine(self, basis: Basis) -> Floats:
        """Share of each component that goes to the fine product, shape (S or 1, C)."""
        coarse = to_coarse(basis, vector(self.d50c_um), self.curve, self.sharpness, self.density_exponent)
        return np.asarray((1 - vector(self.bypass)[:, None]) * (1 - coarse))
