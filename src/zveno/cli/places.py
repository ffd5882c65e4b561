"""Where things lie that a command needs without reading the description."""

from __future__ import annotations

from pathlib import Path

from zveno.errors import DataError


def store_folder(chain: str, store: Path | None) -> Path:
    """Folder of the store of a description, or of an example by its name.

    Raises
    ------
    DataError
        If there is no description.
    """
    if store is not None:
        return store
    if (Path(chain) / "chain.yaml").is_file():
        return Path(chain) / "store"
    from zveno.chain import example_names

    if chain in example_names():
        return Path("out") / chain / "store"
    raise DataError(
        "no chain.yaml in '{folder}': give the folder of a description, or that of the store with --store", folder=chain
    )
