"""The file of an archive: a tar file of one possible form, in which every byte is either content or foreseen.

Any tar program opens it. Headers are ustar with fixed times, owners and modes; nothing is optional. The first member,
``contents.json``, lists all others with their sizes, and each of them says the same again in its header: so a changed
byte of one of the two is found with its place, and an archive that was cut off still tells what is missing.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from zveno.errors import DataError, Phrase, StoreError, fault, refusal
from zveno.log.canonical import canonical, read_canonical
from zveno.log.findings import Finding, span
from zveno.log.journal import sync_folder

FORMAT = "zveno/archive-1"
CONTENTS = "contents.json"
KINDS = ("archive", "backup")
BLOCK = 512
END = bytes(2 * BLOCK)
_LARGEST = 8**11 - 1


@dataclass(frozen=True)
class Member:
    """What is to be written: a name, a size, and the bytes or the file that holds them."""

    name: str
    size: int
    source: bytes | Path

    @classmethod
    def of(cls, name: str, content: bytes) -> Member:
        """A member whose bytes are at hand."""
        return cls(name, len(content), content)


@dataclass(frozen=True)
class Part:
    """A member as it stands in an archive; ``at`` is where its bytes begin, ``whole`` whether they are all there."""

    name: str
    size: int
    at: int
    whole: bool = True


@dataclass(frozen=True)
class Layout:
    """What an archive holds, as far as it can be told, and what is wrong with its frame."""

    kind: str
    parts: tuple[Part, ...]
    findings: tuple[Finding, ...]

    @property
    def cut(self) -> bool:
        """Whether the end is missing."""
        return any(one.kind == "truncated" for one in self.findings)

    def part(self, name: str) -> Part | None:
        """The member of a name, if it is there and whole."""
        return next((one for one in self.parts if one.name == name and one.whole), None)


def write_container(path: Path, kind: str, members: Sequence[Member]) -> None:
    """Write an archive; it stands in its place whole or not at all.

    Raises
    ------
    DataError
        If a name is too long or a file too large for the format, or two members have one name.
    StoreError
        If the disk refuses, or a file changed meanwhile.
    """
    listed = [(one.name, one.size) for one in members]
    require_fit(listed)
    first = contents(kind, listed)
    made = path.with_name(f".{path.name}-{uuid4().hex[:8]}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with made.open("wb") as file:
            for one in (Member.of(CONTENTS, first), *members):
                file.write(header(one.name, one.size))
                _copy(one, file)
                file.write(bytes(-one.size % BLOCK))
            file.write(END)
            file.flush()
            os.fsync(file.fileno())
        made.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise StoreError("'{path}' could not be written: {problem}", path=str(path), problem=refusal(error)) from error
    finally:
        made.unlink(missing_ok=True)


def contents(kind: str, members: Sequence[tuple[str, int]]) -> bytes:
    """The bytes of the list of contents."""
    return canonical({"format": FORMAT, "holds": kind, "members": [list(one) for one in members]}) + b"\n"


def header(name: str, size: int) -> bytes:
    """The one header that a member of this name and size can have (POSIX ustar).

    Examples
    --------
    >>> import tarfile
    >>> tarfile.TarInfo.frombuf(header("log/a.json", 7), "utf-8", "strict").size
    7
    """
    prefix, short = _split_name(name)
    fields = [
        short.ljust(100, b"\0"),
        b"0000644\0",
        b"0000000\0",
        b"0000000\0",
        b"%011o\0" % size,
        b"00000000000\0",
        b" " * 8,
        b"0",
        bytes(100),
        b"ustar\x0000",
        bytes(32),
        bytes(32),
        b"0000000\0",
        b"0000000\0",
        prefix.ljust(155, b"\0"),
        bytes(12),
    ]
    fields[6] = b"%06o\0 " % sum(b"".join(fields))
    return b"".join(fields)


def _split_name(name: str) -> tuple[bytes, bytes]:
    """Prefix and name of a header; the prefix is empty for short names.

    Raises
    ------
    ValueError
        If the name does not fit.
    """
    raw = name.encode("utf-8")
    if b"\0" in raw or not {"", ".", ".."}.isdisjoint(name.split("/")):
        raise ValueError(name)
    if len(raw) <= 100:
        return b"", raw
    at = raw.find(b"/", len(raw) - 101)
    if not 0 < at <= 155 or at == len(raw) - 1:
        raise ValueError(name)
    return raw[:at], raw[at + 1 :]


def _read_header(block: bytes) -> tuple[str, int] | None:
    """Name and size of a header, if it is one that this module writes."""
    try:
        prefix, short = (block[start:end].rstrip(b"\0").decode("utf-8") for start, end in ((345, 500), (0, 100)))
        name, size = f"{prefix}/{short}" if prefix else short, int(block[124:135], 8)
        return (name, size) if size >= 0 and header(name, size) == block else None
    except (ValueError, UnicodeDecodeError):
        return None


def require_fit(members: Sequence[tuple[str, int]]) -> None:
    """Refuse what the format cannot hold.

    Raises
    ------
    DataError
        If a name is not one, leads out of the archive or is too long, a size too large, or two have one name.
    """
    seen: set[str] = set()
    for name, size in members:
        try:
            _split_name(name)
        except ValueError:
            raise DataError("'{name}' cannot be the name of a file in an archive", name=name) from None
        if not 0 <= size <= _LARGEST:
            raise DataError("'{name}' is larger than the 8 GiB that a file in an archive may have", name=name)
        if name in seen:
            raise DataError("two files of the archive would have the name '{name}'", name=name)
        seen.add(name)


def _copy(one: Member, file: BinaryIO) -> None:
    """The bytes of a member, as many as were announced."""
    before = file.tell()
    with BytesIO(one.source) if isinstance(one.source, bytes) else one.source.open("rb") as source:
        shutil.copyfileobj(source, file, 1 << 20)
    if file.tell() - before != one.size:
        raise StoreError("'{name}' changed while it was packed: try again", name=one.name)


# ---- reading ---------------------------------------------------------------------------------------------------------


def read_layout(file: BinaryIO) -> Layout:
    """Walk through an archive and tell everything that is wrong with its frame.

    Raises
    ------
    DataError
        If it is no archive at all.
    """
    return _Walk(file).layout()


class _Walk:
    """One way through an archive: from header to header, each compared with the list of contents."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._length = file.seek(0, 2)
        self._findings: list[Finding] = []
        self._parts: list[Part] = []
        self._told: list[tuple[str, int]] | None = None
        self._kind = "archive"

    def layout(self) -> Layout:
        """Go all the way."""
        size = self._begin()
        if not self._step(0, CONTENTS, size):
            return self._done()
        at = self._next(0, size)
        while (found := self._member(at)) is not None:
            if not self._step(at, *found):
                return self._done()
            at = self._next(at, found[1])
        self._end(at)
        self._compare_contents()
        return self._done()

    def _done(self) -> Layout:
        return Layout(self._kind, tuple(self._parts), tuple(self._findings))

    def _begin(self) -> int:
        """Size of the list of contents, which is read on the way."""
        block = self._read(0, BLOCK)
        found = _read_header(block)
        size = found[1] if found is not None and found[0] == CONTENTS else None
        line = self._read(BLOCK, size) if size is not None else self._first_line()
        if size is None and not line and not header(CONTENTS, 0).startswith(block[:100]):
            raise DataError("this is no archive that Zveno has made, or its beginning is lost")
        try:
            said = read_canonical(line.removesuffix(b"\n"))
            told = [(str(name), int(length)) for name, length in said["members"]]
            require_fit([(CONTENTS, size or 0), *told])
            if said["format"] == FORMAT and said["holds"] in KINDS and contents(said["holds"], told) == line:
                self._told, self._kind = told, said["holds"]
        except (ValueError, KeyError, TypeError, DataError):
            if size is None and len(block) == BLOCK:
                raise DataError("this is no archive that Zveno has made, or its beginning is lost") from None
        return len(line) if size is None else size

    def _first_line(self) -> bytes:
        """What stands where the list of contents begins, up to the end of the line; nothing if that is no list."""
        if not self._read(BLOCK, 16).startswith(b'{"format"'):
            return b""
        self._file.seek(BLOCK)
        return self._file.readline()

    def _member(self, at: int) -> tuple[str, int] | None:
        """Name and size of the next member, by its header or by the list of contents; None at the end."""
        block, number = self._read(at, BLOCK), len(self._parts) - 1
        found = _read_header(block)
        if found is not None:
            return found
        told = self._told[number] if self._told is not None and number < len(self._told) else None
        if told is not None and not (block.strip(b"\0") == b"" and at + len(END) == self._length):
            return told
        return None

    def _step(self, at: int, name: str, size: int) -> bool:
        """Take a member in; False if the archive ends before it does."""
        start, end = at + BLOCK, at + BLOCK + size
        wanted, found = header(name, size), self._read(at, BLOCK)
        if len(found) == BLOCK and found != wanted:
            self._altered(name, at, wanted, found)
        if end > self._length:
            if len(found) == BLOCK:
                self._parts.append(Part(name, size, start, whole=False))
            self._cut_off()
            return False
        self._parts.append(Part(name, size, start))
        padding = self._read(end, -size % BLOCK)
        self._altered(name, end, bytes(len(padding)), padding)
        if end + -size % BLOCK > self._length:
            self._cut_off()
            return False
        return True

    def _end(self, at: int) -> None:
        """What stands after the last member."""
        end = self._read(at, len(END))
        self._altered("", at, bytes(len(end)), end)
        if len(end) < len(END):
            self._cut_off()
        elif at + len(END) < self._length:
            start, end_at = at + len(END), self._length - 1
            told = fault("not foreseen: {bytes} behind the end of the archive", bytes=span(start, end_at))
            self._findings.append(Finding("altered", told, "", start, end_at))

    def _compare_contents(self) -> None:
        """The list of contents against what is there."""
        first, *others = self._parts
        wanted = contents(self._kind_by_members(), [(one.name, one.size) for one in others])
        found = self._read(first.at, first.size)
        self._altered(CONTENTS, first.at, wanted, found)
        self._kind = self._kind_by_members()

    def _kind_by_members(self) -> str:
        return "archive" if any(one.name == "log/heads.jsonl" for one in self._parts) else "backup"

    def _altered(self, name: str, at: int, wanted: bytes, found: bytes) -> None:
        """Tell in which bytes something differs from the one form that it can have."""
        place = differing(wanted, found)
        if place is None:
            return
        start, end = at + place[0], at + place[1]
        told = (
            fault("altered: {bytes}, in the frame of '{name}'", bytes=span(start, end), name=name)
            if name
            else fault("altered: {bytes}, in the end of the archive", bytes=span(start, end))
        )
        self._findings.append(Finding("altered", told, name, start, end))

    def _cut_off(self) -> None:
        """Tell what is missing."""
        there = {one.name for one in self._parts if one.whole}
        missing = tuple(name for name, _ in self._told or () if name not in there)
        if self._told is None:
            told = fault(
                "the archive is cut off at byte {length}, in its list of contents: all the rest is missing",
                length=self._length,
            )
        else:
            wanted = self._whole_length(self._told)
            told = fault(
                "the archive is cut off at byte {length} of {wanted}; missing, wholly or in part: {names}",
                length=self._length,
                wanted=wanted,
                names=missing or (Phrase("the end mark"),),
            )
        self._findings.append(Finding("truncated", told, "", self._length, None))

    def _whole_length(self, told: Sequence[tuple[str, int]]) -> int:
        sizes = [self._parts[0].size if self._parts else 0, *(size for _, size in told)]
        return sum(BLOCK + size + -size % BLOCK for size in sizes) + len(END)

    def _next(self, at: int, size: int) -> int:
        return at + BLOCK + size + -size % BLOCK

    def _read(self, at: int, length: int) -> bytes:
        self._file.seek(at)
        return self._file.read(length)


def differing(wanted: bytes, found: bytes) -> tuple[int, int] | None:
    """First and last place at which two byte strings differ, in the second one; None if they are the same.

    Examples
    --------
    >>> differing(b"copper", b"copqer"), differing(b"a", b"a")
    ((3, 3), None)
    """
    if wanted == found:
        return None
    shared = min(len(wanted), len(found))
    first = next((at for at in range(shared) if wanted[at] != found[at]), shared)
    if len(wanted) != len(found):
        return min(first, max(len(found) - 1, 0)), max(len(found) - 1, 0)
    last = next(at for at in range(shared - 1, -1, -1) if wanted[at] != found[at])
    return first, last


def part_bytes(file: BinaryIO, part: Part) -> bytes:
    """The bytes of a member."""
    file.seek(part.at)
    return file.read(part.size)


def part_blocks(file: BinaryIO, part: Part, block: int) -> Iterator[bytes]:
    """The bytes of a member, piece by piece."""
    for start in range(0, part.size, block):
        file.seek(part.at + start)
        yield file.read(min(block, part.size - start))
