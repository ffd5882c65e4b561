"""Episodes in one series of samples: filter first, islands after; arrays to arrays, no names.

A sample is out, between (inside the limit but not yet past the clear level), clear, or unknown (no usable
value, or the operating state is not known). A sample speaks from its moment to the next sample of any
kind, but for no longer than ``reach``; the rest of the time is unknown. Unknown time neither ends an
episode nor counts towards the hold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Codes = NDArray[np.int8]

CLEAR, BETWEEN, OUT, UNKNOWN = 0, 1, 2, 3


@dataclass(frozen=True)
class Samples:
    """Samples in strictly rising time: microseconds, code, value and the limit in force, shape (n,)."""

    ts: Ints
    code: Codes
    value: Floats
    limit: Floats


@dataclass(frozen=True)
class Carry:
    """A run that is still going on: all that later samples need to know of it.

    ``known`` is the time that samples before the last one spoke for, ``peak`` and ``limit`` the worst
    sample so far; ``last`` and ``code`` are moment and code of the last sample, ``outs`` counts the samples
    outside.
    """

    start: int
    known: int
    peak: float
    limit: float
    last: int
    code: int
    outs: int


@dataclass(frozen=True)
class Spans:
    """Episodes in order of time, shape (k,): first moment out, first moment back, the known part of it.

    Times are microseconds; ``peak`` is the worst value and ``limit`` the limit it passed.
    """

    start: Ints
    end: Ints
    known: Ints
    peak: Floats
    limit: Floats

    def take(self, which: NDArray[np.bool_] | slice) -> Spans:
        """Some of the episodes."""
        return Spans(self.start[which], self.end[which], self.known[which], self.peak[which], self.limit[which])


def find_runs(
    samples: Samples, carry: Carry | None, *, sign: float, hold: int, reach: int, least: int = 1
) -> tuple[Spans, Carry | None]:
    """Closed episodes, and the run that is still going on at the last sample.

    Cutting a series anywhere and handing the carry on gives the same episodes as the whole series.

    Parameters
    ----------
    samples
        The samples after those already seen.
    carry
        The run left open by them, or None.
    sign
        1 for an upper limit, -1 for a lower one.
    hold
        Known time without a break, in microseconds, that makes a run an episode.
    reach
        Longest time that a sample speaks for, in microseconds.
    least
        Samples outside without a break that an episode needs too.

    Examples
    --------
    >>> code = np.array([CLEAR, OUT, OUT, CLEAR], np.int8)
    >>> samples = Samples(np.array([0, 5, 10, 15]), code, np.array([1.0, 7.0, 9.0, 1.0]), np.full(4, 5.0))
    >>> spans, carry = find_runs(samples, None, sign=1.0, hold=10, reach=15)
    >>> spans.start.tolist(), spans.end.tolist(), spans.peak.tolist(), carry
    ([5], [15], [9.0], None)
    """
    series, known, outs = _joined(samples, carry, reach)
    n = len(series.ts)
    before = np.concatenate(([0], np.cumsum(known)))
    starts, stops, ends = _islands(series.code)
    held = before[stops] - before[starts] >= hold
    if least > 1:
        counted = np.concatenate(([0], np.cumsum(outs)))
        held &= counted[stops] - counted[starts] >= least
    _, first = np.unique(ends[held], return_index=True)
    begins, closes = starts[held][first], ends[held][first]
    if len(stops) and stops[-1] == n and n not in closes:
        begins, closes = np.append(begins, starts[-1]), np.append(closes, n)
    worst = _worst(series, begins, closes, sign)
    spans = Spans(
        series.ts[begins],
        series.ts[np.minimum(closes, n - 1)],
        before[closes] - before[begins],
        series.value[worst],
        series.limit[worst],
    )
    if len(closes) and closes[-1] == n:
        return spans.take(slice(-1)), _carry(spans, series, int(outs[begins[-1] :].sum()))
    return spans, None


def open_span(carry: Carry, hold: int, least: int = 1) -> Spans | None:
    """The open run as an episode so far, or None while it has not lasted long enough."""
    if carry.known < hold or carry.outs < least:
        return None
    start, end, known = np.array([[carry.start], [carry.last], [carry.known]], np.int64)
    return Spans(start, end, known, np.array([carry.peak]), np.array([carry.limit]))


def _joined(samples: Samples, carry: Carry | None, reach: int) -> tuple[Samples, Ints, Ints]:
    """The samples with the carried run before them as two of its own; the time each speaks for and its count outside.

    The first of the two stands for all samples of the run but the last.
    """
    if carry is not None:
        samples = Samples(
            np.concatenate((np.array([carry.start, carry.last]), samples.ts)),
            np.concatenate((np.array([OUT, carry.code], np.int8), samples.code)),
            np.concatenate((np.full(2, carry.peak), samples.value)),
            np.concatenate((np.full(2, carry.limit), samples.limit)),
        )
    known = np.minimum(np.diff(samples.ts, append=samples.ts[-1:]), reach)
    known[samples.code == UNKNOWN] = 0
    outs = (samples.code == OUT).astype(np.int64)
    if carry is not None:
        known[0] = carry.known
        outs[0] = carry.outs - outs[1]
    return samples, known, outs


def _islands(code: Codes) -> tuple[Ints, Ints, Ints]:
    """Unbroken stretches of out: first sample, first sample that breaks it, first clear one (n = none).

    Unknown samples lie in a stretch without breaking it.
    """
    n = len(code)
    decided = np.flatnonzero(code != UNKNOWN)
    out = (code[decided] == OUT).astype(np.int8)
    edges = np.diff(out, prepend=0, append=0)
    places = np.append(decided, n)
    starts, stops = places[np.flatnonzero(edges == 1)], places[np.flatnonzero(edges == -1)]
    clears = np.append(np.flatnonzero(code == CLEAR), n)
    return starts, stops, clears[np.searchsorted(clears, starts)]


def _worst(series: Samples, begins: Ints, closes: Ints, sign: float) -> Ints:
    """Place of the sample of each run that lies farthest outside its limit, the first of equals."""
    excess = np.where(series.code == OUT, sign * (series.value - series.limit), -np.inf)
    lengths = closes - begins
    run = np.repeat(np.arange(len(begins)), lengths)
    place = np.arange(lengths.sum()) + np.repeat(closes - np.cumsum(lengths), lengths)
    most = np.maximum.reduceat(excess[place], np.cumsum(lengths) - lengths) if len(run) else excess[:0]
    top = np.flatnonzero(excess[place] == most[run])
    _, first = np.unique(run[top], return_index=True)
    return place[top[first]]


def _carry(spans: Spans, series: Samples, outs: int) -> Carry:
    """What later samples need of the last run, which is still going on."""
    start, known = int(spans.start[-1]), int(spans.known[-1])
    peak, limit = float(spans.peak[-1]), float(spans.limit[-1])
    return Carry(start, known, peak, limit, int(series.ts[-1]), int(series.code[-1]), outs)
