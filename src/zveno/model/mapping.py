"""Mappings: how the reports that a plant writes anyway are read, one file a layout, in the folder ``mappings``.

A mapping is a set of rules over texts: which title and headings tell the layout, and what the columns and the rows of
its tables hold. It names no cell, so that an inserted column or a sheet of another name changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date as day_of
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from zveno.errors import DataError, Fault, fault
from zveno.model.record import Id, Record, Titles, UomName
from zveno.periods import zone
from zveno.quantities import UOMS
from zveno.text.mark import tr

Role = Literal[
    "value", "date", "shift", "label", "id", "person", "note", "uom",
    "derived", "total", "cumulative", "plan", "not_production",
]  # fmt: skip
ROLES: tuple[str, ...] = Role.__args__  # type: ignore[attr-defined]
LEFT_OUT = ("derived", "total", "cumulative", "plan", "not_production")
"""Roles of cells that hold numbers which are not measurements."""
Clock = Annotated[str, Field(pattern=r"^\d{2}:\d{2}$", description="time of day, such as 07:00")]
ASKED = "?"
"""In place of a calendar or point that a person still has to tell: what hangs on it is not taken."""
PeriodOf = Literal["", "shift", "day", "moment"]
Word = Annotated[str, BeforeValidator(lambda word: str(word) if type(word) is int else word)]
"""A word that may be a bare number in YAML."""


class ShiftTimes(Record):
    """A shift of a report calendar: its clock times and the words that name it."""

    id: str
    starts: Clock
    ends: Clock
    belongs_to: Literal["start", "end"] = Field(
        default="start", description="which date a shift over midnight has: that of its start or of its end"
    )
    words: tuple[Word, ...] = Field(default=(), description="how reports name it: I, 1, night; any language")


class Calendar(Record):
    """How a plant counts its report day: shifts, time zone, and the words for a whole day."""

    id: Id
    zone: str = Field(default="", description="time zone, such as UTC+05:00; that of the chain if left out")
    day_starts: Clock = Field(default="00:00", description="start of a report day without shifts")
    shifts: tuple[ShiftTimes, ...] = ()
    day_words: tuple[str, ...] = Field(default=(), description="words in place of a shift that mean the whole day")

    @field_validator("zone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            zone(name or "UTC+00:00")
        except DataError as error:
            raise ValueError(str(error)) from error
        return name


class CalendarsFile(Record):
    """``mappings/calendars.yaml``: the report calendars that mappings name."""

    calendars: tuple[Calendar, ...]


class CellRule(Record):
    """What a column, or a row with a label, holds.

    In a file it may be one word or two: ``date`` (a role), ``mass_wet`` (a quantity), ``zhf.l1.feed mass_wet`` (a
    point and a quantity), ``af.slag mass_dry kg`` (and a unit of measure that the heading does not say). A point that
    begins with a dot is a part of the point of its row, of its column or of the table: ``.feed`` of ``zhf.l1``.
    """

    is_: Role = Field(default="value", alias="is")
    point: str = Field(default="", description="point; {line} stands for what a pattern caught")
    quantity: str = Field(default="", description="quantity; may hold {el} for the component of the heading")
    uom: UomName = Field(default="", description="unit of measure, where neither heading nor row says it")
    kind: Literal["number", "date", "text"] = "number"
    period: PeriodOf = Field(default="", description="what a value stands for, where it is not that of the table")
    zone: str = Field(default="", description="time zone of the moments of a date column")
    stamp: Literal["", "end"] = Field(default="", description="a date column holds the end of a shift")
    name: str = Field(default="", description="name by which other rules use the text of this column: {lot}")
    sets: dict[str, str] = Field(default={}, description="names with a value for the other rules of the row")
    qualifier: str = Field(default="", description="mark that the values get, such as qc_standard")
    counts_for: str = Field(default="", description="point of the chain that the value counts for, if another")
    also: dict[str, str] = Field(
        default={}, description="headings of computed columns that in this row alone are stated: the quantity they give"
    )
    typed: bool = Field(default=False, description="only what was typed as text is taken: the rest is computed")


def _rules(given: object) -> object:
    """Short forms of rules written out."""
    if not isinstance(given, dict):
        return given
    return {key: written_out(value) if isinstance(value, str) else value for key, value in given.items()}


def written_out(short: str) -> object:
    """A rule from its short form.

    >>> written_out("id wagon"), written_out("zhf.l1.feed mass_wet")
    ({'is': 'id', 'name': 'wagon'}, {'point': 'zhf.l1.feed', 'quantity': 'mass_wet'})
    """
    words = short.split()
    if words and words[0] in ROLES:
        return {"is": words[0], **dict(zip(("name",), words[1:], strict=False))} if len(words) < 3 else short
    if len(words) == 1:
        return {"point": short} if "." in short else {"quantity": short}
    return dict(zip(("point", "quantity", "uom"), words, strict=False)) if 2 <= len(words) <= 3 else short


Rules = Annotated[dict[str, CellRule], BeforeValidator(_rules)]


class MappedTable(Record):
    """One table of a sheet.

    Patterns are texts: case and spaces do not count, ``*`` stands for anything, ``{name}`` catches a word, ``|``
    parts alternatives; a heading of several rows is written ``upper / lower``.
    """

    title: str = Field(default="", description="pattern of a text on the sheet; that of the mapping if empty")
    section: str = Field(
        default="", description="pattern of a text right above the heading, where other tables have the same headings"
    )
    is_: Literal["", "total", "plan", "not_production"] = Field(
        default="", alias="is", description="the sheet has no values to take: what its numbers are instead"
    )
    calendar: str = Field(default="", description="report calendar; '?' takes nothing until it is told")
    point: str = Field(default="", description="point of rules that name none; begin of those that name '.part' of it")
    heading_rows: Annotated[int, Field(ge=1, le=5)] = 1
    date: Annotated[str, BeforeValidator(lambda day: str(day) if isinstance(day, day_of) else day)] = Field(
        default="",
        description="where the date is, if not in a column: 'above' the heading, 'beside TEXT', 'within TEXT', a date",
    )
    date_order: Literal["dmy", "mdy", "?"] = Field(
        default="dmy", description="order of day and month in dates of figures; '?' takes none until it is told"
    )
    shift: str = Field(default="", description="where the shift is, if not in a column: 'beside TEXT', 'day'")
    period: PeriodOf = ""
    slot: str = Field(default="", description="name of the period, where it is neither a shift nor a day: {lot}")
    columns: Rules = Field(default={}, description="pattern of a heading: what the column holds")
    rows: Rules = Field(default={}, description="pattern of a label: what the row holds")


class LayoutMapping(Record):
    """``mappings/NAME.yaml``: one layout of reports."""

    id: Id
    title: Titles = {}
    sheet: str = Field(default="", description="pattern of a text that every sheet of the layout has")
    calendar: str = Field(default="", description="report calendar")
    marks: dict[str, str] = Field(
        default={}, description="pattern of a text in a row: the qualifier it gives, or 'draft' (nothing is taken)"
    )
    dated_file: bool = Field(default=False, description="the name of the file says the date too: they must agree")
    tables: tuple[MappedTable, ...]


class Mappings(Record):
    """All mappings of a description with their calendars."""

    layouts: tuple[LayoutMapping, ...] = ()
    calendars: dict[str, Calendar] = {}
    hashes: dict[str, str] = Field(default={}, description="SHA-256 of each mapping and the calendars by its id")


def mapping_faults(layout: LayoutMapping, calendars: Mapping[str, Calendar], where: Any) -> Iterator[Fault]:
    """What pydantic cannot see: calendars that are not there, dates that are none, rules that say nothing."""
    for n, table in enumerate(layout.tables):
        at = ("tables", n)
        calendar = table.calendar or layout.calendar
        if calendar and calendar != ASKED and calendar not in calendars:
            message = tr("calendar '{calendar}' is not described in mappings/calendars.yaml")
            yield fault(message, where((*at, "calendar") if table.calendar else ("calendar",)), calendar=calendar)
        if not table.columns and not table.is_:
            yield fault(tr("the table has no columns: say what its headings hold"), where(at))
        yield from _date_faults(table, where((*at, "date")))
        for part, rules in (("columns", table.columns), ("rows", table.rows)):
            for pattern, rule in rules.items():
                place = where((*at, part, pattern))
                if rule.uom and rule.uom not in UOMS:
                    yield fault(tr("'{uom}' is not a unit of measure: see docs/reference/units-of-measure.md"), place,
                                uom=rule.uom)  # fmt: skip
                if rule.is_ == "value" and "{" not in pattern and rule == CellRule():
                    yield fault(tr("the rule says nothing: name a role, a quantity, or a point and a quantity"), place)
    if not layout.sheet and any(not one.title for one in layout.tables):
        message = tr("'{layout}' can be told by no title: write 'sheet' or a 'title' for every table")
        yield fault(message, where(("id",)), layout=layout.id)


def _date_faults(table: MappedTable, where: str) -> Iterator[Fault]:
    """A table needs a date column, or a place where its date stands."""
    word = table.date.split(" ")[0]
    if table.date and word not in ("above", "beside", "within"):
        try:
            day_of.fromisoformat(table.date)
        except ValueError:
            yield fault(
                tr("'{text}' says no place of the date: write above, beside TEXT, within TEXT, or a date"), where,
                text=table.date,
            )  # fmt: skip
    elif not table.date and not table.is_ and not _dated(table):
        yield fault(tr("nothing says the date of the table: give a date column, or write 'date'"), where)


def _dated(table: MappedTable) -> bool:
    """Whether a column or the headings of columns tell the date."""
    headed = any("{date}" in pattern for pattern in table.columns)
    return headed or any(rule.is_ == "date" for rule in table.columns.values())
