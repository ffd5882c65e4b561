"""Report days of plants, streams of one material, and baths without a survey at the start."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest
from tests.unit.reconcile.plants import METERS, MONTH, TRUTH, TZ, meter, model, records

from zveno.periods import Period
from zveno.reconcile import reconcile
from zveno.reconcile.build import month_network
from zveno.reconcile.records import book, of_meter

PLANT = {"id": "plant", "kind": "concentrator", "day_starts_h": -4.0, "sections": [{"id": "mill"}, {"id": "filter"}]}


def test_the_month_of_a_plant_begins_with_its_report_day():
    described = model(plants=[PLANT])
    rows = records(TRUTH).with_columns(pl.col("start", "end").dt.offset_by("-12h"))  # 20:00 and 08:00 as 1st shifts
    mine = of_meter(described, book(rows), described.meters["ore.belt"], "wet_mass", MONTH)
    assert len(mine) == 62
    assert datetime.fromtimestamp(mine.start[0], TZ) == datetime(2026, 2, 28, 20, tzinfo=TZ)
    usual = model()
    assert len(of_meter(usual, book(rows), usual.meters["ore.belt"], "wet_mass", MONTH)) == 61


def test_a_meter_may_count_otherwise_than_its_plant_and_hours_are_hours():
    described = model([{**METERS[0], "day_starts_h": 0}, *METERS[1:]], plants=[PLANT])
    assert described.day_starts_h(described.meters["ore.belt"]) == 0
    assert described.day_starts_h(described.meters["cake.scale"]) == -4
    assert described.day_starts_h(described.meters["bin.survey"]) == 0
    hour = Period.parse("2026-03-07T14:00", TZ)
    assert hour.of_report_days(-4) == hour
    assert Period.parse("2026-03-07", TZ).of_report_days(7).start.hour == 7


def test_a_missing_shift_is_seen_without_a_shift_pattern():
    described = model().model_copy(update={"people": None})
    rows = records(TRUTH)
    first = rows.filter(pl.col("point") == "ore.belt")["start"].min()
    rows = rows.filter((pl.col("point") != "ore.belt") | (pl.col("start") != first))
    gaps = {one.meter: one for one in month_network(described, rows, MONTH).gaps}
    assert (gaps["ore.belt"].expected, gaps["ore.belt"].present) == (62, 61)


def test_a_stream_without_assays_takes_those_of_its_material_as_wide_as_single_samples():
    streams = [one.model_dump(by_alias=True, exclude_unset=True) for one in model().chain.streams]
    streams = [{**one, "assayed_as": "cake"} if one["id"] == "slurry" else one for one in streams]
    values = dict(TRUTH)
    values["cake.assay", "Cu"] = [0.21 + 0.02 * (k % 2) for k in range(62)]
    described = model(streams=streams)
    net = month_network(described, records(values), MONTH).network
    found = {(one.stream, one.quantity): one for one in net.readings}
    borrowed, own = found["slurry", "Cu"], found["cake", "Cu"]
    assert borrowed.value == own.value
    assert borrowed.sigma == pytest.approx(0.01, rel=0.05)  # the scatter of single samples
    assert borrowed.sigma > 5 * own.sigma


def test_an_opening_without_a_survey_before_takes_the_first_one_after():
    meters = [*METERS[:-1], meter("bin.survey", "bin", "survey_mass", sd_rel_pct=5.0, period="day")]
    daily = []
    for day in range(31):
        start = MONTH.start + timedelta(days=day)
        daily.append(
            {"point": "bin.survey", "quantity": "survey_mass", "start": start, "end": start + timedelta(days=1),
             "value": 100.0 + day, "qualifier": "", "file": "f", "sheet": "s", "cell": "A1", "file_hash": "0", "known": None}
        )  # fmt: skip
    rows = records(TRUTH, stocks=None)
    rows = pl.concat([rows, pl.DataFrame(daily, schema=rows.schema)])
    balance = reconcile(model(meters), rows, MONTH)
    readings = balance.adjustments.filter(pl.col("meter") == "bin.survey")
    assert sorted(readings["reading"].to_list()) == [100.0, 130.0]
    assert "no survey at the start: the first one after was taken" in balance.gaps["treatment"].to_list()
