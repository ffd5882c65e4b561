"""Solve: weighted least squares by damped Gauss-Newton steps, arrays to arrays, no names.

A search asks for points and is told what the simulation makes of them, so that many searches share each batch.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from zveno.couple.coordinates import Bools, Floats

STEP = 1e-4
"""Step of the derivatives, in coordinates: 0.01 % of what is above zero."""
FOLLOWED = 1.0
"""Standard deviation (in coordinates) above which a direction counts as not seen, and is not followed."""
UNSEEN = 3.0
"""Standard deviation with which it counts: a factor of 20 either way, whatever little the data say of it."""
_STRONG, _WEAK = 0.5, 0.25
_SLOW = 0.25
_RANK = 1e-7
_DAMPING = (0.0, 1e-1, 1.0, 1e1, 1e3)
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
    limit: float

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

    Each round asks for the derivatives, then for six steps at once: the whole Gauss-Newton step, one along strong
    directions only, and shorter ones that turn towards the gradient (Levenberg 1944, Marquardt 1963). The best one is
    taken. Directions that the data see with a standard deviation above 1 are not followed: what lies there stays where
    it began. So does the weakest direction (above 0.25) where steps run into what the simulation refuses.

    Settled is a point from which a whole step would gain less than 1e-12 of the objective's natural unit.

    References
    ----------
    Björck (1996), Numerical Methods for Least Squares Problems, ch. 9.
    """
    point, limit = problem.start.copy(), FOLLOWED
    for iteration in range(1, _ITERATIONS + 1):
        rows = yield around(point)
        at = _standing(problem, point, rows, iteration, limit)
        if at.converged or not np.isfinite(at.left):
            return at
        tries = np.array([_within(problem, point, one) for one in _steps(at)])
        told = yield tries
        after = np.nan_to_num(np.sum(problem.residual(tries, told) ** 2, axis=1), nan=np.inf)
        best = int(np.argmin(after))
        gain = at.objective - after[best]
        if np.isinf(after[0]) and gain < _SLOW * at.left and _weaker(at):
            limit = _weaker(at)
        elif gain > 0:
            point = tries[best]
        elif at.left <= _FLAT * max(1.0, at.objective):
            return replace(at, converged=True)
        else:
            return at
    return at


def seen(jacobian: Floats, limit: float) -> tuple[Floats, Floats]:
    """Directions (N, k) that errors depend on, and their standard deviations (k,); the rest is not seen."""
    _, size, V = np.linalg.svd(jacobian, full_matrices=False)
    kept = size >= 1 / limit
    return V[kept].T, 1 / size[kept]


def _standing(problem: Problem, point: Floats, rows: Floats, iteration: int, limit: float) -> Found:
    """Where the search stands, from what was made of the points around it."""
    predicted, slopes = rows[0], derivatives(rows)
    residual, jacobian = problem.residual(point[None], rows[:1])[0], _jacobian(problem, slopes)
    held, left, moves = np.zeros(len(point), dtype=bool), np.inf, True
    if np.isfinite(residual).all() and np.isfinite(jacobian).all():
        held = _held(problem, point, residual @ jacobian)
        step, left = _step(jacobian, residual, ~held, 0.0, limit)
        moves = bool(np.any(step))
    settled = left <= _SETTLED * max(1.0, float(residual @ residual)) or not moves
    return Found(point, predicted, residual, slopes, jacobian, held, settled, iteration, left, limit)


def _steps(at: Found) -> Iterator[Floats]:
    """Steps worth trying."""
    for damping in _DAMPING:
        yield _step(at.jacobian, at.residual, ~at.at_bound, damping, at.limit)[0]
    yield _step(at.jacobian, at.residual, ~at.at_bound, 0.0, min(at.limit, _STRONG))[0]


def _weaker(at: Found) -> float:
    """A limit that leaves the weakest of several directions out; 0 if none is weak."""
    sds = np.sort(seen(at.jacobian[:, ~at.at_bound], at.limit)[1])
    return float(sds[-2:].mean()) if len(sds) > 1 and sds[-1] > _WEAK else 0.0


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


def _jacobian(problem: Problem, slopes: Floats) -> Floats:
    """Derivatives of the negative errors (R, N)."""
    known = ~np.isnan(problem.prior)
    drawn = np.eye(len(problem.prior))[known] / problem.prior_sd[known][:, None]
    return np.concatenate([problem.whitener.matrix @ slopes, drawn])


def _held(problem: Problem, point: Floats, downhill: Floats) -> Bools:
    """Coordinates at a bound beyond which the objective would fall."""
    return np.asarray(((point <= problem.low) & (downhill < 0)) | ((point >= problem.high) & (downhill > 0)))


def _step(jacobian: Floats, residual: Floats, free: Bools, damping: float, limit: float) -> tuple[Floats, float]:
    """A step along the directions seen, and what it would gain were all linear."""
    step = np.zeros(len(free))
    U, size, V = np.linalg.svd(jacobian[:, free], full_matrices=False)
    kept = size >= 1 / limit
    along = U[:, kept].T @ residual
    size = size[kept]
    step[free] = V[kept].T @ (along * size / (size**2 + damping * size**2 + damping))
    return step, float(along @ along)


def _within(problem: Problem, point: Floats, step: Floats) -> Floats:
    """Where a step leads, shortened to a reasonable length and cut at the bounds."""
    longest = float(np.abs(step).max(initial=0.0))
    reached = point + step * min(1.0, _LONGEST / longest if longest else 1.0)
    return np.asarray(np.minimum(np.maximum(reached, problem.low), problem.high))
