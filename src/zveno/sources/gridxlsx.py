"""Cells of .xlsx and .xlsm workbooks with everything that an accountant put on them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import date, datetime, time
from io import BytesIO
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

from openpyxl import load_workbook
from openpyxl.utils.cell import coordinate_to_tuple

from zveno.sources.grid import Book, RawCell, Sheet, spread
from zveno.sources.unreadable import MAIN, sheet_parts


def read_xlsx(content: bytes) -> Book:
    """Every worksheet of a workbook."""
    answers = {(sheet, row, column): answer for sheet, row, column, answer in _answers(content)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # parts that openpyxl does not know, such as signatures: not ours to judge
        book = load_workbook(BytesIO(content), keep_vba=False)
    sheets = []
    for page in book.worksheets:
        cells: dict[tuple[int, int], RawCell] = {}
        for row in page.iter_rows():
            for one in row:
                if one.value is None or (isinstance(one.value, str) and not one.value.strip()):
                    continue
                at = (one.row - 1, one.column - 1)
                cells[at] = _cell(one, answers.get((page.title, *at)))
        merged = spread([((r.min_row - 1, r.min_col - 1), (r.max_row - 1, r.max_col - 1)) for r in page.merged_cells.ranges])
        rows = frozenset(n - 1 for n, row in page.row_dimensions.items() if row.hidden)
        columns = frozenset(
            n - 1 for one in page.column_dimensions.values() if one.hidden for n in range(one.min or 1, (one.max or 1) + 1)
        )
        sheets.append(Sheet(page.title, cells, merged, rows, columns))
    return Book(tuple(sheets))


def _cell(one: Any, answer: tuple[str, str] | None) -> RawCell:
    """One cell; of a formula its stored answer."""
    comment = one.comment.text if one.comment else ""
    percent = "%" in (one.number_format or "")
    value = one.value
    if one.data_type == "f":
        formula = value if isinstance(value, str) else str(getattr(value, "text", value))
        kind, text = answer or ("", "")
        return RawCell(_answer(kind, text), formula, error=kind == "e", percent=percent, comment=comment)
    if isinstance(value, time) or (not isinstance(value, (str, bool, int, float, date, datetime))):
        value = str(value)
    error = one.data_type == "e" or (isinstance(value, str) and value.startswith("#") and value.endswith(("!", "?", "A")))
    return RawCell(value, error=error, percent=percent and isinstance(value, (int, float)), comment=comment)


def _answer(kind: str, text: str) -> Any:
    """The stored answer of a formula; None where there is none."""
    if kind in ("e", "str", "s", "inlineStr"):
        return text or None
    if not text:
        return None
    return text == "1" if kind == "b" else float(text)


def _answers(content: bytes) -> Iterator[tuple[str, int, int, tuple[str, str]]]:
    """Sheet, row, column, and the kind and text of the stored answer of every formula."""
    with ZipFile(BytesIO(content)) as archive:
        for name, path in sheet_parts(archive):
            page = archive.read(path)
            if b"<f" not in page:
                continue
            for cell in ElementTree.fromstring(page).iter(f"{MAIN}c"):
                if cell.find(f"{MAIN}f") is None:
                    continue
                value = cell.find(f"{MAIN}v")
                row, column = coordinate_to_tuple(cell.attrib["r"])
                yield name, row - 1, column - 1, (cell.attrib.get("t", "n"), (value.text if value is not None else "") or "")
