"""Published targets for alarm systems (ISA-18.2 / IEC 62682), each with its source and how sure it is.

The standard itself was not read: *verified* are the figures that a public page names as its own, *unverified* those
remembered from its table. A target is per operator position where its metric is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from zveno.text.mark import tr

_ISA = "ISA-18.2 / IEC 62682"
_ACTORS = f"glama.ai, industrial-aiops alarm_bad_actors tool, naming {_ISA}"
_FLOODS = f"glama.ai, industrial-aiops alarm_flood_analysis tool, naming {_ISA}"
_RECALLED = f"{_ISA}, recalled, not read"

FLOOD_ABOVE, FLOOD_BELOW = 10, 5
"""A flood begins with more alarms than this in ten minutes (verified), and ends with fewer than that (unverified)."""
CHATTER_COUNT, CHATTER_S, FLEETING_S = 3, 60, 60
"""A chatter: so many alarms of one kind within so many seconds; a fleeting one returns within so many (unverified)."""
STALE_H = 24
"""An alarm that is active for longer is stale (unverified)."""
BUSY_HOUR = 30
LEAST_DAYS = 30
"""Days of data that the metrics ask for (verified)."""
TOP = 10


@dataclass(frozen=True)
class Target:
    """What a metric should be.

    Parameters
    ----------
    target, most
        Acceptable, and still manageable; None where none is published.
    of_all
        Whether it is meant for all alarms together too; else for one operator position.
    """

    words: str
    uom: str
    target: float | None = None
    most: float | None = None
    status: Literal["", "verified", "unverified"] = ""
    source: str = ""
    of_all: bool = False


METRICS: dict[str, Target] = {
    "alarms": Target(tr("alarms raised"), "-"),
    "per_10_min_mean": Target(tr("alarms in 10 minutes, mean"), "-", 1, 2, "unverified", _RECALLED),
    "per_10_min_peak": Target(tr("alarms in 10 minutes, most"), "-", 10, None, "unverified", _RECALLED),
    "per_hour_mean": Target(tr("alarms in an hour, mean"), "1/h", 6, 12, "verified", _ACTORS),
    "per_hour_peak": Target(tr("alarms in an hour, most"), "1/h"),
    "hours_over_30_pct": Target(tr("hours with more than 30 alarms"), "%", 1, None, "unverified", _RECALLED),
    "per_day_mean": Target(tr("alarms in a day, mean"), "1/d", 150, 300, "unverified", _RECALLED),
    "per_day_peak": Target(tr("alarms in a day, most"), "1/d"),
    "over_10_pct": Target(tr("10-minute periods with more than 10 alarms"), "%", 1, None, "unverified", _RECALLED),
    "floods": Target(tr("floods"), "-"),
    "in_flood_pct": Target(tr("time in flood"), "%", 1, None, "verified", _FLOODS),
    "top_ten_pct": Target(
        tr("share of the ten most frequent alarms"), "%", 5, None, "unverified", _RECALLED, of_all=True
    ),
    "chattering": Target(tr("alarms that chatter"), "-", 0, None, "unverified", _RECALLED, of_all=True),
    "fleeting": Target(tr("fleeting alarms"), "-", 0, None, "unverified", _RECALLED, of_all=True),
    "stale_per_day_peak": Target(tr("stale alarms in a day, most"), "-", 5, None, "unverified", _RECALLED),
    "standing_mean": Target(tr("alarms active at a time, mean"), "-"),
    "standing_peak": Target(tr("alarms active at a time, most"), "-"),
    "low_pct": Target(tr("alarms of low priority"), "%"),
    "medium_pct": Target(tr("alarms of medium priority"), "%", 15, None, "unverified", _RECALLED, of_all=True),
    "high_pct": Target(tr("alarms of high or critical priority"), "%", 5, None, "unverified", _RECALLED, of_all=True),
    "suppressed": Target(tr("alarms shelved or suppressed"), "-"),
    "unauthorised": Target(tr("suppressed without authority"), "-", 0, None, "unverified", _RECALLED, of_all=True),
}
"""Metrics in the order in which they are told."""
