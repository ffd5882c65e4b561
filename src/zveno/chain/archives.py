"""Archives and backups of a store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from zveno import store
from zveno.chain.entered import records_until
from zveno.chain.kept import description_of
from zveno.errors import DataError
from zveno.log import Entry, Log, Signer, write_archive

if TYPE_CHECKING:
    from zveno.chain.facade import Chain


@dataclass(frozen=True)
class ToArchive:
    """What is to be handed over.

    Parameters
    ----------
    paths
        Files by their names; folders with all that is in them.
    chain, period
        Also the description of this chain and all its values of this period: ``records.csv``, ``rejected.csv``,
        ``readings.parquet``.
    """

    paths: tuple[Path, ...] = ()
    chain: Chain | None = None
    period: str = ""


def archive(log: Log, signer: Signer, at: datetime, wanted: ToArchive, out: Path) -> Entry:
    """Pack files, folders and a period with the signed log; a person signs for them.

    Returns
    -------
    entry
        The record of the signature, with its proof.

    Raises
    ------
    DataError
        If there is nothing to pack, two files have one name, or a file cannot be read.
    StoreError
        If the person may not sign, or the disk refuses.
    """
    files: dict[str, bytes | Path] = {}
    for path in wanted.paths:
        for name, one in _named(path):
            if name in files:
                raise DataError("two files of the archive would have the name '{name}'", name=name)
            files[name] = one
    with TemporaryDirectory() as scratch:
        if wanted.chain is not None:
            found = _period(wanted.chain, wanted.period, Path(scratch))
            files |= {f"period/{name}": one for name, one in found.items()}
        if not files:
            raise DataError("there is nothing to pack: name files or folders, or a period with --period")
        return write_archive(log, signer, at, files, out)


def backup(folder: Path, out: Path) -> int:
    """Write the store in a folder into one file; how many files it holds."""
    return store.backup(folder, out)


def restore(path: Path, folder: Path, *, overwrite: bool = False) -> Path | None:
    """Put a backup in place; where the store that was there is kept, if there was one."""
    return store.restore(path, folder, overwrite=overwrite, now=datetime.now().astimezone())


def _named(path: Path) -> list[tuple[str, Path]]:
    """A file by its name, or the files of a folder by their places in it."""
    if path.is_dir():
        found = sorted(one for one in path.rglob("*") if one.is_file())
        return [(f"{path.resolve().name}/{one.relative_to(path).as_posix()}", one) for one in found]
    if not path.is_file():
        raise DataError("'{path}' does not exist: give a file or a folder with files", path=str(path))
    return [(path.name, path)]


def _period(chain: Chain, text: str, scratch: Path) -> dict[str, bytes | Path]:
    """The description, and the values of a period as the store gives them."""
    span = chain.period(text)
    files: dict[str, bytes | Path] = {
        f"description/{one.relative_to(chain.folder).as_posix()}": one for one in description_of(chain.folder)
    }
    files["records.csv"] = records_until(chain.store, span).write_csv().encode()
    files["rejected.csv"] = chain.store.read("rejected", span).write_csv().encode()
    readings = chain.store.read("readings", span)
    if not readings.is_empty():
        store.write_readings(readings, scratch / "readings.parquet")
        files["readings.parquet"] = scratch / "readings.parquet"
    return files
