"""Statements of SQL over readings, run where they are asked for: in DuckDB within this process, or on a PostgreSQL.

Everything that they make belongs to the connection and is gone with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from zveno.errors import DataError, StoreError

DUCKDB = "duckdb"
_COLUMNS = "(tag TEXT, ts BIGINT, value FLOAT8, quality BIGINT)"
_WORK_MEM_MB = 256
_ROWS_A_TIME = 200_000


def engine_of(place: str) -> str:
    """The kind of database that a place means: ``duckdb``, or the address of a PostgreSQL.

    Raises
    ------
    DataError
        If it is neither.

    Examples
    --------
    >>> engine_of("duckdb"), engine_of("postgresql://auditor@server/plant")
    ('duckdb', 'postgresql')
    """
    if place == DUCKDB:
        return DUCKDB
    if place.partition("://")[0] in ("postgresql", "postgres") and "://" in place:
        return "postgresql"
    raise DataError(
        "'{place}' is no database: write duckdb, or the address of a PostgreSQL such as "
        "postgresql://USER@HOST/DATABASE",
        place=place,
    )


def answered(
    place: str, statements: Sequence[str], answer: str, readings: pl.DataFrame, table: str
) -> list[tuple[Any, ...]]:
    """Rows of an answer after statements over a table of readings: tag, ts (microseconds), value, quality.

    Raises
    ------
    StoreError
        If a driver is not installed, a server cannot be reached, or a database refuses a statement.
    DataError
        If the place is no database.
    """
    given = readings.select(
        pl.col("tag").cast(pl.String),
        pl.col("ts").dt.cast_time_unit("us").to_physical().alias("ts"),
        pl.col("value").cast(pl.Float64),
        pl.col("quality").cast(pl.Int64),
    ).filter(pl.col("ts").is_not_null())
    run = _on_duckdb if engine_of(place) == DUCKDB else _on_postgres
    return run(place, statements, answer, given, table)


def _on_duckdb(
    place: str, statements: Sequence[str], answer: str, given: pl.DataFrame, table: str
) -> list[tuple[Any, ...]]:
    """In this process, one thread, nothing on disk."""
    del place
    try:
        import duckdb  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise StoreError(
            "the check by DuckDB needs the package duckdb, which is not installed: pip install 'zveno[sql]'"
        ) from error
    with duckdb.connect() as connection:
        connection.execute("SET threads TO 1")
        connection.register(table, given.to_arrow())
        try:
            for one in statements:
                connection.execute(one)
            return connection.execute(answer).fetchall()
        except duckdb.Error as error:
            raise StoreError("the database refuses: {reason}", reason=_first_line(error)) from error


def _on_postgres(
    place: str, statements: Sequence[str], answer: str, given: pl.DataFrame, table: str
) -> list[tuple[Any, ...]]:
    """In one transaction that is rolled back."""
    try:
        import psycopg  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise StoreError(
            "the check by PostgreSQL needs the driver psycopg, which is not installed: pip install 'zveno[pg]'"
        ) from error
    try:
        with psycopg.connect(place) as connection, connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL work_mem = '{_WORK_MEM_MB}MB'")
            cursor.execute(f"CREATE TEMP TABLE {table} {_COLUMNS}")
            with cursor.copy(f"COPY {table} FROM STDIN (FORMAT csv)") as copy:
                for part in given.iter_slices(_ROWS_A_TIME):
                    copy.write(part.write_csv(include_header=False))
            cursor.execute(f"ANALYZE {table}")
            for one in statements:
                cursor.execute(one)
            rows = cursor.execute(answer).fetchall()
            connection.rollback()
            return rows
    except psycopg.Error as error:
        raise StoreError("the database refuses: {reason}", reason=_first_line(error)) from error


def _first_line(error: Exception) -> str:
    """What a database says, without the statement that it adds."""
    return str(error).strip().partition("\n")[0]
