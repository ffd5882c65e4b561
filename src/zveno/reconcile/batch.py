"""Many periods of one network at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from zveno.errors import DataError
from zveno.model.network import Network
from zveno.reconcile.arrays import Floats, Ints, arrays
from zveno.reconcile.fit import Fit, Verdict, fit_period, quantities, verdict
from zveno.reconcile.kernel import interior_point
from zveno.reconcile.objective import data_of
from zveno.reconcile.result import NetworkResult

BatchStatus = Verdict | Literal["no data", "not solved"]


@dataclass(frozen=True)
class BatchResult:
    """One entry per period; a period without a solution has a status and no number.

    ``fits`` holds the solution of each period or None. ``status``: consistent or suspect by the global test
    at 5 %; not testable without degrees of freedom; no data; not solved.
    """

    network: Network
    status: tuple[BatchStatus, ...]
    fits: tuple[Fit | None, ...]

    def result(self, period: int) -> NetworkResult | None:
        """The solution of one period by names, without the search for suspects."""
        fit = self.fits[period]
        return None if fit is None else NetworkResult(self.network, fit)

    def table(self) -> BatchTable:
        """Values and standard deviations of all quantities of all periods, NaN where there is none."""
        first = next((one for one in self.fits if one is not None), None)
        width = 0 if first is None else first.problem.n_quantities
        empty = np.full((4, width), np.nan)
        rows = [empty if one is None else quantities(one) for one in self.fits]
        stack = np.array(rows).reshape(len(rows), 4, width)
        status = np.zeros((len(rows), width), dtype=np.int64)
        for k, fit in enumerate(self.fits):
            if fit is not None:
                np.maximum.at(status[k], fit.problem.reading_of[fit.linear.used], 1 + fit.linear.redundant)
        return BatchTable(stack[:, 0], stack[:, 1], stack[:, 2], stack[:, 3], status)


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
    fits: list[Fit | None] = [None] * len(values)
    data = data_of(problem, values, sigmas, correlations)
    some = np.flatnonzero(data.present.any(axis=1))
    status: list[BatchStatus] = ["no data"] * len(values)
    if len(some):
        solved = interior_point(problem, data.take(some))
        for k, period in enumerate(some):
            status[period] = "not solved"
            if solved.converged[k]:
                fit = fit_period(problem, data.take(np.array([period])), solved.some(np.array([k])))
                fits[period], status[period] = fit, verdict(fit)
    return BatchResult(network, tuple(status), tuple(fits))
