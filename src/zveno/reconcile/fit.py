"""From a network to its solution as arrays: build, solve, linearise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from scipy.special import chdtrc

from zveno.model.network import Network
from zveno.reconcile.arrays import Bools, Floats, Problem, arrays
from zveno.reconcile.kernel import Solved, interior_point
from zveno.reconcile.nearby import Kept
from zveno.reconcile.newton import bounds, flow_slopes
from zveno.reconcile.objective import Data, Misfit, data_of, misfit
from zveno.reconcile.observability import Adjustments, Linear, adjustments, linearise
from zveno.reconcile.polish import Polished, polish, sharpened, without_closed
from zveno.reconcile.unmet import endless, not_converged

SIGNIFICANCE = 0.05
_AS_GOOD = 1e-8
BOUND_CONFLICT = 3.84  # one reading two standard deviations off


@dataclass(frozen=True)
class Fit:
    """The reconciled point of one period with its linearisation and tests.

    ``mass`` (streams,), ``flow`` and ``assay`` (pairs,); ``active`` the bounds that hold; ``closed`` streams
    whose mass is zero; ``held`` the quantities that stand at a bound; ``objective`` the sum of squared standardised
    adjustments.
    """

    problem: Problem
    mass: Floats
    flow: Floats
    assay: Floats
    active: Bools
    closed: Bools
    linear: Linear
    miss: Misfit
    held: Bools
    data: Data
    objective: float
    iterations: int

    @cached_property
    def tests(self) -> Adjustments:
        """Adjustments of the readings in use with their tests."""
        return adjustments(self.linear, self.miss, self.held)

    @cached_property
    def kept(self) -> Kept:
        """What is kept of this point to solve others near by."""
        u = np.concatenate([self.mass[self.problem.mass_free], self.flow[self.problem.flow_free]])[None]
        return Kept(self.problem, self.data, u, self.active, self.linear)

    def like(self, problem: Problem) -> bool:
        """Whether another problem has the same variables."""
        mine = (self.problem.mass_fixed, self.problem.assay_fixed)
        return all(
            np.array_equal(np.isnan(a), np.isnan(b))
            for a, b in zip(mine, (problem.mass_fixed, problem.assay_fixed), strict=True)
        )

    @cached_property
    def flow_slopes(self) -> Floats:
        """Slopes of every mass and component flow by the variables, (quantities, variables)."""
        return np.asarray(flow_slopes(self.problem, self.assay[None])[0])

    @property
    def dof(self) -> int:
        """Degrees of freedom of the global test."""
        return self.linear.dof

    @property
    def p_value(self) -> float | None:
        """Chance of a larger objective if all errors are as stated; None without degrees of freedom."""
        return float(chdtrc(self.dof, self.objective)) if self.dof > 0 else None


def fit_network(network: Network) -> Fit:
    """Solve one network.

    Raises
    ------
    DataError
        If the network is not usable.
    SolveError
        If no point within the bounds balances, or none was found: names the worst balance.
    """
    problem = arrays(network)
    data = data_of(problem, problem.value[None], problem.sigma[None])
    solved = interior_point(problem, data)
    if not solved.converged[0]:
        raise endless(network, problem, solved) or not_converged(problem, solved)
    return fit_period(problem, data, solved)


def fit_period(problem: Problem, data: Data, solved: Solved) -> Fit:
    """Sharpen, linearise and test one converged period (arrays with one period first)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        best = polish(problem, data, solved)
        if best.closed.any():
            data = without_closed(problem, data, best.closed)
        size = problem.expand(solved.origin)[0]
        return fit_at(problem, data, best, size, int(solved.iterations[0]))


def fit_at(problem: Problem, data: Data, best: Polished, size: Floats, iterations: int) -> Fit:
    """Linearise and test a point; ``size`` (1, streams) is a usual mass of streams that vanished."""
    mass, flow, assay = problem.expand(best.u)
    miss = misfit(problem, data, mass, assay)
    linear = linearise(problem, data, mass, assay, np.where(best.closed, size, mass))
    return Fit(
        problem=problem, mass=mass[0], flow=flow[0], assay=assay[0], active=best.active,
        closed=best.closed, linear=linear, miss=miss, held=held_quantities(problem, best.active[None])[0], data=data,
        objective=2 * float(miss.half[0]), iterations=iterations,
    )  # fmt: skip


def held_quantities(problem: Problem, active: Bools) -> Bools:
    """Quantities (P, quantities) that stand at a bound: nothing, or a stream of that component alone."""
    free_m, free_f = problem.mass_free, problem.flow_free
    n_m, n_f = len(free_m), len(free_f)
    held = np.zeros((len(active), problem.n_quantities), dtype=bool)
    held[:, free_m] = active[:, :n_m]
    pairs = active[:, n_m : n_m + n_f].copy()
    pairs[:, problem.capped[free_f]] |= active[:, n_m + n_f :]
    held[:, problem.n_streams + free_f] = pairs
    return held


def refit(network: Network, near: Fit) -> Fit:
    """Solve a network whose balances differ a little from those of one solved: Newton steps from there, else anew.

    Streams and readings are the same.

    Raises
    ------
    DataError, SolveError
        As ``fit_network`` does.
    """
    problem = arrays(network, like=near.problem)
    if not near.like(problem) or near.closed.any() or len(near.active) != len(bounds(problem)):
        return fit_network(network)
    with np.errstate(divide="ignore", invalid="ignore"):
        known = _solved_near(problem, near)
        if known is not None and np.array_equal(known.active, near.active):
            return known
        if known is None:
            known = _sharpened_near(problem, near)
        elif not _no_better_anew(problem, known):  # other bounds hold: there may be a better solution elsewhere
            known = None
        return fit_network(network) if known is None else known


def _sharpened_near(problem: Problem, near: Fit) -> Fit | None:
    """A point near a solved one by Newton steps with the same bounds; None where they do not lead to it."""
    found = sharpened(problem, near.data, near.kept.u, near.active)
    if found is None:
        return None
    return fit_at(problem, near.data, Polished(found, near.active, near.closed), near.mass[None], near.iterations)


def _no_better_anew(problem: Problem, known: Fit) -> bool:
    """Whether a network solved anew meets the readings no better."""
    solved = interior_point(problem, known.data)
    if not solved.converged[0]:
        return False
    mass, _, assay = problem.expand(solved.u)
    return known.objective <= 2 * float(misfit(problem, known.data, mass, assay).half[0]) * (1 + _AS_GOOD)


def _solved_near(problem: Problem, near: Fit) -> Fit | None:
    """A point near a solved one, solved and linearised from what was factored there; None where that is not enough."""
    found = near.kept.solved(problem)
    linear = None if found is None else near.kept.linearised(problem, found[0])
    if found is None or linear is None:
        return None
    u, active = found
    mass, flow, assay = problem.expand(u)
    miss = misfit(problem, near.data, mass, assay)
    return replace(
        near, problem=problem, mass=mass[0], flow=flow[0], assay=assay[0], active=active, linear=linear, miss=miss,
        held=held_quantities(problem, active[None])[0], objective=2 * float(miss.half[0]),
    )  # fmt: skip


Verdict = Literal["consistent", "suspect", "not testable"]


def verdict(fit: Fit) -> Verdict:
    """What the global test says at 5 %.

    Without surplus readings only a bound can contradict them: they would need a negative flow or stock.
    """
    return verdict_of(fit.objective, np.nan if fit.p_value is None else fit.p_value)


def verdict_of(objective: float, p_value: float) -> Verdict:
    """The same by the test's numbers; the chance is NaN without degrees of freedom."""
    if np.isnan(p_value):
        return "suspect" if objective > BOUND_CONFLICT else "not testable"
    return "suspect" if p_value < SIGNIFICANCE else "consistent"


def quantities(fit: Fit) -> Floats:
    """Flows, their standard deviations, and the same for what meters show: (4, quantities), NaN = unobservable."""
    linear, problem = fit.linear, fit.problem
    first = problem.n_streams
    read = np.concatenate([fit.mass, fit.assay])
    by_flow = fit.flow_slopes
    idle = fit.closed[problem.pair_stream]
    flow = np.concatenate([np.where(fit.closed, 0.0, fit.mass), np.where(idle, 0.0, fit.flow)])
    read[:first] = flow[:first]
    out = np.array([flow, linear.sds(by_flow), read, linear.sds(linear.slopes)])
    out[:2, ~linear.observables(by_flow)] = np.nan
    out[2:, ~linear.observables(linear.slopes)] = np.nan
    out[2:, first:][:, idle] = np.nan
    return out
