"""Lots that both supplier and buyer assayed, from a text table or a workbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl

from zveno.errors import DataError, Fault, fault
from zveno.quantities import UOMS, convert, uom_of
from zveno.sources.tablerows import TableRows, number_of, read_rows, text_of
from zveno.text.catalogue import catalogue
from zveno.text.mark import LANGUAGES, tr
from zveno.text.words import uom_code

_WORDS: Mapping[str, str] = MappingProxyType({
    "lot": tr("lot"), "supplier": tr("supplier"), "sampler": tr("sampler"), "component": tr("component"),
    "ours": tr("ours"), "theirs": tr("theirs"), "umpire": tr("umpire"), "mass": tr("mass"),
})  # fmt: skip
_NEEDED = ("lot", "supplier", "component", "ours", "theirs")
_NAMES = ("lot", "supplier", "sampler", "component")
_INTO: Mapping[str, str] = MappingProxyType({"ours": "frac", "theirs": "frac", "umpire": "frac", "mass": "t"})
_UNNAMED: Mapping[str, str] = MappingProxyType({
    "lot": tr("this row names no lot"), "supplier": tr("this row names no supplier"),
})  # fmt: skip
SCHEMA = {
    "lot": pl.String, "supplier": pl.String, "sampler": pl.String, "component": pl.String, "ours_frac": pl.Float64,
    "theirs_frac": pl.Float64, "umpire_frac": pl.Float64, "mass_t": pl.Float64,
}  # fmt: skip


def read_lots(path: Path, components: Sequence[str]) -> pl.DataFrame:
    """Lots with both assays: columns lot, supplier, sampler, component, ours_frac, theirs_frac, umpire_frac, mass_t.

    The first row names the columns, in any language, with a unit of measure after a comma where it is not per cent or
    t: ``lot; supplier; sampler; component; ours, %; theirs, %; umpire, %; mass, t``. Sampler, umpire and mass may be
    left out, or be empty in a row; a lot has a row for each component.

    Parameters
    ----------
    components
        Components of the chain.

    Raises
    ------
    DataError
        If the file is no such table; lists every cell at fault with its place.
    """
    table = _Lots(read_rows(path), components)
    missing = [name for name in _NEEDED if name not in table.heads]
    if missing:
        raise DataError(
            "a table of lots needs columns {needed} in its first row; {missing} is not there", path.name,
            needed=", ".join(_NEEDED), missing=", ".join(missing),
        )  # fmt: skip
    table.require_uoms()
    rows = [table.numbers(row, cells) | table.words(row, cells) for row, cells in table.sheet.filled()]
    if table.faults:
        raise DataError(table.faults)
    return pl.DataFrame(rows, schema=SCHEMA)


class _Lots:
    """The rows of a table of lots, and what is wrong with them."""

    def __init__(self, sheet: TableRows, components: Sequence[str]) -> None:
        self.sheet, self.components = sheet, components
        self.faults: list[Fault] = []
        self.heads = _heads(sheet)
        self._seen: dict[tuple[str, str], int] = {}

    def require_uoms(self) -> None:
        """Refuse units of measure that are none, or fit no assay or mass."""
        for name, (column, uom) in self.heads.items():
            into = _INTO.get(name)
            place = self.sheet.place(0, column)
            if into is None:
                continue
            if uom not in UOMS:
                message = tr("'{uom}' is not a unit of measure: see docs/reference/units-of-measure.md")
                self.faults.append(fault(message, place, uom=uom))
            elif uom_of(uom).dimension != uom_of(into).dimension:
                message = tr("'{uom}' does not fit this column: it needs a unit such as '{example}'")
                self.faults.append(fault(message, place, uom=uom, example="t" if into == "t" else "%"))
        if self.faults:
            raise DataError(self.faults)

    def numbers(self, row: int, cells: Sequence[Any]) -> dict[str, Any]:
        """Numbers of a row in mass fractions and t."""
        found: dict[str, Any] = {f"{name}_{into}": None for name, into in _INTO.items()}
        for name, into in _INTO.items():
            if name not in self.heads:
                continue
            column, uom = self.heads[name]
            known = len(self.faults)
            value = number_of(cells, column, row, self.sheet, self.faults)
            if value is not None and value <= 0:
                message = tr("'{text}' is not more than nothing: an assay or a mass must be")
                self.faults.append(fault(message, self.sheet.place(row, column), text=str(value)))
            elif value is None and name in _NEEDED and len(self.faults) == known:
                self.faults.append(fault("the assay of this lot is missing", self.sheet.place(row, column)))
            found[f"{name}_{into}"] = None if value is None else convert(value, uom, into)
        return found

    def words(self, row: int, cells: Sequence[Any]) -> dict[str, str]:
        """Words of a row: a lot and a supplier that are named, a component of the chain, no lot twice."""
        found = {one: text_of(cells, self.heads[one][0]) if one in self.heads else "" for one in _NAMES}
        for name, message in _UNNAMED.items():
            if not found[name]:
                self.faults.append(fault(message, self.sheet.place(row, self.heads[name][0])))
        if found["component"] not in self.components:
            message = tr("'{component}' is no component of the chain: use {known}")
            self.faults.append(fault(message, self.sheet.place(row, self.heads["component"][0]),
                                     component=found["component"], known=", ".join(self.components)))  # fmt: skip
        key = (found["lot"], found["component"])
        if key in self._seen:
            message = tr("lot '{lot}' stands twice for {component}: in row {row} too")
            self.faults.append(fault(message, self.sheet.place(row, self.heads["lot"][0]), lot=key[0],
                                     component=key[1], row=self._seen[key] + 1))  # fmt: skip
        self._seen.setdefault(key, row)
        return found


def _heads(sheet: TableRows) -> dict[str, tuple[int, str]]:
    """Column and unit of measure by the English word of the heading."""
    found: dict[str, tuple[int, str]] = {}
    for column in range(len(sheet.rows[0]) if sheet.rows else 0):
        word, _, uom = text_of(sheet.rows[0], column).partition(",")
        for name, message in _WORDS.items():
            if word.strip().casefold() in {catalogue(lang)(message).casefold() for lang in LANGUAGES}:
                found.setdefault(name, (column, uom_code(uom.strip()) or ("t" if name == "mass" else "%")))
    return found
