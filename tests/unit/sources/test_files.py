"""Plant files: every cell becomes a value with its place, a rejected cell with a reason, or a fault."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zipfile import ZipFile

import polars as pl
import pytest
import xlsxwriter
from openpyxl import Workbook

from zveno.errors import DataError
from zveno.model.chain import ChainModel
from zveno.model.load import read_description
from zveno.sources import conflicts, read_files
from zveno.sources.files import NOT_A_TABLE, list_files
from zveno.sources.workbook import UNKNOWN_COLUMN
from zveno.tables import frame

CHAIN = """\
format: zveno/chain-1
id: small
title: {en: Small}
timezone: "UTC+05:00"
components: [Cu, Ag]
plants: [{id: mill, kind: concentrator, sections: [{id: mill.a}]}]
boundaries: [{id: mine}, {id: pond}]
units: [{id: mill.u, section: mill.a}]
streams: [{id: ore, from: mine, to: mill.u}, {id: tail, from: mill.u, to: pond}]
meters:
  - {id: scale, stream: ore, quantity: wet_mass, uom: t, sd_rel_pct: 1}
  - {id: rate, stream: tail, quantity: mass, uom: t/h, sd_rel_pct: 1, column: rate, valid_low: 5}
  - {id: wet, stream: ore, quantity: moisture, uom: "%", sd_rel_pct: 1}
  - {id: lab, stream: ore, quantity: assay, components: [Cu, Ag], uom: "%", uoms: {Ag: g/t}, sd_rel_pct: 1, column: {Cu: cu, Ag: ag}}
tags: [{id: mill.t, unit: mill.u, uom: C, normal: 20, column: temp}]
files: [{name: "hours*.csv", time: time}]
"""  # fmt: skip
PEOPLE = """\
shifts:
  slots: [{id: day, title: {ru: день}, start: "08:00", hours: 12}, {id: night, title: {ru: ночь}, start: "20:00", hours: 12}]
  crews: [A, B, C, D]
  cycle: [day, night, "off", "off"]
  reference: {day: 2026-03-01}
roles: []
"""


@pytest.fixture
def model(tmp_path: Path) -> ChainModel:
    folder = tmp_path / "chain"
    folder.mkdir()
    (folder / "chain.yaml").write_text(CHAIN, encoding="utf-8")
    (folder / "people.yaml").write_text(PEOPLE, encoding="utf-8")
    found, faults = read_description(folder)
    assert found is not None
    assert not faults
    return found


def workbook(path: Path, rows: list[list[object]], sheet: str = "Смена") -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet(sheet)
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    return path


def read(model: ChainModel, path: Path):
    return next(iter(read_files(model, [path])))


HEAD = [["Дата", "2026-03-01"], ["Смена", "ночь"], ["Точка", "Показатель", "Единица измерения", "Значение"]]


def test_a_shift_report_in_russian_keeps_place_and_period(model, tmp_path):
    found = read(
        model,
        workbook(tmp_path / "a.xlsx", [*HEAD, ["scale", "влажная масса", "т", 120.5], ["wet", "влажность", "%", 3.2]]),
    )
    assert found.faults == ()
    first, second = found.records.rows(named=True)
    assert (first["value"], first["sheet"], first["cell"], first["file"]) == (120.5, "Смена", "D4", "a.xlsx")
    assert first["start"] == datetime(2026, 3, 1, 20, tzinfo=model.tz)
    assert first["end"] - first["start"] == timedelta(hours=12)
    assert second["value"] == pytest.approx(0.032)


def test_a_journal_takes_each_component_in_its_own_uom(model, tmp_path):
    rows = [["Date", "Shift", "Point", "Cu, %", "Ag, g/t"], [date(2026, 3, 1).isoformat(), "day", "lab", 1.02, 5.1]]
    found = read(model, workbook(tmp_path / "j.xlsx", rows))
    assert found.faults == ()
    assert dict(found.records.select("quantity", "value").rows()) == pytest.approx({"Cu": 0.0102, "Ag": 5.1e-6})


def test_kilograms_become_tonnes(model, tmp_path):
    found = read(model, workbook(tmp_path / "a.xlsx", [*HEAD, ["scale", "wet mass", "кг", 2500]]))
    assert found.records["value"].to_list() == [2.5]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (["scale", "влажная масса", "т", "12,5?"], "a.xlsx, 'Смена', D4: '12,5?' is not a number"),
        (["scale", "влажная масса", "пуд", 12], "a.xlsx, 'Смена', C4: unit of measure 'пуд' is not known"),
        (
            ["scale", "влажная масса", "°C", 12],
            "a.xlsx, 'Смена', C4: 'C' is no unit for 'scale', which chain.yaml describes in 't'",
        ),
        (
            ["scale", "влажная масса", "%", 12],
            "a.xlsx, 'Смена', C4: '%' is no unit for 'scale', which chain.yaml describes in 't'",
        ),
        (["scale", "влажная масса", "т", -3], "a.xlsx, 'Смена', D4: -3 t cannot be a reading of 'scale'"),
        (["wet", "влажность", "%", 130], "a.xlsx, 'Смена', D4: 130 % cannot be a reading of 'wet'"),
        (["scales", "влажная масса", "т", 12], "A4: 'scales' is not a meter of this chain; did you mean 'scale'?"),
        (["scale", "объём", "т", 12], "B4: quantity 'объём' is not known"),
        (["scale", "влажность", "%", 12], "B4: 'scale' does not measure 'moisture'"),
    ],
)
def test_a_bad_cell_is_a_fault_with_its_place(model, tmp_path, row, message):
    found = read(model, workbook(tmp_path / "a.xlsx", [*HEAD, row]))
    assert found.records.is_empty()
    assert len(found.faults) == 1
    assert message in str(found.faults[0])


def test_no_data_is_left_out_with_a_reason_and_empty_is_nothing(model, tmp_path):
    rows = [*HEAD, ["scale", "влажная масса", "т", "н/д"], ["wet", "влажность", "%", None]]
    found = read(model, workbook(tmp_path / "a.xlsx", rows))
    assert found.faults == ()
    assert found.records.select("point", "value").rows() == [("scale", None)]  # withdraws what was said before
    assert found.rejected.select("cell", "text", "reason").rows() == [("D4", "н/д", "marked as 'no data'")]


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ([["Дата", "2026-13-01"], *HEAD[1:]], "B1: no date is given, or '2026-13-01' is not one"),
        ([HEAD[0], ["Смена", "вечер"], HEAD[2]], "B2: shift 'вечер' is not known"),
        ([HEAD[0], HEAD[1], ["Что", "Сколько"]], "'Смена': no heading row with a 'Point' column"),
    ],
)
def test_a_sheet_that_cannot_be_placed_is_a_fault(model, tmp_path, head, message):
    found = read(model, workbook(tmp_path / "a.xlsx", [*head, ["scale", "влажная масса", "т", 12]]))
    assert message in str(found.faults[0])


def test_a_damaged_workbook_is_a_fault(model, tmp_path):
    path = tmp_path / "b.xlsx"
    path.write_bytes(b"PK\x03\x04 and nothing more")
    assert "the workbook cannot be opened" in str(read(model, path).faults[0])


def test_a_text_table_gives_records_and_tag_readings(model, tmp_path):
    path = tmp_path / "hours1.csv"
    path.write_text("time,rate,cu,ag,temp\n2026-03-01 08:00,30,1.5,6,21.5\n2026-03-01 09:00,2,0.5,x,\n")
    found = read(model, path)
    assert found.records.filter(pl.col("point") == "rate")["value"].to_list() == [30.0, None]
    assert found.rejected["cell"].to_list() == ["3:2"]  # below the valid range: the plant stands
    assert [str(one) for one in found.faults] == [
        "hours1.csv, 3:4: 'x' is not a number: write a number, or 'n/a' where there is none"
    ]
    assert found.readings.select("value", "quality").rows() == [(21.5, 0), (None, 1)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("time,rate,cu,temp\n", "columns that chain.yaml names are missing in the heading: ag"),
        ("time,rate,cu,ag,temp\nyesterday,1,1,1,1\n", "'yesterday' is not a time"),
    ],
)
def test_a_text_table_that_cannot_be_read_is_a_fault(model, tmp_path, content, message):
    path = tmp_path / "hours2.csv"
    path.write_text(content)
    assert message in str(read(model, path).faults[0])


def test_a_file_of_no_known_layout_is_a_fault(model, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    assert "no layout in chain.yaml" in str(read(model, path).faults[0])


def test_readings_in_parquet_are_checked(model, tmp_path):
    path = tmp_path / "r.parquet"
    ts = datetime(2026, 3, 1, tzinfo=model.tz)
    rows = [{"tag": tag, "ts": ts, "value": 1.0, "quality": 0} for tag in ("mill.t", "mill.x")]
    frame("readings", rows).write_parquet(path)
    found = read(model, path)
    assert "'mill.x' is not a tag of this chain" in str(found.faults[0])
    frame("readings", rows).rename({"value": "v"}).write_parquet(path)
    assert "the file needs the columns" in str(read(model, path).faults[0])


def test_lock_files_are_passed_over_and_missing_paths_named(tmp_path):
    (tmp_path / "~$a.xlsx").touch()
    (tmp_path / "a.xlsx").touch()
    assert [one.name for one in list_files([tmp_path])] == ["a.xlsx"]
    with pytest.raises(DataError, match="does not exist"):
        list_files([tmp_path / "nowhere"])


def test_a_letter_beside_the_tables_is_listed_but_one_asked_for_is_at_fault(model, tmp_path):
    folder = tmp_path / "sent"
    folder.mkdir()
    (folder / "letter.md").write_text("Dear colleagues", encoding="utf-8")
    (folder / "lost.csv").write_text("a;b", encoding="utf-8")
    letter, lost = read_files(model, [folder])
    assert letter.faults == ()
    assert letter.rejected["reason"].to_list() == [NOT_A_TABLE]
    assert "no layout" in str(lost.faults[0])
    (asked,) = read_files(model, [folder / "letter.md"])
    assert "no layout" in str(asked.faults[0])


JOURNAL = [HEAD[0], HEAD[1]]


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        ([["Точка", "Cu, %", "Ag, г/т"], ["lab", 1.0, 2.5]], [("Cu", 0.01, ""), ("Ag", 2.5e-6, "")]),
        ([["Точка", "Cu %", "Ag (г/т)"], ["lab", 1.0, 2.5]], [("Cu", 0.01, ""), ("Ag", 2.5e-6, "")]),
        ([["Точка", "Cu, масс. %", "Ag"], ["lab", 1.0, 2.5]], [("Cu", 0.01, ""), ("Ag", 2.5e-6, "")]),
        ([["Точка", "Cu, %", "Ag, г/т"], ["lab", "<0,05", "≤ 2.5"]], [("Cu", 0.0005, "<"), ("Ag", 2.5e-6, "<")]),
        ([["Точка", "Показатель", "Значение"], ["lab", "Ag", 2.5]], [("Ag", 2.5e-6, "")]),
    ],
)
def test_assays_are_read_in_the_unit_of_their_heading_or_meter(model, tmp_path, rows, kept):
    found = read(model, workbook(tmp_path / "a.xlsx", [*JOURNAL, *rows]))
    assert found.faults == ()
    got = found.records.select("quantity", "value", "qualifier").rows()
    assert got == [(name, pytest.approx(value), mark) for name, value, mark in kept]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([["Точка", "Значение"], ["lab", 1.0]], "B4: 'lab' gives several components: add a column"),
        ([HEAD[2], ["scale", "влажная масса", "т", 60], ["", "влажность", "%", 3]], "D5: a value without a point"),
        (
            [HEAD[2], ["scale", "влажная масса", "т", 60], ["scale", "влажная масса", "т", 65]],
            "D5: 'scale' has a second value of wet mass for the same time; the first stands at a.xlsx, 'Смена', D4",
        ),
    ],
)
def test_what_could_be_read_two_ways_is_a_fault(model, tmp_path, rows, message):
    found = read(model, workbook(tmp_path / "a.xlsx", [*JOURNAL, *rows]))
    assert message in str(found.faults[0])


def test_a_column_of_numbers_that_nothing_explains_is_listed(model, tmp_path):
    rows = [*JOURNAL, ["Точка", "Cu, %", "Zn, %", "Заметка"], ["lab", 1.0, 0.3, "проба 2"]]
    found = read(model, workbook(tmp_path / "a.xlsx", rows))
    assert found.rejected.select("cell", "text", "reason").rows() == [("C4", "Zn, %: 0.3", UNKNOWN_COLUMN)]


def test_two_new_files_that_say_different_things_are_a_conflict(model, tmp_path):
    folder = tmp_path / "sent"
    folder.mkdir()
    workbook(folder / "shift.xlsx", [*HEAD, ["scale", "влажная масса", "т", 6000]])
    workbook(folder / "shift (2).xlsx", [*HEAD, ["scale", "влажная масса", "т", 600]])
    (found,) = conflicts(list(read_files(model, [folder])))
    assert "another value of 'scale' (wet mass) for the same time stands at shift (2).xlsx" in str(found)


def test_readings_without_a_time_zone_are_plant_time(model, tmp_path):
    path = tmp_path / "r.parquet"
    pl.DataFrame({"tag": ["mill.t"], "ts": [datetime(2026, 3, 1, 8)], "value": [1], "quality": [0]}).write_parquet(path)
    found = read(model, path)
    assert found.faults == ()
    assert found.readings["ts"].to_list() == [datetime(2026, 3, 1, 3, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("tag", ["mill.t", None], "every reading needs a tag"),
        ("ts", [datetime(2026, 3, 1, 8, tzinfo=UTC), None], "every reading needs a time"),
        ("value", ["1,5", "2"], "the column 'value' holds no numbers"),
        ("quality", [192, 0], "the column 'quality' may hold 0 (good) and 1 (bad) only"),
    ],
)
def test_readings_that_are_not_what_they_should_be_are_a_fault(model, tmp_path, column, values, message):
    path = tmp_path / "r.parquet"
    usual = {
        "tag": ["mill.t"] * 2,
        "ts": [datetime(2026, 3, 1, 8, tzinfo=UTC)] * 2,
        "value": [1.0, 2.0],
        "quality": [0, 0],
    }
    pl.DataFrame({**usual, column: values}).write_parquet(path)
    assert message in str(read(model, path).faults[0])


def test_an_empty_workbook_is_a_fault(model, tmp_path):
    assert "the workbook is empty" in str(read(model, workbook(tmp_path / "a.xlsx", [])).faults[0])


@pytest.mark.parametrize(
    ("cell", "shown"),
    [("#DIV/0!", "#DIV/0!"), ("=E3*2", "=E3*2")],
)
def test_a_cell_without_a_value_of_its_own_is_a_fault(model, tmp_path, cell, shown):
    book = Workbook()
    for line in [*HEAD, ["scale", "влажная масса", "т", 60]]:
        book.active.append(line)
    book.active["D4"] = cell
    book.save(tmp_path / "a.xlsx")
    assert f"D4: '{shown}' is not a number" in str(read(model, tmp_path / "a.xlsx").faults[0])


def test_calculated_formulas_are_read_and_empty_ones_are_nothing(model, tmp_path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet("Смена")
        for number, line in enumerate([*HEAD, ["scale", "влажная масса", "т"], ["wet", "влажность", "%"]]):
            page.write_row(number, 0, line)
        page.write_formula(3, 3, "=50+10", None, 60)
        page.write_formula(4, 3, '=IF(1=1,"","x")', None, "emptied")
    with ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    with ZipFile(path, "w") as book:
        for name, part in parts.items():
            book.writestr(name, part.replace(b"<v>emptied</v>", b"<v></v>"))  # as spreadsheet programs write ""
    found = read(model, path)
    assert found.faults == ()
    assert found.records["value"].to_list() == [60.0]
