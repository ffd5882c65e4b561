"""Filter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.units.dewatering import CLEAR_SHARES, clear_shares, clear_split
from zveno.simulate.units.unit import Spec, UnitModel, Values


@dataclass(frozen=True, kw_only=True)
class Filter(UnitModel):
    """Cake of a given moisture; the filtrate may carry a few solids.

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import basis_of
    >>> ore = basis_of([("quartz", "non")], sg=[2.65], k_per_min=[0.0], groups=["gangue"])
    >>> Filter(moisture=0.125).run(np.array([70.0, 50.0]), ore)["cake"]
    array([[70., 10.]])
    """

    outlets: ClassVar = ("cake", "filtrate")
    drivers: ClassVar = CLEAR_SHARES

    moisture: Annotated[Values, Spec("frac", "water in wet cake", high=0.95)]
    filtrate_solids_g_l: Annotated[Values, Spec("g/l", "solids in the filtrate", high=50.0)] = 0.0

    def observe(self, feed: Floats, basis: Basis) -> Floats:
        """Shares of solids and water that pass the cloth."""
        return clear_shares(feed, basis, thick_solids=1 - self.moisture, clear_g_l=self.filtrate_solids_g_l)

    def split(self, drivers: Floats, basis: Basis) -> Floats:
        """Cake and filtrate."""
        return clear_split(drivers, basis)
