"""Sizes of several gross errors where all of them are there together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from zveno.model.network import Network
from zveno.reconcile.arrays import Floats
from zveno.reconcile.fit import Fit
from zveno.reconcile.gross_errors.adjusted import Columns, DenseAdjusted
from zveno.reconcile.gross_errors.hypotheses import Hypothesis, columns_of
from zveno.reconcile.observability import linearise


class Start(Protocol):
    """What the search began with."""

    @property
    def network(self) -> Network:
        """The network with every reading."""
        ...

    @property
    def fit(self) -> Fit:
        """Its solution."""
        ...


def sizes(start: Start, hypotheses: Sequence[Hypothesis], point: Fit) -> tuple[Floats, Floats]:
    """Sizes with their standard deviations, of errors that were let go to find a point, by generalised least squares.

    At that point all readings are taken up again, with the errors that are described: what separates them from the
    point is the errors that were let go, and chance.
    """
    if not hypotheses:
        return np.zeros(0), np.zeros(0)
    fit = start.fit
    if len(fit.assay) > len(fit.problem.pair_stream):  # wet masses and moistures: linearised where the search began
        there = DenseAdjusted.of(fit)
        return _by_least_squares(there, columns_of(hypotheses, fit, there))
    mass, assay = point.mass[None], point.assay[None]
    size = np.where(point.closed, fit.mass, point.mass)[None]
    with np.errstate(divide="ignore", invalid="ignore"):
        linear = linearise(fit.problem, fit.data, mass, assay, size)
    off = fit.data.value[0, linear.used] - np.concatenate([point.mass, point.assay])[linear.of]
    there = DenseAdjusted.near(fit, linear, off)
    columns = columns_of(hypotheses, there.fit, there)
    lost = [k for k, one in enumerate(hypotheses) if one.kind == "loss"]
    missing = columns.reading[:, lost] @ _missing(fit, point, [hypotheses[k] for k in lost])
    return _by_least_squares(DenseAdjusted.near(fit, linear, off + missing), columns)


def _by_least_squares(there: DenseAdjusted, columns: Columns) -> tuple[Floats, Floats]:
    """Sizes with their standard deviations where all of them are there together."""
    inverse = np.linalg.pinv(there.products(columns, columns), hermitian=True)
    return np.asarray(inverse @ (columns.reading.T @ there.pull)), np.sqrt(np.diag(inverse))


def _missing(fit: Fit, point: Fit, lost: Sequence[Hypothesis]) -> Floats:
    """What the balances that were let go leave open at a point: in less out."""
    problem = fit.problem
    u = np.concatenate([point.mass[problem.mass_free], point.flow[problem.flow_free]])
    off = dict(zip(problem.rows, problem.G @ u - problem.b, strict=True))
    return np.array([off[one.name, one.quantity] for one in lost])
