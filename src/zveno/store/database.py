"""What a database must bring to hold a store, and its transactions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from zveno.errors import Fault, Phrase, StoreError, refusal

PATIENCE_MS = 60_000
"""How long a writer waits for another."""
_OUT_OF_PATIENCE = ("database is locked", "due to lock timeout")


class Database(Protocol):
    """One engine: how to reach it, how its writers take turns, how it refuses changes of what is kept."""

    @property
    def place(self) -> str:
        """Where the store is, as messages name it; never with a password."""
        ...

    @property
    def folder(self) -> Path:
        """Folder that holds the Parquet files of readings."""
        ...

    @property
    def apart(self) -> bool:
        """Whether that folder is somewhere else than the database, so that one can be reached without the other."""
        ...

    def exists(self) -> bool:
        """Whether there is something to connect to."""
        ...

    def prepare(self) -> None:
        """Make what must be there before the first transaction."""
        ...

    def connection(self) -> AbstractContextManager[sa.Connection]:
        """A connection that begins no transaction by itself."""
        ...

    def begin(self, connection: sa.Connection) -> None:
        """Begin a transaction as the only writer; wait for others."""
        ...

    def guard(self, table: str) -> Sequence[str]:
        """Statements that make the database refuse every change of rows of a table, and their removal."""
        ...

    def unguarded(self, connection: sa.Connection, tables: Sequence[str]) -> list[str]:
        """Tables of which the database does not refuse all changes."""
        ...

    def damage(self, connection: sa.Connection) -> Sequence[Fault]:
        """What the database itself finds wrong with its files."""
        ...


@contextmanager
def writing(database: Database) -> Iterator[sa.Connection]:
    """A transaction of the only writer: all of it is kept or nothing.

    Raises
    ------
    StoreError
        If the database did not confirm the end, so that it cannot be known which of the two it was.
    """
    with database.connection() as connection:
        database.begin(connection)
        try:
            yield connection
        except BaseException:
            with suppress(sa.exc.DBAPIError):  # a lost connection has no transaction any more
                connection.exec_driver_sql("ROLLBACK")
            raise
        try:
            connection.exec_driver_sql("COMMIT")
        except sa.exc.DBAPIError as error:
            with suppress(sa.exc.DBAPIError):
                connection.exec_driver_sql("ROLLBACK")
            raise StoreError(
                "the store in '{place}' did not confirm that all was kept: {problem}. Do it once more; what was kept "
                "is not kept twice",
                place=database.place,
                problem=reason(error),
            ) from error


def reason(error: OSError | sa.exc.SQLAlchemyError) -> object:
    """Why a database or a file refused, in one line and without parameters."""
    if isinstance(error, OSError):
        return refusal(error)
    words = " ".join(str(getattr(error, "orig", None) or error).split())
    if any(one in words for one in _OUT_OF_PATIENCE):
        return Phrase("another program has been writing to it for more than a minute: try again later")
    return words
