"""Two rulebooks over one history: breaches appear, vanish and change, told by hand; what differs between two books."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from tests.unit.rules.small_plant import at, model, rule, series, version

from zveno.model.amendment import Amendment
from zveno.model.overlay import overlaid
from zveno.periods import Period
from zveno.rules.compare import differences, rules_on
from zveno.rules.engine import check
from zveno.rules.replay import replayed, tallied, worlds

SAID = {"text": {"en": "e", "ru": "р", "kk": "к"}, "source": "s", "status": "estimate"}
TITLE = {"en": "e", "ru": "р", "kk": "к"}
DAY = Period(at("07 00:00"), at("08 00:00"))
LOW = [11.0] * 60 + [10.5] * 20 + [11.0] * 40 + [10.7] * 30 + [11.0] * 30 + [10.2] * 10 + [11.0] * 50


def replay(changes: list[dict], *, ends: tuple[str, ...] = (), rules: list[dict] | None = None) -> pl.DataFrame:
    """The table of a replay over four hours: pH 10.5 from 1:00 to 1:20, 10.7 from 2:00 to 2:30, 10.2 from 3:00 to 3:10."""
    plant = model(*(rules or [rule(version(low=10.6))]))
    draft = Amendment.model_validate({
        "id": "a", "title": TITLE, "reason": TITLE, "effective": "2026-05-01",
        "changes": [{**SAID, **one} for one in changes], "ends": [{"rule": one, "why": TITLE} for one in ends],
    })  # fmt: skip
    books = worlds(plant, overlaid(plant.rulebook, draft), date(2026, 5, 1))
    readings = series("conc.line1.ph", LOW)
    found = [check(plant.model_copy(update={"rulebook": one}), readings, DAY).breaches
             for one in (books.before, books.after)]  # fmt: skip
    return replayed(*found)


def told(table: pl.DataFrame) -> list[tuple[str, str | None, str | None]]:
    """Change, and the stretch under each book in hours and minutes."""

    def span(row: dict, when: str) -> str | None:
        if row[f"start_{when}"] is None:
            return None
        return "-".join(f"{row[f'{key}_{when}'].astimezone(DAY.start.tzinfo):%H:%M}" for key in ("start", "end"))

    return [(row["change"], span(row, "before"), span(row, "after")) for row in table.iter_rows(named=True)]


def test_a_stricter_limit_makes_a_breach_appear_and_others_change_in_their_limit_only():
    table = replay([{"rule": "R-1", "params": {"low": 10.8}}])
    assert told(table) == [
        ("changed", "01:00-01:20", "01:00-01:20"), ("appears", None, "02:00-02:30"),
        ("changed", "03:00-03:10", "03:00-03:10"),
    ]  # fmt: skip
    assert table["limit_after"].to_list() == [10.8] * 3
    assert table["limit_before"].to_list() == [10.6, None, 10.6]


def test_a_laxer_limit_and_a_delay_make_breaches_vanish():
    assert told(replay([{"rule": "R-1", "params": {"low": 10.4}}])) == [
        ("vanishes", "01:00-01:20", None), ("changed", "03:00-03:10", "03:00-03:10"),
    ]  # fmt: skip
    assert told(replay([{"rule": "R-1", "params": {"on_delay_min": 15}}])) == [("vanishes", "03:00-03:10", None)]


def test_the_end_of_a_rule_makes_all_of_its_breaches_vanish():
    assert [one for one, *_ in told(replay([], ends=("R-1",)))] == ["vanishes", "vanishes"]


def test_breaches_that_become_one_are_one_change():
    table = replay([{"rule": "R-1", "params": {"merge_gap_min": 120}}])
    assert told(table) == [("changed", "01:00-03:10", "01:00-03:10")]
    assert table.select("count_before", "count_after").row(0) == (2, 1)


def test_what_is_the_same_is_not_told():
    assert replay([{"rule": "R-1", "params": {"off_delay_min": 5}}]).is_empty()


def test_a_dated_number_moves_the_rules_that_take_it():
    numbers = [
        rule(version(low="P-1")),
        rule(version(value=10.6), id="P-1", kind="parameter", tag=[]),
        rule(version(low=10.6), id="R-2"),
    ]
    table = replay([{"rule": "P-1", "params": {"value": 10.4}}], rules=numbers)
    assert table["rule"].unique().to_list() == ["R-1"]
    assert [one for one, *_ in told(table)] == ["vanishes", "changed"]


def test_changes_are_counted_by_rule_unit_and_shift():
    table = replay([{"rule": "R-1", "params": {"low": 10.8}}])
    assert tallied(table, "rule") == [("R-1", 1, 0, 2)]
    assert tallied(table, "unit") == [("conc.cell1", 1, 0, 2)]
    assert tallied(table, "shift") == [("2026-03-06 night", 1, 0, 2)]


def test_a_breach_seen_once_belongs_to_the_one_that_begins_with_it():
    plant = model(rule(version(low=10.6)))
    once = check(plant, series("conc.line1.ph", [11, 11, 10]), DAY).breaches
    longer = check(plant, series("conc.line1.ph", [11, 11, 10, 10, 11]), DAY).breaches
    assert once["start"].to_list() == once["end"].to_list()
    assert [one for one, *_ in told(replayed(once, longer))] == ["changed"]


def test_surety_is_among_what_is_compared():
    plant = model(rule(version(low=10.6)))
    tags = [one.model_copy(update={"error_sd": 0.1}) for one in plant.chain.tags]
    plant = plant.model_copy(update={"chain": plant.chain.model_copy(update={"tags": tuple(tags)})})
    before = check(plant, series("conc.line1.ph", [11, 10.38, 11]), DAY).breaches
    after = before.with_columns(surety=pl.lit("likely"))
    assert before["surety"].to_list() == ["sure"]
    row = replayed(before, after).row(0, named=True)
    assert (row["change"], row["surety_before"], row["surety_after"]) == ("changed", "sure", "likely")


def test_books_of_two_days_differ_by_what_changed_between_them():
    plant = model(
        rule(version(1, end="2026-03-16", low=10.8), version(2, start="2026-03-16", low=10.6)),
        rule(version(1, end="2026-03-10", high=1), id="R-2", tag="conc.air", uom="C"),
        rule(version(1, start="2026-03-20", high=1), id="R-3", tag="conc.air", uom="C"),
        rule(version(high=1), id="R-4", tag="conc.air", uom="C"),
    )
    found = differences(*(rules_on(plant.rulebook, date(2026, 3, day)) for day in (1, 31)))
    assert [(one.rule, one.change) for one in found] == [("R-1", "changed"), ("R-2", "ended"), ("R-3", "added")]
    assert found[0].fields == (("params.low", 10.8, 10.6),)


@pytest.mark.parametrize("day", [1, 15])
def test_a_book_does_not_differ_from_itself(day):
    plant = model(rule(version(1, end="2026-03-16", low=10.8), version(2, start="2026-03-16", low=10.6)))
    same = rules_on(plant.rulebook, date(2026, 3, day))
    assert differences(same, rules_on(plant.rulebook, date(2026, 3, 1))) == ()
