"""Which report calendar a table is counted by: the one that knows its shifts, and whose day begins as its plant's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from zveno.model.mapping import Calendar
from zveno.periods import zone
from zveno.sources.dates import moment_of
from zveno.sources.learning.cross import Across
from zveno.sources.learning.find import Block
from zveno.sources.learning.found import LearntColumn
from zveno.sources.learning.known import Known
from zveno.sources.mappedrows import as_word
from zveno.sources.reportdays import ReportCalendar


@dataclass(frozen=True)
class Timed:
    """A table with what tells its time: its plants, the word for its shift above it, and what its values stand for."""

    block: Block
    columns: Sequence[LearntColumn]
    known: Known
    plants: Sequence[str]
    shift: str
    period: str
    across: Across | None


def likely_calendars(time: Timed) -> list[str]:
    """The likeliest calendars of a table; one where what is known tells it."""
    calendars = time.known.model.mappings.calendars
    if time.period in ("lot", "moment"):
        return [one.id for one in calendars.values() if not one.shifts][:1]
    scores = {name: _knows(time, name) for name in calendars}
    most = max(scores.values(), default=0)
    best = [name for name in scores if scores[name] == most and most] if time.period == "shift" else list(calendars)
    for test in (_hours_said(time.block), _starts(time.known, time.plants), _named(time.known, time.plants)):
        best = [name for name in best if test(calendars[name])] or best
    if time.period == "day" and len(best) > 1:
        best = [name for name in best if not calendars[name].shifts] or best
    same = {_span(time.known.calendars[name], time.period) for name in best}
    return best[:1] if len(same) == 1 else best


def _span(calendar: ReportCalendar, period: str) -> object:
    """What a calendar makes of a day: calendars that make the same need not be told apart."""
    day = date(2026, 3, 3)
    whole = calendar.day(day)
    shifts = tuple((one.id, calendar.shift(day, one.id).start, one.words) for one in calendar.calendar.shifts)
    return (whole.start, shifts) if period == "shift" else whole.start


def _knows(time: Timed, name: str) -> int:
    """How many shifts of a table a calendar knows."""
    calendar, across, block = time.known.calendars[name], time.across, time.block
    heads = [one for one in time.columns if one.guess.role == "shift" or one.guess.stamp]
    if across is not None and across.shifts:
        return sum(calendar.slot(text) not in ("", "day") for c in across.columns for text in block.heads[c])
    if not heads:
        return int(bool(time.shift) and calendar.slot(time.shift) not in ("", "day"))
    guess = heads[0].guess
    values = [cell.value for cell in block.cells(heads[0].column).values()]
    if not guess.stamp:
        return sum(bool(calendar.slot(as_word(one))) for one in values)
    own = zone(guess.zone) if guess.zone else time.known.model.tz
    moments = [moment.replace(tzinfo=own) for one in values if (moment := moment_of(one)) is not None]
    return sum(calendar.ending(one) is not None for one in moments)


def _hours_said(block: Block) -> Any:
    """A test: whether the hours of the shifts of a calendar stand above the table or in its headings."""
    said = " ".join(str(cell.value) for (row, _), cell in block.sheet.cells.items() if row <= block.last)

    def test(one: Calendar) -> bool:
        return bool(one.shifts) and any(
            f"{each.starts[:2]}-{each.ends[:2]}" in said or f"{each.starts}-{each.ends}" in said for each in one.shifts
        )

    return test


def _starts(known: Known, plants: Sequence[str]) -> Any:
    """A test: whether the day of a calendar starts as the plants' days are described to start."""
    starts = {one.day_starts_h % 24 for one in known.model.chain.plants if one.id in plants}

    def test(one: Calendar) -> bool:
        whole = known.calendars[one.id].day(date(2026, 3, 3))
        return (whole.start.hour + whole.start.minute / 60) % 24 in starts

    return test


def _named(known: Known, plants: Sequence[str]) -> Any:
    """A test: whether a calendar is called like a plant or its kind."""
    names = {*plants, *(one.kind for one in known.model.chain.plants if one.id in plants)}
    return lambda one: one.id in names
