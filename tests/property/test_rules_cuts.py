"""Every kind of rule, with every manner of timing: however a stream is cut, the episodes are those of the whole."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.depth import deep
from tests.property.rules_in_pieces import in_pieces
from tests.unit.rules.small_plant import at, model, rule, version

from zveno.rules import open_episodes, read_signals, watch, watchlist
from zveno.rules.build import Watchlist, microseconds
from zveno.rules.solve import Episodes

MINUTE = 60_000_000
START = microseconds(at("07 18:00"))  # versions change at midnight of plant time, days of sums at midnight of UTC
LINE = {"tag": "conc.line1.ph"}
PAIR = {"tag": ["conc.line1.ph", "conc.line2.ph"]}
LIST = {"tag": "conc.line1.pump", "uom": "-"}
TIMING: dict[str, Any] = {"off_delay_min": 4, "merge_gap_min": 7}

RULES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "limit": (LINE, {"high": 11.8, "low": 10.4, "on_delay_min": 2}),
    "limit, timed": (LINE, {"high": 11.5, "deadband": 0.3, "on_delay_min": 1, **TIMING}),
    "limit, gated": ({**LINE, "gate": "pumping"}, {"high": 11.5, "off_delay_min": 3}),
    "sustained": (LINE, {"high": 11.4, "clear_below": 11.0, "hold_min": 5, **TIMING}),
    "deadband": (PAIR, {"band": 0.6, "return_band": 0.4, "on_delay_min": 2, **TIMING}),
    "rate": (LINE, {"max_per_h": 5.0, "max_fall_per_h": 5.0, "window_min": 7, **TIMING}),
    "window_mean": (LINE, {"high": 11.3, "low": 10.9, "window_min": 20}),
    "window_mean, gated": ({**LINE, "gate": "pumping"}, {"high": 11.3, "window_min": 45, **TIMING}),
    "window_mean of lots": (LINE, {"low": 11.0, "window_lot": 3}),
    "cumulative_time": (LINE, {"high": 11.5, "most_min": 6, "window_min": 30, **TIMING}),
    "cumulative_time, gated": ({**LINE, "gate": "pumping"}, {"high": 11.5, "most_min": 6, "window_min": 30}),
    "count": ({**LINE, "gate": "pumping"}, {"high": 11.5, "most": 1, "window_min": 40}),
    "cross_tag": ({**PAIR, "uom": "-"}, {"expr": "a / b", "high": 1.05, "hold_min": 2, **TIMING}),
    "no_data": (LINE, {"gap_min": 4, "merge_gap_min": 10}),
    "no_data, gated": ({**LINE, "gate": "pumping"}, {"gap_min": 4}),
    "checklist": (LIST, {"every": "PT1H", "items": ["one"]}),
    "checklist before": ({"tag": ["conc.line1.pump", "conc.line2.pump"], "uom": "-"},
                         {"before": "start", "items": ["one"], "valid_min": 60, "same_min": 8}),
}  # fmt: skip


@cache
def bound_to(name: str) -> Watchlist:
    """A rule in two versions that change at midnight, bound to the small plant."""
    fields, params = RULES[name]
    versions = (version(1, end="2026-03-08", **params), version(2, start="2026-03-08", **params))
    return watchlist(model(rule(*versions, kind=name.split(",", maxsplit=1)[0].split(maxsplit=1)[0], **fields)))


def some_readings(seed: int) -> pl.DataFrame:
    """Twelve hours of two values and two switches in clumps: some bad, some null, some lost, at uneven moments."""
    rng = np.random.default_rng(seed)
    parts = []
    for tag, every in (("line1.ph", 1), ("line2.ph", 2), ("line1.pump", 5), ("line2.pump", 7)):
        minutes = np.arange(0, 12 * 60, every) + (rng.random(len(range(0, 720, every))) * 0.8 if every == 1 else 0)
        clump = np.cumsum(rng.random(len(minutes)) < 0.12)
        levels = [10.2, 10.8, 11.0, 11.2, 11.3, 11.45, 11.6, 12.0] if tag.endswith("ph") else [0.0, 1.0, 1.0]
        value = rng.choice(levels, clump[-1] + 1)[clump] + (rng.normal(0, 0.05, len(minutes)) if every < 3 else 0)
        silent = rng.choice([False, False, False, True], clump[-1] + 1)[clump] & (rng.random() < 0.5)
        part = pl.DataFrame(
            {
                "tag": [f"conc.{tag}"] * len(minutes),
                "ts": START + np.round(minutes * MINUTE).astype(np.int64),
                "value": value,
                "quality": (rng.random(len(minutes)) < 0.05).astype(np.int8),
            }
        ).with_columns(pl.col("ts").cast(pl.Datetime("us", "UTC")))
        parts.append(part.filter(pl.Series((rng.random(len(minutes)) > 0.06) & ~silent)))
    return pl.concat(parts)


def told(episodes: list[Episodes]) -> set[tuple[Any, ...]]:
    """Episodes as comparable rows."""
    return {
        (one.binding.key, one.open, *row)
        for one in episodes
        for row in zip(*(column.tolist() for column in vars(one.spans).values()), strict=True)
    }


@pytest.mark.parametrize("examples", [8, deep(25)])
@pytest.mark.parametrize("name", RULES)
def test_a_stream_cut_anywhere_gives_the_episodes_of_the_whole(name: str, examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(st.integers(0, 10_000), st.lists(st.integers(0, 720), max_size=12))
    @example(0, [296])  # a silence that has begun under one version is forgotten when the next one begins
    def holds(seed: int, cuts: list[int]) -> None:
        readings, bound = some_readings(seed), bound_to(name)
        closed, end = watch(bound, read_signals(readings, bound.tags))
        whole = told([*closed, *open_episodes(bound, end)])
        assert told(in_pieces(bound, readings, [START + cut * MINUTE for cut in cuts])) == whole

    holds()


@pytest.mark.parametrize("name", RULES)
def test_the_random_readings_break_every_rule(name: str) -> None:
    bound, found = bound_to(name), []
    for seed in range(20):
        closed, state = watch(bound, read_signals(some_readings(seed), bound.tags))
        found += [*closed, *open_episodes(bound, state)]
    assert {one.binding.key.version for one in found} == {1, 2}
    assert {one.binding.key.side for one in found} == {
        line.side for one in bound.bindings.values() for line in [each.line for each in one]
    }
