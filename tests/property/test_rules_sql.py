"""Two engines that share nothing but the bound rules: random rulebooks over random readings, breach by breach."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from benchmarks import rule_folder
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.rules.random_rules import random_plant, random_readings

from zveno.chain.folders import check_folder
from zveno.model.chain import ChainModel
from zveno.rules import breach_table, open_episodes, read_signals, watch, watchlist
from zveno.rules.build import Watchlist
from zveno.rules.kinds import RULE_KINDS
from zveno.rules.solve import Episodes, WatchState
from zveno.rules.sql import DIALECTS, READINGS, compiled, differences, episodes
from zveno.store.statements import answered, engine_of

SEEDS = st.integers(0, 2**32 - 1)
CUTS = st.lists(st.floats(0, 1), max_size=8)
ROUNDED = {"window_mean": 1e-13, "cross_tag": 1e-14}
"""Peaks are the same to the last bit, but where a sum of a window is made in another order, or a power or a logarithm
comes from another library of the machine."""

Told = dict[tuple[Any, ...], tuple[float, float]]


def told(found: list[Episodes]) -> Told:
    """Episodes as binding, open, start, end, known time and number of readings; peak and limit of each."""
    return {
        (one.binding.key, one.open, *whole): (peak, limit)
        for one in found
        for *whole, peak, limit in zip(
            *(getattr(one.spans, name).tolist() for name in ("start", "end", "known", "count", "peak", "limit")),
            strict=True,
        )
    }


def in_pieces(bound: Watchlist, readings: pl.DataFrame, cuts: list[float]) -> Told:
    """What the first engine finds in a stream cut at shares of its time."""
    ts = readings["ts"].to_physical()
    first, last = int(ts.min()), int(ts.max())  # type: ignore[arg-type]
    moments = pl.Series(sorted(round(first + cut * (last - first)) for cut in cuts), dtype=pl.Int64)
    batch = moments.search_sorted(ts, side="right") if len(cuts) else pl.zeros(len(ts), pl.Int64, eager=True)
    found, state = [], WatchState()
    for n in range(len(cuts) + 1):
        closed, state = watch(bound, read_signals(readings.filter(batch == n), bound.tags), state)
        found += closed
    return told([*found, *open_episodes(bound, state)])


def in_sql(bound: Watchlist, readings: pl.DataFrame, place: str) -> Told:
    """What a database finds."""
    one = compiled(bound, DIALECTS[engine_of(place)])
    return told(episodes(one, answered(place, one.statements, one.answer, readings, READINGS)))


def require_same(model: ChainModel, ours: Told, theirs: Told) -> None:
    """The same breaches; peaks to the last bit, or to the rounding that their kind allows."""
    assert set(ours) ^ set(theirs) == set()
    for key, (peak, limit) in ours.items():
        kind = model.rulebook.by_id[key[0].rule].kind
        other, other_limit = theirs[key]
        assert other_limit == limit
        scale = max(abs(peak), abs(limit), 1.0)
        assert other == peak or abs(other - peak) <= ROUNDED.get(kind, 0) * scale, (key, kind, peak, other)


@settings(max_examples=6, deadline=None)
@given(SEEDS, CUTS)
def test_duckdb_finds_what_the_engine_finds_in_a_stream_cut_anywhere(seed: int, cuts: list[float]) -> None:
    rng = np.random.default_rng(seed)
    model, readings = random_plant(rng), random_readings(rng)
    bound = watchlist(model)
    require_same(model, in_pieces(bound, readings, cuts), in_sql(bound, readings, "duckdb"))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_postgresql_finds_what_the_engine_finds(seed: int, postgres: str) -> None:
    rng = np.random.default_rng(seed)
    model, readings = random_plant(rng, rules=12), random_readings(rng)
    bound = watchlist(model)
    require_same(model, in_pieces(bound, readings, [0.3, 0.7]), in_sql(bound, readings, postgres))


@pytest.mark.slow
@pytest.mark.long
@settings(max_examples=200, deadline=None)
@given(SEEDS, CUTS)
def test_two_hundred_rulebooks(seed: int, cuts: list[float]) -> None:
    test_duckdb_finds_what_the_engine_finds_in_a_stream_cut_anywhere.hypothesis.inner_test(seed, cuts)  # type: ignore[attr-defined]


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("seed", range(40))
def test_forty_rulebooks_on_postgresql(seed: int, postgres: str) -> None:
    test_postgresql_finds_what_the_engine_finds(1000 + seed, postgres)


def test_random_rulebooks_break_every_kind() -> None:
    found: Counter[str] = Counter()
    for seed in range(30):
        rng = np.random.default_rng(seed)
        model = random_plant(rng)
        readings, bound = random_readings(rng), watchlist(model)
        found.update(model.rulebook.by_id[key[0].rule].kind for key in in_pieces(bound, readings, []))
    assert set(found) == set(RULE_KINDS) - {"parameter"}
    assert min(found.values()) >= 15, found


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("book", ["six", "ten"])
def test_two_million_readings_in_files_in_pieces_and_in_sql(book: str, tmp_path: Path, postgres: str) -> None:
    rule_folder.write_folder(tmp_path, 2_000_000, seed=7)
    model = rule_folder.plant(200, 2, book=book)
    readings = pl.concat(pl.read_parquet(one) for one in sorted(tmp_path.glob("*.parquet")))
    bound = watchlist(model)
    cuts = np.random.default_rng(7).random(5).tolist()
    pieces = in_pieces(bound, readings, cuts)
    assert len(pieces) > 150
    for place in ("duckdb", postgres):
        require_same(model, pieces, in_sql(bound, readings, place))
    one = compiled(bound, DIALECTS["duckdb"])
    rows = answered("duckdb", one.statements, one.answer, readings, READINGS)
    assert differences(check_folder(model, tmp_path), breach_table(model, episodes(one, rows))).is_empty()
