"""Back-cast: other periods predicted with the parameters found, and how far the prediction was off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zveno.couple.build import Builder, problem_of
from zveno.couple.choices import Parameter
from zveno.couple.comparable import comparable, recoveries
from zveno.couple.coordinates import Bools, Floats
from zveno.couple.forward import Forward
from zveno.couple.observations import VAGUE, Observations
from zveno.couple.solve import UNSEEN, Found, Whitener, around, derivatives, run, search, seen
from zveno.errors import SolveError
from zveno.reconcile import Balance

_UNMOVED = 1e-3
"""Change of a value, in its standard deviations, for a whole coordinate of a parameter, below which it stays."""


@dataclass(frozen=True)
class Predicted:
    """Results of another period (M): as its balance has them, as predicted, and the standard deviation of the error.

    ``known`` tells where the feeds of the period, and the parameters, determine the prediction.
    """

    names: tuple[str, ...]
    uoms: tuple[str, ...]
    balance: Floats
    predicted: Floats
    error_sd: Floats
    known: Bools


def backcast(builder: Builder, balance: Balance, fitted: Sequence[Parameter], covariance: Floats) -> Predicted:
    """Predict a period from its feeds.

    What the fitted parameters do not move tells the feeds, and so do components that are known of the products alone;
    the rest is predicted. The error's standard deviation counts the errors of what is predicted and of the feeds, how
    they hang together, and those of the parameters.

    Parameters
    ----------
    fitted
        Parameters, begun where the calibration left them.
    covariance
        Of their coordinates.

    Raises
    ------
    SolveError
        If the feeds of the period are not found.
    """
    day, result = balance.period.start.date(), balance.result
    places = builder.places(day)
    compared = comparable(builder.model, result.network, places, builder.choices.use)
    tells = builder.observations(result, compared, balance.period)
    compared += tuple(recoveries(builder.model, result.network, places))
    found = tells.and_also(builder.observations(result, compared, balance.period, repeats=True))
    inputs = builder.inputs([one.name for one in tells.observed], fitted, day)
    forward = builder.forward((*fitted, *inputs), day)
    point = np.array([one.start for one in (*fitted, *inputs)])
    told = _told(forward, tells, point, len(fitted))
    settled = _feeds(forward, found.take(told), inputs, point) if told else None
    if settled is None or not settled.converged:
        raise SolveError(
            "the feeds of {period} were not found, so that it cannot be predicted: its balance must determine them",
            period=balance.period.name,
        )
    return _predicted(forward, found, told, settled, point[: len(fitted)], covariance)


def _told(forward: Forward, found: Observations, point: Floats, fitted: int) -> list[int]:
    """Values that tell the feeds: those that no fitted parameter moves, and components that none of these tells."""
    slopes = derivatives(found.predicted(forward.masses(around(point))))
    moved = np.abs(slopes[:, :fitted]).max(axis=1, initial=0.0) > _UNMOVED * found.sds
    still = {one.quantity for one, by in zip(found.observed, moved, strict=True) if not by} | {"solids"}
    return [n for n, one in enumerate(found.observed) if not moved[n] or one.quantity not in still]


def _feeds(forward: Forward, told: Observations, inputs: Sequence[Parameter], point: Floats) -> Found:
    """Feeds of the period that agree best with what tells them."""
    problem = problem_of(told, inputs)
    held = point[: len(point) - len(inputs)]

    def simulate(asked: Mapping[int, Floats]) -> dict[int, Floats]:
        whole = np.concatenate([np.broadcast_to(held, (len(asked[0]), len(held))), asked[0]], axis=1)
        return {0: told.predicted(forward.masses(whole))}

    return run({0: search(problem)}, simulate)[0]


def _order(found: Observations, n: int) -> tuple[bool, bool]:
    """Recoveries first, then flows, then contents."""
    one = found.observed[n]
    return not one.name.startswith("recovery."), bool(one.below)


def _predicted(
    forward: Forward, found: Observations, told: list[int], settled: Found, held: Floats, covariance: Floats
) -> Predicted:
    """What the fitted parameters move and is not told, at the feeds found."""
    point = np.concatenate([held, settled.point])
    rows = found.predicted(forward.masses(around(point)))
    slopes = derivatives(rows)
    moved = np.abs(slopes[:, : len(held)]).max(axis=1, initial=0.0) > _UNMOVED * found.sds
    rest = sorted((n for n in range(len(found)) if moved[n] and n not in set(told)), key=lambda n: _order(found, n))
    by_fitted, by_inputs = slopes[rest][:, : len(held)], slopes[rest][:, len(held) :]
    directions, sds = seen(settled.jacobian, settled.limit)
    feeds = (directions * sds**2) @ directions.T @ settled.jacobian.T @ Whitener.of(found.spread[told]).matrix
    errors = found.spread[rest] - by_inputs @ feeds @ found.spread[told]
    by_fitted = by_fitted - by_inputs @ feeds @ slopes[told][:, : len(held)]
    hidden = by_inputs - by_inputs @ directions @ directions.T
    variance = (
        np.sum(errors**2, axis=1)
        + UNSEEN**2 * np.sum(hidden**2, axis=1)
        + np.einsum("mi,ij,mj->m", by_fitted, covariance, by_fitted)
    )
    sd = np.sqrt(variance)
    return Predicted(
        names=tuple(found.observed[n].name for n in rest),
        uoms=tuple(found.observed[n].uom for n in rest),
        balance=found.values[rest],
        predicted=rows[0][rest],
        error_sd=sd,
        known=np.asarray(sd <= VAGUE * np.abs(found.values[rest])),
    )
