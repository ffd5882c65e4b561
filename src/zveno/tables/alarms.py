"""Tables of alarms and of how healthy the alarm system is."""

from __future__ import annotations

import polars as pl

from zveno.tables.column import Column
from zveno.tables.column import columns as _columns

_INSTANT = pl.Datetime("us", "UTC")

ALARMS: dict[str, tuple[Column, ...]] = {
    "alarms": _columns(
        ("alarm", pl.String, "what is announced: signal and kind, the same each time it is raised"),
        ("raised", _INSTANT, "moment at which it was raised"),
        ("returned", _INSTANT, "moment at which it returned to normal; null = still active at the end of the data"),
        ("priority", pl.String, "low, medium, high or critical; empty where it is not told"),
        ("plant", pl.String, "link of the chain; empty where it is not told"),
        ("unit", pl.String, "unit or section; empty where it is not told"),
        ("position", pl.String, "operator position that it is announced to; empty where it is not told"),
        ("suppression", pl.String, "shelved, by_design or out_of_service where it was not announced; else empty"),
        ("authorised", pl.Boolean, "whether the suppression was authorised; null where that is not told"),
    ),
    "alarm_metrics": _columns(
        ("scope", pl.String, "all, position or unit"),
        ("name", pl.String, "position or unit; empty for all"),
        ("metric", pl.String, "metric"),
        ("value", pl.Float64, "value; null = it cannot be known from the data"),
        ("uom", pl.String, "unit of measure: 1/h, 1/d, %, - (a number)"),
        ("target", pl.Float64, "value up to which it is acceptable; null = there is no published target"),
        ("most", pl.Float64, "value up to which it is manageable; null = none is published"),
        ("verdict", pl.String, "pass, manageable, fail; empty without a target or a value"),
        ("status", pl.String, "how sure the target is: verified or unverified"),
        ("source", pl.String, "where the target comes from"),
    ),
    "alarm_floods": _columns(
        ("position", pl.String, "operator position"),
        ("start", _INSTANT, "first moment"),
        ("end", _INSTANT, "first moment after"),
        ("alarms", pl.Int64, "alarms in it"),
        ("peak", pl.Int64, "most alarms in ten minutes"),
    ),
    "alarm_actors": _columns(
        ("rank", pl.Int64, "place by number of alarms, from 1"),
        ("alarm", pl.String, "what is announced"),
        ("plant", pl.String, "link of the chain"),
        ("unit", pl.String, "unit or section"),
        ("position", pl.String, "operator position"),
        ("priority", pl.String, "priority"),
        ("alarms", pl.Int64, "how often it was raised"),
        ("share_frac", pl.Float64, "share of all alarms"),
        ("chattering", pl.Int64, "alarms of it that are part of a chatter"),
        ("fleeting", pl.Int64, "alarms of it that returned at once, outside of chatters"),
        ("stale", pl.Int64, "alarms of it that were active for longer than a stale alarm may be"),
        ("active_h", pl.Float64, "time for which it was active in the period"),
        ("suppressed", pl.Int64, "times when it was shelved or suppressed"),
    ),
    "alarm_days": _columns(
        ("day", pl.Date, "plant day"),
        ("position", pl.String, "operator position"),
        ("alarms", pl.Int64, "alarms raised"),
        ("peak", pl.Int64, "most alarms in ten minutes"),
        ("stale", pl.Int64, "alarms that were stale at some moment of the day"),
    ),
}
