"""The command ``zveno store``."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Annotated, Any

import typer

from zveno.cli.app import HERE, AsJson, ChainFolder, Lang, StorePlace, app, open_chain
from zveno.cli.languages import language
from zveno.cli.places import STORE_VARIABLE
from zveno.cli.spoken import SpokenCommand
from zveno.errors import DataError, StoreError
from zveno.text.mark import tr

Action = Annotated[
    str,
    typer.Argument(
        metavar="check",
        help=tr("check: compare all that is kept with its hashes; name what a write that was cut off left behind."),
    ),
]
Remove = Annotated[
    bool, typer.Option("--remove-orphans", help=tr("Remove the files that a write that was cut off left behind."))
]


@app.command("store", cls=SpokenCommand, help=tr("Look after the store: is all there as it was kept."))
def store_(
    action: Action,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    remove_orphans: Remove = False,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    from zveno.chain import check_store, open_store
    from zveno.cli.screen import Screen

    if action != "check":
        raise DataError("'{action}' cannot be done with a store: choose check", action=action)
    place = store or os.environ.get(STORE_VARIABLE)
    found = check_store(open_store(place) if place else open_chain(chain, None).store, remove_orphans=remove_orphans)
    screen = Screen.of(lang or language())
    if as_json:
        screen.json(_plain(screen, found))
    else:
        _say(screen, found)
    raise typer.Exit(StoreError.exit_code if found.faults else 0)


def _plain(screen: Any, found: Any) -> dict[str, Any]:
    """What was found, for JSON."""
    faults, orphans = [screen.text.fault(one) for one in found.faults], [str(one) for one in found.orphans]
    return {**asdict(found), "faults": faults, "orphans": orphans}


def _say(screen: Any, found: Any) -> None:
    """What was found, in sentences."""
    if not found.layout:
        screen.say(tr("the store in '{place}' is empty: nothing was ever kept in it"), place=found.place)
        return
    screen.say(
        tr("layout {layout}; source files {files}, files of readings {reading_files}, entries of the ledger {entries}"),
        layout=found.layout,
        files=screen.text.number(found.files, 0),
        reading_files=screen.text.number(found.reading_files, 0),
        entries=screen.text.number(found.entries, 0),
    )
    for one in found.orphans:
        said = tr("removed, left by a write that was cut off: {path}")
        screen.say(said if found.removed else tr("left by a write that was cut off, read by nothing: {path}"), path=one)
    screen.doubts(found.faults)
    if not found.faults:
        screen.say(tr("all is as it was kept"))
