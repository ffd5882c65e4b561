"""Meters that are off for good, from the records of a small plant."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from tests.unit.reconcile.plants import METERS, MONTH, TRUTH, Values, meter, model, records, row, shift_starts

from zveno.errors import DataError
from zveno.periods import Period
from zveno.reconcile import drifting
from zveno.tables import frame

DAYS = list(MONTH.split("day"))
RELATIVE = {"wet_mass": 0.01, "moisture": 0.05, "mass": 0.002, "Cu": 0.02, "Fe": 0.02}


def month(seed: int, truth: Values = TRUTH, **biases: tuple[float, int]) -> pl.DataFrame:
    """A month with errors drawn anew in every shift, and biases (share, first day) by point."""
    rng = np.random.default_rng(seed)
    starts = shift_starts()
    rows = []
    for (point, quantity), value in truth.items():
        bias, first = biases.get(point.replace(".", "_"), (0.0, 0))
        for k, at in enumerate(starts):
            off = bias if k // 2 >= first else 0.0
            rows.append(row(point, quantity, at, value * (1 + off) * (1 + RELATIVE[quantity] * rng.standard_normal())))
    for at in (MONTH.start, MONTH.end):
        rows.append(row("bin.survey", "survey_mass", at, 100.0 * (1 + 0.05 * rng.standard_normal()), hours=0))
    return frame("records", rows)


def limited(**limits: float) -> list[dict]:
    """The plant's meters, some with a limit of bias, in per cent."""
    return [{**one, "bias_limit_pct": limits.get(one["id"].replace(".", "_"), 0.0)} for one in METERS]


def test_a_scale_that_is_off_is_named_with_its_size_and_limit_though_each_day_agrees():
    plant = model(limited(cake_scale=0.5, ore_belt=1.0))
    found = drifting(plant, month(1, cake_scale=(0.04, 0)), DAYS).errors
    (since,) = found["since"].unique()
    assert since <= "2026-03-08"
    assert set(found["class_id"]) == {1}
    scale = found.row(by_predicate=pl.col("meter") == "cake.scale", named=True)
    assert abs(scale["bias_rel_frac"] - 0.04) < 3 * scale["bias_rel_sd_frac"]
    assert (scale["limit_rel_frac"], scale["component"]) == (0.005, "")
    assert scale["p_value"] < 0.01
    assert found["p_value"].n_unique() == 1


def test_without_any_lasting_error_nothing_is_named():
    plant = model(limited(cake_scale=0.5, ore_belt=1.0))
    assert sum(not drifting(plant, month(seed), DAYS).errors.is_empty() for seed in range(20, 30)) <= 1


def test_the_likeliest_of_a_class_by_the_description_comes_first():
    plant = model(limited(cake_scale=0.1, ore_belt=2.0, cake_assay=0.2, ore_assay=0.4, tail_assay=2.0))
    found = drifting(plant, month(2, ore_belt=(0.08, 0)), DAYS).errors
    assert found["meter"][0] == "ore.belt"
    assert "cake.scale" in found["meter"].to_list()
    assert found.filter(pl.col("bias_rel_frac") >= 1).is_empty()


def test_what_the_description_allows_for_is_no_finding():
    read = month(2, ore_belt=(0.05, 0))
    assert not drifting(model(limited(ore_belt=0.5)), read, DAYS).errors.is_empty()
    assert drifting(model(limited(ore_belt=6.0)), read, DAYS).errors.is_empty()


def test_an_error_that_meters_share_is_one_suspect():
    shared = {"name": "laboratory", "sd_rel_pct": 1.0}
    meters = [{**one, "shared_error": shared} if "assay" in one["id"] else one for one in METERS]
    found = drifting(model(meters), month(3, cake_scale=(0.06, 0)), DAYS).errors
    named = found.filter(pl.col("meter") == "laboratory")
    assert set(named["component"]) & {"Cu", "Fe"}
    assert named["limit_rel_frac"].is_null().all()


def test_an_assay_of_the_whole_month_stands_for_each_of_its_days():
    """Without it the metal of the overflow is unknown on every day, and nothing checks the copper."""
    from tests.unit.reconcile import plants  # noqa: PLC0415

    streams = [*plants.model().chain.model_dump(by_alias=True, exclude_none=True)["streams"]]
    streams.append({"id": "spill", "from": "f1:spill", "to": "pond"})
    meters = [*METERS, meter("spill.scale", "spill", "mass"),
              meter("spill.assay", "spill", "assay", components=["Cu", "Fe"], period="month", sd_rel_pct=5.0)]  # fmt: skip
    plant = model(meters, streams=streams)
    extra = [row("spill.scale", "mass", at, 0.5) for at in shift_starts()]
    read = pl.concat([month(4, cake_scale=(0.06, 0)), frame("records", extra)])
    hours = MONTH.hours
    assays = [row("spill.assay", one, MONTH.start, value, hours=hours) for one, value in (("Cu", 0.2), ("Fe", 0.3))]
    known = drifting(plant, pl.concat([read, frame("records", assays)]), DAYS).errors
    assert "cake.scale" in known["meter"].to_list()
    assert drifting(plant, read, DAYS).errors.is_empty()


def test_few_periods_are_no_look_over_time():
    with pytest.raises(DataError, match="only 4"):
        drifting(model(), records(), DAYS[:4])


def test_hours_of_readings_by_the_shift_are_refused_with_how_many_tell_anything():
    hours = list(MONTH.split("hour"))
    with pytest.raises(
        DataError, match=r"0 of 744 periods have readings that check each other, .* such as days instead"
    ):
        drifting(model(), month(1), hours)


def test_only_days_with_readings_that_check_each_other_are_counted():
    read = month(1).filter(pl.col("start") < DAYS[12].start)
    found = drifting(model(), read, DAYS)
    assert found.checked == tuple(one.name for one in DAYS[:12])
    assert len(found.periods) == 31
    alone = month(1).filter(pl.col("point").is_in(["ore.belt", "ore.moisture"]))
    with pytest.raises(DataError, match="0 of 31 periods"):
        drifting(model(), alone, DAYS)


def test_errors_that_cannot_be_are_left_out_where_others_can():
    """By copper alone the bin, the tailings and the cake's assay look the same as its scale; but no survey and no assay
    is short by more than all of it, and cake of 85 % copper cannot hold a third more.
    """
    rich = {**TRUTH, ("cake.assay", "Cu"): 0.85, ("ore.assay", "Cu"): 0.0352, ("tail.assay", "Cu"): 1.2 / 960}
    read = month(5, truth=rich, cake_scale=(-0.3, 15)).filter(pl.col("quantity") != "Fe")
    found = drifting(model(limited(cake_scale=0.1)), read, DAYS).errors
    assert found["meter"].to_list() == ["ore.assay", "ore.belt", "cake.scale"]
    assert (found["bias_rel_frac"].abs() < 1).all()


def test_periods_without_readings_say_so():
    later = list(Period(MONTH.end, MONTH.end + timedelta(days=6)).split("day"))
    with pytest.raises(DataError, match="import"):
        drifting(model(), records(stocks=None), later)
