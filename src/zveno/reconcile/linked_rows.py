"""One Newton system over linked periods: each period's readings as equations in its own flows, stocks and biases."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.linalg import qr, solve_triangular

from zveno.reconcile.arrays import Bools, Floats, Ints, Problem
from zveno.reconcile.chained import Smoothed
from zveno.reconcile.linear_batch import Point, Weights, point, reading_slopes
from zveno.reconcile.newton import Bounds
from zveno.reconcile.objective import Data, Misfit, misfit

_INDEPENDENT = 1e-10
_HELD = 1e8
_FELT = 1e-2
WIDE = 1e5
"""Standard deviation, in sizes of a variable, of what is known of it before any reading: next to nothing."""


@dataclass(frozen=True)
class Layout:
    """Variables of a period in the order of its system: free flows, opening stocks, closing stocks.

    Parameters
    ----------
    N
        How all variables follow from the free ones, (variables, f + 2 q).
    flows, opening, closing
        Variables that are free flows (f,), and the two ends of each state of a stock (q,).
    usual, size
        Usual size of each variable, (variables,), and of each state, (q,): the same in all periods.
    only
        Equations between stocks alone, which the free flows cannot satisfy, (rows, 2 q).
    """

    problem: Problem
    N: Floats
    flows: Ints
    opening: Ints
    closing: Ints
    usual: Floats
    size: Floats
    only: Floats

    @property
    def f(self) -> int:
        """How many flows are free."""
        return len(self.flows)

    @property
    def q(self) -> int:
        """How many states the stocks have: their masses and masses of components."""
        return len(self.size)

    @cached_property
    def sized(self) -> Floats:
        """``N`` for free variables over their sizes."""
        return np.asarray(self.N * np.concatenate([self.usual[self.flows], np.tile(self.size, 2)]))


def layout(problem: Problem, opening: Ints, closing: Ints, scale: Floats) -> Layout:
    """Divide the variables of a network for periods in which they have the sizes ``scale`` (P, variables).

    What follows from the balances are flows, never stocks, and of the flows the largest.
    """
    usual = np.exp(np.log(np.maximum(scale, 1e-300)).mean(axis=0))
    size = np.maximum(usual[opening], usual[closing])
    stocks = np.concatenate([opening, closing])
    inner = np.setdiff1d(np.arange(problem.G.shape[1]), stocks)
    sized = problem.G * usual
    sized = sized / np.maximum(np.abs(sized).max(axis=1, keepdims=True, initial=0.0), 1e-300)
    Q, R, order = qr(sized[:, inner], pivoting=True) if len(sized) else (np.eye(0), np.eye(0), np.arange(len(inner)))
    rank = int(np.sum(np.abs(np.diag(R)) > _INDEPENDENT)) if len(sized) else 0
    basic, flows = inner[order[:rank]], np.sort(inner[order[rank:]])
    free = np.concatenate([flows, stocks])
    turned = Q.T @ sized if len(sized) else sized
    N = np.zeros((problem.G.shape[1], len(free)))
    N[free, np.arange(len(free))] = 1.0
    if rank:
        follow = solve_triangular(R[:rank, :rank], turned[:rank][:, free])
        N[basic] = -follow * usual[basic, None] / usual[free]
    only = turned[rank:][:, stocks] / usual[stocks] * np.tile(size, 2) * _HELD
    return Layout(problem, N, flows, opening, closing, usual, size, only)


@dataclass(frozen=True)
class BoundRows:
    """Bounds as equations: how stiff each one is, and its right-hand side, (T, bounds)."""

    stiff: Floats
    right: Floats


@dataclass(frozen=True)
class Place:
    """A point of all periods: variables (T, n), biases in their prior standard deviations (T + 1, J; those before the
    first period come first), and what is computed there.
    """

    u: Floats
    biases: Floats
    at: Point
    miss: Misfit


@dataclass(frozen=True)
class Given:
    """Readings of all periods: ``loading`` (T, readings, J) is what a bias of one standard deviation adds; ``steps``
    (T, q) how far each state of a stock may move within a period, infinite where nothing is said of it; ``rest`` (T,
    streams) which streams are at rest.
    """

    layout: Layout
    limits: Bounds
    data: Data
    loading: Floats
    steps: Floats
    rest: Bools

    @property
    def held(self) -> Bools:
        """Bounds that hold since their streams are at rest, (T, bounds)."""
        problem = self.layout.problem
        still = np.concatenate([self.rest[:, problem.mass_free], self.rest[:, problem.carrier]], axis=1)
        return np.concatenate([still, np.zeros((len(still), len(self.limits.flow)), dtype=bool)], axis=1)

    @property
    def out(self) -> Bools:
        """Bounds that are none for streams at rest: those that hold, and those of their assays, (T, bounds)."""
        problem = self.layout.problem
        capped = problem.carrier[problem.capped[problem.flow_free]]
        caps = np.concatenate([np.zeros((len(self.rest), self.limits.n), dtype=bool), self.rest[:, capped]], axis=1)
        return np.asarray(self.held | caps)

    @cached_property
    def bound_sizes(self) -> Floats:
        """Size of the terms of each bound, (bounds,)."""
        limits = self.limits
        fixed = np.concatenate([np.zeros(limits.n), np.abs(limits.fixed)])
        return np.asarray(np.maximum(np.abs(limits.matrix) @ self.layout.usual + fixed, 1e-300))

    def take(self, periods: Ints) -> Given:
        """The same for some of the periods."""
        data, loading, steps = self.data.take(periods), self.loading[periods], self.steps[periods]
        return replace(self, data=data, loading=loading, steps=steps, rest=self.rest[periods])

    def moved(self, u: Floats) -> Floats:
        """Changes of the states within each period over what they may be, (T, q)."""
        return np.asarray((u[:, self.layout.closing] - u[:, self.layout.opening]) / self.steps)

    def at(self, u: Floats, biases: Floats) -> Place:
        """Misfit of a point."""
        problem = self.layout.problem
        at = point(problem, u)
        shift = np.einsum("prj,pj->pr", self.loading, biases[1:])
        data = replace(self.data, value=self.data.value - shift)
        return Place(u, biases, at, misfit(problem, data, at.mass, at.assay))


@dataclass(frozen=True)
class Rows:
    """Equations of each period in (free flows, states before and after, biases | right-hand side): those of its
    ``readings`` (T, readings, f + 2 q + J + 1), and all of them in triangular form, ``R``. ``shift`` (T, q) is how far
    the end of one period lies from the start of the next.
    """

    readings: Floats
    R: Floats
    N: Floats
    shift: Floats
    f: int

    @property
    def links(self) -> Floats:
        """What the readings of each period say of states and biases."""
        return self.R[:, self.f :, self.f :]


def rows_of(
    given: Given,
    place: Place,
    bounds: BoundRows | None = None,
    wide: float = WIDE,
    *,
    damped: bool = False,
    extra: Floats | None = None,
) -> Rows:
    """Equations of all periods at a point, flows eliminated.

    ``wide`` is what is known before any reading, in usual sizes of variables; for a ``damped`` step in their present
    ones, so that what has become small moves little. ``extra`` (T, readings, n) are more right-hand sides, whitened.
    """
    plan, at = given.layout, place.at
    weights = Weights.of(plan.problem, given.data, at, place.miss.curve_by_reading)
    N = plan.sized
    readings = [
        weights.whiten(reading_slopes(plan.problem, at, weights) @ N),
        weights.whiten(np.where(weights.used[:, :, None], given.loading / weights.size[:, :, None], 0.0)),
        _left(weights, place.miss)[:, :, None],
    ]
    sizes = np.concatenate([plan.usual[plan.flows], plan.size])
    least = 1 / (wide * np.ones((len(place.u), len(sizes))))
    if damped:
        least *= sizes / np.maximum(at.scale[:, np.concatenate([plan.flows, plan.closing])], 1e-9 * sizes)
    blocks = [np.concatenate(readings, axis=2), _vague(plan, least, given.loading.shape[2])]
    if np.isfinite(given.steps).any():
        blocks.append(_step_rows(given, place.u))
    if bounds is not None:
        blocks.append(_bound_rows(given, bounds, N))
    rows = np.concatenate(blocks, axis=1)
    before = np.concatenate([place.u[:1, plan.opening], place.u[:-1, plan.closing]])
    shift = (before - place.u[:, plan.opening]) / plan.size
    rows[:, :, -1] -= np.einsum("prq,pq->pr", rows[:, :, plan.f : plan.f + plan.q], shift)
    if extra is not None:
        more = np.zeros((*rows.shape[:2], extra.shape[2]))
        more[:, : extra.shape[1]] = extra
        rows = np.concatenate([rows, more], axis=2)
    R: Floats = np.asarray(np.linalg.qr(rows, mode="r"), dtype=float)
    missing = blocks[0].shape[2] - R.shape[1]
    if missing > 0:
        R = np.concatenate([R, np.zeros((len(R), missing, R.shape[2]))], axis=1)
    return Rows(rows[:, : readings[0].shape[1]], R, N, shift, plan.f)


def _left(weights: Weights, miss: Misfit) -> Floats:
    """What each reading still misses over its error, (T, readings)."""
    slope = np.where(weights.used, miss.by_reading, 0.0)
    if weights.factor is None:
        return np.asarray(-slope / np.where(weights.used, weights.root, 1.0))
    return np.asarray(-np.linalg.solve(weights.factor.transpose(0, 2, 1), slope[:, :, None])[:, :, 0])


def _vague(plan: Layout, least: Floats, J: int) -> Floats:
    """What is known without readings: ``least`` (T, f + q) of each flow and each state at the end of a period, and
    equations between stocks alone.
    """
    f, q = plan.f, plan.q
    out = np.zeros((len(least), f + q + len(plan.only), f + 2 * q + J + 1))
    out[:, np.arange(f), np.arange(f)] = least[:, :f]
    out[:, f + np.arange(q), f + q + np.arange(q)] = least[:, f:]
    out[:, f + q :, f : f + 2 * q] = plan.only
    return out


def _step_rows(given: Given, u: Floats) -> Floats:
    """Stocks that move no further within a period than is said."""
    f, q = given.layout.f, given.layout.q
    own = np.arange(q)
    out = np.zeros((len(u), q, f + 2 * q + given.loading.shape[2] + 1))
    out[:, own, f + own] = -given.layout.size / given.steps
    out[:, own, f + q + own] = given.layout.size / given.steps
    out[:, :, -1] = -given.moved(u)
    return out


def _bound_rows(given: Given, bounds: BoundRows, N: Floats) -> Floats:
    """Bounds as rows of the system; those that are too far off in every period to be felt are left out."""
    some = np.flatnonzero(np.any(bounds.stiff * given.bound_sizes > _FELT, axis=0))
    out = np.zeros((len(bounds.stiff), len(some), N.shape[1] + given.loading.shape[2] + 1))
    out[:, :, : N.shape[1]] = bounds.stiff[:, some, None] * (given.limits.matrix[some] @ N)
    out[:, :, -1] = bounds.right[:, some]
    return out


def flows_of(rows: Rows, chain: Smoothed) -> Floats:
    """Steps of all variables that go with the steps of states and biases, (T, variables)."""
    f = rows.f
    q = rows.shift.shape[1]
    right = rows.R[:, :f, -1] - np.einsum("pfx,px->pf", rows.R[:, :f, f:-1], chain.x)
    free = np.linalg.solve(rows.R[:, :f, :f], right[:, :, None])[:, :, 0]
    y = np.concatenate([free, chain.x[:, :q] + rows.shift, chain.x[:, q : 2 * q]], axis=1)
    return y @ rows.N.T


def flow_roots(rows: Rows, chain: Smoothed) -> tuple[Floats, Floats]:
    """Factors of covariances: of what the period's equations are in, (T, f + 2 q + J, k), and of its variables, (T,
    variables, k).
    """
    f, q = rows.f, rows.shift.shape[1]
    inverse = np.linalg.inv(rows.R[:, :f, :f])
    free = np.concatenate([inverse, -inverse @ rows.R[:, :f, f:-1] @ chain.root], axis=2)
    rest = np.zeros((len(free), chain.root.shape[1], free.shape[2]))
    rest[:, :, f:] = chain.root
    all_ = np.concatenate([free, rest], axis=1)
    return all_, rows.N @ all_[:, : f + 2 * q]
