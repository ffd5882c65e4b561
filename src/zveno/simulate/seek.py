"""Points at which functions of bounded unknowns are nothing, or as near to it as is found: arrays in, arrays out.

Unknowns are scaled so that 1 is a whole move; values that cannot be worked out are NaN. All points of a step are asked
for at once, for many cost little more than one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy

from zveno.simulate.basis import Floats

Misses = Callable[[Floats], Floats]
"""Points (P, n) to how far each of m functions is from what is wanted there, (P, m)."""

MET = 5e-10
"""Largest miss that counts as none."""
_POLISHED = 1e-13
_STEP = 1e-4
_STEPS = 30
_FRACTIONS = (1.0, 0.6, 0.3, 0.1, 0.03, 0.01, 1e-3)
_REACH = 0.5  # of a whole move in one step
_PROBES = 32
_STARTS = 2
_GRID = 33
_NARROWINGS = 12
_LEAST_NARROWINGS = 3  # of a least miss that is none; it is flat there, so more would tell nothing
_FAR = 8.0  # how far a scan goes where a range has no end: a factor, both ways
_LEAST_GAIN = 1e-3  # of a step; a nearest miss is known so well


@dataclass(frozen=True)
class Sought:
    """The best point (n,) that was found, and its misses (m,)."""

    point: Floats
    miss: Floats

    @property
    def size(self) -> float:
        """Length of the misses; infinite where one is no number."""
        return float(_sizes(self.miss[None])[0])

    @property
    def met(self) -> bool:
        """Nothing is missed."""
        return bool(np.abs(self.miss).max(initial=0.0) <= MET)


@dataclass(frozen=True)
class Box:
    """Bounds of the unknowns, shape (n,); infinite where there are none."""

    low: Floats
    high: Floats

    def clip(self, points: Floats) -> Floats:
        """Points within the bounds."""
        return np.clip(points, self.low, self.high)

    def ends(self, start: Floats) -> tuple[Floats, Floats]:
        """Between what is searched: the bounds, or a factor of the start where there are none."""
        low = np.where(np.isfinite(self.low), self.low, start - np.abs(start) * (_FAR - 1))
        high = np.where(np.isfinite(self.high), self.high, start + np.abs(start) * (_FAR - 1))
        return low, high

    def points(self, count: int, start: Floats) -> Floats:
        """Points spread evenly over what is searched, the same every time, (count, n)."""
        low, high = self.ends(start)
        return np.asarray(low + (high - low) * scipy.stats.qmc.Sobol(len(low), scramble=True, seed=1).random(count))


def seek(misses: Misses, start: Floats, box: Box) -> Sought:
    """The point nearest to the start at which nothing is missed; the one that misses least where none is found.

    Gauss-Newton steps within the bounds, each an exact bounded linear least squares problem, cut to the best of several
    lengths. Where they end short of the aim, one unknown is searched over its whole range, by ever finer grids; with
    several, steps begin anew from the best of points spread over the ranges.

    References
    ----------
    Nocedal & Wright (2006), Numerical Optimization, 2nd ed., ch. 10; Stark & Parker (1995), Comput. Stat. 10,
    129-141, for the bounded steps.
    """
    best = descend(misses, start, box)
    if best.met:
        return best
    if len(start) == 1 and len(best.miss) == 1:
        return _better(best, _scan(misses, start, box))
    points = box.points(_PROBES, start)
    for n in np.argsort(_sizes(misses(points)))[:_STARTS]:
        best = _better(best, descend(misses, points[n], box))
        if best.met:
            break
    return best


def descend(misses: Misses, start: Floats, box: Box) -> Sought:
    """Bounded Gauss-Newton from one point, until nothing is missed or no step leads nearer."""
    now = Sought(start, misses(start[None])[0])
    for _ in range(_STEPS):
        if np.abs(now.miss).max(initial=0.0) <= _POLISHED or not np.isfinite(now.size):
            break
        slope = slopes(misses, now, box)
        low, high = np.maximum(box.low - now.point, -_REACH), np.minimum(box.high - now.point, _REACH)
        step = scipy.optimize.lsq_linear(slope, -now.miss, (low, high), method="bvls", tol=1e-15).x
        trials = box.clip(now.point + np.outer(_FRACTIONS, step))
        found = misses(trials)
        n = int(np.argmin(_sizes(found)))
        after = Sought(trials[n], found[n])
        if not after.size < now.size * (1 - _LEAST_GAIN):
            break
        now = after
    return now


def slopes(misses: Misses, at: Sought, box: Box) -> Floats:
    """Derivatives of the misses at a point, (m, n): central differences, one-sided at bounds and beside refusals."""
    count = len(at.point)
    steps = _STEP * np.eye(count)
    points = box.clip(np.concatenate([at.point + steps, at.point - steps]))
    values = misses(points)
    moved = np.concatenate([(points - at.point)[:count].diagonal(), (points - at.point)[count:].diagonal()])
    known = np.asarray(np.isfinite(values).all(axis=1))
    found = np.zeros((len(at.miss), count))
    for n in range(count):
        ends = [k for k in (n, n + count) if known[k] and moved[k]]
        if len(ends) == 2:
            found[:, n] = (values[ends[0]] - values[ends[1]]) / (moved[ends[0]] - moved[ends[1]])
        elif ends:
            found[:, n] = (values[ends[0]] - at.miss) / moved[ends[0]]
    return found


def _scan(misses: Misses, start: Floats, box: Box) -> Sought:
    """One unknown over its whole range: the change of sign nearest to the start, else the least miss."""
    (low,), (high,) = box.ends(start)
    best = Sought(start, np.array([np.inf]))
    aim = start[0]
    for narrowing in range(_NARROWINGS):
        grid = np.linspace(low, high, _GRID)
        values = misses(grid[:, None])[:, 0]
        n = int(np.argmin(_sizes(values[:, None])))
        best = _better(best, Sought(grid[n : n + 1], values[n : n + 1]))
        crossing = np.flatnonzero(values[:-1] * values[1:] < 0)
        ends = (n in (0, _GRID - 1)) or narrowing >= _LEAST_NARROWINGS
        if best.met or (not len(crossing) and ends):
            break
        if len(crossing):
            k = int(crossing[np.argmin(np.abs(grid[crossing] + grid[crossing + 1] - 2 * aim))])
            low, high, aim = grid[k], grid[k + 1], (grid[k] + grid[k + 1]) / 2
        else:
            low, high = grid[n - 1], grid[n + 1]
    return best


def _better(one: Sought, other: Sought) -> Sought:
    """The one that misses less."""
    return other if other.size < one.size else one


def _sizes(misses: Floats) -> Floats:
    """Length of each row; infinite where one of it is no number."""
    size = np.sqrt((misses**2).sum(axis=1))
    return np.asarray(np.where(np.isfinite(size), size, np.inf))
