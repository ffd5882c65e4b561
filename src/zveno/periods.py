"""Plant time: periods, shifts, crews and values that change on a date."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from zveno.errors import DataError

PeriodKind = Literal["hour", "shift", "day", "month", "year", "span"]
_OFFSET = re.compile(r"^UTC([+-])(0\d|1[0-4]):([0-5]\d)$")
_FORMS: tuple[tuple[str, PeriodKind], ...] = (
    ("%Y", "year"),
    ("%Y-%m", "month"),
    ("%Y-%m-%d", "day"),
    ("%Y-%m-%dT%H:00", "hour"),
)


def zone(name: str) -> tzinfo:
    """Time zone by IANA name (``Asia/Almaty``) or fixed offset (``UTC+05:00``)."""
    match = _OFFSET.match(name)
    if match:
        sign = 1 if match[1] == "+" else -1
        return timezone(sign * timedelta(hours=int(match[2]), minutes=int(match[3])), name)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise DataError(
            "time zone '{name}' is not known: write 'UTC+05:00' or a name such as 'Asia/Almaty'", name=name
        ) from None


@dataclass(frozen=True, order=True)
class Period:
    """A stretch of plant time, ``start <= t < end`` (aware datetimes)."""

    start: datetime
    end: datetime
    kind: PeriodKind = "span"

    @classmethod
    def parse(cls, text: str, tz: tzinfo) -> Period:
        """Read ``2026``, ``2026-03``, ``2026-03-07``, ``2026-03-07T14:00`` or ``START/END`` (end excluded).

        Examples
        --------
        >>> Period.parse("2026-03", zone("UTC+05:00")).hours
        744.0
        """
        for form, kind in _FORMS:
            try:
                start = datetime.strptime(text, form).replace(tzinfo=tz)
            except ValueError:
                continue
            return cls(start, _next(start, kind), kind)
        if text.count("/") == 1:
            try:
                start, end = (datetime.fromisoformat(part) for part in text.split("/"))
            except ValueError:
                start = end = datetime.min
            start, end = (one if one.tzinfo else one.replace(tzinfo=tz) for one in (start, end))
            if start < end:
                return cls(start, end)
        raise DataError(
            "period '{text}' is not understood: write 2026, 2026-03, 2026-03-07 or 2026-03-01/2026-03-08",
            text=text,
        )

    @property
    def instants(self) -> tuple[datetime, datetime]:
        """Both ends in UTC, as tables hold their times."""
        return self.start.astimezone(UTC), self.end.astimezone(UTC)

    @property
    def hours(self) -> float:
        """Length in hours."""
        return (self.end.timestamp() - self.start.timestamp()) / 3600  # real hours, also where clocks are changed

    @property
    def name(self) -> str:
        """Short text that names the period, as in ``2026-03``."""
        forms = {"year": "%Y", "month": "%Y-%m", "day": "%Y-%m-%d", "hour": "%Y-%m-%dT%H:%M"}
        if self.kind in forms:
            return self.start.strftime(forms[self.kind])
        return f"{self.start:%Y-%m-%dT%H:%M}/{self.end:%Y-%m-%dT%H:%M}"

    def of_report_days(self, starts_h: float) -> Period:
        """The same report days, each of which begins so many hours after midnight; hours and shifts stay as they are.

        Examples
        --------
        >>> Period.parse("2026-03-01", zone("UTC+05:00")).of_report_days(-4).start.isoformat()
        '2026-02-28T20:00:00+05:00'
        """
        midnight = time()
        if not starts_h or self.start.time() != midnight or self.end.time() != midnight:
            return self
        by = timedelta(hours=starts_h)
        return Period(self.start + by, self.end + by, self.kind)

    def split(self, kind: Literal["hour", "day", "month"]) -> Iterator[Period]:
        """Cut into hours, days or months of plant time; the last one may be short."""
        start = self.start
        while start < self.end:
            end = min(_next(start, kind), self.end)
            yield Period(start, end, kind)
            start = end


def _next(start: datetime, kind: PeriodKind) -> datetime:
    """First moment after the hour, day, month or year that holds ``start``."""
    if kind == "hour":
        whole = start.replace(minute=0, second=0, microsecond=0)
        return (whole.astimezone(UTC) + timedelta(hours=1)).astimezone(start.tzinfo)
    day = start.replace(hour=0, minute=0, second=0, microsecond=0)
    if kind == "day":
        return day + timedelta(days=1)
    if kind == "month":
        return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return day.replace(year=day.year + 1, month=1, day=1)


@dataclass(frozen=True)
class ShiftSlot:
    """One shift of the day: its name, when it starts, how long it lasts."""

    id: str
    start: time
    hours: float


@dataclass(frozen=True)
class Shift:
    """A worked shift: plant date on which it began, its slot, the crew, its period."""

    day: date
    slot: str
    crew: str
    period: Period


@dataclass(frozen=True)
class ShiftPattern:
    """Crews that take turns through a repeating cycle.

    Crew number ``k`` stands on day ``n`` (counted from ``reference``) at place ``(n - k step) mod len(cycle)``
    of the cycle; a place names the slot worked, or ``off``. On days of ``stands`` no shift begins.
    """

    slots: tuple[ShiftSlot, ...]
    crews: tuple[str, ...]
    cycle: tuple[str, ...]
    reference: date
    step: int = 1
    stands: frozenset[date] = frozenset()

    def crew(self, day: date, slot: str) -> str:
        """Crew that works the slot which begins on that day; empty if nobody does."""
        n = (day - self.reference).days
        for k, crew in enumerate(self.crews):
            if self.cycle[(n - k * self.step) % len(self.cycle)] == slot:
                return crew
        return ""

    def shifts(self, period: Period) -> Iterator[Shift]:
        """Every shift that has time in the period, in order, each at its full length."""
        tz = period.start.tzinfo
        day = period.start.date() - timedelta(days=1)
        while day <= period.end.date():
            for slot in self.slots if day not in self.stands else ():
                start = datetime.combine(day, slot.start, tz)
                end = start + timedelta(hours=slot.hours)
                if start < period.end and end > period.start:
                    yield Shift(day, slot.id, self.crew(day, slot.id), Period(start, end, "shift"))
            day += timedelta(days=1)

    def at(self, moment: datetime) -> Shift:
        """The shift at work at that moment."""
        for shift in self.shifts(Period(moment, moment + timedelta(microseconds=1))):
            return shift
        raise DataError("no shift works at {moment}: check 'shifts' in people.yaml", moment=moment.isoformat())


@dataclass(frozen=True)
class DatedValue:
    """A number in force from a date (inclusive) to a date (exclusive, None = open)."""

    value: float
    start: date
    end: date | None = None


def value_on(values: Sequence[DatedValue], day: date) -> float | None:
    """The value in force on a day, or None if none is."""
    for one in values:
        if one.start <= day and (one.end is None or day < one.end):
            return one.value
    return None
