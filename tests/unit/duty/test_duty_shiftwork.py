"""Handover from shift to shift, standing orders, alarms shelved for a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.duty.desk import between, desk, on, plant, readings
from tests.unit.rules.small_plant import rule, version

from zveno.chain.shiftwork import Left
from zveno.duty import acts
from zveno.errors import DataError
from zveno.log import Draft
from zveno.periods import Period

PH = "conc.line1.ph"
SAFE = rule(version(high=11.8), id="S-1", tag="conc.line2.ph", acts_on={"not_priced": "safety"}, severity="critical")
RULE = rule(version(high=11.8), acts_on={"parameter": "x", "via": "direct"}, severity="medium")


@pytest.fixture
def made(tmp_path):
    both = [readings(f"conc.line{n}.ph", between("09 10:00", "09 12:00"), hours=120) for n in (1, 2)]
    return desk(tmp_path, plant(RULE, SAFE), *both, known="10 12:00")


def shelved(made, by="foreman", at="09 09:00", hours=8.0, rule_="R-1", tag=""):
    asked = made.work.require_shelvable(rule_, tag, hours, "electrode cleaned", (by, on(at)))
    return made.work.shelve(asked, made.signers[by], on(at))


# ---- handover --------------------------------------------------------------------------------------------------------


def test_a_shift_states_what_is_open_and_the_next_takes_it_over(made):
    made.enter(on("09 13:00"))
    shelving = shelved(made, at="09 13:10")
    order = made.work.order(
        {"plant": "conc", "role": "", "text": "pH every hour by hand", "from": on("09 13:20").isoformat(), "until": "2026-04-12"},
        made.signers["foreman"], on("09 13:20"),
    )  # fmt: skip
    shift = made.work.shift("conc", "2026-04-09 day", on("09 19:50"))
    assert shift.crew == "D"
    left = made.work.leave(
        "conc",
        shift,
        Left((("conc.cell2", "gearbox"),), "low stock of lime"),
        made.signers["floater.d"],
        on("09 19:50"),
    )
    said = left.statement
    assert [one["id"] for one in said["breaches"]] == ["R-1/2026-04-09/1", "S-1/2026-04-09/1"]
    assert ([one["number"] for one in said["shelved"]], [one["number"] for one in said["orders"]]) == (
        [shelving.number],
        [order.number],
    )
    assert said["out"] == [{"unit": "conc.cell2", "why": "gearbox"}]
    with pytest.raises(DataError, match="the next shift does"):
        made.work.take(left.number, "", made.signers["floater.d"], on("09 20:05"))
    taken = made.work.take(left.number, "lime is coming", made.signers["floater.c"], on("09 20:05"))
    assert (taken.taken.person, taken.remarks) == ("floater.c", "lime is coming")
    with pytest.raises(DataError, match=r"is taken by floater\.c"):
        made.work.take(left.number, "", made.signers["floater.a"], on("09 20:10"))
    with pytest.raises(DataError, match=r"is taken by floater\.c"):
        made.work.leave("conc", shift, Left(), made.signers["floater.d"], on("09 20:20"))


def test_a_handover_that_nobody_acknowledged_is_seen(made):
    day = made.work.shift("conc", "2026-04-09 day", on("09 19:50"))
    made.work.leave("conc", day, Left(), made.signers["floater.d"], on("09 19:50"))
    span = Period(on("09 08:00"), on("10 08:00"))

    def states(at):
        return {one.shift.slot: one.state for one in made.work.shifts("conc", span, on(at))}

    assert states("09 20:30") == {"day": "waiting", "night": "running"}
    assert states("09 21:00") == {"day": "late", "night": "running"}
    assert states("10 09:00") == {"day": "late", "night": "missing"}
    (first, _) = made.work.shifts("conc", span, on("10 09:00"))
    taken = made.work.take(first.handover.number, "", made.signers["floater.b"], on("10 09:00"))
    assert taken.taken is not None
    (first, _) = made.work.shifts("conc", span, on("10 09:10"))
    assert (first.state, first.off_roster) == ("taken", True)  # crew C was due, one of crew B took it


def test_a_shift_taken_past_the_desk_by_who_left_it_counts_for_nothing(made):
    shift = made.work.shift("conc", "2026-04-09 day", on("09 19:50"))
    left = made.work.leave("conc", shift, Left(), made.signers["floater.d"], on("09 19:50"))
    made.signed.log.enter(made.signers["floater.d"], Draft(acts.TAKEN, {"of": left.number}, on("09 20:00")))
    (one, *_) = made.work.shifts("conc", Period(on("09 08:00"), on("09 20:00")), on("09 20:10"))
    assert one.state == "waiting"
    assert len(one.handover.void_acts) == 1


def test_a_later_statement_takes_the_place_of_one_that_is_not_taken(made):
    shift = made.work.shift("conc", "2026-04-09 day", on("09 19:50"))
    first = made.work.leave("conc", shift, Left(notes="nothing"), made.signers["floater.d"], on("09 19:50"))
    second = made.work.leave("conc", shift, Left(notes="the pump leaks"), made.signers["floater.d"], on("09 19:55"))
    with pytest.raises(DataError, match=f"record {second.number}"):
        made.work.take(first.number, "", made.signers["floater.c"], on("09 20:05"))
    assert made.work.take(second.number, "", made.signers["floater.c"], on("09 20:05")).taken is not None


def test_nonsense_is_refused_by_name(made):
    with pytest.raises(DataError, match="there is no plant 'mill'"):
        made.work.shift("mill", "", on("09 10:00"))
    with pytest.raises(DataError, match="has no shift 'noon' on 2026-04-09: it has day, night"):
        made.work.shift("conc", "2026-04-09 noon", on("09 10:00"))
    shift = made.work.shift("conc", "2026-04-10 day", on("09 10:00"))
    with pytest.raises(DataError, match="has not begun"):
        made.work.leave("conc", shift, Left(), made.signers["floater.c"], on("09 19:50"))
    with pytest.raises(DataError, match=r"has no unit 'conc\.cell3'"):
        made.work.statement("conc", shift, Left((("conc.cell3", "x"),)), on("10 10:00"))


# ---- orders ----------------------------------------------------------------------------------------------------------


def test_an_order_is_read_by_each_shift_until_its_day_or_its_end(made):
    body = {
        "plant": "conc",
        "role": "conc.floater",
        "text": "no more than 210 t/h",
        "from": on("09 09:00").isoformat(),
        "until": "2026-04-10",
    }
    order = made.work.order(body, made.signers["foreman"], on("09 09:00"))
    day, night = (made.work.shift("conc", f"2026-04-09 {one}", on("09 10:00")) for one in ("day", "night"))
    made.work.read_order(order.number, "conc", day, made.signers["floater.d"], on("09 09:30"))
    with pytest.raises(DataError, match=r"was read with shift 2026-04-09 day by floater\.d"):
        made.work.read_order(order.number, "conc", day, made.signers["floater.c"], on("09 10:30"))
    span = Period(on("09 08:00"), on("11 20:00"))
    unread = {f"{one.shift.day} {one.shift.slot}": [each.number for each in one.unread]
              for one in made.work.shifts("conc", span, on("12 00:00"))}  # fmt: skip
    # the night shift of the 10th belongs to the 10th, though it ends on the 11th
    assert unread == {"2026-04-09 day": [], "2026-04-09 night": [order.number], "2026-04-10 day": [order.number],
                      "2026-04-10 night": [order.number], "2026-04-11 day": []}  # fmt: skip
    made.work.read_order(order.number, "conc", night, made.signers["floater.c"], on("09 20:30"))
    ended = made.work.end_order(order.number, "mill repaired", made.signers["foreman"], on("10 07:00"))
    assert ended.ended_because == "mill repaired"
    unread = [one.unread for one in made.work.shifts("conc", span, on("12 00:00"))]
    assert unread == [()] * 5
    with pytest.raises(DataError, match="was ended by foreman"):
        made.work.read_order(order.number, "conc", night, made.signers["floater.a"], on("10 09:00"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"text": " "}, "needs words"),
        ({"until": "2026-04-08"}, "has passed"),
        ({"plant": "mill"}, "no plant"),
        ({"role": "x"}, "no role"),
    ],
)
def test_an_order_to_nobody_without_words_or_too_late_is_refused(made, change, message):
    body = {
        "plant": "conc",
        "role": "",
        "text": "x",
        "from": on("09 09:00").isoformat(),
        "until": "2026-04-10",
        **change,
    }
    with pytest.raises(DataError, match=message):
        made.work.order(body, made.signers["foreman"], on("09 09:00"))


# ---- shelving --------------------------------------------------------------------------------------------------------


def test_a_shelved_breach_is_found_entered_and_marked_and_its_terms_wait(made):
    number = shelved(made).number
    entered = made.enter(on("10 13:00"))
    answering = made.answering
    marked = answering.standing(entered["R-1/2026-04-09/1"], on("09 16:59"))
    assert [one.number for one in marked.shelved] == [number]
    other = answering.standing(entered["S-1/2026-04-09/1"], on("09 16:59"))
    assert other.shelved == ()
    # past the end of the shelving terms run again
    duty = {"escalation": [{"step": "notify", "after_h": 0, "to": "conc.head"}], "terms": [{"notify_h": 1}]}
    made.closing = replace(made.closing, chain=replace(made.closing.chain, model=plant(RULE, SAFE, duty=duty)))
    one = made.answering.get("R-1/2026-04-09/1")
    assert made.answering.standing(one, on("09 16:59")).raised == ()
    assert len(made.answering.standing(one, on("09 17:00")).raised) == 1


def test_shelving_ends_by_itself_and_before_its_time_by_a_signature(made):
    one = shelved(made)
    assert one.holds(on("09 16:59"))
    assert not one.holds(on("09 17:00"))
    ended = made.work.unshelve(one.number, "electrode back", made.signers["foreman"], on("09 11:00"))
    assert not ended.holds(on("09 11:00"))
    with pytest.raises(DataError, match="ended on"):
        made.work.unshelve(one.number, "again", made.signers["foreman"], on("09 12:00"))


def test_nobody_shelves_a_safety_norm_for_longer_than_allowed_without_reason_or_role(made):
    with pytest.raises(DataError, match="is a safety norm"):
        shelved(made, by="chief_eng", rule_="S-1")
    with pytest.raises(DataError, match=r"for 24 h at most, counted from .*: until 2026-04-10T09:00"):
        shelved(made, hours=24.1)
    with pytest.raises(DataError, match="one of the roles foreman, technologist"):
        shelved(made, by="floater.a")
    with pytest.raises(DataError, match="needs a reason"):
        made.work.require_shelvable("R-1", "", 1, " ", ("foreman", on("09 09:00")))
    with pytest.raises(DataError, match="there is no rule 'R-2'"):
        shelved(made, rule_="R-2")
    with pytest.raises(DataError, match="does not watch"):
        shelved(made, tag="conc.line2.ph")
    assert made.work.shelvings() == ()


def test_a_safety_norm_is_shelved_only_by_the_authority_that_the_plant_names(tmp_path):
    duty = {"shelving": [{"safety": True, "longest_h": 2, "roles": ["chief_engineer"]}]}
    made = desk(tmp_path, plant(RULE, SAFE, duty=duty))
    with pytest.raises(DataError, match="chief_engineer only"):
        shelved(made, by="head", rule_="S-1", hours=1)
    assert shelved(made, by="chief_eng", rule_="S-1", hours=1).rule == "S-1"
    with pytest.raises(DataError, match="lets nobody shelve 'R-1'"):
        shelved(made, by="chief_eng", hours=1)


def test_shelving_again_without_a_pause_counts_as_one(made):
    shelved(made, at="09 09:00", hours=12)
    shelved(made, at="09 20:00", hours=12)
    with pytest.raises(DataError, match="counted from 2026-04-09T09:00"):
        shelved(made, at="10 07:00", hours=8)
    assert shelved(made, at="11 08:00", hours=24).until == on("11 08:00") + timedelta(hours=24)
    assert len(made.work.shelvings()) == 3
    assert made.signed.log.verify() == ()
