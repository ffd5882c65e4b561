"""From converged periods to their values, standard deviations, classes and tests, many periods side by side."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from scipy.special import chdtrc

from zveno.reconcile.arrays import Bools, Floats, Ints, Problem
from zveno.reconcile.fit import Fit, fit_at, fit_period, quantities
from zveno.reconcile.kernel import Solved
from zveno.reconcile.linear_batch import Linears, Point, Weights, frame, linearised, moves, point
from zveno.reconcile.newton import bounds, gradient, second_derivative
from zveno.reconcile.objective import Data, Misfit, misfit
from zveno.reconcile.observability import SEEN
from zveno.reconcile.polish import Faces, Polished, faces, pressed, without_closed

_PART = 200_000
_ROUNDS, _SETTLED = 12, 1e-11
_SAME = 2e-9
_LEAST_CURVE = 1e-3


@dataclass(frozen=True)
class Fitted:
    """Reconciled periods, period first; what is unobservable is NaN.

    ``flow`` and ``flow_sd`` (P, quantities) are masses (of the component for a pair), ``read`` and ``read_sd`` what
    a meter would show. ``status``: 0 not read, 1 read, 2 read and checked by others. ``u``, ``active`` and
    ``closed`` are the variables, the bounds that hold and the streams at rest.
    """

    u: Floats
    active: Bools
    closed: Bools
    objective: Floats
    dof: Ints
    flow: Floats
    flow_sd: Floats
    read: Floats
    read_sd: Floats
    status: Ints

    def take(self, periods: Ints) -> Fitted:
        """The same for some of the periods."""
        return Fitted(*(getattr(self, one.name)[periods] for one in fields(self)))

    @property
    def p_value(self) -> Floats:
        """Chance of a larger objective if all errors are as stated; NaN without degrees of freedom."""
        with np.errstate(invalid="ignore"):
            return np.asarray(np.where(self.dof > 0, chdtrc(np.maximum(self.dof, 1), self.objective), np.nan))


def fit_batch(problem: Problem, data: Data, solved: Solved) -> Fitted:
    """Sharpen, linearise and test converged periods.

    Periods in which the same bounds hold are done together. One whose point does not settle within a few steps
    takes the way of a single balance.
    """
    periods, n, q = len(solved.u), solved.u.shape[1], problem.n_quantities
    with np.errstate(all="ignore"):
        face = faces(problem, data, solved)
        flow, flow_sd, read, read_sd = np.full((4, periods, q), np.nan)
        out = Fitted(
            solved.u.copy(), face.active, face.closed, np.zeros(periods), np.zeros(periods, dtype=np.int64),
            flow, flow_sd, read, read_sd, np.zeros((periods, q), dtype=np.int64),
        )  # fmt: skip
        task = _Task(problem, data, solved, face, out)
        size = max(_PART // max(n * (n + len(problem.value)), 1), 1)
        for group in alike(face):
            for k in range(0, len(group), size):
                _fit_part(task, group[k : k + size])
    return out


@dataclass(frozen=True)
class _Task:
    """What is given, and where the answer goes."""

    problem: Problem
    data: Data
    solved: Solved
    face: Faces
    out: Fitted


def alike(face: Faces) -> list[Ints]:
    """Periods in which the same bounds hold."""
    kinds = np.packbits(np.concatenate([face.active, face.closed], axis=1), axis=1)
    _, kind = np.unique(kinds, axis=0, return_inverse=True)
    order = np.argsort(kind.ravel(), kind="stable")
    return np.split(order, np.flatnonzero(np.diff(kind.ravel()[order])) + 1)


def _fit_part(task: _Task, part: Ints) -> None:
    """Fill in some periods in which the same bounds hold."""
    problem, face = task.problem, task.face
    mine, closed = task.data.take(part), face.closed[part[0]]
    if closed.any():
        mine = without_closed(problem, mine, closed)
    u, linears, sure = _settled(problem, mine, task.solved.u[part], face.held[part[0]])
    good = np.flatnonzero(sure)
    if len(good):
        u, mine = u[good], mine.take(good)
        if face.held[part[0]].any() or mine.censored is not None:
            size = np.where(closed, problem.expand(task.solved.origin[part[good]])[0], problem.expand(u)[0])
            at = point(problem, u, size)
            linears = linearised(problem, at, Weights.of(problem, mine, at), frame(problem.G, at.scale))
        else:
            at, linears = point(problem, u), linears.take(good)
        _fill(task, mine, part[good], at, linears)
        task.out.u[part[good]] = u
    for k in part[~sure]:
        _copy(fit_period(problem, task.data.take(np.array([k])), task.solved.some(np.array([k]))), task.out, int(k))


def _settled(problem: Problem, data: Data, u: Floats, held: Bools) -> tuple[Floats, Linears, Bools]:
    """Newton steps from where the interior point method stands, along the bounds that hold.

    Also says where the steps have become nothing within the bounds. The solution map is made anew where a point has
    moved by more than a billionth or two; it is that of the whole misfit, "less than" readings included.
    """
    limits, first = bounds(problem), point(problem, u)
    along = frame(np.vstack([problem.G, limits.matrix[held]]), first.scale)
    u, active, stale = pressed(problem, limits, u, held).copy(), np.arange(len(u)), np.arange(len(u))
    sure, before, moved = np.zeros(len(u), dtype=bool), np.full(len(u), np.inf), np.zeros(len(u))
    linears = Linears.nothing(len(u), along.N, len(problem.value))
    for round_ in range(_ROUNDS):
        at, mine = point(problem, u[active]), data.take(active)
        miss = misfit(problem, mine, at.mass, at.assay)
        if len(stale):
            fresh = np.searchsorted(active, stale)
            weights = Weights.of(problem, mine, at, miss.curve_by_reading).take(fresh)
            linears = linears.put(stale, linearised(problem, at.take(fresh), weights, along))
        du = _step(problem, linears.spread[active], miss, at, bent=round_ > 0)
        falls = miss.half <= before[active] * (1 + 1e-9) + 1e-12
        step = np.abs(du / at.scale).max(axis=1, initial=0.0)
        before[active] = miss.half
        u[active] += np.where(falls[:, None], du, 0.0)
        sure[active] = falls & (step < _SETTLED)
        moved[active] = step + np.where(np.isin(active, stale), 0.0, moved[active])
        active = active[falls & (step >= _SETTLED)]
        stale = active[moved[active] > _SAME]
        if not len(active):
            break
    sure &= np.all(limits.slack(u)[:, ~held] >= 0, axis=1)
    return u, linears, sure


def _step(problem: Problem, spread: Floats, miss: Misfit, at: Point, *, bent: bool) -> Floats:
    """Gauss-Newton step, or with the second derivatives where they leave a minimum, (P, variables)."""
    slope = gradient(problem, miss, at.mass, at.assay)
    along = (slope[:, None, :] @ spread).transpose(0, 2, 1)
    if bent:
        H = spread.transpose(0, 2, 1) @ second_derivative(problem, miss, at.mass, at.assay) @ spread
        H += np.eye(H.shape[1])
        sound = np.all(np.isfinite(H), axis=(1, 2))
        sound[sound] = np.linalg.eigvalsh(H[sound])[:, 0] > _LEAST_CURVE
        along[sound] = np.linalg.solve(H[sound], along[sound])
    return np.asarray(-(spread @ along)[:, :, 0])


def _fill(task: _Task, data: Data, periods: Ints, at: Point, linears: Linears) -> None:
    """Values, standard deviations, classes and tests of some periods at their points."""
    problem, out, first = task.problem, task.out, task.problem.n_streams
    closed = task.face.closed[periods]
    idle = closed[:, problem.pair_stream]
    flow_assay = np.concatenate([at.mass, at.assay * at.mass[:, problem.pair_stream]], axis=1)
    out.flow[periods] = np.where(np.concatenate([closed, idle], axis=1), 0.0, flow_assay)
    out.read[periods] = np.concatenate([out.flow[periods][:, :first], at.assay], axis=1)
    out.objective[periods] = 2 * misfit(problem, data, at.mass, at.assay).half
    out.dof[periods] = data.used.sum(axis=1) - linears.rank
    seen_flow, seen_read = _observable(problem, at, linears)
    spreads = moves(problem, at, linears.spread)
    for spread, seen, value, sd in zip(
        spreads, (seen_flow, seen_read), (out.flow, out.read), (out.flow_sd, out.read_sd), strict=True
    ):
        sd[periods] = np.where(seen, np.sqrt(np.einsum("pqk,pqk->pq", spread, spread)), np.nan)
        value[periods] = np.where(seen, value[periods], np.nan)
    for one in (out.read, out.read_sd):
        one[periods, first:] = np.where(idle, np.nan, one[periods, first:])
    checked = (data.used & linears.redundant) @ problem.select > 0
    out.status[periods] = np.where(checked, 2, data.used @ problem.select > 0)


def _observable(problem: Problem, at: Point, linears: Linears) -> tuple[Bools, Bools]:
    """Which masses and flows, and which quantities as read, the readings determine, each (P, quantities)."""
    scale = np.concatenate([at.scale, np.zeros((len(at.scale), 1))], axis=1)  # column -1: what is fixed
    mass, flow, fixed = scale[:, problem.mass_column], scale[:, problem.flow_column], problem.flow_column < 0
    carried = mass[:, problem.pair_stream] * np.abs(at.assay)
    as_read = np.where(fixed, 0.0, np.hypot(flow, carried) / at.mass[:, problem.pair_stream])
    sizes = [np.concatenate([mass, pairs], axis=1) for pairs in (np.where(fixed, carried, flow), as_read)]
    seen = [np.isfinite(size) for size in sizes]
    some = np.flatnonzero(np.any(linears.hidden, axis=(1, 2)))
    if len(some):
        unseen = moves(problem, at.take(some), at.scale[some, :, None] * linears.hidden[some])
        for one, moved, size in zip(seen, unseen, sizes, strict=True):
            one[some] &= np.sqrt(np.einsum("pqk,pqk->pq", moved, moved)) <= SEEN * size[some]
    return seen[0], seen[1]


def _copy(fit: Fit, out: Fitted, period: int) -> None:
    """A single balance in its place."""
    problem, n_m = fit.problem, len(fit.problem.mass_free)
    out.u[period, :n_m], out.u[period, n_m:] = fit.mass[problem.mass_free], fit.flow[problem.flow_free]
    out.objective[period], out.dof[period] = fit.objective, fit.dof
    out.flow[period], out.flow_sd[period], out.read[period], out.read_sd[period] = quantities(fit)
    np.maximum.at(out.status[period], problem.reading_of[fit.linear.used], 1 + fit.linear.redundant)


def single(problem: Problem, data: Data, solved: Solved, fitted: Fitted, period: int) -> Fit:
    """One of the periods with all that a single balance tells; the arguments are those of ``fit_batch``."""
    one = np.array([period])
    mine, closed = data.take(one), fitted.closed[period]
    with np.errstate(divide="ignore", invalid="ignore"):
        if closed.any():
            mine = without_closed(problem, mine, closed)
        size = problem.expand(solved.origin[one])[0]
        best = Polished(fitted.u[one], fitted.active[period], closed)
        return fit_at(problem, mine, best, size, int(solved.iterations[period]))
