"""Where things lie that a command needs without reading the description."""

from __future__ import annotations

import os
from pathlib import Path

from zveno.errors import DataError

STORE_VARIABLE = "ZVENO_STORE"
"""Names the place of the store where no option does."""


def store_folder(chain: str, store: str | None) -> Path:
    """Folder of the store of a description, or of an example by its name; of a database that of its readings.

    Raises
    ------
    DataError
        If there is no description.
    """
    place = store or os.environ.get(STORE_VARIABLE)
    if place and "://" in place:
        from zveno.chain import open_store

        return open_store(place).database.folder
    if place:
        return Path(place)
    if (Path(chain) / "chain.yaml").is_file():
        return Path(chain) / "store"
    from zveno.chain import example_names

    if chain in example_names():
        return Path("out") / chain / "store"
    raise DataError(
        "no chain.yaml in '{folder}': give the folder of a description, or that of the store with --store", folder=chain
    )
