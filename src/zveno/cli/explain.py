"""The commands ``zveno explain`` and ``zveno moved``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zveno.cli.acting import OfPeriod
from zveno.cli.app import HERE, AsJson, ChainFolder, Lang, StorePlace, app, open_chain
from zveno.cli.languages import language
from zveno.cli.places import store_folder
from zveno.cli.spoken import SpokenCommand
from zveno.errors import DataError
from zveno.text.mark import tr

if TYPE_CHECKING:
    from zveno.chain.explaining import Explaining

Address = Annotated[
    str | None,
    typer.Argument(metavar="[FIGURE]", help=tr("Address of the figure, such as 2026-03/conc/Cu/mass_t.")),
]
Listed = Annotated[str, typer.Option("--list", metavar="PERIOD", help=tr("List the addresses of all figures."))]
Like = Annotated[str, typer.Option("--like", metavar="TEXT", help=tr("Only those whose address holds these words."))]
Deep = Annotated[bool, typer.Option("--deep", help=tr("Every reading, every record and every earlier version."))]
Version = Annotated[
    int, typer.Option("--version", metavar="NUMBER", help=tr("As that version of the closed period has it."))
]
Known = Annotated[str, typer.Option("--known", metavar="DATE", help=tr("As it was known at that moment."))]
Files = Annotated[
    list[Path] | None,
    typer.Option("--files", metavar="FOLDER", help=tr("Open the source files there and make the figure again.")),
]
Table = Annotated[Path | None, typer.Option("--out", metavar="FILE.xlsx", help=tr("Also write it as a workbook."))]


@app.command(cls=SpokenCommand, help=tr("Where a figure comes from: formula, readings, persons, files and cells."))
def explain(
    figure: Address = None,
    listed: Listed = "",
    like: Like = "",
    deep: Deep = False,
    version: Version = 0,
    known: Known = "",
    files: Files = None,
    out: Table = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    from zveno.chain.explaining import period_of
    from zveno.cli.unfolded import UnfoldedAnswers, in_plant_time

    if (figure is None) == (not listed):
        raise DataError("name one figure, or list all of a period with --list PERIOD")
    period = listed or period_of(figure or "")
    explaining = _as_asked(chain, store, period, version, known)
    screen = UnfoldedAnswers.of(lang or language())
    if figure is None:
        screen.figures(explaining.chain.model, explaining.figures(like), as_json=as_json)
        return
    found = explaining.explain(figure)
    again = explaining.recompute(explaining.again(files), figure) if files else None
    screen.explanation(explaining, found, again, deep=deep, as_json=as_json)
    screen.save(in_plant_time(explaining.chain.model, explaining.tables(found)), out, alone="records")


def _as_asked(chain: str, store: str | None, period: str, version: int, known: str) -> Explaining:
    """The figures as they stand, as a version has them, or as they were known."""
    from zveno.chain.explaining import as_known_on, explaining, of_version

    facade = open_chain(chain, store)
    if version and known:
        raise DataError("give a version or a moment, not both")
    if version:
        return of_version(facade, store_folder(chain, store), period, version)
    if known:
        return as_known_on(facade, store_folder(chain, store), period, known)
    return explaining(facade, period, store_folder(chain, store))


Since = Annotated[str, typer.Option("--since", metavar="DATE", help=tr("Compare with what was known at that moment."))]
From = Annotated[int, typer.Option("--from", metavar="NUMBER", help=tr("Compare this version of the period..."))]
To = Annotated[
    int, typer.Option("--to", metavar="NUMBER", help=tr("...with this one; with all known now if left out."))
]


@app.command(cls=SpokenCommand, help=tr("What moved since a date or between two versions, and what moved it."))
def moved(
    period: OfPeriod,
    since: Since = "",
    from_: From = 0,
    to: To = 0,
    like: Like = "",
    deep: Deep = False,
    out: Table = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    from zveno.chain.moving import Moving
    from zveno.cli.movement import MovedAnswers
    from zveno.cli.unfolded import in_plant_time

    if bool(since) == bool(from_):
        raise DataError("say since when: --since DATE, or between which versions: --from NUMBER --to NUMBER")
    before = _as_asked(chain, store, period, from_, since)
    after = _as_asked(chain, store, period, to, "")
    moving = Moving(before, after, like)
    screen = MovedAnswers.of(lang or language())
    found = screen.moved(moving, deep=deep, as_json=as_json)
    screen.save(in_plant_time(moving.after.chain.model, moving.tables(found)), out, alone="moved_causes")
