"""A store as it was known at a moment: nothing that came later is in it, and nothing can be kept in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn

import polars as pl

from zveno.errors import StoreError
from zveno.periods import Period
from zveno.store.entries import Entry, NewEntry
from zveno.store.protocol import Batch, Known, Store


class AsKnown:
    """Reads another store as it was known at a moment.

    Parameters
    ----------
    store
        The store.
    cut
        The moment (aware).
    """

    def __init__(self, store: Store, cut: datetime) -> None:
        self._store = store
        self.cut = cut
        self._seen: dict[tuple[str, Period | None, datetime], pl.DataFrame] = {}

    def append(self, batches: Sequence[Batch], known: Known) -> NoReturn:  # noqa: ARG002
        """Refused: the past is not changed."""
        raise self._refused()

    def append_entries(self, entries: Sequence[NewEntry], known: Known) -> NoReturn:  # noqa: ARG002
        """Refused: the past is not changed."""
        raise self._refused()

    def _refused(self) -> StoreError:
        return StoreError("a store as it was known on {cut} takes nothing more", cut=self.cut.isoformat())

    def _at(self, known: datetime | None) -> datetime:
        return self.cut if known is None else min(known, self.cut)

    def entries(
        self, kind: str | None = None, subject: str | None = None, known: datetime | None = None
    ) -> tuple[Entry, ...]:
        """As the store does, at the latest as known at the moment."""
        return self._store.entries(kind, subject, self._at(known))

    def read(self, table: str, period: Period | None = None, known: datetime | None = None) -> pl.DataFrame:
        """As the store does, at the latest as known at the moment; the past does not change, so it is read once."""
        asked = (table, period, self._at(known))
        if table == "readings":  # too many to be held for longer than they are used
            return self._store.read(*asked)
        if asked not in self._seen:
            self._seen[asked] = self._store.read(*asked)
        return self._seen[asked]

    def versions(self, table: str, key: Mapping[str, Any]) -> pl.DataFrame:
        """Those that were known at the moment."""
        found = self._store.versions(table, key)
        return found.filter(pl.col("known") <= self.cut) if "known" in found.columns else found

    def has(self, file_hash: str) -> bool:
        """Whether the store ever kept a file with this content."""
        return self._store.has(file_hash)

    def tables(self) -> tuple[str, ...]:
        """Names of the tables that can be read."""
        return self._store.tables()
