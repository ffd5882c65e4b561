"""Tables of what the rules say: breaches, how much of the time was judged, what was not checked."""

from __future__ import annotations

import polars as pl

from zveno.tables.column import Column
from zveno.tables.column import columns as _columns

_INSTANT = pl.Datetime("us", "UTC")

JUDGED: dict[str, tuple[Column, ...]] = {
    "breaches": _columns(
        ("rule", pl.String, "rule"),
        ("version", pl.Int64, "version of the rule in force"),
        ("kind", pl.String, "kind of the rule"),
        ("tag", pl.String, "signal"),
        ("plant", pl.String, "link of the chain"),
        ("unit", pl.String, "unit or section"),
        ("start", _INSTANT, "first moment"),
        ("end", _INSTANT, "first moment after"),
        ("peak", pl.Float64, "worst value"),
        ("limit", pl.Float64, "limit that was passed"),
        ("uom", pl.String, "unit of measure of both: that of the rule, min for times, - for numbers"),
        ("side", pl.String, "high or low"),
        ("duration_h", pl.Float64, "length of the episode"),
        ("known_h", pl.Float64, "part of it that usable readings tell of"),
        ("unknown_h", pl.Float64, "part of it without usable readings"),
        ("count", pl.Int64, "readings outside, or missed answers"),
        ("surety", pl.String, "sure, likely, within_error by the instrument's error; empty where that is not known"),
        ("open", pl.Boolean, "still going on at the end of the data"),
        ("severity", pl.String, "severity of the rule"),
        ("role", pl.String, "role that answers for the rule"),
        ("shift", pl.String, "shift at the start of the episode: date and slot"),
        ("crew", pl.String, "crew of that shift; empty for day roles"),
        ("crews", pl.String, "all crews on duty while it lasted, in order"),
        ("person", pl.String, "role:crew on duty, by id; the role alone where it has no crew"),
        ("rule_hash", pl.String, "SHA-256 of the version judged by"),
    ),
    "rule_differences": _columns(
        ("rule", pl.String, "rule"),
        ("version", pl.Int64, "version of the rule in force"),
        ("tag", pl.String, "signal"),
        ("side", pl.String, "high or low"),
        ("start", _INSTANT, "first moment of the breach"),
        ("found_by", pl.String, "first, second or both engines"),
        ("field", pl.String, "what both tell otherwise: end, open, known_h, count, peak, limit; empty: one lacks it"),
        ("first", pl.String, "what the first engine tells"),
        ("second", pl.String, "what the second engine tells"),
    ),
    "rule_coverage": _columns(
        ("rule", pl.String, "rule"),
        ("version", pl.Int64, "version of the rule"),
        ("tag", pl.String, "signal"),
        ("judged_h", pl.Float64, "time judged by usable readings"),
        ("off_h", pl.Float64, "time in which the operating state did not ask for the rule"),
        ("unknown_h", pl.Float64, "time without usable readings of the signal or of the operating state"),
    ),
    "not_checked": _columns(
        ("rule", pl.String, "rule"),
        ("version", pl.Int64, "version"),
        ("kind", pl.String, "kind of rule"),
        ("reason", pl.String, "why it was not checked (key of a message)"),
        ("detail", pl.String, "tag, gate or parameter concerned"),
    ),
    "replayed": _columns(
        ("change", pl.String, "appears, vanishes or changed under the other rulebook"),
        ("rule", pl.String, "rule"),
        ("kind", pl.String, "kind of the rule"),
        ("tag", pl.String, "signal"),
        ("plant", pl.String, "link of the chain"),
        ("unit", pl.String, "unit or section"),
        ("side", pl.String, "high or low"),
        ("uom", pl.String, "unit of measure of peak and limit"),
        ("severity", pl.String, "severity of the rule"),
        ("shift", pl.String, "shift at the start of the episode"),
        ("crew", pl.String, "crew of that shift; empty for day roles"),
        ("crews", pl.String, "all crews on duty while it lasted"),
        ("person", pl.String, "role:crew on duty, by id"),
        *(
            (f"{name}_{when}", dtype, f"{words}, under the {book}")
            for when, book in (("before", "book in force"), ("after", "draft"))
            for name, dtype, words in (
                ("count", pl.Int64, "breaches that share time"),
                ("version", pl.Int64, "version judged by"),
                ("start", _INSTANT, "first moment"),
                ("end", _INSTANT, "first moment after"),
                ("open", pl.Boolean, "still going on at the end of the data"),
                ("surety", pl.String, "sure, likely, within_error; empty where not known"),
                ("peak", pl.Float64, "worst value"),
                ("limit", pl.Float64, "limit that was passed"),
            )
        ),
    ),
}
