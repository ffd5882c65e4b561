"""The embedded store: SQLite for records, one Parquet file a day and source for readings."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep
from typing import Any
from uuid import uuid4

import polars as pl
import pyarrow.parquet as pq
import sqlalchemy as sa

from zveno.errors import StoreError, refusal
from zveno.periods import Period
from zveno.store.protocol import KEPT, Batch, believed, last_readings
from zveno.tables import frame, schema

_TEMPORAL = ("start", "end", "known")
_PATIENCE_MS = 60_000


class EmbeddedStore:
    """A folder with ``records.sqlite`` and ``readings/DAY/SOURCE.parquet``; writers wait for each other.

    A Parquet file counts only when ``records.sqlite`` names it, so that a write that was cut off leaves nothing
    behind that could be read.

    Parameters
    ----------
    folder
        Where the store lies; made when the first batch is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._meta = sa.MetaData()
        self._tables = {name: _sql_table(name, self._meta) for name in KEPT}
        self._files = sa.Table(
            "files",
            self._meta,
            sa.Column("file_hash", sa.String(64), primary_key=True),
            sa.Column("file", sa.String, nullable=False),
            sa.Column("known", sa.BigInteger, nullable=False),
        )
        self._parts = sa.Table(
            "reading_files",
            self._meta,
            sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
            sa.Column("path", sa.String, nullable=False),
            sa.Column("day", sa.String(10), nullable=False, index=True),
            sa.Column("known", sa.BigInteger, nullable=False),
        )

    def tables(self) -> tuple[str, ...]:
        """Names of the tables that can be read."""
        return (*self._tables, "readings")

    def has(self, file_hash: str) -> bool:
        """Whether a file with this content was kept before."""
        query = sa.select(self._files.c.file).where(self._files.c.file_hash == file_hash)
        return bool(self._rows(query))

    def append(self, batches: Sequence[Batch], known: datetime) -> int:
        """Keep the batches whose content was not kept before; all of them or, on an error, none.

        Parameters
        ----------
        batches
            One per source file.
        known
            The moment at which the values become known (aware).

        Returns
        -------
        new
            How many of the files were new.

        Raises
        ------
        StoreError
            If the folder cannot be written.
        """
        unique = {batch.file_hash: batch for batch in batches}
        if all(self.has(one) for one in unique):
            return 0
        written: list[Path] = []
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._connection() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE")  # one writer at a time, from the first look on
                try:
                    self._meta.create_all(connection)
                    new = [one for one in unique.values() if not self._known_before(connection, one)]
                    for batch in new:
                        self._insert(connection, batch, _micros(known), written)
                except BaseException:
                    connection.exec_driver_sql("ROLLBACK")
                    raise
                connection.exec_driver_sql("COMMIT")
        except (OSError, sa.exc.SQLAlchemyError) as error:
            for path in written:
                path.unlink(missing_ok=True)
            raise StoreError(
                "the store in '{folder}' could not be written, nothing was kept: {problem}",
                folder=str(self.folder),
                problem=refusal(error) if isinstance(error, OSError) else str(getattr(error, "orig", error)),
            ) from error
        return len(new)

    def read(self, table: str, period: Period | None = None, known: datetime | None = None) -> pl.DataFrame:
        """Rows of a table that overlap the period.

        Of several versions of a record or reading (a corrected file) the last one known at ``known`` is given.
        """
        if table == "readings":
            return self._read_readings(period, known)
        source = self._tables[table]
        query = sa.select(source).order_by(source.c.id)
        if known is not None:
            query = query.where(source.c.known <= _micros(known))
        if period is not None and "start" in source.c:
            query = query.where(source.c.start < _micros(period.end), source.c.end > _micros(period.start))
        rows = self._rows(query)
        names = list(schema(table))
        data = {name: [row._mapping[name] for row in rows] for name in names}
        integers = {name: pl.Int64 if name in _TEMPORAL else dtype for name, dtype in schema(table).items()}
        result = frame(table, pl.DataFrame(data, schema=integers))
        return believed(table, result)

    @property
    def _path(self) -> Path:
        return self.folder / "records.sqlite"

    def _rows(self, query: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        """Answer of a query; nothing where the store does not exist yet."""
        if not self._path.is_file():
            return ()
        try:
            with self._connection() as connection:
                return connection.execute(query).all()
        except sa.exc.OperationalError as error:
            if "no such table" in str(error.orig):  # made, but nothing was kept yet
                return ()
            raise self._unreadable(error) from error
        except sa.exc.DatabaseError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: sa.exc.DatabaseError) -> StoreError:
        return StoreError(
            "the store in '{folder}' cannot be read: {problem}", folder=str(self.folder), problem=str(error.orig)
        )

    @contextmanager
    def _connection(self) -> Iterator[sa.Connection]:
        """A connection in the safe mode: patient, write-ahead log, full synchronisation."""
        engine = sa.create_engine(f"sqlite:///{self._path}", poolclass=sa.pool.NullPool, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql(f"PRAGMA busy_timeout={_PATIENCE_MS}")
                _write_ahead(connection)
                connection.exec_driver_sql("PRAGMA synchronous=FULL")
                yield connection
        finally:
            engine.dispose()

    def _known_before(self, connection: sa.Connection, batch: Batch) -> bool:
        query = sa.select(self._files.c.file).where(self._files.c.file_hash == batch.file_hash)
        return connection.execute(query).first() is not None

    def _insert(self, connection: sa.Connection, batch: Batch, stamp: int, written: list[Path]) -> None:
        """Write one file, its records and rejected cells, and its readings."""
        row = {"file_hash": batch.file_hash, "file": batch.file, "known": stamp}
        connection.execute(sa.insert(self._files), row)
        for name, table in self._tables.items():
            given = batch.rows(name)
            if given is not None and not given.is_empty():
                connection.execute(sa.insert(table), _rows(given, stamp))
        for day, path in self._write_readings(batch, written):
            place = path.relative_to(self.folder).as_posix()
            connection.execute(sa.insert(self._parts), {"path": place, "day": day, "known": stamp})

    def _write_readings(self, batch: Batch, written: list[Path]) -> Iterator[tuple[str, Path]]:
        """One Parquet file a UTC day, sorted by tag and time, under a name that nothing else has."""
        if batch.readings.is_empty():
            return
        days = batch.readings.with_columns(day=pl.col("ts").dt.date()).partition_by("day", as_dict=True)
        for (day,), rows in days.items():
            folder = self.folder / "readings" / str(day)
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{batch.file_hash[:16]}-{uuid4().hex[:8]}.parquet"
            written.append(path)
            write_readings(rows.drop("day"), path)
            yield str(day), path

    def _read_readings(self, period: Period | None, known: datetime | None) -> pl.DataFrame:
        """Readings of the period; of two for one tag and moment the one that became known last."""
        query = sa.select(self._parts.c.path).order_by(self._parts.c.id)
        if known is not None:
            query = query.where(self._parts.c.known <= _micros(known))
        if period is not None:
            first, last = (str(moment.astimezone(UTC).date()) for moment in (period.start, period.end))
            query = query.where(self._parts.c.day >= first, self._parts.c.day <= last)
        paths = [self.folder / row.path for row in self._rows(query)]
        if not paths:
            return frame("readings")
        try:
            data = pl.concat([pl.read_parquet(one).cast(schema("readings")) for one in paths])  # type: ignore[arg-type]
        except OSError as error:
            raise StoreError(
                "the store in '{folder}' cannot be read: {problem}", folder=str(self.folder), problem=refusal(error)
            ) from error
        if period is not None:
            data = data.filter(pl.col("ts").is_between(*period.instants, closed="left"))
        return last_readings(data)


def _write_ahead(connection: sa.Connection) -> None:
    """Turn the write-ahead log on; SQLite does not wait by itself while another process does the same."""
    for left in reversed(range(200)):
        try:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        except sa.exc.OperationalError:
            if left == 0:
                raise
            sleep(0.05)
        else:
            return


def write_readings(rows: pl.DataFrame, path: Path) -> None:
    """Write readings as Parquet: sorted, times delta-coded, tags as a dictionary."""
    table = rows.sort("tag", "ts").to_arrow()
    pq.write_table(
        table,
        path,
        compression="NONE",
        use_dictionary=["tag", "value", "quality"],
        column_encoding={"ts": "DELTA_BINARY_PACKED"},
    )
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sql_table(name: str, meta: sa.MetaData) -> sa.Table:
    """SQL table with the declared columns of a Zveno table; instants as microseconds."""
    columns: list[sa.Column[Any]] = [sa.Column("id", sa.Integer, primary_key=True, autoincrement=True)]
    for column, dtype in schema(name).items():
        whole = column in _TEMPORAL or dtype == pl.Int64
        kind: Any = (
            sa.Float if dtype == pl.Float64 else sa.BigInteger if whole else sa.Date if dtype == pl.Date else sa.String
        )
        columns.append(sa.Column(column, kind, index=column in ("point", "start")))
    return sa.Table(name, meta, *columns)


def _rows(table: pl.DataFrame, stamp: int) -> list[dict[str, Any]]:
    """Rows for SQL: instants as microseconds, the moment they became known."""
    instants = [name for name in _TEMPORAL if name in table.columns]
    plain = table.with_columns(pl.col(name).dt.epoch("us") for name in instants)
    return plain.with_columns(known=pl.lit(stamp)).to_dicts()


def _micros(moment: datetime) -> int:
    """Microseconds since 1970 UTC."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
