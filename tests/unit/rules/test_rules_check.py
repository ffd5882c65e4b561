"""Readings judged by rules: when an episode begins and ends, when a rule binds, which text judges."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from tests.unit.rules.small_plant import at, between, judged, march, model, rule, series, times, version

from zveno.errors import DataError, QuantityError
from zveno.model.chain import ChainModel
from zveno.periods import Period
from zveno.rules import breach_table, open_episodes, read_signals, watch, watchlist
from zveno.tables import frame

PH = rule(version(low=10.8, high=11.8, on_delay_min=10))
P80_LIKE = rule(version(high=120, hold_min=60, clear_below=115), kind="sustained")


def test_a_drift_is_timed_to_one_sample_where_it_crosses_the_limit() -> None:
    def drift(ts):  # type: ignore[no-untyped-def]
        """From 11.2 to 9.5 between 06:00 and 18:00, then back at once."""
        hours = (ts - at("07 06:00")).total_seconds() / 3600
        return 11.2 - 1.7 * hours / 12 if 0 <= hours < 12 else 11.2

    found = judged(model(PH), series("conc.line1.ph", drift))
    row = found.breaches.row(0, named=True)
    crossing = 6 + 12 * 0.4 / 1.7
    assert found.breaches.height == 1
    assert (row["start"] - at("07 00:00")).total_seconds() / 3600 == pytest.approx(crossing, abs=1 / 60)
    assert row["end"] == at("07 18:00")
    assert row["peak"] == pytest.approx(9.5, abs=0.003)
    assert (row["side"], row["limit"], row["unknown_h"], row["open"]) == ("low", 10.8, 0.0, False)


def test_a_plateau_over_midnight_has_its_full_length() -> None:
    found = judged(
        model(rule(version(high=0.5, hold_min=30), kind="sustained")),
        series(
            "conc.line1.ph", lambda ts: 1.4 if between("15 20:00", "16 16:00")(ts) else 0.2, start="15 00:00", hours=48
        ),
    )
    assert times(found) == [("15 20:00", "16 16:00")]
    assert found.breaches["duration_h"].to_list() == [20.0]


def test_readings_within_limits_are_no_breach_and_limits_themselves_are_allowed() -> None:
    found = judged(model(PH), series("conc.line1.ph", [10.8, 11.8] * 100))
    assert found.breaches.is_empty()
    assert found.not_checked.is_empty()
    assert found.counts["readings"] == 200


@pytest.mark.parametrize(("minutes", "breaches"), [(9, 0), (10, 1)])
def test_the_delay_must_be_filled(minutes: int, breaches: int) -> None:
    values = [11.0] * 5 + [12.5] * minutes + [11.0] * 5
    assert judged(model(PH), series("conc.line1.ph", values)).breaches.height == breaches


def test_without_delay_a_single_sample_is_a_breach() -> None:
    found = judged(model(rule(version(high=14))), series("conc.line1.ph", [13.0, 14.1, 14.0]))
    assert times(found) == [("07 00:01", "07 00:02")]


def test_a_break_of_one_sample_starts_the_hold_anew() -> None:
    values = [125.0] * 40 + [119.0] + [125.0] * 40 + [100.0]
    assert judged(model(P80_LIKE), series("conc.line1.ph", values)).breaches.is_empty()


def test_a_held_episode_ends_only_past_the_clear_level() -> None:
    values = [100.0] * 10 + [125.0] * 60 + [117.0] * 30 + [125.0] * 5 + [115.0] * 5 + [114.9] + [117.0] * 90
    found = judged(model(P80_LIKE), series("conc.line1.ph", values))
    assert times(found) == [("07 00:10", "07 01:50")]


def test_a_low_episode_ends_only_above_its_clear_level() -> None:
    low = rule(version(low=28, hold_min=5, clear_above=30), kind="sustained")
    values = [32.0] * 5 + [25.0] * 5 + [29.0] * 5 + [30.0] * 5 + [30.1] + [29.0] * 20
    assert times(judged(model(low), series("conc.line1.ph", values))) == [("07 00:05", "07 00:20")]


def test_both_sides_are_told_apart() -> None:
    values = [11.0] * 3 + [12.5] * 12 + [9.0] * 15 + [11.0] * 3
    found = judged(model(PH), series("conc.line1.ph", values))
    assert found.breaches.select("side", "peak", "limit").rows() == [("high", 12.5, 11.8), ("low", 9.0, 10.8)]
    assert times(found) == [("07 00:03", "07 00:15"), ("07 00:15", "07 00:30")]


def test_a_breach_at_the_end_of_the_data_is_open() -> None:
    found = judged(model(PH), series("conc.line1.ph", [11.0] * 5 + [12.5] * 11))
    assert found.breaches["open"].to_list() == [True]
    assert found.counts["open"] == 1
    assert times(found) == [("07 00:05", "07 00:15")]


def test_bad_and_missing_values_suspend_an_episode_and_are_shown() -> None:
    out = between("07 06:00", "07 12:00")
    hole = between("07 08:00", "07 09:00")
    values = lambda ts: 12.5 if out(ts) else 11.0  # noqa: E731
    clean = judged(model(PH), series("conc.line1.ph", values))
    for spoilt in (
        series("conc.line1.ph", values, bad=hole),
        series("conc.line1.ph", lambda ts: None if hole(ts) else values(ts)),
        series("conc.line1.ph", lambda ts: float("nan") if hole(ts) else values(ts)),
    ):
        found = judged(model(PH), spoilt)
        assert times(found) == times(clean) == [("07 06:00", "07 12:00")]
        assert found.breaches["unknown_h"].to_list() == [pytest.approx(1.0)]


def test_silence_is_unknown_after_three_sampling_intervals() -> None:
    out = between("07 06:00", "07 12:00")
    found = judged(
        model(PH),
        series("conc.line1.ph", lambda ts: 12.5 if out(ts) else 11.0, lost=between("07 08:00", "07 09:00")),
    )
    assert times(found) == [("07 06:00", "07 12:00")]
    # the reading of 07:59 speaks until 08:02
    assert found.breaches["unknown_h"].to_list() == [pytest.approx(58 / 60)]


def test_unknown_time_does_not_fill_the_hold() -> None:
    out = between("07 06:00", "07 08:00")
    found = judged(
        model(P80_LIKE),
        series("conc.line1.ph", lambda ts: 125.0 if out(ts) else 100.0, bad=between("07 06:30", "07 07:40")),
    )
    assert found.breaches.is_empty()


def test_a_signal_without_usable_readings_is_listed() -> None:
    silent = judged(model(PH), series("conc.line2.ph", 11.0))
    spoilt = judged(model(PH), series("conc.line1.ph", 12.5, bad=lambda _: True))
    for found in (silent, spoilt):
        assert found.breaches.is_empty()
        assert found.not_checked.select("rule", "kind", "detail").rows() == [("R-1", "limit", "conc.line1.ph")]
        assert "no usable readings" in found.not_checked["reason"][0]


def test_one_episode_for_each_tag_that_the_star_stands_for() -> None:
    both = model({**PH, "tag": "conc.line*.ph"})
    found = judged(both, series("conc.line1.ph", [12.5] * 20), series("conc.line2.ph", [9.0] * 20))
    assert found.breaches["tag"].to_list() == ["conc.line1.ph", "conc.line2.ph"]


def test_rules_that_cannot_be_judged_are_listed_with_their_reason() -> None:
    found = judged(
        model(
            rule(version(high=1, expr="a / b"), id="C-1", kind="cross_tag", tag=["conc.line1.ph", "conc.line3.ph"]),
            rule(version(high=1), id="N-1", tag="conc.line*.nowhere"),
            rule(version(high=1), id="G-1", gate="blind"),
            rule(version(end="2026-02-01", high=1), id="O-1", gate="blind"),
        ),
        series("conc.line1.ph", 11.0),
    )
    assert found.breaches.is_empty()
    assert found.not_checked.select("rule", "detail").rows() == [
        ("C-1", "conc.line3.ph"),
        ("G-1", "conc.line1.ph"),
        ("N-1", "conc.line*.nowhere"),
    ]


# gates


def test_an_episode_counts_only_while_the_gate_of_its_own_line_is_on() -> None:
    gated = model({**PH, "tag": "conc.line*.ph", "gate": "pumping"})
    stop = between("07 02:00", "07 03:00")
    found = judged(
        gated,
        *(series(f"conc.line{n}.ph", 12.5, hours=6) for n in (1, 2)),
        series("conc.line1.pump", lambda ts: 0 if stop(ts) else 1, hours=6, every_min=5),
        series("conc.line2.pump", 0, hours=6, every_min=5),
    )
    assert found.breaches["tag"].to_list() == ["conc.line1.ph"] * 2
    assert times(found) == [("07 00:00", "07 02:00"), ("07 03:00", "07 05:59")]
    assert found.breaches["open"].to_list() == [False, True]


def test_a_gate_level_can_be_a_share_of_the_normal_value() -> None:
    gated = model({**PH, "gate": "grinding"})
    power = series("conc.line1.power", [2.5] * 12 + [2.3] * 12, every_min=5)
    found = judged(gated, series("conc.line1.ph", 12.5, hours=2), power)
    assert times(found) == [("07 00:00", "07 01:00")]


def test_an_unknown_gate_suspends() -> None:
    gated = model({**PH, "gate": "pumping"})
    found = judged(
        gated,
        series("conc.line1.ph", 12.5, hours=6),
        series("conc.line1.pump", 1, hours=6, every_min=5, lost=between("07 02:00", "07 03:00")),
    )
    # the gate reading of 01:55 speaks until 02:10
    assert times(found) == [("07 00:00", "07 05:59")]
    assert found.breaches["unknown_h"].to_list() == [pytest.approx(49 / 60)]


def test_a_gate_without_readings_is_listed() -> None:
    found = judged(model({**PH, "gate": "pumping"}), series("conc.line1.ph", 12.5))
    assert found.breaches.is_empty()
    assert found.not_checked["detail"].to_list() == ["conc.line1.pump"]


def test_a_rule_of_the_plant_binds_while_any_line_runs() -> None:
    plant = model(rule(version(high=14), tag="conc.moisture", uom="%", gate="pumping"))
    found = judged(
        plant,
        series("conc.moisture", 0.15, hours=3, every_min=10),
        series("conc.line1.pump", lambda ts: int(between("07 01:00", "07 02:00")(ts)), hours=3, every_min=5),
        series("conc.line2.pump", 0, hours=3, every_min=5),
    )
    assert times(found) == [("07 01:00", "07 02:00")]


# coverage


def test_the_time_judged_the_time_off_and_the_unknown_time_make_up_the_period() -> None:
    gated = model({**PH, "gate": "pumping"})
    found = judged(
        gated,
        series("conc.line1.ph", 11.0, hours=10, bad=between("07 08:00", "07 09:00")),
        series(
            "conc.line1.pump", lambda ts: int(ts < at("07 06:00")) or int(ts >= at("07 07:00")), hours=10, every_min=5
        ),
        period=Period(at("07 00:00"), at("07 12:00")),
    )
    # three minutes after the last reading nothing is known
    assert found.coverage.rows() == [
        ("R-1", 1, "conc.line1.ph", pytest.approx(8.0 + 2 / 60), 1.0, pytest.approx(3 - 2 / 60))
    ]


def test_a_rule_without_readings_covers_nothing_and_each_version_its_own_days() -> None:
    two = model(rule(version(1, end="2026-03-08", high=11), version(2, start="2026-03-08", high=12)))
    found = judged(two, frame("readings"), period=Period(at("07 12:00"), at("09 00:00")))
    assert found.coverage.select("version", "judged_h", "off_h", "unknown_h").rows() == [
        (1, 0.0, 0.0, 12.0),
        (2, 0.0, 0.0, 24.0),
    ]
    assert judged(two, frame("readings"), period=Period(at("10 00:00"), at("11 00:00"))).coverage[
        "version"
    ].to_list() == [2]


# exceptions

FROST = rule(
    version(
        high=14,
        exceptions=[
            {"when": {"tag": "conc.air", "below": -5}, "params": {"high": 12.5}, "why": {"en": "frozen wagons"}}
        ],
    ),
    tag="conc.moisture",
    uom="%",
)


def moisture(percent: float) -> pl.DataFrame:
    return series("conc.moisture", percent / 100, hours=4, every_min=10)


def test_an_exception_moves_the_limit_while_its_condition_holds() -> None:
    cold = series("conc.air", lambda ts: -9 if between("07 01:00", "07 02:00")(ts) else 0, hours=4, every_min=10)
    found = judged(model(FROST), moisture(13), cold)
    assert times(found) == [("07 01:00", "07 02:00")]
    assert found.breaches["limit"].to_list() == [pytest.approx(12.5)]
    assert found.not_checked.is_empty()


def test_without_its_condition_only_values_on_which_both_limits_agree_are_judged() -> None:
    for percent, breaches in ((12, 0), (13, 0), (14.5, 1)):
        found = judged(model(FROST), moisture(percent))
        assert found.breaches.height == breaches
        assert found.not_checked["detail"].to_list() == ["conc.air"]
    assert found.breaches["limit"].to_list() == [pytest.approx(14)]


def test_where_an_exception_may_excuse_a_value_it_is_no_breach() -> None:
    laxer = {"when": {"tag": "conc.air", "above": 30}, "params": {"high": 16}, "why": {"en": "heat"}}
    hot = model(rule(version(high=14, exceptions=[laxer]), tag="conc.moisture", uom="%"))
    assert judged(hot, moisture(15)).breaches.is_empty()
    assert judged(hot, moisture(15), series("conc.air", 20, hours=4, every_min=10)).breaches.height == 1
    assert judged(hot, moisture(15), series("conc.air", 35, hours=4, every_min=10)).breaches.is_empty()


def test_an_exception_on_a_signal_that_the_chain_lacks_is_listed() -> None:
    exception = {"when": {"tag": "conc.snow", "above": 1}, "params": {"high": 12}, "why": {"en": "snow"}}
    found = judged(model(rule(version(high=14, exceptions=[exception]), tag="conc.moisture", uom="%")), moisture(15))
    assert found.breaches.height == 1
    assert found.not_checked["detail"].to_list() == ["conc.snow"]


# versions


def test_each_stretch_is_judged_by_the_version_of_its_day() -> None:
    two = model(rule(version(1, end="2026-03-08", high=11), version(2, start="2026-03-08", high=12)))
    found = judged(two, series("conc.line1.ph", 11.5, hours=48))
    assert times(found) == [("07 00:00", "08 00:00")]
    assert found.breaches["version"].to_list() == [1]


def test_an_episode_over_a_change_of_versions_is_split_at_midnight() -> None:
    two = model(rule(version(1, end="2026-03-08", high=11), version(2, start="2026-03-08", high=11.2)))
    found = judged(
        two, series("conc.line1.ph", lambda ts: 11.5 if between("07 20:00", "08 04:00")(ts) else 9, hours=48)
    )
    assert times(found) == [("07 20:00", "08 00:00"), ("08 00:00", "08 04:00")]
    assert found.breaches.select("version", "limit").rows() == [(1, 11.0), (2, 11.2)]
    first, second = found.breaches["rule_hash"]
    texts = two.rulebook.rules[0]
    assert [first, second] == [texts.hash_of(one) for one in texts.versions]
    assert first != second


def test_the_hold_begins_anew_with_a_new_version() -> None:
    params = {"high": 120, "hold_min": 60}
    two = model(
        rule(version(1, end="2026-03-08", **params), version(2, start="2026-03-08", **params), kind="sustained")
    )
    out = between("07 23:20", "08 00:50")
    found = judged(two, series("conc.line1.ph", lambda ts: 125 if out(ts) else 100, hours=48))
    assert found.breaches.is_empty()


def test_an_amendment_leaves_the_hash_of_the_old_version_alone() -> None:
    before = model(rule(version(1, end="2026-03-08", high=11))).rulebook.rules[0]
    after = model(rule(version(1, end="2026-03-08", high=11), version(2, start="2026-03-08", high=12))).rulebook.rules[
        0
    ]
    assert before.hash_of(before.versions[0]) == after.hash_of(after.versions[0])


# periods and data


def test_an_episode_that_began_before_the_period_keeps_its_start() -> None:
    readings = series("conc.line1.ph", lambda ts: 12.5 if between("07 22:00", "08 02:00")(ts) else 11, hours=48)
    eighth = Period(at("08 00:00"), at("09 00:00"))
    assert times(judged(model(PH), readings, period=eighth)) == [("07 22:00", "08 02:00")]
    ninth = Period(at("09 00:00"), at("10 00:00"))
    assert judged(model(PH), readings, period=ninth).breaches.is_empty()


def test_what_was_over_when_the_period_began_is_not_its_breach() -> None:
    readings = series("conc.line1.ph", lambda ts: 12.5 if between("07 22:00", "08 00:00")(ts) else 11, hours=48)
    eighth = Period(at("08 00:00"), at("09 00:00"))
    assert judged(model(PH), readings, period=eighth).breaches.is_empty()
    last_seen = series("conc.line1.ph", 12.5, hours=24 + 1 / 60)
    assert times(judged(model(PH), last_seen, period=eighth)) == [("07 00:00", "08 00:00")]
    silent = series("conc.line1.ph", 12.5, hours=20)
    found = judged(model(PH), silent, period=eighth)
    assert found.breaches.is_empty()
    assert found.not_checked["detail"].to_list() == ["conc.line1.ph"]


def test_what_comes_after_the_period_is_left_aside() -> None:
    readings = series("conc.line1.ph", lambda ts: 12.5 if between("07 22:00", "08 02:00")(ts) else 11, hours=48)
    found = judged(model(PH), readings, period=Period(at("07 00:00"), at("08 00:00")))
    assert times(found) == [("07 22:00", "07 23:59")]
    assert found.breaches["open"].to_list() == [True]
    assert found.counts["readings"] == 24 * 60


def test_two_readings_of_one_moment_that_differ_are_not_believed() -> None:
    calm, wild = series("conc.line1.ph", [11.0] * 30), series("conc.line1.ph", [12.5] * 30)
    found = judged(model(PH), calm, wild)
    assert found.breaches.is_empty()
    assert found.counts["bad_readings"] == 30
    assert found.not_checked["detail"].to_list() == ["conc.line1.ph"]
    twice = judged(model(PH), wild, wild)
    assert twice.breaches.height == 1


def test_the_hash_of_readings_changes_with_a_value_and_not_with_the_order() -> None:
    readings = series("conc.line1.ph", [11.0, 12.0, 11.5])
    other = readings.with_columns(value=pl.col("value") + pl.Series([0.0, 1e-9, 0.0]))
    hashes = [judged(model(PH), one).readings_hash for one in (readings, readings.reverse(), other)]
    assert hashes[0] == hashes[1] != hashes[2]


def test_a_table_without_quality_cannot_be_judged() -> None:
    with pytest.raises(DataError, match="quality"):
        judged(model(PH), series("conc.line1.ph", 11.0).drop("quality"))


def test_a_unit_of_measure_that_does_not_fit_stops_the_check() -> None:
    with pytest.raises(QuantityError):
        judged(model({**PH, "uom": "g/l"}), frame("readings"))


def test_an_empty_table_and_an_empty_rulebook_give_empty_answers() -> None:
    found = judged(model(), frame("readings"))
    assert found.breaches.is_empty()
    assert found.not_checked.is_empty()
    assert found.period == march()


# streams


def test_a_stream_does_not_run_backwards() -> None:
    bound = watchlist(model(PH))
    first, late = series("conc.line1.ph", [11.0] * 5), series("conc.line1.ph", [12.0] * 3, start="07 00:04")
    _, state = watch(bound, read_signals(first, bound.tags))
    with pytest.raises(DataError, match=r"conc\.line1\.ph"):
        watch(bound, read_signals(late, bound.tags), state)


def test_a_stream_tells_an_open_episode_before_it_ends() -> None:
    one = model(PH)
    bound = watchlist(one)
    closed, state = watch(bound, read_signals(series("conc.line1.ph", [11.0] * 5 + [12.5] * 15), bound.tags))
    going_on = breach_table(one, [*closed, *open_episodes(bound, state)])
    assert going_on.select("duration_h", "open").rows() == [(pytest.approx(14 / 60), True)]
    closed, state = watch(bound, read_signals(series("conc.line1.ph", [11.0], start="07 00:20"), bound.tags), state)
    assert breach_table(one, closed).select("duration_h", "open").rows() == [(0.25, False)]
    assert open_episodes(bound, state) == []


# levels chosen by what a star stands for; a least number of readings


def lots(*levels: tuple[str, float], **fields: Any) -> ChainModel:
    """The plant with one rule over all elements of a lot."""
    params = {"high_by_element": dict(levels)}
    return model(rule(version(**params), tag="conc.lot.*_ppm", uom="g/t", **fields))


def test_each_element_is_judged_by_its_own_limit() -> None:
    one = lots(("As", 5), ("Pb", 4))
    found = judged(
        one,
        series("conc.lot.as_ppm", [4.9, 5.0, 5.1, 4.9], every_min=60),
        series("conc.lot.pb_ppm", [3e-4, 4.5e-4, 4.5e-4, 3e-4], every_min=60),
    )
    rows = found.breaches.select("tag", "limit", "peak", "duration_h").rows()
    lead = ("conc.lot.pb_ppm", pytest.approx(4.0), pytest.approx(4.5), 2.0)  # in % of the tag, told in g/t of the rule
    assert rows == [lead, ("conc.lot.as_ppm", 5.0, 5.1, 1.0)]


def test_values_within_the_limits_of_their_elements_break_nothing() -> None:
    one = lots(("As", 5), ("Pb", 4))
    lead = series("conc.lot.pb_ppm", 3.9e-4, every_min=60)
    assert judged(one, series("conc.lot.as_ppm", 4.9, every_min=60), lead).breaches.is_empty()


def test_an_element_without_readings_or_without_a_limit_is_told() -> None:
    found = judged(lots(("AS", 5), ("pb", 4)), series("conc.lot.as_ppm", 1.0, every_min=60))
    assert found.breaches.is_empty()
    told = {row["detail"]: row["reason"] for row in found.not_checked.iter_rows(named=True)}
    assert told == {
        "conc.lot.pb_ppm": "signal '{detail}' has no usable readings in the period",
        "conc.lot.zn_ppm": "the rule gives no limit for the signal '{detail}'",
    }


def test_a_low_limit_holds_for_all_elements() -> None:
    one = model(rule(version(low=0.5, high_by_element={"As": 5}), tag="conc.lot.*_ppm", uom="g/t"))
    found = judged(one, series("conc.lot.zn_ppm", [1.0, 0.4, 1.0], every_min=60))
    assert found.breaches.select("tag", "side").rows() == [("conc.lot.zn_ppm", "low")]


def test_a_run_needs_its_readings_besides_its_time() -> None:
    few = model(rule(version(high=11.8, hold_min=3, min_readings=3), kind="sustained"))
    assert times(judged(few, series("conc.line1.ph", [11.0, 12.0, 12.0, None, None, 11.0, 12.0]))) == []
    assert times(judged(few, series("conc.line1.ph", [11.0, 12.0, 12.0, None, 12.0, 11.0]))) == [
        ("07 00:01", "07 00:05")
    ]
    assert judged(few, series("conc.line1.ph", [11.0, 12.0, 12.0, 12.0, 12.0])).breaches["open"].to_list() == [True]
    lost = series("conc.line1.ph", [11.0, 12.0, 12.0, 0.0, 0.0, 0.0], lost=between("07 00:03", "07 00:06"))
    assert judged(few, lost, series("conc.line1.ph", [12.0, 11.0], start="07 00:05")).breaches.height == 1
