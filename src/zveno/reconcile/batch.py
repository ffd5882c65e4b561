"""Many periods of one network at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from zveno.errors import DataError
from zveno.model.network import Network
from zveno.reconcile.arrays import Floats, Ints, Problem, arrays
from zveno.reconcile.fit import Fit, Verdict, verdict_of
from zveno.reconcile.fit_batch import Fitted, fit_batch, single
from zveno.reconcile.kernel import Solved, interior_point
from zveno.reconcile.objective import Data, data_of
from zveno.reconcile.pulls import leak_loadings, pulls
from zveno.reconcile.result import NetworkResult

BatchStatus = Verdict | Literal["no data", "not solved"]


@dataclass(frozen=True)
class _Answers:
    """What was solved, of the periods that were (``periods``, their numbers)."""

    problem: Problem
    data: Data
    solved: Solved
    fitted: Fitted
    periods: Ints


@dataclass(frozen=True)
class BatchResult:
    """One entry per period; a period without a solution has a status and no number.

    Parameters
    ----------
    status
        Consistent or suspect by the global test at 5 %; not testable without degrees of freedom; no data; not
        solved.
    objective, p_value
        Sum of squared standardised adjustments and the chance of a larger one, (P,); NaN where there is none.
    dof
        Degrees of freedom, (P,); -1 without a solution.
    """

    network: Network
    status: tuple[BatchStatus, ...]
    objective: Floats
    dof: Ints
    p_value: Floats
    _answers: _Answers = field(repr=False)
    _kept: dict[int, Fit] = field(default_factory=dict, repr=False)

    @property
    def solved(self) -> Ints:
        """Numbers of the periods with a solution."""
        return self._answers.periods

    @property
    def fits(self) -> tuple[Fit | None, ...]:
        """Each period with all that a single balance tells, or None; made when asked for."""
        return tuple(self._fit(k) for k in range(len(self.status)))

    def result(self, period: int) -> NetworkResult | None:
        """The solution of one period by names, without the search for suspects."""
        fit = self._fit(range(len(self.status))[period])
        return None if fit is None else NetworkResult(self.network, fit)

    def _fit(self, period: int) -> Fit | None:
        place = int(np.searchsorted(self.solved, period))
        if place == len(self.solved) or self.solved[place] != period:
            return None
        if period not in self._kept:
            of = self._answers
            self._kept[period] = single(of.problem, of.data, of.solved, of.fitted, place)
        return self._kept[period]

    def pulls(self) -> tuple[Floats, Floats]:
        """Slope of the fit by an error of each reading (P, readings), with covariances (P, readings, readings).

        Zero for what is not read, not checked or not solved. The slope over the root of its variance is the
        standardised adjustment, and over the variance the error that explains the period best.
        """
        of, shape = self._answers, (len(self.status), len(self.network.readings))
        slope, covariance = np.zeros(shape), np.zeros((*shape, shape[1]))
        slope[self.solved], covariance[self.solved] = pulls(of.problem, of.data, of.solved, of.fitted)
        return slope, covariance

    def leak_loadings(self) -> tuple[tuple[tuple[str, str], ...], Floats]:
        """Place and quantity of each equation, and what one unit lost there looks like in the readings, (P, readings,
        equations).
        """
        of = self._answers
        loadings = np.zeros((len(self.status), len(self.network.readings), len(of.problem.b)))
        loadings[self.solved] = leak_loadings(of.problem, of.data, of.solved, of.fitted)
        return of.problem.rows, loadings

    def table(self) -> BatchTable:
        """Values and standard deviations of all quantities of all periods, NaN where there is none."""
        fitted, count = self._answers.fitted, len(self.status)
        width = fitted.status.shape[1]
        numbers = np.full((4, count, width), np.nan)
        numbers[:, self.solved] = fitted.flow, fitted.flow_sd, fitted.read, fitted.read_sd
        status = np.zeros((count, width), dtype=np.int64)
        status[self.solved] = fitted.status
        return BatchTable(numbers[0], numbers[1], numbers[2], numbers[3], status)


@dataclass(frozen=True)
class BatchTable:
    """Arrays (P, quantities): masses of streams first, then pairs of stream and component.

    ``flow`` and ``flow_sd`` are masses (of the component for a pair); ``read`` and ``read_sd`` are what a meter
    would show (mass or assay). ``status``: 0 not read, 1 read, 2 read and checked by other readings.
    """

    flow: Floats
    flow_sd: Floats
    read: Floats
    read_sd: Floats
    status: Ints


def solve_batch(network: Network, values: Floats, sigmas: Floats, *, correlations: Floats | None = None) -> BatchResult:
    """Reconcile P periods of one network.

    Parameters
    ----------
    network
        Its readings say what the columns are; their own values are not used. Covariances count as correlations
        and follow the standard deviations of each period.
    values, sigmas
        Shape (P, readings): t or mass fraction; NaN = no reading in that period.
    correlations
        Shape (P, readings, readings), in place of the network's covariances.

    Raises
    ------
    DataError
        If the shapes do not fit, or a standard deviation is not above zero.
    """
    values, sigmas = np.asarray(values, dtype=float), np.asarray(sigmas, dtype=float)
    wanted = (len(values), len(network.readings))
    if values.shape != wanted or sigmas.shape != wanted:
        raise DataError(
            "values and sigmas need {readings} columns, one per reading, but have the shapes {values} and {sigmas}",
            readings=wanted[1], values=values.shape, sigmas=sigmas.shape,
        )  # fmt: skip
    if np.any(sigmas[np.isfinite(values)] <= 0) or np.any(np.isnan(sigmas[np.isfinite(values)])):
        raise DataError("every reading needs a standard deviation above zero")
    problem = arrays(network)
    data = data_of(problem, values, sigmas, correlations)
    status: list[BatchStatus] = ["no data"] * len(values)
    some = np.flatnonzero(data.present.any(axis=1))
    data = data.take(some)
    solved = interior_point(problem, data)
    for period in some:
        status[period] = "not solved"
    good = np.flatnonzero(solved.converged)
    data, solved, periods = data.take(good), solved.some(good), some[good]
    fitted = fit_batch(problem, data, solved)
    objective, p_value, dof = np.full(len(values), np.nan), np.full(len(values), np.nan), np.full(len(values), -1)
    objective[periods], p_value[periods], dof[periods] = fitted.objective, fitted.p_value, fitted.dof
    for period in periods:
        status[period] = verdict_of(objective[period], p_value[period])
    return BatchResult(
        network, tuple(status), objective, dof, p_value, _Answers(problem, data, solved, fitted, periods)
    )
