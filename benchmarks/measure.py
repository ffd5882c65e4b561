"""Contenders measured side by side in one run, and whether they gave the same answer."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from statistics import median
from time import perf_counter
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
    """

    name: str
    run: Callable[[], Any]
    share: float = 1.0
    once: bool = False
    peer: bool = True


@dataclass(frozen=True)
class Timing:
    """Seconds of a contender for the whole job, and how far its answer is from Zveno's.

    ``error`` says why it gave no answer.
    """

    name: str
    share: float
    seconds: tuple[float, ...]
    difference: float | None
    agrees: bool
    error: str = ""
    peer: bool = True

    @property
    def best(self) -> float:
        """Shortest time, the one least disturbed by other work on the machine."""
        return min(self.seconds)

    @property
    def middle(self) -> float:
        """Median time."""
        return median(self.seconds)


@dataclass(frozen=True)
class Compared:
    """A job measured: Zveno first, then its peers."""

    size: str
    unit: str
    timings: tuple[Timing, ...]

    @property
    def agrees(self) -> bool:
        """Whether all contenders gave Zveno's answer."""
        return all(one.agrees for one in self.timings)

    def ratio(self, peer: Timing) -> float:
        """How many times as long as Zveno a peer takes; below 1 the peer is faster."""
        return peer.best / self.timings[0].best


@dataclass(frozen=True)
class Phase:
    """Seconds of one step of a job over its repeats, and the largest memory of the process in it."""

    name: str
    seconds: tuple[float, ...]
    peak_mb: float | None = None


@dataclass(frozen=True)
class Phased:
    """A job measured step by step, without a peer."""

    size: str
    phases: tuple[Phase, ...]
    agrees: bool = True


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
    """

    size: str
    contenders: Sequence[Contender]
    difference: Callable[[Any, Any], float]
    allowed: float
    unit: str = ""

    def measure(self, budget: float, least: int) -> Compared:
        """Take turns until the budget is spent, each contender at least ``least`` times.

        A contender that fails is told with its error and does not run again; a failure of Zveno is raised.
        """
        first = self.contenders[0]
        spent: dict[str, list[float]] = {one.name: [] for one in self.contenders}
        answers: dict[str, Any] = {}
        errors: dict[str, str] = {}
        begun = perf_counter()
        for turn in count(1):
            for one in self.contenders:
                if one.name in errors or (one.once and turn > 1):
                    continue
                gc.collect()
                start = perf_counter()
                try:
                    answers[one.name] = one.run()
                except Exception as error:
                    if one is first:
                        raise
                    errors[one.name] = f"{type(error).__name__}: {error}"
                spent[one.name].append((perf_counter() - start) / one.share)
            gone = perf_counter() - begun
            if turn >= MOST_REPEATS or (turn >= least and gone * (turn + 1) / turn > budget):
                break
        timings = (self._timing(one, spent[one.name], answers, errors.get(one.name, "")) for one in self.contenders)
        return Compared(self.size, self.unit, tuple(timings))

    def _timing(self, one: Contender, seconds: list[float], answers: dict[str, Any], error: str) -> Timing:
        """A contender's seconds with the difference of its last answer."""
        first = self.contenders[0]
        known: dict[str, Any] = {"name": one.name, "share": one.share, "seconds": tuple(seconds), "peer": one.peer}
        if one is first:
            return Timing(**known, difference=None, agrees=True)
        if error:
            return Timing(**known, difference=None, agrees=False, error=error)
        gap = self.difference(answers[first.name], answers[one.name])
        return Timing(**known, difference=gap, agrees=math.isfinite(gap) and gap <= self.allowed)
