"""Who works, by name and date, and what follows a breach: the content of roster.yaml and duty.yaml."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from zveno.model.people import Shifts
from zveno.model.record import Record, Titles

Hours = Annotated[float, Field(gt=0)]
Days = Annotated[int, Field(ge=0)]
Severity = Literal["low", "medium", "high", "critical"]
PersonId = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_.-]*$", description="id of a person, as the register of keys has it")
]


class Dated(Record):
    """What holds from a plant day up to and with another one, and since when it is known.

    A night shift belongs to the day on which it begins. What turned out to be wrong is not struck out: it is taken back
    on a day, and as known before that day it still holds.
    """

    start: date | None = Field(default=None, alias="from", description="first plant day")
    until: date | None = Field(default=None, description="last plant day")
    known: date | None = Field(default=None, description="day on which it was entered; empty: from the beginning")
    taken_back: date | None = Field(default=None, description="day from which on it is known not to hold")

    def holds(self, day: date, known: date | None = None) -> bool:
        """Whether it holds on a plant day, as known at the end of another one (None = now)."""
        return (
            (self.start or date.min) <= day <= (self.until or date.max)
            and (known is None or (self.known or date.min) <= known)
            and (self.taken_back is None or (known is not None and known < self.taken_back))
        )


class PlantZone(Dated):
    """The time zone of a plant, where it is not that of the chain."""

    plant: str
    zone: str = Field(description="a name such as Asia/Almaty, or UTC+05:00")


class Rotation(Dated):
    """Slots, crews and cycle of plants, where they are not those of people.yaml."""

    plants: tuple[str, ...] = Field(min_length=1)
    shifts: Shifts


class RosterPerson(Record):
    """Somebody who works in the chain."""

    id: PersonId
    title: Titles = {}


class Post(Dated):
    """Who holds a role: in a crew, or by day."""

    role: str
    crew: str = Field(default="", description="crew; empty for a role that works by day")
    person: PersonId


class Absence(Dated):
    """Somebody is not at work."""

    person: PersonId
    why: str = ""


class Substitution(Dated):
    """One person works in place of another, on the shifts named."""

    person: PersonId = Field(description="who comes")
    instead_of: PersonId = Field(alias="for", description="whose post it is")
    slot: str = Field(default="", description="only on this shift of the day")
    why: str = ""


class Deputy(Dated):
    """Who stands in for the holder of a role while that one is absent and nobody else is named."""

    role: str
    person: PersonId
    rank: Annotated[int, Field(ge=1, description="1 is asked first")] = 1


class RosterFile(Record):
    """The content of roster.yaml and of the files under roster/."""

    format: Literal["zveno/roster-1"] = "zveno/roster-1"
    zones: tuple[PlantZone, ...] = ()
    rotations: tuple[Rotation, ...] = ()
    persons: tuple[RosterPerson, ...] = ()
    posts: tuple[Post, ...] = ()
    absences: tuple[Absence, ...] = ()
    substitutions: tuple[Substitution, ...] = ()
    deputies: tuple[Deputy, ...] = ()


class Terms(Record):
    """How long each step after a breach may take, where severity and plant fit; the first entry that fits counts."""

    severities: tuple[Severity, ...] = ()
    plants: tuple[str, ...] = ()
    notify_h: Hours = Field(default=12, description="until those on duty are told, from the breach on")
    acknowledge_h: Hours = Field(default=24, description="until they say that they know of it, from the notice on")
    reply_days: Days = Field(default=3, description="full days in which they may reply, after that of the notice")
    cause_days: Days = Field(default=10, description="until the cause is confirmed, after the day of the notice")
    appeal_days: Days = Field(default=5, description="full days for an appeal, after that of the cause")


class Escalation(Record):
    """Who is told when a term has passed."""

    step: Literal["notify", "acknowledge", "cause", "action", "appeal"]
    after_h: Annotated[float, Field(ge=0, description="hours after the end of the term")]
    to: str = Field(description="role; one that begins with *. is that of the plant")
    severities: tuple[Severity, ...] = ()
    plants: tuple[str, ...] = ()


class ShelvingRule(Record):
    """For how long an alarm may be shelved, and by whom; the first entry that fits counts."""

    rules: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    safety: bool = Field(default=False, description="the entry is about safety norms")
    longest_h: Hours
    roles: tuple[str, ...] = Field(min_length=1, description="roles of the register that may")


class HandoverTerms(Record):
    """When a shift is handed over."""

    overlap_min: Annotated[float, Field(ge=0, description="both shifts are there, before and after the change")] = 15
    acknowledge_min: Annotated[float, Field(ge=0, description="until the next shift has taken over")] = 60


class Conditions(Record):
    """What a plant's shifts are compared under: meters that tell the feed of a shift and its content."""

    plant: str
    feed: tuple[str, ...] = Field(default=(), description="meters whose masses add up to the feed of a shift")
    grade: tuple[str, ...] = Field(default=(), description="meters that assay it; content of the first component")


_MOST = ("foreman", "technologist", "head", "chief_engineer")
USUAL_SHELVING = (
    ShelvingRule(severities=("low",), longest_h=168, roles=_MOST),
    ShelvingRule(severities=("medium",), longest_h=24, roles=_MOST),
    ShelvingRule(severities=("high", "critical"), longest_h=8, roles=("technologist", "head", "chief_engineer")),
)


class DutyFile(Record):
    """The content of duty.yaml: terms, escalation, shelving, handover."""

    format: Literal["zveno/duty-1"] = "zveno/duty-1"
    terms: tuple[Terms, ...] = ()
    escalation: tuple[Escalation, ...] = ()
    shelving: tuple[ShelvingRule, ...] = USUAL_SHELVING
    handover: HandoverTerms = HandoverTerms()
    conditions: tuple[Conditions, ...] = ()
