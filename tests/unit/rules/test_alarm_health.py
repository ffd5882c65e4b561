"""Alarm metrics equal those counted by hand in a small log; and those of a plain loop on random logs."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from tests.unit.rules.small_plant import at, model, rule, series, version

from zveno.periods import Period, zone
from zveno.rules.alarm_health import alarm_health, alarms_of_breaches
from zveno.rules.alarm_targets import FLOOD_ABOVE, LEAST_DAYS, METRICS
from zveno.rules.engine import check
from zveno.tables import frame

TZ = zone("UTC+05:00")
TWO_DAYS = Period.parse("2026-03-07/2026-03-09", TZ)
START = TWO_DAYS.start.astimezone(UTC)
NORMS = Path(__file__).parents[4] / "shared" / "data" / "norms" / "alarm_metrics.json"


def alarm(name: str, raised_s: float, active_s: float | None, priority: str = "low", **more) -> dict:
    """An alarm, in seconds from the start."""
    return {
        "alarm": name, "raised": START + timedelta(seconds=raised_s),
        "returned": None if active_s is None else START + timedelta(seconds=raised_s + active_s),
        "priority": priority, "plant": "conc", "unit": "conc.mill", "position": "A", "suppression": "",
        "authorised": None, **more,
    }  # fmt: skip


def small_log() -> list[dict]:
    """The log that is counted by hand below: 28 alarms at position A, one at B, two that B never saw."""
    hour = 3600
    found = [alarm(f"a{k}", 50 * k, 300) for k in range(11)]  # 0:00 to 0:08:20: eleven in the first ten minutes
    found += [alarm(f"b{k}", 600 + 120 * k, 300, "medium") for k in range(5)]  # five in the next: the flood goes on
    found += [alarm(f"c{k}", 1200 + 120 * k, 300) for k in range(4)]  # four in the third: it is over
    found += [alarm("x", 2 * hour + s, 10, "high") for s in (0, 20, 60, 90)]  # three within a minute; the fourth later
    found += [alarm("y", 3 * hour, 59), alarm("z", 3 * hour + 600, 60), alarm("w", 3 * hour + 1200, 61)]
    found += [alarm("s", 18 * hour, None, "critical")]  # active for 30 hours: stale from 42:00 on, the second day
    found += [alarm("t", -10 * hour, 30 * hour)]  # raised before: stale from 14:00 on, the first day; returns at 20:00
    found += [
        alarm("n", 25 * hour, 300, position="B"),
        alarm("q", 26 * hour, 300, position="B", suppression="shelved", authorised=True),
        alarm("r", 27 * hour, 300, position="B", suppression="by_design", authorised=False),
    ]
    return found


COUNTED = {
    "alarms": 29, "per_10_min_mean": 29 / 288, "per_10_min_peak": 11, "per_hour_mean": 29 / 48, "per_hour_peak": 20,
    "hours_over_30_pct": 0, "per_day_mean": 14.5, "per_day_peak": 28, "over_10_pct": 100 / 288, "floods": 1,
    "in_flood_pct": 200 / 288, "top_ten_pct": 1300 / 29, "chattering": 1, "fleeting": 3, "stale_per_day_peak": 1,
    "standing_mean": (105 * 60 + 220 + 50 * 3600) / (48 * 3600), "standing_peak": 7, "low_pct": 1900 / 29,
    "medium_pct": 500 / 29, "high_pct": 500 / 29, "suppressed": 2, "unauthorised": 1,
}  # fmt: skip
FAILED = {"top_ten_pct", "chattering", "fleeting", "medium_pct", "high_pct", "unauthorised"}


@pytest.fixture(scope="module")
def health():
    rows = small_log()
    random.Random(18).shuffle(rows)
    return alarm_health(frame("alarms", rows), TWO_DAYS)


def metrics(health, scope: str = "all", name: str = "") -> dict[str, float | None]:
    rows = health.metrics.filter(pl.col("scope") == scope, pl.col("name") == name)
    return dict(rows.select("metric", "value").iter_rows())


def test_every_metric_is_the_one_counted_by_hand(health):
    assert list(COUNTED) == list(METRICS)
    assert metrics(health) == pytest.approx(COUNTED)


def test_each_operator_position_is_counted_by_itself(health):
    a, b = metrics(health, "position", "A"), metrics(health, "position", "B")
    assert (a["alarms"], a["floods"], a["suppressed"]) == (28, 1, 0)
    assert (b["alarms"], b["floods"], b["suppressed"], b["per_day_peak"]) == (1, 0, 2, 1)
    assert metrics(health, "unit", "conc.mill") == pytest.approx(COUNTED)


def test_verdicts_follow_the_targets(health):
    rows = health.metrics.filter(pl.col("scope") == "all", pl.col("target").is_not_null())
    assert {row["metric"] for row in rows.iter_rows(named=True) if row["verdict"] == "fail"} == FAILED
    assert set(rows["verdict"]) == {"fail", ""}  # rates of two positions together have no target
    mine = health.metrics.filter(pl.col("name") == "A", pl.col("verdict") == "fail")["metric"]
    assert set(mine) == {*FAILED, "per_10_min_peak"} - {"unauthorised"}
    assert set(rows["status"]) == {"verified", "unverified"}
    assert rows.filter(pl.col("source") == "").is_empty()


@pytest.mark.parametrize(("n", "verdict"), [(288, "pass"), (289, "manageable"), (576, "manageable"), (577, "fail")])
def test_between_acceptable_and_most_it_is_manageable(n, verdict):
    rows = [alarm(f"a{k}", k * 172800 / n, 1) for k in range(n)]
    found = alarm_health(frame("alarms", rows), TWO_DAYS).metrics
    assert found.filter(pl.col("metric") == "per_hour_mean", pl.col("scope") == "all")["verdict"][0] == verdict


def test_the_flood_has_its_place_and_size(health):
    (row,) = health.floods.iter_rows(named=True)
    assert (row["position"], row["alarms"], row["peak"]) == ("A", 16, 11)
    assert (row["start"], row["end"]) == (START, START + timedelta(minutes=20))


def test_the_most_frequent_come_first_with_what_they_did(health):
    first = health.actors.row(0, named=True)
    assert (first["alarm"], first["alarms"], first["chattering"], first["fleeting"]) == ("x", 4, 3, 1)
    assert first["share_frac"] == pytest.approx(4 / 29)
    by = {row["alarm"]: row for row in health.actors.iter_rows(named=True)}
    assert (by["s"]["stale"], by["s"]["active_h"], by["t"]["stale"], by["t"]["active_h"]) == (1, 30, 1, 20)
    assert (by["t"]["alarms"], by["q"]["alarms"], by["q"]["suppressed"]) == (0, 0, 1)


def test_days_are_told_by_position(health):
    rows = health.days.select("day", "position", "alarms", "peak", "stale").rows()
    days = [TWO_DAYS.start.date() + timedelta(days=k) for k in range(2)]
    assert rows == [
        (days[0], "A", 28, 11, 1),
        (days[1], "A", 0, 0, 1),
        (days[0], "B", 0, 0, 0),
        (days[1], "B", 1, 1, 0),
    ]


def test_no_alarms_are_a_quiet_period():
    found = metrics(alarm_health(frame("alarms"), TWO_DAYS))
    assert (found["alarms"], found["per_hour_mean"], found["top_ten_pct"], found["low_pct"]) == (0, 0, None, None)


def test_ten_kinds_or_fewer_are_not_judged_by_the_share_of_ten():
    rows = alarm_health(frame("alarms", [alarm(f"a{k}", 700 * k, 1) for k in range(10)]), TWO_DAYS).metrics
    (row,) = rows.filter(pl.col("metric") == "top_ten_pct", pl.col("scope") == "all").iter_rows(named=True)
    assert (row["value"], row["verdict"]) == (100, "")


def test_a_source_that_does_not_tell_of_suppression_has_no_figure_of_it():
    found = alarm_health(frame("alarms", [alarm("a", 0, 60)]), TWO_DAYS, suppression_known=False)
    assert (metrics(found)["suppressed"], metrics(found)["unauthorised"]) == (None, None)


def test_whether_suppression_was_authorised_is_not_guessed():
    rows = [alarm("a", 0, 60, suppression="shelved")]
    assert metrics(alarm_health(frame("alarms", rows), TWO_DAYS))["unauthorised"] is None


def test_breaches_are_alarms_that_raise_and_return():
    day = Period(at("07 00:00"), at("08 00:00"))
    found = check(model(rule(version(low=10.8))), series("conc.line1.ph", [11, 10, 11, 10, 10]), day).breaches
    rows = alarms_of_breaches(found)
    assert rows.select("alarm", "priority", "unit", "position").row(0) == (
        "R-1 conc.line1.ph low", "high", "conc.cell1", "conc.floater",
    )  # fmt: skip
    assert rows["raised"].to_list() == [at("07 00:01"), at("07 00:03")]
    assert rows["returned"].to_list() == [at("07 00:02"), None]


def test_targets_are_those_of_the_norms():
    if not NORMS.is_file():
        pytest.skip("the norms are not beside the project")
    said = json.loads(NORMS.read_text(encoding="utf-8"))
    norms = {one["id"]: one for one in said["metrics"]}
    assert said["min_data_days"]["value"] == LEAST_DAYS
    assert norms["flood_start"]["value"] == FLOOD_ABOVE
    for name, ours, keys in (
        ("alarms_per_hour_per_operator", "per_hour_mean", ("acceptable", "max_manageable")),
        ("alarms_per_day_per_operator", "per_day_mean", ("acceptable", "max_manageable")),
        ("time_in_flood_pct_max", "in_flood_pct", ("value",)),
        ("hours_over_30_alarms_pct_max", "hours_over_30_pct", ("value",)),
        ("top10_share_pct_max", "top_ten_pct", ("value",)),
        ("stale_alarms_per_day_max", "stale_per_day_peak", ("value",)),
        ("chattering_fleeting", "chattering", ("value",)), ("chattering_fleeting", "fleeting", ("value",)),
        ("unauthorised_suppression", "unauthorised", ("value",)),
    ):  # fmt: skip
        target = METRICS[ours]
        assert [target.target, target.most][: len(keys)] == [norms[name][key] for key in keys], name
        assert target.status == norms[name]["status"], name
    assert [METRICS["medium_pct"].target, METRICS["high_pct"].target] == norms["priority_share_low_med_high_pct"][
        "value"
    ][1:]


# ---- a plain loop ----------------------------------------------------------------------------------------------------


def plain(rows: list[dict], period: Period) -> dict[str, float]:
    """Some of the metrics by loops over moments in seconds, without arrays."""
    start, end = (round(one.timestamp()) for one in period.instants)
    told = sorted(
        (round(one["raised"].timestamp()), round(one["returned"].timestamp()) if one["returned"] else end, one["alarm"])
        for one in rows
    )
    new = [one for one in told if one[0] >= start]
    ten = [sum(1 for one in new if (one[0] - start) // 600 == k) for k in range((end - start) // 600)]
    flood, going = 0, False
    for n in ten:
        going = n > 10 or (going and n >= 5)
        flood += going
    chatter = set()
    for name in {one[2] for one in new}:
        mine = [k for k, one in enumerate(new) if one[2] == name]
        for a, _, c in zip(mine, mine[1:], mine[2:], strict=False):
            if new[c][0] - new[a][0] <= 60:
                chatter |= {k for k in mine if a <= k <= c}
    fleeting = [k for k, one in enumerate(new) if one[1] < end and one[1] - one[0] <= 60 and k not in chatter]
    moments = sorted({one[0] for one in told} | {start})
    standing = max(sum(1 for one in told if max(one[0], start) <= t < min(one[1], end)) for t in moments if t >= start)
    stale = [
        sum(1 for one in told if min(one[1], end, b) > max(one[0] + 86400, a))
        for a, b in ((start + k * 86400, start + (k + 1) * 86400) for k in range((end - start) // 86400))
    ]
    return {
        "alarms": len(new), "in_flood_pct": 100 * flood / len(ten), "over_10_pct": 100 * sum(n > 10 for n in ten) / len(ten),
        "chattering": len({new[k][2] for k in chatter}), "fleeting": len(fleeting), "standing_peak": standing,
        "stale_per_day_peak": max(stale),
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_random_logs_give_what_a_plain_loop_gives(seed):
    chance = random.Random(seed)
    rows = []
    for _ in range(chance.randrange(1, 160)):
        center = chance.choice([0, 3600, 7200, 40000, chance.randrange(-90000, 172800)])
        raised = min(center + chance.randrange(0, 900), 172799)
        rows.append(alarm(f"k{chance.randrange(6)}", raised, chance.choice([None, 5, 60, 61, 600, 90000, 100000])))
    found = metrics(alarm_health(frame("alarms", rows), TWO_DAYS))
    wanted = plain([one for one in rows if one["returned"] is None or one["returned"] > START or one["raised"] >= START],
                   TWO_DAYS)  # fmt: skip
    assert {name: found[name] for name in wanted} == pytest.approx(wanted)


def test_moments_are_instants_whatever_the_clock_shows():
    rows = [alarm("a", 0, 60)]
    moved = [{**rows[0], "raised": rows[0]["raised"].astimezone(TZ), "returned": rows[0]["returned"].astimezone(TZ)}]
    assert isinstance(moved[0]["raised"], datetime)
    first, second = (alarm_health(frame("alarms", one), TWO_DAYS).metrics for one in (rows, moved))
    assert first.equals(second)
