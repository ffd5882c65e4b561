"""Scenarios: what is set differently, as arrays with one value per scenario.

Only feeds and parameters can be set. Everything else, such as a recycle stream, is calculated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import polars as pl

from zveno.errors import Fault, ModelError, fault
from zveno.model.chain import ChainModel
from zveno.model.checks import near_match
from zveno.model.types import Figure
from zveno.quantities import convert, uom_phrase
from zveno.simulate.basis import Floats
from zveno.simulate.units import UNIT_PARAMETERS

Overrides = Mapping[str, float]
BASE = "base"
FEED_FIELDS = {"feed": "t/h", "feed_water": "frac"}


@dataclass(frozen=True)
class Scenarios:
    """Names of the scenarios and what they set: shape (S,), NaN where a scenario leaves a value as it is.

    ``figures`` is by parameter name (in the uom of the figure), ``units`` by unit and parameter (in the uom of
    the unit model), ``streams`` by stream and field (t/h, mass fraction).
    """

    model: ChainModel
    names: tuple[str, ...]
    day: date | None = None
    figures: Mapping[str, Floats] = field(default_factory=dict)
    units: Mapping[tuple[str, str], Floats] = field(default_factory=dict)
    streams: Mapping[tuple[str, str], Floats] = field(default_factory=dict)

    def values(self, reference: float | str | Figure, uom: str) -> Floats:
        """A number of the description in every scenario, shape (S,), or (1,) if it is the same in all."""
        if isinstance(reference, str) and reference in self.figures:
            given, own = self.figures[reference], self.model.parameters[reference].uom
            moved = np.array([convert(float(one), own, uom) for one in given])
            if not np.isnan(moved).any():
                return moved
            return np.where(np.isnan(moved), self.model.number(reference, uom, self.day), moved)
        return np.array([self.model.number(reference, uom, self.day)])

    def unit_values(self, unit: str, name: str, reference: float | str | Figure, uom: str) -> Floats:
        """A parameter of a unit in every scenario."""
        return _overlaid(self.values(reference, uom), self.units.get((unit, name)))

    def stream_values(self, stream: str, name: str, reference: float | str | Figure) -> Floats:
        """A field of a feed stream in every scenario."""
        return _overlaid(self.values(reference, FEED_FIELDS[name]), self.streams.get((stream, name)))


def _overlaid(base: Floats, given: Floats | None) -> Floats:
    """Values where given, else the base."""
    return base if given is None else np.where(np.isnan(given), base, given)


def read_scenarios(
    model: ChainModel,
    scenarios: Mapping[str, Overrides] | pl.DataFrame | None,
    feeds: Mapping[str, float] | None,
    day: date | None,
) -> Scenarios:
    """Sort the overrides by what they set.

    Parameters
    ----------
    scenarios
        Scenario -> {key: value}, or a table with the columns scenario, key, value. A key is
        ``unit.parameter``, ``stream.feed`` (t/h dry), ``stream.feed_water`` (mass fraction) or the name of a
        figure. None or none: one scenario, ``base``.
    feeds
        Feeds of all scenarios, t/h dry, by stream; a scenario's own value comes before it.

    Raises
    ------
    ModelError
        If a key is neither a feed nor a parameter, or a value is not a finite number; lists every fault.
    """
    table = _as_mapping(scenarios)
    common = {f"{stream}.feed": value for stream, value in (feeds or {}).items()}
    kinds: dict[str, dict[tuple[str, str], Floats]] = {"figures": {}, "units": {}, "streams": {}}
    faults: list[Fault] = []
    for row, (name, given) in enumerate(table.items()):
        for key, value in {**common, **given}.items():
            found = _target(model, key)
            if isinstance(found, Fault):
                faults.append(found)
            elif not np.isfinite(value):
                faults.append(fault("scenario '{scenario}' sets '{key}' to no number", scenario=name, key=key))
            else:
                kind, target = found
                kinds[kind].setdefault(target, np.full(len(table), np.nan))[row] = value
    if faults:
        raise ModelError(_unique(faults))
    figures = {name: values for (name, _), values in kinds["figures"].items()}
    return Scenarios(model, tuple(table), day, figures, kinds["units"], kinds["streams"])


def by_day(model: ChainModel, days: Sequence[date | None]) -> Scenarios:
    """The description as it is, on each of some days: a scenario for every day, with the dated figures set."""

    def changing(reference: float | str | Figure | None) -> bool:
        return isinstance(reference, Figure) and bool(reference.dated)

    figures = {
        name: np.array([one.on(day) for day in days], dtype=float)
        for name, one in model.parameters.items()
        if one.dated
    }
    units = {
        (unit.id, one.name): np.array([model.number(unit.parameters[one.name], one.uom, day) for day in days])
        for unit in model.units.values()
        for one in UNIT_PARAMETERS.get(unit.model, ())
        if changing(unit.parameters.get(one.name))
    }
    streams = {
        (stream.id, name): np.array([model.number(getattr(stream, name), uom, day) for day in days])
        for stream in model.streams.values()
        for name, uom in FEED_FIELDS.items()
        if changing(getattr(stream, name))
    }
    return Scenarios(model, tuple(str(day or BASE) for day in days), days[0], figures, units, streams)


def doubts(read: Scenarios) -> Iterator[Fault]:
    """Values set outside the range that their figure states: allowed, but the model was not made for them."""
    model = read.model
    for name, values in read.figures.items():
        figure = model.parameters[name]
        yield from _outside(name, figure, figure.uom, values)
    for (unit, name), values in read.units.items():
        reference = model.units[unit].parameters.get(name)
        stated = model.parameters.get(reference) if isinstance(reference, str) else None
        if stated is not None:
            uom = next(one.uom for one in UNIT_PARAMETERS[model.units[unit].model] if one.name == name)
            yield from _outside(f"{unit}.{name}", stated, uom, values)


def _outside(key: str, figure: Figure, uom: str, values: Floats) -> Iterator[Fault]:
    """A doubt where any value lies outside the range of a figure."""
    low, high = (None if end is None else convert(end, figure.uom, uom) for end in (figure.low, figure.high))
    for value in values[np.isfinite(values)]:
        if (low is not None and value < low) or (high is not None and value > high):
            yield fault(
                "'{key}' is set to {value} {uom}, outside the range {low} to {high} that its figure states",
                key=key, value=f"{value:g}", uom=uom_phrase(uom),
                low="–" if low is None else f"{low:g}", high="–" if high is None else f"{high:g}",
            )  # fmt: skip


def _unique(faults: list[Fault]) -> list[Fault]:
    """Each fault once: many scenarios may share a wrong key."""
    return list({str(one): one for one in faults}.values())


def _as_mapping(scenarios: Mapping[str, Overrides] | pl.DataFrame | None) -> Mapping[str, Overrides]:
    """Scenarios by name."""
    if scenarios is None or not len(scenarios):
        return {BASE: {}}
    if not isinstance(scenarios, pl.DataFrame):
        return scenarios
    table: dict[str, dict[str, float]] = {}
    for name, key, value in scenarios.select("scenario", "key", "value").iter_rows():
        table.setdefault(name, {})[key] = value
    return table


def _target(model: ChainModel, key: str) -> tuple[str, tuple[str, str]] | Fault:
    """What a key sets, or why it cannot be set."""
    owner, _, name = key.rpartition(".")
    if owner in model.units:
        known = _parameters(model, owner)
        if name in known:
            return "units", (owner, name)
        if key not in model.parameters:
            near = near_match(name, known)
            return fault("unit '{unit}' has no parameter '{name}' to set", unit=owner, name=name, near=near)
    if owner in model.streams and name in FEED_FIELDS and model.streams[owner].feed is not None:
        return "streams", (owner, name)
    if key in model.parameters:
        return "figures", (key, "")
    if owner in model.streams or key in model.streams:
        stream = owner if owner in model.streams else key
        return fault("stream '{stream}' is calculated and cannot be set: only feeds and parameters can", stream=stream)
    return fault(
        "'{key}' is neither a parameter of a unit, nor a feed, nor a figure, so it cannot be set",
        key=key,
        near=near_match(key, [*model.parameters, *_settable(model)]),
    )


def _parameters(model: ChainModel, unit: str) -> list[str]:
    """Numeric parameters of a unit's model."""
    return [one.name for one in UNIT_PARAMETERS.get(model.units[unit].model, ()) if not one.choices]


def _settable(model: ChainModel) -> list[str]:
    """All keys of units and feeds."""
    units = [f"{unit}.{name}" for unit in model.units for name in _parameters(model, unit)]
    feeds = [f"{one.id}.{name}" for one in model.streams.values() if one.feed is not None for name in FEED_FIELDS]
    return units + feeds
