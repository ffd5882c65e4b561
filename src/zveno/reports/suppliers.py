"""Suppliers' assays against ours: who is biased, with which sampler, and what it is worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from zveno.model.chain import ChainModel
from zveno.reports.document import Block, Callout, Cell, Column, Heading, Kind, Row, TableBlock, Tone
from zveno.reports.instruments import document_of
from zveno.reports.parts.words import words
from zveno.reports.report import Report
from zveno.text.catalogue import Catalogue, catalogue
from zveno.text.mark import tr

KINDS = {
    "all": tr("all lots"),
    "supplier": tr("supplier"),
    "sampler": tr("sampler"),
    "pair": tr("supplier and sampler"),
}
SUPPLIER_VERDICTS = {
    "biased": tr("biased"), "explained": tr("explained by what is named"), "clean": tr("no bias to be seen"),
    "too_few": tr("too few to tell"), "common": tr("in common to all"),
}  # fmt: skip
_TONES: Mapping[str, Tone] = {"biased": "bad", "common": "warn"}


def supplier_report(model: ChainModel, table: pl.DataFrame, name: str, lang: str, *, version: str) -> Report:
    """The report as a page, workbook or document; ``name`` is that of the file the lots come from."""
    text = catalogue(lang)
    blocks: list[Block] = [Heading("suppliers", text("Suppliers' assays against ours"), text("Suppliers"))]
    named = table.filter(pl.col("verdict") == "biased")
    blocks += [Callout(biased_words(row, text), "bad") for row in named.iter_rows(named=True)]
    if named.is_empty():
        blocks.append(
            Callout(text("No supplier, sampler or pair of both is biased beyond what chance allows."), "good")
        )
    blocks.append(_table(table, text))
    title = text("Suppliers' assays against ours: {name}", name=name)
    return Report(document_of(model, title, blocks, text, version), text)


def biased_words(row: Mapping[str, Any], text: Catalogue) -> str:
    """Who is biased and by how much, in a sentence or two."""
    fields = {
        "supplier": row["supplier"], "sampler": row["sampler"], "component": row["component"], "lots": row["lots"],
        "bias": _signed(row["bias_rel_frac"], text), "low": _signed(row["bias_low_frac"], text),
        "high": _signed(row["bias_high_frac"], text),
    }  # fmt: skip
    if row["kind"] == "pair":
        said = text(
            "{supplier} when {sampler} samples: {component} {bias} % against ours ({low} to {high}), {lots} lots.",
            **fields,
        )
    elif row["kind"] == "supplier":
        said = text("{supplier}: {component} {bias} % against ours ({low} to {high}), {lots} lots.", **fields)
    else:
        said = text("{sampler} samples: {component} {bias} % against ours ({low} to {high}), {lots} lots.", **fields)
    if row["content_t"] is not None:
        said += " " + text(
            "That is {metal} t of metal ({low} to {high}).", metal=text.number(row["content_t"], 1),
            low=text.number(row["content_low_t"], 1), high=text.number(row["content_high_t"], 1),
        )  # fmt: skip
    if row["umpired"]:
        said += " " + text(
            "Against the umpire ({n} of the lots): theirs {theirs} %, ours {ours} %.", n=row["umpired"],
            theirs=_signed(row["theirs_to_umpire_frac"], text), ours=_signed(row["ours_to_umpire_frac"], text),
        )  # fmt: skip
    if row["instead"]:
        said += " " + text("The same lots, not to be told apart: {instead}.", instead=row["instead"])
    return said


def _signed(share: float, text: Catalogue) -> str:
    return f"{'+' if share > 0 else ''}{text.percent(share)}"


def _table(table: pl.DataFrame, text: Catalogue) -> TableBlock:
    """Everything that was compared."""
    columns = (
        Column("kind", text("Compared")),
        Column("supplier", text("Supplier")),
        Column("sampler", text("Sampler")),
        Column("component", text("Component")),
        Column("lots", text("Lots"), Kind.COUNT),
        Column("bias", text("Bias"), Kind.FRACTION),
        Column("low", text("from"), Kind.FRACTION),
        Column("high", text("to"), Kind.FRACTION),
        Column("chance", text("Chance"), Kind.NUMBER, digits=4),
        Column("metal", text("Metal"), Kind.MASS),
        Column("verdict", text("Verdict")),
    )
    rows = tuple(
        Row(str(k), {
            "kind": words(text(KINDS[row["kind"]])), "supplier": words(row["supplier"]),
            "sampler": words(row["sampler"]), "component": words(row["component"]),
            "lots": Cell(float(row["lots"]), digits=0),
            "bias": Cell(row["bias_rel_frac"]), "low": Cell(row["bias_low_frac"]), "high": Cell(row["bias_high_frac"]),
            "chance": Cell(row["p_holm"], digits=4), "metal": Cell(row["content_t"], digits=1),
            "verdict": Cell(text(SUPPLIER_VERDICTS[row["verdict"]]), tone=_TONES.get(row["verdict"], "plain")),
        })
        for k, row in enumerate(table.iter_rows(named=True))
    )  # fmt: skip
    note = text(
        "By how much the supplier's assay is above ours, beyond what all lots have in common; the first line is that. "
        "The chance is corrected for all that is compared (Holm)."
    )
    return TableBlock("supplier_biases", text("All that was compared"), columns, rows, (note,))
