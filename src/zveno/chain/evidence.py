"""Files that persons give as evidence: kept in the store under their own hash, which the signature is bound to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from zveno.errors import DataError, StoreError, refusal
from zveno.log.journal import replace_whole

FOLDER = "evidence"


def keep_evidence(folder: Path, files: Mapping[str, bytes]) -> dict[str, str]:
    """Keep files in the folder of a store; SHA-256 by name. A file that nobody signs for does no harm.

    Raises
    ------
    StoreError
        If the disk refuses.
    """
    found = {}
    for name, content in files.items():
        digest = hashlib.sha256(content).hexdigest()
        path = folder / FOLDER / digest
        try:
            if not path.is_file():
                path.parent.mkdir(parents=True, exist_ok=True)
                replace_whole(path, content)
        except OSError as error:
            raise StoreError(
                "the evidence could not be written to '{path}': {problem}", path=str(path), problem=refusal(error)
            ) from error
        found[name] = digest
    return found


def evidence(folder: Path, digest: str) -> bytes:
    """A file that was kept.

    Raises
    ------
    StoreError
        If it is missing, or not what was signed.
    """
    path = folder / FOLDER / digest
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StoreError(
            "the evidence '{path}' cannot be read: {problem}; restore the store from a backup",
            path=str(path), problem=refusal(error),
        ) from error  # fmt: skip
    if hashlib.sha256(content).hexdigest() != digest:
        raise StoreError(
            "the evidence '{path}' is not what was signed: restore the store from a backup", path=str(path)
        )
    return content


def read_evidence(paths: tuple[Path, ...]) -> dict[str, bytes]:
    """Files that a person gives, by name.

    Raises
    ------
    DataError
        If one cannot be read, or two have one name.
    """
    found: dict[str, bytes] = {}
    for path in paths:
        if path.name in found:
            raise DataError("two files of evidence have the name '{name}': rename one", name=path.name)
        try:
            found[path.name] = path.read_bytes()
        except OSError as error:
            raise DataError("'{path}' cannot be read: {problem}", path=str(path), problem=refusal(error)) from error
    return found
