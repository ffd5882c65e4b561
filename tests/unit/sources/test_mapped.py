"""Reports read by mappings: what each cell becomes, and that nothing uncertain is taken."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.unit.sources.sheets import HEAD, JOURNAL, by_cell, description, layouts, read, sheet

from zveno.sources.fates import counted
from zveno.sources.grid import Book, RawCell
from zveno.sources.mapped import recognise


def rows(*more):
    return sheet([*HEAD, *more])


def test_value_has_its_point_quantity_time_and_unit():
    found = by_cell(read(rows(["01.03.26", "ночь", 410.5, "4,2 %", 0.8, 3, 400, "тихо"])))
    ore = found["C4"]
    assert (ore.status, ore.point, ore.quantity, ore.value, ore.uom) == ("imported", "mill.ore", "mass_wet", 410.5, "t")
    assert (ore.start, ore.end) == (datetime(2026, 2, 28, 15, tzinfo=UTC), datetime(2026, 3, 1, 3, tzinfo=UTC))
    assert (found["D4"].value, found["D4"].quantity) == (4.2, "moisture")
    assert (found["E4"].quantity, found["F4"].quantity, found["F4"].uom) == ("grade_Cu", "grade_Ag", "g/t")
    assert (found["G4"].status, found["G4"].reason) == ("rejected", "plan")
    assert found["H4"].status == found["A4"].status == "context"


@pytest.mark.parametrize(
    ("cell", "value", "qualifier"),
    [
        (RawCell("1\u00a0234,5"), 1234.5, ""),
        (RawCell("<0,01"), 0.01, "lt"),
        (RawCell("38,4*"), 38.4, "footnote"),
        (RawCell(12.5, "=C1-B1"), 12.5, "formula"),
        (RawCell(12.5, comment="принято по среднему за сутки"), 12.5, "estimated"),
        (RawCell(12.5, comment="новый датчик"), 12.5, ""),
    ],
)
def test_numbers_as_people_write_them(cell, value, qualifier):
    found = by_cell(read(rows(["01.03.26", "день", cell])))["C4"]
    assert (found.status, found.value, found.qualifier) == ("imported", value, qualifier)


@pytest.mark.parametrize(
    ("cell", "reason", "meant"),
    [
        (RawCell("н/д"), "no_data", None),
        (RawCell("—"), "dash", None),
        (RawCell("проба утеряна"), "text_note", None),
        (RawCell("3,,45,"), "garbage", 3.45),
        (RawCell("3,456,"), "garbage", None),
        (RawCell(datetime(2026, 4, 4)), "date_in_number", 4.04),
        (RawCell("#VALUE!", "=A1", error=True), "formula_error", None),
        (RawCell(None, "=1+2"), "formula_no_value", None),
        (RawCell(True), "text_note", None),
    ],
)
def test_what_is_no_number_is_left_out_with_a_reason(cell, reason, meant):
    found = by_cell(read(rows(["01.03.26", "день", cell])))["C4"]
    assert (found.status, found.reason, found.value) == ("rejected", reason, None)
    assert found.meant == meant


def test_percentage_kept_as_a_fraction_is_read_in_per_cent():
    found = by_cell(read(rows(["01.03.26", "день", 5, RawCell(0.0345, percent=True)])))["D4"]
    assert found.value == pytest.approx(3.45)


@pytest.mark.parametrize(("column", "cell"), [("C", -5), ("D", 345), ("D", RawCell(3.45, percent=True)), ("F", "-1")])
def test_what_cannot_be_is_held(column, cell):
    row = ["01.03.26", "день", None, None, None, None]
    row["ABCDEF".index(column)] = cell
    found = read(rows(row))
    assert by_cell(found)[f"{column}4"].reason == "impossible"
    assert found.doubts


def test_percentage_in_a_column_of_tonnes_is_not_taken():
    found = by_cell(read(rows(["01.03.26", "день", "5 %"])))["C4"]
    assert (found.status, found.reason) == ("rejected", "uom_differs")


def test_unit_of_another_kind_is_not_taken_and_said():
    head = [HEAD[0], [*HEAD[1][:2], "Руда, ч", *HEAD[1][3:]], HEAD[2]]
    found = read(sheet([*head, ["01.03.26", "день", 5]]))
    assert by_cell(found)["C4"].reason == "uom_differs"
    assert any("C4" in str(one) for one in found.doubts)


def test_heading_without_unit_is_not_taken():
    head = [HEAD[0], [*HEAD[1][:2], "Руда, всего", *HEAD[1][3:]], HEAD[2]]
    assert by_cell(read(sheet([*head, ["01.03.26", "день", 5]])))["C4"].reason == "no_uom"


def test_comma_that_may_part_thousands_is_taken_only_where_its_column_tells():
    usual = [[f"0{day}.03.26", "день", value] for day, value in enumerate((1.2, 1.1, 1.3, "1,189"), start=1)]
    large = [[f"0{day}.03.26", "день", value] for day, value in enumerate((1200, 1100, 1300, "1,189"), start=1)]
    alone = [["01.03.26", "день", "1,189"]]
    assert by_cell(read(rows(*usual)))["C7"].value == 1.189
    assert by_cell(read(rows(*large)))["C7"].reason == "ambiguous"
    assert by_cell(read(rows(*alone)))["C4"].reason == "ambiguous"


def test_date_holds_for_rows_below_until_the_next():
    found = by_cell(read(rows(["1 марта 2026 г.", "ночь", 1], [None, "день", 2], [46083, "ночь", 3])))
    assert [str(found[f"C{n}"].day) for n in (4, 5, 6)] == ["2026-03-01", "2026-03-01", "2026-03-02"]


def test_rows_under_a_date_that_cannot_be_read_are_held():
    found = read(rows(["01.03.26", "ночь", 1], ["32.03.26", "день", 2], [None, "ночь", 3]))
    assert [by_cell(found)[f"C{n}"].reason for n in (4, 5, 6)] == ["", "no_period", "no_period"]
    assert found.doubts


def test_date_far_from_all_others_is_held():
    days = ["01.03.26", "02.03.26", "03.03.26", "04.03.25", "05.03.26", "06.03.26"]
    found = read(rows(*([day, "день", value] for value, day in enumerate(days, start=400))))
    assert [by_cell(found)[f"C{n}"].reason for n in range(4, 10)] == ["", "", "", "far_date", "", ""]
    assert any("2025-03-04" in str(one) for one in found.doubts)


def test_shift_that_is_not_known_is_held():
    found = read(rows(["01.03.26", "вечер", 1]))
    assert by_cell(found)["C4"].reason == "no_period"
    assert any("вечер" in str(one) for one in found.doubts)


def test_day_word_means_the_whole_report_day():
    found = by_cell(read(rows(["01.03.26", "Сутки", 1])))["C4"]
    assert (found.start, found.end) == (datetime(2026, 2, 28, 15, tzinfo=UTC), datetime(2026, 3, 1, 15, tzinfo=UTC))


def test_totals_and_drafts_are_left_out():
    found = by_cell(
        read(rows(["Итого за сутки", None, 820], ["01.03.26", "день", 5, None, None, None, None, "ЧЕРНОВИК"]))
    )
    assert (found["C4"].reason, found["C5"].reason) == ("total", "draft_row")


def test_hidden_rows_are_taken_and_marked():
    hidden = sheet([*HEAD, ["01.03.26", "день", 5]], hidden_rows=frozenset({3}))
    assert by_cell(read(hidden))["C4"].qualifier == "hidden_row"


def test_inserted_column_and_renamed_sheet_change_nothing():
    wide = [[*row[:2], extra, *row[2:]] for row, extra in zip(
        [HEAD[1], HEAD[2], ["01.03.26", "день", 5, 4, 0.8, 3]], ["Лишнее, шт", None, 7], strict=True)]  # fmt: skip
    merged = [((1, 5), (1, 6)), *(((1, c), (2, c)) for c in (0, 1, 2, 3, 4, 7, 8))]
    found = read(sheet([HEAD[0], *wide], name="Лист1 (2)", merged=merged))
    cells = by_cell(found)
    assert (cells["D4"].value, cells["F4"].quantity) == (5, "grade_Cu")
    assert (cells["C4"].status, cells["C4"].reason) == ("rejected", "not_mapped")
    assert any("Лишнее" in str(one) for one in found.doubts)


def test_missing_value_column_is_said():
    short = sheet([HEAD[0], [*HEAD[1][:2], None, *HEAD[1][3:]], HEAD[2], ["01.03.26", "день", None, 4]])
    assert any("Руда" in str(one) for one in read(short).doubts)


def test_sheet_that_is_not_known_is_held():
    book = Book((rows(["01.03.26", "день", 5]), sheet([["Прочее"], [1, 2]], name="x", merged=[])))
    found = read(book)
    assert [one.reason for one in found.fates if one.sheet == "x" and one.status == "rejected"] == ["not_mapped"] * 2
    assert any("'x'" in str(one) for one in found.doubts)


def test_date_in_the_name_of_the_file_must_agree():
    mapping = {**JOURNAL, "dated_file": True, "tables": [{**JOURNAL["tables"][0], "date": "above", "shift": "day"}]}
    columns = {key: value for key, value in JOURNAL["tables"][0]["columns"].items() if key not in ("Дата", "Смена")}
    mapping["tables"][0]["columns"] = columns
    day = [["Журнал фабрики"], ["13.03.2025"], *HEAD[1:], [None, None, 5]]
    merged = [((2, 4), (2, 5)), *(((2, c), (3, c)) for c in (2, 3, 6, 7))]
    other_year = by_cell(read(sheet(day, merged=merged), mapping, name="журнал_13.03.2026.xlsx"))["C5"]
    assert (other_year.qualifier, str(other_year.day)) == ("date_conflict", "2026-03-13")
    other_day = read(sheet(day, merged=merged), mapping, name="журнал_14.03.2025.xlsx")
    assert by_cell(other_day)["C5"].reason == "no_period"
    assert len(other_day.doubts) >= 1


def test_name_of_a_sheet_alone_tells_no_layout():
    assert recognise(Book((sheet([["чужое"], *HEAD[1:], ["01.03.26", "день", 5]]),)), layouts(JOURNAL)) is None


def test_every_cell_has_one_fate():
    page = rows(
        ["01.03.26", "ночь", "5 %", "x", None, RawCell(None, "=1")], ["Итого", None, 5], ["* сноска"], [1, 2, 3]
    )
    found = read(page)
    assert sum(counted(found.fates).values()) == len(page.cells) == len({one.cell for one in found.fates})


def test_faults_of_a_mapping_name_file_and_line(tmp_path):
    mapping = (
        "id: journal\ncalendar: nowhere\ntables:\n  - title: x*\n    date: somewhere\n    columns:\n"
        "      Руда: mass_wet\n      Пусто: {}\n      Соль: a.b c furlong\n"
    )
    said = description(tmp_path, mapping)
    assert any("mappings/journal.yaml:2" in one and "nowhere" in one for one in said)
    assert any("mappings/journal.yaml:5" in one and "somewhere" in one for one in said)
    assert any("mappings/journal.yaml:8" in one for one in said)
    assert any("mappings/journal.yaml:9" in one and "furlong" in one for one in said)


def test_unknown_key_of_a_mapping_is_a_fault_with_its_line(tmp_path):
    said = description(tmp_path, "id: journal\ntables:\n  - title: x*\n    kolumns: {}\n")
    assert any("mappings/journal.yaml:4" in one for one in said)
