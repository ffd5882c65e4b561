"""Backup and restore: a store in one file, as it was at one moment, and back again.

The backup is a container of :mod:`zveno.log.container`: every byte of it is covered by a hash. Databases are copied by
the backup interface of SQLite while no writer can begin; the log up to its mark, while it is locked. Whoever writes
to both takes the database first, then the log; the backup keeps to that order too.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from zveno.errors import DataError, Fault, StoreError, refusal
from zveno.log.archive import ABOUT, FILES, MANIFEST, README
from zveno.log.container import Member, part_blocks, read_layout, write_container
from zveno.log.journal import Journal, sync_folder
from zveno.log.log import Log
from zveno.log.manifest import hash_source, manifest
from zveno.log.verify import verify_archive
from zveno.store.swap import exchange

_PATIENCE_S = 60
_LOG, _PERSONS = "log", "persons"


def backup(folder: Path, out: Path) -> int:
    """Write a store into one file; how many files it holds.

    Others may go on reading; writers wait until the databases are copied.

    Raises
    ------
    DataError
        If there is no store, or the file would lie in it.
    StoreError
        If it cannot be read, or the disk refuses.
    """
    if not folder.is_dir():
        raise DataError("there is no store in '{folder}'", folder=str(folder))
    if folder.resolve() in out.resolve().parents:
        raise DataError("'{path}' lies in the store itself: write the backup to another place", path=str(out))
    try:
        with TemporaryDirectory(prefix=".zveno-backup-", dir=folder.parent) as scratch:
            files = _snapshot(folder, Path(scratch))
            listed = manifest([hash_source(name, files[name]) for name in sorted(files)])
            members = [Member.of(README, ABOUT.encode()), Member.of(MANIFEST, listed)]
            members += [Member(FILES + name, _size(files[name]), files[name]) for name in sorted(files)]
            write_container(out, "backup", members)
    except sqlite3.Error as error:
        raise StoreError(
            "the store in '{folder}' cannot be read: {problem}", folder=str(folder), problem=str(error)
        ) from error
    except OSError as error:
        raise StoreError(
            "the store in '{folder}' cannot be read: {problem}", folder=str(folder), problem=refusal(error)
        ) from error
    return len(files)


def restore(path: Path, folder: Path, *, overwrite: bool = False, now: datetime) -> Path | None:
    """Put a backup in place: all of it, by one renaming, or nothing.

    Parameters
    ----------
    overwrite
        Take the place of a store that is there.
    now
        Names the folder in which that one is kept.

    Returns
    -------
    kept
        Where the store that was there is kept; None if there was none.

    Raises
    ------
    DataError
        If the file is no backup, or a byte of it was altered or is missing: every finding.
    StoreError
        If a store is there and shall not be overwritten, what the backup holds is damaged, or the disk refuses.
    """
    found = verify_archive(path)
    if found.findings:
        raise DataError(one.fault for one in found.findings)
    if found.holds != "backup":
        raise DataError("'{path}' is an archive, not a backup: zveno backup makes one", path=str(path))
    there = folder.is_dir() and any(folder.iterdir())
    if there and not overwrite:
        raise StoreError(
            "there is a store in '{folder}': add --overwrite to put the backup in its place", folder=str(folder)
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".zveno-restore-", dir=folder.parent) as scratch:
            made = Path(scratch) / "store"
            _unpack(path, made)
            _require_sound(made)
            kept = _free_name(folder.with_name(f"{folder.name}-before-{now:%Y%m%dT%H%M%S}"))
            return _put_in_place(made, folder, kept)
    except OSError as error:
        raise StoreError(
            "the store in '{folder}' could not be written, nothing was kept: {problem}",
            folder=str(folder),
            problem=refusal(error),
        ) from error


# ---- backup ----------------------------------------------------------------------------------------------------------


def _snapshot(folder: Path, scratch: Path) -> dict[str, bytes | Path]:
    """Everything in a store as it is at one moment, by its place."""
    files: dict[str, bytes | Path] = {}
    with ExitStack() as held:
        databases = sorted(folder.glob("*.sqlite"))
        for one in databases:
            held.enter_context(_no_writer(one))
        journal = Journal(folder / _LOG)
        if journal.exists:
            held.enter_context(journal.locked())
            files |= _log_files(journal)
        for one in databases:
            files[one.name] = _copied(one, scratch / one.name)
        for one in sorted(folder.rglob("*")):
            place = one.relative_to(folder)
            if one.is_file() and not _left_out(place):
                files[place.as_posix()] = one
    return files


def _left_out(place: Path) -> bool:
    """What is no part of the store: databases, which are copied, the log, which is too, and what is being written."""
    base = place.name.removesuffix("-wal").removesuffix("-shm").removesuffix("-journal")
    hidden = any(one.startswith(".") for one in place.parts)
    return hidden or place.parts[0] == _LOG or (len(place.parts) == 1 and base.endswith(".sqlite"))


def _log_files(journal: Journal) -> Mapping[str, bytes | Path]:
    """The log up to its mark, which must be sound."""
    mark = journal.mark()
    journal.lines(mark)
    content = (journal.folder / "journal").read_bytes()[: mark.length]
    return {f"{_LOG}/journal": content, f"{_LOG}/mark": mark.written}


@contextmanager
def _no_writer(database: Path) -> Iterator[None]:
    """Keep writers of a database waiting."""
    connection = sqlite3.connect(database, timeout=_PATIENCE_S, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
    finally:
        connection.rollback()
        connection.close()


def _copied(database: Path, copy: Path) -> Path:
    """A consistent copy of a database."""
    source, target = sqlite3.connect(database, timeout=_PATIENCE_S), sqlite3.connect(copy)
    try:
        source.backup(target)
    finally:
        source.close()
        target.close()
    return copy


def _size(source: bytes | Path) -> int:
    return len(source) if isinstance(source, bytes) else source.stat().st_size


# ---- restore ---------------------------------------------------------------------------------------------------------


def _unpack(path: Path, made: Path) -> None:
    """Write all files of a backup and bring them to the disk."""
    with path.open("rb") as file:
        for part in read_layout(file).parts:
            if not part.name.startswith(FILES):
                continue
            place = made / part.name.removeprefix(FILES)
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("wb") as target:
                for piece in part_blocks(file, part, 1 << 20):
                    target.write(piece)
                target.flush()
                os.fsync(target.fileno())
    made.mkdir(exist_ok=True)
    if (made / _PERSONS).is_dir():
        (made / _PERSONS).chmod(0o700)
        for one in (made / _PERSONS).iterdir():
            one.chmod(0o600)
    for one in (made, *(one for one in made.rglob("*") if one.is_dir())):
        sync_folder(one)


def _require_sound(made: Path) -> None:
    """Refuse a store that would be unsound although the backup is as it was written."""
    faults = [one.fault for one in Log(made).verify()]
    for database in sorted(made.glob("*.sqlite")):
        connection = sqlite3.connect(database)
        try:
            said = connection.execute("PRAGMA integrity_check").fetchone()[0]
        except sqlite3.Error as error:
            said = str(error)
        finally:
            connection.close()
        if said != "ok":
            fields: dict[str, object] = {"name": database.name, "problem": said}
            faults.append(Fault("the database '{name}' in the backup is damaged: {problem}", fields))
    if faults:
        raise StoreError(faults)


def _put_in_place(made: Path, folder: Path, kept: Path) -> Path | None:
    """Exchange the folders as the last step; where the former one is kept, if it held anything."""
    if not folder.exists():
        made.rename(folder)
        sync_folder(folder.parent)
        return None
    made.rename(kept)  # where the former one shall be: after the exchange nothing is left to be done
    try:
        exchange(kept, folder)
    except OSError:
        shutil.rmtree(kept)
        raise
    sync_folder(folder.parent)
    if any(kept.iterdir()):
        return kept
    kept.rmdir()
    return None


def _free_name(wanted: Path) -> Path:
    """A name that nothing has."""
    found, number = wanted, 1
    while found.exists():
        number += 1
        found = wanted.with_name(f"{wanted.name}-{number}")
    return found
