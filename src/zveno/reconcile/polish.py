"""The last digits: Newton steps on the equations and the bounds that hold, without a barrier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, cholesky, qr, solve_triangular
from scipy.sparse import csr_array

from zveno.reconcile.arrays import Bools, Floats, Problem, independent
from zveno.reconcile.kernel import Solved, holding
from zveno.reconcile.newton import Bounds, bounds, gradient, jacobian, second_derivative
from zveno.reconcile.objective import Data, Misfit, data_of, misfit
from zveno.reconcile.observability import null_space, scales, split

_STEPS = 20
_RESTS, _AT_REST = 1e-13, 3
_SETTLED, _NOISE = 1e-11, 1e-7
_GONE = 1e-5
_FAR = 1e-3
_LEFT = 1e-6
_DEPENDENT, _BALANCED = 1e-10, 1e-12
_MANY = 200


@dataclass(frozen=True)
class Polished:
    """Variables of one period, shape (1, n); which bounds hold; streams whose mass is zero."""

    u: Floats
    active: Bools
    closed: Bools


@dataclass(frozen=True)
class Faces:
    """What holds at the points of P periods: bounds that push back (P, bounds), streams whose mass is zero (P,
    streams), and all bounds to keep while a point is sharpened.
    """

    active: Bools
    closed: Bools
    held: Bools


def faces(problem: Problem, data: Data, solved: Solved) -> Faces:
    """Bounds that hold where the interior point method has converged."""
    limits = bounds(problem)
    u, origin = solved.u, solved.origin
    active = holding(solved.dual, limits.slack(u), limits.slack(origin), _half(problem, data, u))
    closed = np.zeros((len(u), problem.n_streams), dtype=bool)
    n_m = len(problem.mass_free)
    closed[:, problem.mass_free] = active[:, :n_m] | (u[:, :n_m] < _GONE * origin[:, :n_m])
    return Faces(active, closed, _held(problem, active, closed))


def _held(problem: Problem, active: Bools, closed: Bools) -> Bools:
    """Bounds to hold: the active ones, and every variable of a closed stream."""
    held = active.copy()
    n_m, n_f = len(problem.mass_free), len(problem.flow_free)
    held[:, n_m : n_m + n_f] |= closed[:, problem.carrier]
    held[:, n_m + n_f :] &= ~closed[:, problem.carrier[problem.capped[problem.flow_free]]]
    return held


def polish(problem: Problem, data: Data, solved: Solved) -> Polished:
    """Sharpen a converged point of a single period.

    Unobservable directions stay where they are. If the steps do not settle, or one leaves a bound, the point is
    returned as the interior point method left it.
    """
    limits, face = bounds(problem), faces(problem, data, solved)
    active, closed, held = face.active[0], face.closed[0], face.held[0]
    if closed.any():
        data = without_closed(problem, data, closed)
    near, bounds_held = pressed(problem, limits, solved.u, held), limits.matrix[held]
    found = _newton(problem, data, near, bounds_held)
    if found is None and problem.censored.any():  # what limits alone pull may go on for ever: let it stand
        found = _newton(problem, data, near, bounds_held, by=data.used[0])
    kept = solved.u if found is None or np.any(limits.slack(found)[0][~held] < 0) else found
    return Polished(kept, active, closed)


def pressed(problem: Problem, limits: Bounds, u: Floats, held: Bools) -> Floats:
    """Points (P, variables) moved on to the bounds that hold, but for a millionth of the way: an assay of nothing
    would be no number.
    """
    if not held.any():
        return u
    rows, out = np.vstack([problem.G, limits.matrix[held]]), u.copy()
    left = np.concatenate([problem.b - u @ problem.G.T, (_LEFT - 1) * limits.slack(u)[:, held]], axis=1)
    for k, one in enumerate(u):
        sized = np.abs(rows * one).max(axis=1)
        moved = one + one * np.linalg.lstsq(rows * one / sized[:, None], left[k] / sized, rcond=_DEPENDENT)[0]
        sizes = np.abs(problem.G) @ np.abs(one) + np.abs(problem.b)
        if np.all(moved > 0) and np.all(np.abs(problem.G @ moved - problem.b) <= _BALANCED * sizes):
            out[k] = moved
    return out


def sharpened(problem: Problem, data: Data, u: Floats, active: Bools) -> Floats | None:
    """Variables (1, n) after Newton steps from a point near by, on the bounds that hold there.

    None where the steps do not settle, leave another bound, or where a bound no longer pushes back.
    """
    limits = bounds(problem)
    found = _newton(problem, data, u, limits.matrix[active], steady=True)
    if found is None or np.any(limits.slack(found)[0][~active] < 0):
        return None
    if active.any():
        mass, _, assay = problem.expand(found)
        slope = gradient(problem, misfit(problem, data, mass, assay), mass, assay)[0]
        push = np.linalg.lstsq(np.vstack([limits.matrix[active], problem.G]).T, slope, rcond=None)[0]
        if np.any(push[: int(active.sum())] < 0):
            return None
    return found


def _half(problem: Problem, data: Data, u: Floats) -> Floats:
    """Half the sum of squares."""
    mass, _, assay = problem.expand(u)
    return misfit(problem, data, mass, assay).half


def without_closed(problem: Problem, data: Data, closed: Bools) -> Data:
    """Leave out assays of streams that carry nothing (streams,) or (P, streams): they say nothing about flows."""
    stream = np.concatenate([np.arange(problem.n_streams), problem.pair_stream])[problem.reading_of]
    idle = closed[..., stream] & (problem.reading_of >= problem.n_streams)
    return data_of(problem, np.where(idle, np.nan, data.value), np.where(data.present, data.sigma, np.nan),
                   data.correlation)  # fmt: skip


def _newton(
    problem: Problem, data: Data, u: Floats, held: Floats, *, by: Bools | None = None, steady: bool = False
) -> Floats | None:
    """Newton steps in which no equation and no held bound changes; None where they do not settle.

    ``by`` names the readings whose directions move, (readings,): all that there are if not given. ``steady`` is enough
    if the sum of squares has come to rest: what readings hardly see may still move, and moves nothing that they see.
    """
    turns = by is not None  # what is left to stand has a slope: the directions seen must be those of the point itself
    by = data.present[0] if by is None else by
    mass, _, assay = problem.expand(u)
    scale = scales(problem, mass, assay)[0][0]
    null = _allowed(problem, held, scale)
    before, size, basis, rests = np.inf, np.inf, None, 0
    for _ in range(_STEPS):
        mass, _, assay = problem.expand(u)
        miss = misfit(problem, data, mass, assay)
        if not miss.half[0] <= before * (1 + 1e-9) + 1e-12:
            return None
        rests = rests + 1 if before - miss.half[0] <= _RESTS * (1 + miss.half[0]) else 0
        if steady and rests == _AT_REST:
            return u
        before = miss.half[0]
        rows = jacobian(problem, mass, assay)[0][problem.reading_of] * scale
        if basis is None or turns:
            basis = null @ _seen(by, rows, null)
        bend = thinned(second_derivative(problem, miss, mass, assay)[0] * np.outer(scale, scale))
        slope = scale * gradient(problem, miss, mass, assay)[0]
        y = _minimum(whitened(problem, data, miss, rows) @ basis, basis.T @ (bend @ basis), basis.T @ slope)
        if y is None:
            return None
        step = basis @ y
        u = u + scale * step
        size, last = float(np.abs(step).max(initial=0.0)), size
        if size > _FAR:
            basis = None  # what the readings see turns with the point
        if size < _SETTLED or 0.3 * last < size < _NOISE:  # no nearer: rounding moves the point to and fro
            return u
    return None


def _allowed(problem: Problem, held: Floats, scale: Floats) -> Floats:
    """Orthonormal directions in which no equation and no held bound changes."""
    rows = np.vstack([problem.G, held]) * scale
    return null_space(rows[independent(rows)] if len(held) else rows)


def free_directions(problem: Problem, by: Bools, u: Floats, held: Floats) -> Floats:
    """Those of them that the readings named see at a point (1, variables), by the variables over their sizes."""
    mass, _, assay = problem.expand(u)
    scale = scales(problem, mass, assay)[0][0]
    null = _allowed(problem, held, scale)
    rows = jacobian(problem, mass, assay)[0][problem.reading_of] * scale
    return np.asarray(null @ _seen(by, rows, null))


def newton_basis(rows: Floats, bend: Floats, free: Floats) -> Floats | None:
    """Free directions turned so that their curvature is one; None where it is not positive.

    ``rows`` are slopes of the readings over their errors and ``bend`` second derivatives, both along ``free``.
    """
    n = free.shape[1]
    R = qr(rows, mode="r", check_finite=False)[0][:n]
    if len(R) < n or np.any(np.diag(R) == 0):
        return None
    curved = solve_triangular(R, solve_triangular(R, bend, trans="T").T, trans="T")
    try:
        root = cholesky(np.eye(n) + (curved + curved.T) / 2, lower=True)
    except LinAlgError:
        return None
    return np.asarray(solve_triangular(root, solve_triangular(R, free.T, trans="T"), lower=True).T)


def _seen(by: Bools, rows: Floats, null: Floats) -> Floats:
    """Orthonormal basis of the directions along ``null`` that the readings named see.

    A reading of what a bound holds sees nothing: rows are measured by their size before they are turned.
    """
    used = np.flatnonzero(by)
    size = np.maximum(np.abs(rows[used]).max(axis=1, initial=0.0), 1e-300)
    return split(rows[used] @ null / size[:, None])[0]


def whitened(problem: Problem, data: Data, miss: Misfit, rows: Floats) -> Floats | csr_array:
    """Slopes of the readings over their errors: ``R' R`` is the Gauss-Newton curvature."""
    weight = np.diag(miss.curve_by_reading[0]) if data.inverse is None else data.inverse[0].copy()
    weight[problem.censored, problem.censored] = miss.curve_by_reading[0, problem.censored]
    used = np.flatnonzero(np.diag(weight) > 0)
    root = cholesky(weight[np.ix_(used, used)], lower=False)
    if max(rows.shape) < _MANY:
        return np.asarray(root @ rows[used])
    return csr_array(csr_array(root) @ csr_array(rows[used]))


def thinned(matrix: Floats) -> Floats | csr_array:
    """A large matrix, nearly all of it zeros, without them."""
    return matrix if max(matrix.shape) < _MANY else csr_array(matrix)


def _minimum(rows: Floats, bend: Floats, slope: Floats) -> Floats | None:
    """Newton step along directions that all readings together see, without the second derivatives where they would
    not go down.

    Worked in the space of the readings, whose errors are alike: assays of ppm and masses of megatonnes spoil each
    other's digits in a matrix of both.
    """
    n = rows.shape[1]
    R = qr(rows, mode="r", check_finite=False)[0][:n]
    if len(R) < n or np.any(np.diag(R) == 0):
        return None
    pull = solve_triangular(R, slope, trans="T")
    curved = solve_triangular(R, solve_triangular(R, bend, trans="T").T, trans="T")
    try:
        y = cho_solve(cho_factor(np.eye(n) + (curved + curved.T) / 2), -pull)
    except LinAlgError:
        y = -pull
    return np.asarray(solve_triangular(R, y))
