"""Solve a circuit: arrays in, arrays out.

Parts without a loop are computed once, in the order of flow. A strongly connected part is solved inside out:
the outer iteration is on the few drivers of its units, the inner one is the exact linear solve of
``network``. Mass is conserved at every step, converged or not, because flows are always products of shares.
A part only counts the components that can be in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from zveno.errors import SolveError
from zveno.simulate.accelerate import Settled
from zveno.simulate.alike import alike, side_by_side
from zveno.simulate.basis import Basis, Bools, Floats, Ints, rows_of
from zveno.simulate.flows import Flows, present
from zveno.simulate.heat import closed, heat_report, heated, moved_fuel
from zveno.simulate.network import Order, Wiring, external
from zveno.simulate.outer import OuterProblem
from zveno.simulate.plan import OUTSIDE, Link, Part, plan
from zveno.simulate.steady import steady_state
from zveno.simulate.units import BUILT_IN, UnitModel
from zveno.simulate.units.unit import Report, unsound
from zveno.simulate.unsettled import Unsettled, unsettled, unsettled_fuel

_CLOSINGS = 30  # times that a loop is settled again for the fuel of its furnaces
_BATCH = 256  # scenarios solved together: their arrays stay in the fast memory of the processor
_ENTRIES = 2**14  # scenarios times components, where there are few components: calls cost more than memory there
_ROWS = 512  # rows of one problem, of scenarios times parts alike, for the same reason


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
    def groups(self) -> tuple[tuple[Part, ...], ...]:
        """The parts, those together that are built alike, in the order of flow."""
        return alike(self.parts, self.units, self.links)

    def outlets(self, unit: int) -> Sequence[tuple[int, Link]]:
        """Streams that leave a unit, with their numbers."""
        return self._near[unit][0]

    def asked(self, unit: int) -> Sequence[tuple[int, Link]]:
        """Streams that a unit asks for at its inlets."""
        return self._near[unit][1]

    def entering(self, part: Part) -> list[int]:
        """Streams that enter a part from outside it, by number."""
        return [n for unit in part.units for n, one in self._near[unit][2] if external(one, part)]

    @cached_property
    def _near(self) -> list[tuple[list[tuple[int, Link]], ...]]:
        """For each unit the streams that leave it, that it asks for, and that end at it."""
        found: list[tuple[list[tuple[int, Link]], ...]] = [([], [], []) for _ in self.units]
        for n, one in enumerate(self.links):
            if one.source != OUTSIDE:
                found[one.source][0].append((n, one))
            if one.target != OUTSIDE:
                found[one.target][2].append((n, one))
                if one.inlet >= 0:
                    found[one.target][1].append((n, one))
        return found

    def take(self, rows: Ints) -> Circuit:
        """The same circuit for some of the scenarios."""
        found = replace(
            self,
            basis=self.basis.take(rows),
            units=tuple(one.take(rows) for one in self.units),
            feeds={n: feed[rows] for n, feed in self.feeds.items()},
            scenarios=tuple(self.scenarios[row] for row in rows),
        )
        for name in ("parts", "groups", "_near"):  # the wiring is the same
            found.__dict__[name] = getattr(self, name)
        return found


@dataclass(frozen=True)
class Solution:
    """Flows by stream; per scenario: converged, residual, iterations and the worst unit (number).

    ``unsettled`` tells by row of each scenario that did not settle what moves most in it.
    """

    streams: Flows
    reports: tuple[Report, ...]
    converged: Bools
    residual: Floats
    iterations: Ints
    worst: Ints
    unsettled: dict[int, Unsettled] = field(default_factory=dict)

    def note(self, found: Iterable[Unsettled]) -> None:
        """Mark scenarios that did not settle; of several things that move keep the worst."""
        for one in found:
            self.converged[one.row] = False
            if one.row not in self.unsettled or not one.residual <= self.unsettled[one.row].residual:
                self.unsettled[one.row] = one
                self.worst[one.row], self.residual[one.row] = one.unit, one.residual

    @cached_property
    def flows(self) -> Floats:
        """Flows of all streams, t/h, shape (stream, S, C)."""
        return np.stack([self.streams.of(n) for n in range(len(self.streams))])


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
    count, most = len(circuit.scenarios), max(_BATCH, _ENTRIES // len(circuit.basis))
    if count <= most:
        return _solved(circuit, tolerance, iterations)
    batches = [np.arange(start, min(start + most, count)) for start in range(0, count, most)]
    return _joined([_solved(circuit.take(rows), tolerance, iterations) for rows in batches])


def _joined(parts: Sequence[Solution]) -> Solution:
    """Solutions of batches of scenarios as one."""
    rows = [len(one.converged) for one in parts]
    reports = tuple(
        {
            name: (
                np.concatenate([np.broadcast_to(one[name][0], (n,)) for one, n in zip(told, rows, strict=True)]),
                uom,
            )
            for name, (_, uom) in told[0].items()
        }
        for told in zip(*(one.reports for one in parts), strict=True)
    )
    begins = np.cumsum([0, *rows])
    found = Solution(
        Flows.joined([one.streams for one in parts]),
        reports,
        *(
            np.concatenate([getattr(one, name) for one in parts])
            for name in ("converged", "residual", "iterations", "worst")
        ),  # type: ignore[arg-type]
    )
    for start, part in zip(begins, parts, strict=False):
        found.note(one.moved(int(start)) for one in part.unsettled.values())
    return found


def _solved(circuit: Circuit, tolerance: float, iterations: int) -> Solution:
    """Steady state of all scenarios in one batch."""
    solution = _empty(circuit)
    there = present(circuit.units, circuit.links, circuit.feeds, circuit.basis)
    units = list(circuit.units)
    bases: dict[bytes, Basis] = {}
    homes: dict[int, tuple[Ints, Basis]] = {}
    for group in circuit.groups:
        for columns, parts in _by_columns(group, there, max(_ROWS // len(circuit.scenarios), 1)):
            key = columns.tobytes()
            if key not in bases:
                bases[key] = circuit.basis.pick(columns)
            for number in (one for part in parts for one in part.units):
                units[number] = circuit.units[number].pick(columns)
                homes[number] = (columns, bases[key])
            problem = _problem(circuit, parts, columns, bases[key], units, solution.streams)
            _solve_parts(circuit, problem, solution, units, tolerance=tolerance, iterations=iterations)
    for number in heated(units):
        columns, basis = homes[number]
        links, flows = _near(circuit, (number,), columns, solution.streams)
        solution.reports[number].update(heat_report(number, units, links, flows, basis))
    return solution


def _by_columns(group: Sequence[Part], there: Bools, most: int) -> Iterator[tuple[Ints, tuple[Part, ...]]]:
    """Parts alike that hold the same components, and these; at most so many parts at once."""
    found: dict[bytes, tuple[Ints, list[Part]]] = {}
    for part in group:
        columns = np.flatnonzero(there[list(part.units)].any(axis=0))
        found.setdefault(columns.tobytes(), (columns, []))[1].append(part)
    for columns, parts in found.values():
        for start in range(0, len(parts), most):
            yield columns, tuple(parts[start : start + most])


def _solve_parts(
    circuit: Circuit,
    problem: OuterProblem,
    solution: Solution,
    units: list[UnitModel],
    *,
    tolerance: float,
    iterations: int,
) -> None:
    """Flows of a part, or of several alike, with the heat of its furnaces closed.

    Fuel that joins the flows of a loop reaches other units of it, so the loop is settled again until fuel stands; a
    scenario in which it does not is marked.
    """
    part = problem.parts[0]
    for _ in range(_CLOSINGS):
        if part.tears:
            steady = steady_state(problem, tolerance=tolerance, iterations=iterations)
            _refuse_stuck(circuit, problem, steady.stuck)
            _note(problem, steady.settled, solution)
            drivers, feeds = steady.drivers, steady.feeds
        else:
            feeds = problem.outside
            drivers = problem.observed(feeds)
        _fill(circuit, problem, feeds, drivers, solution)
        if len(problem.parts) > 1:  # furnaces that close their heat stand alone
            return
        ready = _close_heat(circuit, problem, feeds, drivers, solution, units)
        moved = moved_fuel(problem.units, ready.units, len(solution.converged)) if part.tears else None
        if moved is None or not moved.any():
            return
        before, problem = problem.units, replace(ready, home=ready.scaling.encode(ready.observed(feeds)))
    solution.note(unsettled_fuel(before, problem.units, part.units, len(solution.converged)))


def _near(circuit: Circuit, part: Sequence[int], columns: Ints, streams: Flows) -> tuple[list[Link], Floats]:
    """Streams that begin or end at some units, and their flows (streams, S, columns)."""
    near = [n for n, one in enumerate(circuit.links) if one.target in part or one.source in part]
    return [circuit.links[n] for n in near], np.stack([streams.of(n, columns) for n in near])


def _close_heat(
    circuit: Circuit,
    problem: OuterProblem,
    feeds: Floats,
    drivers: list[Floats],
    solution: Solution,
    units: list[UnitModel],
) -> OuterProblem:
    """Let furnaces close their heat, and what closes it join the flows; the problem with the furnaces closed.

    Nitrogen leaves with gas and no balance asks for it, so drivers stand: one more solve of the loop does.
    """
    part = problem.parts[0]
    if not any(one in part.units for one in heated(units)):
        return problem
    links, flows = _near(circuit, part.units, problem.columns, solution.streams)
    ready = closed(units, links, flows, problem.basis, part.units)
    changed = [n for n, number in enumerate(part.units) if ready[number] is not units[number]]
    if not changed:
        return problem
    units[:] = ready
    problem = replace(problem, units=tuple(units[one] for one in part.units))
    for n in changed:
        drivers[n] = problem.units[n].observe(feeds[n], problem.basis)
    if part.tears:
        feeds, _ = problem.feeds(drivers)
    _fill(circuit, problem, feeds, drivers, solution)
    return problem


def _empty(circuit: Circuit) -> Solution:
    """A solution in which only the feeds flow; it is filled part by part."""
    count = len(circuit.scenarios)
    streams = Flows(len(circuit.links), count, len(circuit.basis))
    everything = np.arange(len(circuit.basis))
    for number, feed in circuit.feeds.items():
        streams.put(number, everything, feed)
    return Solution(
        streams=streams,
        reports=tuple({} for _ in circuit.units),
        converged=np.ones(count, dtype=bool),
        residual=np.zeros(count),
        iterations=np.zeros(count, dtype=np.int64),
        worst=np.full(count, OUTSIDE),
    )


def _problem(
    circuit: Circuit,
    parts: tuple[Part, ...],
    columns: Ints,
    basis: Basis,
    units: Sequence[UnitModel],
    streams: Flows,
) -> OuterProblem:
    """The outer problem of parts alike, given the flows upstream of them."""
    count, part = len(circuit.scenarios), parts[0]
    outside = np.zeros((len(part.units), len(parts) * count, len(columns)))
    for k, one in enumerate(parts):
        for number in circuit.entering(one):
            outside[one.units.index(circuit.links[number].target), k * count : (k + 1) * count] += streams.of(
                number, columns
            )
    if len(parts) > 1:
        basis = basis.take(np.tile(np.arange(count), len(parts)))
    ready = tuple(side_by_side([units[part.units[n]] for part in parts], count) for n in range(len(part.units)))
    for number, unit, feed in zip(part.units, ready, outside, strict=True):
        if type(unit) not in BUILT_IN:
            _require_sound(circuit.ids[number], unit, unit.observe(feed, basis), basis)
    wiring = Wiring.of(part, circuit.links)
    order = _order(ready, basis) if part.tears else Order((), (), (), ())
    problem = OuterProblem(parts, wiring, columns, ready, basis, outside, np.zeros((outside.shape[1], 0)), order)
    return replace(problem, home=problem.start()) if part.tears else problem


def _order(units: Sequence[UnitModel], basis: Basis) -> Order:
    """Which components are solved before which; it does not hang on the drivers."""
    drivers = [np.ones((1, len(one.drivers))) for one in units]
    moves = [one.convert(values, basis) for one, values in zip(units, drivers, strict=True)]
    wet = any(one.water_added(values) is not None for one, values in zip(units, drivers, strict=True))
    return Order.of(moves, len(basis), water=wet)


def _note(problem: OuterProblem, settled: Settled, solution: Solution) -> None:
    """Note how well the loops of parts alike settled in each scenario."""
    for part, rows in problem.blocks():
        one = settled.take(rows)
        solution.iterations[:] = np.maximum(solution.iterations, one.iterations)
        worse = one.residual > solution.residual
        if worse.any():
            owners = np.array([part.units[n] for n in problem.scaling.owners])
            solution.worst[worse] = owners[np.argmax(np.abs(one.gap[worse]), axis=1)]
        solution.residual[:] = np.maximum(solution.residual, one.residual)
        solution.note(unsettled(one, problem.scaling, part.units))


def _refuse_stuck(circuit: Circuit, problem: OuterProblem, stuck: Bools) -> None:
    """Raise where a loop returns all that enters it in every scenario; if only in some, these have not settled.

    A loop without drivers cannot stray: what closes it is what the description or the scenario says.
    """
    if stuck.all() or (stuck.any() and not problem.scaling.drivers):
        part, row = divmod(int(np.argmax(stuck)), len(circuit.scenarios))
        raise SolveError(
            "all that enters the loop of {units} comes back to it, so it has no steady state"
            " (scenario '{scenario}'): let one of its streams leave, or look at what sends all of it back",
            units=", ".join(f"'{circuit.ids[one]}'" for one in problem.parts[part].units),
            scenario=circuit.scenarios[row],
        )


def _require_sound(name: str, unit: UnitModel, drivers: Floats, basis: Basis) -> None:
    """Raise where a unit model of others would make or lose mass."""
    wrong = unsound(unit, drivers, basis)
    if wrong:
        shape = unit.split(drivers, basis).shape
        raise SolveError(wrong, unit=name, shape=shape, outlets=len(unit.outlets), components=len(basis))


def _fill(
    circuit: Circuit, problem: OuterProblem, feeds: Floats, drivers: Sequence[Floats], solution: Solution
) -> None:
    """Write the products and reports of the units of parts alike."""
    columns, basis = problem.columns, problem.basis
    for n, unit in enumerate(problem.units):
        if type(unit) not in BUILT_IN:
            _require_sound(circuit.ids[problem.parts[0].units[n]], unit, drivers[n], basis)
        products = unit.products(feeds[n], drivers[n], basis)
        asked = unit.requested(drivers[n], basis)
        told = unit.report(feeds[n], drivers[n], basis)
        for part, rows in problem.blocks():
            number = part.units[n]
            for stream, link in circuit.outlets(number):
                solution.streams.put(stream, columns, products[link.outlet][rows])
            if asked is not None:
                for stream, link in circuit.asked(number):
                    solution.streams.put(stream, columns, rows_of(asked, rows)[:, link.inlet])
            solution.reports[number].update(
                {name: (rows_of(np.atleast_1d(values), rows), uom) for name, (values, uom) in told.items()}
            )
