"""A document as PDF: A4 pages that a metal accountant signs and files.

The document becomes plain data (strings, numbers, lists) that the template ``page.typ`` sets with typst, in
process and without network or fonts of the machine: typst never reads a word of ours as markup.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from zveno.reports.document import (
    Block,
    Callout,
    Column,
    Document,
    Fact,
    Facts,
    Figure,
    Heading,
    Paragraph,
    RowRole,
    TableBlock,
)
from zveno.reports.render.columns import INSET, MARKS, Fit
from zveno.reports.render.paper import (
    BODY,
    MARGIN_MM,
    MEASURE,
    SMALL,
    UPRIGHT,
    Page,
    Paper,
    Run,
    See,
    cards_in_row,
    figure_scale,
    svg_size,
)
from zveno.reports.render.serif import FONT, foldable, glued, serif_width
from zveno.reports.render.shown import ShownCell, cells_of, is_number, shown_half, shown_value, table_head
from zveno.text.catalogue import Catalogue

Data = dict[str, Any]

_CARD_INSET, _CARD_GAP = 16.0, 8.0
_NBSP = "\u00a0"
_NOTICE_LINE_MM = 4.0
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_FONT_FAMILY = re.compile(r'font-family="[^"]*"')
_COLOUR = re.compile(r'="var\(--([a-z-]+),(#\w+)\)"')
_GREY_BAR = re.compile(r'(<rect[^>]* fill=)"var\(--soft,#\w+\)"')
_PALE = "#b5b5b5"
_PRINTED: Mapping[str, str] = MappingProxyType(
    {"ink": "#000000", "soft": "#444444", "line": "#c4c4c4", "paper": "#ffffff", "panel": "#f4f3f1"}
    | {"accent": "#8a4312", "accent-soft": "#f6e7da", "good": "#1c5e3c", "bad": "#931c15"}
)


def render_pdf(document: Document, text: Catalogue) -> bytes:
    """The document as PDF; one document always gives the same bytes.

    Parameters
    ----------
    document
        A finished document.
    text
        Catalogue of the same language: it writes the numbers and the few words of the paper itself.
    """
    import typst  # noqa: PLC0415 - a compiler of 60 MB, for those who ask for paper

    template = resources.files("zveno.reports.render").joinpath("page.typ").read_bytes()
    content = typst.compile(template, sys_inputs=typst_inputs(document, text), ignore_system_fonts=True)
    assert isinstance(content, bytes)
    return content


def typst_inputs(document: Document, text: Catalogue) -> dict[str, str]:
    """What the template reads: everything the paper says, in order, with its sizes in pt, as JSON."""
    return {"data": json.dumps(paper_data(document, text), ensure_ascii=False, separators=(",", ":"))}


def paper_data(document: Document, text: Catalogue) -> Data:
    """The document as the template takes it."""
    paper = Paper(text)
    runs = paper.runs(document)
    writer = _Writer(text, paper, _table_numbers(runs), UPRIGHT)
    notice_lines = serif_width(document.notice, SMALL, bold=True) // (UPRIGHT.width - INSET)
    return {
        "lang": document.lang,
        "font": FONT,
        "title": document.title,
        "subtitle": document.subtitle,
        "notice": foldable(document.notice, SMALL, UPRIGHT.width - INSET, bold=True),
        "footer": list(document.footer),
        "margin": {**MARGIN_MM, "top": MARGIN_MM["top"] + notice_lines * _NOTICE_LINE_MM},
        "measure": MEASURE,
        "contents": text("Contents"),
        "page": text("page {n} of {total}"),
        "continued": text("(continued)"),
        "runs": [
            {"flipped": run.turned, "paper": "a3" if run.large else "a4", "blocks": writer.run(run)} for run in runs
        ],
    }


def _table_numbers(runs: Sequence[Run]) -> dict[str, int]:
    """Numbers of the tables in the order in which they stand."""
    tables = [block for run in runs for block in run.blocks if isinstance(block, TableBlock) and block.rows]
    return {table.id: k for k, table in enumerate(tables, start=1)}


@dataclass
class _Writer:
    """Turns blocks into the template's data; counts the figures."""

    text: Catalogue
    paper: Paper
    table_numbers: Mapping[str, int]
    page: Page
    figures: int = 0

    def run(self, run: Run) -> list[Data]:
        """Blocks of pages of one direction."""
        self.page = run.page
        found = [self.block(block) for block in run.blocks]
        for one, after in pairwise([*found, {"is": ""}]):
            one["sticky"] = after["is"] in ("table", "figure")  # words that lead up to it
        return found

    def block(self, block: Block | See) -> Data:
        """Any block."""
        match block:
            case Heading():
                return {"is": "heading", "text": self._words(block.text, 13.0), "id": block.id}
            case Paragraph():
                return {"is": "paragraph", "text": self._words(block.text, BODY)}
            case Callout():
                words = MARKS.get(block.tone, "") + block.text
                return {"is": "callout", "text": self._words(words, BODY), "tone": block.tone}
            case Facts():
                return self._facts(block)
            case Figure():
                return self._figure(block)
            case See():
                where = self.text(
                    "{table}: in the appendix, page {page}", table=self._title(block.table), page="{page}"
                )
                return {"is": "see", "text": self._words(where, BODY), "target": block.table.id}
            case TableBlock() if not block.rows:
                return {"is": "paragraph", "text": self._words(f"{block.title}: {block.empty}", BODY)}
        return self._table(block)

    def _see(self, see: See) -> Data:
        """Where a long table stands; the template knows the page."""
        words = self.text("{table}: in the appendix, page {page}", table=self._title(see.table), page="{page}")
        return {"is": "see", "text": self._words(words, BODY), "target": see.table.id}

    def _words(self, words: str, size: float, room: float | None = None, *, bold: bool = False) -> str:
        """Words that can be broken to fit their room; control signs become spaces."""
        width = min(MEASURE, self.page.width) if room is None else room
        return foldable(_clean(words), size, width, bold=bold)

    # ---- facts and figures ---------------------------------------------------------------------------------

    def _facts(self, facts: Facts) -> Data:
        """Cards beside each other."""
        columns = cards_in_row(facts)
        room = (self.page.width - _CARD_GAP * (columns - 1)) / columns - _CARD_INSET
        return {"is": "facts", "columns": columns, "items": [self._fact(one, room) for one in facts.items]}

    def _fact(self, fact: Fact, room: float) -> Data:
        """One card."""
        kind, known = fact.cell.kind or fact.kind, fact.cell.value is not None
        half = shown_half(fact.cell, kind, self.text)
        unit = self.text(fact.uom) if fact.uom and known else ""
        return {
            "label": self._words(fact.label, SMALL, room),
            "value": MARKS.get(fact.cell.tone, "") + shown_value(fact.cell, kind, self.text),
            "beside": _NBSP.join(filter(None, (_held(half), unit))),
            "words": self._words(fact.words, SMALL, room),
            "tone": fact.cell.tone,
        }

    def _figure(self, figure: Figure) -> Data:
        """A drawing as large as the page allows."""
        self.figures += 1
        scale, (width, height) = figure_scale(figure, self.page), svg_size(figure.svg)
        caption = self.text("Figure {n}. {title}", n=self.figures, title=figure.caption)
        return {
            "is": "figure",
            "svg": printed_svg(figure.svg),
            "width": round(width * scale, 2),
            "height": round(height * scale, 2),
            "caption": self._words(caption, SMALL, self.page.width),
            "alt": _clean(figure.caption),
        }

    # ---- tables --------------------------------------------------------------------------------------------

    def _title(self, table: TableBlock) -> str:
        """A table's title with its number."""
        return self.text("Table {n}. {title}", n=self.table_numbers[table.id], title=table.title)

    def _table(self, table: TableBlock) -> Data:
        """A table with its widths; ``pairs`` are the cells of intervals, set close to their values."""
        shown = self.paper.shown(table)
        fit = shown.fit(self.page.width)
        marked = any(cell.tone in MARKS for row in shown.rows for cell in row)
        legend = [self.text("▲ serious, △ worth a look")] if marked else []
        sides = [side for column in table.columns for side in _sides(column)]
        total = sum(fit.flat)
        return {
            "is": "table",
            "id": table.id,
            "title": self._words(self._title(table), BODY, total - INSET, bold=True),
            "size": fit.size,
            "widths": fit.flat,
            "sides": sides,
            "pairs": [k for k, side in enumerate(sides) if side == "beside"],
            "head": self._head(table, fit.size, fit.flat),
            "rows": [
                self._row(row.role, cells, fit, table.columns)
                for row, cells in zip(table.rows, shown.rows, strict=True)
            ],
            "notes": [self._words(note, SMALL) for note in (*table.notes, *legend)],
            "whole": self.paper.stays_whole(table, self.page),
            "whole_rows": self.paper.rows_stay_whole(table, self.page),
        }

    def _head(self, table: TableBlock, size: float, widths: Sequence[float]) -> list[Data]:
        """Head cells in order; those of one group stand under its name."""
        lines = table_head(table, self.text)
        taken = [False] * len(widths)  # cells that reach down from the first line
        found: list[Data] = []
        for line in lines:
            x = 0
            for cell in line:
                while len(lines) > 1 and line is lines[1] and taken[x]:
                    x += 1
                room = sum(widths[x : x + cell.columns]) - INSET
                taken[x : x + cell.columns] = [cell.rows == 2] * cell.columns
                found.append(
                    {
                        "text": self._words(glued(cell.text), size, room, bold=True),
                        "columns": cell.columns,
                        "rows": cell.rows,
                        "side": "center" if cell.grouped else "right" if cell.is_number else "left",
                        "grouped": cell.grouped,
                    }
                )
                x += cell.columns
        return found

    def _row(self, role: RowRole, shown: Sequence[ShownCell], fit: Fit, columns: Sequence[Column]) -> Data:
        """A row; a cell without anything special is a mere string."""
        if role == "head":
            return {"role": role, "cells": [self._words(shown[0].text, fit.size, sum(fit.flat) - INSET, bold=True)]}
        cells: list[Data | str] = []
        for column, cell, widths in zip(columns, shown, fit.widths, strict=True):
            cells.append(self._cell(cell, fit.size, widths, is_total=role == "total"))
            if column.paired and cell.span == 1:
                half = _held(cell.half)
                cells.append({"text": half, "tone": "half", "span": 1} if isinstance(cells[-1], dict) else half)
        return {"role": role, "cells": cells}

    def _cell(self, shown: ShownCell, size: float, widths: Sequence[float], *, is_total: bool) -> Data | str:
        """One cell."""
        words = MARKS.get(shown.tone, "") + (_held(shown.text) if shown.whole else shown.text)
        room = sum(widths) - INSET if shown.span == len(widths) else widths[0] - INSET / 2
        if not shown.figure:
            words = self._words(words, size, max(room, size), bold=is_total or shown.tone in MARKS)
        special = shown.tone != "plain" or shown.span > 1 or is_total
        return {"text": words, "tone": shown.tone, "span": shown.span} if special else words


def _sides(column: Column) -> list[str]:
    """To which side the cells of a column lean."""
    return [*(["right"] if is_number(column) else ["left"]), *(["beside"] * (cells_of(column) - 1))]


def _held(words: str) -> str:
    """Words that stay on one line."""
    return words.replace(" ", _NBSP)


def _clean(words: str) -> str:
    """Words without control signs."""
    return _CONTROL.sub(" ", words)


def printed_svg(svg: str) -> str:
    """A drawing in the font and the colours of the paper: typst has no others and knows no ``var()``.

    Grey bars are made pale, so that a printer without colour tells them from the copper ones.
    """
    named = _GREY_BAR.sub(rf'\1"{_PALE}"', _FONT_FAMILY.sub(f'font-family="{FONT}"', svg))
    return _COLOUR.sub(lambda found: f'="{_PRINTED.get(found[1], found[2])}"', named)
