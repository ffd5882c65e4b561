"""Handover of shifts and standing orders, told by what persons signed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal

from zveno.duty import acts
from zveno.errors import DataError, Fault, fault
from zveno.log import Signed, SignedRecord
from zveno.periods import Shift

ShiftState = Literal["taken", "late", "waiting", "missing", "running"]


@dataclass(frozen=True)
class Handover:
    """What a shift left, and who took over.

    Parameters
    ----------
    number
        Number of the record by which the leaving shift stated it.
    statement
        Open breaches, shelved alarms, standing orders (each as it was then), equipment out, notes.
    taken
        Who of the next shift has read it; None while nobody has.
    remarks
        What the next shift says of it.
    void_acts
        Acts that changed nothing, with the reason.
    """

    number: int
    plant: str
    day: date
    slot: str
    crew: str
    left: Signed
    statement: Mapping[str, Any] = field(hash=False)
    taken: Signed | None = None
    remarks: str = ""
    void_acts: tuple[tuple[int, Fault], ...] = ()

    @property
    def shift(self) -> str:
        """Day and slot."""
        return f"{self.day.isoformat()} {self.slot}"


@dataclass(frozen=True)
class Order:
    """A standing order.

    Parameters
    ----------
    plant, role
        To whom: empty is to all plants, or all roles.
    start, until
        From when on, and the last plant day.
    read
        Shifts that have read it: (plant, day and slot) with who signed.
    """

    number: int
    given: Signed
    plant: str
    role: str
    text: str
    start: datetime
    until: date
    read: tuple[tuple[str, str, Signed], ...] = ()
    ended: Signed | None = None
    ended_because: str = ""

    def in_force(self, moment: datetime, day: date) -> bool:
        """Whether it binds at a moment, which belongs to a plant day."""
        return self.start <= moment and day <= self.until and (self.ended is None or moment < self.ended.at)

    def binds(self, plant: str) -> bool:
        """Whether it is to a plant."""
        return self.plant in ("", plant)

    def read_by(self, plant: str, shift: str) -> Signed | None:
        """Who read it with a shift; None if nobody has."""
        return next((signed for at, name, signed in self.read if (at, name) == (plant, shift)), None)


def handovers(records: Iterable[tuple[int, SignedRecord]]) -> dict[int, Handover]:
    """Every handover by the number of its statement, in their order."""
    found: dict[int, Handover] = {}
    for number, one in records:
        body = one.body
        if one.kind == acts.LEFT:
            day = date.fromisoformat(str(body["day"]))
            found[number] = Handover(
                number, str(body["plant"]), day, str(body["slot"]), str(body.get("crew", "")), Signed.of(number, one),
                body.get("statement", {}),
            )  # fmt: skip
        elif one.kind == acts.TAKEN and body.get("of") in found:
            before = found[int(body["of"])]
            refused = taking_objection(before, one.person)
            found[before.number] = (
                replace(before, taken=Signed.of(number, one), remarks=str(body.get("remarks", "")))
                if refused is None
                else replace(before, void_acts=(*before.void_acts, (number, refused)))
            )
    return found


def taking_objection(one: Handover, person: str) -> Fault | None:
    """Why a person cannot take over a shift: it is taken, or the person left it."""
    if one.taken is not None:
        return fault("the handover of {shift} at {plant} is taken by {name} (record {record})", shift=one.shift,
                     plant=one.plant, name=one.taken.name, record=one.taken.record)  # fmt: skip
    if person == one.left.person:
        return fault("'{person}' left the shift and cannot take it over as well: the next shift does", person=person)
    return None


def latest(found: Iterable[Handover], plant: str, shift: Shift) -> Handover | None:
    """The last statement of a shift; None if it made none."""
    name = f"{shift.day.isoformat()} {shift.slot}"
    mine = [one for one in found if (one.plant, one.shift) == (plant, name)]
    return mine[-1] if mine else None


def shift_state(one: Handover | None, shift: Shift, now: datetime, acknowledge_min: float) -> ShiftState:
    """How the handover of a shift stands at a moment."""
    if one is not None and one.taken is not None:
        return "taken"
    over = now >= shift.period.end + timedelta(minutes=acknowledge_min)
    if one is not None:
        return "late" if over else "waiting"
    return "missing" if over else "running"


def orders(records: Iterable[tuple[int, SignedRecord]]) -> dict[int, Order]:
    """Every standing order by its number, in their order."""
    found: dict[int, Order] = {}
    for number, one in records:
        body = one.body
        if one.kind == acts.ORDERED:
            found[number] = Order(
                number, Signed.of(number, one), str(body.get("plant", "")), str(body.get("role", "")),
                str(body["text"]), datetime.fromisoformat(str(body["from"])), date.fromisoformat(str(body["until"])),
            )  # fmt: skip
        elif one.kind == acts.ORDER_READ and body.get("of") in found:
            before = found[int(body["of"])]
            mark = (str(body["plant"]), str(body["shift"]), Signed.of(number, one))
            if before.read_by(mark[0], mark[1]) is None:
                found[before.number] = replace(before, read=(*before.read, mark))
        elif one.kind == acts.ORDER_ENDED and body.get("of") in found:
            before = found[int(body["of"])]
            if before.ended is None:
                signed = Signed.of(number, one)
                found[before.number] = replace(before, ended=signed, ended_because=str(body.get("reason", "")))
    return found


def require_order(found: Mapping[int, Order], number: int) -> Order:
    """A standing order by its number.

    Raises
    ------
    DataError
        If there is none, or it is ended.
    """
    one = found.get(number)
    if one is None:
        raise DataError("record {number} of the log gives no order: zveno orders list", number=number)
    if one.ended is not None:
        raise DataError(
            "order {number} was ended by {name} (record {record})", number=number, name=one.ended.name,
            record=one.ended.record,
        )  # fmt: skip
    return one
