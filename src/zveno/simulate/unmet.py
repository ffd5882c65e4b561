"""Why specifications cannot be met: which, what is nearest, what is in the way, and in which units."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from zveno.errors import Fault, Phrase, fault, rounded
from zveno.simulate.build import Build
from zveno.simulate.degrees import DegreesOfFreedom
from zveno.simulate.driver_words import words_of
from zveno.simulate.engine import simulate
from zveno.simulate.involved import acts_on, alike, between, comes_from, named
from zveno.simulate.plan import OUTSIDE
from zveno.simulate.result import Simulation
from zveno.simulate.results import Result
from zveno.simulate.seek import MET, Sought, seek
from zveno.simulate.specifications import LOWER_END, UPPER_END, FreeParameter, amount
from zveno.simulate.trail import driver_values
from zveno.simulate.units.unit import Driver

_LOSSES = 3
_SMALL = 1e-3  # a loss of less than this share is not told
_AT_END = 1e-9
_BESIDE = 0.03  # of a whole move: how far beside the nearest point is looked


def unmet_faults(degrees: DegreesOfFreedom, found: Sought) -> list[Fault]:
    """Sentences on a point that misses what is wanted by the least that was found."""
    alone = _alone(degrees) if len(degrees.specifications) > 1 else {0: found}
    lost = [n for n, one in alone.items() if not one.met]
    if lost:
        told = [each for n in lost for each in _one(degrees, n, alone[n])]
        short = lost
    else:
        told = list(_together(degrees, found))
        short = [int(n) for n in np.flatnonzero(np.abs(found.miss) > MET)]
        told += _at_bounds(degrees, found)
    return [*told, *_units(degrees, short)]


def _alone(degrees: DegreesOfFreedom) -> dict[int, Sought]:
    """For each specification, how near it can be come to if the others are given up."""
    goal = degrees.goal
    return {
        n: seek(goal.misses(degrees.base, only=n), goal.start, goal.box) for n in range(len(degrees.specifications))
    }


def _one(degrees: DegreesOfFreedom, n: int, found: Sought) -> Iterator[Fault]:
    """A specification that cannot be met whatever the others are."""
    goal, one, uom = degrees.goal, degrees.specifications[n], degrees.uoms[n]
    values = goal.values(found.point)
    reached = float(goal.found(found.point[None])[0, n])
    digits = _digits(reached, one.wanted)
    yield fault(
        "specification '{result}' cannot be met: {wanted} is wanted, the nearest that was found is {reached}"
        " (as described: {described})",
        result=one.result,
        wanted=amount(one.wanted, uom, digits),
        reached=amount(reached, uom, digits),
        described=amount(degrees.base[n], uom),
    )
    yield from _at_bounds(degrees, found)
    nearest = simulate(goal.model, scenarios=goal.cases(("nearest",), values[None]), day=goal.day)
    yield from _limits(nearest, one.asked, one.wanted, reached)
    yield from _stopped(degrees, nearest, n)


def _together(degrees: DegreesOfFreedom, found: Sought) -> Iterator[Fault]:
    """Specifications of which each can be met, but not all."""
    reached = degrees.goal.found(found.point[None])[0]
    names = [f"'{one.result}'" for one in degrees.specifications]
    yield fault(
        "specifications {results} can each be met, but were not found to be met together; the nearest that was found:",
        results=", ".join(names),
    )
    for n, one in enumerate(degrees.specifications):
        digits = _digits(reached[n], one.wanted)
        yield fault(
            "'{result}' {reached}, where {wanted} is wanted",
            result=one.result,
            reached=amount(reached[n], degrees.uoms[n], digits),
            wanted=amount(one.wanted, degrees.uoms[n], digits),
        )


def _at_bounds(degrees: DegreesOfFreedom, found: Sought) -> Iterator[Fault]:
    """Where each free parameter stands at the nearest point, and what keeps it there."""
    goal = degrees.goal
    for k, (one, value) in enumerate(zip(degrees.free, goal.values(found.point), strict=True)):
        where: dict[str, Any] = {"key": one.key, "value": amount(float(value), one.uom)}
        end = _end(one, float(value))
        if end is not None:
            units = dict.fromkeys(unit for each in one.targets for unit in acts_on(goal.model, each))
            yield fault("'{key}' (acts in {units}) stands at {value}, the {end}", units=named(units), end=end, **where)
            continue
        beside = goal.box.clip(found.point + _BESIDE * np.outer([-1, 1], np.arange(len(found.point)) == k))
        if np.isnan(goal.found(beside)).any():
            yield fault("'{key}' stands at {value}, beside values for which there is no steady state", **where)
        else:
            yield fault("'{key}' stands at {value}, within its range: neither more nor less of it alone comes nearer",
                        **where)  # fmt: skip


def _end(one: FreeParameter, value: float) -> Phrase | None:
    """The end of its range at which a parameter stands; None where it stands within."""
    near = _AT_END * one.width
    if value - one.low.value <= near:
        return LOWER_END[one.low.why]
    return UPPER_END[one.high.why] if one.high.value - value <= near else None


def _units(degrees: DegreesOfFreedom, short: Sequence[int]) -> Iterator[Fault]:
    """Units between what is free and what falls short."""
    model = degrees.goal.model
    for n in short:
        one = degrees.specifications[n]
        keys = [k for k in range(len(degrees.free)) if degrees.moves[n, k]]
        starts = [unit for k in keys for target in degrees.free[k].targets for unit in acts_on(model, target)]
        found = between(model, starts, comes_from(model, one.asked))
        yield fault("units involved in '{result}': {units}", result=one.result, units=named(found))


def _limits(nearest: Simulation, asked: Result, wanted: float, reached: float) -> Iterator[Fault]:
    """How much of a component there is, and by which other ways it goes, where more of it is wanted."""
    component = asked.quantity
    followed = component in ("solids", *nearest.components)  # water is added on the way
    if asked.kind not in ("amount", "recovery") or not followed or not wanted > reached:
        return
    own = {stream for one in asked.of for stream in nearest.members(one)}
    fed, losses = 0.0, dict[str, float]()
    for build, _ in nearest.circuits:
        entering, leaving = _around(build, own)
        fed += sum(float(nearest.component(one, component)[0]) for one in entering)
        losses |= {one: float(nearest.component(one, component)[0]) for one in leaving}
    if not fed:
        return
    if asked.kind == "amount" and wanted > fed:
        yield fault("more {component} is wanted than enters the units from which it could come: {fed} t/h",
                    component=component, fed=rounded(fed, 5))  # fmt: skip
    lost = {name: sum(losses[one] for one in members) for name, members in alike(losses).items()}
    largest = sorted(lost, key=lambda one: -lost[one])[:_LOSSES]
    told = tuple(
        Phrase("'{name}' {share} %", {"name": one, "share": rounded(100 * lost[one] / fed, 3)})
        for one in largest if lost[one] > _SMALL * fed
    )  # fmt: skip
    if told:
        yield fault("of the {component} that enters there, as much leaves by {losses}", component=component,
                    losses=told)  # fmt: skip
    sunk = _unfloatable(nearest, losses, component)
    if sunk > _SMALL * fed:
        yield fault("in grains that do not float there leaves {share} % of the {component} that enters",
                    component=component, share=rounded(100 * sunk / fed, 3))  # fmt: skip


def _around(build: Build, own: set[str]) -> tuple[list[str], list[str]]:
    """Streams that enter the units from which some streams come, and all others that leave them for elsewhere."""
    links = build.circuit.links
    inside = {link.source for link, stream in zip(links, build.streams, strict=True) if stream in own} - {OUTSIDE}
    grown = True
    while grown:
        new = {one.source for one in links if one.target in inside and one.inlet < 0} - inside - {OUTSIDE}
        inside |= new
        grown = bool(new)
    entering, leaving = [], []
    for link, stream in zip(links, build.streams, strict=True):
        fresh = link.source == OUTSIDE or link.inlet >= 0
        if fresh and link.target in inside:
            entering.append(stream)
        elif not fresh and link.source in inside and link.target not in inside and stream not in own:
            leaving.append(stream)
    return entering, leaving


def _unfloatable(nearest: Simulation, streams: Iterable[str], component: str) -> float:
    """How much of a component leaves by some streams in the class that does not float, t/h."""
    found = 0.0
    for stream in streams:
        for build, solution, members in nearest.located(stream):
            basis = build.circuit.basis
            if component in nearest.components:
                weights = build.elements[0, nearest.components.index(component)]
            else:
                weights = basis.solid.astype(float)
            sinks = weights * np.array([one == "non" for one in basis.classes])
            found += sum(float(solution.streams.of(n)[0] @ sinks) for n in members)
    return found


def _stopped(degrees: DegreesOfFreedom, nearest: Simulation, n: int) -> Iterator[Fault]:
    """Drivers of the units involved that came to an end of their own on the way from the description."""
    model = degrees.goal.model
    starts = [unit for one in degrees.free for target in one.targets for unit in acts_on(model, target)]
    among = set(between(model, starts, comes_from(model, degrees.specifications[n].asked)))
    for before, after in zip(degrees.simulation.circuits, nearest.circuits, strict=True):
        circuit = after[0].circuit
        for unit, (name, kind) in enumerate(zip(circuit.ids, circuit.units, strict=True)):
            if name not in among:
                continue
            old, new = (driver_values(build.circuit, solution, unit)[0] for build, solution in (before, after))
            for driver, was, now in zip(kind.drivers, old, new, strict=True):
                if _ends(driver, now) and not _ends(driver, was):
                    words = words_of(driver)
                    yield fault("unit '{unit}': {driver} has come to its end, {value} {uom}", unit=name,
                                driver=words.name, value=words.value(now), uom=words.uom)  # fmt: skip


def _ends(driver: Driver, value: float) -> bool:
    """Whether a driver stands at one of its bounds."""
    return bool(value <= driver.low + _AT_END or value >= driver.high - _AT_END)


def _digits(one: float, other: float) -> int:
    """How many digits tell two numbers apart."""
    return next((n for n in (4, 6, 8) if f"{one:.{n}g}" != f"{other:.{n}g}"), 10)
