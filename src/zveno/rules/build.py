"""The rulebook bound to the tags of a chain: every rule, version, tag and side as one binding."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from zveno.model.chain import ChainModel
from zveno.model.rulebook import ALWAYS, Condition, Rule, Version
from zveno.model.types import Gate
from zveno.rules.kinds import RULE_KINDS
from zveno.rules.kinds.kind import MICROSECONDS, KindParams, Line, Side
from zveno.rules.numbers import cut_days, numbers_on
from zveno.rules.patterns import beside, matching, star_of
from zveno.rules.runs import FOREVER, Manner
from zveno.rules.signals import Switch
from zveno.text.mark import tr

#: A reading speaks for at most so many sampling intervals of its tag; a longer silence is unknown time.
SILENCE_INTERVALS = 3
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_NO_TAG = tr("no signal of the chain is named '{detail}'")
_NO_OTHER = tr("the rule needs the signal '{detail}' beside, which the chain lacks")
_NO_GATE = tr("the operating state in which '{detail}' is judged has no signal")
_NO_LEVEL = tr("the rule gives no limit for the signal '{detail}'")
_NO_CONDITION = tr(
    "an exception depends on the signal '{detail}', which the chain lacks: values that it decides on were not judged"
)

#: Switches of a state, and the line that holds while one of them is on.
Override = tuple[tuple[Switch, ...], Line]


@dataclass(frozen=True)
class Key:
    """What a binding is: rule, version, concrete tag, side of the limit; and which stretch of the version.

    A version whose limit is a dated number has a stretch for each of its values.
    """

    rule: str
    version: int
    tag: str
    side: Side
    stretch: int = 0


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
    kind: KindParams | None = None
    others: tuple[tuple[str, int], ...] = ()
    every: int = MICROSECONDS

    @cached_property
    def manner(self) -> Manner:
        """How its runs become episodes, and how these end."""
        line = self.line
        hold, off, merge = (round(one * MICROSECONDS) for one in (line.hold_min, line.off_min, line.merge_min))
        return Manner(line.sign, hold, self.reach, line.least, off, merge)

    @cached_property
    def style(self) -> str:
        """What is judged: ``value``, ``silence`` or ``events``."""
        return self.kind.style if self.kind else "value"

    @cached_property
    def lookback(self) -> int:
        """How far before a reading its judgement looks, in microseconds."""
        return self.kind.lookback if self.kind else 0

    @cached_property
    def looks_around(self) -> bool:
        """Whether more is needed than the readings themselves: earlier ones, other tags, the operating state."""
        return self.kind is not None and bool(self.lookback or self.others or self.style != "value")

    @cached_property
    def nearest(self) -> Line:
        """The nearest of its lines: what keeps within it keeps within all."""
        lines = (self.line, *(line for _, line in self.exceptions))
        return min(lines, key=lambda line: line.sign * line.limit)

    @property
    def switches(self) -> tuple[Switch, ...]:
        """Every state that is read beside the tag itself."""
        return (*(self.gate or ()), *(one for switches, _ in self.exceptions for one in switches))

    @property
    def memory(self) -> Iterator[tuple[str, int]]:
        """Tags that it reads, and how long before new readings it may still ask for theirs."""
        back = self.lookback + self.reach
        yield self.key.tag, back
        yield from ((tag, back + reach) for tag, reach in self.others)
        yield from ((one.tag, back + one.reach) for one in self.switches)


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
    usual: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def tags(self) -> frozenset[str]:
        """Every tag whose readings are needed."""
        return frozenset(self.memory)

    def parts(self) -> list[Watchlist]:
        """The same bindings in groups that share no signal, so that each can be judged by itself."""
        group: dict[str, str] = {}

        def root(tag: str) -> str:
            while group.setdefault(tag, tag) != tag:
                tag = group[tag]
            return tag

        for tag, bindings in self.bindings.items():
            for other in {read for each in bindings for read, _ in each.memory}:
                group[root(other)] = root(tag)
        joined: dict[str, dict[str, tuple[Binding, ...]]] = {}
        for tag, bindings in self.bindings.items():
            joined.setdefault(root(tag), {})[tag] = bindings
        return [Watchlist(part, (), {tag: self.usual[tag] for tag in part}) for part in joined.values()]

    @cached_property
    def memory(self) -> Mapping[str, int]:
        """How long the readings of each tag are needed after they were judged, in microseconds."""
        needed: dict[str, int] = {}
        for bindings in self.bindings.values():
            for each in bindings:
                for tag, back in each.memory:
                    needed[tag] = max(back, needed.get(tag, 0))
        return needed


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
    usual = {tag: model.number(model.tags[tag].normal, model.tags[tag].uom) for tag in bindings}
    return Watchlist({tag: tuple(kept) for tag, kept in bindings.items()}, tuple(lacks), usual)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970 UTC of an aware moment."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def midnight(model: ChainModel, day: date) -> int:
    """The moment at which a day of plant time begins, in microseconds."""
    return microseconds(datetime.combine(day, time(), model.tz))


def in_force(model: ChainModel, version: Version) -> tuple[int, int]:
    """Start and end of a version in microseconds, from midnight to midnight of plant time."""
    return midnight(model, version.start), FOREVER if version.end is None else midnight(model, version.end)


def kind_params(rule: Rule, params: Mapping[str, Any], tag: str, uom: str) -> KindParams:
    """Parameters of a rule for one of its tags, its levels turned into what is judged there."""
    kind = RULE_KINDS[rule.kind]
    scale, offset = kind.turned(rule.uom, uom)
    turned = dict(params)
    for name in kind.levels() & set(params):
        if params[name] is not None:
            turned[name] = float(params[name]) * scale + offset
    for name in kind.differences() & set(params):
        if params[name] is not None:
            turned[name] = float(params[name]) * scale
    for name in kind.tables() & set(params):
        turned[name] = {one: float(level) * scale + offset for one, level in params[name].items()}
    return kind.model_validate(turned).chosen(star_of(rule.tags[0], tag))


def _bind(model: ChainModel, rule: Rule, version: Version) -> Iterator[Binding | Lack]:
    """All bindings of a version, and what it lacks."""
    start, end = in_force(model, version)

    def lack(reason: str, detail: str) -> Lack:
        return Lack(rule.id, version.version, rule.kind, reason, detail, start, end)

    if not rule.tags or rule.kind not in RULE_KINDS:
        return
    tags = matching(rule.tags[0], model.tags)
    if not tags:
        yield lack(_NO_TAG, rule.tags[0])
    for tag in tags:
        gate = gate_of(model, rule, tag)
        others = [matching(beside(tag, one), model.tags) for one in rule.tags[1:]]
        if gate == ():
            yield lack(_NO_GATE, tag)
            continue
        missing = [beside(tag, one) for one, found in zip(rule.tags[1:], others, strict=True) if len(found) != 1]
        if missing:
            yield lack(_NO_OTHER, missing[0])
            continue
        yield from _bound(model, rule, version, Place(tag, gate, tuple(one for (one,) in others)), lack)


@dataclass(frozen=True)
class Place:
    """A tag that a rule watches, the switches of its operating state, and the further tags beside it."""

    tag: str
    gate: tuple[Switch, ...] | None
    others: tuple[str, ...]


def _bound(
    model: ChainModel, rule: Rule, version: Version, place: Place, lack: Callable[[str, str], Lack]
) -> Iterator[Binding | Lack]:
    """Bindings of a version over one tag, a stretch for each value of the dated numbers that it takes."""
    tag = place.tag
    states = [_switches(model, one.when, tag) for one in version.exceptions]
    for one, switches in zip(version.exceptions, states, strict=True):
        if not switches:
            yield lack(_NO_CONDITION, beside(tag, one.when.tag))
    partners = tuple((one, reach_of(model, one)) for one in place.others)
    every = round(model.tags[tag].every_min * MICROSECONDS)
    drawn = 0
    days = [version.start, *cut_days(model, rule, version)]
    for stretch, day in enumerate(days):
        start = midnight(model, day)
        end = midnight(model, days[stretch + 1]) if stretch + 1 < len(days) else in_force(model, version)[1]
        params = numbers_on(model, rule, version.params, day)
        kind = kind_params(rule, params, tag, model.tags[tag].uom)
        special = [kind_params(rule, {**params, **one.params}, tag, model.tags[tag].uom) for one in version.exceptions]
        for line, exceptions in _lines(kind, special, states):
            drawn += 1
            key = Key(rule.id, version.version, tag, line.side, stretch)
            yield Binding(key, line, start, end, reach_of(model, tag), place.gate, exceptions, kind, partners, every)
    if not drawn:
        yield lack(_NO_LEVEL, tag)


def _lines(
    general_params: KindParams, special_params: Sequence[KindParams], states: Sequence[tuple[Switch, ...]]
) -> Iterator[tuple[Line, tuple[Override, ...]]]:
    """Each line of a version, with the lines that exceptions put in its place while their state is on.

    A side without a limit has its line out of reach, so that an exception may draw one there.
    """
    general = _by_side(general_params)
    special = [_by_side(one) for one in special_params]
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


def gate_of(model: ChainModel, rule: Rule, tag: str) -> tuple[Switch, ...] | None:
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
    if isinstance(state, Condition) and state.equals is not None:
        above, below = (math.nextafter(state.equals * scale, way * math.inf) for way in (-1, 1))
    return Switch(name, above, below, reach_of(model, name))


def reach_of(model: ChainModel, tag: str) -> int:
    """Longest time in microseconds that a reading of a tag speaks for."""
    return round(SILENCE_INTERVALS * model.tags[tag].every_min * 60e6)
