"""The reconciled masses, once and as numbers: every sheet of accounts refers to these cells."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from zveno.reports.document import (
    Block,
    Calc,
    Cell,
    Column,
    Heading,
    Kind,
    Ref,
    Row,
    TableBlock,
    Total,
    measured,
)
from zveno.reports.parts.words import STATUS_WORDS, grade_kind, measured_words, words
from zveno.reports.shown import MASS
from zveno.reports.streams import stream_title
from zveno.reports.workbook.given import PeriodBooks
from zveno.text.catalogue import Catalogue

FLOWS = "flows"


def flow_key(stream: str, component: str) -> str:
    """Key of a row."""
    return f"{stream}|{component}"


def mass_ref(stream: str, component: str) -> Ref:
    """The cell of a mass."""
    return Ref(FLOWS, flow_key(stream, component), "mass")


def grade_ref(stream: str, component: str) -> Ref:
    """The cell of a grade."""
    return Ref(FLOWS, flow_key(stream, component), "grade")


def mass_total(streams: Iterable[str], component: str) -> Total:
    """Sum of masses of a component over streams."""
    return Total(tuple(mass_ref(one, component) for one in streams))


def flows_part(given: PeriodBooks, text: Catalogue) -> list[Block]:
    """Every stream and end of a stock with dry mass, masses and grades of components, each with its interval."""
    rows = tuple(_row(given, row, text) for row in given.results.flows.iter_rows(named=True))
    columns = (
        Column("stream", text("Stream"), broad=True),
        Column("id", text("Id")),
        Column("quantity", text("Quantity")),
        Column("mass", text("Mass"), Kind.MASS, paired=True),
        Column("grade", text("Grade"), Kind.FRACTION, paired=True),
        Column("status", text("Status")),
    )
    return [
        Heading("flows", text("Reconciled masses and grades"), text("Reconciled")),
        TableBlock(FLOWS, "", columns, rows),
    ]


def _row(given: PeriodBooks, row: dict[str, Any], text: Catalogue) -> Row:
    stream, component, unknown = row["stream"], row["component"], text("unobservable")
    cells = {
        "stream": words(stream_title(given.model, stream, text)),
        "id": words(stream),
        "quantity": words(measured_words(given.model, stream, component, text)),
        "mass": measured(row["mass_t"], row["mass_sd_t"], Kind.MASS, word=unknown),
        "status": words(text(STATUS_WORDS.get(row["status"], row["status"]))),
    }
    if component != MASS:
        of_dry = Calc("/", mass_ref(stream, component), mass_ref(stream, MASS))
        kind = grade_kind(row["grade_frac"])
        word = unknown if (stream, MASS) in given.flows else "–"
        formula = of_dry if (stream, MASS) in given.flows else None
        cells["grade"] = measured(row["grade_frac"], row["grade_sd_frac"], kind, word=word, formula=formula)
    return Row(flow_key(stream, component), cells)


def as_references(block: Block) -> Block:
    """A table of a plant's balance whose figures refer to the sheet of reconciled masses."""
    if not isinstance(block, TableBlock):
        return block
    rows = []
    for row in block.rows:
        cells = dict(row.cells)
        for key, cell in row.cells.items():
            component, _, what = key.rpartition(".")
            if row.role == "plain" and what in ("mass", "grade") and isinstance(cell.value, float):
                ref = mass_ref(row.key, component) if what == "mass" else grade_ref(row.key, component)
                cells[key] = Cell(cell.value, cell.half_width, cell.digits, ref, cell.kind, cell.word, cell.tone)
        rows.append(Row(row.key, cells, row.role))
    return TableBlock(block.id, block.title, block.columns, tuple(rows), block.notes, block.empty, block.folded)
