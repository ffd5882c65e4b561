"""The command ``zveno detect``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zveno.cli.app import (
    HERE,
    AsJson,
    ChainFolder,
    DataPath,
    Lang,
    PeriodText,
    StorePlace,
    app,
    open_chain,
    with_data,
)
from zveno.cli.languages import language
from zveno.cli.spoken import SpokenCommand
from zveno.errors import DataError
from zveno.text.mark import tr

Months = Annotated[
    list[int] | None,
    typer.Option("--months", metavar="NUMBER", help=tr("Over how many months; repeatable; 1, 3 and 12 if left out.")),
]
Added = Annotated[int, typer.Option("--added", metavar="NUMBER", help=tr("How many added readings are shown."))]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="FILE", help=tr("Write all of it (.xlsx) or the smallest errors (.csv) to this file.")
    ),
]


@app.command(cls=SpokenCommand, help=tr("Smallest errors that the meters show, and what one more reading would buy."))
def detect(
    period: PeriodText = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    data: DataPath = None,
    months: Months = None,
    added: Added = 8,
    out: Out = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    from zveno.cli.detected import DetectedAnswers

    if out is not None and out.suffix.lower() not in (".csv", ".xlsx"):
        raise DataError("'{path}' must end in .csv or .xlsx", path=str(out))
    if added < 0:
        raise DataError("--added counts added readings: write 0 or more")
    screen = DetectedAnswers.of(lang or language())
    facade = with_data(open_chain(chain, store), data, screen)
    found = facade.detect(facade.period(period), sorted(set(months or (1, 3, 12))))
    screen.detection(facade.model, found, added, out, as_json=as_json)
