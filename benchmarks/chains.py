"""The whole chain, from ore to cathode, in many scenarios. No peer runs it; a loop of single solves stands beside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import Contender, Match
from benchmarks.room import CHAIN, Room
from benchmarks.simulate import measured
from zveno.chain import example, load
from zveno.errors import SolveError
from zveno.simulate import simulate
from zveno.simulate.build import Build, build
from zveno.simulate.scenario import read_scenarios
from zveno.simulate.solve import Solution, solve

Floats = NDArray[np.float64]

_PRODUCTS = ("zhmz.cathode", "bmz.cathode")
_VARIED = (
    "zhez_conc.ore.tonnage_mt",
    "balk_conc.ore.tonnage_mt",
    "zhez_conc.ore.cu_pct",
    "balk_conc.ore.cu_pct",
    "regional.kt",
)
_SD = 0.02  # of the logarithm of a figure
_SAME = 1e-8  # of the largest flow
_ONCE_ABOVE = 1000  # what takes a minute stands beside the batch in one turn only


def scenarios(count: int, looped: int) -> Callable[[Room], Match]:
    """Scenarios on the leading axis, built and solved apart, and as the one call; the loop does ``looped`` of them."""

    def make(_: Room) -> Match:
        model = load(example(CHAIN)).model
        table = _drawn({name: model.parameters[name].value for name in _VARIED}, count)
        some = dict(list(table.items())[:: count // looped][:looped])
        rows = [list(table).index(name) for name in some]
        builds: list[Build] = []

        def made() -> None:
            builds[:] = build(model, read_scenarios(model, table, None, None))

        def solved() -> Floats:
            solutions = [solve(one.circuit) for one in builds]
            if not all(one.converged.all() for one in solutions):
                raise SolveError("a scenario did not settle")
            return np.stack([_product(one, builds, solutions) for one in _PRODUCTS], axis=1)

        def called(cases: Mapping[str, Mapping[str, float]]) -> Floats:
            found = simulate(model, scenarios=cases)
            return np.stack([found.mass(one) for one in _PRODUCTS], axis=1)

        ours = Contender("Zveno, solved at once", solved, ready=made)
        long = count > _ONCE_ABOVE
        call = Contender("Zveno, the call simulate()", lambda: called(table), peer=False, once=long)
        loop = Contender(
            "loop of simulate(), one scenario each",
            lambda: np.concatenate([called({name: one}) for name, one in some.items()]),
            looped / count,
            peer=False,
            once=long,
        )
        units = sum(1 for one in model.units.values() if one.model)
        return Match(
            f"{count} scenarios of {units} units" + ("" if looped == count else f"; loop: {looped}, scaled to {count}"),
            (ours, call, loop) if count > 1 else (ours, call),
            lambda ours, theirs: _gap(ours[rows] if len(theirs) < len(ours) else ours, theirs),
            _SAME,
            "of the largest flow",
        )

    return make


def _product(stream: str, builds: Sequence[Build], solutions: Sequence[Solution]) -> Floats:
    """Flows of a product, of the circuit that makes it."""
    for one, solution in zip(builds, solutions, strict=True):
        if stream in one.streams:
            return measured(one, solution.streams.of(one.streams.index(stream)))
    raise LookupError(f"no circuit has the stream '{stream}'")


def _drawn(figures: Mapping[str, float], count: int) -> dict[str, dict[str, float]]:
    """Scenarios that differ in the ores."""
    factors = np.exp(np.random.default_rng(0).normal(0, _SD, (count, len(figures))))
    return {
        f"s{n}": {name: float(value * factor) for (name, value), factor in zip(figures.items(), row, strict=True)}
        for n, row in enumerate(factors)
    }


def _gap(ours: Floats, theirs: Floats) -> float:
    """Largest difference of a flow, relative to the largest of its scenario."""
    return float((np.abs(ours - theirs) / ours.max(axis=-1, keepdims=True)).max())
