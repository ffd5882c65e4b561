"""What every store can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import polars as pl

from zveno.periods import Period
from zveno.tables import RECORD_KEY


def latest(records: pl.DataFrame) -> pl.DataFrame:
    """Records of the file that spoke last of each point, quantity and time; rows in the order of their keeping.

    A file may give several rows of one key (wagons of a shift); a corrected file replaces them all.
    """
    return records.filter(pl.col("file_hash") == pl.col("file_hash").last().over(RECORD_KEY))


@dataclass(frozen=True)
class Batch:
    """What one source file brings: records, rejected cells, readings of tags; all or nothing is kept.

    The ``known`` column of its tables is filled by the store.
    """

    file: str
    file_hash: str
    records: pl.DataFrame
    rejected: pl.DataFrame
    readings: pl.DataFrame


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
