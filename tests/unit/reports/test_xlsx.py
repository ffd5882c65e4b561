"""The workbook: every formula, evaluated by other means, gives the value written beside it."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO

import openpyxl
import polars as pl
import pytest
from openpyxl.utils import range_boundaries

from zveno.reports import build_report
from zveno.reports.document import Calc, Cell, Column, Document, Heading, Kind, Ref, Row, TableBlock, Total
from zveno.reports.render.xlsx import number_format, render_xlsx
from zveno.text.catalogue import catalogue

_REFERENCE = re.compile(r"(?:'([^']+)'!)?([A-Z]+\d+(?::[A-Z]+\d+)?)(?![A-Z0-9(])")


class Evaluator:
    """Works out formulas of +, -, *, / and SUM from the plain numbers of a workbook."""

    def __init__(self, content: bytes) -> None:
        self.book = openpyxl.load_workbook(BytesIO(content))

    def cell(self, sheet: str, address: str) -> float:
        value = self.book[sheet][address].value
        if isinstance(value, str) and value.startswith("="):
            return self.formula(sheet, value[1:])
        assert isinstance(value, (int, float)), f"{sheet}!{address} is no number: {value!r}"
        return float(value)

    def values(self, sheet: str, reference: str) -> list[float]:
        left, top, right, bottom = range_boundaries(reference)
        cells = self.book[sheet].iter_rows(top, bottom, left, right)
        return [self.cell(sheet, cell.coordinate) for row in cells for cell in row]

    def formula(self, sheet: str, formula: str) -> float:
        known: dict[str, object] = {"SUM": lambda *groups: sum(x for one in groups for x in one)}

        def name(match: re.Match[str]) -> str:
            key = f"v{len(known)}"
            found = self.values(match[1] or sheet, match[2])
            known[key] = Figures(found)
            return key

        return float(eval(_REFERENCE.sub(name, formula), {"__builtins__": {}}, known))


class Figures(list):
    """Cells of a reference: a list inside SUM, a number elsewhere."""

    def __float__(self) -> float:
        (only,) = self
        return only

    def __add__(self, other):
        return float(self) + float(other)

    def __radd__(self, other):
        return float(other) + float(self)

    def __sub__(self, other):
        return float(self) - float(other)

    def __rsub__(self, other):
        return float(other) - float(self)

    def __mul__(self, other):
        return float(self) * float(other)

    def __rmul__(self, other):
        return float(other) * float(self)

    def __truediv__(self, other):
        return float(self) / float(other)

    def __rtruediv__(self, other):
        return float(other) / float(self)


@pytest.fixture(scope="module")
def content(balkhash_month) -> bytes:
    return build_report("metal_balance", balkhash_month).render(".xlsx")


@pytest.fixture(scope="module")
def book(content) -> openpyxl.Workbook:
    return openpyxl.load_workbook(BytesIO(content))


def formulas(book: openpyxl.Workbook) -> dict[tuple[str, str], str]:
    return {
        (sheet.title, cell.coordinate): cell.value
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    }


def test_every_formula_gives_the_value_written_with_it(content, book):
    evaluator = Evaluator(content)
    cached = openpyxl.load_workbook(BytesIO(content), data_only=True)
    found = formulas(book)
    assert len(found) > 150
    for (sheet, address), formula in found.items():
        value = cached[sheet][address].value
        assert evaluator.formula(sheet, formula[1:]) == pytest.approx(value, rel=1e-6, abs=1e-6), (
            sheet,
            address,
            formula,
        )


def test_the_figures_an_accountant_traces_are_formulas(book):
    found = formulas(book)
    sheets = {sheet for sheet, _ in found}
    assert {"Summary", "Balance Balkhash concentrator", "Recovery", "Readings", "Plan", "Gaps"} <= sheets
    balance = [value for (sheet, _), value in found.items() if sheet.startswith("Balance")]
    assert any(re.fullmatch(r"=B\d+\*F\d+", one) for one in balance)  # mass x grade
    assert any(re.fullmatch(r"=D\d+-D\d+-D\d+", one.replace("(", "").replace(")", "")) for one in balance)
    assert any("SUM" in one and "/" in one for (sheet, _), one in found.items() if sheet == "Recovery")


def test_a_changed_assay_changes_the_traced_figures(content):
    evaluator = Evaluator(content)
    sheet = evaluator.book["Balance Balkhash concentrator"]
    row = next(row for row in sheet.iter_rows() if row[0].value == "Ore")
    before = evaluator.cell("Recovery", "C7")
    row[5].value *= 1.1
    assert evaluator.cell("Recovery", "C7") == pytest.approx(before / 1.1)


def test_an_unobservable_stream_is_a_word_and_no_formula_leans_on_it(book):
    sheet = book["Balance Balkhash concentrator"]
    row = next(row for row in sheet.iter_rows() if row[0].value == "Thickener overflow")
    assert [row[k].value for k in (1, 3, 5)] == ["unobservable"] * 3


def test_sheets_freeze_their_head_and_print_one_page_wide(book):
    for sheet in book:
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.page_setup.fitToHeight == 0
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.freeze_panes is not None
    readings = book["Readings"]
    head = int(readings.freeze_panes[1:]) - 1
    assert readings.cell(head, 1).value == "Meter"


def test_types_have_their_number_formats(book):
    breaches = book["Breaches"]
    row = next(row for row in breaches.iter_rows() if row[0].value == "B07 v1")
    assert (row[3].is_date, row[3].number_format) == (True, "dd.mm.yyyy hh:mm")
    assert row[3].value.isoformat() == "2026-03-10T01:40:00"  # plant time, UTC+5
    assert number_format(Kind.FRACTION, 1) == "0.0%"
    assert number_format(Kind.MASS, 0) == "#,##0"


def test_words_that_look_like_formulas_stay_words(balkhash_month):
    bad = balkhash_month.rejected.with_columns(pl.lit("=1+1").alias("text"))
    content = build_report("metal_balance", replace(balkhash_month, rejected=bad)).render(".xlsx")
    cells = [cell for row in openpyxl.load_workbook(BytesIO(content))["Gaps"].iter_rows() for cell in row]
    assert [cell.data_type for cell in cells if cell.value == "=1+1"] == ["s"]


def rendered(*blocks) -> bytes:
    target = BytesIO()
    render_xlsx(Document("D", "S", "en", "N", blocks).settled(), target, catalogue("en"))
    return target.getvalue()


def test_grades_in_grams_per_tonne_are_fractions_inside_formulas():
    cells = {
        "mass": Cell(1000.0),
        "grade": Cell(4e-6),
        "metal": Cell(formula=Calc("*", Ref("t", "r", "mass"), Ref("t", "r", "grade"))),
        "back": Cell(formula=Calc("/", Ref("t", "r", "metal"), Ref("t", "r", "mass"))),
    }
    kinds = {"mass": Kind.MASS, "grade": Kind.PPM, "metal": Kind.MASS, "back": Kind.PPM}
    table = TableBlock("t", "T", tuple(Column(key, key, kind) for key, kind in kinds.items()), (Row("r", cells),))
    content = rendered(Heading("h", "H"), table)
    row = [cell.value for cell in openpyxl.load_workbook(BytesIO(content), data_only=True)["H"][7]]
    assert row == pytest.approx([1000.0, 4.0, 0.004, 4.0])
    assert [Evaluator(content).cell("H", f"{column}7") for column in "CD"] == pytest.approx([0.004, 4.0])


def test_cells_in_a_column_become_ranges():
    rows = tuple(Row(str(k), {"a": Cell(float(k))}) for k in (1, 2, 3, 5))
    terms = tuple(Ref("t", row.key, "a") for row in rows)
    total = Row("sum", {"a": Cell(formula=Total(terms))}, "total")
    content = rendered(Heading("h", "H"), TableBlock("t", "T", (Column("a", "a", Kind.MASS),), (*rows, total)))
    assert openpyxl.load_workbook(BytesIO(content))["H"]["A11"].value == "=SUM(A7:A10)"


def test_sheet_names_are_lawful_and_differ():
    blocks = []
    for k in range(2):
        table = TableBlock(f"t{k}", "T", (Column("a", "a"),), (Row("r", {"a": Cell("x")}),))
        blocks += [Heading(f"h{k}", "A [very] long/name: of a 'part' that goes on"), table]
    names = openpyxl.load_workbook(BytesIO(rendered(*blocks))).sheetnames
    assert names == ["A very long name of a part that", "A very long name of a part th 2"]
    assert all(len(name) <= 31 for name in names)
