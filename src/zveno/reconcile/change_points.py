"""How large the largest of many looks back may be by chance: the sum of independent numbers over the root of their
variance, looked at after every period from the last one backwards.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from zveno.reconcile.names import Floats

_FINE = 1.2
_FEW, _MANY = 24, 400
_WITHIN = 200
_LEAST, _BEYOND = 1e-3, 8.0


def looks(information: Floats) -> Floats:
    """Information added by each look, (n,): what adds next to nothing goes with the next one."""
    kept: list[float] = []
    total, waiting = 0.0, 0.0
    for one in information[np.isfinite(information) & (information > 0)]:
        waiting += float(one)
        if waiting > _LEAST * (total + waiting):
            kept.append(waiting)
            total, waiting = total + waiting, 0.0
    return np.array(kept)


def crossing_chance(information: Floats, limit: float) -> float:
    """Chance that ``|S_k| / root(I_1 + .. + I_k)`` passes a limit for any k, where ``S`` has independent normal steps
    of the variances ``I``.

    The density within the limits is carried from look to look by Gauss-Legendre quadrature.

    References
    ----------
    Armitage, McPherson & Rowe (1969), J. Roy. Stat. Soc. A 132, 235-244 (repeated significance tests).

    Examples
    --------
    The error of a test at 5 % that is repeated after 1, 5 and 10 equal groups, as Armitage and others have it:

    >>> [round(crossing_chance(np.ones(n), 1.96), 3) for n in (1, 5, 10)]
    [0.05, 0.142, 0.193]
    """
    steps = looks(np.asarray(information, dtype=float))
    if not len(steps):
        return 0.0
    if limit > _BEYOND:  # the sum of the chances is as good, and nothing to integrate
        return min(1.0, 2 * len(steps) * float(ndtr(-limit)))
    total = np.cumsum(steps)
    least = float(np.sqrt((steps[1:] / total[1:]).min())) if len(steps) > 1 else 1.0
    count = int(np.clip(np.ceil(2 * limit * _FINE / least), _FEW, _MANY))
    nodes, weights = np.polynomial.legendre.leggauss(count)
    x, w = limit * nodes, limit * weights
    density = np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi)
    gone = 2 * float(ndtr(-limit))
    for k in range(1, len(steps)):
        shrink, sd = np.sqrt(total[k - 1] / total[k]), np.sqrt(steps[k] / total[k])
        gone += float((w * density) @ (ndtr((-limit - shrink * x) / sd) + ndtr((shrink * x - limit) / sd)))
        spread = np.exp(-0.5 * ((x[:, None] - shrink * x) / sd) ** 2) / (sd * np.sqrt(2 * np.pi))
        density = spread @ (w * density)
    return min(gone, 1.0)


def critical(information: Floats, chance: float) -> float:
    """Limit that is passed by chance with the probability ``chance``.

    Examples
    --------
    >>> round(critical(np.ones(5), 0.05), 3)
    2.413
    """
    n = max(len(looks(np.asarray(information, dtype=float))), 1)
    low, high = float(-ndtri(chance / 2)), float(-ndtri(chance / (2 * n))) + 1e-9
    while high - low > 1e-4:
        middle = (low + high) / 2
        low, high = (low, middle) if crossing_chance(information, middle) <= chance else (middle, high)
    return high


def crossing_bound(correlation: Floats, limit: float) -> float:
    """Bound of the chance that any of several standard normal numbers passes a limit on either side, from the
    correlations of neighbours (n - 1,) alone.

    References
    ----------
    Worsley (1982), Biometrika 69, 297-302 (improved Bonferroni inequality along a tree).

    Examples
    --------
    >>> steps = np.arange(1, 31)
    >>> bound = crossing_bound(np.sqrt(steps / (steps + 1)), 3.5)
    >>> bool(crossing_chance(np.ones(31), 3.5) < bound < 31 * 2 * ndtr(-3.5))
    True
    """
    nodes, weights = np.polynomial.legendre.leggauss(_WITHIN)
    x = limit * nodes
    density = limit * weights * np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi)
    rho = np.clip(np.asarray(correlation, dtype=float), -1, 1)[:, None]
    sd = np.sqrt(np.maximum(1 - rho**2, 1e-12))
    leaves = (ndtr((-limit - rho * x) / sd) + ndtr((rho * x - limit) / sd)) @ density
    return float(min(1.0, 2 * ndtr(-limit) + leaves.sum()))
