"""Files recognised by their content, not by their suffix, and read into tables."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from fnmatch import fnmatch
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from zveno.errors import DataError, Fault, fault, refusal
from zveno.model.chain import ChainModel
from zveno.model.checks import near_match
from zveno.sources.cells import Cells, Place
from zveno.sources.mappedfiles import mapped_key, of_unknown_layout, read_by_mapping
from zveno.sources.settled import MappedFile
from zveno.sources.texttable import read_text_table
from zveno.sources.workbook import WORKBOOKS, read_workbook
from zveno.tables import frame, schema
from zveno.text.mark import tr

NOT_A_TABLE = tr("neither a workbook nor a table of readings")
_TABLES = (".csv", ".tsv", ".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".parquet")
_PARQUET = b"PAR1"


@dataclass(frozen=True)
class SourceBatch:
    """What one file holds: records, rejected cells, readings; what is wrong with it, and what may be."""

    file: str
    file_hash: str
    records: pl.DataFrame
    rejected: pl.DataFrame
    readings: pl.DataFrame
    faults: tuple[Fault, ...]
    doubts: tuple[Fault, ...] = ()
    mapped: MappedFile | None = None
    """What a mapping read of it, where the description has mappings."""


@dataclass(frozen=True)
class FoundFile:
    """A file, the name it is known by, and whether the user named it or it only lay in a folder."""

    path: Path
    name: str
    asked_for: bool


def list_files(paths: Sequence[Path]) -> list[FoundFile]:
    """All files of the paths; lock files and hidden ones are passed over."""
    found: list[FoundFile] = []
    for path in paths:
        if path.is_dir():
            inner = sorted(one for one in path.rglob("*") if one.is_file() and not one.name.startswith((".", "~$")))
            found += [FoundFile(one, one.relative_to(path).as_posix(), asked_for=False) for one in inner]
        elif path.is_file():
            found.append(FoundFile(path, path.name, asked_for=True))
        else:
            raise DataError("'{path}' does not exist: give a file or a folder with files", path=str(path))
    if not found:
        raise DataError("there are no files to import in {paths}", paths=", ".join(str(one) for one in paths))
    return found


def lock_files(paths: Sequence[Path]) -> list[str]:
    """Names of the lock files of spreadsheet programs in folders: they show that a workbook was open when copied."""
    return [one.name for path in paths if path.is_dir() for one in sorted(path.rglob("~$*")) if one.is_file()]


def read_files(
    model: ChainModel, paths: Sequence[Path], known: Callable[[str], bool] = lambda _: False
) -> Iterator[SourceBatch]:
    """Read files one by one, in the order of their names.

    A file that lies in a folder and is no table (a letter, a picture) is listed among the rejected; one that the
    user named, or that looks like a table, is at fault where it cannot be read.

    Parameters
    ----------
    model
        The chain that the readings belong to.
    paths
        Files or folders.
    known
        Tells by its key whether a store has a file that mappings read; such a file is not opened again.

    Raises
    ------
    DataError
        If a path does not exist. What is wrong inside a file comes back as faults of its batch.
    """
    for one in list_files(paths):
        try:
            content = one.path.read_bytes()
        except OSError as error:
            raise DataError("'{path}' cannot be read: {problem}", path=str(one.path), problem=refusal(error)) from error
        yield _mapped(model, content, one, known) or _read(model, content, one)


def _mapped(model: ChainModel, content: bytes, found: FoundFile, known: Callable[[str], bool]) -> SourceBatch | None:
    """A file read by mappings; None where the description has none, or the file is of one of Zveno's own layouts."""
    name = found.name
    own = any(fnmatch(Path(name).name, one.name) for one in model.chain.files)
    if not model.mappings.layouts or own or content.startswith(_PARQUET):
        return None
    digest = hashlib.sha256(content).hexdigest()
    key = mapped_key(model, name, digest)
    if known(key):
        return _batch_of(MappedFile(name, digest, key))
    read = read_by_mapping(model, content, name)
    if read is None and _looks_like_a_table(content, found):
        usual = _read(model, content, found)
        if not usual.records.is_empty():
            return usual
        read = of_unknown_layout(model, content, name)
    return None if read is None else _batch_of(read)


def _looks_like_a_table(content: bytes, found: FoundFile) -> bool:
    """Whether a file that no mapping knows should have been one of reports."""
    return content.startswith(WORKBOOKS) or found.asked_for or Path(found.name).suffix.lower() in _TABLES


def _batch_of(read: MappedFile) -> SourceBatch:
    """A mapped file before it is settled with the others; its tables are filled then."""
    blank = (frame("records"), frame("rejected"), frame("readings"))
    return SourceBatch(read.file, read.key, *blank, (), read.doubts, mapped=read)


def _read(model: ChainModel, content: bytes, found: FoundFile) -> SourceBatch:
    """Read one file by what it is."""
    name = found.name
    digest = hashlib.sha256(content).hexdigest()
    cells = Cells(model, digest)
    readings: pl.DataFrame | list[dict[str, Any]] = []
    if content.startswith(WORKBOOKS):
        read_workbook(content, name, cells)
    elif content.startswith(_PARQUET):
        readings = _parquet(content, name, cells)
    else:
        layout = next((one for one in model.chain.files if fnmatch(Path(name).name, one.name)), None)
        if layout is not None:
            readings = read_text_table(content, name, layout, cells)
        elif found.asked_for or Path(name).suffix.lower() in _TABLES:
            message = tr("no layout in chain.yaml ('files') fits this file, and it is neither a workbook nor Parquet")
            cells.faults.append(fault(message, name))
        else:
            cells.reject("", NOT_A_TABLE, Place(name, "", ""))
    return SourceBatch(
        name,
        digest,
        frame("records", cells.records),
        frame("rejected", cells.rejected),
        frame("readings", readings),
        tuple({(one.where, str(one)): one for one in cells.faults}.values()),
        tuple(cells.doubts.values()),
    )


def _parquet(content: bytes, name: str, cells: Cells) -> pl.DataFrame:
    """Readings of tags from a Parquet file with the columns of the table ``readings``."""
    wanted = schema("readings")
    try:
        data = pl.read_parquet(BytesIO(content))
    except (pl.exceptions.PolarsError, OSError) as error:
        cells.faults.append(fault(tr("the Parquet file cannot be read: {problem}"), name, problem=str(error)))
        return frame("readings")
    if set(data.columns) != set(wanted):
        message = tr("the file needs the columns {wanted}, but has {got}")
        got = ", ".join(data.columns)
        cells.faults.append(fault(message, name, wanted=", ".join(wanted), got=got))
        return frame("readings")
    unfit = [fault(message, name) for message in _unfit(data)]
    if unfit:
        cells.faults.extend(unfit)
        return frame("readings")
    data = data.with_columns(_plant_time(data["ts"], cells.model.tz))
    for tag in sorted(set(data["tag"].unique()) - set(cells.model.tags)):
        message = tr("'{tag}' is not a tag of this chain: describe it in chain.yaml")
        cells.faults.append(fault(message, name, tag=tag, near=near_match(tag, cells.model.tags)))
    return frame("readings", data.filter(pl.col("tag").is_in(list(cells.model.tags))))


def _unfit(data: pl.DataFrame) -> Iterator[str]:
    """What keeps readings from being taken as they are."""
    if data["tag"].dtype != pl.String or data["tag"].null_count():
        yield tr("every reading needs a tag: the column 'tag' is not text, or has empty places")
    if data["ts"].dtype.base_type() is not pl.Datetime or data["ts"].null_count():
        yield tr("every reading needs a time: the column 'ts' is no date and time, or has empty places")
    if not data["value"].dtype.is_numeric():
        yield tr("the column 'value' holds no numbers")
    if not data["quality"].dtype.is_integer() or not data["quality"].is_in([0, 1]).all():
        yield tr("the column 'quality' may hold 0 (good) and 1 (bad) only")


def _plant_time(moments: pl.Series, tz: tzinfo) -> pl.Series:
    """Moments as UTC instants; those without a time zone are plant time, as in text tables."""
    if getattr(moments.dtype, "time_zone", None) is not None:
        return moments.dt.convert_time_zone("UTC")
    if isinstance(tz, ZoneInfo):
        local = moments.dt.replace_time_zone(tz.key, ambiguous="earliest", non_existent="null")
        return local.dt.convert_time_zone("UTC")
    return (moments - (tz.utcoffset(None) or timedelta())).dt.replace_time_zone("UTC")
