"""The commands of the month: ``zveno books``, ``close``, ``approve``, ``restate``, ``stages``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zveno.cli.acting import By, OfPeriod
from zveno.cli.app import HERE, AsJson, ChainFolder, Lang, PeriodText, StorePlace, VersionAsked, app
from zveno.cli.known import AsKnown, known_moment
from zveno.cli.office import Office
from zveno.cli.spoken import SpokenCommand
from zveno.errors import DataError
from zveno.text.mark import tr

Why = Annotated[str, typer.Option("--reason", metavar="TEXT", help=tr("Why; it is kept in the log."))]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE.xlsx", help=tr("Also write them as a workbook of formulas."))
]


@app.command(cls=SpokenCommand, help=tr("The month as books: both balances, stocks, owners, what contracts return."))
def books(
    period: PeriodText = None,
    out: Out = None,
    as_known: AsKnown = "",
    version: VersionAsked = "",
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    from zveno.chain.exports import books_report
    from zveno.chain.versions import Versions

    office = Office(chain, store, lang)
    facade, moment = office.closing.chain, known_moment(office.closing.chain.model, as_known)
    span, versions, screen = facade.period(period), Versions(office.closing), office.screen
    if moment is not None and version:
        raise DataError("--as-known and --version cannot both be given: a version is as it was drawn up")
    found = versions.books(span, version) if moment is None else versions.known(span, moment)
    if out is not None and out.suffix.lower() == ".csv":
        screen.save(found.books.tables(), out, alone="owner_accounts")
    elif out is not None:
        screen.say(tr("written: {path}"), err=True, path=books_report(found, screen.lang).save(out))
    if not as_json:
        screen.standing(found.standing)
        if moment is not None:
            screen.in_force(span.name, office.closing.in_force(span.name, moment))
    screen.books(found.model, found.books, as_json=as_json)


@app.command(cls=SpokenCommand, help=tr("Draw up a period: the first of the two signatures that close it."))
def close(period: OfPeriod, by: By, chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = "") -> None:
    desk = Office(chain, store, lang)
    desk.closing.require_drawable(period)
    desk.closing.require_clear(period, by)
    desk.screen.drawn(desk.closing.draw_up(period, desk.signer(by), desk.now))
    desk.screen.still_open(desk.closing, period, desk.now.date())


@app.command(cls=SpokenCommand, help=tr("Approve what another person has drawn up: the period is closed."))
def approve(period: OfPeriod, by: By, chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = "") -> None:
    desk = Office(chain, store, lang)
    draft = desk.closing.require_approvable(period, by)
    desk.closing.require_clear(period, draft.drawn.person)
    before = desk.closing.in_force(period)
    version = desk.closing.approve(period, desk.signer(by), desk.now)
    desk.screen.closed(version, desk.closing.to_look_at(period))
    if before is not None:
        desk.screen.dependants(desk.closing.chain.model, desk.closing.dependants(before, version))


@app.command(cls=SpokenCommand, help=tr("Draw up a closed period anew, for a reason; a second person approves it."))
def restate(
    period: OfPeriod, by: By, reason: Why, chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = ""
) -> None:
    desk = Office(chain, store, lang)
    desk.closing.require_drawable(period, reason)
    desk.closing.require_clear(period, by)
    before = desk.closing.stage(desk.closing.chain.period(period).name).closed
    version = desk.closing.draw_up(period, desk.signer(by), desk.now, reason)
    desk.screen.drawn(version)
    desk.screen.still_open(desk.closing, period, desk.now.date())
    if before is not None:
        desk.screen.differences(desk.closing.chain.model, desk.closing.frozen(before), desk.closing.frozen(version))
        desk.screen.dependants(desk.closing.chain.model, desk.closing.dependants(before, version))


@app.command(cls=SpokenCommand, help=tr("Where periods stand: open, drawn up, closed, restated; what came late."))
def stages(chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = "", as_json: AsJson = False) -> None:
    desk = Office(chain, store, lang)
    found = desk.closing.stages()
    late = {name: desk.closing.late(name) for name, one in found.items() if one.versions}
    looked_into = desk.investigating.all()
    desk.screen.stages(found, late, as_json=as_json, looked_into=looked_into, today=desk.now.date())
    if not as_json:
        for name, one in sorted(found.items()):
            desk.screen.to_look_at(name, desk.closing.to_look_at(name) if len(one.versions) > 1 else ())
