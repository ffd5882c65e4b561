"""Readings in a folder of Parquet files, a few tags at a time, slice by slice of time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from zveno.errors import DataError

Ints = NDArray[np.int64]
Columns = tuple[Ints, NDArray[np.float64], NDArray[np.bool_]]
"""Moments in microseconds, values (NaN for none), and whether each is of good quality."""
_COLUMNS = ["ts", "value", "quality"]
_A_SECOND = {"ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


@dataclass(frozen=True)
class Group:
    """One row group of a file: its place, the first and last tag in it, its moments and number of rows."""

    path: str
    index: int
    tags: tuple[str, str]
    span: tuple[int, int]
    rows: int


@dataclass(frozen=True)
class Slice:
    """Row groups of files that overlap in time; no other slice has readings between its first and last moment."""

    groups: tuple[Group, ...]
    until: int

    @cached_property
    def by_tag(self) -> Mapping[str, tuple[Group, ...]]:
        """Row groups of one tag only, by it."""
        found: dict[str, list[Group]] = {}
        for one in self.groups:
            if one.tags[0] == one.tags[1]:
                found.setdefault(one.tags[0], []).append(one)
        return {tag: tuple(groups) for tag, groups in found.items()}

    @cached_property
    def mixed(self) -> tuple[Group, ...]:
        """Row groups of several tags."""
        return tuple(one for one in self.groups if one.tags[0] != one.tags[1])

    def read(self, tags: frozenset[str], files: dict[str, pq.ParquetFile]) -> dict[str, Columns]:
        """Readings of some tags, in order of time; ``files`` keeps what was opened for the next call."""
        found: dict[str, list[Columns]] = {}
        for tag in tags:
            for one in self.by_tag.get(tag, ()):
                table = _opened(one.path, files).read_row_group(one.index, _COLUMNS, use_threads=False)
                found.setdefault(tag, []).append(_columns(table))
        for one in self.mixed:
            low, high = one.tags
            if any(low <= tag <= high for tag in tags):
                table = _opened(one.path, files).read_row_group(one.index, ["tag", *_COLUMNS], use_threads=False)
                for tag, columns in _mixed(table, tags):
                    found.setdefault(tag, []).append(columns)
        return {tag: _joined(parts) for tag, parts in found.items()}


def slices_of(folder: Path) -> list[Slice]:
    """What a folder of Parquet files holds, by slices of time; only the ends of the files are read.

    Raises
    ------
    DataError
        If there are none, or one has not the columns tag, ts, value, quality, or does not say what its parts hold.
    """
    groups = [one for path in sorted(folder.glob("**/*.parquet")) for one in _groups(path)]
    if not groups:
        raise DataError("'{folder}' holds no Parquet files of readings", folder=str(folder))
    files: dict[str, list[Group]] = {}
    for one in groups:
        files.setdefault(one.path, []).append(one)
    ordered = sorted(files.values(), key=lambda each: min(one.span[0] for one in each))
    found: list[list[Group]] = []
    until = -(2**62)
    for each in ordered:
        first, last = min(one.span[0] for one in each), max(one.span[1] for one in each)
        if found and first <= until:
            found[-1] += each
        else:
            found.append(list(each))
        until = max(until, last)
    return [
        Slice(tuple(sorted(each, key=lambda one: (one.tags[0], one.span[0]))), max(one.span[1] for one in each))
        for each in found
    ]


def rows_by_tag(slices: Iterable[Slice]) -> Mapping[str, int]:
    """About how many readings each tag has, by the row groups that begin with it."""
    counted: dict[str, int] = {}
    for each in slices:
        for one in each.groups:
            counted[one.tags[0]] = counted.get(one.tags[0], 0) + one.rows
    return counted


def _opened(path: str, files: dict[str, pq.ParquetFile]) -> pq.ParquetFile:
    """A file, opened once."""
    if path not in files:
        files[path] = pq.ParquetFile(path, memory_map=True, pre_buffer=False)
    return files[path]


def _groups(path: Path) -> Iterator[Group]:
    """Row groups of a file by what its end says of them."""
    meta = pq.ParquetFile(path, memory_map=True).metadata
    names = [meta.schema.column(n).name for n in range(meta.num_columns)]
    missing = [name for name in ("tag", *_COLUMNS) if name not in names]
    if missing:
        raise DataError("'{path}' has no column '{column}'", path=str(path), column=missing[0])
    a_second = _A_SECOND.get(getattr(meta.schema.to_arrow_schema().field("ts").type, "unit", ""), 0)
    if not a_second:
        raise DataError(
            "'{path}' holds no moments in its column '{column}': write it again", path=str(path), column="ts"
        )
    for index in range(meta.num_row_groups):
        part = meta.row_group(index)
        tag, ts = (part.column(names.index(name)).statistics for name in ("tag", "ts"))
        if not part.num_rows:
            continue
        if tag is None or ts is None or not tag.has_min_max or not ts.has_min_max:
            raise DataError("'{path}' does not say which tags and times its parts hold: write it again", path=str(path))
        span = (ts.min_raw * 1_000_000 // a_second, ts.max_raw * 1_000_000 // a_second)
        yield Group(str(path), index, (tag.min, tag.max), span, part.num_rows)


def _columns(table: pa.Table) -> Columns:
    """The columns of one tag as arrays."""
    ts, value, quality = (_whole(table.column(name)) for name in _COLUMNS)
    if ts.type.unit != "us":
        ts = ts.cast(pa.timestamp("us", ts.type.tz), safe=False)
    numbers = value.to_numpy(zero_copy_only=False)
    good = quality.to_numpy(zero_copy_only=False) == 0
    return ts.view(pa.int64()).to_numpy(zero_copy_only=False), numbers, good


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """A column in one piece, which it mostly is already."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _mixed(table: pa.Table, tags: frozenset[str]) -> Iterator[tuple[str, Columns]]:
    """Readings of several tags, those wanted apart from each other."""
    for tag in pc.unique(table.column("tag")).to_pylist():
        if tag in tags:
            yield tag, _columns(table.filter(pc.equal(table.column("tag"), tag)))


def _joined(parts: list[Columns]) -> Columns:
    """Readings of one tag in order of time."""
    if len(parts) == 1:
        return parts[0]
    ordered = sorted(parts, key=lambda one: int(one[0][0]) if len(one[0]) else 0)
    ts, value, good = (np.concatenate(each) for each in zip(*ordered, strict=True))
    return ts, value, good
