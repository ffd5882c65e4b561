"""What all kinds of rule share: declared parameters that unfold into lines a signal must not pass."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from zveno.errors import RuleError

Side = Literal["high", "low"]
RULE_UOM = {"uom": "of the rule"}
BY_STAR = {"uom": "of the rule", "chosen_by": "last * of the tag"}
COUNT = {"uom": "-"}
MINUTES = {"uom": "min"}
MOST_MINUTES = 366 * 24 * 60

Level = Annotated[float | None, Field(json_schema_extra=RULE_UOM)]
LevelsByName = Annotated[dict[str, float], Field(json_schema_extra=BY_STAR)]
Count = Annotated[int, Field(ge=1, json_schema_extra=COUNT)]
Minutes = Annotated[float, Field(ge=0, le=MOST_MINUTES, json_schema_extra=MINUTES)]


@dataclass(frozen=True)
class Line:
    """A level that a signal must not pass, and for how long it may.

    ``clear`` is the level behind which a confirmed episode ends; None: it ends at the limit itself.
    ``least`` is how many readings outside an episode needs.
    """

    side: Side
    limit: float
    clear: float | None
    hold_min: float
    least: int = 1

    @property
    def sign(self) -> float:
        """1 for an upper limit, -1 for a lower one: ``sign * value > sign * limit`` is out."""
        return 1.0 if self.side == "high" else -1.0

    def nowhere(self) -> Line:
        """The same line moved out of reach."""
        return replace(self, limit=self.sign * math.inf, clear=None)


class KindParams(BaseModel, ABC):
    """Frozen parameters of a kind; a subclass declares them once, checks and documents follow.

    Each is a ``Level``, in the unit of measure of the rule, ``LevelsByName`` of which the last star of the
    rule's tag chooses one, ``Minutes`` or a ``Count``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @classmethod
    def levels(cls) -> frozenset[str]:
        """Names of the parameters that are levels in the unit of measure of the rule."""
        return frozenset(name for name, field in cls.model_fields.items() if field.json_schema_extra == RULE_UOM)

    @classmethod
    def tables(cls) -> frozenset[str]:
        """Names of the parameters that give a level for each thing that the last star may stand for."""
        return frozenset(name for name, field in cls.model_fields.items() if field.json_schema_extra == BY_STAR)

    def chosen(self, name: str) -> Self:  # noqa: ARG002
        """The parameters of a tag whose last star stands for ``name``; they may draw no line at all."""
        return self

    @abstractmethod
    def require_sense(self) -> None:
        """Raise RuleError where the parameters contradict each other."""

    @abstractmethod
    def lines(self) -> tuple[Line, ...]:
        """The lines that these parameters draw."""


def require_order(low: float | None, high: float | None) -> None:
    """At least one limit, and the lower one below the upper one; raises RuleError."""
    if low is None and high is None:
        raise RuleError("there is neither 'low' nor 'high': give at least one limit")
    if low is not None and high is not None and low >= high:
        raise RuleError("'low' is {low} and 'high' is {high}: 'low' must be less", low=low, high=high)


def require_inside(name: str, clear: float | None, low: float | None, high: float | None) -> None:
    """A clear level needs its limit and lies on the allowed side of it; raises RuleError."""
    if clear is None:
        return
    limit = high if name == "clear_below" else low
    if limit is None:
        raise RuleError("'{name}' is given without the limit it belongs to", name=name)
    if not (-math.inf if low is None else low) <= clear <= (math.inf if high is None else high):
        raise RuleError("'{name}' is {clear}, outside the limits themselves", name=name, clear=clear)
