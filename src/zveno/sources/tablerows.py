"""Rows of a plain table with one heading, from a text file or the first sheet of a workbook."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zveno.errors import DataError, Fault, fault, refusal
from zveno.sources.cells import cell_name, number
from zveno.sources.workbook import WORKBOOKS, opened
from zveno.text.mark import tr

_SEPARATORS = (";", "\t", ",")


@dataclass(frozen=True)
class TableRows:
    """Rows of cells, the first of which is the heading, and how a place in them is told."""

    rows: Sequence[Sequence[Any]]
    place: Callable[[int, int], str]

    def filled(self) -> Iterator[tuple[int, Sequence[Any]]]:
        """Rows below the heading in which something stands, with their numbers from 0."""
        for row, cells in enumerate(self.rows[1:], start=1):
            if any(str(one).strip() for one in cells if one is not None):
                yield row, cells


def read_rows(path: Path) -> TableRows:
    """Rows of a text table (``,``, ``;`` or tab between columns) or of the first sheet of a workbook.

    Raises
    ------
    DataError
        If the file cannot be read as a table.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError("'{path}' cannot be read: {problem}", path=str(path), problem=refusal(error)) from error
    return _workbook(content, path.name) if content.startswith(WORKBOOKS) else _text(content, path.name)


def _text(content: bytes, name: str) -> TableRows:
    """Rows of a text table, in UTF-8 or as older spreadsheet programs write it."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1251", errors="replace")
    first = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=separator))
    except csv.Error as error:
        raise DataError("this is no table of text: {problem}", name, problem=str(error)) from error
    return TableRows(rows, lambda row, _: f"{name}:{row + 1}")


def _workbook(content: bytes, name: str) -> TableRows:
    """Rows of the first sheet of a workbook."""
    title, rows = next(iter(opened(content, name).items()))
    return TableRows(rows, lambda row, column: f"{name}, '{title}', {cell_name(row, column)}")


def text_of(cells: Sequence[Any], column: int) -> str:
    """A cell as text; a whole number of a workbook without its decimals."""
    cell = cells[column] if column < len(cells) else ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str("" if cell is None else cell).strip()


def number_of(cells: Sequence[Any], column: int, row: int, sheet: TableRows, faults: list[Fault]) -> float | None:
    """A cell as a number, None where it is empty; anything else is a fault."""
    cell = cells[column] if column < len(cells) else ""
    if isinstance(cell, str):
        if not cell.strip():
            return None
        cell = number(cell)
    if isinstance(cell, bool) or not isinstance(cell, (int, float)) or not math.isfinite(cell):
        message = tr("'{text}' is not a number: write a number, or leave the cell empty")
        faults.append(fault(message, sheet.place(row, column), text=str(cell)[:40]))
        return None
    return float(cell)
