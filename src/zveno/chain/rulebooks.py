"""The rulebook in force: the rules of the description with every approved amendment, as the signed log has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from zveno.chain.evidence import evidence
from zveno.errors import Fault, RuleError, StoreError, fault
from zveno.log import Log, SignedRecord
from zveno.log.canonical import Json, canonical
from zveno.model.amendment import Amendment, draft_of
from zveno.model.chain import ChainModel
from zveno.model.overlay import Overlay
from zveno.model.rulebook import Rule, Rulebook, Version
from zveno.rules.compare import Difference, InForce, differences, rules_on
from zveno.rules.motions import ADOPTED, STEPS, Motion, State, Step, amended, motions
from zveno.text.mark import tr

__all__ = [
    "BOOK",
    "BookOfLog",
    "Difference",
    "InForce",
    "Motion",
    "State",
    "Step",
    "amended_model",
    "approved_drafts",
    "book_of_log",
    "book_text",
    "differences",
    "draft_of_motion",
    "in_force",
]

BOOK = "rulebook.jsonl"
"""Name under which an adopted rulebook is bound to a signature."""


@dataclass(frozen=True)
class BookOfLog:
    """A rulebook with what the log says of it.

    Parameters
    ----------
    book
        In force, all its earlier states kept.
    base
        The rules of the description.
    motions
        Amendments by number; ``laid`` what those approved brought into the book.
    adopted
        The record by which the rules of the description were adopted; None where nobody has.
    """

    book: Rulebook
    base: Rulebook
    motions: Mapping[int, Motion]
    laid: Mapping[int, Overlay]
    adopted: Step | None


def amended_model(model: ChainModel, folder: Path, known: datetime | None = None) -> ChainModel:
    """A description with the rulebook in force, by the log in the folder of a store; as known at a moment, if given.

    Raises
    ------
    RuleError
        If the rules of the description are not those that were adopted, or that an amendment was approved over.
    StoreError
        If the log or a draft is damaged.
    """
    if not (folder / "log").is_dir():
        return model
    book = book_of_log(model, Log(folder), known).book
    return model if book is model.rulebook else model.model_copy(update={"rulebook": book})


def book_of_log(model: ChainModel, log: Log, known: datetime | None = None) -> BookOfLog:
    """The rulebook of a description (or of a model that is amended already) with what the log says of it.

    Raises
    ------
    RuleError, StoreError
        As ``amended_model``.
    """
    base = model.rulebook.states[0][1] if model.rulebook.states else model.rulebook
    records = [one for one in log.of_kinds((ADOPTED, *STEPS)) if known is None or one[1].at <= known]
    for number, one in records:
        _require_signed(log, number, one)
    adopted = next((Step(number, one) for number, one in records if one.kind == ADOPTED), None)
    if adopted is not None and adopted.signed.body.get("book") != base.hash:
        raise RuleError([_not_adopted(model, base, adopted, log.folder)])
    found = motions(records, model.tz)
    drafts = {one.number: draft_of_motion(log.folder, one) for one in found.values() if one.approved is not None}
    book, laid = amended(base, found, drafts)
    _require_as_approved(found, laid)
    return BookOfLog(book, base, found, laid, adopted)


def in_force(model: ChainModel, day: date) -> dict[str, InForce]:
    """The rules of a description in force on a day, by id."""
    return rules_on(model.rulebook, day)


def draft_of_motion(folder: Path, motion: Motion) -> Amendment:
    """What the signatures of an amendment are bound to."""
    return draft_of(evidence(folder, motion.draft), f"amendment-{motion.number}.yaml").amendment


def approved_drafts(model: ChainModel, log: Log) -> dict[str, bytes]:
    """Every draft that was approved, by ``amendments/NUMBER.yaml``: with the description they make the book."""
    found = book_of_log(model, log).motions.values()
    return {f"amendments/{one.number}.yaml": evidence(log.folder, one.draft) for one in found if one.approved}


def _require_signed(log: Log, number: int, one: SignedRecord) -> None:
    """Refuse to judge by a record that its signer has not signed."""
    owner = log.register.owner(one.key)
    if owner is None or owner[0].id != one.person or not one.holds():
        raise StoreError("record {number} of the log is not what was signed: zveno verify says more", number=number)


def _require_as_approved(found: Mapping[int, Motion], laid: Mapping[int, Overlay]) -> None:
    """Each amendment makes of the book what its approver saw."""
    for number, overlay in laid.items():
        approved = found[number].approved
        if approved is not None and approved.signed.body.get("book") != overlay.book.hash:
            raise RuleError(
                "the rules in rules/*.yaml are not those over which amendment {number} was approved: put them back as "
                "they were, and change them by amendments",
                number=number,
            )


def _not_adopted(model: ChainModel, base: Rulebook, adopted: Step, folder: Path) -> Fault:
    """Which rules of the description differ from what was adopted."""
    kept = evidence(folder, adopted.signed.bound[BOOK]).splitlines()
    texts = {_text(rule, version) for rule in base.rules for version in rule.versions}
    changed = [rule.id for rule in base.rules if any(_text(rule, one) not in kept for one in rule.versions)]
    gone = [one for one in kept if one not in texts]
    message = tr(
        "the rules in rules/*.yaml are not those adopted in record {number}: {changed} differ, texts missing: {gone}."
        " Put them back, and change them by an amendment: zveno rules propose"
    )
    where = model.places.get(changed[0], "") if changed else ""
    return fault(message, where, number=adopted.record, changed=", ".join(changed) or "–", gone=len(gone))


def book_text(book: Rulebook) -> bytes:
    """All versions of a rulebook as canonical JSON, one a line, in order of rule and version: what is signed for.

    The SHA-256 of a line is the hash by which breaches name the text that they were judged by.
    """
    rules = sorted(book.rules, key=lambda one: one.id)
    lines = [_text(rule, one) for rule in rules for one in sorted(rule.versions, key=lambda each: each.start)]
    return b"".join(one + b"\n" for one in lines)


def _text(rule: Rule, version: Version) -> bytes:
    said: Json = rule.text_of(version)
    return canonical(said)
