"""Which meters are off for good: errors too small for one shift or day, from the balances of many of them.

Of each reading's error, what is new in every period is told apart from what lasts: the bias of its meter, a calibration
that several share. The first makes the standard deviations of the periods; the second is what is looked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from zveno.errors import DataError
from zveno.model.chain import ChainModel
from zveno.model.network import MASS, NetStream
from zveno.periods import Period
from zveno.reconcile.arrays import Bools, Floats
from zveno.reconcile.build import Found, any_record, find_readings, network_of, plan_of
from zveno.reconcile.columns import Columns, columns, laid_out, solved
from zveno.reconcile.cumulative import Apart, Drift, Evidence, drifts, evidence, widened
from zveno.reconcile.linked import stock_links
from zveno.reconcile.linked_evidence import linked_evidence
from zveno.reconcile.linked_periods import LinkedPeriods
from zveno.reconcile.measured import BIAS, SHARED, Measured
from zveno.reconcile.stock_readings import Plan, end_surveys
from zveno.reconcile.topology import CLOSING, NO_SURVEY, OPENING, stock_streams
from zveno.tables import frame

LEAST_PERIODS = 5
"""A look over fewer periods is no look over time."""

Source = tuple[str, str]
"""Meter (or name of a shared error) and component, or an empty one."""


@dataclass(frozen=True)
class Drifts:
    """Errors that last to the end of consecutive ``periods``: ``errors`` is the table ``drifts``; ``checked`` are those
    of the periods whose readings check each other.
    """

    errors: pl.DataFrame
    periods: tuple[str, ...]
    checked: tuple[str, ...]


def drifting(model: ChainModel, records: pl.DataFrame, periods: Sequence[Period]) -> Drifts:
    """Errors that last to the end of consecutive periods, in classes that cannot be told apart.

    A meter may be off for good by half its limit of bias, give or take: what all meters together may be off by their
    description is no finding.

    Where periods scatter more than the description says, errors are judged by the scatter that is seen.

    Raises
    ------
    DataError
        If there are fewer than five periods, or fewer than five of them have readings that check each other.
    """
    if len(periods) < LEAST_PERIODS:
        raise DataError(
            "lasting errors show over many periods, but there are only {count}: ask for a longer stretch, or for days "
            "instead of months",
            count=len(periods),
        )  # fmt: skip
    plan = plan_of(model, records)
    if not any(any_record(plan, period) for period in periods):
        raise DataError("none of the periods has a reading: import files that cover them")
    own = [find_readings(plan, period) for period in periods]
    told = np.array([_reads(one) for one in own])
    _require_enough(told)
    found = _with_rare(plan, own, periods)
    if any(one.stocks for one in found):
        sources, loadings, evidence_ = _linked(plan, found, periods)
        told &= bool(np.any(evidence_.own() > 0))
    else:
        sources, loadings, alone = _apart(plan, found)
        told &= np.any(np.einsum("tjj->tj", alone.information) > 0, axis=1)
        evidence_ = alone
    _require_enough(told)
    lasting = np.array([_described(model, one) for one in sources])
    possible = _Possible.of(sources, loadings)
    rows = _rows(model, periods, sources, drifts(evidence_, expected=lasting), possible)
    names = tuple(one.name for one in periods)
    return Drifts(frame("drifts", list(rows)), names, tuple(names[k] for k in np.flatnonzero(told)))


def _reads(found: Found) -> bool:
    """Whether a period has readings that can check each other: two at least, of what flows in it."""
    return sum(not row[0].endswith((OPENING, CLOSING)) for row in found.readings) > 1


def _require_enough(told: Bools) -> None:
    """Refuse periods of which too few tell anything."""
    if told.sum() < LEAST_PERIODS:
        raise DataError(
            "{told} of {count} periods have readings that check each other, but at least {least} are needed: ask for a "
            "longer stretch, or for longer periods, such as days instead of hours",
            told=int(told.sum()), count=len(told), least=LEAST_PERIODS,
        )  # fmt: skip


@dataclass(frozen=True)
class _Possible:
    """What an error can be: no reading is all error, and nothing holds more than a pure component.

    ``usual`` are the usual assays of the sources that are assays, in mass fraction.
    """

    usual: Mapping[Source, float]

    @classmethod
    def of(cls, sources: Sequence[Source], loadings: Floats) -> _Possible:
        """From what one unit of each error adds to readings (T, readings, errors): the readings themselves."""
        size = np.abs(loadings)
        count = np.maximum(np.count_nonzero(size, axis=(0, 1)), 1)
        usual = size.sum(axis=(0, 1)) / count
        return cls({source: float(usual[j]) for j, source in enumerate(sources) if source[1]})

    def __call__(self, source: Source, bias: float) -> bool:
        """Whether an error of this size, as a share of the reading, can be there."""
        return abs(bias) < 1 and self.usual.get(source, 0.0) * (1 - bias) <= 1


def _with_rare(plan: Plan, found: Sequence[Found], periods: Sequence[Period]) -> list[Found]:
    """The same with assays that are made for the whole stretch only: one of them stands for each of the n periods, with
    an error root n times as large, so that all together know it as well as it is known.
    """
    span = Period(periods[0].start, periods[-1].end)
    often = {row[:2] for one in found for row in one.readings}
    rare = [row for row in find_readings(plan, span).readings if row[1] != MASS and row[:2] not in often]
    wider = [(row[0], row[1], row[2].with_own(row[2].own * len(found) ** 0.5)) for row in rare]
    return [Found((*one.readings, *wider), one.stocks, one.gaps) for one in found]


def _apart(plan: Plan, found: Sequence[Found]) -> tuple[tuple[Source, ...], Floats, Apart]:
    """What periods without stocks say of each lasting error, judged by the scatter that is seen."""
    network, _ = network_of(plan, found)
    read = columns(network, found)
    sources, loadings = _loadings(plan.model, read)
    return sources, loadings, widened(evidence(solved(network, _fresh_columns(read)), _numbers(sources), loadings))


def _linked(
    plan: Plan, found: Sequence[Found], periods: Sequence[Period]
) -> tuple[tuple[Source, ...], Floats, Evidence]:
    """The same where stocks link the periods: each is surveyed when it is, and remembered in between.

    An opening stock is the closing one of the period before, read there.
    """
    both = {stream.id: stream for stock in plan.model.chain.stocks for stream in _ends(plan, stock.id)}
    linked = []
    for t, (one, period) in enumerate(zip(found, periods, strict=True)):
        assays = [row for row in one.readings if row[0] in both and row[1] != MASS]
        rows = [row for row in one.readings if row[0] not in both] + assays + list(end_surveys(plan, period))
        rows = [row for row in rows if t == 0 or not row[0].endswith(OPENING)]
        linked.append(Found(tuple(rows), tuple(both.values()), one.gaps))
    network, _ = network_of(plan, linked)
    read = columns(network, linked)
    sources, loadings = _loadings(plan.model, read)
    named, value, sigma, correlations = laid_out(network, _fresh_columns(read))
    links = stock_links(named)
    steps = np.stack([_moved(plan, both[closing].id, found) for closing, _ in links], axis=1)
    asked = LinkedPeriods(named, value, sigma, links, correlations=correlations, steps=steps)
    return sources, loadings, linked_evidence(asked, _numbers(sources), loadings)


def _moved(plan: Plan, closing: str, found: Sequence[Found]) -> Floats:
    """How far a stock may move in each period: by all that is usually weighed of its material, (T,)."""
    stock = next(one for one in plan.model.chain.stocks if one.id + CLOSING == closing)
    names = {stock.material, plan.topology.place.get(stock.material, stock.material)}
    weighed = [
        one.value for part in found for stream, quantity, one in part.readings if quantity == MASS and stream in names
    ]
    usual = float(np.mean(weighed)) if weighed and np.mean(weighed) > 0 else np.inf
    return np.full(len(found), usual)


def _ends(plan: Plan, stock: str) -> tuple[NetStream, NetStream]:
    return stock_streams(plan.model, stock, plan.topology)


def _numbers(sources: Sequence[Source]) -> tuple[str, ...]:
    """Names within the engine."""
    return tuple(str(k) for k in range(len(sources)))


def _loadings(model: ChainModel, read: Columns) -> tuple[tuple[Source, ...], Floats]:
    """The lasting errors of some readings, and what each adds to every reading, (T, readings, errors)."""
    unit = _units(model)
    lasting = [[_lasting(one, key[1], unit) for key, one in row.items()] for row in read.rows]
    sources = tuple(dict.fromkeys(source for row in lasting for one in row for source in one))
    number, at = {one: j for j, one in enumerate(sources)}, {key: k for k, key in enumerate(read.keys)}
    loadings = np.zeros((len(read.rows), len(read.keys), len(sources)))
    for p, (row, ones) in enumerate(zip(read.rows, lasting, strict=True)):
        for key, one in zip(row, ones, strict=True):
            for source, size in one.items():
                loadings[p, at[key], number[source]] = size
    return sources, loadings


def _fresh_columns(read: Columns) -> Columns:
    """The same readings with what is new in each period only."""
    return Columns(read.keys, tuple({key: _fresh(one) for key, one in row.items()} for row in read.rows))


def _fresh(one: Measured) -> Measured:
    """A value with what is new in its period only; where nothing is, its whole error."""
    shared = {name: size for name, size in one.shared.items() if not name.startswith((BIAS, SHARED))}
    fresh = replace(one, shared=shared)
    return fresh if fresh.sd > 0 else one


def _lasting(one: Measured, quantity: str, unit: Mapping[str, float]) -> dict[Source, float]:
    """What each lasting error adds to a value, if it is the whole of what it is an error of."""
    if one.below or one.meter.endswith(NO_SURVEY):
        return {}
    found = {}
    for name, size in one.shared.items():
        if name.startswith((BIAS, SHARED)) and unit.get(name):
            found[_source(name)] = size / unit[name]
    if not any(name.startswith(BIAS) for name in one.shared) and one.meter:
        found[one.meter, "" if quantity == "mass" else quantity] = one.value
    return found


def _source(name: str) -> Source:
    """Meter or shared error and component behind the name of a part of an error."""
    holder, _, component = name.partition(":")[2].partition(":")
    return holder, component


def _units(model: ChainModel) -> dict[str, float]:
    """Standard deviation, as a share of the value, that a described lasting error has."""
    found = {}
    for meter in model.chain.meters:
        for component in ("", *meter.components):
            suffix = f":{component}" if component else ""
            found[f"{BIAS}{meter.id}{suffix}"] = meter.bias_limit_pct / 200
            if meter.shared_error is not None:
                found[f"{SHARED}{meter.shared_error.name}{suffix}"] = meter.shared_error.sd_rel_pct / 100
    return found


def _rows(
    model: ChainModel,
    periods: Sequence[Period],
    sources: Sequence[Source],
    found: Sequence[Drift],
    can_be: _Possible,
) -> Iterator[dict[str, Any]]:
    """Rows of the table ``drifts``, class by class; within one, what is least beyond its description comes first.

    What cannot be is no explanation, if there is another.
    """
    for number, drift in enumerate(found, start=1):
        first, last = drift.onset_range
        possible = [one for one in drift.suspects if can_be(sources[int(one.name)], one.bias)] or drift.suspects
        by_source = {sources[int(one.name)]: one for one in possible}
        for source in sorted(by_source, key=lambda one: abs(by_source[one].bias) / _expected(model, one)):
            one, meter = by_source[source], model.meters.get(source[0])
            limit = meter.bias_limit_pct / 100 if meter is not None and meter.bias_limit_pct else None
            yield {
                "class_id": number,
                "meter": source[0],
                "component": source[1],
                "since": periods[drift.onset].name,
                "since_first": periods[first].name,
                "since_last": periods[last].name,
                "bias_rel_frac": one.bias,
                "bias_rel_sd_frac": one.bias_sd,
                "limit_rel_frac": limit,
                "z": one.z,
                "p_value": drift.p_value,
            }


def _described(model: ChainModel, source: Source) -> float:
    """Standard deviation of a lasting error by the description, as a share; 0 where there is none."""
    meter = model.meters.get(source[0].partition("+")[0])
    if meter is not None:
        return meter.bias_limit_pct / 200
    shared = (one.shared_error for one in model.chain.meters if one.shared_error is not None)
    return next((one.sd_rel_pct / 100 for one in shared if one.name == source[0]), 0.0)


def _expected(model: ChainModel, source: Source) -> float:
    """The same; of a meter without a limit that of a reading."""
    meter = model.meters.get(source[0].partition("+")[0])
    reading = meter.sd_rel_pcts.get(source[1], meter.sd_rel_pct) / 100 if meter is not None else 0.0
    return _described(model, source) or reading or 1.0
