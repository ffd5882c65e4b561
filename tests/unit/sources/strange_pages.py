"""Pages of reports in strange layouts, with what every cell of theirs means."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from random import Random

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from zveno.sources.fates import Fate

ZONE = timezone(timedelta(hours=5))
DAYS = {"zhf": 0, "bof": -4, "sm": 7, "ref": 0}
"""Hours after midnight at which a plant's report day begins."""
SHIFTS = {"zhf": (0, 8), "sm": (7, 8), "bof": (-4, 12)}


@dataclass
class Page:
    """A sheet that is written cell by cell; ``wanted`` are the cells to import."""

    name: str
    sheet: Worksheet
    wanted: dict[tuple[str, str], Fate] = field(default_factory=dict)

    def put(self, row: int, column: int, value: object) -> str:
        """Write a cell and return its name; rows and columns are counted from 1."""
        self.sheet.cell(row, column, value)
        return f"{get_column_letter(column)}{row}"

    def measure(
        self, at: tuple[int, int], value: float, of: tuple[str, str, str], span: tuple[datetime, datetime]
    ) -> None:
        """Write a value that must be imported as a quantity of a point in a unit."""
        cell = self.put(*at, value)
        point, quantity, uom = of
        self.wanted[self.name, cell] = Fate(
            self.name, at[0] - 1, at[1] - 1, str(value), "imported", point=point, quantity=quantity, uom=uom, value=value,
            start=span[0].astimezone(UTC), end=span[1].astimezone(UTC),
        )  # fmt: skip


@dataclass(frozen=True)
class Strange:
    """A report in a layout of its own, as bytes, and its cells to import."""

    name: str
    content: bytes
    wanted: Mapping[tuple[str, str], Fate]


def day_of(plant: str, day: date) -> tuple[datetime, datetime]:
    """A report day of a plant."""
    start = datetime(day.year, day.month, day.day, tzinfo=ZONE) + timedelta(hours=DAYS[plant])
    return start, start + timedelta(days=1)


def shift_of(plant: str, day: date, number: int) -> tuple[datetime, datetime]:
    """A shift of a report day, counted from 0."""
    first, hours = SHIFTS[plant]
    start = datetime(day.year, day.month, day.day, tzinfo=ZONE) + timedelta(hours=first + number * hours)
    return start, start + timedelta(hours=hours)


def book(name: str, fill: Callable[[Callable[[str], Page], Random], None], seed: int) -> Strange:
    made = Workbook()
    made.remove(made.active)
    pages: list[Page] = []

    def page(title: str) -> Page:
        pages.append(Page(title, made.create_sheet(title)))
        return pages[-1]

    fill(page, Random(seed))
    out = io.BytesIO()
    made.save(out)
    return Strange(name, out.getvalue(), {key: one for page in pages for key, one in page.wanted.items()})


def days(month: int, count: int) -> list[date]:
    return [date(2026, month, 1) + timedelta(days=n) for n in range(count)]
