"""The command ``zveno alarms``: how healthy the alarms of a period are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zveno.cli.acting import OfPeriod
from zveno.cli.app import HERE, AsJson, ChainFolder, DataPath, Lang, StorePlace, app, open_chain, with_data
from zveno.cli.languages import language
from zveno.cli.spoken import SpokenCommand
from zveno.text.mark import tr


@app.command(cls=SpokenCommand, help=tr("How healthy the alarms are: rates, floods, chatters, stale ones, top ten."))
def alarms(
    period: OfPeriod,
    journal: Annotated[
        Path | None,
        typer.Option("--journal", metavar="FILE", help=tr("Alarm journal of the control system: .csv or .parquet.")),
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option("--map", metavar="FILE", help=tr("Which column of the journal is what: .yaml."))
    ] = None,
    units: Annotated[bool, typer.Option("--units", help=tr("Also by unit."))] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help=tr("Also write the tables: .xlsx, or .csv for metrics.")),
    ] = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    data: DataPath = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    from zveno.chain.alarms import AlarmsAsked, alarms_of
    from zveno.cli.alarmed import AlarmedAnswers

    screen = AlarmedAnswers.of(lang or language())
    facade = with_data(open_chain(chain, store), data, screen)
    found = alarms_of(facade, period, AlarmsAsked(journal, mapping))
    screen.alarms(facade.model, found, units=units, as_json=as_json)
    health = found.health
    tables = {
        "metrics": health.metrics, "floods": health.floods, "actors": health.actors, "days": health.days,
    }  # fmt: skip
    screen.save(tables, out, alone="metrics")
