"""Amending the rulebook of a chain: proposed, reviewed and approved by three persons, in force from a day to come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from zveno.chain.closing import Closing
from zveno.chain.evidence import evidence, keep_evidence, read_evidence
from zveno.chain.facade import Chain
from zveno.chain.rulebooks import BOOK, BookOfLog, book_of_log, book_text
from zveno.chain.signed import Over, last_seen, sign_over
from zveno.errors import DataError, Fault, RuleError, StoreError, fault
from zveno.log import ROLES, Draft, Log, Signer
from zveno.model.amendment import DraftFile, draft_of, read_draft
from zveno.model.chain import ChainModel
from zveno.model.overlay import Overlay, highest
from zveno.rules.drafts import Drafted, draft_faults
from zveno.rules.motions import (
    ADOPTED,
    APPROVED,
    CORRECTED,
    DRAFT,
    PROPOSED,
    PROTOCOL,
    REFUSED,
    REVIEWED,
    WITHDRAWN,
    Motion,
    State,
    Step,
    require_future,
    require_step,
)


@dataclass(frozen=True)
class Amending:
    """Amendments of a chain's rulebook.

    Parameters
    ----------
    closing
        The chain with the log of its store.
    """

    closing: Closing

    @property
    def model(self) -> ChainModel:
        """The description with the rulebook in force."""
        return self.closing.chain.model

    def known(self) -> BookOfLog:
        """The rulebook with what the log says of it now."""
        return book_of_log(self.model, self.closing.log)

    def all(self, today: date) -> tuple[tuple[Motion, State], ...]:
        """Every amendment with its state on a day, in the order of proposing."""
        known = self.known()
        return tuple((one, known_state(known, one, today)) for one in known.motions.values())

    def get(self, number: int) -> Motion:
        """An amendment by its number.

        Raises
        ------
        DataError
            If there is none.
        """
        found = self.known().motions.get(number)
        if found is None:
            raise DataError("record {number} of the log proposes no amendment: zveno rules amendments", number=number)
        return found

    def draft(self, place: str) -> DraftFile:
        """A draft from its file, or that of an amendment by its number.

        Raises
        ------
        DataError, StoreError
            If there is none, or it cannot be read.
        """
        return draft_at(self.closing.folder, place)

    def under(self, overlay: Overlay) -> Chain:
        """The chain with the book that a draft would make."""
        model = self.model.model_copy(update={"rulebook": overlay.book})
        return replace(self.closing.chain, model=model)

    def state(self, motion: Motion, today: date) -> State:
        """State of an amendment on a day."""
        return known_state(self.known(), motion, today)

    def laid(self, draft: DraftFile) -> Drafted:
        """A draft over the book in force, with everything that is wrong in it."""
        known = self.known()
        numbers: dict[str, int] = {}
        for one in known.laid.values():
            numbers = highest(one.book, numbers)
        return draft_faults(self.model.model_copy(update={"rulebook": known.book}), draft, numbers)

    def require_sound(self, draft: DraftFile) -> Overlay:
        """A draft over the book in force.

        Raises
        ------
        RuleError
            With every fault of the draft.
        """
        found = self.laid(draft)
        if found.faults:
            raise RuleError(found.faults)
        return found.overlay

    def require_proposable(self, draft: DraftFile, at: datetime) -> Overlay:
        """A draft that could be proposed now: asked before the pass-phrase is.

        Raises
        ------
        RuleError
            If it has faults, or takes effect on a day that has begun.
        """
        if not draft.amendment.correction:
            require_future(draft.amendment.effective, at, self.model.tz)
        return self.require_sound(draft)

    def propose(self, draft: DraftFile, signer: Signer, at: datetime) -> Motion:
        """Sign a draft as its author; its bytes are kept.

        Raises
        ------
        RuleError
            As ``require_proposable``.
        StoreError
            If the person may not sign, or the disk refuses.
        """
        self.require_proposable(draft, at)
        amendment = draft.amendment
        keep_evidence(self.closing.folder, {DRAFT: draft.content})
        body = {
            "id": amendment.id, "title": dict(amendment.title), "effective": amendment.effective.isoformat(),
            "correction": amendment.correction, "rules": list(amendment.touched), "over": self._over(draft),
        }  # fmt: skip
        signed = Draft(PROPOSED, body, at, {DRAFT: draft.sha256})
        subject = f"amendment/{amendment.id}/{draft.sha256}"
        return self.get(sign_over(self.closing, signer, signed, Over("amendment", subject)))

    def require_next(self, number: int, step: str, person: str, at: datetime) -> Motion:
        """An amendment for which a person could take a step now (review, approve, ...): asked before the pass-phrase.

        Raises
        ------
        DataError, RuleError
            If there is no such amendment, or the law does not allow the step.
        """
        motion = self.get(number)
        kind = self._kind(motion, step)
        require_step(motion, kind, person, at, self.model.tz)
        if kind in (REVIEWED, APPROVED, CORRECTED):
            draft = self.draft(str(number))
            overlay = self.require_sound(draft)
            if kind != REVIEWED:
                self._require_unmoved(motion, draft)
                self._require_roles(motion, overlay, person)
        return motion

    def review(self, number: int, words: str, signer: Signer, at: datetime) -> Motion:
        """Sign as reviewer, over the versions that the touched rules have now.

        Raises
        ------
        DataError, RuleError, StoreError
            As ``require_next``; or the person may not sign.
        """
        self.require_next(number, "review", signer.person, at)
        body = {"text": words.strip(), "over": self._over(self.draft(str(number)))}
        return self._step(number, REVIEWED, body, {}, signer, at)

    def approve(self, number: int, signer: Signer, at: datetime, protocol: Path | None = None) -> Motion:
        """Sign as approver: the amendment is in force from its day on.

        Parameters
        ----------
        protocol
            Protocol of a vote by which the amendment was adopted, where one was held: kept, and bound by the signature.

        Raises
        ------
        DataError, RuleError, StoreError
            As ``require_next``; or the person may not sign.
        """
        motion = self.require_next(number, "approve", signer.person, at)
        overlay = self.require_sound(self.draft(str(number)))
        bound = {}
        body: dict[str, Any] = {"over": dict(motion.over), "book": overlay.book.hash}
        if protocol is not None:
            ((name, content),) = read_evidence((protocol,)).items()
            bound = {PROTOCOL: keep_evidence(self.closing.folder, {name: content})[name]}
            body["protocol"] = name
        return self._step(number, self._kind(motion, "approve"), body, bound, signer, at)

    def refuse(self, number: int, reason: str, signer: Signer, at: datetime) -> Motion:
        """Refuse an amendment before it is approved, or take the own one back."""
        return self._with_reason(number, "refuse", reason, signer, at)

    def withdraw(self, number: int, reason: str, signer: Signer, at: datetime) -> Motion:
        """Withdraw an approved amendment before it takes effect."""
        return self._with_reason(number, "withdraw", reason, signer, at)

    def require_adoptable(self) -> None:
        """Refuse to adopt a book twice, or one with faults or unverified numbers that nobody accepts.

        Raises
        ------
        RuleError
            With everything that stands in the way.
        """
        known = self.known()
        if known.adopted is not None:
            raise RuleError(
                "the rulebook was adopted in record {number}: it is changed by amendments", number=known.adopted.record
            )
        faults: list[Fault] = []
        for rule in known.base.rules:
            faults += [
                fault("rule '{rule}', version {version}: its number is unverified: give 'accepted_by', the role that "
                      "accepts it, or a source that was read", self.model.places.get(f"{rule.id}/versions", ""),
                      rule=rule.id, version=one.version)
                for one in rule.versions if one.status == "unverified" and not one.accepted_by
            ]  # fmt: skip
        if not known.base.rules:
            raise RuleError("the description has no rules that could be adopted: write them in rules/*.yaml")
        if faults:
            raise RuleError(faults)

    def adopt(self, signer: Signer, at: datetime) -> Step:
        """Sign for the rules of the description as they stand; from then on only amendments change them.

        Raises
        ------
        RuleError, StoreError
            As ``require_adoptable``; or the person may not sign.
        """
        self.require_adoptable()
        base = self.known().base
        bound = keep_evidence(self.closing.folder, {BOOK: book_text(base)})
        versions = sum(len(one.versions) for one in base.rules)
        body = {"book": base.hash, "rules": len(base.rules), "versions": versions, "kk_reviewed": base.kk_reviewed}
        sign_over(self.closing, signer, Draft(ADOPTED, body, at, bound), Over("rulebook", "rulebook", 0))
        adopted = self.known().adopted
        if adopted is None:
            raise StoreError("the rulebook was adopted by somebody else meanwhile: look again")
        return adopted

    # ---- inside ------------------------------------------------------------------------------------------------------

    def _kind(self, motion: Motion, step: str) -> str:
        if step == "approve":
            return CORRECTED if motion.correction else APPROVED
        return {"review": REVIEWED, "refuse": REFUSED, "withdraw": WITHDRAWN}[step]

    def _over(self, draft: DraftFile) -> dict[str, int]:
        """Last version of each rule that a draft touches, and of the numbers it names; 0 for a new one."""
        last = highest(self.known().book, {})
        return {one: last.get(one, 0) for one in draft.amendment.touched}

    def _require_unmoved(self, motion: Motion, draft: DraftFile) -> None:
        """Refuse to approve over versions that the reviewer has not seen."""
        now = self._over(draft)
        moved = sorted(one for one, number in now.items() if motion.over.get(one) != number)
        if moved:
            raise RuleError(
                "another amendment has changed {rules} since amendment {number} was reviewed: review it again as a new "
                "one",
                rules=", ".join(moved), number=motion.number,
            )  # fmt: skip

    def _require_roles(self, motion: Motion, overlay: Overlay, person: str) -> None:
        """Who approves a version has the role that it names as its approver."""
        known = self.closing.log.register.persons.get(person)
        versions = [
            one for rule in overlay.book.rules for one in rule.versions if (rule.id, one.version) in overlay.laid
        ]
        wanted = {one.approver_role for one in versions} & set(ROLES)
        missing = sorted(wanted - set(known.roles if known else ()))
        if missing:
            raise RuleError(
                "amendment {number} takes the approval of {roles}, which '{person}' is not",
                number=motion.number, roles=", ".join(missing), person=person,
            )  # fmt: skip

    def _with_reason(self, number: int, step: str, reason: str, signer: Signer, at: datetime) -> Motion:
        if not reason.strip():
            raise DataError("give a reason in words: it is kept for good")
        motion = self.require_next(number, step, signer.person, at)
        return self._step(number, self._kind(motion, step), {"reason": reason.strip()}, {}, signer, at)

    def _step(
        self, number: int, kind: str, body: Mapping[str, Any], bound: Mapping[str, str], signer: Signer, at: datetime
    ) -> Motion:
        """Sign a step and see that it counts."""
        motion, subject = self.get(number), f"amendment/{number}"
        draft = Draft(kind, {"of": number, **body}, at, {DRAFT: motion.draft, **bound})
        record = sign_over(self.closing, signer, draft, Over("amendment", subject, last_seen(self.closing, subject)))
        found = self.get(number)
        if record in found.void:
            raise StoreError("amendment {number} was changed by somebody else meanwhile: look again", number=number)
        return found


def known_state(known: BookOfLog, motion: Motion, today: date) -> State:
    """State of an amendment on a day."""
    laid = known.laid.get(motion.number)
    return motion.state(today, known.book, laid.laid if laid else ())


def draft_at(folder: Path, place: str) -> DraftFile:
    """A draft from its file, or that of an amendment by the number of the record that proposed it.

    Raises
    ------
    DataError, StoreError
        If there is none, or it cannot be read.
    """
    if not place.isdigit() or Path(place).exists():
        return read_draft(Path(place))
    number = int(place)
    found = next((one for at, one in Log(folder).of_kinds((PROPOSED,)) if at == number), None)
    if found is None or DRAFT not in found.bound:
        raise DataError("record {number} of the log proposes no amendment: zveno rules amendments", number=number)
    return draft_of(evidence(folder, found.bound[DRAFT]), f"amendment-{number}.yaml")
