"""Tables of responsibility: who was on duty, shifts compared fairly, causes of breaches."""

from __future__ import annotations

import polars as pl

from zveno.tables.column import Column
from zveno.tables.column import columns as _columns

_INSTANT = pl.Datetime("us", "UTC")

ANSWERED: dict[str, tuple[Column, ...]] = {
    "breach_parts": _columns(
        ("id", pl.String, "breach; empty where it is not entered yet"),
        ("rule", pl.String, "rule"),
        ("tag", pl.String, "signal"),
        ("plant", pl.String, "link of the chain"),
        ("unit", pl.String, "unit or section"),
        ("start", _INSTANT, "first moment of the part"),
        ("end", _INSTANT, "first moment after it"),
        ("hours", pl.Float64, "its length"),
        ("shift", pl.String, "shift: date and slot; empty for a list that the role answers for, or where nobody works"),
        ("crew", pl.String, "crew of that shift; empty for roles by day"),
        ("role", pl.String, "role that answers"),
        ("person", pl.String, "who was on duty; role:crew or the role where the roster names nobody"),
        ("how", pl.String, "post, substitute, deputy, role (nobody is named), nobody (nobody stands in)"),
        ("instead_of", pl.String, "whose post it is, where somebody stands in"),
        ("at_work", pl.String, "crews on shift in the plant meanwhile, in order"),
    ),
    "shift_exposures": _columns(
        ("plant", pl.String, "link of the chain"),
        ("shift", pl.String, "shift: date and slot"),
        ("slot", pl.String, "slot of the day"),
        ("crew", pl.String, "crew at work"),
        ("exposed_h", pl.Float64, "hours judged in the shift, all rules and signals of the plant together"),
        ("events", pl.Int64, "breaches that began in it; those of one rule that lie over each other are one"),
        ("breach_h", pl.Float64, "hours of breaches in it, all signals together"),
        ("feed_t", pl.Float64, "feed of the plant in it; null = not known"),
        ("feed_grade_frac", pl.Float64, "content of the chain's first component in that; null = not known"),
        ("running_frac", pl.Float64, "share of the time in which the operating states of its rules were on"),
    ),
    "shift_rates": _columns(
        ("plant", pl.String, "link of the chain; empty: all of them together"),
        ("crew", pl.String, "crew"),
        ("shifts", pl.Int64, "shifts of it"),
        ("exposed_h", pl.Float64, "hours judged in them"),
        ("events", pl.Int64, "breaches that began in them"),
        ("rate", pl.Float64, "events in 1,000 hours judged, as counted"),
        ("rate_low", pl.Float64, "lower end of its 95 % interval"),
        ("rate_high", pl.Float64, "upper end"),
        ("expected", pl.Float64, "events that its ore, feed, running time, slot and plant let expect of any crew"),
        ("ratio", pl.Float64, "events over those of the mean crew under the same conditions"),
        ("ratio_low", pl.Float64, "lower end of its 95 % interval"),
        ("ratio_high", pl.Float64, "upper end"),
        ("p_value", pl.Float64, "chance of a ratio as far from one, corrected for the number of crews (Holm)"),
        ("verdict", pl.String, "more, fewer, or no difference shown"),
    ),
    "breach_causes": _columns(
        ("cause", pl.String, "equipment, ore, order, operator, instrument, rule; void; or open: not confirmed yet"),
        ("breaches", pl.Int64, "breaches"),
        ("hours", pl.Float64, "their hours"),
        ("share_frac", pl.Float64, "share of those with a confirmed cause; null for the others"),
        ("share_low_frac", pl.Float64, "lower end of its 95 % interval (Wilson)"),
        ("share_high_frac", pl.Float64, "upper end"),
    ),
    "breach_persons": _columns(
        ("person", pl.String, "who was on duty"),
        ("breaches", pl.Int64, "breaches in which this one was on duty, whatever their cause"),
        ("hours", pl.Float64, "hours of them on duty"),
        ("as_cause", pl.Int64, "those of which this one was confirmed as the cause"),
    ),
}
