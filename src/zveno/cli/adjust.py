"""The command ``zveno adjust``: a value that one person changes and another approves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zveno.cli.acting import By, OfPeriod, Seen
from zveno.cli.app import HERE, AsJson, ChainFolder, Lang, StorePlace, app
from zveno.cli.office import Office
from zveno.cli.spoken import SpokenCommand
from zveno.errors import DataError
from zveno.text.mark import tr

Point = Annotated[str, typer.Option("--point", metavar="METER", help=tr("Meter whose value is changed."))]
Quantity = Annotated[
    str, typer.Option("--quantity", metavar="NAME", help=tr("Component, where the meter gives several."))
]
From = Annotated[
    str,
    typer.Option("--start", metavar="TIME", help=tr("Beginning of the record: 2026-03-07, or 2026-03-07T08:00.")),
]
To = Annotated[str, typer.Option("--end", metavar="TIME", help=tr("Its end; that of the record if left out."))]
Value = Annotated[
    str,
    typer.Option(
        "--value", metavar="NUMBER", help=tr("New value in the unit of the meter, or <LIMIT; n/a withdraws it.")
    ),
]
Uom = Annotated[str, typer.Option("--uom", metavar="UNIT", help=tr("Unit of the value, if it is another one."))]
Why = Annotated[str, typer.Option("--reason", metavar="TEXT", help=tr("Why; it is kept in the log."))]
Approve = Annotated[
    int | None, typer.Option("--approve", metavar="RECORD", help=tr("Approve what this record of the log proposes."))
]
Refuse = Annotated[
    int | None, typer.Option("--refuse", metavar="RECORD", help=tr("Refuse it, or take the own proposal back."))
]
ActFile = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help=tr("Act of stock-taking: .xlsx, .ods, .xls or .csv."))
]
Template = Annotated[
    Path | None, typer.Option("--template", metavar="FILE.xlsx", help=tr("Write an empty act and do nothing else."))
]
StockName = Annotated[
    list[str] | None, typer.Option("--stock", metavar="NAME", help=tr("Stock that was counted; repeatable."))
]
Mass = Annotated[str, typer.Option("--mass", metavar="T", help=tr("Dry mass that was counted, t."))]
MassError = Annotated[str, typer.Option("--error", metavar="T", help=tr("Half of its 95 % interval, t."))]
Assays = Annotated[
    list[str] | None,
    typer.Option(
        "--assay", metavar="NAME=VALUE±ERROR", help=tr("Assay in the unit of its meter, with its error; repeatable.")
    ),
]
At = Annotated[str, typer.Option("--at", metavar="TIME", help=tr("When it was counted; the end of the period."))]
Sign = Annotated[str, typer.Option("--as", metavar="ID", help=tr("Who counted and signs; without it nothing is kept."))]


@app.command(
    cls=SpokenCommand,
    help=tr("Change a value of a period: one person proposes, another approves; without options, what there is."),
)
def adjust(
    period: OfPeriod,
    point: Point = "",
    quantity: Quantity = "",
    start: From = "",
    end: To = "",
    value: Value = "",
    uom: Uom = "",
    reason: Why = "",
    approve: Approve = None,
    refuse: Refuse = None,
    seen: Seen = None,
    by: By = "",
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    from zveno.cli.desked import DeskAnswers, number_or_none
    from zveno.close.putin import Asked

    office = Office(chain, store, lang)
    desk, screen = office.desk, DeskAnswers(office.screen.text, office.screen.tz)
    office.closing.chain.period(period)
    asked = sum((bool(point or value), approve is not None, refuse is not None))
    if asked > 1:
        raise DataError("propose, approve or refuse: one at a time")
    if not asked:
        screen.proposals(desk.closing.chain.model, desk.proposals(period), desk.seen(period), as_json=as_json)
        return
    if not by:
        raise DataError("say who signs: --as ID")
    if approve is not None:
        screen.proposed(desk.closing.chain.model, desk.require_decidable(approve, by))
        screen.approved(desk.approve(approve, office.signer(by), office.now), office.closing.late(period))
    elif refuse is not None:
        desk.require_decidable(refuse, by, approve=False)
        screen.refused(desk.refuse(refuse, reason, office.signer(by), office.now))
    else:
        below = value.strip().startswith("<")
        number = number_or_none(value.strip().removeprefix("<"))
        wanted = Asked(point, number, quantity, start, end, uom, below=below)
        before = desk.seen(period) if seen is None else seen
        paper = desk.adjustment(period, [wanted], reason)
        screen.values(desk.closing.chain.model, paper.values)
        screen.waiting(desk.propose(paper, office.signer(by), office.now, before))


@app.command(
    cls=SpokenCommand,
    help=tr("Stocks that were counted: beside the book, spread over what may be wrong; signed with --as."),
)
def stocktake(
    period: OfPeriod,
    act: ActFile = None,
    stock: StockName = None,
    mass: Mass = "",
    error: MassError = "",
    assay: Assays = None,
    at: At = "",
    template: Template = None,
    approve: Approve = None,
    refuse: Refuse = None,
    reason: Why = "",
    seen: Seen = None,
    by: Sign = "",
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    from zveno.chain.stocktake import Stocktaking
    from zveno.cli.desked import DeskAnswers, typed_act

    if approve is not None or refuse is not None:
        adjust(period, reason=reason, approve=approve, refuse=refuse, by=by, chain=chain, store=store, lang=lang)
        return
    office = Office(chain, store, lang)
    screen, taking = DeskAnswers(office.screen.text, office.screen.tz), Stocktaking(office.desk)
    if template is not None:
        screen.say(tr("written: {path}"), path=taking.template(template, stock or (), screen.lang))
        return
    if (act is None) == (not stock):
        raise DataError("give an act (FILE), or one stock with --stock and --mass")
    before = office.desk.seen(period) if seen is None else seen
    found = taking.compare(
        period,
        taking.read(act)
        if act is not None
        else typed_act(office.closing.chain.model, stock or (), mass, error, assay or (), at),
    )
    screen.stocktake(office.closing.chain.model, found, as_json=as_json)
    if by:
        screen.waiting(taking.sign(found, office.signer(by), office.now, before), err=as_json)
    elif not as_json:
        screen.say(tr("nothing was kept: whoever counted signs with --as ID"))
