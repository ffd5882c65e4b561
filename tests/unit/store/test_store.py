"""Both stores keep what they are given, once, with the time it was known."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from zveno.errors import StoreError
from zveno.periods import Period
from zveno.store import Batch, EmbeddedStore, MemoryStore, Store
from zveno.tables import frame

T0 = datetime(2026, 3, 1, 3, tzinfo=UTC)
KNOWN = datetime(2026, 4, 1, tzinfo=UTC)


def record(value: float, *, hour: int = 0, point: str = "scale", file_hash: str = "a") -> dict:
    start = T0 + timedelta(hours=hour)
    return {
        "point": point, "quantity": "mass", "start": start, "end": start + timedelta(hours=12), "value": value,
        "qualifier": "", "file": "f.xlsx", "sheet": "S", "cell": "B2", "file_hash": file_hash, "known": None,
    }  # fmt: skip


def batch(file_hash: str, *values: float, tags: int = 0) -> Batch:
    rows = [record(value, hour=12 * i, file_hash=file_hash) for i, value in enumerate(values)]
    readings = [{"tag": "t", "ts": T0 + timedelta(hours=i), "value": float(i), "quality": 0} for i in range(tags)]
    return Batch(f"{file_hash}.xlsx", file_hash, frame("records", rows), frame("rejected"), frame("readings", readings))


@pytest.fixture(params=["embedded", "memory"])
def store(request, tmp_path: Path) -> Store:
    return EmbeddedStore(tmp_path / "store") if request.param == "embedded" else MemoryStore()


def test_what_goes_in_comes_out(store):
    assert store.append([batch("a" * 64, 1.5, 2.5, tags=30)], KNOWN) == 1
    assert store.read("records")["value"].to_list() == [1.5, 2.5]
    assert store.read("records")["known"].to_list() == [KNOWN, KNOWN]
    assert store.read("readings")["value"].to_list() == [float(i) for i in range(30)]


def test_a_file_is_kept_once(store):
    assert store.append([batch("a" * 64, 1.5), batch("a" * 64, 1.5)], KNOWN) == 1
    assert store.append([batch("a" * 64, 1.5)], KNOWN) == 0
    assert store.read("records").height == 1
    assert store.has("a" * 64)
    assert not store.has("b" * 64)


def test_a_corrected_file_replaces_in_reading_and_the_old_value_stays_known_on_its_date(store):
    store.append([batch("a" * 64, 1.5)], KNOWN)
    store.append([batch("b" * 64, 1.7)], KNOWN + timedelta(days=2))
    assert store.read("records")["value"].to_list() == [1.7]
    assert store.read("records", known=KNOWN + timedelta(days=1))["value"].to_list() == [1.5]


def test_a_period_selects_what_overlaps_it(store):
    store.append([batch("a" * 64, 1.0, 2.0, 3.0, tags=48)], KNOWN)
    period = Period(T0 + timedelta(hours=13), T0 + timedelta(hours=14))
    assert store.read("records", period)["value"].to_list() == [2.0]
    assert store.read("readings", period)["value"].to_list() == [13.0]


def test_an_empty_store_gives_empty_tables(store):
    for table in store.tables():
        assert store.read(table).is_empty()


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    store = EmbeddedStore(tmp_path / "store")
    store.append([batch("a" * 64, 1.0, tags=5)], KNOWN)
    broken = batch("b" * 64, 2.0, tags=5)
    poisoned = Batch(
        broken.file, broken.file_hash, broken.records.with_columns(value=pl.lit(None)), broken.rejected, broken.readings
    )
    monkeypatch.setattr(EmbeddedStore, "_insert", _fails)
    with pytest.raises(StoreError, match="nothing was kept"):
        store.append([poisoned], KNOWN)
    monkeypatch.undo()
    assert store.read("records")["value"].to_list() == [1.0]
    assert not store.has("b" * 64)
    assert not list((tmp_path / "store" / "readings").glob("*/bbbb*"))


def _fails(*_: object) -> None:
    raise OSError("disk full")


def test_a_damaged_store_is_named(tmp_path):
    folder = tmp_path / "store"
    folder.mkdir()
    (folder / "records.sqlite").write_bytes(b"this is no database, but long enough to look at" * 100)
    with pytest.raises(StoreError, match="cannot be read"):
        EmbeddedStore(folder).read("records")


def test_wagons_of_one_shift_are_all_kept_and_a_corrected_file_replaces_them_all(store):
    def lots(file_hash: str, *values: float) -> Batch:
        rows = [record(value, file_hash=file_hash) for value in values]
        return Batch("f.xlsx", file_hash, frame("records", rows), frame("rejected"), frame("readings"))

    store.append([lots("a" * 64, 60.0, 62.0, 60.0)], KNOWN)
    assert store.read("records")["value"].to_list() == [60.0, 62.0, 60.0]
    store.append([lots("b" * 64, 61.0, 62.0)], KNOWN + timedelta(days=1))
    assert store.read("records")["value"].to_list() == [61.0, 62.0]


def test_a_corrected_reading_counts_from_the_day_it_became_known(store):
    for file_hash, value, days in (("a" * 64, 1.0, 0), ("b" * 64, 2.0, 5)):
        rows = frame("readings", [{"tag": "t", "ts": T0, "value": value, "quality": 0}])
        store.append([Batch("f", file_hash, frame("records"), frame("rejected"), rows)], KNOWN + timedelta(days=days))
    assert store.read("readings")["value"].to_list() == [2.0]
    assert store.read("readings", known=KNOWN + timedelta(days=1))["value"].to_list() == [1.0]


def test_readings_of_a_write_that_was_cut_off_cannot_be_seen(tmp_path, monkeypatch):
    store = EmbeddedStore(tmp_path / "store")
    store.append([batch("a" * 64, tags=5)], KNOWN)

    def full_disk(*_: object) -> None:
        raise KeyboardInterrupt  # as sudden as it gets: nothing is tidied up

    monkeypatch.setattr("zveno.store.embedded.sa.insert", full_disk)
    with pytest.raises(KeyboardInterrupt):
        store.append([batch("b" * 64, tags=9)], KNOWN)
    monkeypatch.undo()
    assert store.read("readings").height == 5
    assert not store.has("b" * 64)
    assert store.append([batch("b" * 64, tags=9)], KNOWN) == 1
    assert store.read("readings").height == 9
