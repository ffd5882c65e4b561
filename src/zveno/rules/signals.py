"""Readings of one tag as arrays, and operating states read from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zveno.rules.runs import Codes, Floats, Ints

Bools = NDArray[np.bool_]
OFF, ON, DOUBT = 0, 1, -1


@dataclass(frozen=True)
class Signal:
    """Readings of a tag in strictly rising time: microseconds since 1970 UTC, value, usable or not."""

    ts: Ints
    value: Floats
    good: Bools

    @classmethod
    def of(cls, ts: Ints, value: Floats, good: Bools) -> Signal:
        """Readings in any order. Those of one moment count once; where they differ, as unusable.

        Examples
        --------
        >>> Signal.of(np.array([60, 0, 60]), np.array([2.0, 1.0, 3.0]), np.ones(3, bool)).good
        array([ True, False])
        """
        good = good & np.isfinite(value)
        if (ts[1:] > ts[:-1]).all():
            return cls(ts, value, good)
        order = np.lexsort((value, ts))
        ts, value, good = ts[order], value[order], good[order]
        if np.all(ts[1:] > ts[:-1]):
            return cls(ts, value, good)
        return _merged(ts, value, good)

    def after(self, earlier: Signal | None) -> Signal:
        """These readings with earlier ones put before them."""
        if earlier is None:
            return self
        return Signal(
            np.concatenate((earlier.ts, self.ts)),
            np.concatenate((earlier.value, self.value)),
            np.concatenate((earlier.good, self.good)),
        )

    def part(self, first: int, last: int | None = None) -> Signal:
        """The readings from one place up to another."""
        return Signal(self.ts[first:last], self.value[first:last], self.good[first:last])

    def tail(self, since: int) -> Signal:
        """What later readings may need: all from a moment on, the last one before it, and the last usable one."""
        first = max(int(np.searchsorted(self.ts, since)) - 1, 0)
        usable = first - 1
        while usable >= 0 and not self.good[usable]:
            usable -= 1
        if usable < 0:
            return self.part(first).copied()
        kept = np.concatenate(([usable], np.arange(first, len(self.ts))))
        return Signal(self.ts[kept], self.value[kept], self.good[kept])

    def copied(self) -> Signal:
        """The same readings, without holding on to those that they are a part of."""
        return Signal(self.ts.copy(), self.value.copy(), self.good.copy())

    def at(self, moments: Ints, reach: int) -> tuple[Floats, Bools]:
        """Value at each moment by the last reading at or before it, and whether that may be believed."""
        if not len(self.ts):
            return np.full(len(moments), np.nan), np.zeros(len(moments), np.bool_)
        if self.ts is moments or np.array_equal(self.ts, moments):
            return self.value, self.good
        place = _last_before(self.ts, moments)
        good = self.good[place] & (place >= 0) & (moments - self.ts[place] <= reach)
        return self.value[place], good


def _last_before(ts: Ints, moments: Ints) -> Ints:
    """Place of the last reading at or before each moment, -1 where there is none; both rise."""
    if 4 * len(ts) > len(moments):
        return np.searchsorted(ts, moments, side="right") - 1
    begun = np.searchsorted(moments, ts, side="left")
    return np.repeat(np.arange(-1, len(ts)), np.diff(np.concatenate(([0], begun, [len(moments)]))))


def no_readings() -> Signal:
    """A tag that has given nothing."""
    return Signal(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.bool_))


def _merged(ts: Ints, value: Floats, good: Bools) -> Signal:
    """One reading per moment, from readings sorted by time; usable ones that differ cancel each other."""
    moments, first = np.unique(ts, return_index=True)
    least = np.minimum.reduceat(np.where(good, value, np.inf), first)
    most = np.maximum.reduceat(np.where(good, value, -np.inf), first)
    agreed = least == most
    return Signal(moments, np.where(agreed, least, np.nan), agreed)


@dataclass(frozen=True)
class Switch:
    """A tag that is on above one level and below another; a reading speaks for ``reach`` microseconds."""

    tag: str
    above: float
    below: float
    reach: int

    def at(self, moments: Ints, signals: Mapping[str, Signal]) -> Codes:
        """ON, OFF or DOUBT at each moment, by the last reading at or before it."""
        signal = signals.get(self.tag)
        if signal is None or not len(signal.ts):
            return np.full(len(moments), DOUBT, np.int8)
        on = ((signal.value > self.above) & (signal.value < self.below)).astype(np.int8)
        on[~signal.good] = DOUBT
        if np.array_equal(signal.ts, moments):
            return on
        place = _last_before(signal.ts, moments)
        state = on[place]
        state[(place < 0) | (moments - signal.ts[place] > self.reach)] = DOUBT
        return state


def state_at(switches: tuple[Switch, ...], moments: Ints, signals: Mapping[str, Signal]) -> Codes:
    """State of a plant at each moment: ON if one of its switches is on, OFF if all are off, else DOUBT."""
    states = [switch.at(moments, signals) for switch in switches]
    if not states:
        return np.full(len(moments), DOUBT, np.int8)
    if len(states) == 1:
        return states[0]
    table = np.vstack(states)
    return np.where(np.any(table == ON, axis=0), ON, np.min(table, axis=0)).astype(np.int8)
