"""Filter first, islands after: the few stretches of a series in which an episode can begin, go on or end.

Samples left out lie between a stretch that ended and the next sample beyond a limit: they are clear, and nothing
is going on while they pass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from zveno.rules.runs import CLEAR, OUT, UNKNOWN, Codes, Floats, Ints, Manner
from zveno.rules.signals import Bools

_NEAR = 8
"""Stretches less far apart than so many samples are one."""


@dataclass(frozen=True)
class Coded:
    """Places of the samples kept, their values, codes and the limits in force."""

    place: Ints
    value: Floats
    code: Codes
    limit: Floats


def coded_regions(
    ts: Ints, places: Ints, judge: Callable[[Ints], Coded], manner: Manner, *, going_on: bool
) -> Coded | None:
    """The samples that matter, judged; None where none does.

    Parameters
    ----------
    ts
        Moments of all samples, shape (n,).
    places
        Those that may lie outside the limit, in order.
    judge
        Gives value, code and limit of the samples at some places.
    manner
        What ends an episode.
    going_on
        Whether a run is going on when the series begins.
    """
    n = len(ts)
    if going_on:
        places = np.concatenate(([0], places)) if n else places
    if not len(places):
        return None
    far = np.ones(len(places) + 1, np.bool_)
    np.greater(places[1:] - places[:-1], _NEAR, out=far[1:-1])
    begin, end = places[far[:-1]], places[far[1:]] + 2
    if manner.off:
        end = np.searchsorted(ts, ts[np.minimum(end, n) - 1] + manner.off, side="right") + 1
    while True:
        begin, end = _apart(begin, np.minimum(end, n))
        length = end - begin
        last = length.cumsum()
        first = last - length
        place = np.arange(last[-1]) + (begin - first).repeat(length)
        coded = judge(place)
        lasting = ~_ended(ts[place], coded.code, first, manner, going_on=going_on) & (end < n)
        if not lasting.any():
            return coded
        end = np.where(lasting, end + np.maximum(length, _NEAR), end)


def _apart(begin: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Stretches in order, those that touch each other as one."""
    end = np.maximum.accumulate(end)
    fresh = np.ones(len(begin) + 1, np.bool_)
    np.greater(begin[1:], end[:-1], out=fresh[1:-1])
    return begin[fresh[:-1]], end[fresh[1:]]


def _ended(ts: Ints, code: Codes, first: Ints, manner: Manner, *, going_on: bool) -> Bools:
    """For each stretch whether its last sample is clear, and has been for the off-delay."""
    last = np.append(first[1:], len(code)) - 1
    clear: Bools = code[last] == CLEAR
    if not manner.off:
        return clear
    known = np.minimum(np.diff(ts, append=ts[-1:]), manner.reach)
    known[code == UNKNOWN] = 0
    before = np.concatenate(([0], np.cumsum(known)))
    behind = np.maximum.reduceat(np.where(code == OUT, np.arange(len(code)), -1), first)
    if going_on:
        behind[0] = max(int(behind[0]), 0)
    clears = np.append(np.flatnonzero(code == CLEAR), len(code))
    since = np.minimum(clears[np.searchsorted(clears, np.maximum(behind, first))], last)
    lasting: Bools = clear & ((behind < 0) | (before[last] - before[since] >= manner.off))
    return lasting
