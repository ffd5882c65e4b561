"""Tables of an explained figure, and of what moved."""

from __future__ import annotations

import polars as pl

from zveno.tables.column import Column
from zveno.tables.column import columns as _columns

EXPLAINED: dict[str, tuple[Column, ...]] = {
    "figure_readings": _columns(
        ("address", pl.String, "figure"),
        ("stream", pl.String, "stream or stock"),
        ("quantity", pl.String, "mass or a component"),
        ("meter", pl.String, "meter, or several joined by +"),
        ("reading", pl.Float64, "value as read: t or mass fraction"),
        ("sd", pl.Float64, "its standard deviation"),
        ("reconciled", pl.Float64, "value after reconciliation; null = unobservable"),
        ("slope", pl.Float64, "change of the figure for a change of 1 of the reading"),
        ("variance_frac", pl.Float64, "part of the variance of the figure; all of them add up to 1"),
        ("moved", pl.Float64, "slope x (as read - reconciled): what the figure would gain if it were taken as read"),
    ),
    "figure_inputs": _columns(
        ("address", pl.String, "figure"),
        ("role", pl.String, "sum, factor, above, below (the line), input of a calculation, or itself"),
        ("sign", pl.Float64, "coefficient in a sum"),
        ("input", pl.String, "stream, quantity and meter, or what it is"),
        ("value", pl.Float64, "value"),
        ("of", pl.String, "address of the figure that it is; empty where it is none"),
    ),
    "moved_figures": _columns(
        ("address", pl.String, "figure"),
        ("before", pl.Float64, "value before; null = there was none"),
        ("after", pl.Float64, "value after; null = there is none any more"),
        ("moved", pl.Float64, "after less before"),
        ("moved_sd", pl.Float64, "the same in standard deviations of the figure before; null = it has none"),
        ("named", pl.Float64, "sum of what the causes contribute"),
        ("rest", pl.Float64, "what is left: changed errors of readings, and second order"),
    ),
    "moved_causes": _columns(
        ("address", pl.String, "figure"),
        ("file", pl.String, "file whose new or changed cells moved it"),
        ("point", pl.String, "meter, stock or plan line; several joined by +"),
        ("cells", pl.String, "cells, as many as 8"),
        ("count", pl.Int64, "how many records are new, changed or withdrawn"),
        ("person", pl.String, "who put it in; empty for what files brought"),
        ("known", pl.Datetime("us", "UTC"), "when the last of them became known"),
        ("contribution", pl.Float64, "by how much they moved the figure; the order of the causes does not matter"),
    ),
}
