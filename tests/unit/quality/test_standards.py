"""Standard samples: bias with its interval, rules of control charts; blanks."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from tests.unit.quality.cells import START, cell, table

from zveno.model.quality import Blank, QualityFile, Standard
from zveno.periods import Period
from zveno.quality.samples import Assay, Place, blanks_of, standards_of
from zveno.quality.standards import blank_table, broken_rules, charts_of, point_table, standard_table

MARCH = Period(START, datetime(2026, 4, 1, tzinfo=UTC))
QUALITY = QualityFile(
    standards=(Standard(id="3-07", component="Cu", certified=24.6, sd_rel_pct=0.5),),
    blanks=(Blank(component="Cu", limit=0.01),),
)


def assays(values: list[float], sample: str = "3-07", laboratory: str = "") -> list[Assay]:
    return [
        Assay(sample, laboratory, "Cu", START, one, False, Place("f", "s", f"A{k}")) for k, one in enumerate(values)
    ]


def bias(quality: QualityFile, values: list[float]) -> dict[str, object]:
    return standard_table(charts_of(quality, assays(values)), "2026-03").row(0, named=True)


def test_standards_are_told_by_their_points():
    cells = table(
        cell("lab.crm.3-07", 24.7, hour=8, qualifier="qc_standard"),
        cell("lab.balkhash.crm.3-07", 24.5, qualifier="qc_standard"), cell("lab.crm.3-07", 24.5, hour=16),
        cell("lab.blank", 0.02, hour=5, qualifier="qc_blank"), cell("lab.blank", 0.01, hour=6, qualifier="qc_blank lt"),
    )  # fmt: skip
    assert [(one.sample, one.laboratory, one.value_frac) for one in standards_of(cells, MARCH)] == [
        ("3-07", "balkhash", pytest.approx(0.245)), ("3-07", "", pytest.approx(0.247)),
    ]  # fmt: skip
    found = blank_table(QUALITY, blanks_of(cells, MARCH), "2026-03")
    assert found["verdict"].to_list() == ["contaminated", "clean"]
    assert blank_table(None, blanks_of(cells, MARCH), "2026-03")["verdict"].unique().to_list() == ["not_described"]


def test_interval_of_the_bias_covers_it_in_95_of_100():
    rng = np.random.default_rng(3)
    inside = []
    for _ in range(400):
        row = bias(QUALITY, list(rng.normal(0.2470, 0.0012, 10)))
        inside.append(row["bias_low_frac"] <= 0.001 <= row["bias_high_frac"])
    assert 0.925 <= np.mean(inside) <= 0.975


def test_bias_is_found_and_none_is_not():
    rng = np.random.default_rng(4)
    assert bias(QUALITY, list(rng.normal(0.2475, 0.0012, 20)))["verdict"] == "biased"
    told = [bias(QUALITY, list(rng.normal(0.2460, 0.0012, 12)))["verdict"] == "biased" for _ in range(300)]
    assert np.mean(told) <= 0.08


def test_uncertainty_of_the_certificate_widens_the_interval():
    values = list(np.random.default_rng(5).normal(0.2465, 0.0006, 30))
    sure, unsure = (
        bias(
            QualityFile(standards=(Standard(id="3-07", component="Cu", certified=24.6, expanded_uncertainty=u),)),
            values,
        )
        for u in (0.0, 0.20)
    )
    assert (sure["verdict"], unsure["verdict"]) == ("biased", "within")
    half = (unsure["bias_high_frac"] - unsure["bias_low_frac"]) / 2
    assert half == pytest.approx(1.96 * np.hypot(0.001, np.std(values, ddof=1) / np.sqrt(30)), rel=0.01)


def test_undescribed_standard_is_charted_but_not_judged():
    chart = charts_of(None, assays([0.245, 0.246, 0.247, 0.246]))
    (row,) = standard_table(chart, "2026-03").iter_rows(named=True)
    assert (row["verdict"], row["bias_frac"]) == ("not_described", None)
    assert point_table(chart, "2026-03")["centre_frac"].unique().item() == pytest.approx(0.246)
    assert chart[0].sd_frac == pytest.approx(np.mean([0.001] * 3) / 1.128, rel=1e-3)


def test_one_assay_is_too_few():
    assert bias(QUALITY, [0.25])["verdict"] == "too_few"
    assert point_table(charts_of(None, assays([0.25])), "2026-03")["z"].to_list() == [0.0]


@pytest.mark.parametrize(("z", "broken"), [
    ([3.01], ["1_3s"]), ([-3.01], ["1_3s"]), ([2.9], []), ([2.1, 2.1], ["2_2s"]), ([2.1, -2.1], ["R_4s"]),
    ([2.1, 1.9], []), ([1.1] * 4, ["4_1s"]), ([1.1, 1.1, -1.1, 1.1], []), ([0.1] * 10, ["10_x"]), ([0.1] * 9 + [-0.1], []),
    ([-0.1] * 10, ["10_x"]), ([1.1] * 3, []),
])  # fmt: skip
def test_rules_of_the_chart(z, broken):
    assert list(broken_rules(np.array(z))[-1]) == broken


def test_alarms_without_a_fault_are_as_rare_as_the_rules_promise():
    rng = np.random.default_rng(6)
    told = [bool(one) for _ in range(400) for one in broken_rules(rng.normal(size=30))]
    assert 0.003 <= np.mean(told) <= 0.011  # 0.27 % of 1_3s, the rest of the other four


def test_drift_breaks_a_rule_and_the_place_is_told():
    drifting = [0.2460 + 0.0002 * k for k in range(20)]
    points = point_table(charts_of(QUALITY, assays(drifting)), "2026-03")
    broken = points.filter(pl.col("rules") != "")
    assert broken.height >= 5
    assert broken["cell"][0] == f"A{broken['number'][0] - 1}"


def test_laboratories_have_charts_of_their_own():
    charts = charts_of(QUALITY, [*assays([0.246, 0.247], laboratory="a"), *assays([0.245], laboratory="b")])
    assert [(one.laboratory, len(one.assays)) for one in charts] == [("a", 2), ("b", 1)]
