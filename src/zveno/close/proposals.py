"""Values that persons put in: proposed by one, approved or refused by another, told by what they signed.

An adjustment changes a value of a meter; a stocktake gives the stocks that were counted. Both are *proposals* until a
second person approves them; only then the values enter the records, and every balance treats them like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from zveno.errors import DataError
from zveno.log import Signed, SignedRecord

ProposalKind = Literal["adjustment", "stocktake"]
State = Literal["waiting", "approved", "refused"]
PROPOSED: Mapping[str, ProposalKind] = {"adjusted": "adjustment", "stock_taken": "stocktake"}
APPROVED, REFUSED = "adjustment_approved", "adjustment_refused"


@dataclass(frozen=True)
class PutIn:
    """A value that somebody wants to be put in.

    Parameters
    ----------
    point, quantity, start, end
        Key of the record.
    value
        In t or mass fraction; None withdraws what is there.
    qualifier
        As in the table ``records``: empty, or ``±`` and the standard deviation told with the value.
    was
        The values that count for this key when it is proposed; none if there are none.
    """

    point: str
    quantity: str
    start: datetime
    end: datetime
    value: float | None
    qualifier: str = ""
    was: tuple[float | None, ...] = ()

    @property
    def key(self) -> tuple[str, str, datetime, datetime]:
        """What the record is about."""
        return self.point, self.quantity, self.start, self.end

    def said(self) -> dict[str, Any]:
        """As JSON."""
        moments = {"start": self.start.astimezone(UTC).isoformat(), "end": self.end.astimezone(UTC).isoformat()}
        return {**vars(self), **moments, "was": list(self.was)}

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> PutIn:
        """The same read again."""
        start, end = (datetime.fromisoformat(said[one]).astimezone(UTC) for one in ("start", "end"))
        return cls(**{**said, "start": start, "end": end, "was": tuple(said["was"])})


@dataclass(frozen=True)
class Proposal:
    """Values proposed for a period by one record of the log, and what became of them.

    Parameters
    ----------
    number
        Number of the record that proposes them.
    body
        All that was signed with them.
    decided
        Who approved or refused them, and which record says so.
    void
        Records that decided nothing: by the same person, or a second decision.
    """

    number: int
    period: str
    kind: ProposalKind
    values: tuple[PutIn, ...]
    reason: str
    proposed: Signed
    body: Mapping[str, Any]
    state: State = "waiting"
    decided: Signed | None = None
    why_refused: str = ""
    void: tuple[int, ...] = ()


def proposals(records: Iterable[tuple[int, SignedRecord]]) -> dict[int, Proposal]:
    """Every proposal by its number, from the records of the log in their order."""
    found: dict[int, Proposal] = {}
    for number, one in records:
        if one.kind in PROPOSED and "values" in one.body:
            found[number] = _proposal(number, one)
        elif one.kind in (APPROVED, REFUSED) and one.body.get("of") in found:
            of = int(one.body["of"])
            found[of] = _decided(found[of], number, one)
    return found


def _proposal(number: int, one: SignedRecord) -> Proposal:
    """A record that proposes."""
    return Proposal(
        number=number,
        period=str(one.body["period"]),
        kind=PROPOSED[one.kind],
        values=tuple(PutIn.read(each) for each in one.body["values"]),
        reason=str(one.body.get("reason", "")),
        proposed=Signed.of(number, one),
        body=one.body,
    )


def _decided(before: Proposal, number: int, one: SignedRecord) -> Proposal:
    """The proposal after a decision; one that cannot be changes nothing.

    Nobody approves the own proposal. Whoever made it may take it back, though: that is a refusal, too.
    """
    own = one.person == before.proposed.person
    if before.state != "waiting" or (own and one.kind == APPROVED):
        return replace(before, void=(*before.void, number))
    signed = Signed.of(number, one)
    if one.kind == REFUSED:
        return replace(before, state="refused", decided=signed, why_refused=str(one.body.get("reason", "")))
    return replace(before, state="approved", decided=signed)


def require_waiting(found: Mapping[int, Proposal], number: int) -> Proposal:
    """A proposal that waits for a decision.

    Raises
    ------
    DataError
        If there is none of this number, or it was decided.
    """
    one = found.get(number)
    if one is None:
        raise DataError("record {number} of the log proposes no values", number=number)
    if one.decided is not None:
        raise DataError(
            "what record {number} proposes was decided by {name} (record {record})",
            number=number, name=one.decided.name, record=one.decided.record,
        )  # fmt: skip
    return one


def require_approvable_by(one: Proposal, person: str) -> None:
    """Refuse an approval by whoever proposed it.

    Raises
    ------
    DataError
        If the person is the one who proposed it.
    """
    if one.proposed.person == person:
        raise DataError(
            "'{person}' has proposed the values of record {number} and cannot approve them as well: a second person "
            "must",
            person=person, number=one.number,
        )  # fmt: skip
