"""Parquet files of readings: written whole or not at all, read only if their bytes are those that were kept."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from zveno.errors import StoreError
from zveno.tables import schema

READINGS = "readings"
"""Folder of the daily files inside the folder of a store."""
_UNFINISHED = ".part"
_OWNER = "store-id"


@dataclass(frozen=True)
class DayFile:
    """One Parquet file: its place inside the folder of the store, its UTC day, SHA-256 of its bytes."""

    path: str
    day: str
    content_hash: str


def write_readings(rows: pl.DataFrame, path: Path) -> str:
    """Write readings as Parquet: sorted, times delta-coded, tags as a dictionary.

    The file stands under its name only once all its bytes are on the disk; the entry in its folder is safe after
    :func:`settle`.

    Returns
    -------
    content_hash
        SHA-256 of the bytes.
    """
    sink = pa.BufferOutputStream()
    pq.write_table(
        rows.sort("tag", "ts").to_arrow(),
        sink,
        compression="NONE",
        use_dictionary=["tag", "value", "quality"],
        column_encoding={"ts": "DELTA_BINARY_PACKED"},
    )
    content = sink.getvalue()
    unfinished = path.with_name(path.name + _UNFINISHED)
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    return hashlib.sha256(content).hexdigest()


def write_days(readings: pl.DataFrame, folder: Path, file_hash: str, written: list[Path]) -> list[DayFile]:
    """One Parquet file a UTC day, sorted by tag and time, under a name that nothing else has.

    Parameters
    ----------
    readings
        Table ``readings`` of one source file.
    folder
        Folder of the store.
    file_hash
        Hash of the source file.
    written
        Gets the path of each file before it is begun, so that the caller can take it away again.
    """
    if readings.is_empty():
        return []
    made = []
    days = readings.with_columns(day=pl.col("ts").dt.date()).partition_by("day", as_dict=True)
    for (day,), rows in days.items():
        place = folder / READINGS / str(day)
        place.mkdir(parents=True, exist_ok=True)
        path = place / f"{file_hash[:16]}-{uuid4().hex[:8]}.parquet"
        written.append(path)
        content_hash = write_readings(rows.drop("day"), path)
        made.append(DayFile(path.relative_to(folder).as_posix(), str(day), content_hash))
    return made


def settle(written: Iterable[Path], folder: Path) -> None:
    """Put the entries of new files, and of the folders of their days, on the disk."""
    days = {path.parent for path in written}
    for place in [*sorted(days), *([folder / READINGS, folder] if days else [])]:
        _sync_folder(place)


def take_away(written: Iterable[Path]) -> None:
    """Remove files of a write that failed before it was kept."""
    for path in written:
        for one in (path, path.with_name(path.name + _UNFINISHED)):
            with suppress(OSError):  # what stays is an orphan, which nothing reads
                one.unlink(missing_ok=True)


def read_day(folder: Path, path: str, content_hash: str | None) -> pl.DataFrame:
    """Readings of one file.

    Raises
    ------
    StoreError
        If the bytes are not those that were kept, or are no Parquet.
    OSError
        If the file cannot be had.
    """
    content = (folder / path).read_bytes()
    if content_hash is not None and hashlib.sha256(content).hexdigest() != content_hash:
        raise _altered(path)
    try:
        return pl.read_parquet(BytesIO(content)).cast(schema("readings"))  # type: ignore[arg-type]
    except pl.exceptions.PolarsError as error:
        raise _altered(path) from error


def _altered(path: str) -> StoreError:
    return StoreError("the readings in '{path}' are not those that were kept: bring the file back", path=path)


def orphans(folder: Path, named: Iterable[str]) -> list[Path]:
    """Files of writes that were cut off: nothing names them, nothing reads them."""
    known = set(named)
    found = [one for suffix in ("", _UNFINISHED) for one in (folder / READINGS).glob(f"*/*.parquet{suffix}")]
    return sorted(one for one in found if one.relative_to(folder).as_posix() not in known)


def claimed(folder: Path) -> bool:
    """Whether a folder serves a store already."""
    return (folder / READINGS / _OWNER).is_file()


def require_some(folder: Path, named: Sequence[str]) -> None:
    """Refuse a folder that has none of the files of a store, before anything is made there.

    Raises
    ------
    StoreError
        If it is a wrong folder, or a share that is not mounted.
    """
    if named and not any((folder / one).is_file() for one in named):
        raise StoreError(
            "the folder '{folder}' has none of the readings of this store: is it the right one, and is it mounted?",
            folder=str(folder),
        )


def claim(folder: Path, store_id: str) -> None:
    """Take a folder for the readings of a store; one folder never serves two.

    Raises
    ------
    StoreError
        If it holds the readings of another store.
    """
    mark = folder / READINGS / _OWNER
    if not mark.is_file():
        mark.parent.mkdir(parents=True, exist_ok=True)
        own = mark.with_name(f"{_OWNER}-{uuid4().hex[:8]}")
        own.write_text(store_id + "\n", encoding="ascii")
        with suppress(FileExistsError):  # of two that take it at once the first has it
            os.link(own, mark)
        own.unlink()
        _sync_folder(mark.parent)
    if mark.read_text(encoding="ascii").strip() != store_id:
        raise StoreError(
            "the folder '{folder}' holds the readings of another store: give this one a folder of its own",
            folder=str(folder),
        )


def _sync_folder(folder: Path) -> None:
    """Put the entries of a folder on the disk, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
