"""The log: signed records in their order, none of which can be changed or taken out unseen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from zveno.errors import Fault, StoreError
from zveno.log.findings import Finding, span
from zveno.log.journal import Journal, Line, LineKind
from zveno.log.judged import Place, agrees, judge
from zveno.log.merkle import Tree, included
from zveno.log.records import Draft, Head, SignedHead, SignedRecord, Signer
from zveno.log.register import Register, about_persons

Read = TypeVar("Read")


@dataclass(frozen=True)
class Entry:
    """A record of the log with the proof that it stands in it.

    Parameters
    ----------
    number
        Its place, from 0.
    head
        State of the log for which the proof holds.
    path
        Audit path (RFC 6962).
    """

    number: int
    record: SignedRecord
    head: Head
    path: tuple[bytes, ...]

    def proven(self) -> bool:
        """Whether the proof holds."""
        return included(self.record.leaf, self.number, self.head.size, self.head.root, self.path)


class Log:
    """The log in the folder of a store. Several processes may hold it: writers wait for each other.

    Parameters
    ----------
    folder
        Folder of the store; the log lies in ``log`` inside.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     len(Log(Path(folder)).records)
    0
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._journal = Journal(folder / "log")
        self.remarks: tuple[Fault, ...] = ()
        """What was put right on the way, such as a write that was cut off."""
        self._forget()

    def _forget(self) -> None:
        """As if nothing had been read yet."""
        self._bytes = 0
        self._tree = Tree()
        self._lines: dict[LineKind, list[Line]] = {"record": [], "head": []}
        self._parsed: dict[int, SignedRecord] = {}
        self._register = Register()

    @property
    def records(self) -> Sequence[SignedRecord]:
        """All records in their order."""
        self._refresh()
        return tuple(self._record(number) for number in range(len(self._tree)))

    def of_kinds(self, kinds: Sequence[str]) -> Iterator[tuple[int, SignedRecord]]:
        """Records of some kinds with their numbers, in their order; the others are not read."""
        self._refresh()
        wanted = [f'"kind":"{one}"'.encode() for one in kinds]
        for number, line in enumerate(self._lines["record"]):
            if any(one in line.data for one in wanted):
                record = self._record(number)
                if record.kind in kinds:
                    yield number, record

    @property
    def signed_heads(self) -> Sequence[SignedHead]:
        """Heads that persons have signed, in their order."""
        self._refresh()
        return tuple(self._read(SignedHead.parse, line) for line in self._lines["head"])

    @property
    def register(self) -> Register:
        """Persons and keys as the records make them."""
        self._refresh()
        return self._register

    @property
    def head(self) -> Head:
        """The state of the log now."""
        self._refresh()
        return self._now()

    @property
    def tree(self) -> Tree:
        """The tree over the records now: roots and proofs."""
        self._refresh()
        return self._tree

    def entry(self, number: int) -> Entry:
        """A record with its proof for the log as it is now."""
        self._refresh()
        return Entry(number, self._record(number), self._now(), self._tree.inclusion(number))

    def append(self, record: SignedRecord) -> Entry:
        """Put a signed record into the log; it is on the disk when this returns.

        A record that stands in the log already is not put in again: its entry is given.

        Raises
        ------
        StoreError
            If its signature does not fit, its key is foreign or has ended, its person may not sign it, it was signed
            over another log, or the disk refuses. Then the log is as it was.
        """
        with self._journal.locked():
            self._settle()
            if record.leaf in self._tree.leaves:
                return self.entry(list(self._tree.leaves).index(record.leaf))
            self._require(record)
            self._write(record, Head(len(self._tree) + 1, self._tree.root_with(record.leaf)))
        return self.entry(len(self._tree) - 1)

    def enter(self, signer: Signer, draft: Draft) -> Entry:
        """Sign a draft over the log as it is, append it, and sign the head with it; all at once.

        Raises
        ------
        StoreError
            As ``append``.
        """
        with self._journal.locked():
            self._settle()
            record = signer.sign(draft, self._now())
            self._require(record)
            after = Head(len(self._tree) + 1, self._tree.root_with(record.leaf))
            self._write(record, after, signer.sign_head(after, draft.at))
        return self.entry(len(self._tree) - 1)

    def verify(self) -> tuple[Finding, ...]:
        """Everything that is wrong with the log, from its files on; nothing if it is sound."""
        fresh = Log(self.folder)
        try:
            records, heads = fresh.records, fresh.signed_heads
        except StoreError as error:
            return tuple(Finding("altered", one, "log/journal") for one in error.faults)
        places = {
            kind: [Place("log/journal", line.at, line.end) for line in lines] for kind, lines in fresh._lines.items()
        }
        return judge(fresh._tree, records, heads, places["record"], places["head"]).findings

    # ---- inside ------------------------------------------------------------------------------------------------------

    def _now(self) -> Head:
        return Head(len(self._tree), self._tree.root())

    def _settle(self) -> None:
        """Begin to write: what was cut off is put aside, what others wrote is read."""
        settled = self._journal.settle()
        if settled is not None:
            self.remarks = (*self.remarks, settled)
        self._refresh()

    def _refresh(self) -> None:
        """Read what was written since the last look."""
        mark = self._journal.mark()
        if mark.length < self._bytes:
            raise StoreError(
                "the log in '{folder}' was put back to an earlier state: {found} records are left of {wanted}",
                folder=str(self._journal.folder),
                found=mark.head.size,
                wanted=len(self._tree),
            )
        try:
            for line in self._journal.lines(mark, self._bytes):
                self._take(line)
        except StoreError:
            self._forget()
            raise
        self._bytes = mark.length
        if self._now() != mark.head:
            self._forget()
            raise StoreError(
                "the log in '{folder}' does not agree with its mark: restore the store from a backup",
                folder=str(self._journal.folder),
            )

    def _take(self, line: Line) -> None:
        """Take a line in; of records only those about persons are looked at whole, for all others have been."""
        if line.kind == "record":
            kind, at = self._read(_glance, line)
            if about_persons(kind):
                record = self._read(SignedRecord.parse, line)
                self._require_sound(record)
                self._register = self._register.with_record(record)
            else:
                self._register = self._register.with_other(at)
            self._tree.append(line.leaf)
        self._lines[line.kind].append(line)

    def _record(self, number: int) -> SignedRecord:
        """A record, read when it is first asked for."""
        if number not in self._parsed:
            self._parsed[number] = self._read(SignedRecord.parse, self._lines["record"][number])
        return self._parsed[number]

    def _read(self, parse: Callable[[bytes], Read], line: Line) -> Read:
        """What a line holds."""
        try:
            return parse(line.data)
        except ValueError as error:
            raise StoreError(
                "the log is damaged in {bytes}, by record {number}: restore the store from a backup",
                where=str(self._journal.folder / "journal"),
                bytes=span(line.at, line.end),
                number=len(self._tree),
            ) from error

    def _require_sound(self, record: SignedRecord) -> None:
        """Refuse a record by its signature, person or order."""
        objection = self._register.objection(record)
        if objection is not None:
            raise StoreError([Fault(objection.message, objection.fields, str(self.folder))])

    def _require(self, record: SignedRecord) -> None:
        """Refuse a record that the log must not hold."""
        self._require_sound(record)
        if not agrees(self._tree, record.after):
            raise StoreError("the record of '{person}' was signed over another log: sign it anew", person=record.person)

    def _write(self, record: SignedRecord, after: Head, signed: SignedHead | None = None) -> None:
        lines = [Line.of("record", record.data), *([Line.of("head", signed.data)] if signed else [])]
        self._journal.commit(lines, after)
        self._refresh()


def _glance(data: bytes) -> tuple[str, datetime]:
    """Kind and time of a record, without looking at the rest."""
    try:
        said = json.loads(data)["record"]
        return str(said["kind"]), datetime.fromisoformat(said["at"])
    except (KeyError, TypeError) as error:
        raise ValueError("not a record") from error
