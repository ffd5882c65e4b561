"""Report calendars: which stretch of time a shift word, a day or a stamp of a report means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo

from zveno.model.mapping import Calendar
from zveno.periods import zone
from zveno.text.sheetwords import plain

_IN_BRACKETS = re.compile(r"\([^)]*\)")
_FILLERS = re.compile(r"\b(смена|смены|см|ауысым|shift|№)\b\.?")
_HOURS = re.compile(r"(?<!\d)\d{1,2}([:.]\d\d)?\s*[-–—]\s*\d{1,2}([:.]\d\d)?(?!\d)\s*(ч\.?|сағ\.?|h)?")
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Stretch:
    """Start and end (aware), the report day they belong to, and the name of the shift, ``day`` or a lot."""

    start: datetime
    end: datetime
    day: date
    slot: str


@dataclass(frozen=True)
class ReportCalendar:
    """A calendar of the mappings, in the time zone it counts in."""

    calendar: Calendar
    own_zone: tzinfo
    _slots: dict[str, str] = field(default_factory=dict, compare=False, repr=False)
    _stretches: dict[tuple[date, str], Stretch] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, calendar: Calendar | None, fallback: tzinfo) -> ReportCalendar:
        """A calendar, or plain days of the chain's time zone."""
        found = calendar or Calendar(id="days")
        return cls(found, zone(found.zone) if found.zone else fallback)

    def slot(self, word: str) -> str:
        """The shift id that a word means, ``day`` for a whole day, or empty where it means nothing known.

        >>> from zveno.model.mapping import ShiftTimes
        >>> shifts = (ShiftTimes(id="1", starts="00:00", ends="08:00", words=("I", "ночная")),)
        >>> year = ReportCalendar.of(Calendar(id="zhf", shifts=shifts, day_words=("сут. проба",)), zone("UTC+05:00"))
        >>> year.slot("I смена (00-08)"), year.slot("1 см."), year.slot("Сут. проба"), year.slot("весна")
        ('1', '1', 'day', '')
        """
        if word not in self._slots:
            self._slots[word] = self._meant(word)
        return self._slots[word]

    def _meant(self, word: str) -> str:
        whole = plain(word)
        if whole in {plain(one) for one in self.calendar.day_words}:
            return "day"
        bare = plain(_FILLERS.sub(" ", _HOURS.sub(" ", _IN_BRACKETS.sub(" ", word.lower())))).rstrip(".,")
        for one in self.calendar.shifts:
            if {whole, bare} & {plain(text) for text in (one.id, *one.words)}:
                return one.id
        return ""

    def stretch(self, day: date, slot: str) -> Stretch:
        """The time of a shift of a report day, or of the whole of it."""
        key = (day, slot)
        if key not in self._stretches:
            self._stretches[key] = self.day(day) if slot == "day" else self.shift(day, slot)
        return self._stretches[key]

    def shift(self, day: date, slot: str) -> Stretch:
        """The time of a shift of a report day."""
        one = next(each for each in self.calendar.shifts if each.id == slot)
        start, end = self._at(day, one.starts), self._at(day, one.ends)
        if end <= start and one.belongs_to == "end":
            start -= _DAY
        elif end <= start:
            end += _DAY
        return Stretch(start, end, day, slot)

    def day(self, day: date) -> Stretch:
        """A whole report day: it begins with its first shift."""
        shifts = [self.shift(day, one.id) for one in self.calendar.shifts]
        start = min((one.start for one in shifts), default=self._at(day, self.calendar.day_starts))
        return Stretch(start, start + _DAY, day, "day")

    def ending(self, moment: datetime) -> Stretch | None:
        """The shift that ends at a moment; None where none does."""
        local = moment.astimezone(self.own_zone)
        return next((one for one in self._around(local.date()) if one.end == moment), None)

    def _around(self, day: date) -> Iterator[Stretch]:
        for near in (day - _DAY, day, day + _DAY):
            for one in self.calendar.shifts:
                yield self.shift(near, one.id)

    def _at(self, day: date, clock: str) -> datetime:
        return datetime.combine(day, time.fromisoformat(clock), self.own_zone)
