"""Periods that hang together: what one leaves in stock the next one finds, and a scale that is off stays off.

The closing stock of a period is the opening stock of the next, with its whole covariance, of its mass and of every
component's. Biases of meters that last are states too, known beforehand by the meter's limit. All periods are solved
at once, or one after the other with what is known so far carried on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.special import chdtrc

from zveno.errors import DataError, SolveError
from zveno.model.network import MASS, Network
from zveno.reconcile.arrays import Bools, Floats, Ints, Problem, arrays
from zveno.reconcile.batch import BatchTable
from zveno.reconcile.chained import Smoothed, Walks, smoothed
from zveno.reconcile.kernel import interior_point
from zveno.reconcile.linear_batch import moves
from zveno.reconcile.linked_rows import (
    WIDE,
    BoundRows,
    Given,
    Layout,
    Place,
    Rows,
    flow_roots,
    flows_of,
    layout,
    rows_of,
)
from zveno.reconcile.names import Names
from zveno.reconcile.newton import bounds
from zveno.reconcile.objective import data_of
from zveno.reconcile.observability import scales
from zveno.reconcile.start import start

_ITERATIONS = 80
_SETTLED, _NOISE, _COMPLEMENTARITY, _STANDING = 1e-9, 1e-6, 1e-7, 1e-8
_DAMPED, _CLOSE = 10.0, 1e-2
_FACES, _NEAR, _STIFF = 5, 1e-4, 1e7
_GROWS, _TELLS = 1e-3, 1e-6
_GONE, _CHECKED = 1e-6, 1e-9
_LINE = 4


@dataclass(frozen=True)
class LastingBias:
    """An error that stays with a meter: the standard deviation of what is expected of it before any period, in a unit
    of its own (tonnes, or a share of the reading), and of how far it moves from one period to the next.

    Where a meter's limit of bias is known, half of it is the standard deviation.
    """

    name: str
    sd: float
    walk_sd: float = 0.0


@dataclass(frozen=True)
class LinkedPeriods:
    """Readings of consecutive periods of one network whose stocks hang together.

    Parameters
    ----------
    network
        Its readings say what the columns are; their own values are not used.
    values, sigmas
        Shape (T, readings): t or mass fraction, and the standard deviation of what is new in each period; NaN = no
        reading. An opening stock that was surveyed at the end of the period before is not read a second time.
    links
        Pairs of streams: the closing stock of a period, and the opening stock that it is in the next.
    biases, loadings
        Errors that last, and what one unit of each adds to every reading, (T, readings, biases).
    correlations
        Correlations of the errors that are new in each period, (T, readings, readings), in place of the network's.
    """

    network: Network
    values: Floats
    sigmas: Floats
    links: tuple[tuple[str, str], ...]
    biases: tuple[LastingBias, ...] = ()
    loadings: Floats | None = None
    correlations: Floats | None = None


@dataclass(frozen=True)
class Carried:
    """What is known at the end of a period of its stocks and of the biases, to start the next with.

    Parameters
    ----------
    states
        Stream and quantity of each state of a closing stock: its mass, and masses of components.
    biases
        Names of the biases.
    information
        Triangular equations ``information[:, :-1] @ (states, biases) = information[:, -1]`` with errors of one:
        states in t, biases in their prior standard deviations. It can hold what is not known at all.
    known
        How many of the states are known.
    """

    states: tuple[tuple[str, str], ...]
    biases: tuple[str, ...]
    information: Floats
    known: int

    @property
    def mean(self) -> Floats:
        """States and biases, (states + biases,)."""
        return np.asarray(np.linalg.solve(self.information[:, :-1], self.information[:, -1]))

    @property
    def covariance(self) -> Floats:
        """Covariance of states and biases; of what is not known at all it is very large."""
        root = np.linalg.inv(self.information[:, :-1])
        return np.asarray(root @ root.T)


@dataclass(frozen=True)
class BiasState:
    """A bias in every period, in its own unit: value, standard deviation and ``z``, each (T,).

    None where the readings say nothing of it.
    """

    name: str
    value: tuple[float | None, ...]
    sd: tuple[float | None, ...]
    z: tuple[float | None, ...]


@dataclass(frozen=True)
class LinkedResult:
    """Reconciled periods that hang together.

    Parameters
    ----------
    table
        Values and standard deviations of all quantities of all periods, NaN where unobservable.
    biases
        Errors that last.
    objective, dof, p_value
        Global test of all periods together, what was known beforehand included.
    carried
        What is known at the end.
    active
        Bounds that hold, (T, bounds): they make tests nominal and no standard deviation smaller.
    """

    network: Network
    table: BatchTable
    biases: tuple[BiasState, ...]
    objective: float
    dof: int
    carried: Carried
    active: Bools

    @property
    def p_value(self) -> float | None:
        """Chance of a larger objective if all errors are as stated; None without degrees of freedom."""
        return float(chdtrc(self.dof, self.objective)) if self.dof > 0 else None

    @cached_property
    def _names(self) -> Names:
        return Names(self.network)

    def track(self, stream: str, quantity: str, *, as_read: bool = False) -> tuple[Floats, Floats]:
        """Mass of a stream or of a component in it (the assay, if ``as_read``) in every period, with its sd."""
        at = self._names.quantity(stream, quantity)
        if at is None:
            return np.zeros(len(self.table.flow)), np.zeros(len(self.table.flow))
        table = self.table
        pair = (table.read, table.read_sd) if as_read else (table.flow, table.flow_sd)
        return pair[0][:, at], pair[1][:, at]


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
    task = _task(asked, carried)
    with np.errstate(all="ignore"):
        return _solve(task, _begin(task))


def follow_linked(asked: LinkedPeriods, carried: Carried | None = None) -> tuple[LinkedResult, ...]:
    """Reconcile one period after the other, as they come: each with what is known so far, carried on.

    The last one of a chain of weighings is that of ``solve_linked``; with assays, as near as the past was to a
    straight line.

    Raises
    ------
    DataError, SolveError
        As ``solve_linked`` does.
    """
    whole = _task(asked, carried)
    out: list[LinkedResult] = []
    with np.errstate(all="ignore"):
        begin = _begin(whole)
        for t in range(len(asked.values)):
            one = np.array([t])
            given = replace(whole.given, data=whole.given.data.take(one), loading=whole.given.loading[one])
            task = replace(whole, given=given, carried=out[-1].carried if out else carried)
            out.append(_solve(task, begin[one]))
    return tuple(out)


def stock_links(network: Network) -> tuple[tuple[str, str], ...]:
    """Closing and opening streams that are one stock, by their roles and the names that they share before a dot."""
    ends = {(one.role, one.id.rpartition(".")[0]): one.id for one in network.streams if one.role}
    stocks = [stock for role, stock in ends if role == "closing_stock" and ("opening_stock", stock) in ends]
    return tuple((ends["closing_stock", one], ends["opening_stock", one]) for one in stocks)


@dataclass(frozen=True)
class _Task:
    """What is asked, as arrays."""

    asked: LinkedPeriods
    given: Given
    states: tuple[tuple[str, str], ...]
    walks: Walks
    carried: Carried | None

    @property
    def plan(self) -> Layout:
        return self.given.layout

    def prior(self, place: Place, wide: float = WIDE) -> Floats:
        """What is known of the first opening stocks and of the biases before any reading, from a point on."""
        q, J = self.plan.q, len(self.walks.sd)
        out = np.zeros((q + J, q + J + 1))
        if self.carried is None:
            out[:q, :q] = np.eye(q) / wide
            out[q:, q:-1] = np.eye(J)
            out[q:, -1] = -place.biases[0]
            return out
        R, before = self.carried.information, np.concatenate([place.u[0, self.plan.opening], place.biases[0]])
        out[:, :q], out[:, q:-1] = R[:, :q] * self.plan.size, R[:, q:-1]
        out[:, -1] = R[:, -1] - R[:, :-1] @ before
        return out

    def jumps(self, place: Place) -> list[Floats | None]:
        """What the walks of the biases leave, before each period; None where there is none."""
        moving = self.walks.moving
        left = (place.biases[:-1, moving] - place.biases[1:, moving]) / self.walks.sd[moving]
        return [None if k == 0 and self.carried is None else one for k, one in enumerate(left)]

    def cost(self, place: Place) -> float:
        """Sum of squares of everything: readings, what was known before, and walks."""
        known = self.prior(place, np.inf)[:, -1]
        walks = sum(float(one @ one) for one in self.jumps(place) if one is not None)
        return float(2 * place.miss.half.sum() + known @ known + walks)

    def chain(self, place: Place, rows: Rows, wide: float = WIDE, *, covariance: bool = False) -> Smoothed:
        """Steps of all states and biases."""
        return smoothed(rows.links, self.prior(place, wide), self.walks, self.jumps(place), covariance=covariance)

    def moved(self, place: Place, du: Floats, chain: Smoothed, share: float = 1.0) -> Place:
        """The point a share of a step further."""
        biases = place.biases.copy()
        biases[1:] += share * chain.x[:, 2 * self.plan.q :]
        biases[0] = biases[1] if self.carried is None else biases[0] + share * chain.before
        return self.given.at(place.u + share * du, biases)


def _task(asked: LinkedPeriods, carried: Carried | None) -> _Task:
    """Check shapes and names."""
    values, sigmas = np.asarray(asked.values, dtype=float), np.asarray(asked.sigmas, dtype=float)
    wanted = (len(values), len(asked.network.readings))
    loadings = np.zeros((*wanted, 0)) if asked.loadings is None else np.asarray(asked.loadings, dtype=float)
    if (
        values.shape != wanted
        or sigmas.shape != wanted
        or loadings.shape != (*wanted, len(asked.biases))
        or not len(values)
    ):
        raise DataError(
            "linked periods need at least one row, {readings} columns of values and sigmas, and loadings for "
            "{biases} biases",
            readings=wanted[1], biases=len(asked.biases),
        )  # fmt: skip
    if any(not one.sd > 0 or not one.walk_sd >= 0 for one in asked.biases):
        raise DataError("every lasting bias needs a standard deviation above zero, and a walk of zero or more")
    problem = arrays(asked.network)
    data = data_of(problem, values, sigmas, asked.correlations)
    states, closing, opening = _ends(asked, problem)
    if carried is not None and (carried.states != states or carried.biases != tuple(one.name for one in asked.biases)):
        raise DataError("what is carried on belongs to other stocks or other biases: begin anew without it")
    sd = np.array([one.sd for one in asked.biases])
    origin = start(problem, data)
    mass, _, assay = problem.expand(origin)
    plan = layout(problem, opening, closing, scales(problem, mass, assay)[0])
    walks = Walks(np.array([one.walk_sd / one.sd for one in asked.biases]))
    return _Task(asked, Given(plan, bounds(problem), data, loadings * sd), states, walks, carried)


def _ends(asked: LinkedPeriods, problem: Problem) -> tuple[tuple[tuple[str, str], ...], Ints, Ints]:
    """States of the stocks by name, with their variables at the end and at the start of a period."""
    names, found = Names(asked.network), []
    columns = np.concatenate([problem.mass_column, problem.flow_column])
    for link in asked.links:
        if any(one not in names.streams for one in link):
            raise DataError("the stock '{stock}' is no stream of the network", stock=" / ".join(link))
        for quantity in (MASS, *asked.network.components):
            ends = [names.quantity(one, quantity) for one in link]
            variables = [-1 if at is None else int(columns[at]) for at in ends]
            if min(variables) < 0 <= max(variables):
                raise DataError(
                    "the stock '{stock}' does not carry the same at both ends: give its opening and its closing the "
                    "same components and fixed values",
                    stock=" / ".join(link),
                )  # fmt: skip
            if variables[0] >= 0:
                found.append(((link[0], quantity), *variables))
    states, closing, opening = (tuple(one[k] for one in found) for k in range(3))
    return states, np.array(closing, dtype=np.int64), np.array(opening, dtype=np.int64)


def _begin(task: _Task) -> Floats:
    """Each period by itself; where it has no solution of its own, the mean of the others. Stocks are then followed
    through the periods from the flows into and out of them.
    """
    problem, data = task.plan.problem, task.given.data
    some = np.flatnonzero(data.present.any(axis=1))
    solved = interior_point(problem, data.take(some))
    good = some[solved.converged]
    if not len(good):
        raise SolveError("none of the linked periods could be balanced by itself: reconcile one of them to see why")
    u = np.tile(solved.u[solved.converged].mean(axis=0), (len(data.value), 1))
    u[good] = solved.u[solved.converged]
    return _followed(task, u)


def _followed(task: _Task, u: Floats) -> Floats:
    """Variables with stocks that go on from period to period, at the level that their readings agree with best."""
    plan, data = task.plan, task.given.data
    opening, closing, u = plan.opening, plan.closing, u.copy()
    rise = np.cumsum(u[:, closing] - u[:, opening], axis=0)
    path = np.concatenate([np.zeros((1, plan.q)), rise])
    shown, usual = _shown(task), u[:, opening].mean(axis=0)
    if task.carried is not None:
        known = task.carried.mean[: plan.q]
        shown[0] = np.where(np.isfinite(known) & (known > 0), known, np.nan)
    path = np.stack([one + _trend(read - one, size) for one, read, size in zip(path.T, shown.T, usual, strict=True)]).T
    floor = 0.05 * np.maximum(np.abs(path).mean(axis=0), usual)
    path = np.maximum(path, floor)
    u[:, opening], u[:, closing] = path[:-1], path[1:]
    return plan.balanced(u)


def _trend(left: Floats, usual: float) -> Floats:
    """Straight line through what a path lacks of its readings, (T + 1,); without any, it begins at a usual size."""
    at = np.flatnonzero(np.isfinite(left))
    time = np.linspace(0, 1, len(left))
    if not len(at):
        return np.full(len(left), usual)
    if len(at) < _LINE:
        return np.full(len(left), left[at].mean())
    slope, level = np.polyfit(time[at], left[at], 1)
    return np.asarray(level + slope * time)


def _shown(task: _Task) -> Floats:
    """What readings say of the states of stocks before, between and after the periods, (T + 1, q); NaN where nothing.

    The mass of a component is its assay times the mass that is read there, or else the usual one.
    """
    plan, data, problem = task.plan, task.given.data, task.plan.problem
    total = np.where(data.used, data.value, 0.0) @ problem.select
    count = data.used @ problem.select
    read = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    columns = np.concatenate([problem.mass_column, problem.flow_column])
    out = np.full((len(read) + 1, plan.q), np.nan)
    for ends, rows in ((plan.opening, slice(None, -1)), (plan.closing, slice(1, None))):
        for k, column in enumerate(ends):
            quantity = int(np.flatnonzero(columns == column)[0])
            shown = read[:, quantity]
            if quantity >= problem.n_streams:
                mass = read[:, problem.pair_stream[quantity - problem.n_streams]]
                shown = shown * np.where(np.isfinite(mass), mass, np.nanmean(mass) if np.isfinite(mass).any() else np.nan)
            out[rows, k] = np.where(np.isfinite(shown), shown, out[rows, k])
    return out


def _solve(task: _Task, u: Floats) -> LinkedResult:
    """From the start to values, standard deviations and tests."""
    place = task.given.at(u, np.zeros((len(u) + 1, len(task.walks.sd))))
    if task.carried is not None:
        place = task.given.at(u, np.tile(task.carried.mean[task.plan.q :], (len(u) + 1, 1)))
    nothing = np.zeros((len(u), len(task.given.limits)), dtype=bool)
    free = _on_face(task, place, nothing)
    if free is not None:
        return _result(task, free, nothing)
    inside, active = _bounded(task, place)
    for _ in range(_FACES):
        found = _on_face(task, inside, active)
        if found is not None and task.cost(found) <= task.cost(inside) * (1 + 1e-6) + 1e-6:
            return _result(task, found, active)
        active = active | (task.given.limits.slack(inside.u) < _NEAR * task.given.limits.slack(task.plan.usual[None]))
    return _result(task, inside, active)


def _on_face(task: _Task, place: Place, held: Bools) -> Place | None:
    """Gauss-Newton steps on the bounds that are held; None where another one is in the way, or without an end."""
    limits, wide, left = task.given.limits, _DAMPED, np.inf
    for iteration in range(_ITERATIONS):
        bound_rows = _held_rows(task, place, held) if held.any() else None
        rows = rows_of(task.given, place, bound_rows, wide, damped=wide < WIDE)
        chain = task.chain(place, rows, wide)
        du = flows_of(rows, chain)
        if not np.all((limits.slack(place.u + du) > 0) | held) or not np.all(np.isfinite(du)):
            return None
        before, share, next_ = task.cost(place), 1.0, task.moved(place, du, chain)
        while iteration and not task.cost(next_) <= before * (1 + 1e-9) + 1e-9 and share > 1e-4:
            share /= 2
            next_ = task.moved(place, du, chain, share)
        place = next_
        left, last = _decrement(rows, chain) / np.sqrt(len(du)), left
        # no nearer: rounding moves the point to and fro
        if wide == WIDE and share == 1.0 and (left < _SETTLED or 0.3 * last < left < _NOISE):
            return place
        wide = WIDE if np.abs(du / task.plan.usual).max() < _CLOSE else _paced(wide, share)
    return None


def _paced(wide: float, share: float) -> float:
    """How far the next step may go: further after a whole one, less far after one that was cut."""
    return float(np.clip(wide * (4.0 if share > 0.7 else 1.0 if share > 0.2 else 0.25), 0.3, 100 * _DAMPED))


def _held_rows(task: _Task, place: Place, held: Bools) -> BoundRows:
    """Bounds that hold, as equations: a billionth of the way is left, since an assay of nothing is no number."""
    limits = task.given.limits
    size = np.maximum(limits.slack(task.plan.usual[None]), 1e-300)
    stiff = np.where(held, _STIFF / size, 0.0)
    return BoundRows(stiff, stiff * (1e-9 * size - limits.slack(place.u)))


def _decrement(rows: Rows, chain: Smoothed) -> float:
    """How far a step moves everything, in standard deviations."""
    return float(np.hypot(chain.decrement, np.linalg.norm(rows.R[:, : rows.f, -1])))


def _bounded(task: _Task, place: Place) -> tuple[Place, Bools]:
    """Primal-dual interior point over all periods; also says which bounds push back.

    References
    ----------
    Wright (1997), Primal-Dual Interior-Point Methods, ch. 6 (infeasible path following).
    """
    limits = task.given.limits
    size = np.maximum(limits.slack(task.plan.usual[None]), 1e-300)
    s = np.maximum(limits.slack(place.u), 1e-2 * size)
    mu = max(1e-2, task.cost(place) / s.size)
    z, cost, wide = mu / s, np.inf, _DAMPED
    for _ in range(_ITERATIONS):
        stiff = np.sqrt(z / s)
        gap = limits.slack(place.u) - s
        rows = rows_of(
            task.given, place, BoundRows(stiff, mu / (stiff * s) - stiff * gap), wide, damped=True
        )
        chain = task.chain(place, rows, wide)
        du = flows_of(rows, chain)
        ds = limits.along(du) + gap
        dz = mu / s - z - z / s * ds
        a, b = (min(1.0, float(0.99 / max(-(d / x).min(), 1e-300))) for d, x in ((ds, s), (dz, z)))
        most, before = a, task.cost(place) - 2 * mu * float(np.log(s).sum())
        place, next_ = task.moved(place, du, chain, a), place
        while np.abs(gap).max() < 1e-9 * size.max() and a > 1e-6 * most and not (
            task.cost(place) - 2 * mu * float(np.log(s + a * ds).sum()) <= before + 1e-9 * abs(before)
        ):
            a /= 2
            place = task.moved(next_, du, chain, a)
        wide = _paced(wide, a / most)
        s, z, last, cost = s + a * ds, np.clip(z + b * dz, 1e-10 * mu / (s + a * ds), 1e10 * mu / (s + a * ds)), cost, task.cost(place)
        now, size_ = float(np.sum(s * z)), max(cost, 1e-2)
        if not np.isfinite(now):
            break
        if np.all(limits.slack(place.u) > 0) and now < _COMPLEMENTARITY * size_ and abs(last - cost) < _STANDING * size_:
            return place, z * size**2 > s * size_
        mu = max(now / s.size * (0.1 if min(a, b) > 0.5 else 0.5), 0.1 * _COMPLEMENTARITY * size_ / s.size)
    raise SolveError("the linked periods were not solved in {iterations} steps: reconcile them one by one to see where "
                     "readings contradict each other", iterations=_ITERATIONS)  # fmt: skip


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


def _spread(task: _Task, place: Place, wide: float) -> _Spread:
    """Standard deviations where ``wide`` is what is known before any reading."""
    plan = task.plan
    rows = rows_of(task.given, place, None, wide)
    chain = task.chain(place, rows, wide, covariance=True)
    free, variables = flow_roots(rows, chain)
    flow, read = (np.sqrt(np.einsum("pqk,pqk->pq", one, one)) for one in moves(plan.problem, place.at, variables))
    vague = [free[:, : plan.f], free[:, plan.f + plan.q : plan.f + 2 * plan.q]]
    if task.carried is None:
        vague.append(free[:1, plan.f : plan.f + plan.q])
    fitted = rows.readings[:, :, :-1] @ free
    return _Spread(
        flow, read, round(sum(float(np.sum(one**2)) for one in vague) / wide**2),
        np.einsum("prk,prk->pr", fitted, fitted), chain,
    )  # fmt: skip


def _result(task: _Task, place: Place, active: Bools) -> LinkedResult:
    """Everything about a solved chain. What is known only as well as was assumed beforehand is unobservable."""
    problem, plan, at = task.plan.problem, task.plan, place.at
    spread, wider = (_spread(task, place, wide) for wide in (WIDE, 2 * WIDE))
    flow_sd, read_sd = (
        np.where(two > one * (1 + _GROWS), np.nan, one)
        for one, two in ((spread.flow_sd, wider.flow_sd), (spread.read_sd, wider.read_sd))
    )
    at_rest = at.mass < _GONE * np.median(at.mass, axis=0)
    read_sd[:, problem.n_streams :][at_rest[:, problem.pair_stream]] = np.nan
    flow = np.concatenate([at.mass, at.assay * at.mass[:, problem.pair_stream]], axis=1)
    read = np.concatenate([at.mass, at.assay], axis=1)
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
        dof=int(used.sum()) + (task.carried.known if task.carried else 0) - unknown,
        carried=_carried(task, place, spread, wider),
        active=active,
    )


def _bias_states(task: _Task, place: Place, chain: Smoothed) -> tuple[BiasState, ...]:
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


def _expected(task: _Task, j: int, t: int) -> float:
    """Standard deviation of a bias in a period before any reading, in that before the first one."""
    if task.carried is not None:
        return float(np.hypot(1.0, task.walks.sd[j] * np.sqrt(t + 1)))
    return float(np.hypot(1.0, task.walks.sd[j] * np.sqrt(t)))


def _carried(task: _Task, place: Place, spread: _Spread, wider: _Spread) -> Carried:
    """Information on the last stocks and biases, free of the point at which it was found."""
    plan, carry = task.plan, spread.chain.carry
    information = carry.copy()
    information[:, : plan.q] /= plan.size
    after = np.concatenate([place.u[-1, plan.closing], place.biases[-1]])
    information[:, -1] += information[:, :-1] @ after
    states = slice(plan.q, 2 * plan.q)
    vague = [float(np.sum(one.chain.root[-1, states] ** 2)) for one in (spread, wider)]
    unknown = round((vague[1] - vague[0]) / (3 * WIDE**2))
    return Carried(task.states, tuple(one.name for one in task.asked.biases), information, plan.q - unknown)
