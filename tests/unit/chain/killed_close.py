"""Runs in a process of its own, which imports everything and calculates nothing, so that it may be forked: works at the
close in children that are killed at random moments, and looks at the store after each in another child.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
from tests.golden.reports.two_plants import chain
from tests.signed_books import PASSPHRASE, T0

from zveno.chain.closing import Closing
from zveno.log import Log, Persons
from zveno.store import EmbeddedStore


def child(work: Callable[[], None]) -> int:
    """A fork that works and ends."""
    number = os.fork()
    if number == 0:
        try:
            work()
        finally:
            os._exit(0)
    return number


def steps(folder: Path, minute: int) -> None:
    """The next two steps, whichever they are."""
    closing = Closing(chain(EmbeddedStore(folder)), folder)
    persons = Persons(Log(folder))
    for k in range(2):
        stage, at = closing.stage("2026-03"), T0 + timedelta(days=1, minutes=minute, seconds=k)
        if stage.draft is not None:
            closing.approve("2026-03", persons.unlock("chief", PASSPHRASE), at)
        else:
            reason = "again" if stage.versions else None
            closing.draw_up("2026-03", persons.unlock("accountant", PASSPHRASE), at, reason)


def look(folder: Path, out: Path) -> None:
    """What the store holds, as a process finds it that comes after a power cut."""
    begun = time.perf_counter()
    closing = Closing(chain(EmbeddedStore(folder)), folder)
    stage = closing.stage("2026-03")
    versions = (*stage.versions, *([stage.draft] if stage.draft else []))
    found = {
        "stage": stage.stage, "versions": len(stage.versions), "void": list(stage.void),
        "findings": [one.kind for one in Log(folder).verify()],
        "whole": all(closing.frozen(one).tables["flows"].height > 0 for one in versions),
        "seconds": time.perf_counter() - begun,
    }  # fmt: skip
    out.write_text(json.dumps(found))


def main(folder: Path, kills: int) -> None:
    """Kill, look, print."""
    rng, out = np.random.default_rng(8), folder.with_name("seen.json")
    begun = time.perf_counter()
    os.waitpid(child(lambda: steps(folder, 0)), 0)
    whole = time.perf_counter() - begun
    for k in range(1, kills + 1):
        working = child(lambda k=k: steps(folder, 2 * k))
        time.sleep(float(rng.uniform(0, 1.1 * whole)))
        os.kill(working, signal.SIGKILL)
        os.waitpid(working, 0)
        os.waitpid(child(lambda: look(folder, out)), 0)
        sys.stdout.write(out.read_text() + "\n")
        out.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
