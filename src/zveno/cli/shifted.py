"""How handovers, orders, shelved alarms, duty and the comparison of shifts are shown on a screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl

from zveno.chain import ChainModel
from zveno.chain.answering import Answering
from zveno.chain.shiftwork import ShiftStanding
from zveno.cli.breached import CAUSES, HOW, STATES
from zveno.cli.screen import Screen
from zveno.duty.compare import Comparison
from zveno.duty.handover import Handover, Order
from zveno.duty.roster import OnDuty
from zveno.duty.shelving import Shelving
from zveno.model.worktime import shifts_of
from zveno.periods import Period
from zveno.reports.parts.discipline import shift_words
from zveno.text.mark import tr

_SHIFTS = {
    "taken": tr("taken over"),
    "waiting": tr("waits for the next shift"),
    "late": tr("! not acknowledged by the next shift"),
    "missing": tr("! nothing was handed over"),
    "running": tr("at work, or just over"),
}
_VERDICTS = {
    "more": tr("more than others under the same conditions"),
    "fewer": tr("fewer than others under the same conditions"),
    "no difference shown": tr("no difference shown"),
}
_CONDITIONS = {
    "plant": tr("plant"), "slot": tr("shift of the day"), "feed_t": tr("feed"), "running_frac": tr("running time"),
    "feed_grade_frac": tr("grade of the feed"),
}  # fmt: skip


class ShiftedAnswers(Screen):
    """A screen that knows how the work of shifts is shown."""

    # ---- handover ----------------------------------------------------------------------------------------------------

    def statement(self, said: Mapping[str, Any]) -> None:
        """What is handed over."""
        for one in said.get("breaches", ()):
            going = self.text(tr("still going on")) if one["going_on"] else self.text(STATES[one["state"]])
            self.say(tr("breach {id}: {state}"), id=one["id"], state=going)
        for one in said.get("shelved", ()):
            self.say(tr("alarm shelved: {rule} {tag} until {until} (record {number})"), rule=one["rule"],
                     tag=one["tag"], until=one["until"][:16].replace("T", " "), number=one["number"])  # fmt: skip
        for one in said.get("orders", ()):
            self.say(tr("order {number}, until {until}: {text}"), number=one["number"], until=one["until"],
                     text=one["text"])  # fmt: skip
        for one in said.get("out", ()):
            self.say(tr("out of work: {unit}: {why}"), unit=one["unit"], why=one["why"])
        if said.get("notes"):
            self.say(tr("notes: {notes}"), notes=said["notes"])

    def left(self, one: Handover) -> None:
        """A statement that was signed."""
        self.say(
            tr("shift {shift} of {plant} is handed over (record {number}); the next shift takes it: "
               "zveno handover take {number} --as ID"),
            shift=one.shift, plant=one.plant, number=one.number,
        )  # fmt: skip

    def taken(self, one: Handover) -> None:
        """A shift that was taken over."""
        record = one.taken.record if one.taken else one.number
        self.say(tr("shift {shift} of {plant} is taken over (record {record})"), shift=one.shift, plant=one.plant,
                 record=record)  # fmt: skip

    def handover(self, one: Handover, *, as_json: bool) -> None:
        """One handover with its signatures."""
        if as_json:
            self.json(_plain_handover(one))
            return
        self.statement(one.statement)
        self.say(tr("left by {name}, {at} (record {record})"), name=one.left.name, at=self.text.moment(one.left.at),
                 record=one.left.record)  # fmt: skip
        if one.taken is not None:
            self.say(tr("taken over by {name}, {at} (record {record})"), name=one.taken.name,
                     at=self.text.moment(one.taken.at), record=one.taken.record)  # fmt: skip
        if one.remarks:
            self.say(tr("remarks: {remarks}"), remarks=one.remarks)

    def handovers(self, found: Sequence[ShiftStanding], *, as_json: bool) -> None:
        """Shifts with their handovers, a line each."""
        if as_json:
            self.json([
                {"plant": one.plant, "shift": f"{one.shift.day} {one.shift.slot}", "crew": one.shift.crew,
                 "state": one.state, "off_roster": one.off_roster, "unread": [each.number for each in one.unread],
                 "handover": _plain_handover(one.handover) if one.handover else None}
                for one in found
            ])  # fmt: skip
            return
        rows = []
        for one in found:
            left = one.handover.left.name if one.handover else "–"
            taken = one.handover.taken.name if one.handover and one.handover.taken else "–"
            state = self.text(_SHIFTS[one.state])
            if one.off_roster:
                state += "; " + self.text(tr("not on the roster of the next shift"))
            if one.unread:
                numbers = ", ".join(str(each.number) for each in one.unread)
                state += "; " + self.text(tr("orders not read: {numbers}"), numbers=numbers)
            rows.append([f"{one.shift.day} {one.shift.slot}", one.shift.crew, left, taken, state])
        self.table([tr("shift"), tr("crew"), tr("left by"), tr("taken over by"), tr("state")], rows)

    # ---- orders, shelving --------------------------------------------------------------------------------------------

    def ordered(self, one: Order) -> None:
        """An order that was given."""
        message = tr(
            "order {number} holds until {until}; each shift reads it: zveno orders read {number} --plant PLANT"
        )
        self.say(message, number=one.number, until=one.until)

    def orders(self, found: Sequence[Order], *, as_json: bool) -> None:
        """Orders, a line each."""
        if as_json:
            self.json([
                {"number": one.number, "plant": one.plant, "role": one.role, "text": one.text, "from": one.start,
                 "until": one.until, "given": vars(one.given), "ended": vars(one.ended) if one.ended else None,
                 "read": [{"plant": plant, "shift": shift, **vars(signed)} for plant, shift, signed in one.read]}
                for one in found
            ])  # fmt: skip
            return
        if not found:
            self.say(tr("no order is in force"))
            return
        rows = [
            [str(one.number), one.plant or "*", one.role or "*", one.given.name, self.text.moment(one.start),
             str(one.until), str(len(one.read)), one.text]
            for one in found
        ]  # fmt: skip
        head = [tr("number"), tr("plant"), tr("role"), tr("given by"), tr("from"), tr("until"), tr("read by shifts"),
                tr("order")]  # fmt: skip
        self.table(head, rows)

    def shelvings(self, found: Sequence[Shelving], now: datetime, *, as_json: bool) -> None:
        """Shelved alarms, a line each."""
        if as_json:
            self.json([{"number": one.number, "rule": one.rule, "tag": one.tag, "from": one.start, "until": one.end,
                        "reason": one.reason, "signed": vars(one.signed), "holds": one.holds(now)}
                       for one in found])  # fmt: skip
            return
        if not found:
            self.say(tr("no alarm is shelved"))
            return
        rows = [
            [
                str(one.number),
                one.rule,
                one.tag or "*",
                self.text.moment(one.start),
                self.text.moment(one.end),
                one.signed.name,
                one.reason,
            ]
            for one in found
        ]
        self.table([tr("number"), tr("rule"), tr("tag"), tr("from"), tr("until"), tr("shelved by"), tr("reason")], rows)

    # ---- duty --------------------------------------------------------------------------------------------------------

    def on_duty(self, answering: Answering, plant: str, span: Period, role: str, *, as_json: bool) -> None:
        """Who is on duty, shift by shift."""
        model = answering.closing.chain.model
        rows: list[list[str]] = []
        plain = []
        for shift in shifts_of(model, plant, span):
            for name, one in answering.roster.crew_on(plant, shift).items():
                if (role and name != role) or not answering.roster.works_in_shifts(name):
                    continue
                called, begun = f"{shift.day} {shift.slot}", shift.period.start
                plain.append({"shift": called, "start": begun, "end": shift.period.end, **vars(one)})
                rows.append([shift_words(model, called, self.text), self.text.moment(begun), one.crew,
                             model.title(name, self.lang), self._person(one)])  # fmt: skip
        if as_json:
            self.json(plain)
            return
        self.table([tr("shift"), tr("from"), tr("crew"), tr("role"), tr("on duty")], rows)

    def _person(self, one: OnDuty) -> str:
        words = self.text(HOW[one.how], other=one.instead_of) if HOW[one.how] else ""
        named = one.person if one.named else "–"
        return f"{named}, {words}" if words else named

    # ---- comparison --------------------------------------------------------------------------------------------------

    def compared(self, model: ChainModel, found: Comparison, causes: pl.DataFrame, *, as_json: bool) -> None:
        """Crews under the same conditions, in the order of their names, and breaches by cause."""
        if as_json:
            self.json({
                "status": found.status, "p_value": found.p_value, "explained_by": list(found.explained_by),
                "left_out": list(found.left_out), "dispersion": found.dispersion, "events": found.events,
                "rates": found.rates.to_dicts(), "causes": causes.to_dicts(),
                "exposures": found.exposures.to_dicts(),
            })  # fmt: skip
            return
        del model
        number = self.text.number
        rows = [
            [
                row["crew"], number(row["shifts"], 0), number(row["exposed_h"], 0), number(row["events"], 0),
                number(row["expected"], 1), f"{number(row['rate'], 2)} ({number(row['rate_low'], 2)}–"
                f"{number(row['rate_high'], 2)})", f"{number(row['ratio'], 2)} ({number(row['ratio_low'], 2)}–"
                f"{number(row['ratio_high'], 2)})", self.text(_VERDICTS[row["verdict"]]),
            ]
            for row in found.rates.iter_rows(named=True)
        ]  # fmt: skip
        self.table(
            [tr("crew"), tr("shifts"), tr("hours judged"), tr("events"), tr("expected of any crew"),
             tr("in 1,000 h as counted (95 %)"), tr("over the mean crew, conditions taken out (95 %)"), tr("verdict")],
            rows,
        )  # fmt: skip
        self._conclusion(found)
        self._causes(causes)

    def _conclusion(self, found: Comparison) -> None:
        """What may be said of all crews together."""
        if found.status == "too few events":
            self.line(self.text.count("{n} event: too few to compare crews, no difference is shown",
                                      "{n} events: too few to compare crews, no difference is shown",
                                      found.events))  # fmt: skip
        elif found.status == "one crew":
            self.say(tr("there is one crew only: nothing can be compared"))
        elif found.status == "difference":
            self.say(tr("crews differ beyond chance (p {p}), what is named below taken out; it does not say why"),
                     p=self.chance(found.p_value or 0.0))  # fmt: skip
        else:
            self.say(tr("no difference between crews is shown (p {p}), what is named below taken out"),
                     p=self.chance(found.p_value if found.p_value is not None else 1.0))  # fmt: skip
        if found.explained_by:
            self.say(tr("taken out: {names}"), names=self._conditions(found.explained_by))
        if found.left_out:
            self.say(tr("not taken out, since it is not known of every shift or does not vary: {names}"),
                     names=self._conditions(found.left_out))  # fmt: skip

    def _conditions(self, names: Sequence[str]) -> str:
        return ", ".join(self.text(_CONDITIONS[one]) for one in names)

    def _causes(self, causes: pl.DataFrame) -> None:
        """Breaches that are entered, by cause."""
        if not causes["breaches"].sum():
            self.say(tr("no breach of the period is entered yet: causes are not known"))
            return
        rows = [
            [
                self.text(CAUSES[row["cause"]]), self.text.number(row["breaches"], 0),
                self.text.number(row["hours"], 1),
                "–" if row["share_frac"] is None else f"{self.text.percent(row['share_frac'], 0)} "
                f"({self.text.percent(row['share_low_frac'], 0)}–{self.text.percent(row['share_high_frac'], 0)})",
            ]
            for row in causes.iter_rows(named=True) if row["breaches"]
        ]  # fmt: skip
        self.line("")
        self.table([tr("cause"), tr("breaches"), tr("hours"), tr("% of those confirmed (95 %)")], rows)

    def by_person(self, found: pl.DataFrame, *, as_json: bool) -> None:
        """Sums by person, in the order of their names."""
        if as_json:
            self.json(found.to_dicts())
            return
        self.say(
            tr("this look was entered in the log. On duty does not say who caused it; ore and hours are not taken out")
        )
        rows = [
            [row["person"], self.text.number(row["breaches"], 0), self.text.number(row["hours"], 1),
             self.text.number(row["as_cause"], 0)]
            for row in found.iter_rows(named=True)
        ]  # fmt: skip
        self.table([tr("on duty"), tr("breaches"), tr("hours"), tr("confirmed as the cause")], rows)


def _plain_handover(one: Handover) -> dict[str, Any]:
    return {
        "number": one.number, "plant": one.plant, "shift": one.shift, "crew": one.crew, "left": vars(one.left),
        "statement": dict(one.statement), "taken": vars(one.taken) if one.taken else None, "remarks": one.remarks,
        "void_acts": [{"record": number, "why": str(refused)} for number, refused in one.void_acts],
    }  # fmt: skip
