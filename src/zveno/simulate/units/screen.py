"""Screen: grains try an opening several times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.sizing import bounds
from zveno.simulate.units.unit import Driver, Report, Spec, UnitModel, Values, per_basis, two_ways, vector

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(8)
_PAN_DEPTH = 1e-3  # the pan is averaged down to this share of its upper bound


def stays_on(size_um: Floats, aperture_um: Floats, wire_um: Floats, trials: Floats) -> Floats:
    """Share of grains of a size that stays on a screen: (1 - ((h - x) / (h + w))^2)^N; all that are coarser than h.

    References
    ----------
    Gaudin (1939), Principles of Mineral Dressing, ch. 7 (chance to pass); Whiten (1972), J. South. Afr. Inst. Min.
    Metall. 72, 257-264 (repeated trials).

    Examples
    --------
    >>> stays_on(np.array([2.0, 9.0, 12.0]), np.array([10.0]), np.array([4.0]), np.array([10.0])).round(4)
    array([0.0192, 0.9501, 1.    ])
    """
    chance = np.clip((aperture_um - size_um) / (aperture_um + wire_um), 0, 1) ** 2
    return np.asarray((1 - chance) ** trials)


@dataclass(frozen=True, kw_only=True)
class Screen(UnitModel):
    """A vibrating or fixed screen of square openings.

    A grain of size x tries an opening h between wires w ``trials`` times. A size class counts as the mean over its
    range (evenly in the logarithm), so that the class that holds the opening is divided by it. ``sticking`` carries a
    share of the undersize along, as moist fines do. Oversize keeps ``oversize_moisture``, if so much water comes.

    References
    ----------
    Gaudin (1939); Whiten (1972), J. South. Afr. Inst. Min. Metall. 72, 257-264.

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import basis_of
    >>> ore = basis_of([("quartz", "non")] * 3, sg=[2.65] * 3, k_per_min=[0.0] * 3, groups=["gangue"] * 3,
    ...     sizes=([12000.0, 6000.0], [0, 1, 2]))
    >>> screen = Screen(aperture_um=12000.0, wire_um=5000.0, trials=20.0, oversize_moisture=0.02)
    >>> screen.run(np.array([40.0, 30.0, 30.0, 3.0]), ore)["oversize"].round(3)
    array([[40.   , 14.358,  0.053,  1.11 ]])
    """

    by_size: ClassVar[bool] = True
    outlets: ClassVar = ("oversize", "undersize")
    drivers: ClassVar = (Driver("oversize_water_frac", "linear", 0, 1),)

    aperture_um: Annotated[Values, Spec("um", "opening of the screen", low=10.0)]
    wire_um: Annotated[Values, Spec("um", "wire between openings")]
    trials: Annotated[Values, Spec("-", "times that a grain tries to pass", low=0.1, high=10000.0)]
    oversize_moisture: Annotated[Values, Spec("frac", "moisture of the oversize", high=0.9)] = 0.0
    sticking: Annotated[Values, Spec("frac", "share of the undersize that goes along with the oversize", high=0.9)] = (
        0.0
    )

    def observe(self, feed: Floats, basis: Basis) -> Floats:
        """Share of the water that stays with the oversize."""
        over = basis.solids(feed * self._over(basis))
        wet = vector(self.oversize_moisture)
        kept = over * wet / (1 - wet)
        share = np.divide(kept, feed[:, -1], out=np.zeros(len(feed)), where=feed[:, -1] > 0)
        return np.asarray(np.minimum(share, 1.0)[:, None])

    def split(self, drivers: Floats, basis: Basis) -> Floats:
        """Solids by size, water by the moisture of the oversize."""
        over = self._over(basis) + 0 * drivers[:, :1]
        over[:, -1] = drivers[:, 0]
        return two_ways(over)

    def report(self, feed: Floats, drivers: Floats, basis: Basis) -> Report:  # noqa: ARG002
        """Oversize."""
        return {"feed": (basis.solids(feed), "t/h"), "oversize": (basis.solids(feed * self._over(basis)), "t/h")}

    @per_basis
    def _over(self, basis: Basis) -> Floats:
        """Share of each component that stays on the screen, shape (S or 1, C); what has no size passes."""
        parts = np.broadcast_arrays(vector(self.aperture_um), vector(self.wire_um), vector(self.trials))
        aperture, wire, trials = (one[:, None, None] for one in parts)
        if basis.sizing is None:
            return np.zeros((len(aperture), len(basis)))
        low, high = bounds(basis.sizing.sieves_um)
        low = np.where(low > 0, low, high * _PAN_DEPTH)
        stays = np.zeros((len(aperture), len(low)))
        # the class that holds the opening is averaged on both sides of it, for the curve has a corner there
        edge = np.clip(aperture[:, :, 0], low, high)
        for begin, end in ((low, edge), (edge, high)):
            span = np.log(end / begin) * np.ones_like(stays)
            grain = np.exp(np.log(begin * np.ones_like(stays))[:, :, None] + span[:, :, None] * (_POINTS + 1) / 2)
            mean = (stays_on(grain, aperture, wire, trials) * _WEIGHTS / 2).sum(axis=2)
            stays += mean * span / np.log(high / low)
        stays = np.clip(stays, 0, 1)
        found = np.where(basis.sizing.sized, stays[:, basis.sizing.at], 0.0)
        return found + (1 - found) * vector(self.sticking)[:, None]
