"""The verb: simulate a description."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import numpy as np

from zveno.errors import Fault, Phrase, SolveError, fault, rounded
from zveno.model.chain import ChainModel
from zveno.simulate.build import Build, build
from zveno.simulate.cases import Given
from zveno.simulate.driver_words import words_of
from zveno.simulate.involved import quoted
from zveno.simulate.result import Simulation, result
from zveno.simulate.scenario import doubts, read_scenarios
from zveno.simulate.solve import Solution, solve
from zveno.simulate.units import UnitModel


def simulate(
    model: ChainModel,
    feeds: Mapping[str, float] | None = None,
    scenarios: Given | None = None,
    *,
    day: date | None = None,
    allow_unconverged: bool = False,
    tolerance: float = 1e-11,
    iterations: int = 60,
) -> Simulation:
    """Steady state of all units that have a model, in every scenario at once.

    Parameters
    ----------
    model
        The description. Its feeds are the boundary streams with ``feed``.
    feeds
        Dry mass flow, t/h, by stream, in place of the description's.
    scenarios
        Cases, scenario -> {key: value}, or a table with the columns scenario, key, value (long) or scenario and a
        column for each key (wide). A key is ``unit.parameter`` (value in the uom of the unit model), ``stream.feed``
        (t/h dry), ``stream.feed_water`` (mass fraction), or the name of a figure (value in its own uom); ``*`` stands
        for any letters.
    day
        Date on which dated figures are read.
    allow_unconverged
        Return scenarios that did not settle, marked, instead of raising.
    tolerance, iterations
        Largest change of a driver (in its logarithm or logit) that counts as settled, and how many steps
        each accelerator may take.

    Raises
    ------
    ModelError
        If the description cannot be simulated, or a scenario sets what is neither feed nor parameter, or to no number.
    SolveError
        If a loop has no way out, or a scenario does not settle.
    """
    read = read_scenarios(model, scenarios, feeds, day)
    builds = build(model, read)
    groups: dict[str, tuple[str, ...]] = {}
    simulated = {name for one in builds for name in one.streams}
    for stream in model.streams.values():
        if stream.group and stream.id in simulated:
            groups[stream.group] = (*groups.get(stream.group, ()), stream.id)
    solutions = [solve(one.circuit, tolerance=tolerance, iterations=iterations) for one in builds]
    found = result(
        list(zip(builds, solutions, strict=True)),
        scenarios=read.names,
        components=model.chain.components,
        groups=groups,
        model_hash=model.hash,
        doubts=(*doubts(read), *_strained(builds, solutions, read.names)),
        given=read.given,
    )
    if not (allow_unconverged or found.converged.all()):
        raise SolveError(unsettled_faults(found))
    return found


def _strained(builds: Sequence[Build], solutions: Sequence[Solution], names: Sequence[str]) -> Iterator[Fault]:
    """Units that are driven beyond what their equations say; of several scenarios the first is named."""
    for one, solution in zip(builds, solutions, strict=True):
        for number, unit in enumerate(one.circuit.units):
            message, rows = unit.strained(solution.reports[number])
            rows = np.broadcast_to(rows, (len(names),)) & solution.converged
            if message and rows.any():
                yield fault(
                    message, unit=one.circuit.ids[number], scenario=names[int(np.argmax(rows))], n=int(rows.sum())
                )


def unsettled_faults(found: Simulation) -> Iterator[Fault]:
    """A fault for each scenario that did not settle: what still moves, in which loop, and what to try."""
    for row, circuit, one in found.unsettled():
        words, scenario = words_of(one.driver), found.scenarios[row]
        digits = next((n for n in (4, 6, 9, 12) if words.value(one.before, n) != words.value(one.after, n)), 16)
        yield fault(
            "scenario '{scenario}' did not settle in {iterations} steps: unit '{unit}', {driver}, still goes from"
            " {before} to {after} {uom} (residual {residual}) in the loop of {loop}. {advice}",
            scenario=scenario,
            iterations=int(found.iterations[row]),
            unit=circuit.ids[one.unit],
            driver=words.name,
            before=words.value(one.before, digits),
            after=words.value(one.after, digits),
            uom=words.uom,
            residual=rounded(one.residual, 3),
            loop=quoted([circuit.ids[n] for n in one.loop]),
            advice=_advice(found, row, [circuit.units[n] for n in one.loop]),
        )


def _advice(found: Simulation, row: int, loop: Sequence[UnitModel]) -> Phrase:
    """What to try where a scenario did not settle."""
    if any(one.by_size and one.drivers for one in loop):
        return Phrase(
            "The circuit may be overloaded: more comes back to the mill than it can grind, and ever more. Feed it "
            "less, or give it more mill or more cyclones"
        )
    sets = [key for key, values in found.given.values.items() if not np.isnan(values[row])]
    if sets:
        return Phrase(
            "Bring what the scenario sets ({keys}) nearer to the description, by halves, to see from where on it fails",
            {"keys": quoted(sets)},
        )
    return Phrase("Look at the feeds and parameters of these units: one may lie far from where such units work")
