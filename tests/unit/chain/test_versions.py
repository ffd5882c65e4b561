"""A version of a period as it was closed: its reports say its number, and who signed it when and for what."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest
from tests.unit.chain.test_closing import DAY, Office

from zveno.chain.exports import form_of
from zveno.chain.versions import Versions, _as_kept, _read_as
from zveno.errors import DataError

LATER = DAY + timedelta(days=10)


@pytest.fixture
def office(tmp_path) -> Office:
    return Office(tmp_path / "store")


@pytest.fixture(scope="module")
def closed(tmp_path_factory) -> Office:
    """A month that was closed; no test changes it."""
    found = Office(tmp_path_factory.mktemp("closed") / "store")
    found.close()
    return found


def versions(office: Office) -> Versions:
    return Versions(office.closing)


def restate(office: Office) -> None:
    office.assay_after_the_close(DAY + timedelta(days=9))
    office.closing.draw_up("2026-03", office.signer("clerk"), LATER, "umpire assay")
    office.closing.approve("2026-03", office.signer("chief"), LATER + timedelta(hours=1))


def page(office: Office, version: str = "", lang: str = "en") -> str:
    return versions(office).report("metal_balance", "2026-03", version, lang=lang).render(".html").decode()


def test_an_open_month_is_a_draft(office):
    found = versions(office).books("2026-03")
    assert (found.standing.stand, found.standing.number, found.standing.signatures) == ("open", 0, ())
    assert "DRAFT: the period is not closed" in page(office)
    assert "ЧЕРНОВИК: период не закрыт" in page(office, lang="ru")
    assert "ЖОБА: кезең жабылмаған" in page(office, lang="kk")
    assert "Nobody has signed: a draft." in page(office)


def test_a_report_of_the_chain_itself_is_a_draft_too(office):
    told = office.chain.report("metal_balance", "2026-03", lang="ru").render(".html").decode()
    assert "ЧЕРНОВИК: период не закрыт" in told


def test_what_one_person_has_drawn_up_is_a_draft_with_one_signature(office):
    office.closing.draw_up("2026-03", office.signer("clerk"), DAY)
    found = versions(office).books("2026-03")
    assert (found.standing.stand, found.standing.number) == ("drawn", 1)
    assert found.standing.provisional
    assert [one.name for one in found.standing.signatures] == ["Metal accountant"]
    assert "DRAFT of version 1, not approved: Metal accountant (3 Apr 2026 14:00)" in page(office, "draft")


def test_a_closed_month_is_printed_with_name_time_and_meaning_of_each_signature(closed):
    told = page(closed)
    for said in ("Closed, version 1", "Metal accountant", "2026-04-03 14:00:00+05:00", "I have drawn up this balance",
                 "Главный бухгалтер", "2026-04-03 15:00:00+05:00",
                 "I have checked this balance and close the period"):  # fmt: skip
        assert said in told
    assert "DRAFT" not in told


@pytest.mark.parametrize("suffix", [".html", ".xlsx", ".pdf"])
def test_every_format_is_made_of_a_closed_month(closed, suffix):
    assert len(versions(closed).report("metal_balance", "2026-03").render(suffix)) > 10_000
    assert len(versions(closed).report("link", "2026-03", link="smelter").render(suffix)) > 10_000


def test_the_report_of_a_version_is_as_it_was_closed(office):
    office.close()
    before = page(office)
    first = versions(office).books("2026-03").results
    restate(office)
    again = versions(office).books("2026-03", "1")
    assert again.results.flows.equals(first.flows)
    assert again.results.provenance == first.provenance
    assert (again.standing.stand, again.standing.number, again.standing.in_force) == ("replaced", 1, 2)
    after = page(office, "1")
    assert "Version 1, replaced by version 2" in after
    as_it_was = after.replace("Version 1, replaced by version 2", "Closed, version 1")
    lines = [(a, b) for a, b in zip(as_it_was.splitlines(), before.splitlines(), strict=True) if a != b]
    assert [(a.replace("warn", "good"), b) for a, b in lines] == [(b, b) for _, b in lines]
    assert len(lines) == 1
    newest = versions(office).books("2026-03")
    assert (newest.standing.stand, newest.standing.number, newest.standing.reason) == ("closed", 2, "umpire assay")
    assert not newest.results.flows.equals(first.flows)
    assert "Reason of the restatement: umpire assay" in page(office)


def test_late_values_are_told_and_do_not_count(office):
    office.close()
    before = versions(office).books("2026-03").results
    office.assay_after_the_close(DAY + timedelta(days=9))
    found = versions(office).books("2026-03")
    assert found.standing.late == 1
    assert found.results.flows.equals(before.flows)
    assert "1 value came after the close and waits for a restatement" in page(office)
    now = versions(office).books("2026-03", "now")
    assert (now.standing.stand, now.standing.in_force) == ("open", 1)
    assert not now.results.flows.equals(before.flows)
    assert "DRAFT with all that is known now; version 1 is in force" in page(office, "now")


@pytest.mark.parametrize("version", ["2", "draft", "first"])
def test_a_version_that_is_not_there_is_told_with_those_that_are(closed, version):
    with pytest.raises(DataError, match="there are 1, now"):
        versions(closed).books("2026-03", version)


def test_where_a_later_program_computes_otherwise_the_signed_tables_are_given(closed):
    version = closed.closing.stage("2026-03").closed
    made = versions(closed).books("2026-03")
    wrong = made.results.flows.with_columns(mass_t=pl.col("mass_t") * 1.01)
    from dataclasses import replace  # noqa: PLC0415

    other = replace(made, results=replace(made.results, flows=wrong, objective=-1.0))
    kept = _as_kept(other, closed.closing.packed(version))
    assert kept.differing == ("flows",)
    assert kept.results.flows.equals(made.results.flows)
    assert kept.results.objective == made.results.objective


def test_kept_tables_are_read_with_all_their_types(office):
    results = office.chain.results("2026-03")
    tables = {name: one for name, one in vars(results).items() if isinstance(one, pl.DataFrame)}
    assert sum(not one.is_empty() for one in tables.values()) > 5
    for name, table in tables.items():
        assert _read_as(table, table.write_csv().encode()).equals(table), name


def test_the_form_of_an_export_is_that_of_its_name(tmp_path):
    assert [form_of("", tmp_path / one) for one in ("a.xlsx", "a.json", "a")] == ["workbook", "erp", "csv"]
    assert form_of("erp", tmp_path / "a.txt") == "erp"
    for asked, name in (("", "a.pdf"), ("excel", "a.xlsx")):
        with pytest.raises(DataError, match="no form of an export"):
            form_of(asked, tmp_path / name)
