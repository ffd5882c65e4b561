"""The store on a PostgreSQL server: the same tables there, the readings in a folder that all its users share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from zveno.errors import Fault, Phrase, StoreError, fault
from zveno.store.database import PATIENCE_MS
from zveno.store.relational import RelationalStore

_TURN = 0x7A76656E  # "zven": all writers of one schema wait for the same lock
_GUARDS = (
    ("no_update", "UPDATE", "ROW"),
    ("no_delete", "DELETE", "ROW"),
    ("no_truncate", "TRUNCATE", "STATEMENT"),
)
_FUNCTION = """\
CREATE OR REPLACE FUNCTION zveno_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ': what is kept is never changed or removed'; END $$"""


class PostgresStore(RelationalStore):
    """A schema of a PostgreSQL database and a folder of Parquet files; writers wait for each other.

    Parameters
    ----------
    address
        ``postgresql://USER@HOST/DATABASE?readings=FOLDER``; also ``&schema=NAME`` and whatever else the PostgreSQL
        client understands, such as ``sslmode``. A password is better kept in ``~/.pgpass`` or ``PGPASSWORD``.

    Raises
    ------
    StoreError
        If the address cannot be understood or names no folder for the readings, or the driver is not installed.
    """

    def __init__(self, address: str) -> None:
        super().__init__(Postgres(address))


class Postgres:
    """PostgreSQL with an advisory lock as the turn of the writer, and triggers that refuse changes.

    Parameters
    ----------
    address
        As of the store.
    """

    def __init__(self, address: str) -> None:
        url = _understood(address)
        query = dict(url.query)
        folder, schema = query.pop("readings", ""), query.pop("schema", "")
        if not (isinstance(folder, str) and folder and isinstance(schema, str)):
            raise StoreError(
                "the address of the store names no folder for the readings: add ?readings=FOLDER, a folder that all "
                "who use the store can reach"
            )
        self.folder = Path(folder).expanduser()
        self.schema = schema
        self._url = url.set(drivername="postgresql+psycopg", query=query)

    @property
    def place(self) -> str:
        """The address without password and options."""
        url = self._url
        shown = sa.URL.create("postgresql", url.username, None, url.host, url.port, url.database).render_as_string()
        return f"{shown}, {self.schema}" if self.schema else shown

    def __repr__(self) -> str:
        """Without the password."""
        return f"Postgres({self.place!r})"

    @property
    def apart(self) -> bool:
        """The readings are in a folder that may be missing where the server is reached."""
        return True

    def exists(self) -> bool:
        """A server is there or the first question to it says why not."""
        return True

    def prepare(self) -> None:
        """Make the schema; refuse a database that cannot hold every letter."""
        with self.connection() as connection:
            encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
            if encoding != "UTF8":
                raise StoreError(
                    "the database '{place}' keeps text as {encoding}, which lacks letters: make it with the encoding "
                    "UTF8",
                    place=self.place,
                    encoding=encoding,
                )
            if self.schema and not sa.inspect(connection).has_schema(self.schema):
                self._make_schema(connection)

    def _make_schema(self, connection: sa.Connection) -> None:
        """Of several who make it at once each waits for the one before."""
        connection.exec_driver_sql("BEGIN")
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_TURN, 0)))
        connection.execute(sa.schema.CreateSchema(self.schema, if_not_exists=True))
        connection.exec_driver_sql("COMMIT")

    @cached_property
    def _engine(self) -> sa.Engine:
        try:
            engine = sa.create_engine(
                self._url,
                isolation_level="AUTOCOMMIT",
                hide_parameters=True,
                pool_pre_ping=True,
                connect_args={"client_encoding": "utf8"},
            )
        except ModuleNotFoundError as error:
            raise StoreError(
                "a store on PostgreSQL needs the driver psycopg, which is not installed: pip install 'zveno[pg]'"
            ) from error
        sa.event.listen(engine, "connect", self._set_up)
        return engine

    def _set_up(self, connection: Any, _: object) -> None:
        """What every connection is told once."""
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = {PATIENCE_MS}")
            cursor.execute("SET synchronous_commit = on")
            if self.schema:
                quoted = self.schema.replace('"', '""')
                cursor.execute(f'SET search_path = "{quoted}"')

    @contextmanager
    def connection(self) -> Iterator[sa.Connection]:
        """A connection that begins no transaction by itself."""
        with self._engine.connect() as connection:
            yield connection

    def begin(self, connection: sa.Connection) -> None:
        """Wait for the turn of the writer; the lock ends with the transaction, or with the connection."""
        connection.exec_driver_sql("BEGIN ISOLATION LEVEL READ COMMITTED")
        turn = sa.func.pg_advisory_xact_lock(_TURN, sa.func.hashtext(sa.func.current_schema()))
        connection.execute(sa.select(turn))

    def guard(self, table: str) -> Sequence[str]:
        """Triggers that hold in replicas and for the owner of the table, too."""
        found = [_FUNCTION]
        for name, event, each in _GUARDS:
            found += [
                f"CREATE TRIGGER {table}_{name} BEFORE {event} ON {table} FOR EACH {each} "
                "EXECUTE FUNCTION zveno_refuse_change()",
                f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{name}",
            ]
        return found

    def unguarded(self, connection: sa.Connection, tables: Sequence[str]) -> list[str]:
        """Tables that lack one of the triggers, or have it switched off."""
        rows = connection.exec_driver_sql(
            "SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid "
            "WHERE c.relnamespace = current_schema()::regnamespace AND t.tgenabled = 'A' "
            "AND p.proname = 'zveno_refuse_change'"
        )
        found = set(rows.scalars())
        return [table for table in tables if not found.issuperset(f"{table}_{name}" for name, *_ in _GUARDS)]

    def damage(self, connection: sa.Connection) -> Sequence[Fault]:
        """Pages that the server found altered, where it keeps check sums."""
        count = connection.exec_driver_sql(
            "SELECT checksum_failures FROM pg_stat_database WHERE datname = current_database()"
        ).scalar()
        problem = Phrase("pages with a wrong check sum: {count}", {"count": count})
        return (fault("the database is damaged: {problem}", self.place, problem=problem),) if count else ()


def _understood(address: str) -> sa.URL:
    """The parts of an address; the address itself, which may hold a password, is in no message."""
    try:
        url = sa.make_url(address)
    except (sa.exc.ArgumentError, ValueError):
        url = None
    if url is None or url.drivername not in ("postgresql", "postgres") or not url.database:
        raise StoreError(
            "the address of the store cannot be understood: write postgresql://USER@HOST/DATABASE?readings=FOLDER"
        )
    return url
