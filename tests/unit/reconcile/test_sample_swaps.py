"""Samples of one shift, taken for each other: found by what each stream usually looks like."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from tests.unit.reconcile.plants import METERS, MONTH, TRUTH, meter, model, records, shift_starts

from zveno.chain import Scrutiny
from zveno.periods import Period
from zveno.reconcile import reconcile
from zveno.reconcile.build import plan_of
from zveno.reconcile.records import book
from zveno.reconcile.sample_swaps import exchanged, sample_swaps

TWIN = [*METERS, meter("slurry.assay", "slurry", "assay", components=["Cu", "Fe"], sd_rel_pct=0.8)]
SPREAD = {"ore.assay": 0.04, "tail.assay": 0.08, "cake.assay": 0.02, "slurry.assay": 0.02}


def month(seed: int = 0, *, twin: bool = False, swap: tuple[str, str, int] | None = None) -> pl.DataFrame:
    """Shifts that wander, copper and iron alike; the samples of two meters exchanged in one of them."""
    rng = np.random.default_rng(seed)
    n = len(shift_starts())
    truth = dict(TRUTH)
    if twin:
        truth |= {("slurry.assay", one): truth["cake.assay", one] for one in ("Cu", "Fe")}
    values = {}
    for (point, quantity), value in truth.items():
        spread = SPREAD.get(point, 0.01)
        values[point, quantity] = list(value * np.exp(spread * rng.standard_normal(n)))
    if swap:
        first, second, k = swap
        for one in ("Cu", "Fe"):
            a, b = values[first, one], values[second, one]
            a[k], b[k] = b[k], a[k]
    return records(values)


def swaps(rows: pl.DataFrame, *, twin: bool = False):
    described = model(TWIN if twin else None)
    return sample_swaps(described, plan_of(described, rows).book, MONTH)


@pytest.mark.parametrize(
    "pair", [("ore.assay", "tail.assay"), ("ore.assay", "cake.assay"), ("tail.assay", "cake.assay")]
)
def test_a_swap_of_one_shift_is_found_with_its_time_whatever_the_seed(pair):
    starts = shift_starts()
    for seed in range(20):
        (one,) = swaps(month(seed, swap=(*pair, (7 * seed) % 62))).found
        assert {one.first, one.second} == set(pair)
        assert one.start == starts[(7 * seed) % 62].timestamp()
        assert one.end - one.start == 12 * 3600
        assert one.components == ("Cu", "Fe")
        assert one.evidence > one.needed
        assert one.instead == ()


def test_nothing_is_said_to_be_swapped_where_nothing_is():
    # by construction at most 2 % of months; 100 draws of a 2 % event pass 5 with a chance of 2 %
    assert sum(bool(swaps(month(seed)).found) for seed in range(100)) <= 5


def test_near_twins_are_told_to_be_unseen_and_are_not_accused():
    for seed in range(10):
        result = swaps(month(seed, twin=True, swap=("cake.assay", "slurry.assay", 20)), twin=True)
        assert result.found == ()
        assert result.unseen == (("cake.assay", "slurry.assay"),)


def test_a_swap_with_one_of_two_twins_names_both_pairs():
    """Either concentrate may have been exchanged with the tailings, if the other one's sample is missing or alike."""
    rows = month(2, twin=True, swap=("tail.assay", "cake.assay", 20))
    (one,) = swaps(rows, twin=True).found
    assert {one.first, one.second} == {"tail.assay", "cake.assay"}


def test_a_single_odd_assay_is_no_swap():
    """A typing slip makes copper of the tailings ten times as high: nearer to the feed, but the feed is as usual."""
    rows = month(1)
    at = shift_starts()[5].timestamp()
    slip = (pl.col("point") == "tail.assay") & (pl.col("quantity") == "Cu") & (pl.col("start").dt.epoch("s") == int(at))
    rows = rows.with_columns(value=pl.when(slip).then(pl.col("value") * 10).otherwise(pl.col("value")))
    assert swaps(rows).found == ()


def test_few_samples_say_nothing():
    start = MONTH.start
    few = Period(start, start + (MONTH.end - start) / 31 * 3)
    described, rows = model(), month(0, swap=("ore.assay", "tail.assay", 2))
    assert sample_swaps(described, book(rows), few).found == ()


def test_exchanging_back_gives_the_month_without_the_swap():
    clean, wrong = month(4), month(4, swap=("ore.assay", "tail.assay", 9))
    (one,) = swaps(wrong).found
    order = ["point", "quantity", "start"]
    columns = [*order, "value"]
    assert exchanged(wrong, one).sort(order).select(columns).equals(clean.sort(order).select(columns))


def test_the_balance_tells_the_swap_and_its_objective_with_the_two_exchanged_back():
    wrong, clean = month(4, swap=("ore.assay", "tail.assay", 9)), month(4)
    found = reconcile(model(), wrong, MONTH)
    (row,) = found.swaps.filter(pl.col("status") == "swapped").rows(named=True)
    assert {row["first_meter"], row["second_meter"]} == {"ore.assay", "tail.assay"}
    assert row["start"] == shift_starts()[9]
    assert row["components"] == "Cu, Fe"
    assert row["objective"] == pytest.approx(reconcile(model(), clean, MONTH).objective)
    assert row["gain"] > row["needed"]
    # published numbers are of the assays as they were given
    assert found.objective != pytest.approx(row["objective"])


def test_a_swap_of_the_whole_month_is_told_by_the_balance():
    rows = month(0)
    other = {"ore.assay": "tail.assay", "tail.assay": "ore.assay"}
    rows = rows.with_columns(point=pl.col("point").replace(other))
    found = reconcile(model(), rows, MONTH).swaps.filter(pl.col("status") == "swapped").rows(named=True)
    assert [(row["first_meter"], row["second_meter"], row["start"]) for row in found] == [
        ("ore.assay", "tail.assay", None)
    ]


def test_tables_of_a_screened_month_list_what_was_left_out():
    rows = month(0)
    far = pl.col("point") == "cake.scale"
    rows = rows.with_columns(value=pl.when(far).then(pl.col("value") * 1.5).otherwise(pl.col("value")))
    found = reconcile(model(), rows, MONTH, Scrutiny(robust="hampel"))
    gone = found.adjustments.filter(pl.col("status") == "left_out")
    assert gone.height >= 1
    logged = found.eliminations.filter(pl.col("action") == "screened out")
    assert set(zip(gone["stream"], gone["quantity"], strict=True)) == set(
        zip(logged["stream"], logged["quantity"], strict=True)
    )
    assert found.objective < 1


def test_a_meter_in_question_is_told_with_its_size_whatever_it_is():
    found = reconcile(model(), month(0), MONTH, Scrutiny(asked=("ore.belt",))).common_errors
    (belt,) = found.filter(pl.col("asked")).rows(named=True)
    (reading,) = reconcile(model(), month(0), MONTH).adjustments.filter(pl.col("meter") == "ore.belt").rows(named=True)
    assert belt["name"] == "ore.belt"
    assert belt["z"] == pytest.approx(reading["z"])
    assert belt["off"] == (abs(reading["z"]) > 1.96)
    assert belt["shows_from_frac"] < reading["shows_from"] / reading["reading"]


def test_shift_samples_are_compared_where_other_assays_are_of_day_composites():
    """Iron of both is assayed once a day from a composite: the swap of the shift samples shows in copper alone."""
    rows = month(3, swap=("ore.assay", "tail.assay", 9))
    first = pl.col("start").dt.hour() == 3  # 08:00 in the plant
    daily = rows.filter(pl.col("quantity") == "Fe", first).with_columns(end=pl.col("start") + pl.duration(hours=24))
    rows = pl.concat([rows.filter(pl.col("quantity") != "Fe"), daily])
    found = swaps(rows).found
    (one,) = (one for one in found if one.components == ("Cu",))
    assert {one.first, one.second} == {"ore.assay", "tail.assay"}
    assert one.start == shift_starts()[9].timestamp()
