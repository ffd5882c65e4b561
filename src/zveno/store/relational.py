"""A store over a relational database and a folder of Parquet files; the database is given."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import sqlalchemy as sa

from zveno.errors import StoreError
from zveno.periods import Period
from zveno.store.database import Database, reason, writing
from zveno.store.entries import Entry, NewEntry, canonical, kept_before, numbered, require_whole
from zveno.store.layout import (
    FILES,
    LEDGER,
    READING_FILES,
    SOURCES,
    entry_to_sql,
    from_sql,
    matching,
    micros,
    moment,
    to_sql,
)
from zveno.store.migrations import VERSION, bring_up, layout_of, store_id
from zveno.store.protocol import Batch, Known, asked, believed, last_readings
from zveno.store.readings import DayFile, claim, claimed, read_day, require_some, settle, take_away, write_days
from zveno.tables import frame

_TABLES = {**SOURCES, "ledger": LEDGER}
_TICK = timedelta(microseconds=1)
_AT_ONCE = 4


class RelationalStore:
    """The store protocol over a database; rows are added, never changed.

    Parameters
    ----------
    database
        SQLite or PostgreSQL.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self._ready = False

    @property
    def folder(self) -> Path:
        """Folder that holds the Parquet files of readings."""
        return self.database.folder

    def tables(self) -> tuple[str, ...]:
        """Names of the tables that can be read."""
        return (*_TABLES, "readings")

    def has(self, file_hash: str) -> bool:
        """Whether a file with this content was kept before."""
        return bool(self._rows(sa.select(FILES.c.file).where(FILES.c.file_hash == file_hash)))

    def append(self, batches: Sequence[Batch], known: Known) -> int:
        """Keep the batches whose content was not kept before; all of them or, on an error, none.

        Parameters
        ----------
        batches
            One per source file.
        known
            The moment at which the values become known (aware), or the clock.

        Returns
        -------
        new
            How many of the files were new.

        Raises
        ------
        StoreError
            If the store cannot be written.
        """
        unique = {batch.file_hash: batch for batch in batches}
        for batch in unique.values():
            require_whole(batch.entries)
        if all(self.has(one) for one in unique):
            return 0
        written: list[Path] = []
        try:
            self._make()
            with writing(self.database) as connection:
                self._require_layout(connection)
                kept = _kept(connection, list(unique))
                new = [batch for one, batch in unique.items() if one not in kept]
                days = self._write_readings(new, written)
                settle(written, self.folder)
                self._insert(connection, new, days, _stamp(connection, known))
        except (OSError, sa.exc.SQLAlchemyError) as error:
            take_away(written)
            raise self._unwritten(error) from error
        return len(new)

    def append_entries(self, entries: Sequence[NewEntry], known: Known) -> tuple[Entry, ...]:
        """Add entries to the ledger; all or none.

        Returns
        -------
        entries
            As the ledger holds them. A call that was made before gives what it kept then, if its entries name
            their predecessors.

        Raises
        ------
        ConflictError
            If an entry names a predecessor after which another one came; it shows both.
        StoreError
            If the store cannot be written.
        """
        require_whole(entries)
        if not entries:
            return ()
        try:
            self._make()
            with writing(self.database) as connection:
                self._require_layout(connection)
                before = kept_before(entries, partial(_since, connection), partial(_together, connection))
                return tuple(before) or tuple(_add(connection, entries, _stamp(connection, known)))
        except (OSError, sa.exc.SQLAlchemyError) as error:
            raise self._unwritten(error) from error

    def entries(
        self, kind: str | None = None, subject: str | None = None, known: datetime | None = None
    ) -> tuple[Entry, ...]:
        """Entries of the ledger of a kind and about a subject, as known at a moment (None = now), in their order."""
        query = sa.select(LEDGER).order_by(LEDGER.c.id)
        wanted = {name: one for name, one in (("kind", kind), ("subject", subject)) if one is not None}
        query = query.where(*matching(LEDGER, wanted))
        if known is not None:
            query = query.where(LEDGER.c.known <= micros(known))
        return tuple(map(_entry, self._rows(query)))

    def read(self, table: str, period: Period | None = None, known: datetime | None = None) -> pl.DataFrame:
        """Rows of a table that overlap the period.

        Of several versions of a record or reading (a corrected file) the last one known at ``known`` is given.
        """
        if table == "readings":
            return self._read_readings(period, known)
        source = _TABLES[table]
        query = sa.select(source).order_by(source.c.id)
        if known is not None:
            query = query.where(source.c.known <= micros(known))
        if period is not None and "start" in source.c:
            query = query.where(source.c.start < micros(period.end), source.c.end > micros(period.start))
        return believed(table, from_sql(table, self._rows(query)))

    def versions(self, table: str, key: Mapping[str, Any]) -> pl.DataFrame:
        """Every row that was ever kept with these values, the oldest first."""
        if table == "readings":
            return self._reading_versions(key["tag"], key["ts"])
        source = _TABLES[table]
        return from_sql(table, self._rows(sa.select(source).where(*matching(source, key)).order_by(source.c.id)))

    def empty(self) -> bool:
        """Whether nothing was ever kept; a store of an earlier layout is brought to the one in force."""
        if self._ready:
            return False
        if not self.database.exists():
            return True
        try:
            with self.database.connection() as connection:
                found = layout_of(connection, self.database.place)
            if found:
                self._make()
        except (OSError, sa.exc.SQLAlchemyError) as error:
            raise self._unreadable(error) from error
        return found == 0

    def _rows(self, query: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        """Answer of a query; nothing where the store does not exist yet."""
        if self.empty():
            return ()
        try:
            with self.database.connection() as connection:
                return connection.execute(query).all()
        except (OSError, sa.exc.SQLAlchemyError) as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: OSError | sa.exc.SQLAlchemyError) -> StoreError:
        return StoreError(
            "the store in '{folder}' cannot be read: {problem}", folder=self.database.place, problem=reason(error)
        )

    def _make(self) -> None:
        """See that the tables are there in the layout in force, and that the folder of readings is this store's."""
        if self._ready:
            return
        self.database.prepare()
        with self.database.connection() as connection:
            done = layout_of(connection, self.database.place) == VERSION
        if not done:
            with writing(self.database) as connection:
                bring_up(connection, self.database)
        with self.database.connection() as connection:
            name = store_id(connection)
            if self.database.apart and not claimed(self.folder):
                require_some(self.folder, connection.execute(sa.select(READING_FILES.c.path)).scalars().all())
        claim(self.folder, name)
        self._ready = True

    def _require_layout(self, connection: sa.Connection) -> None:
        """Refuse to write where a newer program took the store over meanwhile."""
        layout_of(connection, self.database.place)

    def _unwritten(self, error: OSError | sa.exc.SQLAlchemyError) -> StoreError:
        return StoreError(
            "the store in '{folder}' could not be written, nothing was kept: {problem}",
            folder=self.database.place,
            problem=reason(error),
        )

    def _write_readings(self, new: Sequence[Batch], written: list[Path]) -> list[list[DayFile]]:
        """Files of readings of each source; while one waits for the disk another is made."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            made = pool.map(lambda one: write_days(one.readings, self.folder, one.file_hash, written), new)
            return list(made)

    def _insert(
        self, connection: sa.Connection, new: Sequence[Batch], days: Sequence[Sequence[DayFile]], stamp: datetime
    ) -> None:
        """Write the rows of files in their order: records, rejected and mapped cells, files of readings, entries."""
        number = micros(stamp)
        rows = {
            FILES: [{"file_hash": one.file_hash, "file": one.file, "known": number} for one in new],
            **{table: to_sql(_brought(new, name), number) for name, table in SOURCES.items()},
            READING_FILES: [
                {**vars(part), "file_hash": one.file_hash, "known": number}
                for one, parts in zip(new, days, strict=True)
                for part in parts
            ],
        }
        for table, these in rows.items():
            if these:
                connection.execute(sa.insert(table), these)
        _add(connection, [entry for one in new for entry in one.entries], stamp)

    def _read_readings(self, period: Period | None, known: datetime | None) -> pl.DataFrame:
        """Readings of the period; of two for one tag and moment the one that became known last."""
        query = sa.select(READING_FILES).order_by(READING_FILES.c.id)
        if known is not None:
            query = query.where(READING_FILES.c.known <= micros(known))
        if period is not None:
            first, last = (str(one.astimezone(UTC).date()) for one in (period.start, period.end))
            query = query.where(READING_FILES.c.day >= first, READING_FILES.c.day <= last)
        rows = self._rows(query)
        if not rows:
            return frame("readings")
        data = pl.concat([self._read_day(row) for row in rows])
        if period is not None:
            data = data.filter(pl.col("ts").is_between(*period.instants, closed="left"))
        return last_readings(data)

    def _reading_versions(self, tag: str, ts: datetime) -> pl.DataFrame:
        """Readings of one tag and moment in all files."""
        query = (
            sa.select(READING_FILES, FILES.c.file)
            .join_from(READING_FILES, FILES, FILES.c.file_hash == READING_FILES.c.file_hash, isouter=True)
            .where(READING_FILES.c.day == str(ts.astimezone(UTC).date()))
            .order_by(READING_FILES.c.id)
        )
        found = [frame("reading_versions")]
        for row in self._rows(query):
            rows = self._read_day(row).filter(pl.col("tag") == tag, pl.col("ts") == ts)
            origin = {"file": row.file, "file_hash": row.file_hash, "known": moment(row.known)}
            found.append(
                frame("reading_versions", rows.with_columns(pl.lit(one).alias(name) for name, one in origin.items()))
            )
        return pl.concat(found)

    def _read_day(self, row: sa.Row[Any]) -> pl.DataFrame:
        """Readings of one Parquet file."""
        try:
            return read_day(self.folder, row.path, row.content_hash)
        except OSError as error:
            raise StoreError(
                "the store in '{folder}' cannot be read: {problem}",
                folder=str(self.folder / row.path),
                problem=reason(error),
            ) from error


def _brought(new: Sequence[Batch], table: str) -> list[pl.DataFrame]:
    """Rows of a table that files bring."""
    return [rows for one in new if (rows := one.rows(table)) is not None]


def _kept(connection: sa.Connection, hashes: Sequence[str]) -> set[str]:
    """Which of the files are there already."""
    found: set[str] = set()
    for first in range(0, len(hashes), 500):
        query = sa.select(FILES.c.file_hash).where(FILES.c.file_hash.in_(hashes[first : first + 500]))
        found.update(connection.execute(query).scalars())
    return found


def _stamp(connection: sa.Connection, known: Known) -> datetime:
    """Moment of this write: now, but later than that of every write before it."""
    queries = [sa.select(sa.func.max(table.c.known)) for table in (FILES, LEDGER)]
    last = max((one for query in queries if (one := connection.execute(query).scalar()) is not None), default=None)
    now = asked(known)
    return now if last is None else max(now, moment(last) + _TICK)


def _add(connection: sa.Connection, wanted: Sequence[NewEntry], stamp: datetime) -> list[Entry]:
    """Put entries into the ledger after the last one."""
    if not wanted:
        return []
    last = connection.execute(sa.select(sa.func.max(LEDGER.c.id))).scalar() or 0
    made = numbered(wanted, last, stamp)
    connection.execute(sa.insert(LEDGER), [entry_to_sql(one, canonical(one.body)) for one in made])
    return made


def _since(connection: sa.Connection, subject: str, number: int) -> list[Entry]:
    """Entries of a subject from a number on."""
    query = sa.select(LEDGER).where(LEDGER.c.subject == subject, LEDGER.c.id >= number).order_by(LEDGER.c.id)
    return [_entry(row) for row in connection.execute(query)]


def _together(connection: sa.Connection, entry: Entry) -> list[Entry]:
    """Entries of one transaction: no two have the same moment."""
    query = sa.select(LEDGER).where(LEDGER.c.known == micros(entry.known)).order_by(LEDGER.c.id)
    return [_entry(row) for row in connection.execute(query)]


def _entry(row: sa.Row[Any]) -> Entry:
    """A row of the ledger."""
    plain = dict(row._mapping)
    return Entry(**{**plain, "body": json.loads(plain["body"]), "known": moment(plain["known"])})
