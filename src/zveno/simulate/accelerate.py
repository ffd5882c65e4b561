"""Fixed points z = g(z) for many scenarios at once: Anderson, then Newton, then damping.

Each scenario has its own unknowns; the ones that have settled leave the batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from zveno.simulate.basis import Bools, Floats, Ints

_DEPTH = 5
_LONGEST_STEP = 3.0  # in log or logit units: a factor of twenty
_NUDGE = 1e-7
_NEWTON_STEPS = 30
_NEWTON_REACH = 30.0
_NEWTON_SCALES = (1.0, 0.5, 0.2, 0.05, 0.01)
_DAMPING = 0.3
_LEAVING = 0.25
_DEPENDENT = 1e-20  # of the squared length: what is left of a difference is rounding


class Problem(Protocol):
    """A map of unknowns (S, n) into themselves, one row per scenario."""

    def step(self, unknowns: Floats) -> Floats:
        """The map."""

    def take(self, rows: Ints) -> Self:
        """The same map for some of the rows; a row may be taken several times."""


@dataclass(frozen=True)
class Settled:
    """The best point found for each scenario, shape (S, n), and how well it stands.

    ``gap`` is g(z) - z there, shape (S, n).
    """

    unknowns: Floats
    gap: Floats
    iterations: Ints
    converged: Bools

    def take(self, rows: slice) -> Settled:
        """The same for some of the rows."""
        return Settled(self.unknowns[rows], self.gap[rows], self.iterations[rows], self.converged[rows])

    @property
    def residual(self) -> Floats:
        """Largest gap of each scenario, shape (S,)."""
        return _size(self.gap)


def fixed_point(problem: Problem, start: Floats, *, tolerance: float, iterations: int) -> Settled:
    """Solve z = g(z) for every row.

    Anderson acceleration (depth 5) is tried for ``iterations`` steps, then Newton on the rows that are left,
    then as many damped steps, and the first two again from there; no start close to the answer is needed.

    References
    ----------
    Walker & Ni (2011), SIAM J. Numer. Anal. 49, 1715-1735.
    """
    run = _Run.begin(start)
    for method in (_anderson, _newton, _damped, _anderson, _newton):
        if len(run.open) and run.width:
            method(problem.take(run.open), run, tolerance=tolerance, iterations=iterations)
    return Settled(run.unknowns, run.gap, run.iterations, run.converged)


@dataclass(frozen=True)
class _Run:
    """Work in progress; its arrays are filled in place."""

    unknowns: Floats
    gap: Floats
    iterations: Ints
    converged: Bools

    @classmethod
    def begin(cls, start: Floats) -> _Run:
        """Nothing settled yet; without unknowns there is nothing to settle."""
        rows, width = start.shape
        none = np.full((rows, width), np.inf)
        return cls(start.copy(), none, np.zeros(rows, dtype=np.int64), np.full(rows, width == 0))

    @property
    def width(self) -> int:
        """Number of unknowns."""
        return int(self.unknowns.shape[1])

    @property
    def open(self) -> Ints:
        """Rows that have not settled."""
        return np.flatnonzero(~self.converged)

    def note(self, rows: Ints, image: Floats, gap: Floats, tolerance: float) -> Bools:
        """Count a step of some rows and keep what is better than before; True for those still open."""
        size = _size(gap)
        better = size < _size(self.gap[rows])
        self.unknowns[rows[better]], self.gap[rows[better]] = image[better], gap[better]
        self.iterations[rows] += ~self.converged[rows]
        self.converged[rows] |= size <= tolerance
        return ~self.converged[rows]


def _anderson(problem: Problem, run: _Run, *, tolerance: float, iterations: int) -> None:
    """Anderson mixing; a row whose gap grows forgets its history and takes the plain step.

    Rows that have settled leave once they are a quarter of the batch: taking rows costs as much as a step.
    """
    rows = run.open
    now = run.unknowns[rows].copy()
    history = _History()
    for _ in range(iterations):
        image = problem.step(now)
        gap = image - now
        left = run.note(rows, image, gap, tolerance)
        if not left.any():
            return
        if len(left) - np.count_nonzero(left) >= _LEAVING * len(left):
            rows, now, image, gap = rows[left], now[left], image[left], gap[left]
            history.take(left)
            problem = problem.take(np.flatnonzero(left))
        mixed = history.mixed(image, gap)
        now = now + np.clip(mixed - now, -_LONGEST_STEP, _LONGEST_STEP)


class _History:
    """Differences of the last images and gaps, newest last, each (S, n)."""

    def __init__(self) -> None:
        self.images: list[Floats] = []
        self.gaps: list[Floats] = []
        self._last: tuple[Floats, Floats] | None = None

    def take(self, rows: Bools) -> None:
        """Keep some rows."""
        self.images = [one[rows] for one in self.images]
        self.gaps = [one[rows] for one in self.gaps]
        if self._last is not None:
            self._last = (self._last[0][rows], self._last[1][rows])

    def mixed(self, image: Floats, gap: Floats) -> Floats:
        """The image corrected so that the gap, as far as its past tells, is least; note the step."""
        if self._last is not None:
            self.images.append(image - self._last[0])
            self.gaps.append(gap - self._last[1])
            worse = _size(gap) > 2 * _size(self._last[1])
            if worse.any():
                for one in (*self.images, *self.gaps):
                    one[worse] = 0
            del self.images[:-_DEPTH], self.gaps[:-_DEPTH]
        self._last = (image, gap)
        return image - self._correction(gap)

    def _correction(self, gap: Floats) -> Floats:
        """Least squares by orthogonal differences, newest first; what hangs on newer ones is left out."""
        total = np.zeros_like(gap)
        bases: list[tuple[Floats, Floats]] = []
        for image, past in zip(reversed(self.images), reversed(self.gaps), strict=True):
            moved, change, first = image, past, _dot(past, past)
            for direction, along in bases:
                share = _dot(direction, change)[:, None]
                change = change - share * direction
                moved = moved - share * along
            length = _dot(change, change)
            scale = np.where(length > _DEPENDENT * first, length, np.inf) ** -0.5
            direction, along = change * scale[:, None], moved * scale[:, None]
            bases.append((direction, along))
            total += _dot(direction, gap)[:, None] * along
        return total


def _dot(one: Floats, other: Floats) -> Floats:
    """Products of rows, shape (S,)."""
    return np.asarray(np.einsum("sn,sn->s", one, other))


def _newton(problem: Problem, run: _Run, *, tolerance: float, iterations: int) -> None:
    """Newton on g(z) - z, its Jacobian from extra rows; of several step lengths the best is kept."""
    rows = run.open
    now = run.unknowns[rows]
    for _ in range(min(_NEWTON_STEPS, iterations)):
        gap = problem.step(now) - now
        step = -_solved(_jacobian(problem, now, gap), gap)
        trials = np.stack([now + scale * np.clip(step, -_NEWTON_REACH, _NEWTON_REACH) for scale in _NEWTON_SCALES])
        gaps = np.stack([problem.step(one) - one for one in trials])
        best = np.argmin([_size(one) for one in gaps], axis=0)
        picked = np.arange(len(rows))
        now = trials[best, picked]
        left = run.note(rows, now, gaps[best, picked], tolerance)
        if not left.any():
            return
        problem, rows, now = problem.take(np.flatnonzero(left)), rows[left], now[left]


def _jacobian(problem: Problem, now: Floats, gap: Floats) -> Floats:
    """Derivative of the gap by differences, shape (S, n, n)."""
    count, width = now.shape
    nudged = np.repeat(now, width, axis=0) + np.tile(_NUDGE * np.eye(width), (count, 1))
    moved = problem.take(np.repeat(np.arange(count), width)).step(nudged) - nudged
    slopes = (moved.reshape(count, width, width) - gap[:, None, :]) / _NUDGE
    return np.asarray(slopes.swapaxes(1, 2))


def _solved(matrix: Floats, right: Floats) -> Floats:
    """Solution of small systems, by least squares where one is singular."""
    return np.asarray((np.linalg.pinv(matrix) @ right[:, :, None])[:, :, 0])


def _damped(problem: Problem, run: _Run, *, tolerance: float, iterations: int) -> None:
    """Plain steps cut to a third."""
    rows = run.open
    now = run.unknowns[rows]
    for _ in range(iterations):
        gap = problem.step(now) - now
        left = run.note(rows, now + gap, gap, tolerance)
        if not left.any():
            return
        problem, rows, now = problem.take(np.flatnonzero(left)), rows[left], (now + _DAMPING * gap)[left]


def _size(gap: Floats) -> Floats:
    """Largest absolute value of each row; a row that is not a number counts as infinite."""
    size = np.abs(gap).max(axis=1, initial=0.0)
    return np.asarray(np.where(np.isnan(size), np.inf, size))
