"""Tables as text that is reviewed like code."""

from __future__ import annotations

from datetime import datetime

import polars as pl


def as_text(table: pl.DataFrame, *columns: str) -> str:
    """A table with five significant digits, one row a line."""
    rows = [" | ".join(columns)]
    rows += [" | ".join(_cell(value) for value in row) for row in table.select(columns).iter_rows()]
    return "\n".join(rows) + "\n"


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    return str(value)
