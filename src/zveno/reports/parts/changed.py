"""Samples that were taken for each other, those of which a swap would not show, and scales that changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from zveno.model.chain import ChainModel
from zveno.reports.document import Block, Callout, Column, Row, TableBlock
from zveno.reports.parts.suspected import counter_words, step_words, swap_words
from zveno.reports.parts.words import words
from zveno.text.catalogue import Catalogue


def steps_part(model: ChainModel, scale_steps: pl.DataFrame, text: Catalogue) -> list[Block]:
    """A callout for each scale that steps away from its fellows."""
    return [Callout(step_words(model, row, text), "warn") for row in scale_steps.iter_rows(named=True)]


def counters_part(model: ChainModel, counters: pl.DataFrame, text: Catalogue) -> list[Block]:
    """A callout for each rollover or fault of a counter."""
    return [
        Callout(counter_words(model, row, text), "good" if row["kind"] == "rollover" else "warn")
        for row in counters.iter_rows(named=True)
    ]


def swaps_part(model: ChainModel, swaps: pl.DataFrame, text: Catalogue) -> list[Block]:
    """A callout for each swap, and a folded table of the pairs that look alike; nothing where nothing was compared."""
    found = swaps.filter(pl.col("status") != "unseen")
    blocks: list[Block] = [Callout(_found_words(model, row, text), "bad") for row in found.iter_rows(named=True)]
    alike = swaps.filter(pl.col("status") == "unseen")
    if alike.height:
        rows = tuple(
            Row(
                str(k),
                {
                    "first": words(model.title(row["first_meter"], text.lang)),
                    "second": words(model.title(row["second_meter"], text.lang)),
                },
            )
            for k, row in enumerate(alike.iter_rows(named=True))
        )
        columns = (Column("first", text("Sample"), broad=True), Column("second", text("Looks like"), broad=True))
        note = text(
            "The assays that both have are so near to each other that labels exchanged in one shift would not show "
            "four times out of five. Samples that are not in this table would show."
        )
        title = text("Samples that could be swapped unseen")
        blocks.append(TableBlock("unseen_swaps", title, columns, rows, (note,), folded=True))
    return blocks


def _found_words(model: ChainModel, row: Mapping[str, Any], text: Catalogue) -> str:
    """A swap, and how sure it is."""
    said = text(
        "Twice the logarithm of how much likelier the assays are as each other's is {gain}; chance explains {needed}.",
        gain=text.number(row["gain"], 1), needed=text.number(row["needed"], 1),
    )  # fmt: skip
    return f"{swap_words(model, row, text)} {said}"
