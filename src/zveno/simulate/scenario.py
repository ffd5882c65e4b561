"""Scenarios: what is set differently, as arrays with one value per scenario.

Only feeds and parameters can be set. Everything else, such as a recycle stream, is calculated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from zveno.errors import Fault, ModelError, fault, rounded
from zveno.model.chain import ChainModel
from zveno.model.types import Figure
from zveno.quantities import convert, uom_phrase
from zveno.simulate.basis import Floats
from zveno.simulate.cases import BASE, Cases, Given
from zveno.simulate.keys import ANY, FEED_FIELDS, Target, require_targets, targets, with_common
from zveno.simulate.units import UNIT_PARAMETERS


@dataclass(frozen=True)
class Scenarios:
    """Names of the scenarios and what they set: shape (S,), NaN where a scenario leaves a value as it is.

    ``figures`` is by parameter name (in the uom of the figure), ``units`` by unit and parameter (in the uom of
    the unit model), ``streams`` by stream and field (t/h, mass fraction). ``given`` is what they were read from.
    """

    model: ChainModel
    names: tuple[str, ...]
    day: date | None = None
    figures: Mapping[str, Floats] = field(default_factory=dict)
    units: Mapping[tuple[str, str], Floats] = field(default_factory=dict)
    streams: Mapping[tuple[str, str], Floats] = field(default_factory=dict)
    given: Cases | None = None

    def values(self, reference: float | str | Figure, uom: str) -> Floats:
        """A number of the description in every scenario, shape (S,), or (1,) if it is the same in all."""
        if isinstance(reference, str) and reference in self.figures:
            moved = convert(self.figures[reference], self.model.parameters[reference].uom, uom)
            if not np.isnan(moved).any():
                return moved
            return np.where(np.isnan(moved), self.model.number(reference, uom, self.day), moved)
        return np.array([self.model.number(reference, uom, self.day)])

    def unit_values(self, unit: str, name: str, reference: float | str | Figure, uom: str) -> Floats:
        """A parameter of a unit in every scenario."""
        return _overlaid(self.values(reference, uom), self.units.get((unit, name)))

    def sized_values(self, figures: Sequence[str], uom: str) -> Floats:
        """What figures give by size class, shape (S or 1, n)."""
        return np.stack(np.broadcast_arrays(*(self.values(one, uom) for one in figures)), axis=-1)

    def stream_values(self, stream: str, name: str, reference: float | str | Figure) -> Floats:
        """A field of a feed stream in every scenario."""
        return _overlaid(self.values(reference, FEED_FIELDS[name]), self.streams.get((stream, name)))


def _overlaid(base: Floats, given: Floats | None) -> Floats:
    """Values where given, else the base."""
    return base if given is None else np.where(np.isnan(given), base, given)


def read_scenarios(
    model: ChainModel, scenarios: Given | None, feeds: Mapping[str, float] | None, day: date | None
) -> Scenarios:
    """Sort the overrides by what they set.

    Parameters
    ----------
    scenarios
        Cases, scenario -> {key: value}, or a table of them: see :class:`~zveno.simulate.cases.Cases`. None or none: one
        scenario, ``base``. What a key names in full comes before what one with ``*`` stands for.
    feeds
        Feeds of all scenarios, t/h dry, by stream; a scenario's own value comes before it.

    Raises
    ------
    ModelError
        If a key is neither a feed nor a parameter, or a value is not a finite number; lists every fault.
    """
    fed = {f"{stream}.feed": value for stream, value in (feeds or {}).items()}
    given = Cases.of(scenarios)
    faults = [found for key in (*fed, *given.values) if isinstance(found := targets(model, key), Fault)]
    if faults:
        raise ModelError(faults)
    cases = with_common(model, given, fed)
    columns: dict[Target, Floats] = {}
    for key in sorted(cases.values, key=lambda one: ANY not in one):
        for one in require_targets(model, key):
            columns[one] = _overlaid(columns.get(one, cases.values[key]), cases.values[key])
    return Scenarios(
        model,
        cases.names,
        day,
        figures={one.owner: values for one, values in columns.items() if one.kind == "figure"},
        units={(one.owner, one.name): values for one, values in columns.items() if one.kind == "unit"},
        streams={(one.owner, one.name): values for one, values in columns.items() if one.kind == "stream"},
        given=cases,
    )


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
    given = [(Target("figure", name), values) for name, values in read.figures.items()]
    given += [(Target("unit", *owner), values) for owner, values in read.units.items()]
    given += [(Target("stream", *owner), values) for owner, values in read.streams.items()]
    for one, values in given:
        figure = one.figure(read.model)
        if figure is not None:
            yield from _outside(one.key, figure, one.uom(read.model), values)


def _outside(key: str, figure: Figure, uom: str, values: Floats) -> Iterator[Fault]:
    """A doubt where any value lies outside the range of a figure."""
    low, high = (None if end is None else convert(end, figure.uom, uom) for end in (figure.low, figure.high))
    below = values < (-np.inf if low is None else low)
    astray = np.unique(values[below | (values > (np.inf if high is None else high))])
    told: dict[str, Any] = {
        "key": key, "uom": uom_phrase(uom),
        "low": "–" if low is None else rounded(low, 6), "high": "–" if high is None else rounded(high, 6),
    }  # fmt: skip
    if len(astray) == 1:
        yield fault(
            "'{key}' is set to {value} {uom}, outside the range {low} to {high} that its figure states",
            **told,
            value=rounded(astray[0], 6),
        )
    elif len(astray):
        yield fault(
            "'{key}' is set to {n} values of {least} to {most} {uom}, outside the range {low} to {high} that its "
            "figure states",
            **told, n=len(astray), least=rounded(astray[0], 6), most=rounded(astray[-1], 6),
        )  # fmt: skip
