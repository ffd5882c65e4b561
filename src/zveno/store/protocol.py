"""What every store can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import polars as pl

from zveno.periods import Period
from zveno.tables import RECORD_KEY, SAID_LAST


def latest(records: pl.DataFrame) -> pl.DataFrame:
    """Records of the file that spoke last of each point, quantity and time; rows in the order of their keeping.

    A file may give several rows of one key (wagons of a shift); a corrected file replaces them all.
    """
    return records.filter(pl.col("file_hash") == pl.col("file_hash").last().over(RECORD_KEY))


def believed(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Of several versions of a row the one that was kept last."""
    if table == "records":
        return latest(rows)
    return rows.unique(SAID_LAST[table], keep="last", maintain_order=True) if table in SAID_LAST else rows


@dataclass(frozen=True)
class Batch:
    """What one source file brings: records, rejected cells, readings of tags; all or nothing is kept.

    ``more`` holds rows of other tables, by name: the cells that a mapping read. The ``known`` column of its tables
    is filled by the store.
    """

    file: str
    file_hash: str
    records: pl.DataFrame
    rejected: pl.DataFrame
    readings: pl.DataFrame
    more: Mapping[str, pl.DataFrame] = field(default_factory=dict)

    def rows(self, table: str) -> pl.DataFrame | None:
        """What it brings of a table; None if nothing."""
        own = {"records": self.records, "rejected": self.rejected}
        return own[table] if table in own else self.more.get(table)


KEPT = ("records", "rejected", *SAID_LAST)
"""Tables that a store keeps row by row, besides readings."""


def last_readings(readings: pl.DataFrame) -> pl.DataFrame:
    """Readings by tag and time; of two for one tag and moment the one that stands later in the table."""
    rows = readings.sort("tag", "ts", maintain_order=True)
    repeated = (rows["tag"] == rows["tag"].shift(-1)) & (rows["ts"] == rows["ts"].shift(-1))
    return rows.filter(~repeated.fill_null(value=False)) if repeated.any() else rows


class Store(Protocol):
    """Append-only tables with two times for every value."""

    def append(self, batches: Sequence[Batch], known: datetime) -> int:
        """Keep the batches whose file was not kept before, in one transaction; how many were new."""
        ...

    def read(self, table: str, period: Period | None = None, known: datetime | None = None) -> pl.DataFrame:
        """Rows of a table that overlap the period, as they were known at a moment (None = now)."""
        ...

    def has(self, file_hash: str) -> bool:
        """Whether a file with this content was kept before."""
        ...

    def tables(self) -> tuple[str, ...]:
        """Names of the tables that can be read."""
        ...
