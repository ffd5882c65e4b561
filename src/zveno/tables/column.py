"""What a column is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl


@dataclass(frozen=True)
class Column:
    """Name, type and meaning of a column."""

    name: str
    dtype: pl.DataType | type[pl.DataType]
    meaning: str


def columns(*rows: tuple[str, Any, str]) -> tuple[Column, ...]:
    """Columns of a table in their order."""
    return tuple(Column(*row) for row in rows)
