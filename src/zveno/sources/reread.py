"""Cells of source files read again, one by one, by another way than the import took.

A workbook is opened with another library; the number, its unit of measure and what becomes of it are worked out anew.
So a slip of the import shows as a difference, instead of being made twice.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Any
from zipfile import BadZipFile

import openpyxl
import polars as pl
from openpyxl.utils.exceptions import InvalidFileException
from python_calamine import CalamineWorkbook

from zveno.errors import DataError
from zveno.model.chain import ChainModel
from zveno.model.types import COUNTER
from zveno.quantities import UOMS, convert
from zveno.sources.mappedfiles import mapped_key
from zveno.text.words import spoken, uom_code

_FIRST_NUMBER = re.compile(r"[+\-\u2212]?\d[\d \u00a0\u2007\u2009\u202f]*(?:[.,]\d+)?(?:[eE][+-]?\d+)?")
_A1 = re.compile(r"^([A-Z]+)(\d+)$")
_RATES = ("t/h", "kg/h", "t/d")
_MASSES = ("wet_mass", "mass", "survey_mass")
_TEXTS = ("utf-8-sig", "kz1048", "cp1251")
LEDGER = "ledger"
"""Name of the "file" of a value that persons put in: its cell is the number of the signed record that approved it."""

EntryKey = tuple[int, str, str, datetime, datetime]
"""A value that persons put in: record of the log that approved it, point, quantity, start, end."""
Grid = Callable[[str, str], tuple[Any, bool]]
"""What stands in a cell of a sheet, and whether it is shown in per cent."""


@dataclass(frozen=True)
class SourceFiles:
    """Source files found in some folders, by the hashes under which a store may know them."""

    model: ChainModel
    paths: Mapping[tuple[str, str], Path]
    headings: dict[tuple[int, str, str], int] = field(default_factory=dict)
    """Rows of headings found so far, by the cells below them."""
    _open: dict[Path, Grid] = field(default_factory=dict)

    @classmethod
    def within(cls, model: ChainModel, folders: Sequence[Path], names: Sequence[str]) -> SourceFiles:
        """Files of these names in some folders, wherever they lie."""
        wanted: dict[str, list[str]] = {}
        for name in names:
            wanted.setdefault(PurePosixPath(name).name, []).append(name)
        found: dict[tuple[str, str], Path] = {}
        for folder in folders:
            for path in [folder] if folder.is_file() else sorted(folder.rglob("*")):
                if path.name not in wanted or not path.is_file():
                    continue
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                salted = hashlib.sha256(f"{digest} {model.hash}".encode()).hexdigest()
                for name in wanted[path.name]:
                    for one in (digest, salted, mapped_key(model, name, digest)):
                        found.setdefault((name, one), path)
        return cls(model, found)

    def grid(self, name: str, file_hash: str) -> Grid:
        """The cells of a file.

        Raises
        ------
        DataError
            If no file of that name and content lies in the folders.
        """
        path = self.paths.get((name, file_hash))
        if path is None:
            raise DataError(
                "'{file}' as it was imported (SHA-256 {digest}) is not there: name its folder with --files",
                file=name, digest=file_hash[:12],
            )  # fmt: skip
        if path not in self._open:
            self._open[path] = _grid(self.model, path)
        return self._open[path]


def read_again(
    files: SourceFiles,
    records: pl.DataFrame,
    mapped: pl.DataFrame,
    signed: Mapping[EntryKey, float] | None = None,
) -> list[float]:
    """Values of records from their cells, in t or as mass fractions; what persons put in as they signed it.

    Parameters
    ----------
    records
        Rows of the table ``records`` with values.
    mapped
        Table ``mapped_cells``: the units in which a mapping understood its cells, and what stands in the same row.
    signed
        Values that records of the signed log approved; without a log those of the store stand, unchecked.

    Raises
    ------
    DataError
        If a file is not there, a cell holds no number, or nobody signed a value.
    """
    cells = {(row["file"], row["sheet"], row["cell"]): row for row in mapped.iter_rows(named=True)}
    beside = _beside(mapped)
    return [
        _put_in(row, signed) if row["file"] == LEDGER else _value(files, row, cells, beside)
        for row in records.iter_rows(named=True)
    ]


def _put_in(record: Mapping[str, Any], signed: Mapping[EntryKey, float] | None) -> float:
    """A value that persons put in, as they signed it."""
    if signed is None:
        return float(record["value"])
    key = int(record["cell"]), record["point"], record["quantity"], record["start"], record["end"]
    if key not in signed:
        raise DataError(
            "record {number} of the log approves no value of {point}, {quantity}",
            number=key[0], point=key[1], quantity=key[2],
        )  # fmt: skip
    return signed[key]


def _beside(mapped: pl.DataFrame) -> dict[tuple[str, str, int, str], dict[str, Any]]:
    """Cells that hold the moisture, or the volume of a bath, of a row."""
    rows = mapped.filter(pl.col("quantity").is_in(["moisture", "volume"]), pl.col("status") == "imported")
    return {(row["file"], row["sheet"], _row(row["cell"]), row["quantity"]): row for row in rows.iter_rows(named=True)}


def _value(
    files: SourceFiles, record: Mapping[str, Any], cells: Mapping[tuple[str, str, str], Mapping[str, Any]],
    beside: Mapping[tuple[str, str, int, str], Mapping[str, Any]],
) -> float:  # fmt: skip
    """One record from its cell."""
    grid = files.grid(record["file"], record["file_hash"])
    sheet, cell = record["sheet"], record["cell"]
    raw, percent = grid(sheet, cell)
    known = cells.get((record["file"], sheet, cell))
    number = plain_number(raw)
    if number is None:
        raise DataError(
            "{file}, '{sheet}', {cell} holds no number now: '{text}'",
            file=record["file"], sheet=sheet, cell=cell, text=str(raw),
        )  # fmt: skip
    if known is None:
        return _own(files, grid, record, number)
    number *= 100 if percent else 1
    survey = record["quantity"] == "survey_mass"
    if survey and known["quantity"].startswith("concentration_"):
        volume_m3 = _number_beside(grid, beside[record["file"], sheet, _row(cell), "volume"], "m3")
        return float(convert(number, known["uom"], "g/l")) * volume_m3 / 1000
    value = _converted(number, known["uom"], record)
    wet = beside.get((record["file"], sheet, _row(cell), "moisture"))
    if wet is None or not survey or known["quantity"] != "mass_wet":
        return value
    return value * (1 - _number_beside(grid, wet, "frac"))


def _number_beside(grid: Grid, known: Mapping[str, Any], uom: str) -> float:
    """A number that stands in the same row."""
    raw, percent = grid(known["sheet"], known["cell"])
    return float(convert((plain_number(raw) or 0.0) * (100 if percent else 1), known["uom"], uom))


def _own(files: SourceFiles, grid: Grid, record: Mapping[str, Any], number: float) -> float:
    """A cell of one of Zveno's own layouts: its unit stands in its heading or row, or in the description."""
    meter = files.model.meters[record["point"]]
    uom = meter.uoms.get(record["quantity"], meter.uom)
    place = _A1.match(record["cell"])
    told = _told_uom(files, grid, record["sheet"], place[1], int(place[2])) if place else ""
    return _converted(number, told or uom, record)


def _told_uom(files: SourceFiles, grid: Grid, sheet: str, column: str, row: int) -> str:
    """Unit of measure that the nearest heading above names, or the unit column of the row."""
    above = _heading_row(files, grid, sheet, column, row)
    if above == 0:
        return ""
    _, comma, word = str(grid(sheet, f"{column}{above}")[0]).partition(",")
    if comma:
        return _uom(word)
    units = [
        letters for letters in _letters(26)
        if spoken("headings").get(str(grid(sheet, f"{letters}{above}")[0] or "").strip().lower()) == "uom"
    ]  # fmt: skip
    word = str(grid(sheet, f"{units[0]}{row}")[0] or "") if units else ""
    return _uom(word) if word.strip() else ""


def _heading_row(files: SourceFiles, grid: Grid, sheet: str, column: str, row: int) -> int:
    """Row of the nearest text above a cell that is no number; 0 where there is none."""
    passed = []
    for above in range(row - 1, 0, -1):
        known = files.headings.get((id(grid), sheet, f"{column}{above}"))
        title = grid(sheet, f"{column}{above}")[0]
        is_title = isinstance(title, str) and title.strip() and (plain_number(title) is None or ", " in title)
        if known is None and not is_title:
            passed.append(above)
            continue
        found = above if known is None else known
        break
    else:
        found = 0
    files.headings.update({(id(grid), sheet, f"{column}{one}"): found for one in passed})
    return found


def _uom(word: str) -> str:
    """A unit as the program names it."""
    found = spoken("uoms").get(word.strip().lower()) or uom_code(word.strip())
    return "%" if found not in UOMS and "%" in found else found


def _converted(number: float, uom: str, record: Mapping[str, Any]) -> float:
    """In t or as a mass fraction; a rate counts over the time of the record."""
    if record["quantity"] not in (*_MASSES, *COUNTER):
        return convert(number, uom, "frac")
    if uom in _RATES:
        hours = (record["end"] - record["start"]).total_seconds() / 3600
        return float(convert(number, uom, "t/h") * hours)
    return convert(number, uom, "t")


def plain_number(raw: object) -> float | None:
    """The number in a cell, whatever marks stand around it; None where there is none.

    Examples
    --------
    >>> plain_number("<0,01"), plain_number("2 898,5*"), plain_number(3), plain_number("n/a")
    (0.01, 2898.5, 3.0, None)
    """
    if isinstance(raw, bool) or raw is None or isinstance(raw, datetime):
        return None
    if isinstance(raw, (int, float)):
        return float(raw)
    found = _FIRST_NUMBER.search(str(raw))
    if found is None:
        return None
    return float(re.sub(r"\s", "", found[0]).replace("\u2212", "-").replace(",", "."))


# ---- files ---------------------------------------------------------------------------------------------------------


def _grid(model: ChainModel, path: Path) -> Grid:
    """The cells of a file by sheet and name."""
    content = path.read_bytes()
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return _workbook(content)
    return _text(model, path.name, content)


def _workbook(content: bytes) -> Grid:
    """A workbook: by openpyxl where that can read it, else by the library of old kinds."""
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    except (KeyError, ValueError, BadZipFile, InvalidFileException):
        old = CalamineWorkbook.from_filelike(io.BytesIO(content))
        rows = {name: old.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in old.sheet_names}
        return lambda sheet, cell: (_at(rows[sheet], *_place(cell)), False)

    def get(sheet: str, cell: str) -> tuple[Any, bool]:
        found = book[sheet][cell]
        return found.value, "%" in str(found.number_format)

    return get


def _text(model: ChainModel, name: str, content: bytes) -> Grid:
    """A text table: as the description says, or in the first encoding that fits."""
    layout = next((one for one in model.chain.files if fnmatch(name, one.name)), None)
    encodings = (layout.encoding,) if layout else _TEXTS
    text = next(found for found in _decoded(content, encodings))
    separator = layout.separator if layout else max(";\t,|", key=text.lstrip().partition("\n")[0].count)
    rows = list(csv.reader(io.StringIO(text), delimiter=separator))
    return lambda _, cell: (_at(rows, *_place(cell)), False)


def _decoded(content: bytes, encodings: Sequence[str]) -> Iterator[str]:
    for one in encodings:
        try:
            yield content.decode(one)
        except UnicodeDecodeError:
            continue


def _at(rows: Sequence[Sequence[Any]], row: int, column: int) -> Any:
    return rows[row][column] if row < len(rows) and column < len(rows[row]) else None


def _place(cell: str) -> tuple[int, int]:
    """Row and column, from 0, of B12 or of line:column."""
    if ":" in cell:
        line, _, at = cell.partition(":")
        return int(line) - 1, int(at) - 1
    found = _A1.match(cell)
    assert found is not None, cell
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return int(found[2]) - 1, column - 1


def _row(cell: str) -> int:
    return _place(cell)[0]


def _letters(count: int) -> Iterator[str]:
    return (chr(65 + n) for n in range(count))
