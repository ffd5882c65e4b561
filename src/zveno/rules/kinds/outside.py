"""Which readings of a feed lie outside low or high while the rule binds."""

from __future__ import annotations

import numpy as np

from zveno.rules.feed import Feed
from zveno.rules.signals import Bools

_ROUNDING = 1e-12  # a reading equal to the limit keeps it, whatever its unit of measure


def outside(feed: Feed, low: float | None, high: float | None) -> Bools:
    """Usable readings outside either limit."""
    value = feed.own.value
    out = np.zeros(len(value), np.bool_)
    if high is not None:
        out |= value > high + _ROUNDING * abs(high)
    if low is not None:
        out |= value < low - _ROUNDING * abs(low)
    return out & feed.usable
