"""The log keeps what was acknowledged, whatever happens to those who write it."""

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.signed_books import PASSPHRASE, T0, books

from zveno.errors import StoreError
from zveno.log import Draft, Head, Log, Persons, Signer, journal
from zveno.log.journal import Line
from zveno.log.keys import new_key
from zveno.log.register import possession

ROOT = Path(__file__).parents[3]


@pytest.fixture
def our(tmp_path):
    return books(tmp_path / "store")


def draft(number: int = 0) -> Draft:
    return Draft("provisional", {"number": number}, T0)


def test_an_entry_proves_that_it_stands_in_the_log(our):
    entry = our.log.enter(our.accountant, draft())
    assert entry.proven()
    assert entry.number == 3
    assert entry.head == our.log.head
    other = replace(entry.record, body={"number": 1})
    assert not replace(entry, record=other).proven()


def test_every_entry_is_counted_by_a_signed_head(our):
    for number in range(3):
        our.log.enter(our.accountant, draft(number))
    assert [one.head.size for one in our.log.signed_heads] == [1, 2, 3, 4, 5, 6]
    assert all(one.holds() for one in our.log.signed_heads)
    assert our.log.signed_heads[-1].head == our.log.head


def test_what_is_written_is_read_by_another(our):
    entry = our.log.enter(our.accountant, draft(7))
    other = Log(our.folder)
    assert other.records[-1] == entry.record
    assert other.head == our.log.head
    other.enter(our.chief, draft(8))
    assert our.log.records[-1].body == {"number": 8}


def test_a_record_signed_elsewhere_is_appended_once(our):
    record = our.accountant.sign(draft(), our.log.head)
    first = our.log.append(record)
    assert our.log.append(record) == first
    assert len(our.log.records) == 4


def test_a_record_signed_over_another_log_is_refused(our, tmp_path):
    other = books(tmp_path / "other")
    other.note("x")
    record = replace(our.accountant.sign(draft(), our.log.head))
    foreign = our.accountant.sign(draft(), other.log.head)
    with pytest.raises(StoreError, match="signed over another log"):
        our.log.append(foreign)
    ahead = our.accountant.sign(draft(), Head(99, record.after.root))
    with pytest.raises(StoreError, match="signed over another log"):
        our.log.append(ahead)


def test_an_altered_record_is_not_appended(our):
    record = our.accountant.sign(draft(), our.log.head)
    with pytest.raises(StoreError, match="signature does not fit"):
        our.log.append(replace(record, body={"number": 5}))
    with pytest.raises(StoreError, match="has no signature"):
        our.log.append(replace(record, signature=b""))


def test_two_who_hold_the_log_do_not_fork_it(our):
    one, two = Log(our.folder), Log(our.folder)
    for number in range(4):
        one.enter(our.accountant, draft(number))
        two.enter(our.chief, draft(number))
    assert one.records == two.records
    assert one.verify() == ()


def _write(folder: Path, person: str, count: int) -> None:
    log = Log(folder)
    signer = Persons(log).unlock(person, PASSPHRASE)
    for number in range(count):
        log.enter(signer, Draft("provisional", {"person": person, "number": number}, T0))


def test_processes_that_write_at_once_do_not_fork_it(our):
    context = multiprocessing.get_context("fork")
    people = ("accountant", "chief", "accountant", "chief")
    running = [context.Process(target=_write, args=(our.folder, one, 15)) for one in people]
    for one in running:
        one.start()
    for one in running:
        one.join(60)
    assert [one.exitcode for one in running] == [0, 0, 0, 0]
    assert len(our.log.records) == 3 + 60
    assert our.log.verify() == ()
    for person in ("accountant", "chief"):
        numbers = [
            one.body["number"] for one in our.log.records if one.body.get("person") == person and "number" in one.body
        ]
        assert sorted(numbers) == sorted([*range(15), *range(15)])


def test_a_person_written_into_the_file_past_the_log_is_not_taken_for_one(our):
    """Whoever can write the files can add lines, but the register counts only what a registrar has signed."""
    thief = Signer("thief", "Thief", new_key())
    body = {"name": "Thief", "person": "thief", "possession": possession(thief.key, "thief"), "valid_to": None,
            "public_key": thief.key.public.hex(), "roles": ["chief_accountant"], "valid_from": "2026-01-01"}  # fmt: skip
    record = thief.sign(Draft("person_added", body, T0), our.log.head)
    after = Head(4, our.log.tree.root_with(record.leaf))
    journal.Journal(our.folder / "log").commit([Line.of("record", record.data)], after)
    with pytest.raises(StoreError, match="its key is foreign"):
        Log(our.folder).enter(thief, draft())
    assert Log(our.folder).verify() != ()


def test_a_record_written_into_the_file_past_the_log_is_told(our):
    record = our.registrar.sign(Draft("closed", {"period": "2026-03"}, T0), our.log.head)
    after = Head(4, our.log.tree.root_with(record.leaf))
    journal.Journal(our.folder / "log").commit([Line.of("record", record.data)], after)
    (found,) = Log(our.folder).verify()
    assert (found.kind, found.record) == ("unlawful", 3)


# ---- crashes ---------------------------------------------------------------------------------------------------------


class Crash(BaseException):
    """The machine stops here."""


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", range(5))
def test_a_crash_at_any_step_leaves_the_record_in_or_out(our, monkeypatch, step, after):
    """Steps of a write: the journal and the mark to the disk, the mark renamed, the folder to the disk."""
    done = {"steps": 0}

    def crashing(real):
        def call(*args, **kwargs):
            stop = done["steps"] == step
            done["steps"] += 1
            if stop and not after:
                raise Crash
            result = real(*args, **kwargs)
            if stop:
                raise Crash
            return result

        return call

    monkeypatch.setattr(journal.os, "fsync", crashing(os.fsync))
    monkeypatch.setattr(Path, "replace", crashing(Path.replace))
    crashed = False
    try:
        our.log.enter(our.accountant, draft(1))
    except Crash:
        crashed = True
    monkeypatch.undo()
    assert crashed == (step < 4)
    fresh = Log(our.folder)
    assert len(fresh.records) in (3, 4)
    assert fresh.verify() == ()
    entry = fresh.enter(our.accountant, draft(2))
    assert entry.proven()
    assert fresh.verify() == ()
    assert (fresh.remarks != ()) == (entry.number == 3)  # cut off before it counted: said, and put aside


def test_a_write_cut_off_after_any_byte_is_put_aside(our):
    record = our.accountant.sign(draft(), our.log.head)
    written = Line.of("record", record.data).written
    path = our.folder / "log" / "journal"
    before, head = path.read_bytes(), our.log.head
    for length in range(1, len(written) + 1):
        path.write_bytes(before + written[:length])
        fresh = Log(our.folder)
        assert fresh.head == head
    fresh.enter(our.chief, draft(1))
    assert len(fresh.records) == 4
    assert "were put aside" in str(fresh.remarks[0])
    aside = next((our.folder / "log").glob("aside-*"))
    assert aside.read_bytes() == written


def test_an_acknowledged_record_that_was_damaged_is_told_and_never_dropped(our):
    our.note("acknowledged")
    path = our.folder / "log" / "journal"
    content = path.read_bytes()
    for at in range(len(content) - 600, len(content), 7):
        changed = bytearray(content)
        changed[at] ^= 1
        path.write_bytes(changed)
        with pytest.raises(StoreError, match="the log is damaged in bytes"):
            Log(our.folder).enter(our.accountant, draft())
        assert path.read_bytes() == bytes(changed)
    path.write_bytes(content[:-1])
    with pytest.raises(StoreError, match="has lost its end"):
        _ = Log(our.folder).records
    assert [one.kind for one in Log(our.folder).verify()] == ["altered"]


def test_a_damaged_or_missing_mark_never_means_an_empty_log(our):
    mark = our.folder / "log" / "mark"
    content = mark.read_bytes()
    for changed in (b"", content[:-5], content.replace(b'"size":3', b'"size":4')):
        mark.write_bytes(changed)
        with pytest.raises(StoreError, match="mark"):
            _ = Log(our.folder).records
    mark.unlink()
    with pytest.raises(StoreError, match="cannot be read"):
        _ = Log(our.folder).records


def test_a_log_that_was_put_back_is_noticed_by_whoever_holds_it(our):
    saved = {path: path.read_bytes() for path in (our.folder / "log").iterdir()}
    our.note("one more")
    for path, content in saved.items():
        path.write_bytes(content)
    with pytest.raises(StoreError, match="put back to an earlier state"):
        _ = our.log.records


def test_a_full_disk_leaves_the_log_as_it_was(our, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal.os, "fsync", full)
    with pytest.raises(StoreError, match="the record is not in it: No space left"):
        our.log.enter(our.accountant, draft())
    monkeypatch.undo()
    assert len(Log(our.folder).records) == 3
    assert our.log.enter(our.accountant, draft()).number == 3


def test_a_disk_that_does_not_confirm_a_record_that_counts_is_told_as_that(our, monkeypatch):
    def refusing(_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(journal, "sync_folder", refusing)
    with pytest.raises(StoreError, match="has taken the record, but the disk did not confirm it"):
        our.log.enter(our.accountant, draft())
    monkeypatch.undo()
    assert len(our.log.records) == 4


WRITER = """
import sys
from pathlib import Path
from tests.signed_books import PASSPHRASE, T0
from zveno.log import Draft, Log, Persons
log = Log(Path(sys.argv[1]))
signer = Persons(log).unlock("accountant", PASSPHRASE)
print("ready", flush=True)
number = 0
while True:
    entry = log.enter(signer, Draft("provisional", {"run": sys.argv[2], "number": number}, T0))
    print(entry.number, number, flush=True)
    number += 1
"""


def killed_runs(our, count: int, seed: int) -> None:
    """Kill a writer at random moments; what it was told to be in the log must be there."""
    chance = random.Random(seed)
    env = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    for run in range(count):
        command = [sys.executable, "-c", WRITER, str(our.folder), str(run)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=env, cwd=ROOT, text=True) as writer:
            assert writer.stdout.readline() == "ready\n"
            time.sleep(chance.uniform(0.0, 0.15))
            writer.send_signal(signal.SIGKILL)
            told = [line.split() for line in writer.stdout.read().splitlines()]
        records = Log(our.folder).records
        for number, own in (one for one in told if len(one) == 2):
            assert records[int(number)].body == {"run": str(run), "number": int(own)}
        mine = [one for one in records if one.body.get("run") == str(run)]
        assert [one.body["number"] for one in mine] == list(range(len(mine)))
        assert len(mine) - len(told) in (0, 1)  # at most the one whose word was cut off
    assert our.log.verify() == ()
    our.note("goes on")


def test_a_writer_killed_at_random_moments_loses_nothing(our):
    killed_runs(our, 6, seed=1)


@pytest.mark.slow
@pytest.mark.long
def test_a_writer_killed_at_fifty_random_moments_loses_nothing(our):
    killed_runs(our, 50, seed=2)
