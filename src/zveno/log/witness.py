"""Co-signed heads: an outside party says with its own key which state of the log it has seen.

A log that is exchanged as a whole, by whoever holds all keys of the store, is whole in itself. It cannot agree with a
head that somebody outside has signed before. A witness signs only a log that continues all it has signed before; so two
statements of one witness that do not agree prove a fork by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from zveno.errors import DataError, StoreError, fault, refusal
from zveno.log.archive import WITNESSES
from zveno.log.findings import Finding
from zveno.log.journal import replace_whole
from zveno.log.judged import agrees
from zveno.log.keys import PrivateKey, fingerprint
from zveno.log.log import Log
from zveno.log.merkle import Tree
from zveno.log.records import Head, HeadStatement

WITNESS = "zveno/witness-1"


@dataclass(frozen=True)
class Witnessed(HeadStatement):
    """A head that an outside party has seen; who it is, its key says."""

    FORMAT: ClassVar[str] = WITNESS
    BY: ClassVar[str] = "name"

    @property
    def name(self) -> str:
        """As the party calls itself."""
        return self.by


def witness(key: PrivateKey, name: str, head: Head, at: datetime) -> Witnessed:
    """Sign a head as an outside party.

    Raises
    ------
    DataError
        If there is no name, or the time has no zone.
    """
    if not name.strip() or at.tzinfo is None:
        raise DataError("a witness needs a name that can be printed, and a time with a zone")
    return Witnessed.signed(head, at, name.strip(), key)


def read_witnessed(content: bytes, where: str) -> tuple[Witnessed, ...]:
    """Statements from the bytes of a file, one a line.

    Raises
    ------
    DataError
        If a line is none, or its signature does not fit: with its number.
    """
    found = []
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            one = Witnessed.parse(line)
        except ValueError:
            one = None
        if one is None or not one.holds():
            raise DataError("this line is no signed statement of a witness, or it was altered", f"{where}:{number}")
        found.append(one)
    return tuple(found)


def kept_witnessed(folder: Path) -> tuple[Witnessed, ...]:
    """Statements that are kept with a log, in the folder of its store."""
    path = folder / "log" / WITNESSES
    return read_witnessed(path.read_bytes(), str(path)) if path.is_file() else ()


def read_notebook(path: Path) -> tuple[Witnessed, ...]:
    """Statements from a file that a witness keeps.

    Raises
    ------
    DataError
        If it cannot be read, or a line is no statement.
    """
    try:
        return read_witnessed(path.read_bytes(), str(path))
    except OSError as error:
        raise DataError("'{path}' cannot be read: {problem}", path=str(path), problem=refusal(error)) from error


def add_witnessed(path: Path, statements: Iterable[Witnessed]) -> int:
    """Add statements to a file; how many were new. The file stands whole at any moment.

    Raises
    ------
    DataError
        If the file holds something else.
    StoreError
        If the disk refuses.
    """
    before = read_notebook(path) if path.is_file() else ()
    new = [one for one in statements if one not in before]
    if new:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_whole(path, b"".join(one.data + b"\n" for one in (*before, *new)))
        except OSError as error:
            raise StoreError(
                "'{path}' could not be written: {problem}", path=str(path), problem=refusal(error)
            ) from error
    return len(new)


def verify_store(log: Log, statements: Sequence[Witnessed] = ()) -> tuple[tuple[Finding, ...], tuple[Witnessed, ...]]:
    """Everything that is wrong with the log of a store, also against what witnesses have seen; and their statements.

    Parameters
    ----------
    statements
        Of witnesses, beside those that are kept with the log.
    """
    findings = log.verify()
    try:
        own = kept_witnessed(log.folder)
    except DataError as error:
        findings = (*findings, *(Finding("altered", one, f"log/{WITNESSES}") for one in error.faults))
        own = ()
    witnessed = tuple(dict.fromkeys((*own, *statements)))
    if not findings:
        findings = tuple(against_witnessed(log.tree, witnessed))
    return findings, witnessed


def against_witnessed(tree: Tree, statements: Sequence[Witnessed]) -> list[Finding]:
    """What is wrong with a log by what witnesses have seen of it: records missing, or another log."""
    findings = []
    for one in statements:
        fields: dict[str, Any] = {"name": one.name, "key": fingerprint(one.key), "at": one.at, "size": one.head.size}
        if one.head.size > len(tree):
            told = fault(
                "records {first} to {last} are missing: '{name}' (key {key}) witnessed a head over {size} on"
                " {at:%Y-%m-%d %H:%M}",
                first=len(tree), last=one.head.size - 1, **fields,
            )  # fmt: skip
            findings.append(Finding("truncated", told))
        elif not agrees(tree, one.head):
            told = fault(
                "the log forks: its first {size} records are not those that '{name}' (key {key}) witnessed on"
                " {at:%Y-%m-%d %H:%M}",
                **fields,
            )
            findings.append(Finding("forked", told))
    return findings
