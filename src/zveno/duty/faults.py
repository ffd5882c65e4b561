"""Faults of a roster: nobody on duty, two at once, persons and crews that do not exist; each with its line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import pairwise

from zveno.duty.roster import Roster
from zveno.errors import Fault, ZvenoError, fault
from zveno.model.chain import ChainModel
from zveno.model.checks import near_match
from zveno.model.crews import shift_faults
from zveno.model.roster import Absence, Dated, Post, Substitution
from zveno.model.worktime import pattern_of
from zveno.periods import zone
from zveno.text.mark import tr

_DAY = timedelta(days=1)
_LOOK_ON = 366
"""Days of an absence without an end that are looked through."""


def roster_faults(model: ChainModel) -> list[Fault]:
    """Everything in roster.yaml and duty.yaml that does not hold together."""
    names = [*_name_faults(model), *_date_faults(model), *_duty_file_faults(model)]
    if names or model.people is None:
        return names
    faults = [*_overlaps(model), *_two_posts(model), *_gaps(model)]
    return faults or [*_unmanned(model), *_double_duty(model)]


def _place(model: ChainModel, key: str, index: int) -> str:
    """``file:line`` of an entry."""
    return model.places.get(f"{key}/{index}", "roster.yaml")


# ---- names -----------------------------------------------------------------------------------------------------------


def _name_faults(model: ChainModel) -> Iterator[Fault]:
    """Every person, role, crew and plant that is named exists; persons stand once."""
    roster = model.roster
    persons = [one.id for one in roster.persons]
    for index, id_ in enumerate(persons):
        if id_ in persons[:index]:
            where = model.places.get(f"persons/{id_}", "roster.yaml")
            yield fault("the id '{id}' is given {times} times: make each id unique", where, id=id_, times=2)
    crews = _crews(model)
    for index, post in enumerate(roster.posts):
        where = _place(model, "posts", index)
        yield from _role_faults(model, post, crews, where)
        yield from _unknown(where, "person", post.person, persons)
    for index, absence in enumerate(roster.absences):
        yield from _unknown(_place(model, "absences", index), "person", absence.person, persons)
    for index, each in enumerate(roster.substitutions):
        where = _place(model, "substitutions", index)
        for name in (each.person, each.instead_of):
            yield from _unknown(where, "person", name, persons)
        slots = [one for pattern in _patterns(model) for one in pattern]
        if each.slot:
            yield from _unknown(where, "shift", each.slot, slots)
    for index, deputy in enumerate(roster.deputies):
        where = _place(model, "deputies", index)
        yield from _unknown(where, "person", deputy.person, persons)
        yield from _unknown(where, "role", deputy.role, model.roles)
    yield from _pattern_faults(model)


def _unknown(where: str, what: str, name: str, known: Iterable[str]) -> Iterator[Fault]:
    """A name that leads nowhere."""
    names = list(known)
    if name not in names:
        message = {
            "person": tr("there is no person '{name}': enter it under 'persons'"),
            "role": tr("there is no role '{name}': people.yaml holds the roles"),
            "crew": tr("there is no crew '{name}': the shift pattern names the crews"),
            "shift": tr("there is no shift '{name}': the shift pattern names the shifts"),
            "plant": tr("there is no plant '{name}'"),
            "meter": tr("there is no meter '{name}'"),
        }[what]
        yield fault(message, where, name=name, near=near_match(name, names))


def _role_faults(model: ChainModel, post: Post, crews: set[str], where: str) -> Iterator[Fault]:
    """A post names a role, with a crew where the role works in shifts, and without one where it works by day."""
    if post.role not in model.roles:
        yield from _unknown(where, "role", post.role, model.roles)
        return
    on_shift = model.roles[post.role].on_shift
    if on_shift and post.crew:
        yield from _unknown(where, "crew", post.crew, sorted(crews))
    elif on_shift:
        yield fault("role '{role}' works in shifts: say in which crew '{person}' is", where, role=post.role,
                    person=post.person)  # fmt: skip
    elif post.crew:
        yield fault("role '{role}' works by day: leave crew '{crew}' out", where, role=post.role, crew=post.crew)


def _pattern_faults(model: ChainModel) -> Iterator[Fault]:
    """Plants and zones of rotations and zones exist, and the rotations hold together."""
    plants = [one.id for one in model.chain.plants]
    for index, one in enumerate(model.roster.zones):
        where = _place(model, "zones", index)
        yield from _unknown(where, "plant", one.plant, plants)
        try:
            zone(one.zone)
        except ZvenoError as error:
            yield from (Fault(each.message, each.fields, where) for each in error.faults)
    for index, rotation in enumerate(model.roster.rotations):
        where = _place(model, "rotations", index)
        for plant in rotation.plants:
            yield from _unknown(where, "plant", plant, plants)
        yield from shift_faults(rotation.shifts, model.places.get(f"rotations/{index}/shifts", where))


def _duty_file_faults(model: ChainModel) -> Iterator[Fault]:
    """Roles to which a breach is taken further exist: one with a star in some plant."""
    for index, one in enumerate(model.duty.escalation):
        where = model.places.get(f"escalation/{index}", "duty.yaml")
        known = [one.to] if one.to.startswith("*.") and _ends_with(model, one.to[1:]) else list(model.roles)
        yield from _unknown(where, "role", one.to, known)
    for index, told in enumerate(model.duty.conditions):
        where = model.places.get(f"conditions/{index}", "duty.yaml")
        yield from _unknown(where, "plant", told.plant, [each.id for each in model.chain.plants])
        for meter in (*told.feed, *told.grade):
            yield from _unknown(where, "meter", meter, model.meters)
    for tag in model.chain.tags:
        if tag.meter:
            yield from _unknown(model.places.get(f"{tag.id}/meter", ""), "meter", tag.meter, model.meters)
    for key in ("terms", "escalation"):
        for index, entry in enumerate(getattr(model.duty, key)):
            for plant in entry.plants:
                where = model.places.get(f"{key}/{index}", "duty.yaml")
                yield from _unknown(where, "plant", plant, [each.id for each in model.chain.plants])


def _ends_with(model: ChainModel, tail: str) -> bool:
    return any(name.endswith(tail) for name in model.roles)


def _crews(model: ChainModel) -> set[str]:
    """Crews of all patterns."""
    usual = set(model.people.shifts.crews) if model.people else set()
    return usual.union(*(one.shifts.crews for one in model.roster.rotations))


def _patterns(model: ChainModel) -> Iterator[list[str]]:
    """Slots of all patterns."""
    if model.people:
        yield [one.id for one in model.people.shifts.slots]
    yield from ([one.id for one in each.shifts.slots] for each in model.roster.rotations)


# ---- dates -----------------------------------------------------------------------------------------------------------


def _date_faults(model: ChainModel) -> Iterator[Fault]:
    """What begins ends later, and is taken back after it was entered."""
    for key in ("zones", "rotations", "posts", "absences", "substitutions", "deputies"):
        entries: tuple[Dated, ...] = getattr(model.roster, key)
        for index, one in enumerate(entries):
            if one.start and one.until and one.until < one.start:
                yield fault("its last day, {until}, lies before its first, {start}", _place(model, key, index),
                            until=one.until, start=one.start)  # fmt: skip
            if one.known and one.taken_back and one.taken_back <= one.known:
                yield fault("it is taken back on {taken_back}, not after it was entered on {known}",
                            _place(model, key, index), taken_back=one.taken_back, known=one.known)  # fmt: skip


def _overlap(one: Dated, other: Dated) -> date | None:
    """First day on which two entries hold, both as known now."""
    if one.taken_back or other.taken_back:
        return None
    first = max(one.start or date.min, other.start or date.min)
    last = min(one.until or date.max, other.until or date.max)
    return first if first <= last else None


def _shown(day: date) -> str:
    return "…" if day == date.min else day.isoformat()


def _overlaps(model: ChainModel) -> Iterator[Fault]:
    """One holder for each post at a time, one pattern and one zone for each plant."""
    posts = defaultdict(list)
    for index, post in enumerate(model.roster.posts):
        posts[post.role, post.crew].append((index, post))
    for (role, crew), group in posts.items():
        for k, (index, one) in enumerate(group):
            for _, other in group[:k]:
                day = _overlap(one, other)
                if day is not None:
                    yield fault(
                        "'{person}' and '{other}' both hold {post} from {day} on: end one of them with 'until', or "
                        "take it back",
                        _place(model, "posts", index), person=one.person, other=other.person, day=_shown(day),
                        post=f"{role}:{crew}" if crew else role,
                    )  # fmt: skip
    for key, name in (("zones", "plant"), ("rotations", "plants")):
        entries = getattr(model.roster, key)
        for k, one in enumerate(entries):
            for other in entries[:k]:
                day, same = _overlap(one, other), set(_tuple(one, name)) & set(_tuple(other, name))
                if day is not None and same:
                    yield fault("'{plant}' has two entries of '{key}' from {day} on: end one of them with 'until'",
                                _place(model, key, k), plant=min(same), key=key, day=_shown(day))  # fmt: skip


def _tuple(one: object, name: str) -> tuple[str, ...]:
    found = getattr(one, name)
    return (found,) if isinstance(found, str) else tuple(found)


def _two_posts(model: ChainModel) -> Iterator[Fault]:
    """Nobody stands in two crews at once."""
    by_person: dict[str, list[tuple[int, Post]]] = defaultdict(list)
    for index, post in enumerate(model.roster.posts):
        for _, other in by_person[post.person]:
            day = _overlap(post, other)
            if day is not None and post.crew != other.crew:
                yield fault("'{person}' stands in crew {crew} and in crew {other} from {day} on",
                            _place(model, "posts", index), person=post.person, crew=post.crew or "–",
                            other=other.crew or "–", day=_shown(day))  # fmt: skip
        by_person[post.person].append((index, post))


def _gaps(model: ChainModel) -> Iterator[Fault]:
    """Where a roster names persons for a role, it does for each crew and each day between its first and its last."""
    roles: dict[str, list[tuple[int, Post]]] = defaultdict(list)
    for index, post in enumerate(model.roster.posts):
        if not post.taken_back:
            roles[post.role].append((index, post))
    for role, posts in roles.items():
        first, last = min(one.start or date.min for _, one in posts), max(one.until or date.max for _, one in posts)
        plant, index = model.roles[role].plant, posts[0][0]
        day = first if first != date.min else date(1970, 1, 1)
        crews = pattern_of(model, plant, day).crews if model.roles[role].on_shift else ("",)
        for crew in crews:
            held = sorted((one.start or date.min, one.until or date.max, k) for k, one in posts if one.crew == crew)
            free = _free(held, first, last)
            if free is not None:
                where = _place(model, "posts", held[0][2] if held else index)
                message = tr("nobody holds {post} from {start} to {end}: enter somebody under 'posts'")
                yield fault(message, where, post=f"{role}:{crew}" if crew else role, start=_shown(free[0]),
                            end="…" if free[1] == date.max else free[1].isoformat())  # fmt: skip


def _free(held: list[tuple[date, date, int]], first: date, last: date) -> tuple[date, date] | None:
    """The first stretch of days that nobody holds."""
    if not held:
        return first, last
    if held[0][0] > first:
        return first, held[0][0] - _DAY
    for (_, end, _), (start, _, _) in pairwise(held):
        if end != date.max and start > end + _DAY:
            return end + _DAY, start - _DAY
    end = max(one[1] for one in held)
    return (end + _DAY, last) if end < last else None


# ---- days ------------------------------------------------------------------------------------------------------------


def _days(one: Dated) -> Iterator[date]:
    """Days on which an entry holds; a year of one without an end or a beginning."""
    start = one.start or (one.until - timedelta(days=_LOOK_ON) if one.until else None)
    if start is None:
        return
    for n in range(min(((one.until or start + timedelta(days=_LOOK_ON)) - start).days + 1, _LOOK_ON)):
        yield start + n * _DAY


def _shifts_worked(model: ChainModel, person: str, day: date) -> Iterator[tuple[Post, str]]:
    """Posts of a person that are at work on a day, with their shift (empty for those by day)."""
    for post in model.roster.posts:
        if post.person == person and post.holds(day):
            if not post.crew:
                yield post, ""
                continue
            pattern = pattern_of(model, model.roles[post.role].plant, day)
            yield from ((post, one.id) for one in pattern.slots if pattern.crew(day, one.id) == post.crew)


def _unmanned(model: ChainModel) -> Iterator[Fault]:
    """Where somebody is absent, somebody else stands in on each shift."""
    roster = Roster(model)
    for index, one in enumerate(model.roster.absences):
        if one.taken_back:
            continue
        found = _first_unmanned(model, roster, one)
        if found is not None:
            day, slot, post = found
            message = tr("'{person}' is absent on {day} and nobody stands in as {post}: name a substitute or a deputy")
            shown = f"{post.role}:{post.crew} ({slot})" if slot else post.role
            yield fault(message, _place(model, "absences", index), person=one.person, day=day, post=shown)


def _first_unmanned(model: ChainModel, roster: Roster, one: Absence) -> tuple[date, str, Post] | None:
    for day in _days(one):
        for post, slot in _shifts_worked(model, one.person, day):
            if roster.holder(post.role, post.crew, day, slot).how == "nobody":
                return day, slot, post
    return None


def _double_duty(model: ChainModel) -> Iterator[Fault]:
    """Who comes in place of another is not on duty already, and not absent."""
    roster = Roster(model)
    for index, one in enumerate(model.roster.substitutions):
        if one.taken_back:
            continue
        where = _place(model, "substitutions", index)
        for day in _days(one):
            if roster.absent(one.person, day):
                message = tr("'{person}' is to come in place of '{other}' on {day}, but is absent then")
                yield fault(message, where, person=one.person, other=one.instead_of, day=day)
                break
            slot = _same_shift(model, one, day)
            if slot:
                message = tr("'{person}' is to come in place of '{other}' on {day} ({slot}), but works then already")
                yield fault(message, where, person=one.person, other=one.instead_of, day=day, slot=slot)
                break


def _same_shift(model: ChainModel, one: Substitution, day: date) -> str:
    """A shift of a day on which both would work; empty if there is none."""
    own = {slot for _, slot in _shifts_worked(model, one.person, day) if slot}
    theirs = {slot for _, slot in _shifts_worked(model, one.instead_of, day) if one.slot in ("", slot)}
    return min(own & theirs, default="")
