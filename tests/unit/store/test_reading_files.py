"""Files of readings: whole or not there, read only as they were kept; what a killed write leaves is found."""

import os
from pathlib import Path

import pytest
from tests.stores import KNOWN, Place, batch

from zveno.errors import StoreError
from zveno.store import EmbeddedStore, check_store, open_store
from zveno.store.readings import write_readings


def files(store) -> list[Path]:
    return sorted((store.folder / "readings").glob("*/*"))


def test_a_file_stands_under_its_name_only_when_it_is_whole(tmp_path, monkeypatch):
    seen = []

    def watched(handle: int) -> None:
        seen.append(sorted(one.name for one in tmp_path.iterdir()))

    monkeypatch.setattr(os, "fsync", watched)
    write_readings(batch("a", tags=3).readings, tmp_path / "day.parquet")
    assert seen == [["day.parquet.part"]]
    assert [one.name for one in tmp_path.iterdir()] == ["day.parquet"]


def test_files_and_their_folders_are_on_the_disk_before_the_database_names_them(lasting, monkeypatch):
    synced = []
    real = os.fsync

    def watched(handle: int) -> None:
        synced.append(Path(f"/proc/self/fd/{handle}").readlink().name)
        real(handle)

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("this system does not tell which file is open")
    lasting.append([batch("a" * 64, 1.0)], KNOWN)
    monkeypatch.setattr(os, "fsync", watched)
    lasting.append([batch("b" * 64, tags=30)], KNOWN)
    names = [one.removesuffix(".part") for one in synced]
    assert names == [*(one.name for one in files(lasting)), "2026-03-01", "2026-03-02", "readings", lasting.folder.name]


def test_an_altered_file_is_not_read(lasting):
    lasting.append([batch("a" * 64, tags=30)], KNOWN)
    path = files(lasting)[0]
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(StoreError, match="are not those that were kept"):
        lasting.read("readings")
    assert [one.where for one in check_store(lasting).faults] == [path.relative_to(lasting.folder).as_posix()]


def test_a_lost_file_is_named(lasting):
    lasting.append([batch("a" * 64, tags=3)], KNOWN)
    path = files(lasting)[0]
    path.unlink()
    with pytest.raises(StoreError, match=f"{path.name}' cannot be read: it does not exist"):
        lasting.read("readings")
    assert [str(one) for one in check_store(lasting).faults] == [
        f"{path.relative_to(lasting.folder).as_posix()}: the file of readings cannot be read: it does not exist"
    ]


def test_what_a_killed_write_left_is_listed_and_removed_and_nothing_else(lasting):
    lasting.append([batch("a" * 64, tags=30)], KNOWN)
    kept = files(lasting)
    lost = [kept[0].with_name("0123456789abcdef-00000000.parquet"), kept[1].with_name("0123-0000.parquet.part")]
    stranger = kept[0].with_name("notes.txt")
    for one in (*lost, stranger):
        one.write_bytes(b"half")
    found = check_store(lasting)
    assert (found.faults, found.orphans, found.removed) == ((), tuple(sorted(lost)), False)
    assert found.reading_files == 2
    assert all(one.exists() for one in lost)
    assert check_store(lasting, remove_orphans=True).removed
    assert check_store(lasting).orphans == ()
    assert files(lasting) == sorted([*kept, stranger])
    assert lasting.read("readings").height == 30


def test_a_store_that_was_never_written_is_whole(lasting):
    found = check_store(lasting, remove_orphans=True)
    assert (found.layout, found.files, found.entries, found.faults, found.orphans) == (0, 0, 0, (), ())


def test_one_folder_never_holds_the_readings_of_two_stores(place):
    first = place.store()
    first.append([batch("a" * 64, tags=3)], KNOWN)
    if place.kind == "embedded":
        other = EmbeddedStore(place.folder / "other")
        other.append([batch("b" * 64, 1.0)], KNOWN)
        (first.folder / "records.sqlite").write_bytes((other.folder / "records.sqlite").read_bytes())
        for one in first.folder.glob("records.sqlite-*"):
            one.unlink()
        second = EmbeddedStore(first.folder)
    else:
        address = place.new()
        second = open_store(f"{address.rpartition('readings=')[0]}readings={first.folder}")
    for act in (
        lambda: second.append([batch("c" * 64, tags=3)], KNOWN),
        lambda: check_store(second, remove_orphans=True),
    ):
        with pytest.raises(StoreError, match="holds the readings of another store"):
            act()
    assert len(files(first)) == 1


def test_a_folder_that_is_not_mounted_is_refused_and_left_alone(postgres, tmp_path):
    place = Place("postgres", tmp_path, lambda: postgres)
    address = place.new()
    open_store(address).append([batch("a" * 64, tags=3)], KNOWN)
    elsewhere = tmp_path / "elsewhere"
    other = open_store(f"{address.rpartition('readings=')[0]}readings={elsewhere}")
    for act in (lambda: other.read("readings"), lambda: other.append([batch("c" * 64, tags=3)], KNOWN)):
        with pytest.raises(StoreError, match="has none of the readings of this store"):
            act()
    assert not elsewhere.exists()
    place.clear()
