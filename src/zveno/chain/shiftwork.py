"""The desk of the shift: what it leaves to the next one, standing orders, alarms that are shelved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

from zveno.chain.answering import Answering
from zveno.chain.closing import Closing
from zveno.chain.signed import Over, last_seen, sign_over
from zveno.duty import acts
from zveno.duty.handover import (
    Handover,
    Order,
    ShiftState,
    handovers,
    latest,
    orders,
    require_order,
    shift_state,
    taking_objection,
)
from zveno.duty.shelving import Shelving, require_shelvable, require_shelved, shelvings
from zveno.errors import DataError, StoreError
from zveno.log import Draft, Signed, Signer
from zveno.model.checks import near_match
from zveno.model.worktime import day_of, shift_at, shift_named, shifts_of
from zveno.periods import Period, Shift
from zveno.rules.patterns import matching


@dataclass(frozen=True)
class ShiftStanding:
    """A shift of a plant and its handover at a moment.

    Parameters
    ----------
    off_roster
        The person who took it over is not on the roster of the next shift.
    unread
        Standing orders to the plant that the shift has not read.
    """

    plant: str
    shift: Shift
    handover: Handover | None
    state: ShiftState
    off_roster: bool = False
    unread: tuple[Order, ...] = ()


@dataclass(frozen=True)
class Left:
    """What a leaving shift says beside what the books know: equipment out (unit, why), and notes."""

    out: tuple[tuple[str, str], ...] = ()
    notes: str = ""


@dataclass(frozen=True)
class Shiftwork:
    """Handovers, orders and shelved alarms over a chain."""

    closing: Closing

    @cached_property
    def answering(self) -> Answering:
        """Breaches and the roster."""
        return Answering(self.closing)

    # ---- handover ----------------------------------------------------------------------------------------------------

    def shift(self, plant: str, name: str, now: datetime) -> Shift:
        """A shift by ``2026-03-07 day``, or the one at work where no name is given.

        Raises
        ------
        DataError
            If there is no such plant or shift.
        """
        model = self.closing.chain.model
        plants = [one.id for one in model.chain.plants]
        if plant not in plants:
            raise DataError("there is no plant '{name}'", name=plant, near=near_match(plant, plants))
        if not name:
            found = shift_at(model, plant, now)
            if found is None:
                raise DataError("no shift of '{plant}' works now: name one with --shift", plant=plant)
            return found
        day, _, slot = name.replace("/", " ").partition(" ")
        try:
            return shift_named(model, plant, date.fromisoformat(day), slot.strip())
        except ValueError:
            raise DataError("'{text}' is no shift: write it as '2026-03-07 day'", text=name) from None

    def statement(self, plant: str, shift: Shift, said: Left, at: datetime) -> dict[str, Any]:
        """What a shift leaves: breaches of the plant that are not settled, shelved alarms, orders, equipment, notes.

        Raises
        ------
        DataError
            If equipment is named that the plant does not have.
        """
        model = self.closing.chain.model
        units = [one for one in (*model.units, *model.sections) if model.plant_of(one) == plant]
        for unit, _ in said.out:
            if unit not in units:
                raise DataError("'{plant}' has no unit '{name}'", plant=plant, name=unit, near=near_match(unit, units))
        open_ = [
            {"id": one.id, "rule": one.judged.facts["rule"], "tag": one.judged.facts["tag"],
             "start": one.judged.facts["start"], "going_on": one.judged.facts["open"], "state": one.state}
            for one in self.answering.all().values()
            if one.judged.facts["plant"] == plant and not one.settled
        ]  # fmt: skip
        shelved = [
            {"number": one.number, "rule": one.rule, "tag": one.tag, "until": one.until.isoformat()}
            for one in self._shelved_at(at) if self._plant_has(plant, one)
        ]  # fmt: skip
        bound = [
            {"number": one.number, "text": one.text, "role": one.role, "until": one.until.isoformat()}
            for one in self.orders_of(plant, at, shift.day)
        ]  # fmt: skip
        out = [{"unit": unit, "why": why} for unit, why in said.out]
        return {"breaches": open_, "shelved": shelved, "orders": bound, "out": out, "notes": said.notes.strip()}

    def leave(self, plant: str, shift: Shift, said: Left, signer: Signer, at: datetime) -> Handover:
        """Sign what a shift leaves; a later statement of the same shift takes the place of one that is not taken.

        Raises
        ------
        DataError
            If the shift is handed over and taken already, or lies ahead.
        StoreError
            If the person may not sign, or the disk refuses.
        """
        self.require_leavable(plant, shift, at)
        body = {
            "plant": plant, "day": shift.day.isoformat(), "slot": shift.slot, "crew": shift.crew,
            "statement": self.statement(plant, shift, said, at),
        }  # fmt: skip
        number = self._sign(f"handover/{plant}", acts.LEFT, body, signer, at)
        return handovers(enumerate(self.closing.log.records))[number]

    def require_leavable(self, plant: str, shift: Shift, at: datetime) -> None:
        """Refuse a statement of a shift that has not begun, or that is taken over: asked before the pass-phrase is."""
        name = f"{shift.day.isoformat()} {shift.slot}"
        if at < shift.period.start:
            raise DataError("shift {shift} has not begun yet", shift=name)
        found = latest(handovers(enumerate(self.closing.log.records)).values(), plant, shift)
        if found is not None and found.taken is not None:
            raise DataError("the handover of {shift} at {plant} is taken by {name} (record {record})", shift=name,
                            plant=plant, name=found.taken.name, record=found.taken.record)  # fmt: skip

    def require_takable(self, number: int, person: str) -> Handover:
        """A handover that a person can take: asked before the pass-phrase is.

        Raises
        ------
        DataError
            If there is none of this number, a later statement stands in its place, it is taken, or the person left it.
        """
        found = handovers(enumerate(self.closing.log.records))
        one = found.get(number)
        if one is None:
            raise DataError("record {number} of the log hands over no shift: zveno handover list", number=number)
        later = [each for each in found.values() if (each.plant, each.shift) == (one.plant, one.shift)][-1]
        if later.number != number:
            raise DataError("a later statement of {shift} stands in its place: record {number}", shift=one.shift,
                            number=later.number)  # fmt: skip
        refused = taking_objection(one, person)
        if refused is not None:
            raise DataError([refused])
        return one

    def take(self, number: int, remarks: str, signer: Signer, at: datetime) -> Handover:
        """Sign that the next shift has read a handover and takes over.

        Raises
        ------
        DataError
            As ``require_takable``.
        StoreError
            If the person may not sign, somebody else took it meanwhile, or the disk refuses.
        """
        one = self.require_takable(number, signer.person)
        record = self._sign(f"handover/{one.plant}", acts.TAKEN, {"of": number, "remarks": remarks.strip()}, signer, at)
        found = handovers(enumerate(self.closing.log.records))[number]
        if found.taken is None or found.taken.record != record:
            raise StoreError("the handover of {shift} was taken by somebody else meanwhile", shift=one.shift)
        return found

    def shifts(self, plant: str, span: Period, now: datetime) -> tuple[ShiftStanding, ...]:
        """Every shift of a plant that has begun in a period, with its handover and the orders that it has not read."""
        model, found = self.closing.chain.model, list(handovers(enumerate(self.closing.log.records)).values())
        given = orders(enumerate(self.closing.log.records)).values()
        minutes = model.duty.handover.acknowledge_min
        rows = []
        for shift in shifts_of(model, plant, span):
            if shift.period.start > now:
                continue
            one = latest(found, plant, shift)
            name = f"{shift.day.isoformat()} {shift.slot}"
            bound = [each for each in given if each.binds(plant) and each.in_force(shift.period.end, shift.day)]
            unread = tuple(each for each in bound if each.read_by(plant, name) is None)
            state = shift_state(one, shift, now, minutes)
            rows.append(ShiftStanding(plant, shift, one, state, self._off_roster(plant, shift, one), unread))
        return tuple(rows)

    def _off_roster(self, plant: str, shift: Shift, one: Handover | None) -> bool:
        """Whether a shift was taken over by somebody whom the roster does not have on the next one."""
        if one is None or one.taken is None:
            return False
        next_ = shift_at(self.closing.chain.model, plant, shift.period.end)
        persons = self.answering.roster.persons_of(plant, next_) if next_ else frozenset()
        return bool(persons) and one.taken.person not in persons

    # ---- orders ------------------------------------------------------------------------------------------------------

    def orders(self) -> tuple[Order, ...]:
        """Every standing order."""
        return tuple(orders(enumerate(self.closing.log.records)).values())

    def orders_of(self, plant: str, moment: datetime, day: date) -> tuple[Order, ...]:
        """Orders to a plant in force at a moment."""
        return tuple(one for one in self.orders() if one.binds(plant) and one.in_force(moment, day))

    def require_order(self, body: Mapping[str, Any], today: date) -> None:
        """Refuse an order without words, to nobody, or whose day has passed: asked before the pass-phrase is.

        Raises
        ------
        DataError
            If so.
        """
        model = self.closing.chain.model
        plants = [one.id for one in model.chain.plants]
        if body["plant"] and body["plant"] not in plants:
            raise DataError("there is no plant '{name}'", name=body["plant"], near=near_match(body["plant"], plants))
        if body["role"] and body["role"] not in model.roles:
            raise DataError("there is no role '{name}': people.yaml holds the roles", name=body["role"],
                            near=near_match(body["role"], model.roles))  # fmt: skip
        if not str(body["text"]).strip():
            raise DataError("an order needs words: it is kept for good")
        if date.fromisoformat(str(body["until"])) < today:
            raise DataError("{due} has passed: give a later day", due=body["until"])

    def order(self, body: Mapping[str, Any], signer: Signer, at: datetime) -> Order:
        """Give a standing order: ``plant``, ``role``, ``text``, ``from``, ``until``.

        Raises
        ------
        DataError
            As ``require_order``.
        StoreError
            If the person may not sign, or the disk refuses.
        """
        self.require_order(body, at.date())
        number = self._sign(f"orders/{body['plant'] or '*'}", acts.ORDERED, body, signer, at)
        return orders(enumerate(self.closing.log.records))[number]

    def read_order(self, number: int, plant: str, shift: Shift, signer: Signer, at: datetime) -> Signed:
        """Sign that a shift has read an order.

        Raises
        ------
        DataError
            If there is no such order, or it is not to that plant.
        """
        one = require_order(orders(enumerate(self.closing.log.records)), number)
        if not one.binds(plant):
            raise DataError("order {number} is not to '{plant}'", number=number, plant=plant)
        name = f"{shift.day.isoformat()} {shift.slot}"
        before = one.read_by(plant, name)
        if before is not None:
            raise DataError("order {number} was read with shift {shift} by {name} (record {record})", number=number,
                            shift=name, name=before.name, record=before.record)  # fmt: skip
        body = {"of": number, "plant": plant, "shift": name}
        record = self._sign(f"order/{number}", acts.ORDER_READ, body, signer, at)
        return Signed(record, signer.person, signer.name, at)

    def end_order(self, number: int, reason: str, signer: Signer, at: datetime) -> Order:
        """End an order before its day.

        Raises
        ------
        DataError
            If there is no such order, or no reason.
        """
        require_order(orders(enumerate(self.closing.log.records)), number)
        if not reason.strip():
            raise DataError("say why in words: it is kept for good")
        self._sign(f"order/{number}", acts.ORDER_ENDED, {"of": number, "reason": reason.strip()}, signer, at)
        return orders(enumerate(self.closing.log.records))[number]

    # ---- shelving ----------------------------------------------------------------------------------------------------

    def shelvings(self) -> tuple[Shelving, ...]:
        """Every alarm that was ever shelved."""
        return tuple(shelvings(enumerate(self.closing.log.records)).values())

    def require_shelvable(self, rule: str, tag: str, hours: float, reason: str, by: tuple[str, datetime]) -> Shelving:
        """What would be shelved by a person at a moment: asked before the pass-phrase is.

        Raises
        ------
        DataError
            If the plant's rule does not allow it.
        """
        person, at = by
        known = self.closing.log.register.persons.get(person)
        until = at + timedelta(hours=hours)
        asked = Shelving(-1, rule, tag, at, until, reason, Signed(-1, person, person, at))
        require_shelvable(self.closing.chain.model, self.shelvings(), asked, known.roles if known else ())
        return asked

    def shelve(self, asked: Shelving, signer: Signer, at: datetime) -> Shelving:
        """Sign that an alarm is shelved.

        Raises
        ------
        DataError
            As ``require_shelvable``.
        StoreError
            If the person may not sign, or the disk refuses.
        """
        hours = (asked.until - asked.start).total_seconds() / 3600
        self.require_shelvable(asked.rule, asked.tag, hours, asked.reason, (signer.person, at))
        body = {
            "rule": asked.rule, "tag": asked.tag, "from": asked.start.isoformat(), "until": asked.until.isoformat(),
            "reason": asked.reason.strip(),
        }  # fmt: skip
        number = self._sign(f"shelving/{asked.rule}", acts.SHELVED, body, signer, at)
        return shelvings(enumerate(self.closing.log.records))[number]

    def unshelve(self, number: int, reason: str, signer: Signer, at: datetime) -> Shelving:
        """Sign that an alarm is in force again before its time.

        Raises
        ------
        DataError
            If it is not shelved.
        """
        one = require_shelved(shelvings(enumerate(self.closing.log.records)), number, at)
        self._sign(f"shelving/{one.rule}", acts.UNSHELVED, {"of": number, "reason": reason.strip()}, signer, at)
        return shelvings(enumerate(self.closing.log.records))[number]

    # ---- inside ------------------------------------------------------------------------------------------------------

    def _sign(self, subject: str, kind: str, body: Mapping[str, Any], signer: Signer, at: datetime) -> int:
        over = Over(kind, subject, last_seen(self.closing, subject))
        return sign_over(self.closing, signer, Draft(kind, dict(body), at), over)

    def _shelved_at(self, moment: datetime) -> tuple[Shelving, ...]:
        return tuple(one for one in self.shelvings() if one.holds(moment))

    def _plant_has(self, plant: str, one: Shelving) -> bool:
        """Whether a shelved alarm is of a plant."""
        model = self.closing.chain.model
        rule = model.rulebook.by_id.get(one.rule)
        tags = [one.tag] if one.tag else matching(rule.tags[0], model.tags) if rule and rule.tags else []
        return any(model.plant_of(model.tags[tag].unit) == plant for tag in tags if tag in model.tags)

    def today(self, plant: str, now: datetime) -> date:
        """The day that the calendar of a plant shows."""
        return day_of(self.closing.chain.model, plant, now.astimezone(UTC))
