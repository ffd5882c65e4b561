"""Extra equations in assays of several streams of a large network: the tangents of :mod:`zveno.reconcile.curved`."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from zveno.errors import SolveError
from zveno.model.network import Network
from zveno.reconcile.curved import curved, lacking, not_met, tangent
from zveno.reconcile.names import Floats, Names
from zveno.reconcile.sparse.condensed import Condensation
from zveno.reconcile.sparse.fit import prepared, solved_point
from zveno.reconcile.sparse.interior import Solved

_ROUNDS = 60
_MET, _STANDING = 1e-9, 1e-6


@dataclass(frozen=True)
class _At:
    """Masses and assays of a solution."""

    mass: Floats
    assay: Floats


def solved_curved(network: Network) -> tuple[Condensation, Solved]:
    """A converged point of a network whose extra equations may be curved, with the tangents there as equations.

    Raises
    ------
    DataError, SolveError
        If the network is not usable, or no balanced point was found that meets all equations.
    """
    bent = [one for one in network.constraints if curved(one)]
    straight = tuple(one for one in network.constraints if not curved(one))
    analysed = prepared(replace(network, constraints=straight))
    solved = solved_point(analysed)
    if not bent:
        return analysed, solved
    names = Names(network)
    at = _At(*analysed.layout.expand(solved.u))
    off = np.array([lacking(one, names, at) for one in bent])
    for _ in range(_ROUNDS):
        tangents = tuple(tangent(one, names, at) for one in bent)
        try:
            analysed = prepared(replace(network, constraints=(*straight, *tangents)))
            solved = solved_point(analysed)
        except SolveError as error:  # all else was solved without these equations
            raise not_met(bent, off) from error
        before, at = at, _At(*analysed.layout.expand(solved.u))
        off = np.array([lacking(one, names, at) for one in bent])
        if off.max() <= _MET and _moved(before, at, analysed) <= _STANDING:
            return analysed, solved
    raise not_met(bent, off)


def _moved(before: _At, at: _At, analysed: Condensation) -> float:
    """How far the point moved, relative to its masses."""
    stream = analysed.layout.pair_stream
    mass = np.maximum(at.mass, 1e-12 * at.mass.max(initial=1e-300))
    flow = np.abs(at.mass[stream] * at.assay - before.mass[stream] * before.assay) / mass[stream]
    moved = np.abs(at.mass - before.mass) / mass
    return float(max(moved.max(initial=0.0), flow.max(initial=0.0)))
