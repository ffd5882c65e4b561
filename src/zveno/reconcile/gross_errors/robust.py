"""Robust screen: a fit that odd readings pull little, what it leaves far off, and least squares without that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from zveno.errors import SolveError
from zveno.model.network import NetCovariance, Network
from zveno.reconcile.arrays import Floats
from zveno.reconcile.fit import Fit
from zveno.reconcile.fitting import fit_any
from zveno.reconcile.gross_errors.freed import without

Estimator = Literal["huber", "hampel"]
ESTIMATORS: tuple[Estimator, ...] = ("huber", "hampel")
_HUBER = 1.345
_HAMPEL = (1.7, 3.4, 8.5)
_FAR = 3.4
_LEAST = 1e-4
_STEPS = 30
_STANDS = 1e-3


@dataclass(frozen=True)
class SetAside:
    """A reading that the screen leaves out.

    ``fitted`` is what the robust fit makes of it, ``distance`` how far that is in standard deviations, ``weight`` how
    much the reading still counts there.
    """

    reading: int
    fitted: float
    distance: float
    weight: float


@dataclass(frozen=True)
class Screened:
    """What a robust screen accepts.

    Parameters
    ----------
    network
        The network without what was set aside.
    fit
        Its least squares solution: the final numbers.
    set_aside
        Readings left out, by their numbers in the network screened, the farthest first.
    steps
        How often all was solved until the weights stood.
    """

    network: Network
    fit: Fit
    set_aside: tuple[SetAside, ...]
    steps: int


def screen(network: Network, estimator: Estimator = "hampel") -> Screened:
    """Set readings aside that a robust fit leaves far off, and solve by least squares without them.

    Iteratively reweighted least squares: a reading that lies ``u`` of its standard deviations off counts with the
    weight of Huber (``1.345 / |u|``) or, from there on, of Hampel, which falls to nothing at 8.5. Set aside is what
    then lies more than 3.4 off; a reading that nothing checks lies on the fit and stays.

    Raises
    ------
    DataError, SolveError
        As ``fit_any`` does.

    References
    ----------
    Huber (1981), Robust Statistics, ch. 7; Hampel, Ronchetti, Rousseeuw & Stahel (1986), Robust Statistics, ch. 2.6;
    Tjoa & Biegler (1991), Comput. Chem. Eng. 15, 679-690, and Arora & Biegler (2001), Comput. Chem. Eng. 25,
    1585-1599 (data reconciliation with them).

    Examples
    --------
    >>> from zveno.model.network import NetNode, NetReading, NetStream
    >>> streams = (NetStream("feed", None, "mill"), NetStream("product", "mill", None))
    >>> readings = (*(NetReading("feed", "mass", value, 1.0) for value in (100.2, 99.7, 140.0)),
    ...             NetReading("product", "mass", 100.1, 1.0))
    >>> found = screen(Network((NetNode("mill"),), streams, readings))
    >>> [one.reading for one in found.set_aside], round(float(found.fit.mass[0]), 6)
    ([2], 100.0)
    """
    weight, steps = _settle(network, np.ones(len(network.readings)), _huber)
    if estimator == "hampel":
        weight, more = _settle(network, weight, _hampel)
        steps += more
    fit = fit_any(weighted(network, weight))
    distance = _distances(network, fit)
    fitted = np.concatenate([fit.mass, fit.assay])[fit.problem.reading_of]
    far = sorted(np.flatnonzero(distance > _FAR), key=lambda k: -distance[k])
    gone = [SetAside(int(k), float(fitted[k]), float(distance[k]), float(weight[k])) for k in far]
    kept = without(network, {one.reading for one in gone})
    return Screened(kept, fit_any(kept), tuple(gone), steps)


def weighted(network: Network, weight: Floats) -> Network:
    """The network with errors widened by ``1 / sqrt(weight)``; correlations stay as they are."""
    wider = 1 / np.sqrt(weight)
    at = {(one.stream, one.quantity, one.meter): k for k, one in enumerate(network.readings)}
    only = {(one.stream, one.quantity): k for k, one in enumerate(network.readings)}

    def scaled(one: NetCovariance) -> NetCovariance:
        first, second = (
            at.get((*end, meter), only[end])
            for end, meter in ((one.first, one.first_meter), (one.second, one.second_meter))
        )
        return replace(one, value=float(one.value * wider[first] * wider[second]))

    readings = (replace(one, sigma=float(one.sigma * wide)) for one, wide in zip(network.readings, wider, strict=True))
    return replace(network, readings=tuple(readings), covariances=tuple(map(scaled, network.covariances)))


def _settle(network: Network, weight: Floats, weigh: Callable[[Floats], Floats]) -> tuple[Floats, int]:
    """Solve and weigh anew until the weights stand; from the middle on they move half as far, so that none circle."""
    for step in range(1, _STEPS + 1):
        new = np.maximum(weigh(_distances(network, fit_any(weighted(network, weight)))), _LEAST)
        moved = float(np.abs(new - weight).max(initial=0.0))
        weight = new if step < _STEPS // 2 else np.sqrt(new * weight)
        if moved < _STANDS:
            return weight, step
    raise SolveError("the weights of the robust screen did not settle in {steps} steps", steps=_STEPS)


def _distances(network: Network, fit: Fit) -> Floats:
    """Distances from the fit in standard deviations as described; 0 for a limit."""
    at = np.concatenate([fit.mass, fit.assay])[fit.problem.reading_of]
    off = np.array([
        0.0 if one.value is None else (one.value - found) / one.sigma
        for one, found in zip(network.readings, at, strict=True)
    ])  # fmt: skip
    return np.asarray(np.abs(np.nan_to_num(off)))


def _huber(distance: Floats) -> Floats:
    """Weights that fall as one over the distance."""
    return np.asarray(np.minimum(1.0, _HUBER / np.maximum(distance, 1e-300)))


def _hampel(distance: Floats) -> Floats:
    """Weights in three parts, nothing beyond the last."""
    a, b, c = _HAMPEL
    far = np.maximum(distance, 1e-300)
    return np.asarray(
        np.select([far <= a, far <= b, far <= c], [np.ones_like(far), a / far, a * (c - far) / ((c - b) * far)], 0.0)
    )
