"""The workbook of the books, sheet by sheet."""

from __future__ import annotations

from collections.abc import Iterator

from zveno.reports.document import (
    Block,
    Cell,
    Column,
    Document,
    Heading,
    Kind,
    Paragraph,
    Peak,
    Ref,
    Row,
    TableBlock,
)
from zveno.reports.month import made_from, notice_of, period_words
from zveno.reports.parts.balance import balance_part
from zveno.reports.parts.index import BalanceIndex
from zveno.reports.parts.sources import reading_part
from zveno.reports.parts.words import words
from zveno.reports.standing import signatures_table, standing_callout, version_facts
from zveno.reports.workbook.accounts import (
    SECTIONS,
    discrepancy_part,
    recoveries_part,
    sections_part,
    stocks_part,
    unaccounted_part,
)
from zveno.reports.workbook.given import PeriodBooks
from zveno.reports.workbook.owned import ACCOUNTS, OWNERS, accounts_part, contracts_part, owners_part
from zveno.reports.workbook.period import READINGS, readings_part, values_part
from zveno.reports.workbook.raw import RawRows, raw_part
from zveno.reports.workbook.reconciled import as_references, flows_part
from zveno.text.catalogue import Catalogue, title_in

TOLERANCE = 1e-9
"""How far a formula may be off Zveno's own figure, relative to it; one that is further off gives way to the figure."""


def books_document(given: PeriodBooks, text: Catalogue) -> Document:
    """The books of a period: values as imported, values of the period, reconciled masses, and all accounts over them.

    Reconciled masses are numbers, with their intervals; everything before them and after them is computed in the cells.
    """
    rows = RawRows.of(given)
    values = values_part(given, rows, text)
    (table,) = (one for one in values if isinstance(one, TableBlock))
    parts: list[Block] = [
        *discrepancy_part(given, text),
        *recoveries_part(given, text),
        *unaccounted_part(given, text),
        *sections_part(given, text),
        *stocks_part(given, text),
        *owners_part(given, text),
        *accounts_part(given, text),
        *contracts_part(given, rows, text),
        *(as_references(one) for one in balance_part(BalanceIndex.of(given.model, given.results.flows), text)),
        *flows_part(given, text),
        *readings_part(given, rows, table, text),
        *values,
        *raw_part(given, rows, text),
        *reading_part(text),
        *made_from(given.results, text),
    ]
    settled = _document(given, (*_front(given, parts, text), *parts), text).settled(TOLERANCE)
    return _told(settled, text)


def formulas_of(document: Document) -> tuple[int, int]:
    """Cells that are computed, and figures given as numbers although others make them: (formulas, numbers)."""
    found = [one for one in _cells(document) if isinstance(one.value, (int, float))]
    computed = sum(one.formula is not None for one in found)
    return computed, len(found) - computed


def _document(given: PeriodBooks, blocks: tuple[Block, ...], text: Catalogue) -> Document:
    chain, results = given.model.chain, given.results
    return Document(
        title=text("Books of the month, {period}", period=period_words(results.period, text)),
        subtitle=title_in({str(key): value for key, value in chain.title.items()}, text.lang, chain.id),
        lang=text.lang,
        notice=notice_of(results, text),
        blocks=blocks,
        footer=(f"Zveno {results.provenance.version}", results.period.name, given.standing.content[:12]),
    )


# ---- the first sheet -------------------------------------------------------------------------------------------------


def _front(given: PeriodBooks, parts: list[Block], text: Catalogue) -> Iterator[Block]:
    """Where the period stands, who signed, checks, and what the sheets hold."""
    yield Heading("front", text("Books of the month"), text("Front sheet"))
    yield from standing_callout(given.standing, text)
    yield signatures_table(given.standing.signatures, text)
    yield from version_facts(given.standing, text)
    if given.differing:
        yield Paragraph(text(
            "This program makes these tables otherwise than they were kept; those that were signed are given: {tables}",
            tables=", ".join(given.differing),
        ))  # fmt: skip
    yield _checks(parts, text)
    yield _contents(parts, text)


def _checks(parts: list[Block], text: Catalogue) -> TableBlock:
    """The largest of what must be zero, over all rows of a sheet."""
    asked = (
        (SECTIONS, text("Movement of sections: largest of opening + in − out − closing")),
        (OWNERS, text("Sum of owners less physical mass: largest")),
        (ACCOUNTS, text("Accounts of owners: largest of what is left")),
    )
    tables = {one.id: one for one in parts if isinstance(one, TableBlock)}
    rows = tuple(
        Row(id_, {
            "what": words(said),
            "value": Cell(formula=Peak(tuple(Ref(id_, row.key, "check") for row in tables[id_].rows)), digits=9),
        })
        for id_, said in asked if tables[id_].rows
    )  # fmt: skip
    columns = (Column("what", text("Check")), Column("value", text("Must be zero"), Kind.MASS, digits=9))
    return TableBlock("checks", text("Checks"), columns, rows)


def _contents(parts: list[Block], text: Catalogue) -> TableBlock:
    """Sheets in their order."""
    columns = (Column("sheet", text("Sheet")), Column("holds", text("What it holds"), loose=True))
    rows = tuple(
        Row(one.id, {"sheet": words(one.sheet or one.text), "holds": words(one.text)})
        for one in parts if isinstance(one, Heading)
    )  # fmt: skip
    return TableBlock("contents", text("Sheets"), columns, rows)


def _told(document: Document, text: Catalogue) -> Document:
    """The document with the count of its formulas on the first sheet."""
    computed, _ = formulas_of(document)
    plain = sum(
        row.cells["reading"].formula is None for table in document.tables.values() if table.id == READINGS
        for row in table.rows
    )  # fmt: skip
    said = [
        text("{n} cells are computed by formulas; each gives Zveno's own figure to 1e-9.", n=text.number(computed, 0))
    ]
    if plain:
        said.append(text(
            "{n} values as read are given as numbers: they come from the description or from several readings.",
            n=text.number(plain, 0),
        ))  # fmt: skip
    at = next(k for k, one in enumerate(document.blocks) if isinstance(one, TableBlock) and one.id == "checks")
    blocks = (*document.blocks[:at], *(Paragraph(one) for one in said), *document.blocks[at:])
    return Document(
        document.title, document.subtitle, document.lang, document.notice, blocks, document.footer
    )  # fmt: skip


def _cells(document: Document) -> Iterator[Cell]:
    for table in document.tables.values():
        for row in table.rows:
            yield from row.cells.values()
