"""The way back: from a component in a stream to what it came from, as an absorbing Markov chain.

A state is a component in a unit. What is in it came by the streams that enter the unit, in the shares that they bring,
from other components that the unit turns into it, or as water that the unit adds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import coo_array, csc_array, eye_array
from scipy.sparse.linalg import splu

from zveno.simulate.basis import Bools, Floats, Ints
from zveno.simulate.plan import OUTSIDE
from zveno.simulate.recycles import recycles
from zveno.simulate.solve import Circuit, Solution

WATER_ADDED = -1
"""Stands for the stream by which water came that a unit adds."""


@dataclass(frozen=True)
class Trail:
    """One step back from every state.

    Parameters
    ----------
    circuit
        What the states belong to.
    state, before
        Place of a state, and of the one before it: unit times number of components, plus component; shape (E,).
        ``before`` is -1 where the step leads to an origin.
    link
        Stream by which it came, or ``WATER_ADDED``, shape (E,).
    share
        Share of what is in the state that came so, shape (S, E).
    """

    circuit: Circuit
    state: Ints
    before: Ints
    link: Ints
    share: Floats

    @classmethod
    def of(cls, circuit: Circuit, solution: Solution) -> Trail:
        """The steps back in a circuit whose flows are known."""
        width = len(circuit.basis)
        units = [_UnitSteps.of(circuit, solution, unit) for unit in range(len(circuit.units))]
        link = np.concatenate([one.link for one in units])
        source = np.array([OUTSIDE, *(OUTSIDE if one.inlet >= 0 else one.source for one in circuit.links)])[link + 1]
        before = np.concatenate([one.before for one in units])
        return cls(
            circuit,
            state=np.concatenate([n * width + one.component for n, one in enumerate(units)]),
            before=np.where(source == OUTSIDE, -1, source * width + before),
            link=link,
            share=np.concatenate([one.share for one in units], axis=1),
        )

    @cached_property
    def recycles(self) -> tuple[int, ...]:
        """Streams that close loops."""
        return recycles(len(self.circuit.units), self.circuit.links)

    def unit(self, step: int) -> int:
        """Unit that a step begins in."""
        return int(self.state[step]) // len(self.circuit.basis)

    def back(self, start: Floats, row: int) -> Way:
        """The way back of what is in the states at the start (states, K), t/h, in one scenario."""
        width = len(self.circuit.basis)
        there = np.isin(self.state // width, self._upstream(np.flatnonzero(start.any(axis=1)) // width))
        steps = np.flatnonzero(there & (self.share[row] > 0))
        states = np.unique(np.concatenate([self.state[steps], self.before[steps][self.before[steps] >= 0]]))
        return Way(
            steps=steps,
            state=np.searchsorted(states, self.state[steps]),
            before=np.where(self.before[steps] >= 0, np.searchsorted(states, self.before[steps]), -1),
            share=self.share[row, steps],
            start=start[states],
        )

    def _upstream(self, units: Ints) -> list[int]:
        """These units and all that lie before them."""
        before: dict[int, set[int]] = {}
        for one in self.circuit.links:
            if one.source != OUTSIDE and one.inlet < 0:
                before.setdefault(one.target, set()).add(one.source)
        seen = {int(one) for one in units}
        waiting = list(seen)
        while waiting:
            new = before.get(waiting.pop(), set()) - seen
            seen |= new
            waiting += new
        return list(seen)


@dataclass(frozen=True)
class Way:
    """Steps back (E), numbered within the trail, states numbered anew, and what is in the states at the start.

    ``start`` has the shape (states, K): K things are followed at once.
    """

    steps: Ints
    state: Ints
    before: Ints
    share: Floats
    start: Floats

    def passing(self, without: Bools | None = None) -> Floats:
        """What passes by each step (E, K), t/h, again each time that it comes round.

        Of steps ``without`` (E,) it counts what comes to them for the first time, and follows it no further.
        """
        inner = (self.before >= 0) if without is None else (self.before >= 0) & ~without
        count = len(self.start)
        onward = coo_array((self.share[inner], (self.before[inner], self.state[inner])), shape=(count, count))
        system = csc_array(eye_array(count, format="csc") - onward.tocsc())
        return np.asarray(splu(system).solve(self.start)[self.state] * self.share[:, None])

    @property
    def first(self) -> Floats:
        """What of the start passes by each step at once, (E, K), t/h."""
        return np.asarray(self.start[self.state] * self.share[:, None])


@dataclass(frozen=True)
class _UnitSteps:
    """Steps back within one unit: component, the one before it, the stream it came by (E,), its share (S, E)."""

    component: Ints
    before: Ints
    link: Ints
    share: Floats

    @classmethod
    def of(cls, circuit: Circuit, solution: Solution, unit: int) -> _UnitSteps:
        """All steps back within a unit."""
        rows, width = len(circuit.scenarios), len(circuit.basis)
        found = list(_arrivals(circuit, solution, unit)) or [
            (np.zeros(0, dtype=np.int64),) * 3 + (np.zeros((rows, 0)),)
        ]
        component, before, link = (np.concatenate([one[k] for one in found]) for k in range(3))
        amount = np.concatenate([np.broadcast_to(one[3], (rows, one[3].shape[1])) for one in found], axis=1)
        some = (amount > 0).any(axis=0)
        component, before, link, amount = component[some], before[some], link[some], amount[:, some]
        whole = np.zeros((rows, width))
        for n, at in enumerate(component):
            whole[:, at] += amount[:, n]
        whole = whole[:, component]
        share = np.divide(amount, whole, out=np.zeros_like(amount), where=whole > 0)
        return cls(component, before, link, share)


_Arrival = tuple[Ints, Ints, Ints, Floats]
"""Component, the one before it, stream it came by (n,), and amount, t/h (S or 1, n)."""


def driver_values(circuit: Circuit, solution: Solution, unit: int) -> Floats:
    """Drivers of a unit for what enters it, shape (S, drivers); what it asks for at its inlets is no part of that."""
    links, streams = circuit.links, solution.streams
    nothing = np.zeros((len(circuit.scenarios), len(circuit.basis)))
    fed = (streams.of(n) for n, one in enumerate(links) if one.target == unit and one.inlet < 0)
    return circuit.units[unit].observe(sum(fed, nothing), circuit.basis)


def _arrivals(circuit: Circuit, solution: Solution, unit: int) -> Iterator[_Arrival]:
    """What is mixed in a unit: by each stream as it is, turned from other components, and water added."""
    model, basis, streams = circuit.units[unit], circuit.basis, solution.streams
    entering = [n for n, one in enumerate(circuit.links) if one.target == unit]
    drivers = driver_values(circuit, solution, unit)
    moves = model.convert(drivers, basis)
    for n in entering:
        columns, flow = streams.columns(n), streams.kept(n)
        by = np.full(len(columns), n)
        yield columns, columns, by, flow if moves is None else flow * moves.kept(len(basis))[:, columns]
        if moves is not None and len(moves):
            yield moves.target, moves.source, np.full(len(moves), n), streams.of(n)[:, moves.source] * moves.share
    water = model.water_added(drivers)
    if water is not None:
        last = np.array([len(basis) - 1])
        solids = basis.solids(sum((streams.of(n) for n in entering), np.zeros((len(circuit.scenarios), len(basis)))))
        yield last, last, np.array([WATER_ADDED]), (water * solids)[:, None]
