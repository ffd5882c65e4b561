"""The files of the log: one that only grows, and a mark of how much of it counts.

``journal`` holds a line for each record and each signed head: its kind, the leaf hash of what follows, and the
canonical bytes. ``mark`` tells how many bytes and records count, and the root over these. A write goes to the end of
the journal and to the disk, and only then the mark is exchanged, by renaming: that is the moment from which on the
record is in the log. What a cut-off write leaves behind the mark was never acknowledged; the next writer puts it
aside and says so. What is damaged before the mark is told with its place and never dropped.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from uuid import uuid4

from zveno.errors import Fault, StoreError, fault, refusal
from zveno.log.canonical import canonical, read_canonical
from zveno.log.findings import span
from zveno.log.merkle import EMPTY_ROOT, leaf_hash
from zveno.log.records import Head
from zveno.text.mark import tr

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LineKind = Literal["record", "head"]
FORMAT = "zveno/log-1"
_JOURNAL, _MARK, _LOCK = "journal", "mark", "lock"


@dataclass(frozen=True)
class Line:
    """A line of the journal.

    Parameters
    ----------
    data
        Canonical bytes of a signed record or head.
    leaf
        Leaf hash of the data.
    at
        Offset of the line in the journal.
    """

    kind: LineKind
    data: bytes
    leaf: bytes
    at: int = 0

    @classmethod
    def of(cls, kind: LineKind, data: bytes) -> Line:
        """A line to be written."""
        return cls(kind, data, leaf_hash(data))

    @property
    def written(self) -> bytes:
        """The line as it stands in the file."""
        return f"{self.kind} {self.leaf.hex()} ".encode() + self.data + b"\n"

    @property
    def end(self) -> int:
        """Offset of its last byte."""
        return self.at + len(self.kind) + 2 * len(self.leaf) + 2 + len(self.data)


@dataclass(frozen=True)
class Mark:
    """How much of the journal counts."""

    length: int
    head: Head

    @property
    def written(self) -> bytes:
        """The mark as it stands in its file."""
        return canonical({"bytes": self.length, "format": FORMAT, **self.head.said()}) + b"\n"


class Journal:
    """The files of a log in a folder; made when the first line is written.

    Parameters
    ----------
    folder
        ``log`` in the folder of a store.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def exists(self) -> bool:
        """Whether there is a log."""
        return self.folder.is_dir()

    def mark(self) -> Mark:
        """The mark as it stands now; that of an empty log where there is none yet.

        Raises
        ------
        StoreError
            If it is damaged or missing.
        """
        if not self.exists:
            return Mark(0, Head(0, EMPTY_ROOT))
        path = self.folder / _MARK
        try:
            said = read_canonical(path.read_bytes().removesuffix(b"\n"))
            found = Mark(said["bytes"], Head(said["size"], bytes.fromhex(said["root"])))
            if said["format"] == FORMAT and found.length >= 0:
                return found
        except OSError as error:
            raise StoreError(
                "the log in '{folder}' cannot be read: {problem}", folder=str(self.folder), problem=refusal(error)
            ) from error
        except (ValueError, TypeError, KeyError):
            pass
        raise StoreError(
            "the mark of the log is damaged: nothing was changed; restore the store from a backup", where=str(path)
        )

    def lines(self, mark: Mark, start: int = 0) -> tuple[Line, ...]:
        """Lines from an offset up to the mark.

        Raises
        ------
        StoreError
            If one of them is damaged, or the journal is shorter than the mark says: with the place.
        """
        if mark.length == start:
            return ()
        path = self.folder / _JOURNAL
        try:
            with path.open("rb") as file:
                file.seek(start)
                content = file.read(mark.length - start)
        except OSError as error:
            raise StoreError(
                "the log in '{folder}' cannot be read: {problem}", folder=str(self.folder), problem=refusal(error)
            ) from error
        if len(content) < mark.length - start:
            raise StoreError(
                "the log has lost its end: {found} bytes are left of {wanted}; restore the store from a backup",
                where=str(path),
                found=start + len(content),
                wanted=mark.length,
            )
        found, faults = read_lines(content, start)
        if faults:
            raise StoreError([Fault(one.message, one.fields, str(path)) for one in faults])
        return found

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep all other writers out, in this process and in others."""
        self._make()
        with (self.folder / _LOCK).open("a+b") as file:
            _lock(file.fileno())
            try:
                yield
            finally:
                _unlock(file.fileno())

    def settle(self) -> Fault | None:
        """Put aside what a cut-off write left behind the mark; what was done, if anything. Only while locked."""
        mark, path = self.mark(), self.folder / _JOURNAL
        size = path.stat().st_size if path.is_file() else 0
        if size <= mark.length:
            return None
        with path.open("r+b") as file:
            file.seek(mark.length)
            rest = file.read()
            aside = self.folder / f"aside-{mark.length}-{uuid4().hex[:8]}"
            write_whole(aside, rest)
            file.truncate(mark.length)
            os.fsync(file.fileno())
        return fault(
            "the last write to the log was cut off before it counted: its {n} bytes were put aside in '{aside}'",
            str(path),
            n=len(rest),
            aside=aside.name,
        )

    def commit(self, lines: Sequence[Line], head: Head) -> Mark:
        """Write lines and let them count. Only while locked and settled.

        Raises
        ------
        StoreError
            If the disk refuses; then nothing counts.
        """
        path, content = self.folder / _JOURNAL, b"".join(one.written for one in lines)
        mark = Mark(self.mark().length + len(content), head)
        try:
            with path.open("ab") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            replace_whole(self.folder / _MARK, mark.written)
        except OSError as error:
            message = (
                tr("the log in '{folder}' has taken the record, but the disk did not confirm it: {problem}")
                if self.mark() == mark
                else tr("the log in '{folder}' could not be written, the record is not in it: {problem}")
            )
            raise StoreError(message, folder=str(self.folder), problem=refusal(error)) from error
        return mark

    def _make(self) -> None:
        """Make the folder with the mark of an empty log, whole or not at all."""
        if self.exists:
            return
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            made = self.folder.with_name(f".{self.folder.name}-{uuid4().hex[:8]}")
            made.mkdir()
            write_whole(made / _JOURNAL, b"")
            write_whole(made / _MARK, Mark(0, Head(0, EMPTY_ROOT)).written)
            try:
                made.rename(self.folder)
            except OSError:
                if not self.folder.is_dir():
                    raise
                for one in made.iterdir():  # another process was first
                    one.unlink()
                made.rmdir()
            sync_folder(self.folder.parent)
        except OSError as error:
            raise StoreError(
                "the log in '{folder}' could not be written, the record is not in it: {problem}",
                folder=str(self.folder),
                problem=refusal(error),
            ) from error


def read_lines(content: bytes, start: int = 0) -> tuple[tuple[Line, ...], tuple[Fault, ...]]:
    """Sound lines of a piece of the journal, and what is wrong with the others; ``start`` is its offset."""
    lines: list[Line] = []
    faults: list[Fault] = []
    at, number = start, 0
    for row in _rows(content):
        kind, _, rest = row.removesuffix(b"\n").partition(b" ")
        digits, _, data = rest.partition(b" ")
        number += kind == b"record"
        if (
            kind not in (b"record", b"head")
            or not row.endswith(b"\n")
            or (leaf := leaf_hash(data)).hex().encode() != digits
        ):
            faults.append(
                fault(
                    "the log is damaged in {bytes}, by record {number}: restore the store from a backup",
                    bytes=span(at, at + len(row) - 1),
                    number=max(number - 1, 0),
                )
            )
        else:
            lines.append(Line("record" if kind == b"record" else "head", data, leaf, at))
        at += len(row)
    return tuple(lines), tuple(faults)


def _rows(content: bytes) -> list[bytes]:
    """Lines that end in a line feed only."""
    rows = content.split(b"\n")
    return [one + b"\n" for one in rows[:-1]] + ([rows[-1]] if rows[-1] else [])


def write_whole(path: Path, content: bytes) -> None:
    """Write a file and bring it to the disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace_whole(path: Path, content: bytes) -> None:
    """Write a file that stands in its place whole or not at all."""
    made = path.with_name(f".{path.name}-{uuid4().hex[:8]}")
    try:
        write_whole(made, content)
        made.replace(path)
    except OSError:
        made.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk, where the system can."""
    if sys.platform == "win32":
        return
    place = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)


def _lock(file: int) -> None:
    if sys.platform == "win32":
        msvcrt.locking(file, msvcrt.LK_LOCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX)


def _unlock(file: int) -> None:
    if sys.platform == "win32":
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_UN)
