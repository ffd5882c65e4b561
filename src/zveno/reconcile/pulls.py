"""How each reading pulls at the fit of a period: what tests of errors and losses are made of, many periods at once."""

from __future__ import annotations

import numpy as np

from zveno.reconcile.arrays import Floats, Problem
from zveno.reconcile.fit import held_quantities
from zveno.reconcile.fit_batch import Fitted, alike
from zveno.reconcile.kernel import Solved
from zveno.reconcile.linear_batch import Point, Weights, frame, linearised, point, reading_slopes
from zveno.reconcile.objective import Data
from zveno.reconcile.polish import Faces, without_closed

_PART = 1_000_000


def pulls(problem: Problem, data: Data, solved: Solved, fitted: Fitted) -> tuple[Floats, Floats]:
    """Slope of the fit by an error of each reading (P, readings), with covariances (P, readings, readings).

    Zero for readings that nothing checks or that a bound holds. The slope over the root of its variance is the
    standardised adjustment, and over the variance the error that explains the period best.
    """
    periods, m = data.value.shape
    slope, covariance = np.zeros((periods, m)), np.zeros((periods, m, m))
    with np.errstate(all="ignore"):
        for group in alike(Faces(fitted.active, fitted.closed, fitted.active)):
            size = max(_PART // max(m * (m + fitted.u.shape[1]), 1), 1)
            for k in range(0, len(group), size):
                part = group[k : k + size]
                slope[part], covariance[part] = _pulls(problem, data.take(part), solved.some(part), fitted.take(part))
    return slope, covariance


def _pulls(problem: Problem, data: Data, solved: Solved, fitted: Fitted) -> tuple[Floats, Floats]:
    """The same for periods in which the same bounds hold."""
    if fitted.closed[0].any():
        data = without_closed(problem, data, fitted.closed[0])
    at = _at(problem, solved, fitted)
    weights = Weights.of(problem, data, at)
    linears = linearised(problem, at, weights, frame(problem.G, at.scale))
    held = held_quantities(problem, fitted.active)[:, problem.reading_of]
    told = linears.redundant & ~held
    off = data.value - np.concatenate([at.mass, at.assay], axis=1)[:, problem.reading_of]
    fit = weights.whiten(reading_slopes(problem, at, weights) @ linears.spread)
    left = np.where(weights.used[:, :, None], np.eye(fit.shape[1]), 0.0) - fit @ fit.transpose(0, 2, 1)
    # the push of a bound that holds is no error of a reading: only what lies in the space of errors counts
    within = left @ weights.whiten(np.where(weights.used, off / weights.size, 0.0)[:, :, None])
    if weights.factor is None:
        covariance = weights.root[:, :, None] * left * weights.root[:, None, :]
        slope = weights.root * within[:, :, 0]
    else:
        covariance = weights.factor.transpose(0, 2, 1) @ left @ weights.factor
        slope = (weights.factor.transpose(0, 2, 1) @ within)[:, :, 0]
    return np.where(told, slope, 0.0), np.where(told[:, :, None] & told[:, None, :], covariance, 0.0)


def leak_loadings(problem: Problem, data: Data, solved: Solved, fitted: Fitted) -> Floats:
    """Errors of the readings, (P, readings, equations), that would look like one unit more going into each equation
    than comes out: a loss of a tonne at a node, of mass or of a component.

    References
    ----------
    Narasimhan & Mah (1987), AIChE J. 33, 1514-1521 (leaks beside biases of meters).
    """
    with np.errstate(all="ignore"):
        at = _at(problem, solved, fitted)
        weights = Weights.of(problem, data, at)
        slopes = reading_slopes(problem, at, weights) * weights.size[:, :, None]
        multipliers = np.linalg.pinv((problem.G * at.scale[:, None, :]).transpose(0, 2, 1))
        found = multipliers @ (slopes * at.scale[:, None, :]).transpose(0, 2, 1)
    return np.asarray(np.where(weights.used[:, :, None], found.transpose(0, 2, 1), 0.0))


def _at(problem: Problem, solved: Solved, fitted: Fitted) -> Point:
    """Points of the periods; streams at rest are measured by the size with which they began."""
    mass = problem.expand(fitted.u)[0]
    return point(problem, fitted.u, np.where(fitted.closed, problem.expand(solved.origin)[0], mass))
