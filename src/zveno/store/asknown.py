"""A store as it was known at a moment: nothing that came later is in it, and nothing can be kept in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from zveno.errors import StoreError
from zveno.periods import Period
from zveno.store.protocol import Batch, Store


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

    def append(self, batches: Sequence[Batch], known: datetime) -> int:  # noqa: ARG002
        """Refused: the past is not changed."""
        raise StoreError("a store as it was known on {cut} takes nothing more", cut=self.cut.isoformat())

    def read(self, table: str, period: Period | None = None, known: datetime | None = None) -> pl.DataFrame:
        """As the store does, at the latest as known at the moment."""
        return self._store.read(table, period, self.cut if known is None else min(known, self.cut))

    def has(self, file_hash: str) -> bool:
        """Whether the store ever kept a file with this content."""
        return self._store.has(file_hash)

    def tables(self) -> tuple[str, ...]:
        """Names of the tables that can be read."""
        return self._store.tables()
