"""A workbook or text table as it lies: every non-empty cell with its formula, format, comment, merges and hidden rows.

Files are told by their content, not by their suffix: .xlsx and .xlsm, .xls and .xlsb, .ods, text.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

from python_calamine import CalamineError, CalamineWorkbook

from zveno.errors import DataError
from zveno.text.mark import tr

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
ENCODINGS = ("utf-8-sig", "kz1048", "cp1251")
"""In this order a text is tried; cp1251 has no Kazakh letters, kz1048 has all of Russian and Kazakh."""
_SEPARATORS = ";\t,|"
_WHOLE = 1e15


@dataclass(frozen=True)
class RawCell:
    """What stands in a cell.

    Parameters
    ----------
    value
        Text, number, truth value, date or time; the stored answer of a formula, None where it has none.
    formula
        The formula without its answer, or empty.
    error
        Whether the value is an error such as ``#VALUE!``.
    percent
        Whether the number is shown as a percentage: 0.0345 reads 3.45 %.
    comment
        Text of the comment.
    """

    value: Any
    formula: str = ""
    error: bool = False
    percent: bool = False
    comment: str = ""


@dataclass(frozen=True)
class Sheet:
    """Non-empty cells by row and column (from 0), the top left cell of every merged one, hidden rows and columns."""

    name: str
    cells: Mapping[tuple[int, int], RawCell]
    merged: Mapping[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()

    @cached_property
    def height(self) -> int:
        """Rows up to the last non-empty one."""
        return 1 + max((row for row, _ in self.cells), default=-1)

    @cached_property
    def width(self) -> int:
        """Columns up to the last non-empty one."""
        return 1 + max((column for _, column in self.cells), default=-1)

    def at(self, row: int, column: int) -> RawCell | None:
        """A cell, or the one that it is merged into."""
        return self.cells.get(self.merged.get((row, column), (row, column)))

    def row(self, row: int) -> Iterator[tuple[int, RawCell]]:
        """Non-empty cells of a row from left to right."""
        for column in self._by_row.get(row, ()):
            yield column, self.cells[row, column]

    @cached_property
    def _by_row(self) -> Mapping[int, Sequence[int]]:
        found: dict[int, list[int]] = {}
        for row, column in sorted(self.cells):
            found.setdefault(row, []).append(column)
        return found


@dataclass(frozen=True)
class Book:
    """Sheets of a file; ``blind`` says that its kind shows neither formulas nor comments nor hidden rows to us."""

    sheets: tuple[Sheet, ...]
    blind: bool = False

    @property
    def content_hash(self) -> str:
        """Hash of what the cells say: the same for a file that was only saved again."""
        digest = hashlib.sha256()
        for sheet in self.sheets:
            digest.update(sheet.name.encode() + b"\0")
            for (row, column), cell in sorted(sheet.cells.items()):
                digest.update(f"{row},{column},{_canonical(cell.value)};".encode())
        return digest.hexdigest()


def _canonical(value: Any) -> str:
    """A value as text, whole numbers alike whether they were kept as 3 or 3.0."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(int(value)) if float(value).is_integer() and abs(value) < _WHOLE else f"{float(value):.12g}"
    return str(value)


def is_book(content: bytes) -> bool:
    """Whether a file is a workbook by its first bytes."""
    return content.startswith((ZIP, OLE))


def open_book(content: bytes, name: str) -> Book:
    """Every sheet of a workbook of any kind.

    Raises
    ------
    DataError
        If the workbook cannot be opened, with the reason.
    """
    try:
        if content.startswith(ZIP):
            with ZipFile(io.BytesIO(content)) as archive:
                names = set(archive.namelist())
            if "xl/workbook.xml" in names:
                from zveno.sources.gridxlsx import read_xlsx

                return read_xlsx(content)
            if "content.xml" in names:
                from zveno.sources.gridods import read_ods

                return read_ods(content)
        return _read_others(content)
    except (CalamineError, OSError, ValueError, KeyError, BadZipFile, ParseError, TypeError, EOFError) as error:
        message = tr("the workbook cannot be opened: {problem}. Open it in a spreadsheet program and save it again")
        raise DataError(message, name, problem=str(error)) from error


def _read_others(content: bytes) -> Book:
    """Old workbooks: values and merged cells only."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    sheets = []
    for name in book.sheet_names:
        page = book.get_sheet_by_name(name)
        cells = {
            (row, column): RawCell(value, error=isinstance(value, str) and value.startswith("#"))
            for row, values in enumerate(page.to_python(skip_empty_area=False))
            for column, value in enumerate(values)
            if value not in ("", None) and not (isinstance(value, str) and not value.strip())
        }
        sheets.append(Sheet(name, cells, spread(page.merged_cell_ranges or ())))
    return Book(tuple(sheets), blind=True)


def spread(ranges: Sequence[tuple[tuple[int, int], tuple[int, int]]]) -> dict[tuple[int, int], tuple[int, int]]:
    """Every cell of merged ranges to the top left one."""
    return {
        (row, column): first
        for first, last in ranges
        for row in range(first[0], last[0] + 1)
        for column in range(first[1], last[1] + 1)
    }


def text_books(content: bytes) -> Iterator[Book]:
    """A text table in every encoding that fits it, with the separator that parts it best."""
    for encoding in ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            return
        first = next((line for line in text.splitlines() if line.strip()), "")
        separator = max(_SEPARATORS, key=first.count)
        rows = csv.reader(io.StringIO(text), delimiter=separator)
        cells = {(r, c): RawCell(one) for r, row in enumerate(rows) for c, one in enumerate(row) if one.strip()}
        yield Book((Sheet("", cells),))
