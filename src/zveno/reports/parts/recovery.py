"""Recoveries of the plants and of the whole chain, and what is unaccounted for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from zveno.model.chain import ChainModel
from zveno.reports.document import (
    Block,
    Calc,
    Cell,
    Column,
    Heading,
    Kind,
    Paragraph,
    Ref,
    Row,
    RowRole,
    TableBlock,
    measured,
)
from zveno.reports.parts.index import BalanceIndex, recovery_rule
from zveno.reports.parts.words import quantity_words, within_error, words
from zveno.reports.streams import CLOSING, OPENING
from zveno.tables.figure import row_address
from zveno.text.catalogue import Catalogue

_TABLE = "recoveries"


def recovery_part(index: BalanceIndex, recoveries: pl.DataFrame, text: Catalogue) -> list[Block]:
    """Direct and overall recovery side by side with the stock change between them; the whole chain's last."""
    known = {(row["plant"], row["component"], row["kind"]): row for row in recoveries.iter_rows(named=True)}
    pairs = sorted(dict.fromkeys((plant, component) for plant, component, _ in known), key=lambda pair: not pair[0])
    rows = []
    for plant, component in pairs:
        by_kind = {kind: known.get((plant, component, kind), {}) for kind in ("direct", "overall")}
        rows.append(_recovery_row(index, plant, component, by_kind, text))
    block = TableBlock(
        _TABLE,
        text("Direct and overall recovery"),
        (
            Column("plant", text("Plant")),
            Column("component", text("Component")),
            Column("direct", text("Direct"), Kind.FRACTION, paired=True),
            Column("overall", text("Overall"), Kind.FRACTION, paired=True),
            Column("stock", text("Stock change of the component"), Kind.MASS),
        ),
        tuple(rows),
        notes=(
            text(
                "Direct: what was dispatched over what came in. Overall: the stock change counts as product. "
                "The two differ by the stock change alone."
            ),
        ),
        empty=text("No recovery is defined in the description."),
    )
    return [Heading("recovery", text("Recovery"), text("Recovery")), block]


def _recovery_row(
    index: BalanceIndex, plant: str, component: str, by_kind: Mapping[str, Mapping[str, Any]], text: Catalogue
) -> Row:
    """Both recoveries of a component in a plant, or in the whole chain.

    Where the grade of a stock is not known, the change of all stocks together still follows from the two recoveries.
    """
    key, rule = f"{plant}.{component}", recovery_rule(index.model, plant, component)
    cells = {"plant": words(index.model.title(plant, text.lang)), "component": words(component)}
    for kind, row in by_kind.items():
        cells[kind] = measured(
            row.get("recovery_frac"),
            row.get("recovery_sd_frac"),
            Kind.FRACTION,
            word=text("unobservable"),
            formula=index.recovery(rule, component, kind) if rule else None,
            address=row_address("recoveries", row, "recovery_frac"),
        )
    if rule and rule.stocks:
        change = index.stock_change(rule, component)
        if not index.is_known(index.stocks(rule, OPENING, CLOSING), component):
            apart = Calc("-", Ref(_TABLE, key, "overall"), Ref(_TABLE, key, "direct"))
            change = Calc("*", apart, index.total(rule, rule.feeds, component))
        cells["stock"] = Cell(formula=change, digits=1, word=text("unobservable"))
    else:
        cells["stock"] = Cell(word="–")
    return Row(key, cells, role_of(plant))


def role_of(plant: str) -> RowRole:
    """The whole chain's row stands out."""
    return "plain" if plant else "total"


# ---- unaccounted ---------------------------------------------------------------------------------------


def unaccounted_part(model: ChainModel, unaccounted: pl.DataFrame, text: Catalogue) -> list[Block]:
    """What the readings as they are leave open, with a verdict in plain words; the whole chain's last."""
    judged = unaccounted.filter(pl.col("mass_t").is_not_null())
    rows = tuple(
        Row(
            f"{row['plant']}.{row['component']}",
            {
                "plant": words(model.title(row["plant"], text.lang)),
                "component": words(quantity_words(row["component"], text)),
                "mass": measured(
                    row["mass_t"], row["mass_sd_t"], Kind.MASS, address=row_address("unaccounted", row, "mass_t")
                ),
                "verdict": verdict(row["mass_t"], row["mass_sd_t"], text),
            },
            role_of(row["plant"]),
        )
        for row in sorted(judged.iter_rows(named=True), key=lambda row: not row["plant"])
    )
    table = TableBlock(
        "unaccounted",
        text("Unaccounted, as measured"),
        (
            Column("plant", text("Plant")),
            Column("component", text("Component")),
            Column("mass", text("In − out − stock change"), Kind.MASS, paired=True),
            Column("verdict", text("Verdict")),
        ),
        rows,
        notes=(text("From the readings before reconciliation. Positive: more came in than was found."),),
        empty=text("No section has readings of all its streams, so nothing can be said."),
    )
    heading = Heading("unaccounted", text("Unaccounted metal"), text("Unaccounted"))
    return [heading, table, *_unjudged(model, unaccounted, text)]


def _unjudged(model: ChainModel, unaccounted: pl.DataFrame, text: Catalogue) -> list[Block]:
    """Components of each plant of which these readings say nothing."""
    unknown = unaccounted.filter(pl.col("mass_t").is_null())
    return [
        Paragraph(
            text(
                "{plant}: unobservable from these readings: {names}.",
                plant=model.title(str(plant), text.lang),
                names=", ".join(quantity_words(one, text) for one in group["component"]),
            )
        )
        for (plant,), group in unknown.group_by("plant", maintain_order=True)
    ]


def verdict(value: float | None, sd: float | None, text: Catalogue) -> Cell:
    """Within or outside error, in words."""
    answer = within_error(value, sd)
    if answer is None:
        return Cell(text("cannot be judged"), tone="muted")
    if answer:
        return Cell(text("within error"), tone="good")
    return Cell(text("outside error"), tone="bad")
