"""Stores of every kind: in a folder, on a PostgreSQL server, in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.stores import KINDS, LASTING, Place

from zveno.store import MemoryStore, RelationalStore, Store


def _place(request: pytest.FixtureRequest, folder: Path) -> Iterator[Place]:
    if request.param == "postgres":
        request.getfixturevalue("postgres")  # skips where there is no server
    found = Place(request.param, folder, lambda: request.getfixturevalue("postgres"))
    yield found
    found.clear()


@pytest.fixture(params=LASTING)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Where stores that outlast the program are made."""
    yield from _place(request, tmp_path)


@pytest.fixture
def lasting(place: Place) -> RelationalStore:
    """An empty store that outlasts the program."""
    return place.store()


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of any kind."""
    if request.param == "memory":
        yield MemoryStore()
        return
    for found in _place(request, tmp_path):
        yield found.store()
