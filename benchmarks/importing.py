"""Reading a month of workbooks and of minute readings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import openpyxl
import polars as pl

import zveno
from benchmarks.timing import Pair, side_by_side
from zveno.sources import read_files


def pairs(*, small: bool) -> Iterator[Pair]:
    """A played month of the example concentrator, or a few days of it."""
    chain = zveno.load(zveno.example("one_concentrator"))
    with TemporaryDirectory() as folder:
        chain.emulate("2026-03-01/2026-03-04" if small else "2026-03", folder)
        books = sorted(Path(folder, "plant").rglob("*.xlsx"))
        yield side_by_side(
            "import", f"{len(books)} workbooks into checked records",
            lambda: sum(one.records.height for one in read_files(chain.model, books)), lambda: _cells(books),
            peer_name="openpyxl, cells only, nothing checked", difference=lambda a, b: float(a > b),
        )  # fmt: skip
        files = sorted(Path(folder, "plant", "readings").rglob("*.parquet"))
        table = pl.concat([pl.read_parquet(one) for one in files])
        csv = Path(folder, "readings.csv")
        table.write_csv(csv)
        yield side_by_side(
            "import", f"{table.height} readings of signals",
            lambda: sum(one.readings.height for one in read_files(chain.model, files)),
            lambda: pl.read_csv(csv, try_parse_dates=True).height,
            peer_name="the same as one CSV through polars", difference=lambda a, b: float(abs(a - b)),
        )  # fmt: skip


def _cells(books: list[Path]) -> int:
    """Numbers in all cells."""
    found = 0
    for path in books:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        found += sum(isinstance(cell, (int, float)) for sheet in book for row in sheet.values for cell in row)
        book.close()
    return found
