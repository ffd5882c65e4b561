"""Origins: from where each component of a stream came, through every loop, conversion and mixing on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from zveno.errors import DataError, SolveError, rounded
from zveno.model.checks import near_match
from zveno.simulate.basis import Bools, Floats
from zveno.simulate.build import Build
from zveno.simulate.plan import OUTSIDE
from zveno.simulate.result import Simulation
from zveno.simulate.trail import WATER_ADDED, Trail, Way
from zveno.tables import frame

ALL_RECYCLES = ""
"""Stands in the column ``recycle`` for all of them together."""
_COMPLETE = 1e-9  # how far the shares of all origins may be from 1

Place = tuple[str, str]
"""Name and kind of an origin or of a last step: feed, asked, water_added, stream."""


@dataclass(frozen=True)
class Origins:
    """Where the components of a stream or group came from, in one or several scenarios.

    Parameters
    ----------
    stream
        Stream or group that is explained.
    """

    stream: str
    _traced: tuple[_Traced, ...] = field(repr=False)

    @cached_property
    def origins(self) -> pl.DataFrame:
        """Table ``origins``: what of each component came from which feed, inlet or added water; largest first."""
        return self._amounts("origins", "origin", [one.origins for one in self._traced])

    @cached_property
    def last_steps(self) -> pl.DataFrame:
        """Table ``last_steps``: what of each component came by which stream into the unit that the stream leaves."""
        return self._amounts("last_steps", "came_by", [one.last_steps for one in self._traced])

    @cached_property
    def recycled(self) -> pl.DataFrame:
        """Table ``recycled``: what of each component came round by which recycle, and how often; first by any."""
        rows = [
            {**self._key(one), "recycle": name, "once_frac": once / one.mass, "mean_passes": passes / one.mass}
            for one in self._traced
            for name, (once, passes) in _largest_first(one.recycled)
        ]
        return frame("recycled", rows)

    def share(self, component: str, origin: str, scenario: str = "") -> float:
        """Share of a component that came from one origin; in the first scenario, unless one is named."""
        row = self.origins.filter(
            component=component, origin=origin, scenario=scenario or next((one.scenario for one in self._traced), "")
        )
        return float(row["share_frac"].sum())

    def _key(self, one: _Traced) -> dict[str, object]:
        """The first columns of every table."""
        return {"scenario": one.scenario, "stream": self.stream, "component": one.component}

    def _amounts(self, table: str, name: str, amounts: Sequence[Mapping[Place, float]]) -> pl.DataFrame:
        """A table of masses and shares."""
        rows = [
            {**self._key(one), name: place, "kind": kind, "mass_tph": mass, "share_frac": mass / one.mass}
            for one, masses in zip(self._traced, amounts, strict=True)
            for (place, kind), mass in _largest_first(masses)
        ]
        return frame(table, rows)


@dataclass(frozen=True)
class _Traced:
    """One component in one scenario: masses, t/h, by origin, by last step, and round by recycles (once, passes)."""

    scenario: str
    component: str
    mass: float
    origins: Mapping[Place, float]
    last_steps: Mapping[Place, float]
    recycled: Mapping[str, tuple[float, float]]

    def joined(self, other: _Traced) -> _Traced:
        """The same component in streams of two circuits."""
        names = dict.fromkeys((*self.recycled, *other.recycled))
        both = {one: (self.recycled.get(one, (0.0, 0.0)), other.recycled.get(one, (0.0, 0.0))) for one in names}
        return replace(
            self,
            mass=self.mass + other.mass,
            origins={**self.origins, **other.origins},
            last_steps={**self.last_steps, **other.last_steps},
            recycled={name: (a[0] + b[0], a[1] + b[1]) for name, (a, b) in both.items()},
        )


def origins(found: Simulation, stream: str, components: Sequence[str] = ()) -> Origins:
    """Where the components of a stream or group came from, in every scenario.

    What a unit mixes cannot be told apart within a component, so what leaves it came by the streams that enter, in
    the shares that they bring. An origin is a feed, a material that a unit asks for at an inlet, or water that a unit
    adds. Minerals that become other minerals or elements are followed on: what they are made of is the same. A recycle
    is a stream that closes a loop (see :func:`~zveno.simulate.recycles.recycles`). Exact for a circulating load of any
    size: no iteration, one sparse linear system for each scenario.

    Parameters
    ----------
    components
        ``solids``, ``water`` or components; all of them if none is named. Nothing is told of those that the stream
        does not carry.

    Raises
    ------
    DataError
        If there is no such stream or component, or the stream carries none of those that are named.
    SolveError
        If a loop returns so nearly all that enters it that origins do not add up to 1 within 1e-9.

    References
    ----------
    Kemeny & Snell (1976), Finite Markov Chains, ch. 3: absorbing chains.
    """
    for one in components:
        if one not in found.quantities:
            near = near_match(one, found.quantities)
            raise DataError("the simulation has no component '{component}'", component=one, near=near)
    wanted = tuple(dict.fromkeys(components)) or found.quantities
    traced: dict[tuple[int, str], _Traced] = {}
    for build, solution, members in found.located(stream):
        trail = Trail.of(build.circuit, solution)
        flows = {n: solution.streams.of(n) for n in members}
        for row in range(len(found.scenarios)):
            for each in _traced_of(found, build, trail, {n: flow[row] for n, flow in flows.items()}, row, wanted):
                key = (row, each.component)
                traced[key] = traced[key].joined(each) if key in traced else each
    if components and not traced:
        raise DataError("stream '{stream}' carries no {component}", stream=stream, component=", ".join(components))
    order = sorted(traced, key=lambda key: (key[0], wanted.index(key[1])))
    return Origins(stream, tuple(traced[one] for one in order))


def _largest_first(amounts: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    """Amounts by place, the largest first, by name where only round-off tells them apart; all recycles before."""

    def order(item: tuple[Any, Any]) -> tuple[bool, float, Any]:
        place, amount = item
        return place != ALL_RECYCLES, -float(f"{np.max(amount):.9g}"), place

    return sorted(amounts.items(), key=order)


def _traced_of(
    found: Simulation, build: Build, trail: Trail, flows: Mapping[int, Floats], row: int, wanted: Sequence[str]
) -> Iterator[_Traced]:
    """Each component wanted of some streams of one circuit, flows (C,) by number, in one scenario; if there is any."""
    weights = _weights(found, build, row, wanted)
    masses = sum((weights @ flow for flow in flows.values()), np.zeros(len(wanted)))
    start = np.zeros((len(build.circuit.units) * len(build.circuit.basis), len(wanted)))
    direct: dict[Place, Floats] = {}
    for n, flow in flows.items():
        link = build.circuit.links[n]
        if link.source == OUTSIDE or link.inlet >= 0:
            direct[_place(build, n)] = weights @ flow
        else:
            first = link.source * len(build.circuit.basis)
            start[first : first + len(build.circuit.basis)] += (weights * flow).T
    way = trail.back(start, row)
    passing = way.passing()
    ends = _by_place(build, trail, way, passing, way.before < 0)
    last = _by_place(build, trail, way, way.first, np.full(len(way.steps), fill_value=True))
    recycled = _recycled(build, trail, way, passing)
    for k, component in enumerate(wanted):
        if masses[k] > 0:
            one = _Traced(
                scenario=found.scenarios[row],
                component=component,
                mass=float(masses[k]),
                origins=_of(k, {**ends, **direct}),
                last_steps=_of(k, last),
                recycled={
                    name: (float(a[k]), float(b[k])) for name, (a, b) in recycled.items() if b[k] > 0 or not name
                },
            )
            _require_complete(one)
            yield one


def _weights(found: Simulation, build: Build, row: int, wanted: Sequence[str]) -> Floats:
    """Mass of each quantity wanted in a tonne of each component, shape (quantities, C)."""
    basis = build.circuit.basis
    elements = build.elements[row if len(build.elements) > 1 else 0]
    rows = {"solids": basis.solid.astype(float), "water": (~basis.solid).astype(float)}
    rows |= dict(zip(found.components, elements, strict=True))
    return np.array([rows[one] for one in wanted])


def _place(build: Build, link: int, unit: int = OUTSIDE) -> Place:
    """Name and kind of a stream, or of water added in a unit."""
    if link == WATER_ADDED:
        return build.circuit.ids[unit], "water_added"
    one = build.circuit.links[link]
    return build.streams[link], "asked" if one.inlet >= 0 else "feed" if one.source == OUTSIDE else "stream"


def _by_place(build: Build, trail: Trail, way: Way, passing: Floats, chosen: Bools) -> dict[Place, Floats]:
    """What passes by the chosen steps (E, K), summed by place."""
    found: dict[Place, Floats] = {}
    for step in np.flatnonzero(chosen & passing.any(axis=1)):
        at = int(way.steps[step])
        place = _place(build, int(trail.link[at]), trail.unit(at))
        found[place] = found.get(place, 0.0) + passing[step]
    return found


def _recycled(build: Build, trail: Trail, way: Way, passing: Floats) -> dict[str, tuple[Floats, Floats]]:
    """What came round by any recycle, and by each: at least once, and counted each time, (K,), t/h."""
    link = trail.link[way.steps]
    back = np.isin(link, trail.recycles)
    found = {ALL_RECYCLES: (way.passing(back)[back].sum(axis=0), passing[back].sum(axis=0))}
    for n in trail.recycles:
        by = link == n
        if passing[by].any():
            found[build.streams[n]] = (way.passing(by)[by].sum(axis=0), passing[by].sum(axis=0))
    return found


def _of(k: int, amounts: Mapping[Place, Floats]) -> dict[Place, float]:
    """Amounts of one component, where there are any."""
    return {place: float(one[k]) for place, one in amounts.items() if one[k] > 0}


def _require_complete(one: _Traced) -> None:
    """Origins add up to all that there is."""
    share = sum(one.origins.values()) / one.mass
    if not abs(share - 1) < _COMPLETE:
        raise SolveError(
            "the origins of the {component} come to {share} %, not to 100 % (scenario '{scenario}'): "
            "a loop returns nearly all that enters it",
            share=rounded(100 * share, 9), component=one.component, scenario=one.scenario,
        )  # fmt: skip
