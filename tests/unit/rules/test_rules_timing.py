"""Off-delay, merge gap, dead band, guard band, dated numbers: what is told of an episode, and when it ends."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from tests.unit.rules.small_plant import at, judged, model, rule, series, times, version

from zveno.errors import DataError, QuantityError
from zveno.model.chain import ChainModel
from zveno.periods import Period
from zveno.rules import legal_number
from zveno.rules.faults import rule_faults


def ph(*values: float, **params: Any) -> Any:
    """What one rule finds in minutes of a pH."""
    return judged(model(rule(version(high=12.0, **params))), series("conc.line1.ph", list(values)))


def test_an_episode_ends_where_the_value_came_back_once_it_has_stayed_there() -> None:
    values = [11.0] * 2 + [12.5] * 3 + [11.0] * 2 + [12.5] * 2 + [11.0] * 6
    assert times(ph(*values)) == [("07 00:02", "07 00:05"), ("07 00:07", "07 00:09")]
    assert times(ph(*values, off_delay_min=3)) == [("07 00:02", "07 00:09")]
    assert times(ph(*values, off_delay_min=2)) == times(ph(*values))


def test_while_the_off_delay_runs_the_episode_is_open() -> None:
    found = ph(11.0, 12.5, 12.5, 11.0, 11.0, off_delay_min=5)
    assert found.breaches["open"].to_list() == [True]


def test_episodes_close_to_each_other_are_told_as_one_with_all_their_readings() -> None:
    values = [11.0] * 2 + [12.5] * 3 + [11.0] * 3 + [13.0] * 2 + [11.0] * 9 + [12.5] + [11.0] * 5
    found = ph(*values, merge_gap_min=4)
    assert times(found) == [("07 00:02", "07 00:10"), ("07 00:19", "07 00:20")]
    assert found.breaches.select("count", "peak", "known_h").rows() == [
        (5, 13.0, pytest.approx(8 / 60)),
        (1, 12.5, pytest.approx(1 / 60)),
    ]


def test_a_run_too_short_for_the_delay_is_not_told_with_its_neighbour() -> None:
    values = [11.0] * 2 + [12.5] * 3 + [11.0] + [12.5] + [11.0] * 9
    assert times(ph(*values, on_delay_min=3, merge_gap_min=5)) == [("07 00:02", "07 00:05")]


def test_a_dead_band_asks_the_value_to_come_back_further() -> None:
    values = [11.0, 12.5, 11.9, 11.8, 11.6, 11.4, 11.9]
    assert times(ph(*values)) == [("07 00:01", "07 00:02")]
    assert times(ph(*values, deadband=0.5)) == [("07 00:01", "07 00:05")]


@pytest.mark.parametrize(
    ("error_sd", "surety"), [(None, ""), (0.1, "sure"), (0.25, "sure"), (0.4, "likely"), (0.6, "within_error")]
)
def test_how_sure_a_breach_is_follows_from_the_error_of_the_instrument(error_sd: float | None, surety: str) -> None:
    one = with_error("conc.line1.ph", error_sd, rule(version(high=12.0)))
    found = judged(one, series("conc.line1.ph", [11.0, 12.5, 11.0]))
    assert found.breaches["surety"].to_list() == [surety]


def test_the_error_of_a_ratio_follows_from_both_signals() -> None:
    ratio = rule(version(expr="a / b", high=1.0), kind="cross_tag", tag=["conc.line1.ph", "conc.line2.ph"], uom="-")
    one = with_error("conc.line1.ph", 1.12, ratio)  # 10 % of the usual 11.2; the other without error
    one = with_error("conc.line2.ph", 0.0, one=one)
    found = judged(one, series("conc.line1.ph", [12.5]), series("conc.line2.ph", [10.0]))
    assert found.breaches.select("peak", "surety").rows() == [(1.25, "sure")]
    found = judged(one, series("conc.line1.ph", [11.5]), series("conc.line2.ph", [10.0]))
    assert found.breaches["surety"].to_list() == ["likely"]


def with_error(tag: str, error_sd: float | None, *rules: dict[str, Any], one: ChainModel | None = None) -> ChainModel:
    """The plant with the error of one instrument."""
    base = one or model(*rules)
    tags = tuple(each.model_copy(update={"error_sd": error_sd}) if each.id == tag else each for each in base.chain.tags)
    return base.model_copy(update={"chain": base.chain.model_copy(update={"tags": tags})})


# limits by grade, and dated numbers


def test_a_limit_by_grade_is_an_exception_at_just_this_grade() -> None:
    grades = [
        {"when": {"tag": "conc.line1.pump", "equals": 2}, "params": {"high": 11.0}, "why": {"en": "grade 2"}},
        {"when": {"tag": "conc.line1.pump", "equals": 3}, "params": {"high": 10.0}, "why": {"en": "grade 3"}},
    ]
    graded = model(rule(version(high=12.0, exceptions=grades)))
    grade = series("conc.line1.pump", [1, 1, 2, 2, 3, 3], every_min=5)
    found = judged(graded, series("conc.line1.ph", [10.5] * 30), grade)
    assert times(found) == [("07 00:20", "07 00:29")]
    assert found.breaches["limit"].to_list() == [10.0]


PERMIT = {"kind": "parameter", "tag": [], "id": "ENV-1", "unit": "conc.flotation", "uom": "pH"}


def permit(*versions: dict[str, Any]) -> dict[str, Any]:
    """A number that a permit sets."""
    return rule(*versions, **PERMIT)


def test_a_level_follows_a_dated_number() -> None:
    numbers = permit(version(1, end="2026-03-08", value=12.0), version(2, start="2026-03-08", value=11.0))
    one = model(rule(version(high="ENV-1")), numbers)
    assert rule_faults(one) == []
    found = judged(one, series("conc.line1.ph", 11.5, start="07 12:00", hours=24))
    assert times(found) == [("08 00:00", "08 11:59")]
    assert found.breaches["limit"].to_list() == [11.0]


def test_a_number_is_asked_for_by_its_day() -> None:
    one = model(permit(version(1, end="2026-03-08", value=12.0), version(2, start="2026-03-08", value=11.0)))
    assert [legal_number(one, "ENV-1", date(2026, 3, day)) for day in (7, 8)] == [12.0, 11.0]
    with pytest.raises(DataError, match="in force"):
        legal_number(one, "ENV-1", date(2025, 1, 1))
    with pytest.raises(DataError, match="no number"):
        legal_number(one, "ENV-2", date(2026, 3, 7))
    with pytest.raises(QuantityError):
        legal_number(one, "ENV-1", date(2026, 3, 7), "t")


def test_a_number_without_a_value_on_some_day_of_a_version_is_a_fault() -> None:
    gone = permit(version(1, end="2026-03-08", value=12.0))
    (found,) = rule_faults(model(rule(version(high="ENV-1")), gone))
    assert "'high' is that of 'ENV-1', which has no value on 2026-03-08" in str(found)


# a list before an action


def test_an_action_needs_a_list_of_its_own_signed_in_time() -> None:
    listed = rule(
        version(before="start", items=["dry", "warm"], valid_min=30),
        kind="checklist", tag=["conc.line1.pump", "conc.line2.pump"], uom="-",
    )  # fmt: skip
    lists = series("conc.line1.pump", [2, None, None, None, 1, None, None, 2, None], every_min=10)
    starts = series("conc.line2.pump", [None, 1, 1, None, None, 1, None, None, 1], every_min=10)
    found = judged(model(listed), lists, starts)
    assert times(found) == [("07 00:50", "07 00:50")]  # the reading at 20 min goes on with the action of 10 min
    assert found.breaches.select("peak", "limit", "uom", "duration_h").rows() == [(1.0, 2.0, "-", 0.0)]


def test_a_list_due_less_often_than_once_a_shift_is_no_crews_own() -> None:
    crews = {}
    for every in ("P1D", "PT12H"):
        listed = rule(version(every=every, items=["dry"]), kind="checklist", tag="conc.line1.pump", uom="-")
        found = judged(
            model(listed),
            series("conc.line1.pump", [1, *[None] * 35, 1], start="05 00:00", every_min=60),
            period=Period(at("05 00:00"), at("09 00:00")),
        )
        crews[every] = found.breaches["crew"].to_list()
    assert crews["P1D"] == [""]
    assert crews["PT12H"] != [""]


def test_silence_under_a_gate_counts_only_while_the_plant_runs() -> None:
    quiet = model(rule(version(gap_min=20), kind="no_data", uom="min", gate="pumping"))
    pump = series("conc.line1.pump", lambda ts: int(not at("07 01:00") <= ts < at("07 03:00")), hours=6, every_min=5)
    heard = series("conc.line1.ph", 11.0, hours=6, lost=lambda ts: at("07 00:50") <= ts < at("07 03:30"))
    found = judged(quiet, heard, pump)
    assert times(found) == [("07 03:00", "07 03:30")]
    assert found.breaches.select("peak", "limit", "uom").rows() == [(30.0, 20.0, "min")]


def test_a_mean_counts_only_readings_taken_while_the_plant_runs() -> None:
    mean = model(rule(version(high=11.5, window_min=30), kind="window_mean", gate="pumping"))
    pump = series("conc.line1.pump", lambda ts: int(ts >= at("07 01:00")), hours=3, every_min=5)
    wild = series("conc.line1.ph", lambda ts: 14.0 if ts < at("07 01:00") else 11.0, hours=3)
    assert judged(mean, wild, pump).breaches.is_empty()
    assert pl.Series(judged(mean, wild, pump).coverage["off_h"]).to_list() == [1.0]
