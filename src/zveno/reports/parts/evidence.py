"""What the figures rest on: readings and adjustments, suspects, gaps, cells that were not read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from zveno.model.chain import ChainModel
from zveno.reconcile import BOUND_CONFLICT
from zveno.reports.charts import Bar, z_bars_svg
from zveno.reports.document import (
    SCALE,
    UOM_OF_KIND,
    Block,
    Calc,
    Callout,
    Cell,
    Column,
    Figure,
    Heading,
    Kind,
    Paragraph,
    Ref,
    Row,
    TableBlock,
    digits_for,
    measured,
)
from zveno.reports.parts.words import LARGE_Z, quantity_kind, quantity_words, title_or_dash, words
from zveno.reports.streams import stream_title
from zveno.text.catalogue import Catalogue
from zveno.text.mark import tr

# ---- readings ------------------------------------------------------------------------------------------

_MANY = 6


def readings_part(model: ChainModel, adjustments: pl.DataFrame, suspects: pl.DataFrame, text: Catalogue) -> list[Block]:
    """Each reading beside its reconciled value, and a picture of the adjustments."""
    suspected = {(row["meter"], row["quantity"]) for row in suspects.iter_rows(named=True)}
    rows = adjustments.rows(named=True)
    table = TableBlock(
        "adjustments",
        text("Readings and adjustments"),
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
        tuple(
            _adjustment_row(model, k, row, text, suspect=(row["meter"], row["quantity"]) in suspected)
            for k, row in enumerate(rows)
        ),
        notes=(
            text("Adjustment = reconciled − as read. z = as read − reconciled, over its own standard deviation."),
            text("Not checked by others: the balances say nothing about this reading, so it was not changed."),
        ),
        empty=text("There are no readings in this period."),
    )
    bars = [_bar(model, row, text) for row in rows if row["z"] is not None]
    caption = text("Readings less their reconciled values, in standard deviations: right of zero reads high")
    figures = [Figure(z_bars_svg(bars, text), caption)] if bars else []
    return [
        Heading("readings", text("Readings and adjustments"), text("Readings")),
        *figures,
        table,
    ]


def _bar(model: ChainModel, row: dict[str, Any], text: Catalogue) -> Bar:
    """One bar of the picture."""
    quantity = quantity_words(row["quantity"], text)
    return Bar(f"{title_or_dash(model, row['meter'], text)} · {quantity}", row["z"])


def _adjustment_row(model: ChainModel, k: int, row: dict[str, Any], text: Catalogue, *, suspect: bool) -> Row:
    """A reading, its reconciled value and what is to be said of it."""
    key = str(k)
    kind = quantity_kind(row["quantity"], row["reading"])
    reading = measured(row["reading"], row["sd"], kind)
    formula = Calc("-", Ref("adjustments", key, "reconciled"), Ref("adjustments", key, "reading"))
    mark, tone = _mark(row, suspect=suspect)
    return Row(
        key,
        {
            "meter": words(title_or_dash(model, row["meter"], text)),
            "stream": words(stream_title(model, row["stream"], text)),
            "quantity": words(quantity_words(row["quantity"], text)),
            "uom": words(text(UOM_OF_KIND[kind])),
            "reading": reading,
            "reconciled": measured(row["reconciled"], row["reconciled_sd"], kind, word=text("unobservable")),
            "adjustment": Cell(formula=formula, kind=kind, digits=reading.digits),
            "z": Cell(row["z"], digits=2, word="–"),
            "mark": Cell(text(mark), tone=tone),
        },
    )


def _mark(row: dict[str, Any], *, suspect: bool) -> tuple[str, Any]:
    """Mark of a reading and its tone."""
    if suspect:
        return tr("suspect"), "bad"
    if row["status"] == "censored":
        return tr("below the limit given"), "muted"
    if row["z"] is None:
        return tr("not checked by others"), "muted"
    if abs(row["z"]) >= LARGE_Z:
        return tr("large"), "warn"
    return "", "plain"


# ---- suspects ------------------------------------------------------------------------------------------


def suspects_part(
    model: ChainModel,
    adjustments: pl.DataFrame,
    suspects: pl.DataFrame,
    separating: Sequence[tuple[str, str]],
    text: Catalogue,
) -> list[Block]:
    """Suspects by class: what can't be told apart is named together, with the check that would separate it."""
    heading = Heading("suspects", text("Suspect readings"), text("Suspects"))
    classes = [group for _, group in suspects.group_by("class_id", maintain_order=True)]
    if not classes:
        return [heading, Callout(text("No reading is suspect: all fit together within their errors."), "good")]
    found: list[Block] = [heading]
    tested = adjustments["z"].is_not_null().sum()
    if len(classes) >= _MANY and suspects.height > tested / 3:
        found.append(Callout(_many_words(suspects.height, int(tested), text), "bad"))
        classes = [one for one in classes if one.height > 1]
    found.extend(Callout(_class_words(model, one, text), "bad" if one.height == 1 else "warn") for one in classes)
    if separating and any(one.height > 1 for one in classes):
        places = ", ".join(
            f"{stream_title(model, stream, text)} ({quantity_words(quantity, text)})" for stream, quantity in separating
        )
        found.append(Paragraph(text("To separate them measure: {places}.", places=places)))
    return [*found, _suspects_table(model, suspects, text)]


def _many_words(n: int, tested: int, text: Catalogue) -> str:
    """So many suspects that no single meter explains them."""
    return text(
        "{n} of {tested} readings that can be checked do not fit. So many at once point to the description rather "
        "than to single meters: a stream that is not described, samples that are not of one time, or errors stated "
        "too small.",
        n=n,
        tested=tested,
    )


def _class_words(model: ChainModel, group: pl.DataFrame, text: Catalogue) -> str:
    """A class in a sentence."""
    names = [
        f"{title_or_dash(model, row['meter'], text)} ({quantity_words(row['quantity'], text)})"
        for row in group.iter_rows(named=True)
    ]
    number = group["class_id"][0]
    if len(names) == 1:
        return text("Class {number}: {meter} does not fit the rest of the data.", number=number, meter=names[0])
    return text(
        "Class {number}: these readings cannot be told apart by these data; one of them is wrong: {meters}.",
        number=number,
        meters=", ".join(names),
    )


def _suspects_table(model: ChainModel, suspects: pl.DataFrame, text: Catalogue) -> TableBlock:
    """Suspects with the size of the error that each would have to have."""
    return TableBlock(
        "suspects",
        text("Size of the error, if this reading alone is wrong"),
        (
            Column("class", text("Class"), Kind.COUNT, digits=0),
            Column("meter", text("Meter"), broad=True),
            Column("stream", text("Stream"), broad=True),
            Column("quantity", text("Quantity")),
            Column("z", "z", Kind.NUMBER),
            Column("bias", text("Error"), Kind.NUMBER),
            Column("uom", text("Unit of measure")),
            Column("relative", text("Error relative to the reading"), Kind.FRACTION),
            Column("says", text("In words")),
        ),
        tuple(_suspect_row(model, k, row, text) for k, row in enumerate(suspects.iter_rows(named=True))),
    )


def _suspect_row(model: ChainModel, k: int, row: dict[str, Any], text: Catalogue) -> Row:
    """One suspect; its error keeps three digits."""
    bias, relative = row["bias"], row["bias_rel_frac"]
    kind = quantity_kind(row["quantity"], bias / relative if bias and relative else None)
    digits = digits_for(abs(bias or 0.0) * SCALE.get(kind, 1.0) / 20, 2)
    says = "" if not bias else text("reads too high") if bias > 0 else text("reads too low")
    return Row(
        str(k),
        {
            "class": Cell(row["class_id"], digits=0),
            "meter": words(title_or_dash(model, row["meter"], text)),
            "stream": words(stream_title(model, row["stream"], text)),
            "quantity": words(quantity_words(row["quantity"], text)),
            "z": Cell(row["z"], digits=2, word="–"),
            "bias": Cell(bias, digits=digits, kind=kind, word="–"),
            "uom": words(text(UOM_OF_KIND[kind])),
            "relative": Cell(relative, digits=1, word="–"),
            "says": words(says),
        },
    )


def eliminations_part(model: ChainModel, eliminations: pl.DataFrame, text: Catalogue) -> list[Block]:
    """What is left to disagree when the loudest readings are set aside one after another."""
    steps = [group for _, group in eliminations.group_by("step", maintain_order=True)]
    if not steps:
        return []
    rows = []
    for group in steps:
        first = group.row(0, named=True)
        names = ", ".join(
            f"{title_or_dash(model, row['meter'], text)} ({quantity_words(row['quantity'], text)})"
            for row in group.iter_rows(named=True)
        )
        cells = {
            "step": Cell(first["step"], digits=0),
            "meters": words(names),
            "objective": Cell(first["objective"], digits=1),
            "dof": Cell(first["dof"], digits=0),
            "p": Cell(first["p_value"], digits=4, word=text("nothing left to test")),
        }
        rows.append(Row(str(first["step"]), cells))
    return [
        TableBlock(
            "eliminations",
            text("Set aside one class after another, the loudest first"),
            (
                Column("step", text("Step"), Kind.COUNT, digits=0),
                Column("meters", text("Set aside"), broad=True),
                Column("objective", text("Misfit of the rest"), Kind.NUMBER, digits=1),
                Column("dof", text("Surplus readings left"), Kind.COUNT, digits=0),
                Column("p", "p", Kind.NUMBER, digits=4),
            ),
            tuple(rows),
            notes=(text("A search only: every figure of this report uses all readings."),),
            folded=len(rows) > _MANY,
        )
    ]


# ---- gaps and rejected cells ----------------------------------------------------------------------------


def gaps_part(model: ChainModel, gaps: pl.DataFrame, rejected: pl.DataFrame, text: Catalogue) -> list[Block]:
    """Readings that did not come, and cells that could not be read."""
    missing = TableBlock(
        "gaps",
        text("Missing readings"),
        (
            Column("meter", text("Meter"), broad=True),
            Column("quantity", text("Quantity")),
            Column("expected", text("Expected"), Kind.COUNT, digits=0),
            Column("present", text("Present"), Kind.COUNT, digits=0),
            Column("share", text("Share present"), Kind.FRACTION, digits=1),
            Column("treatment", text("What was done")),
        ),
        tuple(_gap_row(model, k, row, text) for k, row in enumerate(gaps.iter_rows(named=True))),
        empty=text("No reading is missing."),
    )
    unread = TableBlock(
        "rejected",
        text("Rejected cells"),
        (
            Column("file", text("File")),
            Column("sheet", text("Sheet")),
            Column("cell", text("Cell")),
            Column("text", text("What stands there")),
            Column("reason", text("Why it was not read")),
        ),
        tuple(
            Row(
                str(k),
                {
                    **{key: words(row[key] or "") for key in ("file", "sheet", "cell", "text")},
                    "reason": words(text.retold(row["reason"])),
                },
            )
            for k, row in enumerate(rejected.iter_rows(named=True))
        ),
        empty=text("Every cell was read."),
    )
    return [Heading("gaps", text("Gaps in the data"), text("Gaps")), missing, unread]


def _gap_row(model: ChainModel, k: int, row: dict[str, Any], text: Catalogue) -> Row:
    """One meter's missing readings."""
    key = str(k)
    return Row(
        key,
        {
            "meter": words(model.title(row["meter"], text.lang)),
            "quantity": words(quantity_words(row["quantity"], text)),
            "expected": Cell(row["expected"], digits=0),
            "present": Cell(row["present"], digits=0),
            "share": Cell(formula=Calc("/", Ref("gaps", key, "present"), Ref("gaps", key, "expected")), digits=1),
            "treatment": words(text(row["treatment"], **row)),
        },
    )


def fit_paragraph(objective: float, dof: int, p_value: float | None, text: Catalogue) -> list[Block]:
    """How well the readings fit together, in a sentence."""
    if (not dof or p_value is None) and objective > BOUND_CONFLICT:
        sentence = text(
            "the readings would need a negative flow or stock: misfit {objective}", objective=text.number(objective, 1)
        )
        return [Callout(sentence[:1].upper() + sentence[1:], "warn")]
    if not dof or p_value is None:
        return [Paragraph(text("There are no more readings than needed, so none can be checked by the others."))]
    least = 1e-3
    said = text.number(p_value, 3) if p_value >= least else text("below {limit}", limit=text.number(least, 3))
    fields = {"objective": text.number(objective, 1), "dof": dof, "p": said}
    if p_value >= 0.05:
        return [
            Callout(
                text("The readings fit together: misfit {objective} for {dof} surplus readings, p {p}.", **fields),
                "good",
            )
        ]
    return [
        Callout(
            text(
                "The readings do not fit together: misfit {objective} for {dof} surplus readings, p {p}. "
                "At least one is worse than its stated error, and the ± of this report do not cover that.",
                **fields,
            ),
            "warn",
        )
    ]
