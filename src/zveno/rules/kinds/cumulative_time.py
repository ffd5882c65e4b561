"""Kind ``cumulative_time``: a value outside low or high for more minutes of a window than allowed."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from zveno.rules.feed import Feed
from zveno.rules.kinds.kind import (
    MERGE_GAP,
    MICROSECONDS,
    OFF_DELAY,
    WINDOW,
    KindParams,
    Level,
    Line,
    Minutes,
    Shown,
    require_order,
)
from zveno.rules.kinds.outside import outside
from zveno.rules.runs import Floats, Ints
from zveno.rules.signals import Bools


class CumulativeTime(KindParams):
    """Minutes outside the limits, added up over the last window, that are more than allowed.

    Each reading speaks for the time to the next one, for no longer than three sampling intervals. The worst
    value and the limit are told in minutes.

    Examples
    --------
    >>> CumulativeTime(high=66, most_min=120, window_min=1440).lines()[0].limit
    120.0
    """

    excepts = False

    low: Level = Field(default=None, description="lowest value allowed")
    high: Level = Field(default=None, description="highest value allowed")
    most_min: Minutes = Field(description="how many minutes of the window may lie outside")
    window_min: Minutes = WINDOW
    off_delay_min: Minutes = OFF_DELAY
    merge_gap_min: Minutes = MERGE_GAP

    def require_sense(self) -> None:
        """Raise RuleError where the parameters contradict each other."""
        require_order(self.low, self.high)

    def lines(self) -> tuple[Line, ...]:
        """One line: the minutes allowed."""
        return (Line("high", self.most_min, None, 0.0, 1, self.off_delay_min, self.merge_gap_min),)

    def shown(self, rule_uom: str, tag_uom: str) -> Shown:
        """In minutes."""
        del rule_uom, tag_uom
        return Shown("min")

    @property
    def lookback(self) -> int:
        """The window and the readings that reach into it."""
        return 2 * self._window + MICROSECONDS

    @property
    def _window(self) -> int:
        return round(self.window_min * MICROSECONDS)

    def derived(self, feed: Feed) -> tuple[Floats, Bools]:
        """Minutes outside within the window that ends with each new reading."""
        ts = feed.own.ts
        length = np.minimum(np.diff(ts, append=ts[-1:]), 3 * feed.every)
        length[~outside(feed, self.low, self.high)] = 0
        running: Ints = np.concatenate(([0], np.cumsum(length)))[:-1]
        since = ts[feed.first :] - self._window
        place = np.searchsorted(ts, since, side="right") - 1
        begun = np.where(place >= 0, running[np.maximum(place, 0)], 0)
        into = np.where(place >= 0, np.minimum(since - ts[np.maximum(place, 0)], length[np.maximum(place, 0)]), 0)
        return (running[feed.first :] - begun - into) / MICROSECONDS, feed.own.good[feed.first :]

    def sd_of(self, sds: tuple[float | None, ...], values: tuple[float, ...]) -> float | None:
        """Minutes have no error that is known."""
        del sds, values
        return None
