"""Kind ``count``: a value that goes outside low or high more often in a window than allowed."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from zveno.rules.feed import Feed
from zveno.rules.kinds.kind import (
    COUNT,
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
from zveno.rules.runs import Floats
from zveno.rules.signals import Bools

Times = Annotated[int, Field(ge=0, json_schema_extra=COUNT)]


class CountOf(KindParams):
    """Excursions outside the limits that begin within the window, more of them than allowed.

    An excursion begins with a reading outside after one inside; readings that are not usable, or taken while the
    rule does not bind, lie between; after a whole window of them it begins anew. The worst value and the limit are
    told as numbers of excursions.

    Examples
    --------
    >>> CountOf(high=14, most=3, window_min=1440).lines()[0].limit
    3.0
    """

    excepts = False

    low: Level = Field(default=None, description="lowest value allowed")
    high: Level = Field(default=None, description="highest value allowed")
    most: Times = Field(description="how many excursions the window may hold")
    window_min: Minutes = WINDOW
    off_delay_min: Minutes = OFF_DELAY
    merge_gap_min: Minutes = MERGE_GAP

    def require_sense(self) -> None:
        """Raise RuleError where the parameters contradict each other."""
        require_order(self.low, self.high)

    def lines(self) -> tuple[Line, ...]:
        """One line: the number allowed."""
        return (Line("high", float(self.most), None, 0.0, 1, self.off_delay_min, self.merge_gap_min),)

    def shown(self, rule_uom: str, tag_uom: str) -> Shown:
        """As a number."""
        del rule_uom, tag_uom
        return Shown("-")

    @property
    def lookback(self) -> int:
        """The window, and as much before it for the reading before its first one."""
        return 2 * round(self.window_min * MICROSECONDS)

    def derived(self, feed: Feed) -> tuple[Floats, Bools]:
        """Excursions that began within the window that ends with each new reading."""
        places = np.flatnonzero(feed.usable)
        out = outside(feed, self.low, self.high)[places]
        onset = np.zeros(len(feed.own.ts), np.bool_)
        window = round(self.window_min * MICROSECONDS)
        anew = np.diff(feed.own.ts[places], prepend=np.iinfo(np.int64).min // 2) > window
        onset[places[out & (anew | ~np.concatenate(([False], out[:-1])))]] = True
        running = np.concatenate(([0], np.cumsum(onset)))
        begun = running[feed.first_within(window)]
        return (running[feed.first + 1 :] - begun).astype(np.float64), feed.own.good[feed.first :]

    def sd_of(self, sds: tuple[float | None, ...], values: tuple[float, ...]) -> float | None:
        """A number of excursions has no error that is known."""
        del sds, values
        return None
