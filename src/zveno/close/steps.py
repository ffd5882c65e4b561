"""Where a period stands: open, drawn up, closed, restated; told by what persons signed, and by nothing else.

One person draws a balance up, another one closes it. A closed period is never changed: a restatement with a reason
makes a further version, which again needs a second person. Every version says up to which moment data were known to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from zveno.errors import DataError
from zveno.log import Signed, SignedRecord

Stage = Literal["open", "provisional", "closed", "restating"]
DRAWN, APPROVED = ("provisional", "restated"), ("closed", "restatement_approved")


@dataclass(frozen=True)
class Version:
    """A version of a period's books.

    Parameters
    ----------
    number
        1 for the close, then one for each restatement.
    cut
        Data that became known later do not count in it.
    content
        SHA-256 of the file that holds its tables and its description.
    reason
        Why the version before was not left as it was; empty for the first.
    investigations
        Numbers of those that were open when it was drawn up: they are carried over to what comes next.
    """

    period: str
    number: int
    cut: datetime
    content: str
    reason: str
    drawn: Signed
    approved: Signed | None = None
    investigations: tuple[int, ...] = ()


@dataclass(frozen=True)
class PeriodStage:
    """Where a period stands.

    ``versions`` are those that were approved, ``draft`` one that waits for a second person; ``void`` are records that
    changed nothing, such as a second approval of the same draft.
    """

    period: str
    versions: tuple[Version, ...] = ()
    draft: Version | None = None
    void: tuple[int, ...] = field(default=())

    @property
    def stage(self) -> Stage:
        """In one word."""
        if self.versions:
            return "restating" if self.draft else "closed"
        return "provisional" if self.draft else "open"

    @property
    def closed(self) -> Version | None:
        """The version in force."""
        return self.versions[-1] if self.versions else None


def stages(records: Iterable[tuple[int, SignedRecord]]) -> dict[str, PeriodStage]:
    """Stage of every period that a signed record speaks of, from the records in their order."""
    found: dict[str, PeriodStage] = {}
    for number, one in records:
        if one.kind in (*DRAWN, *APPROVED):
            period = str(one.body["period"])
            found[period] = _after(found.get(period, PeriodStage(period)), number, one)
    return found


def _after(before: PeriodStage, number: int, one: SignedRecord) -> PeriodStage:
    """The stage after one more record; a record that cannot follow changes nothing."""
    signed = Signed.of(number, one)
    if one.kind in DRAWN:
        if (one.kind == "restated") != bool(before.versions):
            return replace(before, void=(*before.void, number))
        draft = Version(
            before.period, len(before.versions) + 1, datetime.fromisoformat(str(one.body["cut"])),
            str(one.bound["version.zip"]), str(one.body.get("reason", "")), signed,
            investigations=tuple(map(int, one.body.get("investigations", ()))),
        )  # fmt: skip
        return replace(before, draft=draft)
    waiting = before.draft
    fits = waiting is not None and one.body["of"] == waiting.drawn.record and one.person != waiting.drawn.person
    if waiting is None or not fits or one.bound["version.zip"] != waiting.content:
        return replace(before, void=(*before.void, number))
    return replace(before, versions=(*before.versions, replace(waiting, approved=signed)), draft=None)


def require_drawable(stage: PeriodStage, reason: str | None) -> str:
    """Kind of record that draws the period up now; ``reason`` is None for a first close.

    Raises
    ------
    DataError
        If a closed period is drawn up without a reason, an open one with one, or the reason is empty.
    """
    if reason is None and stage.versions:
        raise DataError(
            "{period} is closed: restate it with a reason (zveno restate {period} --reason '...')", period=stage.period
        )
    if reason is not None and not stage.versions:
        raise DataError(
            "{period} is not closed, so there is nothing to restate: zveno close {period}", period=stage.period
        )
    if reason is not None and not reason.strip():
        raise DataError("a restatement of {period} needs a reason in words: it is kept for good", period=stage.period)
    return "provisional" if reason is None else "restated"


def require_approvable(stage: PeriodStage, person: str) -> tuple[Version, str]:
    """The draft that waits, and the kind of record that approves it.

    Raises
    ------
    DataError
        If nothing waits, or the person is the one who drew it up.
    """
    if stage.draft is None:
        raise DataError("nothing waits for approval in {period}: zveno close {period} draws it up", period=stage.period)
    if stage.draft.drawn.person == person:
        raise DataError(
            "'{person}' has drawn up {period} and cannot approve it as well: a second person must",
            person=person, period=stage.period,
        )  # fmt: skip
    return stage.draft, "restatement_approved" if stage.versions else "closed"
