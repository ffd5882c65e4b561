"""Readings beside their reconciled values, by plant where there are several."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from zveno.model.chain import ChainModel
from zveno.reports.charts import Bar, z_bars_svg
from zveno.reports.document import (
    UOM_OF_KIND,
    Block,
    Calc,
    Cell,
    Column,
    Figure,
    Heading,
    Kind,
    Ref,
    Row,
    TableBlock,
    measured,
)
from zveno.reports.parts.index import BalanceIndex
from zveno.reports.parts.words import LARGE_Z, measured_words, quantity_kind, title_or_dash, words
from zveno.reports.streams import stream_title
from zveno.tables.figure import row_address
from zveno.text.catalogue import Catalogue
from zveno.text.mark import tr

_MANY = 40
_BARS = 24

Reading = Mapping[str, Any]


@dataclass(frozen=True)
class _Sheet:
    """What one table of readings is made from; ``site`` is the place that its titles need not name."""

    model: ChainModel
    id: str
    title: str
    site: str
    suspected: frozenset[tuple[str, str]]
    text: Catalogue

    def is_suspect(self, row: Reading) -> bool:
        """Whether a reading does not fit the rest."""
        return (row["meter"], row["quantity"]) in self.suspected

    def ranked(self, rows: Sequence[Reading]) -> list[Reading]:
        """Many readings with those first that ask for attention: suspects, then large adjustments."""
        return sorted(rows, key=lambda row: (not self.is_suspect(row), not _is_large(row)))


def readings_part(
    index: BalanceIndex, adjustments: pl.DataFrame, suspects: pl.DataFrame, text: Catalogue, plant: str = ""
) -> list[Block]:
    """Each reading beside its reconciled value, and a picture of the adjustments.

    Where they are many, the suspects stand on top; those of several plants, a table for each, are folded.
    """
    suspected = frozenset((row["meter"], row["quantity"]) for row in suspects.iter_rows(named=True))
    model, rows = index.model, adjustments.rows(named=True)
    sites = {one.id: one.site for one in model.chain.plants}
    title = text("Readings and adjustments")
    if plant or len(sites) < 2:
        sheet = _Sheet(model, "adjustments", title, sites.get(plant, ""), suspected, text)
        tables = [_table(sheet, rows, folded=False)]
    else:
        by_plant: dict[str, list[Reading]] = defaultdict(list)
        for row in rows:
            by_plant[index.home(row["stream"])].append(row)
        tables = [
            _table(
                _Sheet(model, f"adjustments.{one}", model.title(one, text.lang), sites.get(one, ""), suspected, text),
                by_plant[one],
                folded=True,
            )
            for one in (*index.streams, "")
            if by_plant[one]
        ]
    return [Heading("readings", title, text("Readings")), *_picture(model, rows, text), *tables]


def _picture(model: ChainModel, rows: Iterable[Reading], text: Catalogue) -> list[Block]:
    """Bars of the adjustments that can be judged, the largest where they are many."""
    bars = sorted((_bar(model, row, text) for row in rows if row["z"] is not None), key=lambda one: -abs(one.z))
    if not bars:
        return []
    caption = text("Readings less their reconciled values, in standard deviations: right of zero reads high")
    if len(bars) > _MANY:
        caption = text("{caption}; the largest {n} of {all}", caption=caption, n=_BARS, all=len(bars))
        bars = bars[:_BARS]
    return [Figure(z_bars_svg(bars, text), caption)]


def _bar(model: ChainModel, row: Reading, text: Catalogue) -> Bar:
    """One bar of the picture."""
    quantity = measured_words(model, row["stream"], row["quantity"], text)
    return Bar(f"{title_or_dash(model, row['meter'], text)} · {quantity}", row["z"])


def _table(sheet: _Sheet, rows: Sequence[Reading], *, folded: bool) -> TableBlock:
    """Readings of a plant."""
    text = sheet.text
    ordered = sheet.ranked(rows) if len(rows) > _MANY else rows
    return TableBlock(
        sheet.id,
        sheet.title,
        (
            Column("meter", text("Meter"), broad=True),
            Column("stream", text("Stream"), broad=True),
            Column("quantity", text("Quantity")),
            Column("uom", text("Unit of measure")),
            Column("reading", text("As read"), Kind.NUMBER, paired=True),
            Column("reconciled", text("Reconciled"), Kind.NUMBER, paired=True),
            Column("adjustment", text("Adjustment"), Kind.NUMBER),
            Column("z", "z", Kind.NUMBER),
            Column("mark", text("Mark")),
        ),
        tuple(_row(sheet, k, row) for k, row in enumerate(ordered)),
        notes=(
            text("Adjustment = reconciled − as read. z = as read − reconciled, over its own standard deviation."),
            text("Not checked by others: the balances say nothing about this reading, so it was not changed."),
        ),
        empty=text("There are no readings in this period."),
        folded=folded or len(rows) > _MANY,
    )


def _row(sheet: _Sheet, k: int, row: Reading) -> Row:
    """A reading, its reconciled value and what is to be said of it."""
    key, model, text = str(k), sheet.model, sheet.text
    kind = quantity_kind(row["quantity"], row["reading"])
    reading = measured(row["reading"], row["sd"], kind, address=row_address("adjustments", row, "reading"))
    formula = Calc("-", Ref(sheet.id, key, "reconciled"), Ref(sheet.id, key, "reading"))
    mark, tone = _mark(row, suspect=sheet.is_suspect(row))
    return Row(
        key,
        {
            "meter": words(title_or_dash(model, row["meter"], text, sheet.site)),
            "stream": words(stream_title(model, row["stream"], text, sheet.site)),
            "quantity": words(measured_words(model, row["stream"], row["quantity"], text)),
            "uom": words(text(UOM_OF_KIND[kind])),
            "reading": reading,
            "reconciled": measured(
                row["reconciled"],
                row["reconciled_sd"],
                kind,
                word=text("unobservable"),
                address=row_address("adjustments", row, "reconciled"),
            ),
            "adjustment": Cell(formula=formula, kind=kind, digits=reading.digits),
            "z": Cell(row["z"], digits=2, word="–", address=row_address("adjustments", row, "z")),
            "mark": Cell(text(mark), tone=tone),
        },
    )


def _is_large(row: Reading) -> bool:
    """Whether an adjustment is larger than chance would have it."""
    return row["z"] is not None and abs(row["z"]) >= LARGE_Z


def _mark(row: Reading, *, suspect: bool) -> tuple[str, Any]:
    """Mark of a reading and its tone."""
    if suspect:
        return tr("suspect"), "bad"
    if row["status"] == "censored":
        return tr("below the limit given"), "muted"
    if row["z"] is None:
        return tr("not checked by others"), "muted"
    if _is_large(row):
        return tr("large"), "warn"
    return "", "plain"
