"""A table with shifts across its top and indicators down its side, in a report never seen before."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zveno.model.chain import ChainModel
from zveno.sources.grid import RawCell, Sheet
from zveno.sources.guesses import is_computed, material_of, quantity_of
from zveno.sources.headings import code_of
from zveno.sources.reportdays import ReportCalendar
from zveno.text.sheetwords import is_total, tidy

_LINE = re.compile(r"(\d)\s*$")


@dataclass(frozen=True)
class Cross:
    """Columns that are shifts, their common pattern and point, the calendar that knows them, and rules of the rows."""

    columns: tuple[int, ...]
    pattern: str
    point: str
    calendar: str
    rows: Mapping[str, str]


def find_cross(
    sheet: Sheet, heads: Mapping[int, Sequence[str]], rows: tuple[int, int], plants: Sequence[str], model: ChainModel
) -> Cross | None:
    """Shifts in the upper heading of several columns; None where a table has none.

    Parameters
    ----------
    sheet
        The sheet.
    heads
        Heading texts of every column.
    rows
        Last heading row, and the row after the table.
    plants
        Plants that the title speaks of, the likeliest first.
    model
        The description, for calendars and points.
    """
    known = {one.id: ReportCalendar.of(one, model.tz) for one in model.mappings.calendars.values() if one.shifts}
    scores = {
        name: [column for column, path in heads.items() if len(path) > 1 and one.slot(path[0]) not in ("", "day")]
        for name, one in known.items()
    }
    best = max(scores, key=lambda name: (len(scores[name]), name in plants), default="")
    if not best or len(scores[best]) < 2:
        return None
    columns = tuple(scores[best])
    lower = {_LINE.sub("{line}", heads[column][-1]) for column in columns}
    if len(lower) != 1:
        return None
    pattern = lower.pop()
    names = [*model.streams, *model.stocks]
    lined = next((one for one in plants if any(name.startswith(f"{one}.l1.") for name in names)), "")
    point = f"{lined}.l{{line}}" if lined and "{line}" in pattern else (plants[0] if plants else "new")
    return Cross(columns, f"{{shift}} / {pattern}", point, best, _row_rules(sheet, heads, rows, columns))


def _row_rules(
    sheet: Sheet, heads: Mapping[int, Sequence[str]], rows: tuple[int, int], columns: Sequence[int]
) -> dict[str, str]:
    """A rule for the label of every row: its quantity by its words and the unit that stands in the row."""
    found: dict[str, str] = {}
    for row in range(rows[0] + 1, rows[1]):
        side = [sheet.cells[row, c] for c in heads if c < min(columns) and (row, c) in sheet.cells]
        texts = [tidy(one.value) for one in side if isinstance(one.value, str)]
        label = next((one for one in texts if not code_of(one)), "")
        if not label or is_total(label):
            continue
        uom = next((code_of(one) for one in texts if code_of(one)), "")
        cells: list[RawCell] = [sheet.cells[row, c] for c in columns if (row, c) in sheet.cells]
        if is_computed(cells):
            found[label] = "derived"
            continue
        quantity, _ = quantity_of(label, uom, (label,))
        found[label] = f"{material_of((label,))} {quantity}".strip()
    return found
