"""Who works when and answers for what: the content of people.yaml."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated

from pydantic import Field

from zveno.model.record import Id, Record, Titles
from zveno.periods import ShiftPattern, ShiftSlot


class Role(Record):
    """A post in a plant; ``on_shift`` roles are held by the crew at work."""

    id: Id
    title: Titles = {}
    plant: str = ""
    on_shift: bool = True


class Slot(Record):
    """A shift of the day."""

    id: str
    title: Titles = {}
    start: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    hours: Annotated[float, Field(gt=0, le=24)]


class Reference(Record):
    """The day on which the first crew stands at the first place of the cycle."""

    day: date


class Shifts(Record):
    """Shift pattern: slots of the day, crews, and the cycle they go through."""

    slots: tuple[Slot, ...] = Field(description="shifts of the day")
    crews: tuple[str, ...] = Field(description="crews in the order in which they follow each other")
    cycle: tuple[str, ...] = Field(description="what a crew works day by day: the id of a slot, or off")
    reference: Reference = Field(description="where the cycle begins")
    step: Annotated[int, Field(ge=1, description="days by which each crew follows the one before it")] = 1
    round_the_clock: bool = Field(default=True, description="shifts fill the day, and a crew stands on each of them")
    stands: tuple[date, ...] = Field(default=(), description="days on which no shift begins")

    @property
    def pattern(self) -> ShiftPattern:
        """As the calendar that tells who works when."""
        slots = tuple(ShiftSlot(one.id, time.fromisoformat(one.start), one.hours) for one in self.slots)
        days = frozenset(self.stands)
        return ShiftPattern(slots, self.crews, self.cycle, self.reference.day, self.step, days)


class Duty(Record):
    """Which role answers for a unit or section, from a date."""

    unit: str
    role: str
    start: date | None = Field(default=None, alias="from")
    end: date | None = Field(default=None, alias="to")


class People(Record):
    """Roles, shifts and duties: the content of people.yaml."""

    shifts: Shifts
    roles: tuple[Role, ...]
    duties: tuple[Duty, ...] = ()
