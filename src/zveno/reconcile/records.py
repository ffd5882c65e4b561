"""Records of a period, by meter and quantity, as arrays in order of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from zveno.periods import Period
from zveno.reconcile.arrays import Bools, Floats, Ints


@dataclass(frozen=True)
class Series:
    """Values of one meter and quantity: start and end in seconds, value in t or mass fraction, "less than"."""

    start: Floats
    end: Floats
    value: Floats
    below: Bools

    def __len__(self) -> int:
        return len(self.value)

    def lasting_no_time(self) -> Series:
        """The same values as of their beginnings."""
        return Series(self.start, self.start, self.value, self.below)

    def take(self, which: Ints | slice) -> Series:
        """Some of the values."""
        return Series(self.start[which], self.end[which], self.value[which], self.below[which])


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
        begin, end = period.start.timestamp(), period.end.timestamp()
        instant = found.start == found.end
        within = np.where(
            instant, (found.start > begin) & (found.start <= end), (found.start >= begin) & (found.start < end)
        )
        return _last(found, within)

    def age_h(self, point: str, quantity: str, period: Period) -> float:
        """Hours from the last survey before a period to its start; infinite where there is none."""
        found = self.series.get((point, quantity), EMPTY)
        begin = period.start.timestamp()
        before = found.end[np.where(found.start == found.end, found.start <= begin, found.start < begin)]
        return float(begin - before[-1]) / 3600 if len(before) else np.inf

    def opening(self, point: str, quantity: str, period: Period) -> Series:
        """Last survey at or before the start of the period, if there is one."""
        found = self.series.get((point, quantity), EMPTY)
        begin = period.start.timestamp()
        return _last(found, np.where(found.start == found.end, found.start <= begin, found.start < begin))


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
        )
    return Book(series)
