"""The embedded store: SQLite for records and ledger, one Parquet file a day and source for readings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from time import sleep

import sqlalchemy as sa

from zveno.errors import Fault, fault
from zveno.store.database import PATIENCE_MS
from zveno.store.relational import RelationalStore


class EmbeddedStore(RelationalStore):
    """A folder with ``records.sqlite`` and ``readings/DAY/SOURCE.parquet``; writers wait for each other.

    A Parquet file counts only when ``records.sqlite`` names it, so that a write that was cut off leaves nothing
    behind that could be read.

    Parameters
    ----------
    folder
        Where the store lies; made when the first batch is kept.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(Sqlite(folder))


class Sqlite:
    """SQLite in the safe mode: patient, write-ahead log, full synchronisation, one writer at a time.

    Parameters
    ----------
    folder
        Folder of the store.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def place(self) -> str:
        """The folder."""
        return str(self.folder)

    @property
    def path(self) -> Path:
        """The database file."""
        return self.folder / "records.sqlite"

    @property
    def apart(self) -> bool:
        """The readings lie beside the database."""
        return False

    def exists(self) -> bool:
        """Whether the file is there."""
        return self.path.is_file()

    def prepare(self) -> None:
        """Make the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)

    @cached_property
    def _engine(self) -> sa.Engine:
        return sa.create_engine(
            f"sqlite:///{self.path}", poolclass=sa.pool.NullPool, isolation_level="AUTOCOMMIT", hide_parameters=True
        )

    @contextmanager
    def connection(self) -> Iterator[sa.Connection]:
        """A connection that begins no transaction by itself."""
        with self._engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={PATIENCE_MS}")
            _write_ahead(connection)
            connection.exec_driver_sql("PRAGMA synchronous=FULL")
            yield connection

    def begin(self, connection: sa.Connection) -> None:
        """Take the turn of the writer at once, not at the first change."""
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def guard(self, table: str) -> Sequence[str]:
        """Triggers; REPLACE removes rows without asking them, so an insertion over a kept row is refused too."""
        key = {"files": "file_hash", "layout": "version"}.get(table, "id")
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table}: what is kept is never changed or removed'); END"
        return (
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}",
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}",
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key}) {refuse}",
        )

    def unguarded(self, connection: sa.Connection, tables: Sequence[str]) -> list[str]:
        """Tables that lack one of the triggers, or have it in other words."""
        found = set(connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'trigger'").scalars())
        return [table for table in tables if not found.issuperset(self.guard(table))]

    def damage(self, connection: sa.Connection) -> Sequence[Fault]:
        """What SQLite finds when it reads the whole file."""
        lines = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
        return [fault("the database is damaged: {problem}", self.place, problem=one) for one in lines if one != "ok"]


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
