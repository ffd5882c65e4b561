"""Layouts of stores: the one in force, and the way to it from each earlier one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.schema import CreateColumn

from zveno.errors import StoreError
from zveno.store.database import Database
from zveno.store.layout import FILES, GUARDED, LAYOUT, LEDGER, META, READING_FILES, SOURCES, micros

VERSION = 3
"""Layout that this program writes.

1 = records and files of readings; 2 = ledger, hashes, rows that never change; 3 = cells and files that mappings read.
"""


def layout_of(connection: sa.Connection, place: str) -> int:
    """Version of the layout that is there; 0 where there is no store yet.

    Raises
    ------
    StoreError
        If a newer version of the program wrote it.
    """
    tables = set(sa.inspect(connection).get_table_names())
    if LAYOUT.name not in tables:
        return 1 if FILES.name in tables else 0
    found = connection.execute(sa.select(sa.func.max(LAYOUT.c.version))).scalar() or 0
    if found > VERSION:
        raise StoreError(
            "the store in '{place}' was written by a newer version of Zveno (layout {found}; this one knows layouts up "
            "to {known}): update Zveno",
            place=place,
            found=found,
            known=VERSION,
        )
    return int(found)


def bring_up(connection: sa.Connection, database: Database) -> None:
    """Make the tables, or take them from the layout they have to the one in force, inside a transaction."""
    found = layout_of(connection, database.place)
    if found == 0:
        META.create_all(connection)
    for version in range(found, VERSION) if found else ():
        _STEPS[version](connection, database.folder)
    if found != VERSION:
        for table in GUARDED:
            if table in database.unguarded(connection, GUARDED):
                for statement in database.guard(table):
                    connection.exec_driver_sql(statement)
        row = {"version": VERSION, "store_id": _store_id(connection), "known": micros(datetime.now(UTC))}
        connection.execute(sa.insert(LAYOUT), row)


def store_id(connection: sa.Connection) -> str:
    """What tells this store from all others."""
    return str(connection.execute(sa.select(LAYOUT.c.store_id).order_by(LAYOUT.c.version).limit(1)).scalar_one())


def _store_id(connection: sa.Connection) -> str:
    """The name it has had since it was made, or a new one."""
    return connection.execute(sa.select(LAYOUT.c.store_id)).scalar() or uuid4().hex


def _from_1(connection: sa.Connection, folder: Path) -> None:
    """Ledger, layout, and for each file of readings the hashes of its source and of its bytes."""
    for column in (READING_FILES.c.file_hash, READING_FILES.c.content_hash):
        words = CreateColumn(column).compile(dialect=connection.dialect)
        connection.exec_driver_sql(f"ALTER TABLE {READING_FILES.name} ADD COLUMN {words}")
    sources = {one[:16]: one for one in connection.execute(sa.select(FILES.c.file_hash)).scalars()}
    for row in connection.execute(sa.select(READING_FILES.c.id, READING_FILES.c.path)).all():
        path = folder / row.path
        hashes = {
            "file_hash": sources.get(path.name[:16]),
            "content_hash": hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None,
        }
        connection.execute(sa.update(READING_FILES).where(READING_FILES.c.id == row.id).values(hashes))
    for index in FILES.indexes:
        index.create(connection)
    META.create_all(connection, tables=[LEDGER, LAYOUT])


def _from_2(connection: sa.Connection, folder: Path) -> None:  # noqa: ARG001
    """Tables of the cells and files that mappings read; what is there stays as it is."""
    META.create_all(connection, tables=[SOURCES["mapped_cells"], SOURCES["mapped_files"]])


_STEPS: dict[int, Callable[[sa.Connection, Path], None]] = {1: _from_1, 2: _from_2}
