"""Investigations: offered by the balance, with owner and day, evidence, outcome; signed off by another person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from tests.golden.reports.two_plants import chain
from tests.signed_books import PASSPHRASE, Books, books, enter
from tests.stores import LASTING_ABOVE, Place
from tests.unit.close import heap

from zveno.chain.closing import Closing
from zveno.chain.desk import Desk
from zveno.chain.evidence import evidence
from zveno.chain.investigating import Added, Investigating, Question, figure
from zveno.chain.stocktake import Act, Stocktaking
from zveno.close.counted import MASS, Count
from zveno.close.investigations import investigations
from zveno.errors import ConflictError, DataError, StoreError
from zveno.log import Draft, Signer
from zveno.store import open_store

DAY = datetime(2026, 4, 3, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MONTH = "2026-03"
WAGON = "suspects/conc.receipt/mass"


@dataclass
class Office:
    """Persons over the two plants; the wagon scale of the smelter lies."""

    closing: Closing
    signed: Books
    owner: Signer

    @property
    def work(self) -> Investigating:
        return Investigating(self.closing)

    def opened(self, about: str = WAGON, **more):
        asked = Question(MONTH, "metro", date(2026, 4, 20), about, **more)
        return self.work.open(asked, self.signed.accountant, DAY)


@pytest.fixture(params=LASTING_ABOVE)
def office(request, tmp_path) -> Iterator[Office]:
    place = Place(request.param, tmp_path, lambda: request.getfixturevalue("postgres"))
    store = open_store(place.new())
    found = chain(store)
    signed = books(Path(store.database.folder))
    enter(signed.persons, "metro", "Metrologist", ("metrologist",), signed.registrar)
    yield Office(Closing(found, signed.folder), signed, signed.persons.unlock("metro", PASSPHRASE))
    place.clear()


def test_the_balance_offers_what_does_not_fit_with_the_check_that_separates(office):
    found = office.work.suggest(MONTH)
    assert {one.key for one in found} == {WAGON, "suspects/conc.wagon/mass"}
    one = next(one for one in found if one.key == WAGON)
    assert one.rows[0]["bias"] == pytest.approx(86.4, abs=1)  # 3 % of 2880 t
    assert one.already is None
    opened = office.opened()
    again = {one.key: one.already for one in office.work.suggest(MONTH)}
    assert again == {WAGON: opened.number, "suspects/conc.wagon/mass": None}
    assert opened.found["rows"][0]["meter"] == "conc.receipt"


def test_the_check_that_separates_tied_suspects_goes_with_the_investigation(tmp_path):
    """Nothing but one balance: whatever is wrong looks alike; the offer names what to measure."""
    found = heap.chain(relative={("conc.assay", "Cu"): 0.06})
    counts = (Count("heap", MASS, 2500.0, 60.0), Count("heap", "Cu", 40.0, 1.0))
    signed = books(tmp_path / "store")
    closing = Closing(found, signed.folder)
    taking = Stocktaking(Desk(closing))
    waiting = taking.sign(taking.compare(MONTH, Act(counts)), signed.accountant, DAY)
    keys = {one.key for one in Investigating(closing).suggest(MONTH)}
    assert keys == {"stock/heap/Cu"}  # the count does not count yet, but it is off the book
    Desk(closing).approve(waiting.number, signed.chief, DAY)
    offers = {one.key: one for one in Investigating(closing).suggest(MONTH)}
    (tied,) = [one for one in offers.values() if one.kind == "suspects"]
    assert len(tied.rows) > 5
    assert tied.checks != ()
    assert "unaccounted/smelter/Cu" in offers


def test_an_investigation_goes_from_question_to_sign_off_by_another_person(office, tmp_path):
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"\xff\xd8 the scale")
    opened = office.opened(text="Does the wagon scale of the smelter read high?", files=(photo,))
    assert (opened.state, opened.owner, opened.due) == ("open", "metro", date(2026, 4, 20))
    assert not opened.overdue(date(2026, 4, 20))
    assert opened.overdue(date(2026, 4, 21))
    with pytest.raises(DataError, match="cannot sign it off"):
        office.work.close(opened.number, office.owner, DAY + HOUR)
    with pytest.raises(DataError, match="no outcome yet"):
        office.work.close(opened.number, office.signed.chief, DAY + HOUR)
    with pytest.raises(DataError, match="is told by its owner"):
        office.work.add(opened.number, Added(outcome="It does."), office.signed.chief, DAY + HOUR)
    note = Added(
        "Weighed 20 t of weights.", figures=("flows/conc/Cu/mass_t", "adjustments/conc.receipt/conc/mass/reading")
    )
    office.work.add(opened.number, note, office.owner, DAY + HOUR)
    answered = office.work.add(opened.number, Added(outcome="It read 3 % high."), office.owner, DAY + 2 * HOUR)
    assert answered.state == "answered"
    closed = office.work.close(opened.number, office.signed.chief, DAY + 3 * HOUR)
    assert (closed.state, closed.closed.person, closed.outcome) == ("closed", "chief", "It read 3 % high.")
    assert not closed.overdue(date(2026, 5, 1))
    first, second, _ = closed.notes
    assert evidence(office.signed.folder, first.files["photo.jpg"]) == photo.read_bytes()
    assert second.figures[1]["value"] == pytest.approx(2966.4)
    assert second.figures[0]["version"] == 0
    with pytest.raises(DataError, match="was signed off"):
        office.work.add(opened.number, Added("more"), office.owner, DAY + 4 * HOUR)
    assert office.signed.log.verify() == ()


def test_a_sign_off_by_its_owner_past_the_desk_counts_for_nothing(office):
    opened = office.opened()
    office.work.add(opened.number, Added(outcome="It read high."), office.owner, DAY + HOUR)
    body = {"of": opened.number, "outcome": "It read high."}
    office.signed.log.enter(office.owner, Draft("investigation_closed", body, DAY + HOUR))
    found = office.work.get(opened.number)
    assert (found.state, len(found.void)) == ("answered", 1)


def test_an_owner_who_hands_it_over_does_not_sign_off_the_own_outcome(office):
    opened = office.opened()
    office.work.add(opened.number, Added(outcome="It read high."), office.owner, DAY + HOUR)
    handed = office.work.add(opened.number, Added(owner="accountant"), office.signed.chief, DAY + 2 * HOUR)
    assert (handed.owner, handed.state) == ("accountant", "open")  # a new owner begins without an outcome
    with pytest.raises(DataError, match="cannot sign it off"):
        office.work.close(opened.number, office.owner, DAY + 3 * HOUR)


def test_evidence_that_came_meanwhile_is_a_conflict(office):
    opened = office.opened()
    office.work.add(opened.number, Added(outcome="It read high."), office.owner, DAY + HOUR)
    seen = office.work.seen(opened.number)
    office.work.add(opened.number, Added("It did not, on the 5th."), office.signed.accountant, DAY + 2 * HOUR, seen)
    with pytest.raises(ConflictError):
        office.work.close(opened.number, office.signed.chief, DAY + 3 * HOUR, seen)
    assert office.work.get(opened.number).state == "answered"


def test_a_close_names_what_is_open_and_carries_it_over(office):
    opened = office.opened()
    office.closing.draw_up(MONTH, office.signed.accountant, DAY + HOUR)
    closed = office.closing.approve(MONTH, office.signed.chief, DAY + 2 * HOUR)
    assert closed.investigations == (opened.number,)
    april = office.closing.open_investigations("2026-04")
    assert [one.number for one in april] == [opened.number]
    assert office.closing.open_investigations("2026-02") == ()
    figures = Added(figures=("unaccounted/smelter/Cu/mass_t",))
    noted = office.work.add(opened.number, figures, office.owner, DAY + 3 * HOUR)
    assert (noted.notes[-1].figures[0]["version"], noted.notes[-1].figures[0]["content"]) == (1, closed.content)
    assert office.closing.reproduce(closed) == ()


def test_what_cannot_be_opened_is_told(office):
    cases = (
        (Question(MONTH, "nobody", date(2026, 4, 20), WAGON), "there is no person 'nobody'"),
        (Question(MONTH, "metro", date(2026, 4, 2), WAGON), "has passed"),
        (Question(MONTH, "metro", date(2026, 4, 20)), "say what is to be looked into"),
        (Question(MONTH, "metro", date(2026, 4, 20), "suspects/slag.scale/mass"), "says nothing of"),
    )
    for asked, said in cases:
        with pytest.raises(DataError, match=said):
            office.work.open(asked, office.signed.accountant, DAY)
    office.opened()
    with pytest.raises(DataError, match="looked into already"):
        office.opened()
    with pytest.raises(StoreError, match="may not sign"):
        office.work.open(Question(MONTH, "metro", date(2026, 4, 20), text="why"), office.signed.registrar, DAY)
    assert len(investigations(enumerate(office.signed.log.records))) == 1


def test_a_figure_is_named_by_table_keys_and_column():
    tables = {
        "flows": pl.DataFrame(
            {"period": ["p", "p"], "stream": ["a", "b"], "component": ["Cu", "Cu"], "mass_t": [1.0, 2.0]}
        )
    }
    assert figure(tables, "flows/b/Cu/mass_t") == 2.0
    for wrong, said in (
        ("flow/b/Cu/mass_t", "did you mean 'flows'"),
        ("flows/Cu/mass_t", "names 0"),
        ("flows/mass_t", "names 2"),
    ):
        with pytest.raises(DataError, match=said):
            figure(tables, wrong)
