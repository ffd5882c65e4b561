"""From description and records to a network: topology, period values, their errors, gaps."""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from tests.unit.reconcile.plants import COMPONENTS, METERS, MONTH, TRUTH, meter, model, records, row, shift_starts

from zveno.errors import DataError, ModelError
from zveno.periods import Period
from zveno.reconcile import month_network, reconcile, reconcile_many
from zveno.reconcile.build import NOT_ALL_MEMBERS, WITHIN_SECTION
from zveno.reconcile.period_values import LEFT_OUT, MEAN_OF_PRESENT, TAKEN_AS_DRY, Masses
from zveno.reconcile.records import Series, apart
from zveno.reconcile.stock_readings import FROM_DESCRIPTION, UNSURVEYED

SHIFTS = len(shift_starts())


def read(month, stream, quantity):
    (found,) = [one for one in month.network.readings if (one.stream, one.quantity) == (stream, quantity)]
    return found


def test_sections_are_nodes_and_what_crosses_between_them_is_a_stream():
    network = month_network(model(), records(), MONTH).network
    ends = {one.id: (one.source, one.target) for one in network.streams}
    assert ends == {
        "ore": (None, "mill"), "slurry": ("mill", "filter"), "tail": ("mill", None), "cake": ("filter", None),
        "bin.opening": (None, "filter"), "bin.closing": ("filter", None),
    }  # fmt: skip
    assert [one.id for one in network.nodes] == ["mill", "filter"]


def test_a_group_across_different_sections_is_refused():
    streams = [one.model_dump(by_alias=True) for one in model().chain.streams]
    streams[4]["from"] = "f1"
    with pytest.raises(ModelError, match="group 'tail'"):
        month_network(model(streams=streams), records(), MONTH)


def test_dry_mass_takes_the_moisture_of_its_shift():
    wet = [1000.0 + 10 * k for k in range(SHIFTS)]
    moisture = [0.10 + 0.001 * k for k in range(SHIFTS)]
    values = {**TRUTH, ("ore.belt", "wet_mass"): wet, ("ore.moisture", "moisture"): moisture}
    found = read(month_network(model(), records(values), MONTH), "ore", "mass")
    assert found.value == pytest.approx(sum(w * (1 - m) for w, m in zip(wet, moisture, strict=True)))
    random = math.hypot(*(0.01 * w * (1 - m) for w, m in zip(wet, moisture, strict=True)))
    water = math.hypot(*(w * 0.05 * m for w, m in zip(wet, moisture, strict=True)))
    assert found.sigma == pytest.approx(math.hypot(random, water))


def test_systematic_part_does_not_average_out():
    sigma = {}
    for bias in (0.0, 2.0):
        meters = [meter("cake.scale", "cake", "mass", sd_rel_pct=0.2, bias_limit_pct=bias), *METERS[:4], *METERS[5:]]
        sigma[bias] = read(month_network(model(meters), records(), MONTH), "cake", "mass").sigma
    total = 40.0 * SHIFTS
    assert sigma[0.0] == pytest.approx(0.002 * total / math.sqrt(SHIFTS))
    assert sigma[2.0] == pytest.approx(math.hypot(sigma[0.0], 0.01 * total))


def test_absolute_floor_is_read_in_the_meters_unit():
    meters = [*METERS[:3], meter("tail.assay", "tail", "assay", components=["Cu"], sd_abs=0.02), *METERS[4:]]
    found = read(month_network(model(meters), records(), MONTH), "tail", "Cu")
    assert found.sigma == pytest.approx(0.0002 / math.sqrt(SHIFTS))


def test_assays_are_weighted_with_the_streams_tonnage():
    mass = [10.0] * (SHIFTS // 2) + [30.0] * (SHIFTS - SHIFTS // 2)
    grade = [0.20] * (SHIFTS // 2) + [0.24] * (SHIFTS - SHIFTS // 2)
    values = {**TRUTH, ("cake.scale", "mass"): mass, ("cake.assay", "Cu"): grade}
    found = read(month_network(model(), records(values), MONTH), "cake", "Cu")
    assert found.value == pytest.approx(0.23)


def test_assays_of_an_unweighed_stream_are_weighted_with_the_plants_feed():
    wet = [500.0] * (SHIFTS // 2) + [1500.0] * (SHIFTS - SHIFTS // 2)
    grade = [0.002] * (SHIFTS // 2) + [0.001] * (SHIFTS - SHIFTS // 2)
    values = {**TRUTH, ("ore.belt", "wet_mass"): wet, ("tail.assay", "Cu"): grade}
    assert read(month_network(model(), records(values), MONTH), "tail", "Cu").value == pytest.approx(0.00125)


def test_missing_shifts_are_completed_by_the_mean_and_said_so():
    whole = month_network(model(), records(), MONTH)
    mass = [40.0 + (k % 2) for k in range(SHIFTS)]
    holed = [None if k in (3, 4, 9) else one for k, one in enumerate(mass)]
    month = month_network(model(), records({**TRUTH, ("cake.scale", "mass"): holed}), MONTH)
    present = [one for one in holed if one is not None]
    assert read(month, "cake", "mass").value == pytest.approx(sum(present) / len(present) * SHIFTS)
    assert read(month, "cake", "mass").sigma > 1.4 * read(whole, "cake", "mass").sigma
    (gap,) = month.gaps
    assert (gap.meter, gap.quantity, gap.expected, gap.present) == ("cake.scale", "mass", SHIFTS, SHIFTS - 3)
    assert gap.treatment == MEAN_OF_PRESENT


def test_a_zero_shift_is_a_reading_and_needs_no_sample():
    values = {**TRUTH}
    values["cake.scale", "mass"] = [0.0 if k == 5 else 40.0 for k in range(SHIFTS)]
    for component, grade in zip(COMPONENTS, (0.22, 0.30), strict=True):
        values["cake.assay", component] = [None if k == 5 else grade for k in range(SHIFTS)]
    month = month_network(model(), records(values), MONTH)
    assert month.gaps == ()
    assert read(month, "cake", "mass").value == pytest.approx(40.0 * (SHIFTS - 1))


def test_a_meter_without_any_reading_is_left_out_and_listed():
    values = {key: value for key, value in TRUTH.items() if key[0] != "tail.assay"}
    month = month_network(model(), records(values), MONTH)
    assert {(one.meter, one.quantity, one.present, one.treatment) for one in month.gaps} == {
        ("tail.assay", "Cu", 0, LEFT_OUT), ("tail.assay", "Fe", 0, LEFT_OUT),
    }  # fmt: skip


def test_a_month_without_data_names_the_meters_to_import():
    with pytest.raises(DataError, match=r"ore\.belt.*bin\.survey"):
        month_network(model(), records(), Period.parse("2027-01", MONTH.start.tzinfo))


def test_wet_mass_without_moisture_is_widened_and_said_so():
    meters = [one for one in METERS if one["quantity"] != "moisture"]
    month = month_network(model(meters), records(), MONTH)
    assert read(month, "ore", "mass").value == pytest.approx(1250.0 * SHIFTS)
    assert read(month, "ore", "mass").sigma > 0.05 * 1250.0 * SHIFTS
    assert [one.treatment for one in month.gaps] == [TAKEN_AS_DRY]


def test_belts_of_one_calibration_share_their_error():
    shared = {"name": "belts", "sd_rel_pct": 0.4}
    meters = [
        *METERS,
        meter("tail1.belt", "tail1", "mass", shared_error=shared),
        meter("tail2.belt", "tail2", "mass", shared_error=shared),
        meter("slurry.belt", "slurry", "mass", shared_error=shared),
    ]
    values = {**TRUTH, ("tail1.belt", "mass"): 600.0, ("tail2.belt", "mass"): 360.0, ("slurry.belt", "mass"): 40.0}
    month = month_network(model(meters), records(values), MONTH)
    tail = read(month, "tail", "mass")
    assert (tail.meter, tail.value) == ("tail1.belt+tail2.belt", pytest.approx(960.0 * SHIFTS))
    random = 0.01 * math.hypot(600, 360) * math.sqrt(SHIFTS)
    assert tail.sigma == pytest.approx(math.hypot(random, 0.004 * 960 * SHIFTS))
    (common,) = [one for one in month.network.covariances if {one.first[0], one.second[0]} == {"tail", "slurry"}]
    assert common.value == pytest.approx(0.004**2 * 960 * 40 * SHIFTS**2)


def test_a_group_with_an_unread_member_is_not_summed():
    meters = [*METERS, meter("tail1.belt", "tail1", "mass")]
    month = month_network(model(meters), records({**TRUTH, ("tail1.belt", "mass"): 600.0}), MONTH)
    assert not [one for one in month.network.readings if (one.stream, one.quantity) == ("tail", "mass")]
    assert [one.treatment for one in month.gaps] == [NOT_ALL_MEMBERS]


def test_two_meters_on_one_stream_are_two_readings():
    meters = [*METERS, meter("cake.second", "cake", "mass")]
    month = month_network(model(meters), records({**TRUTH, ("cake.second", "mass"): 41.0}), MONTH)
    assert {one.meter for one in month.network.readings if (one.stream, one.quantity) == ("cake", "mass")} == {
        "cake.scale", "cake.second",
    }  # fmt: skip


def test_meters_for_operators_are_not_used():
    meters = [*METERS, meter("cake.analyser", "cake", "assay", components=["Cu"], accounting=False)]
    month = month_network(model(meters), records({**TRUTH, ("cake.analyser", "Cu"): 0.30}), MONTH)
    assert "cake.analyser" not in {one.meter for one in month.network.readings}


def test_a_stock_has_its_materials_assay_with_the_scatter_over_the_shifts_that_it_holds():
    grade = [0.21 + 0.02 * (k % 2) for k in range(SHIFTS)]
    month = month_network(model(), records({**TRUTH, ("cake.assay", "Cu"): grade}), MONTH)
    cake, closing = read(month, "cake", "Cu"), read(month, "bin.closing", "Cu")
    assert closing.value == cake.value
    assert closing.sigma == pytest.approx(math.hypot(0.01 / math.sqrt(100 / 40), cake.sigma), rel=0.02)
    between = [
        one for one in month.network.covariances
        if {one.first, one.second} == {("cake", "Cu"), ("bin.closing", "Cu")}
    ]  # fmt: skip
    assert between[0].value == pytest.approx(cake.sigma**2)


def test_a_stock_of_which_few_assays_are_known_has_the_scatter_between_shifts():
    grade = [0.21 + 0.02 * (k % 2) if k < 6 else None for k in range(SHIFTS)]
    month = month_network(model(), records({**TRUTH, ("cake.assay", "Cu"): grade}), MONTH)
    cake, closing = read(month, "cake", "Cu"), read(month, "bin.closing", "Cu")
    assert closing.sigma == pytest.approx(math.hypot(0.01 * math.sqrt(6 / 5), cake.sigma), rel=1e-6)


def test_an_own_assay_of_a_stock_goes_before_its_materials():
    meters = [*METERS, meter("bin.assay", "bin", "assay", components=["Cu"], period="month_end")]
    rows = records().vstack(pl.DataFrame([row("bin.assay", "Cu", MONTH.end, 0.25, hours=0)], schema=records().schema))
    month = month_network(model(meters), rows, MONTH)
    assert (read(month, "bin.closing", "Cu").meter, read(month, "bin.closing", "Cu").value) == ("bin.assay", 0.25)
    assert read(month, "bin.opening", "Cu").meter == "cake.assay"


def test_opening_stock_falls_back_to_the_description():
    stocks = [{"id": "bin", "section": "filter", "material": "cake", "opening": 80.0}]
    rows = records(stocks=None).vstack(
        pl.DataFrame([row("bin.survey", "survey_mass", MONTH.end, 90.0, hours=0)], schema=records().schema)
    )
    month = month_network(model(stocks=stocks), rows, MONTH)
    assert (read(month, "bin.opening", "mass").value, read(month, "bin.closing", "mass").value) == (80.0, 90.0)
    assert [one.treatment for one in month.gaps] == [FROM_DESCRIPTION]


def test_a_day_without_survey_does_not_know_its_stock_change_and_says_so():
    day = Period.parse("2026-03-10", MONTH.start.tzinfo)
    month = month_network(model(), records(), day)
    assert [one.treatment for one in month.gaps] == [UNSURVEYED]
    ends = [read(month, f"bin.{end}", "mass") for end in ("opening", "closing")]
    assert ends[0].value == ends[1].value
    moved = read(month, "cake", "mass").value
    (shared,) = [
        one.value
        for one in month.network.covariances
        if {one.first, one.second} == {("bin.opening", "mass"), ("bin.closing", "mass")}
    ]
    change_sd = math.sqrt(ends[0].sigma ** 2 + ends[1].sigma ** 2 - 2 * shared)
    assert change_sd == pytest.approx(moved, rel=1e-3)
    assert read(month, "ore", "mass").value == pytest.approx(2000.0)


def test_a_long_period_that_the_records_cover_in_part_is_refused_with_the_stretch_they_cover():
    year = Period.parse(f"{MONTH.start.year}", MONTH.start.tzinfo)
    with pytest.raises(DataError, match=f"cover {MONTH.start:%Y-%m}-01T.* only: ask for that stretch"):
        month_network(model(), records(), year)


def test_a_meter_within_a_section_is_listed():
    chain = model([*METERS, meter("inner.scale", "inner", "mass"), meter("inner.wet", "inner", "moisture", uom="%")])
    gaps = month_network(chain, records(), MONTH).gaps
    assert [one.meter for one in gaps if one.treatment == WITHIN_SECTION] == ["inner.scale"]


def test_limits_among_assays_are_filled_in_and_limits_alone_stay_limits():
    starts = shift_starts()
    schema = records().schema
    base = {key: value for key, value in TRUTH.items() if key != ("tail.assay", "Cu")}
    low = [row("tail.assay", "Cu", at, 0.002, qualifier="<") for at in starts]
    limits = month_network(model(), records(base).vstack(pl.DataFrame(low, schema=schema)), MONTH)
    assert (read(limits, "tail", "Cu").below, read(limits, "tail", "Cu").value) == (pytest.approx(0.002), None)
    mixed = low[:1] + [row("tail.assay", "Cu", at, 0.003) for at in starts[1:]]
    some = month_network(model(), records(base).vstack(pl.DataFrame(mixed, schema=schema)), MONTH)
    # all others alike: what is below the limit is just below it
    assert read(some, "tail", "Cu").value == pytest.approx((0.002 + 0.003 * (SHIFTS - 1)) / SHIFTS, rel=1e-3)
    few = [*low[:-4], *(row("tail.assay", "Cu", at, 0.003) for at in starts[-4:])]
    half = month_network(model(), records(base).vstack(pl.DataFrame(few, schema=schema)), MONTH)
    assert read(half, "tail", "Cu").value == pytest.approx((0.001 * (SHIFTS - 4) + 0.003 * 4) / SHIFTS)


def test_a_corrected_value_replaces_the_one_known_before():
    first = MONTH.start + timedelta(hours=8)
    late = MONTH.end + timedelta(days=1)
    rows = records().with_columns(known=pl.lit(MONTH.end).cast(records().schema["known"]))
    fix = pl.DataFrame([row("cake.scale", "mass", first, 100.0, known=late)], schema=rows.schema)
    month = month_network(model(), rows.vstack(fix), MONTH)
    assert read(month, "cake", "mass").value == pytest.approx(40.0 * (SHIFTS - 1) + 100.0)


def test_periods_too_short_for_their_readings_have_no_balance():
    hours = list(MONTH.split("hour"))[:30]
    assert set(reconcile_many(model(), records(), hours).periods["status"]) <= {"no data", "not testable"}


def test_a_period_that_a_bound_holds_says_that_its_tests_are_nominal():
    heavy = {**TRUTH, ("cake.scale", "mass"): 2000.0}  # more cake than ore: the tailings stand at nothing
    for values, word in ((TRUTH, "as stated"), (heavy, "nominal")):
        assert reconcile_many(model(), records(values), [MONTH]).periods["tests"].to_list() == [word]
        balance = reconcile(model(), records(values), MONTH)
        assert balance.nominal.word == word
        assert (("tail", "mass") in balance.nominal.bounds) == (word == "nominal")


def test_shift_assays_are_weighted_with_their_part_of_a_longer_mass():
    masses = Masses(np.array([0.0]), np.array([24.0 * 3600]), np.array([1000.0]))
    weight, covered = masses.between(np.array([0.0, 12.0]) * 3600, np.array([12.0, 24.0]) * 3600)
    assert weight == pytest.approx([500.0, 500.0])
    assert covered.all()


def test_a_day_record_over_shift_records_is_left_out_and_said_so():
    long = Series(np.array([0.0, 0.0, 12.0]) * 3600, np.array([12.0, 24.0, 24.0]) * 3600, np.array([5.0, 10.2, 5.2]),
                  np.zeros(3, dtype=bool))  # fmt: skip
    assert apart(long).value.tolist() == [5.0, 5.2]


def test_a_member_at_rest_does_not_count_in_the_assay_of_its_group():
    meters = [
        *METERS,
        meter("tail1.belt", "tail1", "mass"), meter("tail2.belt", "tail2", "mass"),
        meter("tail1.assay", "tail1", "assay", components=["Cu"]), meter("tail2.assay", "tail2", "assay", components=["Cu"]),
    ]  # fmt: skip
    values = {
        **TRUTH, ("tail1.belt", "mass"): 960.0, ("tail2.belt", "mass"): 0.0,
        ("tail1.assay", "Cu"): 0.001, ("tail2.assay", "Cu"): 0.004,
    }  # fmt: skip
    month = month_network(model(meters), records(values), MONTH)
    found = [one for one in month.network.readings if one.stream == "tail" and "tail1.assay" in one.meter]
    assert [one.value for one in found] == [pytest.approx(0.001)]
