"""Linked periods as arrays: states and biases of the chain, what is known beforehand, and where to begin."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from zveno.errors import DataError, SolveError
from zveno.model.network import MASS
from zveno.reconcile.arrays import Bools, Floats, Ints, Problem, arrays
from zveno.reconcile.chained import Smoothed, Walks, smoothed
from zveno.reconcile.kernel import interior_point
from zveno.reconcile.linked_periods import Carried, LinkedPeriods
from zveno.reconcile.linked_rows import WIDE, Given, Layout, Place, Rows, layout
from zveno.reconcile.names import Names
from zveno.reconcile.newton import bounds
from zveno.reconcile.objective import Data, data_of
from zveno.reconcile.observability import scales
from zveno.reconcile.polish import without_closed
from zveno.reconcile.start import start

_VAGUE = 0.2


@dataclass(frozen=True)
class Task:
    """What is asked, as arrays; ``levels`` are the readings with what is to be expected of stocks, to begin with."""

    asked: LinkedPeriods
    given: Given
    states: tuple[tuple[str, str], ...]
    walks: Walks
    carried: Carried | None
    levels: tuple[Problem, Data]

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
    levels = _with_levels(
        problem, data, np.concatenate([opening, closing]), _path(problem, data, (opening, closing), carried)
    )
    mass, _, assay = problem.expand(start(*levels))
    plan = layout(problem, opening, closing, scales(problem, mass, assay)[0])
    walks = Walks(np.array([one.walk_sd / one.sd for one in asked.biases]))
    rest = _at_rest(problem, data, {one for link in asked.links for one in link}, asked)
    data = without_closed(problem, data, rest)
    given = Given(plan, bounds(problem), data, loadings * sd, _steps(asked, plan, states), rest)
    return Task(asked, given, states, walks, carried, levels)


def _at_rest(problem: Problem, data: Data, stocks: set[str], asked: LinkedPeriods) -> Bools:
    """Streams that every scale says to have stood still in a period, (T, streams)."""
    weighed = np.flatnonzero(problem.reading_of < problem.n_streams)
    moved, still = np.zeros((2, len(data.value), problem.n_streams), dtype=bool)
    for k in weighed:
        stream = problem.reading_of[k]
        moved[:, stream] |= data.used[:, k] & (data.value[:, k] > 0)
        still[:, stream] |= data.used[:, k] & (data.value[:, k] <= 0)
    no_stock = np.array([one.id not in stocks for one in asked.network.streams], dtype=bool)
    free = problem.mass_column >= 0
    return np.asarray(still & ~moved & no_stock & free)


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
    """Each period by itself, with stocks at about the level that all surveys together show; where a period has no
    solution of its own, the mean of the others.

    What readings share does not matter for a start.
    """
    problem, data = task.levels
    some = np.flatnonzero(data.present.any(axis=1))
    solved = interior_point(problem, data.take(some))
    good = some[solved.converged]
    if not len(good):
        raise SolveError("none of the linked periods could be balanced by itself: reconcile one of them to see why")
    u = np.tile(solved.u[solved.converged].mean(axis=0), (len(data.value), 1))
    u[good] = solved.u[solved.converged]
    return u


def _with_levels(problem: Problem, data: Data, stocks: Ints, path: Floats) -> tuple[Problem, Data]:
    """Readings without what they share, and levels of stocks that are not read, give or take a fifth."""
    columns = np.concatenate([problem.mass_column, problem.flow_column])
    ends = [int(np.flatnonzero(columns == one)[0]) for one in stocks]
    levels = np.concatenate([path[:-1], path[1:]], axis=1)
    there = (data.present @ problem.select > 0)[:, ends]
    levels = np.where(there, np.nan, levels)
    more = replace(
        problem,
        reading_of=np.concatenate([problem.reading_of, ends]).astype(np.int64),
        value=np.zeros(len(problem.value) + len(ends)),
        sigma=np.ones(len(problem.value) + len(ends)),
        censored=np.concatenate([problem.censored, np.zeros(len(ends), dtype=bool)]),
        correlation=None,
    )
    value = np.concatenate([np.where(data.present, data.value, np.nan), levels], axis=1)
    return more, data_of(more, value, np.concatenate([data.sigma, _VAGUE * np.abs(levels)], axis=1))


def _path(problem: Problem, data: Data, ends: tuple[Ints, Ints], carried: Carried | None) -> Floats:
    """Masses and assays of stocks before, between and after the periods, between what readings show, (T + 1, q)."""
    total = np.where(data.used, data.value, 0.0) @ problem.select
    count = data.used @ problem.select
    read = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    columns = np.concatenate([problem.mass_column, problem.flow_column])
    path = np.full((len(read) + 1, len(ends[0])), np.nan)
    for k, (opening, closing) in enumerate(zip(*ends, strict=True)):
        for column, rows in ((opening, slice(None, -1)), (closing, slice(1, None))):
            shown = read[:, int(np.flatnonzero(columns == column)[0])]
            path[rows, k] = np.where(np.isfinite(shown), shown, path[rows, k])
    if carried is not None:
        path[0] = np.where(np.isnan(path[0]), _carried_levels(carried), path[0])
    time = np.arange(len(path))
    for k in range(path.shape[1]):
        at = np.flatnonzero(path[:, k] > 0)
        path[:, k] = np.interp(time, at, path[at, k]) if len(at) else np.nan
    return path


def _carried_levels(carried: Carried) -> Floats:
    """Masses and assays of the stocks as they were left, (q,); NaN where unknown."""
    known = carried.mean[: len(carried.states)]
    mass = {stream: value for (stream, quantity), value in zip(carried.states, known, strict=True) if quantity == MASS}
    by = np.array([1.0 if quantity == MASS else mass.get(stream, np.nan) for stream, quantity in carried.states])
    return np.asarray(known / by)
