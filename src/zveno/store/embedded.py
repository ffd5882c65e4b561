"""The embedded store: SQLite for records, one Parquet file a day and source for readings."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import sqlalchemy as sa

from zveno.errors import StoreError
from zveno.periods import Period
from zveno.store.protocol import RECORD_KEY, Batch
from zveno.tables import frame, schema

_TEMPORAL = ("start", "end", "known")


class EmbeddedStore:
    """A folder with ``records.sqlite`` and ``readings/DAY/SOURCE.parquet``; one writer at a time.

    Parameters
    ----------
    folder
        Where the store lies; made when the first batch is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._meta = sa.MetaData()
        self._tables = {name: _sql_table(name, self._meta) for name in ("records", "rejected")}
        self._files = sa.Table(
            "files",
            self._meta,
            sa.Column("file_hash", sa.String(64), primary_key=True),
            sa.Column("file", sa.String, nullable=False),
            sa.Column("known", sa.BigInteger, nullable=False),
        )

    def tables(self) -> tuple[str, ...]:
        """Names of the tables that can be read."""
        return (*self._tables, "readings")

    def has(self, file_hash: str) -> bool:
        """Whether a file with this content was kept before."""
        if not self._path.is_file():
            return False
        with self._connection() as connection:
            query = sa.select(self._files.c.file).where(self._files.c.file_hash == file_hash)
            return connection.execute(query).first() is not None

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
        new = [batch for batch in unique.values() if not self.has(batch.file_hash)]
        if not new:
            return 0
        stamp = _micros(known)
        written: list[Path] = []
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for batch in new:
                written += self._write_readings(batch)
            with self._connection() as connection:
                self._meta.create_all(connection)
                self._insert(connection, new, stamp)
                connection.commit()
        except (OSError, sa.exc.SQLAlchemyError) as error:
            for path in written:
                path.unlink(missing_ok=True)
            raise StoreError(
                "the store in '{folder}' could not be written, nothing was kept: {problem}",
                folder=str(self.folder),
                problem=str(error),
            ) from error
        return len(new)

    def read(self, table: str, period: Period | None = None, known: datetime | None = None) -> pl.DataFrame:
        """Rows of a table that overlap the period.

        Of several versions of a record (a corrected file) the last one known at ``known`` is given.
        """
        if table == "readings":
            return self._read_readings(period)
        if not self._path.is_file():
            return frame(table)
        source = self._tables[table]
        query = sa.select(source).order_by(source.c.id)
        if known is not None:
            query = query.where(source.c.known <= _micros(known))
        if period is not None and "start" in source.c:
            query = query.where(source.c.start < _micros(period.end), source.c.end > _micros(period.start))
        with self._connection() as connection:
            rows = connection.execute(query).all()
        names = list(schema(table))
        data = {name: [row._mapping[name] for row in rows] for name in names}
        integers = {name: pl.Int64 if name in _TEMPORAL else dtype for name, dtype in schema(table).items()}
        result = frame(table, pl.DataFrame(data, schema=integers))
        if table == "records":
            result = result.unique(RECORD_KEY, keep="last", maintain_order=True)
        return result

    @property
    def _path(self) -> Path:
        return self.folder / "records.sqlite"

    @contextmanager
    def _connection(self) -> Iterator[sa.Connection]:
        """A connection in the safe mode: write-ahead log, full synchronisation, patient."""
        engine = sa.create_engine(f"sqlite:///{self._path}", poolclass=sa.pool.NullPool)
        try:
            with engine.connect() as connection:
                for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
                    connection.exec_driver_sql(f"PRAGMA {pragma}")
                connection.commit()
                yield connection
        except sa.exc.DatabaseError as error:
            raise StoreError(
                "the store in '{folder}' cannot be read: {problem}", folder=str(self.folder), problem=str(error.orig)
            ) from error
        finally:
            engine.dispose()

    def _insert(self, connection: sa.Connection, batches: Sequence[Batch], stamp: int) -> None:
        """Write files, records and rejected cells."""
        for batch in batches:
            row = {"file_hash": batch.file_hash, "file": batch.file, "known": stamp}
            connection.execute(sa.insert(self._files), row)
            for name in ("records", "rejected"):
                rows = _rows(getattr(batch, name), stamp)
                if rows:
                    connection.execute(sa.insert(self._tables[name]), rows)

    def _write_readings(self, batch: Batch) -> list[Path]:
        """One Parquet file a UTC day, sorted by tag and time, under a temporary name first."""
        written: list[Path] = []
        if batch.readings.is_empty():
            return written
        days = batch.readings.with_columns(day=pl.col("ts").dt.date()).partition_by("day", as_dict=True)
        for (day,), rows in days.items():
            folder = self.folder / "readings" / str(day)
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{batch.file_hash[:16]}.parquet"
            temporary = path.with_suffix(".part")
            write_readings(rows.drop("day"), temporary)
            temporary.replace(path)
            written.append(path)
        return written

    def _read_readings(self, period: Period | None) -> pl.DataFrame:
        """Readings of the period; of two for one tag and moment the file written last wins."""
        paths = sorted((self.folder / "readings").glob("*/*.parquet"), key=lambda one: one.stat().st_mtime_ns)
        if period is not None:
            first, last = (moment.astimezone(UTC).date() for moment in (period.start, period.end))
            paths = [one for one in paths if first <= datetime.fromisoformat(one.parent.name).date() <= last]
        if not paths:
            return frame("readings")
        data = pl.concat([pl.read_parquet(one).cast(schema("readings")) for one in paths])  # type: ignore[arg-type]
        if period is not None:
            data = data.filter(pl.col("ts") >= period.start, pl.col("ts") < period.end)
        return data.unique(["tag", "ts"], keep="last").sort("tag", "ts")


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
        kind: Any = sa.Float if dtype == pl.Float64 else sa.BigInteger if column in _TEMPORAL else sa.String
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
