"""A roster kept as a table, an entry a row: posts, absences, substitutions, deputies; wrong cells with their places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from zveno.errors import DataError, Fault, fault
from zveno.sources.dates import moment_of
from zveno.sources.tablerows import TableRows, read_rows, text_of
from zveno.text.catalogue import catalogue
from zveno.text.mark import LANGUAGES, tr

COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "entry": tr("Entry"), "role": tr("Role"), "crew": tr("Crew"), "person": tr("Person"), "for": tr("Instead of"),
        "from": tr("From"), "until": tr("Until"), "slot": tr("Shift"), "rank": tr("Rank"), "known": tr("Known on"),
        "taken_back": tr("Taken back on"), "why": tr("Reason"),
    }
)  # fmt: skip
ENTRIES: Mapping[str, str] = MappingProxyType(
    {"posts": tr("post"), "absences": tr("absence"), "substitutions": tr("substitution"), "deputies": tr("deputy")}
)
_KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "posts": ("role", "crew", "person"),
        "absences": ("person", "why"),
        "substitutions": ("person", "for", "slot", "why"),
        "deputies": ("role", "person", "rank"),
    }
)
_DAYS = ("from", "until", "known", "taken_back")
_MUST: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "posts": ("role", "person"),
        "absences": ("person", "from"),
        "substitutions": ("person", "for", "from"),
        "deputies": ("role", "person"),
    }
)


@dataclass(frozen=True)
class RosterRow:
    """An entry of a roster with the row that it stands in."""

    kind: str
    values: Mapping[str, Any] = field(hash=False)
    place: str


def roster_rows(path: Path) -> list[RosterRow]:
    """Entries of a roster in a text table or in the first sheet of a workbook.

    Raises
    ------
    DataError
        With every wrong cell: file, sheet, cell, what to do.
    """
    sheet = read_rows(path)
    head = _head(sheet, path.name)
    faults: list[Fault] = []
    found = []
    for row, cells in sheet.filled():
        kind = _known(ENTRIES).get(text_of(cells, head["entry"]).lower())
        if kind is None:
            message = tr("'{text}' is no entry of a roster: write {known}")
            known = ", ".join(ENTRIES.values())
            place = sheet.place(row, head["entry"])
            faults.append(fault(message, place, text=text_of(cells, head["entry"]), known=known))
            continue
        values = _values(sheet, row, cells, (kind, head), faults)
        found.append(RosterRow(kind, values, sheet.place(row, 0)))
    if faults:
        raise DataError(faults)
    return found


def _head(sheet: TableRows, name: str) -> dict[str, int]:
    """Which column holds what."""
    words = _known(COLUMNS)
    head = {
        words[text.lower()]: column
        for column in range(len(sheet.rows[0]) if sheet.rows else 0)
        if (text := text_of(sheet.rows[0], column)).lower() in words
    }
    if "entry" not in head or "person" not in head:
        raise DataError(
            "a roster needs a heading with the columns {columns}", name, columns=", ".join(COLUMNS.values())
        )
    return head


def _values(
    sheet: TableRows, row: int, cells: Sequence[Any], what: tuple[str, Mapping[str, int]], faults: list[Fault]
) -> dict[str, Any]:
    """The cells of an entry by key."""
    kind, head = what
    found: dict[str, Any] = {}
    for name in (*_KEYS[kind], *_DAYS):
        text = text_of(cells, head[name]) if name in head else ""
        if not text:
            if name in _MUST[kind]:
                place = sheet.place(row, head.get(name, 0))
                faults.append(fault("this entry needs '{column}': fill the cell", place, column=COLUMNS[name]))
            continue
        found[name] = _day(sheet, row, (head[name], cells[head[name]]), faults) if name in _DAYS else text
    return found


def _day(sheet: TableRows, row: int, cell: tuple[int, Any], faults: list[Fault]) -> date | None:
    """A cell as a day."""
    moment = moment_of(cell[1])
    if moment is None:
        message = tr("'{text}' is no date: write it as 2026-03-07")
        faults.append(fault(message, sheet.place(row, cell[0]), text=str(cell[1])))
        return None
    return moment.date()


def _known(words: Mapping[str, str]) -> dict[str, str]:
    """Words of every language, in small letters, to their keys."""
    return {key.lower(): key for key in words} | {
        catalogue(lang)(word).lower(): key for key, word in words.items() for lang in LANGUAGES
    }
