"""What every store can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import polars as pl

from zveno.periods import Period
from zveno.store.entries import Entry, NewEntry
from zveno.tables import RECORD_KEY, SAID_LAST

KEPT = ("records", "rejected", *SAID_LAST)
"""Tables that a store keeps row by row from source files, besides readings."""

Known = datetime | Callable[[], datetime]
"""An aware moment, or the clock: it is asked when the writer's turn has come and its files are on the disk."""


def latest(records: pl.DataFrame) -> pl.DataFrame:
    """Records of the file that spoke last of each point, quantity and time; rows in the order of their keeping.

    A file may give several rows of one key (wagons of a shift); a corrected file replaces them all.
    """
    return records.filter(pl.col("file_hash") == pl.col("file_hash").last().over(RECORD_KEY))


def believed(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Of several versions of a row the one that was kept last; other tables as they are."""
    if table == "records":
        return latest(rows)
    return rows.unique(SAID_LAST[table], keep="last", maintain_order=True) if table in SAID_LAST else rows


@dataclass(frozen=True)
class Batch:
    """What one source file brings: records, rejected cells, readings of tags, entries; all or nothing is kept.

    ``more`` holds rows of other tables, by name: the cells that a mapping read. The ``known`` column of its tables
    is filled by the store. Its entries enter the ledger with it, once.
    """

    file: str
    file_hash: str
    records: pl.DataFrame
    rejected: pl.DataFrame
    readings: pl.DataFrame
    entries: tuple[NewEntry, ...] = ()
    more: Mapping[str, pl.DataFrame] = field(default_factory=dict)

    def rows(self, table: str) -> pl.DataFrame | None:
        """What it brings of a table; None if nothing."""
        own = {"records": self.records, "rejected": self.rejected}
        return own[table] if table in own else self.more.get(table)


def last_readings(readings: pl.DataFrame) -> pl.DataFrame:
    """Readings by tag and time; of two for one tag and moment the one that stands later in the table."""
    rows = readings.sort("tag", "ts", maintain_order=True)
    repeated = (rows["tag"] == rows["tag"].shift(-1)) & (rows["ts"] == rows["ts"].shift(-1))
    return rows.filter(~repeated.fill_null(value=False)) if repeated.any() else rows


def storable(table: pl.DataFrame) -> pl.DataFrame:
    """A table as every store can hold it: no value where there is no number, a sign for the byte that ends text.

    SQLite would turn the first into no value by itself; PostgreSQL would refuse the second.
    """
    return table.with_columns(
        pl.col(pl.Float64).fill_nan(None), pl.col(pl.String).str.replace_all("\0", "\u2400", literal=True)
    )


def asked(known: Known) -> datetime:
    """The moment of now."""
    return known if isinstance(known, datetime) else known()


class Store(Protocol):
    """Append-only tables with two times for every value.

    The moments at which values become known only go forward: each write gets one that is later than all before
    it, even where a clock was set back. So the state as known at an earlier moment never changes.
    """

    def append(self, batches: Sequence[Batch], known: Known) -> int:
        """Keep the batches whose file was not kept before, in one transaction; how many were new."""
        ...

    def append_entries(self, entries: Sequence[NewEntry], known: Known) -> tuple[Entry, ...]:
        """Add entries to the ledger in one transaction; a repeated call gives back what it kept the first time.

        Raises
        ------
        ConflictError
            If an entry names a predecessor after which another one came; it shows both.
        """
        ...

    def entries(
        self, kind: str | None = None, subject: str | None = None, known: datetime | None = None
    ) -> tuple[Entry, ...]:
        """Entries of the ledger of a kind and about a subject, as known at a moment (None = now), in their order."""
        ...

    def read(self, table: str, period: Period | None = None, known: datetime | None = None) -> pl.DataFrame:
        """Rows of a table that overlap the period, as they were known at a moment (None = now)."""
        ...

    def versions(self, table: str, key: Mapping[str, Any]) -> pl.DataFrame:
        """Every row that was ever kept with these values, the oldest first.

        ``readings`` are asked by ``tag`` and ``ts`` and answered as ``reading_versions``.
        """
        ...

    def has(self, file_hash: str) -> bool:
        """Whether a file with this content was kept before."""
        ...

    def tables(self) -> tuple[str, ...]:
        """Names of the tables that can be read."""
        ...
