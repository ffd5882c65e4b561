"""Tables of stocks that were counted."""

from __future__ import annotations

import polars as pl

from zveno.tables.column import Column
from zveno.tables.column import columns as _columns

COUNTED: dict[str, tuple[Column, ...]] = {
    "stock_differences": _columns(
        ("period", pl.String, "period that ends with the count"),
        ("stock", pl.String, "stock that was counted"),
        ("component", pl.String, "mass (dry solids) or a component"),
        ("counted_t", pl.Float64, "as counted, t; null = not counted"),
        ("counted_sd_t", pl.Float64, "its standard deviation, as the act tells it"),
        ("book_t", pl.Float64, "what the balance expects without this count, t; null = unobservable"),
        ("book_sd_t", pl.Float64, "its standard deviation"),
        ("difference_t", pl.Float64, "counted less book"),
        ("difference_sd_t", pl.Float64, "its standard deviation, with what both have in common"),
        ("status", pl.String, "within (both errors, 95 %), beyond, or unobservable"),
    ),
    "stock_spread": _columns(
        ("period", pl.String, "period that ends with the count"),
        ("stock", pl.String, "stock that was counted"),
        ("component", pl.String, "component of which the difference is spread"),
        ("class_id", pl.Int64, "what these data cannot tell apart is one class; the one that explains most is 1"),
        ("kind", pl.String, "reading alone, common error of several readings, or loss at a section"),
        ("name", pl.String, "name of a common error; section of a loss"),
        ("meter", pl.String, "meter, or several joined by +"),
        ("stream", pl.String, "stream or stock, or several joined by +"),
        ("quantity", pl.String, "mass or a component"),
        (
            "share_t",
            pl.Float64,
            "part of the difference that its stated error explains best, t; null = no reading alone",
        ),
        ("share_sd_t", pl.Float64, "standard deviation of that part"),
        ("class_share_t", pl.Float64, "the parts of its class together"),
        ("class_share_sd_t", pl.Float64, "standard deviation of them together"),
        ("bias", pl.Float64, "by how much this alone would have to be wrong: t or mass fraction; of a loss t"),
        ("bias_sd", pl.Float64, "its standard deviation"),
        ("bias_rel_frac", pl.Float64, "the same over the reading, or over what passes the section"),
        ("bias_rel_sd_frac", pl.Float64, "its standard deviation"),
        ("explains_frac", pl.Float64, "how much of the difference is gone then, beside all other readings: 0 to 1"),
    ),
}
