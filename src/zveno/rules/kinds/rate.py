"""Kind ``rate``: a value that rises or falls faster than allowed."""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
from pydantic import Field

from zveno.errors import RuleError
from zveno.quantities import convert
from zveno.rules.feed import Feed
from zveno.rules.kinds.kind import (
    MERGE_GAP,
    MICROSECONDS,
    OFF_DELAY,
    ON_DELAY,
    RULE_UOM,
    WINDOW,
    KindParams,
    Line,
    Minutes,
    Sifted,
    beyond,
)
from zveno.rules.runs import Floats, Ints
from zveno.rules.signals import Bools

HOUR_MIN = 60
_OF_A_RATE = {"K/h": "K"}
"""Units of measure of rates, and of what changes; others are written as that with /h behind."""

PerHour = Annotated[float | None, Field(gt=0, json_schema_extra=RULE_UOM)]


class Rate(KindParams):
    """A change over the window, per hour, that is more than allowed.

    Each reading is compared with the last usable one at least a window before it, however much longer ago
    that was up to twice the window; without one the rate is unknown.

    Examples
    --------
    >>> [(one.side, one.limit) for one in Rate(max_per_h=15, window_min=60).lines()]
    [('high', 15.0)]
    """

    max_per_h: PerHour = Field(default=None, description="fastest rise allowed, per hour")
    max_fall_per_h: PerHour = Field(default=None, description="fastest fall allowed, per hour")
    window_min: Minutes = WINDOW
    on_delay_min: Minutes = ON_DELAY
    off_delay_min: Minutes = OFF_DELAY
    merge_gap_min: Minutes = MERGE_GAP

    @classmethod
    def turned(cls, rule_uom: str, tag_uom: str) -> tuple[float, float]:
        """Levels become changes of the tag in an hour."""
        changed = of_a_rate(rule_uom)
        return convert(1.0, changed, tag_uom) - convert(0.0, changed, tag_uom), 0.0

    def require_sense(self) -> None:
        """Raise RuleError where the parameters contradict each other."""
        if self.max_per_h is None and self.max_fall_per_h is None:
            raise RuleError("there is neither 'max_per_h' nor 'max_fall_per_h': give at least one limit")

    def lines(self) -> tuple[Line, ...]:
        """A line for the rise, for the fall, or both."""
        rest = (None, self.on_delay_min, 1, self.off_delay_min, self.merge_gap_min)
        rise = () if self.max_per_h is None else (Line("high", self.max_per_h, *rest),)
        fall = () if self.max_fall_per_h is None else (Line("low", -self.max_fall_per_h, *rest),)
        return (*rise, *fall)

    @property
    def lookback(self) -> int:
        """Twice the window."""
        return 2 * self._window

    @property
    def _window(self) -> int:
        return round(self.window_min * MICROSECONDS)

    def sifted(self, feed: Feed, line: Line) -> Sifted:
        """Changes per hour since the last usable reading that is at least a window older.

        That reading is at least a window away, so that a change of less than the window allows is none too fast.
        """
        back, odd = feed.back(self._window)
        value = feed.own.value

        def at(place: Ints) -> tuple[Floats, Bools]:
            return self._change(feed, place + feed.first)

        change = feed.once(("change", back), lambda: value[back:] - value[: max(len(value) - back, 0)])
        usual = beyond(change, line.sign * line.limit * self.window_min / HOUR_MIN, line.sign) + back
        unusual = feed.once(("odd", self._window), lambda: self._change(feed, odd)[0])
        places = np.union1d(usual, odd[beyond(unusual, line.sign * line.limit, line.sign)])
        return places[np.searchsorted(places, feed.first) :] - feed.first, at

    def _change(self, feed: Feed, own: Ints) -> tuple[Floats, Bools]:
        """Change per hour at some readings, and whether it is known."""
        value, ts = feed.own.value, feed.own.ts
        other = feed.last_good(feed.first_of(own, self._window) - 1)
        span = ts[own] - ts[other]
        known = feed.own.good[own] & (other >= 0) & (span <= self.lookback)
        hours = np.where(known, span, 1) / (HOUR_MIN * MICROSECONDS)
        return np.where(known, value[own] - value[other], np.nan) / hours, known

    def sd_of(self, sds: tuple[float | None, ...], values: tuple[float, ...]) -> float | None:
        """Two readings differ by the root of two of their error."""
        del values
        return None if sds[0] is None else sds[0] * math.sqrt(2) * HOUR_MIN / self.window_min


def of_a_rate(uom: str) -> str:
    """Unit of measure of what changes, from that of its rate.

    Examples
    --------
    >>> of_a_rate("K/h"), of_a_rate("1/h")
    ('K', '-')
    """
    if uom in _OF_A_RATE:
        return _OF_A_RATE[uom]
    changed = uom.removesuffix("/h")
    return "-" if changed == "1" else changed
