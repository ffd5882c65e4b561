"""Stores of every kind for tests, and small things to keep in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from uuid import uuid4

from tests.depth import deep
from zveno.store import Batch, NewEntry, RelationalStore, Store, open_store
from zveno.tables import frame

T0 = datetime(2026, 3, 1, 3, tzinfo=UTC)
KNOWN = datetime(2026, 4, 1, tzinfo=UTC)
LASTING = ("embedded", "postgres")
KINDS = (*LASTING, "memory")
LASTING_ABOVE = ("embedded", deep("postgres"))
KINDS_ABOVE = (*LASTING_ABOVE, "memory")
"""For what is built on a store: stores themselves are tested on both kinds in every check."""


@dataclass(frozen=True)
class Place:
    """Where stores of one kind are made; each has a place of its own."""

    kind: str
    folder: Path
    server: Callable[[], str]

    def new(self) -> str:
        """A place that holds nothing yet."""
        folder = self.folder / f"s{uuid4().hex}"
        if self.kind == "embedded":
            return str(folder)
        server = self.server()
        return f"{server}{'&' if '?' in server else '?'}schema={folder.name}&readings={folder}"

    def store(self) -> RelationalStore:
        """A store there."""
        return open_store(self.new())

    def clear(self) -> None:
        """Take away what a server holds of these stores; folders go by themselves."""
        for folder in self.folder.glob("s" + 32 * "[0-9a-f]") if self.kind == "postgres" else ():
            store = open_store(f"{self.server()}{'&' if '?' in self.server() else '?'}readings={folder}")
            with store.database.connection() as connection:
                connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {folder.name} CASCADE")


def record(value: float | None, *, hour: int = 0, point: str = "scale", file_hash: str = "a") -> dict:
    start = T0 + timedelta(hours=hour)
    return {
        "point": point, "quantity": "mass", "start": start, "end": start + timedelta(hours=12), "value": value,
        "qualifier": "", "file": "f.xlsx", "sheet": "S", "cell": "B2", "file_hash": file_hash, "known": None,
    }  # fmt: skip


def batch(file_hash: str, *values: float, tags: int = 0, entries: tuple[NewEntry, ...] = ()) -> Batch:
    rows = [record(value, hour=12 * i, file_hash=file_hash) for i, value in enumerate(values)]
    readings = frame(
        "readings",
        [{"tag": "t", "ts": T0 + timedelta(hours=i), "value": float(i), "quality": 0} for i in range(tags)],
    )
    return Batch(f"{file_hash}.xlsx", file_hash, frame("records", rows), frame("rejected"), readings, entries)


def mapped_cell(value: float | None = 5.0, *, status: str = "imported", hour: int = 0, cell: str = "B2") -> dict:
    start = T0 + timedelta(hours=hour)
    return {
        "file": "day.xlsx", "file_hash": "m", "sheet": "S", "cell": cell, "status": status, "reason": "", "role": "",
        "text": "5", "point": "scale", "quantity": "mass_wet", "start": start, "end": start + timedelta(hours=12),
        "day": start.date(), "slot": "I", "value": value, "uom": "t", "qualifier": "", "meant": None, "counts_for": "",
        "mapping": "daily", "known": None,
    }  # fmt: skip


def mapped_file(state: str = "read", imported: int = 1) -> dict:
    return {
        "file": "day.xlsx", "file_hash": "m", "content_hash": "c", "mapping": "daily", "state": state, "other": "",
        "problem": "", "imported": imported, "rejected": 0, "context": 7, "known": None,
    }  # fmt: skip


def mapped_batch(file_hash: str, cells: list[dict], files: list[dict]) -> Batch:
    """A file that a mapping read: nothing but its cells, and what became of files."""
    more = {"mapped_cells": frame("mapped_cells", cells), "mapped_files": frame("mapped_files", files)}
    return replace(batch(file_hash), more=more)


def entry(subject: str = "2026-03", after: int | None = None, person: str = "accountant", **body: object) -> NewEntry:
    return NewEntry("adjustment", subject, body, person, after)


def ticking(start: datetime = KNOWN) -> Callable[[], datetime]:
    """A clock that goes forward by a second each time it is asked."""
    seconds = count()
    return lambda: start + timedelta(seconds=next(seconds))


__all__ = [
    "KINDS",
    "KINDS_ABOVE",
    "KNOWN",
    "LASTING",
    "LASTING_ABOVE",
    "T0",
    "Place",
    "Store",
    "batch",
    "entry",
    "mapped_batch",
    "mapped_cell",
    "mapped_file",
    "record",
    "ticking",
]
