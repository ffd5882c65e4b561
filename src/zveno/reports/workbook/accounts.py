"""Accounts over the reconciled masses: movement of each section, stocks, recoveries, discrepancy, unaccounted metal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from zveno.model.types import Recovery
from zveno.reconcile.topology import topology
from zveno.reports.document import (
    Block,
    Calc,
    Cell,
    Column,
    Expr,
    Heading,
    Kind,
    Paragraph,
    Ref,
    Row,
    TableBlock,
    Total,
    measured,
)
from zveno.reports.parts.index import recovery_rule
from zveno.reports.parts.recovery import role_of, verdict
from zveno.reports.parts.words import quantity_words, words
from zveno.reports.shown import MASS
from zveno.reports.streams import CLOSING, OPENING, balanced_name, stream_title
from zveno.reports.workbook.given import PeriodBooks
from zveno.reports.workbook.reconciled import mass_ref, mass_total
from zveno.text.catalogue import Catalogue
from zveno.text.mark import tr

SECTIONS, STOCKS = "sections", "stocks"
_CHECK = 6
_JUDGED = {
    "within": (tr("within the allowance"), "good"), "beyond": (tr("beyond the allowance"), "bad"),
    "unobservable": (tr("unobservable"), "muted"),
}  # fmt: skip


def sections_part(given: PeriodBooks, text: Catalogue) -> list[Block]:
    """Opening stock, what came in, what went out, closing stock: of every section and quantity, with what is left."""
    columns = (
        Column("plant", text("Plant")),
        Column("section", text("Section")),
        Column("quantity", text("Quantity")),
        Column("opening", text("Opening stock"), Kind.MASS, digits=3),
        Column("in", text("In"), Kind.MASS, digits=3),
        Column("out", text("Out"), Kind.MASS, digits=3),
        Column("closing", text("Closing stock"), Kind.MASS, digits=3),
        Column("check", text("Check: opening + in − out − closing"), Kind.MASS, digits=_CHECK),
    )
    return [
        Heading("sections", text("Movement by section"), text("Movement")),
        Paragraph(text("Opening stock + in − out = closing stock. The check is zero but for the last digits.")),
        TableBlock(SECTIONS, "", columns, tuple(_section_rows(given, text))),
    ]


def _section_rows(given: PeriodBooks, text: Catalogue) -> Iterator[Row]:
    model = given.model
    balanced = topology(model)
    for node in balanced.nodes:
        followed = model.chain.components if node.components is None else node.components
        stocks = [one.id for one in model.chain.stocks if one.section == node.id]
        ends = {
            "opening": [one + OPENING for one in stocks],
            "in": [one.id for one in balanced.streams if one.target == node.id],
            "out": [one.id for one in balanced.streams if one.source == node.id],
            "closing": [one + CLOSING for one in stocks],
        }
        for quantity in (*((MASS,) if node.mass else ()), *followed):
            there = {name: [one for one in ids if (one, quantity) in given.flows] for name, ids in ends.items()}
            if not (there["in"] or there["opening"]) or not (there["out"] or there["closing"]):
                continue
            key = f"{node.id}|{quantity}"
            sums = {name: Cell(formula=mass_total(ids, quantity), word="–") for name, ids in there.items()}
            opening, into, out, closing = (Ref(SECTIONS, key, name) for name in ("opening", "in", "out", "closing"))
            left = Calc("-", Calc("-", Calc("+", opening, into), out), closing)
            yield Row(key, {
                "plant": words(model.title(model.plant_of(node.id), text.lang)),
                "section": words(model.title(node.id, text.lang)),
                "quantity": words(quantity_words(quantity, text)),
                **sums, "check": Cell(formula=left, word=text("unobservable")),
            })  # fmt: skip


def stocks_part(given: PeriodBooks, text: Catalogue) -> list[Block]:
    """Each stock at both ends with its change."""
    rows = []
    for row in given.books.stock_books.iter_rows(named=True):
        stock, component = row["stock"], row["component"]
        key = f"{stock}|{component}"
        ends = {
            name: measured(row[f"{name}_t"], row[f"{name}_sd_t"], Kind.MASS,
                           formula=mass_ref(stock + end, component), word=text("unobservable"))
            for name, end in (("opening", OPENING), ("closing", CLOSING))
        }  # fmt: skip
        apart = Calc("-", Ref(STOCKS, key, "closing"), Ref(STOCKS, key, "opening"))
        change = measured(row["change_t"], row["change_sd_t"], Kind.MASS, formula=apart, word=text("unobservable"))
        rows.append(Row(key, {
            "plant": words(given.model.title(row["plant"], text.lang)),
            "stock": words(stream_title(given.model, stock, text)),
            "kind": words(text(_STOCK_KINDS[row["kind"]])), "quantity": words(quantity_words(component, text)),
            **ends, "change": change,
        }))  # fmt: skip
    columns = (
        Column("plant", text("Plant")),
        Column("stock", text("Stock"), broad=True),
        Column("kind", text("Kind of stock")),
        Column("quantity", text("Quantity")),
        Column("opening", text("Opening stock"), Kind.MASS, paired=True),
        Column("closing", text("Closing stock"), Kind.MASS, paired=True),
        Column("change", text("Change: closing − opening"), Kind.MASS, paired=True),
    )
    return [
        Heading("stocks", text("Stocks"), text("Stocks")),
        TableBlock(STOCKS, "", columns, tuple(rows), empty=text("No stock was surveyed at both ends.")),
    ]


_STOCK_KINDS = {"stock": tr("lying"), "in_process": tr("within units"), "transit": tr("on the way")}


# ---- recoveries ------------------------------------------------------------------------------------------------------


def recoveries_part(given: PeriodBooks, text: Catalogue) -> list[Block]:
    """Direct and overall recovery with what they are made of: feeds, products, change of stocks."""
    columns = (
        Column("plant", text("Plant")),
        Column("component", text("Component")),
        Column("fed", text("In feeds"), Kind.MASS, digits=3),
        Column("made", text("In products"), Kind.MASS, digits=3),
        Column("stock", text("Stock change of the component"), Kind.MASS, digits=3),
        Column("direct", text("Direct"), Kind.FRACTION, paired=True),
        Column("overall", text("Overall"), Kind.FRACTION, paired=True),
    )
    known = {(row["plant"], row["component"], row["kind"]): row
             for row in given.results.recoveries.iter_rows(named=True)}  # fmt: skip
    pairs = sorted(dict.fromkeys((plant, component) for plant, component, _ in known), key=lambda pair: not pair[0])
    rows = [_recovery_row(given, plant, component, known, text) for plant, component in pairs]
    return [
        Heading("recovery", text("Recovery"), text("Recovery")),
        Paragraph(text(
            "Direct: what was dispatched over what came in. Overall: the stock change counts as product. "
            "The two differ by the stock change alone."
        )),
        TableBlock("recoveries", "", columns, tuple(rows), empty=text("No recovery is defined in the description.")),
    ]  # fmt: skip


def _recovery_row(
    given: PeriodBooks, plant: str, component: str, known: dict[tuple[str, str, str], dict[str, Any]], text: Catalogue
) -> Row:
    key, unknown = f"{plant}|{component}", text("unobservable")
    rule = recovery_rule(given.model, plant, component)
    sums = dict.fromkeys(("fed", "made", "stock"), Cell(word="–")) if rule is None else _sums(given, rule, component)
    fed, made, stock = (Ref("recoveries", key, one) for one in ("fed", "made", "stock"))
    above: dict[str, Expr] = {"direct": made, "overall": Calc("+", made, stock)}
    cells = {
        kind: measured(
            known.get((plant, component, kind), {}).get("recovery_frac"),
            known.get((plant, component, kind), {}).get("recovery_sd_frac"),
            Kind.FRACTION, word=unknown, formula=Calc("/", term, fed),
        )
        for kind, term in above.items()
    }  # fmt: skip
    named = {"plant": words(given.model.title(plant, text.lang)), "component": words(component)}
    return Row(key, {**named, **sums, **cells}, role_of(plant))


def _sums(given: PeriodBooks, rule: Recovery, component: str) -> dict[str, Cell]:
    """Component in feeds, in products, and laid down in stocks."""

    def there(names: tuple[str, ...], end: str = "") -> list[str]:
        balanced = dict.fromkeys(one + end if end else balanced_name(given.model, one) for one in names)
        return [one for one in balanced if not end or (one, component) in given.flows]

    change = Calc("-", *(mass_total(there(rule.stocks, end), component) for end in (CLOSING, OPENING)))
    return {
        "fed": Cell(formula=mass_total(there(rule.feeds), component)),
        "made": Cell(formula=mass_total(there(rule.products), component)),
        "stock": Cell(formula=change),
    }


# ---- the two balances ------------------------------------------------------------------------------------------------


def discrepancy_part(given: PeriodBooks, text: Catalogue) -> list[Block]:
    """Technological and commodity recovery, their discrepancy, and what the errors of the meters allow of it."""
    columns = (
        Column("plant", text("Plant")),
        Column("component", text("Component")),
        Column("technological", text("Technological recovery"), Kind.FRACTION, paired=True),
        Column("commodity", text("Commodity recovery"), Kind.FRACTION, paired=True),
        Column("difference", text("Discrepancy"), Kind.FRACTION, paired=True),
        Column("fed", text("In feeds"), Kind.MASS, digits=3),
        Column("difference_t", text("Discrepancy"), Kind.MASS, digits=3),
        Column("allowance", text("Allowance, 95 %"), Kind.MASS, digits=3),
        Column("verdict", text("Verdict")),
    )
    rows = [_discrepancy_row(given, row, text) for row in given.books.discrepancies.iter_rows(named=True)]
    return [
        Heading("discrepancy", text("Technological and commodity balance"), text("Discrepancy")),
        Paragraph(text(
            "Technological: by the feed and all assays, without weights of products. Commodity: by the weights and "
            "assays of products and stocks. What the errors of scales, moistures, samples and assays allow of their "
            "difference stands beside it."
        )),
        TableBlock("discrepancies", "", columns, tuple(rows), empty=text("No recovery is defined in the description.")),
    ]  # fmt: skip


def _discrepancy_row(given: PeriodBooks, row: dict[str, Any], text: Catalogue) -> Row:
    key, unknown = f"{row['plant']}|{row['component']}", text("unobservable")

    def ref(column: str) -> Ref:
        return Ref("discrepancies", key, column)

    said, tone = _JUDGED[row["status"]]
    apart = Calc("-", ref("technological"), ref("commodity"))
    cells = {
        name: measured(row[f"{name}_frac"], row[f"{name}_sd_frac"], Kind.FRACTION, word=unknown, formula=formula)
        for name, formula in (("technological", None), ("commodity", None), ("difference", apart))
    }
    in_tonnes = Calc("*", ref("difference"), ref("fed"))
    return Row(key, {
        "plant": words(given.model.title(row["plant"], text.lang)), "component": words(row["component"]), **cells,
        "fed": Cell(row["fed_t"], word=unknown),
        "difference_t": Cell(row["difference_t"], word=unknown, formula=in_tonnes),
        "allowance": Cell(row["allowance_t"], word=unknown),
        "verdict": Cell(text(said), tone=tone),  # type: ignore[arg-type]
    })  # fmt: skip


def unaccounted_part(given: PeriodBooks, text: Catalogue) -> list[Block]:
    """What the readings leave open, and which share of what came in that is."""
    model = given.model
    columns = (
        Column("plant", text("Plant")),
        Column("quantity", text("Quantity")),
        Column("mass", text("In − out − stock change"), Kind.MASS, paired=True),
        Column("came", text("Came in and lay there"), Kind.MASS, digits=3),
        Column("share", text("Share of it"), Kind.FRACTION, digits=3),
        Column("verdict", text("Verdict")),
    )
    rows = []
    table = given.results.unaccounted.sort(pl.col("plant") == "", maintain_order=True)
    for row in table.iter_rows(named=True):
        key = f"{row['plant']}|{row['component']}"
        share = Calc("/", Ref("unaccounted", key, "mass"), Ref("unaccounted", key, "came"))
        rows.append(Row(key, {
            "plant": words(model.title(row["plant"], text.lang)),
            "quantity": words(quantity_words(row["component"], text)),
            "mass": measured(row["mass_t"], row["mass_sd_t"], Kind.MASS, word=text("unobservable")),
            "came": Cell(formula=_came(given, row["plant"], row["component"]), word=text("unobservable")),
            "share": Cell(formula=share, word="–"), "verdict": verdict(row["mass_t"], row["mass_sd_t"], text),
        }, role_of(row["plant"])))  # fmt: skip
    return [
        Heading("unaccounted", text("Unaccounted metal"), text("Unaccounted")),
        Paragraph(text(
            "From the readings before the plant's own balance is imposed, so that it is a figure of its own and no sum "
            "of the reconciled masses, of which nothing is left open. Positive: more came in than was found."
        )),
        TableBlock("unaccounted", "", columns, tuple(rows)),
    ]  # fmt: skip


def _came(given: PeriodBooks, plant: str, component: str) -> Total:
    """What came into a plant, or into the chain, with what lay there at the beginning."""
    inside = {section.id for one in given.model.chain.plants if plant in ("", one.id) for section in one.sections}
    into = [
        one.id for one in topology(given.model).streams if one.target in inside and one.source not in inside
    ] + [one.id + OPENING for one in given.model.chain.stocks if one.section in inside]  # fmt: skip
    return mass_total([one for one in into if (one, component) in given.flows], component)
