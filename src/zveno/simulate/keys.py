"""Keys: the names by which a scenario sets a feed or a parameter, one or, with ``*``, several at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import Literal

import numpy as np

from zveno.errors import Fault, ModelError, fault, rounded
from zveno.model.chain import ChainModel
from zveno.model.checks import near_match
from zveno.model.types import Figure, Number
from zveno.quantities import convert, uom_phrase
from zveno.simulate.by_size import figures_by_size
from zveno.simulate.cases import Cases
from zveno.simulate.units import UNIT_PARAMETERS
from zveno.text.mark import tr

FEED_FIELDS = {"feed": "t/h", "feed_water": "frac"}
ANY = "*"


@dataclass(frozen=True)
class Target:
    """What a key sets: a figure (``owner``), a parameter of a unit, or a field of a feed stream."""

    kind: Literal["figure", "unit", "stream"]
    owner: str
    name: str = ""

    @property
    def key(self) -> str:
        """How it is written in full."""
        return f"{self.owner}.{self.name}" if self.name else self.owner

    def uom(self, model: ChainModel) -> str:
        """Unit of measure in which it is set."""
        if self.kind == "figure":
            return model.parameters[self.owner].uom
        if self.kind == "stream":
            return FEED_FIELDS[self.name]
        return next(one.uom for one in UNIT_PARAMETERS[model.units[self.owner].model] if one.name == self.name)

    def stated(self, model: ChainModel) -> Number | None:
        """What the description states there; None where it leaves the parameter out and the model has no value."""
        if self.kind == "figure":
            return model.parameters[self.owner]
        if self.kind == "stream":
            stream = model.streams[self.owner]
            given: Number | None = getattr(stream, self.name)
            if given is None:  # only of moisture: a feed is set where it is given
                return model.ores[stream.ore].moisture if stream.ore else 0.0
            return given
        unit = model.units[self.owner]
        default = next(one.default for one in UNIT_PARAMETERS[unit.model] if one.name == self.name)
        return unit.parameters.get(self.name, default)

    def figure(self, model: ChainModel) -> Figure | None:
        """The figure that stands there, by name or written out; None for a bare number."""
        found = self.stated(model)
        if isinstance(found, str):
            return model.parameters.get(found)
        return found if isinstance(found, Figure) else None


def targets(model: ChainModel, key: str) -> tuple[Target, ...] | Fault:
    """What a key sets, or why it cannot be set; ``*`` stands for any letters, and all must have one uom.

    Examples
    --------
    ``balk_conc.line1.mill.p80_um`` is a parameter of one mill, ``balk_conc.line*.mill.p80_um`` that of all.
    """
    if ANY not in key:
        found = _target(model, key)
        return found if isinstance(found, Fault) else (found,)
    chosen = tuple(one for one in settable(model) if fnmatchcase(one.key, key))
    if not chosen:
        return fault("no feed, parameter or figure is named '{key}'", key=key)
    uoms = {one.uom(model): one.key for one in chosen}
    if len(uoms) > 1:
        first, second = list(uoms.items())[:2]
        return fault(
            "'{key}' stands for things of several units of measure: '{first}' is in {uom}, '{second}' in {other}",
            key=key, first=first[1], uom=uom_phrase(first[0]), second=second[1], other=uom_phrase(second[0]),
        )  # fmt: skip
    return chosen


def require_targets(model: ChainModel, key: str) -> tuple[Target, ...]:
    """What a key sets; raises ModelError where it cannot be set."""
    found = targets(model, key)
    if isinstance(found, Fault):
        raise ModelError([found])
    return found


def base_value(
    model: ChainModel, key: str, day: date | None = None, common: Mapping[str, float] | None = None
) -> float:
    """Value that a key has in the description, in the uom in which it is set; as ``common`` sets it, if it does.

    Raises
    ------
    ModelError
        If it cannot be set, has no value, or stands for things of several values.
    """
    given = set_values(model, common or {})
    values: dict[float, str] = {}
    for one in require_targets(model, key):
        values[given[one] if one in given else _stated_value(model, one, day, given)] = one.key
    if len(values) > 1:
        first, second = list(values.items())[:2]
        raise ModelError(
            "'{key}' stands for things of several values: '{first}' is {value}, '{second}' is {other}",
            key=key, first=first[1], value=rounded(first[0], 6), second=second[1], other=rounded(second[0], 6),
        )  # fmt: skip
    return next(iter(values))


def set_values(model: ChainModel, given: Mapping[str, float]) -> dict[Target, float]:
    """What values by key set; what a key names in full comes before what one with ``*`` stands for."""
    found: dict[Target, float] = {}
    for key in sorted(given, key=lambda one: ANY not in one):
        found.update(dict.fromkeys(require_targets(model, key), float(given[key])))
    return found


def with_common(model: ChainModel, cases: Cases, common: Mapping[str, float]) -> Cases:
    """The same cases, with what ``common`` sets wherever a case does not set it itself, by whatever key.

    Raises
    ------
    ModelError
        If a key cannot be set.
    """
    if not common:
        return cases
    values = {one: np.full(len(cases), value) for one, value in set_values(model, common).items()}
    for key, own in cases.values.items():
        for one in require_targets(model, key):
            if one in values:
                values[one] = np.where(np.isnan(own), values[one], np.nan)
    found = {one.key: column for one, column in values.items()}
    for key, own in cases.values.items():
        found[key] = np.where(np.isnan(own), found[key], own) if key in found else own
    return Cases(cases.names, found)


def _stated_value(model: ChainModel, target: Target, day: date | None, given: Mapping[Target, float]) -> float:
    """Value of a target that is not set itself, but the figure that it names may be."""
    stated = target.stated(model)
    if stated is None or (isinstance(stated, str) and stated not in model.parameters):
        raise ModelError("'{key}' has no value in the description that could be varied", key=target.key)
    uom = target.uom(model)
    if isinstance(stated, str) and (figure := Target("figure", stated)) in given:
        return convert(given[figure], figure.uom(model), uom)
    return model.number(stated, uom, day)


def settable(model: ChainModel) -> Iterator[Target]:
    """All that can be set: numeric parameters of units, feeds, figures."""
    for unit in model.units:
        yield from (Target("unit", unit, name) for name in _parameters(model, unit))
    for stream in model.streams.values():
        if stream.feed is not None:
            yield from (Target("stream", stream.id, name) for name in FEED_FIELDS)
    yield from (Target("figure", name) for name in model.parameters)


def _target(model: ChainModel, key: str) -> Target | Fault:
    """What a key without ``*`` sets."""
    owner, _, name = key.rpartition(".")
    if owner in model.units:
        known = _parameters(model, owner)
        figures = _figures_by_size(model, owner, name)
        if figures:
            message = tr("'{key}' is given by size class: set its figures, such as '{figure}'")
            return fault(message, key=key, figure=figures[0])
        if name in known:
            return Target("unit", owner, name)
        if key not in model.parameters:
            near = near_match(name, known)
            return fault("unit '{unit}' has no parameter '{name}' to set", unit=owner, name=name, near=near)
    if owner in model.streams and name in FEED_FIELDS and model.streams[owner].feed is not None:
        return Target("stream", owner, name)
    if key in model.parameters:
        return Target("figure", key)
    if owner in model.streams or key in model.streams:
        stream = owner if owner in model.streams else key
        return fault("stream '{stream}' is calculated and cannot be set: only feeds and parameters can", stream=stream)
    return fault(
        "'{key}' is neither a parameter of a unit, nor a feed, nor a figure, so it cannot be set",
        key=key,
        near=near_match(key, [*model.parameters, *(one.key for one in settable(model))]),
    )


def _parameters(model: ChainModel, unit: str) -> list[str]:
    """Numeric parameters of a unit's model."""
    found = UNIT_PARAMETERS.get(model.units[unit].model, ())
    return [one.name for one in found if not (one.choices or one.table or _figures_by_size(model, unit, one.name))]


def _figures_by_size(model: ChainModel, unit: str, name: str) -> tuple[str, ...]:
    """Figures that give a parameter of a unit by size class; none where one number does."""
    found = {one.name: one for one in UNIT_PARAMETERS.get(model.units[unit].model, ())}
    given = model.units[unit].parameters.get(name)
    return figures_by_size(model, found[name], given) if name in found else ()
