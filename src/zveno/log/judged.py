"""Whether records, heads and leaf hashes fit together: the same for a log that lives and one in an archive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from zveno.errors import Fault, Phrase, fault
from zveno.log.findings import Finding, FindingKind, span
from zveno.log.merkle import Tree
from zveno.log.records import Head, SignedHead, SignedRecord
from zveno.log.register import Register


@dataclass(frozen=True)
class Place:
    """Where something stands: part of the archive, first and last byte."""

    member: str
    start: int
    end: int


@dataclass(frozen=True)
class Judged:
    """What was found, and the register that the sound records make."""

    findings: tuple[Finding, ...]
    register: Register = field(default_factory=Register)


def judge(
    tree: Tree,
    records: Sequence[SignedRecord | None],
    heads: Sequence[SignedHead | None],
    record_places: Sequence[Place],
    head_places: Sequence[Place],
) -> Judged:
    """Judge a log.

    Parameters
    ----------
    tree
        Over the leaves that are held for right.
    records
        Each record; None for one that was altered, which the caller has told.
    heads
        Signed heads in the order of their signing; None for one that was altered.
    record_places, head_places
        Where they stand.
    """
    findings: list[Finding] = []
    register, whole = Register(), all(one is not None for one in records)
    for number, record in enumerate(records):
        if record is None:
            continue
        place = record_places[number]
        objection = register.objection(record) if whole else _signature_only(record)
        if objection is not None:
            findings.append(_of_record(_kind_of(register, record), objection, number, place))
        elif whole:
            register = register.with_record(record)
        findings += _forked_before(tree, record, number, place)
    for head, place in zip(heads, head_places, strict=True):
        if head is not None:
            findings += _of_head(tree, head, place, register if whole else None)
    return Judged(tuple(findings), register)


def agrees(tree: Tree, head: Head) -> bool:
    """Whether a tree has, or had, this head."""
    return 0 <= head.size <= len(tree) and tree.root(head.size) == head.root


def _signature_only(record: SignedRecord) -> Fault | None:
    return None if record.holds() else fault("its signature does not fit: record or signature were altered")


def _kind_of(register: Register, record: SignedRecord) -> FindingKind:
    """In which way a record is wrong to which there is an objection."""
    if not record.signature:
        return "unsigned"
    if not record.holds():
        return "altered"
    owner = register.owner(record.key)
    if owner is None or owner[0].id != record.person:
        return "foreign"
    return "revoked" if owner[1].ended else "unlawful"


def _of_record(kind: FindingKind, objection: Fault, number: int, place: Place) -> Finding:
    told = fault(
        "record {number} ({bytes}): {objection}",
        place.member,
        number=number,
        bytes=span(place.start, place.end),
        objection=_phrase(objection),
    )
    return Finding(kind, told, place.member, place.start, place.end, number)


def _phrase(one: Fault) -> Phrase:
    return Phrase(one.message, one.fields)


def _forked_before(tree: Tree, record: SignedRecord, number: int, place: Place) -> list[Finding]:
    """Whether the state of the log that a record was signed over is one of this log."""
    if record.after.size <= number and agrees(tree, record.after):
        return []
    told = fault(
        "record {number} ({bytes}) was signed over another log: its first {size} records have the"
        " root {root} here and {other} there",
        place.member,
        number=number,
        bytes=span(place.start, place.end),
        size=record.after.size,
        root=_short(tree, record.after.size),
        other=record.after.root.hex()[:16],
    )
    return [Finding("forked", told, place.member, place.start, place.end, number)]


def _short(tree: Tree, size: int) -> str:
    return tree.root(size).hex()[:16] if 0 <= size <= len(tree) else "–"


def _of_head(tree: Tree, signed: SignedHead, place: Place, register: Register | None) -> list[Finding]:
    """What is wrong with a signed head."""
    fields = {"person": signed.person, "at": signed.at, "bytes": span(place.start, place.end)}
    if not signed.holds():
        told = fault(
            "the signature of the head by '{person}' ({bytes}) does not fit: it was altered",
            place.member,
            **fields,
        )
        return [Finding("altered", told, place.member, place.start, place.end)]
    found = [] if register is None else _signed_by_whom(register, signed, place)
    if signed.head.size > len(tree):
        told = fault(
            "records {first} to {last} are missing: '{person}' signed on {at:%Y-%m-%d %H:%M} a head over {size}",
            place.member,
            first=len(tree),
            last=signed.head.size - 1,
            size=signed.head.size,
            **fields,
        )
        return [*found, Finding("truncated", told, place.member, place.start, place.end)]
    if not agrees(tree, signed.head):
        told = fault(
            "the log forks: for its first {size} records '{person}' signed the root {other} on {at:%Y-%m-%d %H:%M},"
            " but those here have {root}",
            place.member,
            size=signed.head.size,
            root=_short(tree, signed.head.size),
            other=signed.head.root.hex()[:16],
            **fields,
        )
        return [*found, Finding("forked", told, place.member, place.start, place.end)]
    return found


def _signed_by_whom(register: Register, signed: SignedHead, place: Place) -> list[Finding]:
    """Whether the key of a head was in use when it was signed."""
    owner = register.owner(signed.key)
    if owner is None or owner[0].id != signed.person:
        told = fault(
            "the head signed by '{person}' ({bytes}) has a foreign key: it was never entered",
            place.member,
            person=signed.person,
            bytes=span(place.start, place.end),
        )
        return [Finding("foreign", told, place.member, place.start, place.end)]
    key = owner[1]
    if key.until is not None and key.until < signed.head.size - 1:
        told = fault(
            "the head signed by '{person}' ({bytes}) has a key that had ended with record {number}",
            place.member,
            person=signed.person,
            bytes=span(place.start, place.end),
            number=key.until,
        )
        return [Finding("revoked", told, place.member, place.start, place.end)]
    return []
