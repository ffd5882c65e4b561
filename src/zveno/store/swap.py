"""Two folders exchanged so that neither is missing at any moment, where the system can."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

_HERE = -100
"""AT_FDCWD: paths as they are."""
_EXCHANGE = 2
"""RENAME_EXCHANGE of renameat2 (Linux 3.15)."""


def exchange(first: Path, second: Path) -> None:
    """Exchange two folders.

    On Linux in one step. Elsewhere in two: between them the second one lies beside its place under the name of the
    first with ``.away`` behind it.

    Raises
    ------
    OSError
        If the system refuses.
    """
    if not _at_once(first, second):
        away = first.with_name(f"{first.name}.away")
        second.rename(away)
        try:
            first.rename(second)
        except OSError:
            away.rename(second)
            raise
        away.rename(first)


def _at_once(first: Path, second: Path) -> bool:
    """Whether the system could do it in one step."""
    if sys.platform != "linux":
        return False
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    return bool(rename(_HERE, os.fsencode(first.resolve()), _HERE, os.fsencode(second.resolve()), _EXCHANGE) == 0)
