"""Scenarios from a text table or a workbook: one row for each value that is set, or one for each scenario."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import polars as pl

from zveno.errors import DataError, Fault, fault
from zveno.sources.tablerows import TableRows, number_of, read_rows, text_of
from zveno.text.catalogue import catalogue
from zveno.text.mark import LANGUAGES, tr

SCENARIO, KEY, VALUE = "scenario", "key", "value"
_WORDS: Mapping[str, str] = MappingProxyType({SCENARIO: tr("scenario"), KEY: tr("key"), VALUE: tr("value")})


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


def read_cases(path: Path) -> CasesFile:
    """Read scenarios from a text table (``,``, ``;`` or tab between columns) or the first sheet of a workbook.

    A long table has the columns scenario, key, value; a wide one has one column for each key beside that of the
    scenario, and an empty cell leaves the key as it is. The three headings may stand in any language.

    Raises
    ------
    DataError
        If the file cannot be read as such a table; lists every cell at fault with its place.
    """
    sheet = read_rows(path)
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


def _long(sheet: TableRows, heading: Sequence[str], faults: list[Fault]) -> CasesFile:
    """A row for each value."""
    at = {word: heading.index(word) for word in (SCENARIO, KEY, VALUE)}
    found: dict[str, dict[str, float]] = {}
    places: dict[str, str] = {}
    headed = [column for column, word in enumerate(heading) if word]
    for row, cells in sheet.filled():
        faults += _unheaded(sheet, row, headed)
        name, key = (text_of(cells, at[word]) for word in (SCENARIO, KEY))
        if not name:
            faults.append(fault("this row names no scenario", sheet.place(row, at[SCENARIO])))
            continue
        given, known = found.setdefault(name, {}), len(faults)
        value = number_of(cells, at[VALUE], row, sheet, faults)
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


def _wide(sheet: TableRows, heading: Sequence[str], faults: list[Fault]) -> CasesFile:
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
    for row, cells in sheet.filled():
        faults += _unheaded(sheet, row, (first, *keys))
        name = text_of(cells, first)
        if not name or name in names:
            message = tr("two scenarios are named '{scenario}'") if name else tr("this row names no scenario")
            faults.append(Fault(message, {"scenario": name}, sheet.place(row, first)))
            continue
        names[name] = row
        for column, key in keys.items():
            columns[key].append(number_of(cells, column, row, sheet, faults))
    return CasesFile(_frame(list(names), columns), {key: sheet.place(0, column) for column, key in keys.items()})


def _unheaded(sheet: TableRows, row: int, headed: Collection[int]) -> Iterator[Fault]:
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


def _word(text: str) -> str:
    """A heading of any language by its English word; a key as it is."""
    plain = text.strip()
    for key, word in _WORDS.items():
        if plain.lower() in {catalogue(lang)(word).lower() for lang in LANGUAGES}:
            return key
    return plain
