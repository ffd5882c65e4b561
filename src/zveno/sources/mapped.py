"""Any report read by the mapping that knows its layout: every non-empty cell gets a fate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, tzinfo
from math import log
from statistics import median

from zveno.errors import Fault, fault
from zveno.model.mapping import LayoutMapping, MappedTable, Mappings
from zveno.sources.cells import Place, cell_name
from zveno.sources.dates import date_in, moment_in, moment_of, month_in
from zveno.sources.fates import Fate, context, is_number, left_out
from zveno.sources.grid import Book, RawCell, Sheet
from zveno.sources.headings import Heading, find_heading
from zveno.sources.mappedrows import CLOSING, TableOnSheet, as_word
from zveno.sources.patterns import alike, caught
from zveno.sources.reportdays import ReportCalendar
from zveno.sources.written import is_ambiguous
from zveno.text.mark import tr
from zveno.text.sheetwords import is_correction, tidy

_TITLE_ROWS = 12
_MANY_DAYS, _FAR_DAYS = 5, 20


@dataclass(frozen=True)
class Found:
    """A table of a layout found on a sheet: its heading (None for sheets without values), names of its title."""

    table: MappedTable
    heading: Heading | None
    names: Mapping[str, str]
    first: int = 0


@dataclass(frozen=True)
class Recognised:
    """The layout of a file and where its tables stand, by sheet."""

    layout: LayoutMapping
    tables: Mapping[str, Sequence[Found]]

    @property
    def weight(self) -> int:
        """How many columns are known: the layout that knows most is the right one."""
        found = [one for tables in self.tables.values() for one in tables]
        return sum(len(one.heading.columns) if one.heading else 1 for one in found)


@dataclass(frozen=True)
class MappedBook:
    """Fates of all cells of a file, its layout, whether it says that it corrects another, and what to look at."""

    layout: str
    fates: tuple[Fate, ...]
    corrects: bool
    doubts: tuple[Fault, ...] = ()


def recognise(book: Book, mappings: Mappings) -> Recognised | None:
    """The layout that knows most of a file; None where none knows any table of it."""
    found = [one for layout in mappings.layouts if (one := _recognised(book, layout)).tables]
    return max(found, key=lambda one: one.weight, default=None)


def _recognised(book: Book, layout: LayoutMapping) -> Recognised:
    tables: dict[str, Sequence[Found]] = {}
    for sheet in book.sheets:
        here = sorted(_tables_on(sheet, layout), key=lambda one: one.first)
        if here:
            tables[sheet.name] = here
    return Recognised(layout, tables)


def _tables_on(sheet: Sheet, layout: LayoutMapping) -> Iterator[Found]:
    """Tables whose title and heading stand on a sheet."""
    titles = [tidy(cell.value) for (row, _), cell in sorted(sheet.cells.items())
              if row < _TITLE_ROWS and isinstance(cell.value, str)]  # fmt: skip
    own = _said(layout.sheet, titles)
    if own is None:
        return
    for table in layout.tables:
        said = _said(table.title, titles)
        if said is None:
            continue
        if table.is_:
            yield Found(table, None, {**own, **said})
            continue
        heading = find_heading(sheet, table)
        if heading is not None:
            yield Found(table, heading, {**own, **said}, heading.first)


def _said(pattern: str, titles: Sequence[str]) -> Mapping[str, str] | None:
    """What the first title that fits a pattern tells; None where none fits."""
    if not pattern:
        return {}
    return next((found for one in titles if (found := caught(pattern, one)) is not None), None)


def read_mapped(book: Book, name: str, known: Recognised, mappings: Mappings, tz: tzinfo) -> MappedBook:
    """Every cell of a file by its layout.

    Parameters
    ----------
    book
        The cells.
    name
        Name of the file, for places and for the date in it.
    known
        Its layout, from :func:`recognise`.
    mappings
        All mappings, for their calendars.
    tz
        Time zone of calendars that name none.
    """
    reader = BookReader(name, known, mappings, tz)
    fates = tuple(fate for sheet in book.sheets for fate in reader.read(sheet))
    texts = [str(fate.text) for fate in fates if fate.status == "context" and fate.role in ("title", "note")]
    corrects = is_correction(name) or any(is_correction(one) for one in texts if len(one) < 200)
    near = tuple(_near_dates(name, tuple(_sized(tuple(_rolled_over(fates)))), reader.doubts))
    return MappedBook(known.layout.id, near, corrects, tuple(reader.doubts.values()))


def _rolled_over(fates: Sequence[Fate]) -> Iterator[Fate]:
    """Mark a counter that ends below its beginning: it went through its highest number."""
    begun = {(one.point, one.start, one.end): one.value for one in fates if one.quantity == "counter_start"}
    for one in fates:
        first = begun.get((one.point, one.start, one.end)) if one.quantity == "counter_end" else None
        passed = first is not None and one.value is not None and one.value < first
        yield replace(one, qualifiers=(*one.qualifiers, "counter_rollover")) if passed else one


def _sized(fates: Sequence[Fate]) -> Iterator[Fate]:
    """Hold ``1,189`` where its column shows that thousands are meant, or does not show what is meant."""
    usual: dict[tuple[str, ...], list[float]] = {}
    for one in fates:
        if one.status == "imported" and one.value and not _may_be_thousands(one):
            usual.setdefault((one.point, one.quantity, one.uom), []).append(abs(one.value))
            usual.setdefault((one.quantity, one.uom), []).append(abs(one.value))
    for one in fates:
        if not _may_be_thousands(one):
            yield one
            continue
        others = usual.get((one.point, one.quantity, one.uom)) or usual.get((one.quantity, one.uom))
        sure = others is not None and abs(log(abs(one.value or 1.0) / median(others))) < log(1000) / 2
        yield one if sure else replace(one, status="rejected", reason="ambiguous", meant=None, value=None)


def _may_be_thousands(one: Fate) -> bool:
    """Whether a value was typed so that its comma may part thousands."""
    return one.status == "imported" and one.typed and bool(one.value) and is_ambiguous(one.text)


def _near_dates(file: str, fates: Sequence[Fate], doubts: dict[object, Fault]) -> Iterator[Fate]:
    """Hold values of a date that stands alone, far from all others of a file of many dates: a slip of the pen."""
    days = sorted({one.day for one in fates if one.status == "imported" and one.day is not None})
    alone = {
        day
        for n, day in enumerate(days)
        if len(days) >= _MANY_DAYS
        and all(abs((other - day).days) > _FAR_DAYS for other in days[max(0, n - 1) : n + 2] if other != day)
    }
    for one in fates:
        if one.status != "imported" or one.day not in alone:
            yield one
            continue
        message = tr("the date {day} is far from all others of the file: its values were not taken; is it right?")
        place = str(Place(file, one.sheet, one.cell))
        doubts.setdefault((one.sheet, one.day), fault(message, place, day=str(one.day)))
        yield replace(one, status="rejected", reason="far_date", value=None)


@dataclass
class BookReader:
    """Reads the sheets of one file and collects what a user should look at."""

    file: str
    known: Recognised
    mappings: Mappings
    tz: tzinfo
    doubts: dict[object, Fault] = field(default_factory=dict)

    def read(self, sheet: Sheet) -> Iterator[Fate]:
        """Fates of all cells of a sheet."""
        tables = self.known.tables.get(sheet.name, ())
        if not tables:
            yield from self._strange(sheet)
            return
        if any(one.heading is None for one in tables) and not any(one.heading for one in tables):
            yield from _without_values(sheet, tables[0].table.is_)
            return
        starts = sorted({one.heading.first for one in tables if one.heading is not None})
        top = 0
        for n, first in enumerate(starts):
            beside = [one for one in tables if one.heading is not None and one.heading.first == first]
            end = starts[n + 1] if n + 1 < len(starts) else sheet.height
            yield from self._beside(sheet, beside, (top, end), first=n == 0)
            top = end

    def _beside(self, sheet: Sheet, tables: Sequence[Found], rows: tuple[int, int], *, first: bool) -> Iterator[Fate]:
        """Tables whose headings stand in the same rows: each cell is read by the one that knows its column."""
        assert tables[0].heading is not None
        used: dict[tuple[int, int], str] = {}
        found: dict[tuple[int, int], Fate] = {}
        last = max(one.heading.last for one in tables if one.heading is not None)
        for one in tables:
            assert one.heading is not None
            others = {column for each in tables if each is not one and each.heading for column in each.heading.columns}
            own = replace(one.heading, unknown={c: text for c, text in one.heading.unknown.items() if c not in others})
            on, said = self._on_sheet(sheet, one, own)
            used |= said
            for fate in on.read(last + 1, rows[1]):
                at = (fate.row, fate.column)
                if at not in found or on.knows(fate.column):
                    found[at] = fate
            self.doubts |= on.doubts
        heading = replace(tables[0].heading, last=last)
        yield from self._above(sheet, (rows[0], heading.first), used, first=first)
        yield from _heads(sheet, heading)
        yield from found.values()

    def _on_sheet(
        self, sheet: Sheet, found: Found, heading: Heading
    ) -> tuple[TableOnSheet, dict[tuple[int, int], str]]:
        """A table with its date, shift and calendar; and the cells that said them."""
        layout, table = self.known.layout, found.table
        calendar = ReportCalendar.of(self.mappings.calendars.get(table.calendar or layout.calendar), self.tz)
        above = {at: cell for at, cell in sheet.cells.items() if at[0] < heading.first}
        used: dict[tuple[int, int], str] = {}
        names = dict(found.names)
        place, moment = date_above(table.date, above) if table.date else (None, None)
        if place is not None:
            used[place] = "date"
            names |= {CLOSING: "1"} if "24:00" in str(sheet.cells[place].value) else {}
        beside = _beside(table.shift.removeprefix("beside "), above) if table.shift.startswith("beside ") else None
        if beside is not None:
            used[beside] = "shift"
        shift = as_word(sheet.cells[beside].value) if beside is not None else table.shift.partition("beside")[0]
        moment, marks = self._dated(moment, place or (0, 0), sheet)
        aware = moment.replace(tzinfo=calendar.own_zone) if moment is not None else None
        on = TableOnSheet(
            layout, table, heading, sheet, self.file, calendar, names, date=aware, shift=shift, marks=marks,
            month=None if moment else _month_above(table.date, above),
        )  # fmt: skip
        for pattern in (one for one in heading.missing if table.columns[one].is_ == "value"):
            message = tr("column '{column}' of mapping '{layout}' is not on the sheet")
            on.doubt(("missing", pattern), message, (heading.first, 0), column=pattern, layout=layout.id)
        return on, used

    def _dated(
        self, moment: datetime | None, at: tuple[int, int], sheet: Sheet
    ) -> tuple[datetime | None, tuple[str, ...]]:
        """The date of a sheet against that of the file's name: another year is a slip, anything else is held."""
        named = date_in(self.file.rpartition("/")[2].replace("_", " ")) if self.known.layout.dated_file else None
        if moment is None or named is None or moment.date() == named:
            return moment, ()
        place = str(Place(self.file, sheet.name, cell_name(*at)))
        if (moment.month, moment.day) == (named.month, named.day):
            message = tr("the sheet says {sheet}, the name of the file {named}: the year was taken from the name")
            self.doubts[sheet.name, "date"] = fault(message, place, sheet=str(moment.date()), named=str(named))
            return datetime.combine(named, moment.time()), ("date_conflict",)
        message = tr("the sheet says {sheet}, the name of the file {named}: nothing was taken; which is right?")
        self.doubts[sheet.name, "date"] = fault(message, place, sheet=str(moment.date()), named=str(named))
        return None, ()

    def _above(
        self, sheet: Sheet, rows: tuple[int, int], used: Mapping[tuple[int, int], str], *, first: bool
    ) -> Iterator[Fate]:
        """Cells above a heading: titles, the date and the shift; numbers there are not understood."""
        for at, cell in sorted(sheet.cells.items()):
            if not rows[0] <= at[0] < rows[1]:
                continue
            if at in used:
                yield context(sheet, at, used[at])
            elif is_number(cell):
                message = tr("a number above the heading that mapping '{layout}' does not know; it was not taken")
                place = str(Place(self.file, sheet.name, cell_name(*at)))
                self.doubts[sheet.name, at] = fault(message, place, layout=self.known.layout.id)
                yield left_out(sheet, at, "not_mapped")
            else:
                yield context(sheet, at, "title" if first else "label")

    def _strange(self, sheet: Sheet) -> Iterator[Fate]:
        """A sheet without a table of the layout."""
        numbers = [at for at, cell in sorted(sheet.cells.items()) if is_number(cell)]
        if numbers:
            message = tr("mapping '{layout}' knows no table of this sheet; its numbers were not taken")
            place = str(Place(self.file, sheet.name, ""))
            self.doubts[sheet.name, "strange"] = fault(message, place, layout=self.known.layout.id)
        yield from strange_cells(sheet, "not_mapped")


def strange_cells(sheet: Sheet, reason: str) -> Iterator[Fate]:
    """Cells of a sheet that nothing is known of: numbers are left out with a reason, texts are context."""
    for at, cell in sorted(sheet.cells.items()):
        yield left_out(sheet, at, reason) if is_number(cell) else context(sheet, at, "note")


def _without_values(sheet: Sheet, reason: str) -> Iterator[Fate]:
    """A sheet of which a mapping says that it holds no values; a row 1, 2, 3 ... is a heading."""
    heads: set[int] = set()
    for row in range(sheet.height):
        values = [cell.value for _, cell in sheet.row(row)]
        if len(values) > 2 and values == list(range(1, len(values) + 1)):
            heads.add(row)
    for at, cell in sorted(sheet.cells.items()):
        if at[0] in heads:
            yield context(sheet, at, "header")
        else:
            yield left_out(sheet, at, reason) if is_number(cell) else context(sheet, at, "note")


def _heads(sheet: Sheet, heading: Heading) -> Iterator[Fate]:
    """Cells of the heading rows."""
    for row in range(heading.first, heading.last + 1):
        for column, _ in sheet.row(row):
            yield context(sheet, (row, column), "header")


def date_above(said: str, above: Mapping[tuple[int, int], RawCell]) -> tuple[tuple[int, int] | None, datetime | None]:
    """Where a date stands above a heading, and the date; ``said`` may be a date itself."""
    word, _, text = said.partition(" ")
    if word == "above":
        found = ((at, moment_of(cell.value)) for at, cell in sorted(above.items()))
        return next(((at, moment) for at, moment in found if moment is not None), (None, None))
    if word == "beside":
        at = _beside(text, above)
        return (at, moment_of(above[at].value)) if at is not None else (None, None)
    if word == "within":
        for at, cell in sorted(above.items()):
            if isinstance(cell.value, str) and caught(text, cell.value) is not None:
                return at, moment_in(cell.value)
        return None, None
    return None, datetime.combine(date.fromisoformat(said), time())


def _month_above(said: str, above: Mapping[tuple[int, int], RawCell]) -> date | None:
    """The month that a text above a heading names, for days that are numbers only."""
    word, _, pattern = said.partition(" ")
    texts = [str(cell.value) for _, cell in sorted(above.items()) if isinstance(cell.value, str)]
    if word == "within":
        texts = [one for one in texts if caught(pattern, one) is not None]
    months = {month for one in texts if word in ("above", "within") and (month := month_in(one)) is not None}
    return months.pop() if len(months) == 1 else None


def _beside(label: str, above: Mapping[tuple[int, int], RawCell]) -> tuple[int, int] | None:
    """The first non-empty cell right of a label."""
    for (row, column), cell in sorted(above.items()):
        if isinstance(cell.value, str) and alike(cell.value).lower() == alike(label).lower():
            right = sorted(c for r, c in above if r == row and c > column)
            return (row, right[0]) if right else None
    return None
