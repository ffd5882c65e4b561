"""A store that lives in memory: for data that is looked at and not kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from zveno.periods import Period
from zveno.store.entries import Entry, NewEntry, canonical, kept_before, numbered, require_whole
from zveno.store.protocol import KEPT, Batch, Known, asked, believed, last_readings, storable
from zveno.tables import frame, schema

_TICK = timedelta(microseconds=1)


class MemoryStore:
    """The store protocol over tables in memory."""

    def __init__(self) -> None:
        self._hashes: set[str] = set()
        self._tables = {name: frame(name) for name in KEPT}
        self._readings: list[tuple[datetime, Batch]] = []
        self._ledger: list[Entry] = []
        self._last = datetime(1, 1, 1, tzinfo=UTC)

    def tables(self) -> tuple[str, ...]:
        """Names of the tables that can be read."""
        return (*self._tables, "ledger", "readings")

    def has(self, file_hash: str) -> bool:
        """Whether a file with this content was kept before."""
        return file_hash in self._hashes

    def append(self, batches: Sequence[Batch], known: Known) -> int:
        """Keep the batches whose content was not kept before; how many were new."""
        new = {one.file_hash: one for one in batches if one.file_hash not in self._hashes}
        for batch in new.values():
            require_whole(batch.entries)
        if not new:
            return 0
        stamp = self._stamp(known)
        for batch in new.values():
            self._hashes.add(batch.file_hash)
            for name in KEPT:
                given = batch.rows(name)
                if given is not None:
                    rows = frame(name, storable(given).with_columns(known=pl.lit(stamp)))
                    self._tables[name] = pl.concat([self._tables[name], rows])
            self._readings.append((stamp, batch))
            self._ledger += numbered(batch.entries, len(self._ledger), stamp)
        return len(new)

    def append_entries(self, entries: Sequence[NewEntry], known: Known) -> tuple[Entry, ...]:
        """Add entries to the ledger; all or none."""
        require_whole(entries)
        before = kept_before(entries, self._since, self._together)
        if before or not entries:
            return tuple(before)
        made = numbered(entries, len(self._ledger), self._stamp(known))
        self._ledger += made
        return tuple(made)

    def entries(
        self, kind: str | None = None, subject: str | None = None, known: datetime | None = None
    ) -> tuple[Entry, ...]:
        """Entries of the ledger of a kind and about a subject, as known at a moment (None = now), in their order."""
        return tuple(
            one
            for one in self._ledger
            if kind in (None, one.kind) and subject in (None, one.subject) and (known is None or one.known <= known)
        )

    def read(self, table: str, period: Period | None = None, known: datetime | None = None) -> pl.DataFrame:
        """Rows of a table that overlap the period, as they were known at a moment."""
        if table == "readings":
            return self._read_readings(period, known)
        data = self._table(table)
        if known is not None:
            data = data.filter(pl.col("known") <= known)
        if period is not None and "start" in data.columns:
            data = data.filter(pl.col("start") < period.instants[1], pl.col("end") > period.instants[0])
        return believed(table, data)

    def versions(self, table: str, key: Mapping[str, Any]) -> pl.DataFrame:
        """Every row that was ever kept with these values, the oldest first."""
        if table != "readings":
            return _with_values(self._table(table), key)
        parts = [
            batch.readings.with_columns(file=pl.lit(batch.file), file_hash=pl.lit(batch.file_hash), known=pl.lit(stamp))
            for stamp, batch in self._readings
        ]
        found = pl.concat([frame("reading_versions"), *(frame("reading_versions", one) for one in parts)])
        return _with_values(found, {name: key[name] for name in ("tag", "ts")})

    def _table(self, name: str) -> pl.DataFrame:
        """All rows of a table."""
        if name != "ledger":
            return self._tables[name]
        rows = [{column: getattr(one, column) for column in schema(name)} for one in self._ledger]
        return frame(name, [{**row, "body": canonical(row["body"])} for row in rows])

    def _stamp(self, known: Known) -> datetime:
        """Moment of this write: now, but later than that of every write before it."""
        self._last = max(asked(known), self._last + _TICK)
        return self._last

    def _since(self, subject: str, number: int) -> list[Entry]:
        """Entries of a subject from a number on."""
        return [one for one in self._ledger if one.subject == subject and one.id >= number]

    def _together(self, entry: Entry) -> list[Entry]:
        """Entries of one call."""
        return [one for one in self._ledger if one.known == entry.known]

    def _read_readings(self, period: Period | None, known: datetime | None) -> pl.DataFrame:
        """Of two readings of one tag and moment the one that became known last."""
        parts = [batch.readings for stamp, batch in self._readings if known is None or stamp <= known]
        data = pl.concat([frame("readings"), *parts])
        if period is not None:
            data = data.filter(pl.col("ts").is_between(*period.instants, closed="left"))
        return last_readings(data)


def _with_values(table: pl.DataFrame, key: Mapping[str, Any]) -> pl.DataFrame:
    """Rows in which the columns have these values."""
    for name, one in key.items():
        table = table.filter(pl.col(name).eq_missing(pl.lit(one)))
    return table
