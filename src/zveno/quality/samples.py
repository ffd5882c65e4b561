"""Quality samples of the laboratory among the imported cells: control assays beside first ones, standards, blanks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from zveno.periods import Period
from zveno.quality.overdue import days_of
from zveno.quantities import convert

DUPLICATE, STANDARD, BLANK = "qc_duplicate", "qc_standard", "qc_blank"
GRADE = "grade_"
_STANDARD = re.compile(r"^lab\.(?:(?P<laboratory>.+)\.)?crm\.(?P<standard>.+)$")


@dataclass(frozen=True)
class Place:
    """Where a value was read."""

    file: str
    sheet: str
    cell: str


@dataclass(frozen=True)
class Pair:
    """A sample assayed twice: first in the run of work, then for control; mass fractions."""

    material: str
    component: str
    at: datetime
    first_frac: float
    control_frac: float
    place: Place


@dataclass(frozen=True)
class Assay:
    """An assay of a standard or blank; ``below`` where the value is a limit that it is below."""

    sample: str
    laboratory: str
    component: str
    at: datetime
    value_frac: float
    below: bool
    place: Place


def grades_of(cells: pl.DataFrame, period: Period) -> pl.DataFrame:
    """Imported assays of a period: rows of ``mapped_cells`` whose quantity is ``grade_COMPONENT``.

    A cell with a report day is of the period if that day is: a report day may begin the evening before.
    """
    start, end = period.instants
    first, after = days_of(period)
    day = pl.col("day")
    within = pl.when(day.is_null()).then((pl.col("start") >= start) & (pl.col("start") < end))
    return cells.filter(
        pl.col("status") == "imported", pl.col("quantity").str.starts_with(GRADE), pl.col("value").is_not_null(),
        within.otherwise((day >= first) & (day < after)),
    ).sort("start", "file", "sheet", "cell")  # fmt: skip


def pairs_of(cells: pl.DataFrame, period: Period) -> list[Pair]:
    """Samples that were assayed for control, each with the first assay of the same place, component and time.

    A control assay whose first one is missing or only a limit makes no pair.
    """
    grades = grades_of(cells, period)
    firsts: dict[tuple[Any, ...], float] = {}
    for row in grades.iter_rows(named=True):
        if not set(row["qualifier"].split()) & {DUPLICATE, STANDARD, BLANK, "lt"}:
            firsts[_key(row)] = _fraction(row)
    return [
        Pair(row["point"], _component(row), row["start"], firsts[_key(row)], _fraction(row), _place(row))
        for row in grades.iter_rows(named=True)
        if DUPLICATE in row["qualifier"] and "lt" not in row["qualifier"].split() and _key(row) in firsts
    ]


def standards_of(cells: pl.DataFrame, period: Period) -> list[Assay]:
    """Assays of standards in the order of time; their points are ``lab.crm.ID`` or ``lab.LABORATORY.crm.ID``."""
    return list(_assays(grades_of(cells, period), STANDARD))


def blanks_of(cells: pl.DataFrame, period: Period) -> list[Assay]:
    """Assays of blanks in the order of time."""
    return list(_assays(grades_of(cells, period), BLANK))


def _assays(grades: pl.DataFrame, mark: str) -> Iterator[Assay]:
    for row in grades.filter(pl.col("qualifier").str.contains(mark, literal=True)).iter_rows(named=True):
        named = _STANDARD.match(row["point"])
        sample, laboratory = (named["standard"], named["laboratory"] or "") if named else (row["point"], "")
        below = "lt" in row["qualifier"].split()
        yield Assay(sample, laboratory, _component(row), row["start"], _fraction(row), below, _place(row))


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["point"], row["quantity"], row["start"], row["end"]


def _component(row: Mapping[str, Any]) -> str:
    return str(row["quantity"]).removeprefix(GRADE)


def _fraction(row: Mapping[str, Any]) -> float:
    return convert(float(row["value"]), row["uom"], "frac")


def _place(row: Mapping[str, Any]) -> Place:
    return Place(row["file"], row["sheet"], row["cell"])
