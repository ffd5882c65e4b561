"""Values that persons put in: proposed by one, approved by another; conflicts; quarantine after the close."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from tests.golden.reports.two_plants import chain
from tests.signed_books import Books, books, enter
from tests.stores import LASTING_ABOVE, Place
from tests.unit.close import heap

from zveno.chain.closing import Closing
from zveno.chain.desk import Desk
from zveno.chain.entered import signed_values
from zveno.chain.explaining import explaining
from zveno.close.putin import Asked
from zveno.errors import ConflictError, DataError, StoreError
from zveno.log import Draft, Signer
from zveno.store import Batch, EmbeddedStore, open_store
from zveno.tables import frame

DAY = datetime(2026, 4, 3, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MONTH = "2026-03"


@dataclass
class Office:
    """Persons over the two plants, in a store of either kind."""

    closing: Closing
    signed: Books
    second: Signer

    @property
    def desk(self) -> Desk:
        return Desk(self.closing)

    @property
    def clerk(self) -> Signer:
        return self.signed.accountant

    @property
    def chief(self) -> Signer:
        return self.signed.chief

    def value(self, point: str, quantity: str = "mass") -> float | None:
        rows = self.closing.chain.store.read("records", self.closing.chain.period(MONTH))
        return rows.filter(pl.col("point") == point, pl.col("quantity") == quantity)["value"].item()

    def paper(self, value: float | None, point: str = "conc.receipt"):
        return self.desk.adjustment(MONTH, [Asked(point, value)], "the scale was checked with weights")

    def close(self, at: datetime) -> None:
        self.closing.draw_up(MONTH, self.clerk, at)
        self.closing.approve(MONTH, self.chief, at + HOUR)


@pytest.fixture(params=LASTING_ABOVE)
def office(request, tmp_path) -> Iterator[Office]:
    place = Place(request.param, tmp_path, lambda: request.getfixturevalue("postgres"))
    store = open_store(place.new())
    found = chain(store)
    signed = books(Path(store.database.folder))
    enter(signed.persons, "second", "Second accountant", ("accountant",), signed.registrar)
    yield Office(Closing(found, signed.folder), signed, signed.persons.unlock("second", PASSWORD))
    place.clear()


PASSWORD = "a pass-phrase of several words"


def test_an_adjustment_counts_only_after_a_second_person(office):
    before = office.value("conc.receipt")
    waiting = office.desk.propose(office.paper(2880.0), office.clerk, DAY)
    assert (waiting.state, waiting.values[0].was, waiting.values[0].value) == ("waiting", (before,), 2880.0)
    assert office.value("conc.receipt") == before
    approved = office.desk.approve(waiting.number, office.chief, DAY + HOUR)
    assert office.value("conc.receipt") == 2880.0
    row = office.closing.chain.store.read("records").filter(pl.col("point") == "conc.receipt").row(0, named=True)
    assert (row["file"], row["sheet"], row["cell"]) == ("ledger", "adjustment", str(approved.decided.record))
    versions = office.closing.chain.store.versions("records", {"point": "conc.receipt"})
    assert versions["value"].to_list() == [before, 2880.0]
    assert office.signed.log.verify() == ()
    assert office.closing.chain.reconcile(MONTH).status == "consistent"


def test_an_adjusted_value_is_explained_by_who_approved_it_and_by_what_was_signed(office):
    waiting = office.desk.propose(office.paper(2880.0), office.clerk, DAY)
    approved = office.desk.approve(waiting.number, office.chief, DAY + HOUR)
    about = explaining(office.closing.chain, MONTH, office.signed.folder)
    address = next(one for one in about.ground.listed("adjustments conc.receipt reading"))
    found = about.explain(address)
    assert found.figure.value == 2880.0
    persons = about.persons(found).row(0, named=True)
    assert persons == {"point": "conc.receipt", "person": "Главный бухгалтер", "record": approved.decided.record}
    row = found.records.row(0, named=True)
    signed = signed_values(office.signed.log)
    key = int(row["cell"]), row["point"], row["quantity"], row["start"], row["end"]
    assert signed == {key: 2880.0}
    assert about.superseded(found)["file"].to_list() != ["ledger"]


def test_nobody_approves_the_own_adjustment(office):
    for signer in (office.clerk, office.chief):
        waiting = office.desk.propose(office.paper(2880.0), signer, DAY)
        with pytest.raises(DataError, match="a second person must"):
            office.desk.approve(waiting.number, signer, DAY + HOUR)
    assert {one.state for one in office.desk.proposals()} == {"waiting"}
    body = {"of": waiting.number, "period": MONTH}
    office.signed.log.enter(office.chief, Draft("adjustment_approved", body, DAY + HOUR))  # past the desk
    assert office.desk.proposals()[-1].state == "waiting"
    assert office.desk.enter(DAY + HOUR) == 0
    assert office.value("conc.receipt") != 2880.0


def test_the_second_of_two_who_edit_one_period_gets_both_versions(office):
    seen = office.desk.seen(MONTH)
    mine, theirs = office.paper(2880.0), office.paper(2890.0)
    office.desk.propose(theirs, office.second, DAY, seen)
    with pytest.raises(ConflictError) as conflict:
        office.desk.propose(mine, office.clerk, DAY, seen)
    assert "values.1.value: 2890.0 there, 2880.0 here" in str(conflict.value)
    ours, other = conflict.value.versions
    assert (ours.person, other.person) == ("accountant", "second")
    (kept,) = office.desk.proposals(MONTH)
    assert (kept.proposed.person, kept.values[0].value) == ("second", 2890.0)
    office.desk.propose(mine, office.clerk, DAY)  # after having looked again
    assert len(office.desk.proposals(MONTH)) == 2


def test_an_answer_that_was_lost_is_given_again(office):
    seen = office.desk.seen(MONTH)
    first = office.desk.propose(office.paper(2880.0), office.clerk, DAY, seen)
    again = office.desk.propose(office.paper(2880.0), office.clerk, DAY + HOUR, seen)
    assert first == again
    assert len(office.desk.proposals(MONTH)) == 1


def test_what_was_approved_over_an_older_value_is_a_conflict(office):
    one = office.desk.propose(office.paper(2880.0), office.clerk, DAY)
    two = office.desk.propose(office.paper(2890.0), office.second, DAY)
    office.desk.approve(one.number, office.chief, DAY + HOUR)
    with pytest.raises(ConflictError, match="refuse it and propose anew"):
        office.desk.approve(two.number, office.chief, DAY + HOUR)
    assert office.value("conc.receipt") == 2880.0
    refused = office.desk.refuse(two.number, "the other one stands", office.chief, DAY + 2 * HOUR)
    assert (refused.state, refused.why_refused) == ("refused", "the other one stands")
    with pytest.raises(DataError, match="was decided"):
        office.desk.approve(two.number, office.chief, DAY + 3 * HOUR)


def test_who_may_not_sign_leaves_nothing_in_the_ledger(office):
    with pytest.raises(StoreError, match="may not sign"):
        office.desk.propose(office.paper(2880.0), office.signed.registrar, DAY)
    waiting = office.desk.propose(office.paper(2880.0), office.clerk, DAY)
    assert [one.id for one in office.closing.chain.store.entries()] == [1]
    with pytest.raises(StoreError, match="may not sign"):
        office.desk.approve(waiting.number, office.signed.registrar, DAY)


def test_a_power_cut_between_signature_and_store_loses_nothing(office):
    waiting = office.desk.propose(office.paper(2880.0), office.clerk, DAY)
    body = {"of": waiting.number, "period": MONTH}
    office.signed.log.enter(office.chief, Draft("adjustment_approved", body, DAY + HOUR))
    assert office.value("conc.receipt") != 2880.0
    office.closing.draw_up(MONTH, office.clerk, DAY + 2 * HOUR)
    assert office.value("conc.receipt") == 2880.0
    assert office.desk.enter(DAY + 3 * HOUR) == 0
    assert len(office.closing.chain.store.entries("approval")) == 1
    office.closing.approve(MONTH, office.chief, DAY + 3 * HOUR)


def test_an_adjustment_after_the_close_waits_for_a_restatement(office):
    office.close(DAY)
    first = office.closing.stage(MONTH).closed
    waiting = office.desk.propose(office.paper(2880.0), office.clerk, DAY + 24 * HOUR)
    office.desk.approve(waiting.number, office.chief, DAY + 25 * HOUR)
    assert office.closing.late(MONTH).records["point"].to_list() == ["conc.receipt"]
    assert office.closing.reproduce(first) == ()
    office.closing.draw_up(MONTH, office.clerk, DAY + 26 * HOUR, "the scale was checked with weights")
    office.closing.approve(MONTH, office.chief, DAY + 27 * HOUR)
    second = office.closing.stage(MONTH).closed
    assert office.closing.reproduce(first) == office.closing.reproduce(second) == ()
    flows = [office.closing.frozen(one).tables["adjustments"] for one in (first, second)]
    read = [
        one.filter(pl.col("meter") == "conc.receipt", pl.col("quantity") == "mass")["reading"].item() for one in flows
    ]
    assert read == [pytest.approx(2966.4), 2880.0]
    assert office.closing.late(MONTH).records.is_empty()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Asked("conc.receit", 1.0), "did you mean 'conc.receipt'"),
        (Asked("conc.assay", 25.0), "name one of them with --quantity"),
        (Asked("conc.receipt", -1.0), "cannot be a reading"),
        (Asked("conc.assay", 125.0, "Cu"), "cannot be a reading"),
        (Asked("conc.receipt", 1.0, uom="%"), "t"),
        (Asked("cathode.scale", 1.0), "has 31 records"),
        (Asked("cathode.scale", 1.0, start="2026-03-07T12:00", end="2026-03-07T18:00"), "adjust that one"),
        (Asked("cathode.scale", 1.0, start="2026-04-07"), "is not within"),
        (Asked("cathode.scale", 1.0, start="yesterday"), "is no date and time"),
    ],
)  # fmt: skip
def test_what_cannot_be_put_in_is_told(asked, said):
    desk = Desk(Closing(chain(), Path("nowhere")))
    with pytest.raises(DataError, match=said):
        desk.adjustment(MONTH, [asked], "why")


def test_a_missing_reading_can_be_filled_and_one_withdrawn():
    desk = Desk(Closing(chain(), Path("nowhere")))
    (filled,) = desk.adjustment(MONTH, [Asked("ore.belt", 2000.0, start="2026-03-05")], "by the mine's scale").values
    assert (filled.was, filled.value) == ((), 2000.0)
    (gone,) = desk.adjustment(MONTH, [Asked("cathode.scale", None, start="2026-03-05")], "typing slip").values
    assert gone.value is None
    assert len(gone.was) == 1
    (share,) = desk.adjustment(MONTH, [Asked("conc.assay", 24.65, "Cu")], "umpire").values
    assert share.value == pytest.approx(0.2465)
    with pytest.raises(DataError, match="nothing would change"):
        desk.adjustment(MONTH, [Asked("conc.assay", 25.0, "Cu")], "umpire")
    with pytest.raises(DataError, match="reason in words"):
        desk.adjustment(MONTH, [Asked("conc.assay", 24.0, "Cu")], " ")


def test_a_corrected_file_after_the_proposal_is_not_overwritten_unseen(office):
    waiting = office.desk.propose(office.paper(2880.0), office.clerk, DAY)
    store = office.closing.chain.store
    rows = store.read("records").filter(pl.col("point") == "conc.receipt")
    rows = rows.with_columns(value=pl.lit(2900.0), file_hash=pl.lit("cd" * 32))
    store.append([Batch("corrected.xlsx", "cd" * 32, rows, frame("rejected"), frame("readings"))], DAY + HOUR)
    with pytest.raises(ConflictError, match="is 2900 now"):
        office.desk.approve(waiting.number, office.chief, DAY + 2 * HOUR)
    assert replace(waiting) in office.desk.proposals()


def test_an_import_says_where_it_replaces_what_persons_put_in(tmp_path):
    smelter = heap.chain(EmbeddedStore(tmp_path / "store"))
    signed = books(tmp_path / "store")
    desk = Desk(Closing(smelter, signed.folder))
    paper = desk.adjustment(MONTH, [Asked("blister.scale", 150.0, start="2026-03-07")], "weights")
    desk.approve(desk.propose(paper, signed.accountant, DAY).number, signed.chief, DAY)
    path = tmp_path / "again.xlsx"
    book = openpyxl.Workbook()
    for row in (["Surveys"], [], ["Date", "Shift", "Point", "Name", "Quantity", "Unit of measure", "Value"],
                ["2026-03-07", "", "blister.scale", "", "dry mass", "t", 155],
                ["2026-03-08", "", "blister.scale", "", "dry mass", "t", 155]):  # fmt: skip
        book.active.append(row)
    book.active.title = "Surveys"
    book.save(path)
    done = smelter.import_files([path])
    assert done.records == 2
    said = [str(one) for one in done.remarks if "put in by persons" in str(one)]
    assert len(said) == 1
    assert said[0].startswith("again.xlsx: 'blister.scale' was put in by persons (record 4)")
    rows = smelter.store.read("records").filter(pl.col("point") == "blister.scale", pl.col("value") == 155.0)
    assert rows.height == 2  # the file that spoke last; the adjustment is kept
    assert 150.0 in smelter.store.versions("records", {"point": "blister.scale"})["value"].to_list()
