"""A stream of readings judged piece by piece."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from zveno.rules import Episodes, Watchlist, WatchState, open_episodes, read_signals, watch


def in_pieces(bound: Watchlist, readings: pl.DataFrame, cuts: Sequence[int]) -> list[Episodes]:
    """Episodes of readings that come in pieces, cut at moments in microseconds; what is open at the end is among them."""
    batch = pl.Series(sorted(cuts), dtype=pl.Int64).search_sorted(readings["ts"].to_physical(), side="right")
    found: list[Episodes] = []
    state = WatchState()
    for n in range(len(cuts) + 1):
        closed, state = watch(bound, read_signals(readings.filter(batch == n), bound.tags), state)
        found += closed
    return [*found, *open_episodes(bound, state)]
