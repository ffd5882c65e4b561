"""A tag's readings as a binding sees them, and what all bindings of a tag share."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np

from zveno.rules.runs import Codes, Floats, Ints
from zveno.rules.signals import ON, Bools, Signal

DAY = 86_400_000_000
LONG_AGO = -(2**62)

Made = TypeVar("Made")


@dataclass(frozen=True)
class Pauses:
    """Moments of two answers with nothing between them for long, the later of which is new.

    ``last`` is the last answer of all; ``forgotten`` says that all answers are new, ``first`` being the first of them.
    """

    left: Ints
    right: Ints
    first: int | None
    last: int | None
    forgotten: bool

    @classmethod
    def between(cls, answers: Ints, before: int, longest: int) -> Pauses:
        """Those of all answers, of which so many are not new."""
        ts = answers[max(before - 1, 0) :]
        long = np.flatnonzero(ts[1:] - ts[:-1] > longest)
        first, last = (int(answers[0]), int(answers[-1])) if len(answers) else (None, None)
        return cls(ts[long], ts[long + 1], first, last, not before)

    def since(self, begun: int) -> Pauses:
        """The same after an earlier answer, where all that are there are new."""
        if self.first is None:
            return replace(self, last=begun)
        return replace(self, left=np.append(begun, self.left), right=np.append(self.first, self.right))


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
        return self.once(("unusable", self.state), lambda: (~self.usable).nonzero()[0])

    @property
    def bad(self) -> Ints:
        """Places of the readings that are not good, whatever the operating state."""
        return self.once("bad", lambda: (~self.own.good).nonzero()[0])

    @property
    def steps(self) -> tuple[int, Ints]:
        """The usual step from one reading to the next, and the places after which another one follows."""
        return self.once("steps", lambda: _steps(self.own.ts))

    def first_within(self, window: int) -> Ints:
        """For each new reading the place of the first one less than a window before it."""
        ts, (step, breaks) = self.own.ts, self.steps
        return self.once(("first", window), lambda: _first_within(ts, self.first, window, step, breaks))

    def first_of(self, place: Ints, window: int) -> Ints:
        """The same for some readings, by their places among all."""
        ts = self.own.ts
        return np.searchsorted(ts, ts[place] - window, side="right")

    def back(self, window: int) -> tuple[int, Ints]:
        """How many places before a reading the last one at least a window older lies, and the readings, by their
        places, for which that may not be so or that one is not good.
        """
        return self.once(("back", window), lambda: self._back(window))

    def _back(self, window: int) -> tuple[int, Ints]:
        (step, breaks), n = self.steps, len(self.own.ts)
        back = (window - 1) // step + 1
        if 8 * (len(breaks) * back + len(self.bad)) > n:
            return n, np.arange(self.first, n)
        spread = breaks[:, None] + np.arange(1, back + 1)
        odd = np.unique(np.concatenate((spread.ravel(), self.bad + back)))
        return back, odd[(odd >= self.first) & (odd < n)]

    def last_good(self, place: Ints) -> Ints:
        """For some places the place of the last good reading up to it, -1 where there is none."""
        if not len(self.bad):
            return place
        bad, begins = self.bad, self.once("bad runs", self._bad_runs)
        at = np.searchsorted(bad, place, side="right") - 1
        among = (at >= 0) & (bad[at] == place)
        return np.where(among, begins[at] - 1, place)

    def _bad_runs(self) -> Ints:
        """For each bad reading the place of the first one of its unbroken run."""
        begun = np.diff(self.bad, prepend=-2) != 1
        begins: Ints = self.bad[begun][np.cumsum(begun) - 1]
        return begins

    def after_beyond(self, level: float, sign: float, window: int) -> Ints:
        """Places of the new readings within whose window lies a reading beyond a level, whatever its quality."""
        ts, since = self.own.ts, int(self.first_of(np.array([self.first]), window)[0])
        value = self.own.value[since:]
        places = np.flatnonzero(value > level if sign > 0 else value < level)
        if not len(places):
            return places
        cuts = np.flatnonzero(np.diff(places) > 1)
        begin = places[np.concatenate(([0], cuts + 1))] + since
        last = places[np.append(cuts, len(places) - 1)] + since
        end = np.searchsorted(ts, ts[last] + window)
        begin = np.maximum(begin, np.concatenate(([self.first], np.maximum(end[:-1], self.first))))
        length = np.maximum(end - begin, 0)
        near: Ints = np.arange(int(length.sum())) + np.repeat(begin - np.cumsum(length) + length, length)
        return near

    def numbers(self, first: Ints, place: Ints) -> Ints:
        """How many usable readings there are from one place to another, both among them."""
        lost = self.unusable
        return place + 1 - first - np.searchsorted(lost, place, side="right") + np.searchsorted(lost, first)

    def sums(self, first: Ints, place: Ints) -> Floats:
        """Sums of the usable readings from one place to another, both among them, from ``reference`` on.

        Sums are run from midnight to midnight of UTC, so that they are the same to the last bit wherever the
        stream is cut.
        """
        running, edges = self.once(("sums", self.state), self._daily_sums)
        ended = np.searchsorted(edges, place, side="right") - 1
        total = running[place + 1] - np.where(first > edges[ended], running[first], 0.0)
        crossed = np.flatnonzero(first < edges[ended])
        if len(crossed):
            # from the first reading to the end of its day, whole days between, the day of the last reading so far
            begin, ended = first[crossed], ended[crossed]
            day = np.searchsorted(edges, begin, side="right") - 1
            ahead = np.where(begin > edges[day], running[begin], 0.0)
            part = running[place[crossed] + 1] - ahead + running[edges[day + 1]]
            for further in range(1, int((ended - day).max())):
                between = day + further
                part += np.where(between < ended, running[edges[np.minimum(between + 1, len(edges) - 1)]], 0.0)
            total[crossed] = part
        return total

    def _daily_sums(self) -> tuple[Floats, Ints]:
        """Sums of each day up to and with each reading (one place on), and where days begin."""
        ts = self.own.ts
        n = len(ts)
        excess = self.own.value - self.reference
        excess[self.unusable] = 0.0
        running = np.zeros(n + 1)
        midnights = np.arange(int(ts[0]) // DAY + 1, int(ts[-1]) // DAY + 1) * DAY if n else ts
        edges = np.unique(np.concatenate(([0], np.searchsorted(ts, midnights), [n])))
        for a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            np.cumsum(excess[a:b], out=running[a + 1 : b + 1])
        return running, edges

    def pauses(self, longest: int) -> Pauses:
        """Pauses between good readings."""
        step, breaks = self.steps
        if longest < step or 8 * (len(breaks) + len(self.bad)) > len(self.own.ts):
            return Pauses.between(
                self.own.ts[self.own.good], self.first - int(np.searchsorted(self.bad, self.first)), longest
            )
        found = self.once("pauses", self._pauses)
        long = found.right - found.left > longest
        return replace(found, left=found.left[long], right=found.right[long])

    def _pauses(self) -> Pauses:
        """Good readings, the later of which is new, that are not a usual step from each other."""
        ts, (_, breaks), bad, n = self.own.ts, self.steps, self.bad, len(self.own.ts)
        left = np.unique(np.concatenate((self.last_good(breaks), self.last_good(bad))))
        left = left[left >= 0]
        right = left + 1
        if len(bad):
            begins = self.once("bad runs", self._bad_runs)
            at = np.searchsorted(bad, right)
            among = (at < len(bad)) & (bad[np.minimum(at, len(bad) - 1)] == right)
            ends = np.searchsorted(begins, right, side="right") - 1  # the last bad reading of the run
            right = np.where(among, bad[ends] + 1, right)
        new = (right >= self.first) & (right < n)
        before, last = self.last_good(np.array([self.first - 1, n - 1])).tolist()
        first = None if before >= 0 or last < 0 else int(ts[self.first + np.argmax(self.own.good[self.first :])])
        return Pauses(ts[left[new]], ts[right[new]], first, int(ts[last]) if last >= 0 else None, before < 0)


def _steps(ts: Ints) -> tuple[int, Ints]:
    """The usual step of a series, and the places after which another one follows."""
    steps = ts[1:] - ts[:-1]
    if not len(steps):
        return 1, steps
    step = max(int(np.median(steps[:999])), 1)
    return step, (steps != step).nonzero()[0]


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
