"""Files of one import that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from zveno.errors import Fault, fault
from zveno.sources.files import SourceBatch
from zveno.tables import RECORD_KEY, frame
from zveno.text.mark import tr
from zveno.text.words import quantity_phrase


def conflicts(batches: Sequence[SourceBatch]) -> Iterator[Fault]:
    """A fault for each point, quantity and time of which two files say different things.

    Which of them is the correction cannot be told by their names: import the first, then its correction.
    """
    records = pl.concat([frame("records"), *(one.records for one in batches)])
    said = records.group_by(*RECORD_KEY, "file_hash", maintain_order=True).agg(
        pl.col("value").sort().cast(pl.String).fill_null("-").str.join("; ").alias("values"),
        pl.concat_str("file", "sheet", "cell", separator=", ", ignore_nulls=True).first().alias("place"),
    )
    several = said.group_by(RECORD_KEY, maintain_order=True).agg(
        "place", pl.col("values").n_unique().alias("different")
    )
    message = tr(
        "another value of '{meter}' ({quantity}) for the same time stands at {other}: import one, then the other"
    )
    for row in several.filter(pl.col("different") > 1).iter_rows(named=True):
        first, *rest = row["place"]
        for place in rest:
            yield fault(message, place, meter=row["point"], quantity=quantity_phrase(row["quantity"]), other=first)
