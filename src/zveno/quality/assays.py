"""Quality of the assays of a period: all its tables at once."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from zveno.model.chain import ChainModel
from zveno.periods import Period
from zveno.quality.duplicates import duplicate_table, precision_table
from zveno.quality.samples import blanks_of, pairs_of, standards_of
from zveno.quality.standards import blank_table, charts_of, point_table, standard_table


@dataclass(frozen=True)
class AssayQuality:
    """Tables ``assay_duplicates``, ``assay_precision``, ``assay_standards``, ``control_points``, ``assay_blanks``."""

    period: Period
    duplicates: pl.DataFrame
    precision: pl.DataFrame
    standards: pl.DataFrame
    points: pl.DataFrame
    blanks: pl.DataFrame

    def tables(self) -> dict[str, pl.DataFrame]:
        """All tables by name."""
        return {
            "assay_duplicates": self.duplicates, "assay_precision": self.precision,
            "assay_standards": self.standards, "control_points": self.points, "assay_blanks": self.blanks,
        }  # fmt: skip


def assay_quality(model: ChainModel, cells: pl.DataFrame, period: Period) -> AssayQuality:
    """Precision, bias and blanks of the laboratory from the quality samples among the imported cells of a period."""
    name, pairs = period.name, pairs_of(cells, period)
    charts = charts_of(model.quality, standards_of(cells, period))
    return AssayQuality(
        period=period,
        duplicates=duplicate_table(model, pairs, name),
        precision=precision_table(pairs, name),
        standards=standard_table(charts, name),
        points=point_table(charts, name),
        blanks=blank_table(model.quality, blanks_of(cells, period), name),
    )
