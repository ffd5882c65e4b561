"""Cumulative sums: small lasting shifts in a series of standardised numbers, such as the adjustments of a meter.

References
----------
Page (1954), Biometrika 41, 100-115; Hawkins & Olwell (1998), Cumulative Sum Charts and Charting for Quality
Improvement, ch. 2 and 3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from zveno.errors import DataError
from zveno.reconcile.names import Floats

_NODES = 60
_TOP = 60.0


@dataclass(frozen=True)
class CusumDesign:
    """Allowance ``k`` (half the shift that is looked for) and limit ``h``, both in standard deviations."""

    k: float
    h: float


@dataclass(frozen=True)
class Cusum:
    """The two sums of a series and what they say.

    Parameters
    ----------
    upper, lower
        Sums for shifts up and down, (periods,).
    alarm
        Period in which the limit is first passed, or None.
    onset
        Period in which the sum that alarms left zero for good: the likely beginning of the shift.
    side
        +1 up, -1 down, 0 without an alarm.
    shift
        Mean of the series from the onset on, in standard deviations; NaN without an alarm.
    """

    upper: Floats
    lower: Floats
    alarm: int | None
    onset: int | None
    side: int
    shift: float


def cusum(z: Floats, design: CusumDesign) -> Cusum:
    """Follow a series of independent standardised numbers; NaN is a period that says nothing.

    Examples
    --------
    >>> found = cusum(np.array([0.1, -0.2, 0.0, 2.1, 1.8, 2.4, 1.9]), CusumDesign(0.5, 4.0))
    >>> found.alarm, found.onset, found.side, round(found.shift, 2)
    (5, 3, 1, 2.05)
    """
    steps = np.nan_to_num(np.asarray(z, dtype=float), nan=0.0)
    there = np.isfinite(z)
    sums = np.zeros((2, len(steps)))
    begun = np.zeros((2, len(steps)), dtype=np.int64)
    last, start = np.zeros(2), np.zeros(2, dtype=np.int64)
    for t, step in enumerate(steps):
        if there[t]:
            start = np.where(last > 0, start, t)
            last = np.maximum(last + np.array([step, -step]) - design.k, 0.0)
        sums[:, t], begun[:, t] = last, start
    over = np.argwhere((sums > design.h).T)
    if not len(over):
        return Cusum(sums[0], sums[1], None, None, 0, float("nan"))
    alarm, side = int(over[0, 0]), int(over[0, 1])
    onset = int(begun[side, alarm])
    return Cusum(sums[0], sums[1], alarm, onset, 1 - 2 * side, float(np.nanmean(np.asarray(z)[onset:])))


def run_length(design: CusumDesign, shift: float = 0.0) -> float:
    """Mean number of periods to an alarm of either side, for a lasting shift in standard deviations.

    Examples
    --------
    >>> round(run_length(CusumDesign(0.5, 4.0))), round(run_length(CusumDesign(0.5, 5.0)))
    (168, 465)
    """
    one, other = (_one_sided(design, side * shift) for side in (1, -1))
    return 1 / (1 / one + 1 / other)


def alarm_chance(design: CusumDesign, periods: int) -> float:
    """Chance of any alarm within a number of periods without a shift: at most this, both sides together.

    Examples
    --------
    >>> 0.05 < alarm_chance(CusumDesign(0.5, 5.0), 30) < 0.06
    True
    """
    nodes, weights = _quadrature(design.h)
    kernel = _density(nodes[None, :] - nodes[:, None] + design.k) * weights
    back = ndtr(design.k - nodes)
    alive, at_zero = np.ones(_NODES), 1.0
    from_zero, stays = _density(nodes + design.k) * weights, float(ndtr(design.k))
    for _ in range(periods):
        alive, at_zero = kernel @ alive + back * at_zero, float(from_zero @ alive) + stays * at_zero
    return min(1.0, 2 * (1 - at_zero))


def design_for_run_length(arl: float, *, shift: float = 1.0) -> CusumDesign:
    """Design for a lasting shift of so many standard deviations, with a false alarm in ``arl`` periods on average.

    Raises
    ------
    DataError
        If the shift or the mean number of periods is not possible.

    Examples
    --------
    >>> round(design_for_run_length(370.4).h, 2)
    4.77
    """
    if not (shift > 0 and arl > 2):
        raise DataError("a cumulative sum needs a shift above zero and more than two periods between false alarms")
    return _searched(shift / 2, lambda design: run_length(design) >= arl)


def design_for_chance(chance: float, periods: int, *, shift: float = 1.0, series: int = 1) -> CusumDesign:
    """Design with a chance of at most ``chance`` of any false alarm in ``periods`` periods of ``series`` series.

    Chances of single series add up (Bonferroni), which holds however the series are correlated.

    Raises
    ------
    DataError
        If the shift, the chance or the number of periods is not possible.
    """
    if not (shift > 0 and 0 < chance < 1 and periods > 0 and series > 0):
        raise DataError("a cumulative sum needs a shift above zero, a chance between 0 and 1, and periods and series")
    return _searched(shift / 2, lambda design: alarm_chance(design, periods) <= chance / series)


def _searched(k: float, good: Callable[[CusumDesign], bool]) -> CusumDesign:
    """The lowest limit that is good, by halving."""
    low, high = 0.0, 1.0
    while not good(CusumDesign(k, high)):
        low, high = high, 2 * high
        if high > _TOP:
            raise DataError("no cumulative sum has so few false alarms: ask for more of them, or for a larger shift")
    while high - low > 1e-6 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if good(CusumDesign(k, middle)) else (middle, high)
    return CusumDesign(k, high)


def _one_sided(design: CusumDesign, shift: float) -> float:
    """Mean run length of one sum from zero: the integral equation of Page by quadrature."""
    nodes, weights = _quadrature(design.h)
    k = design.k - shift
    system = np.eye(_NODES + 1)
    system[:-1, :-1] -= _density(nodes[None, :] - nodes[:, None] + k) * weights
    system[:-1, -1] -= ndtr(k - nodes)
    system[-1, :-1] -= _density(nodes + k) * weights
    system[-1, -1] -= ndtr(k)
    return float(np.linalg.solve(system, np.ones(_NODES + 1))[-1])


def _quadrature(h: float) -> tuple[Floats, Floats]:
    """Gauss-Legendre nodes and weights from 0 to the limit."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return h * (nodes + 1) / 2, h * weights / 2


def _density(x: Floats) -> Floats:
    """Standard normal density."""
    return np.asarray(np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi))
