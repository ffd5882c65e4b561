"""A workbook or text table as it lies: every non-empty cell with its formula, format, comment, merges, hidden rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

_WHOLE = 1e15


@dataclass(frozen=True)
class RawCell:
    """What stands in a cell.

    Parameters
    ----------
    value
        Text, number, truth value, date or time; the stored answer of a formula, None where it has none.
    formula
        The formula without its answer, or empty.
    error
        Whether the value is an error such as ``#VALUE!``.
    percent
        Whether the number is shown as a percentage: 0.0345 reads 3.45 %.
    comment
        Text of the comment.
    """

    value: Any
    formula: str = ""
    error: bool = False
    percent: bool = False
    comment: str = ""


@dataclass(frozen=True)
class Sheet:
    """Non-empty cells by row and column (from 0), the top left cell of every merged one, hidden rows and columns."""

    name: str
    cells: Mapping[tuple[int, int], RawCell]
    merged: Mapping[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()

    @cached_property
    def height(self) -> int:
        """Rows up to the last non-empty one."""
        return 1 + max((row for row, _ in self.cells), default=-1)

    @cached_property
    def width(self) -> int:
        """Columns up to the last non-empty one."""
        return 1 + max((column for _, column in self.cells), default=-1)

    def at(self, row: int, column: int) -> RawCell | None:
        """A cell, or the one that it is merged into."""
        return self.cells.get(self.merged.get((row, column), (row, column)))

    def row(self, row: int) -> Iterator[tuple[int, RawCell]]:
        """Non-empty cells of a row from left to right."""
        for column in self._by_row.get(row, ()):
            yield column, self.cells[row, column]

    @cached_property
    def _by_row(self) -> Mapping[int, Sequence[int]]:
        found: dict[int, list[int]] = {}
        for row, column in sorted(self.cells):
            found.setdefault(row, []).append(column)
        return found


@dataclass(frozen=True)
class Book:
    """Sheets of a file; ``blind`` says that its kind shows neither formulas nor comments nor hidden rows to us."""

    sheets: tuple[Sheet, ...]
    blind: bool = False

    @property
    def content_hash(self) -> str:
        """Hash of what the cells say: the same for a file that was only saved again."""
        digest = hashlib.sha256()
        for sheet in self.sheets:
            digest.update(sheet.name.encode() + b"\0")
            for (row, column), cell in sorted(sheet.cells.items()):
                digest.update(f"{row},{column},{_canonical(cell.value)};".encode())
        return digest.hexdigest()


def _canonical(value: Any) -> str:
    """A value as text, whole numbers alike whether they were kept as 3 or 3.0."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(int(value)) if float(value).is_integer() and abs(value) < _WHOLE else f"{float(value):.12g}"
    return str(value)


def spread(ranges: Sequence[tuple[tuple[int, int], tuple[int, int]]]) -> dict[tuple[int, int], tuple[int, int]]:
    """Every cell of merged ranges to the top left one."""
    return {
        (row, column): first
        for first, last in ranges
        for row in range(first[0], last[0] + 1)
        for column in range(first[1], last[1] + 1)
    }
