"""Where each block of a document stands in a workbook, and formulas as Excel writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from xlsxwriter.utility import xl_rowcol_to_cell

from zveno.reports.document import (
    SCALE,
    Calc,
    Callout,
    Cell,
    Column,
    Document,
    Expr,
    Facts,
    Kind,
    Paragraph,
    Part,
    Peak,
    Ref,
    Row,
    TableBlock,
    Total,
)
from zveno.text.catalogue import Catalogue

_FORBIDDEN = re.compile(r"[\[\]:*?/\\']")
_NAME_LETTERS = 31
_FIRST_ROW = 4
_LAST_FROZEN = 9
"""Rows that may stay in sight on a small screen."""
_PPM = f"{SCALE[Kind.PPM]:.0f}"


@dataclass(frozen=True)
class Slot:
    """Address of a table's cell and the kind of figure in it."""

    sheet: str
    row: int
    column: int
    kind: Kind


@dataclass(frozen=True)
class PlacedText:
    """A paragraph or callout and its row."""

    block: Paragraph | Callout
    row: int


@dataclass(frozen=True)
class PlacedTable:
    """A table, the row of its title and of its (last) head, and where its rows and columns are."""

    table: TableBlock
    row: int
    head_row: int
    rows: Mapping[str, int]
    columns: Mapping[str, int]
    end_row: int


@dataclass(frozen=True)
class Sheet:
    """A sheet of the workbook."""

    name: str
    heading: str
    placed: tuple[PlacedText | PlacedTable, ...]

    @property
    def frozen_rows(self) -> int:
        """Rows that stay in sight: down to the head of the only table, else the sheet's own head."""
        table = self.only_table
        return table.head_row + 1 if table is not None and table.head_row < _LAST_FROZEN else _FIRST_ROW - 1

    @property
    def only_table(self) -> PlacedTable | None:
        """The table of a sheet that has one, with rows, below whatever else stands there."""
        tables = [one for one in self.placed if isinstance(one, PlacedTable)]
        alone = len(tables) == 1 and tables[0] is self.placed[-1] and tables[0].rows
        return tables[0] if alone else None


def lay_sheets(document: Document, text: Catalogue) -> tuple[list[Sheet], dict[tuple[str, str, str], Slot]]:
    """Place every part that has words or figures on a sheet of its own.

    Returns
    -------
    sheets
        In the order of the parts.
    slots
        Addresses by table id, row key and column key.
    """
    sheets: list[Sheet] = []
    slots: dict[tuple[str, str, str], Slot] = {}
    for part in (*document.parts, *document.appendix):
        placed = _place(part, text)
        if not placed:
            continue
        name = _sheet_name(part.heading.sheet or part.heading.text, [sheet.name for sheet in sheets])
        sheets.append(Sheet(name, part.heading.text, tuple(placed)))
        for one in placed:
            if isinstance(one, PlacedTable):
                slots.update(_slots(name, one))
    return sheets, slots


def _sheet_name(wanted: str, taken: Iterable[str]) -> str:
    """A lawful name that no other sheet has."""
    used = {one.lower() for one in taken}
    clean = " ".join(_FORBIDDEN.sub(" ", wanted).split())[:_NAME_LETTERS].strip() or "1"
    name, k = clean, 2
    while name.lower() in used:
        ending = f" {k}"
        name, k = clean[: _NAME_LETTERS - len(ending)] + ending, k + 1
    return name


def _place(part: Part, text: Catalogue) -> list[PlacedText | PlacedTable]:
    """Give the blocks of a part their rows."""
    placed: list[PlacedText | PlacedTable] = []
    row = _FIRST_ROW
    for k, block in enumerate(part.blocks):
        if isinstance(block, (Paragraph, Callout)):
            placed.append(PlacedText(block, row))
            row += 2
        elif isinstance(block, (TableBlock, Facts)):
            table = block if isinstance(block, TableBlock) else _facts_table(block, f"{part.heading.id}.{k}", text)
            one = _place_table(table, row)
            placed.append(one)
            row = one.end_row + len(table.notes) + 1
    return placed


def _place_table(table: TableBlock, row: int) -> PlacedTable:
    """Give a table's rows and columns their numbers."""
    if not table.rows:
        return PlacedTable(table, row, row, {}, {}, row + 2)
    head = row + (1 if table.title else 0) + (1 if any(one.group for one in table.columns) else 0)
    columns: dict[str, int] = {}
    x = 0
    for column in table.columns:
        columns[column.key] = x
        x += 2 if column.paired else 1
    rows = {one.key: head + 1 + k for k, one in enumerate(table.rows)}
    return PlacedTable(table, row, head, rows, columns, head + 1 + len(rows))


def _facts_table(facts: Facts, id_: str, text: Catalogue) -> TableBlock:
    """Headline figures as rows."""
    columns = (
        Column("label", text("Figure")),
        Column("value", text("Value"), Kind.NUMBER, paired=True),
        Column("uom", text("Unit of measure")),
        Column("words", text("Note"), loose=True),
    )
    rows = []
    for k, fact in enumerate(facts.items):
        cell = fact.cell
        value = Cell(
            cell.value, cell.half_width, cell.digits, cell.formula, cell.kind or fact.kind, cell.word, cell.tone,
            cell.address,
        )  # fmt: skip
        named = {"label": fact.label, "uom": text(fact.uom), "words": fact.words}
        rows.append(Row(str(k), {"value": value, **{key: Cell(said) for key, said in named.items()}}))
    return TableBlock(id_, "", columns, tuple(rows))


def _slots(sheet: str, placed: PlacedTable) -> dict[tuple[str, str, str], Slot]:
    """Addresses of a table's cells."""
    found = {}
    for row in placed.table.rows if placed.rows else ():
        for column in placed.table.columns:
            cell = row.cells.get(column.key)
            kind = (cell.kind if cell else None) or column.kind
            address = Slot(sheet, placed.rows[row.key], placed.columns[column.key], kind)
            found[placed.table.id, row.key, column.key] = address
    return found


# ---- formulas ------------------------------------------------------------------------------------------


def excel_formula(expr: Expr, slots: Mapping[tuple[str, str, str], Slot], kind: Kind, *, sheet: str) -> str:
    """A formula in Excel's notation, for a cell of ``sheet`` that holds figures of ``kind``.

    Grades shown in g/t are stored as g/t, so they are turned into fractions inside the formula.
    """
    inner = _term(expr, slots, sheet)
    return f"=({inner})*{_PPM}" if kind is Kind.PPM else f"={inner}"


def _term(expr: Expr, slots: Mapping[tuple[str, str, str], Slot], sheet: str) -> str:
    """One term, in brackets where its neighbours would take it apart."""
    if isinstance(expr, Ref):
        return _address(slots[expr.table, expr.row, expr.column], sheet)
    if isinstance(expr, Total):
        return f"SUM({','.join(_terms(expr, slots, sheet))})" if expr.terms else "0"
    if isinstance(expr, Peak):
        return _peak(_terms(Total(expr.terms), slots, sheet))
    if isinstance(expr, Calc):
        left, right = (
            f"({_term(one, slots, sheet)})" if isinstance(one, Calc) else _term(one, slots, sheet)
            for one in (expr.left, expr.right)
        )
        return f"{left}{expr.op}{right}"
    return repr(expr)


def _peak(terms: list[str]) -> str:
    """Largest magnitude; words among the cells count for nothing, which ABS over them would not bear."""
    return f"MAX(MAX({','.join(terms)}),-MIN({','.join(terms)}))" if terms else "0"


def _terms(total: Total, slots: Mapping[tuple[str, str, str], Slot], sheet: str) -> list[str]:
    """Terms of a sum; cells that follow each other in a column become a range."""
    found: list[str] = []
    run: list[Slot] = []
    for term in total.terms:
        slot = slots[term.table, term.row, term.column] if isinstance(term, Ref) else None
        if slot is None or slot.kind is Kind.PPM:
            found.extend(_range(run, sheet))
            run = []
            found.append(_term(term, slots, sheet))
        elif run and (slot.sheet, slot.column, slot.row) == (run[-1].sheet, run[-1].column, run[-1].row + 1):
            run.append(slot)
        else:
            found.extend(_range(run, sheet))
            run = [slot]
    return [*found, *_range(run, sheet)]


def _range(run: list[Slot], sheet: str) -> list[str]:
    """Cells in a row as one range; nothing for none."""
    if len(run) < 2:
        return [_address(one, sheet) for one in run]
    return [f"{_address(run[0], sheet)}:{xl_rowcol_to_cell(run[-1].row, run[-1].column)}"]


def _address(slot: Slot, sheet: str) -> str:
    """Address of a cell, with its sheet where that is another one."""
    cell = xl_rowcol_to_cell(slot.row, slot.column)
    place = cell if slot.sheet == sheet else f"'{slot.sheet}'!{cell}"
    return f"({place}/{_PPM})" if slot.kind is Kind.PPM else place
