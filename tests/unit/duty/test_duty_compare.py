"""Shifts compared: ore and feed are charged to nobody, a real difference shows, chance is not taken for one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from zveno.duty.acts import CAUSES
from zveno.duty.compare import causes, compare_shifts, events
from zveno.duty.poisson import chance_of_groups, fit, holm
from zveno.tables import frame

CREWS = "ABCD"


def month(
    seed: int, *, bad: float = 1.0, hard: float = 0.0, days: int = 60, rate: float = 0.5, extra: float = 0.0
) -> pl.DataFrame:
    """Shifts of crews by turns; crew B has a rate times ``bad``, and gets the rich ore, which breaks rules by itself."""
    rng = np.random.default_rng(seed)
    rows = []
    for n in range(2 * days):
        day, slot = divmod(n, 2)
        crew = CREWS[(day - slot) % 4]
        grade = rng.normal(1.0, 0.1) + (0.25 if crew == "B" and hard else 0.0)
        exposed = float(rng.uniform(9, 12))
        mean = rate * exposed / 12 * np.exp(hard * (grade - 1.0)) * (bad if crew == "B" else 1.0)
        if extra:
            mean = rng.gamma(1 / extra, extra * mean)
        rows.append({
            "plant": "conc", "shift": f"{day} {slot}", "slot": ("day", "night")[slot], "crew": crew,
            "exposed_h": exposed, "events": int(rng.poisson(mean)), "breach_h": 0.0, "feed_t": float(rng.normal(900, 40)),
            "feed_grade_frac": grade / 100, "running_frac": exposed / 12,
        })  # fmt: skip
    return frame("shift_exposures", rows)


def flagged(seeds: range, draws: int = 39, **how: float) -> int:
    return sum(compare_shifts(month(seed, **how), draws=draws, seed=seed).status == "difference" for seed in seeds)


def test_the_ore_that_one_crew_had_is_charged_to_nobody():
    """Crew B breaks rules twice as often, all of it by its ore: counted rates differ, crews are not said to."""
    raw = [compare_shifts(month(seed, hard=3.0), draws=19).rates for seed in range(8)]
    ratio = np.mean(
        [
            float(one.filter(crew="B")["rate"][0]) / float(one.filter(pl.col("crew") != "B")["rate"].mean())
            for one in raw
        ]
    )
    assert ratio > 1.6
    assert flagged(range(20), hard=3.0) <= 3  # 5 % each: four or more of twenty have a chance of 2 %


def test_chance_alone_is_taken_for_a_difference_as_often_as_it_says():
    assert flagged(range(100, 120)) <= 3
    assert flagged(range(200, 220), extra=1.0) <= 3  # counts that scatter more than Poisson's


def test_a_crew_that_breaks_more_rules_with_the_same_ore_is_shown_with_its_interval():
    found = [compare_shifts(month(seed, bad=3.0), draws=99, seed=seed) for seed in range(8)]
    assert sum(one.status == "difference" for one in found) >= 7
    assert all(one.rates["expected"].sum() == pytest.approx(one.events) for one in found)
    worse = [one.rates.filter(crew="B").row(0, named=True) for one in found if one.status == "difference"]
    assert all(row["verdict"] == "more" for row in worse)
    true = 3 / 3 ** (1 / 4)  # over the geometric mean of four crews
    inside = [row["ratio_low"] <= true <= row["ratio_high"] for row in worse]
    assert sum(inside) >= len(inside) - 2


def test_few_events_and_one_crew_are_not_compared():
    few = month(1, rate=0.01, days=10)
    assert compare_shifts(few).status == "too few events"
    alone = month(1).filter(pl.col("crew") == "A")
    found = compare_shifts(alone)
    assert (found.status, found.p_value, found.rates["ratio"].to_list()) == ("one crew", None, [None])


def test_a_condition_that_is_not_known_of_every_shift_is_said_to_be_left_out():
    rows = month(3).with_columns(feed_t=pl.when(pl.col("shift") == "0 0").then(None).otherwise("feed_t"))
    found = compare_shifts(rows, draws=19)
    assert found.left_out == ("feed_t",)
    assert found.explained_by == ("slot", "feed_grade_frac", "running_frac")


def test_the_order_of_crews_and_shifts_changes_nothing():
    rows = month(4, bad=2.0)
    one = compare_shifts(rows, draws=19).rates
    other = compare_shifts(rows.sample(fraction=1, shuffle=True, seed=1).sort("crew"), draws=19).rates
    assert one.drop("expected", "p_value", "verdict").equals(
        other.drop("expected", "p_value", "verdict")
    ) or np.allclose(one["ratio"].to_numpy(), other["ratio"].to_numpy())


def test_breaches_of_one_rule_that_lie_over_each_other_are_one_event():
    at = datetime(2026, 3, 1, tzinfo=UTC)
    rows = [
        ("R", "conc", 0, 5),
        ("R", "conc", 2, 7),
        ("R", "conc", 7, 8),
        ("R", "conc", 9, 9),
        ("R", "mill", 1, 3),
        ("Q", "conc", 1, 3),
    ]
    table = pl.DataFrame([
        {"rule": rule, "plant": plant, "start": at + timedelta(hours=a), "end": at + timedelta(hours=b)} for rule, plant, a, b in rows
    ])  # fmt: skip
    found = [(plant, (start - at) / timedelta(hours=1)) for plant, start in events(table)]
    assert found == [("conc", 0), ("conc", 1), ("mill", 1), ("conc", 9)]


def test_shares_of_causes_are_of_those_confirmed():
    table = causes([("ore", 2.0), ("ore", 1.0), ("operator", 1.0), ("open", 5.0), ("void", 1.0)], CAUSES)
    rows = {row["cause"]: row for row in table.iter_rows(named=True)}
    assert (rows["ore"]["breaches"], rows["ore"]["hours"], rows["ore"]["share_frac"]) == (2, 3.0, pytest.approx(2 / 3))
    assert rows["open"]["share_frac"] is None
    assert rows["ore"]["share_low_frac"] == pytest.approx(0.2077, abs=1e-3)  # Wilson, 2 of 3
    assert rows["rule"]["share_frac"] == 0


# ---- the regression --------------------------------------------------------------------------------------------------


def test_without_bias_reduction_to_speak_of_rates_are_counts_over_time():
    groups = np.repeat(np.eye(2), 3, axis=0)
    counts, hours = np.array([30.0, 40, 50, 5, 6, 7]), np.array([10.0, 10, 20, 10, 10, 10])
    found = fit(groups, counts, np.log(hours))
    assert np.exp(found.beta) == pytest.approx([(120 + 0.5) / 40, (18 + 0.5) / 30])
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx([120.5**-0.5, 18.5**-0.5])


def test_a_group_without_any_event_has_a_finite_rate():
    groups = np.repeat(np.eye(2), 3, axis=0)
    found = fit(groups, np.array([3.0, 4, 2, 0, 0, 0]), np.zeros(6))
    assert np.exp(found.beta[1]) == pytest.approx(0.5 / 3)


def test_the_chance_by_simulation_agrees_with_the_exact_one_of_two_rates():
    """Two groups of equal time: given the sum, the first count is binomial."""
    counts = np.array([9.0, 2.0])
    chance, _ = chance_of_groups(np.array([[0.0], [1.0]]), np.ones((2, 1)), counts, np.zeros(2), draws=2000, seed=1)
    assert chance == pytest.approx(0.05, abs=0.03)  # binomial 0.065 two-sided, the score test 0.035


def test_holm_never_orders_chances_otherwise():
    chances = np.array([0.2, 0.001, 0.04, 0.5])
    found = holm(chances)
    assert (np.argsort(found, kind="stable") == np.argsort(chances, kind="stable")).all()
    assert (found >= chances).all()
