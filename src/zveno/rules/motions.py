"""Amendments on their way: proposed, reviewed, approved, in force, superseded; told by what persons signed.

Whatever program wrote the records: a step counts only if the law allows it. Proposer, reviewer and approver are three
persons; each signs for the same bytes; an amendment is approved before the midnight on which it takes effect, unless it
says that it corrects the past; and over the versions that its reviewer saw. All other records are void.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any, Literal

from zveno.errors import RuleError
from zveno.log import SignedRecord
from zveno.model.amendment import Amendment
from zveno.model.overlay import Overlay, highest, overlaid
from zveno.model.rulebook import Rulebook

ADOPTED, PROPOSED, REVIEWED = "rules_adopted", "rules_proposed", "rules_reviewed"
APPROVED, CORRECTED = "rules_approved", "rules_corrected"
REFUSED, WITHDRAWN = "rules_refused", "rules_withdrawn"
STEPS = (PROPOSED, REVIEWED, APPROVED, CORRECTED, REFUSED, WITHDRAWN)
DRAFT, PROTOCOL = "draft.yaml", "protocol"
"""Names under which the draft, and the protocol of a vote on it, are bound to signatures."""

State = Literal["proposed", "reviewed", "approved", "in_force", "superseded", "refused", "withdrawn"]
ALWAYS_KNOWN = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Step:
    """A signed step with the number of its record."""

    record: int
    signed: SignedRecord


@dataclass(frozen=True)
class Motion:
    """An amendment on its way.

    Parameters
    ----------
    number
        Number of the record that proposed it.
    draft
        SHA-256 of the draft that all of its signatures are bound to.
    over
        For each rule that it touches the number of its last version, as the reviewer saw it; 0 for a new rule.
    void
        Records that changed nothing.
    """

    number: int
    id: str
    title: Mapping[str, str]
    effective: date
    correction: bool
    draft: str
    proposed: Step
    over: Mapping[str, int]
    reviewed: Step | None = None
    approved: Step | None = None
    ended: Step | None = None
    void: tuple[int, ...] = ()

    @property
    def known(self) -> datetime | None:
        """Since when it is part of the book, as known."""
        return None if self.approved is None else self.approved.signed.at

    def state(self, today: date, book: Rulebook, laid: Iterable[tuple[str, int]] = ()) -> State:
        """In one word; ``laid`` are the versions that it brought into the book: none if it only ends rules."""
        if self.ended is not None:
            return "withdrawn" if self.approved is not None else "refused"
        if self.approved is None:
            return "proposed" if self.reviewed is None else "reviewed"
        if self.effective > today:
            return "approved"
        own = set(laid)
        alive = [
            one for rule in book.rules for one in rule.versions
            if (rule.id, one.version) in own and (one.end is None or one.end > today)
        ]  # fmt: skip
        return "in_force" if alive or not own else "superseded"


def midnight_of(day: date, tz: tzinfo) -> datetime:
    """The moment at which a day of plant time begins."""
    return datetime.combine(day, time(), tz)


def motions(records: Iterable[tuple[int, SignedRecord]], tz: tzinfo) -> dict[int, Motion]:
    """Every amendment by its number, from the records of the log in their order."""
    found: dict[int, Motion] = {}
    for number, one in records:
        of = number if one.kind == PROPOSED else one.body.get("of")
        if one.kind == PROPOSED:
            motion = _proposed(number, one)
            if motion is not None:
                found[number] = motion
        elif one.kind in STEPS and type(of) is int and of in found:
            found[of] = _after(found[of], Step(number, one), tz)
    return found


def _proposed(number: int, one: SignedRecord) -> Motion | None:
    """A new amendment; None where the record does not say what one must."""
    body = one.body
    try:
        return Motion(
            number=number, id=str(body["id"]), title=dict(body["title"]), draft=one.bound[DRAFT],
            effective=date.fromisoformat(body["effective"]), correction=bool(body["correction"]),
            proposed=Step(number, one), over=dict(body["over"]),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError):
        return None


def _after(motion: Motion, step: Step, tz: tzinfo) -> Motion:
    """An amendment after one more step; a step that the law does not allow is void."""
    one = step.signed
    try:
        require_step(motion, one.kind, one.person, one.at, tz)
        if one.bound.get(DRAFT) != motion.draft:
            raise RuleError("it is bound to another draft")
    except RuleError:
        return replace(motion, void=(*motion.void, step.record))
    if one.kind == REVIEWED:
        return replace(motion, reviewed=step, over=dict(one.body.get("over", {})))
    if one.kind in (APPROVED, CORRECTED):
        if dict(one.body.get("over", {})) != dict(motion.over):
            return replace(motion, void=(*motion.void, step.record))
        return replace(motion, approved=step)
    return replace(motion, ended=step)


def require_step(motion: Motion, kind: str, person: str, at: datetime, tz: tzinfo) -> None:
    """Refuse a step that the law does not allow.

    Raises
    ------
    RuleError
        If it comes at another stage, by the same person as another one, or too late.
    """
    about: dict[str, Any] = {"number": motion.number, "person": person}
    if motion.ended is not None:
        raise RuleError("amendment {number} was refused or withdrawn: propose a new one", **about)
    if kind == WITHDRAWN:
        _require_withdrawable(motion, at, tz)
    elif motion.approved is not None:
        raise RuleError("amendment {number} is approved already", **about)
    elif kind == REVIEWED:
        if person == motion.proposed.signed.person:
            raise RuleError(
                "'{person}' has proposed amendment {number} and cannot review it: another person must", **about
            )
    elif kind in (APPROVED, CORRECTED):
        _require_approvable(motion, kind, person, at, tz)


def _require_withdrawable(motion: Motion, at: datetime, tz: tzinfo) -> None:
    if motion.approved is None:
        raise RuleError("amendment {number} is not approved: refuse it instead", number=motion.number)
    if at >= midnight_of(motion.effective, tz):
        raise RuleError(
            "amendment {number} has been in force since {day}: another amendment must take its place",
            number=motion.number, day=motion.effective,
        )  # fmt: skip


def _require_approvable(motion: Motion, kind: str, person: str, at: datetime, tz: tzinfo) -> None:
    number = motion.number
    if motion.reviewed is None:
        raise RuleError(
            "nobody has reviewed amendment {number} yet: zveno rules review {number} --as ID", number=number
        )
    if person in (motion.proposed.signed.person, motion.reviewed.signed.person):
        raise RuleError(
            "'{person}' has proposed or reviewed amendment {number} and cannot approve it: a third person must",
            person=person, number=number,
        )  # fmt: skip
    if (kind == CORRECTED) != motion.correction:
        raise RuleError("amendment {number} is approved as what it is: a correction or none", number=number)
    if not motion.correction:
        require_future(motion.effective, at, tz)


def require_future(effective: date, at: datetime, tz: tzinfo) -> None:
    """Refuse an amendment that would bind what has happened already.

    Raises
    ------
    RuleError
        If the midnight on which it takes effect has passed in plant time.
    """
    if midnight_of(effective, tz) < at:
        raise RuleError(
            "an amendment that takes effect on {day} at 00:00 cannot be approved on {at:%Y-%m-%d %H:%M}, plant "
            "time: give a later day, or say 'correction: true' if it corrects the past",
            day=effective, at=at.astimezone(tz),
        )  # fmt: skip


def amended(
    base: Rulebook, found: Mapping[int, Motion], drafts: Mapping[int, Amendment]
) -> tuple[Rulebook, dict[int, Overlay]]:
    """The book with all that was approved, in the order of approval, and what each amendment laid.

    The book keeps all states in which it was known. Numbers of versions are never given twice.

    Parameters
    ----------
    drafts
        The draft of every amendment that was approved, by number.
    """
    approved = sorted((one for one in found.values() if one.approved), key=lambda one: one.approved.record)  # type: ignore[union-attr]
    if not approved:
        return base, {}
    numbers, laid, pinned, book = highest(base, {}), {}, {}, base
    states: list[tuple[datetime, Rulebook]] = [(ALWAYS_KNOWN, base)]
    for step, motion in _events(approved):
        if motion.approved is step:
            laid[motion.number] = overlaid(book, drafts[motion.number], numbers=numbers)
            pinned[motion.number] = _pinned(drafts[motion.number], laid[motion.number])
            book = laid[motion.number].book
            numbers = highest(book, numbers)
        else:
            del pinned[motion.number]
            book = base
            for one in pinned.values():
                book = overlaid(book, one).book
        known = max(states[-1][0], step.signed.at.astimezone(UTC))
        states.append((known, book))
    return book.model_copy(update={"states": tuple(states)}), laid


def _events(approved: Iterable[Motion]) -> list[tuple[Step, Motion]]:
    """Approvals and withdrawals in the order of the log."""
    steps = [(step, one) for one in approved for step in (one.approved, one.ended) if step is not None]
    return sorted(steps, key=lambda one: one[0].record)


def _pinned(amendment: Amendment, laid: Overlay) -> Amendment:
    """The amendment with the version numbers that it was given."""
    numbers = {path: min(n for (_, n), at in laid.laid.items() if at == path) for path in laid.laid.values()}

    def fixed(key: str) -> tuple[object, ...]:
        given = getattr(amendment, key)
        return tuple(
            one.model_copy(update={"version": numbers.get((key, n), one.version)}) for n, one in enumerate(given)
        )

    return amendment.model_copy(update={"versions": fixed("versions"), "changes": fixed("changes")})
