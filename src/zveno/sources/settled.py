"""Files of an import against each other and against those kept before: copies, corrections, contradictions.

A copy adds nothing. A correction replaces the whole file that it sends anew, or only the cells that it names. What is
replaced stays, marked, as an earlier version. Two files that say different things of the same time, neither of which
says that it corrects the other, are a question for a person: the later value is held.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any, Literal

from zveno.errors import Fault, QuantityError, fault
from zveno.quantities import convert
from zveno.sources.cells import Place
from zveno.sources.fates import Fate, Status
from zveno.text.mark import tr
from zveno.text.sheetwords import is_copy

State = Literal["read", "corrects", "copy", "superseded", "unknown_layout", "unreadable"]
_WHOLE_SHARE = 0.8
"""A correction that names so much of a file replaces all of it."""
_SAME = 1e-9


@dataclass(frozen=True)
class MappedFile:
    """A file that a mapping read (or could not), with the fate of each of its cells.

    Parameters
    ----------
    key
        By which a store knows that it was read: hash of its content, its name and the mappings.
    corrects
        Whether it says that it corrects an earlier one.
    other
        The file that it copies, corrects or is replaced by.
    """

    file: str
    file_hash: str
    key: str
    content_hash: str = ""
    layout: str = ""
    state: State = "read"
    fates: tuple[Fate, ...] = ()
    corrects: bool = False
    other: str = ""
    problem: str = ""
    doubts: tuple[Fault, ...] = ()
    unseen_context: int = 0
    """Cells of context that are not among the fates: those of files that come back from a store."""


@dataclass
class Settlement:
    """Files in the order of their settling; ``kept`` ones were imported before and may be replaced now."""

    new: dict[str, MappedFile]
    kept: dict[str, MappedFile]
    touched: set[str] = field(default_factory=set)
    doubts: list[Fault] = field(default_factory=list)

    def settle(self) -> None:
        """Mark copies, then let corrections replace, then hold what contradicts."""
        self._copies()
        ordered = sorted((one for one in self.new.values() if one.state == "read"), key=lambda one: one.file)
        for one in ordered:
            if one.corrects or any(old.file == one.file and old.layout == one.layout for old in self.kept.values()):
                self._correct(one)
        self._contradictions()

    def _copies(self) -> None:
        """Of files with the same content one counts: one kept before, else the one whose name is no copy's."""
        by_content: dict[str, list[MappedFile]] = {}
        for one in self.new.values():
            if one.state == "read":
                by_content.setdefault(one.content_hash, []).append(one)
        kept = {one.content_hash: one for one in self.kept.values() if one.state != "copy"}
        for content, group in by_content.items():
            first = kept.get(content) or min(
                group, key=lambda one: (is_copy(PurePath(one.file).stem), len(one.file), one.file)
            )
            for one in group:
                if one.key == first.key or one.file == first.file:
                    continue
                message = tr("a copy of '{other}': nothing was taken from it")
                self.doubts.append(fault(message, one.file, other=first.file))
                fates = tuple(_left(fate, "duplicate_file") for fate in one.fates)
                self.new[one.key] = replace(one, state="copy", other=first.file, fates=fates)

    def _correct(self, one: MappedFile) -> None:
        """Let a correction replace what it corrects."""
        one = self.new[one.key]
        mine = _by_key(one)
        changed: dict[int, Fate] = {}
        for other in self._others(one):
            theirs = _by_key(other)
            both = mine.keys() & theirs.keys()
            whole = other.file == one.file and other.layout == one.layout
            if not both and not whole:
                continue
            whole = whole or (other.layout == one.layout and len(both) >= _WHOLE_SHARE * len(theirs))
            gone = {id(theirs[key]) for key in both}
            fates = tuple(_left(fate, "superseded") if whole or id(fate) in gone else fate for fate in other.fates)
            self._put(replace(other, fates=fates, state="superseded" if whole else other.state,
                              other=one.file if whole else other.other))  # fmt: skip
            for key in both:
                if not _agree(mine[key], theirs[key]):
                    changed[id(mine[key])] = mine[key]
            message = tr("corrects '{other}': values replaced {n}, of them different {changed}")
            self.doubts.append(fault(message, one.file, other=other.file, n=len(both), changed=len(changed)))
            one = replace(one, state="corrects", other=other.file)
        marked = tuple(
            replace(fate, qualifiers=(*fate.qualifiers, "corrected")) if id(fate) in changed else fate
            for fate in one.fates
        )
        self.new[one.key] = replace(one, fates=marked)

    def _others(self, one: MappedFile) -> Iterator[MappedFile]:
        """Files that a correction may replace: not copies, not itself, not corrections of a later name."""
        for other in [*self.kept.values(), *self.new.values()]:
            later = other.corrects and other.key in self.new and other.file > one.file
            if other.key != one.key and other.state in ("read", "corrects") and not later:
                yield other

    def _put(self, changed: MappedFile) -> None:
        """Note a file whose cells were replaced."""
        if changed.key in self.new:
            self.new[changed.key] = changed
        else:
            self.kept[changed.key] = changed
            self.touched.add(changed.key)

    def _contradictions(self) -> None:
        """Hold values of later files that differ from those of earlier ones for the same time."""
        first: dict[tuple[Any, ...], tuple[str, Fate]] = {}
        for one in [*self.kept.values(), *sorted(self.new.values(), key=lambda each: (not each.corrects, each.file))]:
            held: set[int] = set()
            for key, fate in _by_key(one).items():
                file, earlier = first.setdefault(key, (one.file, fate))
                if file != one.file and not _agree(earlier, fate):
                    held.add(id(fate))
                    place = str(Place(one.file, fate.sheet, fate.cell))
                    message = tr("another value of the same time stands in {place}; this one was not taken")
                    self.doubts.append(fault(message, place, place=str(Place(file, earlier.sheet, earlier.cell))))
            if held and one.key in self.new:
                fates = tuple(_left(fate, "conflict") if id(fate) in held else fate for fate in one.fates)
                self.new[one.key] = replace(one, fates=fates)


def settled(
    new: Sequence[MappedFile], kept: Sequence[MappedFile]
) -> tuple[list[MappedFile], list[MappedFile], list[Fault]]:
    """New files as they count, kept files whose cells were replaced, and what to look at.

    Parameters
    ----------
    new
        Files of this import, each read by itself.
    kept
        Files of earlier imports, with the cells that count.
    """
    work = Settlement({one.key: one for one in new}, {one.key: one for one in kept})
    work.settle()
    return list(work.new.values()), [work.kept[key] for key in sorted(work.touched)], work.doubts


def _by_key(one: MappedFile) -> Mapping[tuple[Any, ...], Fate]:
    """Imported values by what they are of; instruments and the like, which a register repeats, included."""
    return {fate.key: fate for fate in one.fates if fate.status == "imported"}


def _left(fate: Fate, reason: str) -> Fate:
    """A cell that no longer counts; context stays context."""
    status: Status = "rejected"
    return fate if fate.status == "context" else replace(fate, status=status, reason=reason)


def _agree(one: Fate, other: Fate) -> bool:
    """Whether two cells say the same, in whatever units."""
    if one.value is None or other.value is None:
        return one.text == other.text
    try:
        value = other.value if one.uom == other.uom else convert(other.value, other.uom, one.uom)
    except QuantityError:
        return False
    return abs(value - one.value) <= _SAME * max(abs(value), abs(one.value), 1e-12)
