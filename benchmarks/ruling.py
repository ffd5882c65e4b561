"""A rule over a month of minutes: Zveno's check of all rules against a loop over the readings of one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from tempfile import TemporaryDirectory

import polars as pl

import zveno
from benchmarks.timing import Pair, side_by_side
from zveno.rules import check

RULE, HIGH, HOLD = "BC-08", 0.5, timedelta(minutes=30)
Episode = tuple[str, datetime]


def pairs(*, small: bool) -> Iterator[Pair]:
    """The example's month, or the days around its planted breach."""
    chain = zveno.load(zveno.example("one_concentrator"))
    text = "2026-03-15/2026-03-18" if small else "2026-03"
    span = chain.period(text)
    with TemporaryDirectory() as folder:
        readings = chain.emulate(text, folder).readings
    model = chain.model
    watched = readings.filter(pl.col("tag").str.contains(r"thickener\d\.overflow_g_l"))
    yield side_by_side(
        "rules", f"{model.chain.id}: {readings.height} readings, all rules",
        lambda: check(model, readings, span).breaches.filter(rule=RULE),
        lambda: plain(watched),
        peer_name=f"Python loop, one rule, {watched.height} readings",
        difference=lambda a, b: float({(r["tag"], r["start"]) for r in a.iter_rows(named=True)} != set(b)),
    )  # fmt: skip


def plain(readings: pl.DataFrame) -> list[Episode]:
    """Runs above the limit that last, minute by minute."""
    found: list[Episode] = []
    for (tag,), rows in readings.sort("tag", "ts").group_by("tag", maintain_order=True):
        start = None
        told = False
        for moment, value in rows.select("ts", "value").iter_rows():
            if value is None or value <= HIGH:
                start, told = None, False
                continue
            start = start or moment
            if not told and moment - start >= HOLD:
                found.append((str(tag), start))
                told = True
    return found
