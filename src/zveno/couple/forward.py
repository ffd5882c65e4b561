"""Forward: coordinates of parameters in, masses of streams out, as many points at once as are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from zveno.couple.choices import Parameter
from zveno.couple.coordinates import Floats
from zveno.errors import ModelError, SolveError
from zveno.model.chain import ChainModel
from zveno.simulate import Cases, Simulation, simulate, with_common

PART = 400
"""Points simulated in one batch."""


@dataclass(frozen=True)
class Forward:
    """The simulation as a function of parameters (N).

    Parameters
    ----------
    places
        Name of a place -> the simulated streams that add up to it.
    known
        What is set in all runs, by key.
    """

    model: ChainModel
    parameters: tuple[Parameter, ...]
    places: Mapping[str, tuple[str, ...]]
    known: Mapping[str, float]
    day: date | None

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
        parts = [self._part(points[start : start + PART], names) for start in range(0, len(points), PART)]
        return np.concatenate(parts) if parts else np.zeros((0, len(names), len(self.quantities)))

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
