"""From which size on the error of one scale alone would show in these readings."""

from __future__ import annotations

import polars as pl

from zveno.model.chain import ChainModel
from zveno.reports.document import Cell, Column, Kind, Row, TableBlock
from zveno.reports.parts.words import title_or_dash, words
from zveno.text.catalogue import Catalogue


def detectable(model: ChainModel, adjustments: pl.DataFrame) -> pl.DataFrame:
    """Scales of ore, feeds and products of recoveries with the share of their reading that an error must have to show.

    Parameters
    ----------
    adjustments
        Table ``adjustments`` of a balance.

    Returns
    -------
    scales
        Its rows with a column ``share_frac``, the smallest first; an error as large as the reading shows nothing.
    """
    ends = {name for one in model.chain.recoveries for name in (*one.feeds, *one.products)}
    ends |= {one.id for one in model.chain.streams if one.kind == "ore"}
    rows = adjustments.filter(
        pl.col("quantity") == "mass", pl.col("stream").is_in(list(ends)), pl.col("shows_from") < pl.col("reading")
    )
    return rows.with_columns(share_frac=pl.col("shows_from") / pl.col("reading")).sort("share_frac", "meter")


def detectable_table(model: ChainModel, adjustments: pl.DataFrame, text: Catalogue) -> list[TableBlock]:
    """The scales and the errors that would show; nothing where no scale is checked by others."""
    scales = detectable(model, adjustments)
    if scales.is_empty():
        return []
    rows = tuple(
        Row(
            str(k),
            {
                "meter": words(title_or_dash(model, row["meter"], text)),
                "reading": Cell(row["reading"], digits=0),
                "shows": Cell(row["shows_from"], digits=0),
                "share": Cell(row["share_frac"], digits=0),
            },
        )
        for k, row in enumerate(scales.iter_rows(named=True))
    )
    columns = (
        Column("meter", text("Scale"), broad=True),
        Column("reading", text("As read"), Kind.MASS),
        Column("shows", text("Shows from"), Kind.MASS),
        Column("share", text("Share of the reading"), Kind.FRACTION),
    )
    note = text(
        "An error of this scale alone, for the whole period, that its test would find four times out of five. A "
        "smaller one may be there and not be seen: more assays and stock surveys would bring it down."
    )
    return [TableBlock("detectable", text("Smallest errors that would show"), columns, rows, (note,), folded=True)]
