"""The books as a workbook: every formula gives Zveno's own figure, from the cells alone."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from openpyxl import load_workbook
from tests.depth import deep
from tests.golden.reports.two_plants import chain as two_plants
from tests.unit.chain.test_closing import Office
from tests.unit.reports.worksheet import Worksheet

from zveno.chain import Chain, example, load
from zveno.chain.closing import Closing
from zveno.chain.exports import books_report
from zveno.chain.versions import Versions
from zveno.reports.workbook import PeriodBooks, books_document, formulas_of
from zveno.store import Batch, MemoryStore
from zveno.tables import frame
from zveno.text.catalogue import catalogue

MONTH = "2026-03"
KNOWN = datetime(2026, 4, 2, tzinfo=UTC)
PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>"""
"""LibreOffice computes every formula of a file that it opens."""


def given_of(chain: Chain, folder: Path) -> PeriodBooks:
    return Versions(Closing(chain, folder)).books(MONTH)


def untidy(records: pl.DataFrame) -> pl.DataFrame:
    """A month with holes: moistures, masses and assays are missing, some assays are below their limit."""
    nth = pl.int_range(pl.len()).over("point", "quantity")
    moist, mass = pl.col("quantity") == "moisture", pl.col("quantity").is_in(["wet_mass", "mass"])
    kept = records.filter(
        ~(moist & (nth % 7 == 3)) & ~(mass & (nth == 11)) & ~((pl.col("quantity") == "Cu") & (nth == 5))
    )
    limit = (pl.col("quantity") == "Fe") & (pl.int_range(pl.len()).over("point", "quantity") % 9 == 4)
    return kept.with_columns(qualifier=pl.when(limit).then(pl.lit("<")).otherwise(pl.col("qualifier")))


@pytest.fixture(scope="module")
def played(tmp_path_factory) -> PeriodBooks:
    """A played month of one concentrator with holes in it."""
    folder = tmp_path_factory.mktemp("played")
    chain = load(example("one_concentrator"), store=folder / "store")
    chain.emulate(MONTH, folder, seed=3)
    read, _ = chain.with_data([folder / "plant"])
    kept = MemoryStore()
    records = untidy(read.store.read("records"))
    kept.append([Batch("m.xlsx", "ab" * 32, frame("records", records), frame("rejected"), frame("readings"))], KNOWN)
    return given_of(Chain(chain.model, chain.folder, kept), folder / "store")


@pytest.fixture(scope="module")
def closed(tmp_path_factory) -> PeriodBooks:
    """Two plants, closed by two persons."""
    office = Office(tmp_path_factory.mktemp("office") / "store")
    office.close()
    return Versions(office.closing).books(MONTH)


@pytest.mark.parametrize(
    ("which", "lang"),
    [("played", "ru"), deep("played", "en"), deep("played", "kk"), *(("closed", lang) for lang in ("en", "ru", "kk"))],
)
def test_every_formula_gives_the_figure_of_zveno(which, lang, request):
    given = request.getfixturevalue(which)
    off = apart(Worksheet.read(books_report(given, lang).render(".xlsx")))
    assert len(off) > 500
    assert max(off.values()) <= 1e-9, max(off, key=off.__getitem__)


def apart(sheets: Worksheet) -> dict[tuple[str, str], float]:
    """How far each formula is off what stands beside it, relative to it.

    What is left of larger figures by subtraction is compared with a thousandth of these, the largest of what must be
    zero with a tonne.
    """
    off = {}
    for place, made, told, size in sheets.computed():
        must_be_zero = "MAX(" in sheets.formulas[place]
        off[place] = abs(made - told) / (1.0 if must_be_zero else max(abs(told), 1e-3 * size) or 1.0)
    return off


def test_values_of_the_period_come_from_imported_ones_although_some_are_missing(played):
    """Mean moistures, completed months and usual weights are all formulas; a limit is what the others make likely."""
    document = books_document(played, catalogue("en"))
    values, readings = document.tables["values"], document.tables["readings"]
    assert all(row.cells["value"].formula is not None for row in values.rows)
    assert all(row.cells["reading"].formula is not None for row in readings.rows)
    moistures = [row.key for row in values.rows if row.key.endswith("|moisture")]
    completed = [
        row
        for row in values.rows
        if row.cells.get("expected", row.cells["present"]).value != row.cells["present"].value
    ]
    likely = [
        each for one in played.trace.assays.values() for each in one.readings
        if not one.below and each.counts_as != each.spot.value and not each.halved
    ]  # fmt: skip
    assert moistures
    assert completed
    assert likely
    assert all(0 < each.counts_as < each.spot.value for each in likely)


def test_each_account_is_made_of_formulas_alone(closed):
    document = books_document(closed, catalogue("en"))
    computed = {
        "recoveries": ("fed", "made", "stock", "direct", "overall"), "discrepancies": ("difference", "difference_t"),
        "owners": ("sum", "physical", "check"), "accounts": ("opening", "received", "delivered", "lost", "closing"),
    }  # fmt: skip
    for table, columns in computed.items():
        rows = document.tables[table].rows
        assert rows
        for row in rows:
            assert all(row.cells[one].formula is not None for one in columns), (table, row.key)
    assert formulas_of(document)[0] > 500


def test_a_changed_cell_moves_every_figure_that_depends_on_it(played):
    """An accountant who corrects one shift sees the month's sum move by just that."""
    sheets = Worksheet.read(books_report(played, "en").render(".xlsx"))
    document = books_document(played, catalogue("en"))
    meter = next(iter(played.trace.masses))
    raw = next(row for row in document.tables["raw"].rows if row.cells["point"].value == meter and "dry" in row.cells)
    sheet = {place: one for place, one in sheets.formulas.items() if place[0] == "Raw values"}
    row = next(cell[1:] for (_, cell), one in sheet.items() if one == meter and cell.startswith("A"))
    period = next(cell[1:] for (name, cell), one in sheets.formulas.items()
                  if name == "Period values" and one == meter and cell.startswith("A"))  # fmt: skip
    place = next(
        (name, cell) for (name, cell), one in sheets.formulas.items()
        if name == "Period values" and cell[1:] == period and isinstance(one, str) and one.startswith("=SUM")
    )  # fmt: skip
    before = sheets.value(place)
    moved = Worksheet({**sheets.formulas, ("Raw values", f"F{row}"): raw.cells["value"].value + 100.0}, sheets.stored)
    share = raw.cells["dry"].value / raw.cells["value"].value
    assert moved.value(place) - before == pytest.approx(100.0 * share)


def test_the_first_sheet_says_who_signed_and_every_sheet_which_version_it_is(closed, tmp_path):
    path = books_report(closed, "ru").save(tmp_path / "b.xlsx")
    book = load_workbook(path)
    front = [str(cell.value) for row in book.worksheets[0].iter_rows() for cell in row if cell.value is not None]
    for said in ("Metal accountant", "Главный бухгалтер", "2026-04-03 15:00:00+05:00",
                 "Проверил(а) этот баланс и закрываю период"):  # fmt: skip
        assert said in front
    for sheet in book.worksheets:
        assert sheet["A2"].value.startswith("Закрыто, версия 1: Metal accountant (03.04.2026 14:00)")
        assert "Закрыто, версия 1" in sheet.oddHeader.left.text
        assert sheet.print_title_rows
        assert sheet.freeze_panes


def test_an_open_month_is_a_draft_on_every_sheet(played, tmp_path):
    path = books_report(played, "kk").save(tmp_path / "b.xlsx")
    assert all(sheet["A2"].value.startswith("ЖОБА: кезең жабылмаған") for sheet in load_workbook(path).worksheets)


def test_each_imported_value_stands_with_its_file_and_cell(played):
    document = books_document(played, catalogue("en"))
    start, end = played.results.period.instants
    within = played.records.filter(pl.col("start") >= start, pl.col("start") < end, pl.col("value").is_not_null())
    told = {
        (row.cells["point"].value, row.cells["value"].value, row.cells["file"].value, row.cells["cell"].value)
        for row in document.tables["raw"].rows
    }
    assert set(within.select("point", "value", "file", "cell").iter_rows()) <= told


def test_the_same_books_give_the_same_bytes(closed):
    assert books_report(closed, "en").render(".xlsx") == books_report(closed, "en").render(".xlsx")


@pytest.mark.long
def test_every_formula_of_the_whole_chain_gives_the_figure_of_zveno(tmp_path):
    chain = load(example("zhez_balkhash"), store=tmp_path / "store")
    chain.emulate(MONTH, tmp_path, seed=1)
    chain.import_files([tmp_path / "plant"])
    off = apart(Worksheet.read(books_report(given_of(chain, tmp_path / "store"), "ru").render(".xlsx")))
    assert len(off) > 20_000
    assert max(off.values()) <= 1e-9


@pytest.mark.browser
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not on this machine")
def test_libreoffice_finds_the_same(closed, tmp_path):
    path = books_report(closed, "en").save(tmp_path / "b.xlsx")
    (tmp_path / "profile" / "user").mkdir(parents=True)
    (tmp_path / "profile" / "user" / "registrymodifications.xcu").write_text(PROFILE)
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "xlsx",
               "--outdir", str(tmp_path / "made"), str(path)]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    told, made = (Worksheet.read(one.read_bytes()) for one in (path, tmp_path / "made" / "b.xlsx"))
    for place, _, stored, size in told.computed():
        must_be_zero = "MAX(" in told.formulas[place]
        assert made.stored[place] == pytest.approx(
            stored, rel=1e-9, abs=max(1e-12 * size, 1e-9 if must_be_zero else 0)
        ), place


def test_a_chain_in_memory_has_books_too(tmp_path):
    """No store on a disk, nobody who could sign: a draft."""
    given = given_of(two_plants(), tmp_path)
    assert given.standing.provisional
    assert formulas_of(books_document(given, catalogue("en")))[0] > 500
