"""The month's report as people read it, in three languages and both formats."""

from __future__ import annotations

from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest

from zveno.reports import build_report

HERE = Path(__file__).parent


class _Text(HTMLParser):
    """The words of a page, a block a line; cells of a table row joined by bars."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.silent = 0
        self.row: list[str] | None = None

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("style", "svg"):
            self.silent += 1
        elif tag == "tr":
            self.row = []
        elif tag in ("td", "th") and self.row is not None:
            self.row.append("")
        elif tag in ("p", "h1", "h2", "dt", "caption", "a", "figcaption", "summary"):
            self.lines.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "svg"):
            self.silent -= 1
        elif tag == "tr" and self.row is not None:
            self.lines.append(" | ".join(self.row))
            self.row = None

    def handle_data(self, data: str) -> None:
        words = data.strip()
        if self.silent or not words:
            return
        if self.row:
            self.row[-1] = f"{self.row[-1]} {words}".strip()
        elif self.lines:
            self.lines[-1] = f"{self.lines[-1]} {words}".strip()


def words_of(page: str) -> str:
    """The text of a page."""
    reader = _Text()
    reader.feed(page)
    return "\n".join(line for line in reader.lines if line) + "\n"


def cells_of(content: bytes) -> str:
    """Every cell of a workbook: address, value (after its formula, if any), number format."""
    lines = []
    formulas, values = (openpyxl.load_workbook(BytesIO(content), data_only=one) for one in (False, True))
    for sheet in formulas:
        lines.append(f"[{sheet.title}] frozen {sheet.freeze_panes}, {sheet.page_setup.orientation}")
        for cell in (cell for row in sheet.iter_rows() for cell in row if cell.value not in (None, "")):
            value = values[sheet.title][cell.coordinate].value
            # a difference of equal sums is what rounding leaves of it
            shown = f"{value if abs(value) > 1e-9 else 0.0:.8g}" if isinstance(value, float) else str(value)
            shown = f"{cell.value} -> {shown}" if cell.data_type == "f" else shown
            form = "" if cell.number_format == "General" else f"  {{{cell.number_format}}}"
            lines.append(f"{cell.coordinate}  {shown}{form}")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("lang", ["en", "ru", "kk"])
def test_page_reads_as_reviewed(balkhash_month, golden, lang):
    page = build_report("metal_balance", balkhash_month, lang).render(".html").decode()
    golden(HERE / f"month.{lang}.html.txt", words_of(page))


@pytest.mark.parametrize("lang", ["en", "ru", "kk"])
def test_workbook_holds_the_reviewed_cells(balkhash_month, golden, lang):
    content = build_report("metal_balance", balkhash_month, lang).render(".xlsx")
    golden(HERE / f"month.{lang}.xlsx.txt", cells_of(content))
