"""Every report renders in every format and language, and says it is a demonstration wherever it is one."""

from __future__ import annotations

from dataclasses import fields, replace
from html import unescape
from io import BytesIO

import openpyxl
import polars as pl
import pytest

from tests.unit.reports.pdf_reader import Pdf
from zveno.errors import DataError
from zveno.reports import RENDERERS, REPORTS, build_report
from zveno.text.mark import LANGUAGES

LARGEST = {".html": 150_000, ".xlsx": 150_000, ".pdf": 700_000}  # a PDF that can be read aloud is mostly tags
CASES = [(name, suffix, lang) for name in REPORTS for suffix in RENDERERS for lang in LANGUAGES]


@pytest.mark.parametrize(("name", "suffix", "lang"), CASES)
def test_report_saves_and_repeats(balkhash_month, tmp_path, name, suffix, lang):
    report = build_report(name, balkhash_month, lang)
    path = report.save(tmp_path / "deep" / f"report{suffix}")
    assert path.read_bytes() == report.render(suffix)
    assert path.stat().st_size < LARGEST[suffix]


@pytest.mark.parametrize(("name", "suffix", "lang"), CASES)
def test_a_month_without_data_renders_too(balkhash_month, name, suffix, lang):
    cleared = {
        field.name: getattr(balkhash_month, field.name).clear()
        for field in fields(balkhash_month)
        if isinstance(getattr(balkhash_month, field.name), pl.DataFrame)
    }
    empty = replace(balkhash_month, **cleared, separating=(), dof=0, p_value=None)
    assert build_report(name, empty, lang).render(suffix)


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_notice_stands_on_the_page_and_on_every_sheet(balkhash_month, name, lang):
    notice = balkhash_month.model.chain.notice[lang]
    report = build_report(name, balkhash_month, lang)
    assert unescape(report.render(".html").decode()).count(notice) >= 2
    for sheet in openpyxl.load_workbook(BytesIO(report.render(".xlsx"))):
        assert sheet["A2"].value == notice
        assert notice in sheet.oddFooter.center.text
    for page in Pdf(report.render(".pdf")).pages:
        assert notice in page.text


@pytest.mark.parametrize("name", REPORTS)
def test_table_ids_row_keys_and_column_keys_are_unique(balkhash_month, name):
    document = build_report(name, balkhash_month).document
    blocks = [block for part in document.parts for block in part.blocks if hasattr(block, "columns")]
    assert len({block.id for block in blocks}) == len(blocks)
    for block in blocks:
        assert len({one.key for one in block.columns}) == len(block.columns), block.id
        assert len({one.key for one in block.rows}) == len(block.rows), block.id
        assert {key for row in block.rows for key in row.cells} <= {one.key for one in block.columns}, block.id


def test_unknown_report_format_and_language_are_refused(balkhash_month, tmp_path):
    with pytest.raises(DataError, match="report 'nonsense' is not known: use metal_balance"):
        build_report("nonsense", balkhash_month)
    with pytest.raises(DataError, match=r"cannot be saved as '.doc': use .html, .xlsx, .pdf"):
        build_report("metal_balance", balkhash_month).save(tmp_path / "month.doc")
    with pytest.raises(DataError, match="language 'de' is not known"):
        build_report("metal_balance", balkhash_month, "de")
