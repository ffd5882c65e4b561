"""A document as one self-contained HTML page: no scripts, no files beside it, light and dark, fit to print."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from zveno.reports.addresses import derived_words
from zveno.reports.document import Block, Cell, Column, Document, Figure
from zveno.reports.render.shown import (
    HeadCell,
    ShownCell,
    is_number,
    shown_cell,
    shown_half,
    shown_value,
    table_head,
)
from zveno.text.catalogue import Catalogue


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
        head=lambda table: table_head(table, text),
        head_class=_head_class,
        cells=lambda table, row: [shown_cell(column, row, text) for column in table.columns],
        classes=_classes,
        tip=lambda cell: _tip(cell, text),
        figure=lambda cell, kind: shown_value(cell, cell.kind or kind, text),
        half=lambda cell, kind: shown_half(cell, cell.kind or kind, text),
    )


@lru_cache
def _template() -> Template:
    """The page's template."""
    loader = PackageLoader("zveno.reports", "render")
    engine = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return engine.get_template("page.html.j2")


def _tip(cell: Cell | None, text: Catalogue) -> str:
    """Address of a figure and how it follows, shown where the pointer rests; nothing for other numbers."""
    if cell is None or cell.value is None or not cell.address:
        return ""
    derived = derived_words(cell, text)
    return f"{cell.address}\n{derived}" if derived else ""


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


def _head_class(cell: HeadCell) -> str:
    """Class of a head cell."""
    return "g" if cell.grouped else "n" if cell.is_number else ""


def _classes(column: Column, cell: ShownCell) -> str:
    """Classes of a cell."""
    names = {
        "n": is_number(column),
        "broad": column.broad,
        "nw": cell.kept,
        cell.tone: cell.tone != "plain",
    }
    return " ".join(name for name, holds in names.items() if holds)
