"""Files into the store: each read, all settled with each other and with what is kept, then kept in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import polars as pl

from zveno.chain.entered import LEDGER
from zveno.chain.kept import kept
from zveno.errors import DataError, Fault, fault
from zveno.model.chain import ChainModel
from zveno.periods import Period
from zveno.sources import (
    QUIET_REASONS,
    REASONS,
    MappedFile,
    SourceBatch,
    cells_frame,
    conflicts,
    files_frame,
    kept_files,
    lock_files,
    read_files,
    records_of,
    rejected_of,
    remarks,
    settled,
)
from zveno.store import Batch, Known, Store
from zveno.tables import RECORD_KEY, frame
from zveno.text.mark import tr

_LOCKED = tr("passed over: the lock file of a workbook that was open when it was copied")


@dataclass(frozen=True)
class Imported:
    """What an import did: files new and known, values kept, cells left out, faults, remarks (kept, but look).

    ``cells`` and ``sources`` are the tables ``mapped_cells`` and ``mapped_files`` of the new files that mappings read.
    """

    files: int
    known_files: int
    records: int
    readings: int
    rejected: pl.DataFrame
    faults: tuple[Fault, ...] = ()
    remarks: tuple[Fault, ...] = ()
    cells: pl.DataFrame = field(default_factory=lambda: frame("mapped_cells"))
    sources: pl.DataFrame = field(default_factory=lambda: frame("mapped_files"))

    @property
    def reasons(self) -> Mapping[str, str]:
        """Why a mapped cell may be left out: word to sentence."""
        return REASONS

    @property
    def quiet_reasons(self) -> tuple[str, ...]:
        """Reasons that nobody needs to look at: they are not among ``rejected``."""
        return QUIET_REASONS


@dataclass(frozen=True)
class _Settled:
    """New batches as they count, and rows of files kept before that are replaced now."""

    batches: list[SourceBatch]
    touched: list[MappedFile] = field(default_factory=list)
    doubts: list[Fault] = field(default_factory=list)


def import_files(
    model: ChainModel,
    store: Store,
    paths: Sequence[Path | str],
    known: Known,
    *,
    keep_going: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Imported:
    """Read files into a store; all of them or, where a cell is at fault, none.

    Parameters
    ----------
    model
        The description.
    store
        Where records, readings and mapped cells are kept.
    paths
        Files or folders.
    known
        The moment at which they become known, or the clock.
    keep_going
        Whether cells at fault are left out and everything else is kept.
    progress
        Told the name of every file read.

    Raises
    ------
    DataError
        Listing every cell at fault, unless ``keep_going``.
    """
    batches: list[SourceBatch] = []
    for one in read_files(model, [Path(path) for path in paths], store.has):
        batches.append(one)
        if progress:
            progress(one.file)
    work = _settle(model, store, [one for one in batches if not store.has(one.file_hash)])
    before = [one for one in batches if store.has(one.file_hash)]
    faults = (*(fault for one in [*work.batches, *before] for fault in one.faults), *conflicts(work.batches))
    if faults and not keep_going:
        raise DataError(faults)
    parts = [_with_cells(kept(one, model.hash), one) for one in work.batches]
    new = {one.file_hash: one for one in parts if not store.has(one.file_hash)}
    locks = lock_files([Path(path) for path in paths]) if model.mappings.layouts and work.batches else []
    passed = [fault(_LOCKED, one) for one in locks]
    records = store.read("records")
    said = [*passed, *work.doubts, *remarks(model, work.batches, before, records)]
    said += _over_persons(records, new.values())
    store.append(_with_touched(list(new.values()), work.touched), known)
    return Imported(
        files=len(new),
        known_files=len(batches) - len(new),
        records=sum(int(one.records["value"].count()) for one in new.values()),
        readings=sum(one.readings.height for one in new.values()),
        rejected=pl.concat([frame("rejected"), *(one.rejected for one in parts), *(one.rejected for one in before)]),
        faults=faults,
        remarks=tuple(said),
        cells=_joined("mapped_cells", parts),
        sources=_joined("mapped_files", parts),
    )


def _over_persons(records: pl.DataFrame, new: Iterable[Batch]) -> Iterator[Fault]:
    """Values that two persons put in and that a file now replaces: the file that spoke last is believed."""
    kept = records.filter(pl.col("file") == LEDGER).select(*RECORD_KEY, kept="value", number="cell")
    for batch in new if kept.height else ():
        for row in batch.records.join(kept, on=RECORD_KEY).iter_rows(named=True):
            if row["value"] != row["kept"]:
                yield fault(
                    tr("'{point}' was put in by persons (record {number}): the value of this file now counts in its "
                       "place; adjust it again if that is not meant"),
                    batch.file, point=row["point"], number=row["number"],
                )  # fmt: skip


def _joined(table: str, batches: Sequence[Batch]) -> pl.DataFrame:
    """Rows of a table that batches bring."""
    return pl.concat([frame(table), *(one.more[table] for one in batches if table in one.more)])


def _settle(model: ChainModel, store: Store, batches: Sequence[SourceBatch]) -> _Settled:
    """Mapped files against each other and against those kept before; their records and rejected cells."""
    mapped = [one.mapped for one in batches if one.mapped is not None]
    if not mapped:
        return _Settled(list(batches))
    again = {(one.file, one.file_hash) for one in mapped}
    old = _kept_near(store, mapped)
    files, touched, doubts = settled(mapped, [one for one in old if (one.file, one.file_hash) not in again])
    by_key = {one.key: one for one in files}
    found: list[SourceBatch] = []
    for one in batches:
        file = by_key[one.mapped.key] if one.mapped is not None else None
        if file is None:
            found.append(one)
            continue
        found.append(replace(one, records=records_of(model, file), rejected=rejected_of(file), mapped=file))
    stale = {one.file for one in touched} | {name for name, digest in again if any(
        name == each.file and digest == each.file_hash for each in old)}  # fmt: skip
    return _Settled(_withdrawing(store, found, stale), touched, doubts)


def _kept_near(store: Store, mapped: Sequence[MappedFile]) -> list[MappedFile]:
    """Files kept before that new ones may copy, correct or contradict.

    Their cells of the time of the new ones are enough, but for corrections, which may replace a whole file.
    """
    files = store.read("mapped_files")
    names = set(files["file"])
    moments = [at for one in mapped for fate in one.fates for at in (fate.start, fate.end) if at is not None]
    if files.is_empty() or not moments:
        return kept_files(files, frame("mapped_cells"))
    if any(one.corrects or one.file in names for one in mapped):
        return kept_files(files, store.read("mapped_cells"))
    span = Period(min(moments) - timedelta(days=1), max(moments) + timedelta(days=1))
    return kept_files(files, store.read("mapped_cells", span))


def _withdrawing(store: Store, batches: list[SourceBatch], stale: set[str]) -> list[SourceBatch]:
    """Records of replaced files that nothing replaces: withdrawn, as records without a value."""
    if not stale:
        return batches
    given = pl.concat([frame("records"), *(one.records for one in batches)])
    old = store.read("records").filter(pl.col("file").is_in(list(stale)), pl.col("value").is_not_null())
    gone = old.join(given, on=RECORD_KEY, how="anti").unique(RECORD_KEY, maintain_order=True)
    first = next((n for n, one in enumerate(batches) if one.mapped is not None), None)
    if gone.is_empty() or first is None:
        return batches
    last = batches[first]
    none = gone.with_columns(
        value=pl.lit(None, pl.Float64), qualifier=pl.lit(""), file=pl.lit(last.file), file_hash=pl.lit(last.file_hash),
        sheet=pl.lit(""), cell=pl.lit(""),
    )  # fmt: skip
    batches[first] = replace(last, records=pl.concat([last.records, frame("records", none)]))
    return batches


def _with_cells(batch: Batch, source: SourceBatch) -> Batch:
    """A batch with the cells that a mapping read."""
    if source.mapped is None:
        return batch
    return replace(
        batch, more={"mapped_cells": cells_frame([source.mapped]), "mapped_files": files_frame([source.mapped])}
    )


def _with_touched(batches: list[Batch], touched: Sequence[MappedFile]) -> list[Batch]:
    """The first batch also says what became of files kept before."""
    if not touched or not batches:
        return batches
    first = batches[0]
    more = {
        "mapped_cells": pl.concat([cells_frame(touched), first.more.get("mapped_cells", frame("mapped_cells"))]),
        "mapped_files": pl.concat([files_frame(touched), first.more.get("mapped_files", frame("mapped_files"))]),
    }
    return [replace(first, more=more), *batches[1:]]
