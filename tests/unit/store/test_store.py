"""Every store keeps what it is given, once, with the time it was known."""

from datetime import timedelta

import pytest
from tests.stores import KNOWN, T0, batch, record

from zveno.errors import StoreError
from zveno.periods import Period
from zveno.store import Batch, EmbeddedStore
from zveno.tables import frame


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


def test_a_failed_write_leaves_nothing(lasting, monkeypatch):
    lasting.append([batch("a" * 64, 1.0, tags=5)], KNOWN)
    monkeypatch.setattr(type(lasting), "_insert", _fails)
    with pytest.raises(StoreError, match="nothing was kept: disk full"):
        lasting.append([batch("b" * 64, 2.0, tags=5)], KNOWN)
    monkeypatch.undo()
    assert lasting.read("records")["value"].to_list() == [1.0]
    assert not lasting.has("b" * 64)
    assert not list((lasting.folder / "readings").glob("*/bbbb*"))


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


def test_readings_of_a_write_that_was_cut_off_cannot_be_seen(lasting, monkeypatch):
    lasting.append([batch("a" * 64, tags=5)], KNOWN)

    def full_disk(*_: object) -> None:
        raise KeyboardInterrupt  # as sudden as it gets: nothing is tidied up

    monkeypatch.setattr("zveno.store.relational.sa.insert", full_disk)
    with pytest.raises(KeyboardInterrupt):
        lasting.append([batch("b" * 64, tags=9)], KNOWN)
    monkeypatch.undo()
    assert lasting.read("readings").height == 5
    assert not lasting.has("b" * 64)
    assert lasting.append([batch("b" * 64, tags=9)], KNOWN) == 1
    assert lasting.read("readings").height == 9


def test_every_version_of_a_value_can_be_read(store):
    for number, value in enumerate((1.5, 1.7, 1.6)):
        rows = frame("readings", [{"tag": "t", "ts": T0, "value": value, "quality": 0}])
        part = batch(f"{number}" * 64, value)
        kept = Batch(part.file, part.file_hash, part.records, part.rejected, rows)
        store.append([kept], KNOWN + timedelta(days=number))
    key = {"point": "scale", "quantity": "mass", "start": T0, "end": T0 + timedelta(hours=12)}
    found = store.versions("records", key)
    assert found["value"].to_list() == [1.5, 1.7, 1.6]
    assert found["known"].to_list() == [KNOWN, KNOWN + timedelta(days=1), KNOWN + timedelta(days=2)]
    found = store.versions("readings", {"tag": "t", "ts": T0})
    assert found["value"].to_list() == [1.5, 1.7, 1.6]
    assert found["file"].to_list() == [f"{one * 64}.xlsx" for one in "012"]
    assert store.versions("readings", {"tag": "t", "ts": T0 + timedelta(days=9)}).is_empty()


def test_a_clock_set_back_changes_nothing_that_was_known(store):
    store.append([batch("a" * 64, 1.5)], KNOWN)
    store.append([batch("b" * 64, 1.7)], KNOWN - timedelta(days=30))
    assert store.read("records", known=KNOWN)["value"].to_list() == [1.5]
    assert store.read("records", known=KNOWN - timedelta(days=1)).is_empty()
    assert store.read("records")["value"].to_list() == [1.7]
    assert store.read("records")["known"].item() == KNOWN + timedelta(microseconds=1)


def test_two_writes_at_one_moment_can_be_told_apart(store):
    store.append([batch("a" * 64, 1.5, tags=1)], KNOWN)
    store.append([batch("b" * 64, 1.7)], KNOWN)
    assert store.read("records", known=KNOWN)["value"].to_list() == [1.5]


def test_the_clock_is_asked_when_the_turn_has_come(store):
    assert store.append([batch("a" * 64, 1.5)], lambda: KNOWN) == 1
    assert store.append([batch("a" * 64, 1.5)], _no_clock) == 0
    assert store.read("records")["known"].to_list() == [KNOWN]


def _no_clock():
    pytest.fail("nothing new, so no moment is needed")


def test_no_number_is_no_value(store):
    store.append([batch("a" * 64, float("nan"), 2.0)], KNOWN)
    assert store.read("records")["value"].to_list() == [None, 2.0]


def test_letters_of_every_kind_come_back(store):
    odd = {
        "file": "Сменный рапорт – қаңтар.xlsx",
        "sheet": "Тұз'\"\\%s",
        "cell": "B2",
        "text": "н/д\u00a0\U0001f600\n%(x)s:y",
    }
    rows = [{**odd, "reason": "не число", "file_hash": "a" * 64, "known": None}]
    store.append([Batch(odd["file"], "a" * 64, frame("records"), frame("rejected", rows), frame("readings"))], KNOWN)
    found = store.read("rejected").row(0, named=True)
    assert {name: found[name] for name in odd} == odd


def test_the_byte_that_ends_text_is_shown_as_a_sign(store):
    rows = [{"file": "f", "sheet": "", "cell": "1:2", "text": "5\0", "reason": "r", "file_hash": "a", "known": None}]
    store.append([Batch("f", "a", frame("records"), frame("rejected", rows), frame("readings"))], KNOWN)
    assert store.read("rejected")["text"].to_list() == ["5\u2400"]
