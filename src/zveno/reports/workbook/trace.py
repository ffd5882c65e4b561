"""How the value of a period came from the records of a meter: each with its solids, its weight, and what was completed.

What a value was made from is told by its origin, the same that ``explain`` unfolds; here it is laid out record by
record, so that the cells of a workbook can do it again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from zveno.reconcile.by_meter import ByMeter
from zveno.reconcile.censored import filled
from zveno.reconcile.measured import Measured
from zveno.reconcile.origin import Averaged, Gauge, Summed, shares
from zveno.reconcile.records import Series


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


def trace_of(values: ByMeter) -> Trace:
    """Every value of a period laid out."""
    return Trace(
        {each.spot: each for one in values.weights for each in _dried(one)},
        {meter: _mass(one) for meter, one in values.masses.items()},
        {key: _assay(one) for key, one in values.assays.items()},
    )


def _spots(meter: str, quantity: str, series: Series) -> tuple[Spot, ...]:
    columns = (series.start.tolist(), series.end.tolist(), series.value.tolist())
    return tuple(Spot(meter, quantity, *one) for one in zip(*columns, strict=True))


def _dried(origin: Summed) -> Iterator[Dried]:
    """Every reading of a scale with its moisture."""
    spots, drying = _spots(origin.meter, origin.quantity, origin.series), origin.drying
    if not isinstance(drying, Gauge):
        described = drying.moisture_frac or None
        yield from (Dried(spot, (), described, spot.value * drying.solids_frac) for spot in spots)
        return
    moistures = _spots(drying.meter, "moisture", drying.series)
    usual = math.fsum(one.value for one in moistures) / len(moistures)
    for spot, at, found in zip(spots, drying.at.tolist(), drying.found.tolist(), strict=True):
        own = moistures[at]
        yield Dried(spot, (own,) if found else moistures, None, spot.value * (1 - (own.value if found else usual)))


def _mass(value: Measured) -> MassTrace:
    """The period's mass of a scale."""
    origin = value.origin
    assert isinstance(origin, Summed)
    spots = _spots(origin.meter, origin.quantity, origin.series)
    return MassTrace(spots, round(origin.scale * len(spots)), value.value)


def _assay(value: Measured) -> AssayTrace:
    """The period's assay of a laboratory."""
    origin = value.origin
    assert isinstance(origin, Averaged)
    series = origin.series
    counts = (series.value if origin.limit else filled(series).value).tolist()
    spots, weights = _spots(origin.meter, origin.component, series), _weights(origin)
    readings = (
        Weighed(spot, count, bool(below) and count == 0.5 * spot.value, *weight)
        for spot, count, below, weight in zip(spots, counts, series.below, weights, strict=True)
    )
    return AssayTrace(tuple(readings), value.value, origin.limit)


def _weights(origin: Averaged) -> list[tuple[float, tuple[tuple[Spot, float], ...], bool]]:
    """For each assay the mass that it stands for, the records that make it, and whether it is the usual one."""
    if not origin.weighers:
        return [(1.0, (), False)] * len(origin.series)
    dried = [tuple(_dried(one)) for one in origin.weighers]
    found = [[(dried[scale][at], share) for scale, at, share in one] for one in shares(origin)]
    sums = [math.fsum(one.dry_t * share for one, share in each) for each in found]
    covered = [one for one, each in zip(sums, found, strict=True) if each]
    usual = math.fsum(covered) / len(covered) if covered else 1.0
    return [
        (total if each else usual, tuple((one.spot, share) for one, share in each), not each)
        for total, each in zip(sums, found, strict=True)
    ]
