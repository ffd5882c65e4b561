"""Least squares under nonlinear equations: a composite-step trust-region method with exact second derivatives.

Each step has a part that takes the equations towards zero and a part along them that lowers the sum of squares. Both
are exact within their radius, by singular values and eigenvalues, so that dependent equations, variables that nothing
determines and curvature of the wrong sign need no correction of the matrices.

References
----------
Byrd & Omojokun (1987), in Omojokun's thesis, University of Colorado; Conn, Gould & Toint (2000), Trust-Region
Methods, sections 7.3 and 15.4; Moré & Sorensen (1983), SIAM J. Sci. Stat. Comput. 4, 553-572.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, eigh, svd

from zveno.reconcile.arrays import Bools, Floats, Ints
from zveno.reconcile.derivatives import Equations

MAX_STEPS = 200
_DEPENDENT = 1e-11
_FLAT = 1e-13
_SOLVED, _EXACT = 1e-7, 1e-14
_BALANCED, _APART = 1e-9, 1e-6
_NORMAL_SHARE = 0.8
_ACCEPT, _GOOD, _FINE = 1e-8, 0.3, 0.9
_SMALLEST_RADIUS = 1e-13
_ROUNDING = 1e-14


@dataclass(frozen=True)
class Readings:
    """Which variables are read, what was read, and the covariance of the errors with its inverse."""

    of: Ints
    value: Floats
    sigma: Floats
    inverse: Floats
    covariance: Floats

    def half(self, x: Floats) -> float:
        """Half the sum of squared standardised adjustments."""
        error = x[self.of] - self.value
        return 0.5 * float(error @ self.inverse @ error)


@dataclass(frozen=True)
class Task:
    """What does not change over the steps: ``free`` variables move, the others stand at a bound.

    ``size`` is the least size at which each variable counts, so that none near zero is held still.
    """

    equations: Equations
    readings: Readings
    size: Floats
    free: Bools


@dataclass(frozen=True)
class Found:
    """A stationary point; ``balance`` is what the worst equation lacks over the size of its terms."""

    x: Floats
    half: float
    solved: bool
    balance: Floats


@dataclass(frozen=True)
class _Local:
    """The problem around a point in scaled free variables: equations ``A p + r``, slope, curvature along them."""

    scale: Floats
    weight: Floats
    A: Floats
    r: Floats
    slope: Floats
    W: Floats
    U: Floats
    S: Floats
    V: Floats
    curve: Floats
    along: Floats

    @property
    def contradictory(self) -> bool:
        """Whether the equations miss zero and no small step takes them nearer."""
        lack = float(np.linalg.norm(self.r))
        return lack > _APART and float(np.linalg.norm(self.S * (self.U.T @ self.r))) <= _APART * lack

    def normal(self, r: Floats, radius: float) -> Floats:
        """The step with the smallest ``|A v + r|`` within the radius."""
        pull = -(self.U.T @ r)
        full = pull / self.S
        if np.linalg.norm(full) > radius:
            full = _within(self.S**2, self.S * pull, radius)
        return np.asarray(self.V @ full)

    def tangential(self, slope: Floats, radius: float) -> Floats:
        """The step along the equations with the lowest quadratic model within the radius."""
        return np.asarray(self.along @ _within(self.curve, -(self.along.T @ slope), radius))

    def newton(self) -> float:
        """Size of the whole Newton step, the largest of any variable; infinite where the curvature is wrong."""
        top = max(float(self.curve.max(initial=0.0)), 1e-300)
        if self.curve.min(initial=0.0) < -1e-9 * top:
            return np.inf
        v = self.normal(self.r, np.inf)
        pull = -(self.along.T @ (self.slope + self.W @ v))
        flat = self.curve <= _FLAT * top
        if np.any(np.abs(pull[flat]) > 1e-7 * np.abs(self.slope).max(initial=1.0)):
            return np.inf
        u = np.where(flat, 0.0, pull / np.where(flat, 1.0, self.curve))
        return float(np.abs(v + self.along @ u).max(initial=0.0))


def descend(task: Task, x: Floats) -> Found:
    """Go from a point to a stationary one; ``solved`` is false where none was reached.

    The point must be one where all equations have a value.
    """
    with np.errstate(all="ignore"):
        best, measure = _steps(task, x)
    balance = imbalance(task, best)
    solved = measure <= _SOLVED and bool(balance.max(initial=0.0) <= _BALANCED)
    return Found(best, task.readings.half(best), solved, balance)


def _steps(task: Task, x: Floats) -> tuple[Floats, float]:
    """The point with the smallest measure of what is left to do, and that measure."""
    radius, penalty = float(np.sqrt(max(task.free.sum(), 1))), 1.0
    best, measure = x, np.inf
    for _ in range(MAX_STEPS):
        here = _local(task, x)
        if here is None:
            break
        now = here.newton() + float(np.abs(here.r).max(initial=0.0))
        reached = measure <= _SOLVED and now > 0.5 * measure
        if now < measure:
            best, measure = x, now
        if reached or measure <= _EXACT or here.contradictory:
            break
        step, radius, penalty = _step(task, here, x, radius, penalty)
        if step is not None:
            x = step
        elif radius < _SMALLEST_RADIUS:
            break
    return best, measure


def imbalance(task: Task, x: Floats) -> Floats:
    """What each equation lacks over the sum of the sizes of its terms; infinite where it has no value."""
    with np.errstate(all="ignore"):
        size = np.abs(task.equations.jacobian(x)) @ np.maximum(np.abs(x), task.size)
        off = np.abs(task.equations.values(x)) / np.maximum(size, 1e-300)
    return np.where(np.isfinite(off), off, np.inf)


def rank(S: Floats, least: float) -> int:
    """How many singular values, in falling order, are above a share of the first."""
    return int(np.sum(least * S[0] < S)) if len(S) and S[0] > 0 else 0


def _local(task: Task, x: Floats) -> _Local | None:
    """Everything around a point; None where slopes or curvatures do not exist."""
    readings, free = task.readings, task.free
    J = task.equations.jacobian(x)
    scale: Floats = np.maximum(np.abs(x), task.size)
    weight = 1 / np.maximum(np.abs(J) @ scale, 1e-300)
    A = (J * scale * weight[:, None])[:, free]
    r = task.equations.values(x) * weight
    by_reading = np.zeros(len(x))
    by_reading[readings.of] = readings.inverse @ (x[readings.of] - readings.value)
    slope = (by_reading * scale)[free]
    if not (np.all(np.isfinite(A)) and np.all(np.isfinite(r))):
        return None
    try:
        U, S, Vt = svd(A) if A.size else (np.eye(len(A)), np.zeros(0), np.eye(A.shape[1]))
        known = rank(S, _DEPENDENT)
        multipliers = -(U[:, :known] / S[:known]) @ (Vt[:known] @ slope)
        H = task.equations.curvature(x, multipliers * weight)
        H[np.ix_(readings.of, readings.of)] += readings.inverse
        W = (H * np.outer(scale, scale))[np.ix_(free, free)]
        Z = Vt[known:].T
        curve, turn = eigh(Z.T @ W @ Z)
    except (LinAlgError, ValueError):  # second derivatives that do not exist
        return None
    return _Local(scale, weight, A, r, slope, W, U[:, :known], S[:known], Vt[:known].T, curve, Z @ turn)


def _step(task: Task, here: _Local, x: Floats, radius: float, penalty: float) -> tuple[Floats | None, float, float]:
    """Try one step: the new point or None, the new radius, and the weight of the equations."""
    v = here.normal(here.r, _NORMAL_SHARE * radius)
    rest = math.sqrt(max(radius**2 - float(v @ v), 0.0))
    p = v + here.tangential(here.slope + here.W @ v, rest)
    lack = float(np.linalg.norm(here.r))
    gain = max(lack - float(np.linalg.norm(here.r + here.A @ p)), 0.0)
    fall = -float(here.slope @ p + 0.5 * p @ here.W @ p)
    if gain > 0:
        penalty = max(penalty, -fall / (0.7 * gain))
    expected = fall + penalty * gain
    before = task.readings.half(x) + penalty * lack
    noise = _ROUNDING * (abs(before) + 1)
    trial, after, r = _tried(task, here, x, p, penalty)
    ratio = _ratio(before - after, expected, noise)
    if ratio < _ACCEPT and r is not None:  # the equations bend: correct for what they lack at the trial point
        trial, after, _ = _tried(task, here, x, p + here.normal(r, radius), penalty)
        ratio = _ratio(before - after, expected, noise)
    length = float(np.linalg.norm(p))
    if ratio < _ACCEPT:
        return None, 0.25 * min(length, radius), penalty
    return trial, _wider(radius, length, ratio), penalty


def _wider(radius: float, length: float, ratio: float) -> float:
    """Radius after a step that was taken."""
    if ratio >= _FINE:
        return max(radius, 7 * length)
    if ratio >= _GOOD:
        return max(radius, 2 * length)
    return radius if ratio >= 0.1 else 0.5 * radius


def _ratio(fallen: float, expected: float, noise: float) -> float:
    """What a step brought over what was expected; a step within rounding counts as a good one."""
    if not np.isfinite(fallen):
        return -1.0
    if abs(expected) < noise and abs(fallen) < 10 * noise:
        return 1.0
    return (fallen + noise) / max(expected + noise, 1e-300)


def _tried(task: Task, here: _Local, x: Floats, p: Floats, penalty: float) -> tuple[Floats, float, Floats | None]:
    """A trial point, its merit (infinite where an equation has no value), and what the equations lack there."""
    trial = x.copy()
    trial[task.free] += here.scale[task.free] * p
    r = task.equations.values(trial) * here.weight
    if not np.all(np.isfinite(r)):
        return trial, np.inf, None
    return trial, task.readings.half(trial) + penalty * float(np.linalg.norm(r)), r


def _within(curve: Floats, pull: Floats, radius: float) -> Floats:
    """Lowest ``curve u^2 / 2 - pull u`` with ``|u| <= radius``, variable by variable with one shift for all."""
    if len(curve) == 0 or radius == 0:
        return np.zeros(len(curve))
    top = max(float(np.abs(curve).max()), 1e-300)
    flat = curve <= _FLAT * top
    idle = flat & (np.abs(pull) <= 1e-12 * max(float(np.abs(pull).max()), 1e-300))
    if float(curve.min()) > -_FLAT * top and not np.any(flat & ~idle):
        u = np.where(flat, 0.0, pull / np.where(flat, 1.0, curve))
        if np.linalg.norm(u) <= radius:
            return np.asarray(u)
    return _on_sphere(curve, pull, radius)


def _on_sphere(curve: Floats, pull: Floats, radius: float) -> Floats:
    """The same where the radius binds: the shift by bisection, and the lowest direction where that is not enough."""
    least = max(0.0, -float(curve.min()))
    reach = float(np.linalg.norm(pull)) / radius
    low, high = least, least + reach + 1e-300
    for _ in range(200):
        shift = 0.5 * (low + high)
        if shift in (low, high):
            break
        with np.errstate(divide="ignore", invalid="ignore"):
            long = not np.linalg.norm(pull / (curve + shift)) <= radius
        low, high = (shift, high) if long else (low, shift)
    u = np.where(curve + high > 0, pull / np.maximum(curve + high, 1e-300), 0.0)
    missing = radius**2 - float(u @ u)
    if missing > 1e-6 * radius**2 and curve.min() < 0:
        u[int(np.argmin(curve))] += np.sqrt(missing)
    return np.asarray(u)
