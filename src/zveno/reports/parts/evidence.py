"""What the figures rest on: suspects, gaps, cells that were not read, what nobody measures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import polars as pl

from zveno.model.chain import ChainModel
from zveno.model.record import Titles
from zveno.reconcile import BOUND_CONFLICT
from zveno.reports.document import (
    SCALE,
    UOM_OF_KIND,
    Block,
    Calc,
    Callout,
    Cell,
    Column,
    Heading,
    Kind,
    Paragraph,
    Ref,
    Row,
    TableBlock,
    digits_for,
)
from zveno.reports.parts.detectable import detectable_table
from zveno.reports.parts.index import BalanceIndex
from zveno.reports.parts.suspected import suspect_name
from zveno.reports.parts.words import measured_words, quantity_kind, title_or_dash, words
from zveno.reports.streams import stream_title
from zveno.tables.figure import row_address
from zveno.text.catalogue import Catalogue, title_in
from zveno.text.mark import tr

_MANY = 6
_MANY_GAPS = 12
ACTION_WORDS = {
    "set aside": tr("set aside"),
    "taken back": tr("taken back"),
    "not solved": tr("no balance without it"),
    "screened out": tr("left out by the robust screen"),
}

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
        clear = Callout(text("No reading is suspect: all fit together within their errors."), "good")
        return [heading, clear, *detectable_table(model, adjustments, text)]
    found: list[Block] = [heading]
    tested = adjustments["z"].is_not_null().sum()
    if len(classes) >= _MANY and suspects.height > tested / 3:
        found.append(Callout(_many_words(suspects.height, int(tested), text), "bad"))
        classes = [one for one in classes if one.height > 1]
    found.extend(Callout(_class_words(model, one, text), "bad" if one.height == 1 else "warn") for one in classes)
    if separating and any(one.height > 1 for one in classes):
        places = ", ".join(
            f"{stream_title(model, stream, text)} ({measured_words(model, stream, quantity, text)})"
            for stream, quantity in separating
        )
        found.append(Paragraph(text("To separate them measure: {places}.", places=places)))
    return [*found, _suspects_table(model, suspects, text), *detectable_table(model, adjustments, text)]


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
    """A class in a sentence, and losses that would look the same in another."""
    rows = group.rows(named=True)
    names = [suspect_name(model, row, text) for row in rows if row["kind"] != "loss"]
    losses = [suspect_name(model, row, text) for row in rows if row["kind"] == "loss"]
    number = group["class_id"][0]
    if not names:
        return text("Class {number}: {losses} would explain the data.", number=number, losses="; ".join(losses))
    if len(names) == 1:
        said = text("Class {number}: {meter} does not fit the rest of the data.", number=number, meter=names[0])
    else:
        said = text(
            "Class {number}: these readings cannot be told apart by these data; one of them is wrong: {meters}.",
            number=number,
            meters=", ".join(names),
        )
    return f"{said} {text('It would look the same: {losses}.', losses='; '.join(losses))}" if losses else said


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
    bias, relative, lost = row["bias"], row["bias_rel_frac"], row["kind"] == "loss"
    kind = Kind.MASS if lost else quantity_kind(row["quantity"], bias / relative if bias and relative else None)
    digits = digits_for(abs(bias or 0.0) * SCALE.get(kind, 1.0) / 20, 2)
    size = relative if bias is None else bias
    says = "" if not size or lost else text("reads too high") if size > 0 else text("reads too low")
    meter, stream, quantity = _suspect_place(model, row, text)
    share = "" if lost else row_address("suspects", row, "bias_rel_frac")
    return Row(
        str(k),
        {
            "class": Cell(row["class_id"], digits=0),
            "meter": words(meter),
            "stream": words(stream),
            "quantity": words(quantity),
            "z": Cell(row["z"], digits=2, word="–", address=row_address("suspects", row, "z")),
            "bias": Cell(bias, digits=digits, kind=kind, word="–", address=row_address("suspects", row, "bias")),
            "uom": words(text(UOM_OF_KIND[kind])),
            "relative": Cell(relative, digits=1, word="–", address=share),
            "says": words(says),
        },
    )


def _suspect_place(model: ChainModel, row: dict[str, Any], text: Catalogue) -> tuple[str, str, str]:
    """Meter, stream and quantity of a suspect in words; what several readings share stands with the meters."""
    quantity = measured_words(model, row["stream"], row["quantity"], text) if row["quantity"] else "–"
    if row["kind"] == "reading":
        return title_or_dash(model, row["meter"], text), stream_title(model, row["stream"], text), quantity
    place = model.title(row["stream"], text.lang) if row["kind"] == "loss" else "–"
    return suspect_name(model, row, text), place, quantity


def eliminations_part(model: ChainModel, eliminations: pl.DataFrame, text: Catalogue) -> list[Block]:
    """What is left to disagree when the loudest readings are set aside one after another."""
    steps = [group for _, group in eliminations.group_by("step", maintain_order=True)]
    if not steps:
        return []
    rows = []
    for group in steps:
        first = group.row(0, named=True)
        names = ", ".join(suspect_name(model, row, text) for row in group.iter_rows(named=True))
        cells = {
            "step": Cell(first["step"], digits=0),
            "action": words(text(ACTION_WORDS[first["action"]])),
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
                Column("action", text("What was done")),
                Column("meters", text("Class"), broad=True),
                Column("objective", text("Misfit of the rest"), Kind.NUMBER, digits=1),
                Column("dof", text("Surplus readings left"), Kind.COUNT, digits=0),
                Column("p", "p", Kind.NUMBER, digits=4),
            ),
            tuple(rows),
            notes=(_search_words(eliminations, text),),
            folded=len(rows) > _MANY,
        )
    ]


def _search_words(eliminations: pl.DataFrame, text: Catalogue) -> str:
    """Whether figures do without what was set aside."""
    if (eliminations["action"] == "screened out").any():
        return text("Figures of this report do without what the robust screen left out; the rest is a search only.")
    return text("A search only: every figure of this report uses all readings.")


# ---- gaps and rejected cells ----------------------------------------------------------------------------


def gaps_part(
    index: BalanceIndex, gaps: pl.DataFrame, rejected: pl.DataFrame, text: Catalogue, plant: str = ""
) -> list[Block]:
    """Readings that did not come, cells that could not be read, and what nobody measures."""
    model = index.model
    return [
        Heading("gaps", text("Gaps in the data"), text("Gaps")),
        _missing(index, gaps, text, plant),
        _unread(rejected, text),
        *(_unmeasured_briefly(model, text) if plant else _unmeasured(model, text)),
    ]


def _missing(index: BalanceIndex, gaps: pl.DataFrame, text: Catalogue, plant: str) -> TableBlock:
    """Missing readings; those of several plants by plant, and folded where they are many."""
    model, by_plant = index.model, defaultdict(list)
    for k, row in enumerate(gaps.iter_rows(named=True)):
        by_plant[index.home(_read_by(model, row["meter"]))].append(_gap_row(model, k, row, text))
    rows: list[Row] = []
    for one in (*index.streams, ""):
        if by_plant[one] and not plant and len(index.streams) > 1:
            rows.append(Row(f"head.{one}", {"meter": words(model.title(one, text.lang))}, "head"))
        rows.extend(by_plant[one])
    return TableBlock(
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
        tuple(rows),
        empty=text("No reading is missing."),
        folded=gaps.height > _MANY_GAPS,
    )


def _read_by(model: ChainModel, meter: str) -> str:
    """Stream or stock that a meter reads; a stock without a survey stands for itself."""
    return next((one.stream for one in model.chain.meters if one.id == meter), meter)


def _unread(rejected: pl.DataFrame, text: Catalogue) -> TableBlock:
    """Cells that could not be read."""
    return TableBlock(
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


def _unmeasured(model: ChainModel, text: Catalogue) -> list[Block]:
    """What nobody measures, and why; nothing where the description names nothing."""
    if not model.chain.not_measured:
        return []
    return [
        TableBlock(
            "not_measured",
            text("What nobody measures, and why"),
            (Column("what", text("What is not measured"), broad=True), Column("why", text("Why"), broad=True)),
            tuple(
                Row(str(k), {"what": words(_said(one.what, text)), "why": words(_said(one.why, text))})
                for k, one in enumerate(model.chain.not_measured)
            ),
        )
    ]


def _unmeasured_briefly(model: ChainModel, text: Catalogue) -> list[Block]:
    """The same in a sentence, on the page of one link."""
    if not model.chain.not_measured:
        return []
    names = "; ".join(_said(one.what, text) for one in model.chain.not_measured)
    return [Paragraph(text("What nobody measures in the chain (why: see the chain's report): {names}.", names=names))]


def _said(titles: Titles, text: Catalogue) -> str:
    """Words of the description in the reader's language."""
    return title_in({str(key): value for key, value in titles.items()}, text.lang, "")


def _gap_row(model: ChainModel, k: int, row: dict[str, Any], text: Catalogue) -> Row:
    """One meter's missing readings."""
    key = str(k)
    return Row(
        key,
        {
            "meter": words(model.title(row["meter"], text.lang)),
            "quantity": words(measured_words(model, _read_by(model, row["meter"]), row["quantity"], text)),
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
