"""Extra equations in assays of several streams, or in assays and masses: curved in masses and component flows.

Such an equation is replaced by its tangent at the present point, the network is solved, and so on until the point
stands. There the tangent touches the equation, so that the point is the minimum under the equation itself, and ranks
and covariances are those of its slopes.

References
----------
Robinson (1972), Math. Program. 3, 145-156 (sequence of linearly constrained problems).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from zveno.errors import SolveError, rounded
from zveno.model.network import MASS, NetConstraint, NetTerm, Network
from zveno.reconcile.arrays import Floats, Names
from zveno.reconcile.fit import Fit, fit_network

_ROUNDS = 60
_MET, _STANDING = 1e-11, 1e-9


def curved(one: NetConstraint) -> bool:
    """Whether an extra equation is not linear in masses and component flows, not even times one mass.

    Examples
    --------
    >>> curved(NetConstraint((NetTerm("a", "Cu", 1.0), NetTerm("a", "Fe", -2.0))))
    False
    >>> curved(NetConstraint((NetTerm("a", "Cu", 1.0), NetTerm("b", "Cu", -1.0))))
    True
    """
    assayed = {term.stream for term in one.terms if term.quantity != MASS}
    joined = len(assayed) > 1 or any(term.quantity == MASS for term in one.terms)
    return bool(assayed) and joined and not one.of_flows


def fit_dry(network: Network) -> Fit:
    """Solve a network whose extra equations may be curved.

    Raises
    ------
    DataError, SolveError
        As ``fit_network`` does; also if a curved equation was not met: names the worst.
    """
    bent = [one for one in network.constraints if curved(one)]
    if not bent:
        return fit_network(network)
    names = Names(network)
    straight = tuple(one for one in network.constraints if not curved(one))
    fit = fit_network(replace(network, constraints=straight))
    off = np.array([lacking(one, names, fit) for one in bent])
    for _ in range(_ROUNDS):
        before = fit
        tangents = tuple(tangent(one, names, before) for one in bent)
        try:
            fit = fit_network(replace(network, constraints=(*straight, *tangents)))
        except SolveError as error:  # all else was solved without these equations
            raise not_met(bent, off) from error
        off = np.array([lacking(one, names, fit) for one in bent])
        if off.max() <= _MET and _stands(before, fit):
            return fit
    raise not_met(bent, off)


def not_met(bent: Sequence[NetConstraint], off: Floats) -> SolveError:
    """What to say where curved equations cannot be met: the one that lacks most."""
    worst = int(np.argmax(np.nan_to_num(off, nan=np.inf)))
    return SolveError(
        "no balanced point was found that meets the constraint on {terms}, off by {residual} of its terms: check it "
        "against the balances",
        terms=" + ".join(f"{term.stream}.{term.quantity}" for term in bent[worst].terms),
        residual=rounded(off[worst], 3),
    )  # fmt: skip


class Point(Protocol):
    """Masses (streams,) and assays (pairs,) of a solution."""

    @property
    def mass(self) -> Floats:
        """Masses."""
        ...

    @property
    def assay(self) -> Floats:
        """Assays."""
        ...


def _terms(one: NetConstraint, names: Names, fit: Point) -> tuple[Floats, list[tuple[int, int | None]]]:
    """Value of each term, with the numbers of its stream and pair (None for a mass, or what is not carried)."""
    values, places = [], []
    for term in one.terms:
        stream = names.streams[term.stream]
        pair = names.pairs.get((term.stream, term.quantity))
        if term.quantity == MASS:
            values.append(term.coef * fit.mass[stream])
        else:
            values.append(term.coef * (0.0 if pair is None else fit.assay[pair]))
        places.append((stream, pair))
    return np.array(values), places


def tangent(one: NetConstraint, names: Names, fit: Point) -> NetConstraint:
    """The equation in masses and component flows that touches it at a point: ``x = x0 + (F - x0 m) / m0``."""
    values, places = _terms(one, names, fit)
    terms: list[NetTerm] = []
    rhs = one.rhs
    for term, value, (stream, pair) in zip(one.terms, values, places, strict=True):
        if term.quantity == MASS:
            terms.append(term)
        elif pair is not None:
            by = term.coef / fit.mass[stream]
            terms += [replace(term, coef=by), NetTerm(term.stream, MASS, -by * fit.assay[pair])]
            rhs -= value
    return NetConstraint(tuple(terms), float(rhs), of_flows=True)


def lacking(one: NetConstraint, names: Names, fit: Point) -> float:
    """What an equation lacks over the sizes of its terms."""
    values, _ = _terms(one, names, fit)
    return float(abs(values.sum() - one.rhs) / max(np.abs(values).sum() + abs(one.rhs), 1e-300))


def _stands(before: Fit, fit: Fit) -> bool:
    """Whether nothing that the readings determine moved, relative to its size; what they leave open may wander."""
    mass = np.abs(fit.mass - before.mass) / np.maximum(fit.mass, 1e-12 * fit.mass.max(initial=1e-300))
    flow = np.abs(fit.flow - before.flow) / np.maximum(fit.mass, 1e-300)[fit.problem.pair_stream]
    moved = np.flatnonzero(np.concatenate([mass, flow]) > _STANDING)
    return not len(moved) or not fit.linear.observables(fit.flow_slopes[moved]).any()
