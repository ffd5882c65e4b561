"""The tables of a store, once for every database, and how rows go in and out of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import sqlalchemy as sa

from zveno.store.entries import Entry
from zveno.store.protocol import KEPT, storable
from zveno.tables import frame, schema

INSTANTS = ("start", "end", "known")
"""Columns that hold microseconds since 1970 UTC."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite numbers rows by itself in this type only
_INDEXED = {
    "records": ("point", "start"),
    "mapped_cells": ("point", "start"),
    "ledger": ("kind", "subject", "log_number", "known"),
}

META = sa.MetaData()


def _column(table: str, name: str, dtype: Any) -> sa.Column[Any]:
    """A declared column in SQL."""
    kind: Any = sa.String
    if name in INSTANTS or dtype == pl.Int64:
        kind = sa.BigInteger
    elif dtype == pl.Float64:
        kind = sa.Float
    elif dtype == pl.Date:
        kind = sa.Date
    return sa.Column(name, kind, index=name in _INDEXED.get(table, ()))


def _numbered(name: str) -> sa.Table:
    """A table of Zveno with a number for each row, in the order of their keeping."""
    columns = [_column(name, one, dtype) for one, dtype in schema(name).items() if one != "id"]
    return sa.Table(name, META, sa.Column("id", _NUMBER, primary_key=True, autoincrement=True), *columns)


SOURCES = {name: _numbered(name) for name in KEPT}
"""Tables filled from files."""
LEDGER = _numbered("ledger")

FILES = sa.Table(
    "files",
    META,
    sa.Column("file_hash", sa.String(64), primary_key=True),
    sa.Column("file", sa.String, nullable=False),
    sa.Column("known", sa.BigInteger, nullable=False, index=True),
)
"""Source files that were kept."""

READING_FILES = sa.Table(
    "reading_files",
    META,
    sa.Column("id", _NUMBER, primary_key=True, autoincrement=True),
    sa.Column("path", sa.String, nullable=False),
    sa.Column("day", sa.String(10), nullable=False, index=True),
    sa.Column("known", sa.BigInteger, nullable=False),
    sa.Column("file_hash", sa.String(64)),
    sa.Column("content_hash", sa.String(64)),
)
"""Parquet files that count, with the hash of the file they came from and that of their own bytes."""

LAYOUT = sa.Table(
    "layout",
    META,
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("store_id", sa.String(32), nullable=False),
    sa.Column("known", sa.BigInteger, nullable=False),
)
"""Versions of the layout that the store has gone through; the highest one is in force."""

GUARDED = tuple(sorted(META.tables))
"""Tables in which no row is ever changed or removed: all of them."""


def micros(moment: datetime) -> int:
    """Microseconds since 1970 UTC."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment(value: int) -> datetime:
    """The instant of such a number."""
    return _EPOCH + timedelta(microseconds=value)


def to_sql(tables: Sequence[pl.DataFrame], stamp: int) -> list[dict[str, Any]]:
    """Rows of several tables of one kind for SQL: instants as microseconds, the moment they became known."""
    if not tables:
        return []
    table = pl.concat(tables)
    instants = [name for name in INSTANTS if name in table.columns]
    plain = storable(table).with_columns(pl.col(name).dt.epoch("us") for name in instants)
    return plain.with_columns(known=pl.lit(stamp)).to_dicts()


def from_sql(name: str, rows: Sequence[sa.Row[Any]]) -> pl.DataFrame:
    """Rows of SQL as the table of Zveno."""
    data = {column: [row._mapping[column] for row in rows] for column in schema(name)}
    integers = {one: pl.Int64 if one in INSTANTS else dtype for one, dtype in schema(name).items()}
    return frame(name, pl.DataFrame(data, schema=integers))


def entry_to_sql(entry: Entry, text: str) -> dict[str, Any]:
    """An entry of the ledger as a row; ``text`` is its canonical body."""
    row = {name: getattr(entry, name) for name in schema("ledger")}
    return {**row, "body": text, "known": micros(entry.known)}


def to_plain(value: Any) -> Any:
    """A value to look for as SQL holds it."""
    return micros(value) if isinstance(value, datetime) else value


def matching(table: sa.Table, key: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    """Conditions that the columns have these values."""
    return [table.c[name].is_(None) if one is None else table.c[name] == to_plain(one) for name, one in key.items()]
