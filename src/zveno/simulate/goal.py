"""A goal: what is wanted of results as functions of free parameters, each of which is a case of a simulation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from zveno.errors import ModelError
from zveno.model.chain import ChainModel
from zveno.simulate.basis import Floats
from zveno.simulate.cases import Cases
from zveno.simulate.keys import with_common
from zveno.simulate.seek import Box, Misses
from zveno.simulate.specifications import FreeParameter, Specification
from zveno.simulate.tabulated import CaseResults, tabulate


@dataclass(frozen=True)
class Goal:
    """Specifications (R) and free parameters (K) of a description.

    A point (K,) holds values of the free parameters, scaled so that 1 is the width of their range.

    Parameters
    ----------
    common
        What is set in all cases, by key.
    day
        Date on which dated figures are read.
    """

    model: ChainModel = field(repr=False)
    specifications: tuple[Specification, ...]
    free: tuple[FreeParameter, ...]
    common: Mapping[str, float]
    day: date | None = None

    @property
    def results(self) -> tuple[str, ...]:
        """Names of the results that are wanted."""
        return tuple(one.result for one in self.specifications)

    @property
    def wanted(self) -> Floats:
        """What is wanted of them, (R,)."""
        return np.array([one.wanted for one in self.specifications])

    @property
    def start(self) -> Floats:
        """The description as a point."""
        return self._start / self._width

    @property
    def box(self) -> Box:
        """Bounds of the points."""
        low, high = (np.array([getattr(one, name).value for one in self.free]) for name in ("low", "high"))
        return Box(low / self._width, high / self._width)

    def values(self, point: Floats) -> Floats:
        """Values of the free parameters at a point, as they are set; at a bound exactly the bound."""
        found = point * self._width
        for name, side in (("low", self.box.low), ("high", self.box.high)):
            found = np.where(point == side, [getattr(one, name).value for one in self.free], found)
        return np.where(point == self.start, self._start, found)

    def scale(self, base: Floats) -> Floats:
        """By what misses are made relative: what is wanted; where that is 0, results ``base``."""
        other = np.where(base == 0, 1.0, np.abs(base))
        return np.where(self.wanted == 0, other, np.abs(self.wanted))

    def misses(self, base: Floats, *, only: int | None = None) -> Misses:
        """How far results are from what is wanted, over their ``scale``; of one specification only, if it is named."""
        scale = self.scale(base)
        chosen = slice(None) if only is None else slice(only, only + 1)

        def missed(points: Floats) -> Floats:
            return np.asarray((self.found(points) - self.wanted) / scale)[:, chosen]

        return missed

    def found(self, points: Floats) -> Floats:
        """Results (P, R) at points (P, K); NaN where they have no value or the case cannot be simulated."""
        values = np.array([self.values(one) for one in points])
        return self._tried(values)

    def _tried(self, values: Floats) -> Floats:
        """Results of cases (P, K), those apart that are refused."""
        try:
            return self.run(values).values
        except ModelError:
            if len(values) == 1:
                return np.full((1, len(self.specifications)), np.nan)
            half = len(values) // 2
            return np.concatenate([self._tried(values[:half]), self._tried(values[half:])])

    def run(self, values: Floats) -> CaseResults:
        """Cases with values (P, K) of the free parameters; raises what keeps them from being simulated."""
        names = tuple(f"{n}" for n in range(len(values)))
        return tabulate(self.model, self.cases(names, values), self.results, day=self.day, allow_unconverged=True)

    def cases(self, names: tuple[str, ...], values: Floats) -> Cases:
        """Values (P, K) of the free parameters as cases, with all that is set besides."""
        given = Cases(names, {one.key: values[:, n] for n, one in enumerate(self.free)})
        return with_common(self.model, given, self.common)

    @property
    def _width(self) -> Floats:
        return np.array([one.width for one in self.free])

    @property
    def _start(self) -> Floats:
        return np.array([one.start for one in self.free])
