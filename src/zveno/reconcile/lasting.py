"""Errors that last: periods tested together, so that a bias too small for one of them adds up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from scipy.linalg import solve_triangular
from scipy.sparse.csgraph import connected_components

from zveno.errors import DataError, SolveError
from zveno.model.chain import ChainModel
from zveno.model.network import MASS, Network
from zveno.periods import Period
from zveno.reconcile.arrays import Floats, Ints
from zveno.reconcile.build import find_readings, fitting, month_of, plan_of
from zveno.reconcile.detectability import NOTHING_CHECKS, TOO_WIDE
from zveno.reconcile.fit import Fit, fit_network
from zveno.reconcile.gross_errors.adjusted import DenseAdjusted
from zveno.reconcile.gross_errors.classes import TIED
from zveno.reconcile.gross_errors.critical import critical_z, smallest_shown
from zveno.reconcile.in_question import absent_reason, unknown_names
from zveno.reconcile.measured import Measured
from zveno.reconcile.stock_readings import Plan
from zveno.reconcile.topology import CLOSING, OPENING
from zveno.tables import frame, schema

_LASTS = ("bias:", "shared:")
"""Errors of these names are the same in every period; all others are drawn anew."""
_SEEN = 1e-9
Key = tuple[str, str]
Row = dict[str, Any]


@dataclass(frozen=True)
class _Solved:
    """One period: its network, solution and the values behind its readings, in order of the readings in use."""

    period: Period
    network: Network
    fit: Fit
    values: tuple[Measured, ...]

    @cached_property
    def adjusted(self) -> DenseAdjusted:
        """Where errors of this period can be seen."""
        return DenseAdjusted.of(self.fit)

    @cached_property
    def left(self) -> Floats:
        """What chance, or an error, leaves over: unit normals, (dof,)."""
        at = np.concatenate([self.fit.mass, self.fit.assay])[self.fit.linear.of]
        return np.asarray(self.adjusted.freedom @ (self.fit.data.value[0, self.fit.linear.used] - at))

    def surveys(self, end: str) -> dict[tuple[str, str], int]:
        """Masses of stocks at one end of the period, by stock and meter."""
        found = {}
        for k, n in enumerate(self.fit.linear.used):
            one = self.network.readings[int(n)]
            if one.stream.endswith(end) and one.quantity == MASS:
                found[one.stream.removesuffix(end), one.meter] = k
        return found

    def effects(self) -> Iterator[tuple[Key, Mapping[int, float]]]:
        """Errors that may last, by (name, quantity): how far one unit of them moves each reading in use.

        Each meter by itself, all that follows from it together; what the description says that meters share.
        """
        position = {int(number): k for k, number in enumerate(self.fit.linear.used)}
        found: dict[Key, dict[int, float]] = {}
        for number, k in position.items():
            one = self.network.readings[number]
            if one.meter and "+" not in one.meter and not one.stream.endswith((OPENING, CLOSING)):
                found.setdefault((one.meter, one.quantity), {})[k] = float(one.value or 0.0)
        for shared in self.network.common:
            moved = {position[n]: effect for n, effect in shared.effects if n in position}
            quantities = {self.network.readings[n].quantity for n, _ in shared.effects if n in position}
            if moved:
                found[shared.name, quantities.pop() if len(quantities) == 1 else MASS] = moved
        yield from found.items()


@dataclass(frozen=True)
class LastingErrors:
    """Errors tested over several periods together.

    ``errors`` is the table ``lasting_errors``; ``periods`` those that could be solved; ``limit`` that of ``|z|``.
    """

    errors: pl.DataFrame
    periods: tuple[str, ...]
    limit: float


def lasting_errors(
    model: ChainModel, records: pl.DataFrame, periods: Sequence[Period], asked: Sequence[str] = ()
) -> LastingErrors:
    """Meters, and errors that meters share, tested for one relative error in all periods at once.

    Each period is reconciled by itself; what its readings leave over is a vector of unit normals. Between periods
    these are correlated: half of a meter's bias limit and errors that meters share by name are the same error in all
    of them, and the closing survey of a stock is the opening one of the next period. The generalised likelihood ratio
    is that of all these vectors together, with their joint covariance: random errors and surveys average out, what
    is described as lasting does not, so only what goes beyond it is found.

    Parameters
    ----------
    periods
        In order: months, days, whatever has readings of its own.
    asked
        Meters, or errors that meters share by name, in question beforehand: tested among themselves.

    Returns
    -------
    found
        Every error that can be tested, by class (what correlates by more than 0.99 is one), the loudest first; for
        each the period from which on it explains the readings best.

    Raises
    ------
    DataError
        If fewer than two periods can be solved, or what is in question is no meter and no shared error.

    References
    ----------
    Narasimhan & Mah (1987), AIChE J. 33, 1514-1521; Basseville & Nikiforov (1993), Detection of Abrupt Changes, ch.
    2.4 and 7.2 (the likelihood ratio for a change at an unknown time).
    """
    faults = list(unknown_names(model, asked))
    if faults:
        raise DataError(faults)
    plan = plan_of(model, records)
    solved = [one for one in (_solve(plan, period) for period in periods) if one is not None and one.fit.dof > 0]
    if len(solved) < 2:
        raise DataError(
            "fewer than two periods have readings that check each other: give a longer time, or shorter periods"
        )
    return _tested(solved, asked)


def _solve(plan: Plan, period: Period) -> _Solved | None:
    """One period; None where it has no readings or no solution."""
    try:
        network = month_of(plan, period).network
        fit = fit_network(network)
    except (DataError, SolveError):
        return None
    rows = fitting(network, find_readings(plan, period))
    return _Solved(period, network, fit, tuple(rows[int(n)][2] for n in fit.linear.used))


def _between(first: _Solved, second: _Solved, *, next_: bool) -> Floats:
    """Covariance of the readings of two periods."""
    names = sorted({name for one in (*first.values, *second.values) for name in one.shared if name.startswith(_LASTS)})
    column = {name: k for k, name in enumerate(names)}

    def loads(values: Sequence[Measured]) -> Floats:
        found = np.zeros((len(values), len(names)))
        for k, one in enumerate(values):
            for name, moved in one.shared.items():
                if name in column:
                    found[k, column[name]] = moved
        return found

    shared = loads(first.values) @ loads(second.values).T
    closing, opening = first.surveys(CLOSING), second.surveys(OPENING)
    for key in closing.keys() & opening.keys() if next_ else ():
        i, j = closing[key], opening[key]
        if first.values[i].value == second.values[j].value:
            shared[i, j] += first.values[i].own * second.values[j].own
    return np.asarray(shared)


def _joint(solved: Sequence[_Solved]) -> Floats:
    """Covariance of what is left over in all periods."""
    sizes = [len(one.left) for one in solved]
    ends = np.cumsum([0, *sizes])
    joint = np.eye(int(ends[-1]))
    for p, first in enumerate(solved):
        for q in range(p + 1, len(solved)):
            second = solved[q]
            block = first.adjusted.freedom @ _between(first, second, next_=q == p + 1) @ second.adjusted.freedom.T
            joint[ends[p] : ends[p + 1], ends[q] : ends[q + 1]] = block
            joint[ends[q] : ends[q + 1], ends[p] : ends[p + 1]] = block.T
    return joint


@dataclass(frozen=True)
class _Tests:
    """Errors with what they leave over, (all degrees of freedom, errors), and what there is, in unit normals."""

    keys: tuple[Key, ...]
    columns: Floats
    left: Floats

    @property
    def score(self) -> Floats:
        """Score of each error."""
        return np.asarray(self.columns.T @ self.left)

    @property
    def weight(self) -> Floats:
        """Its variance."""
        return np.asarray(np.sum(self.columns**2, axis=0))

    def classes(self) -> Ints:
        """Number of the class of each error: what correlates by more than 0.99 is one."""
        root = np.sqrt(self.weight)
        tied = np.abs(self.columns.T @ self.columns) > TIED * np.outer(root, root)
        return np.asarray(connected_components(tied, directed=False)[1], dtype=np.int64)


def _tested(solved: Sequence[_Solved], asked: Sequence[str]) -> LastingErrors:
    """All errors in all periods together."""
    root = np.linalg.cholesky(_joint(solved))
    ends = np.cumsum([0, *(len(one.left) for one in solved)])
    effects = [dict(one.effects()) for one in solved]
    keys = tuple(dict.fromkeys(key for one in effects for key in one))
    columns, length = np.zeros((int(ends[-1]), len(keys))), np.zeros(len(keys))
    for k, key in enumerate(keys):
        for p, one in enumerate(solved):
            column = np.zeros(len(one.values))
            for n, moved in effects[p].get(key, {}).items():
                column[n] = moved
            columns[ends[p] : ends[p + 1], k] = one.adjusted.freedom @ column
            length[k] += float(one.adjusted.lengths(one.adjusted.along(column[:, None]))[0])
    columns = solve_triangular(root, columns, lower=True)
    left = solve_triangular(root, np.concatenate([one.left for one in solved]), lower=True)
    weight = np.sum(columns**2, axis=0)
    kept = np.flatnonzero((weight > _SEEN * length) & (weight >= 1))  # an error of 100 % would show, if only barely
    tests = _Tests(tuple(keys[k] for k in kept), columns[:, kept], left)
    reasons = {keys[k][0]: TOO_WIDE if weight[k] > _SEEN * length[k] else NOTHING_CHECKS for k in range(len(keys))}
    found = _told(solved, tests, np.asarray(root, dtype=float), asked)
    tested = set(found.errors["name"])
    networks = [one.network for one in solved]
    untested = [
        _untested(name, reasons.get(name) or absent_reason(networks, name)) for name in asked if name not in tested
    ]
    return replace(found, errors=pl.concat([found.errors, frame("lasting_errors", untested)]))


def _untested(name: str, reason: str) -> Row:
    """What was in question and cannot be tested."""
    words = {"name": name, "quantity": "", "asked": True, "off": False, "reason": reason}
    return dict.fromkeys(schema("lasting_errors")) | words


def _told(solved: Sequence[_Solved], tests: _Tests, root: Floats, asked: Sequence[str]) -> LastingErrors:
    """The table, by class, the loudest first."""
    ends = np.cumsum([0, *(len(one.left) for one in solved)])
    label = tests.classes()
    z = tests.score / np.sqrt(tests.weight)
    limit = critical_z(int(label.max(initial=-1)) + 1)
    loudest = {c: float(np.abs(z[label == c]).max()) for c in set(label.tolist())}
    ranks = {c: rank for rank, c in enumerate(sorted(loudest, key=lambda c: -loudest[c]), start=1)}
    limits = np.array([critical_z(len(asked)) if name in asked else limit for name, _ in tests.keys])
    shows = smallest_shown(1 / np.sqrt(tests.weight), limits)
    raw = root @ tests.columns
    rows = []
    for k in sorted(
        range(len(tests.keys)), key=lambda k: (ranks[int(label[k])], abs(tests.score[k] / tests.weight[k]))
    ):
        start = _since(raw[:, k], tests.left, root, ends)
        rows.append(
            {
                "class_id": ranks[int(label[k])],
                "name": tests.keys[k][0],
                "quantity": tests.keys[k][1],
                "size_frac": float(tests.score[k] / tests.weight[k]),
                "size_sd_frac": float(1 / np.sqrt(tests.weight[k])),
                "z": float(z[k]),
                "asked": tests.keys[k][0] in asked,
                "off": bool(abs(z[k]) > limits[k]),
                "shows_from_frac": float(shows[k]),
                "reason": "",
                "since": solved[start].period.name,
            }
        )
    return LastingErrors(frame("lasting_errors", rows), tuple(one.period.name for one in solved), limit)


def _since(column: Floats, left: Floats, root: Floats, ends: Ints) -> int:
    """Period from which on an error explains best what is left over."""
    best, start = -1.0, 0
    for p, first in enumerate(ends[:-1]):
        part = column.copy()
        part[: int(first)] = 0.0
        part = solve_triangular(root, part, lower=True)
        weight = float(part @ part)
        gain = float(part @ left) ** 2 / weight if weight > 0 else 0.0
        if gain > best + 1e-9:
            best, start = gain, p
    return start
