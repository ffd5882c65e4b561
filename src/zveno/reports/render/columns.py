"""Widths of a table's columns on paper: figures stay whole, words wrap, and nothing runs off the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from zveno.reports.document import Column, TableBlock, Tone
from zveno.reports.render.serif import glued, serif_width, widest_word
from zveno.reports.render.shown import ShownCell, cells_of, shown_cell, table_head
from zveno.text.catalogue import Catalogue

SIZES = (8.5, 8.0, 7.5, 7.0, 6.5, 6.0)
INSET = 8.0
PAIR_GAP = 3.0
MARKS: Mapping[Tone, str] = MappingProxyType({"bad": "▲\u00a0", "warn": "△\u00a0"})  # seen without colour
_READABLE = 7.0
_LEAST_SHARE = 0.62  # of the page, for a table of few words
_BROAD_EM, _NARROW_EM, _CUT_EM = 12.5, 7.0, 5.0

Measure = Literal["cut", "least", "eased", "whole"]


@dataclass(frozen=True)
class Need:
    """Room of a column's text, em: its words cut, its longest word, enough to read with ease, all on one line.

    Figures are never cut. ``half`` is the part that intervals take beside their values, ``gap`` their distance, pt.
    """

    cut: float
    least: float
    eased: float
    whole: float
    half: float = 0.0
    gap: float = 0.0

    def width(self, measure: Measure, size: float) -> float:
        """Width of the column in a size of type, pt."""
        em: float = getattr(self, measure)
        return em * size + self.gap + INSET

    def at_least(self, em: float) -> Need:
        """The same need, where something else asks for more."""
        return replace(self, least=max(self.least, em), eased=max(self.eased, em), whole=max(self.whole, em))


@dataclass(frozen=True)
class Fit:
    """A table's size of type and the widths of its cells, pt; a paired column has two."""

    size: float
    widths: tuple[tuple[float, ...], ...]

    @property
    def flat(self) -> list[float]:
        """Widths of all cells from left to right."""
        return [width for column in self.widths for width in column]


@dataclass(frozen=True)
class ShownTable:
    """A table with its cells as text and the room its columns need."""

    table: TableBlock
    rows: tuple[tuple[ShownCell, ...], ...]
    needs: tuple[Need, ...]

    def is_wide(self, room: float) -> bool:
        """Whether it cannot be read with ease in a room, in the two largest sizes of type."""
        return bool(self.rows) and self._sum("eased", SIZES[1]) > room

    def fit(self, room: float) -> Fit:
        """Widths in the largest type that reads with ease in the room, else in the largest that fits at all.

        Parameters
        ----------
        room
            Width of the text on the page, pt.
        """
        for size in SIZES:
            if self._sum("eased" if size > _READABLE else "least", size) <= room:
                break
        widths = self._widths(room, size)
        return Fit(size, tuple(_cells(*one, size) for one in zip(widths, self.needs, strict=True)))

    def _sum(self, measure: Measure, size: float) -> float:
        """Width of all columns together."""
        return sum(need.width(measure, size) for need in self.needs)

    def _widths(self, room: float, size: float) -> list[float]:
        """Widths within the room: what remains over the need goes to those whose text would else wrap."""
        whole = self._sum("whole", size)
        if whole <= room:
            grown = max(1.0, _LEAST_SHARE * room / whole)
            return [need.width("whole", size) * grown for need in self.needs]
        steps: tuple[tuple[Measure, Measure], ...] = (("eased", "whole"), ("least", "eased"), ("cut", "least"))
        low, high = next((one for one in steps if self._sum(one[0], size) <= room), steps[-1])
        lowest = self._sum(low, size)
        share = (room - lowest) / (self._sum(high, size) - lowest) if lowest < room else 0.0
        return [need.width(low, size) + (need.width(high, size) - need.width(low, size)) * share for need in self.needs]

    def pieces(self, room: float) -> list[TableBlock]:
        """The table in parts whose figures fit side by side, each with the first column; itself where all fit."""
        widths = [need.width("cut", SIZES[-1]) for need in self.needs]
        if sum(widths) <= room:
            return [self.table]
        chunks: list[list[Column]] = [[]]
        used = widths[0]
        for column, width in zip(self.table.columns[1:], widths[1:], strict=True):
            if chunks[-1] and used + width > room:
                chunks.append([])
                used = widths[0]
            chunks[-1].append(column)
            used += width
        first = self.table.columns[0]
        return [
            replace(
                self.table,
                id=f"{self.table.id}/{k}",
                title=f"{self.table.title} ({k}/{len(chunks)})",
                columns=(first, *columns),
            )
            for k, columns in enumerate(chunks, start=1)
        ]


def shown_table(table: TableBlock, text: Catalogue) -> ShownTable:
    """A table's cells in the habits of the language, and what its columns need."""
    rows = tuple(tuple(shown_cell(column, row, text) for column in table.columns) for row in table.rows)
    body = [k for k, row in enumerate(table.rows) if row.role != "head"]
    totals = [table.rows[k].role == "total" for k in body]
    needs = [
        _need(column, [rows[k][x] for k in body], totals, text) if rows else Need(0, 0, 0, 0)
        for x, column in enumerate(table.columns)
    ]
    for first, last, name in _groups(table, text):
        lacking = widest_word(name, 1.0, bold=True) - sum(one.least for one in needs[first:last])
        share = max(0.0, lacking) / (last - first)
        needs[first:last] = [one.at_least(one.least + share) for one in needs[first:last]]
    return ShownTable(table, rows, tuple(needs))


def _groups(table: TableBlock, text: Catalogue) -> Iterator[tuple[int, int, str]]:
    """First column, the one after the last, and the name of each group."""
    first = 0
    for cell in table_head(table, text)[0]:
        last, cells = first, 0
        while cells < cell.columns:
            cells += cells_of(table.columns[last])
            last += 1
        if cell.grouped:
            yield first, last, cell.text
        first = last


def _need(column: Column, cells: Sequence[ShownCell], totals: Sequence[bool], text: Catalogue) -> Need:
    """Room of one column from its heading and its cells."""
    heading = glued(column.heading(text))
    least, line = widest_word(heading, 1.0, bold=True), serif_width(heading, 1.0, bold=True)
    whole = min(line, max(line / 2, _NARROW_EM))
    half = max((serif_width(cell.half, 1.0) for cell in cells), default=0.0)
    cut = min(least, _CUT_EM)
    for cell, total in zip(cells, totals, strict=True):
        bold = total or cell.tone in MARKS
        words = MARKS.get(cell.tone, "") + cell.text
        beside = half if cell.span == 1 else 0.0
        all_of_it = max(serif_width(one, 1.0, bold=bold) for one in words.split("\n"))
        unbroken = all_of_it if cell.whole else widest_word(words, 1.0, bold=bold)
        least, whole = max(least, unbroken + beside), max(whole, all_of_it + beside)
        cut = max(cut, (unbroken if cell.whole else min(unbroken, _CUT_EM)) + beside)
    whole = max(least, whole)
    ease = _BROAD_EM if column.broad else _NARROW_EM
    return Need(cut, least, max(least, min(whole, ease)), whole, half, PAIR_GAP if column.paired else 0.0)


def _cells(width: float, need: Need, size: float) -> tuple[float, ...]:
    """A column's width over its cells: the interval takes its own, the value what remains."""
    if not need.gap:
        return (round(width, 2),)
    half = need.half * size + need.gap + INSET / 2
    return (round(width - half, 2), round(half, 2))
