"""What the store keeps of a file, and the hash of what was read from it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import polars as pl

from zveno.periods import Period
from zveno.sources import SourceBatch
from zveno.store import Batch, Store
from zveno.tables import frame


def kept(source: SourceBatch, model_hash: str) -> Batch:
    """A file as the store keeps it; the cells at fault are listed among the rejected.

    A file with faults is known only together with the description that found them: once that is mended, the
    same file is read anew and replaces what was kept of it.
    """
    if not source.faults:
        return Batch(source.file, source.file_hash, source.records, source.rejected, source.readings)
    salted = hashlib.sha256(f"{source.file_hash} {model_hash}".encode()).hexdigest()
    listed = [
        {
            "file": source.file,
            "sheet": "",
            "cell": one.where.removeprefix(f"{source.file}, "),
            "text": "",
            "reason": str(replace(one, where="")).replace("{", "{{").replace("}", "}}"),
            "file_hash": salted,
            "known": None,
        }
        for one in source.faults
    ]
    rejected = pl.concat([source.rejected, frame("rejected", listed)])
    records, rejected = (one.with_columns(file_hash=pl.lit(salted)) for one in (source.records, rejected))
    return Batch(source.file, salted, records, rejected, source.readings)


def hash_of(records: pl.DataFrame, readings: pl.DataFrame) -> str:
    """SHA-256 over the files that the records came from, and over the readings themselves."""
    digest = hashlib.sha256("".join(sorted(records["file_hash"].unique())).encode())
    rows = readings.sort("tag", "ts")
    for tag, count in rows.group_by("tag", maintain_order=True).len().iter_rows():
        digest.update(f"{tag} {count};".encode())
    for column in (rows["ts"].dt.epoch("us"), rows["value"], rows["quality"]):
        digest.update(column.to_numpy().tobytes())
    return digest.hexdigest()


def lots_of(store: Store, span: Period) -> dict[tuple[str, str, str], str]:
    """Names of lots by the cell (file, sheet, cell) of each value that mappings read of them in a period."""
    cells = store.read("mapped_cells", span).filter(pl.col("status") == "imported", pl.col("slot") != "")
    return {(a, b, c): slot for a, b, c, slot in cells.select("file", "sheet", "cell", "slot").iter_rows()}


def rejected_of(store: Store, span: Period) -> pl.DataFrame:
    """Cells left out of the files that speak of a period, and of those that speak of none."""
    everything = store.read("records")
    here = everything.filter(pl.col("start").is_between(*span.instants, closed="left"))["file_hash"].unique()
    elsewhere = set(everything["file_hash"].unique()) - set(here)
    return store.read("rejected").filter(~pl.col("file_hash").is_in(list(elsewhere)))


def description_of(folder: Path) -> list[Path]:
    """The files of a description in their order: all its YAML, without what lies in a store inside."""
    kept = set((folder / "store").rglob("*.yaml"))
    return sorted(one for one in folder.rglob("*.yaml") if one not in kept)


def same_description(folder: Path, packed: ZipFile) -> bool:
    """Whether the files of a description are, byte for byte, those that were packed with a version."""
    prefix = "description/"
    kept = {one.removeprefix(prefix): packed.read(one) for one in packed.namelist() if one.startswith(prefix)}
    try:
        now = {path.relative_to(folder).as_posix(): path.read_bytes() for path in description_of(folder)}
    except OSError:
        return False
    return now == kept
