"""Books of every kind: values, formulas with their answers, formats, comments, merges, hidden rows."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from zipfile import ZipFile

import pytest
import xlsxwriter
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment

from zveno.chain import example
from zveno.errors import DataError
from zveno.sources.books import is_book, open_book, text_books

WORKBOOKS = sorted((example("workbooks_march_2026") / "workbooks").glob("[!~]*.xls*"))
ODS = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">
<office:body><office:spreadsheet><table:table table:name="март">
<table:table-row><table:table-cell office:value-type="string" table:number-columns-spanned="2"><text:p>Руда, т</text:p>
</table:table-cell><table:covered-table-cell/><table:table-cell table:number-columns-repeated="1000"/></table:table-row>
<table:table-row table:visibility="collapse"><table:table-cell office:value-type="float" office:value="12.5">
<office:annotation><text:p>по среднему</text:p></office:annotation><text:p>12,5</text:p></table:table-cell>
<table:table-cell office:value-type="percentage" office:value="0.05"><text:p>5 %</text:p></table:table-cell>
<table:table-cell office:value-type="date" office:date-value="2026-03-01"><text:p>01.03.26</text:p></table:table-cell>
</table:table-row>
<table:table-row table:number-rows-repeated="2"><table:table-cell table:formula="of:=[.A2]*2" office:value-type="float"
 office:value="25"><text:p>25</text:p></table:table-cell></table:table-row>
<table:table-row table:number-rows-repeated="1048572"><table:table-cell/></table:table-row>
</table:table></office:spreadsheet></office:body></office:document-content>"""


def saved(book: Workbook) -> bytes:
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def test_workbook_is_read_with_all_that_is_on_it():
    book = Workbook()
    page = book.active
    page.title = "март"
    page.append(["Руда, т", None, 5, 0.0345, datetime(2026, 3, 1), "=C1*2", True])
    page["D1"].number_format = "0.00%"
    page["C1"].comment = Comment("по среднему", "x")
    page.merge_cells("A1:B1")
    page.row_dimensions[1].hidden = True
    page.column_dimensions["G"].hidden = True
    sheet = open_book(saved(book), "a.xlsx").sheets[0]
    cells = sheet.cells
    assert [cells[0, c].value for c in (0, 2, 3, 4, 6)] == ["Руда, т", 5, 0.0345, datetime(2026, 3, 1), True]
    assert (cells[0, 3].percent, cells[0, 2].percent, cells[0, 2].comment) == (True, False, "по среднему")
    assert (cells[0, 5].formula, cells[0, 5].value) == ("=C1*2", None)
    assert sheet.at(0, 1) is cells[0, 0]
    assert (sheet.hidden_rows, sheet.hidden_columns) == ({0}, {6})


def test_answer_of_a_formula_and_its_error_are_kept_apart_from_it():
    file = BytesIO()
    with xlsxwriter.Workbook(file) as book:
        page = book.add_worksheet()
        page.write_formula("A1", "=B1+1", None, 3.5)
        page.write_formula("A2", "=B1/0", None, "#DIV/0!")
        page.write_rich_string("A3", "т", book.add_format({"bold": True}), "онн")
    cells = open_book(file.getvalue(), "a.xlsx").sheets[0].cells
    assert (cells[0, 0].value, cells[0, 0].formula, cells[0, 0].error) == (3.5, "=B1+1", False)
    assert (cells[1, 0].value, cells[1, 0].error) == ("#DIV/0!", True)
    assert cells[2, 0].value == "тонн"


def test_dates_of_workbooks_that_count_from_1904():
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"date_1904": True}) as book:
        book.add_worksheet().write_datetime(
            0, 0, datetime(2026, 3, 1, 13, 34), book.add_format({"num_format": "dd.mm.yyyy hh:mm"})
        )
    assert open_book(file.getvalue(), "a.xlsx").sheets[0].cells[0, 0].value == datetime(2026, 3, 1, 13, 34)


@pytest.mark.parametrize("path", WORKBOOKS[::9], ids=lambda path: path.name)
def test_cells_are_those_that_another_reader_finds(path):
    book = open_book(path.read_bytes(), path.name)
    with path.open("rb") as one, path.open("rb") as two:
        answers, formulas = load_workbook(one, data_only=True), load_workbook(two)
    for sheet in book.sheets:
        there = {
            (cell.row - 1, cell.column - 1): cell
            for row in formulas[sheet.name].iter_rows()
            for cell in row
            if cell.value is not None
        }
        assert sheet.cells.keys() == there.keys()
        for at, cell in sheet.cells.items():
            other = there[at]
            value = answers[sheet.name].cell(at[0] + 1, at[1] + 1).value
            assert cell.value == value or cell.formula == other.value
            assert bool(cell.formula) == (other.data_type == "f")
            assert cell.comment == (other.comment.text if other.comment else "")


def test_open_document_is_read_with_all_that_is_on_it():
    file = BytesIO()
    with ZipFile(file, "w") as archive:
        archive.writestr("content.xml", ODS)
    sheet = open_book(file.getvalue(), "a.ods").sheets[0]
    assert sheet.name == "март"
    assert {at: cell.value for at, cell in sheet.cells.items()} == {
        (0, 0): "Руда, т", (1, 0): 12.5, (1, 1): 0.05, (1, 2): datetime(2026, 3, 1), (2, 0): 25.0, (3, 0): 25.0,
    }  # fmt: skip
    assert (sheet.cells[1, 0].comment, sheet.cells[1, 1].percent, sheet.cells[2, 0].formula) == (
        "по среднему",
        True,
        "of:=[.A2]*2",
    )
    assert (sheet.hidden_rows, sheet.at(0, 1)) == ({1}, sheet.cells[0, 0])


@pytest.mark.parametrize("content", [b"PK\x03\x04 cut off", b"\xd0\xcf\x11\xe0 no", b"PK\x03\x04"])
def test_broken_workbook_is_said_with_its_name(content):
    with pytest.raises(DataError, match=r"a\.xlsx"):
        open_book(content, "a.xlsx")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "kz1048"])
def test_texts_are_read_in_the_encodings_of_plants(encoding):
    content = "Дата;Газ, тыс.нм3\n01.03.2026 16:00;804,8\n".encode(encoding)
    found = [book.sheets[0].cells[0, 0].value for book in text_books(content)]
    assert "Дата" in found
    assert not is_book(content)


def test_letters_of_kazakh_come_first():
    first = next(text_books("Күкіртті газ;Ескерту\n1;2\n".encode("kz1048")))
    assert first.sheets[0].cells[0, 0].value == "Күкіртті газ"


def test_file_saved_again_has_the_same_content_hash():
    book = Workbook()
    book.active.append(["Руда", 5, 0.1])
    again = load_workbook(BytesIO(saved(book)))
    again.properties.title = "saved again"
    one, two = open_book(saved(book), "a.xlsx"), open_book(saved(again), "b.xlsx")
    assert one.content_hash == two.content_hash
    again.active["B1"] = 6
    assert open_book(saved(again), "b.xlsx").content_hash != one.content_hash
