"""The answer of a simulation: flows by stream, results by unit, and how well each scenario settled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl

from zveno.errors import DataError, Fault
from zveno.model.checks import near_match
from zveno.simulate.basis import Bools, Floats, Ints
from zveno.simulate.build import Build
from zveno.simulate.cases import Cases
from zveno.simulate.plan import OUTSIDE
from zveno.simulate.results import read_results
from zveno.simulate.sizing import Sizing, passing, size_at
from zveno.simulate.solve import Circuit, Solution
from zveno.simulate.units.unit import Report
from zveno.simulate.unsettled import Unsettled
from zveno.tables import frame


@dataclass(frozen=True)
class Simulation:
    """Steady state of every scenario (S).

    Parameters
    ----------
    scenarios
        Names of the scenarios.
    components
        Elements that assays follow.
    streams, feeds
        Names of all simulated streams, and of those fed from outside.
    converged, residual, iterations
        Per scenario, shape (S,): settled or not, largest change of a driver at the last step, steps taken.
    worst_units
        Per scenario the unit with the largest residual; empty where nothing had to be iterated.
    model_hash
        Of the description it was made from.
    doubts
        Values set outside the range that their figure states.
    given
        What each scenario sets.
    """

    scenarios: tuple[str, ...]
    components: tuple[str, ...]
    streams: tuple[str, ...]
    feeds: tuple[str, ...]
    converged: Bools
    residual: Floats
    iterations: Ints
    worst_units: tuple[str, ...]
    model_hash: str
    doubts: tuple[Fault, ...]
    _parts: tuple[tuple[Build, Solution], ...] = field(repr=False)
    _groups: dict[str, tuple[str, ...]] = field(repr=False)
    given: Cases = field(repr=False)

    @property
    def quantities(self) -> tuple[str, ...]:
        """What ``mass`` lists: solids, water, then the components."""
        return ("solids", "water", *self.components)

    @cached_property
    def places(self) -> tuple[str, ...]:
        """Streams, groups and units: what the name of a result begins with."""
        return (*self.streams, *self._groups, *(unit for unit, _ in self._reports()))

    def table(self, results: Sequence[str]) -> pl.DataFrame:
        """A row for each scenario: its name, what it sets, and results by name (see ``zveno.simulate.results``).

        Raises
        ------
        DataError
            If a result is not known; says what was perhaps meant.
        """
        values, _ = read_results(self, results)
        return self.given.with_results(results, values)

    def mass(self, stream: str) -> Floats:
        """Mass flows of a stream or group, t/h, shape (S, quantities)."""
        return sum((self._mass_of(one) for one in self.members(stream)), np.zeros(()))

    def solids(self, stream: str) -> Floats:
        """Dry mass flow of a stream or group, t/h, shape (S,)."""
        return self.component(stream, "solids")

    def water(self, stream: str) -> Floats:
        """Water in a stream or group, t/h, shape (S,)."""
        return self.component(stream, "water")

    def component(self, stream: str, quantity: str) -> Floats:
        """Mass flow of solids, water or one component in a stream or group, t/h, shape (S,)."""
        if quantity not in self.quantities:
            raise DataError(
                "the simulation has no component '{component}'",
                component=quantity,
                near=near_match(quantity, self.quantities),
            )
        return np.asarray(self.mass(stream)[:, self.quantities.index(quantity)])

    def grade(self, stream: str, component: str) -> Floats:
        """Mass fraction of a component in dry solids, shape (S,); NaN where there are no solids."""
        return _ratio(self.component(stream, component), self.component(stream, "solids"))

    def minerals(self, stream: str) -> dict[str, Floats]:
        """Mass flow of each mineral in a stream or group, t/h, shape (S,)."""
        found: dict[str, Floats] = {}
        for one in self.members(stream):
            build, flow = self._flow(one)
            for n, mineral in enumerate(build.circuit.basis.minerals[:-1]):
                found[mineral] = found.get(mineral, 0.0) + flow[:, n]
        return found

    def recovery(self, component: str, products: str | Sequence[str], feeds: str | Sequence[str] = ()) -> Floats:
        """Share of a component of the feeds (all of them, unless named) in the products, shape (S,).

        NaN where the feeds hold none of it.
        """
        out = sum((self.component(one, component) for one in _names(products)), np.zeros(()))
        fed = sum((self.component(one, component) for one in _names(feeds) or self.feeds), np.zeros(()))
        return _ratio(out, fed)

    def by_size(self, stream: str) -> Floats:
        """Mass flow of solids and of each component by size class, t/h, shape (S, n, 1 + components).

        Raises
        ------
        DataError
            If the solids of the stream or group have no size classes.
        """
        return np.asarray(sum((self._by_size_of(one) for one in self.members(stream)), np.zeros(())))

    def has_sizes(self, stream: str) -> bool:
        """Whether the solids of a stream or group can have size classes."""
        return all(self._sizes_of(one) is not None for one in self.members(stream))

    def passing(self, stream: str) -> Floats:
        """Share of the solids of a stream or group that passes each sieve, shape (S, n - 1); NaN of nothing."""
        return passing(self.by_size(stream)[:, :, 0])

    def size_at(self, stream: str, share: float = 0.8) -> Floats:
        """Size that a share of the solids passes, um, shape (S,); NaN where the sieves do not hold it."""
        return size_at(share, self.passing(stream), np.array(self.sieves_um))

    @cached_property
    def sieves_um(self) -> tuple[float, ...]:
        """Openings that divide the ores into size classes, um, falling; empty where no ore has any."""
        found = [build.circuit.basis.sizing for build, _ in self._parts]
        return next((tuple(one.sieves_um.tolist()) for one in found if one is not None), ())

    @cached_property
    def stream_sizes(self) -> pl.DataFrame:
        """Table ``stream_sizes``: a row for each scenario, stream with sizes, component and size class."""
        if not self.sieves_um:
            return frame("stream_sizes", [])
        names = [one for one in self.streams if self.has_sizes(one)]
        masses = np.stack([self.by_size(one) for one in names], axis=1).swapaxes(2, 3)
        total = masses.sum(axis=-1, keepdims=True)
        finer = _ratio(np.cumsum(masses[..., ::-1], axis=-1)[..., ::-1] - masses, total)
        quantities = ("solids", *self.components)
        keys = np.indices(masses.shape).reshape(4, -1)
        columns = {
            name: np.array(values, dtype=object)[key]
            for name, values, key in zip(
                ("scenario", "stream", "component"), (self.scenarios, names, quantities), keys[:3], strict=True
            )
        }
        columns["size_um"] = np.array([*self.sieves_um, 0.0])[keys[3]]
        table = pl.DataFrame({**columns, "mass_tph": masses.ravel(), "finer_frac": finer.ravel()})
        return frame("stream_sizes", table.with_columns(pl.col("finer_frac").fill_nan(None)))

    @cached_property
    def stream_flows(self) -> pl.DataFrame:
        """Table ``stream_flows``: a row for each scenario, stream and quantity."""
        masses = np.stack([self.mass(one) for one in self.streams], axis=1)
        grades = _ratio(masses, masses[:, :, :1])
        grades[:, :, 1] = np.nan
        keys = np.indices(masses.shape).reshape(3, -1)
        columns = {
            name: np.array(values, dtype=object)[key]
            for name, values, key in zip(
                ("scenario", "stream", "component"), (self.scenarios, self.streams, self.quantities), keys, strict=True
            )
        }
        table = pl.DataFrame({**columns, "mass_tph": masses.ravel(), "grade_frac": grades.ravel()})
        return frame("stream_flows", table.with_columns(pl.col("grade_frac").fill_nan(None)))

    @cached_property
    def unit_results(self) -> pl.DataFrame:
        """Table ``unit_results``: what each unit reports of itself."""
        rows = [
            {"scenario": scenario, "unit": unit, "quantity": quantity, "value": float(value), "uom": uom}
            for unit, report in self._reports()
            for quantity, (values, uom) in report.items()
            for scenario, value in zip(self.scenarios, np.broadcast_to(values, (len(self.scenarios),)), strict=True)
        ]
        return frame("unit_results", rows)

    @cached_property
    def status(self) -> pl.DataFrame:
        """Table ``simulation_status``: how well each scenario settled."""
        columns = (self.scenarios, self.converged, self.residual, self.iterations, self.worst_units)
        names = ("scenario", "converged", "residual", "iterations", "worst_unit")
        return frame("simulation_status", [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)])

    @property
    def circuits(self) -> tuple[tuple[Build, Solution], ...]:
        """Circuits, each of units that streams join, and their flows."""
        return self._parts

    def unsettled(self) -> Iterator[tuple[int, Circuit, Unsettled]]:
        """Each scenario that did not settle, by number, with what moves most in it and the circuit of that."""
        for row in np.flatnonzero(~self.converged).tolist():
            found = [
                (build.circuit, solution.unsettled[row]) for build, solution in self._parts if row in solution.unsettled
            ]
            circuit, worst = max(found, key=lambda one: np.nan_to_num(one[1].residual, nan=np.inf))
            yield row, circuit, worst

    def unit_result(self, unit: str, quantity: str) -> Floats:
        """One result of a unit, shape (S,), in the uom of the table ``unit_results``."""
        for name, report in self._reports():
            if name == unit and quantity in report:
                return np.broadcast_to(report[quantity][0], (len(self.scenarios),))
        raise DataError("unit '{unit}' reports no '{quantity}'", unit=unit, quantity=quantity)

    def unit_report(self, unit: str) -> Mapping[str, tuple[Floats, str]] | None:
        """All that a unit reports of itself, with its uom; None where there is no such unit."""
        return next((report for name, report in self._reports() if name == unit), None)

    def _reports(self) -> Iterator[tuple[str, Report]]:
        """Units with their reports."""
        for build, solution in self._parts:
            yield from zip(build.circuit.ids, solution.reports, strict=True)

    def members(self, name: str) -> tuple[str, ...]:
        """Streams of a group, or the stream itself."""
        if name in self._where:
            return (name,)
        if name in self._groups:
            return self._groups[name]
        raise DataError(
            "the simulation has no stream '{stream}'",
            stream=name,
            near=near_match(name, [*self.streams, *self._groups]),
        )

    @cached_property
    def _where(self) -> dict[str, tuple[int, int]]:
        """Part and number of each stream."""
        return {name: (part, n) for part, (build, _) in enumerate(self._parts) for n, name in enumerate(build.streams)}

    def _flow(self, stream: str) -> tuple[Build, Floats]:
        """Component flows (S, C) of a stream and the circuit it belongs to."""
        part, n = self._where[stream]
        build, solution = self._parts[part]
        return build, solution.streams.of(n)

    def located(self, stream: str) -> Iterator[tuple[Build, Solution, tuple[int, ...]]]:
        """Circuits that hold a stream or the streams of a group, with the numbers of these streams there."""
        places = [self._where[one] for one in self.members(stream)]
        for part in dict.fromkeys(part for part, _ in places):
            yield *self._parts[part], tuple(n for other, n in places if other == part)

    def _sizes_of(self, stream: str) -> Sizing | None:
        """Size classes of a stream, if minerals that have them can be in it."""
        part, n = self._where[stream]
        build, solution = self._parts[part]
        sizing = build.circuit.basis.sizing
        return None if sizing is None or not sizing.sized[solution.streams.columns(n)].any() else sizing

    def _by_size_of(self, stream: str) -> Floats:
        """Mass flow of solids and components of one stream by size class, shape (S, n, 1 + components)."""
        sizing = self._sizes_of(stream)
        if sizing is None:
            raise DataError("the solids of stream '{stream}' have no size classes", stream=stream)
        build, flow = self._flow(stream)
        parts = np.concatenate([np.ones((len(build.elements), 1, len(sizing.at))), build.elements], axis=1)
        held = flow[:, None, :] * parts
        return sizing.by_class(held).swapaxes(1, 2)

    def _mass_of(self, stream: str) -> Floats:
        """Mass flows of one stream, shape (S, quantities)."""
        part, n = self._where[stream]
        build, solution = self._parts[part]
        flow, columns = solution.streams.kept(n), solution.streams.columns(n)
        solids = flow @ build.circuit.basis.solid[columns].astype(float)
        elements = (build.elements[:, :, columns] @ flow[:, :, None])[:, :, 0]
        return np.concatenate([solids[:, None], flow[:, -1:], elements], axis=1)


def _names(given: str | Sequence[str]) -> tuple[str, ...]:
    """One name or several."""
    return (given,) if isinstance(given, str) else tuple(given)


def _ratio(part: Floats, whole: Floats) -> Floats:
    """Part over whole; NaN where there is nothing."""
    part, whole = np.broadcast_arrays(part, whole)
    return np.asarray(np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole != 0))


def result(
    parts: Sequence[tuple[Build, Solution]],
    *,
    scenarios: tuple[str, ...],
    components: tuple[str, ...],
    groups: dict[str, tuple[str, ...]],
    model_hash: str,
    doubts: tuple[Fault, ...] = (),
    given: Cases | None = None,
) -> Simulation:
    """Put the circuits together; a scenario has converged if it has in all of them."""
    residuals = np.array([solution.residual for _, solution in parts])
    worst = [int(one) for one in np.argmax(residuals, axis=0)]
    streams = [name for build, _ in parts for name in build.streams]
    feeds = [build.streams[n] for build, _ in parts for n in build.circuit.feeds]
    return Simulation(
        scenarios=scenarios,
        components=components,
        streams=tuple(streams),
        feeds=tuple(feeds),
        converged=np.all([solution.converged for _, solution in parts], axis=0),
        residual=residuals.max(axis=0),
        iterations=np.max([solution.iterations for _, solution in parts], axis=0),
        worst_units=tuple(_worst(parts[part], row) for row, part in enumerate(worst)),
        model_hash=model_hash,
        doubts=doubts,
        _parts=tuple(parts),
        _groups=groups,
        given=given or Cases(scenarios),
    )


def _worst(part: tuple[Build, Solution], row: int) -> str:
    """Unit with the largest residual in a scenario."""
    build, solution = part
    unit = int(solution.worst[row])
    return "" if unit == OUTSIDE else build.circuit.ids[unit]
