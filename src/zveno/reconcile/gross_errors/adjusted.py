"""What the tests of gross errors ask of a solved period: a few products, whoever solved it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from scipy.linalg import cho_solve, solve_triangular

from zveno.reconcile.arrays import Floats, Ints
from zveno.reconcile.fit import Fit
from zveno.reconcile.observability import Linear

_KEPT = 1e-8


@dataclass(frozen=True)
class Columns:
    """Errors of size one as the readings show them, one column each.

    Parameters
    ----------
    reading
        Change of each reading in use, (used, k): t or mass fraction.
    state
        Change of the true state that goes with it, (variables, k); zero for errors of readings alone.
    """

    reading: Floats
    state: Floats

    def __len__(self) -> int:
        return int(self.reading.shape[1])

    def take(self, which: Sequence[int] | Ints) -> Columns:
        """Some of the columns."""
        return Columns(self.reading[:, which], self.state[:, which])

    def beside(self, other: Columns) -> Columns:
        """These columns, then others."""
        return Columns(np.hstack([self.reading, other.reading]), np.hstack([self.state, other.state]))


class Adjusted(Protocol):
    """Adjustments of a solved period in the space where errors can be seen.

    With ``V`` the covariance of the readings in use and ``a`` their adjustments, ``pull`` is ``inv(V) a`` and
    ``products`` uses its covariance, ``Q``. An error whose size is ``b`` times a column ``e`` shifts the expected
    pull by ``b Q e``: every test needs ``e' pull`` and ``e' Q e`` only.
    """

    @property
    def pull(self) -> Floats:
        """Adjustments over their covariance, (used,)."""
        ...

    def products(self, first: Columns, second: Columns) -> Floats:
        """Covariance of the pulls of two sets of columns, (k, l)."""
        ...

    def variances(self, columns: Columns) -> Floats:
        """Its diagonal, (k,)."""
        ...

    def lengths(self, columns: Columns) -> Floats:
        """The same where nothing was adjusted, ``e' inv(V) e``: how much of an error could show at all."""
        ...

    def readings(self, which: Ints) -> Columns:
        """An error of one unit in single readings in use."""
        ...

    def along(self, reading: Floats) -> Columns:
        """Errors of readings alone, as columns (used, k)."""
        ...

    def losses(self, equations: Ints) -> Columns:
        """One unit lost at some of the balances, as the readings show it while bounds that hold still do; zero where
        that cannot be.
        """
        ...

    def surprise(self, slopes: Floats, sd: float, columns: Columns) -> Floats:
        """How far one more reading (slopes of what it reads, its sd) would lie from what is foreseen, in its own
        standard deviations, for an error of one unit: (k,).
        """
        ...


@dataclass(frozen=True)
class DenseAdjusted:
    """``Adjusted`` by dense algebra: errors become independent unit normals, (dof,)."""

    fit: Fit
    pull: Floats
    freedom: Floats

    @classmethod
    def of(cls, fit: Fit) -> DenseAdjusted:
        """From a solved period."""
        linear = fit.linear
        freedom = _freedom(linear)
        if len(linear.used) == 0:
            return cls(fit, np.zeros(0), freedom)
        at = np.concatenate([fit.mass, fit.assay])[linear.of]
        # what a bound that holds pushes back with is no error of a reading: it lies outside the space of errors
        return cls(fit, np.asarray(freedom.T @ (freedom @ (fit.data.value[0, linear.used] - at))), freedom)

    @classmethod
    def near(cls, fit: Fit, linear: Linear, off: Floats) -> DenseAdjusted:
        """For readings that are ``off`` (used,) from a point near the solution, with the slopes there."""
        freedom = _freedom(linear)
        return cls(replace(fit, linear=linear), np.asarray(freedom.T @ (freedom @ off)), freedom)

    def products(self, first: Columns, second: Columns) -> Floats:
        """As the protocol says."""
        return np.asarray((self.freedom @ first.reading).T @ (self.freedom @ second.reading))

    def variances(self, columns: Columns) -> Floats:
        """As the protocol says."""
        return np.asarray(np.sum((self.freedom @ columns.reading) ** 2, axis=0))

    def lengths(self, columns: Columns) -> Floats:
        """As the protocol says."""
        if len(self.fit.linear.used) == 0:
            return np.zeros(len(columns))
        return np.asarray(np.sum(solve_triangular(self.fit.linear.root, columns.reading, lower=True) ** 2, axis=0))

    def readings(self, which: Ints) -> Columns:
        """As the protocol says."""
        columns = np.zeros((len(self.fit.linear.used), len(which)))
        columns[which, np.arange(len(which))] = 1.0
        return self.along(columns)

    def along(self, reading: Floats) -> Columns:
        """As the protocol says."""
        return Columns(reading, np.zeros((self.fit.linear.slopes.shape[1], reading.shape[1])))

    def losses(self, equations: Ints) -> Columns:
        """As the protocol says; of all states that lose one unit the one of least relative change."""
        linear, problem = self.fit.linear, self.fit.problem
        if len(equations) == 0:
            return self.readings(np.zeros(0, dtype=np.int64))
        rows = np.vstack([problem.G, linear.slopes[_held(self.fit)]]) * linear.scale
        size = np.maximum(np.abs(rows).max(axis=1), 1e-300)
        ones = np.zeros((len(rows), len(equations)))
        ones[equations, np.arange(len(equations))] = 1 / size[equations]
        scaled = np.linalg.lstsq(rows / size[:, None], ones, rcond=None)[0]
        off = np.linalg.norm(rows / size[:, None] @ scaled - ones, axis=0)
        scaled[:, off > _KEPT * np.linalg.norm(ones, axis=0)] = 0.0
        state = linear.scale[:, None] * scaled
        return Columns(linear.rows @ state, state)

    def surprise(self, slopes: Floats, sd: float, columns: Columns) -> Floats:
        """As the protocol says."""
        linear = self.fit.linear
        along = slopes @ linear.spread
        return np.asarray((slopes @ columns.state - along @ self.followed(columns)) / np.sqrt(sd**2 + along @ along))

    def followed(self, columns: Columns) -> Floats:
        """How far the solution follows errors, along the directions of its spread, (rank, k)."""
        linear = self.fit.linear
        if len(linear.used) == 0:
            return np.zeros((linear.spread.shape[1], len(columns)))
        return np.asarray(linear.spread.T @ linear.rows.T @ cho_solve((linear.root, True), columns.reading))


def _held(fit: Fit) -> Ints:
    """Quantities that a bound holds where they are: masses and assays at nothing, assays at the total."""
    problem, free = fit.problem, fit.problem.flow_free
    n_m, n_f = len(problem.mass_free), len(free)
    pairs = fit.active[n_m : n_m + n_f].copy()
    pairs[problem.capped[free]] |= fit.active[n_m + n_f :]
    held = np.concatenate([problem.mass_free[fit.active[:n_m]], problem.n_streams + free[pairs]])
    return np.asarray(held[np.isfinite(fit.linear.slopes[held]).all(axis=1)])


def _freedom(linear: Linear) -> Floats:
    """Rows that turn errors of the readings in use into independent unit normals, (dof, used)."""
    if len(linear.used) == 0:
        return np.zeros((0, 0))
    return np.asarray(solve_triangular(linear.root, linear.rest, trans="T", lower=True).T)
