"""Kind ``window_mean``: the mean over the last minutes, or the last lots, outside low or high."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from zveno.errors import RuleError
from zveno.rules.feed import DAY, Feed
from zveno.rules.kinds.kind import (
    COUNT,
    DEADBAND,
    MERGE_GAP,
    MICROSECONDS,
    OFF_DELAY,
    ON_DELAY,
    Difference,
    KindParams,
    Level,
    Line,
    Minutes,
    Sifted,
    beyond,
    require_band,
    require_order,
    two_lines,
)
from zveno.rules.runs import Floats, Ints
from zveno.rules.signals import Bools

Lots = Annotated[int, Field(ge=0, le=1000, json_schema_extra=COUNT)]
Percent = Annotated[float, Field(gt=0, le=100, json_schema_extra={"uom": "%"})]

_LOT_DAYS = 7


class WindowMean(KindParams):
    """A moving mean outside its limits: of the usable readings of the last minutes, that of now among them.

    Only readings taken while the rule binds enter the mean. Where fewer than ``least_pct`` of the readings that
    the window could hold are there, the mean is unknown. The episode begins at the reading with which the mean
    passes the limit, which is later than the value itself does.

    With ``window_lot`` the mean is that of the last so many readings, each of them a lot; lots older than
    a week each are forgotten.

    Examples
    --------
    >>> [(one.side, one.limit) for one in WindowMean(low=44, high=52, window_min=240).lines()]
    [('high', 52.0), ('low', 44.0)]
    """

    low: Level = Field(default=None, description="lowest mean allowed")
    high: Level = Field(default=None, description="highest mean allowed")
    window_min: Minutes = Field(default=0.0, description="length of the time over which the mean is taken")
    window_lot: Lots = Field(default=0, description="number of lots over which the mean is taken, in its place")
    least_pct: Percent = Field(default=50.0, description="share of the readings that must be there")
    on_delay_min: Minutes = ON_DELAY
    off_delay_min: Minutes = OFF_DELAY
    deadband: Difference = DEADBAND
    merge_gap_min: Minutes = MERGE_GAP

    def require_sense(self) -> None:
        """Raise RuleError where the parameters contradict each other."""
        require_order(self.low, self.high)
        require_band(self.low, self.high, self.deadband)
        if bool(self.window_min) == bool(self.window_lot):
            raise RuleError("give either 'window_min' or 'window_lot', and more than 0")

    def lines(self) -> tuple[Line, ...]:
        """An upper line, a lower line, or both."""
        return two_lines(vars(self), self.on_delay_min)

    @property
    def lookback(self) -> int:
        """The window, and the day in which it begins; lots may come seldom."""
        if self.window_lot:
            return self.window_lot * _LOT_DAYS * DAY
        return self._window + DAY

    @property
    def _window(self) -> int:
        return round(self.window_min * MICROSECONDS)

    def derived(self, feed: Feed) -> tuple[Floats, Bools]:
        """Mean of the window that ends with each new reading, where enough readings are there."""
        if self.window_lot:
            return self._of_lots(feed)
        return self._mean(feed, np.arange(len(feed.own.ts) - feed.first))

    def sifted(self, feed: Feed, line: Line) -> Sifted:
        """Means beyond the line among those of windows that hold a reading beyond it: no other mean can be."""
        if self.window_lot:
            return super().sifted(feed, line)
        near = feed.after_beyond(line.limit, line.sign, self._window) - feed.first
        mean = self._mean(feed, near)[0] if len(near) else feed.own.value[:0]
        return near[beyond(mean, line.sign * line.limit, line.sign)], lambda place: self._mean(feed, place)

    def _mean(self, feed: Feed, place: Ints) -> tuple[Floats, Bools]:
        """Means at some places of the new readings."""
        own = place + feed.first
        first = feed.first_of(own, self._window)
        total, number = feed.sums(first, own), feed.numbers(first, own)
        least = max(self._window / feed.every * self.least_pct / 100, 1.0)
        known = (number >= least - 1e-9) & feed.own.good[own]
        return feed.reference + total / np.maximum(number, 1), known

    def _of_lots(self, feed: Feed) -> tuple[Floats, Bools]:
        """Mean of the last lots; added one by one, so that a cut of the stream changes nothing."""
        places = np.flatnonzero(feed.usable)
        own = np.searchsorted(places, np.arange(feed.first, len(feed.own.ts)), side="right") - 1
        known = own >= self.window_lot - 1
        if len(places):
            oldest = feed.own.ts[places[np.maximum(own - self.window_lot + 1, 0)]]
            known &= feed.own.ts[feed.first :] - oldest <= self.lookback
        total = np.zeros(len(own))
        for back in range(self.window_lot):
            total += feed.own.value[places[np.maximum(own - back, 0)]] if len(places) else 0.0
        return total / self.window_lot, known & feed.own.good[feed.first :]
