"""Books built from rows, and mappings from text, for the tests of reading by mappings."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from zveno.model.load import read_description
from zveno.model.mapping import CalendarsFile, LayoutMapping, Mappings
from zveno.periods import zone
from zveno.sources.fates import Fate
from zveno.sources.grid import Book, RawCell, Sheet, spread
from zveno.sources.mapped import MappedBook, read_mapped, recognise
from zveno.sources.settled import MappedFile

TZ = zone("UTC+05:00")
CALENDARS = {
    "calendars": [
        {
            "id": "mill",
            "zone": "UTC+05:00",
            "day_words": ["сутки"],
            "shifts": [
                {"id": "1", "starts": "20:00", "ends": "08:00", "belongs_to": "end", "words": ["ночь", "I"]},
                {"id": "2", "starts": "08:00", "ends": "20:00", "words": ["день", "II"]},
            ],
        }
    ]
}
JOURNAL = {
    "id": "journal",
    "calendar": "mill",
    "tables": [
        {
            "title": "журнал фабрики*",
            "heading_rows": 2,
            "point": "mill",
            "columns": {
                "Дата": "date",
                "Смена": "shift",
                "Руда, *": ".ore mass_wet",
                "Влага, *": ".ore moisture",
                "Содержание / {el}, *": ".ore grade_{el}",
                "План, *": "plan",
                "Примечание": "note",
            },
        }
    ],
}
HEAD: list[list[Any]] = [
    ["Журнал фабрики за март"],
    ["Дата", "Смена", "Руда, т", "Влага, %", "Содержание", None, "План, т", "Примечание"],
    [None, None, None, None, "Cu, %", "Ag, г/т", None, None],
]
MERGED = [((1, 4), (1, 5)), *(((1, c), (2, c)) for c in (0, 1, 2, 3, 6, 7))]


def layouts(*given: Mapping[str, Any]) -> Mappings:
    """Mappings as a description has them."""
    calendars = CalendarsFile.model_validate(CALENDARS).calendars
    read = tuple(LayoutMapping.model_validate(one) for one in given)
    return Mappings(
        layouts=read,
        calendars={one.id: one for one in calendars},
        hashes={one.id: hashlib.sha256(repr(one).encode()).hexdigest() for one in read},
    )


def sheet(rows: Sequence[Sequence[Any]], name: str = "март", **more: Any) -> Sheet:
    """A sheet from rows; a :class:`RawCell` as it is, None is empty."""
    cells = {
        (r, c): one if isinstance(one, RawCell) else RawCell(one)
        for r, row in enumerate(rows)
        for c, one in enumerate(row)
        if one is not None
    }
    merged = more.pop("merged", MERGED)
    return Sheet(name, cells, spread(merged), **more)


def read(book: Book | Sheet, *given: Mapping[str, Any], name: str = "журнал.xlsx") -> MappedBook:
    """A book read by mappings (by that of the journal, if none is given)."""
    whole = book if isinstance(book, Book) else Book((book,))
    maps = layouts(*(given or (JOURNAL,)))
    known = recognise(whole, maps)
    assert known is not None
    return read_mapped(whole, name, known, maps, TZ)


def by_cell(found: MappedBook) -> dict[str, Fate]:
    """Fates by the name of their cell."""
    return {one.cell: one for one in found.fates}


def mapped_file(name: str, found: MappedBook, content: str = "") -> MappedFile:
    """A file as an import settles it."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    return MappedFile(
        name, digest, f"{digest} {name}", content or digest, found.layout, fates=found.fates, corrects=found.corrects
    )


def description(folder: Path, mapping: str, calendars: str = "") -> list[str]:
    """Faults of a small description with a mapping."""
    (folder / "mappings").mkdir(parents=True, exist_ok=True)
    (folder / "chain.yaml").write_text(
        'format: zveno/chain-1\nid: small\ntitle: {en: Small}\ntimezone: "UTC+05:00"\ncomponents: [Cu]\n'
        "plants: [{id: mill, kind: concentrator, sections: [{id: mill.a}]}]\nboundaries: [{id: mine}, {id: pond}]\n"
        "units: [{id: mill.u, section: mill.a}]\n"
        "streams: [{id: mill.ore, from: mine, to: mill.u}, {id: tail, from: mill.u, to: pond}]\n"
        "meters: [{id: scale, stream: mill.ore, quantity: wet_mass, uom: t, sd_rel_pct: 1}]\n",
        encoding="utf-8",
    )
    (folder / "mappings" / "journal.yaml").write_text(mapping, encoding="utf-8")
    if calendars:
        (folder / "mappings" / "calendars.yaml").write_text(calendars, encoding="utf-8")
    return [str(one) for one in read_description(folder)[1]]
