"""Files opened by what they are, not by their suffix: .xlsx and .xlsm, .xls and .xlsb, .ods, text in any encoding."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

from python_calamine import CalamineError, CalamineWorkbook

from zveno.errors import DataError
from zveno.sources.grid import Book, RawCell, Sheet, spread
from zveno.sources.gridods import read_ods
from zveno.sources.gridxlsx import read_xlsx
from zveno.sources.unreadable import why_not
from zveno.text.mark import tr

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
ENCODINGS = ("utf-8-sig", "kz1048", "cp1251")
"""In this order a text is tried; cp1251 has no Kazakh letters, kz1048 has all of Russian and Kazakh."""
_SEPARATORS = ";\t,|"


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
                return read_xlsx(content)
            if "content.xml" in names:
                return read_ods(content)
        return _read_others(content)
    except (CalamineError, OSError, ValueError, KeyError, BadZipFile, ParseError, TypeError, EOFError) as error:
        message = tr("the workbook cannot be opened: {problem}. Open it in a spreadsheet program and save it again")
        raise DataError(message, name, problem=why_not(error)) from error


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
