"""Where the tables of a sheet stand: rows of headings with numbers under them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from zveno.sources.dates import moment_of
from zveno.sources.grid import RawCell, Sheet
from zveno.sources.headings import code_of, heading_path
from zveno.sources.written import read_written
from zveno.text.sheetwords import MONTHS, is_total, tidy

_MOST_HEADING_ROWS = 4
_TITLE_ROWS = 12
_DAYS = range(1, 32)
_NUMBERED = re.compile(r"\d")
_DATED = re.compile(r"^(\d{1,2}[./-]\d{1,2}([./-]\d{2,4})?|\d{1,2}[./-]\d{4}|(19|20)\d\d([./-]\d{1,2}){0,2})$")
_SMALL = re.compile(r"^\d{1,2}(-?[а-яәі]{1,2})?$")
_YEAR_WORDS = ("г", "год", "года", "ж", "жыл", "жылғы", "жылы")
_COUNTED = ("декад", "недел", "апта", "week", "онкүндік")


@dataclass(frozen=True)
class Block:
    """A table on a sheet: its first and last heading row, and the first row that is not its own."""

    sheet: Sheet
    first: int
    last: int
    end: int
    top: int = 0
    """First row after the table above it."""

    @cached_property
    def heads(self) -> Mapping[int, tuple[str, ...]]:
        """Heading texts of every column that has some."""
        paths = {c: heading_path(self.sheet, c, self.first, self.last) for c in range(self.sheet.width)}
        return {column: path for column, path in paths.items() if path}

    @cached_property
    def above(self) -> Mapping[tuple[int, int], RawCell]:
        """All cells above the heading."""
        return {at: cell for at, cell in self.sheet.cells.items() if at[0] < self.first}

    @cached_property
    def section(self) -> str:
        """The nearest title above the heading."""
        found = sorted(self.above.items(), key=lambda one: (-one[0][0], one[0][1]))
        return next((tidy(cell.value) for _, cell in found if _is_title(cell)), "")

    @cached_property
    def titles(self) -> Sequence[str]:
        """Titles at the top of the sheet."""
        return [tidy(cell.value) for at, cell in sorted(self.above.items()) if _is_title(cell) and at[0] < _TITLE_ROWS]

    def cells(self, column: int) -> dict[int, RawCell]:
        """Cells of a column by row, without those of totals."""
        rows = {row: self.sheet.cells[row, column] for row in range(self.last + 1, self.end)
                if (row, column) in self.sheet.cells}  # fmt: skip
        return {row: cell for row, cell in rows.items() if row not in self.total_rows}

    @cached_property
    def total_rows(self) -> frozenset[int]:
        """Rows that begin with a word for a total."""
        return frozenset(
            row for row in range(self.last + 1, self.end)
            if any(isinstance(one.value, str) and is_total(one.value) for _, one in self.sheet.row(row))
        )  # fmt: skip


def blocks(sheet: Sheet) -> Iterator[Block]:
    """Tables of a sheet from top to bottom."""
    row = top = 0
    while row < sheet.height:
        last = _heading_ends(sheet, row)
        if last is None:
            row += 1
            continue
        after = next((n for n in range(last + 2, sheet.height) if _heading_ends(sheet, n) is not None), sheet.height)
        end = _ends(sheet, last, after)
        yield Block(sheet, row, last, end, top)
        row = top = end if end < after and _heading_ends(sheet, end) is None else after


def _ends(sheet: Sheet, last: int, end: int) -> int:
    """The first empty row after the numbers of a table: what stands below are notes and signatures."""
    filled = {row for row, _ in sheet.cells}
    return next((row for row in range(last + 2, end) if row not in filled), end)


def _heading_ends(sheet: Sheet, first: int) -> int | None:
    """The last heading row of a table that begins in a row; None where none begins."""
    cells = list(sheet.row(first))
    texts = [column for column, cell in cells if isinstance(cell.value, str) and not is_value(cell)]
    others = [cell for column, cell in cells if column not in texts]
    if (
        len(cells) < 2
        or not texts
        or (len(texts) < 2 and len(others) < 3)
        or not _across(others)
        or is_total(str(sheet.cells[first, texts[0]].value))
    ):
        return None
    last = first
    while last - first < _MOST_HEADING_ROWS - 1 and _goes_on(sheet, first, last + 1):
        last += 1
    below = [cell for row in range(last + 1, last + 4) for _, cell in sheet.row(row)]
    numbers = sum(is_value(one) or bool(one.formula) for one in below)
    return last if numbers >= max(2, len(below) // 4) else None


def _across(cells: Sequence[RawCell]) -> bool:
    """Whether cells of a heading row that are no texts are days or dates that go on."""
    days = [one.value for one in cells]
    if all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in days):
        return all(one in _DAYS for one in days) and days == sorted(days)
    return all(moment_of(one) is not None for one in days)


def _goes_on(sheet: Sheet, first: int, row: int) -> bool:
    """Whether a row is a lower row of a heading: units, or texts only under headings that are merged or have gaps."""
    cells = list(sheet.row(row))
    texts = [cell for _, cell in cells if isinstance(cell.value, str) and not is_value(cell)]
    if not texts or not _across([cell for _, cell in cells if cell not in texts]):
        return False
    if len(cells) > 1 and all(code_of(tidy(one.value)) for one in texts):
        return True
    top = [column for column, _ in sheet.row(first)]
    wide = any(at[0] == first and root[1] != at[1] for at, root in sheet.merged.items())
    gaps = not sheet.merged and len(cells) > 1 and any(
        (first, column) not in sheet.cells and min(top) < column for column, _ in cells
    )  # fmt: skip
    return wide or gaps


def is_value(cell: RawCell) -> bool:
    """Whether a cell holds a number or a date."""
    return not read_written(cell, "number").reason or moment_of(cell.value) is not None


def _is_title(cell: RawCell) -> bool:
    """Whether a text is a title: words that are more than a name of the company or a label."""
    return isinstance(cell.value, str) and len(cell.value) > 12 and moment_of(cell.value) is None


def title_pattern(title: str) -> str:
    """A title as a pattern: dates and the numbers of weeks and ten days change from file to file and are left open.

    >>> title_pattern("Цех электролиза меди. Журнал за марта 2026"), title_pattern("Секция 2, 05.03.2026, смена")
    ('Цех электролиза меди. Журнал за *', 'Секция 2, * смена')
    """
    words = title.split(" ")
    changing = [_changes(words, n) for n in range(len(words))]
    if all(changing):
        return title
    kept: list[str] = []
    for word, open_ in zip(words, changing, strict=True):
        if not open_:
            kept.append(word)
        elif not kept or kept[-1] != "*":
            kept.append("*")
    return " ".join(kept)


def _changes(words: Sequence[str], n: int) -> bool:
    """Whether a word of a title is a part of a date, or the number of a week, ten days or document."""
    word = words[n].strip(".,;:()").lower()
    if word in MONTHS or _DATED.match(word):
        return True
    before, after = (words[at].strip(".,;:()").lower() if 0 <= at < len(words) else "" for at in (n - 1, n + 1))
    if word in _YEAR_WORDS:
        return n > 0 and bool(_NUMBERED.search(before))
    counted = after.startswith(_COUNTED) or before.startswith(_COUNTED) or before == "№" or after in MONTHS
    return bool(_SMALL.match(word)) and counted
