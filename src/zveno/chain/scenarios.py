"""Scenarios from files, checked against the description."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from zveno.errors import DataError, Fault
from zveno.model.chain import ChainModel
from zveno.simulate import Cases, targets
from zveno.sources import read_cases


def cases_of_file(model: ChainModel, path: Path) -> Cases:
    """Scenarios of a text table or workbook.

    Raises
    ------
    DataError
        If the file is no table of scenarios, or a key cannot be set; lists all with their places.
    """
    read = read_cases(path)
    cases = Cases.of(read.table)
    wrong = [(key, found) for key in cases.values if isinstance(found := targets(model, key), Fault)]
    if wrong:
        raise DataError([replace(one, where=read.places[key]) for key, one in wrong])
    return cases
