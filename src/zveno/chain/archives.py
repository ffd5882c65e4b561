"""Archives and backups of a store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from zveno import store
from zveno.chain.periodfiles import Asked, period_files
from zveno.chain.rulebooks import approved_drafts
from zveno.errors import DataError
from zveno.log import Entry, Log, Signer, write_archive
from zveno.log.canonical import Json

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
        Also the description of this chain and all its values of this period; of a period that was drawn up, its
        versions as they were signed, the values that they were made of, and its reports (see ``periodfiles``).
    version
        Which version the reports and values are of; the one in force if left out.
    lang
        Language of the reports.
    """

    paths: tuple[Path, ...] = ()
    chain: Chain | None = None
    period: str = ""
    version: str = ""
    lang: str = "en"


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
    about: dict[str, Json] = {}
    for path in wanted.paths:
        for name, one in _named(path):
            if name in files:
                raise DataError("two files of the archive would have the name '{name}'", name=name)
            files[name] = one
    with TemporaryDirectory() as scratch:
        if wanted.chain is not None:
            asked = Asked(wanted.period, wanted.version, wanted.lang)
            found, about = period_files(wanted.chain, log.folder, asked, Path(scratch))
            found |= approved_drafts(wanted.chain.model, log)
            files |= {f"period/{name}": one for name, one in found.items()}
        if not files:
            raise DataError("there is nothing to pack: name files or folders, or a period with --period")
        return write_archive(log, signer, at, files, out, about)


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
