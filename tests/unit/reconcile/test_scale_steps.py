"""A scale that steps away from its fellows: found with its moment and size, and nothing where nothing changed."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from tests.unit.reconcile.plants import METERS, MONTH, TRUTH, meter, model, records, row, shift_starts

from zveno.periods import Period
from zveno.reconcile import reconcile
from zveno.reconcile.records import book
from zveno.reconcile.scale_steps import scale_steps
from zveno.tables import frame

LINES = [f"ore{k}" for k in range(1, 5)]
BELTS = [
    meter(f"belt{k}", f"ore{k}", "wet_mass", shared_error={"name": "calibration", "sd_rel_pct": 0.4})
    for k in range(1, 5)
]


def described(belts=BELTS):
    """The small plant with four belts instead of one."""
    whole = model().chain.model_dump(mode="json")["streams"]
    streams = [one for one in whole if one["id"] != "ore"]
    for one in streams:
        one["from"], one["to"] = one.pop("source"), one.pop("target")
    streams += [{"id": one, "from": "mine", "to": "m1", "kind": "ore"} for one in LINES]
    meters = [one for one in METERS if one["stream"] != "ore"] + list(belts)
    return model(meters, streams=streams, recoveries=[])


def month(seed: int, *, step: float = 0.0, at: int = 20, which: int = 2, stops: float = 0.15) -> pl.DataFrame:
    """Shifts of four lines, 1 % error each; some stand part of a shift; one belt steps from a shift on."""
    rng = np.random.default_rng(seed)
    rows = []
    for k in range(1, 5):
        for n, start in enumerate(shift_starts()):
            run = float(rng.uniform(0.1, 0.95)) if rng.random() < stops else 1.0
            factor = 1 + step if k == which and n >= at else 1.0
            rows.append(
                row(f"belt{k}", "wet_mass", start, 300.0 * run * factor * (1 + 0.01 * float(rng.standard_normal())))
            )
    return frame("records", rows)


def found(rows: pl.DataFrame, period: Period = MONTH, belts=BELTS):
    return scale_steps(described(belts), book(rows), period)


def test_a_belt_that_steps_four_per_cent_is_found_whatever_the_seed():
    hits, sizes, late = 0, [], []
    for seed in range(30):
        result = found(month(seed, step=0.04))
        hits += [one.meter for one in result] == ["belt2"]
        if result:
            sizes.append((result[0].size_frac, result[0].size_sd_frac))
            late.append(abs(result[0].since - shift_starts()[20].timestamp()) / 43200)
            assert result[0].fellows == ("belt1", "belt3", "belt4")
    assert hits >= 27
    assert np.mean([one for one, _ in sizes]) == pytest.approx(0.04, abs=0.004)
    assert np.median(late) <= 1  # shifts
    assert max(late) <= 6


def test_nothing_is_said_where_nothing_changed():
    # at most 2 % by construction; 100 draws of a 2 % event pass 5 with a chance of 2 %
    assert sum(bool(found(month(seed))) for seed in range(100)) <= 5


def test_lines_that_stand_often_raise_no_alarm():
    assert sum(bool(found(month(seed, stops=0.4))) for seed in range(30)) <= 2


def test_a_step_of_all_belts_together_is_none_against_each_other():
    rows = month(1)
    late = pl.col("start") >= shift_starts()[20]
    rows = rows.with_columns(value=pl.when(late).then(pl.col("value") * 1.1).otherwise(pl.col("value")))
    assert found(rows) == ()


def test_of_two_scales_both_are_named():
    names = {one.meter for one in found(month(3, step=-0.06), belts=BELTS[:2])}
    assert names == {"belt1", "belt2"}


def test_scales_that_weigh_between_the_same_places_are_fellows_without_a_shared_error():
    plain = [meter(f"belt{k}", f"ore{k}", "wet_mass") for k in range(1, 5)]
    assert [one.meter for one in found(month(2, step=0.05), belts=plain)] == ["belt2"]


def test_few_readings_say_nothing():
    few = Period(MONTH.start, MONTH.start + timedelta(days=5))
    assert found(month(1, step=0.2, at=5), few) == ()


def test_the_table_tells_the_moment_in_time():
    rest = {key: value for key, value in TRUTH.items() if not key[0].startswith("ore.belt")}
    rows = pl.concat([records(rest), month(4, step=0.05)])
    (told,) = reconcile(described(), rows, MONTH).scale_steps.rows(named=True)
    assert told["meter"] == "belt2"
    assert abs(told["since"] - shift_starts()[20]) <= timedelta(days=1.5)
    assert told["fellows"] == "belt1, belt3, belt4"
    assert abs(told["z"]) > told["limit"]
