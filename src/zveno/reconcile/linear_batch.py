"""The linearised solutions of many periods of one network at once: what their readings tell, and how well.

The directions in which no equation changes are the same in every period up to the sizes of its variables, so one
basis serves all of them. Periods whose readings determine every direction, beyond any doubt that rounding leaves,
need one QR factorisation; the others are looked at by singular values, as ``observability`` does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import qr, solve_triangular

from zveno.reconcile.arrays import Bools, Floats, Ints, Problem
from zveno.reconcile.objective import Data
from zveno.reconcile.observability import ALONE, RANK, scales

_INDEPENDENT = 1e-10
_CLEAR = 1e-2
_ROUNDING = 1e-14


@dataclass(frozen=True)
class Frame:
    """Directions of the variables along which no equation (and no bound that is held) changes.

    ``N`` (variables, k) is the identity in the rows ``free``; the rest follows from the equations.
    """

    N: Floats
    free: Ints


def frame(rows: Floats, scale: Floats) -> Frame:
    """Directions in which ``rows`` (equations, variables) do not change, for variables of the sizes ``scale`` (P, n).

    What follows are the largest variables, so that what is moved freely is never a small difference of large ones.
    """
    n = rows.shape[1]
    usual = np.exp(np.log(np.maximum(scale, 1e-300)).mean(axis=0))
    sized = rows * usual
    sized = sized[np.any(sized, axis=1)]
    if not len(sized):
        return Frame(np.eye(n), np.arange(n))
    sized = sized / np.abs(sized).max(axis=1)[:, None]
    _, R, order = qr(sized, mode="economic", pivoting=True)
    rank = int(np.sum(np.abs(np.diag(R)) > _INDEPENDENT))
    basic, free = order[:rank], np.sort(order[rank:])
    place = {int(one): k for k, one in enumerate(order)}
    right = R[:rank][:, [place[int(one)] for one in free]]
    N = np.zeros((n, n - rank))
    N[free, np.arange(n - rank)] = 1.0
    N[basic] = -solve_triangular(R[:rank, :rank], right) * usual[basic, None] / usual[free]
    return Frame(N, free)


@dataclass(frozen=True)
class Linears:
    """The solution maps of P periods at their points.

    Parameters
    ----------
    spread
        Factors with ``cov(u) = spread spread'``, (P, variables, k); columns beyond the rank are zero.
    hidden
        Directions that the readings do not determine, orthonormal in the variables over their sizes, (P, variables,
        k); zero columns where there are fewer of them.
    rank
        How many directions the readings in use determine, (P,).
    redundant
        Which readings others can check, (P, readings).
    """

    spread: Floats
    hidden: Floats
    rank: Ints
    redundant: Bools

    @classmethod
    def nothing(cls, periods: int, N: Floats, readings: int) -> Linears:
        """Maps to be filled in, for directions ``N`` (variables, k)."""
        return cls(
            np.zeros((periods, *N.shape)), np.zeros((periods, len(N), 0)), np.full(periods, N.shape[1]),
            np.zeros((periods, readings), dtype=bool),
        )  # fmt: skip

    def take(self, periods: Ints) -> Linears:
        """The same for some of the periods."""
        return Linears(self.spread[periods], self.hidden[periods], self.rank[periods], self.redundant[periods])

    def put(self, periods: Ints, other: Linears) -> Linears:
        """The same with some of the periods replaced."""
        if len(other.rank) == len(self.rank):
            return other
        width = max(self.hidden.shape[2], other.hidden.shape[2])
        hidden = np.zeros((*self.hidden.shape[:2], width))
        hidden[:, :, : self.hidden.shape[2]] = self.hidden
        hidden[periods] = 0.0
        hidden[periods, :, : other.hidden.shape[2]] = other.hidden
        self.spread[periods], self.rank[periods], self.redundant[periods] = other.spread, other.rank, other.redundant
        return Linears(self.spread, hidden, self.rank, self.redundant)


@dataclass(frozen=True)
class Point:
    """Points of P periods: masses, assays, and the sizes by which variables and quantities as read are measured."""

    mass: Floats
    assay: Floats
    scale: Floats
    read_scale: Floats

    def take(self, periods: Ints) -> Point:
        """The same for some of the periods."""
        return Point(self.mass[periods], self.assay[periods], self.scale[periods], self.read_scale[periods])


def point(problem: Problem, u: Floats, size: Floats | None = None) -> Point:
    """A point by its variables (P, variables); ``size`` (P, streams) stands in for masses that have vanished."""
    mass, _, assay = problem.expand(u)
    return Point(mass, assay, *scales(problem, mass if size is None else size, assay))


@dataclass(frozen=True)
class Weights:
    """What each reading in use counts.

    ``size`` (P, readings) by which slopes are measured; ``root`` (P, readings), one over the standard deviations of
    independent readings, 0 for those not in use; ``factor`` (P, readings, readings) in its place where errors are
    correlated: an upper root of the inverse covariance.
    """

    used: Bools
    size: Floats
    root: Floats
    factor: Floats | None = None

    @classmethod
    def of(cls, problem: Problem, data: Data, at: Point, curve: Floats | None = None) -> Weights:
        """Weights of the readings with a value; with ``curve`` (P, readings) those of the misfit's curvature."""
        size = at.read_scale[:, problem.reading_of]
        weight = data.weight if curve is None else curve
        if data.inverse is None:
            return cls(weight > 0, size, np.sqrt(weight))
        used = data.used if curve is None else curve > 0
        W = np.where(used[:, :, None] & used[:, None, :], data.inverse, 0.0)
        diagonal = np.einsum("pii->pi", W)
        diagonal[...] = np.where(used, diagonal if curve is None else curve, 1.0)
        return cls(used, size, np.sqrt(diagonal), np.linalg.cholesky(W).transpose(0, 2, 1))

    def take(self, periods: Ints) -> Weights:
        """The same for some of the periods."""
        factor = None if self.factor is None else self.factor[periods]
        return Weights(self.used[periods], self.size[periods], self.root[periods], factor)

    def whiten(self, rows: Floats) -> Floats:
        """Slopes of the readings over their sizes (P, readings, k) as slopes over their errors."""
        if self.factor is None:
            return rows * (self.root * self.size)[:, :, None]
        return np.asarray(self.factor @ (rows * self.size[:, :, None]))

    @property
    def most(self) -> Floats:
        """The most by which whitening can lengthen, (P,)."""
        if self.factor is None:
            return np.asarray((self.root * self.size).max(axis=1, initial=0.0))
        return np.asarray(np.linalg.norm(self.factor * self.size[:, None, :], axis=(1, 2)))


def linearised(problem: Problem, at: Point, weights: Weights, along: Frame) -> Linears:
    """Linearise the solutions of some periods along the directions of a frame.

    References
    ----------
    Narasimhan & Jordache (2000), Data Reconciliation and Gross Error Detection, ch. 3 and 5.
    """
    N = along.N * at.scale[:, None, along.free]
    slopes = reading_slopes(problem, at, weights)
    rows = slopes @ N
    periods, m, k = rows.shape
    out = Linears.nothing(periods, along.N, m)
    if not k:
        return replace(out, redundant=weights.used)
    clear = np.zeros(periods, dtype=bool)
    if m >= k:
        R = np.linalg.qr(weights.whiten(rows), mode="r")
        diagonal = np.abs(np.einsum("pii->pi", R))
        clear = diagonal.min(axis=1, initial=np.inf) > _ROUNDING * diagonal.max(axis=1, initial=0.0)
        which = np.flatnonzero(clear)
        clear[which] = _clear(out, which, weights.take(which), rows[which], (R[which], N[which], at.scale[which]))
    dim = np.flatnonzero(~clear)
    if not len(dim):
        return out
    return out.put(dim, _dim(slopes[dim], at.scale[dim], weights.take(dim), N[dim]))


def _clear(out: Linears, which: Ints, weights: Weights, rows: Floats, sizes: tuple[Floats, Floats, Floats]) -> Bools:
    """Fill in periods by their triangular roots; says which of them determine every direction beyond doubt."""
    R, N, scale = sizes
    inverse = np.asarray(np.linalg.inv(R), dtype=float)
    Q, root = np.linalg.qr(rows)
    widest = _length(root) * _length(inverse) * weights.most * _length(N / scale[:, :, None])
    out.spread[which] = N @ inverse
    out.redundant[which] = weights.used & (1 - np.einsum("pik,pik->pi", Q, Q) > ALONE)
    return np.asarray(widest * RANK < _CLEAR)


def _length(matrices: Floats) -> Floats:
    """Root of the sum of squares of each matrix."""
    return np.asarray(np.sqrt(np.einsum("pij,pij->p", matrices, matrices)))


def _dim(slopes: Floats, scale: Floats, weights: Weights, N: Floats) -> Linears:
    """The same by singular values, for periods in which something may be undetermined."""
    Q = np.linalg.qr(N / scale[:, :, None])[0]
    rows = slopes @ (scale[:, :, None] * Q)
    periods, m, k = rows.shape
    if m < k:
        rows = np.concatenate([rows, np.zeros((periods, k - m, k))], axis=1)
    U, size, V = np.linalg.svd(rows, full_matrices=False)
    rank = np.sum(size > RANK * np.maximum(size[:, :1], 1e-300), axis=1)
    V = V.transpose(0, 2, 1)
    seen = np.arange(k) < rank[:, None]
    leverage = np.einsum("pik,pik->pi", U[:, :m] * seen[:, None, :], U[:, :m])
    spread, hidden = np.zeros_like(Q), np.zeros((periods, Q.shape[1], int((k - rank).max(initial=0))))
    for r in np.unique(rank):
        group = np.flatnonzero(rank == r)
        turned = Q[group] @ V[group]
        hidden[group, :, : k - r] = turned[:, :, r:]
        if r:
            along = U[group, :m, :r] * size[group, None, :r]
            inverse = np.linalg.inv(np.linalg.qr(weights.take(group).whiten(along), mode="r"))
            spread[group, :, :r] = scale[group, :, None] * (turned[:, :, :r] @ inverse)
    return Linears(spread, hidden, rank, weights.used & (1 - leverage > ALONE))


def reading_slopes(problem: Problem, at: Point, weights: Weights) -> Floats:
    """Slopes of the readings in use over their sizes by the variables, (P, readings, variables).

    Of an assay ``flow / mass`` they are ``1 / mass`` and ``-assay / mass``.
    """
    out = np.zeros((len(at.mass), len(problem.reading_of), at.scale.shape[1]))
    per = np.where(weights.used, 1 / weights.size, 0.0)
    stream = np.concatenate([np.arange(problem.n_streams), problem.pair_stream])[problem.reading_of]
    mass, pair = problem.mass_column[stream], problem.reading_of - problem.n_streams
    weighed = np.flatnonzero((pair < 0) & (mass >= 0))
    out[:, weighed, mass[weighed]] = per[:, weighed]
    assayed = np.flatnonzero(pair >= 0)
    assayed = assayed[problem.flow_column[pair[assayed]] >= 0]
    by_flow = np.where(weights.used[:, assayed], per[:, assayed] / at.mass[:, stream[assayed]], 0.0)
    out[:, assayed, problem.flow_column[pair[assayed]]] = by_flow
    movable = mass[assayed] >= 0
    assayed, by_flow = assayed[movable], by_flow[:, movable]
    by_mass = np.where(weights.used[:, assayed], -by_flow * at.assay[:, pair[assayed]], 0.0)
    out[:, assayed, mass[assayed]] = by_mass
    return out


def moves(problem: Problem, at: Point, du: Floats) -> tuple[Floats, Floats]:
    """How masses and flows, and how quantities as read, move with the variables ``du`` (P, variables, k): each (P,
    quantities, k).
    """
    if problem.all_free:
        mass, flow = du[:, : problem.n_streams], du[:, problem.n_streams :]
        of_mass = at.assay[:, :, None] * mass[:, problem.pair_stream]
        out = du
    else:
        du = np.concatenate([du, np.zeros((len(du), 1, du.shape[2]))], axis=1)  # row -1: what is fixed
        mass, flow = du[:, problem.mass_column], du[:, problem.flow_column]
        of_mass = at.assay[:, :, None] * mass[:, problem.pair_stream]
        flow = np.where((problem.flow_column >= 0)[:, None], flow, of_mass)
        out = np.concatenate([mass, flow], axis=1)
    read = (flow - of_mass) / at.mass[:, problem.pair_stream, None]
    return out, np.concatenate([mass, read], axis=1)
