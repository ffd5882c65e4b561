"""Periods that hang together: what one leaves in stock the next one finds, and a scale that is off stays off.

The closing stock of a period is the opening stock of the next, with its whole covariance, of its mass and of every
component's. Biases of meters that last are states too, known beforehand by the meter's limit. All periods are solved
at once, or one after the other with what is known so far carried on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import qr

from zveno.model.network import Network
from zveno.reconcile.arrays import Bools, Floats
from zveno.reconcile.batch import BatchTable
from zveno.reconcile.chained import Smoothed
from zveno.reconcile.linear_batch import moves
from zveno.reconcile.linked_periods import BiasState, Carried, LinkedPeriods, LinkedResult
from zveno.reconcile.linked_rows import WIDE, Place, flow_roots, rows_of
from zveno.reconcile.linked_steps import settle
from zveno.reconcile.linked_task import Task, begin, task_of

_GROWS, _TELLS = 1e-3, 1e-6
_GONE, _CHECKED = 1e-6, 1e-9


def solve_linked(asked: LinkedPeriods, carried: Carried | None = None) -> LinkedResult:
    """Reconcile all periods at once: each value with what the periods before and after say of it.

    Raises
    ------
    DataError
        If shapes or names do not fit, or two ends of a stock do not carry the same.
    SolveError
        If no balanced point was found.

    References
    ----------
    Bierman (1977), Factorization Methods for Discrete Sequential Estimation; Bell (1994), SIAM J. Optim. 4, 626-636
    (the iterated smoother as a Gauss-Newton method).
    """
    task = task_of(asked, carried)
    with np.errstate(all="ignore"):
        return _result(task, *settle(task, begin(task)))


def follow_linked(asked: LinkedPeriods, carried: Carried | None = None) -> tuple[LinkedResult, ...]:
    """Reconcile one period after the other, as they come: each with what is known so far, carried on.

    The last one of a chain of weighings is that of ``solve_linked``; with assays, as near as the past was to a
    straight line.

    Raises
    ------
    DataError, SolveError
        As ``solve_linked`` does.
    """
    whole = task_of(asked, carried)
    out: list[LinkedResult] = []
    with np.errstate(all="ignore"):
        u = begin(whole)
        for t in range(len(asked.values)):
            one = np.array([t])
            task = replace(whole, given=whole.given.take(one), carried=out[-1].carried if out else carried)
            out.append(_result(task, *settle(task, u[one])))
    return tuple(out)


def stock_links(network: Network) -> tuple[tuple[str, str], ...]:
    """Closing and opening streams that are one stock, by their roles and the names that they share before a dot."""
    ends = {(one.role, one.id.rpartition(".")[0]): one.id for one in network.streams if one.role}
    stocks = [stock for role, stock in ends if role == "closing_stock" and ("opening_stock", stock) in ends]
    return tuple((ends["closing_stock", one], ends["opening_stock", one]) for one in stocks)


@dataclass(frozen=True)
class _Spread:
    """Standard deviations of a solved chain (flows and quantities as read, each (T, quantities)), how many directions
    nothing tells of, how far each reading stands alone (1 = wholly, (T, readings)), and the chain itself.
    """

    flow_sd: Floats
    read_sd: Floats
    nullity: int
    alone: Floats
    chain: Smoothed


def _spread(task: Task, place: Place, wide: float) -> _Spread:
    """Standard deviations where ``wide`` is what is known before any reading."""
    plan = task.plan
    rows = rows_of(task.given, place, None, wide)
    chain = task.chain(place, rows, wide, covariance=True)
    free, variables = flow_roots(rows, chain)
    flow, read = (np.sqrt(np.einsum("pqk,pqk->pq", one, one)) for one in moves(plan.problem, place.at, variables))
    f, q = plan.f, plan.q
    vague = (free[:, :f], free[:, f + q : f + 2 * q], free[:1, f : f + q])
    fitted = rows.readings[:, :, :-1] @ free
    return _Spread(
        flow, read, round(sum(float(np.sum(one**2)) for one in vague) / wide**2),
        np.einsum("prk,prk->pr", fitted, fitted), chain,
    )  # fmt: skip


def _result(task: Task, place: Place, active: Bools) -> LinkedResult:
    """Everything about a solved chain. What is known only as well as was assumed beforehand is unobservable."""
    problem, plan, at = task.plan.problem, task.plan, place.at
    spread, wider = (_spread(task, place, wide) for wide in (WIDE, 2 * WIDE))
    flow_sd, read_sd = (
        np.where(two > one * (1 + _GROWS), np.nan, one)
        for one, two in ((spread.flow_sd, wider.flow_sd), (spread.read_sd, wider.read_sd))
    )
    at_rest = at.mass < _GONE * problem.expand(plan.usual)[0]
    idle = at_rest[:, problem.pair_stream]
    read_sd[:, problem.n_streams :][idle] = np.nan
    mass = np.where(at_rest, 0.0, at.mass)
    flow = np.concatenate([mass, np.where(idle, 0.0, at.assay * at.mass[:, problem.pair_stream])], axis=1)
    read = np.concatenate([mass, at.assay], axis=1)
    used = task.given.data.used
    checked = (used & (1 - spread.alone > _CHECKED)) @ problem.select > 0
    status = np.where(checked, 2, used @ problem.select > 0).astype(np.int64)
    unknown = len(place.u) * (plan.f + plan.q) + plan.q - spread.nullity
    return LinkedResult(
        network=task.asked.network,
        table=BatchTable(
            np.where(np.isnan(flow_sd), np.nan, flow),
            flow_sd,
            np.where(np.isnan(read_sd), np.nan, read),
            read_sd,
            status,
        ),
        biases=_bias_states(task, place, spread.chain),
        objective=task.cost(place),
        dof=int(used.sum())
        + int(np.isfinite(task.given.steps).sum())
        + (task.carried.known if task.carried else 0)
        - unknown,
        carried=_carried(task, place, spread, wider),
        active=active,
    )


def _bias_states(task: Task, place: Place, chain: Smoothed) -> tuple[BiasState, ...]:
    """Biases in their own units."""
    first = 2 * task.plan.q
    sd = np.sqrt(np.einsum("pjk,pjk->pj", chain.root[:, first:], chain.root[:, first:]))
    expected = np.array([_expected(task, j, t) for t in range(len(sd)) for j in range(sd.shape[1])]).reshape(sd.shape)
    told = sd < expected * (1 - _TELLS)
    states = []
    for j, one in enumerate(task.asked.biases):
        rows = [(place.biases[t + 1, j], sd[t, j]) if told[t, j] else None for t in range(len(sd))]
        states.append(
            BiasState(
                one.name,
                tuple(None if row is None else float(row[0] * one.sd) for row in rows),
                tuple(None if row is None else float(row[1] * one.sd) for row in rows),
                tuple(None if row is None else float(row[0] / row[1]) for row in rows),
            )
        )
    return tuple(states)


def _expected(task: Task, j: int, t: int) -> float:
    """Standard deviation of a bias in a period before any reading, in that before the first one."""
    behind = task.carried.periods if task.carried is not None else 0
    return float(np.hypot(1.0, task.walks.sd[j] * np.sqrt(behind + t)))


def _carried(task: Task, place: Place, spread: _Spread, wider: _Spread) -> Carried:
    """Information on the last stocks and biases, free of the point at which it was found."""
    plan, carry = task.plan, spread.chain.carry
    q = plan.q
    roots = [one.chain.root[-1, q : 2 * q] for one in (spread, wider)]
    growth, turn = np.linalg.eigh((roots[1] @ roots[1].T - roots[0] @ roots[0].T) / (3 * WIDE**2))
    unknown = int(np.sum(growth > _GROWS))
    turn = turn[:, ::-1]  # what is unknown comes first, and is left out
    rows = qr(np.column_stack([carry[:, :q] @ turn, carry[:, q:]]), mode="r")[0][unknown : len(carry)]
    information = np.column_stack([rows[:, :q] @ turn.T / plan.size, rows[:, q:]])
    after = np.concatenate([place.u[-1, plan.closing], place.biases[-1]])
    information[:, -1] += information[:, :-1] @ after
    behind = len(place.u) + (task.carried.periods if task.carried is not None else 0)
    names = tuple(one.name for one in task.asked.biases)
    return Carried(task.states, names, information, behind)
