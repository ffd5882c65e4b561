"""A store that lives in memory: for data that is looked at and not kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from zveno.periods import Period
from zveno.store.protocol import KEPT, Batch, believed, last_readings
from zveno.tables import frame


class MemoryStore:
    """The store protocol over tables in memory."""

    def __init__(self) -> None:
        self._hashes: set[str] = set()
        self._tables = {name: frame(name) for name in KEPT}
        self._readings: list[tuple[datetime, pl.DataFrame]] = []

    def tables(self) -> tuple[str, ...]:
        """Names of the tables that can be read."""
        return (*self._tables, "readings")

    def has(self, file_hash: str) -> bool:
        """Whether a file with this content was kept before."""
        return file_hash in self._hashes

    def append(self, batches: Sequence[Batch], known: datetime) -> int:
        """Keep the batches whose content was not kept before; how many were new."""
        new = {one.file_hash: one for one in batches if one.file_hash not in self._hashes}
        for batch in new.values():
            self._hashes.add(batch.file_hash)
            for name in KEPT:
                given = batch.rows(name)
                if given is not None:
                    rows = frame(name, given.with_columns(known=pl.lit(known)))
                    self._tables[name] = pl.concat([self._tables[name], rows])
            self._readings.append((known, batch.readings))
        return len(new)

    def read(self, table: str, period: Period | None = None, known: datetime | None = None) -> pl.DataFrame:
        """Rows of a table that overlap the period, as they were known at a moment."""
        if table == "readings":
            return self._read_readings(period, known)
        data = self._tables[table]
        if known is not None:
            data = data.filter(pl.col("known") <= known)
        if table == "records" and period is not None:
            data = data.filter(pl.col("start") < period.instants[1], pl.col("end") > period.instants[0])
        return believed(table, data)

    def _read_readings(self, period: Period | None, known: datetime | None) -> pl.DataFrame:
        """Of two readings of one tag and moment the one that became known last."""
        parts = [rows for stamp, rows in self._readings if known is None or stamp <= known]
        data = pl.concat([frame("readings"), *parts])
        if period is not None:
            data = data.filter(pl.col("ts").is_between(*period.instants, closed="left"))
        return last_readings(data)
