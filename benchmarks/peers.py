"""Zveno beside other simulators on one circuit of eight nodes.

A peer that cannot be imported is skipped, and the reason is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

import numpy as np

from benchmarks import circuit
from benchmarks.circuit import Definition, Floats, Table
from benchmarks.measure import Contender, Match, Skipped
from benchmarks.room import Room, shared
from zveno.errors import SolveError
from zveno.simulate.solve import Circuit, solve

HEADLINE = "BioSTEAM converge()"

_SAME = 1e-9  # of each component's flow in each product
_STEP_KG_H, _STEP_MISSES = 1e-3, 1e-5  # BioSTEAM stops at this step of a recycle, which leaves it so far off at most
_OWN_TOLERANCE_MISSES = 0.05  # its own tolerance is a step of 1 %
_TURNS = 5


def scenarios(count: int, looped: int) -> Callable[[Room], Match]:
    """The circuit in some scenarios; BioSTEAM does ``looped`` of them."""

    def make(room: Room) -> Match:
        definition = circuit.read(shared(circuit.DEFINITION))
        task = _Task(definition, circuit.drawn(definition, count), looped, room)
        part = f"; BioSTEAM: {looped}, scaled to {count}" if looped < count else ""
        return Match(
            f"{count} scenarios of 8 nodes, 10 components, 4 recycles{part}",
            (_zveno(task), *_peers(task)),
            lambda ours, theirs: _gap(ours[task.rows] if len(theirs) < len(ours) else ours, theirs),
            _SAME,
            "of a component's flow",
            turns=_TURNS,
            headline=HEADLINE,
        )

    return make


@dataclass(frozen=True)
class _Task:
    """What all are asked; ``looped`` is how many scenarios the slowest do."""

    definition: Definition
    table: Table
    looped: int
    room: Room

    @property
    def count(self) -> int:
        """Number of scenarios."""
        return len(self.table.volume_factor)

    @property
    def rows(self) -> list[int]:
        """Scenarios that the slowest do, spread over all."""
        return list(range(0, self.count, self.count // self.looped))[: self.looped]


def _peers(task: _Task) -> Iterator[Contender]:
    """Contenders of every peer; one that tells why it is skipped where the package cannot be imported."""
    found, absent = [], []
    for package, enter in (("biosteam", _biosteam), ("casadi", _casadi), ("jax", _jax)):
        try:
            module = import_module(f"benchmarks.with_{package}")
        except ImportError as error:
            absent.append((package, str(error)))
        else:
            found += enter(module, task)
    if not found:
        raise Skipped("; ".join(reason for _, reason in absent) + " ('make bench-peers' installs the peers)")
    yield from found
    for package, reason in absent:
        yield _absent(package, reason)


def _zveno(task: _Task) -> Contender:
    """From the built circuit to the flows of all its streams."""
    built: list[Circuit] = []

    def build() -> None:
        built[:] = [circuit.circuit_of(task.definition, task.table)]

    def run() -> Floats:
        found = solve(built[0])
        if not found.converged.all():
            raise SolveError("a scenario did not settle")
        return found.flows[-len(task.definition.products) :].swapaxes(0, 1)

    return Contender("Zveno, all scenarios at once", run, ready=build)


def _biosteam(module: ModuleType, task: _Task) -> Iterator[Contender]:
    """A System converged scenario after scenario: two sorts of units, two ways to close recycles, its own tolerance."""
    for stock, method, step_kg_h, told in (
        (True, "aitken", _STEP_KG_H, "stock units, Aitken"),
        (True, "fixedpoint", _STEP_KG_H, "stock units, fixed point"),
        (False, "aitken", _STEP_KG_H, "lean units, Aitken"),
        (False, "fixedpoint", _STEP_KG_H, "lean units, fixed point"),
        (True, "aitken", None, "stock units, Aitken, own tolerance"),
    ):
        flowsheet = module.Flowsheet(
            task.definition, task.table.take(task.rows), stock=stock, method=method, step_kg_h=step_kg_h
        )
        yield Contender(
            f"{HEADLINE}, {told}",
            flowsheet.run,
            task.looped / task.count,
            ready=flowsheet.build,
            allowed=_OWN_TOLERANCE_MISSES if step_kg_h is None else _STEP_MISSES,
            note=flowsheet.told,
        )


def _casadi(module: ModuleType, task: _Task) -> Iterator[Contender]:
    """Newton by ``rootfinder``: called in a loop, mapped, and as compiled C."""
    loop, mapped, compiled = (module.Solved(task.definition, task.table) for _ in range(3))
    yield Contender("CasADi Newton, a loop", loop.loop, ready=loop.build, keep=True)
    yield Contender("CasADi Newton, mapped", mapped.at_once, ready=mapped.map, keep=True)
    folder = task.room.new()
    yield Contender("CasADi Newton, C by gcc, mapped", compiled.at_once, ready=lambda: compiled.compile(folder),
                    keep=True)  # fmt: skip


def _jax(module: ModuleType, task: _Task) -> Iterator[Contender]:
    """Newton under ``vmap`` and ``jit``."""
    solved = module.Solved(task.definition, task.table)
    yield Contender("JAX Newton, vmap and jit", solved.run, ready=solved.compile, keep=True)


def _absent(package: str, reason: str) -> Contender:
    """What stands in place of a peer that is not there."""

    def skip() -> None:
        raise Skipped(reason)

    return Contender(package, skip)


def _gap(ours: Floats, theirs: Floats) -> float:
    """Largest difference of a component's flow in a product, relative to that flow."""
    return float(np.abs(theirs / ours - 1).max())
