"""A writer waits its turn; who waits too long is told why."""

from threading import Event, Thread

import pytest
from tests.stores import KNOWN, batch, entry

from zveno.errors import StoreError
from zveno.store import open_store
from zveno.store.database import writing


@pytest.fixture
def address(place):
    """A store that is there."""
    found = place.new()
    open_store(found).append([batch("a" * 64, 1.0, tags=3)], KNOWN)
    return found


@pytest.fixture
def busy(address):
    """Another program that has begun to write and has not come to an end."""
    begun, end = Event(), Event()

    def write() -> None:
        with writing(open_store(address).database):
            begun.set()
            end.wait()

    other = Thread(target=write)
    other.start()
    begun.wait()
    yield end
    end.set()
    other.join()


def test_who_waits_too_long_is_told_why(address, busy, monkeypatch):
    for engine in ("embedded", "postgres"):
        monkeypatch.setattr(f"zveno.store.{engine}.PATIENCE_MS", 50)
    store = open_store(address)
    for act in (
        lambda: store.append([batch("b" * 64, 2.0, tags=3)], KNOWN),
        lambda: store.append_entries([entry(a=1)], KNOWN),
    ):
        with pytest.raises(StoreError, match="another program has been writing to it for more than a minute"):
            act()
    busy.set()
    assert not store.has("b" * 64)


def test_readers_do_not_wait_for_a_writer(address, busy):
    store = open_store(address)
    assert store.read("records").height == 1
    assert store.read("readings").height == 3
    assert not busy.is_set()


def test_a_writer_waits_its_turn(address, busy):
    kept = []
    waiting = Thread(target=lambda: kept.append(open_store(address).append([batch("b" * 64, 2.0)], KNOWN)))
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive()
    busy.set()
    waiting.join()
    assert kept == [1]
