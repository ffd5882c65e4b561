"""A store goes into one file and comes back whole, or not at all."""

import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.signed_books import PASSPHRASE, T0, books

from zveno.errors import DataError, StoreError
from zveno.log import Draft, Head, Log, Persons, verify_archive, write_archive
from zveno.log.journal import Journal, Line
from zveno.store import Batch, EmbeddedStore, backup, restore
from zveno.store.swap import exchange
from zveno.tables import frame

NOW = datetime(2026, 5, 1, 8, 0, tzinfo=UTC)


def batch(number: int, tags: int = 20) -> Batch:
    rows = [
        {"point": "scale", "quantity": "mass", "start": T0, "end": T0 + timedelta(hours=12), "value": float(number),
         "qualifier": "", "file": "f.xlsx", "sheet": "S", "cell": "B2", "file_hash": f"{number:064d}", "known": None}
    ]  # fmt: skip
    readings = [{"tag": "t", "ts": T0 + timedelta(hours=i), "value": float(i), "quality": 0} for i in range(tags)]
    return Batch("f.xlsx", f"{number:064d}", frame("records", rows), frame("rejected"), frame("readings", readings))


@pytest.fixture
def folder(tmp_path) -> Path:
    found = books(tmp_path / "store")
    EmbeddedStore(found.folder).append([batch(1)], NOW)
    return found.folder


def test_a_store_comes_back_as_it_was(folder, tmp_path):
    count = backup(folder, tmp_path / "b.tar")
    assert count == 1 + 2 + 1 + 2 + 3  # database, readings of two days, whose they are, log, keys
    assert verify_archive(tmp_path / "b.tar").sound
    assert restore(tmp_path / "b.tar", tmp_path / "again", now=NOW) is None
    there, again = EmbeddedStore(folder), EmbeddedStore(tmp_path / "again")
    for table in there.tables():
        assert there.read(table).equals(again.read(table))
    assert Log(tmp_path / "again").records == Log(folder).records
    for one in (tmp_path / "again" / "persons").iterdir():
        assert one.stat().st_mode & 0o077 == 0
        assert one.read_bytes() == (folder / "persons" / one.name).read_bytes()
    assert again.append([batch(2)], NOW) == 1


def test_a_store_that_is_there_is_not_overwritten_unasked_and_then_kept(folder, tmp_path):
    backup(folder, tmp_path / "b.tar")
    EmbeddedStore(folder).append([batch(2)], NOW)
    with pytest.raises(StoreError, match="add --overwrite"):
        restore(tmp_path / "b.tar", folder, now=NOW)
    assert EmbeddedStore(folder).has(f"{2:064d}")
    kept = restore(tmp_path / "b.tar", folder, overwrite=True, now=NOW)
    assert kept == folder.with_name("store-before-20260501T080000")
    assert not EmbeddedStore(folder).has(f"{2:064d}")
    assert EmbeddedStore(kept).has(f"{2:064d}")


@pytest.mark.parametrize("where", [0.02, 0.3, 0.6, 0.97])
def test_a_changed_or_cut_backup_is_refused_and_nothing_is_touched(folder, tmp_path, where):
    backup(folder, tmp_path / "b.tar")
    content = (tmp_path / "b.tar").read_bytes()
    at = int(where * len(content))
    changed = bytearray(content)
    changed[at] ^= 1
    before = sorted(one.name for one in tmp_path.iterdir())
    for spoiled in (bytes(changed), content[:at]):
        (tmp_path / "b.tar").write_bytes(spoiled)
        with pytest.raises(DataError, match=r"altered|cut off"):
            restore(tmp_path / "b.tar", folder, overwrite=True, now=NOW)
    assert EmbeddedStore(folder).read("records").height == 1
    assert sorted(one.name for one in tmp_path.iterdir()) == before


def test_every_changed_byte_of_a_backup_is_placed(folder, tmp_path):
    backup(folder, tmp_path / "b.tar")
    content = (tmp_path / "b.tar").read_bytes()
    for at in range(0, len(content), 211):
        changed = bytearray(content)
        changed[at] ^= 1
        (tmp_path / "c.tar").write_bytes(changed)
        found = verify_archive(tmp_path / "c.tar").findings
        assert any(one.start <= at <= one.end for one in found), at


def test_a_backup_of_a_store_whose_log_is_damaged_is_refused(folder, tmp_path):
    path = folder / "log" / "journal"
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes(content)
    with pytest.raises(StoreError, match="the log is damaged"):
        backup(folder, tmp_path / "b.tar")
    assert not (tmp_path / "b.tar").exists()


def test_a_database_that_was_damaged_before_its_backup_is_not_put_in_place(folder, tmp_path):
    """The backup is what was there, byte for byte; that this is sound is looked at before anything is exchanged."""
    with sqlite3.connect(folder / "records.sqlite") as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path = folder / "records.sqlite"
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 5] = b"\x99" * 8192
    path.write_bytes(content)
    backup(folder, tmp_path / "b.tar")
    with pytest.raises(StoreError, match=r"the database 'records\.sqlite' in the backup is damaged"):
        restore(tmp_path / "b.tar", tmp_path / "again", now=NOW)
    assert not (tmp_path / "again").exists()


def test_a_write_that_was_cut_off_is_not_carried_along(folder, tmp_path):
    with (folder / "log" / "journal").open("ab") as file:
        file.write(b"record 00")
    backup(folder, tmp_path / "b.tar")
    restore(tmp_path / "b.tar", tmp_path / "again", now=NOW)
    assert Log(tmp_path / "again").verify() == ()


def test_a_backup_tells_of_an_unlawful_record_in_its_log(folder, tmp_path):
    """The bytes are those that were backed up; the signatures are judged too."""
    log = Log(folder)
    registrar = Persons(log).unlock("registrar", PASSPHRASE)
    record = registrar.sign(Draft("closed", {"period": "2026-03"}, T0), log.head)
    Journal(folder / "log").commit([Line.of("record", record.data)], Head(4, log.tree.root_with(record.leaf)))
    backup(folder, tmp_path / "b.tar")
    (found,) = verify_archive(tmp_path / "b.tar").findings
    assert (found.kind, found.record) == ("unlawful", 3)
    assert (tmp_path / "b.tar").read_bytes()[found.start : found.end + 1] == Line.of("record", record.data).written
    with pytest.raises(DataError, match="may not sign this"):
        restore(tmp_path / "b.tar", tmp_path / "again", now=NOW)


def test_an_archive_is_no_backup(folder, tmp_path):
    our = books(tmp_path / "other")
    write_archive(our.log, our.chief, T0, {"a": b"a"}, tmp_path / "a.tar")
    with pytest.raises(DataError, match="is an archive, not a backup"):
        restore(tmp_path / "a.tar", tmp_path / "again", now=NOW)


def test_a_backup_while_others_write_is_one_moment(folder, tmp_path):
    """Every file that the database of the backup names is in it, and the log is whole."""
    our_log, stop, errors = Log(folder), threading.Event(), []
    signer = Persons(our_log).unlock("accountant", PASSPHRASE)

    def write() -> None:
        number = 10
        try:
            while not stop.is_set():
                EmbeddedStore(folder).append([batch(number)], NOW)
                Log(folder).enter(signer, Draft("imported", {"number": number}, T0))
                number += 1
        except Exception as error:  # noqa: BLE001 - told to the test
            errors.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(4):
            backup(folder, tmp_path / f"{number}.tar")
    finally:
        stop.set()
        writer.join()
    assert errors == []
    for number in range(4):
        again = tmp_path / f"again-{number}"
        restore(tmp_path / f"{number}.tar", again, now=NOW)
        with sqlite3.connect(again / "records.sqlite") as database:
            named = [row[0] for row in database.execute("select path from reading_files")]
        assert all((again / one).is_file() for one in named)
        entered = [one.body["number"] for one in Log(again).records if one.kind == "imported"]
        assert entered == list(range(10, 10 + len(entered)))
        assert all(EmbeddedStore(again).has(f"{one:064d}") for one in entered)


def test_a_failed_exchange_leaves_the_store_that_was_there(folder, tmp_path, monkeypatch):
    backup(folder, tmp_path / "b.tar")

    def refused(*_):
        raise PermissionError(13, "no")

    monkeypatch.setattr("zveno.store.backups.exchange", refused)
    with pytest.raises(StoreError, match="nothing was kept"):
        restore(tmp_path / "b.tar", folder, overwrite=True, now=NOW)
    assert EmbeddedStore(folder).read("records").height == 1
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".zveno")] == []


@pytest.mark.parametrize("at_once", [True, False])
def test_two_restores_in_one_second_keep_both_stores(folder, tmp_path, monkeypatch, at_once):
    """Also where the system has no exchange in one step."""
    if not at_once:
        monkeypatch.setattr("zveno.store.swap._at_once", lambda *_: False)
    backup(folder, tmp_path / "b.tar")
    for number in (2, 3):
        EmbeddedStore(folder).append([batch(number)], NOW)
        restore(tmp_path / "b.tar", folder, overwrite=True, now=NOW)
    names = ("store-before-20260501T080000", "store-before-20260501T080000-2")
    for number, name in zip((2, 3), names, strict=True):
        assert EmbeddedStore(tmp_path / name).has(f"{number:064d}")
    assert not EmbeddedStore(folder).has(f"{2:064d}")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["b.tar", "store", *names]


def test_an_exchange_that_fails_half_way_is_taken_back(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("zveno.store.swap._at_once", lambda *_: False)
    (tmp_path / "other").mkdir()
    real = Path.rename

    def failing(self, target):
        if self.name == "other":
            raise PermissionError(13, "no")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(PermissionError):
        exchange(tmp_path / "other", folder)
    assert EmbeddedStore(folder).read("records").height == 1


def test_a_backup_does_not_lie_in_its_own_store(folder):
    with pytest.raises(DataError, match="lies in the store itself"):
        backup(folder, folder / "backups" / "b.tar")


def test_without_a_store_there_is_nothing_to_back_up(tmp_path):
    with pytest.raises(DataError, match="there is no store"):
        backup(tmp_path / "nowhere", tmp_path / "b.tar")
