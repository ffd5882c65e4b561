"""Values of a period made again from cells: the same sums and means, worked one by one in plain numbers.

This is a second way to the same value, on purpose: nothing of the reconciliation's own arithmetic is used.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from zveno.errors import DataError
from zveno.explain.limits import without_limits
from zveno.reconcile.origin import Added, Assumed, Averaged, Blended, Dryness, Origin, Stated, Summed, Surveyed, shares
from zveno.reconcile.records import Series
from zveno.tables.figure import Recorded

RecordKey = tuple[str, str, int, int]
"""Point, quantity, and its times in microseconds."""


@dataclass(frozen=True)
class Cells:
    """Values read from the cells of the source files, in t or as mass fractions, by the record that they became.

    Several of one key (lots of a shift) stand in their order. ``single`` are the same by the cell.
    """

    values: Mapping[RecordKey, Sequence[float]]
    single: Mapping[Recorded, float] = field(default_factory=dict)

    def of(self, point: str, quantity: str, series: Series) -> list[float]:
        """Values of the records of a series, in its order.

        Raises
        ------
        DataError
            If no cell was read for one of them.
        """
        seen: dict[RecordKey, int] = {}
        found = []
        for start, end in zip(series.start, series.end, strict=True):
            key = point, quantity, round(start * 1e6), round(end * 1e6)
            n = seen.get(key, 0)
            seen[key] = n + 1
            values = self.values.get(key, ())
            if n >= len(values):
                raise DataError("no cell was read again for {point}, {quantity}", point=point, quantity=quantity)
            found.append(values[n])
        return found


def made_again(origin: Origin, cells: Cells) -> float:
    """The value of a period from cells."""
    if isinstance(origin, Stated):
        return origin.value
    if isinstance(origin, Assumed):
        return made_again(origin.of, cells)
    if isinstance(origin, Surveyed):
        return cells.of(origin.point, origin.quantity, origin.series)[0]
    if isinstance(origin, Added):
        return math.fsum(factor * made_again(part, cells) for factor, part in origin.terms)
    if isinstance(origin, Summed):
        return origin.scale * math.fsum(dry_weights(origin, cells))
    if isinstance(origin, Averaged):
        return _mean(origin, cells)
    return _blend(origin, cells)


def dry_weights(origin: Summed, cells: Cells) -> list[float]:
    """Each weight times its share of solids."""
    wet = cells.of(origin.meter, origin.quantity, origin.series)
    drying = origin.drying
    if isinstance(drying, Dryness):
        return [one * drying.solids_frac for one in wet]
    moisture = cells.of(drying.meter, "moisture", drying.series)
    usual = math.fsum(moisture) / len(moisture)
    return [
        one * (1 - (moisture[at] if found else usual))
        for one, at, found in zip(wet, drying.at, drying.found, strict=True)
    ]


def _mean(origin: Averaged, cells: Cells) -> float:
    """Weighted mean of assays; what is below a limit counts as what it stands for, or as the limit where all are."""
    assays = cells.of(origin.meter, origin.component, origin.series)
    if not origin.limit:
        assays = without_limits(assays, [bool(one) for one in origin.series.below])
    weights = _weights(origin, cells)
    return math.fsum(w * a for w, a in zip(weights, assays, strict=True)) / math.fsum(weights)


def _weights(origin: Averaged, cells: Cells) -> list[float]:
    """Dry mass over the time of each assay; the usual one where nothing was weighed."""
    if not origin.weighers:
        return [1.0] * len(origin.series)
    dry = [dry_weights(one, cells) for one in origin.weighers]
    found = [
        max(math.fsum(share * dry[scale][at] for scale, at, share in one), 0.0) if one else None
        for one in shares(origin)
    ]
    positive = [one for one in found if one is not None and one > 0]
    usual = math.fsum(positive) / len(positive) if positive else 1.0
    return [usual if one is None else one for one in found]


def _blend(origin: Blended, cells: Cells) -> float:
    """Mean of the assays of members."""
    assays = [
        made_again(one, cells) / (2 if half else 1) for one, half in zip(origin.assays, origin.halved, strict=True)
    ]
    masses = [made_again(one, cells) for one in origin.masses] or [1.0] * len(assays)
    return math.fsum(m * a for m, a in zip(masses, assays, strict=True)) / math.fsum(masses)
