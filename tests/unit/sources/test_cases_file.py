"""Files of scenarios: long and wide, text and workbook, in three languages; every wrong cell with its place."""

import pytest
import xlsxwriter

from zveno.errors import DataError
from zveno.sources import read_cases

LONG = "scenario,key,value\nhard,ore.wi,17\nhard,ore.cu,0.9\nas it is,,\nrich,ore.cu,1.2\n"
WIDE = "scenario,ore.wi,ore.cu\nhard,17,0.9\nas it is,,\nrich,,1.2\n"


def written(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "cases.csv"
    path.write_text(text, encoding=encoding)
    return path


@pytest.mark.parametrize(
    "text",
    [LONG, WIDE, LONG.replace(",", ";").replace(".9", ",9"), WIDE.replace(",", "\t"), WIDE + "\n\n,,\n",
     LONG.replace("scenario,key,value", "Сценарий,Ключ,Значение"), LONG.replace("key,value", "Кілт,Мәні")],
)  # fmt: skip
def test_long_and_wide_tables_say_the_same(tmp_path, text):
    found = read_cases(written(tmp_path, text))
    assert found.table.to_dicts() == [
        {"scenario": "hard", "ore.wi": 17.0, "ore.cu": 0.9},
        {"scenario": "as it is", "ore.wi": None, "ore.cu": None},
        {"scenario": "rich", "ore.wi": None, "ore.cu": 1.2},
    ]
    assert list(found.places) == ["ore.wi", "ore.cu"]


def test_a_table_of_an_older_spreadsheet_program_is_read(tmp_path):
    found = read_cases(written(tmp_path, "сценарий;ore.cu\nбогатая руда;1,2\n", "cp1251"))
    assert found.table["scenario"].to_list() == ["богатая руда"]


def test_a_workbook_is_read_and_its_places_are_cells(tmp_path):
    path = tmp_path / "cases.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Runs")
        for row, cells in enumerate([["scenario", "ore.cu"], [1, 1.2], ["b", ""], ["c", "1,3"]]):
            sheet.write_row(row, 0, cells)
    found = read_cases(path)
    assert found.table.rows() == [("1", 1.2), ("b", None), ("c", 1.3)]
    assert found.places == {"ore.cu": "cases.xlsx, 'Runs', B1"}


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("", ["cases.csv: the file of scenarios is empty"]),
        ("scenario,ore.cu\n", ["cases.csv: the file of scenarios has a heading, but no scenario below it"]),
        ("scenario,ore.cu,ore.cu\na,1,2\n", ["cases.csv:1: the column 'ore.cu' stands twice"]),
        ("name,ore.cu\na,1\n", ["cases.csv:1: a table of scenarios needs a column 'scenario'"]),
        (
            "scenario,key,value\na,ore.cu,much\n,ore.cu,1\nb,,2\nb,ore.cu,\nc,ore.cu,1\nc,ore.cu,2\n",
            [
                "cases.csv:2: 'much' is not a number",
                "cases.csv:3: this row names no scenario",
                "cases.csv:4: this row of scenario 'b' needs both a key and a value",
                "cases.csv:5: this row of scenario 'b' needs both a key and a value",
                "cases.csv:7: scenario 'c' sets 'ore.cu' twice",
            ],
        ),
        (
            "scenario,ore.cu,ore.wi\na,1,inf\na,2,3\n,1,1\n",
            [
                "cases.csv:2: 'inf' is not a number",
                "cases.csv:3: two scenarios are named 'a'",
                "cases.csv:4: this row names no scenario",
            ],
        ),
    ],
)
def test_everything_wrong_is_told_at_once_with_its_line(tmp_path, text, messages):
    with pytest.raises(DataError) as caught:
        read_cases(written(tmp_path, text))
    said = [str(one) for one in caught.value.faults]
    assert len(said) == len(messages)
    for one, wanted in zip(said, messages, strict=True):
        assert one.startswith(wanted)


def test_a_file_that_is_not_there_or_no_workbook_is_an_error(tmp_path):
    with pytest.raises(DataError, match="cannot be read: it does not exist"):
        read_cases(tmp_path / "none.csv")
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(DataError, match="the workbook cannot be opened"):
        read_cases(broken)


@pytest.mark.parametrize(
    "text", ["scenario,ore.cu,\nb,1,5,7\n", "scenario,ore.cu\nb,1,5\n", "scenario,key,value\na,ore.cu,1,5\n"]
)
def test_a_value_in_a_column_without_a_heading_is_not_passed_over(tmp_path, text):
    with pytest.raises(DataError, match="without a heading") as caught:
        read_cases(written(tmp_path, text))
    assert {one.where for one in caught.value.faults} == {"cases.csv:2"}


def test_scenarios_named_by_numbers_stay_apart(tmp_path):
    path = tmp_path / "cases.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Runs")
        for row, cells in enumerate([["scenario", "ore.cu"], [20250101, 1.2], [20250102, 1.3], [1.25, 1.4]]):
            sheet.write_row(row, 0, cells)
    assert read_cases(path).table["scenario"].to_list() == ["20250101", "20250102", "1.25"]


def test_cells_at_fault_and_formulas_not_calculated_are_not_blanks(tmp_path):
    path = tmp_path / "cases.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Runs")
        sheet.write_row(0, 0, ["scenario", "ore.cu"])
        sheet.write_row(1, 0, ["a"])
        sheet.write_formula(1, 1, "=1/0", None, "#DIV/0!")
    with pytest.raises(DataError, match=r"B2.*not a number"):
        read_cases(path)


def test_a_file_that_only_begins_like_a_workbook_is_refused(tmp_path):
    path = tmp_path / "cases.xlsx"
    path.write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(DataError, match="cannot be opened"):
        read_cases(path)
