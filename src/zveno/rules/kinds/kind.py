"""What all kinds of rule share: declared parameters that unfold into lines a signal must not pass."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from zveno.errors import QuantityError, RuleError
from zveno.quantities import convert
from zveno.rules.feed import Feed, Pauses
from zveno.rules.runs import FOREVER, Floats, Ints, Spans
from zveno.rules.signals import Bools, Signal

Side = Literal["high", "low"]
Style = Literal["value", "silence", "events", "number"]
RULE_UOM = {"uom": "of the rule"}
DIFFERENCE_UOM = {"uom": "of the rule, as a difference"}
BY_STAR = {"uom": "of the rule", "chosen_by": "last * of the tag"}
COUNT = {"uom": "-"}
WORDS = {"uom": "text"}
MINUTES = {"uom": "min"}
MOST_MINUTES = 366 * 24 * 60
MICROSECONDS = 60_000_000

Level = Annotated[float | None, Field(json_schema_extra=RULE_UOM)]
Difference = Annotated[float, Field(ge=0, json_schema_extra=DIFFERENCE_UOM)]
LevelsByName = Annotated[dict[str, float], Field(json_schema_extra=BY_STAR)]
Count = Annotated[int, Field(ge=1, json_schema_extra=COUNT)]
Minutes = Annotated[float, Field(ge=0, le=MOST_MINUTES, json_schema_extra=MINUTES)]
Words = Annotated[str, Field(json_schema_extra=WORDS)]

ON_DELAY: Any = Field(default=0.0, description="how long the value may stay outside")
OFF_DELAY: Any = Field(default=0.0, description="how long it must be back before the episode ends")
MERGE_GAP: Any = Field(default=0.0, description="episodes less far apart than this are told as one")
DEADBAND: Any = Field(default=0.0, description="how far inside its limit the value must come for the episode to end")
WINDOW: Any = Field(gt=0, description="length of the time looked back on")


@dataclass(frozen=True)
class Line:
    """A level that a signal must not pass, and for how long it may.

    ``clear`` is the level behind which a confirmed episode ends; None: it ends at the limit itself.
    ``least`` is how many readings outside an episode needs, ``off_min`` how long the signal must be back
    before it ends, ``merge_min`` the longest time between two that are told as one.
    """

    side: Side
    limit: float
    clear: float | None = None
    hold_min: float = 0.0
    least: int = 1
    off_min: float = 0.0
    merge_min: float = 0.0

    @property
    def sign(self) -> float:
        """1 for an upper limit, -1 for a lower one: ``sign * value > sign * limit`` is out."""
        return 1.0 if self.side == "high" else -1.0

    def nowhere(self) -> Line:
        """The same line moved out of reach."""
        return replace(self, limit=self.sign * math.inf, clear=None)


Sifted = tuple[Ints, Callable[[Ints], tuple[Floats, Bools]]]
"""Places of the new readings that may lie beyond a line; value and whether it is known, at some places of them."""


@dataclass(frozen=True)
class Shown:
    """How values that a kind judges are told: unit of measure, and value told = value x scale + offset."""

    uom: str
    scale: float = 1.0
    offset: float = 0.0


class KindParams(BaseModel, ABC):
    """Frozen parameters of a kind; a subclass declares them once, checks and documents follow.

    Each is a ``Level`` or a ``Difference``, in the unit of measure of the rule, ``LevelsByName`` of which the
    last star of the rule's tag chooses one, ``Minutes``, a ``Count`` or ``Words``.

    What is judged is the signal itself unless ``derived`` makes another series of it. A kind whose ``style``
    is ``silence`` judges how long nothing came (``silence``), one whose style is ``events`` tells its
    episodes itself (``events``), and one of the style ``number`` judges nothing: it is there to be asked.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    tags: ClassVar[tuple[int, int]] = (1, 1)
    """Fewest and most tags that a rule of this kind names."""
    excepts: ClassVar[bool] = True
    """Whether exceptions may move its levels."""

    @property
    def style(self) -> Style:
        """What is judged: the value or what is made of it, a silence, events, or nothing."""
        return "value"

    @classmethod
    @cache
    def levels(cls) -> frozenset[str]:
        """Names of the parameters that are levels in the unit of measure of the rule."""
        return frozenset(name for name, field in cls.model_fields.items() if field.json_schema_extra == RULE_UOM)

    @classmethod
    @cache
    def differences(cls) -> frozenset[str]:
        """Names of the parameters that are differences of levels."""
        return frozenset(name for name, field in cls.model_fields.items() if field.json_schema_extra == DIFFERENCE_UOM)

    @classmethod
    @cache
    def tables(cls) -> frozenset[str]:
        """Names of the parameters that give a level for each thing that the last star may stand for."""
        return frozenset(name for name, field in cls.model_fields.items() if field.json_schema_extra == BY_STAR)

    @classmethod
    def turned(cls, rule_uom: str, tag_uom: str) -> tuple[float, float]:
        """Scale and offset by which a level of the rule becomes one of what is judged: the value of the tag."""
        if not cls.levels() | cls.differences() | cls.tables():
            return 1.0, 0.0
        offset = convert(0.0, rule_uom, tag_uom)
        return convert(1.0, rule_uom, tag_uom) - offset, offset

    def require_uoms(self, rule_uom: str, tag_uoms: tuple[str, ...]) -> None:
        """Raise QuantityError where the signals together do not give what the rule is about."""

    def shown(self, rule_uom: str, tag_uom: str) -> Shown:
        """How peak and limit are told: in the unit of measure of the rule."""
        scale, offset = self.turned(rule_uom, tag_uom)
        return Shown(rule_uom, 1.0 / scale, -offset / scale)

    def chosen(self, name: str) -> Self:  # noqa: ARG002
        """The parameters of a tag whose last star stands for ``name``; they may draw no line at all."""
        return self

    @abstractmethod
    def require_sense(self) -> None:
        """Raise RuleError where the parameters contradict each other."""

    @abstractmethod
    def lines(self) -> tuple[Line, ...]:
        """The lines that these parameters draw."""

    @property
    def lookback(self) -> int:
        """How far before a reading the readings lie that its judgement depends on, in microseconds."""
        return 0

    def derived(self, feed: Feed) -> tuple[Floats, Bools] | None:
        """What is judged at each new reading, and whether it is known; None: the value itself."""
        del feed
        return None

    def sifted(self, feed: Feed, line: Line) -> Sifted:
        """Which new readings may lie beyond a line, and what is judged at some of them."""
        derived = self.derived(feed)
        if derived is None:
            return sifted_values(feed, line)
        value, known = derived
        return beyond(value, line.sign * line.limit, line.sign), lambda place: (value[place], known[place])

    def silence(self) -> tuple[int, int]:
        """Longest silence allowed, and how long after the last reading its episode begins, in microseconds; any silence
        is allowed unless a kind says otherwise.
        """
        return FOREVER, 0

    def answered(self, own: Signal) -> Bools:
        """Which readings end a silence: the good ones."""
        return own.good

    def pauses(self, feed: Feed, longest: int) -> Pauses:
        """Pauses longer than allowed between readings that end a silence: the good ones."""
        return feed.pauses(longest)

    def events(self, feed: Feed) -> Spans:
        """Episodes of a kind that tells them itself, among the new readings; other kinds tell none."""
        del feed
        return Spans.none()

    def sd_of(self, sds: tuple[float | None, ...], values: tuple[float, ...]) -> float | None:
        """Standard deviation of what is judged from those of the tags at their usual values; None: not known."""
        del values
        return sds[0] if sds else None

    def on_shift(self, shift_min: float) -> bool:
        """Whether the crew of one shift answers for it, and not the role alone."""
        del shift_min
        return True


def beyond(value: Floats, nearest: float, sign: float) -> Ints:
    """Places of the values beyond a level on one side; ``nearest`` is the level times the sign."""
    return (value > nearest if sign > 0 else value < -nearest).nonzero()[0]


def sifted_values(feed: Feed, line: Line) -> Sifted:
    """The new readings themselves."""
    value, good = feed.own.value[feed.first :], feed.own.good[feed.first :]
    return beyond(value, line.sign * line.limit, line.sign), lambda place: (value[place], good[place])


def two_lines(params: Mapping[str, Any], hold_min: float, least: int = 1) -> tuple[Line, ...]:
    """An upper line, a lower line, or both, by what the parameters hold under the usual names."""
    band = float(params.get("deadband", 0.0))
    timing = {"off_min": params.get("off_delay_min", 0.0), "merge_min": params.get("merge_gap_min", 0.0)}
    found = []
    for side, name, sign in (("high", "clear_below", 1.0), ("low", "clear_above", -1.0)):
        limit = params.get(side)
        if limit is None:
            continue
        clear = params.get(name)
        if clear is None and band:
            clear = limit - sign * band
        found.append(Line("high" if sign > 0 else "low", limit, clear, hold_min, least, **timing))
    return tuple(found)


def require_same_uom(first: str, other: str) -> None:
    """Two signals that are compared are told in the same unit of measure; raises QuantityError."""
    convert(0.0, other, first)
    if first != other:
        raise QuantityError(
            "the signals of a rule are told in {first} and {other}: both must be the same", first=first, other=other
        )


def require_order(low: float | None, high: float | None) -> None:
    """At least one limit, and the lower one below the upper one; raises RuleError."""
    if low is None and high is None:
        raise RuleError("there is neither 'low' nor 'high': give at least one limit")
    if low is not None and high is not None and low >= high:
        raise RuleError("'low' is {low} and 'high' is {high}: 'low' must be less", low=low, high=high)


def require_band(low: float | None, high: float | None, deadband: float) -> None:
    """A dead band leaves something between the limits; raises RuleError."""
    if low is not None and high is not None and 0 < high - low <= deadband:
        raise RuleError(
            "'deadband' is {deadband}, which leaves nothing between 'low' {low} and 'high' {high}",
            deadband=deadband,
            low=low,
            high=high,
        )


def require_inside(name: str, clear: float | None, low: float | None, high: float | None) -> None:
    """A clear level needs its limit and lies on the allowed side of it; raises RuleError."""
    if clear is None:
        return
    limit = high if name == "clear_below" else low
    if limit is None:
        raise RuleError("'{name}' is given without the limit it belongs to", name=name)
    if not (-math.inf if low is None else low) <= clear <= (math.inf if high is None else high):
        raise RuleError("'{name}' is {clear}, outside the limits themselves", name=name, clear=clear)
