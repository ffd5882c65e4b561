"""Kind ``cross_tag``: what an expression makes of two or three signals, outside low or high."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from pydantic import Field

from zveno.errors import DataError, Fault, RuleError
from zveno.model.expression import Expression, parse
from zveno.quantities import UOMS, convert
from zveno.rules.feed import Feed
from zveno.rules.kinds.kind import (
    DEADBAND,
    MERGE_GAP,
    OFF_DELAY,
    ON_DELAY,
    Difference,
    KindParams,
    Level,
    Line,
    Minutes,
    Words,
    require_band,
    require_order,
    require_same_uom,
    two_lines,
)
from zveno.rules.runs import Floats
from zveno.rules.signals import Bools

LETTERS = ("a", "b", "c", "d")
_HOURS = re.compile(r"\bhours\s*\(")
_NUDGE = 1e-6


class CrossTag(KindParams):
    """An expression of signals, such as ``a / b``, outside its limits for at least the hold time.

    The letters stand for the tags of the rule in their order. Each reading of the first tag is put together with
    the last ones of the others, each as long as it speaks for; where one of them is missing or bad, or the
    expression has no value, nothing is known. Values stand in the units of measure of their tags, and the result
    in that of the rule. ``hours(a - b)`` is the time between two moments that tags hold, in hours.

    Examples
    --------
    >>> [(one.side, one.limit, one.hold_min) for one in CrossTag(expr="a / b", high=230, hold_min=10).lines()]
    [('high', 230.0, 10.0)]
    """

    tags = (2, len(LETTERS))

    expr: Words = Field(description="what is judged, of the letters a, b, c, d")
    low: Level = Field(default=None, description="lowest value allowed")
    high: Level = Field(default=None, description="highest value allowed")
    hold_min: Minutes = ON_DELAY
    off_delay_min: Minutes = OFF_DELAY
    deadband: Difference = DEADBAND
    merge_gap_min: Minutes = MERGE_GAP

    @classmethod
    def turned(cls, rule_uom: str, tag_uom: str) -> tuple[float, float]:
        """The expression gives the unit of measure of the rule."""
        del rule_uom, tag_uom
        return 1.0, 0.0

    def require_sense(self) -> None:
        """Raise RuleError where the parameters contradict each other."""
        require_order(self.low, self.high)
        require_band(self.low, self.high, self.deadband)
        self.expression()

    def expression(self) -> Expression:
        """The expression, read.

        Raises
        ------
        RuleError
            If it cannot be read, with the place.
        """
        read = parse(_HOURS.sub("1 * (", self.expr), frozenset(LETTERS), {})
        if isinstance(read, Fault):
            raise RuleError([read])
        return read

    def require_uoms(self, rule_uom: str, tag_uoms: tuple[str, ...]) -> None:
        """Ratios and differences of two signals give the unit of measure of the rule; others are not proven."""
        plain = self.expr.replace(" ", "")
        if len(tag_uoms) == 2 and plain == "a/b":
            ratio = uom_of_ratio(*tag_uoms)
            if ratio in UOMS:
                convert(0.0, rule_uom, ratio)
        elif len(tag_uoms) == 2 and plain in ("a-b", "hours(a-b)"):
            require_same_uom(*tag_uoms)
            convert(0.0, rule_uom, tag_uoms[0])

    def lines(self) -> tuple[Line, ...]:
        """An upper line, a lower line, or both."""
        return two_lines(vars(self), self.hold_min)

    def derived(self, feed: Feed) -> tuple[Floats, Bools]:
        """Value of the expression at each new reading of the first tag."""
        new = feed.own.part(feed.first)
        known = new.good
        values = {"a": new.value}
        for letter, (signal, reach) in zip(LETTERS[1:], feed.others, strict=False):
            values[letter], there = signal.at(new.ts, reach)
            known = known & there
        with np.errstate(all="ignore"):
            found = np.asarray(value_of(self.expression(), values), dtype=np.float64)
        return found, known & np.isfinite(found)

    def sd_of(self, sds: tuple[float | None, ...], values: tuple[float, ...]) -> float | None:
        """By the slopes of the expression at the usual values of the signals."""
        if any(one is None for one in sds) or len(sds) != len(values):
            return None
        expression, usual = self.expression(), dict(zip(LETTERS, values, strict=False))
        total = 0.0
        with np.errstate(all="ignore"):
            for letter, sd in zip(LETTERS, sds, strict=False):
                step = _NUDGE * max(abs(usual[letter]), 1.0)
                up, down = (value_of(expression, {**usual, letter: usual[letter] + way * step}) for way in (1, -1))
                total += (float(up - down) / (2 * step) * float(sd or 0.0)) ** 2
        return float(np.sqrt(total)) if np.isfinite(total) else None


def value_of(expression: Expression, values: dict[str, Any]) -> Any:
    """Value of an expression over numbers or arrays of them.

    Raises
    ------
    DataError
        If a letter of the expression has no signal.
    """
    missing = [name for name in expression.variables if name not in values]
    if missing:
        raise DataError("the expression names '{name}', but there are no more tags", name=missing[0])
    done: list[Any] = []
    for step in expression.steps:
        if step.operation == "number":
            done.append(expression.numbers[step.first])
        elif step.operation == "variable":
            done.append(values[expression.variables[step.first]])
        elif step.operation == "power":
            done.append(np.power(done[step.first], expression.numbers[step.second]))
        elif step.second < 0:
            done.append(_ONE[step.operation](done[step.first]))
        else:
            done.append(_TWO[step.operation](done[step.first], done[step.second]))
    return done[-1]


def uom_of_ratio(upper: str, lower: str) -> str:
    """Unit of measure of one signal over another.

    Examples
    --------
    >>> uom_of_ratio("Nm3/h", "t/h"), uom_of_ratio("m3/h", "m3/h")
    ('Nm3/t', '-')
    """
    if upper == lower:
        return "-"
    return f"{upper.removesuffix('/h')}/{lower.removesuffix('/h')}"


_TWO: dict[str, Any] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "pow": np.power,
}
_ONE: dict[str, Any] = {
    "neg": np.negative,
    "abs": np.abs,
    "atan": np.arctan,
    **{
        name: getattr(np, name) for name in ("cos", "cosh", "exp", "log", "log10", "sin", "sinh", "sqrt", "tan", "tanh")
    },
}
