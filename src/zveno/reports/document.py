"""A report as blocks: what is said, in which order, and how each figure follows from others.

Reports build a :class:`Document`; renderers (HTML, Excel, PDF) draw it. A report knows no file format and a
renderer knows no report.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Literal

from zveno.text.catalogue import Catalogue

Value = str | float | date | datetime | None
Tone = Literal["plain", "good", "warn", "bad", "muted"]
RowRole = Literal["plain", "head", "total"]


class Kind(StrEnum):
    """What a figure is, hence how it is shown; a fraction is stored from 0 to 1 and shown in per cent."""

    TEXT = "text"
    COUNT = "count"
    MASS = "mass"
    FRACTION = "fraction"
    PPM = "ppm"
    NUMBER = "number"
    DAY = "day"
    MOMENT = "moment"


UOM_OF_KIND = {Kind.MASS: "t", Kind.FRACTION: "%", Kind.PPM: "g/t"}


# ---- formulas ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ref:
    """The value of a cell of a table, named by table id, row key and column key."""

    table: str
    row: str
    column: str


@dataclass(frozen=True)
class Calc:
    """Two terms joined by an operation."""

    op: Literal["+", "-", "*", "/"]
    left: Expr
    right: Expr


@dataclass(frozen=True)
class Total:
    """Sum of terms; nothing summed is zero."""

    terms: tuple[Expr, ...]


@dataclass(frozen=True)
class Peak:
    """The largest magnitude among some cells; zero for none."""

    terms: tuple[Ref, ...]


Expr = Ref | Calc | Total | Peak | float


# ---- blocks ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """A figure or a word in a table.

    ``half_width`` is half the 95 % interval; ``digits`` the decimals shown; ``word`` stands where there is
    no value. A cell with a formula and no value is computed when the document is made; a cell with both
    keeps its formula only where the two agree. ``address`` names the figure for ``zveno explain``.
    """

    value: Value = None
    half_width: float | None = None
    digits: int | None = None
    formula: Expr | None = None
    kind: Kind | None = None
    word: str = ""
    tone: Tone = "plain"
    address: str = ""


@dataclass(frozen=True)
class Column:
    """A column: its title, what its figures are, whether each carries its ``+/-``; ``broad`` for long texts.

    The words of a ``loose`` one may run on over the empty cells beside it.
    """

    key: str
    title: str
    kind: Kind = Kind.TEXT
    uom: str = ""
    digits: int = 2
    paired: bool = False
    group: str = ""
    broad: bool = False
    loose: bool = False

    def heading(self, text: Catalogue) -> str:
        """Title with the unit of measure in the reader's language."""
        uom = self.uom or UOM_OF_KIND.get(self.kind, "")
        return f"{self.title}, {text(uom)}" if uom else self.title


@dataclass(frozen=True)
class Row:
    """Cells by column key; ``head`` rows are a line of text over the rows that follow."""

    key: str
    cells: Mapping[str, Cell]
    role: RowRole = "plain"


@dataclass(frozen=True)
class TableBlock:
    """A table with typed columns; ``folded`` ones are closed on the page until asked for."""

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    empty: str = ""
    folded: bool = False

    @cached_property
    def by_key(self) -> dict[str, Row]:
        """Rows by key."""
        return {row.key: row for row in self.rows}


@dataclass(frozen=True)
class Heading:
    """Start of a part; ``sheet`` is its short name where names must be short."""

    id: str
    text: str
    sheet: str = ""


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of plain text."""

    text: str


@dataclass(frozen=True)
class Callout:
    """A sentence that must not be overlooked, or the all-clear."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class Fact:
    """A headline figure with its label and a few words on what it means."""

    label: str
    cell: Cell
    kind: Kind
    uom: str = ""
    words: str = ""


@dataclass(frozen=True)
class Facts:
    """Headline figures in order of weight."""

    items: tuple[Fact, ...]


@dataclass(frozen=True)
class Figure:
    """A drawing (SVG text) with its caption."""

    svg: str
    caption: str
    wide: bool = False


Block = Heading | Paragraph | Callout | Facts | TableBlock | Figure


@dataclass(frozen=True)
class Part:
    """A heading and the blocks up to the next one."""

    heading: Heading
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """A finished report. ``notice`` is shown on every page and sheet made from it; a workbook alone holds the
    ``appendix``.
    """

    title: str
    subtitle: str
    lang: str
    notice: str = ""
    blocks: tuple[Block, ...] = ()
    footer: tuple[str, ...] = field(default=())
    appendix: tuple[Part, ...] = field(default=(), repr=False)

    @cached_property
    def tables(self) -> dict[str, TableBlock]:
        """Tables by id."""
        return {block.id: block for block in self.blocks if isinstance(block, TableBlock)}

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Blocks by heading; the document starts with a heading."""
        starts = [k for k, block in enumerate(self.blocks) if isinstance(block, Heading)]
        found = []
        for k, end in zip(starts, [*starts[1:], len(self.blocks)], strict=True):
            heading = self.blocks[k]
            assert isinstance(heading, Heading)
            found.append(Part(heading, self.blocks[k + 1 : end]))
        return tuple(found)

    def settled(self, tolerance: float = 1e-6) -> Document:
        """The same document with computed cells filled and formulas kept only where they hold.

        ``tolerance`` is how far a formula may be off the value beside it, relative to that.
        """
        return replace(self, blocks=tuple(_settle(self.tables, block, tolerance) for block in self.blocks))


def evaluate(expr: Expr, tables: Mapping[str, TableBlock]) -> float | None:
    """Value of a formula as a worksheet would find it; None where a term has no number.

    Examples
    --------
    >>> evaluate(Calc("*", 200.0, Total((0.25, 0.25))), {})
    100.0
    """
    if isinstance(expr, Ref):
        return _cell_value(expr, tables)
    if isinstance(expr, Total):
        terms = [evaluate(term, tables) for term in expr.terms]
        numbers = [term for term in terms if term is not None]
        return math.fsum(numbers) if len(numbers) == len(terms) else None
    if isinstance(expr, Peak):
        found = [evaluate(term, tables) for term in expr.terms]
        return max((abs(one) for one in found if one is not None), default=0.0)
    if isinstance(expr, Calc):
        return _calc(expr.op, evaluate(expr.left, tables), evaluate(expr.right, tables))
    return expr


def _cell_value(ref: Ref, tables: Mapping[str, TableBlock]) -> float | None:
    """Number in the cell named, computed first where it is a formula itself."""
    row = tables[ref.table].by_key.get(ref.row) if ref.table in tables else None
    cell = row.cells.get(ref.column) if row else None
    if cell is None:
        return None
    if cell.value is None and cell.formula is not None:
        return evaluate(cell.formula, tables)
    return float(cell.value) if isinstance(cell.value, (int, float)) else None


def _calc(op: str, left: float | None, right: float | None) -> float | None:
    """One operation; nothing comes of a missing term or a division by zero."""
    if left is None or right is None:
        return None
    if op == "/":
        return left / right if right else None
    return {"+": left + right, "-": left - right, "*": left * right}[op]


def _settle(tables: Mapping[str, TableBlock], block: Block, tolerance: float) -> Block:
    """A block whose formulas are computed or compared with their values."""
    if isinstance(block, TableBlock):
        rows = tuple(
            replace(row, cells={key: _settle_cell(tables, cell, tolerance) for key, cell in row.cells.items()})
            for row in block.rows
        )
        return replace(block, rows=rows)
    if isinstance(block, Facts):
        items = tuple(replace(one, cell=_settle_cell(tables, one.cell, tolerance)) for one in block.items)
        return replace(block, items=items)
    return block


def _settle_cell(tables: Mapping[str, TableBlock], cell: Cell, tolerance: float) -> Cell:
    """A cell with its formula computed, kept or dropped."""
    if cell.formula is None:
        return cell
    found = evaluate(cell.formula, tables)
    if found is None:
        return replace(cell, formula=None)
    if cell.value is None:
        return replace(cell, value=found)
    agrees = isinstance(cell.value, (int, float)) and math.isclose(found, cell.value, rel_tol=tolerance)
    return cell if agrees else replace(cell, formula=None)


# ---- digits ------------------------------------------------------------------------------------------

COVERAGE = 1.96


def half_width(sd: float | None) -> float | None:
    """Half the 95 % interval of a normally distributed figure."""
    return None if sd is None else COVERAGE * sd


def digits_for(half: float | None, default: int, most: int = 6) -> int:
    """Decimals that suit an interval: its half width keeps one digit, two where it begins below 3.5.

    Examples
    --------
    >>> digits_for(0.018, 2), digits_for(0.06, 2), digits_for(350.0, 2), digits_for(None, 2)
    (3, 2, 0, 2)
    """
    if half is None or half <= 0 or not math.isfinite(half):
        return default
    power = math.floor(math.log10(half))
    lead = half / 10**power
    return max(0, min(most, -power + (1 if lead < 3.5 else 0)))


def measured(
    value: float | None,
    sd: float | None,
    kind: Kind,
    *,
    word: str = "",
    formula: Expr | None = None,
    address: str = "",
) -> Cell:
    """A measured figure with its interval and as many digits as that allows."""
    half = half_width(sd)
    scale = SCALE.get(kind, 1.0)
    digits = digits_for(None if half is None else half * scale, _default_digits(value, kind))
    return Cell(value, half, digits, formula, kind, word, address=address)


SCALE = {Kind.FRACTION: 100.0, Kind.PPM: 1e6}


def _default_digits(value: float | None, kind: Kind) -> int:
    """Decimals of a figure that comes without an interval."""
    if kind is not Kind.MASS or value is None:
        return 2
    size = abs(value)
    return 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 1 else 4
