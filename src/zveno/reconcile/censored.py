"""Assays that say "less than" among others: what they are likely to be, and how much of their error is common."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr, ndtr

from zveno.reconcile.arrays import Floats
from zveno.reconcile.records import Series

_FEWEST, _LEAST_SHARE = 8, 1 / 3
_ROUNDS, _TOLERANCE = 2000, 1e-14


@dataclass(frozen=True)
class Filled:
    """Assays with those below a limit filled in.

    Parameters
    ----------
    value
        Each assay, a limit replaced by what it likely stands for, (n,).
    own
        Standard deviation that filling in adds to each, drawn anew for each, (n,).
    common
        The same that all filled in have together, for they stand for one material, (n,).
    """

    value: Floats
    own: Floats
    common: Floats


def filled(series: Series) -> Filled:
    """Limits filled in: from the logarithms of the other assays where these are enough, else half of the limit.

    Where at least 8 assays and a third of all are above their limits, all of them are taken as draws of one lognormal
    distribution, fitted by expectation and maximisation with the limits as censored; a limit becomes its mean below
    it. Else it is half the limit, give or take that of a value anywhere below, and that error is common to all: they
    are of one material, and it does not average out.

    References
    ----------
    Helsel (2012), Statistics for Censored Environmental Data, 2nd ed., ch. 6; Dempster, Laird & Rubin (1977),
    J. R. Stat. Soc. B 39, 1-38.

    Examples
    --------
    >>> limit = np.array([False, True])
    >>> filled(Series(np.zeros(2), np.ones(2), np.array([0.4, 0.2]), limit)).value
    array([0.4, 0.1])
    """
    below, value = series.below, series.value.astype(float).copy()
    none = np.zeros(len(value))
    if not below.any():
        return Filled(value, none, none)
    above = int((~below).sum())
    if above < max(_FEWEST, _LEAST_SHARE * len(value)) or np.any(value <= 0):
        value[below] *= 0.5
        return Filled(value, none, np.where(below, series.value / math.sqrt(12), 0.0))
    middle, scatter = _lognormal(np.log(value), below)
    z = (np.log(value[below]) - middle) / scatter
    mean = np.exp(middle + scatter**2 / 2 + log_ndtr(z - scatter) - log_ndtr(z))
    square = np.exp(2 * middle + 2 * scatter**2 + log_ndtr(z - 2 * scatter) - log_ndtr(z))
    value[below] = mean
    own, common = none.copy(), none.copy()
    own[below] = np.sqrt(np.maximum(square - mean**2, 0.0))
    common[below] = mean * scatter / math.sqrt(above)
    return Filled(value, own, common)


def _lognormal(logs: Floats, below: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of logarithms, of which some are known to be below a limit only."""
    middle, scatter = float(logs.mean()), max(float(logs.std()), 1e-6)
    for _ in range(_ROUNDS):
        z = (logs[below] - middle) / scatter
        hazard = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi) / np.maximum(ndtr(z), 1e-300)
        first, second = logs.copy(), np.zeros(len(logs))
        first[below] = middle - scatter * hazard
        second[below] = scatter**2 * np.maximum(1 - z * hazard - hazard**2, 0.0)
        moved = float(first.mean())
        spread = max(math.sqrt(float(np.mean((first - moved) ** 2 + second))), 1e-6)
        done = abs(moved - middle) + abs(spread - scatter) < _TOLERANCE
        middle, scatter = moved, spread
        if done:
            break
    return middle, scatter
