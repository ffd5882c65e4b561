"""Episodes in one series of samples: filter first, islands after; arrays to arrays, no names.

A sample is out, between (inside the limit but not yet past the clear level), clear, or unknown (no usable
value, or the operating state is not known). A sample speaks from its moment to the next sample of any
kind, but for no longer than ``reach``; the rest of the time is unknown. Unknown time neither ends an
episode nor counts towards the hold. With an off-delay an episode ends only after the signal has been back
for that long; it then ends where the signal came back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Codes = NDArray[np.int8]

CLEAR, BETWEEN, OUT, UNKNOWN = 0, 1, 2, 3
FOREVER = 2**62


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
    outside. While an off-delay runs, ``back`` is the moment at which the signal came back, ``known`` ends
    there, and ``cleared`` is the time that samples since then spoke for; else ``back`` is -1.
    """

    start: int
    known: int
    peak: float
    limit: float
    last: int
    code: int
    outs: int
    back: int = -1
    cleared: int = 0


@dataclass(frozen=True)
class Spans:
    """Episodes in order of time, shape (k,): first moment out, first moment back, the known part of it.

    Times are microseconds; ``peak`` is the worst value and ``limit`` the limit it passed; ``count`` is how
    many samples were outside.
    """

    start: Ints
    end: Ints
    known: Ints
    peak: Floats
    limit: Floats
    count: Ints

    @classmethod
    def none(cls) -> Spans:
        """No episode."""
        whole, real = np.zeros(0, np.int64), np.zeros(0)
        return cls(whole, whole, whole, real, real, whole)

    def take(self, which: NDArray[np.bool_] | slice) -> Spans:
        """Some of the episodes."""
        return Spans(*(one[which] for one in vars(self).values()))

    def followed(self, later: Spans) -> Spans:
        """These episodes and later ones."""
        pairs = zip(vars(self).values(), vars(later).values(), strict=True)
        return Spans(*(np.concatenate(pair) for pair in pairs))


@dataclass(frozen=True)
class Manner:
    """How a run becomes an episode, and an episode ends; times in microseconds.

    ``sign`` is 1 for an upper limit and -1 for a lower one; ``hold`` the known time without a break, and
    ``least`` the samples outside without a break, that an episode needs; ``reach`` the longest time that a
    sample speaks for; ``off`` how long the signal must be back; ``merge`` the longest time between two
    episodes that are told as one, 0 for none.
    """

    sign: float
    hold: int
    reach: int
    least: int = 1
    off: int = 0
    merge: int = 0


def find_runs(
    samples: Samples, carry: Carry | None, manner: Manner, *, final: bool = False
) -> tuple[Spans, Carry | None]:
    """Closed episodes, and the run that is still going on at the last sample.

    Cutting a series anywhere and handing the carry on gives the same episodes as the whole series.

    Parameters
    ----------
    samples
        The samples after those already seen.
    carry
        The run left open by them, or None.
    manner
        What makes an episode; episodes close to each other stay apart here (see ``merged``).
    final
        Whether nothing can come after these samples, so that no off-delay is waited for.

    Examples
    --------
    >>> code = np.array([CLEAR, OUT, OUT, CLEAR], np.int8)
    >>> samples = Samples(np.array([0, 5, 10, 15]), code, np.array([1.0, 7.0, 9.0, 1.0]), np.full(4, 5.0))
    >>> spans, carry = find_runs(samples, None, Manner(sign=1.0, hold=10, reach=15))
    >>> spans.start.tolist(), spans.end.tolist(), spans.peak.tolist(), spans.count.tolist(), carry
    ([5], [15], [9.0], [2], None)
    """
    series, known, outs = _joined(samples, carry, manner.reach)
    n = len(series.ts)
    before, counted = np.zeros((2, n + 1), np.int64)
    known.cumsum(out=before[1:])
    outs.cumsum(out=counted[1:])
    code = _waiting(series.code, before, manner.off, final=final) if manner.off else series.code
    starts, stops, ends = _islands(code)
    held = before[stops] - before[starts] >= manner.hold
    if manner.least > 1:
        held &= counted[stops] - counted[starts] >= manner.least
    begins, closes = starts[held], ends[held]
    first = np.ones(len(closes), np.bool_)
    np.not_equal(closes[1:], closes[:-1], out=first[1:])
    begins, closes = begins[first], closes[first]
    if len(stops) and stops[-1] == n and not (len(closes) and closes[-1] == n):
        begins, closes = np.append(begins, starts[-1]), np.append(closes, n)
    worst = _worst(series, begins, closes, manner.sign)
    spans = Spans(
        series.ts[begins],
        series.ts[np.minimum(closes, n - 1)],
        before[closes] - before[begins],
        series.value[worst],
        series.limit[worst],
        counted[closes] - counted[begins],
    )
    if len(closes) and closes[-1] == n:
        return spans.take(slice(-1)), _carry(spans, series, before, int(begins[-1]), manner.off)
    return spans, None


def open_span(carry: Carry, manner: Manner) -> Spans | None:
    """The open run as an episode so far, or None while it has not lasted long enough."""
    if carry.known < manner.hold or carry.outs < manner.least:
        return None
    start, end, known, count = np.array(
        [[carry.start], [carry.last], [carry.known + carry.cleared], [carry.outs]], np.int64
    )
    return Spans(start, end, known, np.array([carry.peak]), np.array([carry.limit]), count)


def merged(spans: Spans, manner: Manner) -> Spans:
    """Episodes with those told as one that lie less than ``manner.merge`` apart; time between them is known.

    Examples
    --------
    >>> apart = Spans(*np.array([[0, 8, 30], [5, 12, 40], [5, 4, 10], [2, 3, 4], [1, 1, 1], [1, 1, 1]]))
    >>> one = merged(apart, Manner(sign=1.0, hold=0, reach=5, merge=10))
    >>> one.start.tolist(), one.end.tolist(), one.known.tolist(), one.peak.tolist(), one.count.tolist()
    ([0, 30], [12, 40], [12, 10], [3, 4], [2, 1])
    """
    if len(spans.start) < 2:
        return spans
    apart = spans.start[1:] - spans.end[:-1]
    first = np.concatenate(([0], np.flatnonzero(apart >= manner.merge) + 1))
    if len(first) == len(spans.start):
        return spans
    last = np.append(first[1:], len(spans.start)) - 1
    between = np.concatenate(([0], apart))
    between[first] = 0
    worst = _first_worst(manner.sign * (spans.peak - spans.limit), first)
    return Spans(
        spans.start[first],
        spans.end[last],
        np.add.reduceat(spans.known + between, first),
        spans.peak[worst],
        spans.limit[worst],
        np.add.reduceat(spans.count, first),
    )


def _joined(samples: Samples, carry: Carry | None, reach: int) -> tuple[Samples, Ints, Ints]:
    """The samples with the carried run before them; the time each speaks for and its count outside.

    The run stands as two samples, the first for all but the last; while an off-delay runs also as one more,
    the moment at which the signal came back.
    """
    head: tuple[int, ...] = ()
    if carry is not None:
        returned = carry.back >= 0
        head = (carry.start, *((carry.back,) if returned and carry.back < carry.last else ()), carry.last)
        codes = (OUT, *((CLEAR,) if len(head) == 3 else ()), CLEAR if carry.back == carry.last else carry.code)
        samples = Samples(
            np.concatenate((np.array(head), samples.ts)),
            np.concatenate((np.array(codes, np.int8), samples.code)),
            np.concatenate((np.full(len(head), carry.peak), samples.value)),
            np.concatenate((np.full(len(head), carry.limit), samples.limit)),
        )
    known = np.zeros(len(samples.ts), np.int64)
    np.minimum(samples.ts[1:] - samples.ts[:-1], reach, out=known[:-1])
    known[samples.code == UNKNOWN] = 0
    outs = (samples.code == OUT).astype(np.int64)
    if carry is not None:
        known[0] = carry.known
        if len(head) == 3:
            known[1] = carry.cleared
        outs[0] = carry.outs - outs[len(head) - 1]
    return samples, known, outs


def _waiting(code: Codes, before: Ints, off: int, *, final: bool) -> Codes:
    """The codes with the clear ones that did not last for the off-delay made to lie between."""
    n = len(code)
    clears = np.flatnonzero(code == CLEAR)
    if not len(clears):
        return code
    following = np.append(np.flatnonzero(code == OUT), n)
    after = following[np.searchsorted(following, clears)]
    first = np.concatenate(([0], np.flatnonzero(np.diff(after)) + 1))
    begun = np.repeat(clears[first], np.diff(np.append(first, len(clears))))
    short = before[after] - before[begun] < off
    if final:
        short &= after < n
    patient = code.copy()
    patient[clears[short]] = BETWEEN
    return patient


def _islands(code: Codes) -> tuple[Ints, Ints, Ints]:
    """Unbroken stretches of out: first sample, first sample that breaks it, first clear one (n = none).

    Unknown samples lie in a stretch without breaking it.
    """
    n = len(code)
    decided = (code != UNKNOWN).nonzero()[0]
    out = np.zeros(len(decided) + 2, np.bool_)
    np.equal(code[decided], OUT, out=out[1:-1])
    edges = (out[1:] != out[:-1]).nonzero()[0]
    places = _ended_by(decided, n)
    starts, stops = places[edges[::2]], places[edges[1::2]]
    clears = _ended_by((code == CLEAR).nonzero()[0], n)
    return starts, stops, clears[clears.searchsorted(starts)]


def _ended_by(places: Ints, n: int) -> Ints:
    """Places with one more behind them."""
    longer = np.empty(len(places) + 1, np.int64)
    longer[:-1] = places
    longer[-1] = n
    return longer


def _worst(series: Samples, begins: Ints, closes: Ints, sign: float) -> Ints:
    """Place of the sample of each run that lies farthest outside its limit, the first of equals."""
    lengths = closes - begins
    if not len(lengths):
        return begins
    ended = lengths.cumsum()
    place = np.arange(ended[-1]) + (closes - ended).repeat(lengths)
    excess = sign * (series.value[place] - series.limit[place])
    excess[series.code[place] != OUT] = -np.inf
    worst: Ints = place[_first_worst(excess, ended - lengths)]
    return worst


def _first_worst(excess: Floats, first: Ints) -> Ints:
    """Place of the largest of each group, the first of equals; groups begin at ``first`` and are not empty."""
    most = np.maximum.reduceat(excess, first)
    top = (excess == most.repeat(np.diff(first, append=len(excess)))).nonzero()[0]
    earliest: Ints = top[top.searchsorted(first)]
    return earliest


def _carry(spans: Spans, series: Samples, before: Ints, begin: int, off: int) -> Carry:
    """What later samples need of the last run, which is still going on."""
    known, last = int(spans.known[-1]), int(series.ts[-1])
    back, cleared = -1, 0
    if off:
        behind = int(np.flatnonzero(series.code[begin:] == OUT)[-1]) + begin
        clears = np.flatnonzero(series.code[behind:] == CLEAR)
        if len(clears):
            at = behind + int(clears[0])
            back, cleared = int(series.ts[at]), int(before[-1] - before[at])
    return Carry(
        start=int(spans.start[-1]),
        known=known - cleared,
        peak=float(spans.peak[-1]),
        limit=float(spans.limit[-1]),
        last=last,
        code=int(series.code[-1]),
        outs=int(spans.count[-1]),
        back=back,
        cleared=cleared,
    )
