"""Steps of linked periods: on the bounds that hold, and between all of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zveno.errors import SolveError
from zveno.reconcile.arrays import Bools, Floats
from zveno.reconcile.chained import Smoothed
from zveno.reconcile.linked_rows import WIDE, BoundRows, Place, Rows, flows_of, rows_of
from zveno.reconcile.linked_task import Task

_ITERATIONS = 80
_SETTLED, _NOISE, _COMPLEMENTARITY, _STANDING = 1e-9, 1e-6, 1e-6, 1e-6
_DAMPED, _CLOSE = 10.0, 1e-2
_FACES, _NEAR, _STIFF = 5, 1e-4, 1e7
_NEARLY = 1e-3
_PATIENCE, _VALLEY = 25, 1e-4


def settle(task: Task, u: Floats) -> tuple[Place, Bools]:
    """Where the periods end that begin at ``u`` (T, variables), and which bounds hold there."""
    place = task.given.at(u, np.zeros((len(u) + 1, len(task.walks.sd))))
    if task.carried is not None:
        place = task.given.at(u, np.tile(task.carried.mean[task.plan.q :], (len(u) + 1, 1)))
    still = task.given.held
    free = _on_face(task, place, still)
    if free is not None:
        return free, still
    inside, active = _bounded(task, place)
    for _ in range(_FACES):
        found = _on_face(task, inside, active)
        if found is not None and task.cost(found) <= task.cost(inside) * (1 + 1e-6) + 1e-6:
            return found, active
        active = active | (task.given.limits.slack(inside.u) < _NEAR * task.given.bound_sizes)
    return inside, active


def _on_face(task: Task, place: Place, held: Bools) -> Place | None:
    """Gauss-Newton steps on the bounds that are held; None where another one is in the way, or without an end."""
    limits, wide, left = task.given.limits, _DAMPED, np.inf
    for iteration in range(_ITERATIONS):
        bound_rows = _held_rows(task, place, held) if held.any() else None
        rows = rows_of(task.given, place, bound_rows, wide, damped=wide < WIDE)
        chain = task.chain(place, rows, wide)
        du = flows_of(rows, chain)
        if not np.all((limits.slack(place.u + du) > 0) | held | task.given.out) or not np.all(np.isfinite(du)):
            return None
        before, share, next_ = task.cost(place), 1.0, task.moved(place, du, chain)
        while iteration and not task.cost(next_) <= before * (1 + 1e-9) + 1e-9 and share > 1e-4:
            share /= 2
            next_ = task.moved(place, du, chain, share)
        place, fall = next_, before - task.cost(next_)
        left, last = _decrement(rows, chain) / np.sqrt(len(du)), left
        # no nearer: rounding moves the point to and fro
        if wide == WIDE and share == 1.0 and (left < _SETTLED or 0.3 * last < left < _NOISE):
            return place
        if _endless(iteration, fall, before):
            return place
        wide = WIDE if np.abs(du / task.plan.usual).max() < _CLOSE else _paced(wide, share)
    return None


def _endless(iteration: int, fall: float, cost: float) -> bool:
    """Whether steps lead down a valley without an end: masses that nothing limits grow and fit no better for it."""
    return iteration > _PATIENCE and 0 <= fall < _VALLEY * max(cost, 1.0)


def _paced(wide: float, share: float) -> float:
    """How far the next step may go: further after a whole one, less far after one that was cut."""
    return float(np.clip(wide * (4.0 if share > 0.7 else 1.0 if share > 0.2 else 0.25), 0.3, 100 * _DAMPED))


def _held_rows(task: Task, place: Place, held: Bools) -> BoundRows:
    """Bounds that hold, as equations: a billionth of the way is left, since an assay of nothing is no number."""
    limits = task.given.limits
    size = task.given.bound_sizes
    stiff = np.where(held, _STIFF / size, 0.0)
    return BoundRows(stiff, stiff * (1e-9 * size - limits.slack(place.u)))


def _decrement(rows: Rows, chain: Smoothed) -> float:
    """How far a step moves everything, in standard deviations."""
    return float(np.hypot(chain.decrement, np.linalg.norm(rows.R[:, : rows.f, -1])))


@dataclass(frozen=True)
class _Inside:
    """A point within all bounds: slacks and multipliers (T, bounds), how far steps may go, the sum of squares."""

    place: Place
    slack: Floats
    dual: Floats
    wide: float
    cost: float


def _bounded(task: Task, place: Place) -> tuple[Place, Bools]:
    """Primal-dual interior point over all periods; also says which bounds push back.

    References
    ----------
    Wright (1997), Primal-Dual Interior-Point Methods, ch. 6 (infeasible path following).
    """
    limits, out = task.given.limits, task.given.out
    size = task.given.bound_sizes
    slack = np.where(out, 1.0, np.maximum(limits.slack(place.u), 1e-2 * size))
    mu = max(1e-2, task.cost(place) / slack.size)
    at = _Inside(place, slack, np.where(out, 0.0, mu / slack), _DAMPED, task.cost(place))
    for iteration in range(_ITERATIONS):
        last, (at, share) = at.cost, _inward(task, at, mu)
        now, cost = float(np.sum(at.slack * at.dual)), max(at.cost, 1e-2)
        if not np.isfinite(now):
            break
        still = abs(last - at.cost) < _STANDING * cost or _endless(iteration, last - at.cost, cost)
        near = iteration + 1 == _ITERATIONS and now + abs(last - at.cost) < _NEARLY * cost
        if np.all((limits.slack(at.place.u) > 0) | out) and (near or (now < _COMPLEMENTARITY * cost and still)):
            return at.place, task.given.held | (at.dual * size**2 > at.slack * cost)
        mu = max(now / slack.size * (0.1 if share > 0.5 else 0.5), 0.1 * _COMPLEMENTARITY * cost / slack.size)
    raise SolveError("the linked periods were not solved in {iterations} steps: reconcile them one by one to see where "
                     "readings contradict each other", iterations=_ITERATIONS)  # fmt: skip


def _inward(task: Task, at: _Inside, mu: float) -> tuple[_Inside, float]:
    """One step towards the barrier ``mu``, halved until the barrier function falls; also the share that was taken."""
    limits, out, s, z = task.given.limits, task.given.out, at.slack, at.dual
    stiff, gap = np.sqrt(z / s), np.where(out, 0.0, limits.slack(at.place.u) - s)
    still = _held_rows(task, at.place, task.given.held)
    right = np.where(out, still.right, mu / np.maximum(stiff * s, 1e-300) - stiff * gap)
    bound_rows = BoundRows(np.where(out, still.stiff, stiff), right)
    rows = rows_of(task.given, at.place, bound_rows, at.wide, damped=True)
    chain = task.chain(at.place, rows, at.wide)
    du = flows_of(rows, chain)
    ds = np.where(out, 0.0, limits.along(du) + gap)
    dz = np.where(out, 0.0, mu / s - z - z / s * ds)
    drops = (-(ds / s).min(), -(dz / np.where(out, 1.0, z)).min())
    most, b = (min(1.0, 0.99 / max(float(one), 1e-300)) for one in drops)
    before, joined = at.cost - 2 * mu * float(np.log(s).sum()), bool(np.abs(gap).max() < 1e-9 * np.abs(s).max())
    a = most
    there = task.moved(at.place, du, chain, a)
    while joined and a > 1e-6 * most:
        if task.cost(there) - 2 * mu * float(np.log(s + a * ds).sum()) <= before + 1e-9 * abs(before):
            break
        a /= 2
        there = task.moved(at.place, du, chain, a)
    s = s + a * ds
    z = np.where(out, 0.0, np.clip(z + b * dz, 1e-10 * mu / s, 1e10 * mu / s))
    return _Inside(there, s, z, _paced(at.wide, a / most), task.cost(there)), min(a, b)
