"""A mapping proposed for a layout never seen before, with what it understood; a person looks and edits it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from zveno.errors import DataError
from zveno.model.chain import ChainModel
from zveno.model.mapping import LayoutMapping, MappedTable, Mappings
from zveno.sources.books import is_book, open_book, text_books
from zveno.sources.dates import date_in
from zveno.sources.fates import Fate, counted
from zveno.sources.grid import Book, Sheet
from zveno.sources.learning.find import blocks, title_pattern
from zveno.sources.learning.found import LearntTable
from zveno.sources.learning.known import Known
from zveno.sources.learning.labels import slug
from zveno.sources.learning.tables import beside, learn_table, roster
from zveno.sources.learning.text import as_yaml
from zveno.sources.mapped import read_mapped, recognise
from zveno.sources.patterns import alike
from zveno.text.sheetwords import MONTHS

_NUMBERED = re.compile(r"\d")


@dataclass(frozen=True)
class Learnt:
    """A proposed mapping as YAML, the columns it rests on, and what it does with the cells of the file."""

    id: str
    text: str
    tables: tuple[LearntTable, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    known_as: str = ""
    held: int = 0
    """Numbers that wait for an answer."""

    @property
    def questions(self) -> int:
        """How many questions the mapping asks."""
        return sum(one.questions for one in self.tables)

    def columns(self) -> list[dict[str, object]]:
        """All columns as rows: what was understood, with the first values."""
        return [
            {"table": n, "sheet": one.sheet, "heading": one.heading, "holds": one.guess.role, "point": one.point,
             "quantity": one.quantity or one.guess.quantity, "uom": one.guess.uom, "sure": not one.asked,
             "likely": list(one.likely), "cell": one.cell, "values": list(one.values)}
            for n, table in enumerate(self.tables) for one in table.columns
        ]  # fmt: skip


def learn(model: ChainModel, content: bytes, name: str) -> Learnt:
    """Propose a mapping for a file.

    Parameters
    ----------
    model
        The description: its points, calendars and mappings tell words and names.
    content, name
        The file.

    Raises
    ------
    DataError
        If it cannot be opened, or no table with headings above numbers is found.
    """
    books = [open_book(content, name)] if is_book(content) else list(text_books(content))
    if not books:
        raise DataError("'{file}' is neither a workbook nor a text table: nothing can be learnt from it", file=name)
    book, known = books[0], Known(model, name)
    tables = tuple(_merged(one for sheet in book.sheets for one in _tables(sheet, known)))
    if not tables:
        raise DataError("no table with headings above numbers was found in '{file}'", file=name)
    layout = recognise(book, model.mappings)
    id_ = _id_of(name)
    dated = known.days == {date_in(name.replace("_", " "))}
    fates = _tried(model, book, name, id_, tables)
    held = sum(
        one.status == "rejected" and one.reason in ("not_mapped", "no_point", "no_period", "no_uom") for one in fates
    )
    text = as_yaml(id_, name, tables, dated=dated)
    return Learnt(id_, text, tables, counted(fates), layout.layout.id if layout else "", held)


def _tried(model: ChainModel, book: Book, name: str, id_: str, tables: Sequence[LearntTable]) -> Sequence[Fate]:
    """What the proposed mapping makes of the cells of its own file."""
    marks = dict.fromkeys((sign for one in tables for sign in one.checks), "qc_duplicate")
    layout = LayoutMapping(
        id=id_, marks=marks, tables=tuple(MappedTable.model_validate(one.as_data()) for one in tables)
    )
    own = Mappings(layouts=(layout,), calendars=model.mappings.calendars)
    found = recognise(book, own)
    return read_mapped(book, name, found, own, model.tz).fates if found else ()


def _tables(sheet: Sheet, known: Known) -> Iterator[LearntTable]:
    """Tables of a sheet, those that stand below each other with the same headings told apart by their sections."""
    if roster(sheet):
        yield LearntTable(title_pattern(roster(sheet)), none_of="not_production")
        return
    found = [(block, learn_table(block, known)) for block in blocks(sheet)]
    heads = [tuple(block.heads.values()) for block, _ in found]
    for (block, table), own in zip(found, heads, strict=True):
        again = heads.count(own) > 1 and block.section and title_pattern(block.section) != table.title
        yield from beside(replace(table, section=title_pattern(block.section)) if again else table)


def _merged(tables: Iterable[LearntTable]) -> Iterator[LearntTable]:
    """Tables with the same title and headings once, with the labels of all of them."""
    found: dict[tuple[str, ...], LearntTable] = {}
    for one in tables:
        key = (alike(one.title), alike(one.section), *(column.guess.pattern for column in one.columns))
        before = found.get(key)
        if before is None:
            found[key] = one
            continue
        rows = {row.pattern: row for row in (*before.rows, *one.rows)}
        found[key] = replace(before, rows=tuple(rows.values()))
    yield from found.values()


def _id_of(name: str) -> str:
    """A name for the mapping from that of the file, without its date."""
    words = [
        one for one in re.split(r"[\s_.\-]+", name.rpartition("/")[2].rpartition(".")[0]) if not _NUMBERED.search(one)
    ]
    named = slug(" ".join(one for one in words if one.lower() not in MONTHS))
    return named if named[:1].isalpha() else f"layout_{named}"
