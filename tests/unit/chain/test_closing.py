"""Closing a period: two persons, versions that come out again to the last byte, late data, restatements."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from shutil import copytree
from zipfile import ZipFile

import polars as pl
import pytest
from tests.golden.reports.two_plants import FOLDER, chain
from tests.signed_books import books

from zveno.chain import Chain, example, load
from zveno.chain.closing import Closing, as_known
from zveno.chain.kept import same_description
from zveno.errors import DataError, StoreError
from zveno.log import Draft, Log, Signer
from zveno.store import Batch, EmbeddedStore, RelationalStore
from zveno.tables import frame

DAY = datetime(2026, 4, 3, 9, 0, tzinfo=UTC)


class Office:
    """Three persons over the store of the two plants."""

    def __init__(self, folder: Path, store: RelationalStore | None = None) -> None:
        self.folder = folder
        self.chain: Chain = chain(store or EmbeddedStore(folder))
        self.signed = books(folder)

    @property
    def closing(self) -> Closing:
        return Closing(self.chain, self.folder)

    def signer(self, person: str) -> Signer:
        return {"clerk": self.signed.accountant, "chief": self.signed.chief}[person]

    def close(self) -> None:
        self.closing.draw_up("2026-03", self.signer("clerk"), DAY)
        self.closing.approve("2026-03", self.signer("chief"), DAY + timedelta(hours=1))

    def assay_after_the_close(self, moment: datetime, share: float = 0.97) -> None:
        """An umpire assay: the copper of the toll concentrate is lower."""
        records = self.chain.store.read("records", self.chain.period("2026-03"))
        late = records.filter(pl.col("point") == "toll.assay", pl.col("quantity") == "Cu")
        assert late.height
        late = late.with_columns(value=pl.col("value") * share, file_hash=pl.lit("cd" * 32), known=pl.lit(moment))
        batch = Batch("umpire.xlsx", "cd" * 32, frame("records", late), frame("rejected"), frame("readings"))
        self.chain.store.append([batch], moment)


@pytest.fixture
def office(tmp_path) -> Office:
    return Office(tmp_path / "store")


def test_one_person_draws_up_and_another_closes(office):
    closing = office.closing
    assert closing.stage("2026-03").stage == "open"
    draft = closing.draw_up("2026-03", office.signer("clerk"), DAY)
    assert (draft.number, draft.approved, closing.stage("2026-03").stage) == (1, None, "provisional")
    closed = closing.approve("2026-03", office.signer("chief"), DAY + timedelta(hours=1))
    assert (closed.drawn.person, closed.approved.person) == ("accountant", "chief")
    assert closing.stage("2026-03").stage == "closed"
    assert Log(office.folder).verify() == ()


def test_nobody_approves_the_own_balance(office):
    office.closing.draw_up("2026-03", office.signer("chief"), DAY)
    with pytest.raises(DataError, match="a second person"):
        office.closing.approve("2026-03", office.signer("chief"), DAY)
    assert office.closing.stage("2026-03").stage == "provisional"


def test_an_accountant_has_no_authority_to_close(office):
    office.closing.draw_up("2026-03", office.signer("chief"), DAY)
    with pytest.raises(StoreError):
        office.closing.approve("2026-03", office.signer("clerk"), DAY)
    assert office.closing.stage("2026-03").stage == "provisional"


def test_an_open_period_is_not_restated(office):
    for reason in ("", "umpire assay"):
        with pytest.raises(DataError, match="nothing to restate"):
            office.closing.draw_up("2026-03", office.signer("clerk"), DAY, reason)
    assert office.closing.stage("2026-03").stage == "open"


def test_nothing_is_approved_that_was_not_drawn_up(office):
    with pytest.raises(DataError, match="nothing waits"):
        office.closing.approve("2026-03", office.signer("chief"), DAY)


def test_late_data_wait_and_the_closed_version_comes_out_again(office):
    office.close()
    before = office.closing.stage("2026-03").closed
    office.assay_after_the_close(DAY + timedelta(days=9))
    late = office.closing.late("2026-03")
    assert set(late.records["point"]) == {"toll.assay"}
    assert office.closing.reproduce(before) == ()
    kept = office.closing.frozen(before).tables["flows"]
    fresh = as_known(office.chain, before.cut).reconcile("2026-03").flows
    assert kept["mass_t"].to_list() == fresh["mass_t"].to_list()
    assert office.chain.reconcile("2026-03").flows["mass_t"].to_list() != fresh["mass_t"].to_list()


def test_a_restatement_needs_a_reason_and_two_persons_and_keeps_both_versions(office):
    office.close()
    office.assay_after_the_close(DAY + timedelta(days=9))
    later = DAY + timedelta(days=10)
    with pytest.raises(DataError, match="with a reason"):
        office.closing.draw_up("2026-03", office.signer("clerk"), later)
    with pytest.raises(DataError, match="in words"):
        office.closing.draw_up("2026-03", office.signer("clerk"), later, " ")
    office.closing.draw_up("2026-03", office.signer("clerk"), later, "umpire assay of the toll lots")
    assert office.closing.stage("2026-03").stage == "restating"
    office.closing.approve("2026-03", office.signer("chief"), later + timedelta(hours=1))
    first, second = office.closing.stage("2026-03").versions
    assert (second.number, second.reason) == (2, "umpire assay of the toll lots")
    assert office.closing.reproduce(first) == office.closing.reproduce(second) == ()
    assert first.content != second.content
    assert office.closing.late("2026-03").records.is_empty()


def test_a_version_comes_out_again_although_the_description_was_changed(office, tmp_path):
    office.close()
    folder = tmp_path / "changed"
    folder.mkdir()
    for path in FOLDER.rglob("*.yaml"):
        (folder / path.relative_to(FOLDER)).parent.mkdir(parents=True, exist_ok=True)
        (folder / path.relative_to(FOLDER)).write_text(
            path.read_text("utf-8").replace("sd_rel_pct: 0.5", "sd_rel_pct: 0.7")
        )
    changed = load(folder, store=office.folder)
    closing = Closing(changed, office.folder)
    assert closing.reproduce(closing.stage("2026-03").closed) == ()


def test_a_version_keeps_the_mappings_it_was_drawn_up_with(office, tmp_path):
    folder = Path(copytree(FOLDER, tmp_path / "described"))
    copytree(example("workbooks_march_2026") / "mappings", folder / "mappings")
    office.chain = load(folder, store=office.folder)
    office.close()
    version = office.closing.stage("2026-03").closed
    with ZipFile(office.folder / "closed" / "2026-03" / f"{version.content}.zip") as packed:
        names = {Path(one).name for one in packed.namelist() if one.startswith("description/mappings/")}
    assert names == {one.name for one in (folder / "mappings").iterdir()}
    gas = folder / "mappings" / "gas.yaml"
    gas.write_text(gas.read_text("utf-8") + "# more\n", encoding="utf-8")
    changed = load(folder, store=office.folder)
    assert changed.model.hash != office.chain.model.hash
    closing = Closing(changed, office.folder)
    assert closing.reproduce(version) == ()
    gas.unlink()
    assert closing.reproduce(version) == ()


def test_a_description_is_read_anew_where_any_file_of_it_differs(office, tmp_path):
    folder = Path(copytree(FOLDER, tmp_path / "described"))
    office.chain = load(folder, store=office.folder)
    office.close()
    closing, version = office.closing, office.closing.stage("2026-03").closed
    with closing.as_made(version) as same:
        assert same is closing.chain
    for path in sorted(folder.rglob("*.yaml")):
        was = path.read_bytes()
        path.write_bytes(was + b"# more\n")
        assert not same_description(folder, ZipFile(BytesIO(closing.packed(version)))), path.name
        path.write_bytes(was)
    (folder / "rules" / "another.yaml").write_text("[]\n", encoding="utf-8")
    with closing.as_made(version) as other:
        assert other.folder != folder
    (folder / "rules" / "another.yaml").unlink()
    newer = Closing(
        replace(closing.chain, model=closing.chain.model.model_copy(update={"hash": "0" * 64})), office.folder
    )
    with newer.as_made(version) as other:
        assert other.folder != folder


def test_a_file_that_was_changed_is_refused(office):
    office.close()
    version = office.closing.stage("2026-03").closed
    (path,) = (office.folder / "closed" / "2026-03").glob(f"{version.content}.zip")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(StoreError, match="not what was signed"):
        office.closing.frozen(version)


def test_two_who_draw_up_at_once_leave_one_draft_and_nothing_half(office):
    one, two = office.closing, office.closing
    first = one.draw_up("2026-03", office.signer("clerk"), DAY)
    second = two.draw_up("2026-03", office.signer("chief"), DAY + timedelta(minutes=1))
    assert office.closing.stage("2026-03").draft == second
    assert second.drawn.record > first.drawn.record
    with pytest.raises(DataError, match="a second person"):
        office.closing.approve("2026-03", office.signer("chief"), DAY + timedelta(hours=1))


def test_a_second_approval_of_one_draft_changes_nothing(office):
    office.close()
    stage = office.closing.stage("2026-03")
    again = stage.versions[0].drawn.record
    body = {"period": "2026-03", "of": again, "version": 1}
    office.signed.log.enter(office.signer("chief"), Draft("closed", body, DAY + timedelta(hours=2),
                                                           {"version.zip": stage.versions[0].content}))  # fmt: skip
    after = office.closing.stage("2026-03")
    assert after.versions == stage.versions
    assert len(after.void) == 1


def test_what_a_month_closes_with_opens_the_next(office):
    office.close()
    closing = replace(office.closing)
    frozen = closing.frozen(closing.stage("2026-03").closed)
    before = closing.taken_over(office.chain.period("2026-04"), DAY + timedelta(days=30))
    assert before == frozen.carried
    assert closing.to_look_at("2026-03") == ()


def test_a_clock_that_is_behind_is_named(office):
    """Values that seem to come from the future would be missing in what is drawn up now."""
    office.assay_after_the_close(DAY + timedelta(days=9))
    with pytest.raises(DataError, match="set the clock"):
        office.closing.draw_up("2026-03", office.signer("clerk"), DAY)
    assert office.closing.stage("2026-03").stage == "open"
