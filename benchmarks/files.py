"""Reading what a plant sends: workbooks, readings, and keeping records, beside plain scripts."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from python_calamine import CalamineWorkbook

from benchmarks.measure import Contender, Match
from benchmarks.room import Room
from zveno.chain import ChainModel
from zveno.sources import SourceBatch, read_files
from zveno.store import Batch, EmbeddedStore
from zveno.tables import frame, schema

Value = dict[tuple[str, str], float]

_COLUMN = re.compile(r"^([A-Z][a-z]?), (%|г/т)$")
_UOM = {"т": 1.0, "%": 0.01, "г/т": 1e-6}
_INSTANT = "%Y-%m-%dT%H:%M:%S%.f%:z"
_ROUNDING = 1e-12


def cells(period: str) -> Callable[[Room], Match]:
    """Every cell of the played workbooks, without any meaning."""

    def make(room: Room) -> Match:
        books = _books(room, period)
        return Match(
            f"{len(books)} workbooks",
            (
                Contender("calamine, as Zveno opens them", lambda: [_calamine(one) for one in books]),
                Contender("openpyxl read_only", lambda: [_openpyxl(one) for one in books]),
            ),
            lambda ours, theirs: float(sum(a != b for a, b in zip(ours, theirs, strict=True))),
            0,
            "workbooks that differ",
        )

    return make


def records(period: str) -> Callable[[Room], Match]:
    """The played workbooks as records with their cells, beside a script for these very layouts."""

    def make(room: Room) -> Match:
        books = _books(room, period)
        model = room.chain().model
        return Match(
            f"{len(books)} workbooks",
            (
                Contender("Zveno read_files", lambda: _read(model, books)),
                Contender("script over openpyxl read_only", lambda: _scripted(books)),
            ),
            _value_gap,
            _ROUNDING,
            "of the value",
        )

    return make


def kept(period: str) -> Callable[[Room], Match]:
    """Records kept with full synchronisation, beside plain SQLite with the same settings."""

    def make(room: Room) -> Match:
        model = room.chain().model
        found = list(read_files(model, _books(room, period)))
        batches = [Batch(one.file, one.file_hash, one.records, one.rejected, one.readings) for one in found]
        rows = sum(one.records.height for one in batches)
        return Match(
            f"{rows} records of {len(batches)} files",
            (
                Contender("Zveno store", lambda: _store(batches, room.new())),
                Contender("sqlite3 executemany", lambda: _sqlite_records(batches, room.new() / "records.sqlite")),
            ),
            lambda ours, theirs: 0.0 if ours.sort(ours.columns).equals(theirs.sort(theirs.columns)) else 1.0,
            0,
            "tables that differ",
        )

    return make


def readings(period: str) -> Callable[[Room], Match]:
    """A month of readings from the store, beside the same readings in other files."""

    def make(room: Room) -> Match:
        chain = room.chain()
        chain.import_files([room.played(period) / "readings"])
        span = chain.period(period)
        parquet = sorted((room.played(period) / "readings").glob("*.parquet"))
        csv, database = _csv(parquet, room.new()), _sqlite_readings(parquet, room.new() / "readings.sqlite")
        sizes = [
            f"{name} {sum(one.stat().st_size for one in paths) / 1e6:.1f} MB"
            for name, paths in (("Parquet", parquet), ("CSV", csv), ("SQLite", [database]))
        ]
        inside = (pl.col("ts") >= span.start) & (pl.col("ts") < span.end)
        return Match(
            f"{chain.store.read('readings', span).height:,} readings; {', '.join(sizes)}",
            (
                Contender("Zveno store, Parquet, each reading once", lambda: chain.store.read("readings", span)),
                Contender(
                    "polars read_parquet", lambda: pl.concat([pl.read_parquet(one) for one in parquet]).filter(inside)
                ),
                Contender("polars read_csv", lambda: pl.concat([_from_csv(one) for one in csv]).filter(inside)),
                Contender("sqlite3", lambda: _from_sqlite(database).filter(inside)),
            ),
            _reading_gap,
            0,
            "readings that differ",
        )

    return make


def _books(room: Room, period: str) -> list[Path]:
    return sorted(room.played(period).rglob("*.xlsx"))


# workbooks


def _calamine(path: Path) -> list[list[Any]]:
    """Cells that hold something, row by row."""
    book = CalamineWorkbook.from_path(path)
    return [_filled(row) for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python()]


def _openpyxl(path: Path) -> list[list[Any]]:
    """The same by the other library."""
    book = load_workbook(path, read_only=True, data_only=True)
    try:
        return [_filled(row) for sheet in book.worksheets for row in sheet.iter_rows(values_only=True)]
    finally:
        book.close()


def _filled(row: Any) -> list[Any]:
    """Cells of a row without the empty ones."""
    return [one for one in row if one not in ("", None)]


def _read(model: ChainModel, books: list[Path]) -> Value:
    """Values by file and cell as Zveno reads them."""
    return {key: value for batch in read_files(model, books) for key, value in _values(batch)}


def _values(batch: SourceBatch) -> Iterator[tuple[tuple[str, str], float]]:
    """Values of a file by cell."""
    for file, cell, value in batch.records.select("file", "cell", "value").iter_rows():
        yield (file, cell), value


def _scripted(books: list[Path]) -> Value:
    """Values by file and cell, t or mass fraction, as a script for these layouts in Russian takes them."""
    found: Value = {}
    for path in books:
        book = load_workbook(path, read_only=True, data_only=True)
        rows = list(book.worksheets[0].iter_rows(values_only=True))
        book.close()
        top = next(n for n, row in enumerate(rows) if "Точка" in row)
        heading = rows[top]
        uom = heading.index("Единица измерения") if "Единица измерения" in heading else None
        for n, row in enumerate(rows[top + 1 :], start=top + 2):
            for column, (title, cell) in enumerate(zip(heading, row, strict=False), start=1):
                match = _COLUMN.match(str(title))
                if not isinstance(cell, (int, float)) or not (match or title == "Значение"):
                    continue
                factor = _UOM[match[2] if match else str(row[uom or 0])]
                found[path.name, f"{get_column_letter(column)}{n}"] = cell * factor
    return found


def _value_gap(ours: Value, theirs: Value) -> float:
    """Largest relative difference; infinite where one has cells that the other lacks."""
    if ours.keys() != theirs.keys():
        return float("inf")
    return max(abs(value - ours[key]) / max(abs(value), 1e-300) for key, value in theirs.items())


# records


def _store(batches: list[Batch], folder: Path) -> pl.DataFrame:
    """Keep and read back."""
    store = EmbeddedStore(folder)
    store.append(batches, datetime(2026, 4, 1, tzinfo=UTC))
    return store.read("records").select("file_hash", "cell", "point", "quantity", "value")


def _sqlite_records(batches: list[Batch], path: Path) -> pl.DataFrame:
    """Keep and read back, with the columns of the store, its indices and its care for the disk."""
    names = [*schema("records")]
    connection = sqlite3.connect(path)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE files (file_hash TEXT PRIMARY KEY, file TEXT, known INTEGER)")
    quoted = ", ".join(f'"{one}"' for one in names)
    connection.execute(f"CREATE TABLE records (id INTEGER PRIMARY KEY, {quoted})")
    for column in ("point", "start"):
        connection.execute(f'CREATE INDEX at_{column} ON records ("{column}")')
    marks = ", ".join("?" * len(names))
    for one in batches:
        rows = one.records.with_columns(pl.col("start", "end").dt.epoch("us"), known=pl.lit(0))
        connection.execute("INSERT INTO files VALUES (?, ?, 0)", (one.file_hash, one.file))
        connection.executemany(f"INSERT INTO records ({quoted}) VALUES ({marks})", rows.select(names).rows())
    connection.commit()
    found = connection.execute("SELECT file_hash, cell, point, quantity, value FROM records ORDER BY id").fetchall()
    connection.close()
    return pl.DataFrame(found, schema=["file_hash", "cell", "point", "quantity", "value"], orient="row")


# readings


def _csv(parquet: list[Path], folder: Path) -> list[Path]:
    """The same readings as text, one file a day."""
    paths = []
    for one in parquet:
        path = folder / f"{one.stem}.csv"
        pl.read_parquet(one).write_csv(path, datetime_format=_INSTANT)
        paths.append(path)
    return paths


def _from_csv(path: Path) -> pl.DataFrame:
    """Readings of a text file."""
    text = pl.read_csv(path, schema={"tag": pl.String, "ts": pl.String, "value": pl.Float64, "quality": pl.Int8})
    return text.with_columns(pl.col("ts").str.to_datetime(_INSTANT, time_unit="us", time_zone="UTC"))


def _sqlite_readings(parquet: list[Path], path: Path) -> Path:
    """The same readings as rows of SQLite."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE readings (tag TEXT, ts INTEGER, value REAL, quality INTEGER)")
    for one in parquet:
        rows = pl.read_parquet(one).with_columns(pl.col("ts").dt.epoch("us")).rows()
        connection.executemany("INSERT INTO readings VALUES (?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()
    return path


def _from_sqlite(path: Path) -> pl.DataFrame:
    """Readings of a database."""
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT tag, ts, value, quality FROM readings").fetchall()
    connection.close()
    plain = {"tag": pl.String, "ts": pl.Int64, "value": pl.Float64, "quality": pl.Int8}
    table = pl.DataFrame(rows, schema=plain, orient="row")
    return table.with_columns(pl.col("ts").cast(pl.Datetime("us", "UTC")))


def _reading_gap(ours: pl.DataFrame, theirs: pl.DataFrame) -> float:
    """How many readings differ, whatever their order."""
    ours, theirs = (frame("readings", one).sort("tag", "ts") for one in (ours, theirs))
    if ours.height != theirs.height:
        return float(abs(ours.height - theirs.height))
    differ = pl.concat([(ours[name].ne_missing(theirs[name])).to_frame() for name in ours.columns], how="horizontal")
    return float(differ.select(pl.any_horizontal(pl.all()).sum()).item())
