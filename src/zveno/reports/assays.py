"""Quality of the assays of a period: precision from samples assayed twice, bias from standards, charts, blanks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from zveno.model.chain import ChainModel
from zveno.periods import Period
from zveno.reports.controlchart import ControlPoint, control_chart_svg
from zveno.reports.document import Block, Callout, Cell, Column, Figure, Heading, Kind, Paragraph, Row, TableBlock, Tone
from zveno.reports.instruments import document_of
from zveno.reports.month import period_words
from zveno.reports.parts.words import words
from zveno.reports.report import Report
from zveno.text.catalogue import Catalogue, catalogue
from zveno.text.mark import tr

VERDICTS = {
    "worse": tr("worse than described"), "within": tr("as described"), "not_described": tr("not described"),
    "too_few": tr("too few to tell"), "biased": tr("biased"), "contaminated": tr("contaminated"), "clean": tr("clean"),
    "": "–",
}  # fmt: skip
BIASES = {**VERDICTS, "within": tr("no bias to be seen")}
_TONES: Mapping[str, Tone] = {"worse": "bad", "biased": "bad", "contaminated": "bad"}
_RULES = tr(
    "Rules: 1_3s one assay beyond 3 standard deviations; 2_2s two in a row beyond 2 on one side; R_4s two in a row "
    "more than 2 on opposite sides; 4_1s four in a row beyond 1 on one side; 10_x ten in a row on one side of the "
    "centre."
)


def assay_report(
    model: ChainModel, period: Period, tables: Mapping[str, pl.DataFrame], lang: str, *, version: str
) -> Report:
    """The report as a page, workbook or document.

    Parameters
    ----------
    tables
        Tables ``assay_duplicates``, ``assay_precision``, ``assay_standards``, ``control_points``, ``assay_blanks``.
    """
    text = catalogue(lang)
    title = text("Quality of assays, {period}", period=period_words(period, text))
    blocks = [
        *_duplicates(model, tables["assay_duplicates"], tables["assay_precision"], text),
        *_standards(tables["assay_standards"], text),
        *_charts(model, tables["control_points"], text),
        *_blanks(tables["assay_blanks"], text),
    ]
    return Report(document_of(model, title, blocks, text, version), text)


def _duplicates(model: ChainModel, table: pl.DataFrame, precision: pl.DataFrame, text: Catalogue) -> Iterator[Block]:
    """Pairs by material and by range of content."""
    yield Heading("duplicates", text("Samples assayed twice"), text("Duplicates"))
    if table.is_empty():
        yield Paragraph(text("No sample was assayed twice."))
        return
    worse = table.filter(pl.col("verdict") == "worse")
    for row in worse.iter_rows(named=True):
        yield Callout(worse_words(model, row, text), "bad")
    if worse.is_empty():
        yield Callout(text("No material is assayed worse than the description says."), "good")
    yield TableBlock(
        "assay_duplicates", text("Precision by material"), _duplicate_columns(text),
        tuple(_duplicate(model, row, text) for row in table.iter_rows(named=True)),
        (
            text("From differences of first and control assay: the sampler's error is not in them. The chance is that "
                 "of differences as large from a laboratory as described, corrected for all materials (Holm)."),
            *(_precision(row, text) for row in precision.iter_rows(named=True)),
        ),
    )  # fmt: skip


def worse_words(model: ChainModel, row: Mapping[str, Any], text: Catalogue) -> str:
    """A material that is assayed worse than described, in a sentence."""
    return text(
        "{material}, {component}: the laboratory is worse than described: {sd} % of the value ({low} to {high}) "
        "instead of {claimed} %.",
        material=model.title(row["material"], text.lang), component=row["component"],
        sd=text.percent(row["sd_rel_frac"]), low=text.percent(row["sd_low_frac"]),
        high=text.percent(row["sd_high_frac"]), claimed=text.percent(row["claimed_sd_rel_frac"]),
    )  # fmt: skip


def _precision(row: Mapping[str, Any], text: Catalogue) -> str:
    return text(
        "{component}: standard deviation of an assay = √({floor}² + ({slope} % of the content)²), in points; {n} of "
        "{pairs} pairs differ by more than 99 of 100 would.",
        component=row["component"], floor=text.percent(row["floor_frac"], 4), slope=text.percent(row["slope_frac"]),
        n=row["unlikely"], pairs=row["pairs"],
    )  # fmt: skip


def _duplicate_columns(text: Catalogue) -> tuple[Column, ...]:
    return (
        Column("material", text("Material"), broad=True),
        Column("component", text("Component")),
        Column("low", text("from"), Kind.FRACTION, digits=3),
        Column("high", text("to"), Kind.FRACTION, digits=3),
        Column("pairs", text("Pairs"), Kind.COUNT),
        Column("sd", text("Standard deviation"), Kind.FRACTION),
        Column("sd_low", text("at least"), Kind.FRACTION),
        Column("sd_high", text("at most"), Kind.FRACTION),
        Column("robust", text("from the median"), Kind.FRACTION),
        Column("hard", text("HARD, 9 of 10"), Kind.FRACTION),
        Column("claimed", text("Described"), Kind.FRACTION),
        Column("chance", text("Chance"), Kind.NUMBER, digits=3),
        Column("verdict", text("Verdict")),
    )


def _duplicate(model: ChainModel, row: Mapping[str, Any], text: Catalogue) -> Row:
    name = model.title(row["material"], text.lang) if row["material"] else text("all materials")
    return Row(f"{row['material']}:{row['component']}:{row['low_frac']}", {
        "material": words(name), "component": words(row["component"]), "low": Cell(row["low_frac"], digits=3),
        "high": Cell(row["high_frac"], digits=3), "pairs": Cell(float(row["pairs"]), digits=0),
        "sd": Cell(row["sd_rel_frac"]), "sd_low": Cell(row["sd_low_frac"]), "sd_high": Cell(row["sd_high_frac"]),
        "robust": Cell(row["robust_sd_rel_frac"]), "hard": Cell(row["hard_p90_frac"]),
        "claimed": Cell(row["claimed_sd_rel_frac"]), "chance": Cell(row["p_value"], digits=3),
        "verdict": Cell(text(VERDICTS[row["verdict"]]), tone=_TONES.get(row["verdict"], "plain")),
    })  # fmt: skip


def _standards(table: pl.DataFrame, text: Catalogue) -> Iterator[Block]:
    """Bias of each standard."""
    if table.is_empty():
        return
    yield Heading("standards", text("Standard samples"), text("Standards"))
    columns = (
        Column("standard", text("Standard")),
        Column("laboratory", text("Laboratory")),
        Column("component", text("Component")),
        Column("assays", text("Assays"), Kind.COUNT),
        Column("certified", text("Certified"), Kind.FRACTION, digits=3),
        Column("mean", text("Mean"), Kind.FRACTION, digits=3),
        Column("sd", text("Scatter"), Kind.FRACTION, digits=3),
        Column("bias", text("Bias"), Kind.FRACTION, digits=3),
        Column("low", text("from"), Kind.FRACTION, digits=3),
        Column("high", text("to"), Kind.FRACTION, digits=3),
        Column("chance", text("Chance"), Kind.NUMBER, digits=3),
        Column("verdict", text("Verdict")),
    )
    rows = tuple(
        Row(str(k), {
            "standard": words(row["standard"]), "laboratory": words(row["laboratory"]),
            "component": words(row["component"]), "assays": Cell(float(row["assays"]), digits=0),
            "certified": Cell(row["certified_frac"], digits=3), "mean": Cell(row["mean_frac"], digits=3),
            "sd": Cell(row["sd_frac"], digits=3), "bias": Cell(row["bias_frac"], digits=3),
            "low": Cell(row["bias_low_frac"], digits=3), "high": Cell(row["bias_high_frac"], digits=3),
            "chance": Cell(row["p_value"], digits=3),
            "verdict": Cell(text(BIASES[row["verdict"]]), tone=_TONES.get(row["verdict"], "plain")),
        })
        for k, row in enumerate(table.iter_rows(named=True))
    )  # fmt: skip
    yield TableBlock("assay_standards", text("Bias of the laboratory"), columns, rows)


def _charts(model: ChainModel, points: pl.DataFrame, text: Catalogue) -> Iterator[Block]:
    """A chart for each standard, and the points that break a rule."""
    keys = ["standard", "laboratory", "component"]
    for key, part in points.group_by(keys, maintain_order=True):
        name = ", ".join(str(one) for one in key if one)
        title = text("Control chart: {standard}", standard=name)
        found = [
            ControlPoint(row["at"].astimezone(model.tz).date(), 100 * row["value_frac"], row["z"],
                         tuple(row["rules"].split()))
            for row in part.iter_rows(named=True)
        ]  # fmt: skip
        first = part.row(0, named=True)
        if first["sd_frac"] <= 0:
            continue
        drawn = control_chart_svg(
            found, centre=100 * first["centre_frac"], sd=100 * first["sd_frac"], title=title, text=text
        )
        yield Figure(drawn, f"{title}, %", wide=True)
    broken = points.filter(pl.col("rules") != "")
    if broken.height:
        yield _broken(model, broken, text)
    elif points.height:
        yield Paragraph(text("No assay of a standard breaks a rule."))
    if points.height:
        yield Paragraph(text(_RULES))


def _broken(model: ChainModel, broken: pl.DataFrame, text: Catalogue) -> TableBlock:
    columns = (
        Column("standard", text("Standard")),
        Column("at", text("Moment"), Kind.MOMENT),
        Column("value", text("Assay"), Kind.FRACTION, digits=3),
        Column("z", text("Standard deviations"), Kind.NUMBER),
        Column("rules", text("Rules broken")),
        Column("from", text("Read from"), broad=True),
    )
    rows = tuple(
        Row(str(k), {
            "standard": words(row["standard"]), "at": Cell(row["at"].astimezone(model.tz).replace(tzinfo=None)),
            "value": Cell(row["value_frac"], digits=3), "z": Cell(row["z"], digits=2),
            "rules": Cell(row["rules"], tone="bad"), "from": words(f"{row['file']}, {row['sheet']}, {row['cell']}"),
        })
        for k, row in enumerate(broken.iter_rows(named=True))
    )  # fmt: skip
    return TableBlock("broken_rules", text("Assays of standards that break a rule"), columns, rows)


def _blanks(table: pl.DataFrame, text: Catalogue) -> Iterator[Block]:
    """Blanks, where there are any."""
    if table.is_empty():
        return
    yield Heading("blanks", text("Blank samples"), text("Blanks"))
    columns = (
        Column("point", text("Sample")), Column("component", text("Component")),
        Column("value", text("Assay"), Kind.FRACTION, digits=4),
        Column("limit", text("Limit"), Kind.FRACTION, digits=4),
        Column("verdict", text("Verdict")), Column("from", text("Read from"), broad=True),
    )  # fmt: skip
    rows = tuple(
        Row(str(k), {
            "point": words(row["point"]), "component": words(row["component"]),
            "value": Cell(row["value_frac"], digits=4), "limit": Cell(row["limit_frac"], digits=4),
            "verdict": Cell(text(VERDICTS[row["verdict"]]), tone=_TONES.get(row["verdict"], "plain")),
            "from": words(f"{row['file']}, {row['sheet']}, {row['cell']}"),
        })
        for k, row in enumerate(table.iter_rows(named=True))
    )  # fmt: skip
    yield TableBlock("assay_blanks", text("Blank samples"), columns, rows)
