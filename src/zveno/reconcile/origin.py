"""What the value of a period was made from: the records of meters, and how they were put together.

The values are kept beside, in :class:`~zveno.reconcile.measured.Measured`; here stands only what is needed to make
them again from the records, or to say where they come from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from zveno.reconcile.arrays import Bools, Ints
from zveno.reconcile.records import Series


@dataclass(frozen=True)
class Gauge:
    """Moistures of a meter: reading ``at`` of its series dries each weight, the mean of all where none is ``found``."""

    meter: str
    series: Series
    at: Ints
    found: Bools


@dataclass(frozen=True)
class Dryness:
    """A moisture that is the same for all weights: as described, or none."""

    moisture_frac: float = 0.0

    @property
    def solids_frac(self) -> float:
        """Share of solids."""
        return 1 - self.moisture_frac


@dataclass(frozen=True)
class Summed:
    """Dry weights of a meter added up, times ``scale`` for those that did not come."""

    meter: str
    quantity: str
    series: Series
    drying: Gauge | Dryness
    scale: float = 1.0


@dataclass(frozen=True)
class Averaged:
    """Mean of assays, weighted with the dry masses of ``weighers`` over their times, alike where there are none.

    A value below a limit counts as what it stands for (``censored.filled``), unless all are such: then ``limit`` says
    that the mean is one.
    """

    meter: str
    component: str
    series: Series
    weighers: tuple[Summed, ...]
    limit: bool = False


@dataclass(frozen=True)
class Surveyed:
    """The single record of a series; ``told_sd`` is the standard deviation that was told with it, if one was."""

    point: str
    quantity: str
    series: Series
    told_sd: float | None = None


@dataclass(frozen=True)
class Stated:
    """A number of the description."""

    value: float
    name: str


@dataclass(frozen=True)
class Added:
    """Sum of values, each times its factor."""

    terms: tuple[tuple[float, Origin], ...]


@dataclass(frozen=True)
class Blended:
    """Mean of assays weighted with masses, alike where ``masses`` is empty; those ``halved`` are limits."""

    assays: tuple[Origin, ...]
    masses: tuple[Origin, ...]
    halved: tuple[bool, ...]


@dataclass(frozen=True)
class Assumed:
    """A value that stands in for one that nobody read; ``why`` (key of a message) says so.

    It can be made again from the records of the other, but no cell of a file confirms that the two are alike.
    """

    of: Origin
    why: str


_TOUCHES = 1e-9
Origin = Summed | Averaged | Surveyed | Stated | Added | Blended | Assumed


@dataclass(frozen=True)
class Use:
    """Records of a meter that a value was made from, and what for (key of a message)."""

    point: str
    quantity: str
    series: Series


def uses(origin: Origin) -> Iterator[Use]:
    """All records that a value was made from; those of a meter may come several times."""
    if isinstance(origin, Summed):
        yield Use(origin.meter, origin.quantity, origin.series)
        if isinstance(origin.drying, Gauge):
            drying = origin.drying
            used = drying.series if not drying.found.all() else drying.series.take(drying.at)
            yield Use(drying.meter, "moisture", used)
    elif isinstance(origin, Averaged):
        yield Use(origin.meter, origin.component, origin.series)
    elif isinstance(origin, Surveyed):
        yield Use(origin.point, origin.quantity, origin.series)
    for part in parts_of(origin):
        yield from uses(part)


def parts_of(origin: Origin) -> tuple[Origin, ...]:
    """What a value was made from one step down; nothing for what was made from records alone."""
    if isinstance(origin, Averaged):
        return origin.weighers
    if isinstance(origin, Assumed):
        return (origin.of,)
    if isinstance(origin, Added):
        return tuple(part for _, part in origin.terms)
    return (*origin.assays, *origin.masses) if isinstance(origin, Blended) else ()


def shares(origin: Averaged) -> list[list[tuple[int, int, float]]]:
    """Weights within the time of each assay: (number of the scale, place of the weight, share of it that falls there).

    None where no more than touches it.
    """
    start, end = origin.series.start, np.maximum(origin.series.end, origin.series.start + 1)
    found: list[list[tuple[int, int, float]]] = [[] for _ in range(len(start))]
    for scale, one in enumerate(origin.weighers):
        begin, length = one.series.start, np.maximum(one.series.end - one.series.start, 1.0)
        first, last = np.maximum(start[:, None], begin), np.minimum(end[:, None], begin + length)
        share = np.clip(last - first, 0.0, None) / length
        for k, at in zip(*np.nonzero(share > 0), strict=True):
            found[k].append((scale, int(at), float(share[k, at])))
    return [one if any(share > _TOUCHES for *_, share in one) else [] for one in found]
