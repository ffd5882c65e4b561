"""Which meters are off for good: errors too small for one shift or day, from the balances of many of them.

Of each reading's error, what is new in every period is told apart from what lasts: the bias of its meter, a calibration
that several share. The first makes the standard deviations of the periods; the second is what is looked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from zveno.errors import DataError
from zveno.model.chain import ChainModel
from zveno.periods import Period
from zveno.reconcile.arrays import Floats
from zveno.reconcile.build import Found, Plan, any_record, find_readings, network_of, plan_of
from zveno.reconcile.columns import Columns, columns, solved
from zveno.reconcile.cumulative import Drift, Evidence, drifts, evidence, widened
from zveno.reconcile.measured import BIAS, SHARED, Measured
from zveno.reconcile.topology import NO_SURVEY
from zveno.tables import frame

LEAST_PERIODS = 5
"""A look over fewer periods is no look over time."""

Source = tuple[str, str]
"""Meter (or name of a shared error) and component, or an empty one."""


def drifting(model: ChainModel, records: pl.DataFrame, periods: Sequence[Period]) -> pl.DataFrame:
    """Table ``drifts``: errors that last to the end of consecutive periods, in classes that cannot be told apart.

    Where periods scatter more than the description says, errors are judged by the scatter that is seen.

    Raises
    ------
    DataError
        If there are fewer than five periods, or none has a reading.
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
    found = [find_readings(plan, period) for period in periods]
    kinds: dict[tuple[str, ...], list[int]] = {}
    for k, one in enumerate(found):
        kinds.setdefault(tuple(stream.id for stream in one.stocks), []).append(k)
    parts = [(group, _evidence(plan, [found[k] for k in group])) for group in kinds.values()]
    sources = tuple(dict.fromkeys(one for _, (names, _) in parts for one in names))
    joined = _joined(sources, len(periods), parts)
    return frame("drifts", list(_rows(model, periods, sources, drifts(widened(joined)))))


def _evidence(plan: Plan, found: Sequence[Found]) -> tuple[tuple[Source, ...], Evidence]:
    """What periods with the same streams say of each lasting error."""
    network, _ = network_of(plan, found)
    read = columns(network, found)
    fresh = Columns(read.keys, tuple({key: _fresh(one) for key, one in row.items()} for row in read.rows))
    unit = _units(plan.model)
    lasting = [[_lasting(one, key[1], unit) for key, one in row.items()] for row in read.rows]
    names = tuple(dict.fromkeys(source for row in lasting for one in row for source in one))
    number, at = {one: j for j, one in enumerate(names)}, {key: k for k, key in enumerate(read.keys)}
    loadings = np.zeros((len(read.rows), len(read.keys), len(names)))
    for p, (row, ones) in enumerate(zip(read.rows, lasting, strict=True)):
        for key, one in zip(row, ones, strict=True):
            for source, size in one.items():
                loadings[p, at[key], number[source]] = size
    return names, evidence(solved(network, fresh), ["" for _ in names], loadings)


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


def _joined(
    sources: tuple[Source, ...], count: int, parts: Sequence[tuple[list[int], tuple[tuple[Source, ...], Evidence]]]
) -> Evidence:
    """Evidence of all periods in their order."""
    number = {one: j for j, one in enumerate(sources)}
    score: Floats = np.zeros((count, len(sources)))
    information: Floats = np.zeros((count, len(sources), len(sources)))
    for group, (names, one) in parts:
        at = np.array([number[name] for name in names], dtype=np.int64)
        rows = np.array(group, dtype=np.int64)
        score[np.ix_(rows, at)] = one.score
        information[np.ix_(rows, at, at)] = one.information
    return Evidence(tuple(str(k) for k in range(len(sources))), score, information)


def _rows(
    model: ChainModel, periods: Sequence[Period], sources: Sequence[Source], found: Sequence[Drift]
) -> Iterator[dict[str, Any]]:
    """Rows of the table ``drifts``, class by class."""
    for number, drift in enumerate(found, start=1):
        first, last = drift.onset_range
        for one in drift.suspects:
            name, component = sources[int(one.name)]
            meter = model.meters.get(name)
            limit = meter.bias_limit_pct / 100 if meter is not None and meter.bias_limit_pct else None
            yield {
                "class_id": number,
                "meter": name,
                "component": component,
                "since": periods[drift.onset].name,
                "since_first": periods[first].name,
                "since_last": periods[last].name,
                "bias_rel_frac": one.bias,
                "bias_rel_sd_frac": one.bias_sd,
                "limit_rel_frac": limit,
                "z": one.z,
                "p_value": drift.p_value,
            }
