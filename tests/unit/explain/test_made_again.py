"""Values of a period made again from cells in plain arithmetic: limits, book stocks, stated errors, lent assays."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from tests.unit.reconcile.plants import METERS, MONTH, TRUTH, meter, model, records, row, shift_starts

from zveno.errors import DataError
from zveno.explain.again import Cells, made_again
from zveno.explain.limits import without_limits
from zveno.periods import Period
from zveno.reconcile import MonthInput, month_network
from zveno.reconcile.censored import filled
from zveno.reconcile.origin import Assumed, Averaged, Surveyed, uses
from zveno.reconcile.records import Series
from zveno.reconcile.stock_readings import BY_BOOK, MATERIAL, NEXT_SURVEY, UNSURVEYED
from zveno.tables import frame

TEN_DAYS = Period(MONTH.start, MONTH.start + timedelta(days=10))


def cells(rows: pl.DataFrame) -> Cells:
    times = [rows[name].dt.epoch("us") for name in ("start", "end")]
    keys = zip(rows["point"], rows["quantity"], *times, strict=True)
    return Cells({key: [value] for key, value in zip(keys, rows["value"], strict=True)})


def come_out_again(month: MonthInput, rows: pl.DataFrame) -> dict[tuple[str, str], object]:
    """Origins of all readings, each of which comes out again."""
    found: dict[tuple[str, str], object] = {}
    for reading, one in zip(month.network.readings, month.measured, strict=True):
        assert one.origin is not None, reading
        assert made_again(one.origin, cells(rows)) == pytest.approx(one.value, rel=1e-12), reading
        found[reading.stream, reading.quantity] = one.origin
    return found


def test_a_stock_surveyed_at_one_end_says_that_the_other_end_stands_by_the_book():
    rows = records(stocks=(100.0, 130.0))
    found = come_out_again(month_network(model(), rows, TEN_DAYS), rows)
    assert isinstance(found["bin.opening", "mass"], Surveyed)
    book = found["bin.closing", "mass"]
    assert isinstance(book, Assumed)
    assert book.why == BY_BOOK
    assert [one.point for one in uses(book)] == ["bin.survey"]


def test_a_stock_that_nobody_surveyed_says_so():
    rows = records(stocks=None)
    found = come_out_again(month_network(model(), rows, TEN_DAYS), rows)
    whys = [found[f"bin.{end}", "mass"].why for end in ("opening", "closing")]
    assert whys == [UNSURVEYED, UNSURVEYED]


def test_a_survey_taken_next_says_so():
    late = row("bin.survey", "survey_mass", MONTH.start + timedelta(hours=8), 100.0, hours=0)
    end = row("bin.survey", "survey_mass", MONTH.end, 120.0, hours=0)
    rows = pl.concat([records(stocks=None), frame("records", [late, end])])
    found = come_out_again(month_network(model(), rows, MONTH), rows)
    assert found["bin.opening", "mass"].why == NEXT_SURVEY
    assert isinstance(found["bin.closing", "mass"], Surveyed)


def test_an_assay_lent_by_the_material_says_so():
    rows = records()
    found = come_out_again(month_network(model(), rows, MONTH), rows)
    assert found["bin.closing", "Cu"].why == MATERIAL
    assert "cake.assay" in {one.point for one in uses(found["bin.closing", "Cu"])}


def test_an_error_told_with_a_count_stands_beside_it():
    told = [row("bin.survey", "survey_mass", at, 100.0, hours=0, qualifier="±3.5") for at in (MONTH.start, MONTH.end)]
    rows = pl.concat([records(stocks=None), frame("records", told)])
    month = month_network(model(), rows, MONTH)
    found = come_out_again(month, rows)
    assert found["bin.closing", "mass"].told_sd == 3.5
    sigma = {(one.stream, one.quantity): one.sigma for one in month.network.readings}
    assert sigma["bin.closing", "mass"] == pytest.approx(3.5)


def test_values_below_limits_come_out_again_as_what_they_stand_for():
    rng, starts = np.random.default_rng(11), shift_starts()
    true = 0.00125 * np.exp(0.2 * rng.standard_normal(len(starts)))
    below = true < 0.0012
    assert 0.2 < below.mean() < 0.66
    values = {**TRUTH, ("tail.assay", "Cu"): np.where(below, 0.0012, true).tolist()}
    limit = dict(zip(starts, below.tolist(), strict=True))
    rows = records(values).with_columns(
        qualifier=pl.when((pl.col("point") == "tail.assay") & (pl.col("quantity") == "Cu")
                          & pl.col("start").is_in([at for at, one in limit.items() if one]))
        .then(pl.lit("<")).otherwise(pl.col("qualifier"))
    )  # fmt: skip
    month = month_network(model(), rows, MONTH)
    found = come_out_again(month, rows)["tail", "Cu"]
    assert isinstance(found, Averaged)
    assert int(found.series.below.sum()) == int(below.sum())
    halved = float(np.where(below, 0.0006, true).mean())
    value = next(m.value for r, m in zip(month.network.readings, month.measured, strict=True)
                 if (r.stream, r.quantity) == ("tail", "Cu"))  # fmt: skip
    assert abs(value / halved - 1) > 0.01  # half of the limit would be another figure


@pytest.mark.parametrize("seed", range(20))
def test_two_ways_to_the_likeliest_distribution_meet(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(12, 120))
    value = np.exp(rng.normal(-8, rng.uniform(0.05, 1.2), n))
    limit = np.quantile(value, rng.uniform(0.02, 0.6)) * (rng.uniform(0.9, 1.1, n) if seed % 3 == 0 else np.ones(n))
    below = value < limit
    value = np.where(below, limit, value)
    ours = filled(Series(np.zeros(n), np.ones(n), value, below)).value
    assert without_limits(value.tolist(), below.tolist()) == pytest.approx(ours.tolist(), rel=1e-10)


def test_too_few_above_their_limits_count_half():
    assert without_limits([0.02] * 6 + [0.03], [True] * 6 + [False]) == [0.01] * 6 + [0.03]
    assert without_limits([0.02, 0.04], [False, False]) == [0.02, 0.04]


def test_a_cell_that_was_not_read_is_named():
    rows = records()
    (one, *_) = [m for m in month_network(model(), rows, MONTH).measured if m.meter == "cake.scale"]
    with pytest.raises(DataError, match=r"cake\.scale"):
        made_again(one.origin, cells(rows.filter(pl.col("point") != "cake.scale")))


def test_a_stream_assayed_as_another_says_so():
    rows = records()
    streams = [
        {**one.model_dump(by_alias=True, exclude_defaults=True), **({"assayed_as": "cake"} if one.id == "slurry" else {})}
        for one in model().chain.streams
    ]  # fmt: skip
    meters = [*METERS, meter("slurry.scale", "slurry", "mass")]
    found = come_out_again(month_network(model(meters, streams=streams), rows, MONTH), rows)
    lent = found["slurry", "Cu"]
    assert isinstance(lent, Assumed)
    assert {one.point for one in uses(lent)} >= {"cake.assay"}
