"""The verb: calibrate the simulator to a reconciled period, or to each of many."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np

from zveno.couple.backcast import backcast
from zveno.couple.build import Builder, Setup, at, together
from zveno.couple.choices import Choices
from zveno.couple.coordinates import Bools
from zveno.couple.doubts import doubts
from zveno.couple.identify import Identified, identify, separating, unidentified
from zveno.couple.result import (
    WIDE,
    Calibration,
    Row,
    backcast_rows,
    check_rows,
    degrees_of_freedom,
)
from zveno.couple.solve import STEP, Ask, Found, Problem, around, derivatives, run, search
from zveno.errors import ModelError, SolveError, rounded
from zveno.model.chain import ChainModel
from zveno.reconcile import Balance
from zveno.tables import frame

_LINEAR = (2.4, 6.0)
"""Rise of the objective at the ends of a 95 % interval that still counts as that of a straight line, which is 3.84."""
_USUAL_SD = {"solids": 0.01, "grade": 0.02}
"""Relative standard deviation of a measurement that is only thought of."""


def calibrate(
    model: ChainModel,
    balance: Balance,
    choices: Choices,
    *,
    others: Sequence[Balance] = (),
    breached: Collection[str] = (),
) -> Calibration:
    """Parameters of the simulation that agree best with a reconciled period.

    Weighted least squares with the covariance of the reconciled values. Feeds and head grades of the period are fitted
    beside what is asked for, so that their errors, and how they hang together with those of the products, count.

    Parameters
    ----------
    balance
        The reconciled period.
    choices
        What is fitted, and how.
    others
        Balances of other periods, which are predicted with the parameters found.
    breached
        Names of periods in which rules were broken; they are predicted, but not counted as clean.

    Raises
    ------
    ModelError
        If a key cannot be fitted, or the description cannot be simulated.
    DataError
        If the balance knows nothing that the simulation does.
    SolveError
        If the search does not settle; an unsettled answer is never returned.

    References
    ----------
    Fuller (1987), Measurement Error Models, ch. 3 (errors in inputs); Seber & Wild (2003), Nonlinear Regression.
    """
    return calibrate_each(model, [balance], choices, others=others, breached=breached)[0]


def calibrate_each(
    model: ChainModel,
    balances: Sequence[Balance],
    choices: Choices,
    *,
    others: Sequence[Balance] = (),
    breached: Collection[str] = (),
) -> tuple[Calibration, ...]:
    """The same for each of many balances on its own; what they simulate goes through common batches.

    Raises
    ------
    ModelError, DataError, SolveError
        As ``calibrate`` does, for the first that fails.
    """
    builder = Builder(model, choices)
    made = [builder.setup(one) for one in balances]
    ended = run(
        {n: _examined(one.problem, one.asked) for n, one in enumerate(made)}, lambda asked: together(made, asked)
    )
    return tuple(
        _calibration(builder, balance, made[n], ended[n], others=others, breached=breached)
        for n, balance in enumerate(balances)
    )


Ended = tuple[Found, Identified, Bools]


def _examined(problem: Problem, asked: int) -> Ask[Ended]:
    """A search; then what its end determines, and how far from a straight line the ends of the intervals lie."""
    found = yield from search(problem)
    rough = np.zeros(len(found.point), dtype=bool)
    if not found.converged:
        return found, unidentified(len(found.point)), rough
    identified = identify(found.jacobian, found.at_bound, found.limit, range(asked))
    tested = [n for n in range(asked) if identified.determined[n]]
    if tested:
        ends = np.concatenate([
            found.point + sign * WIDE * identified.covariance[tested] / identified.sds[tested, None]
            for sign in (1, -1)
        ])  # fmt: skip
        told = yield ends
        rise = np.sum(problem.residual(ends, told) ** 2, axis=1) - found.objective
        off = ~((rise >= _LINEAR[0]) & (rise <= _LINEAR[1])).reshape(2, len(tested))
        rough[tested] = off.any(axis=0)
    return found, identified, rough


def _calibration(
    builder: Builder,
    balance: Balance,
    setup: Setup,
    ended: Ended,
    *,
    others: Sequence[Balance],
    breached: Collection[str],
) -> Calibration:
    """All that is told of one period."""
    found, identified, rough = ended
    if not found.converged:
        raise _unsettled(setup, found)
    calibration = Calibration(
        period=setup.period.name,
        model_hash=builder.model.hash,
        objective=found.objective,
        dof=degrees_of_freedom(found),
        iterations=found.iterations,
        set_aside=setup.set_aside,
        doubts=(),
        checks=frame("calibration_checks", list(_checks(setup, found, identified))),
        backcast=frame("calibration_backcast"),
        _setup=setup,
        _found=found,
        _identified=identified,
        _rough=rough,
    )
    told = doubts(builder, balance, setup, calibration, breached)
    rows = list(_backcast(builder, setup, calibration, others, breached))
    return replace(calibration, doubts=tuple(told), backcast=frame("calibration_backcast", rows))


def _unsettled(setup: Setup, found: Found) -> ModelError | SolveError:
    """A search that did not end: parameters that cannot be moved by themselves, or one that went far."""
    stuck = np.flatnonzero(np.isnan(found.slopes).any(axis=0))
    faults = [one for n in stuck for one in setup.forward.refused(found.point + STEP, int(n))]
    if faults:
        return ModelError(faults)
    if not np.isfinite(found.residual).all():
        return SolveError(
            "the simulation has no answer at the values with which the search for {period} begins: try it with "
            "'zveno simulate' and the feeds of that period",
            period=setup.period.name,
        )
    far = int(np.argmax(np.abs(found.point - setup.problem.start)))
    return SolveError(
        "the parameters of {period} were not found in {n} steps; '{key}' moved most, to {value}: fit fewer at a time, "
        "or give it bounds",
        period=setup.period.name, n=found.iterations, key=setup.parameters[far].key,
        value=rounded(float(setup.forward.values(found.point[None])[0, far]), 4),
    )  # fmt: skip


def _checks(setup: Setup, found: Found, identified: Identified) -> Iterator[Row]:
    """For each group the measurements that would part it best: contents to 2 %, masses of balanced streams to 1 %."""
    if not identified.groups:
        return
    forward = replace(setup.forward, places={one: (one,) for one in setup.forward.base().streams})
    masses = forward.masses(around(found.point))
    solids, rest = masses[:, :, :1], masses[:, :, 2:]
    with np.errstate(divide="ignore", invalid="ignore"):
        told = np.log(np.concatenate([solids, rest / solids], axis=2)).reshape(len(masses), -1)
    labels = ("solids", *(f"grade.{one}" for one in forward.quantities[2:]))
    names = [f"{stream}:{label}" for stream in forward.places for label in labels]
    sds = np.array([_USUAL_SD[label.partition(".")[0]] for _ in forward.places for label in labels])
    known = {one.name for one in setup.observations.observed}
    weighed = {f"{one}:solids" for of in setup.forward.places.values() for one in of}
    new = [one not in known and (one in weighed or not one.endswith(":solids")) for one in names]
    usable = np.isfinite(told).all(axis=0) & np.array(new)
    slopes = derivatives(told[:, usable])
    names = [one for one, good in zip(names, usable, strict=True) if good]
    for number, group in enumerate(identified.groups, start=1):
        best = separating(found.jacobian, group, slopes, sds[usable], at_bound=found.at_bound)
        yield from check_rows(setup.period.name, number, names, best)


def _backcast(
    builder: Builder,
    setup: Setup,
    calibration: Calibration,
    others: Sequence[Balance],
    breached: Collection[str],
) -> Iterator[Row]:
    """Other periods, predicted."""
    lasting = setup.lasting
    fitted = tuple(at(setup.parameters[:lasting], calibration.point[:lasting]))
    covariance = calibration.covariance[:lasting, :lasting]
    for balance in others:
        predicted = backcast(builder, balance, fitted, covariance)
        clean = balance.status != "suspect" and balance.period.name not in breached
        yield from backcast_rows(balance.period.name, predicted, clean=clean)
