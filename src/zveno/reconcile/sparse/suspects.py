"""Readings of a large network that do not fit: classes that cannot be told apart, and the search for several errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from zveno.model.network import Network
from zveno.reconcile.fit import SIGNIFICANCE
from zveno.reconcile.gross_errors import Elimination, GrossErrors, Suspect, SuspectClass
from zveno.reconcile.gross_errors.classes import TIED
from zveno.reconcile.gross_errors.critical import Correction, limit_of
from zveno.reconcile.names import Bools, Floats, Ints
from zveno.reconcile.sparse.fit import LargeFit

_LOUD, _STEPS = 60, 20


@dataclass(frozen=True)
class _Scores:
    """Slopes of all readings with their variances, what is left of the objective, and the degrees of freedom."""

    slope: Floats
    variance: Floats
    tested: Bools
    objective: float
    dof: int

    @property
    def z(self) -> Floats:
        """Standardised adjustments, NaN where nothing checks a reading."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(self.tested, self.slope / np.sqrt(self.variance), np.nan))

    @property
    def p_value(self) -> float | None:
        """Chance of a larger objective."""
        return float(chdtrc(self.dof, self.objective)) if self.dof > 0 else None

    def without(self, number: int, column: Floats) -> _Scores:
        """With the error of one reading let go; ``column`` is its covariance with all slopes."""
        share = column / column[number]
        variance = self.variance - share * column
        left = self.tested & (variance > 1e-9 * self.variance)
        left[number] = False
        objective = max(self.objective - self.slope[number] ** 2 / column[number], 0.0)
        return _Scores(self.slope - share * self.slope[number], variance, left, objective, self.dof - 1)


def suspects(network: Network, fit: LargeFit, correction: Correction = "sidak") -> GrossErrors:
    """Suspect classes of a large network and the steps of the search; nothing where all tests pass.

    At each step the error of the loudest reading is let go, by the linearised solution: nothing is solved anew.
    """
    now = _Scores(fit.slope, fit.slope_variance, fit.tested, fit.objective, fit.dof)
    limit = _limit(now, correction)
    if not _rejected(now, limit):
        return GrossErrors(limit=limit)
    classes = _classes(network, fit, now, limit)
    steps: list[Elimination] = []
    gone: list[int] = []
    columns: list[Floats] = []
    while _rejected(now, _limit(now, correction)) and len(steps) < _STEPS:
        number = int(np.nanargmax(np.abs(now.z)))
        column = fit.covariances(np.array([number]))[:, 0]
        for at, earlier in zip(gone, columns, strict=True):
            column = column - earlier * (column[at] / earlier[at])
        tied = _members(column, now, number)
        group = SuspectClass(tuple(_suspect(network, now, int(k)) for k in tied))
        now = now.without(number, column)
        gone.append(number)
        columns.append(column)
        steps.append(Elimination(group, now.objective, now.dof, now.p_value))
    return GrossErrors(classes, tuple(steps), _together(network, fit, gone), limit)


def _limit(now: _Scores, correction: Correction) -> float:
    """Limit of ``|z|`` over all readings."""
    z = now.z[now.tested]
    return limit_of(z, correction, now.dof)


def _rejected(now: _Scores, limit: float) -> bool:
    """Whether the global test or any reading says that something is wrong."""
    if now.p_value is None or not now.tested.any():
        return False
    return now.p_value < SIGNIFICANCE or float(np.nanmax(np.abs(now.z))) > limit


def _classes(network: Network, fit: LargeFit, now: _Scores, limit: float) -> tuple[SuspectClass, ...]:
    """Classes above the limit, loudest first; the loudest one where none is above."""
    order = np.argsort(-np.nan_to_num(np.abs(now.z)), kind="stable")[:_LOUD]
    loud = [int(k) for k in order if abs(now.z[k]) > limit] or [int(order[0])]
    covariance = fit.covariances(np.array(loud))
    seen: set[int] = set()
    found = []
    for place, number in enumerate(loud):
        if number in seen:
            continue
        members = _members(covariance[:, place], now, number)
        seen.update(int(k) for k in members)
        found.append(SuspectClass(tuple(_suspect(network, now, int(k)) for k in members)))
    return tuple(found)


def _members(column: Floats, now: _Scores, number: int) -> Ints:
    """Readings tied to one, those first that need the smallest error for their size."""
    with np.errstate(invalid="ignore", divide="ignore"):
        tied = now.tested & (np.abs(column) > TIED * np.sqrt(now.variance * column[number]))
    tied[number] = True
    members = np.flatnonzero(tied)
    return members[np.argsort(np.abs(now.slope[members] / now.variance[members]), kind="stable")]


def _suspect(network: Network, now: _Scores, number: int) -> Suspect:
    """A reading by names."""
    one, slope, variance = network.readings[number], float(now.slope[number]), float(now.variance[number])
    bias = slope / variance
    return Suspect(
        reading=number, stream=one.stream, quantity=one.quantity, meter=one.meter, z=slope / variance**0.5, bias=bias,
        bias_sd=variance**-0.5, readings=(number,), relative=bias / one.value if one.value else None,
    )  # fmt: skip


def _together(network: Network, fit: LargeFit, gone: list[int]) -> tuple[Suspect, ...]:
    """Sizes of all errors that were let go, where all of them are there together."""
    if not gone:
        return ()
    inverse = np.linalg.pinv(fit.covariances(np.array(gone))[gone])
    bias, sd = inverse @ fit.slope[gone], np.sqrt(np.diag(inverse))
    out = []
    for number, size, spread in zip(gone, bias.tolist(), sd.tolist(), strict=True):
        one = network.readings[number]
        out.append(
            Suspect(
                reading=number, stream=one.stream, quantity=one.quantity, meter=one.meter, z=size / spread, bias=size,
                bias_sd=spread, readings=(number,), relative=size / one.value if one.value else None,
            )
        )  # fmt: skip
    return tuple(out)
