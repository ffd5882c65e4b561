"""Examples that come with Zveno, and new descriptions made from them."""

from __future__ import annotations

import shutil
from importlib import resources
from pathlib import Path

from zveno.errors import DataError
from zveno.model.checks import near_match


def example_names() -> tuple[str, ...]:
    """Names of the examples."""
    root = Path(str(resources.files("zveno") / "examples"))
    return tuple(sorted(one.name for one in root.iterdir() if (one / "chain.yaml").is_file()))


def example(name: str) -> Path:
    """Folder of an example.

    Raises
    ------
    DataError
        If there is no example of that name.
    """
    if name not in example_names():
        raise DataError(
            "there is no example '{name}': choose one of {known}",
            name=name,
            known=", ".join(example_names()),
            near=near_match(name, example_names()),
        )
    return Path(str(resources.files("zveno") / "examples")) / name


def new(folder: Path, template: str = "one_concentrator") -> Path:
    """Copy an example into a new folder, as the start of a description.

    Raises
    ------
    DataError
        If the folder exists and is not empty, or the template is not known.
    """
    if folder.exists() and any(folder.iterdir()):
        raise DataError("'{folder}' is not empty: choose a new folder", folder=str(folder))
    source = example(template)
    folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(source, folder, dirs_exist_ok=True)
    return folder
