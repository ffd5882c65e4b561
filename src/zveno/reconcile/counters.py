"""Counters beside scales: what a belt counted against the tonnes that were written down, shift by shift."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from zveno.model.chain import ChainModel
from zveno.model.types import COUNTER, Meter
from zveno.periods import Period
from zveno.quantities import convert
from zveno.reconcile.records import Book, of_meter

CounterKind = Literal["rollover", "differs", "backwards", "jump"]
_SDS, _ROUNDING = 3.0, 1e-6
_MASSES = ("wet_mass", "mass")


@dataclass(frozen=True)
class CounterFinding:
    """Something about a counter that somebody should know.

    Parameters
    ----------
    meter
        The counter.
    kind
        ``rollover``: it began again from zero, and what it counted with that is what was weighed (no fault);
        ``differs``: what was weighed is not what it counted; ``backwards``: it shows less at the end, and a rollover
        does not explain it; ``jump``: it begins otherwise than the shift before ended.
    start, end
        The shift, s since 1970.
    shown_from_t, shown_to_t
        What the counter showed before and after: at both ends of the shift, or between two shifts.
    counted_t
        What it counted; NaN where that cannot be said.
    weighed_t
        What was written down for the shift; NaN where nothing was.
    """

    meter: str
    kind: CounterKind
    start: float
    end: float
    shown_from_t: float
    shown_to_t: float
    counted_t: float
    weighed_t: float


@dataclass(frozen=True)
class _Shift:
    """What a counter showed at both ends of a shift, and what was weighed in it."""

    start: float
    end: float
    shown: tuple[float, float]
    weighed: float


def counter_findings(model: ChainModel, book: Book, period: Period) -> tuple[CounterFinding, ...]:
    """Rollovers, breaks and differences of all counters of a period, in order of time.

    A counter goes on from shift to shift: each begins with what the one before ended with. What it counted is the
    difference, or the difference and once around where it begins again from zero, and that is what was weighed, within
    three standard deviations of its own description. A smaller number at the end is called a rollover only where the
    tonnes written down, or else a usual shift (from half to twice as much), agree with it.
    """
    found = [
        one
        for meter in model.chain.meters
        if meter.quantity == "counter"
        for one in _of_counter(meter, list(_shifts(model, book, meter, period)))
    ]
    return tuple(sorted(found, key=lambda one: (one.start, one.meter)))


def _shifts(model: ChainModel, book: Book, meter: Meter, period: Period) -> Iterator[_Shift]:
    """Shifts of which both readings are there."""
    first, last = (of_meter(model, book, meter, quantity, period) for quantity in COUNTER)
    ends = {(a, b): value for a, b, value in zip(last.start, last.end, last.value, strict=True)}
    scales = [one for one in model.chain.meters if one.stream == meter.stream and one.quantity in _MASSES]
    weighed: dict[tuple[float, float], float] = {}
    for one in scales[:1]:
        series = of_meter(model, book, one, one.quantity, period)
        weighed = {(a, b): value for a, b, value in zip(series.start, series.end, series.value, strict=True)}
    for a, b, value in zip(first.start, first.end, first.value, strict=True):
        if (a, b) in ends:
            yield _Shift(float(a), float(b), (float(value), float(ends[a, b])), float(weighed.get((a, b), np.nan)))


def _of_counter(meter: Meter, shifts: Sequence[_Shift]) -> Iterator[CounterFinding]:
    """Findings of one counter."""
    around = convert(meter.turns_over_at, meter.uom, "t") if meter.turns_over_at else 0.0
    rises = np.array([one.shown[1] - one.shown[0] for one in shifts])
    usual = float(np.median(rises[rises > 0])) if np.any(rises > 0) else np.nan
    for one in shifts:
        yield from _within(meter, one, around, usual)
    for before, after in pairwise(shifts):
        gap = after.shown[0] - before.shown[1]
        if before.end == after.start and abs(gap) > _tolerance(meter, 0.0) and abs(abs(gap) - around) > _ROUNDING:
            yield CounterFinding(
                meter.id, "jump", after.start, after.end, before.shown[1], after.shown[0], np.nan, after.weighed
            )


def _within(meter: Meter, one: _Shift, around: float, usual: float) -> Iterator[CounterFinding]:
    """Findings within a shift."""
    rise = one.shown[1] - one.shown[0]
    turned = rise < 0 < around
    counted = rise + around if turned else rise
    known = one.weighed if np.isfinite(one.weighed) else usual
    fits = abs(counted - one.weighed) <= _tolerance(meter, counted)
    plain = fits or (not np.isfinite(one.weighed) and bool(0.5 * known <= counted <= 2 * known))
    kind: CounterKind | None = None
    if rise < 0:
        kind = "rollover" if turned and plain else "backwards"
    elif np.isfinite(one.weighed) and not fits:
        kind = "differs"
    if kind is not None:
        shown = counted if kind != "backwards" else np.nan
        yield CounterFinding(meter.id, kind, one.start, one.end, *one.shown, shown, one.weighed)


def _tolerance(meter: Meter, counted: float) -> float:
    """How far the tonnes written down may be from those counted."""
    floor = convert(meter.sd_abs, meter.uom, "t")
    return float(_SDS * np.hypot(floor, meter.sd_rel_pct / 100 * counted)) + _ROUNDING
