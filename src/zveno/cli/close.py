"""The commands of the month: ``zveno books``, ``close``, ``approve``, ``restate``, ``stages``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zveno.cli.app import HERE, AsJson, ChainFolder, Lang, PeriodText, StorePlace, VersionAsked, app, open_chain
from zveno.cli.languages import language
from zveno.cli.places import store_folder
from zveno.cli.spoken import SpokenCommand
from zveno.text.mark import tr

if TYPE_CHECKING:
    from zveno.chain.closing import Closing
    from zveno.cli.booked import BookedAnswers
    from zveno.log import Signer

Period = Annotated[str, typer.Argument(metavar="PERIOD", help=tr("Period, such as 2026-03."))]
By = Annotated[str, typer.Option("--as", metavar="ID", help=tr("Who signs; the pass-phrase is asked for."))]
Why = Annotated[str, typer.Option("--reason", metavar="TEXT", help=tr("Why; it is kept in the log."))]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE.xlsx", help=tr("Also write them as a workbook of formulas."))
]


@app.command(cls=SpokenCommand, help=tr("The month as books: both balances, stocks, owners, what contracts return."))
def books(
    period: PeriodText = None,
    out: Out = None,
    version: VersionAsked = "",
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    from zveno.chain.closing import Closing
    from zveno.chain.exports import books_report
    from zveno.chain.versions import Versions

    screen = _screen(lang)
    facade = open_chain(chain, store)
    found = Versions(Closing(facade, store_folder(chain, store))).books(facade.period(period), version)
    if out is not None and out.suffix.lower() == ".csv":
        screen.save(found.books.tables(), out, alone="owner_accounts")
    elif out is not None:
        screen.say(tr("written: {path}"), err=True, path=books_report(found, screen.lang).save(out))
    if not as_json:
        screen.standing(found.standing)
    screen.books(found.model, found.books, as_json=as_json)


@app.command(cls=SpokenCommand, help=tr("Draw up a period: the first of the two signatures that close it."))
def close(period: Period, by: By, chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = "") -> None:
    desk = _Desk(chain, store, lang)
    desk.closing.require_drawable(period)
    desk.screen.drawn(desk.closing.draw_up(period, desk.signer(by), desk.now))


@app.command(cls=SpokenCommand, help=tr("Approve what another person has drawn up: the period is closed."))
def approve(period: Period, by: By, chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = "") -> None:
    desk = _Desk(chain, store, lang)
    desk.closing.require_approvable(period, by)
    version = desk.closing.approve(period, desk.signer(by), desk.now)
    desk.screen.closed(version, desk.closing.to_look_at(period))


@app.command(cls=SpokenCommand, help=tr("Draw up a closed period anew, for a reason; a second person approves it."))
def restate(
    period: Period, by: By, reason: Why, chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = ""
) -> None:
    desk = _Desk(chain, store, lang)
    desk.closing.require_drawable(period, reason)
    before = desk.closing.stage(desk.closing.chain.period(period).name).closed
    version = desk.closing.draw_up(period, desk.signer(by), desk.now, reason)
    desk.screen.drawn(version)
    if before is not None:
        desk.screen.differences(desk.closing.frozen(before), desk.closing.frozen(version))


@app.command(cls=SpokenCommand, help=tr("Where periods stand: open, drawn up, closed, restated; what came late."))
def stages(chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = "", as_json: AsJson = False) -> None:
    desk = _Desk(chain, store, lang)
    found = desk.closing.stages()
    late = {name: desk.closing.late(name) for name, one in found.items() if one.versions}
    desk.screen.stages(found, late, as_json=as_json)


def _screen(lang: str) -> BookedAnswers:
    from zveno.cli.booked import BookedAnswers

    return BookedAnswers.of(lang or language())


class _Desk:
    """What every command that signs needs."""

    def __init__(self, chain: str, store: str | None, lang: str) -> None:
        from zveno.chain.closing import Closing

        self.screen = _screen(lang)
        self.closing: Closing = Closing(open_chain(chain, store), store_folder(chain, store))
        self.now = datetime.now().astimezone()

    def signer(self, person: str) -> Signer:
        """A person with an opened key."""
        from zveno.cli.passphrase import unlocked

        return unlocked(self.closing.log, person, self.screen.text)
