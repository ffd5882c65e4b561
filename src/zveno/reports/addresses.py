"""Addresses of the figures of a document: of tables where they come from, of the document's own where it adds up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zveno.reports.document import (
    Block,
    Calc,
    Cell,
    Column,
    Document,
    Expr,
    Facts,
    Heading,
    Kind,
    Part,
    Peak,
    Ref,
    Row,
    TableBlock,
    Total,
)
from zveno.reports.parts.words import quantity_words
from zveno.tables.figure import FIGURE_KEYS, Figure, Formula, Given, Of, Over, Plus, Times, Worked
from zveno.text.catalogue import Catalogue
from zveno.text.mark import tr

TOLD = tr("tells of the readings or the rules themselves: it is no figure of the balance")
LARGEST = tr("the largest of them, whatever their sign")
_RECONCILED = tr("reconciled from all readings")
_BY_TABLE = {
    "recoveries": tr("products and change of stocks over feeds"),
    "unaccounted": tr("in less out less change of stocks, as read"),
    "adjustments": tr("from the records of the meter"),
}


@dataclass(frozen=True)
class SourceCells:
    """Cells of the files from which a report was made, by meter, quantity, file and sheet."""

    table: pl.DataFrame

    @classmethod
    def of(cls, records: pl.DataFrame) -> SourceCells:
        """From the table ``records``."""
        known = records.filter(pl.col("value").is_not_null())
        by = ["point", "quantity", "file", "sheet"]
        grouped = known.group_by(by, maintain_order=True).agg("cell", pl.col("known").max())
        cells = pl.Series([ranges(one) for one in grouped["cell"].to_list()], dtype=pl.String)
        return cls(grouped.with_columns(count=pl.col("cell").list.len(), cell=cells).sort(by, maintain_order=True))


def ranges(cells: list[str]) -> str:
    """Cells in words, those below each other as a range; numbers of records of the log stand alone.

    Examples
    --------
    >>> ranges(["E4", "E5", "E6", "G7", "3:2"])
    'E4:E6, G7, 3:2'
    >>> ranges(["7", "8"])
    '7, 8'
    """
    runs: list[list[str]] = []
    for one in dict.fromkeys(cells):
        column, row = one.rstrip("0123456789"), one[len(one.rstrip("0123456789")) :]
        last = runs[-1][-1] if runs else ""
        same = column and last.rstrip("0123456789") == column and ":" not in one
        if same and int(row) == int(last[len(column) :]) + 1:
            runs[-1].append(one)
        else:
            runs.append([one])
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]}:{run[-1]}" for run in runs)


def addressed(document: Document, place: str) -> Document:
    """The same document with an address for every figure that has none: ``place``, table, row, column."""
    blocks: list[Block] = []
    for part in document.parts:
        blocks.append(part.heading)
        blocks += [_named(block, f"{place}/{part.heading.id}.{k}", place) for k, block in enumerate(part.blocks)]
    return replace(document, blocks=tuple(blocks))


def _named(block: Block, facts: str, place: str) -> Block:
    """A block whose figures have addresses."""
    if isinstance(block, TableBlock):
        rows = tuple(
            replace(
                row, cells={key: _cell(cell, f"{place}/{block.id}/{row.key}/{key}") for key, cell in row.cells.items()}
            )
            for row in block.rows
        )
        return replace(block, rows=rows)
    if isinstance(block, Facts):
        items = tuple(replace(one, cell=_cell(one.cell, f"{facts}/{n}/value")) for n, one in enumerate(block.items))
        return replace(block, items=items)
    return block


def _cell(cell: Cell, address: str) -> Cell:
    """A cell with its address, if it holds a number."""
    is_figure = isinstance(cell.value, (int, float)) and not cell.address
    return replace(cell, address=address) if is_figure else cell


def cells_of(document: Document) -> Iterator[tuple[str, str, Cell]]:
    """Cells that hold a figure, with the words of their row and of their column."""
    for part in document.parts:
        for block in part.blocks:
            if isinstance(block, Facts):
                yield from ((part.heading.text, one.label, one.cell) for one in block.items if one.cell.address)
            elif isinstance(block, TableBlock):
                yield from _table_cells(block)


def _table_cells(table: TableBlock) -> Iterator[tuple[str, str, Cell]]:
    for row in table.rows:
        said = " · ".join(str(one.value) for one in row.cells.values() if isinstance(one.value, str) and one.value)
        for column in table.columns:
            cell = row.cells.get(column.key)
            if cell is not None and cell.address and cell.value is not None:
                yield said, " ".join(filter(None, (column.group, column.title))), cell


def derived_words(cell: Cell, text: Catalogue) -> str:
    """In a line how the figure of a cell follows from others; nothing for what tells of the readings or the rules."""
    rest = cell.address.split("/")
    table = rest[1] if len(rest) > 1 else ""
    if table in FIGURE_KEYS:
        return text(_BY_TABLE.get(table, _RECONCILED))
    if cell.formula is not None:
        return f"= {_expr_words(cell.formula)}"
    if table == "metal_balance" or table.startswith("link."):
        return ""
    return text(_RECONCILED)


def _expr_words(expr: Expr) -> str:
    """A formula by rows and columns, the first of many terms."""
    if isinstance(expr, Ref):
        return f"{expr.row}·{expr.column}"
    if isinstance(expr, Total):
        words = [_expr_words(one) for one in expr.terms[:3]] + (["…"] if len(expr.terms) > 3 else [])
        return f"({' + '.join(words)})" if words else "0"
    if isinstance(expr, Peak):
        return f"max |{_expr_words(Total(expr.terms))}|"
    if isinstance(expr, Calc):
        return f"{_expr_words(expr.left)} {expr.op} {_expr_words(expr.right)}"
    return repr(expr)


# ---- figures of the document's own -----------------------------------------------------------------------------------


def document_figures(document: Document, place: str) -> list[Figure]:
    """Figures that the document works out itself, with formulas over the figures of its tables; and those it tells."""
    own, start = [], place + "/"
    for _, _, cell in cells_of(document):
        if cell.address.startswith(start) and isinstance(cell.value, (int, float)):
            table, *keys, column = cell.address.removeprefix(start).split("/")
            formula: Formula = Given(float(cell.value), TOLD)
            if cell.formula is not None:
                formula = _formula(cell.formula, document)
            own.append(Figure(cell.address, table, column, tuple(keys), float(cell.value), None, formula))
    return own


def _formula(expr: Expr, document: Document) -> Formula:
    """The same formula over figures."""
    if isinstance(expr, Ref):
        cell = document.tables[expr.table].by_key[expr.row].cells[expr.column]
        return Of(cell.address) if cell.address else Given(float(str(cell.value or 0.0)), TOLD)
    if isinstance(expr, Total):
        return Plus(tuple((1.0, _formula(one, document)) for one in expr.terms))
    if isinstance(expr, Calc):
        left, right = _formula(expr.left, document), _formula(expr.right, document)
        if expr.op in "+-":
            return Plus(((1.0, left), (1.0 if expr.op == "+" else -1.0, right)))
        return Times(left, right) if expr.op == "*" else Over(left, right)
    if isinstance(expr, Peak):
        return Worked(LARGEST, tuple(_formula(one, document) for one in expr.terms), _largest)
    return Given(float(expr), "")


def _largest(values: NDArray[np.float64]) -> float:
    return float(np.abs(values).max(initial=0.0))


# ---- the sheet of sources --------------------------------------------------------------------------------------------


def sources_part(document: Document, cells: SourceCells | None, text: Catalogue) -> Part:
    """Every figure with its address and how it follows; every cell of the files that was read for it."""
    figures: dict[str, Row] = {}
    for said, column, cell in cells_of(document):
        if not (how := derived_words(cell, text)):
            continue
        words = {"address": cell.address, "row": said, "column": column, "how": how}
        figures.setdefault(cell.address, Row(cell.address, {key: Cell(one) for key, one in words.items()}))
    blocks: list[Block] = [
        TableBlock(
            "source_figures",
            text("Figures"),
            (
                Column("address", text("Address"), broad=True), Column("row", text("Row"), broad=True),
                Column("column", text("Column")), Column("how", text("How it follows"), broad=True),
            ),
            tuple(figures.values()),
            empty=text("No figure has an address."),
        )
    ]  # fmt: skip
    if cells is not None:
        blocks.insert(0, _cells_table(cells, text))
    return Part(
        Heading("sources", text("Sources: cells of the files, addresses of the figures"), text("Sources")),
        tuple(blocks),
    )


def _cells_table(cells: SourceCells, text: Catalogue) -> TableBlock:
    """Cells by meter, quantity, file and sheet."""
    rows = tuple(
        Row(
            str(n),
            {
                "point": Cell(row["point"]), "quantity": Cell(quantity_words(row["quantity"], text)),
                "file": Cell(row["file"]), "sheet": Cell(row["sheet"]), "cells": Cell(row["cell"]),
                "count": Cell(float(row["count"]), digits=0),
            },
        )
        for n, row in enumerate(cells.table.iter_rows(named=True))
    )  # fmt: skip
    return TableBlock(
        "source_cells",
        text("Cells"),
        (
            Column("point", text("Point")), Column("quantity", text("Quantity")), Column("file", text("File")),
            Column("sheet", text("Sheet")), Column("cells", text("Cells"), loose=True),
            Column("count", text("Records"), Kind.COUNT, digits=0),
        ),
        rows,
        empty=text("There are no records."),
    )  # fmt: skip
