"""Counts against time exposed, with what explains them: a regression for few counts, and its test by simulation.

References
----------
Firth, D. (1993), Bias reduction of maximum likelihood estimates, Biometrika 80, 27-38: for Poisson counts the score is
that of ``y + h/2`` with the leverages ``h``, so that a group without any event still has a finite rate.
Davison & Hinkley (1997), Bootstrap Methods and their Application, ch. 4: parametric resampling under the null.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_STEPS = 60
_TOLERANCE = 1e-9
_RIDGE = 1e-10
_FURTHEST = 3.0


@dataclass(frozen=True)
class Fit:
    """A regression of counts.

    Parameters
    ----------
    beta, covariance
        Coefficients on the log scale; their covariance at a dispersion of one.
    mean
        Expected counts, shape (n,).
    dispersion
        Pearson's chi-squared over its degrees of freedom, one at least.
    """

    beta: Floats
    covariance: Floats
    mean: Floats
    dispersion: float


def fit(design: Floats, counts: Floats, log_exposure: Floats) -> Fit:
    """Bias-reduced Poisson regression.

    Parameters
    ----------
    design
        Shape (n, k), of full rank.
    counts, log_exposure
        Shape (n,).

    Examples
    --------
    >>> found = fit(np.ones((4, 1)), np.array([2.0, 0, 1, 3]), np.zeros(4))
    >>> float(np.exp(found.beta[0]).round(3))  # (6 + 1/2) / 4
    1.625
    """
    n, k = design.shape
    beta = np.zeros(k)
    start = np.log(max(counts.sum(), 0.5) / np.exp(log_exposure).sum())
    beta = np.linalg.lstsq(design, np.full(n, start), rcond=None)[0]
    for _ in range(_STEPS):
        mean = np.exp(np.clip(log_exposure + design @ beta, -50, 50))
        weighted = design * mean[:, None]
        information = design.T @ weighted + _RIDGE * np.eye(k)
        covariance = np.linalg.inv(information)
        leverage = np.einsum("ij,jk,ik->i", weighted, covariance, design)
        step = covariance @ (design.T @ (counts + leverage / 2 - mean))
        step *= min(1.0, _FURTHEST / max(float(np.abs(step).max()), _TOLERANCE))
        beta = beta + step
        if float(np.abs(step).max()) < _TOLERANCE:
            break
    mean = np.exp(np.clip(log_exposure + design @ beta, -50, 50))
    covariance = np.linalg.inv(design.T @ (design * mean[:, None]) + _RIDGE * np.eye(k))
    free = max(n - k, 1)
    dispersion = max(1.0, float(((counts - mean) ** 2 / mean).sum()) / free)
    return Fit(beta, covariance, mean, dispersion)


def score(groups: Floats, design: Floats, counts: Floats, null: Fit) -> float:
    """Score statistic of groups that the null does not know, shape (n, g): how much they explain beside the rest."""
    weighted = groups * null.mean[:, None]
    cross = design.T @ weighted
    variance = groups.T @ weighted - cross.T @ null.covariance @ cross
    u = groups.T @ (counts - null.mean)
    return float(u @ np.linalg.pinv(variance, rcond=1e-9) @ u)


def chance_of_groups(
    groups: Floats, design: Floats, counts: Floats, log_exposure: Floats, *, draws: int, seed: int
) -> tuple[float, Fit]:
    """Chance of groups that differ as much if none of them matters, and the fit without them.

    Counts are drawn from the fit without groups, as much more scattered than Poisson's as they are within groups, and
    all is fitted anew each time: so few counts, and a group that had other ore, cost nothing in honesty.
    """
    null = fit(design, counts, log_exposure)
    null = replace(null, dispersion=fit(np.column_stack([design, groups]), counts, log_exposure).dispersion)
    least = score(groups, design, counts, null) * (1 - 1e-9)
    rng = np.random.default_rng(seed)
    as_large = 0
    for _ in range(draws):
        drawn = _drawn(rng, null)
        as_large += score(groups, design, drawn, fit(design, drawn, log_exposure)) >= least
    return (1 + as_large) / (1 + draws), null


def _drawn(rng: np.random.Generator, null: Fit) -> Floats:
    """Counts of the null: Poisson's, or with gamma-distributed means where they scatter more."""
    extra = null.dispersion - 1
    if extra <= 1e-6:
        return rng.poisson(null.mean).astype(float)
    means = rng.gamma(null.mean / extra, extra)
    return rng.poisson(means).astype(float)


def holm(chances: Floats) -> Floats:
    """Chances corrected for how many were looked at (Holm 1979).

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(chances)
    found = np.empty(len(chances))
    largest = 0.0
    for place, k in enumerate(order):
        largest = max(largest, min(1.0, float(chances[k]) * (len(chances) - place)))
        found[k] = largest
    return found
