"""An amendment's way: three persons, one text, a day to come; the book in force as known at any time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.amended_plant import NOON, Plant, draft, plant
from tests.signed_books import PASSPHRASE, enter
from tests.unit.rules.small_plant import model, rule, version

from zveno.chain.archives import ToArchive, archive
from zveno.chain.closing import as_known
from zveno.chain.replaying import replay
from zveno.chain.rulebooks import amended_model, in_force
from zveno.errors import DataError, RuleError, StoreError
from zveno.log import Draft, verify_archive
from zveno.rules.motions import APPROVED, DRAFT, motions

HOUR = timedelta(hours=1)
MIDNIGHT = datetime(2026, 4, 30, 19, tzinfo=UTC)  # 1 May, 00:00 of plant time


@pytest.fixture
def office(tmp_path) -> Plant:
    return plant(tmp_path / "store")


def lows(office: Plant, day: str) -> float:
    """The lower limit of R-1 on a day."""
    return in_force(office.chain.model, date.fromisoformat(day))["R-1"].version.params["low"]


def state(office: Plant, number: int, day: str = "2026-04-02") -> str:
    return office.work.state(office.work.get(number), date.fromisoformat(day))


def test_three_persons_bring_an_amendment_into_force_on_its_day(office):
    motion = office.proposed(draft())
    assert state(office, motion.number) == "proposed"
    office.work.review(motion.number, "looked at the replay", office.people["checker"], NOON)
    assert state(office, motion.number) == "reviewed"
    assert lows(office, "2026-05-01") == 10.6
    office.work.approve(motion.number, office.people["engineer"], NOON)
    assert [state(office, motion.number, day) for day in ("2026-04-02", "2026-05-01")] == ["approved", "in_force"]
    assert (lows(office, "2026-04-30"), lows(office, "2026-05-01")) == (10.6, 10.8)


def test_a_later_amendment_supersedes_an_earlier_one(office):
    first = office.approved(draft(10.8))
    office.approved(draft(10.9, "2026-06-01", id_="b"))
    assert state(office, first.number, "2026-05-31") == "in_force"
    assert state(office, first.number, "2026-06-01") == "superseded"
    versions = office.chain.model.rulebook.by_id["R-1"].versions
    assert [(one.version, one.params["low"]) for one in versions] == [(1, 10.6), (2, 10.8), (3, 10.9)]


@pytest.mark.parametrize(
    ("step", "person", "said"),
    [
        ("review", "author", "cannot review it"),
        ("approve", "author", "nobody has reviewed"),
        ("withdraw", "engineer", "is not approved"),
    ],
)
def test_steps_that_the_law_does_not_allow_are_refused_before_a_pass_phrase_is_asked(office, step, person, said):
    motion = office.proposed(draft())
    with pytest.raises(RuleError, match=said):
        office.work.require_next(motion.number, step, person, NOON)


def test_whoever_proposed_or_reviewed_cannot_approve_even_with_the_role(office):
    both = office.signed.persons
    both.amend("checker", ("metallurgist", "chief_engineer"), None, office.signed.registrar, NOON)
    both.amend("author", ("technologist", "chief_engineer"), None, office.signed.registrar, NOON)
    motion = office.reviewed(draft())
    for person in ("author", "checker"):
        with pytest.raises(RuleError, match="a third person must"):
            office.work.approve(motion.number, office.people[person], NOON)


def test_who_lacks_the_role_cannot_approve(office):
    motion = office.reviewed(draft())
    with pytest.raises(StoreError, match="takes one of the roles chief_engineer"):
        office.work.approve(motion.number, office.signed.chief, NOON)


@pytest.mark.parametrize(("late", "allowed"), [(timedelta(0), True), (timedelta(seconds=1), False)])
def test_an_amendment_is_approved_before_its_midnight_of_plant_time(office, late, allowed):
    motion = office.reviewed(draft())
    if allowed:
        office.work.approve(motion.number, office.people["engineer"], MIDNIGHT + late)
        assert lows(office, "2026-05-01") == 10.8
        return
    with pytest.raises(RuleError, match="takes effect on 2026-05-01 at 00:00 cannot be approved on 2026-05-01 00:00"):
        office.work.approve(motion.number, office.people["engineer"], MIDNIGHT + late)
    assert lows(office, "2026-05-01") == 10.6


def test_a_day_that_has_begun_cannot_even_be_proposed(office):
    with pytest.raises(RuleError, match="say 'correction: true'"):
        office.work.require_proposable(draft(effective="2026-04-02"), NOON)


def test_a_record_that_another_program_wrote_against_the_law_changes_nothing(office):
    motion = office.reviewed(draft())
    late = Draft(APPROVED, {"of": motion.number, "over": dict(motion.over), "book": "0"}, MIDNIGHT + HOUR,
                 {DRAFT: motion.draft})  # fmt: skip
    entry = office.signed.log.enter(office.people["engineer"], late)
    assert office.work.get(motion.number).void == (entry.number,)
    assert lows(office, "2026-05-01") == 10.6


def test_signatures_for_another_text_are_void(office):
    motion = office.proposed(draft())
    other = Draft("rules_reviewed", {"of": motion.number, "over": {}}, NOON, {DRAFT: draft(9.9).sha256})
    office.signed.log.enter(office.people["checker"], other)
    assert office.work.get(motion.number).reviewed is None


def test_what_the_reviewer_did_not_see_is_not_approved(office):
    first, second = office.reviewed(draft(10.8)), office.reviewed(draft(10.9, "2026-06-01", id_="b"))
    office.work.approve(first.number, office.people["engineer"], NOON)
    with pytest.raises(RuleError, match="another amendment has changed R-1"):
        office.work.require_next(second.number, "approve", "engineer", NOON)


def test_a_withdrawn_amendment_never_binds_and_its_number_is_not_given_again(office):
    first = office.approved(draft(10.8))
    office.work.withdraw(first.number, "the lime did not come", office.people["engineer"], NOON + HOUR)
    office.approved(draft(10.9, "2026-06-01", id_="b"), NOON + 2 * HOUR)
    versions = office.chain.model.rulebook.by_id["R-1"].versions
    assert [(one.version, one.params["low"]) for one in versions] == [(1, 10.6), (3, 10.9)]
    assert state(office, first.number) == "withdrawn"
    known = as_known(office.chain, NOON + HOUR / 2).model
    assert in_force(known, date(2026, 5, 1))["R-1"].version.params["low"] == 10.8


def test_in_force_it_is_withdrawn_no_more(office):
    motion = office.approved(draft())
    with pytest.raises(RuleError, match="has been in force since 2026-05-01"):
        office.work.require_next(motion.number, "withdraw", "engineer", MIDNIGHT)


def test_a_refused_amendment_goes_no_further(office):
    motion = office.proposed(draft())
    with pytest.raises(DataError, match="give a reason"):
        office.work.refuse(motion.number, " ", office.people["checker"], NOON)
    office.work.refuse(motion.number, "too strict", office.people["checker"], NOON)
    assert state(office, motion.number) == "refused"
    with pytest.raises(RuleError, match="was refused or withdrawn"):
        office.work.require_next(motion.number, "review", "checker", NOON)


def test_a_correction_of_the_past_is_a_new_known_time_and_no_edit(office):
    """Judged now, 7 March breaks the corrected limit; judged as known before the correction, it does not."""
    day, before = "2026-03-07", NOON - HOUR
    was = office.chain.check(day)
    assert was.breaches.height == 2
    office.approved(draft(10.8, "2026-03-01", correction=True))
    now = office.chain
    assert (now.check(day).breaches.height, as_known(now, before).check(day).breaches.height) == (3, 2)
    assert as_known(now, before).check(day).rulebook_hash == was.rulebook_hash != now.check(day).rulebook_hash
    assert as_known(now, before).check(day).breaches.equals(was.breaches)


def test_a_correction_takes_its_own_meaning(office):
    motion = office.approved(draft(10.8, "2026-03-01", correction=True))
    signed = office.work.get(motion.number).approved.signed
    assert signed.kind == "rules_corrected"
    assert "correction of the past" in signed.meaning["en"]


def test_breaches_before_an_amendment_keep_text_and_hash(office):
    was = office.chain.check("2026-03-07").breaches
    office.approved(draft(10.8))
    assert office.chain.check("2026-03-07").breaches.equals(was)


def test_the_protocol_of_a_vote_is_kept_and_bound(office, tmp_path):
    protocol = tmp_path / "protocol 7.pdf"
    protocol.write_bytes(b"for 12, against 1")
    motion = office.reviewed(draft())
    found = office.work.approve(motion.number, office.people["engineer"], NOON, protocol).approved.signed
    assert found.body["protocol"] == "protocol 7.pdf"
    kept = office.folder / "evidence" / found.bound["protocol"]
    assert kept.read_bytes() == b"for 12, against 1"


def test_a_draft_that_was_changed_on_the_disk_is_not_what_was_signed(office):
    motion = office.approved(draft())
    path = office.folder / "evidence" / motion.draft
    path.write_bytes(path.read_bytes().replace(b"10.8", b"10.5"))
    with pytest.raises(StoreError, match="is not what was signed"):
        _ = office.chain


def test_the_adopted_book_is_changed_by_amendments_only(office):
    adopted = office.work.adopt(office.people["engineer"], NOON)
    assert adopted.signed.body["book"] == office.chain.model.rulebook.hash
    with pytest.raises(RuleError, match=f"was adopted in record {adopted.record}"):
        office.work.require_adoptable()
    with pytest.raises(RuleError, match=r"are not those adopted in record .* R-1 differ, texts missing: 1"):
        amended_model(model(rule(version(low=10.5))), office.folder)
    with_case = model(rule(version(low=10.6), cases=[{"of": "11", "finds": []}]))
    assert amended_model(with_case, office.folder).rulebook.hash == adopted.signed.body["book"]
    office.approved(draft())
    assert lows(office, "2026-05-01") == 10.8


def test_unverified_numbers_are_not_adopted_unless_a_role_accepts_them(office):
    raw = rule({**version(low=10.6), "status": "unverified"})
    chain = replace(office.chain, model=model(raw))
    work = replace(office.work, closing=replace(office.work.closing, chain=chain))
    with pytest.raises(RuleError, match="unverified: give 'accepted_by'"):
        work.require_adoptable()
    accepted = rule({**version(low=10.6), "status": "unverified", "accepted_by": "conc.head"})
    replace(office.work, closing=replace(work.closing, chain=replace(chain, model=model(accepted)))).require_adoptable()


def test_rules_edited_under_an_amendment_are_found(office):
    office.approved(draft())
    with pytest.raises(RuleError, match="are not those over which amendment"):
        amended_model(model(rule(version(low=10.6)), rule(version(low=9), id="R-2")), office.folder)


def test_a_second_approval_is_refused(office):
    enter(office.signed.persons, "second", "Second", ("chief_engineer",), office.signed.registrar)
    second = office.signed.persons.unlock("second", PASSPHRASE)
    motion = office.reviewed(draft())
    office.work.approve(motion.number, office.people["engineer"], NOON)
    with pytest.raises(RuleError, match="approved already"):
        office.work.approve(motion.number, second, NOON)


def test_a_proposed_draft_is_replayed_by_its_number(office):
    motion = office.proposed(draft(10.8))
    overlay = office.work.require_sound(office.work.draft(str(motion.number)))
    found = replay(office.chain, overlay, "2026-03-07")
    assert found.changes["change"].to_list() == ["changed", "appears", "changed"]
    assert (found.before.breaches.height, found.after.breaches.height) == (2, 3)
    (difference,) = found.texts
    assert [one.version.text["kk"] for one in (difference.before, difference.after)] == ["мәтін", "кемінде 10.8"]
    with pytest.raises(DataError, match="has a reading in 2025-03"):
        replay(office.chain, overlay, "2025-03")


def test_the_stages_are_told_by_the_log_alone(office):
    office.approved(draft())
    again = motions(enumerate(office.signed.log.records), office.chain.model.tz)
    assert list(again.values()) == list(office.work.known().motions.values())


def test_an_archive_of_a_period_carries_the_approved_drafts(office, tmp_path):
    motion = office.approved(draft())
    office.proposed(draft(9.9, "2026-07-01", id_="b"))
    wanted = ToArchive(chain=office.chain, period="2026-03-07")
    archive(office.signed.log, office.signed.chief, NOON + HOUR, wanted, tmp_path / "a.tar")
    names = verify_archive(tmp_path / "a.tar").files
    assert [one for one in names if "amendments" in one] == [f"period/amendments/{motion.number}.yaml"]
