"""Gases and baths that are followed by one component alone; meters that err by component and by time."""

from __future__ import annotations

import math
from typing import Any

import pytest
from tests.unit.reconcile.plants import METERS, MONTH, TRUTH, meter, model, records, row, shift_starts

from zveno.errors import ModelError
from zveno.reconcile import flow_faults, month_network, reconcile, reconcile_many

SHIFTS = len(shift_starts())


def gassed(content: str = "Fe", **changes: Any) -> Any:
    """The small plant whose filter also loses iron with a gas; the iron in the bath of the mill is surveyed."""
    base = model().chain
    streams = [one.model_dump(by_alias=True) for one in base.streams]
    streams.append({"id": "gas", "from": "f1:gas", "to": "river", "kind": "gas", "content": content})
    stocks = [one.model_dump(by_alias=True) for one in base.stocks]
    stocks.append({"id": "bath", "section": "filter", "material": "cake", "content": "Fe", "opening": 5.0})
    meters = [*METERS, meter("gas.flow", "gas", "mass", sd_rel_pct=4.0),
              meter("bath.dip", "bath", "survey_mass", sd_rel_pct=2.0, period="month_end")]  # fmt: skip
    return model(meters, streams=streams, stocks=stocks, **changes)


def gassed_records() -> Any:
    more = [row("gas.flow", "mass", at, 0.5) for at in shift_starts()]
    more += [row("bath.dip", "survey_mass", at, mass, hours=0) for at, mass in ((MONTH.start, 5.0), (MONTH.end, 6.0))]
    return records().vstack(type(records())(more, schema=records().schema))


def test_a_gas_takes_part_with_the_mass_of_its_content_and_no_grade():
    found = reconcile(gassed(), gassed_records(), MONTH)
    rows = found.flows.filter(found.flows["stream"] == "gas").rows(named=True)
    assert [(one["component"], one["grade_frac"], one["status"]) for one in rows] == [("Fe", None, "adjusted")]
    assert rows[0]["mass_t"] == pytest.approx(0.5 * SHIFTS, rel=0.1)
    iron = {one["stream"]: one["mass_t"] for one in found.flows.rows(named=True) if one["component"] == "Fe"}
    left = iron["slurry"] + iron["bin.opening"] + iron["bath.opening"]
    out = iron["cake"] + iron["gas"] + iron["bin.closing"] + iron["bath.closing"]
    assert left == pytest.approx(out)


def test_a_bath_is_surveyed_by_its_content():
    found = reconcile(gassed(), gassed_records(), MONTH)
    rows = {one["stream"]: one for one in found.flows.rows(named=True) if one["stream"].startswith("bath")}
    assert set(rows) == {"bath.opening", "bath.closing"}
    assert rows["bath.opening"]["component"] == "Fe"
    assert rows["bath.closing"]["mass_t"] == pytest.approx(6.0, rel=0.05)


def test_many_periods_tell_contents_alike():
    month = reconcile(gassed(), gassed_records(), MONTH)
    series = reconcile_many(gassed(), gassed_records(), [MONTH])
    names = ("gas", "bath.closing")
    one, many = (
        {(row["stream"], row["component"]): row["mass_t"] for row in table.rows(named=True) if row["stream"] in names}
        for table in (month.flows, series.flows)
    )
    assert many == pytest.approx(one)
    assert ("gas", "mass") not in many


def test_streams_of_one_group_have_one_content():
    streams = [one.model_dump(by_alias=True) for one in model().chain.streams]
    streams[3] |= {"content": "Fe", "components": None}
    mixed = model(streams=streams)
    assert ["different contents" in str(one) for one in flow_faults(mixed)] == [True]
    with pytest.raises(ModelError, match="different contents"):
        month_network(mixed, records(), MONTH)


def read(found: Any, stream: str, quantity: str) -> Any:
    (one,) = [one for one in found.network.readings if (one.stream, one.quantity) == (stream, quantity)]
    return one


def test_a_meter_may_err_by_component():
    meters = [*METERS[:5], meter("cake.assay", "cake", "assay", components=["Cu", "Fe"], sd_rel_pct=0.8,
                                 sd_rel_pcts={"Fe": 4.0}), METERS[6]]  # fmt: skip
    month = month_network(model(meters), records(), MONTH)
    assert read(month, "cake", "Cu").sigma == pytest.approx(0.008 * 0.22 / math.sqrt(SHIFTS))
    assert read(month, "cake", "Fe").sigma == pytest.approx(0.04 * 0.30 / math.sqrt(SHIFTS))


def test_a_time_of_wider_errors_counts_for_its_days_only():
    wider = {"from": "2026-03-01", "to": "2026-03-11", "factor": 3.0}
    meters = [*METERS[:4], meter("cake.scale", "cake", "mass", sd_rel_pct=1.0, widened=[wider]), *METERS[5:]]
    found = read(month_network(model(meters), records(TRUTH), MONTH), "cake", "mass")
    assert found.sigma == pytest.approx(0.4 * math.sqrt(20 * 9 + (SHIFTS - 20)))


def test_the_chains_own_recovery_counts_all_stocks():
    rules = [{"components": ["Cu"], "feeds": ["ore"], "products": ["cake"], "stocks": ["bin"]}]
    found = reconcile(model(recoveries=rules), records(stocks=(100.0, 120.0)), MONTH)
    rows = {one["kind"]: one["recovery_frac"] for one in found.recoveries.rows(named=True)}
    assert set(found.recoveries["plant"]) == {""}
    assert rows["overall"] > rows["direct"]
