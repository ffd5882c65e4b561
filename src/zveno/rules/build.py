"""The rulebook bound to the tags of a chain: every rule, version, tag and side as one binding."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from zveno.model.chain import ChainModel
from zveno.model.rulebook import ALWAYS, Condition, Rule, Version
from zveno.model.types import Gate
from zveno.quantities import convert
from zveno.rules.kinds import RULE_KINDS
from zveno.rules.kinds.kind import KindParams, Line, Side
from zveno.rules.patterns import beside, matching, star_of
from zveno.rules.signals import Switch
from zveno.text.mark import tr

#: A reading speaks for at most so many sampling intervals of its tag; a longer silence is unknown time.
SILENCE_INTERVALS = 3
FOREVER = 2**62
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_UNJUDGED = tr("rules of the kind '{detail}' cannot be judged by this version")
_NO_TAG = tr("no signal of the chain is named '{detail}'")
_NO_GATE = tr("the operating state in which '{detail}' is judged has no signal")
_NO_LEVEL = tr("the rule gives no limit for the signal '{detail}'")
_NO_CONDITION = tr(
    "an exception depends on the signal '{detail}', which the chain lacks: values that it decides on were not judged"
)

#: Switches of a state, and the line that holds while one of them is on.
Override = tuple[tuple[Switch, ...], Line]


@dataclass(frozen=True)
class Key:
    """What a binding is: rule, version, concrete tag, side of the limit."""

    rule: str
    version: int
    tag: str
    side: Side


@dataclass(frozen=True)
class Binding:
    """One line of one version of a rule over one tag, in the unit of measure of the tag.

    It holds for ``start <= ts < end`` (microseconds) while the gate is on; ``gate`` None means always.
    Each exception moves the line while its own state is on; the last one that is on counts.
    """

    key: Key
    line: Line
    start: int
    end: int
    reach: int
    gate: tuple[Switch, ...] | None
    exceptions: tuple[Override, ...]

    @property
    def hold(self) -> int:
        """Hold or delay in microseconds."""
        return round(self.line.hold_min * 60e6)

    @property
    def switches(self) -> tuple[Switch, ...]:
        """Every state that is read beside the tag itself."""
        return (*(self.gate or ()), *(one for switches, _ in self.exceptions for one in switches))


@dataclass(frozen=True)
class Lack:
    """Why a version of a rule is not judged, or not in full: a message with the place ``{detail}``."""

    rule: str
    version: int
    kind: str
    reason: str
    detail: str
    start: int
    end: int


@dataclass(frozen=True)
class Watchlist:
    """The rulebook made ready: bindings by tag, and what could not be bound."""

    bindings: Mapping[str, tuple[Binding, ...]]
    lacks: tuple[Lack, ...]

    @property
    def tags(self) -> frozenset[str]:
        """Every tag whose readings are needed."""
        switches = (one.tag for bindings in self.bindings.values() for each in bindings for one in each.switches)
        return frozenset((*self.bindings, *switches))


def watchlist(model: ChainModel) -> Watchlist:
    """Bind every version of every rule to the tags of the chain.

    Raises
    ------
    QuantityError
        If the unit of measure of a rule does not fit a tag; ``rule_faults`` finds that on loading.
    """
    bindings: dict[str, list[Binding]] = {}
    lacks: list[Lack] = []
    for rule in model.rulebook.rules:
        for version in rule.versions:
            for one in _bind(model, rule, version):
                if isinstance(one, Lack):
                    lacks.append(one)
                else:
                    bindings.setdefault(one.key.tag, []).append(one)
    return Watchlist({tag: tuple(kept) for tag, kept in bindings.items()}, tuple(lacks))


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970 UTC of an aware moment."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def in_force(model: ChainModel, version: Version) -> tuple[int, int]:
    """Start and end of a version in microseconds, from midnight to midnight of plant time."""

    def midnight(day: date) -> int:
        return microseconds(datetime.combine(day, time(), model.tz))

    return midnight(version.start), FOREVER if version.end is None else midnight(version.end)


def kind_params(rule: Rule, params: Mapping[str, Any], tag: str, uom: str) -> KindParams:
    """Parameters of a rule for one of its tags, its levels turned into the unit of measure of the tag."""
    kind = RULE_KINDS[rule.kind]
    turned = dict(params)
    for name in kind.levels() & set(params):
        if params[name] is not None:
            turned[name] = convert(float(params[name]), rule.uom, uom)
    for name in kind.tables() & set(params):
        turned[name] = {one: convert(float(level), rule.uom, uom) for one, level in params[name].items()}
    return kind.model_validate(turned).chosen(star_of(rule.tags[0], tag))


def _bind(model: ChainModel, rule: Rule, version: Version) -> Iterator[Binding | Lack]:
    """All bindings of a version, and what it lacks."""
    start, end = in_force(model, version)

    def lack(reason: str, detail: str) -> Lack:
        return Lack(rule.id, version.version, rule.kind, reason, detail, start, end)

    if rule.kind not in RULE_KINDS:
        yield lack(_UNJUDGED, rule.kind)
        return
    tags = matching(rule.tags[0], model.tags)
    if not tags:
        yield lack(_NO_TAG, rule.tags[0])
    for tag in tags:
        gate = _gate(model, rule, tag)
        if gate == ():
            yield lack(_NO_GATE, tag)
            continue
        states = [_switches(model, one.when, tag) for one in version.exceptions]
        for one, switches in zip(version.exceptions, states, strict=True):
            if not switches:
                yield lack(_NO_CONDITION, beside(tag, one.when.tag))
        drawn = list(_lines(model, rule, version, tag, states))
        if not drawn:
            yield lack(_NO_LEVEL, tag)
        for line, exceptions in drawn:
            key = Key(rule.id, version.version, tag, line.side)
            yield Binding(key, line, start, end, reach_of(model, tag), gate, exceptions)


def _lines(
    model: ChainModel, rule: Rule, version: Version, tag: str, states: Sequence[tuple[Switch, ...]]
) -> Iterator[tuple[Line, tuple[Override, ...]]]:
    """Each line of a version, with the lines that exceptions put in its place while their state is on.

    A side without a limit has its line out of reach, so that an exception may draw one there.
    """
    uom = model.tags[tag].uom
    general = _by_side(kind_params(rule, version.params, tag, uom))
    special = [_by_side(kind_params(rule, {**version.params, **one.params}, tag, uom)) for one in version.exceptions]
    drawn = {side: line for lines in (*special, general) for side, line in lines.items()}
    for side, line in drawn.items():
        away = line.nowhere()
        yield (
            general.get(side, away),
            tuple((switches, lines.get(side, away)) for switches, lines in zip(states, special, strict=True)),
        )


def _by_side(params: KindParams) -> dict[Side, Line]:
    """Lines of the parameters by side."""
    return {line.side: line for line in params.lines()}


def _gate(model: ChainModel, rule: Rule, tag: str) -> tuple[Switch, ...] | None:
    """Switches of the rule's gate; None where it always binds, empty where the gate has no signal."""
    if rule.gate == ALWAYS:
        return None
    gates = {gate.id: gate for gate in model.chain.gates}
    return _switches(model, gates[rule.gate], tag) if rule.gate in gates else ()


def _switches(model: ChainModel, state: Gate | Condition, beside_tag: str) -> tuple[Switch, ...]:
    """One switch for every tag that a state is read from, of the same line where the state is a line's."""
    return tuple(_switch(model, state, tag) for tag in matching(beside(beside_tag, state.tag), model.tags))


def _switch(model: ChainModel, state: Gate | Condition, name: str) -> Switch:
    """The levels of a state in the unit of measure of its tag."""
    tag = model.tags[name]
    scale = model.number(tag.normal, tag.uom) if state.of_normal else 1.0
    above = -math.inf if state.above is None else state.above * scale
    below = math.inf if state.below is None else state.below * scale
    return Switch(name, above, below, reach_of(model, name))


def reach_of(model: ChainModel, tag: str) -> int:
    """Longest time in microseconds that a reading of a tag speaks for."""
    return round(SILENCE_INTERVALS * model.tags[tag].every_min * 60e6)
