"""Co-signed heads: which heads are witnessed, a fork and a truncation against them, statements that do not hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.signed_books import T0, Books, books

from zveno.errors import DataError
from zveno.log import (
    Log,
    Trusted,
    add_witnessed,
    kept_witnessed,
    read_notebook,
    verify_archive,
    verify_store,
    witness,
    write_archive,
)
from zveno.log.archive import WITNESSES
from zveno.log.keys import new_key

KEY = new_key()


@pytest.fixture
def mine(tmp_path) -> Books:
    made = books(tmp_path / "store")
    made.note("first")
    return made


def kept(found: Books) -> Path:
    return found.folder / "log" / WITNESSES


def test_a_witnessed_head_stays_one_as_the_log_grows(mine):
    one = witness(KEY, "Auditor", mine.log.head, T0)
    assert add_witnessed(kept(mine), [one]) == 1
    assert add_witnessed(kept(mine), [one]) == 0
    mine.note("second")
    assert verify_store(mine.log) == ((), (one,))
    assert kept_witnessed(mine.folder) == (one,)


def test_a_log_that_was_exchanged_as_a_whole_forks_from_what_was_witnessed(mine, tmp_path):
    """The administrator makes the whole log anew, with new keys for everybody; only the outside party knows better."""
    one = witness(KEY, "Auditor", mine.log.head, T0)
    other = books(tmp_path / "other")
    other.note("another first")
    assert other.log.verify() == ()
    (found,) = verify_store(other.log, [one])[0]
    assert found.kind == "forked"
    assert "'Auditor'" in str(found.fault)


def test_records_taken_off_the_end_are_missed(mine, tmp_path):
    mine.note("second")
    one = witness(KEY, "Auditor", mine.log.head, T0)
    other = books(tmp_path / "other")
    (found,) = verify_store(other.log, [one])[0]
    assert found.kind == "truncated"
    assert str(found.fault).startswith("records 3 to 4 are missing")


def test_an_archive_carries_the_statements_and_is_held_against_others(mine, tmp_path):
    one = witness(KEY, "Auditor", mine.log.head, T0)
    add_witnessed(kept(mine), [one])
    write_archive(mine.log, mine.chief, T0, {"a.csv": b"1"}, tmp_path / "a.tar")
    found = verify_archive(tmp_path / "a.tar")
    assert (found.findings, found.witnessed) == ((), (one,))
    other = books(tmp_path / "other")
    other.note("x")
    write_archive(other.log, other.chief, T0, {"a.csv": b"1"}, tmp_path / "b.tar")
    (fork,) = verify_archive(tmp_path / "b.tar", Trusted(witnessed=(one,))).findings
    assert fork.kind == "forked"


def test_a_statement_that_was_altered_or_made_up_counts_for_nothing(mine):
    one = witness(KEY, "Auditor", mine.log.head, T0)
    for wrong in (
        replace(one, by="Inspector"),
        replace(one, key=new_key().public),
        replace(one, signature=bytes(64)),
    ):
        kept(mine).write_bytes(wrong.data + b"\n")
        (found,) = verify_store(mine.log)[0]
        assert found.kind == "altered"
        assert f"{WITNESSES}:1" in str(found.fault)


def test_another_signature_of_the_same_head_is_none_of_a_witness(mine):
    """A signed head of the log is not taken for a statement, nor the other way round."""
    head = mine.log.signed_heads[-1]
    kept(mine).write_bytes(head.data + b"\n")
    with pytest.raises(DataError, match="no signed statement"):
        read_notebook(kept(mine))
    one = witness(KEY, "Auditor", mine.log.head, T0)
    assert not replace(head, key=one.key, signature=one.signature).holds()


def test_a_witness_needs_a_name_and_a_zone(mine):
    for name, at in ((" ", T0), ("Auditor", T0.replace(tzinfo=None))):
        with pytest.raises(DataError, match="needs a name"):
            witness(KEY, name, Log(mine.folder).head, at)
