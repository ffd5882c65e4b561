"""The next measurement that would part suspects which these data cannot tell apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from zveno.model.network import MASS, Network
from zveno.reconcile.arrays import Floats, Ints, Names
from zveno.reconcile.fit import Fit
from zveno.reconcile.gross_errors.adjusted import Adjusted
from zveno.reconcile.gross_errors.classes import TIED
from zveno.reconcile.gross_errors.hypotheses import Family

_CHECKS = 3
_USUAL_SD = {"mass": 0.01, "assay": 0.02}


@dataclass(frozen=True)
class Check:
    """A quantity that may be measured once more: slopes by the variables, usual standard deviation."""

    stream: str
    quantity: str
    slopes: Floats
    sd: float
    read: bool


def separating(
    network: Network, fit: Fit, adjusted: Adjusted, family: Family, members: Ints
) -> tuple[tuple[tuple[str, str], ...], bool]:
    """Up to three quantities whose reading would best part a class, and whether they are read already.

    Each candidate is tried as one more reading with the usual relative error of its kind in this network; the
    correlations within the class follow anew. The best one leaves the fewest pairs tied, then the lowest
    correlations. A reading of an unobservable quantity only determines that quantity, so it never helps here. Where
    no quantity that is not read parts the class, a second, independent reading of what is read is tried.
    """
    if len(members) < 2:
        return (), False
    part = family.columns.take(members)
    now = adjusted.products(part, part)
    tied = _ties(now)
    found: dict[bool, list[tuple[tuple[int, float], tuple[str, str]]]] = {False: [], True: []}
    for one in _candidates(network, fit):
        shift = adjusted.surprise(one.slopes, one.sd, part)
        found[one.read].append((_ties(now + np.outer(shift, shift)), (one.stream, one.quantity)))
    for read in (False, True):
        best = sorted(one for one in found[read] if one[0][0] < tied[0])
        if best:
            return tuple(name for _, name in best[:_CHECKS]), read
    return (), False


def _ties(products: Floats) -> tuple[int, float]:
    """How many pairs are tied, and the sum of their absolute correlations."""
    root = np.sqrt(np.maximum(np.diag(products), 1e-300))
    pairs = np.abs(products / np.outer(root, root))[np.triu_indices(len(root), 1)]
    return int(np.sum(pairs > TIED)), round(float(pairs.sum()), 9)


def _candidates(network: Network, fit: Fit) -> Iterator[Check]:
    """Observable quantities that could be measured once more."""
    names = Names(network)
    read = set(map(int, fit.linear.of))
    values = np.concatenate([fit.mass, fit.assay])
    usual = usual_sd(fit, values)
    for stream in network.streams:
        for quantity in (MASS, *network.carries(stream)):
            at = names.quantity(stream.id, quantity)
            if at is None or (stream.id, quantity) in network.fixed:
                continue
            slopes = fit.linear.slopes[at]
            sd = usual["mass" if quantity == MASS else "assay"] * abs(values[at])
            if np.any(slopes) and fit.linear.observable(slopes) and sd > 0:
                yield Check(stream.id, quantity, slopes, float(sd), at in read)


def usual_sd(fit: Fit, values: Floats) -> dict[str, float]:
    """Middle relative standard deviation of the readings of masses and of assays."""
    at = fit.linear.of
    relative = fit.problem.sigma[fit.linear.used] / np.maximum(np.abs(values[at]), 1e-300)
    masses = at < fit.problem.n_streams
    usual = dict(_USUAL_SD)
    for kind, which in (("mass", masses), ("assay", ~masses)):
        if which.any():
            usual[kind] = float(np.median(relative[which]))
    return usual
