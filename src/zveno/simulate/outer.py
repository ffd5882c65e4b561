"""The outer problem of a strongly connected part: the few numbers that make its units non-linear."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from zveno.simulate.basis import Basis, Bools, Floats, Ints
from zveno.simulate.network import Action, Loop, Order, Wiring
from zveno.simulate.plan import Part
from zveno.simulate.scaling import Scaling
from zveno.simulate.units import UnitModel

_MORE_SWEEPS = 2  # beyond those that bring material to every unit


@dataclass(frozen=True)
class OuterProblem:
    """The outer problem of a part: drivers of its units, as unknowns, into the drivers they imply.

    ``outside`` (units, S, C) enters the units from upstream; ``home`` (S, n) is where the iteration starts. Units,
    basis and flows are in the ``columns`` of the part. Of several ``parts`` alike each has its block of the rows S.
    """

    parts: tuple[Part, ...]
    wiring: Wiring
    columns: Ints
    units: tuple[UnitModel, ...]
    basis: Basis
    outside: Floats
    home: Floats
    order: Order

    @cached_property
    def scaling(self) -> Scaling:
        """How drivers become unknowns."""
        return Scaling(self.units)

    def take(self, rows: Ints) -> OuterProblem:
        """The same problem for some rows."""
        return replace(
            self,
            units=tuple(one.take(rows) for one in self.units),
            basis=self.basis.take(rows),
            outside=self.outside[:, rows],
            home=self.home[rows],
        )

    def at(self, home: Floats) -> OuterProblem:
        """The same problem begun elsewhere."""
        return replace(self, home=home)

    def blocks(self) -> Iterator[tuple[Part, slice]]:
        """Each part, and its rows."""
        count = len(self.home) // len(self.parts)
        for n, part in enumerate(self.parts):
            yield part, slice(n * count, (n + 1) * count)

    def step(self, unknowns: Floats) -> Floats:
        """Drivers that follow from the flows that follow from drivers.

        Where an iteration strayed to shares that let nothing out, it is sent back to the start.
        """
        feeds, stuck = self.feeds(self.scaling.decode(unknowns))
        image = self.scaling.encode(self.observed(feeds))
        if stuck.any():
            image[stuck] = self.home[stuck]
        return image

    def feeds(self, drivers: Sequence[Floats]) -> tuple[Floats, Bools]:
        """Feeds (units, S, C) with the drivers of each unit given, and where the loop has no way out (S,).

        What the units ask for at their inlets enters the loop, but does not count as their feed.
        """
        actions = [self._action(n, values) for n, values in enumerate(drivers)]
        asked = {
            n: wanted.sum(axis=1)
            for n, (unit, values) in enumerate(zip(self.units, drivers, strict=True))
            if (wanted := unit.requested(values, self.basis)) is not None
        }
        outside = self.outside
        if asked:
            outside = outside.copy()
            for n, amount in asked.items():
                outside[n] += amount
        total, stuck = Loop(self.wiring, self.order, actions, outside, self.basis).feeds()
        for n, amount in asked.items():
            total[n] = np.maximum(total[n] - amount, 0)
        return total, stuck

    def _action(self, n: int, values: Floats) -> Action:
        """What a unit does; one without drivers always does the same."""
        if values.shape[1]:
            return Action.of(self.units[n], values, self.basis)
        return self._fixed[n]

    @cached_property
    def _fixed(self) -> dict[int, Action]:
        """Actions of the units without drivers."""
        nothing = np.zeros((len(self.home), 0))
        return {n: Action.of(one, nothing, self.basis) for n, one in enumerate(self.units) if not one.drivers}

    @property
    def by_size(self) -> bool:
        """Units that mill and classify by size feed one another here: more than one steady state may exist."""
        return any(one.by_size and one.drivers for one in self.units)

    def start(self, sweeps: int = 0) -> Floats:
        """Unknowns after some sweeps of the loop, begun empty; as many as bring material to every unit if left out."""
        arrived = self.outside
        for _ in range(sweeps or len(self.wiring.torn) + _MORE_SWEEPS):
            before, arrived = arrived, self.outside.copy()
            feeds = np.zeros_like(arrived)
            for n, unit in enumerate(self.units):
                feeds[n] = before[n] if n in self.wiring.torn else arrived[n]
                products = unit.products(feeds[n], unit.observe(feeds[n], self.basis), self.basis)
                for outlet, target in self.wiring.ways[n]:
                    arrived[target] += products[outlet]
        return self.scaling.encode(self.observed(feeds))

    def observed(self, feeds: Floats) -> list[Floats]:
        """Drivers of each unit for feeds (units, S, C)."""
        return [unit.observe(feed, self.basis) for unit, feed in zip(self.units, feeds, strict=True)]
