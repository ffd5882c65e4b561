"""Forward: coordinates of parameters in, masses of streams out, as many points at once as are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from zveno.couple.choices import Parameter
from zveno.couple.coordinates import Floats
from zveno.errors import Fault, ModelError, Phrase, SolveError, fault
from zveno.model.chain import ChainModel
from zveno.simulate import Cases, Simulation, simulate, with_common
from zveno.simulate.tabulated import refusal
from zveno.text.mark import tr

PART = 400
"""Points simulated in one batch."""
_OUTER = 1 / 6
"""Weight of the outer points of the three-point Gauss-Hermite rule."""


@dataclass(frozen=True)
class Forward:
    """The simulation as a function of parameters (N).

    Parameters
    ----------
    places
        Name of a place -> the simulated streams that add up to it.
    known
        What is set in all runs, by key.
    wander
        Relative standard deviation with which parameters move around their values, shape (N,): masses are means over
        these moves, by Gauss-Hermite quadrature with three points for each that moves.
    """

    model: ChainModel
    parameters: tuple[Parameter, ...]
    places: Mapping[str, tuple[str, ...]]
    known: Mapping[str, float]
    day: date | None
    wander: tuple[float, ...] = ()

    @property
    def quantities(self) -> tuple[str, ...]:
        """What the last axis of masses holds."""
        return ("solids", "water", *self.model.chain.components)

    def base(self) -> Simulation:
        """The description itself, with what is known.

        Raises
        ------
        ModelError, SolveError
            If it cannot be simulated.
        """
        return simulate(self.model, scenarios=with_common(self.model, Cases(("base",)), self.known), day=self.day)

    def masses(self, points: Floats, places: Sequence[str] | None = None) -> Floats:
        """Masses, t/h, shape (points, places, quantities), of points (points, N); NaN where a point has no answer."""
        names = list(self.places if places is None else places)
        moved = np.concatenate([points, *self._moved(points)])
        parts = [self._part(moved[start : start + PART], names) for start in range(0, len(moved), PART)]
        if not parts:
            return np.zeros((0, len(names), len(self.quantities)))
        steady, *rest = np.split(np.concatenate(parts), len(moved) // len(points))
        return np.asarray(steady + sum(_OUTER * (one - steady) for one in rest))

    def refused(self, point: Floats, n: int) -> Iterator[Fault]:
        """Why a parameter cannot take a value while all else stays as described."""
        one = self.parameters[n]
        value = one.scale.value(point[[n]])
        alone = with_common(self.model, Cases(("one",), dict.fromkeys(one.targets, value)), self.known)
        error = refusal(self.model, alone, self.day)
        message = tr("'{key}' cannot be fitted by itself: {problem}")
        for each in error.faults if error else ():
            yield fault(message, key=one.key, problem=Phrase(each.message, each.fields))

    def _moved(self, points: Floats) -> list[Floats]:
        """The points with each wandering parameter up and down by sqrt(3) standard deviations of its value."""
        found = []
        for n, relative in enumerate(self.wander):
            for sign in (1.0, -1.0) if relative else ():
                other, scale = points.copy(), self.parameters[n].scale
                other[:, n] = scale.coordinate(scale.value(points[:, n]) * (1 + sign * np.sqrt(3) * relative))
                found.append(other)
        return found

    def values(self, points: Floats) -> Floats:
        """Values of the parameters at points, in their uoms, shape (points, N)."""
        columns = [one.scale.value(points[:, n]) for n, one in enumerate(self.parameters)]
        return np.stack(columns, axis=1) if columns else np.zeros((len(points), 0))

    def _part(self, points: Floats, places: Sequence[str]) -> Floats:
        """One batch; where a point is refused, the others are found by halving."""
        try:
            found = simulate(self.model, scenarios=self._cases(points), day=self.day, allow_unconverged=True)
        except (ModelError, SolveError):
            if len(points) == 1:
                return np.full((1, len(places), len(self.quantities)), np.nan)
            half = len(points) // 2
            return np.concatenate([self._part(points[:half], places), self._part(points[half:], places)])
        masses = np.stack([sum((found.mass(one) for one in self.places[p]), np.zeros(())) for p in places], axis=1)
        masses[~found.converged] = np.nan
        return np.asarray(masses)

    def _cases(self, points: Floats) -> Cases:
        """Points as scenarios."""
        values = self.values(points)
        columns = {key: values[:, n] for n, one in enumerate(self.parameters) for key in one.targets}
        return with_common(self.model, Cases(tuple(f"point_{n}" for n in range(len(points))), columns), self.known)
