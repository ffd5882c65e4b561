"""Cells of a table as a reader sees them, in the habits of the language: shared by the page and the paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from zveno.reports.document import SCALE, Cell, Column, Kind, Row, TableBlock, Tone
from zveno.text.catalogue import Catalogue

_NUMERIC = {Kind.COUNT, Kind.MASS, Kind.FRACTION, Kind.PPM, Kind.NUMBER}


@dataclass(frozen=True)
class ShownCell:
    """A cell as text: its figure and, beside it, its interval.

    ``span`` is 2 where a word stands over both; ``muted`` is the tone of what is not known; ``kept`` on one
    line are days and moments; ``figure`` is a number that is known.
    """

    text: str
    half: str
    span: int
    tone: Tone
    kept: bool
    figure: bool

    @property
    def whole(self) -> bool:
        """Whether it must not be broken into lines."""
        return self.kept or self.figure


@dataclass(frozen=True)
class HeadCell:
    """A cell of the table head; ``grouped`` ones name the columns below them."""

    text: str
    columns: int
    rows: int
    is_number: bool = False
    grouped: bool = False


def table_head(table: TableBlock, text: Catalogue) -> list[list[HeadCell]]:
    """One or two rows of head cells; columns of one group share a cell."""
    grouped = any(column.group for column in table.columns)
    upper: list[HeadCell] = []
    lower: list[HeadCell] = []
    for name, run in groupby(table.columns, key=lambda column: column.group):
        columns = list(run)
        if name:
            upper.append(HeadCell(name, sum(cells_of(one) for one in columns), 1, grouped=True))
        for one in columns:
            rows = 2 if grouped and not name else 1
            cell = HeadCell(one.heading(text), cells_of(one), rows, is_number(one))
            (lower if name or not grouped else upper).append(cell)
    return [upper, lower] if grouped else [lower]


def cells_of(column: Column) -> int:
    """Cells that a column takes."""
    return 2 if column.paired else 1


def is_number(column: Column) -> bool:
    """Whether a column holds figures."""
    return column.kind in _NUMERIC


def shown_cell(column: Column, row: Row, text: Catalogue) -> ShownCell:
    """A cell of a row as it is shown."""
    cell = row.cells.get(column.key, Cell())
    kind = cell.kind or column.kind
    known = cell.value is not None
    digits = column.digits if cell.digits is None else cell.digits
    return ShownCell(
        text=shown_value(cell, kind, text, digits),
        half=shown_half(cell, kind, text) if column.paired and known else "",
        span=2 if column.paired and not known else 1,
        tone="muted" if not known and cell.tone == "plain" else cell.tone,
        kept=kind in (Kind.DAY, Kind.MOMENT),
        figure=isinstance(cell.value, (int, float)),
    )


def shown_value(cell: Cell, kind: Kind, text: Catalogue, digits: int = 2) -> str:
    """A value in the habits of the language."""
    value = cell.value
    if value is None:
        return cell.word
    if isinstance(value, datetime):
        return text.moment(value)
    if isinstance(value, date):
        return text.day(value)
    if isinstance(value, str):
        return value
    return text.number(value * SCALE.get(kind, 1.0), digits if cell.digits is None else cell.digits)


def shown_half(cell: Cell, kind: Kind, text: Catalogue) -> str:
    """Half the interval, with the decimals of its value."""
    if cell.half_width is None or cell.value is None:
        return ""
    return "± " + text.number(cell.half_width * SCALE.get(kind, 1.0), cell.digits or 0)
