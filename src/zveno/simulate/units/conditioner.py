"""Conditioner: dilutes pulp to a density."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.units.unit import WATER_ADDED, Report, Spec, UnitModel, Values, water_needed


@dataclass(frozen=True, kw_only=True)
class Conditioner(UnitModel):
    """Water is added, never removed, until the pulp holds no more than the wanted share of solids.

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import basis_of
    >>> ore = basis_of([("quartz", "non")], sg=[2.65], k_per_min=[0.0], groups=["gangue"])
    >>> Conditioner(solids=0.2).run(np.array([10.0, 15.0]), ore)["product"]
    array([[10., 40.]])
    """

    drivers: ClassVar = (WATER_ADDED,)

    solids: Annotated[Values, Spec("frac", "share of solids by mass after dilution", low=0.01, high=1.0)]

    def observe(self, feed: Floats, basis: Basis) -> Floats:
        """Water still needed."""
        return water_needed(feed, basis, self.solids)[:, None]

    def water_added(self, drivers: Floats) -> Floats | None:
        """Dilution water."""
        return drivers[:, 0]

    def report(self, feed: Floats, drivers: Floats, basis: Basis) -> Report:
        """Dilution water."""
        return {"water_added": (drivers[:, 0] * basis.solids(feed), "t/h")}
