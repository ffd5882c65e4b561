"""Solve a circuit: arrays in, arrays out.

Parts without a loop are computed once, in the order of flow. A strongly connected part is solved inside out:
the outer iteration is on the few drivers of its units, the inner one is the exact linear solve of
``network``. Mass is conserved at every step, converged or not, because flows are always products of shares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from zveno.errors import SolveError
from zveno.simulate.accelerate import fixed_point
from zveno.simulate.basis import Basis, Bools, Floats, Ints
from zveno.simulate.heat import closed, heat_report, heated
from zveno.simulate.network import Action, Loop, external
from zveno.simulate.plan import OUTSIDE, Link, Part, plan
from zveno.simulate.scaling import Scaling
from zveno.simulate.units import UnitModel
from zveno.simulate.units.unit import Report

_MORE_SWEEPS = 2  # beyond those that bring material to every unit


@dataclass(frozen=True)
class Circuit:
    """Units joined by streams, and what is fed to them.

    Parameters
    ----------
    basis
        Components of all streams.
    ids, units
        Names (for messages) and models, in one order.
    links
        Streams; units by number.
    feeds
        Flows (S, C), t/h, by number of the stream, of those whose source is OUTSIDE.
    scenarios
        Names of the scenarios (for messages).
    """

    basis: Basis
    ids: tuple[str, ...]
    units: tuple[UnitModel, ...]
    links: tuple[Link, ...]
    feeds: Mapping[int, Floats]
    scenarios: tuple[str, ...]

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Strongly connected parts in the order of flow."""
        return plan(len(self.units), self.links)

    @cached_property
    def inner(self) -> dict[Part, dict[int, list[Link]]]:
        """For each part and unit the streams that stay in the part."""
        return {
            part: {
                unit: [one for one in self.links if one.source == unit and one.target in part.units]
                for unit in part.units
            }
            for part in self.parts
        }

    def outlets(self, unit: int) -> list[tuple[int, Link]]:
        """Streams that leave a unit, with their numbers."""
        return [(n, one) for n, one in enumerate(self.links) if one.source == unit]


@dataclass(frozen=True)
class Solution:
    """Flows (stream, S, C), t/h; per scenario: converged, residual, iterations and the worst unit (number)."""

    flows: Floats
    reports: tuple[Report, ...]
    converged: Bools
    residual: Floats
    iterations: Ints
    worst: Ints


@dataclass(frozen=True)
class _Drivers:
    """The outer problem of one part: drivers of its units, as unknowns, into the drivers they imply.

    ``outside`` (S, units, C) enters the units from upstream; ``home`` (S, n) is where the iteration starts.
    """

    circuit: Circuit
    part: Part
    units: tuple[UnitModel, ...]
    basis: Basis
    outside: Floats
    home: Floats

    @cached_property
    def scaling(self) -> Scaling:
        """How drivers become unknowns."""
        return Scaling(self.units)

    def take(self, rows: Ints) -> _Drivers:
        """The same problem for some rows."""
        return _Drivers(
            self.circuit,
            self.part,
            tuple(one.take(rows) for one in self.units),
            self.basis.take(rows),
            self.outside[rows],
            self.home[rows],
        )

    def step(self, unknowns: Floats) -> Floats:
        """Drivers that follow from the flows that follow from drivers.

        Where an iteration strayed to shares that let nothing out, it is sent back to the start.
        """
        feeds, stuck = self.feeds(self.scaling.decode(unknowns))
        image = self.scaling.encode(self._observed(feeds))
        image[stuck] = self.home[stuck]
        return image

    def feeds(self, drivers: Sequence[Floats]) -> tuple[Floats, Bools]:
        """Feeds (S, units, C) with the drivers of each unit given, and where the loop has no way out (S,).

        What the units ask for at their inlets enters the loop, but does not count as their feed.
        """
        actions = {
            number: Action.of(unit, values, self.basis)
            for number, unit, values in zip(self.part.units, self.units, drivers, strict=True)
        }
        asked = np.zeros_like(self.outside)
        for n, (unit, values) in enumerate(zip(self.units, drivers, strict=True)):
            wanted = unit.requested(values, self.basis)
            if wanted is not None:
                asked[:, n] = wanted.sum(axis=1)
        loop = Loop(self.part, self.circuit.inner[self.part], actions, self.outside + asked, self.basis)
        total, stuck = loop.feeds()
        return np.maximum(total - asked, 0), stuck

    def refuse_stuck(self, stuck: Bools) -> None:
        """Raise where the loop returns all that enters it."""
        if stuck.any():
            raise SolveError(
                "all that enters the loop of {units} comes back to it, so it has no steady state"
                " (scenario '{scenario}'): let one of its streams leave",
                units=", ".join(f"'{self.circuit.ids[one]}'" for one in self.part.units),
                scenario=self.circuit.scenarios[int(np.argmax(stuck))],
            )

    def start(self) -> Floats:
        """Unknowns after a few sweeps of the loop, begun empty."""
        place = {unit: n for n, unit in enumerate(self.part.units)}
        arrived = self.outside
        for _ in range(len(self.part.tears) + _MORE_SWEEPS):
            before, arrived = arrived, self.outside.copy()
            feeds = np.zeros_like(arrived)
            for number, n in place.items():
                feeds[:, n] = before[:, n] if number in self.part.tears else arrived[:, n]
                products = self.units[n].run(feeds[:, n], self.basis)
                for link in self.circuit.inner[self.part][number]:
                    arrived[:, place[link.target]] += products[self.units[n].outlets[link.outlet]]
        return self.scaling.encode(self._observed(feeds))

    def _observed(self, feeds: Floats) -> list[Floats]:
        """Drivers of each unit for feeds (S, units, C)."""
        return [unit.observe(feeds[:, n], self.basis) for n, unit in enumerate(self.units)]


def solve(circuit: Circuit, *, tolerance: float = 1e-11, iterations: int = 60) -> Solution:
    """Steady state of a circuit in every scenario.

    Parameters
    ----------
    tolerance
        Largest change of a driver (in its logarithm or logit) that counts as settled.
    iterations
        Steps each accelerator may take before the next is tried.

    Raises
    ------
    SolveError
        If a loop has no way out. A scenario that does not settle is marked, not raised.
    """
    solution = _empty(circuit)
    for part in circuit.parts:
        problem = _problem(circuit, part, solution.flows)
        if part.tears:
            unknowns = _settle(problem, solution, tolerance, iterations)
            drivers = problem.scaling.decode(unknowns)
            feeds, stuck = problem.feeds(drivers)
            problem.refuse_stuck(stuck)
        else:
            feeds = problem.outside
            drivers = [one.observe(feeds[:, n], circuit.basis) for n, one in enumerate(problem.units)]
        _fill(problem, feeds, drivers, solution)
        circuit = _close_heat(problem, feeds, drivers, solution)
    for number in heated(circuit.units):
        report = heat_report(number, circuit.units, circuit.links, solution.flows, circuit.basis)
        solution.reports[number].update(report)
    return solution


def _close_heat(problem: _Drivers, feeds: Floats, drivers: list[Floats], solution: Solution) -> Circuit:
    """The circuit with furnaces that close their heat; their nitrogen, which moves nothing else, joins the flows.

    Nitrogen leaves with gas and no balance asks for it, so drivers stand: one more solve of the loop does.
    """
    circuit, part = problem.circuit, problem.part
    units = closed(circuit.units, circuit.links, solution.flows, circuit.basis, part.units)
    changed = [n for n, number in enumerate(part.units) if units[number] is not circuit.units[number]]
    if not changed:
        return circuit
    circuit = replace(circuit, units=units)
    problem = replace(problem, circuit=circuit, units=tuple(units[one] for one in part.units))
    for n in changed:
        drivers[n] = problem.units[n].observe(feeds[:, n], circuit.basis)
    if part.tears:
        feeds, _ = problem.feeds(drivers)
    _fill(problem, feeds, drivers, solution)
    return circuit


def _empty(circuit: Circuit) -> Solution:
    """A solution in which only the feeds flow; it is filled part by part."""
    count = len(circuit.scenarios)
    flows = np.zeros((len(circuit.links), count, len(circuit.basis)))
    for number, feed in circuit.feeds.items():
        flows[number] = feed
    return Solution(
        flows=flows,
        reports=tuple({} for _ in circuit.units),
        converged=np.ones(count, dtype=bool),
        residual=np.zeros(count),
        iterations=np.zeros(count, dtype=np.int64),
        worst=np.full(count, OUTSIDE),
    )


def _problem(circuit: Circuit, part: Part, flows: Floats) -> _Drivers:
    """The outer problem of a part, given the flows upstream of it."""
    outside = np.zeros((len(circuit.scenarios), len(part.units), len(circuit.basis)))
    for number, link in enumerate(circuit.links):
        if external(link, part):
            outside[:, part.units.index(link.target)] += flows[number]
    units = tuple(circuit.units[one] for one in part.units)
    problem = _Drivers(circuit, part, units, circuit.basis, outside, np.zeros((len(outside), 0)))
    return replace(problem, home=problem.start()) if part.tears else problem


def _settle(problem: _Drivers, solution: Solution, tolerance: float, iterations: int) -> Floats:
    """Close the loops of a part; note how well each scenario settled."""
    settled = fixed_point(problem, problem.home, tolerance=tolerance, iterations=iterations)
    solution.converged[~settled.converged] = False
    solution.iterations[:] = np.maximum(solution.iterations, settled.iterations)
    worse = settled.residual > solution.residual
    if worse.any():
        owners = np.array([problem.part.units[one] for one in problem.scaling.owners])
        solution.worst[worse] = owners[np.argmax(np.abs(settled.gap[worse]), axis=1)]
    solution.residual[:] = np.maximum(solution.residual, settled.residual)
    return settled.unknowns


def _fill(problem: _Drivers, feeds: Floats, drivers: Sequence[Floats], solution: Solution) -> None:
    """Write the products and reports of the units of a part."""
    for n, number in enumerate(problem.part.units):
        unit, feed, basis = problem.units[n], feeds[:, n], problem.basis
        products = unit.products(feed, drivers[n], basis)
        for stream, link in problem.circuit.outlets(number):
            solution.flows[stream] = products[link.outlet]
        asked = unit.requested(drivers[n], basis)
        for stream, link in enumerate(problem.circuit.links if asked is not None else ()):
            if link.target == number and link.inlet >= 0:
                solution.flows[stream] = asked[:, link.inlet]  # type: ignore[index]
        solution.reports[number].update(unit.report(feed, drivers[n], basis))
