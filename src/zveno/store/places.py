"""Which store a place means."""

from __future__ import annotations

from pathlib import Path

from zveno.errors import StoreError
from zveno.store.embedded import EmbeddedStore
from zveno.store.postgres import PostgresStore
from zveno.store.relational import RelationalStore


def open_store(place: Path | str) -> RelationalStore:
    """The store at a place: a folder, or ``postgresql://USER@HOST/DATABASE?readings=FOLDER``.

    Nothing is made or asked until something is kept or read.

    Raises
    ------
    StoreError
        If it is the address of something else, or cannot be understood.

    Examples
    --------
    >>> open_store("month/store").database.place
    'month/store'
    >>> open_store("postgresql://ledger:secret@server/plant?readings=/srv/readings").database.place
    'postgresql://ledger@server/plant'
    """
    scheme, colon, _ = str(place).partition("://")
    if isinstance(place, Path) or not colon:
        return EmbeddedStore(Path(place))
    if scheme in ("postgresql", "postgres"):
        return PostgresStore(str(place))
    raise StoreError(
        "'{scheme}' is no kind of store: give a folder, or postgresql://USER@HOST/DATABASE?readings=FOLDER",
        scheme=scheme,
    )
