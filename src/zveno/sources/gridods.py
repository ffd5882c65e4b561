"""Cells of .ods workbooks: values, formulas, comments, merges and hidden rows from the document itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

from zveno.sources.grid import Book, RawCell, Sheet, spread

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_MOST = 1_048_576


def read_ods(content: bytes) -> Book:
    """Every sheet of the document."""
    with ZipFile(BytesIO(content)) as archive:
        root = ElementTree.fromstring(archive.read("content.xml"))
    return Book(tuple(_sheet(table) for table in root.iter(f"{_TABLE}table")))


def _sheet(table: ElementTree.Element) -> Sheet:
    """One table; rows and cells that repeat are written out, but for the empty ends."""
    cells: dict[tuple[int, int], RawCell] = {}
    merges: list[tuple[tuple[int, int], tuple[int, int]]] = []
    hidden: set[int] = set()
    row = 0
    for line in table.iter(f"{_TABLE}table-row"):
        found = list(_cells(line))
        times = min(int(line.get(f"{_TABLE}number-rows-repeated", "1")), _MOST) if found else 1
        for n in range(times):
            for column, cell, (down, right) in found:
                cells[row + n, column] = cell
                if down > 1 or right > 1:
                    merges.append(((row + n, column), (row + n + down - 1, column + right - 1)))
        if line.get(f"{_TABLE}visibility") in ("collapse", "filter"):
            hidden.update(range(row, row + times))
        row += int(line.get(f"{_TABLE}number-rows-repeated", "1"))
    return Sheet(table.get(f"{_TABLE}name", ""), cells, spread(merges), frozenset(hidden))


def _cells(line: ElementTree.Element) -> Iterator[tuple[int, RawCell, tuple[int, int]]]:
    """Column, content and span of the non-empty cells of a row."""
    column = 0
    for one in line:
        if one.tag not in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            continue
        times = int(one.get(f"{_TABLE}number-columns-repeated", "1"))
        cell = _cell(one)
        if cell is not None and one.tag == f"{_TABLE}table-cell":
            span = (
                int(one.get(f"{_TABLE}number-rows-spanned", "1")),
                int(one.get(f"{_TABLE}number-columns-spanned", "1")),
            )
            yield from ((column + n, cell, span) for n in range(times))
        column += times


def _cell(one: ElementTree.Element) -> RawCell | None:
    """What a cell holds; None if nothing."""
    kind = one.get(f"{_OFFICE}value-type", "")
    formula = one.get(f"{_TABLE}formula", "")
    note = one.find(f"{_OFFICE}annotation")
    comment = "\n".join("".join(part.itertext()) for part in note.iter(f"{_TEXT}p")) if note is not None else ""
    text = "\n".join("".join(part.itertext()) for part in one.findall(f"{_TEXT}p"))
    value: Any = text or None
    if kind in ("float", "percentage", "currency"):
        value = float(one.get(f"{_OFFICE}value", "nan"))
    elif kind == "date":
        value = datetime.fromisoformat(one.get(f"{_OFFICE}date-value", "").removesuffix("Z"))
    elif kind == "boolean":
        value = one.get(f"{_OFFICE}boolean-value") == "true"
    if value is None and not formula:
        return None
    if isinstance(value, str) and not value.strip():
        return None
    error = isinstance(value, str) and bool(formula) and value.startswith(("#", "Err:"))
    return RawCell(value, formula, error=error, percent=kind == "percentage", comment=comment)
