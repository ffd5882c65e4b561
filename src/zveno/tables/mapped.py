"""Tables of reports read by mappings: every non-empty cell with what became of it, and every file."""

from __future__ import annotations

import polars as pl

from zveno.tables.column import Column
from zveno.tables.column import columns as _columns

_INSTANT = pl.Datetime("us", "UTC")
CELL_KEY = ["file", "file_hash", "sheet", "cell"]
"""One cell; what was said of it last is believed."""
FILE_KEY = ["file", "file_hash"]

MAPPED: dict[str, tuple[Column, ...]] = {
    "mapped_cells": _columns(
        ("file", pl.String, "file"),
        ("file_hash", pl.String, "SHA-256 of the file"),
        ("sheet", pl.String, "sheet, or empty for text files"),
        ("cell", pl.String, "cell, such as B12"),
        ("status", pl.String, "imported, rejected or context"),
        ("reason", pl.String, "why it was rejected: a word such as total or no_data"),
        ("role", pl.String, "what a cell of context is: title, header, label, date, shift, person, unit, id, note"),
        ("text", pl.String, "what stands there"),
        ("point", pl.String, "point that the value is of"),
        ("quantity", pl.String, "quantity, such as mass_wet, moisture, grade_Cu"),
        ("start", _INSTANT, "first moment of its time"),
        ("end", _INSTANT, "first moment after; that of start for values of a moment"),
        ("day", pl.Date, "report day that it belongs to"),
        ("slot", pl.String, "shift, day, lot, open or close"),
        ("value", pl.Float64, "value in uom, as written; days since 1970-01-01 for dates; null for texts"),
        ("uom", pl.String, "unit of measure"),
        ("qualifier", pl.String, "marks of the value, such as lt, footnote, estimated, hidden_row, formula"),
        (
            "meant",
            pl.Float64,
            "number that was probably meant, where it could not be taken: to be confirmed by a person",
        ),
        ("counts_for", pl.String, "point of the chain that the value counts for, where it is another"),
        ("mapping", pl.String, "mapping that read it"),
        ("known", _INSTANT, "when the store learnt it"),
    ),
    "mapped_files": _columns(
        ("file", pl.String, "file"),
        ("file_hash", pl.String, "SHA-256 of the file"),
        ("content_hash", pl.String, "SHA-256 of what its cells say: the same for a file saved again"),
        ("mapping", pl.String, "mapping that read it; empty where none knows its layout"),
        ("state", pl.String, "read, corrects, copy, superseded, unknown_layout or unreadable"),
        ("other", pl.String, "file that it copies, corrects or is replaced by"),
        ("problem", pl.String, "why it could not be read"),
        ("imported", pl.Int64, "cells imported"),
        ("rejected", pl.Int64, "cells rejected"),
        ("context", pl.Int64, "cells of context"),
        ("known", _INSTANT, "when the store learnt it"),
    ),
}
