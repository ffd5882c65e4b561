"""The life of a breach: told, heard, cause, appeal, action, end; escalation; instruments at fault; late readings."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.golden.reports import two_plants
from tests.unit.close import heap
from tests.unit.duty.desk import MONTH, ROSTER, between, desk, on, plant, readings
from tests.unit.rules.small_plant import rule, version

from zveno.chain.answering import findings_of
from zveno.duty import acts
from zveno.duty.instruments import Finding
from zveno.errors import ConflictError, DataError, StoreError
from zveno.log import Draft

PH = "conc.line1.ph"
HOUR = timedelta(hours=1)
TERMS = {
    "terms": [{"notify_h": 12, "acknowledge_h": 24, "reply_days": 3, "cause_days": 10, "appeal_days": 5}],
    "escalation": [
        {"step": "notify", "after_h": 0, "to": "conc.head"},
        {"step": "acknowledge", "after_h": 0, "to": "conc.head"},
        {"step": "cause", "after_h": 24, "to": "conc.head"},
    ],
}


@pytest.fixture
def one(tmp_path):
    """A breach over a change of shift: crews C and A."""
    made = desk(tmp_path, plant(duty=TERMS), readings(PH, between("06 06:00", "06 10:00")))
    (id_,) = made.enter(on("08 09:00"))
    return made, id_


def told(made, id_, at="08 10:00"):
    for party in ("floater.c", "floater.a"):
        made.step(id_, acts.NOTIFIED, "foreman", on(at), party=party)


# ---- entered ---------------------------------------------------------------------------------------------------------


def test_a_breach_over_a_change_of_shift_is_split_for_persons_and_whole_for_its_cost(one):
    made, id_ = one
    assert id_ == "R-1/2026-04-06/1"
    breach = made.answering.get(id_)
    assert [(part["shift"], part["person"]) for part in breach.judged.parts] == [
        ("2026-04-05 night", "floater.c"), ("2026-04-06 day", "floater.a"),
    ]  # fmt: skip
    table = made.answering.parts({id_: breach.judged})
    assert table["hours"].to_list() == pytest.approx([2, 2])
    assert breach.judged.facts["duration_h"] == pytest.approx(4)
    assert breach.state == "entered"


def test_judged_again_nothing_is_entered_twice(one):
    made, id_ = one
    review = made.answering.review(MONTH)
    assert review.nothing
    assert [each for each, _ in review.compared.same] == [id_]
    with pytest.raises(DataError, match="are entered as the rules find them"):
        made.answering.enter(review, made.signers["tech"], on("08 11:00"))


def test_two_who_enter_at_once_get_a_conflict(one):
    made, id_ = one
    made.bring(
        "second", readings("conc.line1.ph", between("20 01:00", "20 02:00"), start="20 00:00", hours=4), on("21 00:00")
    )
    review, seen = made.answering.review(MONTH), made.answering.seen_period(MONTH)
    made.answering.enter(review, made.signers["tech"], on("21 01:00"), seen)
    with pytest.raises(ConflictError):
        made.answering.enter(review, made.signers["foreman"], on("21 02:00"), seen)
    assert set(made.answering.all()) == {id_, "R-1/2026-04-20/1"}


# ---- heard -----------------------------------------------------------------------------------------------------------


def test_nobody_is_the_cause_unheard_before_the_reply_or_the_end_of_its_term(one):
    made, id_ = one
    cause = {"cause": "operator", "text": "feed not cut"}
    with pytest.raises(DataError, match=r"'floater\.c' was not told"):
        made.step(id_, acts.CAUSE, "tech", on("08 09:30"), **cause)
    told(made, id_)
    made.step(id_, acts.REPLIED, "floater.c", on("08 12:00"), party="floater.c", text="the line was mine until eight")
    with pytest.raises(DataError, match=r"'floater\.a' has a right of reply .* until 2026-04-12 00:00"):
        made.step(id_, acts.CAUSE, "tech", on("11 23:59"), **cause)
    # of the one who replied it can be said before
    later = made.step(id_, acts.CAUSE, "tech", on("12 00:01"), **cause)
    assert later.cause.cause == "operator"


def test_any_other_cause_needs_no_reply(one):
    made, id_ = one
    assert made.step(id_, acts.CAUSE, "tech", on("08 09:30"), cause="ore", text="harder").state == "cause"


def test_a_cause_signed_past_the_desk_before_the_term_counts_for_nothing(one):
    made, id_ = one
    told(made, id_)
    body = {"of": id_, "cause": "operator", "text": "it was him", "parties": []}
    record = made.signed.log.enter(made.signers["tech"], Draft(acts.CAUSE, body, on("09 10:00"))).number
    breach = made.answering.get(id_)
    assert breach.cause is None
    ((number, why),) = breach.void_acts
    assert number == record
    assert "right of reply" in str(why)
    assert made.signed.log.verify() == ()


def test_only_the_person_on_duty_speaks_for_itself_and_nobody_judges_the_own_breach(one):
    made, id_ = one
    told(made, id_)
    with pytest.raises(DataError, match=r"only 'floater\.a' can say this"):
        made.step(id_, acts.REPLIED, "foreman", on("08 12:00"), party="floater.a", text="x")
    with pytest.raises(DataError, match="was not on duty"):
        made.step(id_, acts.REPLIED, "floater.b", on("08 12:00"), party="floater.b", text="x")
    with pytest.raises(StoreError, match="may not sign this"):
        made.step(id_, acts.CAUSE, "foreman", on("08 12:00"), cause="ore", text="x")


def test_who_was_on_duty_does_not_confirm_the_cause_though_a_role_would_allow_it(tmp_path):
    made = desk(
        tmp_path, plant(rule(version(high=11.8), owner_role="conc.head")), readings(PH, between("06 06:00", "06 10:00"))
    )
    (id_,) = made.enter(on("08 09:00"))
    with pytest.raises(DataError, match="'head' was on duty"):
        made.step(id_, acts.CAUSE, "head", on("08 10:00"), cause="ore", text="x")


def test_a_role_without_a_named_person_is_spoken_for_by_whoever_is_of_it(tmp_path):
    made = desk(tmp_path, plant(roster={}), readings(PH, between("06 09:00", "06 10:00")))
    (id_,) = made.enter(on("08 09:00"))
    breach = made.answering.get(id_)
    assert breach.parties == ("conc.floater:A",)
    assert made.answering.party(breach, "floater.a") == "conc.floater:A"
    made.step(id_, acts.NOTIFIED, "foreman", on("08 10:00"), party="conc.floater:A")
    replied = made.step(id_, acts.REPLIED, "floater.a", on("08 12:00"), party="conc.floater:A", text="trip of the pump")
    assert replied.state == "replied"
    assert replied.replies[0].signed.person == "floater.a"


def test_an_appeal_is_decided_by_another_person_within_its_term(one):
    made, id_ = one
    told(made, id_)
    made.step(id_, acts.CAUSE, "tech", on("12 10:00"), cause="operator", text="feed not cut", parties=["floater.a"])
    with pytest.raises(DataError, match="may be appealed until 2026-04-18 00:00"):
        made.step(id_, acts.CLOSED, "head", on("12 11:00"))
    appealed = made.step(id_, acts.APPEALED, "floater.a", on("13 10:00"), party="floater.a", text="the order said so")
    assert appealed.state == "appealed"
    with pytest.raises(DataError, match="waits for a decision"):
        made.step(id_, acts.CLOSED, "head", on("20 11:00"))
    decided = made.step(id_, acts.DECIDED, "chief_eng", on("14 10:00"), cause="order", text="standing order 12")
    assert (decided.cause.cause, decided.state) == ("order", "cause")
    with pytest.raises(DataError, match="it is the last one"):
        made.step(id_, acts.APPEALED, "floater.c", on("14 11:00"), party="floater.c", text="x")
    assert made.step(id_, acts.CLOSED, "head", on("14 12:00")).state == "closed"


def test_an_appeal_after_its_term_is_refused(one):
    made, id_ = one
    told(made, id_)
    made.step(id_, acts.CAUSE, "tech", on("12 10:00"), cause="operator", text="feed not cut")
    with pytest.raises(DataError, match="ended on 2026-04-18 00:00"):
        made.step(id_, acts.APPEALED, "floater.a", on("18 00:00"), party="floater.a", text="x")


def test_who_confirmed_the_cause_does_not_decide_on_the_appeal(one):
    made, id_ = one
    told(made, id_)
    made.step(id_, acts.CAUSE, "chief_eng", on("12 10:00"), cause="operator", text="feed not cut")
    made.step(id_, acts.APPEALED, "floater.a", on("13 10:00"), party="floater.a", text="no")
    with pytest.raises(DataError, match="another person decides"):
        made.step(id_, acts.DECIDED, "chief_eng", on("13 11:00"), cause="operator", text="yes")


def test_an_action_is_done_by_its_owner_and_closed_by_another(one):
    made, id_ = one
    made.step(id_, acts.CAUSE, "tech", on("08 10:00"), cause="equipment", text="valve stuck")
    ordered = made.step(
        id_, acts.ACTION, "head", on("08 11:00"), text="change the valve", owner="tech", due="2026-04-10"
    )
    number = ordered.actions[0].signed.record
    with pytest.raises(DataError, match="is not done"):
        made.step(id_, acts.CLOSED, "head", on("08 12:00"))
    with pytest.raises(DataError, match="says what was done"):
        made.step(id_, acts.DONE, "head", on("08 12:00"), action=number, text="x")
    made.step(id_, acts.DONE, "tech", on("09 12:00"), action=number, text="changed")
    with pytest.raises(DataError, match="another person closes it"):
        made.step(id_, acts.CLOSED, "tech", on("09 13:00"))
    assert made.step(id_, acts.CLOSED, "head", on("09 13:00")).state == "closed"
    with pytest.raises(DataError, match="is closed"):
        made.step(id_, acts.ACTION, "head", on("09 14:00"), text="more", owner="tech", due="2026-04-20")


def test_an_action_is_ordered_of_somebody_who_is_in_the_register(one):
    made, id_ = one
    with pytest.raises(DataError, match="there is no person 'nobody'"):
        made.step(id_, acts.ACTION, "head", on("08 11:00"), text="x", owner="nobody", due="2026-04-10")


# ---- escalation ------------------------------------------------------------------------------------------------------


def test_a_breach_goes_up_when_a_term_passes_and_comes_down_when_the_step_is_done(one):
    made, id_ = one
    answering = made.answering
    before = answering.standing(answering.get(id_), on("06 17:59"))
    assert (before.due.step, before.due.until, before.raised) == ("notify", on("06 18:00"), ())
    (level,) = answering.standing(answering.get(id_), on("06 18:00")).raised
    assert (level.level, level.role, level.person, level.since) == (1, "conc.head", "head", on("06 18:00"))
    told(made, id_)
    heard = answering.standing(answering.get(id_), on("09 09:59"))
    assert (heard.due.step, heard.due.of, heard.raised) == ("acknowledge", ("floater.c", "floater.a"), ())
    assert answering.standing(answering.get(id_), on("09 10:00")).raised[0].person == "head"
    for person in ("floater.c", "floater.a"):
        made.step(id_, acts.ACKNOWLEDGED, person, on("09 11:00"), party=person)
    waits = answering.standing(answering.get(id_), on("19 23:59"))
    assert (waits.due.step, waits.due.until) == ("cause", on("19 00:00"))
    assert waits.raised == ()  # a day more, by duty.yaml
    assert answering.standing(answering.get(id_), on("20 00:00")).raised[0].level == 1


def test_a_notice_to_the_one_above_starts_no_right_of_reply(one):
    made, id_ = one
    made.step(id_, acts.NOTIFIED, "foreman", on("08 10:00"), party="head", level=1)
    breach = made.answering.get(id_)
    assert (breach.state, breach.notified_at("head")) == ("entered", None)
    with pytest.raises(DataError, match="'head' was not on duty"):
        made.step(id_, acts.NOTIFIED, "foreman", on("08 10:00"), party="head")


def test_terms_go_by_the_first_entry_that_fits_the_severity(tmp_path):
    duty = {"terms": [{"severities": ["critical"], "reply_days": 1}, {"severities": ["high"], "reply_days": 7}]}
    made = desk(tmp_path, plant(duty=duty), readings(PH, between("06 06:00", "06 10:00")))
    (id_,) = made.enter(on("08 09:00"))
    breach = made.answering.get(id_)
    assert made.answering.clock.reply_until(breach.judged, on("08 10:00")) == on("16 00:00")


def test_the_head_who_is_away_has_a_deputy_to_whom_it_goes(tmp_path):
    roster = {
        **ROSTER, "absences": [{"person": "head", "from": "2026-04-08", "until": "2026-04-09"}],
        "deputies": [{"role": "conc.head", "person": "deputy"}],
    }  # fmt: skip
    made = desk(tmp_path, plant(roster=roster, duty=TERMS), readings(PH, between("06 06:00", "06 10:00")))
    (id_,) = made.enter(on("08 09:00"))
    standing = made.answering.standing(made.answering.get(id_), on("08 10:00"))
    assert standing.raised[0].person == "deputy"


# ---- instruments -----------------------------------------------------------------------------------------------------


def metered(**fields):
    made = plant(duty=TERMS)
    tags = tuple(one.model_copy(update={"meter": "ph1"}) if one.id == PH else one for one in made.chain.tags)
    return made.model_copy(update={"chain": made.chain.model_copy(update={"tags": tags}), **fields})


@pytest.fixture
def weighed(tmp_path, monkeypatch):
    """A balance that says of meters what a test wants it to say."""
    made = desk(tmp_path, metered(), readings(PH, between("06 06:00", "06 10:00")))
    (id_,) = made.enter(on("08 09:00"))
    said: list[Finding] = []
    monkeypatch.setattr("zveno.chain.answering.Answering.findings", lambda *_: tuple(said))
    return made, id_, said


def finding(meters=("ph1",), *, sure=True, start="01 00:00", end="30 00:00"):
    rows = ({"meter": meters[0], "z": 4.2},)
    return Finding(MONTH, f"suspects/{meters[0]}/mass", meters, on(start), on(end), sure, rows)


def test_a_balance_that_names_the_instrument_proposes_and_a_person_voids(weighed):
    made, id_, said = weighed
    with pytest.raises(DataError, match="does not name the instrument"):
        made.answering.void_body(id_, MONTH, "the meter read high")
    said.append(finding())
    (proposal,) = made.answering.void_proposals(MONTH)
    assert (proposal.kind, proposal.breach, proposal.meter) == ("void", id_, "ph1")
    assert made.answering.get(id_).state == "entered"  # proposed is not voided
    body = made.answering.void_body(id_, MONTH, "the meter read high")
    voided = made.step(id_, acts.VOIDED, "metro", on("09 10:00"), **body)
    assert voided.state == "voided"
    assert voided.voided.evidence["rows"][0]["z"] == 4.2
    with pytest.raises(DataError, match="is voided"):
        made.step(id_, acts.CAUSE, "tech", on("09 11:00"), cause="operator", text="x")
    # while the balance says so it stays voided
    with pytest.raises(DataError, match="still says"):
        made.answering.reopen_body(id_, "x")
    # a restatement takes it back: the breach is proposed to be opened again, and is what it was
    said.clear()
    (again,) = made.answering.void_proposals(MONTH)
    assert (again.kind, again.breach) == ("reopen", id_)
    opened = made.step(id_, acts.REOPENED, "metro", on("15 10:00"), **made.answering.reopen_body(id_, "restated"))
    assert opened.state == "entered"
    assert opened.voids[0].reopened_because == "restated"


def test_one_of_several_suspects_and_another_time_propose_nothing(weighed):
    made, id_, said = weighed
    said.append(finding(("ph1", "ph2"), sure=False))
    assert [one.kind for one in made.answering.void_proposals(MONTH)] == ["doubt"]
    said[:] = [finding(start="06 10:00")]  # from the end of the breach on
    assert made.answering.void_proposals(MONTH) == ()
    said[:] = [finding(start="06 09:55")]
    assert [one.kind for one in made.answering.void_proposals(MONTH)] == ["void"]
    with pytest.raises(DataError, match="must be what a balance says"):
        made.step(id_, acts.VOIDED, "metro", on("09 10:00"), reason="I know this meter")


# ---- late readings ---------------------------------------------------------------------------------------------------


def test_a_late_reading_that_shortens_a_breach_leaves_its_id_and_both_are_told(one):
    made, id_ = one
    made.bring("late", readings(PH, lambda _: False, start="06 08:00", hours=3), on("12 00:00"))
    review = made.answering.review(MONTH)
    ((same, before, after),) = review.compared.changed
    assert same == id_
    assert (before.facts["end"], after.facts["end"]) == ("2026-04-06T05:00:00+00:00", "2026-04-06T03:00:00+00:00")
    assert (before.parties, after.parties) == (("floater.c", "floater.a"), ("floater.c",))
    made.answering.enter(review, made.signers["tech"], on("12 10:00"))
    (change,) = made.answering.get(id_).changes
    assert change.before.text == change.after.text
    assert made.answering.review(MONTH).nothing


def test_a_late_reading_that_removes_a_breach_says_so_and_one_that_brings_it_back_gives_its_old_id(one):
    made, id_ = one
    told(made, id_)
    made.bring("late", readings(PH, lambda _: False, start="06 05:00", hours=6), on("12 00:00"))
    review = made.answering.review(MONTH)
    assert [each for each, _ in review.compared.gone] == [id_]
    made.answering.enter(review, made.signers["tech"], on("12 10:00"))
    gone = made.answering.get(id_)
    assert (gone.state, gone.changes[0].after, made.answering.clock.due(gone)) == ("gone", None, None)
    with pytest.raises(DataError, match="no longer found"):
        made.step(id_, acts.CAUSE, "tech", on("12 11:00"), cause="ore", text="x")
    made.bring("again", readings(PH, between("06 06:00", "06 10:00"), start="06 05:00", hours=6), on("13 00:00"))
    made.enter(on("13 10:00"))
    back = made.answering.get(id_)
    assert (back.state, len(back.changes)) == ("notified", 2)


def test_a_signal_without_readings_removes_no_breach(tmp_path):
    two = [rule(version(high=11.8), id=f"R-{n}", tag=f"conc.line{n}.ph") for n in (1, 2)]
    made = desk(tmp_path, plant(*two), *(readings(f"conc.line{n}.ph", between("06 06:00", "06 10:00")) for n in (1, 2)))
    assert set(made.enter(on("08 09:00"))) == {"R-1/2026-04-06/1", "R-2/2026-04-06/1"}
    other = desk(tmp_path / "other", plant(*two), readings("conc.line2.ph", between("06 06:00", "06 10:00")))
    made.closing = replace(made.closing, chain=replace(made.closing.chain, store=other.closing.chain.store))
    review = made.answering.review(MONTH)
    assert (review.unjudged, review.compared.gone) == (("R-1/2026-04-06/1",), ())
    assert review.nothing


def test_a_breach_that_falls_in_two_leaves_its_id_to_the_longer_piece(one):
    made, id_ = one
    made.bring("late", readings(PH, lambda _: False, start="06 07:00", hours=0.5), on("12 00:00"))
    review = made.answering.review(MONTH)
    ((same, _, after),) = review.compared.changed
    assert (same, after.facts["start"]) == (id_, "2026-04-06T02:30:00+00:00")
    assert list(review.new) == ["R-1/2026-04-06/2"]


def test_a_roster_that_was_put_right_later_changes_who_was_on_duty_and_says_so(one):
    made, id_ = one
    roster = {**ROSTER, "substitutions": [
        {"person": "spare", "for": "floater.c", "from": "2026-04-05", "until": "2026-04-05", "known": "2026-04-10"}
    ]}  # fmt: skip
    made.closing = replace(made.closing, chain=replace(made.closing.chain, model=plant(roster=roster, duty=TERMS)))
    ((same, before, after),) = made.answering.review(MONTH).compared.changed
    assert (same, before.parties, after.parties) == (id_, ("floater.c", "floater.a"), ("spare", "floater.a"))
    assert made.answering.review(MONTH, on("09 00:00").date()).nothing


def test_a_real_balance_is_sure_of_the_scale_that_lies_and_not_of_the_one_beside_it():
    chain = two_plants.chain()
    span = chain.period("2026-03")
    found = {one.meters: one.sure for one in findings_of(chain.reconcile(span), span)}
    assert found == {("conc.receipt",): True, ("conc.wagon",): False}


def test_suspects_that_cannot_be_told_apart_are_none_of_them_sure():
    chain = heap.chain(relative={("conc.assay", "Cu"): 0.06})
    span = chain.period("2026-03")
    assert not any(one.sure for one in findings_of(chain.reconcile(span), span))
