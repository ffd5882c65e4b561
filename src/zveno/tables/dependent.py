"""Table of what a restatement moves besides the balance itself."""

from __future__ import annotations

import polars as pl

from zveno.tables.column import Column
from zveno.tables.column import columns as _columns

DEPENDENT: dict[str, tuple[Column, ...]] = {
    "dependants": _columns(
        ("period", pl.String, "period that was restated"),
        (
            "kind",
            pl.String,
            "closing_stock (opens the next period), owner_stock (part of an owner in it), returnable and owed (payable "
            "by contract), tax_base (metal in ore mined, from which the mineral extraction tax is reckoned)",
        ),
        ("name", pl.String, "stock or stream"),
        ("owner", pl.String, "owner; empty for physical metal"),
        ("component", pl.String, "mass (dry solids) or a component"),
        ("before_t", pl.Float64, "in the former version, t; null = not there or unobservable"),
        ("after_t", pl.Float64, "in the new one"),
        ("difference_t", pl.Float64, "new less former; null = one of them is not known"),
        ("moves_into", pl.String, "period that begins with it; empty for what is payable"),
    ),
}
