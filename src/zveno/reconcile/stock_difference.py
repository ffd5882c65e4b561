"""A stock was counted: how far it lies from what the balance expects, and which readings would have to be wrong.

The *book stock* is what all other readings say of it: the balance solved without the count. Count and book err, so
their difference has a standard deviation. It is spread in two ways. *Shares*: if every error is as large as stated,
each reading has most probably gone wrong by so much, and the parts add up to the difference. *Alone*: one thing is
wrong and nothing else; then so much, and so much of the difference is gone beside all that the other readings say.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from zveno.model.network import MASS, Network
from zveno.reconcile.arrays import Floats, Ints
from zveno.reconcile.fitting import fit_any
from zveno.reconcile.gross_errors import without
from zveno.reconcile.gross_errors.checks import separating
from zveno.reconcile.gross_errors.classes import ordered
from zveno.reconcile.gross_errors.hypotheses import Hypothesis
from zveno.reconcile.gross_errors.search import Trial
from zveno.reconcile.names import covariance_pairs
from zveno.reconcile.result import NetworkResult
from zveno.tables import frame

_ALLOWED = 1.959963984540054
_SHARE, _EXPLAINS = 0.005, 0.02
"""Classes are told that take so much of the difference, or would explain so much of it alone."""


@dataclass(frozen=True)
class StockDifference:
    """Tables ``stock_differences`` and ``stock_spread`` of one counted stock.

    ``checks`` are (stream, quantity, whether it is read already) whose reading by other means would best part the class
    that explains most.
    """

    differences: pl.DataFrame
    spread: pl.DataFrame
    checks: tuple[tuple[str, str, bool], ...] = ()


@dataclass(frozen=True)
class _Gap:
    """Counted less book of one component: value, variance, and its slopes by the readings of the network."""

    counted: float
    counted_sd: float
    book: float
    book_sd: float
    slopes: Floats
    variance: float

    @property
    def difference(self) -> float:
        return self.counted - self.book


@dataclass(frozen=True)
class _Both:
    """The network with the count, and the same solved without it.

    ``count`` are the numbers of its readings; ``rest`` those of all others.
    """

    network: Network
    stream: str
    count: Ints
    rest: Ints
    with_count: Trial
    without_count: Trial

    @cached_property
    def result(self) -> NetworkResult:
        """The balance that does not know the count."""
        return NetworkResult(self.without_count.network, self.without_count.fit)

    @cached_property
    def errors(self) -> Floats:
        """Covariance of the errors of all readings, given what the balance without the count says: (n, n)."""
        n, linear = len(self.network.readings), self.without_count.fit.linear
        stated = np.diag([one.sigma**2 for one in self.network.readings])
        pairs = covariance_pairs(self.network)
        stated[pairs.first, pairs.second] = stated[pairs.second, pairs.first] = pairs.value
        found = np.zeros((n, n))
        at = self.rest[linear.used]
        known = linear.rows @ linear.spread
        found[np.ix_(at, at)] = known @ known.T
        found[np.ix_(self.count, self.count)] = stated[np.ix_(self.count, self.count)]
        return found


def stock_difference(
    network: Network, stream: str, meters: Mapping[str, str], names: tuple[str, str]
) -> StockDifference:
    """Compare a counted stock with the balance, and spread the difference.

    Parameters
    ----------
    network
        The network of the period in which the count is the reading of the closing stock.
    stream
        The stream that the closing stock is.
    meters
        Meter of each quantity that was counted: mass, and the components assayed.
    names
        Names of the period and of the stock.

    Notes
    -----
    The book is the best estimate without the count, so its error is uncorrelated with all that the other readings say
    of each other. With ``w`` the slopes of the difference by the readings and ``P`` the covariance of their errors in
    that balance, the errors that a difference ``D`` tells of are ``P w D / w'Pw`` (conditional normal distribution),
    give or take ``P - Pw(Pw)' / w'Pw``. What a hypothesis explains alone is the fall of the objective once it is let
    go, less what it would fall without the count, over ``D^2 / w'Pw``: to first order the rest is the squared
    difference that would be left.

    Raises
    ------
    SolveError
        If the period has no balance, with or without the count.

    References
    ----------
    Narasimhan & Mah (1987), AIChE J. 33, 1514-1521 (generalised likelihood ratio).
    """
    both, (period, stock) = _both(network, stream, meters), names
    carried = network.carries(next(one for one in network.streams if one.id == stream))
    gaps = {component: _gap(both, component) for component in (MASS, *carried)}
    rows = [_difference_row(both, period, stock, component, gap) for component, gap in gaps.items()]
    told = next((one for one in (*carried, MASS) if gaps[one] is not None), None)
    gap = gaps[told] if told is not None else None
    found = frame("stock_differences", rows)
    if gap is None or gap.variance <= 0:
        return StockDifference(found, frame("stock_spread"))
    classes = _classes(both, gap)
    key = {"period": period, "stock": stock, "component": told}
    spread = frame("stock_spread", _spread_rows(both, gap, classes, key))
    return StockDifference(found, spread, _checks(both, classes))


def _checks(both: _Both, classes: Sequence[_Class]) -> tuple[tuple[str, str, bool], ...]:
    """What would best part the class that explains most."""
    trial = both.with_count
    first = classes[0].members if classes else np.zeros(0, dtype=np.int64)
    found, again = separating(trial.network, trial.fit, trial.adjusted, trial.family, first)
    return tuple((stream, quantity, again) for stream, quantity in found)


def _both(network: Network, stream: str, meters: Mapping[str, str]) -> _Both:
    count = [
        n for n, one in enumerate(network.readings)
        if one.stream == stream and meters.get(one.quantity) == one.meter
    ]  # fmt: skip
    left = without(network, set(count))
    rest = np.setdiff1d(np.arange(len(network.readings)), count)
    trials = (Trial(one, fit_any(one)) for one in (network, left))
    return _Both(network, stream, np.array(count, dtype=np.int64), rest, *trials)


# ---- difference ------------------------------------------------------------------------------------------------------


def _gap(both: _Both, component: str) -> _Gap | None:
    """Counted less book; None where nothing was counted of it, or the other readings do not determine it."""
    counted = _counted(both, component)
    found = both.result.linearised([(both.stream, component, 1.0)]) if counted is not None else None
    if counted is None or found is None:
        return None
    value, by = counted
    book, linear = np.zeros(len(by)), both.without_count.fit.linear
    book[both.rest[linear.used]] = linear.by_readings(found[1])
    slopes = by - book
    V = both.errors
    return _Gap(
        counted=value, counted_sd=_sd(by, V), book=found[0], book_sd=linear.sd(found[1]), slopes=slopes,
        variance=float(slopes @ V @ slopes),
    )  # fmt: skip


def _counted(both: _Both, component: str) -> tuple[float, Floats] | None:
    """What was counted of a component, and its slopes by the readings; its assay may be that of the material."""
    readings = both.network.readings
    by = np.zeros(len(readings))
    at = {readings[n].quantity: int(n) for n in both.count}
    if MASS not in at:
        return None
    mass = readings[at[MASS]].value or 0.0
    if component == MASS:
        by[at[MASS]] = 1.0
        return mass, by
    if both.network.fixed.get((both.stream, component)) == 1.0:
        by[at[MASS]] = 1.0
        return mass, by
    assay = at.get(component)
    if assay is None:
        found = [n for n, one in enumerate(readings) if (one.stream, one.quantity) == (both.stream, component)]
        assay = found[0] if found else None
    value = readings[assay].value if assay is not None else None
    if assay is None or value is None:
        return None
    by[at[MASS]], by[assay] = value, mass
    return mass * value, by


def _sd(slopes: Floats, V: Floats) -> float:
    return math.sqrt(max(float(slopes @ V @ slopes), 0.0))


def _difference_row(both: _Both, period: str, stock: str, component: str, gap: _Gap | None) -> dict[str, Any]:
    row: dict[str, Any] = {"period": period, "stock": stock, "component": component, "status": "unobservable"}
    row |= dict.fromkeys(("counted_t", "counted_sd_t", "book_t", "book_sd_t", "difference_t", "difference_sd_t"))
    if gap is None:
        counted = _counted(both, component)
        if counted is not None:
            row |= {"counted_t": counted[0], "counted_sd_t": _sd(counted[1], both.errors)}
        if len(both.count):  # without an opening survey the level of a stock is nobody's guess
            row["book_t"], row["book_sd_t"] = both.result.total([(both.stream, component, 1.0)])
        return row
    sd = float(np.sqrt(gap.variance))
    return row | {
        "counted_t": gap.counted, "counted_sd_t": gap.counted_sd, "book_t": gap.book, "book_sd_t": gap.book_sd,
        "difference_t": gap.difference, "difference_sd_t": sd,
        "status": "beyond" if abs(gap.difference) > _ALLOWED * sd else "within",
    }  # fmt: skip


# ---- spread ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Class:
    """Members of a class, the readings among them, and how much of the difference it explains."""

    members: Ints
    readings: list[int]
    explains: float
    part: float


def _classes(both: _Both, gap: _Gap) -> list[_Class]:
    """Classes by how much of the difference they explain; those that explain next to nothing are left out."""
    share, before, trial = _shares(both, gap)[0], _scores_before(both), both.with_count
    found = []
    for members in trial.classes:
        readings = sorted({n for k in members for n in _alone(trial.family.members[int(k)])})
        part = abs(float(share[readings].sum()))
        explains = max(_explains(both, gap, before, int(k)) for k in members)
        if explains >= _EXPLAINS or part >= _SHARE * abs(gap.difference):
            found.append(_Class(members, readings, explains, part))
    return sorted(found, key=lambda one: (-round(one.explains, 6), -one.part))


def _spread_rows(both: _Both, gap: _Gap, classes: Sequence[_Class], key: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each class with its members, the likeliest first."""
    share, after = _shares(both, gap)
    rows: list[dict[str, Any]] = []
    for number, one in enumerate(classes, 1):
        mine = one.readings
        sums = {
            "class_id": number, "explains_frac": one.explains,
            "class_share_t": float(share[mine].sum()) if mine else None,
            "class_share_sd_t": max(float(after[np.ix_(mine, mine)].sum()), 0.0) ** 0.5 if mine else None,
        }  # fmt: skip
        for k in ordered(both.with_count.family, one.members):
            rows.append({**key, **sums, **_member(both, k, share, after)})
    return rows


def _shares(both: _Both, gap: _Gap) -> tuple[Floats, Floats]:
    """Parts of the difference by reading, (n,), which add up to it, and their covariance once it is known, (n, n)."""
    along = both.errors @ gap.slopes
    share = gap.slopes * along * gap.difference / gap.variance
    after = both.errors - np.outer(along, along) / gap.variance
    return share, after * np.outer(gap.slopes, gap.slopes)


def _alone(one: Hypothesis) -> tuple[int, ...]:
    """The reading of a hypothesis of one reading alone."""
    return one.readings if one.kind == "reading" else ()


def _scores_before(both: _Both) -> Mapping[object, float]:
    """Squared scores of all hypotheses in the balance without the count."""
    family = both.without_count.family
    return {
        (one.kind, one.name, one.quantity, tuple(int(both.rest[n]) for n in one.readings)): float(z) ** 2
        for one, z in zip(family.members, family.z, strict=True)
    }


def _explains(both: _Both, gap: _Gap, before: Mapping[object, float], k: int) -> float:
    """Share of the squared difference that is gone once a hypothesis is let go, beside all other readings."""
    one = both.with_count.family.members[k]
    readings: Sequence[int] = one.readings
    if one.kind == "common":
        counted = set(map(int, both.count))
        readings = tuple(n for n in readings if n not in counted)
    was = before.get((one.kind, one.name, one.quantity, tuple(readings)), 0.0)
    gained = float(both.with_count.family.z[k]) ** 2 - was
    return float(np.clip(gained * gap.variance / gap.difference**2, 0.0, 1.0)) if gap.difference else 0.0


def _member(both: _Both, k: int, share: Floats, after: Floats) -> dict[str, Any]:
    """What one hypothesis of a class says."""
    family, readings = both.with_count.family, both.network.readings
    one = family.members[k]
    touched = [readings[n] for n in one.readings]
    alone = _alone(one)
    bias = float(family.bias[k])
    common = one.kind == "common"
    return {
        "kind": one.kind, "name": one.name, "quantity": one.quantity,
        "meter": "+".join(dict.fromkeys(each.meter for each in touched)),
        "stream": "+".join(dict.fromkeys(each.stream for each in touched)),
        "share_t": float(share[alone[0]]) if alone else None,
        "share_sd_t": float(np.sqrt(max(after[alone[0], alone[0]], 0.0))) if alone else None,
        "bias": None if common else bias, "bias_sd": None if common else float(family.bias_sd[k]),
        "bias_rel_frac": bias / one.size if one.size else None,
        "bias_rel_sd_frac": float(family.bias_sd[k]) / one.size if one.size else None,
    }  # fmt: skip
