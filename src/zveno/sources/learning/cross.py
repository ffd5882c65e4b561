"""A table with shifts, days or points across its top and indicators down its side, in a report never seen before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from zveno.sources.cells import cell_name
from zveno.sources.dates import moment_of
from zveno.sources.grid import RawCell
from zveno.sources.headings import code_of
from zveno.sources.learning.columns import Place, resolved
from zveno.sources.learning.find import Block
from zveno.sources.learning.found import LearntColumn, LearntRow
from zveno.sources.learning.guesses import guess_column
from zveno.sources.reportdays import ReportCalendar
from zveno.text.sheetwords import MONTHS, is_total, tidy
from zveno.text.tradeconcepts import category, concepts

_NUMBER = re.compile(r"(\d{1,2})\s*$")
_SHORT_DATE = re.compile(r"^\d{1,2}[./]\d{1,2}\.?$")
_LEAST = 2


@dataclass(frozen=True)
class Across:
    """Columns that are told by their headings to be shifts, days or lines: their common pattern.

    ``line`` is a number of a line that some of them have, by which its points are found.
    """

    columns: tuple[int, ...]
    pattern: str
    shifts: bool = False
    days: bool = False
    line: str = ""


def find_across(block: Block, calendars: Mapping[str, ReportCalendar]) -> Across | None:
    """The columns whose headings are shifts, days or lines; None where a table has none of them."""
    kinds = {column: [_kind(one, calendars) for one in path] for column, path in block.heads.items()}
    timed = [column for column, kind in kinds.items() if any(one in ("{shift}", "{date}", "{day}") for one in kind)]
    if len(timed) < _LEAST:
        return None
    patterns: dict[str, list[int]] = {}
    for column in timed:
        path = block.heads[column]
        parts = [_generic(text, kind) for text, kind in zip(path, kinds[column], strict=True)]
        if "{day}" in parts:
            parts = ["{day}"] if len(parts) == 1 else ["*" if one != "{day}" and n < parts.index("{day}") else one
                                                       for n, one in enumerate(parts)]  # fmt: skip
        patterns.setdefault(" / ".join(parts), []).append(column)
    pattern = max(patterns, key=lambda one: len(patterns[one]))
    columns = tuple(patterns[pattern])
    if len(columns) < _LEAST or _measures(block, columns):
        return None
    line = next((found[1] for column in columns if "{line}" in pattern
                 and (found := _NUMBER.search(block.heads[column][-1]))), "")  # fmt: skip
    return Across(columns, pattern, "{shift}" in pattern, "{da" in pattern, line)


def _kind(text: str, calendars: Mapping[str, ReportCalendar]) -> str:
    """What the heading of a column tells."""
    if any(one.slot(text) not in ("", "day") for one in calendars.values()) and not text.isdigit():
        return "{shift}"
    if text.isdigit() and 1 <= int(text) <= 31:
        return "{day}"
    if moment_of(text) is not None or _SHORT_DATE.match(text):
        return "{date}"
    words = text.lower().split()
    if len(words) == 2 and words[0].isdigit() and words[1].strip(".") in MONTHS:
        return "{date}"
    return ""


def _generic(text: str, kind: str) -> str:
    """A heading with what changes from column to column left open."""
    if kind:
        return kind
    said = concepts(text)
    if any(one.startswith("#") for one in said) and all(category(one) != "material" for one in said):
        return _NUMBER.sub("{line}", text)
    return text


def _measures(block: Block, columns: Sequence[int]) -> bool:
    """Whether headings of columns say units, so that they are quantities after all."""
    return any(code_of(text) for column in columns for text in block.heads[column])


def side_of(block: Block, first: int) -> tuple[dict[int, str], dict[int, str]]:
    """Label and unit of measure of every row, from the columns left of the first value."""
    labels: dict[int, str] = {}
    uoms: dict[int, str] = {}
    for row in range(block.last + 1, block.end):
        texts = [tidy(cell.value) for column, cell in block.sheet.row(row)
                 if column < first and isinstance(cell.value, str)]  # fmt: skip
        label = next((one for one in texts if not code_of(one)), "")
        if label and not is_total(label):
            labels[row] = label
            uoms[row] = next((code_of(one) for one in texts if code_of(one)), "")
    return labels, uoms


def learn_rows(
    block: Block, columns: Sequence[int], place: Place, words: tuple[object, set[str]]
) -> tuple[LearntRow, ...]:
    """A rule for every label: its quantity, by its words and unit, and its point."""
    labels, uoms = side_of(block, min(columns))
    found = []
    for row, label in labels.items():
        cells: list[RawCell] = [block.sheet.cells[row, c] for c in columns if (row, c) in block.sheet.cells]
        if cells:
            found.append(_column(block, row, label, uoms[row], cells, words))
    done, _ = resolved(found, place, labelled=False)
    return tuple(_rows(done))


def _column(
    block: Block, row: int, label: str, uom: str, cells: Sequence[RawCell], words: tuple[object, set[str]]
) -> LearntColumn:
    """A row read as if it were a column."""
    mappings, shifts = words
    path = (f"{label}, {uom}",) if uom else (label,)
    guess = guess_column(path, cells, mappings, shifts, section=block.section)  # type: ignore[arg-type]
    guess = replace(guess, pattern=label, own_uom=guess.own_uom or not uom)
    values = tuple(tidy(one.value) for one in cells[:3])
    return LearntColumn(block.sheet.name, label, guess, cell_name(row, 0), values)


def _rows(columns: Sequence[LearntColumn]) -> Iterator[LearntRow]:
    """Rows from what was understood of them; those that hold no numbers of their own are context."""
    for one in columns:
        if one.guess.role in ("date", "shift", "id", "uom"):
            continue
        yield LearntRow(one.heading, one.rule, one.likely, one.cell)
