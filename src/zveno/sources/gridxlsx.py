"""Cells of .xlsx and .xlsm workbooks with everything that an accountant put on them, straight from the parts.

Formulas and their stored answers, formats, comments, merges and hidden rows are read in one pass; the readers at
hand give either formulas or answers, and take ten times as long.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from posixpath import dirname, join, normpath
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

from openpyxl.utils.cell import coordinate_to_tuple

from zveno.sources.grid import Book, RawCell, Sheet, spread
from zveno.sources.unreadable import MAIN, part, sheet_parts

_RELATIONS = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_DATE_FORMATS = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_PERCENT_FORMATS = frozenset({9, 10})
_EPOCH, _EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)
_LAST_DATE = 2958466


@dataclass(frozen=True)
class _Parts:
    """What all sheets share: texts, which styles show dates or percentages, the first day."""

    texts: Sequence[str]
    dates: frozenset[int]
    percents: frozenset[int]
    epoch: datetime


def read_xlsx(content: bytes) -> Book:
    """Every worksheet of a workbook."""
    with ZipFile(BytesIO(content)) as archive:
        names = set(archive.namelist())
        dates, percents = _styles(archive, names)
        parts = _Parts(tuple(_texts(archive, names)), dates, percents, _epoch(archive))
        return Book(tuple(_sheet(archive, name, path, parts) for name, path in sheet_parts(archive)))


def _epoch(archive: ZipFile) -> datetime:
    """The day before the first: old workbooks of one maker count from 1904."""
    properties = ElementTree.fromstring(part(archive, "xl/workbook.xml")).find(f"{MAIN}workbookPr")
    old = properties is not None and properties.get("date1904") in ("1", "true")
    return _EPOCH_1904 if old else _EPOCH


def _texts(archive: ZipFile, names: set[str]) -> Iterator[str]:
    """Texts that cells share, without their looks and readings."""
    if "xl/sharedStrings.xml" in names:
        for one in ElementTree.fromstring(part(archive, "xl/sharedStrings.xml")).iter(f"{MAIN}si"):
            yield _text(one)


def _text(one: ElementTree.Element) -> str:
    """Text of an entry: its own and that of its runs; phonetic readings are no part of it."""
    runs = [one.find(f"{MAIN}t"), *(run.find(f"{MAIN}t") for run in one.findall(f"{MAIN}r"))]
    return "".join(run.text or "" for run in runs if run is not None)


def _styles(archive: ZipFile, names: set[str]) -> tuple[frozenset[int], frozenset[int]]:
    """Styles that show a number as a date, and as a percentage."""
    if "xl/styles.xml" not in names:
        return frozenset(), frozenset()
    root = ElementTree.fromstring(part(archive, "xl/styles.xml"))
    own = {int(one.attrib["numFmtId"]): one.get("formatCode", "") for one in root.iter(f"{MAIN}numFmt")}
    frames = root.find(f"{MAIN}cellXfs")
    dates, percents = set(), set()
    for n, one in enumerate(frames if frames is not None else ()):
        code = int(one.get("numFmtId", "0"))
        form = _LITERAL.sub("", own.get(code, "")).lower()
        if (code in own and any(sign in form for sign in "dmyhs") and "general" not in form) or (
            code not in own and code in _DATE_FORMATS
        ):
            dates.add(n)
        if "%" in form or (code not in own and code in _PERCENT_FORMATS):
            percents.add(n)
    return frozenset(dates), frozenset(percents)


def _sheet(archive: ZipFile, name: str, path: str, parts: _Parts) -> Sheet:
    """One worksheet."""
    root = ElementTree.fromstring(part(archive, path))
    comments = dict(_comments(archive, path))
    cells: dict[tuple[int, int], RawCell] = {}
    hidden: set[int] = set()
    for row, line in enumerate(root.iter(f"{MAIN}row"), start=1):
        number = int(line.get("r", row)) - 1
        if line.get("hidden") in ("1", "true"):
            hidden.add(number)
        for n, one in enumerate(line.iter(f"{MAIN}c")):
            place = one.get("r")
            at = _at(place) if place else (number, n)
            cell = _cell(one, parts, comments.get(place or "", ""))
            if cell is not None:
                cells[at] = cell
    ends = [one.attrib["ref"].partition(":") for one in root.iter(f"{MAIN}mergeCell")]
    merged = spread([(_at(first), _at(last or first)) for first, _, last in ends])
    return Sheet(name, cells, merged, frozenset(hidden), frozenset(_hidden_columns(root)))


def _at(name: str) -> tuple[int, int]:
    """Row and column, from 0, of a cell name."""
    row, column = coordinate_to_tuple(name)
    return row - 1, column - 1


def _hidden_columns(root: ElementTree.Element) -> Iterator[int]:
    """Columns that are not shown; those to the edge of the sheet without end."""
    for one in root.iter(f"{MAIN}col"):
        if one.get("hidden") in ("1", "true"):
            yield from range(int(one.attrib["min"]) - 1, min(int(one.attrib["max"]), 1000))


def _cell(one: ElementTree.Element, parts: _Parts, comment: str) -> RawCell | None:
    """What a cell holds; None if nothing."""
    kind, style = one.get("t", "n"), int(one.get("s", "0"))
    formula, stored = one.find(f"{MAIN}f"), one.find(f"{MAIN}v")
    said = f"={formula.text or ''}" if formula is not None else ""
    if kind == "inlineStr":
        inner = one.find(f"{MAIN}is")
        value: Any = _text(inner) if inner is not None else None
    else:
        value = _value(kind, (stored.text if stored is not None else "") or "", parts, style)
    if isinstance(value, str) and not value.strip():
        value = None
    if value is None and not said:
        return None
    numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
    return RawCell(value, said, error=kind == "e", percent=numeric and style in parts.percents, comment=comment)


def _value(kind: str, text: str, parts: _Parts, style: int) -> Any:
    """The value of a cell by its kind; None where it has none."""
    if not text:
        return None
    if kind == "s":
        return parts.texts[int(text)]
    if kind == "b":
        return text == "1"
    if kind == "d":
        return datetime.fromisoformat(text.removesuffix("Z"))
    if kind in ("str", "e"):
        return text
    number = float(text)
    if style in parts.dates and 0 < number < _LAST_DATE:
        return parts.epoch + timedelta(seconds=round(number * 86400))
    return int(number) if number.is_integer() and not set(text) & set(".eE") else number


def _comments(archive: ZipFile, path: str) -> Iterator[tuple[str, str]]:
    """Comments of a sheet by the name of their cell."""
    links = join(dirname(path), "_rels", path.rpartition("/")[2] + ".rels")
    if links not in archive.namelist():
        return
    for link in ElementTree.fromstring(part(archive, links)).iter(_RELATIONS):
        if not link.get("Type", "").endswith("/comments"):
            continue
        target = link.attrib["Target"]
        there = target.lstrip("/") if target.startswith("/") else normpath(join(dirname(path), target))
        if there in archive.namelist():
            for one in ElementTree.fromstring(part(archive, there)).iter(f"{MAIN}comment"):
                inner = one.find(f"{MAIN}text")
                yield one.get("ref", ""), _text(inner) if inner is not None else ""
