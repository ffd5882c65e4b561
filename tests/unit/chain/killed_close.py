"""Runs in a process of its own, which imports everything and calculates nothing, so that it may be forked: works at the
close in children that are killed at random moments, and looks at the store after each in another child.

What they do: adjustments, stocktakes, investigations, the close itself and its restatements, each by two persons.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
from tests.golden.reports.two_plants import chain
from tests.signed_books import PASSPHRASE, T0

from zveno.chain.closing import Closing
from zveno.chain.desk import Desk
from zveno.chain.investigating import Added, Investigating, Question
from zveno.chain.stocktake import Act, Stocktaking
from zveno.close.counted import MASS, Count
from zveno.close.putin import Asked
from zveno.log import Log, Persons, Signer
from zveno.store import EmbeddedStore

MONTH = "2026-03"


def child(work: Callable[[], None]) -> int:
    """A fork that works and ends."""
    number = os.fork()
    if number == 0:
        try:
            work()
        finally:
            os._exit(0)
    return number


def opened(folder: Path) -> Closing:
    """The chain's close over the store."""
    return Closing(chain(EmbeddedStore(folder)), folder)


def steps(folder: Path, turn: int) -> None:
    """The next two steps, whichever they are."""
    persons = Persons(Log(folder))
    clerk, chief = (persons.unlock(one, PASSPHRASE) for one in ("accountant", "chief"))
    for k in range(2):
        at = T0 + timedelta(days=1, minutes=2 * turn, seconds=k)
        TURNS[turn % len(TURNS)](opened(folder), (clerk, chief), at, turn)


def adjust(closing: Closing, signers: tuple[Signer, Signer], at: datetime, turn: int) -> None:
    """Propose a value, or approve the one that waits."""
    desk = Desk(closing)
    if not decide(desk, signers[1], at):
        paper = desk.adjustment(MONTH, [Asked("conc.receipt", 2880.0 + 0.01 * turn)], "checked with weights")
        desk.propose(paper, signers[0], at)


def count(closing: Closing, signers: tuple[Signer, Signer], at: datetime, turn: int) -> None:
    """Sign a count, or approve the one that waits."""
    desk = Desk(closing)
    if not decide(desk, signers[1], at):
        taking = Stocktaking(desk)
        counts = (Count("bath_stock", MASS, 25.0 + 0.01 * turn, 1.0),)
        taking.sign(taking.compare(MONTH, Act(counts, "act.txt", b"%d" % turn)), signers[0], at)


def decide(desk: Desk, signer: Signer, at: datetime) -> bool:
    """Approve what waits, if anything does."""
    waiting = [one for one in desk.proposals(MONTH) if one.state == "waiting"]
    for one in waiting[:1]:
        desk.approve(one.number, signer, at)
    return bool(waiting)


def look_into(closing: Closing, signers: tuple[Signer, Signer], at: datetime, turn: int) -> None:
    """Open an investigation, tell its outcome, or sign it off."""
    work, (clerk, chief) = Investigating(closing), signers
    found = [one for one in work.all() if one.closed is None]
    if not found:
        work.open(Question(MONTH, "accountant", date(2026, 12, 1), text=f"question {turn}"), chief, at)
    elif not found[0].outcome:
        work.add(found[0].number, Added(outcome="nothing"), clerk, at)
    else:
        work.close(found[0].number, chief, at)


def close(closing: Closing, signers: tuple[Signer, Signer], at: datetime, turn: int) -> None:
    """Draw up, or approve the draft."""
    stage = closing.stage(MONTH)
    if stage.draft is not None:
        closing.approve(MONTH, signers[1], at)
    else:
        closing.draw_up(MONTH, signers[0], at, "again" if stage.versions else None)


TURNS = (close, adjust, close, count, close, look_into)
"""What is worked at turn by turn."""


def look(folder: Path, out: Path, turn: int) -> None:
    """What the store holds, as a process finds it that comes after a power cut."""
    begun = time.perf_counter()
    closing = opened(folder)
    desk, store = Desk(closing), closing.chain.store
    desk.enter(T0 + timedelta(days=1, minutes=2 * turn + 1))
    stage, proposals, entries = closing.stage(MONTH), desk.proposals(), store.entries()
    versions = (*stage.versions, *([stage.draft] if stage.draft else []))
    approved = [one for one in proposals if one.state == "approved"]
    rows = [row for one in approved for row in store.versions("records", {"cell": str(one.decided.record)}).rows()]
    looked_into = Investigating(closing).all()
    signed = [one.body["entry"] for one in closing.log.records if "entry" in one.body]
    found = {
        "stage": stage.stage, "versions": len(stage.versions),
        "void": [*stage.void, *(n for one in (*proposals, *looked_into) for n in one.void)],
        "findings": [one.kind for one in Log(folder).verify()],
        "whole": all(closing.frozen(one).tables["flows"].height > 0 for one in versions),
        "entered": len(rows) == sum(len(one.values) for one in approved),
        "once": len(signed) == len(set(signed)) and [one.id for one in entries] == list(range(1, len(entries) + 1))
        and len({one.log_number for one in entries if one.kind == "approval"}) == len(approved),
        "acts": [len(approved), len(proposals), len(looked_into), len(closing.log.records)],
        "seconds": time.perf_counter() - begun,
    }  # fmt: skip
    out.write_text(json.dumps(found))


def main(folder: Path, kills: int) -> None:
    """Kill, look, print."""
    rng, out = np.random.default_rng(8), folder.with_name("seen.json")
    whole = []
    for turn in range(len(TURNS)):
        begun = time.perf_counter()
        os.waitpid(child(lambda turn=turn: steps(folder, turn)), 0)
        whole.append(time.perf_counter() - begun)
    for turn in range(len(TURNS), len(TURNS) + kills):
        working = child(lambda turn=turn: steps(folder, turn))
        time.sleep(float(rng.uniform(0, 1.1 * whole[turn % len(TURNS)])))
        done, _ = os.waitpid(working, os.WNOHANG)
        # what a step takes follows the load of the machine, so that kills meet all of it and work goes on
        whole[turn % len(TURNS)] *= 0.85 if done else 1.2
        if not done:
            os.kill(working, signal.SIGKILL)
            os.waitpid(working, 0)
        os.waitpid(child(lambda turn=turn: look(folder, out, turn)), 0)
        sys.stdout.write(out.read_text() + "\n")
        out.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
