"""Whether there is a better solution somewhere else: the same network from many starts at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zveno.model.network import Network
from zveno.reconcile.arrays import Problem
from zveno.reconcile.curved import curved
from zveno.reconcile.fit import SIGNIFICANCE, Fit, fit_period
from zveno.reconcile.kernel import interior_point
from zveno.reconcile.moisture import has_water
from zveno.reconcile.names import Floats
from zveno.reconcile.newton import bounds
from zveno.reconcile.objective import data_of
from zveno.reconcile.start import start

_STARTS, _WIDE, _MOST = 12, 1.0, 300
_SAME = 1e-6


@dataclass(frozen=True)
class Optima:
    """The best solution found, and the others: each a fit with a larger objective, best first."""

    best: Fit
    others: tuple[Fit, ...] = ()


def optima(network: Network, fit: Fit) -> Optima:
    """Look for other local optima where the readings contradict each other.

    Where the global test passes, the solution is as near to the readings as the truth would be; flows alone have one
    optimum only. Else a network of up to 300 unknowns is solved from a dozen more starts, in which every mass and flow
    is off by a factor exp(N(0, 1)). It is a check, not a proof: an optimum that none of them reaches stays unknown.
    """
    problem = fit.problem
    size = len(problem.mass_free) + len(problem.flow_free)
    agree = fit.p_value is None or fit.p_value >= SIGNIFICANCE
    plain = not has_water(network) and not any(curved(one) for one in network.constraints)
    if agree or not plain or not network.components or size > _MOST:
        return Optima(fit)
    # all readings: those of streams that are empty at this solution, which it leaves out, may count at another
    data = data_of(problem, problem.value[None], problem.sigma[None])
    solved = interior_point(problem, data.take(np.zeros(_STARTS, dtype=np.int64)), _starts(problem, fit))
    found = [fit_period(problem, data, solved.some(np.array([k]))) for k in np.flatnonzero(solved.converged)]
    distinct: list[Fit] = []
    for one in sorted([fit, *found], key=lambda each: each.objective):
        if not distinct or one.objective > distinct[-1].objective * (1 + _SAME):
            distinct.append(one)
    best = fit if distinct[0].objective >= fit.objective * (1 - _SAME) else distinct[0]
    return Optima(best, tuple(one for one in distinct[1:] if one is not best))


def _starts(problem: Problem, fit: Fit) -> Floats:
    """Starts around the usual one, inside the bounds, (starts, variables)."""
    rng = np.random.default_rng(0)
    usual = start(problem, fit.data)
    away = usual * np.exp(_WIDE * rng.standard_normal((_STARTS, usual.shape[1])))
    limits = bounds(problem)
    n_m = len(problem.mass_free)
    carrier = problem.expand(away)[0][:, problem.pair_stream[problem.flow_free]]
    away[:, n_m:] = np.minimum(away[:, n_m:], 0.9 * problem.assay_total * carrier)
    return np.where(np.all(limits.slack(away) > 0, axis=1)[:, None], away, usual)
