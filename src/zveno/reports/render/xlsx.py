"""A document as an Excel workbook: a sheet for each part, real numbers, formulas that can be traced.

A formula is written with its value, so the workbook shows the same figures before and after recalculation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO

import xlsxwriter

from zveno.reports.addresses import derived_words
from zveno.reports.document import SCALE, Callout, Cell, Column, Document, Kind, Row
from zveno.reports.render.sheets import (
    PlacedTable,
    PlacedText,
    Sheet,
    Slot,
    excel_formula,
    lay_sheets,
)
from zveno.text.catalogue import Catalogue

_WIDEST, _NARROWEST = 40, 8
_LINE_POINTS = 15.0
_LEFT = (Kind.TEXT, Kind.DAY, Kind.MOMENT)
_TEXT_COLUMNS = 8
_TEXT_LETTERS = 110
_COLOURS = {"good": "#23724A", "warn": "#8A5A00", "bad": "#B3261E", "muted": "#5B6470"}
_FILLS = {"good": "#E5F3EA", "warn": "#FBF0D6", "bad": "#FBE6E4"}
_ACCENT, _SOFT, _PANEL, _LINE = "#A4521A", "#5B6470", "#F6F5F3", "#DCDAD6"
_A4 = 9
_SHORT, _LONG = 75, 170
_FILTERED = 40
_TITLE_LETTERS, _MESSAGE_LETTERS = 32, 255


def render_xlsx(document: Document, target: Path | BinaryIO, text: Catalogue) -> None:
    """Write the workbook to a path or a binary stream; one document always gives the same bytes.

    Drawings are left out: their figures stand in the tables.
    """
    held = BytesIO()
    book = xlsxwriter.Workbook(held, {"in_memory": True})
    book.set_properties(
        {
            "title": document.title,
            "subject": document.subtitle,
            "comments": document.notice,
            "created": datetime(2000, 1, 1),  # fixed, so that bytes repeat
        }
    )
    sheets, slots = lay_sheets(document, text)
    writer = _Writer(document, book, slots, text)
    for sheet in sheets:
        writer.write(sheet)
    book.close()
    if isinstance(target, Path):
        target.write_bytes(held.getvalue())
    else:
        target.write(held.getvalue())


@dataclass
class _Writer:
    """Writes laid-out sheets into an open workbook."""

    document: Document
    book: Any
    slots: Mapping[tuple[str, str, str], Slot]
    text: Catalogue
    formats: dict[tuple[tuple[str, Any], ...], Any] = field(default_factory=dict)

    def style(self, **properties: Any) -> Any:
        """A cell format, made once."""
        key = tuple(sorted(properties.items()))
        if key not in self.formats:
            self.formats[key] = self.book.add_format({"font_name": "Calibri", "font_size": 11, **properties})
        return self.formats[key]

    def write(self, sheet: Sheet) -> None:
        """One sheet: its head, its blocks, widths, freezing, print set-up."""
        page = self.book.add_worksheet(sheet.name)
        page.hide_gridlines(2)
        page.write_string(0, 0, f"{self.document.title} · {self.document.subtitle}", self.style(font_color=_SOFT))
        page.write_string(1, 0, self.document.notice, self.style(bold=True, font_color=_COLOURS["warn"]))
        page.write_string(2, 0, sheet.heading, self.style(bold=True, font_size=14))
        for placed in sheet.placed:
            if isinstance(placed, PlacedTable):
                self._table(page, placed)
            else:
                self._text(page, placed)
        widths = _widths(sheet, self.text)
        for column, width in enumerate(widths):
            page.set_column(column, column, width)
        for row, lines in _heights(sheet, widths, self.text):
            page.set_row(row, _LINE_POINTS * lines)
        page.freeze_panes(sheet.frozen_rows, 0)
        long = sheet.only_table
        if long is not None and len(long.rows) > _FILTERED:
            page.autofilter(long.head_row, 0, long.end_row - 1, len(widths) - 1)
        self._print_setup(page, sheet)

    def _print_setup(self, page: Any, sheet: Sheet) -> None:
        """Landscape A4, one page wide, head rows and notice on every page."""
        page.set_landscape()
        page.set_paper(_A4)
        page.fit_to_pages(1, 0)
        page.set_margins(left=0.5, right=0.5, top=0.7, bottom=0.7)
        page.repeat_rows(0, sheet.frozen_rows - 1)
        notice, left = self.document.notice, _plain(" · ".join(self.document.footer))
        if len(notice) <= _SHORT:
            page.set_header(f"&L{_plain(self.document.title)}&R{_plain(notice)}")
            page.set_footer(f"&L{left}&C{_plain(notice)}&R&P / &N")
        else:  # a line of its own holds twice as much: who signed
            page.set_header(f"&L{_plain(self.document.title)}\n{_plain(notice, _LONG)}")
            page.set_footer(f"&L{left}&R&P / &N")

    def _text(self, page: Any, placed: PlacedText) -> None:
        """A paragraph or callout over several columns."""
        tone = placed.block.tone if isinstance(placed.block, Callout) else "plain"
        fill = {"bg_color": _FILLS[tone]} if tone in _FILLS else {}
        style = self.style(text_wrap=True, valign="top", **fill)
        page.merge_range(placed.row, 0, placed.row, _TEXT_COLUMNS - 1, "", style)
        page.write_string(placed.row, 0, placed.block.text, style)
        page.set_row(placed.row, 15.5 * (1 + len(placed.block.text) // _TEXT_LETTERS))

    def _table(self, page: Any, placed: PlacedTable) -> None:
        """Title, head, rows, notes."""
        table = placed.table
        if table.title:
            page.write_string(placed.row, 0, table.title, self.style(bold=True))
        if not table.rows:
            page.write_string(placed.row + 1, 0, table.empty, self.style(italic=True, font_color=_SOFT))
            return
        self._head(page, placed)
        for row in table.rows:
            self._row(page, placed, row)
        for k, note in enumerate(table.notes):
            page.write_string(placed.end_row + k, 0, note, self.style(font_color=_SOFT, font_size=9))

    def _head(self, page: Any, placed: PlacedTable) -> None:
        """Head cells; columns of a group under a merged cell."""
        left = self.style(
            bold=True, font_color=_SOFT, bottom=1, text_wrap=True, valign="bottom", align="left", indent=1
        )
        right = self.style(bold=True, font_color=_SOFT, bottom=1, text_wrap=True, valign="bottom", align="right")
        for column in placed.table.columns:
            at = placed.columns[column.key]
            page.write_string(placed.head_row, at, column.heading(self.text), left if column.kind in _LEFT else right)
            if column.paired:
                page.write_string(placed.head_row, at + 1, "±", right)
        group = self.style(bold=True, align="center", bottom=1, bottom_color=_LINE)
        for name, run in groupby(placed.table.columns, key=lambda one: one.group):
            columns = list(run)
            first = placed.columns[columns[0].key]
            last = placed.columns[columns[-1].key] + (1 if columns[-1].paired else 0)
            if name and last > first:
                page.merge_range(placed.head_row - 1, first, placed.head_row - 1, last, name, group)
            elif name:
                page.write_string(placed.head_row - 1, first, name, group)

    def _row(self, page: Any, placed: PlacedTable, row: Row) -> None:
        """One row of cells."""
        y = placed.rows[row.key]
        base: dict[str, Any] = {"bottom": 1, "bottom_color": _LINE, "valign": "top"}
        if row.role == "total":
            base |= {"bold": True, "bg_color": _PANEL}
        if row.role == "head":
            base |= {"bold": True, "font_color": _ACCENT}
        for column in placed.table.columns:
            x, cell = placed.columns[column.key], _resolved(row.cells.get(column.key, Cell()), column)
            tone = {"font_color": _COLOURS[cell.tone]} if cell.tone in _COLOURS else {}
            if cell.value is None and column.kind not in _LEFT:
                tone["align"] = "right"
            self._cell(page, (y, x), cell, {**base, **tone}, wrap=row.role != "head" and not column.loose)
            self._address(page, (y, x), cell)
            if column.paired:
                half = cell.half_width if cell.value is not None else None
                shown = Cell(half, kind=cell.kind, digits=cell.digits)
                self._cell(page, (y, x + 1), shown, {**base, "font_color": _SOFT})

    def _address(self, page: Any, at: tuple[int, int], cell: Cell) -> None:
        """The address of a figure, shown where its cell is selected; the sheet of sources says more."""
        is_figure = cell.address and cell.value is not None and derived_words(cell, self.text)
        if is_figure and len(cell.address) <= _MESSAGE_LETTERS:
            title = self.text("Figure")[:_TITLE_LETTERS]
            page.data_validation(*at, *at, {"validate": "any", "input_title": title, "input_message": cell.address})

    def _cell(self, page: Any, at: tuple[int, int], cell: Cell, look: Mapping[str, Any], *, wrap: bool = True) -> None:
        """A figure, a formula with its value, a date or a word, each in its own type."""
        value = cell.value
        if value is None:
            page.write_string(*at, cell.word, self.style(**{"font_color": _SOFT, **look}, italic=True))
        elif isinstance(value, datetime):
            style = self.style(**look, num_format="dd.mm.yyyy hh:mm", align="left", indent=1)
            page.write_datetime(*at, value.replace(tzinfo=None), style)
        elif isinstance(value, date):
            page.write_datetime(*at, value, self.style(**look, num_format="dd.mm.yyyy", align="left", indent=1))
        elif isinstance(value, str):
            folds = wrap and cell.kind is Kind.TEXT
            page.write_string(*at, value, self.style(**look, text_wrap=folds, align="left", indent=1))
        else:
            kind = cell.kind or Kind.NUMBER
            style = self.style(**look, num_format=number_format(kind, cell.digits or 0))
            stored = value * SCALE[kind] if kind is Kind.PPM else value
            if cell.formula is None:
                page.write_number(*at, stored, style)
            else:
                page.write_formula(
                    *at, excel_formula(cell.formula, self.slots, kind, sheet=page.get_name()), style, stored
                )


def _resolved(cell: Cell, column: Column) -> Cell:
    """A cell with the kind and decimals of its column where it has none of its own."""
    digits = column.digits if cell.digits is None else cell.digits
    return replace(cell, kind=cell.kind or column.kind, digits=digits)


def number_format(kind: Kind, digits: int) -> str:
    """Excel's number format; a fraction is stored from 0 to 1 and shown in per cent."""
    decimals = "." + "0" * digits if digits else ""
    return f"0{decimals}%" if kind is Kind.FRACTION else f"#,##0{decimals}"


def _plain(text: str, most: int = _SHORT) -> str:
    """Text for a page header, where & starts a code; Excel takes 255 letters over all parts."""
    return text.replace("&", "&&")[:most]


def _widths(sheet: Sheet, text: Catalogue) -> list[float]:
    """Column widths by the longest text in each, within bounds."""
    letters: dict[int, int] = {}
    for placed in sheet.placed:
        if isinstance(placed, PlacedTable) and placed.rows:
            for x, length in _lengths(placed, text):
                letters[x] = max(letters.get(x, 0), length)
    count = max(letters, default=0) + 1
    return [min(_WIDEST, max(_NARROWEST, letters.get(x, 0) + 2)) for x in range(count)]


def _heights(sheet: Sheet, widths: Sequence[float], text: Catalogue) -> Iterator[tuple[int, int]]:
    """Lines of text in each row that needs more than one; not every program finds them by itself."""
    for placed in sheet.placed:
        if not isinstance(placed, PlacedTable) or not placed.rows:
            continue
        columns = placed.table.columns
        lines = {
            row.key: max(
                _lines(row.cells.get(one.key), widths[placed.columns[one.key]]) for one in columns if not one.loose
            )
            for row in placed.table.rows
            if row.role != "head"
        }
        yield from ((placed.rows[key], count) for key, count in lines.items() if count > 1)
        heads = [_wrapped(one.heading(text), widths[placed.columns[one.key]]) for one in columns]
        if max(heads) > 1:
            yield placed.head_row, max(heads)


def _lines(cell: Cell | None, width: float) -> int:
    """Lines that a word takes in a column; figures are never wrapped."""
    return _wrapped(cell.value, width) if cell and isinstance(cell.value, str) else 1


def _wrapped(words: str, width: float) -> int:
    """Lines that a text takes when broken between words."""
    lines, used = 1, 0.0
    for word in words.split():
        if used and used + 1 + len(word) > width - 1:
            lines, used = lines + 1, 0.0
        used += len(word) + (1 if used else 0)
        lines, used = lines + int((used - 1) // (width - 1)), (used - 1) % (width - 1) + 1  # a word too long is cut
    return lines


def _lengths(placed: PlacedTable, text: Catalogue) -> Sequence[tuple[int, int]]:
    """Letters that each cell of a table takes, by column; heads wrap and count half."""
    found: list[tuple[int, int]] = []
    for column in placed.table.columns:
        x = placed.columns[column.key]
        longest_word = max((len(one) for one in column.heading(text).split()), default=0)
        found.append((x, max(longest_word, len(column.heading(text)) // 2)))
        for row in placed.table.rows:
            cell = row.cells.get(column.key, Cell())
            if row.role != "head" and not column.loose:
                found.append((x, _cell_length(cell)))
            if column.paired and cell.half_width is not None:
                found.append((x + 1, _cell_length(Cell(cell.half_width, digits=cell.digits))))
    return found


def _cell_length(cell: Cell) -> int:
    """Letters of a cell as shown, near enough."""
    if cell.value is None:
        return len(cell.word)
    if isinstance(cell.value, (int, float)):
        return len(f"{cell.value:,.{cell.digits or 0}f}") + 1
    return 16 if isinstance(cell.value, datetime) else len(str(cell.value))
