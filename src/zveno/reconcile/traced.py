"""How the value of a period came from the records of a meter: each with its solids, its weight, and what was completed.

Nothing is estimated here: the same steps as in ``period_values``, told reading by reading, so that a workbook can do
them again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from zveno.model.chain import ChainModel
from zveno.model.types import Meter
from zveno.periods import Period
from zveno.reconcile.build import plan_of
from zveno.reconcile.censored import filled
from zveno.reconcile.period_values import PeriodValues, _feed_key, _lookup, _weighers
from zveno.reconcile.records import Series

_SEEN = 1e-9


@dataclass(frozen=True)
class Spot:
    """Which record: point, quantity, start and end in seconds, value in t or mass fraction."""

    point: str
    quantity: str
    start: float
    end: float
    value: float


@dataclass(frozen=True)
class Dried:
    """A reading of a scale and its dry mass.

    ``moistures`` are the records that give its moisture: one, or several of which the mean is taken; ``described`` is
    a moisture that the description gives. With neither the mass is taken as dry.
    """

    spot: Spot
    moistures: tuple[Spot, ...]
    described: float | None
    dry_t: float


@dataclass(frozen=True)
class MassTrace:
    """Dry mass of a period: the sum of ``spots``, times ``expected`` over their number where some are missing."""

    spots: tuple[Spot, ...]
    expected: int
    value_t: float


@dataclass(frozen=True)
class Weighed:
    """A reading of a laboratory: what it counts as, and the mass that it stands for.

    A limit counts half of it where ``halved``, else what the distribution of the others makes of it.
    ``of`` lists records of scales with the share of their dry mass that falls into its time; without any the weight is
    that of the others on the mean (``usual``), or 1.
    """

    spot: Spot
    counts_as: float
    halved: bool
    weight: float
    of: tuple[tuple[Spot, float], ...]
    usual: bool = False


@dataclass(frozen=True)
class AssayTrace:
    """Assay of a period: the mean of ``readings`` by their weights; of limits where ``below``."""

    readings: tuple[Weighed, ...]
    value_frac: float
    below: bool


@dataclass(frozen=True)
class Trace:
    """Values of a period: readings of scales dried, masses by meter, assays by (meter, component)."""

    dried: Mapping[Spot, Dried]
    masses: Mapping[str, MassTrace]
    assays: Mapping[tuple[str, str], AssayTrace]


def trace_of(model: ChainModel, records: pl.DataFrame, period: Period) -> Trace:
    """Trace every value that a period's readings gave to its balance.

    Parameters
    ----------
    records
        As for the balance: of the period, and what is known before it.
    """
    values = PeriodValues(model, plan_of(model, records).book, period)
    dried: dict[Spot, Dried] = {}
    masses: dict[str, MassTrace] = {}
    assays: dict[tuple[str, str], AssayTrace] = {}
    used = [one for one in model.chain.meters if one.accounting]
    for meter in used:
        if meter.quantity in ("wet_mass", "mass"):
            dried |= _dried(values, meter)
    for meter in used:
        if meter.quantity in ("wet_mass", "mass"):
            mass = _mass(values, meter)
            if mass is not None:
                masses[meter.id] = mass
        for component in meter.components if meter.quantity == "assay" else ():
            assay = _assay(values, meter, component)
            if assay is not None:
                assays[meter.id, component] = assay
    return Trace(dried, masses, assays)


def _spots(meter: str, quantity: str, series: Series) -> list[Spot]:
    columns = (series.start.tolist(), series.end.tolist(), series.value.tolist())
    return [Spot(meter, quantity, *one) for one in zip(*columns, strict=True)]


def _dried(values: PeriodValues, meter: Meter) -> dict[Spot, Dried]:
    """Every reading of a scale with its moisture."""
    series = values.within(meter, meter.quantity)
    spots = _spots(meter.id, meter.quantity, series)
    solids, _, _ = values._solids(meter, series)
    dry = (series.value * solids).tolist()
    if meter.quantity != "wet_mass" or not spots:
        return {spot: Dried(spot, (), None, mass) for spot, mass in zip(spots, dry, strict=True)}
    described = values._described_moisture(meter)
    gauge = values._gauge(meter, own_only=described is not None)
    if gauge is None:
        return {spot: Dried(spot, (), described, mass) for spot, mass in zip(spots, dry, strict=True)}
    all_of = tuple(_spots(gauge[0].id, "moisture", gauge[1]))
    found, at = _lookup(gauge[1], series.start)
    return {
        spot: Dried(spot, (all_of[k],) if seen else all_of, None, mass)
        for spot, mass, seen, k in zip(spots, dry, found.tolist(), at.tolist(), strict=True)
    }


def _mass(values: PeriodValues, meter: Meter) -> MassTrace | None:
    """The period's mass of a scale."""
    series = values._read(meter, meter.quantity)
    value = values.mass(meter)
    if value is None:
        return None
    expected = values._expected(meter, series)
    return MassTrace(tuple(_spots(meter.id, meter.quantity, series)), max(expected, len(series)), value.value)


def _assay(values: PeriodValues, meter: Meter, component: str) -> AssayTrace | None:
    """The period's assay of a laboratory."""
    series = values._read(meter, component)
    value = values.assay(meter, component)
    if value is None or not len(series):
        return None
    weight = values._weight(meter, series)
    shares, usual = _shares(values, meter, series)
    kept = np.flatnonzero(weight > 0)
    present = series.take(kept)
    counts = present.value if value.below else filled(present).value
    halved = present.below & (counts == 0.5 * present.value)
    spots = _spots(meter.id, component, series)
    readings = tuple(
        Weighed(spots[k], float(count), bool(half), float(weight[k]), shares[k], bool(usual[k]))
        for k, count, half in zip(kept, counts, halved, strict=True)
    )
    return AssayTrace(readings, value.value, value.below)


def _shares(
    values: PeriodValues, meter: Meter, series: Series
) -> tuple[list[tuple[tuple[Spot, float], ...]], list[bool]]:
    """Records of scales within the time of each assay with their shares; whether none falls there although some are."""
    nothing: list[tuple[tuple[Spot, float], ...]] = [()] * len(series)
    if len(series) < 2:
        return nothing, [False] * len(series)
    keys = (meter.stream, _feed_key(values.model, meter.stream))
    key = next((one for one in keys if values._masses(one) is not None), None)
    if key is None:
        return nothing, [False] * len(series)
    found: list[list[tuple[Spot, float]]] = [[] for _ in range(len(series))]
    start, end = series.start, np.maximum(series.end, series.start + 1)
    for scale in _weighers(values.model, key):
        masses = values.within(scale, scale.quantity)
        spots = _spots(scale.id, scale.quantity, masses)
        length = np.maximum(masses.end - masses.start, 1.0)
        first, last = np.maximum(start[:, None], masses.start), np.minimum(end[:, None], masses.start + length)
        share = np.clip(last - first, 0.0, None) / length
        for k, n in zip(*np.nonzero(share > 0), strict=True):
            found[k].append((spots[n], float(share[k, n])))
    covered = [any(share > _SEEN for _, share in one) for one in found]
    return [tuple(one) if seen else () for one, seen in zip(found, covered, strict=True)], [not one for one in covered]
