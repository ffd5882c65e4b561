"""Plan against fact: to date, and day by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from zveno.model.chain import ChainModel
from zveno.quantities import convert, uom_of
from zveno.reports.charts import DayPoint, plan_fact_svg
from zveno.reports.document import Block, Calc, Cell, Column, Figure, Heading, Kind, Ref, Row, TableBlock, Total
from zveno.reports.parts.words import uom_words, words
from zveno.text.catalogue import Catalogue

_SUMMARY, _CONSUMPTION = "plan", "consumption"

Lines = Mapping[str, Sequence[Mapping[str, Any]]]


def plan_part(model: ChainModel, plan_fact: pl.DataFrame, text: Catalogue) -> list[Block]:
    """Lines of the plan to date, consumptions per tonne, a chart for each line, and the days behind them."""
    lines: Lines = {
        str(key[0]): group.sort("day").rows(named=True)
        for key, group in plan_fact.group_by("line", maintain_order=True)
    }
    return [
        Heading("plan", text("Plan against fact"), text("Plan")),
        _summary(model, lines, text),
        *_consumption(model, lines, text),
        *(_chart(model, line, rows, text) for line, rows in lines.items()),
        *(_days(model, line, rows, text) for line, rows in lines.items()),
    ]


def _chart(model: ChainModel, line: str, rows: Sequence[Mapping[str, Any]], text: Catalogue) -> Figure:
    """A line day by day."""
    title, uom = model.title(line, text.lang), uom_words(rows[0]["uom"], text)
    points = [_point(row) for row in rows]
    consumption = bool(_per(model, line))
    svg = plan_fact_svg(points, title=title, uom=uom, text=text, is_consumption=consumption)
    if consumption:
        return Figure(svg, text("{line} by day, {uom}: plan dashed; × no reading", line=title, uom=uom))
    caption = text(
        "{line} by day, {uom}: plan dashed; copper-coloured where the plan was met; × no reading",
        line=title,
        uom=uom,
    )
    return Figure(svg, caption)


def _per(model: ChainModel, line: str) -> str:
    """Plan line by whose tonnes a line is divided; empty for plain lines."""
    return next((one.per for one in model.chain.plans if one.id == line), "")


def _point(row: Mapping[str, Any]) -> DayPoint:
    """A day of the chart."""
    return DayPoint(row["day"], row["plan_day"], row["fact_day"], row["plan_to_date"], row["fact_to_date"])


def _digits(rows: Sequence[Mapping[str, Any]]) -> int:
    """Decimals for a line: four figures of its daily plan."""
    size = max(abs(row["plan_day"]) for row in rows)
    return 0 if size >= 1000 else 1 if size >= 100 else 2


def _summary(model: ChainModel, lines: Lines, text: Catalogue) -> TableBlock:
    """Each line on the last day of the data and since the month began."""
    day, month = text("Day"), text("Since the month began")
    return TableBlock(
        _SUMMARY,
        text("Plan to date"),
        (
            Column("line", text("Line of the plan")),
            Column("uom", text("Unit of measure")),
            Column("day", text("Last day"), Kind.DAY),
            Column("plan_day", text("Plan"), Kind.NUMBER, group=day),
            Column("fact_day", text("Fact"), Kind.NUMBER, group=day),
            Column("plan_to_date", text("Plan"), Kind.NUMBER, group=month),
            Column("fact_to_date", text("Fact"), Kind.NUMBER, group=month),
            Column("share", text("Fact of plan"), Kind.FRACTION, digits=1, group=month),
            Column("coverage", text("Time with readings"), Kind.FRACTION, digits=0),
        ),
        tuple(_line_row(model, line, rows, text) for line, rows in lines.items()),
        empty=text("The description holds no plan for this period."),
    )


def _line_row(model: ChainModel, line: str, rows: Sequence[Mapping[str, Any]], text: Catalogue) -> Row:
    """A line on the last day; its sums refer to the days."""
    last, digits, unknown = rows[-1], _digits(rows), text("no reading")
    share = Calc("/", Ref(_SUMMARY, line, "fact_to_date"), Ref(_SUMMARY, line, "plan_to_date"))
    cells = {
        "line": words(model.title(line, text.lang)),
        "uom": words(uom_words(last["uom"], text)),
        "day": Cell(last["day"]),
        "plan_day": Cell(last["plan_day"], digits=digits),
        "fact_day": Cell(last["fact_day"], digits=digits, word=unknown),
        "share": Cell(formula=share, digits=1, word="–"),
        "coverage": Cell(last["coverage_frac"], digits=0),
    }
    for to_date, daily in (("plan_to_date", "plan_day"), ("fact_to_date", "fact_day")):
        cells[to_date] = Cell(last[to_date], digits=digits, word=unknown, formula=_sum(line, rows, daily))
    return Row(line, cells)


def _consumption(model: ChainModel, lines: Lines, text: Catalogue) -> list[Block]:
    """What was used per tonne of another line, by plan and in fact; nothing where no line asks for it."""
    rows = tuple(_ratio_row(model, line, lines, text) for line in lines if _per(model, line) in lines)
    if not rows:
        return []
    table = TableBlock(
        _CONSUMPTION,
        text("Specific consumption since the month began"),
        (
            Column("line", text("Line of the plan")),
            Column("per", text("Per tonne of")),
            Column("uom", text("Unit of measure")),
            Column("plan", text("Plan"), Kind.NUMBER),
            Column("fact", text("Fact"), Kind.NUMBER),
            Column("share", text("Fact of plan"), Kind.FRACTION, digits=1),
        ),
        rows,
        notes=(text("Below 100 % is a saving."),),
    )
    return [table]


def _ratio_row(model: ChainModel, line: str, lines: Lines, text: Catalogue) -> Row:
    """One consumption, as a formula over the table above."""
    per = _per(model, line)
    uom, factor = _per_tonne(lines[line][0]["uom"], lines[per][0]["uom"])

    def ratio(column: str) -> Cell:
        used = Calc("/", Ref(_SUMMARY, line, column), Ref(_SUMMARY, per, column))
        return Cell(formula=Calc("*", used, factor) if factor != 1.0 else used, digits=2, word="–")

    share = Calc("/", Ref(_CONSUMPTION, line, "fact"), Ref(_CONSUMPTION, line, "plan"))
    return Row(
        line,
        {
            "line": words(model.title(line, text.lang)),
            "per": words(model.title(per, text.lang)),
            "uom": words(uom_words(uom, text)),
            "plan": ratio("plan_to_date"),
            "fact": ratio("fact_to_date"),
            "share": Cell(formula=share, digits=1, word="–"),
        },
    )


def _per_tonne(uom: str, per_uom: str) -> tuple[str, float]:
    """Unit of measure of a consumption and the factor into it: kWh/t and kg/t where that fits."""
    small = {"energy": "kWh", "mass": "kg"}.get(uom_of(uom).dimension)
    if small is None or uom_of(per_uom).dimension != "mass":
        return f"{uom}/{per_uom}", 1.0
    return f"{small}/t", convert(1.0, uom, small) / convert(1.0, per_uom, "t")


def _days_id(line: str) -> str:
    """Id of the table of a line's days."""
    return f"days.{line}"


def _sum(line: str, rows: Sequence[Mapping[str, Any]], column: str) -> Total:
    """Sum of a column of days over the days that have a value."""
    return Total(tuple(Ref(_days_id(line), _day_key(row["day"]), column) for row in rows if row[column] is not None))


def _day_key(day: date) -> str:
    """Row key of a day."""
    return day.isoformat()


def _days(model: ChainModel, line: str, rows: Sequence[Mapping[str, Any]], text: Catalogue) -> TableBlock:
    """Every day of a line; closed on the page until asked for."""
    here, digits = _days_id(line), _digits(rows)
    return TableBlock(
        here,
        text("{line}, {uom}: day by day", line=model.title(line, text.lang), uom=uom_words(rows[0]["uom"], text)),
        (
            Column("day", text("Day"), Kind.DAY),
            Column("plan_day", text("Plan"), Kind.NUMBER, group=text("Day")),
            Column("fact_day", text("Fact"), Kind.NUMBER, group=text("Day")),
            Column("plan_to_date", text("Plan"), Kind.NUMBER, group=text("Since the month began")),
            Column("fact_to_date", text("Fact"), Kind.NUMBER, group=text("Since the month began")),
            Column("share", text("Fact of plan"), Kind.FRACTION, digits=1, group=text("Since the month began")),
        ),
        tuple(_day_row(here, row, digits, text) for row in rows),
        folded=True,
    )


def _day_row(table: str, row: Mapping[str, Any], digits: int, text: Catalogue) -> Row:
    """One day of a line."""
    key = _day_key(row["day"])
    share = Calc("/", Ref(table, key, "fact_to_date"), Ref(table, key, "plan_to_date"))
    figures = ("plan_day", "fact_day", "plan_to_date", "fact_to_date")
    return Row(
        key,
        {
            "day": Cell(row["day"]),
            **{name: Cell(row[name], digits=digits, word=text("no reading")) for name in figures},
            "share": Cell(formula=share, digits=1, word="–"),
        },
    )
