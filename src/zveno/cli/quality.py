"""The commands of measurement quality: ``zveno instruments``, ``authorise``, ``assays``, ``suppliers``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zveno.cli.acting import By, OfPeriod
from zveno.cli.app import HERE, AsJson, ChainFolder, Lang, PeriodText, StorePlace, app, open_chain
from zveno.cli.close import Why
from zveno.cli.languages import language
from zveno.cli.places import store_folder
from zveno.cli.spoken import SpokenCommand
from zveno.cli.typed import day_or_none
from zveno.errors import DataError
from zveno.text.mark import tr

if TYPE_CHECKING:
    from zveno.chain import Chain
    from zveno.cli.measured import MeasuredAnswers
    from zveno.quality.authorised import Authorisation

On = Annotated[str, typer.Option("--on", metavar="DATE", help=tr("Day for which they are listed: 2026-03-31."))]
Only = Annotated[
    str, typer.Option("--status", metavar="STATUS", help=tr("Only expired, due_soon, valid or unknown ones."))
]
Pages = Annotated[
    list[Path] | None,
    typer.Option("--out", metavar="FILE", help=tr("File to write: .html, .xlsx or .pdf; repeatable.")),
]
Which = Annotated[
    str, typer.Option("--instruments", metavar="IDS", help=tr("Their numbers, separated by commas, or all."))
]
Table = Annotated[
    Path,
    typer.Argument(
        metavar="FILE", help=tr("Table of lots: lot, supplier, sampler, component, ours, theirs, umpire, mass.")
    ),
]
_STATES = ("expired", "due_soon", "valid", "unknown")


@app.command(cls=SpokenCommand, help=tr("Instruments: whose verification holds, has expired or is due soon."))
def instruments(
    period: PeriodText = None,
    on: On = "",
    status: Only = "",
    out: Pages = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    from zveno.chain.quality import instruments_page, listed_days

    if status and status not in _STATES:
        raise DataError(
            "'{status}' is no status of an instrument: use {known}", status=status, known=", ".join(_STATES)
        )
    screen = _screen(lang)
    facade = open_chain(chain, store)
    first, day = listed_days(facade, period, day_or_none(on))
    table = facade.instruments(day, screen.lang, since=first)
    given = _given(facade, store_folder(chain, store), period)
    screen.pages(instruments_page(facade, table, day, screen.lang, given), out or [])
    screen.instruments(facade.model, table, day, status, given, as_json=as_json)


@app.command(cls=SpokenCommand, help=tr("Answer by name for closing a period with instruments that were not verified."))
def authorise(
    period: OfPeriod,
    by: By,
    reason: Why,
    which: Which = "",
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    from zveno.chain.authorising import Authorising
    from zveno.chain.closing import Closing
    from zveno.cli.passphrase import unlocked

    screen = _screen(lang)
    closing = Closing(open_chain(chain, store), store_folder(chain, store))
    authorising = Authorising(closing)
    names = [one.strip() for one in which.split(",") if one.strip()]
    found = authorising.require_authorisable(period, names, reason, by)
    signer = unlocked(closing.log, by, screen.text)
    entry = authorising.authorise(period, names, reason, signer, datetime.now(closing.chain.model.tz))
    screen.authorised(closing.chain.period(period).name, found, entry)


@app.command(cls=SpokenCommand, help=tr("Quality of assays: precision, bias, control charts, blanks."))
def assays(
    period: OfPeriod,
    out: Pages = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    from zveno.chain.quality import assays as of_period
    from zveno.chain.quality import assays_page

    screen = _screen(lang)
    facade = open_chain(chain, store)
    found = of_period(facade, period)
    screen.pages(assays_page(facade, found, screen.lang), out or [])
    screen.assays(facade.model, found, as_json=as_json)


@app.command(cls=SpokenCommand, help=tr("Suppliers' assays against ours: who is biased, with which sampler."))
def suppliers(
    table: Table, out: Pages = None, chain: ChainFolder = HERE, lang: Lang = "", as_json: AsJson = False
) -> None:
    from zveno.chain.quality import suppliers as of_file
    from zveno.chain.quality import suppliers_page

    screen = _screen(lang)
    facade = open_chain(chain, None)
    found = of_file(facade.model, table)
    screen.pages(suppliers_page(facade, found, table.name, screen.lang), out or [])
    screen.suppliers(found, as_json=as_json)


def _given(facade: Chain, folder: Path, period: str | None) -> Sequence[Authorisation]:
    """What was authorised for a period."""
    from zveno.chain.authorising import Authorising
    from zveno.chain.closing import Closing

    return () if period is None else Authorising(Closing(facade, folder)).given(period)


def _screen(lang: str) -> MeasuredAnswers:
    from zveno.cli.measured import MeasuredAnswers

    return MeasuredAnswers.of(lang or language())
