"""How large a standardised adjustment must be before it accuses, where many are looked at together."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from scipy.special import chdtri, ndtr, ndtri

from zveno.reconcile.arrays import Floats
from zveno.reconcile.fit import SIGNIFICANCE

Correction = Literal["sidak", "bonferroni", "fdr"]
CORRECTIONS: tuple[Correction, ...] = ("sidak", "bonferroni", "fdr")
POWER = 0.8


def critical_z(tests: int, correction: Correction = "sidak", dof: int | None = None) -> float:
    """Two-sided limit of ``|z|`` that keeps the chance of any false alarm among some tests at 5 %.

    Parameters
    ----------
    tests
        How many of them there are; hypotheses that the data cannot tell apart are one.
    correction
        *sidak*, *bonferroni*; *fdr* begins where *bonferroni* does.
    dof
        Degrees of freedom: with few, no number of tests can go beyond what the whole misfit may be by chance.

    References
    ----------
    Sidak (1967), J. Am. Stat. Assoc. 62, 626-633; Mah & Tamhane (1982), AIChE J. 28, 828-830; Scheffe (1953),
    Biometrika 40, 87-104 (the bound by degrees of freedom).

    Examples
    --------
    >>> round(critical_z(1), 3), round(critical_z(20), 3), round(critical_z(20, dof=1), 3)
    (1.96, 3.016, 1.96)
    """
    count = max(tests, 1)
    each = SIGNIFICANCE / count if correction != "sidak" else 1 - (1 - SIGNIFICANCE) ** (1 / count)
    limit = float(ndtri(1 - each / 2))
    return limit if not dof else min(limit, math.sqrt(chdtri(dof, SIGNIFICANCE)))


def limit_of(z: Floats, correction: Correction = "sidak", dof: int | None = None) -> float:
    """The same for tests already done, one ``z`` for each class.

    *fdr* keeps the expected share of false alarms among all alarms at 5 %: the more tests are loud, the lower it
    is.

    References
    ----------
    Benjamini & Hochberg (1995), J. R. Stat. Soc. B 57, 289-300.

    Examples
    --------
    >>> loud = np.array([5.0, 4.0, 2.4, 0.1])
    >>> [round(limit_of(loud, one), 2) for one in ("sidak", "bonferroni", "fdr")]
    [2.49, 2.5, 2.08]
    """
    if correction != "fdr" or len(z) == 0:
        return critical_z(len(z), correction, dof)
    chance = 2 * ndtr(-np.sort(np.abs(z))[::-1])
    share = SIGNIFICANCE * np.arange(1, len(z) + 1) / len(z)
    passed = np.flatnonzero(chance <= share)
    return float(ndtri(1 - share[int(passed[-1]) if len(passed) else 0] / 2))


def smallest_shown(bias_sd: Floats, limit: Floats | float) -> Floats:
    """Error of each reading alone that its test finds with the power of 80 %; NaN where nothing checks a reading.

    The test of a reading wanders by one around ``error / bias_sd``, and is failed beyond the limit of ``|z|``.

    References
    ----------
    Narasimhan & Jordache (2000), Data Reconciliation and Gross Error Detection, ch. 7 (power of single tests).

    Examples
    --------
    >>> smallest_shown(np.array([1.0, np.nan]), critical_z(1)).round(2)
    array([2.8, nan])
    """
    return np.asarray((limit + float(ndtri(POWER))) * bias_sd)
