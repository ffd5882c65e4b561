"""Is a store whole: does the database refuse changes, are files and entries what was kept, what lies about."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from zveno.errors import Fault, StoreError, fault
from zveno.store.database import reason, writing
from zveno.store.entries import body_hash
from zveno.store.layout import FILES, GUARDED, LEDGER, READING_FILES
from zveno.store.migrations import layout_of
from zveno.store.readings import orphans, take_away
from zveno.store.relational import RelationalStore


@dataclass(frozen=True)
class StoreCheck:
    """What a check of a store found.

    Parameters
    ----------
    place
        Where the store is; never with a password.
    layout
        Version of its layout; 0 = nothing was kept yet.
    files, reading_files, entries
        How many source files, Parquet files and entries of the ledger there are.
    faults
        What is not as it was kept.
    orphans
        Files of writes that were cut off: nothing names or reads them.
    removed
        Whether the orphans were removed.
    """

    place: str
    layout: int
    files: int
    reading_files: int
    entries: int
    faults: tuple[Fault, ...]
    orphans: tuple[Path, ...]
    removed: bool


def check_store(store: RelationalStore, *, remove_orphans: bool = False) -> StoreCheck:
    """Read everything that a store holds and compare it with the hashes it was kept with.

    Writers wait meanwhile, so that a file of a write that is under way is no orphan.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    database = store.database
    if store.empty():
        return StoreCheck(database.place, 0, 0, 0, 0, (), (), removed=False)
    try:
        with writing(database) as connection:
            named = connection.execute(sa.select(READING_FILES)).all()
            lost = orphans(store.folder, (row.path for row in named))
            faults = [
                *database.damage(connection),
                *(
                    fault("the table '{table}' is not guarded against changes", database.place, table=one)
                    for one in database.unguarded(connection, GUARDED)
                ),
                *(one for row in named for one in _of_file(store.folder, row.path, row.content_hash)),
                *_of_entries(connection, database.place),
            ]
            if remove_orphans:
                take_away(lost)
            counts = [
                connection.execute(sa.select(sa.func.count()).select_from(one)).scalar_one() for one in (FILES, LEDGER)
            ]
            layout = layout_of(connection, database.place)
    except (OSError, sa.exc.SQLAlchemyError) as error:
        raise StoreError(
            "the store in '{folder}' cannot be read: {problem}", folder=database.place, problem=reason(error)
        ) from error
    return StoreCheck(
        database.place, layout, counts[0], len(named), counts[1], tuple(faults), tuple(lost), removed=remove_orphans
    )


def _of_file(folder: Path, path: str, content_hash: str | None) -> Iterator[Fault]:
    """What is wrong with one Parquet file."""
    try:
        content = (folder / path).read_bytes()
    except OSError as error:
        yield fault("the file of readings cannot be read: {problem}", path, problem=reason(error))
        return
    if content_hash is None:
        yield fault("the file of readings was missing when its hash should have been taken", path)
    elif hashlib.sha256(content).hexdigest() != content_hash:
        yield fault("the file of readings is not the one that was kept: bring it back", path)


def _of_entries(connection: sa.Connection, place: str) -> Iterator[Fault]:
    """Entries that were altered, and numbers that are missing."""
    expected = 0
    for row in connection.execute(sa.select(LEDGER).order_by(LEDGER.c.id)):
        expected += 1
        if row.id != expected:
            yield fault("entry {number} of the ledger is missing", place, number=expected)
            expected = row.id
        if body_hash(row.body) != row.body_hash:
            yield fault("entry {number} of the ledger was altered", place, number=row.id)
