"""Checks of people.yaml: shifts fill the day, one crew stands on each, roles and duties exist."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from zveno.errors import Fault, fault
from zveno.model.chain import ChainModel
from zveno.model.checks import line_of, near_match, unknown
from zveno.model.people import Shifts
from zveno.text.mark import tr

_DAY_MIN = 24 * 60


def people_faults(model: ChainModel) -> list[Fault]:
    """Everything in people.yaml that does not hold together; nothing where there is no such file."""
    if model.people is None:
        return []
    return [*shift_faults(model.people.shifts, model.places.get("shifts", "")), *_duty_faults(model)]


def shift_faults(shifts: Shifts, where: str) -> Iterator[Fault]:
    """What does not hold together in a shift pattern."""
    yield from _slot_faults(shifts, where)
    yield from _cycle_faults(shifts, where)


def _slot_faults(shifts: Shifts, where: str) -> Iterator[Fault]:
    """Shifts fill the day, one after the other."""
    hours = sum(one.hours for one in shifts.slots)
    if abs(hours - 24) > 1e-9 and (shifts.round_the_clock or hours > 24):
        yield fault("the shifts of a day last {hours} h together, not 24", where, hours=hours)
        return
    begun = sorted((_minute(one.start), round(one.hours * 60), one.id) for one in shifts.slots)
    for (start, length, first), (later, _, second) in pairwise([*begun, (begun[0][0] + _DAY_MIN, 0, begun[0][2])]):
        if start + length > later:
            message = tr("shift '{second}' begins before shift '{first}' ends: let one follow the other")
            yield fault(message, where, first=first, second=second)


def _minute(start: str) -> int:
    """Minutes after midnight of a time such as 08:00."""
    hours, minutes = start.split(":")
    return int(hours) * 60 + int(minutes)


def _cycle_faults(shifts: Shifts, where: str) -> Iterator[Fault]:
    """The cycle names shifts, has a place for each crew, and sets one crew on every shift."""
    for name, ids in (("slots", [one.id for one in shifts.slots]), ("crews", list(shifts.crews))):
        for id_ in (one for one, times in Counter(ids).items() if times > 1):
            message = tr("'{id}' stands more than once among the {group} of the shifts: give each its own name")
            yield fault(message, where, id=id_, group=name)
    slots = {one.id for one in shifts.slots} | {"off"}
    for name in sorted(set(shifts.cycle) - slots):
        yield fault(
            "the shift cycle names '{name}', which is no shift",
            where,
            name=name,
            near=near_match(name, slots),
        )
    if len(shifts.crews) * shifts.step != len(shifts.cycle):
        yield fault(
            "{crews} crews cannot take turns through a cycle of {cycle} places: give as many crews as places, or in "
            "'step' the days by which they follow each other",
            where,
            crews=len(shifts.crews),
            cycle=len(shifts.cycle),
        )
    for slot in shifts.slots:
        yield from _manning_faults(shifts, slot.id, where)


def _manning_faults(shifts: Shifts, slot: str, where: str) -> Iterator[Fault]:
    """The first day of the cycle on which no crew, or more than one, stands on a shift."""
    size = len(shifts.cycle)
    for day in range(size):
        crews = [crew for k, crew in enumerate(shifts.crews) if shifts.cycle[(day - k * shifts.step) % size] == slot]
        if len(crews) == 1 or (not crews and not shifts.round_the_clock):
            continue
        message = (
            tr("shift '{slot}' has {n} crews on day {day} of the cycle ({crews}): let one crew stand there")
            if crews
            else tr("shift '{slot}' is without a crew on day {day} of the cycle: give it a place in 'cycle'")
        )
        yield fault(message, where, slot=slot, day=day + 1, n=len(crews), crews=", ".join(crews))
        return


def _duty_faults(model: ChainModel) -> Iterator[Fault]:
    """Duties join units and roles that exist, from a day to a later one."""
    for duty in model.people.duties if model.people else ():
        if duty.unit not in {*model.units, *model.sections}:
            yield unknown(model, "duties", "unit", duty.unit, model.sections)
        if duty.role not in model.roles:
            yield unknown(model, "duties", "role", duty.role, model.roles)
        if duty.end is not None and (duty.start or date.min) >= duty.end:
            message = tr("the duty of '{role}' for '{unit}' ends on {end}, before it begins on {start}")
            where = line_of(model, "duties")
            yield fault(message, where, role=duty.role, unit=duty.unit, end=duty.end, start=duty.start)
