"""Precision of the laboratory from samples assayed twice."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from tests.unit.quality.cells import START, cell, table

from zveno.chain import example
from zveno.model.load import load_description
from zveno.periods import Period
from zveno.quality.duplicates import duplicate_table, precision, precision_table
from zveno.quality.samples import Pair, Place, pairs_of

MODEL = load_description(example("workbooks_march_2026"))  # describes 1 % for copper in this concentrate
MARCH = Period(START, datetime(2026, 4, 1, tzinfo=UTC))


def pairs(sd: float, seed: int = 1, count: int = 20, material: str = "zhf.l1.conc", level: float = 0.36) -> list[Pair]:
    rng = np.random.default_rng(seed)
    errors = rng.normal(0, sd, (count, 2))
    return [
        Pair(material, "Cu", START, level * (1 + a), level * (1 + b), Place("f", "s", f"A{k}"))
        for k, (a, b) in enumerate(errors)
    ]


def first(found: pl.DataFrame) -> dict[str, object]:
    return found.row(0, named=True)


def test_control_assay_is_paired_with_the_first_of_the_same_time():
    cells = table(
        cell("zhf.l1.conc", 36.0), cell("zhf.l1.conc", 36.5, qualifier="qc_duplicate"),
        cell("zhf.l1.conc", 35.0, hour=8), cell("zhf.l2.conc", 30.0, hour=8, qualifier="qc_duplicate"),
        cell("zhf.l1.conc", 0.5, hour=16, qualifier="lt"), cell("zhf.l1.conc", 0.6, hour=16, qualifier="qc_duplicate"),
        cell("zhf.l1.tail", 0.1, hour=24), cell("zhf.l1.tail", 0.1, hour=24, qualifier="qc_duplicate lt"),
        cell("zhf.l1.conc", 36.0, hour=30, quantity="grade_Ag", uom="g/t"),
        cell("zhf.l1.conc", 38.0, hour=30, quantity="grade_Ag", uom="g/t", qualifier="qc_duplicate footnote"),
    )  # fmt: skip
    copper, silver = pairs_of(cells, MARCH)
    assert (copper.first_frac, copper.control_frac) == pytest.approx((0.36, 0.365))
    assert (silver.component, silver.first_frac, silver.control_frac) == (
        "Ag",
        pytest.approx(36e-6),
        pytest.approx(38e-6),
    )


def test_report_day_that_begins_the_evening_before_is_of_the_month():
    early = cell("zhf.l1.conc", 36.0, hour=-4) | {"day": START.date()}
    twice = early | {"value": 36.4, "qualifier": "qc_duplicate"}
    other = early | {"day": datetime(2026, 2, 28).date(), "start": datetime(2026, 2, 28, 8, tzinfo=UTC)}
    assert len(pairs_of(table(early, twice), MARCH)) == 1
    assert pairs_of(table(other, other | {"qualifier": "qc_duplicate"}), MARCH) == []


def test_standard_deviation_is_that_of_one_assay():
    row = first(duplicate_table(MODEL, pairs(0.012, count=2000), "2026-03"))
    assert row["sd_rel_frac"] == pytest.approx(0.012, rel=0.05)
    assert row["robust_sd_rel_frac"] == pytest.approx(0.012, rel=0.06)
    assert row["hard_p90_frac"] == pytest.approx(1.645 * 0.012 / np.sqrt(2), rel=0.06)
    assert row["claimed_sd_rel_frac"] == pytest.approx(0.01)


def test_interval_covers_the_true_scatter_in_95_of_100():
    inside = []
    for seed in range(300):
        row = first(duplicate_table(MODEL, pairs(0.012, seed, 8), "2026-03"))
        inside.append(row["sd_low_frac"] <= 0.012 <= row["sd_high_frac"])
    assert 0.92 <= np.mean(inside) <= 0.98


def test_laboratory_as_described_is_called_worse_in_one_of_twenty_at_most():
    worse = [
        first(duplicate_table(MODEL, pairs(0.01, seed, 10), "2026-03"))["verdict"] == "worse" for seed in range(300)
    ]
    assert 0.02 <= np.mean(worse) <= 0.08


def test_laboratory_that_is_twice_as_bad_is_called_worse():
    worse = [
        first(duplicate_table(MODEL, pairs(0.02, seed, 16), "2026-03"))["verdict"] == "worse" for seed in range(100)
    ]
    assert np.mean(worse) >= 0.95


def test_chance_is_corrected_for_all_materials():
    bad = pairs(0.02, 3, 6)
    alone = first(duplicate_table(MODEL, bad, "2026-03"))["p_value"]
    others = [one for k, name in enumerate(("zhf.l2.conc", "sm.matte", "conv.slag")) for one in pairs(0.01, k, 6, name)]
    among = (
        duplicate_table(MODEL, [*bad, *others], "2026-03").filter(pl.col("material") == "zhf.l1.conc")["p_value"].item()
    )
    assert among == pytest.approx(4 * alone)


def test_one_mistake_moves_the_median_little():
    wrong = [*pairs(0.01, 5, 24), Pair("zhf.l1.conc", "Cu", START, 0.36, 0.18, Place("f", "s", "A"))]
    row = first(duplicate_table(MODEL, wrong, "2026-03"))
    assert row["sd_rel_frac"] > 0.05
    assert row["robust_sd_rel_frac"] < 0.015


def test_few_pairs_and_undescribed_materials_are_said_so():
    found = duplicate_table(MODEL, [*pairs(0.01, 1, 2), *pairs(0.01, 2, 5, "sm.feed.blend")], "2026-03")
    verdicts = dict(found.filter(pl.col("material") != "").select("material", "verdict").iter_rows())
    assert verdicts == {"sm.feed.blend": "not_described", "zhf.l1.conc": "too_few"}
    assert duplicate_table(MODEL, [], "2026-03").is_empty()


def test_ranges_are_decades_of_the_content():
    found = duplicate_table(MODEL, [*pairs(0.01, 1, 5), *pairs(0.03, 2, 5, "zhf.l1.tail", 0.002)], "2026-03")
    ranges = found.filter(pl.col("material") == "")
    assert ranges.height == 2
    assert (ranges["low_frac"].min(), ranges["high_frac"].max()) == (found["low_frac"].min(), found["high_frac"].max())
    assert ranges["sd_rel_frac"][0] > ranges["sd_rel_frac"][1]


def test_control_that_is_always_higher_shows():
    high = [Pair(one.material, one.component, one.at, one.first_frac, one.control_frac * 1.03, one.place)
            for one in pairs(0.01, 7, 12)]  # fmt: skip
    assert first(duplicate_table(MODEL, high, "2026-03"))["bias_p"] < 0.01
    assert first(duplicate_table(MODEL, pairs(0.01, 7, 12), "2026-03"))["bias_p"] > 0.05


def test_floor_and_slope_are_found_again():
    rng = np.random.default_rng(2)
    content = np.geomspace(1e-4, 0.4, 600)
    drawn = rng.normal(0, np.sqrt(2) * np.hypot(2e-5, 0.01 * content))
    floor, slope = precision(content, drawn)
    assert floor == pytest.approx(2e-5, rel=0.2)
    assert slope == pytest.approx(0.01, rel=0.1)


def test_precision_needs_eight_pairs_and_counts_the_unlikely():
    assert precision_table(pairs(0.01, 1, 7), "2026-03").is_empty()
    wrong = [*pairs(0.01, 5, 60), Pair("zhf.l1.conc", "Cu", START, 0.36, 0.42, Place("f", "s", "A"))]
    assert precision_table(wrong, "2026-03")["unlikely"].item() >= 1
    same = [Pair("zhf.l1.conc", "Cu", START, 0.3, 0.3, Place("f", "s", "A"))] * 9
    assert precision_table(same, "2026-03").is_empty()
