"""Linked periods as arrays: states and biases of the chain, what is known beforehand, and where to begin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zveno.errors import DataError, SolveError
from zveno.model.network import MASS
from zveno.reconcile.arrays import Floats, Ints, Problem, arrays
from zveno.reconcile.chained import Smoothed, Walks, smoothed
from zveno.reconcile.kernel import interior_point
from zveno.reconcile.linked_periods import Carried, LinkedPeriods
from zveno.reconcile.linked_rows import WIDE, Given, Layout, Place, Rows, layout
from zveno.reconcile.names import Names
from zveno.reconcile.newton import bounds
from zveno.reconcile.objective import data_of
from zveno.reconcile.observability import scales
from zveno.reconcile.start import start

_LINE = 4


@dataclass(frozen=True)
class Task:
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
        before = np.concatenate([place.u[0, self.plan.opening], place.biases[0]])
        known = np.column_stack([np.zeros((J, q)), np.eye(J), np.zeros(J)])
        if self.carried is not None:
            known = self.carried.information.copy()
        known[:, -1] -= known[:, :-1] @ before
        known[:, :q] *= self.plan.size
        vague = np.zeros((q, q + J + 1))
        vague[:, :q] = np.eye(q) / wide
        return np.concatenate([vague, known])

    def jumps(self, place: Place) -> list[Floats | None]:
        """What the walks of the biases leave, before each period; None where there is none."""
        moving = self.walks.moving
        left = (place.biases[:-1, moving] - place.biases[1:, moving]) / self.walks.sd[moving]
        return [None if k == 0 and self.carried is None else one for k, one in enumerate(left)]

    def cost(self, place: Place) -> float:
        """Sum of squares of everything: readings, what was known before, and walks."""
        known = self.prior(place, np.inf)[:, -1]
        walks = sum(float(one @ one) for one in self.jumps(place) if one is not None)
        moved = self.given.moved(place.u)
        return float(2 * place.miss.half.sum() + known @ known + walks + np.sum(moved**2))

    def chain(self, place: Place, rows: Rows, wide: float = WIDE, *, covariance: bool = False) -> Smoothed:
        """Steps of all states and biases."""
        return smoothed(rows.links, self.prior(place, wide), self.walks, self.jumps(place), covariance=covariance)

    def moved(self, place: Place, du: Floats, chain: Smoothed, share: float = 1.0) -> Place:
        """The point a share of a step further."""
        biases = place.biases.copy()
        biases[1:] += share * chain.x[:, 2 * self.plan.q :]
        biases[0] = biases[1] if self.carried is None else biases[0] + share * chain.before
        return self.given.at(place.u + share * du, biases)


def task_of(asked: LinkedPeriods, carried: Carried | None) -> Task:
    """Check shapes and names."""
    values, sigmas = np.asarray(asked.values, dtype=float), np.asarray(asked.sigmas, dtype=float)
    wanted = (len(values), len(asked.network.readings))
    loadings = np.zeros((*wanted, 0)) if asked.loadings is None else np.asarray(asked.loadings, dtype=float)
    steps = np.ones((len(values), len(asked.links))) if asked.steps is None else np.asarray(asked.steps, dtype=float)
    if steps.shape != (len(values), len(asked.links)) or not np.all(steps > 0):
        raise DataError(
            "how far stocks move needs one row for each period and one column for each of the {stocks} links, all "
            "above zero",
            stocks=len(asked.links),
        )
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
    given = Given(plan, bounds(problem), data, loadings * sd, _steps(asked, plan, states))
    return Task(asked, given, states, walks, carried)


def _steps(asked: LinkedPeriods, plan: Layout, states: tuple[tuple[str, str], ...]) -> Floats:
    """How far each state may move within a period: components as the mass of their stock, by their usual share."""
    out = np.full((len(asked.values), plan.q), np.inf)
    stocks = {link[0]: k for k, link in enumerate(asked.links)}
    masses = {stream: plan.size[k] for k, (stream, quantity) in enumerate(states) if quantity == MASS}
    for k, (stream, _) in enumerate(states if asked.steps is not None else ()):
        share = plan.size[k] / masses.get(stream, plan.size[k])
        out[:, k] = np.asarray(asked.steps, dtype=float)[:, stocks[stream]] * share
    return out


def _ends(asked: LinkedPeriods, problem: Problem) -> tuple[tuple[tuple[str, str], ...], Ints, Ints]:
    """States of the stocks by name, with their variables at the end and at the start of a period."""
    names = Names(asked.network)
    states: list[tuple[str, str]] = []
    variables: list[list[int]] = []
    columns = np.concatenate([problem.mass_column, problem.flow_column])
    for link in asked.links:
        if any(one not in names.streams for one in link):
            raise DataError("the stock '{stock}' is no stream of the network", stock=" / ".join(link))
        for quantity in (MASS, *asked.network.components):
            ends = [names.quantity(one, quantity) for one in link]
            both = [-1 if at is None else int(columns[at]) for at in ends]
            if min(both) < 0 <= max(both):
                raise DataError(
                    "the stock '{stock}' does not carry the same at both ends: give its opening and its closing the "
                    "same components and fixed values",
                    stock=" / ".join(link),
                )  # fmt: skip
            if both[0] >= 0:
                states.append((link[0], quantity))
                variables.append(both)
    found = np.array(variables, dtype=np.int64).reshape(-1, 2)
    return tuple(states), found[:, 0], found[:, 1]


def begin(task: Task) -> Floats:
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


def _followed(task: Task, u: Floats) -> Floats:
    """Variables with stocks that go on from period to period, at the level that their readings agree with best."""
    plan = task.plan
    if not plan.q:
        return u
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


def _shown(task: Task) -> Floats:
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
                shown = shown * np.where(
                    np.isfinite(mass), mass, np.nanmean(mass) if np.isfinite(mass).any() else np.nan
                )
            out[rows, k] = np.where(np.isfinite(shown), shown, out[rows, k])
    return out
