"""An act of stock-taking: a workbook or text table with one row for each value that was counted.

Columns: date (with the time, where it is not the end of the period), point (the stock), quantity (surveyed dry mass,
or a component), unit of measure, value, ± (95 %). Headings, quantities and units may be in any of the three languages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import xlsxwriter

from zveno.errors import DataError, Fault, fault
from zveno.model.chain import ChainModel
from zveno.model.checks import near_match
from zveno.model.types import Stock
from zveno.sources.books import is_book, open_book, text_books
from zveno.sources.cells import Place, cell_name, number
from zveno.sources.dates import moment_of
from zveno.sources.grid import Book, Sheet
from zveno.text.catalogue import Catalogue
from zveno.text.mark import tr
from zveno.text.words import HEADINGS, QUANTITIES, UOM_WORDS, as_latin, spoken, uom_code

COLUMNS = ("date", "point", "name", "quantity", "uom", "value", "error")
_NEEDED = ("point", "quantity", "value")
_MASS = "survey_mass"


@dataclass(frozen=True)
class CountedValue:
    """One value of an act.

    Parameters
    ----------
    stock, quantity
        The stock; ``survey_mass``, or a component.
    value, error
        In ``uom`` (that of the meter, if empty); the error is half of the 95 % interval, None where it is not told.
    moment
        Plant time without a zone; None: the end of the period.
    """

    stock: str
    quantity: str
    value: float
    error: float | None
    uom: str
    moment: datetime | None = None
    place: str = ""


def read_act(model: ChainModel, content: bytes, name: str) -> tuple[CountedValue, ...]:
    """The values of an act.

    Raises
    ------
    DataError
        If it cannot be read: every cell at fault with its place.
    """
    books = [open_book(content, name)] if is_book(content) else list(text_books(content))
    found = next(((sheet, head) for book in books for sheet, head in _heads(book)), None)
    if found is None:
        raise DataError(
            "there is no row with the headings {headings}: write the act into the template (--template FILE.xlsx)",
            name,
            headings=", ".join(HEADINGS[one] for one in _NEEDED),
        )  # fmt: skip
    sheet, (top, columns) = found
    faults: list[Fault] = []
    values = [
        one for row in range(top + 1, sheet.height)
        if (one := _value(model, _Row(sheet, row, columns, name), faults)) is not None
    ]  # fmt: skip
    seen: dict[tuple[str, str], str] = {}
    for one in values:
        first = seen.setdefault((one.stock, one.quantity), one.place)
        if first != one.place:
            faults.append(fault("this was counted already: it stands at {first}", one.place, first=first))
    if faults:
        raise DataError(faults)
    if not values:
        raise DataError("the act counts nothing: no row has a value", name)
    return tuple(values)


def write_act(model: ChainModel, stocks: Sequence[Stock], path: Path, text: Catalogue) -> None:
    """Write an empty act for some stocks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path)) as book:
        book.set_properties({"created": datetime(2000, 1, 1)})
        sheet = book.add_worksheet(text(tr("Stocktake")))
        sheet.write_row(0, 0, [text(HEADINGS[one]) for one in COLUMNS], book.add_format({"bold": True}))
        sheet.freeze_panes(1, 0)
        for row, (stock, quantity, uom) in enumerate(_asked(model, stocks), 1):
            words = text(QUANTITIES[quantity]) if quantity in QUANTITIES else quantity
            sheet.write_row(row, 1, [stock.id, model.title(stock.id, text.lang), words, text(UOM_WORDS.get(uom, uom))])
        sheet.set_column(0, 6, 22)


def _asked(model: ChainModel, stocks: Sequence[Stock]) -> Iterator[tuple[Stock, str, str]]:
    """What is to be counted of stocks: mass, and the components that are assayed of them."""
    for stock in stocks:
        yield stock, _MASS, "t"
        for meter in model.chain.meters if not stock.content else ():
            if meter.stream == stock.id and meter.quantity == "assay":
                for component in meter.components:
                    yield stock, component, meter.uoms.get(component, meter.uom)


# ---- reading ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Row:
    """A row of the act."""

    sheet: Sheet
    row: int
    columns: Mapping[str, int]
    name: str

    def get(self, column: str) -> object:
        """What stands in a column; None where it is empty or there is no such column."""
        at = self.columns.get(column)
        cell = self.sheet.at(self.row, at) if at is not None else None
        return None if cell is None or (isinstance(cell.value, str) and not cell.value.strip()) else cell.value

    def place(self, column: str) -> str:
        """Where that is."""
        return str(Place(self.name, self.sheet.name, cell_name(self.row, self.columns.get(column, 0))))


def _heads(book: Book) -> Iterator[tuple[Sheet, tuple[int, Mapping[str, int]]]]:
    """Sheets with a row of headings, and where they stand."""
    words = spoken("headings")
    for sheet in book.sheets:
        for row in range(sheet.height):
            found = {
                words[str(cell.value).strip().lower()]: column
                for column, cell in sheet.row(row) if str(cell.value).strip().lower() in words
            }  # fmt: skip
            if all(one in found for one in _NEEDED):
                yield sheet, (row, found)
                break


def _value(model: ChainModel, row: _Row, faults: list[Fault]) -> CountedValue | None:
    """The value of a row; None where it is empty or at fault."""
    raw = row.get("value")
    if raw is None:
        return None
    stock, quantity = _stock(model, row, faults), _quantity(model, row, faults)
    value, error = _number(row, "value", faults), _number(row, "error", faults)
    given = row.get("date")
    moment = moment_of(given) if given is not None else None
    if given is not None and moment is None:
        faults.append(fault("'{text}' is not a date", row.place("date"), text=str(given)))
    if error is not None and error <= 0:
        faults.append(fault("the error of a count is more than nothing: {error}", row.place("error"), error=error))
    if stock is None or quantity is None or value is None:
        return None
    uom = uom_code(str(row.get("uom") or "").strip())
    return CountedValue(stock, quantity, value, error, uom, moment, row.place("value"))


def _stock(model: ChainModel, row: _Row, faults: list[Fault]) -> str | None:
    """The stock, by its own name or that of a meter that surveys it."""
    word = str(row.get("point") or "").strip()
    name = model.meters[word].stream if word in model.meters else word
    if name in model.stocks:
        return name
    faults.append(
        fault(
            "'{stock}' is not a stock of this chain",
            row.place("point"),
            stock=word,
            near=near_match(word, model.stocks),
        )
    )
    return None


def _quantity(model: ChainModel, row: _Row, faults: list[Fault]) -> str | None:
    """Surveyed mass, or a component."""
    word = str(row.get("quantity") or "").strip()
    found = spoken("quantities").get(word.lower()) or spoken("elements").get(word.lower()) or as_latin(word)
    if found in (_MASS, "mass"):
        return _MASS
    if found in model.chain.components:
        return found
    faults.append(
        fault(
            "'{quantity}' is not counted of a stock: write surveyed dry mass, or a component",
            row.place("quantity"),
            quantity=word,
        )
    )
    return None


def _number(row: _Row, column: str, faults: list[Fault]) -> float | None:
    """A number of a row; None where there is none."""
    raw = row.get(column)
    found = number(raw) if isinstance(raw, str) else raw
    if found is None:
        return None
    if isinstance(found, (int, float)) and not isinstance(found, bool):
        return float(found)
    faults.append(fault("'{text}' is not a number", row.place(column), text=str(raw)))
    return None
