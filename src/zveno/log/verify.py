"""Offline verification: an archive, with nothing beside it but a public key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from zveno.errors import DataError, fault, refusal
from zveno.log.archive import ABOUT, ENTRIES, FILES, HEADS, LEAVES, MANIFEST, PROOFS, README, WITNESSES
from zveno.log.archived_log import ArchivedLog, judge_backed_up_log, read_archived_log
from zveno.log.closes import ClosedVersion, closed_versions
from zveno.log.container import CONTENTS, Layout, Part, differing, part_blocks, part_bytes, read_layout
from zveno.log.findings import Finding, span
from zveno.log.inspected import Inspected, inspected
from zveno.log.judged import agrees
from zveno.log.keys import fingerprint
from zveno.log.manifest import FileHash, block_size, hash_blocks, manifest, read_manifest
from zveno.log.merkle import Tree
from zveno.log.records import Head, SignedHead, SignedRecord
from zveno.log.witness import Witnessed, against_witnessed, read_witnessed


@dataclass(frozen=True)
class Trusted:
    """What the verifier knows from elsewhere.

    Parameters
    ----------
    keys
        Public keys, one of which must have signed the archive or begun its log.
    heads
        Heads of the log that were noted before.
    earlier
        Other archives of the same log.
    witnessed
        Statements of witnesses that came by another way than with the archive.
    """

    keys: tuple[bytes, ...] = ()
    heads: tuple[Head, ...] = ()
    earlier: tuple[Path, ...] = ()
    witnessed: tuple[Witnessed, ...] = ()


@dataclass(frozen=True)
class Verified:
    """What an archive holds and what is wrong with it; sound if nothing is.

    Parameters
    ----------
    holds
        ``archive`` or ``backup``.
    files
        Names of the files that are there.
    record
        By which somebody signed for the files; None in a backup, or where it was altered.
    head
        State of the log.
    closed
        Versions of a closed period that it holds, each with the records of whoever drew it up and approved it.
    witnessed
        Heads of its log that outside parties have signed, in it or beside it.
    inspected
        What it holds as an inspector's export; None where it is none.
    """

    path: Path
    holds: str
    findings: tuple[Finding, ...]
    files: tuple[str, ...]
    records: tuple[SignedRecord | None, ...] = ()
    record: SignedRecord | None = None
    head: SignedHead | None = None
    closed: tuple[ClosedVersion, ...] = ()
    witnessed: tuple[Witnessed, ...] = ()
    inspected: Inspected | None = None

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


def verify_archive(path: Path, trusted: Trusted | None = None) -> Verified:
    """Verify an archive: every byte of it, its signatures, its log, and that this continues what was known before.

    Raises
    ------
    DataError
        If the file cannot be read, or is no archive at all.
    """
    trusted = trusted or Trusted()
    try:
        with path.open("rb") as file:
            layout = read_layout(file)
            log = read_archived_log(file, layout) if layout.kind == "archive" else None
            findings = [*layout.findings, *_readme(file, layout), *(log.findings if log else ())]
            findings += _files(file, layout, log.manifest_hash if log else None)
            if layout.kind == "backup" and not findings:
                findings += judge_backed_up_log(file, layout)
    except OSError as error:
        raise DataError(
            "'{path}' cannot be used: {problem}. Give another place", path=str(path), problem=refusal(error)
        ) from error
    if layout.kind == "archive" and log is None and not layout.cut:
        told = fault("the archive has no log, so that nobody has signed for it")
        findings.append(Finding("unsigned", told))
    files = tuple(one.name.removeprefix(FILES) for one in layout.parts if one.name.startswith(FILES) and one.whole)
    if log is None and trusted.keys:
        findings.append(Finding("unsigned", fault("there is no whole signed log here to hold against the key")))
    if log is None:
        return Verified(path, layout.kind, tuple(findings), files)
    findings += _against_trusted(log, trusted)
    head = log.heads[-1] if log.heads else None
    record = log.records[-1] if log.manifest_hash is not None else None
    found = Verified(path, layout.kind, (), files, log.records, record, head)
    if findings:
        return replace(found, findings=tuple(findings))
    return _with_content(found, log.tree, layout, trusted)


def _with_content(found: Verified, tree: Tree, layout: Layout, trusted: Trusted) -> Verified:
    """An archive that is sound in its bytes and its log, with what its files say and what is wrong with that."""
    records = [one for one in found.records if one is not None]
    listed, parts = _listed(found.path, layout), {one.name: one for one in layout.parts}

    def read(name: str) -> bytes:
        with found.path.open("rb") as file:
            return part_bytes(file, parts[FILES + name])

    own: tuple[Witnessed, ...] = ()
    told: list[Finding] = []
    try:
        own = read_witnessed(read(WITNESSES), WITNESSES) if WITNESSES in listed else ()
    except DataError as error:
        told = [Finding("altered", one, FILES + WITNESSES) for one in error.faults]
    witnessed = tuple(dict.fromkeys((*own, *trusted.witnessed)))
    closed, doubts = closed_versions(records, listed)
    export, missing = inspected(records, listed, read)
    findings = (*told, *against_witnessed(tree, witnessed), *doubts, *missing)
    return replace(found, findings=findings, closed=closed, witnessed=witnessed, inspected=export)


def _listed(path: Path, layout: Layout) -> dict[str, str]:
    """SHA-256 of the files by name, as the manifest says of a sound archive."""
    part = layout.part(MANIFEST)
    with path.open("rb") as file:
        told = read_manifest(part_bytes(file, part)) if part is not None else None
    return {one.name: one.whole for one in told or ()}


def _readme(file: BinaryIO, layout: Layout) -> list[Finding]:
    """The text for people, which is always the same; and members that no archive has."""
    findings = []
    part = layout.part(README)
    if part is not None:
        findings += _difference(ABOUT.encode(), part_bytes(file, part), part)
    for one in (README, MANIFEST):
        if layout.part(one) is None and not layout.cut:
            findings.append(Finding("truncated", fault("'{name}' is missing", name=one), one))
    for part in layout.parts:
        known = (CONTENTS, README, MANIFEST) if layout.kind == "backup" else (CONTENTS, README, MANIFEST, *_LOG)
        if part.name not in known and not part.name.startswith((FILES, "keys/")):
            told = fault("'{name}' does not belong to this archive", name=part.name)
            findings.append(Finding("foreign", told, part.name, part.at, part.at + part.size - 1))
    return findings


_LOG = (ENTRIES, LEAVES, HEADS, PROOFS)


def _difference(wanted: bytes, found: bytes, part: Part) -> list[Finding]:
    place = differing(wanted, found)
    if place is None:
        return []
    start, end = part.at + place[0], part.at + place[1]
    told = fault("altered: {bytes} of '{name}'", bytes=span(start, end), name=part.name)
    return [Finding("altered", told, part.name, start, end)]


# ---- files -----------------------------------------------------------------------------------------------------------


def _files(file: BinaryIO, layout: Layout, signed: str | None) -> list[Finding]:
    """Files against the manifest, and the manifest against what was signed, or against the files.

    A changed byte of a file changes two hashes, of the whole and of a block; a changed byte of the manifest one.
    """
    part = layout.part(MANIFEST)
    if part is None:
        return []
    content = part_bytes(file, part)
    told = read_manifest(content)
    parts = [one for one in layout.parts if one.name.startswith(FILES) and one.whole]
    found = {one.name: _hashes(file, one) for one in parts}
    right = signed is None or sha256(content).hexdigest() == signed
    if told is None or not right:
        return _altered_manifest(content, part, found, signed, layout)
    listed = {FILES + one.name: one for one in told}
    if signed is None and listed.keys() != found.keys() and not layout.cut:
        return _altered_manifest(content, part, found, None, layout)
    findings: list[Finding] = []
    doubtful = False
    for one in parts:
        wanted = listed.get(one.name)
        if wanted is None:
            text = fault("'{name}' is not in the manifest: it was added later", name=one.name)
            findings.append(Finding("foreign", text, one.name, one.at, one.at + one.size - 1))
        elif wanted != found[one.name]:
            blocks = _changed_blocks(one, wanted, found[one.name])
            if signed is None and not (blocks and wanted.whole != found[one.name].whole):
                doubtful = True
            else:
                findings += blocks or [_resized(one, wanted)]
    findings += [_missing(name) for name in listed if name not in found and not layout.cut]
    if doubtful:
        findings += _altered_manifest(content, part, found, None, layout)
    return findings


def _hashes(file: BinaryIO, part: Part) -> FileHash:
    return hash_blocks(part.name.removeprefix(FILES), part.size, part_blocks(file, part, block_size(part.size)))


def _changed_blocks(part: Part, wanted: FileHash, found: FileHash) -> list[Finding]:
    """Runs of blocks that differ."""
    if wanted.size != found.size or len(wanted.blocks) != len(found.blocks):
        return []
    block, findings = block_size(part.size), []
    changed = [at for at, (one, other) in enumerate(zip(wanted.blocks, found.blocks, strict=True)) if one != other]
    for at in changed:
        start, end = part.at + at * block, part.at + min((at + 1) * block, part.size) - 1
        told = fault(
            "file '{name}' was altered within its bytes {first} to {last} ({bytes} of the archive)",
            name=part.name.removeprefix(FILES),
            first=start - part.at,
            last=end - part.at,
            bytes=span(start, end),
        )
        findings.append(Finding("altered", told, part.name, start, end))
    return findings


def _resized(part: Part, wanted: FileHash) -> Finding:
    told = fault(
        "file '{name}' was altered: it has {size} bytes, and {wanted} were signed for",
        name=part.name.removeprefix(FILES),
        size=part.size,
        wanted=wanted.size,
    )
    return Finding("altered", told, part.name, part.at, part.at + part.size - 1)


def _missing(name: str) -> Finding:
    told = fault("file '{name}' is missing", name=name.removeprefix(FILES))
    return Finding("truncated", told, name)


def _altered_manifest(
    content: bytes, part: Part, found: dict[str, FileHash], signed: str | None, layout: Layout
) -> list[Finding]:
    """Where the manifest was altered: it must be what the files make it, if these are right."""
    made = manifest([found[name] for name in sorted(found)])
    if not layout.cut and (signed is None or sha256(made).hexdigest() == signed):
        return _difference(made, content, part)
    start, end = part.at, part.at + part.size - 1
    told = fault("the manifest ({bytes}) is not the one that was signed", bytes=span(start, end))
    return [Finding("altered", told, part.name, start, end)]


# ---- what is known from elsewhere ------------------------------------------------------------------------------------


def _against_trusted(log: ArchivedLog, trusted: Trusted) -> list[Finding]:
    findings = _against_keys(log, trusted.keys) if trusted.keys else []
    for one in trusted.heads:
        if one.size > len(log.tree):
            told = fault(
                "records {first} to {last} are missing: the log had {size} when the head was noted",
                first=len(log.tree),
                last=one.size - 1,
                size=one.size,
            )
            findings.append(Finding("truncated", told))
        elif not agrees(log.tree, one):
            told = fault("the log forks: its first {size} records are not those of the noted head", size=one.size)
            findings.append(Finding("forked", told))
    for path in trusted.earlier:
        findings += _against_other(log.tree, path)
    return findings


def _against_keys(log: ArchivedLog, keys: Sequence[bytes]) -> list[Finding]:
    """Whether a key that the verifier has from elsewhere signed the archive, or began its log."""
    head = log.heads[-1] if log.heads else None
    first = log.records[0] if log.records else None
    own = {one.key for one in (head, first) if one is not None}
    if own & set(keys):
        return []
    told = fault(
        "the signature is foreign: the archive was signed with the key {found}, not with {wanted}",
        found=fingerprint(head.key) if head is not None else "–",
        wanted=", ".join(fingerprint(one) for one in keys),
    )
    return [Finding("foreign", told)]


def _against_other(tree: Tree, path: Path) -> list[Finding]:
    """Whether this log and that of another archive are one."""
    with path.open("rb") as file:
        other = read_archived_log(file, read_layout(file))
    if other is None:
        raise DataError("'{path}' has no whole log to compare with", path=str(path))
    shared = min(len(tree), len(other.tree))
    parted = next((at for at in range(shared) if tree.leaves[at] != other.tree.leaves[at]), None)
    if parted is None:
        return []
    told = fault("the log forks: from record {number} on it is not that of '{path}'", number=parted, path=str(path))
    return [Finding("forked", told, record=parted)]
