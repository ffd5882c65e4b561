"""The rulebook checked without the rest of the chain: every fault at once, each with file and line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zveno.chain.rulebooks import amended_model, book_of_log
from zveno.errors import Fault
from zveno.log import Log
from zveno.model.amendment import DraftFile
from zveno.model.chain import ChainModel
from zveno.model.load import read_rules
from zveno.model.overlay import highest
from zveno.rules.drafts import book_faults, draft_faults


@dataclass(frozen=True)
class Validated:
    """What was checked and what is wrong with it.

    Parameters
    ----------
    model
        The description with the rulebook in force; None where another file than those of the rules does not parse.
    """

    model: ChainModel | None
    faults: tuple[Fault, ...]


def validate_book(folder: Path, store: Path) -> Validated:
    """The rules of a description with all amendments that were approved.

    Rules that can be read are judged even where others cannot.
    """
    base, faults = read_rules(folder)
    if base is None:
        return Validated(None, tuple(faults))
    faults += book_faults(base)
    if faults:
        return Validated(base, tuple(faults))
    amended = amended_model(base, store)
    if amended is not base:
        faults = book_faults(amended)
    return Validated(amended, tuple(faults))


def validate_draft(folder: Path, store: Path, draft: DraftFile) -> Validated:
    """A draft over the rulebook in force: first what is wrong without it, else what is wrong in it."""
    found = validate_book(folder, store)
    if found.model is None or found.faults:
        return found
    numbers: dict[str, int] = {}
    if (store / "log").is_dir():
        for one in book_of_log(found.model, Log(store)).laid.values():
            numbers = highest(one.book, numbers)
    return Validated(found.model, draft_faults(found.model, draft, numbers).faults)
