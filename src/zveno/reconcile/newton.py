"""One Newton system per period: curvature of the misfit and the bounds, solved together with the balances."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Protocol

import numpy as np
from scipy.linalg import LinAlgWarning, lu_factor, lu_solve
from scipy.sparse import block_array, csr_array, diags_array
from scipy.sparse.linalg import splu

from zveno.reconcile.arrays import Bools, Floats, Ints, Problem
from zveno.reconcile.objective import Data, Misfit

_REFINEMENTS = 3
_CONVEX = 0.3
_DEPENDENT, _LEAST_CURVE = 1e-11, 1e-13
_EXACT = 1e-14
_MANY = 200
Solver = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Bounds:
    """Bounds: every variable at least zero, then flows at most ``total x mass`` where capped.

    Parameters
    ----------
    n
        How many variables there are.
    flow, mass
        Variables of each cap: its flow, and the mass of its stream (-1 where that is fixed).
    total, fixed
        Largest assay, and what the fixed masses allow (caps,).
    """

    n: int
    flow: Ints
    mass: Ints
    total: float
    fixed: Floats

    @cached_property
    def matrix(self) -> Floats:
        """Slopes of all bounds by the variables, ``D``."""
        D = np.vstack([np.eye(self.n), np.zeros((len(self.flow), self.n))])
        rows = self.n + np.arange(len(self.flow))
        D[rows, self.flow] = -1.0
        D[rows[self.mass >= 0], self.mass[self.mass >= 0]] = self.total
        return D

    @cached_property
    def sparse(self) -> csr_array:
        """The same with its zeros left out."""
        return csr_array(self.matrix)

    @cached_property
    def _caps(self) -> Floats:
        """Slopes of the caps by the masses."""
        n_m = int(self.mass.max(initial=-1)) + 1
        return self.matrix[self.n :, :n_m]

    def __len__(self) -> int:
        return self.n + len(self.flow)

    def slack(self, u: Floats) -> Floats:
        """Distance of points (P, variables) to each bound."""
        out = self.along(u)
        out[:, self.n :] += self.fixed
        return out

    def along(self, du: Floats) -> Floats:
        """Change of each slack, ``D du``."""
        out = np.empty((len(du), len(self)))
        out[:, : self.n] = du
        if len(self.flow):
            out[:, self.n :] = du[:, : self._caps.shape[1]] @ self._caps.T
            out[:, self.n :] -= du[:, self.flow]
        return out

    def pull(self, push: Floats) -> Floats:
        """What pushes from the bounds amount to in each variable, ``D' push``."""
        if not len(self.flow):
            return push
        out = push[:, : self.n].copy()
        caps = push[:, self.n :]
        out[:, self.flow] -= caps
        out[:, : self._caps.shape[1]] += caps @ self._caps
        return out


def bounds(problem: Problem) -> Bounds:
    """All bounds of a problem: first one for each variable, then the caps."""
    n_m, n_f = len(problem.mass_free), len(problem.flow_free)
    capped = np.flatnonzero(problem.capped[problem.flow_free])
    streams = problem.carrier[capped]
    fixed = np.nan_to_num(problem.assay_total * problem.mass_fixed[streams], nan=0.0)
    return Bounds(n_m + n_f, n_m + capped, problem.mass_column[streams], problem.assay_total, fixed)


def gradient(problem: Problem, miss: Misfit, mass: Floats, assay: Floats) -> Floats:
    """Slope of half the sum of squares by the variables, (P, variables).

    A flow over its mass loses ``slope x assay`` where the mass grows; with the *read* assay in place of the
    present one this is the slope of the linearised misfit.
    """
    free, n = problem.flow_free, problem.n_streams
    if problem.all_free:
        by_flow = miss.slope[:, n:] / mass[:, problem.carrier]
        return np.concatenate([miss.slope[:, :n] - (by_flow * assay) @ problem.owner, by_flow], axis=1)
    by_flow = miss.slope[:, n + free] / mass[:, problem.carrier]
    by_mass = miss.slope[:, :n] - (by_flow * assay[:, free]) @ problem.owner
    return np.concatenate([by_mass[:, problem.mass_free], by_flow], axis=1)


class Newton(Protocol):
    """A factored system ``[H G'; G 0]``."""

    def solve(self, slope: Floats, residual: Floats, *, rough: bool = False) -> tuple[Floats, Floats]:
        """Step ``du`` and multipliers ``l`` with ``H du + G'l = -slope`` and ``G du = residual``."""

    def take(self, which: Ints) -> Newton:
        """The systems of some of the periods."""


@dataclass(frozen=True)
class Condensed:
    """The system condensed to the equations through the arrow blocks ``H_i`` of the streams.

    With ``v = (1, -off/d)`` a block's inverse is ``diag(0, 1/d) + v v'/sigma``; ``K = G inv(H) G'``.
    """

    problem: Problem
    inverse_d: Floats
    ratio: Floats
    sigma: Floats
    K_inverse: Floats

    def take(self, which: Ints) -> Condensed:
        """The systems of some of the periods."""
        parts = (self.inverse_d, self.ratio, self.sigma, self.K_inverse)
        return Condensed(self.problem, *(one[which] for one in parts))

    def apply(self, y: Floats) -> Floats:
        """``inv(H) y``."""
        problem = self.problem
        n_m = len(problem.mass_free)
        y_flow = y[:, n_m:]
        by_mass = y[:, :n_m]
        if n_m < problem.n_streams:
            by_mass = np.zeros_like(self.sigma)
            by_mass[:, problem.mass_free] = y[:, :n_m]
        dm = (by_mass - (self.ratio * y_flow) @ problem.owner) / self.sigma
        out = np.empty_like(y)
        out[:, :n_m] = dm if n_m == problem.n_streams else dm[:, problem.mass_free]
        out[:, n_m:] = y_flow * self.inverse_d - self.ratio * dm[:, problem.carrier]
        return out

    def solve(self, slope: Floats, residual: Floats, *, rough: bool = False) -> tuple[Floats, Floats]:
        """Condense, solve, and refine the balances as long as their residual halves, unless ``rough`` is enough."""
        G = self.problem.G
        free = self.apply(slope)
        l = _times(self.K_inverse, -(residual + free @ G.T))  # noqa: E741
        du = -self.apply(slope + l @ G)
        if rough or not len(G):
            return du, l
        G_size = np.abs(G).T
        rest = residual - du @ G.T
        off = _size(rest, np.abs(du) @ G_size)
        for _ in range(_REFINEMENTS):
            if off.max(initial=0.0) < _EXACT:
                break
            dl = _times(self.K_inverse, -rest)
            change = -self.apply(dl @ G)
            left = residual - (du + change) @ G.T
            better = _size(left, np.abs(du) @ G_size) < 0.5 * off
            if not better.any():
                break
            du = du + np.where(better[:, None], change, 0.0)
            l = l + np.where(better[:, None], dl, 0.0)  # noqa: E741
            rest = np.where(better[:, None], left, rest)
            off = _size(rest, np.abs(du) @ G_size)
        return du, l


def _times(matrices: Floats, vectors: Floats) -> Floats:
    return np.asarray((matrices @ vectors[:, :, None])[:, :, 0])


def _size(residual: Floats, terms: Floats) -> Floats:
    """Largest residual of each period relative to the terms of its equation."""
    return np.asarray((np.abs(residual) / np.maximum(terms, 1e-300)).max(axis=1, initial=0.0))


@dataclass(frozen=True)
class Full:
    """The whole systems, scaled by the present values, for readings that are correlated."""

    matrices: tuple[Floats | csr_array, ...]
    solvers: tuple[Solver, ...]
    scale: Floats

    def solve(self, slope: Floats, residual: Floats, *, rough: bool = False) -> tuple[Floats, Floats]:
        """Solve with two passes of refinement; a ``rough`` step has none."""
        rhs = self.scale * np.concatenate([-slope, residual], axis=1)
        x = self._solve(rhs)
        for _ in range(0 if rough else 2):
            x = x + self._solve(rhs - np.array([one @ each for one, each in zip(self.matrices, x, strict=True)]))
        x = x * self.scale
        n = slope.shape[1]
        return x[:, :n], x[:, n:]

    def take(self, which: Ints) -> Full:
        """The systems of some of the periods."""
        return Full(tuple(self.matrices[k] for k in which), tuple(self.solvers[k] for k in which), self.scale[which])

    def _solve(self, rhs: Floats) -> Floats:
        """Each period by its own factors."""
        return np.array([solver(b) for solver, b in zip(self.solvers, rhs, strict=True)])


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

    def take(self, which: Ints) -> Point:
        """The same for some of the periods."""
        return Point(
            self.u[which], self.mass[which], self.assay[which], self.slack[which], self.dual[which], self.prox[which],
            self.linear[which], self.exact,
        )  # fmt: skip


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
    free_f = problem.flow_free
    shift = np.where(at.linear[:, None], 0.0, target - at.assay)[:, free_f]
    h = miss.curve[:, problem.n_streams + free_f] / at.mass[:, problem.carrier] ** 2
    inverse_d, ratio, sigma = _blocks(problem, miss, at, h, target[:, free_f])
    exact = sigma - (h * shift**2) @ problem.owner
    safe = exact >= _CONVEX * sigma
    bent = np.flatnonzero(~safe.all(axis=1))
    if len(bent):
        _, ratio_flat, flat = _blocks(problem, miss.take(bent), at.take(bent), h[bent], at.assay[bent][:, free_f])
        ratio[bent] = np.where(safe[bent][:, problem.carrier], ratio[bent], ratio_flat)
        exact[bent] = np.where(safe[bent], exact[bent], flat)
    exact[:, ~np.isnan(problem.mass_fixed)] = np.inf
    return Condensed(problem, inverse_d, ratio, exact, _inverse(_condensed_matrix(problem, inverse_d, ratio, exact)))


def _condensed_matrix(problem: Problem, inverse_d: Floats, ratio: Floats, sigma: Floats) -> Floats:
    """``K = G inv(H) G'``, (P, equations, equations)."""
    r = len(problem.b)
    if problem.flow_terms is not None:
        products, places = problem.flow_terms
        along = problem.mass_terms - (ratio @ places).reshape(len(ratio), r, problem.n_streams)
        K = (inverse_d @ products).reshape(len(ratio), r, r)
    else:
        G_flow = problem.G[:, len(problem.mass_free) :]
        along = problem.mass_terms - (G_flow * ratio[:, None, :]) @ problem.owner
        K = (G_flow * inverse_d[:, None, :]) @ G_flow.T
    K += (along / sigma[:, None, :]) @ along.transpose(0, 2, 1)
    return np.asarray(K)


def _blocks(problem: Problem, miss: Misfit, at: Point, h: Floats, x: Floats) -> tuple[Floats, Floats, Floats]:
    """One over the diagonal of the flows, off-diagonal over it, and what is left for the mass; without cancellation."""
    n_m, n_f, total = len(problem.mass_free), len(problem.flow_free), problem.assay_total
    barrier = at.dual / at.slack
    b = barrier[:, n_m : n_m + n_f] + at.prox[:, None] / at.u[:, n_m:] ** 2
    g = np.zeros_like(b)
    g[:, problem.capped[problem.flow_free]] = barrier[:, n_m + n_f :]
    inverse_d = 1 / (h + b + g)
    sigma = miss.curve[:, : problem.n_streams] + at.prox[:, None] / at.mass**2
    sigma[:, problem.mass_free] += barrier[:, :n_m]
    left = (x**2 * h * b + g * (h * (total - x) ** 2 + total**2 * b)) * inverse_d
    return inverse_d, -(x * h + total * g) * inverse_d, sigma + left @ problem.owner


def _inverse(K: Floats) -> Floats:
    """Inverse of positive matrices after scaling to a unit diagonal."""
    scale = 1 / np.sqrt(np.maximum(np.einsum("pii->pi", K), 1e-300))
    K = K * scale[:, :, None]
    K *= scale[:, None, :]
    np.einsum("pii->pi", K)[...] += 1e-15
    inverse = np.linalg.inv(K)
    inverse *= scale[:, :, None]
    inverse *= scale[:, None, :]
    return np.asarray(inverse)


def jacobian(problem: Problem, mass: Floats, assay: Floats) -> Floats:
    """Slopes of every quantity as read (masses, then assays) by the variables, (P, quantities, variables)."""
    free_m, free_f = problem.mass_free, problem.flow_free
    n_m, first = len(free_m), problem.n_streams
    J = np.zeros((len(mass), problem.n_quantities, n_m + len(free_f)))
    J[:, free_m, np.arange(n_m)] = 1.0
    owner, column = problem.carrier, problem.mass_column
    J[:, first + free_f, n_m + np.arange(len(free_f))] = 1 / mass[:, owner]
    movable = column[owner] >= 0
    pairs, streams = free_f[movable], owner[movable]
    J[:, first + pairs, column[streams]] = -assay[:, pairs] / mass[:, streams]
    return J


def flow_slopes(problem: Problem, assay: Floats) -> Floats:
    """Slopes of every mass and component flow by the variables, (P, quantities, variables)."""
    if problem.all_free:
        return np.broadcast_to(np.eye(problem.n_quantities), (len(assay), *(problem.n_quantities,) * 2))
    out = np.zeros((len(assay), problem.n_quantities, len(problem.mass_free) + len(problem.flow_free)))
    columns = np.concatenate([problem.mass_column, problem.flow_column])
    own = np.flatnonzero(columns >= 0)
    out[:, own, columns[own]] = 1.0
    carried = problem.mass_column[problem.pair_stream]
    fixed = np.flatnonzero((problem.flow_column < 0) & (carried >= 0))
    out[:, problem.n_streams + fixed, carried[fixed]] = assay[:, fixed]
    return out


def _full(problem: Problem, limits: Bounds, data: Data, miss: Misfit, at: Point) -> Full:
    """Curvature with the whole inverse covariance: Gauss-Newton, or exact and then kept positive."""
    J = jacobian(problem, at.mass, at.assay)[:, problem.reading_of]
    weight, stiffness = _weights(problem, data, miss), at.dual / at.slack
    scale_l = 1 / np.maximum(np.abs(problem.G) @ at.u[:, :, None], 1e-300)[:, :, 0]
    scale = np.concatenate([at.u, scale_l], axis=1)
    damp = at.prox[:, None] / at.u**2
    if J.shape[2] >= _MANY and not at.exact:
        diagonals = zip(stiffness, damp, scale, strict=True)
        found = [_sparse_system(problem, limits, *one) for one in zip(J, weight, diagonals, strict=True)]
        return Full(tuple(one for one, _ in found), tuple(solver for _, solver in found), scale)
    H = J.transpose(0, 2, 1) @ weight @ J + (limits.matrix.T * stiffness[:, None, :]) @ limits.matrix
    n, r = H.shape[1], len(problem.b)
    if at.exact:
        H = H + second_derivative(problem, miss, at.mass, at.assay)
        H[:, np.arange(n), np.arange(n)] += _lift(H, problem.G, at.u)[:, None] / at.u**2
    H[:, np.arange(n), np.arange(n)] += damp
    matrix = np.zeros((len(H), n + r, n + r))
    matrix[:, :n, :n] = H
    matrix[:, n:, :n] = problem.G
    matrix[:, :n, n:] = problem.G.T
    matrix = matrix * scale[:, :, None] * scale[:, None, :]
    return Full(tuple(matrix), tuple(map(_dense_solver, matrix)), scale)


def _dense_solver(matrix: Floats) -> Solver:
    """Solver of one system; a singular one gives no finite step, which ends its period."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LinAlgWarning)
        return partial(lu_solve, lu_factor(matrix, check_finite=False), check_finite=False)


def _sparse_system(
    problem: Problem, limits: Bounds, J: Floats, weight: Floats, diagonals: tuple[Floats, Floats, Floats]
) -> tuple[csr_array, Solver]:
    """The scaled system of one period and its solver, with the zeros left out: from some hundred variables on nearly
    all of it. ``diagonals`` are the stiffness of the bounds, the damping and the scale.
    """
    stiffness, damp, scale = diagonals
    rows = csr_array(J)
    H = rows.T @ (csr_array(weight) @ rows) + limits.sparse.T @ (diags_array(stiffness) @ limits.sparse)
    G, sizes = csr_array(problem.G), diags_array(scale)
    matrix = csr_array(sizes @ block_array([[H + diags_array(damp), G.T], [G, None]]) @ sizes)
    if np.isfinite(matrix.data).all():
        try:
            return matrix, splu(matrix.tocsc()).solve
        except RuntimeError:  # singular to the last digit
            pass
    return matrix, partial(np.full_like, fill_value=np.nan)


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
    n_m, n_f = len(problem.mass_free), len(problem.flow_free)
    at = problem.mass_column[problem.carrier]
    movable = at >= 0
    pairs, at, flow = problem.flow_free[movable], at[movable], n_m + np.flatnonzero(movable)
    part = miss.slope[:, problem.n_streams + pairs] / mass[:, problem.pair_stream[pairs]] ** 2
    H = np.zeros((len(mass), n_m + n_f, n_m + n_f))
    H[:, at, flow] = H[:, flow, at] = -part
    by_mass = np.zeros((n_m, len(pairs)))
    by_mass[at, np.arange(len(pairs))] = 2.0
    np.einsum("pii->pi", H)[:, :n_m] = (part * assay[:, pairs]) @ by_mass.T
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
