"""Workbooks of the example moved about: other sheet names, rows above, a column inserted; what is taken is the same."""

from __future__ import annotations

from collections import Counter

import pytest

from zveno.chain import example, load
from zveno.sources.books import open_book
from zveno.sources.fates import Fate
from zveno.sources.grid import Book, Sheet
from zveno.sources.mapped import read_mapped, recognise

WORKBOOKS = example("workbooks_march_2026") / "workbooks"
MODEL = load(example("workbooks_march_2026")).model
NAMES = [
    "ЖОФ_смена_02.03.26_II.xlsx", "ЖОФ_суточный_19.03.2026.xlsx", "Балхаш ОФ 3 декада.xlsx", "Лаборатория_неделя_5.xlsx",
    "МПЗ плавильный цех 3 декада 03.2026.xlsx", "Электролиз журнал 03-2026.xlsm", "Реестр СИ поверка 2026.xlsx",
    "Инвентаризация НЗП на 31.03.2026.xlsx", "Concentrate dispatch March 2026.xlsx",
]  # fmt: skip


def moved(sheet: Sheet, rows: int, column: int, name: str) -> Sheet:
    """A sheet with rows above it, a column inserted and another name."""

    def place(at: tuple[int, int]) -> tuple[int, int]:
        return at[0] + rows, at[1] + (at[1] >= column)

    cells = {place(at): cell for at, cell in sheet.cells.items()}
    merged = {place(at): place(top) for at, top in sheet.merged.items()}
    return Sheet(name, cells, merged, frozenset(row + rows for row in sheet.hidden_rows))


def taken(book: Book, name: str) -> Counter[tuple[object, ...]]:
    """What is taken of a book, without the places."""
    known = recognise(book, MODEL.mappings)
    assert known is not None
    fates = read_mapped(book, name, known, MODEL.mappings, MODEL.tz).fates
    return Counter(_said(one) for one in fates if one.status == "imported")


def _said(one: Fate) -> tuple[object, ...]:
    return one.point, one.quantity, one.start, one.end, one.value, one.uom, one.qualifier


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("rows", "column"), [(0, 0), (1, 3), (2, 6), (3, 99)])
def test_moved_workbook_is_read_the_same(name, rows, column):
    book = open_book((WORKBOOKS / name).read_bytes(), name)
    other = Book(tuple(moved(one, rows, column, f"Лист{n} (2)") for n, one in enumerate(book.sheets)))
    assert taken(other, name) == taken(book, name)
    assert sum(taken(book, name).values()) > 30
