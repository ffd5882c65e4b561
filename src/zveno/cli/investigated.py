"""How investigations are shown on a screen, and what the balance offers to be looked into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from zveno.chain import ChainModel
from zveno.chain.investigating import Suggestion
from zveno.cli.booked import INVESTIGATED, OVERDUE
from zveno.cli.screen import Screen
from zveno.close.investigations import Investigation, Note
from zveno.reports import place_words, step_words, stream_title, suspect_name, swap_words
from zveno.text.mark import tr

_MOST_NAMES = 6


class InvestigatedAnswers(Screen):
    """A screen that knows how investigations are shown."""

    def suggestions(self, model: ChainModel, period: str, found: Sequence[Suggestion], *, as_json: bool) -> None:
        """One line for each thing, with its key."""
        if as_json:
            self.json([{**vars(one), "rows": list(one.rows), "checks": [list(each) for each in one.checks]}
                       for one in found])  # fmt: skip
            return
        if not found:
            self.say(tr("the balance of {period} has nothing to be looked into: all is within its allowance"),
                     period=period)  # fmt: skip
        for one in found:
            line = f"{one.key}: {self.suggested(model, one.kind, one.rows)}"
            if one.checks:
                line += " " + self.text(tr("To separate: measure {checks}."), checks=self._checks(model, one.checks))
            if one.already is not None:
                line += " " + self.text(tr("(investigation {number})"), number=one.already)
            self.line(line)

    def suggested(self, model: ChainModel, kind: str, rows: Sequence[Mapping[str, Any]]) -> str:
        """What the balance says, in a sentence."""
        row = rows[0]
        if kind == "discrepancy":
            return self.text(
                tr("discrepancy of {component} at {plant}: {difference} t, the allowance is {allowance} t."),
                component=row["component"], plant=place_words(model, row["plant"], self.text),
                difference=self.text.number(row["difference_t"], 1), allowance=self.text.number(row["allowance_t"], 1),
            )  # fmt: skip
        if kind == "unaccounted":
            return self.text(
                tr("{component} unaccounted for at {plant}: {mass} t."), component=row["component"],
                plant=place_words(model, row["plant"], self.text),
                mass=self.measured(row["mass_t"], row["mass_sd_t"], 1, 1),
            )  # fmt: skip
        if kind == "stock":
            return self.text(
                tr("{stock} was counted {difference} t {component} off the book."), component=row["component"],
                stock=stream_title(model, row["stock"], self.text),
                difference=self.measured(row["difference_t"], row["difference_sd_t"], 1, 1),
            )  # fmt: skip
        if kind == "suspects":
            names = "; ".join(self._suspect(model, one) for one in rows[:_MOST_NAMES])
            if len(rows) > _MOST_NAMES:
                names = self.text(tr("{names} and {n} more"), names=names, n=len(rows) - _MOST_NAMES)
            return self.text(tr("suspect: {names}."), names=names)
        return (
            swap_words(model, _timed(row), self.text) if kind == "swap" else step_words(model, _timed(row), self.text)
        )

    def opened(self, one: Investigation) -> None:
        """A new investigation."""
        self.say(
            tr("investigation {number} is open: {owner} looks into it until {due}"),
            number=one.number, owner=one.owner, due=one.due,
        )  # fmt: skip

    def added(self, one: Investigation) -> None:
        """What comes next."""
        if one.state == "answered":
            self.say(
                tr("investigation {number} has its outcome; another person signs it off: zveno investigate close "
                   "{number} --as ID"),
                number=one.number,
            )  # fmt: skip
        else:
            self.say(tr("added to investigation {number}"), number=one.number)

    def closed(self, one: Investigation) -> None:
        """A sign-off."""
        record = one.closed.record if one.closed else one.number
        self.say(tr("investigation {number} is signed off (record {record})"), number=one.number, record=record)

    def listed(self, found: Sequence[Investigation], today: date, *, as_json: bool) -> None:
        """Investigations, a line each."""
        if as_json:
            self.json([_plain(one, today) for one in found])
            return
        if not found:
            self.say(tr("nothing is looked into"))
            return
        rows = [
            [str(one.number), one.period, one.owner, str(one.due),
             f"{self.text(INVESTIGATED[one.state])} {self.text(OVERDUE) if one.overdue(today) else ''}".strip(),
             one.question or one.about]
            for one in found
        ]  # fmt: skip
        self.table([tr("number"), tr("period"), tr("in charge"), tr("due"), tr("state"), tr("about")], rows)

    def investigation(self, model: ChainModel, one: Investigation, seen: int, *, today: date, as_json: bool) -> None:
        """All of one."""
        if as_json:
            self.json({**_plain(one, today), "seen": seen})
            return
        self.listed([one], today, as_json=False)
        rows = one.found.get("rows", ())
        if rows:
            self.line(f"{one.about}: {self.suggested(model, one.about.partition('/')[0], rows)}")
        if one.checks:
            self.say(tr("To separate: measure {checks}."), checks=self._checks(model, one.checks))
        self.say(tr("opened by {name}, {at} (record {record})"), name=one.opened.name,
                 at=self.moment(one.opened.at), record=one.number)  # fmt: skip
        for note in one.notes:
            self._note(note)
        if one.closed is not None:
            self.say(tr("signed off by {name}, {at} (record {record})"), name=one.closed.name,
                     at=self.moment(one.closed.at), record=one.closed.record)  # fmt: skip
        self.say(tr("last entry of the ledger about it: {seen} (--seen {seen})"), seen=seen)

    # ---- inside ------------------------------------------------------------------------------------------------------

    def _note(self, note: Note) -> None:
        said = note.text
        if note.outcome:
            said = self.text(tr("outcome: {outcome}"), outcome=note.outcome) + (f"; {note.text}" if note.text else "")
        at = self.moment(note.signed.at)
        self.line(f"  {at} {note.signed.name}: {said or '–'}")
        for name, digest in note.files.items():
            self.say(tr("    file {name}, SHA-256 {digest}"), name=name, digest=digest)
        for one in note.figures:
            self.say(
                tr("    figure {figure} = {value} (version {version}, data known on {known})"),
                figure=one["figure"], value=one["value"], version=one["version"] or "–",
                known=self.moment(datetime.fromisoformat(one["known"])),
            )  # fmt: skip

    def _suspect(self, model: ChainModel, row: Mapping[str, Any]) -> str:
        """A suspect with the size of its error."""
        name = suspect_name(model, row, self.text)
        if row["bias"] is None:
            return name
        mass = row["kind"] == "loss" or row["quantity"] == "mass"
        size = self.measured(row["bias"], row["bias_sd"], 1 if mass else 100)
        return f"{name} {size} {self.text('t') if mass else '%'}"

    def _checks(self, model: ChainModel, checks: Sequence[tuple[str, str]]) -> str:
        return ", ".join(f"{quantity} ({stream_title(model, stream, self.text)})" for stream, quantity in checks)


def _timed(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a table as the balance has it, also where it comes from a record of the log."""
    times = ("start", "end", "since")
    return {
        name: datetime.fromisoformat(one) if name in times and isinstance(one, str) else one
        for name, one in row.items()
    }


def _plain(one: Investigation, today: date) -> dict[str, Any]:
    """An investigation for JSON."""
    notes = [
        {"person": note.signed.person, "at": note.signed.at, "record": note.signed.record, "text": note.text,
         "outcome": note.outcome, "files": dict(note.files), "figures": [dict(each) for each in note.figures]}
        for note in one.notes
    ]  # fmt: skip
    closed = None if one.closed is None else {"person": one.closed.person, "record": one.closed.record}
    return {
        "number": one.number, "period": one.period, "about": one.about, "question": one.question, "owner": one.owner,
        "due": one.due, "state": one.state, "overdue": one.overdue(today), "opened_by": one.opened.person,
        "found": dict(one.found), "checks": [list(each) for each in one.checks], "notes": notes,
        "outcome": one.outcome, "closed": closed, "void": list(one.void),
    }  # fmt: skip
