"""Errors of readings over many periods: what averages out and what does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zveno.model.network import NetReading, Network
from zveno.reconcile.arrays import Floats, arrays
from zveno.reconcile.measured import Measured
from zveno.reconcile.topology import CLOSING, OPENING

_FRESH = ("own:", "moisture:")
"""Shared errors that are drawn anew in every period: assays that a stock shares, moistures as measured."""


@dataclass(frozen=True)
class ErrorParts:
    """Covariance of the readings of a network, in parts, (readings, readings).

    Parameters
    ----------
    fresh
        What is drawn anew in every period, and averages out.
    lasting
        What stays: half the bias limit of a meter, errors shared by name, levels that nobody surveyed.
    handed_on
        Products of the own standard deviations of the closing and the opening of one stock: the survey that closes a
        period opens the next one.
    """

    fresh: Floats
    lasting: Floats
    handed_on: Floats

    def over(self, periods: float) -> Floats:
        """Covariance of the mean readings of so many periods alike.

        In the mean of ``n`` periods all but one of the surveys of a stock's end are those of its other end.

        Examples
        --------
        >>> parts = ErrorParts(np.eye(1), np.eye(1), np.zeros((1, 1)))
        >>> float(parts.over(1)[0, 0]), float(parts.over(4)[0, 0])
        (2.0, 1.25)
        """
        handed = max(periods - 1.0, 0.0) / periods**2
        return np.asarray(self.fresh / periods + self.lasting + handed * self.handed_on)


def error_parts(network: Network, measured: Sequence[Measured]) -> ErrorParts:
    """Parts of the errors of the readings of a network, whose values are given in their order."""
    names = list(dict.fromkeys(name for one in measured if not one.below for name in one.shared))
    at = {name: k for k, name in enumerate(names)}
    loads = np.zeros((len(measured), len(names)))
    own = np.array([one.sd if one.below else one.own for one in measured])
    for n, one in enumerate(measured):
        for name, size in () if one.below else one.shared.items():
            loads[n, at[name]] = size
    fresh = np.array([name.startswith(_FRESH) for name in names], dtype=bool)
    anew, stays = loads[:, fresh], loads[:, ~fresh]
    return ErrorParts(np.diag(own**2) + anew @ anew.T, stays @ stays.T, _handed_on(network.readings, own))


def all_fresh(network: Network) -> ErrorParts:
    """Parts of a network that does not say what lasts: everything averages out."""
    problem = arrays(network)
    sigma = problem.sigma
    correlation = np.eye(len(sigma)) if problem.correlation is None else problem.correlation
    nothing = np.zeros((len(sigma), len(sigma)))
    return ErrorParts(correlation * np.outer(sigma, sigma), nothing, nothing)


def _handed_on(readings: Sequence[NetReading], own: Floats) -> Floats:
    """Closing and opening readings of the same stock and quantity by the same meter."""
    shared = np.zeros((len(own), len(own)))
    ends = {(one.stream, one.quantity, one.meter): n for n, one in enumerate(readings)}
    for (stream, quantity, meter), n in ends.items():
        other = ends.get((stream.removesuffix(OPENING) + CLOSING, quantity, meter))
        if stream.endswith(OPENING) and other is not None:
            shared[n, other] = shared[other, n] = own[n] * own[other]
    return shared
