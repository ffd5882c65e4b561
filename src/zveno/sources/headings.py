"""Heading rows of a table: found by what they say, read through merged cells, with the units that stand in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from zveno.model.mapping import CellRule, MappedTable
from zveno.quantities import UOMS
from zveno.sources.grid import Sheet
from zveno.sources.patterns import caught
from zveno.text.sheetwords import tidy
from zveno.text.words import uom_code

_SHARE = 0.6
"""Share of the columns of a mapping that a heading must have."""
_SHORT = ("%", "t", "т", "h", "ч")
"""Units of one letter that a heading may end with; of others (В for volts) nobody could tell."""
ACROSS = ("{date}", "{day}", "{month}")
"""Names of patterns that catch a time from a heading."""
_SECTION_ROWS = 3
_COMMA = re.compile(r",\s+")
_BRACKETS = re.compile(r"\(([^()]*)\)")


@dataclass(frozen=True)
class HeadColumn:
    """A column whose heading a mapping knows: its rule, what the pattern caught, its unit of measure."""

    rule: CellRule
    pattern: str
    names: Mapping[str, str]
    uom: str
    path: str


@dataclass(frozen=True)
class Heading:
    """Where a table begins: first and last heading row, known columns, headings of unknown ones, missing patterns."""

    first: int
    last: int
    columns: Mapping[int, HeadColumn]
    unknown: Mapping[int, str]
    missing: tuple[str, ...]


def find_heading(sheet: Sheet, table: MappedTable) -> Heading | None:
    """The heading rows that fit a table best; None where too few of its columns are there."""
    best: Heading | None = None
    across = any(name in pattern for pattern in table.columns for name in ACROSS)
    for row in range(sheet.height):
        values = [cell.value for _, cell in sheet.row(row)]
        if not values or (not across and 2 * sum(isinstance(one, str) for one in values) < len(values)):
            continue
        if table.section and not _under(sheet, row, table.section):
            continue
        found = _heading_at(sheet, table, row)
        if best is None or len(found.columns) > len(best.columns):
            best = found
        if not best.missing:
            break
    if best is None or len(table.columns) - len(best.missing) < max(1, _SHARE * len(table.columns)):
        return None
    return best


def _under(sheet: Sheet, row: int, pattern: str) -> bool:
    """Whether a text right above a row fits a pattern."""
    near = range(max(0, row - _SECTION_ROWS), row)
    return any(isinstance(cell.value, str) and caught(pattern, cell.value) is not None
               for n in near for _, cell in sheet.row(n))  # fmt: skip


def _heading_at(sheet: Sheet, table: MappedTable, row: int) -> Heading:
    """What a table finds when its heading begins in a row."""
    last = row + table.heading_rows - 1
    columns: dict[int, HeadColumn] = {}
    unknown: dict[int, str] = {}
    for column in range(sheet.width):
        path = heading_path(sheet, column, row, last)
        if not path:
            continue
        found = _known(table.columns, path)
        if found is None:
            unknown[column] = " / ".join(path)
        else:
            columns[column] = found
    used = {one.pattern for one in columns.values()}
    return Heading(row, last, columns, unknown, tuple(one for one in table.columns if one not in used))


def heading_path(sheet: Sheet, column: int, first: int, last: int) -> tuple[str, ...]:
    """Heading texts of a column from top to bottom, through merged cells; the same one stands once."""
    path: list[str] = []
    for row in range(first, last + 1):
        cell = sheet.at(row, column)
        if cell is None and not sheet.merged and row < last and sheet.at(last, column) is not None:
            left = next((sheet.at(row, c) for c in range(column, -1, -1) if sheet.at(row, c) is not None), None)
            cell = left
        text = _said(cell.value) if cell is not None and cell.value is not None else ""
        if text and (not path or path[-1] != text):
            path.append(text)
    return tuple(path)


def _said(value: object) -> str:
    """A cell of a heading as text: whole numbers without a decimal point, days without their midnight."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return tidy(value).removesuffix(" 00:00:00")


def _known(rules: Mapping[str, CellRule], path: tuple[str, ...]) -> HeadColumn | None:
    """The rule for a heading: one that fits the whole path goes before one that fits its last part."""
    for text in dict.fromkeys((" / ".join(path), path[-1])):
        for pattern, rule in rules.items():
            names = caught(pattern, text)
            if names is not None:
                return HeadColumn(rule, pattern, names, rule.uom or uom_in(path), " / ".join(path))
    return None


def uom_in(path: tuple[str, ...]) -> str:
    """Code of the unit of measure that a heading says, its last part first; empty where none does.

    >>> uom_in(("Концентрат ЖОФ", "влажн., т")), uom_in(("Показания весов, т", "на начало"))
    ('t', 't')
    >>> uom_in(("t, °C",)), uom_in(("Wet t",)), uom_in(("Концентрат, кг (сух.)",)), uom_in(("Смена",))
    ('C', 't', 'kg', '')
    """
    for part in reversed(path):
        found = _uom_of_part(part)
        if found:
            return found
    return ""


def _uom_of_part(part: str) -> str:
    """The unit of one heading text: after its last comma, in brackets, or its last word."""
    pieces = _COMMA.split(part)
    if len(pieces) == 1:
        pieces = part.split(",")
    for piece in reversed(pieces[1:]):
        words = _BRACKETS.sub(" ", piece).replace("±", " ").split()
        ending = [one for one in words[-1:] if len(one) > 1 or one.lower() in _SHORT]
        for text in ("".join(words), *words[:1], *ending):
            if code_of(text):
                return code_of(text)
    for inner in reversed(_BRACKETS.findall(part)):
        if code_of(inner):
            return code_of(inner)
    words = part.split()
    last = words[-1] if words and len(pieces) == 1 else ""
    found = code_of(last) if len(last) > 1 or last.lower() in _SHORT else ""
    return found if found != "frac" else ""


def code_of(word: str) -> str:
    """The code of a unit of measure; empty where the word is none."""
    code = uom_code(word.strip().rstrip(".;"))
    return code if code in UOMS else ""
