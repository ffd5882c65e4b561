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

    @property
    def unusable(self) -> Ints:
        """Places of the readings that are not usable; they are few."""
        return self.once(("unusable", self.state), lambda: np.flatnonzero(~self.usable))

    @property
    def bad(self) -> Ints:
        """Places of the readings that are not good, whatever the operating state."""
        return self.once("bad", lambda: np.flatnonzero(~self.own.good))

    def first_within(self, window: int) -> Ints:
        """For each new reading the place of the first one less than a window before it."""
        ts, step, breaks = self.own.ts, *self.once("steps", lambda: _steps(self.own.ts))
        return self.once(("first", window), lambda: _first_within(ts, self.first, window, step, breaks))

    @property
    def last_good(self) -> Ints:
        """For each reading the place of the last usable one up to it, -1 where there is none."""

        def found() -> Ints:
            places, bad = np.arange(len(self.own.ts)), self.bad
            if len(bad):
                begins = np.flatnonzero(np.diff(bad, prepend=-2) != 1)
                places[bad] = np.repeat(bad[begins] - 1, np.diff(np.append(begins, len(bad))))
            return places

        return self.once("last good", found)

    @property
    def counts(self) -> Ints:
        """Number of usable readings before each place, one more than there are readings."""

        def counted() -> Ints:
            n, lost = len(self.own.ts), self.unusable
            edges = np.concatenate(([0], lost + 1, [n + 1]))
            return np.arange(n + 1) - np.repeat(np.arange(len(lost) + 1), np.diff(edges))

        return self.once(("counts", self.state), counted)

    def sums(self, window: int) -> tuple[Floats, Ints]:
        """Sums of a window, made once; see ``_sums``."""
        return self.once(("window", self.state, window), lambda: self._sums(window))

    def _sums(self, window: int) -> tuple[Floats, Ints]:
        """For each new reading, sum and number of the usable readings of a window, from ``reference`` on.

        Sums are run from midnight to midnight of UTC, so that they are the same to the last bit wherever the
        stream is cut.
        """
        number = self.counts
        running, ahead, edges, begun = self.once(("sums", self.state), self._daily_sums)
        first = self.first_within(window)
        total = running[self.first + 1 :] - ahead[first]
        crossed = np.flatnonzero(first < begun[self.first :])
        if len(crossed):
            # from the first reading to the end of its day, whole days between, the day of the last reading so far
            day = np.searchsorted(edges, first[crossed], side="right") - 1
            ended = np.searchsorted(edges, crossed + self.first, side="right") - 1
            part = total[crossed] + running[edges[day + 1]]
            for further in range(1, int((ended - day).max())):
                between = day + further
                part += np.where(between < ended, running[edges[np.minimum(between + 1, len(edges) - 1)]], 0.0)
            total[crossed] = part
        return total, number[self.first + 1 :] - number[first]

    def _daily_sums(self) -> tuple[Floats, Floats, Ints, Ints]:
        """Sums of each day: up to and with each reading (one place on), before each, where days begin, of each."""
        ts = self.own.ts
        n = len(ts)
        excess = self.own.value - self.reference
        excess[self.unusable] = 0.0
        running = np.zeros(n + 1)
        midnights = np.arange(int(ts[0]) // DAY + 1, int(ts[-1]) // DAY + 1) * DAY if n else ts
        edges = np.unique(np.concatenate(([0], np.searchsorted(ts, midnights), [n])))
        for a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            np.cumsum(excess[a:b], out=running[a + 1 : b + 1])
        ahead = running[:-1].copy()
        ahead[edges[:-1]] = 0.0
        return running, ahead, edges, np.repeat(edges[:-1], np.diff(edges))


def _steps(ts: Ints) -> tuple[int, Ints]:
    """The usual step of a series, and the places after which another one follows."""
    steps = np.diff(ts)
    if not len(steps):
        return 1, steps
    step = max(int(np.median(steps[:999])), 1)
    return step, np.flatnonzero(steps != step)


def _first_within(ts: Ints, first: int, window: int, step: int, breaks: Ints) -> Ints:
    """Place of the first reading later than a window before each reading from ``first`` on.

    Readings are mostly evenly spaced, so that it is counted back; where the steps are others it is looked for.
    """
    back = (window - 1) // step
    if 2 * len(breaks) * (back + 1) > len(ts):
        return np.searchsorted(ts, ts[first:] - window, side="right")
    found = np.arange(first - back, len(ts) - back)
    np.maximum(found, 0, out=found)
    for place in breaks.tolist():
        a, b = max(place + 1, first), min(place + back + 2, len(ts))
        if a < b:
            found[a - first : b - first] = np.searchsorted(ts, ts[a:b] - window, side="right")
    return found
