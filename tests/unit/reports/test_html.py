"""The page: one file, nothing fetched, everything escaped, readable by those who can't see it."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import polars as pl
import pytest

from zveno.reports import build_report
from zveno.reports.document import Cell, Column, Document, Heading, Kind, Paragraph, Row, TableBlock
from zveno.reports.render.html import render_html
from zveno.text.catalogue import catalogue

VOID = {"meta", "rect", "line", "path", "circle", "br"}


class Page(HTMLParser):
    """Tags with their attributes; fails on a tag that is closed out of turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture(scope="module")
def text(balkhash_month) -> str:
    return build_report("metal_balance", balkhash_month).render(".html").decode()


@pytest.fixture(scope="module")
def page(text) -> Page:
    return Page(text)


def test_page_stands_alone(text, page):
    for tag in ("script", "link", "img", "iframe", "object"):
        assert page.named(tag) == []
    assert not re.search(r"""(?:src|href)\s*=\s*["'](?!#)""", text)
    assert "@import" not in text
    assert "url(" not in text


def test_page_has_one_h1_a_language_and_a_way_to_each_part(page):
    assert len(page.named("h1")) == 1
    assert page.named("html")[0]["lang"] == "en"
    targets = {one["id"] for one in page.named("h2")}
    assert {one["href"] for one in page.named("a")} == {f"#{one}" for one in targets}


def test_every_picture_and_scrolling_region_is_named(page):
    assert page.named("svg")
    assert all(one["role"] == "img" and one["aria-label"] for one in page.named("svg"))
    regions = [one for one in page.named("div") if one.get("role") == "region"]
    assert regions
    assert all(one["aria-label"] and one["tabindex"] == "0" for one in regions)


def test_every_row_has_as_many_cells_as_the_head(text):
    for table in re.findall(r"<table.*?</table>", text, re.DOTALL):
        widths = []
        for row in re.findall(r"<tr>?.*?</tr>", table.partition("</thead>")[2], re.DOTALL):
            if 'scope="rowgroup"' not in row:
                widths.append(sum(int(span or 1) for span in re.findall(r'<td(?:[^>]*?colspan="(\d+)")?[^>]*>', row)))
        assert len(set(widths)) == 1, table[:200]


def test_dark_and_print_forms_are_there(text):
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_the_notice_stands_in_the_margin_of_every_printed_page(text):
    assert re.search(r"""@page \{ @bottom-center \{ content: "Demonstration data, not a plant's";""", text)


def test_a_notice_cannot_break_out_of_the_style(balkhash_month):
    document = Document("D", "S", "en", notice='</style>"x\\', blocks=(Heading("h", "H"),))
    page = render_html(document, catalogue("en"))
    assert 'content: "\\3c /style\\3e \\22 x\\5c ";'.replace("/style", "\\2f style") in page
    assert page.count("</style>") == 1


def test_words_from_files_are_escaped(balkhash_month):
    bad = balkhash_month.rejected.with_columns(pl.lit("<script>alert(1)</script>").alias("text"))
    page = build_report("metal_balance", replace(balkhash_month, rejected=bad)).render(".html").decode()
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def small(*rows: Row) -> str:
    columns = (Column("name", "Name"), Column("mass", "Mass", Kind.MASS, digits=1, paired=True))
    table = TableBlock("t", "Table", columns, rows, empty="nothing here")
    document = Document("D", "S", "ru", blocks=(Heading("h", "H"), Paragraph("p"), table))
    return render_html(document, catalogue("ru"))


def test_numbers_follow_the_language_and_carry_their_interval():
    page = small(Row("a", {"name": Cell("x"), "mass": Cell(1234.5, 2.25, digits=1)}))
    assert '1\u00a0234,5</td><td class="pm">± 2,2' in page


def test_what_cannot_be_known_is_a_word_over_both_cells():
    page = small(Row("a", {"name": Cell("x"), "mass": Cell(word="unobservable")}))
    assert '<td class="n muted" colspan="2">unobservable</td>' in page


def test_an_empty_table_says_why():
    assert "Table: nothing here" in small()
