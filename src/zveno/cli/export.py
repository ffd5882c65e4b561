"""The command ``zveno export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zveno.cli.acting import OfPeriod
from zveno.cli.app import HERE, ChainFolder, Lang, StorePlace, VersionAsked, app, open_chain
from zveno.cli.languages import language
from zveno.cli.places import store_folder
from zveno.cli.spoken import SpokenCommand
from zveno.text.mark import tr

Out = Annotated[
    Path, typer.Option("--out", metavar="FILE|FOLDER", help=tr("File .xlsx or .json, or folder for text tables."))
]
AsForm = Annotated[
    str,
    typer.Option("--as", metavar="workbook|csv|erp", help=tr("Form of the export, if its name does not say it.")),
]
ForExcel = Annotated[
    bool,
    typer.Option("--excel", help=tr("Text tables as Excel opens them: decimal commas of the language, UTF-8 mark.")),
]
RoundingFile = Annotated[
    Path | None,
    typer.Option("--rounding", metavar="FILE", help=tr("Units and decimals of the figures for an ERP, as YAML.")),
]


@app.command(cls=SpokenCommand, help=tr("Hand out a period: a workbook of formulas, text tables, or JSON for an ERP."))
def export(
    period: OfPeriod,
    out: Out,
    form: AsForm = "",
    version: VersionAsked = "",
    excel: ForExcel = False,
    rounding: RoundingFile = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    from zveno.chain.closing import Closing
    from zveno.chain.exports import ExportForm, form_of, rounding_of
    from zveno.chain.exports import export as hand_out
    from zveno.chain.versions import Versions
    from zveno.cli.screen import Screen
    from zveno.reports.csvfiles import CsvForm

    screen = Screen.of(lang or language())
    written = CsvForm.for_excel(screen.lang) if excel else CsvForm()
    wanted = ExportForm(form_of(form, out), screen.lang, written, rounding_of(rounding))
    versions = Versions(Closing(open_chain(chain, store), store_folder(chain, store)))
    paths = hand_out(versions, period, version, wanted, out)
    if len(paths) == 1:
        screen.say(tr("written: {path}"), path=paths[0])
    else:
        screen.say(tr("written: {path} ({n} files)"), path=out, n=len(paths))
