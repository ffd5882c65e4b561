"""Records of a period, by meter and quantity, as arrays in order of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from zveno.model.chain import ChainModel
from zveno.model.types import Meter
from zveno.periods import Period
from zveno.reconcile.arrays import Bools, Floats, Ints


@dataclass(frozen=True)
class Series:
    """Values of one meter and quantity: start and end in seconds, value in t or mass fraction, "less than".

    ``told`` are standard deviations that were told with single values, by their place.
    """

    start: Floats
    end: Floats
    value: Floats
    below: Bools
    told: Mapping[int, float] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.value)

    def lasting_no_time(self) -> Series:
        """The same values as of their beginnings."""
        return Series(self.start, self.start, self.value, self.below)

    def take(self, which: Ints | slice) -> Series:
        """Some of the values."""
        return Series(self.start[which], self.end[which], self.value[which], self.below[which])


TOLD = "±"
"""How a qualifier begins that tells the standard deviation of its value."""
EMPTY = Series(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0, dtype=bool))


@dataclass(frozen=True)
class Book:
    """All records by (point, quantity)."""

    series: Mapping[tuple[str, str], Series]

    def within(self, point: str, quantity: str, period: Period) -> Series:
        """Records that begin in the period and are not longer than it."""
        found = self.series.get((point, quantity), EMPTY)
        first = int(found.start.searchsorted(period.start.timestamp()))
        last = int(found.start.searchsorted(period.end.timestamp()))
        part = found.take(slice(first, last))
        longest = period.hours * 3600
        fits = part.end - part.start <= longest + 1e-6
        return part if fits.all() else part.take(np.flatnonzero(fits))

    def closing(self, point: str, quantity: str, period: Period) -> Series:
        """Last survey of the period, if there is one: begun within it, or taken at its very end."""
        found = self.series.get((point, quantity), EMPTY)
        return _last(found, _closes(found, period))

    def told(self, point: str, quantity: str, period: Period, *, closing: bool) -> float | None:
        """Standard deviation that was told with the survey at an end of a period; None where the meter's holds."""
        found = self.series.get((point, quantity), EMPTY)
        places = np.flatnonzero(_closes(found, period) if closing else _opens(found, period))
        return found.told.get(int(places[-1])) if len(places) else None

    def first(self, point: str, quantity: str, period: Period, within_h: float) -> Series:
        """First survey that begins so many hours from the start of a period at the latest, but not at its very end."""
        found = self.series.get((point, quantity), EMPTY)
        begin, end = period.start.timestamp(), period.end.timestamp()
        soon = (found.start >= begin) & (found.start <= begin + 3600 * within_h) & (found.end < end)
        return found.take(np.flatnonzero(soon)[:1])

    def age_h(self, point: str, quantity: str, period: Period) -> float:
        """Hours from the last survey before a period to its start; infinite where there is none."""
        found = self.series.get((point, quantity), EMPTY)
        begin = period.start.timestamp()
        before = found.end[np.where(found.start == found.end, found.start <= begin, found.start < begin)]
        return float(begin - before[-1]) / 3600 if len(before) else np.inf

    def opening(self, point: str, quantity: str, period: Period) -> Series:
        """Last survey at or before the start of the period, if there is one."""
        found = self.series.get((point, quantity), EMPTY)
        return _last(found, _opens(found, period))


def _closes(found: Series, period: Period) -> Bools:
    """Which values may be the survey at the end of a period."""
    begin, end = period.start.timestamp(), period.end.timestamp()
    instant = found.start == found.end
    return np.where(instant, (found.start > begin) & (found.start <= end), (found.start >= begin) & (found.start < end))


def _opens(found: Series, period: Period) -> Bools:
    """Which values may be the survey at its start."""
    begin = period.start.timestamp()
    return np.where(found.start == found.end, found.start <= begin, found.start < begin)


def of_meter(model: ChainModel, book: Book, meter: Meter, quantity: str, period: Period) -> Series:
    """Values of a meter in the report days of a period, as its plant counts them."""
    return book.within(meter.id, quantity, period.of_report_days(model.day_starts_h(meter)))


def apart(series: Series) -> Series:
    """Values that do not overlap: where a long record covers shorter ones, the short ones stay."""
    if len(series) < 2 or np.all(series.start[1:] >= series.end[:-1] - 1e-6):
        return series
    kept: list[int] = []
    for k in np.argsort(series.end - series.start, kind="stable"):
        if all(series.start[k] >= series.end[j] - 1e-6 or series.end[k] <= series.start[j] + 1e-6 for j in kept):
            kept.append(int(k))
    return series.take(np.sort(np.array(kept)))


def _last(found: Series, which: Bools) -> Series:
    """The last record among some, or none."""
    return found.take(np.flatnonzero(which)[-1:])


def book(records: pl.DataFrame, lots: frozenset[str] = frozenset()) -> Book:
    """Sort records into series.

    Where one meter has several values for the same time, the one that the store learnt last counts; meters
    that weigh ``lots`` keep them all.
    """
    rows = records.sort("start", "known", nulls_last=False, maintain_order=True)
    keys = ["point", "quantity", "start", "end"]
    several = pl.col("point").is_in(list(lots))
    rows = pl.concat([rows.filter(several), rows.filter(~several).unique(keys, keep="last", maintain_order=True)])
    rows = rows.filter(pl.col("value").is_not_null())
    series = {}
    for (point, quantity), part in (
        rows.sort("start", maintain_order=True).partition_by("point", "quantity", as_dict=True).items()
    ):
        series[str(point), str(quantity)] = Series(
            start=part["start"].dt.epoch("us").to_numpy() / 1e6,
            end=part["end"].dt.epoch("us").to_numpy() / 1e6,
            value=part["value"].to_numpy(),
            below=(part["qualifier"] == "<").fill_null(value=False).to_numpy(),
            told={k: float(one[1:]) for k, one in enumerate(part["qualifier"]) if one and one[0] == TOLD},
        )
    return Book(series)
