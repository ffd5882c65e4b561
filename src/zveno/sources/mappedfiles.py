"""Files of a description that has mappings: each read by its layout, or said why not; and back from the store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from zveno.errors import DataError, Fault, fault
from zveno.model.chain import ChainModel
from zveno.model.types import COUNTER, Meter
from zveno.quantities import convert, uom_of
from zveno.sources.books import is_book, open_book, text_books
from zveno.sources.fates import REASONS, Fate, counted
from zveno.sources.grid import Book
from zveno.sources.mapped import read_mapped, recognise, strange_cells
from zveno.sources.settled import MappedFile
from zveno.tables import frame
from zveno.text.mark import tr

QUIET_REASONS = ("total", "derived", "cumulative", "plan", "not_production", "duplicate_file", "superseded")
"""Reasons that nobody needs to look at: such cells were never measurements, or are known already."""
_MASSES = {"mass_wet": "wet_mass", "mass_dry": "mass", "moisture": "moisture"}


def mapped_key(model: ChainModel, name: str, file_hash: str) -> str:
    """By which a store knows that a file was read with these mappings under this name."""
    maps = "".join(f"{layout}{digest}" for layout, digest in sorted(model.mappings.hashes.items()))
    return hashlib.sha256(f"{file_hash} {name} {maps}".encode()).hexdigest()


def read_by_mapping(model: ChainModel, content: bytes, name: str) -> MappedFile | None:
    """A file read by the mapping that knows its layout; None where none does.

    A workbook that cannot be opened comes back with the reason, so that the other files are read all the same.
    """
    digest = hashlib.sha256(content).hexdigest()
    blank = MappedFile(name, digest, mapped_key(model, name, digest))
    try:
        books = [open_book(content, name)] if is_book(content) else text_books(content)
    except DataError as error:
        problem = error.faults[0].fields.get("problem", "")
        said = tuple(Fault(one.message, one.fields, name) for one in error.faults)
        return replace(blank, state="unreadable", problem=str(problem), doubts=said)
    for book in books:
        known = recognise(book, model.mappings)
        if known is not None:
            read = read_mapped(book, name, known, model.mappings, model.tz)
            doubts = (*read.doubts, *_blind(book, name))
            return replace(
                blank,
                content_hash=book.content_hash,
                layout=read.layout,
                fates=read.fates,
                corrects=read.corrects,
                doubts=doubts,
            )
    return None


def of_unknown_layout(model: ChainModel, content: bytes, name: str) -> MappedFile:
    """A file that no mapping knows: its numbers are left out with that reason, its texts are context."""
    digest = hashlib.sha256(content).hexdigest()
    book = open_book(content, name) if is_book(content) else next(text_books(content), Book(()))
    fates = tuple(fate for sheet in book.sheets for fate in strange_cells(sheet, "unknown_layout"))
    message = tr("no mapping knows this layout, nothing was taken: 'zveno import --learn FILE' proposes one")
    return MappedFile(
        name,
        digest,
        mapped_key(model, name, digest),
        book.content_hash,
        state="unknown_layout",
        fates=fates,
        doubts=(fault(message, name),),
    )


def _blind(book: Book, name: str) -> Iterator[Fault]:
    """Old kinds of workbooks show us neither formulas nor comments nor hidden rows: said, for totals may hide."""
    if book.blind:
        message = tr("this kind of workbook shows neither formulas nor comments nor hidden rows: save it as .xlsx")
        yield fault(message, name)


def cells_frame(files: Sequence[MappedFile]) -> pl.DataFrame:
    """The table ``mapped_cells`` of files."""
    return frame("mapped_cells", [_row(one, fate) for one in files for fate in one.fates])


def _row(one: MappedFile, fate: Fate) -> dict[str, Any]:
    """One cell as a row."""
    return {
        "file": one.file,
        "file_hash": one.file_hash,
        "sheet": fate.sheet,
        "cell": fate.cell,
        "status": fate.status,
        "reason": fate.reason,
        "role": fate.role,
        "text": fate.text,
        "point": fate.point,
        "quantity": fate.quantity,
        "start": fate.start,
        "end": fate.end,
        "day": fate.day,
        "slot": fate.slot,
        "value": fate.value,
        "uom": fate.uom,
        "qualifier": fate.qualifier,
        "meant": fate.meant,
        "counts_for": fate.counts_for,
        "mapping": one.layout,
        "known": None,
    }


def files_frame(files: Sequence[MappedFile]) -> pl.DataFrame:
    """The table ``mapped_files`` of files."""
    rows = [
        {
            "file": one.file,
            "file_hash": one.file_hash,
            "content_hash": one.content_hash,
            "mapping": one.layout,
            "state": one.state,
            "other": one.other,
            "problem": one.problem,
            **_counts(one),
            "known": None,
        }
        for one in files
    ]
    return frame("mapped_files", rows)


def _counts(one: MappedFile) -> dict[str, int]:
    """Cells of a file by their fate."""
    found = counted(one.fates)
    return {**found, "context": found["context"] + one.unseen_context}


def kept_files(files: pl.DataFrame, cells: pl.DataFrame) -> list[MappedFile]:
    """Files of earlier imports with the cells that count, from the tables of a store."""
    counts = cells.filter(pl.col("status") != "context")
    by_file = counts.partition_by("file", "file_hash", as_dict=True)
    found = []
    for one in files.iter_rows(named=True):
        rows = by_file.get((one["file"], one["file_hash"]))
        fates = tuple(_fate(row) for row in rows.iter_rows(named=True)) if rows is not None else ()
        found.append(
            MappedFile(
                one["file"],
                one["file_hash"],
                f"{one['file_hash']} {one['file']}",
                one["content_hash"],
                one["mapping"],
                one["state"],
                fates,
                corrects=one["state"] == "corrects",
                other=one["other"],
                problem=one["problem"],
                unseen_context=one["context"],
            )
        )
    return found


def _fate(row: dict[str, Any]) -> Fate:
    """A cell back from its row."""
    place = _place(row["cell"])
    names = ("text", "status", "reason", "role", "point", "quantity", "start", "end", "day", "slot", "value", "uom")
    marks = tuple(one for one in row["qualifier"].split(",") if one)
    same = {name: row[name] for name in (*names, "meant", "counts_for")}
    return Fate(row["sheet"], *place, qualifiers=marks, **same)


def _place(cell: str) -> tuple[int, int]:
    """Row and column of a cell name."""
    letters = cell.rstrip("0123456789")
    column = 0
    for one in letters:
        column = column * 26 + ord(one) - 64
    return int(cell[len(letters) :]) - 1, column - 1


def records_of(model: ChainModel, one: MappedFile) -> pl.DataFrame:
    """Records of the chain's meters from imported cells: those whose point, or else stream, stock or group, is that of
    the cell.

    Checks of the laboratory are no records. A stock that was weighed or surveyed wet is given dry, by the moisture of
    the same row where there is one; the metal of a bath is its volume times the concentration of the same row.
    """
    by_point: dict[str, list[Meter]] = {}
    for meter in model.chain.meters:
        by_point.setdefault(meter.point or meter.stream, []).append(meter)
    beside = _Beside.of(one)
    contents = {each.id: each.content for each in model.chain.streams if each.content}
    contents |= {each.id: each.content for each in model.chain.stocks if each.content}
    rows = []
    for fate in one.fates:
        if fate.status != "imported" or fate.value is None or any(mark.startswith("qc_") for mark in fate.qualifiers):
            continue
        for meter in by_point.get(fate.counts_for or fate.point, ()):
            content = contents.get(meter.stream, "")
            found = _content_t(meter, fate, beside, content) if content else _reading(meter, fate, beside)
            if found is not None:
                rows.append(_record(one, fate, meter, *found))
    return frame("records", rows)


@dataclass(frozen=True)
class _Beside:
    """What stands in the same row as a value, by sheet and row: share of dry matter, and volume of a bath in m3."""

    dry_frac: Mapping[tuple[str, int], float]
    volume_m3: Mapping[tuple[str, int], float]

    @classmethod
    def of(cls, one: MappedFile) -> _Beside:
        """From the imported cells of a file."""
        dry, volume = {}, {}
        for fate in one.fates:
            if fate.status != "imported" or fate.value is None:
                continue
            if fate.quantity == "moisture":
                dry[fate.sheet, fate.row] = 1 - convert(fate.value, fate.uom, "frac")
            elif fate.quantity == "volume" and uom_of(fate.uom).dimension == "volume":
                volume[fate.sheet, fate.row] = convert(fate.value, fate.uom, "m3")
        return cls(dry, volume)


def _content_t(meter: Meter, fate: Fate, beside: _Beside, content: str) -> tuple[str, float] | None:
    """Mass of the one metal that is followed in a stream or bath: weighed as such, or volume times concentration."""
    assert fate.value is not None
    if fate.quantity == f"metal_{content}" and meter.quantity in ("mass", "survey_mass"):
        return meter.quantity, convert(fate.value, fate.uom, "t")
    volume = beside.volume_m3.get((fate.sheet, fate.row))
    if meter.quantity == "survey_mass" and fate.quantity == f"concentration_{content}" and volume is not None:
        return "survey_mass", convert(fate.value, fate.uom, "g/l") * volume / 1000
    return None


def _reading(meter: Meter, fate: Fate, beside: _Beside) -> tuple[str, float] | None:
    """Quantity and value in t or as a fraction that a cell gives of a meter; None where it gives none."""
    assert fate.value is not None
    if meter.quantity == "assay":
        component = fate.quantity.removeprefix("grade_")
        given = fate.quantity.startswith("grade_") and component in meter.components
        return (component, convert(fate.value, fate.uom, "frac")) if given else None
    if meter.quantity == "survey_mass" and fate.quantity in ("mass_wet", "mass_dry"):
        share = beside.dry_frac.get((fate.sheet, fate.row), 1.0) if fate.quantity == "mass_wet" else 1.0
        return "survey_mass", convert(fate.value, fate.uom, "t") * share
    if meter.quantity == "counter" and fate.quantity in COUNTER:
        return fate.quantity, convert(fate.value, fate.uom, "t")
    if _MASSES.get(fate.quantity) != meter.quantity:
        return None
    return meter.quantity, convert(fate.value, fate.uom, "frac" if meter.quantity == "moisture" else "t")


def _record(one: MappedFile, fate: Fate, meter: Meter, quantity: str, value: float) -> dict[str, Any]:
    """A record of the existing kind."""
    return {
        "point": meter.id,
        "quantity": quantity,
        "start": fate.start,
        "end": fate.end,
        "value": value,
        "qualifier": "<" if "lt" in fate.qualifiers else "",
        "file": one.file,
        "sheet": fate.sheet,
        "cell": fate.cell,
        "file_hash": one.key,
        "known": None,
    }


def rejected_of(one: MappedFile) -> pl.DataFrame:
    """Cells left out that a person should look at, as the table ``rejected``; an unreadable file is one of them."""
    rows = [
        {"file": one.file, "sheet": fate.sheet, "cell": fate.cell, "text": fate.text, "reason": REASONS[fate.reason],
         "file_hash": one.key, "known": None}
        for fate in one.fates if fate.status == "rejected" and fate.reason not in QUIET_REASONS
    ]  # fmt: skip
    if one.state == "unreadable":
        rows.append(
            {"file": one.file, "sheet": "", "cell": "", "text": one.problem, "reason": tr("the file cannot be read"),
             "file_hash": one.key, "known": None}
        )  # fmt: skip
    return frame("rejected", rows)
