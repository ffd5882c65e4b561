"""A steady state that is one: reached from an empty plant, and to which the plant returns.

A mill that closes a circuit with cyclones can have several steady states: the more comes back, the coarser it grinds.
Of three the middle one is where a plant never stays, and the accelerators may find it. Where that happens, or where an
iteration strayed to shares that let nothing out, the loop is begun empty and swept as it would fill up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zveno.simulate.accelerate import Settled, fixed_point, slopes
from zveno.simulate.basis import Bools, Floats
from zveno.simulate.outer import OuterProblem

_FILLING_SWEEPS = 200
_GROWS = 1e-6  # a deviation whose share a step is larger than this does not die out


@dataclass(frozen=True)
class Steady:
    """How well scenarios settled, drivers by unit, feeds (units, S, C), and where nothing finds a way out (S,)."""

    settled: Settled
    drivers: list[Floats]
    feeds: Floats
    stuck: Bools

    @classmethod
    def of(cls, problem: OuterProblem, settled: Settled) -> Steady:
        """What follows from the unknowns that were found."""
        drivers = problem.scaling.decode(settled.unknowns)
        return cls(settled, drivers, *problem.feeds(drivers))


def steady_state(problem: OuterProblem, *, tolerance: float, iterations: int) -> Steady:
    """Close the loops of a part; scenarios whose steady state cannot last, or has no way out, have not converged."""
    found = Steady.of(problem, fixed_point(problem, problem.home, tolerance=tolerance, iterations=iterations))
    doubtful = np.flatnonzero(_fleeting(problem, found))
    if not len(doubtful) or not problem.scaling.drivers:
        return found
    again = problem.take(doubtful)
    again = again.at(again.start(_FILLING_SWEEPS))
    other = Steady.of(again, fixed_point(again, again.home, tolerance=tolerance, iterations=iterations))
    lost = _fleeting(again, other)
    other.settled.gap[lost] = np.inf
    other.settled.converged[lost] = False
    found.settled.put(doubtful, other.settled)
    return Steady.of(problem, found.settled)


def _fleeting(problem: OuterProblem, found: Steady) -> Bools:
    """Scenarios whose steady state lets nothing out, or which a small deviation would leave."""
    fleeting = found.stuck.copy()
    rows = np.flatnonzero(found.settled.converged & ~fleeting)
    if problem.by_size and len(rows):
        fleeting[rows] = _leaves(problem.take(rows), found.settled.unknowns[rows])
    return fleeting


def _leaves(problem: OuterProblem, unknowns: Floats) -> Bools:
    """A deviation grows from step to step: the map less the identity has an eigenvalue to the right of zero."""
    gap = problem.step(unknowns) - unknowns
    matrix = slopes(problem, unknowns, gap)
    known = np.asarray(np.isfinite(matrix).all(axis=(1, 2)))
    values = np.linalg.eigvals(np.where(known[:, None, None], matrix, 0.0))
    return np.asarray(known & (values.real > _GROWS).any(axis=1))
