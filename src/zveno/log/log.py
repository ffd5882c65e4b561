"""The log: signed records in their order, none of which can be changed or taken out unseen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zveno.errors import Fault, StoreError
from zveno.log.findings import Finding, span
from zveno.log.journal import Journal, Line
from zveno.log.judged import Place, agrees, judge
from zveno.log.merkle import Tree, included
from zveno.log.records import Draft, Head, SignedHead, SignedRecord, Signer
from zveno.log.register import Register


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
        self._records: list[SignedRecord] = []
        self._heads: list[SignedHead] = []
        self._places: dict[str, list[Place]] = {"record": [], "head": []}
        self._register = Register()

    @property
    def records(self) -> Sequence[SignedRecord]:
        """All records in their order."""
        self._refresh()
        return tuple(self._records)

    @property
    def signed_heads(self) -> Sequence[SignedHead]:
        """Heads that persons have signed, in their order."""
        self._refresh()
        return tuple(self._heads)

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
        return Entry(number, self._records[number], self._now(), self._tree.inclusion(number))

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
        return self.entry(len(self._records) - 1)

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
        return self.entry(len(self._records) - 1)

    def verify(self) -> tuple[Finding, ...]:
        """Everything that is wrong with the log, from its files on; nothing if it is sound."""
        fresh = Log(self.folder)
        try:
            fresh._refresh()
        except StoreError as error:
            return tuple(Finding("altered", one, "log/journal") for one in error.faults)
        return judge(fresh._tree, fresh._records, fresh._heads, fresh._places["record"], fresh._places["head"]).findings

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
        place = Place("log/journal", line.at, line.at + len(line.written) - 1)
        try:
            if line.kind == "head":
                self._heads.append(SignedHead.parse(line.data))
            else:
                record = SignedRecord.parse(line.data)
                self._register = self._register.with_record(record)
                self._tree.append(record.leaf)
                self._records.append(record)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise StoreError(
                "the log is damaged in {bytes}, by record {number}: restore the store from a backup",
                where=str(self._journal.folder / "journal"),
                bytes=span(place.start, place.end),
                number=len(self._records),
            ) from error
        self._places[line.kind].append(place)

    def _require(self, record: SignedRecord) -> None:
        """Refuse a record that the log must not hold."""
        objection = self._register.objection(record)
        if objection is not None:
            raise StoreError([Fault(objection.message, objection.fields, str(self.folder))])
        if not agrees(self._tree, record.after):
            raise StoreError("the record of '{person}' was signed over another log: sign it anew", person=record.person)

    def _write(self, record: SignedRecord, after: Head, signed: SignedHead | None = None) -> None:
        lines = [Line("record", record.data), *([Line("head", signed.data)] if signed else [])]
        self._journal.commit(lines, after)
        self._refresh()
