"""Values below a limit made again: the same distribution found by another way than the reconciliation's.

Where that fits a lognormal distribution by expectation and maximisation, its likelihood is climbed here by Newton's
method, in the parameters in which it is concave everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy.special import log_ndtr

from zveno.errors import SolveError, rounded

_FEWEST, _LEAST_SHARE = 8, 1 / 3
_ROUNDS, _SETTLED = 100, 1e-13
_NARROWEST = 1e-6
_ROOT_2_PI = math.log(math.sqrt(2 * math.pi))


def without_limits(values: Sequence[float], below: Sequence[bool]) -> list[float]:
    """Assays, each limit replaced by what it likely stands for: half of it where too few others are known.

    Raises
    ------
    SolveError
        If no distribution fits.

    Examples
    --------
    >>> without_limits([0.4, 0.2], [False, True])
    [0.4, 0.1]
    """
    above = sum(not one for one in below)
    if above == len(values):
        return list(values)
    if above < _FEWEST or above < _LEAST_SHARE * len(values) or min(values) <= 0:
        return [one / 2 if limit else one for one, limit in zip(values, below, strict=True)]
    logs = [math.log(one) for one in values]
    exact = [one for one, limit in zip(logs, below, strict=True) if not limit]
    limits = [one for one, limit in zip(logs, below, strict=True) if limit]
    middle, scatter = _likeliest(exact, limits)
    return [
        math.exp(_mean_below(middle, scatter, log)) if limit else one
        for one, log, limit in zip(values, logs, below, strict=True)
    ]


def _mean_below(middle: float, scatter: float, limit: float) -> float:
    """Logarithm of the mean of a lognormal distribution below a limit."""
    z = (limit - middle) / scatter
    return middle + scatter**2 / 2 + float(log_ndtr(z - scatter) - log_ndtr(z))


def _likeliest(exact: Sequence[float], limits: Sequence[float]) -> tuple[float, float]:
    """Mean and standard deviation that make some values likeliest of which others are known to be below limits only.

    With a = 1 / scatter and b = middle / scatter the logarithm of the likelihood is concave (Olsen 1978, Econometrica
    46, 1211-1215), so that its only peak is found from anywhere.
    """
    middle = math.fsum(exact) / len(exact)
    scatter = math.sqrt(math.fsum((one - middle) ** 2 for one in exact) / len(exact))
    if scatter <= _NARROWEST:
        return middle, _NARROWEST
    a, b = 1 / scatter, 0.0  # logarithms are taken from the mean, so that digits are kept
    exact, limits = [one - middle for one in exact], [one - middle for one in limits]
    for _ in range(_ROUNDS):
        (up_a, up_b), (aa, ab, bb) = _climb(a, b, exact, limits)
        det = aa * bb - ab * ab
        step_a, step_b = (bb * up_a - ab * up_b) / det, (aa * up_b - ab * up_a) / det
        damp = 1.0
        here = _likelihood(a, b, exact, limits)
        while a - damp * step_a <= 0 or (
            damp > 1e-3 and _likelihood(a - damp * step_a, b - damp * step_b, exact, limits) < here - 1e-9 * abs(here)
        ):
            damp /= 2
        a, b = a - damp * step_a, b - damp * step_b
        if abs(step_a) <= _SETTLED * a and abs(step_b) <= _SETTLED * (1 + abs(b)):
            return middle + b / a, 1 / a
    left = rounded(step_a, 2)
    raise SolveError("the values above their limits fit no distribution: a step of {step} is left", step=left)


def _likelihood(a: float, b: float, exact: Sequence[float], limits: Sequence[float]) -> float:
    """Logarithm of the likelihood, but for a constant."""
    told = math.fsum(math.log(a) - (a * one - b) ** 2 / 2 for one in exact)
    return told + math.fsum(float(log_ndtr(a * one - b)) for one in limits)


def _climb(
    a: float, b: float, exact: Sequence[float], limits: Sequence[float]
) -> tuple[tuple[float, float], tuple[float, float, float]]:
    """Its slopes by a and b, and its second derivatives."""
    off = [a * one - b for one in exact]
    z = [a * one - b for one in limits]
    hazard = [math.exp(-one * one / 2 - _ROOT_2_PI - float(log_ndtr(one))) for one in z]
    bend = [-h * (one + h) for h, one in zip(hazard, z, strict=True)]
    up_a = len(exact) / a - math.fsum(d * x for d, x in zip(off, exact, strict=True))
    up_a += math.fsum(h * limit for h, limit in zip(hazard, limits, strict=True))
    up_b = math.fsum(off) - math.fsum(hazard)
    aa = -len(exact) / a**2 - math.fsum(x * x for x in exact)
    aa += math.fsum(c * limit**2 for c, limit in zip(bend, limits, strict=True))
    ab = math.fsum(exact) - math.fsum(c * limit for c, limit in zip(bend, limits, strict=True))
    return (up_a, up_b), (aa, ab, -len(exact) + math.fsum(bend))
