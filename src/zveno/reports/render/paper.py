"""A document cut into pages of paper: which are turned, how large tables and drawings stand, what is appended."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from zveno.reports.document import Block, Callout, Document, Facts, Figure, Heading, Paragraph, TableBlock
from zveno.reports.render.columns import INSET, SIZES, ShownTable, shown_table
from zveno.reports.render.serif import serif_width
from zveno.text.catalogue import Catalogue

BODY, SMALL = 10.0, 8.5
_CELL_PAD, _CAPITAL, _CELL_LEADING = 6.0, 0.65, 1.15
_MM = 72 / 25.4
_LARGE_MM, _LONG_MM, _SHORT_MM = 420.0, 297.0, 210.0
MARGIN_MM = {"left": 20.0, "right": 12.0, "top": 22.0, "bottom": 17.0}  # the left has room for a punch
MEASURE = 500.0  # a longer line of text is hard to read
_LEADING = 1.2
_MANY_ROWS = 30
_CAPTION, _HEADING, _CARD = 34.0, 40.0, 58.0
_POINTS_PER_PX = 0.75
_LARGEST_WIDE = 1.25
_GAIN = 1.15
_SMALL_SHARE, _KEPT_SHARE = 0.45, 0.75
_LEAST_LETTERS = 5.0
_LETTERS = re.compile(r'font-size="([\d.]+)"')
_VIEW_BOX = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')


@dataclass(frozen=True)
class Page:
    """Room for the text on a page, pt."""

    width: float
    height: float


def _page(width_mm: float, height_mm: float) -> Page:
    """A page less its margins."""
    across, along = MARGIN_MM["left"] + MARGIN_MM["right"], MARGIN_MM["top"] + MARGIN_MM["bottom"]
    return Page((width_mm - across) * _MM, (height_mm - along) * _MM)


UPRIGHT, TURNED = _page(_SHORT_MM, _LONG_MM), _page(_LONG_MM, _SHORT_MM)
LARGE_UPRIGHT, LARGE_TURNED = _page(_LONG_MM, _LARGE_MM), _page(_LARGE_MM, _LONG_MM)


@dataclass(frozen=True)
class See:
    """A table that stands in the appendix, named where it would have stood."""

    table: TableBlock


@dataclass(frozen=True)
class Run:
    """Blocks on pages of one direction and size; ``large`` ones are of A3, others of A4."""

    turned: bool
    blocks: tuple[Block | See, ...]
    large: bool = False

    @property
    def page(self) -> Page:
        """Room on its pages."""
        if self.large:
            return LARGE_TURNED if self.turned else LARGE_UPRIGHT
        return TURNED if self.turned else UPRIGHT


@dataclass
class Paper:
    """Room that the blocks of one document take on the pages."""

    text: Catalogue
    tables: dict[str, ShownTable] = field(default_factory=dict)

    def shown(self, table: TableBlock) -> ShownTable:
        """A table with its cells as text, made once."""
        if table.id not in self.tables:
            self.tables[table.id] = shown_table(table, self.text)
        return self.tables[table.id]

    def runs(self, document: Document) -> list[Run]:
        """The document's parts by the direction of their pages, then its long folded tables as an appendix."""
        parts = [(part.heading, *self._fitting(part.blocks)) for part in document.parts]
        kinds = zip(self._turned(parts), map(_needs_large, parts), strict=True)
        found = [
            Run(turned, tuple(block for _, part in group for block in part), large)
            for (turned, large), group in groupby(zip(kinds, parts, strict=True), key=lambda one: one[0])
        ]
        long = [block.table for part in parts for block in part if isinstance(block, See)]
        return found + self._appendix(long)

    def _fitting(self, blocks: Sequence[Block]) -> Iterator[Block | See]:
        """Blocks with tables of too many columns in pieces, and pointers in place of long folded tables."""
        for block in blocks:
            if isinstance(block, TableBlock) and block.rows:
                for piece in self.shown(block).pieces(TURNED.width):
                    yield See(piece) if piece.folded and len(piece.rows) > _MANY_ROWS else piece
            else:
                yield block

    def _turned(self, parts: Sequence[Sequence[Block | See]]) -> list[bool]:
        """Direction of each part; a few upright lines between turned pages are turned with them."""
        wanted = [(any(self.wants_turning(block) for block in part), _needs_large(part)) for part in parts]
        found: list[bool] = []
        for (turned, large), group in groupby(range(len(parts)), key=lambda k: wanted[k]):
            members = list(group)
            height = sum(self.height(block, UPRIGHT) for k in members for block in parts[k])
            is_small = found != [] and not large and height < _SMALL_SHARE * UPRIGHT.height
            found += [turned or is_small] * len(members)
        return found

    def _appendix(self, tables: Sequence[Block]) -> list[Run]:
        """The long tables, upright ones first, under a heading of their own."""
        ordered = sorted(tables, key=self.wants_turning)
        heading = Heading("appendix", self.text("Appendix: long tables"))
        runs = [Run(turned, tuple(group)) for turned, group in groupby(ordered, key=self.wants_turning)]
        return [Run(run.turned, (heading, *run.blocks) if k == 0 else run.blocks) for k, run in enumerate(runs)]

    def wants_turning(self, block: Block | See) -> bool:
        """Whether a block is read with ease only on a turned page."""
        if isinstance(block, Figure):
            if _is_too_fine(block):
                return figure_scale(block, LARGE_TURNED) > figure_scale(block, LARGE_UPRIGHT)
            return block.wide and figure_scale(block, TURNED) > _GAIN * figure_scale(block, UPRIGHT)
        return isinstance(block, TableBlock) and self.shown(block).is_wide(UPRIGHT.width)

    def stays_whole(self, table: TableBlock, page: Page) -> bool:
        """Whether a table is short enough to be moved to the next page rather than cut."""
        return self.height(table, page) < _KEPT_SHARE * page.height

    def rows_stay_whole(self, table: TableBlock, page: Page) -> bool:
        """Whether every row is far lower than the page, so that none need be cut."""
        return max(self._row_heights(table, page)) < _KEPT_SHARE / 2 * page.height

    def height(self, block: Block | See, page: Page) -> float:
        """Height of a block, pt, near enough to choose a page by."""
        if isinstance(block, Heading):
            return _HEADING
        if isinstance(block, Figure):
            return svg_size(block.svg)[1] * figure_scale(block, page) + _CAPTION
        if isinstance(block, Facts):
            return _CARD * math.ceil(len(block.items) / cards_in_row(block))
        if isinstance(block, TableBlock) and block.rows:
            return self._table_height(block, page)
        if isinstance(block, (Paragraph, Callout)):
            return (1 + _lines(block.text, BODY, min(MEASURE, page.width))) * BODY * _LEADING
        return BODY * 2 * _LEADING

    def _table_height(self, table: TableBlock, page: Page) -> float:
        """Height of a table with its title, head and notes."""
        head = 2 * (_CELL_LEADING * SIZES[0] + _CELL_PAD)
        return _CAPTION + head + sum(self._row_heights(table, page)) + len(table.notes) * SMALL * _LEADING

    def _row_heights(self, table: TableBlock, page: Page) -> Iterator[float]:
        """Height of each row."""
        shown = self.shown(table)
        fit = shown.fit(page.width)
        rooms = [sum(widths) - INSET for widths in fit.widths]
        for row, cells in zip(table.rows, shown.rows, strict=True):
            most = max(
                1 if cell.whole else _lines(cell.text, fit.size, room) for cell, room in zip(cells, rooms, strict=True)
            )
            extra = 0 if row.role == "head" else most - 1
            yield (_CAPITAL + extra * _CELL_LEADING) * fit.size + _CELL_PAD


def _lines(words: str, size: float, room: float) -> int:
    """Lines that a text takes, near enough."""
    return sum(max(1, math.ceil(serif_width(line, size) / max(room, size))) for line in words.split("\n"))


def cards_in_row(facts: Facts) -> int:
    """Cards beside each other: three where that fills the rows, else four."""
    return min(len(facts.items), 3 if len(facts.items) % 3 == 0 else 4)


# ---- drawings ----------------------------------------------------------------------------------------------


def svg_size(svg: str) -> tuple[float, float]:
    """Width and height of a drawing in its own pixels."""
    found = _VIEW_BOX.search(svg)
    if found is None:
        raise ValueError("a drawing without viewBox has no size")
    return float(found[1]), float(found[2])


def _is_too_fine(figure: Figure) -> bool:
    """Whether the letters of a wide drawing are too small to read on A4."""
    letters = _LETTERS.search(figure.svg)
    scale = max(figure_scale(figure, page) for page in (UPRIGHT, TURNED))
    return figure.wide and letters is not None and float(letters[1]) * scale < _LEAST_LETTERS


def _needs_large(part: Sequence[Block | See]) -> bool:
    """Whether a part has a drawing that wants a larger sheet."""
    return any(isinstance(block, Figure) and _is_too_fine(block) for block in part)


def figure_scale(figure: Figure, page: Page) -> float:
    """Points a pixel: as large as the page allows, with room for heading and caption, but no poster."""
    width, height = svg_size(figure.svg)
    largest = _POINTS_PER_PX * (_LARGEST_WIDE if figure.wide else 1.0)
    return min(largest, page.width / width, (page.height - _CAPTION - _HEADING) / height)
