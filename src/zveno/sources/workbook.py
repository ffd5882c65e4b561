"""Workbooks in Zveno's own layouts, in any of the three languages.

A list sheet has a heading row with *Point* and *Value* (and *Quantity*, *Unit of measure*); a journal sheet
has *Point* and columns such as ``Cu, %``. Date and shift stand in columns, or once above the heading row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from python_calamine import CalamineError, CalamineWorkbook

from zveno.errors import DataError, Fault, fault
from zveno.model.checks import near_match
from zveno.model.types import Meter
from zveno.quantities import UOMS
from zveno.sources.cells import Cells, Place, cell_name, spoken_slots
from zveno.sources.unreadable import unreadable, why_not
from zveno.text.mark import tr
from zveno.text.words import as_latin, quantity_phrase, spoken, uom_code

_COLUMN = re.compile(r"^(\w+)(?:[\s,;(]+(.+?)\)?)?$")
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How workbooks begin, new ones and old ones."""
_SEARCHED_ROWS = 30
_OF_A_SHIFT = ("shift", "lot")
UNKNOWN_COLUMN = tr("it stands in a column whose heading names no component of the chain")


@dataclass(frozen=True)
class Heading:
    """A heading row: where the known columns stand, and the component columns with their uom."""

    row: int
    columns: Mapping[str, int]
    components: Mapping[int, tuple[str, str]]


def opened(content: bytes, name: str) -> dict[str, list[list[Any]]]:
    """Rows of every sheet, with what stands in cells that the reader gives as blanks.

    Raises
    ------
    DataError
        If the workbook cannot be opened.
    """
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        sheets = {sheet: book.get_sheet_by_name(sheet).to_python(skip_empty_area=False) for sheet in book.sheet_names}
        for sheet, row, column, said in unreadable(content):
            rows = sheets[sheet]
            rows.extend([] for _ in range(row + 1 - len(rows)))
            rows[row].extend([""] * (column + 1 - len(rows[row])))
            rows[row][column] = said
    except (CalamineError, OSError, ValueError, KeyError, BadZipFile, ParseError) as error:
        message = tr("the workbook cannot be opened: {problem}. Open it in a spreadsheet program and save it again")
        raise DataError(message, name, problem=why_not(error)) from error
    return sheets


def read_workbook(content: bytes, name: str, cells: Cells) -> None:
    """Take every value of a workbook into ``cells``; sheets without a known heading are faults."""
    try:
        sheets = opened(content, name)
    except DataError as error:
        cells.faults.extend(error.faults)
        return
    filled = {
        sheet: rows for sheet, rows in sheets.items() if any(value not in ("", None) for row in rows for value in row)
    }
    if not filled:
        cells.faults.append(fault(tr("the workbook is empty: send it filled in, or leave it out"), name))
    for sheet, rows in filled.items():
        SheetReader(cells, name, sheet, rows).read()


@dataclass(frozen=True)
class SheetReader:
    """Reads one sheet."""

    cells: Cells
    file: str
    sheet: str
    rows: Sequence[Sequence[Any]]

    def read(self) -> None:
        """Find the heading row, then take every row below it."""
        heading = self._heading()
        if heading is None:
            message = tr(
                "no heading row with a 'Point' column and values was found: the sheet is not one of Zveno's layouts"
            )
            self.cells.faults.append(fault(message, f"{self.file}, '{self.sheet}'"))
            return
        self._pass_over(heading)
        for row in range(heading.row + 1, len(self.rows)):
            point = self._value(row, heading.columns["point"])
            if point not in ("", None):
                self._take_row(heading, row, str(point).strip())

    def _heading(self) -> Heading | None:
        """The first row that names a point column and a value or component column."""
        words = spoken("headings")
        for row, values in enumerate(self.rows[:_SEARCHED_ROWS]):
            texts = {column: str(value).strip() for column, value in enumerate(values) if isinstance(value, str)}
            columns = {words[text.lower()]: column for column, text in texts.items() if text.lower() in words}
            components = {column: found for column, text in texts.items() if (found := self._component(text))}
            if "point" in columns and ("value" in columns or components):
                return Heading(row, columns, components)
        return None

    def _component(self, text: str) -> tuple[str, str] | None:
        """``Cu, %`` as a component and its uom; ``Cu`` alone has the uom of the meter."""
        match = _COLUMN.match(text)
        if match is None:
            return None
        component = spoken("elements").get(match[1].lower(), as_latin(match[1]))
        if component not in self.cells.model.chain.components:
            return None
        word = (match[2] or "").strip()
        uom = spoken("uoms").get(word.lower()) or uom_code(word)
        return component, "%" if uom not in UOMS and "%" in uom else uom

    def _pass_over(self, heading: Heading) -> None:
        """List columns of numbers whose heading says nothing that is known, and values without a point."""
        known = {*heading.columns.values(), *heading.components}
        for column, title in enumerate(self.rows[heading.row]):
            if column in known:
                continue
            for row in range(heading.row + 1, len(self.rows)):
                if isinstance(value := self._value(row, column), float):
                    self.cells.reject(f"{title}: {value:g}", UNKNOWN_COLUMN, self._place(row, column))
        valued = [*heading.components, *(heading.columns[key] for key in ("value",) if key in heading.columns)]
        for row in range(heading.row + 1, len(self.rows)):
            if self._value(row, heading.columns["point"]) not in ("", None):
                continue
            for column in valued:
                if self._value(row, column) not in ("", None):
                    message = tr("a value without a point: write the point in every row (merged cells hide it)")
                    self.cells.faults.append(fault(message, str(self._place(row, column))))

    def _take_row(self, heading: Heading, row: int, point: str) -> None:
        """Take the values of one row."""
        meter = self.cells.model.meters.get(point)
        if meter is None:
            message = tr("'{point}' is not a meter of this chain")
            where = self._place(row, heading.columns["point"])
            near = near_match(point, self.cells.model.meters)
            self.cells.faults.append(fault(message, str(where), point=point, near=near))
            return
        span = self._span(heading, row, meter)
        if isinstance(span, Fault):
            self.cells.faults.append(span)
            return
        for column, (component, uom) in heading.components.items():
            if self._value(row, column) in ("", None) or not self._measures(meter, component, (row, column)):
                continue
            own = meter.uoms.get(component, meter.uom)
            self._take(meter, component, (row, column), (uom or own, (heading.row, column)), span)
        if "value" in heading.columns:
            self._take_listed(heading, meter, row, span)

    def _take_listed(self, heading: Heading, meter: Meter, row: int, span: tuple[datetime, datetime]) -> None:
        """Take the one value of a list row, its quantity and uom from their columns or from the meter."""
        column = heading.columns["value"]
        quantity = meter.quantity if meter.quantity != "assay" else meter.components[0]
        if "quantity" in heading.columns:
            word = str(self._value(row, heading.columns["quantity"])).strip()
            known = {**spoken("quantities"), **{one.lower(): one for one in meter.components}}
            quantity = known.get(word.lower(), "")
            if not quantity:
                message = tr("quantity '{word}' is not known: use wet mass, dry mass, moisture or a component")
                self.cells.faults.append(fault(message, str(self._place(row, heading.columns["quantity"])), word=word))
                return
        elif len(meter.components) > 1:
            message = tr("'{meter}' gives several components: add a column that says which one")
            self.cells.faults.append(fault(message, str(self._place(row, column)), meter=meter.id))
            return
        if self._value(row, column) in ("", None):
            return
        if not self._measures(meter, quantity, (row, heading.columns.get("quantity", column))):
            return
        uom, at = meter.uoms.get(quantity, meter.uom), column
        if "uom" in heading.columns:
            at = heading.columns["uom"]
            word = str(self._value(row, at) or "").strip()
            uom = spoken("uoms").get(word.lower()) or uom_code(word)
        self._take(meter, quantity, (row, column), (uom, (row, at)), span)

    def _take(
        self,
        meter: Meter,
        quantity: str,
        at: tuple[int, int],
        uom: tuple[str, tuple[int, int]],
        span: tuple[datetime, datetime],
    ) -> None:
        """Hand one cell over, if its uom (which has a place of its own) can be the meter's."""
        raw = self._value(*at)
        if raw not in ("", None) and self.cells.fits(meter, quantity, uom[0], self._place(*uom[1])):
            self.cells.add(meter, quantity, raw, uom[0], span, self._place(*at))

    def _measures(self, meter: Meter, quantity: str, at: tuple[int, int]) -> bool:
        """Whether the meter gives that quantity; a fault at the cell that says so, if not."""
        if quantity in (meter.components if meter.quantity == "assay" else (meter.quantity,)):
            return True
        message = tr("'{meter}' does not measure '{quantity}': check the point, or describe it in chain.yaml")
        said = quantity_phrase(quantity)
        self.cells.faults.append(fault(message, str(self._place(*at)), meter=meter.id, quantity=said))
        return False

    def _span(self, heading: Heading, row: int, meter: Meter) -> tuple[datetime, datetime] | Fault:
        """The shift (or plant day) of a row, from its columns or from the cells above the heading."""
        day, day_place = self._given("date", heading, row)
        slot, slot_place = self._given("shift", heading, row)
        moment = _day(day)
        if moment is None:
            message = tr("no date is given, or '{text}' is not one: write a date such as 2026-03-01 or 01.03.2026")
            return fault(message, str(day_place), text=day)
        model = self.cells.model
        if slot is not None and not str(slot).strip() and meter.period in _OF_A_SHIFT and spoken_slots(model):
            message = tr("the shift is empty, but '{meter}' is read by shifts: write one of {known}")
            return fault(message, str(slot_place), meter=meter.id, known=", ".join(spoken_slots(model)))
        if slot in ("", None):
            start = datetime.combine(moment, time(), model.tz)
            return start, start + timedelta(days=1)
        name = spoken_slots(model).get(_plain(slot).strip().lower())
        for one in model.people.shifts.slots if model.people else ():
            if one.id == name:
                start = datetime.combine(moment, time.fromisoformat(one.start), model.tz)
                self._doubt_crew(heading, row, moment, one.id)
                return start, start + timedelta(hours=one.hours)
        message = tr("shift '{text}' is not known: people.yaml names the shifts {known}")
        return fault(message, str(slot_place), text=_plain(slot), known=", ".join(spoken_slots(model)) or "–")

    def _doubt_crew(self, heading: Heading, row: int, day: date, slot: str) -> None:
        """Say it where the sheet names another crew than the calendar."""
        given, place = self._given("crew", heading, row)
        calendar = self.cells.model.shift_pattern.crew(day, slot)
        if given not in ("", None) and as_latin(str(given).strip()).lower() != as_latin(calendar).lower():
            message = tr("the sheet says crew '{given}', the calendar of people.yaml has '{calendar}' on that shift")
            key = (self.sheet, day, slot, "crew")
            self.cells.doubts.setdefault(key, fault(message, str(place), given=given, calendar=calendar))

    def _given(self, key: str, heading: Heading, row: int) -> tuple[Any, Place]:
        """A value from its column, or from the cell right of its label above the heading."""
        if key in heading.columns:
            column = heading.columns[key]
            return self._value(row, column), self._place(row, column)
        words = spoken("headings")
        for above in range(heading.row):
            for column, value in enumerate(self.rows[above]):
                if isinstance(value, str) and words.get(value.strip().rstrip(":").lower()) == key:
                    return self._value(above, column + 1), self._place(above, column + 1)
        return None, self._place(row, heading.columns["point"])

    def _value(self, row: int, column: int) -> Any:
        """A cell's value; None beyond the edge."""
        values = self.rows[row]
        return values[column] if column < len(values) else None

    def _place(self, row: int, column: int) -> Place:
        return Place(self.file, self.sheet, cell_name(row, column))


def _plain(value: Any) -> str:
    """A cell as text; a whole number without its decimal point."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _day(value: Any) -> date | None:
    """A date from a date cell or an ISO or dotted text."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            return datetime.strptime(str(value).strip(), form).date()
        except ValueError:
            continue
    return None
