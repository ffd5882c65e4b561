"""Cells read again by another way than the import took."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from zveno.chain import example, load
from zveno.chain.explaining import explaining
from zveno.errors import DataError
from zveno.sources.reread import LEDGER, SourceFiles, plain_number, read_again

HEADS = ("Точка", "Показатель", "Единица измерения", "Значение")


@pytest.fixture
def chain(tmp_path):
    return load(example("one_concentrator"), store=tmp_path / "store")


def shift(folder: Path, rows: list[tuple]) -> Path:
    """A shift report in one of Zveno's own layouts."""
    book = openpyxl.Workbook()
    page = book.active
    page.title = "Смена"
    for row in [("Дата", "2026-03-02"), ("Смена", "день"), (), HEADS, *rows]:
        page.append(row)
    path = folder / "day.xlsx"
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("1 234,5", 1234.5), ("<0,01", 0.01), ("0,35*", 0.35), (7, 7.0), (True, None), (None, None), ("н/д", None),
        ("\u22123,5", -3.5), ("1e-3", 0.001),
    ],
)  # fmt: skip
def test_a_number_is_found_whatever_stands_around_it(raw, number):
    assert plain_number(raw) == number


def test_values_come_in_tonnes_and_fractions_by_the_unit_of_their_row(chain, tmp_path):
    weigher, moisture = "balk_conc.line1.weightometer", "balk_conc.ore.moisture"
    path = shift(tmp_path, [(weigher, "влажная масса", "кг", "1 250 500"), (moisture, "влажность", "%", "3,5")])
    chain.import_files([path])
    records = chain.store.read("records")
    assert records.height == 2
    files = SourceFiles.within(chain.model, [tmp_path], records["file"].unique().to_list())
    found = dict(zip(records["point"], read_again(files, records, chain.store.read("mapped_cells")), strict=True))
    assert found == pytest.approx({weigher: 1250.5, moisture: 0.035}, rel=1e-15)


def test_what_the_store_says_is_not_what_is_read_again(chain, tmp_path):
    path = shift(tmp_path, [("balk_conc.line1.weightometer", "влажная масса", "т", 1250.5)])
    chain.import_files([path])
    wrong = chain.store.read("records").with_columns(value=pl.lit(1.0))
    files = SourceFiles.within(chain.model, [tmp_path], ["day.xlsx"])
    assert read_again(files, wrong, chain.store.read("mapped_cells")) == [1250.5]


def test_a_file_with_another_content_is_refused(chain, tmp_path):
    path = shift(tmp_path, [("balk_conc.line1.weightometer", "влажная масса", "т", 1250.5)])
    chain.import_files([path])
    records = chain.store.read("records")
    shift(tmp_path, [("balk_conc.line1.weightometer", "влажная масса", "т", 1250.6)])
    files = SourceFiles.within(chain.model, [tmp_path], ["day.xlsx"])
    with pytest.raises(DataError, match="as it was imported"):
        read_again(files, records, chain.store.read("mapped_cells"))


def test_what_persons_put_in_is_read_in_what_they_signed(chain, tmp_path):
    path = shift(tmp_path, [("balk_conc.line1.weightometer", "влажная масса", "т", 1250.5)])
    chain.import_files([path])
    records = chain.store.read("records").with_columns(file=pl.lit(LEDGER), value=pl.lit(900.0), cell=pl.lit("12"))
    files, mapped = SourceFiles.within(chain.model, [tmp_path], []), chain.store.read("mapped_cells")
    assert read_again(files, records, mapped) == [900.0]  # no log is there: as the store says
    row = records.row(0, named=True)
    key = 12, row["point"], row["quantity"], row["start"], row["end"]
    assert read_again(files, records, mapped, {key: 905.0}) == [905.0]
    with pytest.raises(DataError, match="record 12 of the log approves no value"):
        read_again(files, records, mapped, {})


def test_the_metal_of_a_bath_is_its_volume_times_the_concentration_beside(chain, tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "Ванны"
    book.active.append(["ванна", "объём, м3", "Cu, г/л"])
    book.active.append(["1", 120.5, "41,2"])
    book.save(tmp_path / "baths.xlsx")
    digest = hashlib.sha256((tmp_path / "baths.xlsx").read_bytes()).hexdigest()
    place = {"file": "baths.xlsx", "sheet": "Ванны", "file_hash": digest, "status": "imported"}
    mapped = pl.DataFrame([
        {**place, "cell": "B2", "quantity": "volume", "uom": "m3"},
        {**place, "cell": "C2", "quantity": "concentration_Cu", "uom": "g/l"},
    ])  # fmt: skip
    moment = datetime(2026, 4, 1, tzinfo=UTC)
    records = pl.DataFrame([
        {**place, "cell": "C2", "point": "bath", "quantity": "survey_mass", "start": moment, "end": moment, "value": 1.0}
    ])  # fmt: skip
    files = SourceFiles.within(chain.model, [tmp_path], ["baths.xlsx"])
    assert read_again(files, records, mapped) == pytest.approx([120.5 * 41.2 / 1000], rel=1e-15)


def test_explaining_needs_no_file(chain, tmp_path):
    """The store knows file, sheet and cell of every value; the files are opened only to make a figure again."""
    path = shift(tmp_path, [("balk_conc.line1.weightometer", "влажная масса", "т", 1250.5)])
    chain.import_files([path])
    path.unlink()
    assert explaining(chain, "2026-03-02").records["cell"].to_list() == ["D5"]
