"""Thickener."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.units.dewatering import CLEAR_SHARES, clear_shares, clear_split
from zveno.simulate.units.unit import Spec, UnitModel, Values


@dataclass(frozen=True, kw_only=True)
class Thickener(UnitModel):
    """Underflow of a given density; the overflow carries a few solids that have the make of the feed.

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import basis_of
    >>> ore = basis_of([("quartz", "non")], sg=[2.65], k_per_min=[0.0], groups=["gangue"])
    >>> thickener = Thickener(underflow_solids=0.5, overflow_solids_g_l=0.2)
    >>> thickener.run(np.array([60.0, 240.0]), ore)["overflow"].round(3)
    array([[3.60000e-02, 1.80036e+02]])
    """

    outlets: ClassVar = ("underflow", "overflow")
    drivers: ClassVar = CLEAR_SHARES

    underflow_solids: Annotated[Values, Spec("frac", "share of solids in the underflow", low=0.05, high=0.9)]
    overflow_solids_g_l: Annotated[Values, Spec("g/l", "solids in the overflow", high=50.0)] = 0.0

    def observe(self, feed: Floats, basis: Basis) -> Floats:
        """Shares of solids and water that overflow."""
        return clear_shares(feed, basis, thick_solids=self.underflow_solids, clear_g_l=self.overflow_solids_g_l)

    def split(self, drivers: Floats, basis: Basis) -> Floats:
        """Underflow and overflow."""
        return clear_split(drivers, basis)
