"""The command ``zveno daily``: how the month stands, day by day."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zveno.cli.app import HERE, AsJson, ChainFolder, Lang, StorePlace, app, open_chain
from zveno.cli.languages import language
from zveno.cli.spoken import SpokenCommand
from zveno.text.mark import tr

Day = Annotated[
    str | None,
    typer.Argument(metavar="[DAY]", help=tr("Day, such as 2026-03-14; the last one with readings if left out.")),
]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE.xlsx", help=tr("Also write all tables as a workbook."))
]


@app.command(cls=SpokenCommand, help=tr("The provisional balance of a day and of the month to date."))
def daily(
    day: Day = None,
    out: Out = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    from zveno.chain.daily import daily as daily_balance
    from zveno.cli.dayshown import DailyAnswers

    facade = open_chain(chain, store)
    found = daily_balance(facade, day)
    screen = DailyAnswers.of(lang or language())
    screen.save(found.tables(), out, alone="daily_flows")
    screen.daily(facade.model, found, as_json=as_json)
