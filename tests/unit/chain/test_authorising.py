"""Expired verifications: readings marked and widened, the close refused until another person answers for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree

import polars as pl
import pytest
from tests.golden.reports.two_plants import FOLDER, chain
from tests.signed_books import Books, books, enter

from zveno.chain import Chain, load
from zveno.chain.authorising import Authorising
from zveno.chain.closing import Closing
from zveno.chain.gate import CHECKS
from zveno.errors import DataError, ModelError, StoreError
from zveno.log import Log, Signer
from zveno.reports import of_plant
from zveno.store import EmbeddedStore

DAY = datetime(2026, 4, 3, 9, 0, tzinfo=UTC)
REGISTER = """
instruments:
  - {{id: W-1, title: {{en: Belt scale}}, meters: [{meter}], accuracy_class: "0,5", interval_mo: 12, verified: [{{on: 2024-03-01}}]}}
  - {{id: W-2, title: {{en: Crane scale}}, verified: [{{on: 2025-03-20, until: 2026-03-19}}{more}]}}
  - {{id: W-3, title: {{en: Balance}}, verified: [{{on: 2025-10-01}}]}}
  - {{id: W-4, title: {{en: Old scale}}, verified: [{{on: 2020-10-01}}], retired: 2023-01-01}}
"""


class Office:
    """Two plants of which a belt scale was not verified in time, and the persons of their books."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.description = folder / "store", folder / "described"
        copytree(FOLDER, self.description)
        self.meter = "ore.belt"
        chain(EmbeddedStore(self.folder))
        self.register()
        self.signed: Books = books(self.folder)
        enter(self.signed.persons, "metrologist", "Metrologist", ("metrologist",), self.signed.registrar)
        enter(
            self.signed.persons, "second", "Accountant, too", ("accountant", "chief_accountant"), self.signed.registrar
        )

    def register(self, more: str = "") -> None:
        (self.description / "quality.yaml").write_text(REGISTER.format(meter=self.meter, more=more), "utf-8")

    @property
    def chain(self) -> Chain:
        return load(self.description, store=self.folder)

    @property
    def closing(self) -> Closing:
        return Closing(self.chain, self.folder)

    @property
    def authorising(self) -> Authorising:
        return Authorising(self.closing)

    def signer(self, person: str) -> Signer:
        return self.signed.persons.unlock(person, "a pass-phrase of several words")


@pytest.fixture
def office(tmp_path) -> Office:
    return Office(tmp_path)


def test_readings_after_the_expiry_are_marked_and_their_systematic_error_widened(office):
    found = office.chain.results("2026-03")
    (marked,) = found.overdue.iter_rows(named=True)
    assert (marked["meter"], marked["instrument"], marked["readings"], marked["overdue_readings"]) == (
        "ore.belt",
        "W-1",
        30,
        30,
    )
    assert marked["limit_pct"] == 0.5
    assert marked["grown_pct"] == pytest.approx(0.5 * (1 + 395 / 365), rel=1e-9)  # 2 March 2025 to 31 March 2026
    ore = found.adjustments.filter(pl.col("meter") == "ore.belt").row(0, named=True)
    plain = chain().results("2026-03").adjustments.filter(pl.col("meter") == "ore.belt").row(0, named=True)
    assert ore["sd"] > 1.05 * plain["sd"]
    wider = found.widened.filter(pl.col("stream") == "ore", pl.col("component") == "mass").row(0, named=True)
    flows = {name: one.flows.filter(pl.col("stream") == "ore", pl.col("component") == "mass")["mass_sd_t"].item()
             for name, one in (("late", found), ("held", chain().results("2026-03")))}  # fmt: skip
    assert wider["mass_sd_t"] == flows["late"]
    assert wider["verified_sd_t"] == pytest.approx(flows["held"], rel=1e-6)
    assert wider["wider_frac"] == pytest.approx(flows["late"] / flows["held"] - 1, rel=1e-6)


def test_close_is_refused_until_another_person_answers_for_the_instruments(office):
    with pytest.raises(DataError, match=r"2 of 2 instruments .* W-1, W-2"):
        office.closing.draw_up("2026-03", office.signed.accountant, DAY)
    assert office.closing.stage("2026-03").stage == "open"
    office.authorising.authorise("2026-03", ["all"], "the verifier comes in April", office.signer("metrologist"), DAY)
    office.closing.draw_up("2026-03", office.signed.accountant, DAY + timedelta(hours=1))
    closed = office.closing.approve("2026-03", office.signed.chief, DAY + timedelta(hours=2))
    assert closed.approved is not None
    drawn = office.closing.log.records[closed.drawn.record]
    assert [office.closing.log.records[one].person for one in drawn.body["authorised"]] == ["metrologist"]
    assert office.closing.reproduce(closed) == ()
    assert "overdue" in office.closing.frozen(closed).tables
    assert Log(office.folder).verify() == ()


def test_whoever_authorises_does_not_draw_up(office):
    office.authorising.authorise("2026-03", ["all"], "no other scale", office.signed.chief, DAY)
    with pytest.raises(DataError, match="cannot draw the period up as well"):
        office.closing.draw_up("2026-03", office.signed.chief, DAY + timedelta(hours=1))
    office.closing.draw_up("2026-03", office.signed.accountant, DAY + timedelta(hours=1))
    assert office.closing.approve("2026-03", office.signed.chief, DAY + timedelta(hours=2)).approved is not None


def test_whoever_has_drawn_up_does_not_authorise(office):
    office.authorising.authorise("2026-03", ["all"], "no other scale", office.signer("metrologist"), DAY)
    office.closing.draw_up("2026-03", office.signed.chief, DAY + timedelta(hours=1))
    with pytest.raises(DataError, match="cannot authorise its instruments as well"):
        office.authorising.authorise("2026-03", ["all"], "again", office.signed.chief, DAY + timedelta(hours=2))


def test_register_that_changed_makes_the_authorisation_incomplete(office):
    office.authorising.authorise("2026-03", ["W-1", "W-2"], "no other scale", office.signer("metrologist"), DAY)
    office.closing.draw_up("2026-03", office.signed.accountant, DAY + timedelta(hours=1))
    office.register(", {on: 2026-03-21, until: 2026-03-25}")
    with pytest.raises(DataError, match=r"1 of 3 instruments .*: W-2"):
        office.closing.approve("2026-03", office.signed.chief, DAY + timedelta(hours=2))
    office.authorising.authorise(
        "2026-03", ["W-2"], "short certificate", office.signer("metrologist"), DAY + timedelta(hours=3)
    )
    office.closing.draw_up("2026-03", office.signed.accountant, DAY + timedelta(hours=4))
    assert office.closing.approve("2026-03", office.signed.chief, DAY + timedelta(hours=5)).approved is not None


def test_instruments_can_be_authorised_one_by_one_by_several(office):
    office.authorising.authorise("2026-03", ["W-2"], "spare crane", office.signer("metrologist"), DAY)
    with pytest.raises(DataError, match=r"1 of 2 instruments .*: W-1"):
        office.closing.draw_up("2026-03", office.signed.accountant, DAY)
    office.authorising.authorise(
        "2026-03", ["W-1"], "belt stands on the 5th", office.signed.chief, DAY + timedelta(hours=1)
    )
    assert [one.person for one in office.authorising.given("2026-03")] == ["metrologist", "chief"]
    assert office.closing.draw_up("2026-03", office.signed.accountant, DAY + timedelta(hours=2)).number == 1


def test_an_accountant_has_no_authority_over_instruments(office):
    with pytest.raises(StoreError):
        office.authorising.authorise("2026-03", ["all"], "because", office.signed.accountant, DAY)
    assert office.authorising.given("2026-03") == ()


@pytest.mark.parametrize(("names", "reason", "said"), [
    (["W-3"], "because", "not in the register"), (["all"], " ", "in words"), ([], "because", "or 'all'"),
])  # fmt: skip
def test_authorisation_names_instruments_and_a_reason(office, names, reason, said):
    with pytest.raises(DataError, match=said):
        office.authorising.authorise("2026-03", names, reason, office.signer("metrologist"), DAY)


def test_nothing_to_authorise_where_every_verification_holds(office):
    (office.description / "quality.yaml").unlink()
    with pytest.raises(DataError, match="nothing needs to be authorised"):
        office.authorising.authorise("2026-03", ["all"], "because", office.signer("metrologist"), DAY)
    assert office.closing.obstacles("2026-03", "accountant") == ()
    assert office.chain.results("2026-03").overdue.is_empty()
    assert office.chain.results("2026-03").widened.is_empty()


def test_obstacles_are_named(office):
    assert len(CHECKS) >= 1
    (found,) = office.closing.obstacles("2026-03", "accountant")
    assert found.matter == "instruments"


def test_list_for_a_day(office):
    found = office.chain.instruments(datetime(2026, 3, 19).date())
    assert dict(found.select("instrument", "status").iter_rows()) == {
        "W-1": "expired",
        "W-2": "due_soon",
        "W-3": "valid",
    }
    assert found["instrument"][0] == "W-1"
    before = office.chain.instruments(datetime(2024, 1, 1).date())
    assert before["status"].unique().to_list() == ["unknown"]


def test_faults_of_the_description_are_told_with_their_place(office):
    office.meter = "no_such_meter"
    office.register(", {on: 2026-03-05, until: 2026-03-01}")
    with pytest.raises(ModelError) as error:
        office.chain  # noqa: B018
    assert "no_such_meter" in str(error.value)
    assert "ends before it begins" in str(error.value)
    assert "quality.yaml:" in str(error.value)


def test_page_of_a_link_tells_of_its_own_instruments_only(office):
    results = office.chain.results("2026-03")
    assert of_plant(results, "mill").overdue["meter"].to_list() == ["ore.belt"]
    assert of_plant(results, "smelter").overdue.is_empty()
    assert "ore" in of_plant(results, "mill").widened["stream"]
