"""Cyclone: closes the grinding circuit at a given circulating load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.moves import Moves
from zveno.simulate.units.liberation import lose_fast
from zveno.simulate.units.unit import WATER_ADDED, Driver, Report, Spec, UnitModel, Values, per_basis, two_ways, vector

_MOST_WATER = 1 - 1e-9  # some water always overflows, however far an iteration steps


@dataclass(frozen=True, kw_only=True)
class Cyclone(UnitModel):
    """Solids split by the circulating load (underflow over overflow), pulp densities given.

    Sump water is added as the two densities need it. If the feed brings more, the overflow is thinner.
    An overflow set denser than ``density_limit`` costs recovery beyond its shorter residence time:
    ``density_rec`` per cent for each per cent of solids, taken from the fast class of copper sulphides.

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import basis_of
    >>> ore = basis_of([("quartz", "non")], sg=[2.65], k_per_min=[0.0], groups=["gangue"])
    >>> cyclone = Cyclone(circulating_load=3.0, overflow_solids=0.4, underflow_solids=0.75)
    >>> cyclone.run(np.array([400.0, 150.0]), ore)["overflow"]
    array([[100., 150.]])
    """

    outlets: ClassVar = ("overflow", "underflow")
    drivers: ClassVar = (WATER_ADDED, Driver("underflow_water_frac", "linear", 0, _MOST_WATER))

    circulating_load: Annotated[Values, Spec("frac", "underflow solids over overflow solids", high=1000.0)]
    overflow_solids: Annotated[Values, Spec("frac", "share of solids in the overflow", low=0.01, high=0.9)]
    underflow_solids: Annotated[Values, Spec("frac", "share of solids in the underflow", low=0.1, high=1.0)]

    density_rec: Annotated[Values, Spec("-", "% recovery per % solids above density_limit", low=-5.0)] = 0.0
    density_limit: Annotated[Values, Spec("frac", "share of solids above which recovery falls", high=1.0)] = 0.36
    recovery_design: Annotated[Values, Spec("frac", "recovery at design density", low=0.05, high=1.0)] = 1.0

    def observe(self, feed: Floats, basis: Basis) -> Floats:
        """Sump water, and the share of all water that goes with the underflow."""
        over = self._overflow()
        under_water = (1 - over) * (1 / vector(self.underflow_solids) - 1)
        needed = under_water + over * (1 / vector(self.overflow_solids) - 1)
        solids = basis.solids(feed)
        there = np.divide(feed[:, -1], solids, out=needed + 0 * solids, where=solids > 0)
        return np.stack([np.maximum(needed - there, 0), under_water / np.maximum(needed, there)], axis=1)

    def water_added(self, drivers: Floats) -> Floats | None:
        """Sump water."""
        return drivers[:, 0]

    def convert(self, drivers: Floats, basis: Basis) -> Moves | None:  # noqa: ARG002
        """Fast copper sulphides lost to a dense pulp."""
        return self._moves(basis)

    def split(self, drivers: Floats, basis: Basis) -> Floats:
        """Solids by the circulating load, water by the densities."""
        over = np.repeat((self._overflow() + 0 * drivers[:, 0])[:, None], len(basis), axis=1)
        over[:, -1] = 1 - drivers[:, 1]
        return two_ways(over)

    def report(self, feed: Floats, drivers: Floats, basis: Basis) -> Report:
        """Feed and what was added."""
        solids = basis.solids(feed)
        return {
            "feed": (solids, "t/h"),
            "circulating_load": (vector(self.circulating_load), "frac"),
            "water_added": (drivers[:, 0] * solids, "t/h"),
        }

    def _overflow(self) -> Floats:
        """Share of the solids that overflow."""
        return 1 / (1 + vector(self.circulating_load))

    @per_basis
    def _moves(self, basis: Basis) -> Moves | None:
        """Fast copper sulphides lost to a dense pulp."""
        above = np.maximum(vector(self.overflow_solids) - vector(self.density_limit), 0)
        return lose_fast(basis, -vector(self.density_rec) * above / vector(self.recovery_design), self.circulating_load)
