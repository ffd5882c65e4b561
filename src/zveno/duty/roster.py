"""Who was on duty: posts, absences, substitutions and deputies of a roster, on a shift or a day, as known on a date."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Literal

from zveno.model.chain import ChainModel
from zveno.model.roster import Absence, Deputy, Post, Substitution
from zveno.model.worktime import day_of, shift_at, shifts_of, zone_of
from zveno.periods import Period, Shift

How = Literal["post", "substitute", "deputy", "role", "nobody"]
_INSTANT = timedelta(microseconds=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class OnDuty:
    """Who answers for a role on a shift or a day.

    Parameters
    ----------
    person
        Person of the roster; where it names nobody, the role, with its crew behind a colon.
    how
        ``post``: the holder; ``substitute`` or ``deputy``: in place of ``instead_of``; ``role``: the roster names
        nobody for this role; ``nobody``: its holder is absent and nobody stands in.
    """

    role: str
    crew: str
    person: str
    how: How
    instead_of: str = ""

    @property
    def named(self) -> bool:
        """Whether it is a person of the roster."""
        return self.how in ("post", "substitute", "deputy")


@dataclass(frozen=True)
class Part:
    """A stretch of a breach in which one person was on duty.

    Parameters
    ----------
    start, end
        Moments in UTC.
    shift
        Day and slot; of a role that works by day that of its beginning.
    crews_at_work
        Crews on shift in the plant meanwhile.
    """

    start: datetime
    end: datetime
    shift: str
    duty: OnDuty
    crews_at_work: tuple[str, ...] = ()


@dataclass(frozen=True)
class Roster:
    """The roster of a chain as it was known at the end of a day (None = now).

    Parameters
    ----------
    model
        The description: people.yaml with roles and shifts, roster.yaml with persons.
    """

    model: ChainModel
    known: date | None = None

    def on_shift(self, role: str, shift: Shift) -> OnDuty:
        """Who holds a role on a shift."""
        return self.holder(role, shift.crew if self.works_in_shifts(role) else "", shift.day, shift.slot)

    def on_day(self, role: str, day: date) -> OnDuty:
        """Who holds a role that works by day."""
        return self.holder(role, "", day, "")

    def at(self, role: str, plant: str, moment: datetime) -> OnDuty:
        """Who holds a role at a moment; of a role in shifts the role alone, where no shift works then."""
        if not self.works_in_shifts(role):
            return self.on_day(role, day_of(self.model, plant, moment, self.known))
        shift = shift_at(self.model, plant, moment, self.known)
        return OnDuty(role, "", role, "role") if shift is None else self.on_shift(role, shift)

    def works_in_shifts(self, role: str) -> bool:
        """Whether the crew at work holds a role; one that is not described is taken to be so."""
        return role not in self.model.roles or self.model.roles[role].on_shift

    def parts(
        self, role: str, plant: str, start: datetime, end: datetime, *, of_the_role: bool = False
    ) -> tuple[Part, ...]:
        """A stretch of time split where another person came on duty.

        Parameters
        ----------
        role, plant
            Role that answers, and the plant whose clock counts.
        start, end
            The stretch; a mere moment has one part.
        of_the_role
            The role answers as a whole, whoever stands on it: as for a list that is due once a week.
        """
        begin, over = start.astimezone(UTC), max(end, start).astimezone(UTC)
        shifts = list(shifts_of(self.model, plant, Period(begin, max(over, begin + _INSTANT)), self.known))
        name = f"{shifts[0].day.isoformat()} {shifts[0].slot}" if shifts else ""
        crews = tuple(dict.fromkeys(one.crew for one in shifts))
        if of_the_role:
            return (Part(begin, over, "", OnDuty(role, "", role, "role"), ()),)
        if not self.works_in_shifts(role):
            return tuple(self._by_day(role, plant, begin, over, name, crews))
        return tuple(self._by_shift(role, shifts, begin, over))

    def crew_on(self, plant: str, shift: Shift) -> dict[str, OnDuty]:
        """Everybody of a plant on a shift, by role, and those who belong to no plant."""
        return {one.id: self.on_shift(one.id, shift) for one in self.model.roles.values() if one.plant in (plant, "")}

    def persons_of(self, plant: str, shift: Shift) -> frozenset[str]:
        """Persons of the roster who are at work on a shift of a plant."""
        return frozenset(one.person for one in self.crew_on(plant, shift).values() if one.named)

    def holder(self, role: str, crew: str, day: date, slot: str) -> OnDuty:
        """The holder of a post on a shift (by its slot) or a day, or who stands in."""
        post = next((one for one in self._posts.get((role, crew), ()) if one.holds(day, self.known)), None)
        if post is None:
            return OnDuty(role, crew, f"{role}:{crew}" if crew else role, "role")
        for each in self._substitutions.get(post.person, ()):
            if each.slot in ("", slot) and each.holds(day, self.known) and not self.absent(each.person, day):
                return OnDuty(role, crew, each.person, "substitute", post.person)
        if not self.absent(post.person, day):
            return OnDuty(role, crew, post.person, "post")
        for one in self._deputies.get(role, ()):
            if one.holds(day, self.known) and one.person != post.person and not self.absent(one.person, day):
                return OnDuty(role, crew, one.person, "deputy", post.person)
        return OnDuty(role, crew, f"{role}:{crew}" if crew else role, "nobody", post.person)

    # ---- inside ------------------------------------------------------------------------------------------------------

    def _by_shift(self, role: str, shifts: list[Shift], begin: datetime, over: datetime) -> Iterator[Part]:
        """A part for each shift, and for times between shifts at which nobody works."""
        at = begin
        for shift in shifts:
            first, last = (one.astimezone(UTC) for one in (shift.period.start, shift.period.end))
            if at < first:
                yield Part(at, first, "", OnDuty(role, "", role, "nobody"))
            day = f"{shift.day.isoformat()} {shift.slot}"
            yield Part(max(first, begin), min(last, over), day, self.on_shift(role, shift), (shift.crew,))
            at = min(last, over)
        if at < over or not shifts:
            yield Part(at, over, "", OnDuty(role, "", role, "nobody"))

    def _by_day(
        self, role: str, plant: str, begin: datetime, over: datetime, name: str, crews: tuple[str, ...]
    ) -> Iterator[Part]:
        """A part for each holder of a day role, from midnight to midnight by the clock of the plant."""
        day = day_of(self.model, plant, begin, self.known)
        held = Part(begin, begin, name, self.on_day(role, day), crews)
        while True:
            day += _DAY
            tz = zone_of(self.model, plant, day, self.known)
            midnight = datetime(day.year, day.month, day.day, tzinfo=tz).astimezone(UTC)
            if midnight >= over:
                break
            duty = self.on_day(role, day)
            if duty != held.duty:
                yield replace(held, end=midnight)
                held = Part(midnight, midnight, f"{day.isoformat()}", duty, crews)
        yield replace(held, end=over)

    def absent(self, person: str, day: date) -> bool:
        """Whether a person is not at work on a day."""
        return any(one.holds(day, self.known) for one in self._absences.get(person, ()))

    @cached_property
    def _posts(self) -> Mapping[tuple[str, str], tuple[Post, ...]]:
        found = defaultdict(list)
        for one in self.model.roster.posts:
            found[one.role, one.crew].append(one)
        return {key: tuple(ones) for key, ones in found.items()}

    @cached_property
    def _substitutions(self) -> Mapping[str, tuple[Substitution, ...]]:
        found = defaultdict(list)
        for one in self.model.roster.substitutions:
            found[one.instead_of].append(one)
        return {key: tuple(ones) for key, ones in found.items()}

    @cached_property
    def _absences(self) -> Mapping[str, tuple[Absence, ...]]:
        found = defaultdict(list)
        for one in self.model.roster.absences:
            found[one.person].append(one)
        return {key: tuple(ones) for key, ones in found.items()}

    @cached_property
    def _deputies(self) -> Mapping[str, tuple[Deputy, ...]]:
        found = defaultdict(list)
        for one in sorted(self.model.roster.deputies, key=lambda each: each.rank):
            found[one.role].append(one)
        return {key: tuple(ones) for key, ones in found.items()}
