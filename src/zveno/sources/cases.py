"""Scenarios from a text table or a workbook: one row for each value that is set, or one for each scenario."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl

from zveno.errors import DataError, Fault, fault, refusal
from zveno.sources.cells import cell_name, number
from zveno.sources.workbook import WORKBOOKS, opened
from zveno.text.catalogue import catalogue
from zveno.text.mark import LANGUAGES, tr

SCENARIO, KEY, VALUE = "scenario", "key", "value"
_WORDS: Mapping[str, str] = MappingProxyType({SCENARIO: tr("scenario"), KEY: tr("key"), VALUE: tr("value")})
_SEPARATORS = (";", "\t", ",")


@dataclass(frozen=True)
class CasesFile:
    """Scenarios as they stand in a file.

    Parameters
    ----------
    table
        A row for each scenario: column ``scenario``, and one for each key; null where it leaves the key as it is.
    places
        Key -> where it stands in the file first.
    """

    table: pl.DataFrame
    places: Mapping[str, str]


@dataclass(frozen=True)
class _Sheet:
    """Rows of cells, the first of which is the heading, and how a place in them is told."""

    rows: Sequence[Sequence[Any]]
    place: Callable[[int, int], str]


def read_cases(path: Path) -> CasesFile:
    """Read scenarios from a text table (``,``, ``;`` or tab between columns) or the first sheet of a workbook.

    A long table has the columns scenario, key, value; a wide one has one column for each key beside that of the
    scenario, and an empty cell leaves the key as it is. The three headings may stand in any language.

    Raises
    ------
    DataError
        If the file cannot be read as such a table; lists every cell at fault with its place.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError("'{path}' cannot be read: {problem}", path=str(path), problem=refusal(error)) from error
    sheet = _workbook(content, path.name) if content.startswith(WORKBOOKS) else _text(content, path.name)
    if not sheet.rows:
        raise DataError("the file of scenarios is empty", path.name)
    heading = [_word(str(one)) for one in sheet.rows[0]]
    if SCENARIO not in heading:
        message = tr("a table of scenarios needs a column 'scenario' in its first row")
        raise DataError(message, sheet.place(0, 0))
    faults: list[Fault] = []
    read = _long if {KEY, VALUE} <= set(heading) else _wide
    found = read(sheet, heading, faults)
    if not (found.table.height or faults):
        faults.append(fault("the file of scenarios has a heading, but no scenario below it", path.name))
    if faults:
        raise DataError(faults)
    return found


def _text(content: bytes, name: str) -> _Sheet:
    """Rows of a text table, in UTF-8 or as older spreadsheet programs write it."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1251", errors="replace")
    first = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=separator))
    except csv.Error as error:
        raise DataError("this is no table of text: {problem}", name, problem=str(error)) from error
    return _Sheet(rows, lambda row, _: f"{name}:{row + 1}")


def _workbook(content: bytes, name: str) -> _Sheet:
    """Rows of the first sheet of a workbook."""
    title, rows = next(iter(opened(content, name).items()))
    return _Sheet(rows, lambda row, column: f"{name}, '{title}', {cell_name(row, column)}")


def _long(sheet: _Sheet, heading: Sequence[str], faults: list[Fault]) -> CasesFile:
    """A row for each value."""
    at = {word: heading.index(word) for word in (SCENARIO, KEY, VALUE)}
    found: dict[str, dict[str, float]] = {}
    places: dict[str, str] = {}
    headed = [column for column, word in enumerate(heading) if word]
    for row, cells in _filled(sheet):
        faults += _unheaded(sheet, row, headed)
        name, key = (_text_of(cells, at[word]) for word in (SCENARIO, KEY))
        if not name:
            faults.append(fault("this row names no scenario", sheet.place(row, at[SCENARIO])))
            continue
        given, known = found.setdefault(name, {}), len(faults)
        value = _value(cells, at[VALUE], row, sheet, faults)
        if len(faults) > known or not (key or value is not None):
            continue  # no number; or a scenario that sets nothing: the description as it is
        if not key or value is None:
            message = tr("this row of scenario '{scenario}' needs both a key and a value")
            faults.append(fault(message, sheet.place(row, at[KEY if not key else VALUE]), scenario=name))
        elif key in given:
            message = tr("scenario '{scenario}' sets '{key}' twice")
            faults.append(fault(message, sheet.place(row, at[KEY]), scenario=name, key=key))
        else:
            given[key] = value
            places.setdefault(key, sheet.place(row, at[KEY]))
    columns = {key: [row.get(key) for row in found.values()] for key in places}
    return CasesFile(_frame(list(found), columns), places)


def _wide(sheet: _Sheet, heading: Sequence[str], faults: list[Fault]) -> CasesFile:
    """A row for each scenario."""
    first = heading.index(SCENARIO)
    keys = {column: key for column, key in enumerate(heading) if key and column != first}
    for column, key in keys.items():
        if list(keys.values()).index(key) != list(keys).index(column):
            faults.append(fault("the column '{key}' stands twice", sheet.place(0, column), key=key))
    if faults:
        raise DataError(faults)
    names: dict[str, int] = {}
    columns: dict[str, list[float | None]] = {key: [] for key in keys.values()}
    for row, cells in _filled(sheet):
        faults += _unheaded(sheet, row, (first, *keys))
        name = _text_of(cells, first)
        if not name or name in names:
            message = tr("two scenarios are named '{scenario}'") if name else tr("this row names no scenario")
            faults.append(Fault(message, {"scenario": name}, sheet.place(row, first)))
            continue
        names[name] = row
        for column, key in keys.items():
            columns[key].append(_value(cells, column, row, sheet, faults))
    return CasesFile(_frame(list(names), columns), {key: sheet.place(0, column) for column, key in keys.items()})


def _unheaded(sheet: _Sheet, row: int, headed: Collection[int]) -> Iterator[Fault]:
    """Cells of a row in which something stands, though their column has no heading."""
    for column, cell in enumerate(sheet.rows[row]):
        if column not in headed and str("" if cell is None else cell).strip():
            message = tr("a value stands in a column without a heading: name its key, or separate columns by ';'")
            yield fault(message, sheet.place(row, column))


def _frame(names: list[str], columns: Mapping[str, list[float | None]]) -> pl.DataFrame:
    """Scenarios and what they set."""
    return pl.DataFrame(
        {SCENARIO: names, **columns}, schema={SCENARIO: pl.String, **dict.fromkeys(columns, pl.Float64)}
    )


def _filled(sheet: _Sheet) -> Iterator[tuple[int, Sequence[Any]]]:
    """Rows below the heading in which something stands, with their numbers from 0."""
    for row, cells in enumerate(sheet.rows[1:], start=1):
        if any(str(one).strip() for one in cells if one is not None):
            yield row, cells


def _word(text: str) -> str:
    """A heading of any language by its English word; a key as it is."""
    plain = text.strip()
    for key, word in _WORDS.items():
        if plain.lower() in {catalogue(lang)(word).lower() for lang in LANGUAGES}:
            return key
    return plain


def _text_of(cells: Sequence[Any], column: int) -> str:
    """A cell as text; a whole number of a workbook without its decimals."""
    cell = cells[column] if column < len(cells) else ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str("" if cell is None else cell).strip()


def _value(cells: Sequence[Any], column: int, row: int, sheet: _Sheet, faults: list[Fault]) -> float | None:
    """A cell as a number, None where it is empty; anything else is a fault."""
    cell = cells[column] if column < len(cells) else ""
    if isinstance(cell, str):
        if not cell.strip():
            return None
        cell = number(cell)
    if isinstance(cell, bool) or not isinstance(cell, (int, float)) or not math.isfinite(cell):
        message = tr("'{text}' is not a number: write a number, or leave the cell empty")
        faults.append(fault(message, sheet.place(row, column), text=str(cell)[:40]))
        return None
    return float(cell)
