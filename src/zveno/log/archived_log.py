"""The log of an archive: read from its members, compared with itself, judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from zveno.errors import fault
from zveno.log.archive import ARCHIVED, ENTRIES, FILES, HEADS, LEAVES, PROOFS, keys, leaves_text, proofs
from zveno.log.container import Layout, Part, differing, part_bytes
from zveno.log.findings import Finding, span
from zveno.log.journal import Mark, read_lines
from zveno.log.judged import Place, agrees, judge
from zveno.log.merkle import Tree, leaf_hash
from zveno.log.records import Head, SignedHead, SignedRecord
from zveno.log.register import Register

JOURNAL, MARK = f"{FILES}log/journal", f"{FILES}log/mark"
"""The log in a backup."""


@dataclass(frozen=True)
class ArchivedLog:
    """The log of an archive, as far as it is there.

    Parameters
    ----------
    tree
        Over the leaves that are held for right.
    records, heads
        None where altered.
    """

    tree: Tree
    records: tuple[SignedRecord | None, ...]
    heads: tuple[SignedHead | None, ...]
    findings: tuple[Finding, ...]
    register: Register = field(default_factory=Register)

    @property
    def whole(self) -> bool:
        """Whether every record could be read."""
        return all(one is not None for one in self.records)

    @property
    def manifest_hash(self) -> str | None:
        """What the manifest must hash to: the last record says so, if somebody signed for the files."""
        last = self.records[-1] if self.records else None
        return last.bound.get("manifest.json") if last is not None and last.kind == ARCHIVED else None


@dataclass(frozen=True)
class _Rows:
    """Lines of a member with their places in the archive."""

    data: tuple[bytes, ...]
    places: tuple[Place, ...]


def read_archived_log(file: BinaryIO, layout: Layout) -> ArchivedLog | None:
    """Read and judge the log of an archive; None where too much of it is missing, which the layout tells."""
    entries, leaves, heads_part = (layout.part(name) for name in (ENTRIES, LEAVES, HEADS))
    if entries is None or leaves is None or heads_part is None:
        return None
    rows, head_rows = _rows(file, entries), _rows(file, heads_part)
    heads, findings = _heads(head_rows)
    tree = _held_for_right(rows, part_bytes(file, leaves), heads)
    records, places = _records(rows, tree)
    findings += _altered_records(records, places)
    findings += _derived(file, leaves, leaves_text(tree))
    judged = judge(tree, records, heads, [one or Place(ENTRIES, 0, 0) for one in places], head_rows.places)
    findings += judged.findings
    found = ArchivedLog(tree, tuple(records), tuple(heads), (), judged.register)
    if found.whole and not judged.findings:
        findings += _unsigned(found, heads_part)
        findings += _derived_from_records(file, layout, found)
    return ArchivedLog(tree, found.records, found.heads, tuple(findings), found.register)


def _rows(file: BinaryIO, part: Part) -> _Rows:
    """Lines, each without its end."""
    content, at = part_bytes(file, part), part.at
    data, places = [], []
    for one in content.split(b"\n")[: -1 if content.endswith(b"\n") or not content else None]:
        data.append(one)
        places.append(Place(part.name, at, at + len(one)))
        at += len(one) + 1
    return _Rows(tuple(data), tuple(places))


def _heads(rows: _Rows) -> tuple[list[SignedHead | None], list[Finding]]:
    heads: list[SignedHead | None] = []
    findings = []
    for number, (row, place) in enumerate(zip(rows.data, rows.places, strict=True)):
        try:
            heads.append(SignedHead.parse(row))
        except ValueError:
            heads.append(None)
            told = fault(
                "the signed head {number} ({bytes}) was altered: it cannot be read",
                place.member,
                number=number,
                bytes=span(place.start, place.end),
            )
            findings.append(Finding("altered", told, place.member, place.start, place.end))
    return heads, findings


def _held_for_right(rows: _Rows, told: bytes, heads: Sequence[SignedHead | None]) -> Tree:
    """The tree that a signed head vouches for: over the records as they are, or over the leaf hashes beside them.

    Where no head vouches for either, the tree is over the records as they are.
    """
    last = next((one.head for one in reversed(heads) if one is not None and one.holds()), None)
    over_records = Tree(leaf_hash(one) for one in rows.data)
    if last is None or agrees(over_records, last):
        return over_records
    try:
        over_leaves = Tree(bytes.fromhex(one.decode()) for one in told.split(b"\n")[:-1])
    except ValueError:
        return over_records
    return over_leaves if agrees(over_leaves, last) else over_records


def _records(rows: _Rows, tree: Tree) -> tuple[list[SignedRecord | None], list[Place | None]]:
    """A record for every leaf, None where it was altered or is missing; where it stands, or where it should."""
    leaves, hashes = tree.leaves, [leaf_hash(one) for one in rows.data]
    same = len(leaves) == len(hashes)
    numbers = list(range(len(leaves))) if same else _aligned(leaves, hashes)
    gap = _gap(rows, numbers)
    places = [gap if at is None else rows.places[at] for at in numbers]
    pairs = zip(numbers, leaves, strict=True)
    records = [None if at is None or hashes[at] != leaf else _record(rows.data[at]) for at, leaf in pairs]
    return records, places


def _aligned(leaves: Sequence[bytes], hashes: Sequence[bytes]) -> list[int | None]:
    """Row of each leaf, from both ends inwards."""
    numbers: list[int | None] = [None] * len(leaves)
    first = 0
    while first < min(len(leaves), len(hashes)) and leaves[first] == hashes[first]:
        numbers[first] = first
        first += 1
    last = 1
    while len(leaves) - last >= first and len(hashes) - last >= first and leaves[-last] == hashes[-last]:
        numbers[-last] = len(hashes) - last
        last += 1
    return numbers


def _gap(rows: _Rows, numbers: Sequence[int | None]) -> Place | None:
    """The bytes that belong to no leaf."""
    free = [place for at, place in enumerate(rows.places) if at not in set(numbers)]
    return Place(ENTRIES, free[0].start, free[-1].end) if free else None


def _record(row: bytes) -> SignedRecord | None:
    try:
        return SignedRecord.parse(row)
    except ValueError:
        return None


def _altered_records(records: Sequence[SignedRecord | None], places: Sequence[Place | None]) -> list[Finding]:
    """Records that are not what was signed into the tree."""
    findings = []
    for number, (record, place) in enumerate(zip(records, places, strict=True)):
        if record is not None:
            continue
        if place is None:
            told = fault("record {number} is missing", ENTRIES, number=number)
            findings.append(Finding("truncated", told, ENTRIES, record=number))
            continue
        told = fault(
            "record {number} was altered (within {bytes}): it is not the one that was signed",
            place.member,
            number=number,
            bytes=span(place.start, place.end),
        )
        findings.append(Finding("altered", told, place.member, place.start, place.end, number))
    return findings


def _derived(file: BinaryIO, part: Part | None, wanted: bytes) -> list[Finding]:
    """A member that can be made from others, compared with what it must be."""
    if part is None:
        return []
    place = differing(wanted, part_bytes(file, part))
    if place is None:
        return []
    start, end = part.at + place[0], part.at + place[1]
    told = fault("altered: {bytes} of '{name}'", bytes=span(start, end), name=part.name)
    return [Finding("altered", told, part.name, start, end)]


def _unsigned(log: ArchivedLog, heads: Part) -> list[Finding]:
    """Whether somebody answers for the whole."""
    findings = []
    if log.manifest_hash is None:
        told = fault("nobody has signed for the files: the last record of the log is not that of an archive")
        findings.append(Finding("unsigned", told, ENTRIES, record=len(log.records) - 1))
    last = log.heads[-1] if log.heads else None
    if None not in log.heads and (last is None or last.head.size != len(log.tree)):
        told = fault("no signed head counts the last record of the log: its end may be missing", HEADS)
        findings.append(Finding("unsigned", told, HEADS, heads.at, heads.at + heads.size))
    return findings


def _derived_from_records(file: BinaryIO, layout: Layout, log: ArchivedLog) -> list[Finding]:
    """Proofs and public keys, which follow from the records."""
    records = [one for one in log.records if one is not None]
    wanted = {PROOFS: proofs(log.tree, records), **keys(log.register)} if records else {}
    findings: list[Finding] = []
    for name, content in wanted.items():
        part = layout.part(name)
        findings += _derived(file, part, content)
        if part is None and not layout.cut:
            told = fault("'{name}' is missing", name=name)
            findings.append(Finding("truncated", told, name))
    for part in layout.parts:
        if part.name.startswith("keys/") and part.name not in wanted:
            told = fault("'{name}' does not belong to this archive", name=part.name)
            findings.append(Finding("foreign", told, part.name, part.at, part.at + part.size - 1))
    return findings


# ---- backups ---------------------------------------------------------------------------------------------------------


def judge_backed_up_log(file: BinaryIO, layout: Layout) -> list[Finding]:
    """What is wrong with the log in a backup, beyond its bytes."""
    part, mark_part = layout.part(JOURNAL), layout.part(MARK)
    if part is None or mark_part is None:
        return []
    lines, faults = read_lines(part_bytes(file, part), part.at)
    if faults:
        return [Finding("altered", one, JOURNAL) for one in faults]
    tree = Tree(one.leaf for one in lines if one.kind == "record")
    places = {
        kind: [Place(JOURNAL, one.at, one.end) for one in lines if one.kind == kind] for kind in ("record", "head")
    }
    records = [_record(one.data) for one in lines if one.kind == "record"]
    heads, findings = _heads(_Rows(tuple(one.data for one in lines if one.kind == "head"), tuple(places["head"])))
    findings += _altered_records(records, places["record"])
    findings += judge(tree, records, heads, places["record"], places["head"]).findings
    wanted = Mark(part.size, Head(len(tree), tree.root())).written
    return [*findings, *_derived(file, mark_part, wanted)]
