"""A tag's readings as a binding sees them, and what all bindings of a tag share."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from zveno.rules.runs import Codes, Floats, Ints
from zveno.rules.signals import ON, Bools, Signal

DAY = 86_400_000_000
LONG_AGO = -(2**62)

Made = TypeVar("Made")


@dataclass(frozen=True)
class Feed:
    """Readings of a tag, those already judged first; new ones stand from ``first`` on.

    ``since`` is the moment up to which readings were judged before, ``until`` that up to which all are there now.
    ``on`` is the operating state at each of them, None where the rule always binds; ``others`` are the readings
    of further tags of the rule with the longest time that each reading speaks for; ``every`` is the sampling
    interval, in microseconds. Means are summed up from ``reference`` on;
    ``shared`` keeps what several bindings of the tag need.
    """

    own: Signal
    first: int
    on: Codes | None
    others: tuple[tuple[Signal, int], ...]
    every: int
    until: int
    since: int = LONG_AGO
    state: Hashable = None
    reference: float = 0.0
    shared: dict[Hashable, Any] = field(default_factory=dict)

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What is made for the first binding that asks, and handed to all others."""
        if key not in self.shared:
            self.shared[key] = make()
        made: Made = self.shared[key]
        return made

    @property
    def usable(self) -> Bools:
        """Readings that are good and were taken while the rule binds."""
        if self.on is None:
            return self.own.good
        return self.once(("usable", self.state), lambda: self.own.good & (self.on == ON))

    def first_within(self, window: int) -> Ints:
        """For each new reading the place of the first one less than a window before it."""
        return self.once(("first", window), lambda: _first_within(self.own.ts, self.first, window))

    def counts(self, name: Hashable, make: Callable[[], Bools]) -> Ints:
        """Running number of readings that are marked, beginning with 0, so that any part is a difference."""

        def counted() -> Ints:
            return np.concatenate(([0], np.cumsum(make(), dtype=np.int64)))

        return self.once(("counts", self.state, name), counted)

    def sums(self, window: int) -> tuple[Floats, Ints]:
        """For each new reading, sum and number of the usable readings of a window, from ``reference`` on.

        Sums are run from midnight to midnight of UTC, so that they are the same to the last bit wherever the
        stream is cut.
        """
        number = self.counts("usable", lambda: self.usable)
        running, edges, day = self.once(("sums", self.state), self._daily_sums)
        first, n = self.first_within(window), len(self.own.ts)
        last = np.arange(self.first, n)
        total = running[last + 1] - running[first] * (first > edges[day[first]])
        crossed = np.flatnonzero(day[first] != day[last])
        if len(crossed):
            begun, ended = day[first[crossed]], day[last[crossed]]
            part = total[crossed] + running[edges[begun + 1]]
            for further in range(1, int((ended - begun).max())):
                between = begun + further
                part += np.where(between < ended, running[edges[np.minimum(between + 1, len(edges) - 1)]], 0.0)
            total[crossed] = part
        return total, number[last + 1] - number[first]

    def _daily_sums(self) -> tuple[Floats, Ints, Ints]:
        """Sums of each day up to and with each reading (one place on), where the days begin, the day of each."""
        date = self.own.ts // DAY
        excess = np.where(self.usable, self.own.value - self.reference, 0.0)
        running = np.zeros(len(excess) + 1)
        edges = np.concatenate(([0], np.flatnonzero(np.diff(date)) + 1, [len(date)]))
        for a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            np.cumsum(excess[a:b], out=running[a + 1 : b + 1])
        return running, edges, np.repeat(np.arange(len(edges) - 1), np.diff(edges))


def _first_within(ts: Ints, first: int, window: int) -> Ints:
    """Place of the first reading later than a window before each reading from ``first`` on."""
    n = len(ts)
    if n - first < 2:
        return np.searchsorted(ts, ts[first:] - window, side="right")
    # readings are mostly evenly spaced: a guess is right for most, and the others are looked for
    step = max(int(np.median(np.diff(ts[first : first + 999]))), 1)
    guess = np.maximum(np.arange(first, n) - (window - 1) // step, 0)
    since = ts[first:] - window
    wrong = (ts[guess] <= since) | ((guess > 0) & (ts[guess - 1] > since))
    if wrong.any():
        guess[wrong] = np.searchsorted(ts, since[wrong], side="right")
    return guess
