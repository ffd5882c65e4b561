"""What becomes of every non-empty cell of a report: imported, rejected with a reason, or context."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Literal

from zveno.sources.cells import cell_name
from zveno.sources.grid import RawCell, Sheet
from zveno.text.mark import tr

Status = Literal["imported", "rejected", "context"]
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "total": tr("a total or mean of other cells"),
        "derived": tr("computed from other cells"),
        "cumulative": tr("a sum since the month began"),
        "plan": tr("a plan, not a measurement"),
        "not_production": tr("not data of production"),
        "no_data": tr("marked as 'no data'"),
        "dash": tr("a dash: no value"),
        "text_note": tr("a note in place of a number"),
        "garbage": tr("a broken number"),
        "ambiguous": tr("a comma that may part decimals or thousands"),
        "formula_error": tr("an error of a formula"),
        "formula_no_value": tr("a formula that no program has calculated"),
        "date_in_number": tr("a date in place of a number"),
        "not_a_date": tr("not a date"),
        "draft_row": tr("a draft"),
        "duplicate_file": tr("the file is a copy of another one"),
        "superseded": tr("replaced by a correction"),
        "conflict": tr("another file says something else of the same time"),
        "not_mapped": tr("a number that no rule of the mapping covers"),
        "no_point": tr("the label of its row is not known"),
        "no_period": tr("its date or shift is not known"),
        "far_date": tr("its date is far from all others of the file"),
        "impossible": tr("a value that cannot be: below zero, above 100 %, or more hours than there are"),
        "no_uom": tr("its unit of measure is not said"),
        "uom_differs": tr("its unit of measure cannot be that of its quantity"),
        "unknown_layout": tr("no mapping knows this layout"),
    }
)
"""Why a cell is left out, as a reader is told."""
_ORDER = (
    "date_conflict", "qc_duplicate", "qc_standard", "corrected", "estimated", "counter_rollover", "lt", "footnote",
    "formula", "hidden_row", "hidden_column",
)  # fmt: skip


@dataclass(frozen=True)
class Fate:
    """One cell and what became of it.

    Parameters
    ----------
    role
        What a cell of context is: title, header, label, date, shift, person, unit, id, note.
    value
        In ``uom`` as written; days since 1970-01-01 for dates; None for texts.
    meant
        A number that a person may confirm; it is never taken by itself.
    """

    sheet: str
    row: int
    column: int
    text: str
    status: Status
    reason: str = ""
    role: str = ""
    point: str = ""
    quantity: str = ""
    start: datetime | None = None
    end: datetime | None = None
    day: date | None = None
    slot: str = ""
    value: float | None = None
    uom: str = ""
    qualifiers: tuple[str, ...] = ()
    meant: float | None = None
    counts_for: str = ""
    typed: bool = False
    """Whether the value was typed as text."""

    @property
    def cell(self) -> str:
        """Spreadsheet name of the cell."""
        return cell_name(self.row, self.column)

    @property
    def key(self) -> tuple[Any, ...]:
        """What the value is of: point, quantity, time, slot, and whether it is a check of the laboratory."""
        checks = tuple(one for one in self.qualifiers if one.startswith("qc_"))
        return (self.point, self.quantity, self.start, self.end, self.slot, checks)

    @property
    def qualifier(self) -> str:
        """All marks of the value as one text, in a fixed order."""
        return ",".join(sorted(self.qualifiers, key=lambda one: (_ORDER.index(one) if one in _ORDER else 99, one)))


def context(sheet: Sheet, at: tuple[int, int], role: str) -> Fate:
    """A cell that explains others."""
    return Fate(sheet.name, *at, shown(sheet.cells[at]), "context", role=role)


def left_out(sheet: Sheet, at: tuple[int, int], reason: str) -> Fate:
    """A cell that is not taken."""
    return Fate(sheet.name, *at, shown(sheet.cells[at]), "rejected", reason)


def shown(cell: RawCell) -> str:
    """What stands in a cell, as text: an answer, or the formula where it has none."""
    return str(cell.value) if cell.value is not None else cell.formula


def is_number(cell: RawCell) -> bool:
    """Whether a cell holds a number or a formula, so that leaving it out must be said."""
    return (
        bool(cell.formula) or (isinstance(cell.value, (int, float)) and not isinstance(cell.value, bool)) or cell.error
    )


def counted(fates: Iterable[Fate]) -> dict[str, int]:
    """How many cells have each fate."""
    found = {"imported": 0, "rejected": 0, "context": 0}
    for one in fates:
        found[one.status] += 1
    return found
