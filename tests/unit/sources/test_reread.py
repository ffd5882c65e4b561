"""Cells read again by another way than the import took."""

from __future__ import annotations

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


def test_what_persons_put_in_stands_in_the_ledger_itself(chain, tmp_path):
    path = shift(tmp_path, [("balk_conc.line1.weightometer", "влажная масса", "т", 1250.5)])
    chain.import_files([path])
    records = chain.store.read("records").with_columns(file=pl.lit(LEDGER), value=pl.lit(900.0))
    files = SourceFiles.within(chain.model, [tmp_path], [])
    assert read_again(files, records, chain.store.read("mapped_cells")) == [900.0]


def test_explaining_needs_no_file(chain, tmp_path):
    """The store knows file, sheet and cell of every value; the files are opened only to make a figure again."""
    path = shift(tmp_path, [("balk_conc.line1.weightometer", "влажная масса", "т", 1250.5)])
    chain.import_files([path])
    path.unlink()
    assert explaining(chain, "2026-03-02").records["cell"].to_list() == ["D5"]
