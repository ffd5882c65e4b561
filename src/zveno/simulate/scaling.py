"""Drivers as unknowns: positive numbers by their logarithm, shares by their logit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy

from zveno.simulate.basis import Bools, Floats
from zveno.simulate.units import UnitModel
from zveno.simulate.units.unit import Driver

_EDGE = 1e-12  # a share nearer to 0 or 1 than this is not told apart from it
_LARGEST_LOG = 60.0


@dataclass(frozen=True)
class Scaling:
    """The drivers of several units laid side by side as one row of unknowns."""

    units: tuple[UnitModel, ...]

    @cached_property
    def drivers(self) -> tuple[Driver, ...]:
        """All drivers in order."""
        return tuple(driver for unit in self.units for driver in unit.drivers)

    @cached_property
    def owners(self) -> tuple[int, ...]:
        """Number of the unit to which each unknown belongs."""
        return tuple(n for n, unit in enumerate(self.units) for _ in unit.drivers)

    def encode(self, values: Sequence[Floats]) -> Floats:
        """Unknowns (S, n) from the drivers of each unit, each (S, drivers)."""
        z = np.concatenate(values, axis=1)
        z[:, self._log] = np.log(np.maximum(z[:, self._log], self._low[self._log]))
        z[:, self._logit] = scipy.special.logit(np.clip(z[:, self._logit], _EDGE, 1 - _EDGE))
        return z

    def decode(self, unknowns: Floats) -> list[Floats]:
        """Drivers of each unit from the unknowns, within their bounds."""
        z = unknowns.copy()
        z[:, self._log] = np.exp(np.clip(z[:, self._log], -_LARGEST_LOG, _LARGEST_LOG))
        z[:, self._logit] = scipy.special.expit(z[:, self._logit])
        z = np.clip(z, self._low, self._high)
        ends = np.cumsum([len(unit.drivers) for unit in self.units])
        return np.split(z, ends[:-1], axis=1)

    @cached_property
    def _log(self) -> Bools:
        return np.array([one.scale == "log" for one in self.drivers], dtype=bool)

    @cached_property
    def _logit(self) -> Bools:
        return np.array([one.scale == "logit" for one in self.drivers], dtype=bool)

    @cached_property
    def _low(self) -> Floats:
        return np.array([one.low for one in self.drivers])

    @cached_property
    def _high(self) -> Floats:
        return np.array([one.high for one in self.drivers])
