"""The commands of the month: ``zveno books``, ``close``, ``approve``, ``restate``, ``stages``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zveno.cli.app import HERE, AsJson, ChainFolder, Lang, PeriodText, StorePlace, app, open_chain
from zveno.cli.languages import language
from zveno.cli.office import Office
from zveno.cli.spoken import SpokenCommand
from zveno.text.mark import tr

if TYPE_CHECKING:
    from zveno.cli.booked import BookedAnswers

Period = Annotated[str, typer.Argument(metavar="PERIOD", help=tr("Period, such as 2026-03."))]
By = Annotated[str, typer.Option("--as", metavar="ID", help=tr("Who signs; the pass-phrase is asked for."))]
Why = Annotated[str, typer.Option("--reason", metavar="TEXT", help=tr("Why; it is kept in the log."))]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE.xlsx", help=tr("Also write all tables as a workbook."))
]


@app.command(cls=SpokenCommand, help=tr("The month as books: both balances, stocks, owners, what contracts return."))
def books(
    period: PeriodText = None,
    out: Out = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    screen = _screen(lang)
    facade = open_chain(chain, store)
    found = facade.books(facade.period(period))
    screen.save(found.tables(), out, alone="owner_accounts")
    screen.books(facade.model, found, as_json=as_json)


@app.command(cls=SpokenCommand, help=tr("Draw up a period: the first of the two signatures that close it."))
def close(period: Period, by: By, chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = "") -> None:
    desk = Office(chain, store, lang)
    desk.closing.require_drawable(period)
    desk.screen.drawn(desk.closing.draw_up(period, desk.signer(by), desk.now))
    desk.screen.still_open(desk.closing, period, desk.now.date())


@app.command(cls=SpokenCommand, help=tr("Approve what another person has drawn up: the period is closed."))
def approve(period: Period, by: By, chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = "") -> None:
    desk = Office(chain, store, lang)
    desk.closing.require_approvable(period, by)
    version = desk.closing.approve(period, desk.signer(by), desk.now)
    desk.screen.closed(version, desk.closing.to_look_at(period))


@app.command(cls=SpokenCommand, help=tr("Draw up a closed period anew, for a reason; a second person approves it."))
def restate(
    period: Period, by: By, reason: Why, chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = ""
) -> None:
    desk = Office(chain, store, lang)
    desk.closing.require_drawable(period, reason)
    before = desk.closing.stage(desk.closing.chain.period(period).name).closed
    version = desk.closing.draw_up(period, desk.signer(by), desk.now, reason)
    desk.screen.drawn(version)
    desk.screen.still_open(desk.closing, period, desk.now.date())
    if before is not None:
        desk.screen.differences(desk.closing.frozen(before), desk.closing.frozen(version))


@app.command(cls=SpokenCommand, help=tr("Where periods stand: open, drawn up, closed, restated; what came late."))
def stages(chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = "", as_json: AsJson = False) -> None:
    desk = Office(chain, store, lang)
    found = desk.closing.stages()
    late = {name: desk.closing.late(name) for name, one in found.items() if one.versions}
    looked_into = desk.investigating.all()
    desk.screen.stages(found, late, as_json=as_json, looked_into=looked_into, today=desk.now.date())


def _screen(lang: str) -> BookedAnswers:
    from zveno.cli.booked import BookedAnswers

    return BookedAnswers.of(lang or language())
