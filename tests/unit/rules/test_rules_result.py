"""Who was on duty: shift, crew and role of a breach."""

from __future__ import annotations

import pytest
from tests.unit.rules.small_plant import between, judged, model, rule, series, version


def breach(start: str, end: str, **fields: str) -> dict[str, object]:
    """The one breach of a pH that is out between two moments."""
    out = between(start, end)
    one = model(rule(version(high=11.8), **fields))
    found = judged(one, series("conc.line1.ph", lambda ts: 12.5 if out(ts) else 11.0, start="06 00:00", hours=96))
    assert found.breaches.height == 1
    return found.breaches.row(0, named=True)


def test_a_night_shift_belongs_to_the_day_on_which_it_began() -> None:
    row = breach("07 06:00", "07 07:00")
    assert (row["shift"], row["crew"], row["crews"]) == ("2026-03-06 night", "A", "A")


def test_all_crews_on_duty_while_it_lasted_are_named_in_order() -> None:
    row = breach("07 06:00", "07 18:00")
    assert (row["shift"], row["crew"], row["crews"]) == ("2026-03-06 night", "A", "A, C")
    assert breach("07 06:00", "08 21:00")["crews"] == "A, C, B, D"


def test_a_shift_that_begins_when_the_episode_ends_has_no_part_in_it() -> None:
    assert breach("07 09:00", "07 20:00")["crews"] == "C"
    row = breach("07 20:00", "07 20:05")
    assert (row["shift"], row["crews"]) == ("2026-03-07 night", "B")


def test_each_breach_of_many_has_its_own_shift() -> None:
    early, late = between("06 09:00", "06 10:00"), between("07 20:00", "07 20:05")
    found = judged(
        model(rule(version(high=11.8))),
        series("conc.line1.ph", lambda ts: 12.5 if early(ts) or late(ts) else 11.0, start="06 00:00", hours=72),
    )
    assert found.breaches.select("shift", "crews").rows() == [("2026-03-06 day", "B"), ("2026-03-07 night", "B")]


def test_a_role_of_day_workers_has_no_crew() -> None:
    row = breach("07 06:00", "07 18:00", owner_role="conc.head")
    assert (row["person"], row["crew"], row["crews"]) == ("conc.head", "", "")
    assert row["shift"] == "2026-03-06 night"


def test_a_starred_role_is_that_of_the_plant_of_the_tag() -> None:
    row = breach("07 06:00", "07 18:00", owner_role="*.floater")
    assert (row["role"], row["plant"], row["unit"]) == ("conc.floater", "conc", "conc.cell1")


def test_the_person_is_a_role_and_a_crew_by_their_ids() -> None:
    assert breach("07 06:00", "07 18:00")["person"] == "conc.floater:A"


def test_peak_and_limit_stand_in_the_unit_of_measure_of_the_clause() -> None:
    wet = model(rule(version(high=14), tag="conc.moisture", uom="%"))
    row = judged(wet, series("conc.moisture", [0.12, 0.15, 0.12], every_min=10)).breaches.row(0, named=True)
    assert (row["peak"], row["limit"]) == (pytest.approx(15), pytest.approx(14))


def test_without_people_a_breach_has_no_shift() -> None:
    found = judged(model(rule(version(high=11.8)), people=False), series("conc.line1.ph", [12.5, 11.0]))
    row = found.breaches.row(0, named=True)
    assert (row["shift"], row["crew"], row["crews"], row["person"]) == ("", "", "", "conc.floater")
