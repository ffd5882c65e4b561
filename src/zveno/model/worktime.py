"""Shifts of a plant in its own time: the pattern and the zone in force on each day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

from zveno.errors import DataError
from zveno.model.chain import ChainModel
from zveno.periods import Period, Shift, ShiftPattern, zone

_DAY = timedelta(days=1)


def zone_of(model: ChainModel, plant: str, day: date, known: date | None = None) -> tzinfo:
    """Time zone of a plant on a day; that of the chain where none is given."""
    for one in reversed(model.roster.zones):
        if one.plant == plant and one.holds(day, known):
            return zone(one.zone)
    return model.tz


def pattern_of(model: ChainModel, plant: str, day: date, known: date | None = None) -> ShiftPattern:
    """Shift pattern of a plant on a day; that of people.yaml where none is given."""
    for one in reversed(model.roster.rotations):
        if plant in one.plants and one.holds(day, known):
            return one.shifts.pattern
    return model.shift_pattern


def day_of(model: ChainModel, plant: str, moment: datetime, known: date | None = None) -> date:
    """The day that the calendar of a plant shows at a moment."""
    local = moment.astimezone(model.tz).date()
    for day in (local + _DAY, local):
        if datetime(day.year, day.month, day.day, tzinfo=zone_of(model, plant, day, known)) <= moment:
            return day
    return local - _DAY


def plant_time(model: ChainModel, plant: str, moment: datetime) -> datetime:
    """A moment by the clock of a plant."""
    return moment.astimezone(zone_of(model, plant, day_of(model, plant, moment)))


def shifts_of(model: ChainModel, plant: str, period: Period, known: date | None = None) -> Iterator[Shift]:
    """Every shift of a plant that has time in a period, in order; moments in the plant's own time.

    A shift lasts from its hour to that of its end as the clock on the wall shows them: where clocks are set back an
    hour meanwhile, those on duty work an hour longer.
    """
    first, last = (one.astimezone(UTC) for one in (period.start, period.end))
    day = min(one.astimezone(model.tz).date() for one in (first, last)) - 2 * _DAY
    while day <= last.astimezone(model.tz).date() + _DAY:
        yield from (
            one for one in _begun_on(model, plant, day, known)
            if one.period.start.astimezone(UTC) < last and one.period.end.astimezone(UTC) > first
        )  # fmt: skip
        day += _DAY


def shift_at(model: ChainModel, plant: str, moment: datetime, known: date | None = None) -> Shift | None:
    """The shift of a plant at work at a moment; None where nobody works then."""
    instant = Period(moment.astimezone(UTC), moment.astimezone(UTC) + timedelta(microseconds=1))
    return next(shifts_of(model, plant, instant, known), None)


def shift_named(model: ChainModel, plant: str, day: date, slot: str) -> Shift:
    """A shift by its day and its name.

    Raises
    ------
    DataError
        If the plant has none of that name on that day.
    """
    found = _begun_on(model, plant, day, None)
    for one in found:
        if one.slot == slot:
            return one
    raise DataError(
        "'{plant}' has no shift '{slot}' on {day}: it has {known}", plant=plant, slot=slot, day=day,
        known=", ".join(one.slot for one in found) or "–",
    )  # fmt: skip


def _begun_on(model: ChainModel, plant: str, day: date, known: date | None) -> tuple[Shift, ...]:
    """Shifts that begin on a day, in order."""
    if not model.roster.zones and not model.roster.rotations:
        return _begun(model.shift_pattern, model.tz, model.tz, day)
    zones = (zone_of(model, plant, one, known) for one in (day, day + _DAY))
    return _begun(pattern_of(model, plant, day, known), *zones, day)


@lru_cache(maxsize=4096)
def _begun(pattern: ShiftPattern, tz: tzinfo, next_tz: tzinfo, day: date) -> tuple[Shift, ...]:
    """Shifts of a day in its zone, those that end on the next day by the clock of that one."""
    if day in pattern.stands:
        return ()
    found = []
    for slot in pattern.slots:
        crew = pattern.crew(day, slot.id)
        if crew:
            start = datetime.combine(day, slot.start)
            end = start + timedelta(hours=slot.hours)
            tzs = tz, tz if end.date() == day else next_tz
            span = Period(start.replace(tzinfo=tzs[0]), end.replace(tzinfo=tzs[1]), "shift")
            found.append(Shift(day, slot.id, crew, span))
    return tuple(sorted(found, key=lambda one: one.period.start.astimezone(UTC)))
