"""The rulebook bound to tags as numbered rows: what the statements join."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from zveno.errors import RuleError
from zveno.rules.build import Binding, Watchlist
from zveno.rules.kinds import RULE_KINDS
from zveno.rules.kinds.kind import Line
from zveno.rules.signals import Switch
from zveno.rules.sql.dialect import Dialect

MINUTE = 60_000_000
WEEK = 7 * 24 * 60 * MINUTE
ROUNDING = 1e-12
"""A value equal to its limit keeps it: what is beyond by less than so much of it is equal."""
INFINITY = float("inf")

Rows = list[tuple[Any, ...]]
_NAMES = {params: name for name, params in RULE_KINDS.items()}
_PLAIN = ("limit", "sustained")


@dataclass
class Numbers:
    """Things by number, in the order in which they were first asked for."""

    known: dict[Hashable, int] = field(default_factory=dict)

    def of(self, one: Hashable) -> int:
        """The number of a thing."""
        return self.known.setdefault(one, len(self.known))


@dataclass(frozen=True)
class Series:
    """What is judged: made of a tag and others by a kind with its parameters, in an operating state."""

    kind: str
    tag: int
    others: tuple[int, ...] = ()
    state: int | None = None
    params: tuple[Any, ...] = ()


@dataclass
class Book:
    """Rows of all tables that a watchlist gives, and the bindings by their number."""

    tags: Numbers = field(default_factory=Numbers)
    states: Numbers = field(default_factory=Numbers)
    series: Numbers = field(default_factory=Numbers)
    reach: dict[int, int] = field(default_factory=dict)
    bindings: list[Binding] = field(default_factory=list)
    bound: Rows = field(default_factory=list)
    moved: Rows = field(default_factory=list)
    quiet: Rows = field(default_factory=list)
    lists: Rows = field(default_factory=list)
    needs: set[tuple[int, int]] = field(default_factory=set)
    shapes: set[tuple[bool, int]] = field(default_factory=set)

    @classmethod
    def of(cls, watched: Watchlist) -> Book:
        """The rows of a watchlist."""
        book = cls()
        for bindings in watched.bindings.values():
            for binding in bindings:
                put = _PUT.get(binding.style)
                if put:
                    put(book, binding)
                    book.bindings.append(binding)
        return book

    def tag(self, name: str, reach: int) -> int:
        """Number of a tag whose readings speak for so long."""
        number = self.tags.of(name)
        self.reach[number] = reach
        return number

    def state(self, switches: tuple[Switch, ...] | None) -> int | None:
        """Number of an operating state; None where a rule always binds."""
        if switches is None:
            return None
        for one in switches:
            self.tag(one.tag, one.reach)
        return self.states.of(switches)

    def tables(self, dialect: Dialect) -> Iterator[str]:
        """Statements that write all rows."""
        switches = [
            (number, self.tags.of(one.tag), one.above, one.below)
            for state, number in self.states.known.items()
            for one in state  # type: ignore[attr-defined]
        ]
        tags = [(number, name, self.reach[number]) for name, number in self.tags.known.items()]
        partners = {(other, one.tag) for one in self.series.known for other in one.others}  # type: ignore[attr-defined]
        for name, rows in (
            ("zv_tags", tags), ("zv_switches", switches), ("zv_needs", sorted(self.needs)),
            ("zv_partners", sorted(partners)), ("zv_bound", self.bound), ("zv_moved", self.moved),
            ("zv_quiet", self.quiet), ("zv_lists", self.lists),
        ):  # fmt: skip
            yield from dialect.filled(name, COLUMNS[name], rows)


COLUMNS: Mapping[str, Mapping[str, str]] = {
    "zv_tags": {"t": "i", "tag": "t", "reach": "i"},
    # an operating state g is on while one of its tags lies between two levels
    "zv_switches": {"g": "i", "t": "i", "above": "f", "below": "f"},
    "zv_needs": {"g": "i", "t": "i"},
    "zv_partners": {"other": "i", "t": "i"},
    # a line: times from t0 to t1; out while sign * v > out_at, clear while sign * v < clear_at
    "zv_bound": {
        "id": "i", "s": "i", "t": "i", "g": "i", "moves": "i", "t0": "i", "t1": "i", "sign": "f", "lim": "f",
        "out_at": "f", "clear_at": "f", "reach": "i", "hold": "i", "least": "i", "off": "i", "merge_gap": "i",
        "later": "i",
    },
    "zv_moved": {"id": "i", "place": "i", "g": "i", "lim": "f", "out_at": "f", "clear_at": "f"},
    # silences: answers are usable readings above full_at; one may be missing for gap
    "zv_quiet": {"id": "i", "t": "i", "g": "i", "t0": "i", "t1": "i", "full_at": "f", "gap": "i", "later": "i"},
    "zv_lists": {
        "id": "i", "t": "i", "action": "i", "g": "i", "t0": "i", "t1": "i", "items": "f", "valid": "i", "same": "i",
    },
}  # fmt: skip


def beyond(limit: float | None, sign: float) -> float:
    """The level that ``sign * v`` must exceed to lie beyond a limit."""
    return INFINITY if limit is None else sign * limit + ROUNDING * abs(limit)


def _levels(line: Line) -> tuple[float, float, float]:
    """Limit, the level beyond which it is out, the level from which it is not yet clear; on the scale of the sign."""
    clear = INFINITY if line.clear is None else line.sign * line.clear - ROUNDING * abs(line.clear)
    return line.limit, beyond(line.limit, line.sign), clear


def _timing(binding: Binding) -> tuple[int, int]:
    """Off-delay and merge gap."""
    return round(binding.line.off_min * MINUTE), round(binding.line.merge_min * MINUTE)


def _put_value(book: Book, binding: Binding) -> None:
    """A line over a series, with what moves it."""
    number, line = len(book.bindings), binding.line
    tag = book.tag(binding.key.tag, binding.reach)
    gate = book.state(binding.gate)
    series = book.series.of(_series(book, binding, tag, gate))
    hold, (off, merge) = round(line.hold_min * MINUTE), _timing(binding)
    book.bound.append(
        (number, series, tag, gate, len(binding.exceptions), binding.start, binding.end, line.sign, *_levels(line),
         binding.reach, hold, line.least, off, merge, None)
    )  # fmt: skip
    for place, (switches, other) in enumerate(binding.exceptions):
        state = book.state(switches)
        book.moved.append((number, place, state, *_levels(other)))
        book.needs.add((state or 0, tag))
    if gate is not None:
        book.needs.add((gate, tag))
    book.shapes.add((gate is not None, len(binding.exceptions)))


def _put_silence(book: Book, binding: Binding) -> None:
    """A silence: it has no series, and its line is told, not passed."""
    number, kind = len(book.bindings), binding.kind
    assert kind is not None
    gap, later = kind.silence()
    items = getattr(kind, "items", None)
    tag, gate = book.tag(binding.key.tag, binding.reach), book.state(binding.gate)
    book.quiet.append(
        (number, tag, gate, binding.start, binding.end, -INFINITY if items is None else len(items) - 0.5, gap, later)
    )
    book.bound.append(
        (number, None, tag, gate, 0, binding.start, binding.end, 1.0, binding.line.limit, INFINITY, INFINITY, None,
         0 if later else gap + 1, 1, 0, _timing(binding)[1], later)
    )  # fmt: skip


def _put_events(book: Book, binding: Binding) -> None:
    """A list before each action."""
    number, kind = len(book.bindings), vars(binding.kind)
    (other, reach), *_ = binding.others
    tag, action = book.tag(binding.key.tag, binding.reach), book.tag(other, reach)
    valid, same = round(kind["valid_min"] * MINUTE), round(kind["same_min"] * MINUTE)
    book.lists.append(
        (number, tag, action, book.state(binding.gate), binding.start, binding.end, len(kind["items"]), valid, same)
    )


_PUT = {"value": _put_value, "silence": _put_silence, "events": _put_events}


def _series(book: Book, binding: Binding, tag: int, gate: int | None) -> Series:
    """What a line of a kind is drawn over."""
    if binding.kind is None or _NAMES[type(binding.kind)] in _PLAIN:
        return Series("value", tag)
    name, given = _NAMES[type(binding.kind)], vars(binding.kind)
    others = tuple(book.tag(other, reach) for other, reach in binding.others)
    window = round(given.get("window_min", 0.0) * MINUTE)
    bounds = (beyond(given.get("low"), -1.0), beyond(given.get("high"), 1.0))
    if name == "deadband":
        return Series(name, tag, others)
    if name == "cross_tag":
        return Series(name, tag, others, params=(given["expr"],))
    if name == "rate":
        return Series(name, tag, params=(window,))
    if name == "window_mean" and given["window_lot"]:
        return Series("lot_mean", tag, state=gate, params=(given["window_lot"],))
    if name == "window_mean":
        fewest = max(window / binding.every * given["least_pct"] / 100, 1.0) - 1e-9
        return Series(name, tag, state=gate, params=(window, fewest))
    if name == "cumulative_time":
        return Series(name, tag, state=gate, params=(window, *bounds, 3 * binding.every))
    if name == "count":
        return Series(name, tag, state=gate, params=(window, *bounds))
    raise RuleError("rules of the kind '{kind}' have no form in SQL", kind=name)
