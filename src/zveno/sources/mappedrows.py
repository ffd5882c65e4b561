"""Rows of a mapped table: what each cell is of, when and in which unit; the uncertain is left out with a reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date as day_of
from datetime import datetime, timedelta
from math import inf

from zveno.errors import Fault, fault
from zveno.model.mapping import ASKED, LEFT_OUT, CellRule, LayoutMapping, MappedTable
from zveno.periods import zone
from zveno.quantities import uom_of
from zveno.sources.cells import Place, cell_name
from zveno.sources.dates import day_second, moment_of, month_in
from zveno.sources.fates import Fate, context, is_number, left_out, shown
from zveno.sources.grid import RawCell, Sheet
from zveno.sources.headings import HeadColumn, Heading, code_of
from zveno.sources.patterns import alike, caught, fill
from zveno.sources.reportdays import ReportCalendar, Stretch
from zveno.sources.written import Written, read_written
from zveno.text.mark import tr
from zveno.text.sheetwords import is_draft, is_total, tidy

CLOSING = "_closing"
"""Name that says that a moment is the end (24:00) of the day before."""
_CONTEXT = ("date", "shift", "label", "id", "person", "note", "uom")
_STRONG = ("total", "cumulative", "plan", "not_production")
DIMENSIONS: Mapping[str, str] = {
    "mass": "mass", "metal": "mass", "counter": "mass", "grade": "fraction", "moisture": "fraction", "so2": "fraction",
    "mass_uncertainty": "fraction",
    "downtime": "time", "run": "time", "current": "current", "voltage": "voltage", "concentration": "concentration",
}  # fmt: skip
"""Dimension of a quantity, or of all that begin with a word; a unit of another dimension is a slip and is not taken."""
_MOST_OF = {"mass": inf, "fraction": 1.0, "time": inf}
"""The most that a quantity of a dimension can be, in base units; the least is zero."""


@dataclass(frozen=True)
class TableOnSheet:
    """A table of a mapping found on a sheet, with the date and shift that stand outside its rows."""

    layout: LayoutMapping
    table: MappedTable
    heading: Heading
    sheet: Sheet
    file: str
    calendar: ReportCalendar
    names: Mapping[str, str]
    date: datetime | None = None
    month: day_of | None = None
    """Month of days that are numbers only, where a text above the heading says it."""
    shift: str = ""
    marks: tuple[str, ...] = ()
    doubts: dict[object, Fault] = field(default_factory=dict)

    def doubt(self, key: object, message: str, at: tuple[int, int], **fields: object) -> None:
        """Say once what a user should look at."""
        place = Place(self.file, self.sheet.name, cell_name(*at))
        self.doubts.setdefault((self.sheet.name, key), fault(message, str(place), **fields))

    def read(self, first: int, last: int) -> Iterator[Fate]:
        """Fates of all cells of the rows below the heading."""
        date = self.date
        heads = self._heading_texts()
        for row in range(first, last):
            cells = dict(self.sheet.row(row))
            if not cells:
                continue
            if len(heads) > 1 and heads <= {(column, as_word(cell.value)) for column, cell in cells.items()}:
                yield from self._another(row, last)
                return
            date, known = self._date_of(row, date)
            yield from RowReader(self, row, cells, date, known).read()

    def _heading_texts(self) -> set[tuple[int, str]]:
        """Columns and texts of the first heading row."""
        row = self.sheet.row(self.heading.first)
        return {(column, as_word(cell.value)) for column, cell in row}

    def _another(self, row: int, last: int) -> Iterator[Fate]:
        """Cells of another table with the same headings, which no rule tells apart from this one."""
        message = tr("the same headings begin again; the numbers below were not taken: write 'section' for each table")
        self.doubt("again", message, (row, 0))
        for below in range(row, last):
            for column, cell in self.sheet.row(below):
                at = (below, column)
                yield left_out(self.sheet, at, "not_mapped") if is_number(cell) else context(self.sheet, at, "note")

    def knows(self, column: int) -> bool:
        """Whether a rule says what a column holds."""
        return column in self.heading.columns

    def columns(self, role: str) -> Iterator[tuple[int, HeadColumn]]:
        """Columns of a role."""
        return ((column, one) for column, one in self.heading.columns.items() if one.rule.is_ == role)

    def _date_of(self, row: int, before: datetime | None) -> tuple[datetime | None, bool]:
        """The date of a row, carried down from above, and whether its own date cell (if any) could be read.

        Where two columns of dates differ nobody knows which is meant.
        """
        found: set[datetime] = set()
        for column, head in self.columns("date"):
            cell = self.sheet.at(row, column)
            if cell is None or cell.value is None:
                continue
            moment = self._moment(cell.value)
            if moment is None:
                return (before if is_total(str(cell.value)) else None), False
            own = zone(head.rule.zone) if head.rule.zone else self.calendar.own_zone
            found.add(moment.replace(tzinfo=own))
        if len(found) > 1:
            return None, False
        return (found.pop(), True) if found else (before, True)

    def _moment(self, value: object) -> datetime | None:
        """The moment of a date cell; a number from 1 to 31 is a day of the month that the sheet names."""
        if self.table.date_order == "?" and isinstance(value, str):
            return None
        turned = day_second(value) if self.table.date_order == "mdy" else value
        return day_in(self.month, as_word(value)) or moment_of(turned)


def day_in(month: day_of | None, word: str) -> datetime | None:
    """Midnight of a day of a month; None where the word is no day of it.

    >>> day_in(day_of(2026, 3, 1), "31"), day_in(day_of(2026, 2, 1), "31"), day_in(None, "1")
    (datetime.datetime(2026, 3, 31, 0, 0), None, None)
    """
    if month is None or not word.isdigit() or len(word) > 2:
        return None
    try:
        return datetime(month.year, month.month, int(word))
    except ValueError:
        return None


def as_word(value: object) -> str:
    """A cell as a word: a whole number without its decimal point.

    >>> as_word(3.0), as_word(" III  смена")
    ('3', 'III смена')
    """
    return str(int(value)) if isinstance(value, float) and value.is_integer() else tidy(value)


def joined(table: str, row: str, column: str) -> str:
    """A point from those of the table, the row and the column: a part (``.feed``) is added to what is whole.

    >>> joined("", "zhf.l1", ".feed"), joined("bof.l1", "", ".conc"), joined("gas", "", "sm.furnace")
    ('zhf.l1.feed', 'bof.l1.conc', 'sm.furnace')
    """
    whole = next((one for one in (column, row, table) if one and not one.startswith(".")), "")
    parts = [one for one in (row, column) if one.startswith(".")]
    return whole + "".join(parts)


def _beyond(found: Fate, value: float, dimension: str) -> bool:
    """Whether a mass, share or time is below zero, or more than there can be."""
    most = _MOST_OF[dimension]
    if dimension == "time" and found.start is not None and found.end is not None and found.end > found.start:
        most = (found.end - found.start) / timedelta(hours=1)
    return not 0 <= value * uom_of(found.uom).factor <= most * (1 + 1e-9)


@dataclass
class RowReader:
    """One row: its label, its rule, its shift, and then its cells one by one."""

    on: TableOnSheet
    row: int
    cells: Mapping[int, RawCell]
    date: datetime | None
    dated: bool
    names: dict[str, str] = field(default_factory=dict)
    marks: list[str] = field(default_factory=list)
    rule: CellRule | None = None
    kind: str = "data"

    def read(self) -> Iterator[Fate]:
        """Fates of the cells of the row."""
        self.names = dict(self.on.names)
        self.marks = list(self.on.marks)
        self._name_columns()
        self.kind = self._kind()
        if self.row in self.on.sheet.hidden_rows:
            self.marks.append("hidden_row")
        for column, cell in self.cells.items():
            yield self._fate(column, cell)

    def _name_columns(self) -> None:
        """Texts of columns that other rules use by name."""
        for column, head in self.on.heading.columns.items():
            cell = self.cells.get(column)
            if head.rule.name and cell is not None and cell.value is not None:
                self.names[head.rule.name] = as_word(cell.value)

    def _kind(self) -> str:
        """What the row is: data, total, draft, or other (a note, a signature)."""
        texts = [
            str(one.value) for column, one in self.cells.items() if isinstance(one.value, str) and self._tells(column)
        ]
        if any(is_draft(one) for one in texts):
            return "draft"
        for sign, mark in self.on.layout.marks.items():
            if any(alike(sign).lower() in alike(one).lower() for one in texts):
                if mark == "draft":
                    return "draft"
                self.marks.append(mark)
        if self.on.table.rows:
            self.rule = self._row_rule()
            if self.rule is not None:
                self.marks += [self.rule.qualifier] if self.rule.qualifier else []
                return "data"
        if any(is_total(one) for one in texts):
            return "total"
        if self.on.table.rows or not (self.dated or self._headed()):
            return "other"
        keys = [column for role in ("date", "shift", "label", "id") for column, _ in self.on.columns(role)]
        return "data" if not keys or any(column in self.cells for column in keys) else "other"

    def _headed(self) -> bool:
        """Whether headings, and not the row, tell the month."""
        return any("month" in one.names for one in self.on.heading.columns.values())

    def _tells(self, column: int) -> bool:
        """Whether the texts of a column say what the row is, rather than being values."""
        head = self.on.heading.columns.get(column)
        return head is None or head.rule.is_ in _CONTEXT

    def _row_rule(self) -> CellRule | None:
        """The rule that fits a label of the row, without the marks in it."""
        for column, _ in self.on.columns("label"):
            cell = self.on.sheet.at(self.row, column)
            if cell is None or cell.value is None:
                continue
            label = alike(str(cell.value))
            bare = label
            for sign in self.on.layout.marks:
                at = bare.lower().find(alike(sign).lower())
                bare = bare[:at] + bare[at + len(alike(sign)) :] if at >= 0 else bare
            for pattern, rule in self.on.table.rows.items():
                for text in dict.fromkeys((label, bare.strip())):
                    names = caught(pattern, text)
                    if names is not None:
                        self.names |= {**names, **rule.sets}
                        return rule
        return None

    def _fate(self, column: int, cell: RawCell) -> Fate:
        """What becomes of one cell."""
        at = (self.row, column)
        head = self.on.heading.columns.get(column)
        if head is not None and head.rule.is_ in _CONTEXT:
            return context(self.on.sheet, at, head.rule.is_ if head.rule.is_ != "uom" else "unit")
        number = is_number(cell)
        if self.kind in ("total", "draft"):
            if not number:
                return self._not_number(at, cell, head)
            return left_out(self.on.sheet, at, "draft_row" if self.kind == "draft" else "total")
        if head is None:
            return self._unknown(at, number=number)
        if self.kind == "other":
            if not number and not isinstance(cell.value, datetime):
                return context(self.on.sheet, at, "note")
            return self._held(at, "no_point" if self.on.table.rows else "no_period")
        return self._valued(at, cell, head)

    def _not_number(self, at: tuple[int, int], cell: RawCell, head: HeadColumn | None) -> Fate:
        """A text in a total or draft row: a number typed as text is left out like the others, words are context."""
        written = read_written(cell, "number")
        if head is None or written.reason in ("text_note", "dash"):
            return context(self.on.sheet, at, "label")
        return left_out(self.on.sheet, at, written.reason or ("draft_row" if self.kind == "draft" else "total"))

    def _unknown(self, at: tuple[int, int], *, number: bool) -> Fate:
        """A cell in a column that the mapping does not know."""
        if not number:
            return context(self.on.sheet, at, "note")
        title = self.on.heading.unknown.get(at[1], "")
        message = tr("numbers in a column that mapping '{layout}' does not know: '{title}'; they were not taken")
        self.on.doubt(("column", at[1]), message, at, layout=self.on.layout.id, title=title)
        return left_out(self.on.sheet, at, "not_mapped")

    def _held(self, at: tuple[int, int], reason: str) -> Fate:
        """A number that cannot be placed: not taken, and said."""
        messages = {
            "no_point": tr("a row of numbers whose label mapping '{layout}' does not know; they were not taken"),
            "no_period": tr("numbers whose date or shift is not known to mapping '{layout}'; they were not taken"),
            "no_uom": tr("numbers without a unit of measure for mapping '{layout}'; they were not taken"),
            "impossible": tr("numbers that cannot be, for mapping '{layout}'; they were not taken"),
            "uom_differs": tr("numbers in a unit that cannot be theirs for mapping '{layout}'; they were not taken"),
        }
        self.on.doubt(reason, messages[reason], at, layout=self.on.layout.id)
        return left_out(self.on.sheet, at, reason)

    def _valued(self, at: tuple[int, int], cell: RawCell, head: HeadColumn) -> Fate:
        """A cell that holds a value, or one of the numbers that are none."""
        row, column = self.rule or CellRule(), self._stated(head)
        role = column.is_ if column.is_ in _STRONG else row.is_ if row.is_ != "value" else column.is_
        kind = column.kind if column.kind != "number" else row.kind
        written = read_written(cell, kind)
        names = {**self.names, **head.names}
        names |= {"point": fill(row.point, names) or ""} if row.point else {}
        point = fill(joined(self.on.table.point, row.point, column.point), names)
        quantity = fill(column.quantity or row.quantity, names)
        stretch = self._stretch(column, head)
        found = Fate(
            self.on.sheet.name, *at, shown(cell), "rejected", point=point or "", quantity=quantity or "",
            start=stretch.start if stretch else None, end=stretch.end if stretch else None,
            day=stretch.day if stretch else None, slot=stretch.slot if stretch else "",
            meant=written.meant, uom=self._uom(head),
            counts_for=fill(column.counts_for or row.counts_for, names) or "",
            typed=isinstance(cell.value, str),
        )  # fmt: skip
        reason = self._left_out(cell, column, role, written) or self._doubtful(found, written, kind)
        if reason:
            return replace(found, reason=reason)
        return replace(found, status="imported", value=written.value, qualifiers=self._qualifiers(at, written, column))

    def _left_out(self, cell: RawCell, column: CellRule, role: str, written: Written) -> str:
        """Why a cell is no measurement: what its row or column is, or what is written in it; empty if it is one."""
        if role in LEFT_OUT:
            return role if not written.reason or written.reason == "formula_no_value" else written.reason
        if column.typed and not isinstance(cell.value, str):
            return "derived"
        return written.reason

    def _stated(self, head: HeadColumn) -> CellRule:
        """The rule of a column; where this row alone states what others compute, that of a value."""
        also = self.rule.also if self.rule is not None else {}
        for pattern, quantity in also.items():
            if caught(pattern, head.path) is not None:
                return CellRule(quantity=quantity)
        return head.rule

    def _qualifiers(self, at: tuple[int, int], written: Written, column: CellRule) -> tuple[str, ...]:
        """Marks of the row, the column and the cell."""
        hidden = ("hidden_column",) if at[1] in self.on.sheet.hidden_columns else ()
        own = (column.qualifier,) if column.qualifier else ()
        return tuple(dict.fromkeys((*self.marks, *own, *written.qualifiers, *hidden)))

    def _doubtful(self, found: Fate, written: Written, kind: str) -> str:
        """Why a number cannot be taken although it is one; empty where it can."""
        reason = ""
        if not found.point or not found.quantity or found.point.startswith((".", "?")):
            reason = "no_point"
        elif found.start is None:
            reason = "no_period"
        elif kind == "number":
            reason = self._unfit(found, written)
        if reason:
            self._held((found.row, found.column), reason)
        return reason

    @staticmethod
    def _unfit(found: Fate, written: Written) -> str:
        """What is wrong with the unit of a number; empty if nothing."""
        if not found.uom:
            return "no_uom"
        wanted = DIMENSIONS.get(found.quantity) or DIMENSIONS.get(found.quantity.split("_")[0])
        differs = wanted is not None and uom_of(found.uom).dimension != wanted
        if differs or (written.percent and found.uom != "%"):
            return "uom_differs"
        return "impossible" if wanted in _MOST_OF and _beyond(found, written.value or 0.0, wanted) else ""

    def _uom(self, head: HeadColumn) -> str:
        """The unit of a value: of its rule or heading, of its row, of the unit column."""
        if head.uom:
            return head.uom
        if self.rule is not None and self.rule.uom:
            return self.rule.uom
        for column, _ in self.on.columns("uom"):
            cell = self.on.sheet.at(self.row, column)
            if cell is not None and cell.value is not None:
                return code_of(str(cell.value))
        return {"date": "d", "text": "-"}.get(head.rule.kind, "")

    def _stretch(self, column: CellRule, head: HeadColumn) -> Stretch | None:
        """The time that a value is of; None where it is not known."""
        date = self._date(head)
        if date is None or (self.on.table.calendar or self.on.layout.calendar) == ASKED:
            return None
        row = self.rule or CellRule()
        period = column.period or row.period or self.on.table.period
        calendar, moment = self.on.calendar, date
        stamped = next((one.rule.stamp for _, one in self.on.columns("date")), "")
        local = moment.astimezone(calendar.own_zone)
        slot_name = fill(self.on.table.slot, {**self.names, **head.names}) or ""
        if stamped == "end":
            return calendar.ending(moment)
        if period == "moment":
            midnight = not (local.hour or local.minute)
            day = local.date() - timedelta(days=1) if self.on.names.get(CLOSING) and midnight else local.date()
            return Stretch(moment, moment, day, slot_name)
        slot = "day" if period == "day" else self._slot(head)
        if not slot:
            return None
        found = calendar.stretch(local.date(), slot)
        return replace(found, slot=slot_name) if slot_name else found

    def _date(self, head: HeadColumn) -> datetime | None:
        """The date of a value: from its heading, else of its row."""
        own = self.on.calendar.own_zone
        if "date" in head.names:
            moment = moment_of(head.names["date"])
            return moment.replace(tzinfo=own) if moment is not None else None
        month = month_in(head.names["month"]) if "month" in head.names else self.on.month
        day = head.names.get("day", "")
        if "month" in head.names and not day:
            cells = (self.on.sheet.at(self.row, column) for column, _ in self.on.columns("date"))
            day = next((as_word(cell.value) for cell in cells if cell is not None), "")
        if not day:
            return self.date
        found = day_in(month, day)
        return found.replace(tzinfo=own) if found is not None else None

    def _slot(self, head: HeadColumn) -> str:
        """The shift of a value: from its heading, its row, or the sheet; a whole day where there are no shifts."""
        word = head.names.get("shift", "")
        for column, _ in self.on.columns("shift"):
            cell = self.on.sheet.at(self.row, column)
            word = as_word(cell.value) if cell is not None and cell.value is not None else ""
        if not word and self.on.shift == "day":
            return "day"
        word = word or self.on.shift
        if word:
            slot = self.on.calendar.slot(word)
            if not slot:
                message = tr("'{word}' is no shift of calendar '{calendar}' of the mappings")
                self.on.doubt(("shift", word), message, (self.row, 0), word=word, calendar=self.on.calendar.calendar.id)
            return slot
        asked = self.on.calendar.calendar.shifts and (
            any(True for _ in self.on.columns("shift")) or self.on.table.shift
        )
        return "" if asked else "day"
