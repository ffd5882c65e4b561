"""Cells of a workbook that readers give as blanks although something stands in them."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from posixpath import join, normpath
from xml.etree import ElementTree
from zipfile import BadZipFile, ZipFile

from openpyxl.utils.cell import coordinate_to_tuple

from zveno.errors import Phrase

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT = {
    b"http://purl.oclc.org/ooxml/spreadsheetml/main": b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    b"http://purl.oclc.org/ooxml/officeDocument/relationships":
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
}  # fmt: skip
"""Names of the strict form of the standard, and of the usual one."""
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def unreadable(content: bytes) -> Iterator[tuple[str, int, int, str]]:
    """Sheet, row and column (from 0) of each error, and of each formula that no program has calculated yet.

    The last item is what stands there: ``#DIV/0!``, or the formula. Formulas whose answer is an empty text are
    calculated, and say nothing.
    """
    if not content.startswith(b"PK"):
        return
    with ZipFile(BytesIO(content)) as book:
        if "xl/workbook.xml" not in book.namelist():
            return
        for name, path in sheet_parts(book):
            page = part(book, path)
            if b't="e"' not in page and b"<f" not in page:
                continue
            for cell in ElementTree.fromstring(page).iter(f"{MAIN}c"):
                said = _said(cell)
                if said:
                    row, column = coordinate_to_tuple(cell.attrib["r"])
                    yield name, row - 1, column - 1, said


def why_not(error: Exception) -> Phrase | str:
    """Why a workbook does not open, in words of the catalogue where the reader's own are of no help."""
    return Phrase("its content is cut off or damaged") if isinstance(error, BadZipFile) else str(error)


def part(book: ZipFile, path: str) -> bytes:
    """A part of a workbook; one of the strict form in the names of the usual one."""
    content = book.read(path)
    for strict, usual in _STRICT.items():
        content = content.replace(strict, usual)
    return content


def sheet_parts(book: ZipFile) -> Iterator[tuple[str, str]]:
    """Name and part of every sheet."""
    links = ElementTree.fromstring(part(book, "xl/_rels/workbook.xml.rels"))
    targets = {one.attrib["Id"]: one.attrib["Target"] for one in links}
    for sheet in ElementTree.fromstring(part(book, "xl/workbook.xml")).iter(f"{MAIN}sheet"):
        target = targets.get(sheet.attrib.get(_RELATION, ""), "")
        path = target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))
        if path in book.namelist():
            yield sheet.attrib["name"], path


def _said(cell: ElementTree.Element) -> str:
    """What stands in a cell that has no value of its own."""
    value, formula = cell.find(f"{MAIN}v"), cell.find(f"{MAIN}f")
    text, kind = (value.text if value is not None else "") or "", cell.attrib.get("t")
    if kind == "e":
        return text or "#?"
    return f"={formula.text or ''}" if formula is not None and not text and kind != "str" else ""
