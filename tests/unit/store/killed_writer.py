"""A program that writes to a store until it is killed: ``python -m tests.unit.store.killed_writer PLACE ROUND LINE``.

It waits for a line on its input, so that the start of Python is not what is killed, then keeps the files of a round one
after the other, with an entry of the ledger between them. If LINE is not 0 it kills itself at that line of the store's
own code, counted from the start of the round.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from itertools import count
from types import FrameType
from typing import Any

from tests.stores import KNOWN, batch, entry

import zveno.store
from zveno.store import Batch, NewEntry, open_store

PARTS = 5
_ROOM = os.path.dirname(zveno.store.__file__)  # noqa: PTH120 - compared with each frame, so it must be quick


def files(number: int) -> list[Batch]:
    """Files of a round: records, readings of two days, a rejected cell, an entry each."""
    return [
        batch(f"{number:04x}{part:04x}" * 8, 1.0, 2.0, 3.0, tags=30, entries=(entry(subject(number), part=part),))
        for part in range(PARTS)
    ]


def subject(number: int) -> str:
    """What the entries of a round are about."""
    return f"round {number}"


def act(number: int, part: int) -> NewEntry:
    """What a person does after a file: the first time it is seen it is kept, then it is recognised."""
    return NewEntry("approval", f"{subject(number)}, {part}", {"part": part}, "chief", after=0)


def write(place: str, number: int) -> None:
    """Keep everything of a round."""
    store = open_store(place)
    for part, one in enumerate(files(number)):
        store.append([one], KNOWN)
        store.append_entries([act(number, part)], KNOWN)


def _kill_at(line: int) -> None:
    """Be killed at a line of the store, as suddenly as a power cut."""
    lines = count(1)

    def watch(frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(_ROOM):
            return None
        if event == "line" and next(lines) == line:
            os.kill(os.getpid(), signal.SIGKILL)
        return watch

    threading.settrace(watch)  # files of readings are written by threads
    sys.settrace(watch)


def main(place: str, number: int, line: int) -> None:
    """Wait, write, say that all was written."""
    print("ready", flush=True)
    sys.stdin.readline()
    if line:
        _kill_at(line)
    write(place, number)
    sys.settrace(None)
    print("done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
