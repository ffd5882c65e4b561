"""Widths of a table's columns on paper: figures stay whole, words wrap, and nothing runs off the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from zveno.reports.document import Column, TableBlock, Tone
from zveno.reports.render.serif import glued, serif_width, widest_word
from zveno.reports.render.shown import ShownCell, shown_cell, table_head
from zveno.text.catalogue import Catalogue

SIZES = (8.5, 8.0, 7.5, 7.0, 6.5, 6.0)
_READABLE = 7.0
INSET = 8.0
_PAIR_GAP = 3.0
_LEAST_SHARE = 0.62  # of the page, for a table of few words
_BROAD_EM, _NARROW_EM = 12.5, 7.0
MARKS: Mapping[Tone, str] = MappingProxyType({"bad": "▲\u00a0", "warn": "△\u00a0"})  # seen without colour


@dataclass(frozen=True)
class Need:
    """Room of a column, pt, insets included: its longest word, enough to read it with ease, all on one line.

    ``half`` is the part that intervals take beside their values.
    """

    least: float
    eased: float
    whole: float
    half: float = 0.0


@dataclass(frozen=True)
class Fit:
    """A table's size of type and the widths of its cells, pt; a paired column has two."""

    size: float
    widths: tuple[tuple[float, ...], ...]

    @property
    def flat(self) -> list[float]:
        """Widths of all cells from left to right."""
        return [width for column in self.widths for width in column]


def is_wide(table: TableBlock, text: Catalogue, room: float) -> bool:
    """Whether a table cannot be read with ease in a room, in the two largest sizes of type."""
    return bool(table.rows) and all(_sum(column_needs(table, text, size), "eased") > room for size in SIZES[:2])


def fit_table(table: TableBlock, text: Catalogue, room: float) -> Fit:
    """Widths in the largest type that can be read with ease in the room, else in the largest that fits at all.

    Parameters
    ----------
    room
        Width of the text on the page, pt. Where nothing fits, all columns are cut in proportion, and words
        must be folded.
    """
    for size in SIZES:
        needs = column_needs(table, text, size)
        if _sum(needs, "eased" if size > _READABLE else "least") <= room:
            break
    return Fit(size, _split(needs, room))


def column_needs(table: TableBlock, text: Catalogue, size: float) -> list[Need]:
    """What each column needs in a size of type; columns of a group are wide enough for its name."""
    rows = [row for row in table.rows if row.role != "head"]
    totals = [row.role == "total" for row in rows]
    needs = [
        _column_need(column, [shown_cell(column, row, text) for row in rows], totals, text, size)
        for column in table.columns
    ]
    first = 0
    for cell in table_head(table, text)[0]:
        covered, cells = first, 0
        while cells < cell.columns:
            cells += 2 if table.columns[covered].paired else 1
            covered += 1
        lacking = widest_word(cell.text, size, bold=True) + INSET - sum(one.least for one in needs[first:covered])
        if lacking > 0:
            share = lacking / (covered - first)
            needs[first:covered] = [
                Need(one.least + share, max(one.eased, one.least + share), max(one.whole, one.least + share), one.half)
                for one in needs[first:covered]
            ]
        first = covered
    return needs


def _column_need(
    column: Column, cells: Sequence[ShownCell], totals: Sequence[bool], text: Catalogue, size: float
) -> Need:
    """Room of one column from its heading and its cells."""
    heading = glued(column.heading(text))
    least, line = widest_word(heading, size, bold=True), serif_width(heading, size, bold=True)
    whole = min(line, max(line / 2, _NARROW_EM * size))
    half = max((serif_width(cell.half, size) for cell in cells), default=0.0) + (_PAIR_GAP if column.paired else 0.0)
    for cell, total in zip(cells, totals, strict=True):
        bold = total or cell.tone in MARKS
        words = MARKS.get(cell.tone, "") + cell.text
        beside = half if cell.span == 1 else 0.0
        line = max(serif_width(one, size, bold=bold) for one in words.split("\n"))
        unbroken = line if cell.whole else widest_word(words, size, bold=bold)
        least, whole = max(least, unbroken + beside), max(whole, line + beside)
    whole = max(least, whole)
    ease = (_BROAD_EM if column.broad else _NARROW_EM) * size
    return Need(least + INSET, max(least, min(whole, ease)) + INSET, whole + INSET, half)


def _sum(needs: Sequence[Need], attribute: str) -> float:
    """Room that all columns take together."""
    return float(sum(getattr(one, attribute) for one in needs))


def _split(needs: Sequence[Need], room: float) -> tuple[tuple[float, ...], ...]:
    """Widths within the room: what remains over the need goes to those whose text would else wrap."""
    whole = _sum(needs, "whole")
    if whole <= room:
        widths = [one.whole * max(1.0, _LEAST_SHARE * room / whole) for one in needs]
    else:
        base = [one.eased for one in needs] if _sum(needs, "eased") <= room else [one.least for one in needs]
        widths = _shared(base, [one.whole for one in needs], room)
    return tuple(_cells(width, one) for width, one in zip(widths, needs, strict=True))


def _shared(base: Sequence[float], wanted: Sequence[float], room: float) -> list[float]:
    """Base widths enlarged towards the wanted ones, or cut in proportion where even they do not fit."""
    spare = room - sum(base)
    if spare < 0:
        return [one * room / sum(base) for one in base]
    lacking = sum(wanted) - sum(base)
    share = min(1.0, spare / lacking) if lacking > 0 else 0.0
    return [one + (whole - one) * share for one, whole in zip(base, wanted, strict=True)]


def _cells(width: float, need: Need) -> tuple[float, ...]:
    """A column's width over its cells: the interval takes its own, the value what remains."""
    if not need.half:
        return (round(width, 2),)
    half = need.half + INSET / 2
    return (round(max(width - half, 1.0), 2), round(half, 2))
