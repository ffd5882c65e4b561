"""Archives: files of the books with the log that vouches for them, in one file that anybody can verify offline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from zveno.errors import DataError, refusal
from zveno.log.canonical import Json, canonical
from zveno.log.container import Member, require_fit, write_container
from zveno.log.keys import fingerprint, pem
from zveno.log.log import Entry, Log
from zveno.log.manifest import hash_source, manifest
from zveno.log.merkle import Tree
from zveno.log.records import Draft, SignedHead, SignedRecord, Signer
from zveno.log.register import Register

README, MANIFEST, ENTRIES, LEAVES, HEADS, PROOFS = (
    "README.txt",
    "manifest.json",
    "log/entries.jsonl",
    "log/leaves.txt",
    "log/heads.jsonl",
    "log/proofs.json",
)
FILES = "files/"
WITNESSES = "witnesses.jsonl"
"""Statements of witnesses, in the folder of the log and among the files of an archive."""
ARCHIVED = "archived"
ABOUT = """\
This archive was made by Zveno and verifies offline:  zveno verify ARCHIVE --key PUBLIC.pem
Этот архив создан программой Zveno и проверяется без сети:  zveno verify АРХИВ --key КЛЮЧ.pem
Бұл мұрағатты Zveno жасады, ол желісіз тексеріледі:  zveno verify МҰРАҒАТ --key КІЛТ.pem

contents.json      all members with their sizes
manifest.json      SHA-256 of each file, whole and by blocks; its own SHA-256 stands in the last record of the log
log/entries.jsonl  all signed records: canonical JSON, one a line; each line is a leaf of an RFC 6962 tree
log/leaves.txt     SHA-256 of each leaf
log/heads.jsonl    tree heads signed by persons
log/proofs.json    inclusion of the last record; consistency with the heads of archives handed over before
keys/              public keys of persons (Ed25519), named by person and fingerprint
files/             what the archive is about

A record is signed by Ed25519 over "zveno/record-1", a zero byte, and the SHA-256 of its canonical JSON; a head over
"zveno/head-1" likewise. Compare the fingerprint of the key with the one you have from the company by another way.
"""


def write_archive(
    log: Log, signer: Signer, at: datetime, files: Mapping[str, bytes | Path], out: Path,
    about: Mapping[str, Json] | None = None,
) -> Entry:  # fmt: skip
    """Pack files with the log, and have a person sign for them.

    The same files, log, person and time give the same bytes.

    Parameters
    ----------
    files
        Content, or a file on the disk, by the name that it shall have.
    out
        The archive to write.
    about
        What the record of the signature says beside the number of files and bytes: of a period, which one.

    Returns
    -------
    entry
        The record by which the person signed for the files; it stands in the log.

    Raises
    ------
    DataError
        If a file cannot be read or named in an archive.
    StoreError
        If the person may not sign, or the disk refuses.
    """
    path = log.folder / "log" / WITNESSES
    if path.is_file() and WITNESSES not in files:
        files = {**files, WITNESSES: path.read_bytes()}
    listed, sizes = _looked_at(files)
    require_fit([(FILES + name, size) for name, size in sizes.items()])
    body: dict[str, Json] = {**(about or {}), "bytes": sum(sizes.values()), "files": len(files)}
    entry = log.enter(signer, Draft(ARCHIVED, body, at, {MANIFEST: sha256(listed).hexdigest()}))
    records, heads = (
        log.records[: entry.number + 1],
        [one for one in log.signed_heads if one.head.size <= entry.head.size],
    )
    members = [Member.of(README, ABOUT.encode()), Member.of(MANIFEST, listed), *log_members(records, heads)]
    members += [Member(FILES + name, sizes[name], files[name]) for name in sorted(files)]
    write_container(out, "archive", members)
    return entry


def log_members(records: Sequence[SignedRecord], heads: Sequence[SignedHead]) -> list[Member]:
    """The log as members of an archive."""
    tree, register = Tree(), Register()
    for one in records:
        tree.append(one.leaf)
        register = register.with_record(one)
    return [
        Member.of(ENTRIES, b"".join(one.data + b"\n" for one in records)),
        Member.of(LEAVES, leaves_text(tree)),
        Member.of(HEADS, b"".join(one.data + b"\n" for one in heads)),
        Member.of(PROOFS, proofs(tree, records)),
        *(Member.of(name, content) for name, content in keys(register).items()),
    ]


def leaves_text(tree: Tree) -> bytes:
    """Hashes of the leaves, one a line."""
    return b"".join(one.hex().encode() + b"\n" for one in tree.leaves)


def proofs(tree: Tree, records: Sequence[SignedRecord]) -> bytes:
    """Inclusion of the last record, and consistency with the log as it was at every archive before."""
    size = len(tree)
    before = [number + 1 for number, one in enumerate(records[:-1]) if one.kind == ARCHIVED]
    said: Json = {
        "consistency": [
            {"from": one, "path": [step.hex() for step in tree.consistency(one)], "to": size} for one in before
        ],
        "format": "zveno/proofs-1",
        "inclusion": {"path": [step.hex() for step in tree.inclusion(size - 1)], "record": size - 1, "size": size},
    }
    return canonical(said) + b"\n"


def keys(register: Register) -> dict[str, bytes]:
    """Public keys as PEM files by their names."""
    return {
        f"keys/{person.id}-{fingerprint(key.public)}.pem": pem(key.public)
        for _, person in sorted(register.persons.items())
        for key in person.keys
    }


def _looked_at(files: Mapping[str, bytes | Path]) -> tuple[bytes, dict[str, int]]:
    """The manifest of files, and their sizes."""
    try:
        found = [hash_source(name, files[name]) for name in sorted(files)]
    except OSError as error:
        raise DataError(
            "'{path}' cannot be used: {problem}. Give another place", path=str(error.filename), problem=refusal(error)
        ) from error
    return manifest(found), {one.name: one.size for one in found}
