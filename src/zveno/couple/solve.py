"""Solve: weighted least squares by damped Gauss-Newton steps, arrays to arrays, no names.

A search asks for points and is told what the simulation makes of them, so that many searches share each batch.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from zveno.couple.coordinates import Bools, Floats

STEP = 1e-4
"""Step of the derivatives, in coordinates: 0.01 % of what is above zero."""
UNSEEN = 3.0
"""Standard deviation (in coordinates) from which on a direction counts as not seen: a factor of 20 either way."""
_RANK = 1e-7
_DAMPING = (0.0, 1e-2, 1e-1, 1.0, 1e1, 1e3)
_LONGEST = 1.5
_SETTLED = 1e-12
_FLAT = 1e-9
_ITERATIONS = 60

End = TypeVar("End")
Ask = Generator[Floats, Floats, End]
"""A search: it yields points, is sent predictions, and ends with what it found."""


@dataclass(frozen=True)
class Whitener:
    """Turns errors ``spread @ e`` into independent ones of size 1; directions without error are left out.

    Parameters
    ----------
    matrix
        Shape (rank, M).
    fixed
        Combinations, over the standard deviation of each value, that have no error: shape (M - rank, M).
    """

    matrix: Floats
    fixed: Floats

    @classmethod
    def of(cls, spread: Floats) -> Whitener:
        """The whitener of errors with a spread (M, K).

        Reconciled values obey balances, so that their covariance is singular. Each value is first scaled to a
        standard deviation of 1; singular values below 1e-7 of the largest count as none.
        """
        sds = np.linalg.norm(spread, axis=1)
        if not len(sds):
            return cls(np.zeros((0, 0)), np.zeros((0, 0)))
        U, size, _ = np.linalg.svd(spread / sds[:, None])
        rank = int(np.sum(size > _RANK * size[0]))
        return cls((U[:, :rank] / size[:rank]).T / sds, U[:, rank:].T / sds)


@dataclass(frozen=True)
class Problem:
    """What is searched for.

    Parameters
    ----------
    values, whitener
        What the simulation should make, shape (M,), and how errors of it are weighed.
    start, low, high
        Coordinates (N,).
    prior, prior_sd
        Coordinates known before and their standard deviations, (N,); NaN where nothing is known.
    """

    values: Floats
    whitener: Whitener
    start: Floats
    low: Floats
    high: Floats
    prior: Floats
    prior_sd: Floats

    def residual(self, points: Floats, predicted: Floats) -> Floats:
        """Independent errors of size 1, shape (S, rank + priors), of points (S, N) and predictions (S, M)."""
        known = ~np.isnan(self.prior)
        drawn = (self.prior[known] - points[:, known]) / self.prior_sd[known]
        return np.concatenate([(self.values - predicted) @ self.whitener.matrix.T, drawn], axis=1)


@dataclass(frozen=True)
class Found:
    """Where a search ended.

    Parameters
    ----------
    point, predicted, residual
        Coordinates (N,), predictions (M,), independent errors (R,).
    slopes, jacobian
        Derivatives of the predictions (M, N), and of the negative errors (R, N).
    at_bound
        Coordinates that a bound holds, (N,).
    converged, iterations, left
        Whether it settled, in how many steps; what a further step would still gain.
    """

    point: Floats
    predicted: Floats
    residual: Floats
    slopes: Floats
    jacobian: Floats
    at_bound: Bools
    converged: bool
    iterations: int
    left: float

    @property
    def objective(self) -> float:
        """Sum of squared independent errors."""
        return float(self.residual @ self.residual)


def run(
    searches: Mapping[int, Ask[End]], simulate: Callable[[Mapping[int, Floats]], Mapping[int, Floats]]
) -> dict[int, End]:
    """Carry searches on until all have ended; what they ask for is simulated together.

    Parameters
    ----------
    simulate
        Points by search to predictions by search.
    """
    asked = {number: next(one) for number, one in searches.items()}
    found: dict[int, End] = {}
    while asked:
        told = simulate(asked)
        following = {}
        for number in asked:
            try:
                following[number] = searches[number].send(told[number])
            except StopIteration as ended:
                found[number] = ended.value
        asked = following
    return found


def search(problem: Problem) -> Ask[Found]:
    """Least squares from the start of a problem; yields points (S, N) and is sent predictions (S, M).

    Each round asks for the derivatives, then for six steps at once: the whole Gauss-Newton step, and shorter ones that
    turn towards the gradient (Levenberg 1944, Marquardt 1963). The best one is taken. Directions that the data see with
    a standard deviation above 3 are not followed: what lies there stays where it began.

    Settled is a point from which a whole step would gain less than 1e-12 of the objective's natural unit.

    References
    ----------
    Björck (1996), Numerical Methods for Least Squares Problems, ch. 9.
    """
    point = problem.start.copy()
    left, held = np.inf, np.zeros(len(point), dtype=bool)
    for iteration in range(1, _ITERATIONS + 1):
        rows = yield around(point)
        predicted, slopes = rows[0], derivatives(rows)
        residual = problem.residual(point[None], rows[:1])[0]
        jacobian = _jacobian(problem, slopes)
        if not (np.isfinite(residual).all() and np.isfinite(jacobian).all()):
            return Found(point, predicted, residual, slopes, jacobian, held, False, iteration, np.inf)
        held = _held(problem, point, residual @ jacobian)
        step, left = _step(jacobian, residual, ~held, 0.0)
        if left <= _SETTLED * max(1.0, float(residual @ residual)) or not np.any(step):
            return Found(point, predicted, residual, slopes, jacobian, held, True, iteration, left)
        tries = np.array([_within(problem, point, _step(jacobian, residual, ~held, one)[0]) for one in _DAMPING])
        told = yield tries
        after = np.nan_to_num(np.sum(problem.residual(tries, told) ** 2, axis=1), nan=np.inf)
        best = int(np.argmin(after))
        if after[best] >= float(residual @ residual):
            settled = left <= _FLAT * max(1.0, float(residual @ residual))
            return Found(point, predicted, residual, slopes, jacobian, held, settled, iteration, left)
        point = tries[best]
    return Found(point, predicted, residual, slopes, jacobian, held, False, _ITERATIONS, left)


def around(point: Floats) -> Floats:
    """A point, and a step up and down each coordinate, (2 N + 1, N)."""
    moves = STEP * np.eye(len(point))
    return np.concatenate([point[None], point + moves, point - moves])


def derivatives(rows: Floats) -> Floats:
    """Derivatives (M, N) at a point from what was made of the points around it (2 N + 1, M).

    Central differences; one-sided where a step to one side has no answer.
    """
    n = len(rows) // 2
    up, down = rows[1 : n + 1], rows[n + 1 :]
    slopes = (up - down) / (2 * STEP)
    slopes = np.where(np.isnan(slopes), (up - rows[0]) / STEP, slopes)
    slopes = np.where(np.isnan(slopes), (rows[0] - down) / STEP, slopes)
    return np.asarray(slopes.T)


def seen(jacobian: Floats) -> tuple[Floats, Floats]:
    """Directions (N, k) that errors depend on, and their standard deviations (k,); the rest is not seen."""
    _, size, V = np.linalg.svd(jacobian, full_matrices=False)
    kept = size > 1 / UNSEEN
    return V[kept].T, 1 / size[kept]


def _jacobian(problem: Problem, slopes: Floats) -> Floats:
    """Derivatives of the negative errors (R, N)."""
    known = ~np.isnan(problem.prior)
    drawn = np.eye(len(problem.prior))[known] / problem.prior_sd[known][:, None]
    return np.concatenate([problem.whitener.matrix @ slopes, drawn])


def _held(problem: Problem, point: Floats, downhill: Floats) -> Bools:
    """Coordinates at a bound beyond which the objective would fall."""
    return np.asarray(((point <= problem.low) & (downhill < 0)) | ((point >= problem.high) & (downhill > 0)))


def _step(jacobian: Floats, residual: Floats, free: Bools, damping: float) -> tuple[Floats, float]:
    """A step along the directions seen, and what it would gain were all linear."""
    step = np.zeros(len(free))
    U, size, V = np.linalg.svd(jacobian[:, free], full_matrices=False)
    kept = size > 1 / UNSEEN
    along = U[:, kept].T @ residual
    size = size[kept]
    step[free] = V[kept].T @ (along * size / (size**2 + damping * size**2 + damping))
    return step, float(along @ along)


def _within(problem: Problem, point: Floats, step: Floats) -> Floats:
    """Where a step leads, shortened to a reasonable length and cut at the bounds."""
    longest = float(np.abs(step).max(initial=0.0))
    reached = point + step * min(1.0, _LONGEST / longest if longest else 1.0)
    return np.asarray(np.minimum(np.maximum(reached, problem.low), problem.high))
