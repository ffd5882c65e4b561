"""Who was on duty: rotations, substitutes, deputies, what is known when, clocks that change."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from tests.unit.duty.desk import ROSTER, on, plant

from zveno.chain import example
from zveno.duty import Roster, roster_faults
from zveno.model.load import read_description
from zveno.model.roster import RosterFile
from zveno.model.worktime import day_of, shift_at, shifts_of
from zveno.periods import Period, ShiftPattern


def persons(model, start: str, end: str, role: str = "conc.floater", **known) -> list[tuple[str, str]]:
    parts = Roster(model, **known).parts(role, "conc", on(start), on(end))
    return [(part.shift, part.duty.person) for part in parts]


def with_roster(**more):
    return plant(roster={**ROSTER, **more})


def test_a_breach_over_two_changes_of_shift_has_three_parts_that_add_up():
    parts = Roster(plant()).parts("conc.floater", "conc", on("05 19:00"), on("06 21:00"))
    assert [(one.shift, one.duty.person) for one in parts] == [
        ("2026-04-05 day", "floater.d"), ("2026-04-05 night", "floater.c"), ("2026-04-06 day", "floater.a"),
        ("2026-04-06 night", "floater.d"),
    ]  # fmt: skip
    assert sum((one.end - one.start for one in parts), timedelta()) == timedelta(hours=26)


def test_a_substitute_stands_on_the_shifts_named_and_no_longer():
    model = with_roster(
        substitutions=[{"person": "spare", "for": "floater.c", "from": date(2026, 4, 5), "until": date(2026, 4, 5)}]
    )
    assert persons(model, "05 21:00", "05 22:00") == [("2026-04-05 night", "spare")]
    assert persons(model, "09 21:00", "09 22:00") == [("2026-04-09 night", "floater.c")]
    # after midnight it is still the shift of the 5th
    assert persons(model, "06 03:00", "06 04:00") == [("2026-04-05 night", "spare")]


def test_a_deputy_stands_in_by_rank_while_nobody_else_is_named():
    deputies = [
        {"role": "conc.head", "person": "deputy", "rank": 2},
        {"role": "conc.head", "person": "spare", "rank": 1},
    ]
    away = {"person": "head", "from": date(2026, 4, 6), "until": date(2026, 4, 6)}
    model = with_roster(deputies=deputies, absences=[away])
    parts = Roster(model).parts("conc.head", "conc", on("05 12:00"), on("07 12:00"))
    assert [(one.duty.person, one.duty.how, one.start, one.end) for one in parts] == [
        ("head", "post", on("05 12:00"), on("06 00:00")), ("spare", "deputy", on("06 00:00"), on("07 00:00")),
        ("head", "post", on("07 00:00"), on("07 12:00")),
    ]  # fmt: skip
    both = with_roster(deputies=deputies, absences=[away, {"person": "spare", "from": date(2026, 4, 1)}])
    assert Roster(both).on_day("conc.head", date(2026, 4, 6)).person == "deputy"


def test_what_was_entered_later_does_not_change_what_was_known_before():
    post = {"role": "conc.floater", "crew": "D"}
    other = [one for one in ROSTER["posts"] if one.get("crew") != "D"]
    model = with_roster(posts=[
        *other,
        {**post, "person": "floater.d", "taken_back": date(2026, 4, 9)},
        {**post, "person": "spare", "known": date(2026, 4, 9)},
    ])  # fmt: skip
    assert roster_faults(model) == []
    assert persons(model, "05 09:00", "05 10:00") == [("2026-04-05 day", "spare")]
    assert persons(model, "05 09:00", "05 10:00", known=date(2026, 4, 8)) == [("2026-04-05 day", "floater.d")]


def test_a_role_that_the_roster_does_not_name_is_told_by_role_and_crew():
    assert persons(plant(roster={}), "05 09:00", "05 10:00") == [("2026-04-05 day", "conc.floater:D")]


@pytest.mark.parametrize(
    ("slots", "crews", "cycle", "step"),
    [
        ([("day", "08:00", 12), ("night", "20:00", 12)], "ABCD", "day day night night off off off off", 2),
        ([("one", "00:00", 8), ("two", "08:00", 8), ("three", "16:00", 8)], "ABCD", "one one two two three three off off", 2),
        ([("one", "00:00", 8), ("two", "08:00", 8), ("three", "16:00", 8)], "ABCDE",
         "one one two two three three off off off off", 2),
        ([("all", "08:00", 24)], "ABCD", "all off off off", 1),
    ],
)  # fmt: skip
def test_any_rotation_mans_every_hour_with_one_crew(slots, crews, cycle, step):
    shifts = {
        "slots": [{"id": name, "start": start, "hours": hours} for name, start, hours in slots],
        "crews": list(crews), "cycle": cycle.split(), "step": step, "reference": {"day": date(2026, 4, 1)},
    }  # fmt: skip
    model = with_roster(posts=[], rotations=[{"plants": ["conc"], "shifts": shifts}])
    assert roster_faults(model) == []
    found = list(shifts_of(model, "conc", Period(on("01 00:00"), on("29 00:00"))))
    edges = [(one.period.start, one.period.end) for one in found]
    assert all(end == start for (_, end), (start, _) in pairwise(edges))
    hours = {crew: sum(one.period.hours for one in found if one.crew == crew) for crew in crews}
    assert max(hours.values()) - min(hours.values()) <= 48


def test_a_shop_with_days_off_has_times_in_which_nobody_works():
    shifts = {
        "slots": [{"id": "day", "start": "08:00", "hours": 8}], "crews": ["A"], "step": 7, "round_the_clock": False,
        "cycle": ["day"] * 5 + ["off"] * 2, "reference": {"day": date(2026, 4, 6)}, "stands": [date(2026, 4, 7)],
    }  # fmt: skip
    model = with_roster(posts=[{"role": "conc.floater", "crew": "A", "person": "floater.a"}],
                        rotations=[{"plants": ["conc"], "shifts": shifts}])  # fmt: skip
    assert roster_faults(model) == []
    assert shift_at(model, "conc", on("07 10:00")) is None  # the plant stands
    assert shift_at(model, "conc", on("11 10:00")) is None  # a Saturday
    parts = Roster(model).parts("conc.floater", "conc", on("06 15:00"), on("06 17:00"))
    assert [(one.duty.how, one.end) for one in parts] == [("post", on("06 16:00")), ("nobody", on("06 17:00"))]


def test_a_plant_may_change_its_rotation_on_a_day():
    shifts = {
        "slots": [{"id": "all", "start": "08:00", "hours": 24}], "crews": ["X", "Y"], "cycle": ["all", "off"],
        "reference": {"day": date(2026, 4, 1)},
    }  # fmt: skip
    model = with_roster(posts=[], rotations=[{"plants": ["conc"], "from": date(2026, 4, 6), "shifts": shifts}])
    found = [(one.slot, one.crew) for one in shifts_of(model, "conc", Period(on("05 12:00"), on("07 12:00")))]
    assert found == [("day", "D"), ("night", "C"), ("all", "Y"), ("all", "X")]


# ---- clocks ----------------------------------------------------------------------------------------------------------


def almaty(text: str) -> datetime:
    return datetime.fromisoformat(f"2024-{text}").replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "zones",
    [
        [{"plant": "conc", "zone": "Asia/Almaty"}],
        [{"plant": "conc", "zone": "UTC+06:00", "until": date(2024, 2, 29)},
         {"plant": "conc", "zone": "UTC+05:00", "from": date(2024, 3, 1)}],
    ],
)  # fmt: skip
def test_the_night_in_which_kazakhstan_set_its_clocks_back_lasted_thirteen_hours(zones):
    """1 March 2024: UTC+6 became UTC+5 at midnight, so that 29 February had 25 hours."""
    model = with_roster(zones=zones)
    span = Period(almaty("02-29T00:00"), almaty("03-01T12:00"))
    found = {f"{one.day} {one.slot}": one.period for one in shifts_of(model, "conc", span)}
    night = found["2024-02-29 night"]
    assert night.start.astimezone(UTC) == almaty("02-29T14:00")  # 20:00 at UTC+6
    assert night.end.astimezone(UTC) == almaty("03-01T03:00")  # 08:00 at UTC+5
    assert night.hours == 13
    assert found["2024-03-01 day"].start.astimezone(UTC) == night.end.astimezone(UTC)
    # half past eleven at night came twice; both are 29 February
    assert [day_of(model, "conc", almaty(one)) for one in ("02-29T17:30", "02-29T18:30", "02-29T19:30")] == [
        date(2024, 2, 29), date(2024, 2, 29), date(2024, 3, 1)
    ]  # fmt: skip


def test_plants_in_different_zones_change_shifts_at_their_own_eight_oclock():
    model = with_roster(zones=[{"plant": "conc", "zone": "UTC+06:00"}])
    assert shift_at(model, "conc", on("05 07:30")).slot == "day"  # 08:30 there
    assert shift_at(plant(), "conc", on("05 07:30")).slot == "night"


def test_the_pattern_of_people_yaml_is_as_it_was():
    old = ShiftPattern(
        plant().shift_pattern.slots, ("A", "B", "C", "D"), ("day", "night", "off", "off"), date(2026, 3, 1)
    )
    assert plant().shift_pattern == old


# ---- faults ----------------------------------------------------------------------------------------------------------

_POSTS = ROSTER["posts"]
FAULTS = {
    "unknown person": ({"posts": [*_POSTS[1:], {**_POSTS[0], "person": "floater.x"}]}, "there is no person 'floater.x'"),
    "unknown crew": ({"posts": [*_POSTS, {"role": "conc.floater", "crew": "E", "person": "spare"}]}, "there is no crew 'E'"),
    "unknown role": ({"deputies": [{"role": "conc.chief", "person": "spare"}]}, "there is no role 'conc.chief'"),
    "no crew": ({"posts": [*_POSTS, {"role": "conc.floater", "person": "spare"}]}, "say in which crew 'spare' is"),
    "a crew by day": ({"posts": [*_POSTS[:4], {"role": "conc.head", "crew": "A", "person": "head"}]}, "works by day"),
    "two at once": (
        {"posts": [*_POSTS, {"role": "conc.floater", "crew": "A", "person": "spare", "from": date(2026, 4, 9)}]},
        "'spare' and 'floater.a' both hold conc.floater:A from 2026-04-09 on",
    ),
    "one in two crews": (
        {"posts": [*_POSTS[:3], {**_POSTS[3], "person": "floater.a"}, _POSTS[4]]},
        "'floater.a' stands in crew D and in crew A",
    ),
    "nobody": ({"posts": _POSTS[1:]}, "nobody holds conc.floater:A"),
    "a gap": (
        {"posts": [{**_POSTS[0], "until": date(2026, 4, 9)}, *_POSTS[1:],
                   {**_POSTS[0], "from": date(2026, 4, 12)}]},
        "nobody holds conc.floater:A from 2026-04-10 to 2026-04-11",
    ),
    "absent": (
        {"absences": [{"person": "floater.c", "from": date(2026, 4, 5), "until": date(2026, 4, 6)}]},
        "'floater.c' is absent on 2026-04-05 and nobody stands in as conc.floater:C (night)",
    ),
    "comes and works": (
        {"substitutions": [{"person": "floater.c", "for": "floater.d", "from": date(2026, 4, 1), "until": date(2026, 4, 4)},
                           {"person": "floater.b", "for": "floater.b", "from": date(2026, 4, 7), "until": date(2026, 4, 9)}]},
        "'floater.b' is to come in place of 'floater.b' on 2026-04-07",
    ),
    "comes and is away": (
        {"absences": [{"person": "spare", "from": date(2026, 4, 5), "until": date(2026, 4, 5)}],
         "substitutions": [{"person": "spare", "for": "floater.d", "from": date(2026, 4, 5), "until": date(2026, 4, 5)}]},
        "but is absent then",
    ),
    "ends before": ({"absences": [{"person": "spare", "from": date(2026, 4, 5), "until": date(2026, 4, 4)}]}, "lies before"),
    "taken back before": (
        {"absences": [{"person": "spare", "from": date(2026, 4, 5), "known": date(2026, 4, 5),
                       "taken_back": date(2026, 4, 5)}]}, "not after it was entered"),
    "unknown plant": ({"zones": [{"plant": "mill", "zone": "UTC+05:00"}]}, "there is no plant 'mill'"),
    "unknown zone": ({"zones": [{"plant": "conc", "zone": "Asia/Almata"}]}, "is not known"),
    "two zones": (
        {"zones": [{"plant": "conc", "zone": "UTC+05:00"}, {"plant": "conc", "zone": "UTC+06:00", "from": date(2026, 4, 9)}]},
        "has two entries of 'zones' from 2026-04-09",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_a_roster_is_one_message(name):
    roster, message = FAULTS[name]
    (found,) = roster_faults(with_roster(**roster))
    assert message in str(found)


def test_faults_name_file_and_line_through_the_files_of_a_roster(tmp_path):
    folder = tmp_path / "chain"
    shutil.copytree(example("one_concentrator"), folder, ignore=shutil.ignore_patterns("store"))
    (folder / "roster.yaml").write_text("persons:\n  - {id: spare}\n", "utf-8")
    (folder / "roster").mkdir()
    (folder / "roster" / "2026-04.yaml").write_text(
        "absences:\n  - {person: spare, from: 2026-04-05}\n  - {person: nobody, from: 2026-04-05}\n", "utf-8"
    )
    model, faults = read_description(folder)
    assert faults == []
    assert isinstance(model.roster, RosterFile)
    (found,) = roster_faults(model)
    assert found.where == "roster/2026-04.yaml:3"
    (folder / "roster" / "2026-04.yaml").write_text("absences:\n  - {person: spare, fro: 2026-04-05}\n", "utf-8")
    assert read_description(folder)[1][0].where == "roster/2026-04.yaml:2"
