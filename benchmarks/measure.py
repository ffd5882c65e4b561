"""Contenders measured side by side in one run, and whether they gave the same answer."""

from __future__ import annotations

import gc
import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from statistics import median
from time import perf_counter, process_time
from typing import Any, Protocol

MOST_REPEATS = 25


class Skipped(Exception):  # noqa: N818
    """A case cannot be measured here; the message says why."""


@dataclass(frozen=True)
class Contender:
    """One way to do a job.

    Parameters
    ----------
    name
        What it is.
    run
        Does the job and returns the answer.
    share
        Part of the job that it does, from 0 to 1; its seconds are divided by it.
    once
        Too slow to be run again: takes part in the first turn only.
    peer
        Not Zveno itself in another way.
    ready
        Builds or compiles what ``run`` needs, before every run; its seconds are told apart and never scaled. One that
        raises ``Skipped`` cannot take part here; the reason is told.
    keep
        What ``ready`` made serves every run (a compiled program), so it is called once.
    allowed
        Largest difference of this one, where it is meant to be looser than the others.
    note
        What else is to be told of its last run.
    """

    name: str
    run: Callable[[], Any]
    share: float = 1.0
    once: bool = False
    peer: bool = True
    ready: Callable[[], None] | None = None
    keep: bool = False
    allowed: float | None = None
    note: Callable[[], str] | None = None


@dataclass(frozen=True)
class Timing:
    """Seconds of a contender for the whole job, and how far its answer is from Zveno's.

    ``seconds`` are those of the clock, ``cpu_seconds`` those of all processors, each per repeat; ``ready_`` ones were
    spent on making it ready. ``error`` says why it gave no answer, ``skipped`` why it could not take part; ``allowed``
    is the largest difference where it is this contender's own.
    """

    name: str
    share: float
    seconds: tuple[float, ...]
    cpu_seconds: tuple[float, ...]
    difference: float | None
    agrees: bool
    error: str = ""
    peer: bool = True
    ready_seconds: tuple[float, ...] = ()
    ready_cpu_seconds: tuple[float, ...] = ()
    skipped: str = ""
    allowed: float | None = None
    note: str = ""

    @property
    def best(self) -> float:
        """Shortest time, the one least disturbed by other work on the machine."""
        return min(self.seconds)

    @property
    def middle(self) -> float:
        """Median time."""
        return median(self.seconds)

    @property
    def cpu(self) -> float:
        """Median time of the processors: other work on the machine moves it least."""
        return median(self.cpu_seconds)


@dataclass(frozen=True)
class Compared:
    """A job measured: Zveno first, then its peers.

    ``headline`` begins the names of the peers whose processor time is told in a sentence at the end.
    """

    size: str
    unit: str
    timings: tuple[Timing, ...]
    headline: str = ""

    @property
    def agrees(self) -> bool:
        """Whether all contenders gave Zveno's answer."""
        return all(one.agrees for one in self.timings)

    def ratio(self, peer: Timing) -> float:
        """How many times as long as Zveno a peer takes; below 1 the peer is faster."""
        return peer.best / self.timings[0].best

    def cpu_ratio(self, peer: Timing) -> float:
        """How many times as much processor time as Zveno a peer takes."""
        return peer.cpu / self.timings[0].cpu


@dataclass(frozen=True)
class Phase:
    """Seconds of one step of a job over its repeats, and the largest memory of the process in it."""

    name: str
    seconds: tuple[float, ...]
    peak_mb: float | None = None
    cpu_seconds: tuple[float, ...] = ()


@dataclass(frozen=True)
class Phased:
    """A job measured step by step, without a peer; ``skipped`` says which steps could not be measured, and why."""

    size: str
    phases: tuple[Phase, ...]
    agrees: bool = True
    skipped: tuple[str, ...] = ()


Outcome = Compared | Phased


class Job(Protocol):
    """Anything that can be measured for about so many seconds, at least so many times."""

    def measure(self, budget: float, least: int) -> Outcome:
        """Run it and say how long it took."""
        ...


@dataclass(frozen=True)
class Match:
    """A job that Zveno (the first contender) and its peers do in turns.

    Parameters
    ----------
    size
        How large the job is.
    contenders
        Zveno first.
    difference
        How far another answer is from Zveno's, in ``unit``.
    allowed
        Largest difference that counts as the same answer.
    turns
        Least number of turns, whatever the time they take.
    headline
        How the names of the peers begin whose processor time is told in a sentence at the end.
    """

    size: str
    contenders: Sequence[Contender]
    difference: Callable[[Any, Any], float]
    allowed: float
    unit: str = ""
    turns: int = 1
    headline: str = ""

    def measure(self, budget: float, least: int) -> Compared:
        """Take turns until the budget is spent, each contender at least ``least`` times.

        A contender that fails is told with its error and does not run again; a failure of Zveno is raised.
        """
        logs = {one.name: _Log() for one in self.contenders}
        least = max(least, self.turns)
        begun = perf_counter()
        for turn in count(1):
            for one in self.contenders:
                if not (logs[one.name].ended or (one.once and turn > 1)):
                    logs[one.name].take_turn(one, strict=one is self.contenders[0])
            gone = perf_counter() - begun
            if turn >= MOST_REPEATS or (turn >= least and gone * (turn + 1) / turn > budget):
                break
        timings = tuple(self._timing(one, logs[one.name], logs) for one in self.contenders)
        return Compared(self.size, self.unit, timings, self.headline)

    def _timing(self, one: Contender, log: _Log, logs: dict[str, _Log]) -> Timing:
        """A contender's seconds with the difference of its last answer."""
        first = self.contenders[0]
        known: dict[str, Any] = {
            "name": one.name,
            "share": one.share,
            "peer": one.peer,
            "seconds": tuple(wall / one.share for wall, _ in log.runs),
            "cpu_seconds": tuple(cpu / one.share for _, cpu in log.runs),
            "ready_seconds": tuple(wall for wall, _ in log.ready),
            "ready_cpu_seconds": tuple(cpu for _, cpu in log.ready),
            "allowed": one.allowed,
            "note": one.note() if one.note and not log.ended else "",
        }
        if one is first or log.skipped:
            return Timing(**known, difference=None, agrees=True, skipped=log.skipped)
        if log.error:
            return Timing(**known, difference=None, agrees=False, error=log.error)
        gap = self.difference(logs[first.name].answer, log.answer)
        allowed = self.allowed if one.allowed is None else one.allowed
        return Timing(**known, difference=gap, agrees=math.isfinite(gap) and gap <= allowed)


@dataclass
class _Log:
    """What a contender did so far: seconds of the clock and of the processors, and its last answer."""

    runs: list[tuple[float, float]] = field(default_factory=list)
    ready: list[tuple[float, float]] = field(default_factory=list)
    answer: Any = None
    error: str = ""
    skipped: str = ""

    @property
    def ended(self) -> bool:
        """Whether it takes no more turns."""
        return bool(self.error or self.skipped)

    def take_turn(self, one: Contender, *, strict: bool) -> None:
        """Make it ready and run it once; an error is kept, or raised where the others are measured against it."""
        gc.collect()
        try:
            if one.ready and not (one.keep and self.ready):
                with _clocked(self.ready):
                    one.ready()
            with _clocked(self.runs):
                self.answer = one.run()
        except Exception as error:
            if strict:
                raise
            if isinstance(error, Skipped):
                self.skipped = str(error)
            else:
                self.error = f"{type(error).__name__}: {error}"


@contextmanager
def _clocked(spent: list[tuple[float, float]]) -> Iterator[None]:
    """Add the seconds that pass inside, of the clock and of the processors."""
    start, cpu = perf_counter(), cpu_s()
    try:
        yield
    finally:
        spent.append((perf_counter() - start, cpu_s() - cpu))


def cpu_s() -> float:
    """Processor seconds of this process, all its threads, and the processes it started and awaited (a compiler)."""
    children = os.times()
    return process_time() + children.children_user + children.children_system
