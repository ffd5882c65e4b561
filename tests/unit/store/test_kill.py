"""Killed with SIGKILL at any moment: every file is wholly in or wholly out, and doing it again keeps nothing twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from pyarrow.parquet import read_metadata
from tests.unit.store.killed_writer import PARTS, act, files, subject, write

from zveno.store import RelationalStore, check_store, open_store
from zveno.store.layout import READING_FILES

pytestmark = [pytest.mark.slow, pytest.mark.long]
ROOT = Path(__file__).parents[3]
POINTS, LINES = 50, 20


def start(place: str, number: int, line: int = 0) -> subprocess.Popen[str]:
    """A writer that waits for its turn."""
    command = [sys.executable, "-m", "tests.unit.store.killed_writer", place, str(number), str(line)]
    paths = [str(ROOT / "src"), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env, cwd=ROOT)


def waiting(asked: list[tuple[str, int, int]]) -> Iterator[tuple[str, int, subprocess.Popen[str]]]:
    """Writers one after the other; the next one starts Python while this one is used."""
    ahead = [start(*asked[0])]
    for (place, number, _), following in zip(asked, [*asked[1:], None], strict=True):
        if following:
            ahead.append(start(*following))
        yield place, number, ahead.pop(0)


def go(writer: subprocess.Popen[str]) -> None:
    """Let a writer write."""
    assert writer.stdout.readline() == "ready\n"
    writer.stdin.write("\n")
    writer.stdin.flush()


def survived(place: str, number: int) -> tuple[int, int]:
    """How much of a round is in the store: files, and acts of persons; each of them whole."""
    store = open_store(place)
    entries = store.entries(subject=subject(number))
    here = []
    for one in files(number):
        found = store.versions("records", {"file_hash": one.file_hash}).height, readings_of(store, one.file_hash)
        if store.has(one.file_hash):
            assert found == (one.records.height, one.readings.height)
            here.append(one)
        else:
            assert found == (0, 0)
    assert [one.body["part"] for one in entries] == list(range(len(here)))
    acts = [one for part in range(PARTS) for one in store.entries("approval", act(number, part).subject)]
    assert [one.body["part"] for one in acts] == list(range(len(acts)))
    assert len(acts) in (len(here), len(here) - 1)
    return len(here), len(acts)


def readings_of(store: RelationalStore, file_hash: str) -> int:
    """How many readings of a file count, from the Parquet files that the database names."""
    if store.empty():
        return 0
    with store.database.connection() as connection:
        query = sa.select(READING_FILES.c.path).where(READING_FILES.c.file_hash == file_hash)
        return sum(read_metadata(store.folder / path).num_rows for path in connection.execute(query).scalars())


def looked_after(place: str, number: int) -> bool:
    """After a kill: the store is whole, does the rest, holds nothing twice; whether the kill left half a file."""
    survived(place, number)
    found = check_store(open_store(place))
    assert found.faults == ()
    write(place, number)
    assert survived(place, number) == (PARTS, PARTS)
    check_store(open_store(place), remove_orphans=True)
    after = check_store(open_store(place))
    assert (after.faults, after.orphans) == ((), ())
    return bool(found.orphans)


def duration_s(place: str) -> float:
    """How long a whole round takes here."""
    writer = start(place, 0)
    go(writer)
    begun = time.monotonic()
    assert writer.stdout.readline() == "done\n"
    assert writer.wait() == 0
    return time.monotonic() - begun


def test_killed_at_any_moment_everything_is_wholly_in_or_wholly_out(place):
    """50 moments, drawn over somewhat more than the time that a round takes."""
    draw = random.Random(8)
    shared = place.new()
    whole = duration_s(shared)
    seen = set()
    # every second one is killed while its store is made, too
    asked = [(shared if number % 2 else place.new(), number, 0) for number in range(1, POINTS + 1)]
    for address, number, writer in waiting(asked):
        go(writer)
        time.sleep(draw.uniform(0, 1.1 * whole))
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        if Path(address).exists() or place.kind == "postgres":
            seen.add(survived(address, number)[0])
        looked_after(address, number)
    assert len(seen) > 2, f"the kills came all at one place: {seen}"


def test_killed_at_any_line_of_the_store_everything_is_wholly_in_or_wholly_out(place):
    """Lines of the store's own code, drawn over a round."""
    draw = random.Random(9)
    shared = place.new()
    write(shared, 0)
    left = []
    asked = [(shared, number, draw.randrange(1, 2500)) for number in range(1, LINES + 1)]
    for _, number, writer in waiting(asked):
        go(writer)
        assert writer.stdout.readline() in ("", "done\n")
        writer.communicate()
        left.append(looked_after(shared, number))
    assert any(left), "no kill fell between a file of readings and its entry in the database"
