"""What is looked into: who owns it, until when, what was found, who accepted that; told by what persons signed.

One that is open stays open whatever becomes of its period: it is named in every close until it is signed off, by
another person than its owner.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

from zveno.errors import DataError
from zveno.log import Signed, SignedRecord

OPENED, NOTED, CLOSED = "investigation_opened", "investigation_noted", "investigation_closed"
State = Literal["open", "answered", "closed"]


@dataclass(frozen=True)
class Note:
    """Something that was added.

    Parameters
    ----------
    figures
        Figures with the version that they are from.
    files
        SHA-256 of files by name; they lie in the store.
    outcome
        What the owner found; empty in all other notes.
    """

    signed: Signed
    text: str
    figures: tuple[Mapping[str, Any], ...]
    files: Mapping[str, str]
    outcome: str = ""


@dataclass(frozen=True)
class Investigation:
    """Something that is looked into.

    Parameters
    ----------
    number
        Number of the record that opened it.
    about
        Key of what the balance suggested (``discrepancy/mill/Cu``), or empty for a free question.
    found
        What the balance said of it: a row of one of its tables.
    checks
        (stream, quantity) whose reading would tell apart what may be wrong.
    owner, due
        Who looks into it, and the last day for that.
    void
        Records that changed nothing: a sign-off by its owner, or after another one.
    """

    number: int
    period: str
    about: str
    question: str
    owner: str
    due: date
    opened: Signed
    found: Mapping[str, Any] = field(default_factory=dict, hash=False)
    checks: tuple[tuple[str, str], ...] = ()
    notes: tuple[Note, ...] = ()
    outcome: str = ""
    closed: Signed | None = None
    void: tuple[int, ...] = ()

    @property
    def state(self) -> State:
        """In one word; *answered*: its owner told the outcome, which waits for another person."""
        if self.closed is not None:
            return "closed"
        return "answered" if self.outcome else "open"

    def overdue(self, today: date) -> bool:
        """Whether it should have been signed off."""
        return self.closed is None and self.due < today


def investigations(records: Iterable[tuple[int, SignedRecord]]) -> dict[int, Investigation]:
    """Every investigation by its number, from the records of the log in their order."""
    found: dict[int, Investigation] = {}
    for number, one in records:
        if one.kind == OPENED and "owner" in one.body:
            found[number] = _opened(number, one)
        elif one.kind in (NOTED, CLOSED) and one.body.get("of") in found:
            of = int(one.body["of"])
            found[of] = (_noted if one.kind == NOTED else _closed)(found[of], number, one)
    return found


def _opened(number: int, one: SignedRecord) -> Investigation:
    body = one.body
    signed = Signed.of(number, one)
    first = Note(signed, "", tuple(body.get("figures", ())), one.bound)
    return Investigation(
        number=number, period=str(body["period"]), about=str(body.get("about", "")),
        question=str(body.get("question", "")), owner=str(body["owner"]), due=date.fromisoformat(str(body["due"])),
        opened=signed, found=body.get("found", {}), checks=tuple((one[0], one[1]) for one in body.get("checks", ())),
        notes=(first,) if first.figures or first.files else (),
    )  # fmt: skip


def _noted(before: Investigation, number: int, one: SignedRecord) -> Investigation:
    """After a note. Only its owner says what was found; a new owner begins without an outcome."""
    body = one.body
    outcome = str(body.get("outcome", ""))
    if before.closed is not None or (outcome and one.person != before.owner):
        return replace(before, void=(*before.void, number))
    signed = Signed.of(number, one)
    note = Note(signed, str(body.get("text", "")), tuple(body.get("figures", ())), one.bound, outcome)
    owner = str(body.get("owner", "")) or before.owner
    due = date.fromisoformat(str(body["due"])) if body.get("due") else before.due
    told = outcome or (before.outcome if owner == before.owner else "")
    return replace(before, notes=(*before.notes, note), owner=owner, due=due, outcome=told)


def _closed(before: Investigation, number: int, one: SignedRecord) -> Investigation:
    """After a sign-off: of an outcome that was told, by another person than its owner."""
    told = [note.signed.person for note in before.notes if note.outcome]
    own = one.person == before.owner or one.person in told[-1:]
    if before.closed is not None or not before.outcome or own or one.body.get("outcome") != before.outcome:
        return replace(before, void=(*before.void, number))
    return replace(before, closed=Signed.of(number, one))


def require_open(found: Mapping[int, Investigation], number: int) -> Investigation:
    """An investigation that is not signed off.

    Raises
    ------
    DataError
        If there is none of this number, or it is closed.
    """
    one = found.get(number)
    if one is None:
        raise DataError("record {number} of the log opens no investigation: zveno investigate list", number=number)
    if one.closed is not None:
        raise DataError(
            "investigation {number} was signed off by {name} (record {record}): open a new one",
            number=number, name=one.closed.name, record=one.closed.record,
        )  # fmt: skip
    return one


def require_closable(one: Investigation, person: str) -> None:
    """Refuse a sign-off without an outcome, or by its owner.

    Raises
    ------
    DataError
        If so.
    """
    told = [note.signed.person for note in one.notes if note.outcome]
    if person == one.owner or person in told[-1:]:
        raise DataError(
            "'{person}' owns investigation {number} and cannot sign it off as well: a second person must",
            person=person, number=one.number,
        )  # fmt: skip
    if not one.outcome:
        raise DataError(
            "investigation {number} has no outcome yet: its owner, '{owner}', tells it with zveno investigate add "
            "{number} --outcome TEXT",
            number=one.number, owner=one.owner,
        )  # fmt: skip
