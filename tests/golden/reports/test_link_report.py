"""The page of a link, and the chain's report of two plants, as people read them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.golden.reports.test_month_report import cells_of, words_of
from tests.golden.reports.two_plants import PERIOD, chain

from zveno.reports import MonthResults, build_report

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def month() -> MonthResults:
    return chain().results(PERIOD)


@pytest.mark.parametrize("lang", ["en", "ru", "kk"])
def test_page_of_a_link_reads_as_reviewed(month, golden, lang):
    page = build_report("link", month, lang, link="smelter").render(".html").decode()
    golden(HERE / f"link.{lang}.html.txt", _kept(words_of(page)))


def test_workbook_of_a_link_holds_the_reviewed_cells(month, golden):
    content = build_report("link", month, "en", link="smelter").render(".xlsx")
    golden(HERE / "link.en.xlsx.txt", _kept(cells_of(content)))


@pytest.mark.parametrize("lang", ["en", "ru", "kk"])
def test_report_of_two_plants_begins_with_its_links(month, golden, lang):
    page = words_of(build_report("metal_balance", month, lang).render(".html").decode())
    golden(HERE / f"links.{lang}.html.txt", "\n".join(page.splitlines()[:50]) + "\n")


def _kept(words: str) -> str:
    """Without the lines that name the version and the files it was made from."""
    made_from = month_hash()
    return "\n".join(line for line in words.splitlines() if made_from not in line and "Zveno " not in line) + "\n"


def month_hash() -> str:
    """SHA-256 of the description, which every change of its files changes."""
    return chain().model.hash
