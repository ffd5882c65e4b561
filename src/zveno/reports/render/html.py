"""A document as one self-contained HTML page: no scripts, no files beside it, light and dark, fit to print."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from importlib import resources
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from zveno.reports.document import (
    SCALE,
    Block,
    Cell,
    Column,
    Document,
    Figure,
    Kind,
    Row,
    TableBlock,
)
from zveno.text.catalogue import Catalogue

_NUMERIC = {Kind.COUNT, Kind.MASS, Kind.FRACTION, Kind.PPM, Kind.NUMBER}


@dataclass(frozen=True)
class ShownCell:
    """A cell as text: its figure and, beside it, its interval."""

    text: str
    half: str
    classes: str
    span: int


@dataclass(frozen=True)
class HeadCell:
    """A cell of the table head."""

    text: str
    columns: int
    rows: int
    classes: str


def render_html(document: Document, text: Catalogue) -> str:
    """The page as text; everything that came from files or people is escaped.

    Parameters
    ----------
    document
        A finished document.
    text
        Catalogue of the same language: it writes the numbers and the few words of the page itself.
    """
    css = resources.files("zveno.reports.render").joinpath("page.css").read_text("utf-8")
    return _template().render(
        document=document,
        css=Markup(css),  # our own file
        text=text,
        contents=text("Contents"),
        css_string=_css_string,
        kind_of=_kind_of,
        svg_of=_svg_of,
        head=lambda table: _head(table, text),
        cells=lambda table, row: [_shown(column, row, text) for column in table.columns],
        figure=lambda cell, kind: _value(cell, cell.kind or kind, text),
        half=lambda cell, kind: _half(cell, cell.kind or kind, text),
    )


@lru_cache
def _template() -> Template:
    """The page's template."""
    loader = PackageLoader("zveno.reports", "render")
    engine = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return engine.get_template("page.html.j2")


def _kind_of(block: Block) -> str:
    """Name by which the template knows a block."""
    return type(block).__name__


def _css_string(words: str) -> Markup:
    """Words as a CSS string that can't end the string or the style element."""
    kept = "".join(one if one.isalnum() or one in " .,;:!?'()-" else f"\\{ord(one):x} " for one in words)
    return Markup(f'"{kept}"')


def _svg_of(figure: Figure) -> Markup:
    """A drawing; ``reports.svg`` has escaped every word in it."""
    return Markup(figure.svg)


# ---- tables ----------------------------------------------------------------------------------------------


def _head(table: TableBlock, text: Catalogue) -> list[list[HeadCell]]:
    """One or two rows of head cells; columns of one group share a cell."""
    grouped = any(column.group for column in table.columns)
    upper: list[HeadCell] = []
    lower: list[HeadCell] = []
    for name, run in groupby(table.columns, key=lambda column: column.group):
        columns = list(run)
        if name:
            upper.append(HeadCell(name, sum(_width(one) for one in columns), 1, "g"))
        for one in columns:
            cell = HeadCell(
                one.heading(text), _width(one), 2 if grouped and not name else 1, "n" if _is_number(one) else ""
            )
            (lower if name or not grouped else upper).append(cell)
    return [upper, lower] if grouped else [lower]


def _width(column: Column) -> int:
    """Cells that a column takes."""
    return 2 if column.paired else 1


def _is_number(column: Column) -> bool:
    """Whether a column holds figures."""
    return column.kind in _NUMERIC


def _shown(column: Column, row: Row, text: Catalogue) -> ShownCell:
    """A cell of a row as it is shown."""
    cell = row.cells.get(column.key, Cell())
    kind = cell.kind or column.kind
    known = cell.value is not None
    classes = ["n"] if _is_number(column) else []
    classes += ["broad"] if column.broad else []
    classes += ["nw"] if kind in (Kind.DAY, Kind.MOMENT) else []
    classes += [cell.tone] if cell.tone != "plain" else []
    classes += ["muted"] if not known and cell.tone == "plain" else []
    half = _half(cell, kind, text)
    span = 2 if column.paired and not known else 1
    digits = column.digits if cell.digits is None else cell.digits
    return ShownCell(_value(cell, kind, text, digits), half if column.paired and known else "", " ".join(classes), span)


def _value(cell: Cell, kind: Kind, text: Catalogue, digits: int = 2) -> str:
    """A value in the habits of the language."""
    value = cell.value
    if value is None:
        return cell.word
    if isinstance(value, datetime):
        return text.moment(value)
    if isinstance(value, date):
        return text.day(value)
    if isinstance(value, str):
        return value
    return text.number(value * SCALE.get(kind, 1.0), digits if cell.digits is None else cell.digits)


def _half(cell: Cell, kind: Kind, text: Catalogue) -> str:
    """Half the interval, with the decimals of its value."""
    if cell.half_width is None or cell.value is None:
        return ""
    return "± " + text.number(cell.half_width * SCALE.get(kind, 1.0), cell.digits or 0)
