"""One Newton system per period: curvature of the misfit and the bounds, solved together with the balances."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.linalg import LinAlgWarning, lu_factor, lu_solve

from zveno.reconcile.arrays import Bools, Floats, Ints, Problem
from zveno.reconcile.objective import Data, Misfit

_REFINEMENTS = 3
_CONVEX = 0.3
_DEPENDENT, _LEAST_CURVE = 1e-11, 1e-13


@dataclass(frozen=True)
class Bounds:
    """Bounds ``D u + d0 >= 0``: masses, flows, and flows at most ``total x mass`` where capped."""

    D: Floats
    d0: Floats

    def slack(self, u: Floats) -> Floats:
        """Distance of points (P, variables) to each bound."""
        return u @ self.D.T + self.d0


def bounds(problem: Problem) -> Bounds:
    """All bounds of a problem: first one for each variable, then the caps."""
    free_m, free_f = problem.mass_free, problem.flow_free
    n_m, n_f = len(free_m), len(free_f)
    capped = np.flatnonzero(problem.capped[free_f])
    D = np.vstack([np.eye(n_m + n_f), np.zeros((len(capped), n_m + n_f))])
    d0 = np.zeros(len(D))
    column = np.full(problem.n_streams, -1)
    column[free_m] = np.arange(n_m)
    for k, pair in enumerate(capped):
        row, stream = n_m + n_f + k, problem.pair_stream[free_f[pair]]
        D[row, n_m + pair] = -1.0
        if column[stream] >= 0:
            D[row, column[stream]] = problem.assay_total
        else:
            d0[row] = problem.assay_total * problem.mass_fixed[stream]
    return Bounds(D, d0)


def owners(problem: Problem) -> Floats:
    """1 where a free flow belongs to a stream, (free flows, streams)."""
    streams = problem.pair_stream[problem.flow_free]
    owner = np.zeros((len(streams), problem.n_streams))
    owner[np.arange(len(streams)), streams] = 1.0
    return owner


def gradient(problem: Problem, miss: Misfit, mass: Floats, assay: Floats) -> Floats:
    """Slope of half the sum of squares by the variables, (P, variables).

    A flow over its mass loses ``slope x assay`` where the mass grows; with the *read* assay in place of the
    present one this is the slope of the linearised misfit.
    """
    free = problem.flow_free
    by_flow = miss.slope[:, problem.n_streams + free] / mass[:, problem.pair_stream[free]]
    by_mass = miss.slope[:, : problem.n_streams] - (by_flow * assay[:, free]) @ owners(problem)
    return np.concatenate([by_mass[:, problem.mass_free], by_flow], axis=1)


class Newton(Protocol):
    """A factored system ``[H G'; G 0]``."""

    def solve(self, slope: Floats, residual: Floats) -> tuple[Floats, Floats]:
        """Step ``du`` and multipliers ``l`` with ``H du + G'l = -slope`` and ``G du = residual``."""


@dataclass(frozen=True)
class Condensed:
    """The system condensed to the equations through the arrow blocks ``H_i`` of the streams.

    With ``v = (1, -off/d)`` a block's inverse is ``diag(0, 1/d) + v v'/sigma``; ``K = G inv(H) G'``.
    """

    problem: Problem
    d: Floats
    ratio: Floats
    sigma: Floats
    K_inverse: Floats

    def apply(self, y: Floats) -> Floats:
        """``inv(H) y``."""
        free_m = self.problem.mass_free
        owner = owners(self.problem)
        y_flow = y[:, len(free_m) :]
        by_mass = np.zeros_like(self.sigma)
        by_mass[:, free_m] = y[:, : len(free_m)]
        dm = (by_mass - (self.ratio * y_flow) @ owner.astype(float)) / self.sigma
        return np.concatenate([dm[:, free_m], y_flow / self.d - self.ratio * (dm @ owner.T)], axis=1)

    def solve(self, slope: Floats, residual: Floats) -> tuple[Floats, Floats]:
        """Condense, solve, and refine the balances as long as their residual halves."""
        G = self.problem.G
        free = self.apply(slope)
        l = _times(self.K_inverse, -(residual + free @ G.T))  # noqa: E741
        du = -self.apply(slope + l @ G)
        for _ in range(_REFINEMENTS):
            rest = residual - du @ G.T
            dl = _times(self.K_inverse, -rest)
            change = -self.apply(dl @ G)
            better = _size(residual - (du + change) @ G.T, G, du) < 0.5 * _size(rest, G, du)
            if not better.any():
                break
            du = du + np.where(better[:, None], change, 0.0)
            l = l + np.where(better[:, None], dl, 0.0)  # noqa: E741
        return du, l


def _times(matrices: Floats, vectors: Floats) -> Floats:
    return np.asarray((matrices @ vectors[:, :, None])[:, :, 0])


def _size(residual: Floats, G: Floats, du: Floats) -> Floats:
    """Largest residual of each period relative to the terms of its equation."""
    terms = np.abs(du) @ np.abs(G.T)
    return np.asarray((np.abs(residual) / np.maximum(terms, 1e-300)).max(axis=1, initial=0.0))


@dataclass(frozen=True)
class Full:
    """The whole systems, scaled by the present values, for readings that are correlated."""

    matrix: Floats
    factors: tuple[tuple[Floats, Ints], ...]
    scale: Floats

    def solve(self, slope: Floats, residual: Floats) -> tuple[Floats, Floats]:
        """Solve with two passes of refinement."""
        rhs = self.scale * np.concatenate([-slope, residual], axis=1)
        x = self._solve(rhs)
        for _ in range(2):
            x = x + self._solve(rhs - _times(self.matrix, x))
        x = x * self.scale
        n = slope.shape[1]
        return x[:, :n], x[:, n:]

    def _solve(self, rhs: Floats) -> Floats:
        """Each period by its own factors."""
        return np.array([lu_solve(one, b, check_finite=False) for one, b in zip(self.factors, rhs, strict=True)])


@dataclass(frozen=True)
class Point:
    """A point of the path with everything that a Newton system needs (period first)."""

    u: Floats
    mass: Floats
    assay: Floats
    slack: Floats
    dual: Floats
    prox: Floats
    linear: Bools
    exact: bool = False


def newton(problem: Problem, limits: Bounds, data: Data, miss: Misfit, at: Point) -> tuple[Newton, Floats]:
    """System and slope at a point.

    In the linearised stage the weight of a flow residual keeps its mass frozen; afterwards the exact second
    derivative is used, kept positive stream by stream. An ``exact`` point takes the whole second derivative and
    keeps it positive along the balances only: dearer, but quadratic where readings contradict each other.
    """
    if data.inverse is not None or at.exact:
        return _full(problem, limits, data, miss, at), gradient(problem, miss, at.mass, at.assay)
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = np.where(miss.curve > 0, miss.slope / miss.curve, 0.0)[:, problem.n_streams :]
    target = np.where(at.linear[:, None], at.assay - shift, at.assay + shift)
    seen = np.where(at.linear[:, None], target, at.assay)
    return _condensed(problem, miss, at, target), gradient(problem, miss, at.mass, seen)


def _condensed(problem: Problem, miss: Misfit, at: Point, target: Floats) -> Condensed:
    """Arrow blocks and the condensed matrix.

    A stream whose exact block is not safely positive gets its Gauss-Newton block: that one is flat where a
    stream shrinks as a whole, so that the step towards zero stays long.
    """
    n_m, free_f = len(problem.mass_free), problem.flow_free
    shift = np.where(at.linear[:, None], 0.0, target - at.assay)[:, free_f]
    owner = owners(problem)
    d, ratio, sigma = _blocks(problem, miss, at, target[:, free_f])
    h = miss.curve[:, problem.n_streams + free_f] / at.mass[:, problem.pair_stream[free_f]] ** 2
    exact = sigma - (h * shift**2) @ owner
    safe = exact >= _CONVEX * sigma
    if not safe.all():
        _, ratio_flat, flat = _blocks(problem, miss, at, at.assay[:, free_f])
        ratio = np.where(safe @ owner.T > 0, ratio, ratio_flat)
        exact = np.where(safe, exact, flat)
    exact[:, ~np.isnan(problem.mass_fixed)] = np.inf
    G_mass = np.zeros((len(problem.b), problem.n_streams))
    G_mass[:, problem.mass_free] = problem.G[:, :n_m]
    G_flow = problem.G[:, n_m:]
    along = G_mass - (G_flow * ratio[:, None, :]) @ owner
    K = (G_flow / d[:, None, :]) @ G_flow.T + (along / exact[:, None, :]) @ along.transpose(0, 2, 1)
    return Condensed(problem, d, ratio, exact, _inverse(K))


def _blocks(problem: Problem, miss: Misfit, at: Point, x: Floats) -> tuple[Floats, Floats, Floats]:
    """Diagonal of the flows, off-diagonal over it, and what is left for the mass; without cancellation."""
    free_m, free_f = problem.mass_free, problem.flow_free
    n_m, n_f, total = len(free_m), len(free_f), problem.assay_total
    h = miss.curve[:, problem.n_streams + free_f] / at.mass[:, problem.pair_stream[free_f]] ** 2
    barrier = at.dual / at.slack
    b = barrier[:, n_m : n_m + n_f] + at.prox[:, None] / at.u[:, n_m:] ** 2
    g = np.zeros_like(b)
    g[:, problem.capped[free_f]] = barrier[:, n_m + n_f :]
    d = h + b + g
    sigma = miss.curve[:, : problem.n_streams] + at.prox[:, None] / at.mass**2
    sigma[:, free_m] += barrier[:, :n_m]
    left = (x**2 * h * b + g * (h * (total - x) ** 2 + total**2 * b)) / d
    return d, -(x * h + total * g) / d, sigma + left @ owners(problem)


def _inverse(K: Floats) -> Floats:
    """Inverse of positive matrices after scaling to a unit diagonal."""
    scale = 1 / np.sqrt(np.maximum(np.einsum("pii->pi", K), 1e-300))
    scaled = K * scale[:, :, None] * scale[:, None, :]
    scaled = scaled + 1e-15 * np.eye(K.shape[1])
    return np.asarray(np.linalg.inv(scaled) * scale[:, :, None] * scale[:, None, :])


def jacobian(problem: Problem, mass: Floats, assay: Floats) -> Floats:
    """Slopes of every quantity as read (masses, then assays) by the variables, (P, quantities, variables)."""
    free_m, free_f = problem.mass_free, problem.flow_free
    n_m, first = len(free_m), problem.n_streams
    J = np.zeros((len(mass), problem.n_quantities, n_m + len(free_f)))
    J[:, free_m, np.arange(n_m)] = 1.0
    owner = problem.pair_stream[free_f]
    J[:, first + free_f, n_m + np.arange(len(free_f))] = 1 / mass[:, owner]
    column = np.full(problem.n_streams, -1)
    column[free_m] = np.arange(n_m)
    movable = column[owner] >= 0
    pairs, streams = free_f[movable], owner[movable]
    J[:, first + pairs, column[streams]] = -assay[:, pairs] / mass[:, streams]
    return J


def _full(problem: Problem, limits: Bounds, data: Data, miss: Misfit, at: Point) -> Full:
    """Curvature with the whole inverse covariance: Gauss-Newton, or exact and then kept positive."""
    J = jacobian(problem, at.mass, at.assay)[:, problem.reading_of]
    H = J.transpose(0, 2, 1) @ _weights(problem, data, miss) @ J
    H = H + (limits.D.T * (at.dual / at.slack)[:, None, :]) @ limits.D
    n, r = H.shape[1], len(problem.b)
    if at.exact:
        H = H + second_derivative(problem, miss, at.mass, at.assay)
        H[:, np.arange(n), np.arange(n)] += _lift(H, problem.G, at.u)[:, None] / at.u**2
    H[:, np.arange(n), np.arange(n)] += at.prox[:, None] / at.u**2
    scale_l = 1 / np.maximum(np.abs(problem.G) @ at.u[:, :, None], 1e-300)[:, :, 0]
    scale = np.concatenate([at.u, scale_l], axis=1)
    matrix = np.zeros((len(H), n + r, n + r))
    matrix[:, :n, :n] = H
    matrix[:, n:, :n] = problem.G
    matrix[:, :n, n:] = problem.G.T
    matrix = matrix * scale[:, :, None] * scale[:, None, :]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LinAlgWarning)  # a singular system gives no finite step and ends its period
        return Full(matrix, tuple(lu_factor(one, check_finite=False) for one in matrix), scale)


def _weights(problem: Problem, data: Data, miss: Misfit) -> Floats:
    """Inverse covariance of the readings, with the curvature of the censored ones on its diagonal."""
    rows = len(miss.curve_by_reading)
    if data.inverse is None:
        weight = np.zeros((rows, len(problem.reading_of), len(problem.reading_of)))
        which = np.arange(len(problem.reading_of))
    else:
        weight = data.inverse.copy()
        which = np.flatnonzero(problem.censored)
    weight[:, which, which] = miss.curve_by_reading[:, which]
    return weight


def second_derivative(problem: Problem, miss: Misfit, mass: Floats, assay: Floats) -> Floats:
    """Second derivatives of the assays ``flow / mass``, weighted with the slopes, (P, variables, variables)."""
    free_m, free_f = problem.mass_free, problem.flow_free
    n_m = len(free_m)
    column = np.full(problem.n_streams, -1)
    column[free_m] = np.arange(n_m)
    at = column[problem.pair_stream[free_f]]
    movable = at >= 0
    pairs, at, flow = free_f[movable], at[movable], n_m + np.flatnonzero(movable)
    part = miss.slope[:, problem.n_streams + pairs] / mass[:, problem.pair_stream[pairs]] ** 2
    H = np.zeros((len(mass), n_m + len(free_f), n_m + len(free_f)))
    H[:, at, flow] = H[:, flow, at] = -part
    for k, (one, pair) in enumerate(zip(at, pairs, strict=True)):
        H[:, one, one] += 2 * part[:, k] * assay[:, pair]
    return H


def _lift(H: Floats, G: Floats, u: Floats) -> Floats:
    """What to add to the scaled diagonal so that the curvature along the balances is positive, (P,)."""
    lift = np.zeros(len(H))
    for k, one in enumerate(u):
        scaled = H[k] * np.outer(one, one)
        if not np.all(np.isfinite(scaled)):
            lift[k] = np.nan  # a period that broke down
            continue
        rows = G * one
        rows = rows / np.maximum(np.abs(rows).max(axis=1, initial=0.0), 1e-300)[:, None]
        basis, size, _ = np.linalg.svd(rows.T) if len(rows) else (np.eye(len(one)), np.zeros(0), None)
        rank = int(np.sum(size > _DEPENDENT * size.max(initial=0.0)))
        along = np.linalg.eigvalsh(basis[:, rank:].T @ scaled @ basis[:, rank:])
        least = _LEAST_CURVE * float(np.abs(along).max(initial=1.0))
        lift[k] = max(0.0, least - 2 * float(along.min(initial=least)))
    return np.where(lift <= 0, 0.0, lift)
