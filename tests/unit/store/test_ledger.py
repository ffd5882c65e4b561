"""The ledger: numbered entries, conflicts that show both versions, nothing kept twice."""

import pickle
from datetime import timedelta
from threading import Barrier, Thread

import polars as pl
import pytest
from tests.stores import KNOWN, batch, entry, ticking

from zveno.errors import ConflictError, DataError, StoreError
from zveno.store import NewEntry, canonical, open_store
from zveno.store.entries import body_hash


def test_entries_are_numbered_and_come_back_as_they_were(store):
    wanted = [entry(mass_t=-300.0, lot="№ 7 – сынама"), NewEntry("close", "2026-03", {"version": 1}, "chief", None, 12)]
    kept = store.append_entries(wanted, KNOWN)
    assert [one.id for one in kept] == [1, 2]
    assert [one.known for one in kept] == [KNOWN, KNOWN]
    assert [(one.kind, one.subject, one.person, one.after, one.log_number) for one in kept] == [
        (one.kind, one.subject, one.person, one.after, one.log_number) for one in wanted
    ]
    assert kept[0].body == wanted[0].body
    assert kept[0].body_hash == body_hash(canonical(wanted[0].body))
    assert store.entries() == kept


def test_entries_are_found_by_kind_subject_and_moment(store):
    clock = ticking()
    store.append_entries([entry("2026-02", a=1)], clock)
    store.append_entries([entry("2026-03", a=2), NewEntry("close", "2026-03", {}, "chief")], clock)
    assert [one.id for one in store.entries("adjustment")] == [1, 2]
    assert [one.id for one in store.entries(subject="2026-03")] == [2, 3]
    assert [one.id for one in store.entries("close", "2026-03")] == [3]
    assert [one.id for one in store.entries(known=KNOWN)] == [1]
    assert store.entries("stocktake") == ()
    assert store.read("ledger", known=KNOWN)["body"].to_list() == ['{"a":1}']
    assert store.versions("ledger", {"subject": "2026-03"})["id"].to_list() == [2, 3]


def test_an_entry_that_saw_the_last_one_is_kept(store):
    first = store.append_entries([entry(after=0, a=1)], KNOWN)[0]
    store.append_entries([entry("2026-04", after=0)], KNOWN)  # another subject is nobody's business
    second = store.append_entries([entry(after=first.id, a=2)], KNOWN)[0]
    assert second.after == first.id


def test_an_entry_on_a_stale_one_is_a_conflict_that_shows_both_and_loses_nothing(store):
    first = store.append_entries([entry(after=0, mass_t=1.0)], KNOWN)[0]
    theirs = store.append_entries([entry(after=first.id, mass_t=2.0, why={"lot": "a"})], KNOWN)[0]
    ours = entry(after=first.id, person="metallurgist", mass_t=3.0, why={"lot": "a"})
    with pytest.raises(ConflictError) as caught:
        store.append_entries([entry("other"), ours], KNOWN + timedelta(days=1))
    said = str(caught.value)
    assert "'2026-03' was changed meanwhile: accountant kept entry 2 (adjustment)" in said
    assert "mass_t: 2.0 there, 3.0 here" in said
    assert "why.lot" not in said
    assert caught.value.versions == (ours, theirs)
    assert store.entries() == (first, theirs)
    assert store.append_entries([entry(after=theirs.id, person="metallurgist", mass_t=3.0)], KNOWN)[0].id == 3


def test_a_conflict_is_whole_on_the_way_between_processes(store):
    store.append_entries([entry(after=0, a=1)], KNOWN)
    with pytest.raises(ConflictError) as caught:
        store.append_entries([entry(after=0, a=2)], KNOWN)
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert again.versions == caught.value.versions


def test_an_answer_that_was_lost_is_given_again_and_nothing_is_kept_twice(store):
    wanted = [entry(after=0, a=1), entry("lot 7", a=2)]
    kept = store.append_entries(wanted, KNOWN)
    assert store.append_entries(wanted, KNOWN + timedelta(hours=1)) == kept
    assert len(store.entries()) == 2
    with pytest.raises(ConflictError):
        store.append_entries([entry(after=0, person="another", a=1), entry("lot 7", a=2)], KNOWN)


@pytest.mark.parametrize("after", [7, 2, 1])
def test_a_predecessor_that_is_not_of_the_subject_is_refused(store, after):
    store.append_entries([entry("other", a=1)], KNOWN)
    with pytest.raises(DataError, match=f"entry {after} of the ledger is not about '2026-03'"):
        store.append_entries([entry(after=after)], KNOWN)


@pytest.mark.parametrize("body", [{"x": float("nan")}, {1: 2}, {"x": {1, 2}}, {"x": object()}])
def test_what_json_cannot_hold_is_refused(store, body):
    with pytest.raises(DataError, match="cannot be written as JSON"):
        store.append_entries([entry(a=1), NewEntry("close", "2026-03", body, "chief")], KNOWN)
    assert store.entries() == ()


def test_an_entry_names_kind_subject_and_person(store):
    with pytest.raises(DataError, match="needs a kind, a subject and a person"):
        store.append_entries([NewEntry("close", "2026-03", {}, "")], KNOWN)


def test_entries_of_a_file_enter_with_it_once(store):
    late = NewEntry("quarantine", "2026-03", {"file": "late.xlsx"}, "import")
    store.append([batch("a" * 64, 1.0, entries=(late,))], KNOWN)
    store.append([batch("a" * 64, 1.0, entries=(late,))], KNOWN + timedelta(days=1))
    assert [(one.kind, one.known) for one in store.entries()] == [("quarantine", KNOWN)]


def test_a_file_whose_entry_fails_is_not_kept(lasting, monkeypatch):
    monkeypatch.setattr("zveno.store.relational._add", _fails)
    with pytest.raises(StoreError, match="nothing was kept"):
        lasting.append([batch("a" * 64, 1.0, tags=3, entries=(entry(a=1),))], KNOWN)
    monkeypatch.undo()
    assert not lasting.has("a" * 64)
    assert lasting.read("records").is_empty()
    assert lasting.entries() == ()


def _fails(*_: object) -> None:
    raise OSError("disk full")


def test_of_two_at_once_one_is_kept_and_the_other_is_told(place):
    address, rounds, persons = place.new(), 15, ("first", "second", "third")
    last, told = 0, []
    for number in range(rounds):
        ready, won = Barrier(len(persons)), []
        threads = [Thread(target=_save, args=(address, last, one, number, ready, won, told)) for one in persons]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert len(won) == 1
        last = won[0].id
    found = open_store(address).entries()
    assert [one.body["round"] for one in found] == list(range(rounds))
    assert [one.id for one in found] == list(range(1, rounds + 1))
    assert len(told) == rounds * (len(persons) - 1)
    assert all(one.versions[0].person != one.versions[1].person for one in told)


def _save(address, last, person, number, ready, won, told):
    store = open_store(address)
    ready.wait()
    try:
        won += store.append_entries([entry(after=last, person=person, round=number)], KNOWN)
    except ConflictError as error:
        told.append(error)


def test_many_writers_of_files_wait_for_each_other(place):
    address, ready = place.new(), Barrier(6)

    def write(number: int) -> None:
        ready.wait()
        for part in range(4):
            open_store(address).append([batch(f"{number}{part}" * 32, 1.0, tags=3, entries=(entry(a=part),))], KNOWN)

    threads = [Thread(target=write, args=(number,)) for number in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    found = open_store(address)
    assert found.read("ledger")["id"].to_list() == list(range(1, 25))
    stamps = found.read("ledger")["known"]
    assert stamps.is_sorted()
    assert stamps.n_unique() == 24
    key = {"tag": "t", "ts": batch("a", tags=1).readings["ts"][0]}
    assert found.versions("readings", key).select(pl.col("file_hash").n_unique()).item() == 24
