"""A solved period solved again with fewer balances: from what was factored there, without starting anew.

Balances that are released open a few directions beside those that were free before. In a basis in which the curvature
of the misfit is one, a step takes the slopes alone; the basis of the solved point serves all that is near, and each
release adds its own columns to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import LinAlgError, cholesky, lstsq, qr, solve_triangular
from scipy.sparse import csr_array

from zveno.reconcile.arrays import Bools, Floats, Problem, independent
from zveno.reconcile.newton import Bounds, bounds, gradient, jacobian, second_derivative
from zveno.reconcile.objective import Data, misfit
from zveno.reconcile.observability import ALONE, RANK, SEEN, Linear, scales
from zveno.reconcile.polish import free_directions, newton_basis, thinned, whitened

_STEPS, _CHANGES = 100, 12
_SLOW, _SLOWER = 0.8, 6
_SETTLED, _NOISE = 1e-11, 1e-9
_RESTS = 1e-10
_INSIDE = 1e-9


@dataclass(frozen=True)
class Sight:
    """Directions that some readings tell apart, and what further ones add to them.

    Parameters
    ----------
    rows
        Slopes of the readings, of like size, by the variables over their sizes.
    seen
        Orthonormal directions that the readings determine, (variables, k).
    """

    rows: Floats | csr_array
    seen: Floats

    @cached_property
    def _factors(self) -> tuple[Floats, Floats]:
        Q, R = qr(self.rows @ self.seen, mode="economic")
        return np.asarray(Q), np.asarray(R)

    def parted(self, further: Floats) -> tuple[Floats, Floats]:
        """Further directions turned into those that the readings determine too, and those that they do not see."""
        if 0 in further.shape:
            return further, further
        along = self.rows @ further
        Q, R = self._factors
        told = Q.T @ along
        rest = along - Q @ told
        again = Q.T @ rest
        rest, told = rest - Q @ again, told + again
        _, size, V = np.linalg.svd(rest)
        least = RANK * max(float(np.abs(R).max(initial=0.0)), float(np.linalg.norm(along)))
        rank = int(np.sum(size > least))
        unseen = further - self.seen @ solve_triangular(R, told) if len(R) else further
        return further @ V[:rank].T, unseen @ V[rank:].T


@dataclass(frozen=True)
class Kept:
    """What is kept of a solved period to solve it again near by.

    Parameters
    ----------
    u, active
        The point (1, variables), and the bounds that hold there.
    linear
        Its linearisation.
    """

    problem: Problem
    data: Data
    u: Floats
    active: Bools
    linear: Linear

    @cached_property
    def limits(self) -> Bounds:
        """All bounds."""
        return bounds(self.problem)

    @cached_property
    def scale(self) -> Floats:
        """Size of each variable."""
        mass, _, assay = self.problem.expand(self.u)
        return np.asarray(scales(self.problem, mass, assay)[0][0])

    @cached_property
    def sight(self) -> Sight:
        """What the readings in use determine while no balance is released."""
        mass, _, assay = self.problem.expand(self.u)
        linear = self.linear
        sizes = scales(self.problem, mass, assay)[1][0, linear.of]
        return Sight(thinned(linear.rows * linear.scale / sizes[:, None]), linear.seen)

    @cached_property
    def _closed(self) -> Floats:
        """Orthonormal directions that change some equation, (variables, equations)."""
        return _span(self.problem.G * self.linear.scale)

    @cached_property
    def _kept_in(self) -> Floats:
        """Orthonormal directions that change some equation or some bound that holds."""
        return _span(np.vstack([self.problem.G, self.limits.matrix[self.active]]) * self.scale)

    @cached_property
    def _free(self) -> Floats:
        """Directions that all readings together see and in which no equation and no bound that holds changes."""
        return free_directions(self.problem, self.data.present[0], self.u, self.limits.matrix[self.active])

    @cached_property
    def _slopes(self) -> tuple[Floats | csr_array, Floats | csr_array]:
        """Slopes of the readings over their errors, and second derivatives, by the variables over their sizes."""
        mass, _, assay = self.problem.expand(self.u)
        miss = misfit(self.problem, self.data, mass, assay)
        rows = jacobian(self.problem, mass, assay)[0][self.problem.reading_of] * self.scale
        bend = second_derivative(self.problem, miss, mass, assay)[0] * np.outer(self.scale, self.scale)
        return whitened(self.problem, self.data, miss, rows), thinned(bend)

    @cached_property
    def _basis(self) -> Floats | None:
        """The free directions turned so that the curvature is one; None where the point is no minimum."""
        rows, bend = self._slopes
        return newton_basis(rows @ self._free, self._free.T @ (bend @ self._free), self._free)

    @cached_property
    def _present(self) -> Sight:
        """What all readings see along the free directions."""
        mass, _, assay = self.problem.expand(self.u)
        some = self.problem.reading_of[self.data.present[0]]
        rows = jacobian(self.problem, mass, assay)[0][some] * self.scale
        sizes = np.maximum(np.abs(rows).max(axis=1, initial=0.0), 1e-300)
        return Sight(thinned(rows / sizes[:, None]), self._free)

    def opened(self, problem: Problem) -> Floats:
        """Orthonormal directions that fewer balances leave free, beside those that were free before."""
        return _freed(self._closed, problem.G * self.linear.scale)

    def solved(self, problem: Problem) -> tuple[Floats, Bools] | None:
        """The point (1, variables) at which the readings are met best with fewer balances, and the bounds that hold.

        None where it is too far for what is kept here, or not the minimum: then it is to be solved anew.
        """
        active, u = self.active.copy(), self.u
        for _ in range(_CHANGES):
            basis = self._turned(problem, active)
            start = None if basis is None else self._on_bounds(u, basis, active & ~self.active)
            if basis is None or start is None:
                return None
            basis, at = start
            found = self._descended(problem, basis, at)
            if found is None:
                return None
            slack = self.limits.slack(found)[0] / self.limits.slack(self.u)[0]
            slack[active] = 0.0
            worst = int(np.argmin(slack))
            if slack[worst] < -_INSIDE:
                active[worst] = True
                continue
            push = self._pushes(problem, active, found)
            if not np.any(push < 0):
                return found, active
            active[np.flatnonzero(active)[int(np.argmin(push))]] = False
        return None

    def linearised(self, problem: Problem, u: Floats) -> Linear | None:
        """The solution map with fewer balances at a point near by; None where the readings see more from there."""
        linear = self.linear
        mass, _, assay = problem.expand(u)
        slopes = jacobian(problem, mass, assay)[0]
        rows = slopes[linear.of]
        more, unseen = self.sight.parted(self.opened(problem))
        seen, hidden = np.column_stack([linear.seen, more]), np.column_stack([linear.hidden, unseen])
        sizes = scales(problem, mass, assay)[1][0, linear.of]
        scaled = thinned(rows * linear.scale / sizes[:, None])
        Q, R = qr(scaled @ seen, mode="economic")
        if hidden.shape[1] and len(R):
            along = scaled @ hidden
            told = Q.T @ along
            if np.linalg.norm(along - Q @ told) > SEEN * np.linalg.norm(R):
                return None
            hidden = np.asarray(qr(hidden - seen @ solve_triangular(R, told), mode="economic")[0])
            seen = np.asarray(qr(seen - hidden @ (hidden.T @ seen), mode="economic")[0])
        return Linear(
            used=linear.used, of=linear.of, slopes=slopes, scale=linear.scale, seen=seen, hidden=hidden, rows=rows,
            root=linear.root, redundant=1 - np.sum(Q**2, axis=1) > ALONE,
        )  # fmt: skip

    def _rows(self, problem: Problem, active: Bools) -> Floats:
        """Equations, and bounds that held before and still do, by the variables over their sizes."""
        return np.vstack([problem.G, self.limits.matrix[active & self.active]]) * self.scale

    def _turned(self, problem: Problem, active: Bools) -> Floats | None:
        """A basis of all free directions in which the curvature is one; bounds that are new do not hold in it yet."""
        if self._basis is None:
            return None
        more = self._present.parted(_freed(self._kept_in, self._rows(problem, active)))[0]
        curved = self._curved(more)
        beside = more - self._basis @ (self._basis.T @ curved)
        try:
            root = cholesky(beside.T @ self._curved(beside), lower=True)
        except LinAlgError:
            return None
        return np.column_stack([self._basis, solve_triangular(root, beside.T, lower=True).T])

    def _curved(self, directions: Floats) -> Floats:
        """The curvature along directions, times them."""
        rows, bend = self._slopes
        return np.asarray(rows.T @ (rows @ directions) + bend @ directions)

    def _on_bounds(self, u: Floats, basis: Floats, new: Bools) -> tuple[Floats, Floats] | None:
        """A basis in which new bounds hold as well, and the point moved on to them; None where they hold what no
        reading sees.
        """
        if not new.any():
            return basis, u
        rows = self.limits.matrix[new] * self.scale
        along = rows @ basis
        size = np.linalg.norm(rows, axis=1)
        if np.any(np.linalg.norm(rows @ self.linear.hidden, axis=1) > SEEN * size) or np.any(
            np.linalg.norm(along, axis=1) == 0
        ):
            return None
        Q, R = qr(along.T)
        n = len(rows)
        left = (_INSIDE - 1) * self.limits.slack(u)[0, new]
        step = Q[:, :n] @ solve_triangular(R[:n], left, trans="T")
        return basis @ Q[:, n:], u + self.scale * (basis @ step)

    def _descended(self, problem: Problem, basis: Floats, u: Floats) -> Floats | None:
        """Steps by the slopes until the point stands; None where they do not get smaller.

        What limits alone pull may go on for ever: there it is enough if the sum of squares has come to rest.
        """
        size, slower = np.inf, 0
        for _ in range(_STEPS):
            mass, _, assay = problem.expand(u)
            miss = misfit(problem, self.data, mass, assay)
            pull = basis.T @ (self.scale * gradient(problem, miss, mass, assay)[0])
            step = basis @ pull
            u = u - self.scale * step
            rests = problem.censored.any() and float(pull @ pull) <= _RESTS * (1 + float(miss.half[0]))
            size, last = float(np.abs(step).max(initial=0.0)), size
            slower = slower + 1 if size > _SLOW * last else 0
            if size < _SETTLED or (slower and size < _NOISE) or (slower > _SLOWER and rests):
                return u
            if not np.isfinite(size) or slower > _SLOWER:
                return None
        return None

    def _pushes(self, problem: Problem, active: Bools, u: Floats) -> Floats:
        """How hard each bound that holds pushes back."""
        if not active.any():
            return np.zeros(0)
        mass, _, assay = problem.expand(u)
        slope = self.scale * gradient(problem, misfit(problem, self.data, mass, assay), mass, assay)[0]
        rows = np.vstack([self.limits.matrix[active], problem.G]) * self.scale
        size = np.maximum(np.abs(rows).max(axis=1), 1e-300)
        found = lstsq((rows / size[:, None]).T, slope, lapack_driver="gelsy", check_finite=False)[0]
        return np.asarray(found[: int(active.sum())])


def _span(rows: Floats) -> Floats:
    """Orthonormal directions that span some rows."""
    rows = rows[independent(rows)]
    sized = rows / np.maximum(np.abs(rows).max(axis=1, initial=0.0), 1e-300)[:, None]
    return np.asarray(qr(sized.T, mode="economic")[0]) if len(rows) else np.zeros((rows.shape[1], 0))


def _freed(span: Floats, rows: Floats) -> Floats:
    """Orthonormal directions of a span in which some rows that lie in it do not change."""
    sized = rows / np.maximum(np.abs(rows).max(axis=1, initial=0.0), 1e-300)[:, None]
    inside = sized[independent(sized)] @ span
    return np.asarray(span @ qr(inside.T)[0][:, len(inside) :])
