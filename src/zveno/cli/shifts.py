"""The commands ``zveno shifts ...``: who is on duty, and shifts compared under the same conditions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zveno.cli.acting import By, OfPeriod, Reason
from zveno.cli.app import HERE, AsJson, ChainFolder, Lang, StorePlace, app
from zveno.cli.office import Office
from zveno.cli.spoken import SpokenCommand, SpokenGroup
from zveno.errors import DataError
from zveno.text.mark import tr

shifts = typer.Typer(cls=SpokenGroup, no_args_is_help=True, rich_markup_mode=None)
app.add_typer(shifts, name="shifts", help=tr("Who is on duty; shifts compared under the same ore, feed and hours."))

PlantPlace = Annotated[str, typer.Argument(metavar="PLANT", help=tr("Plant, such as balk_conc."))]
PlantOnly = Annotated[str, typer.Option("--plant", metavar="PLANT", help=tr("One plant; all of them if left out."))]
ByPerson = Annotated[
    bool, typer.Option("--persons", help=tr("Sums by person; needs --as and --reason, which are kept in the log."))
]
OfRole = Annotated[str, typer.Option("--role", metavar="ROLE", help=tr("Only this role."))]
Drawn = Annotated[int, typer.Option("--seed", metavar="NUMBER", help=tr("Of the test by simulation."))]
Book = Annotated[Path, typer.Argument(metavar="FILE", help=tr("Workbook or text table with a roster."))]
Made = Annotated[Path, typer.Option("--out", metavar="FILE", help=tr("File to write: roster/2026-03.yaml."))]


@shifts.command(cls=SpokenCommand, help=tr("Who is on duty in a plant, shift by shift."))
def show(
    plant: PlantPlace,
    period: OfPeriod,
    role: OfRole = "",
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    from zveno.cli.shifted import ShiftedAnswers

    office = Office(chain, store, lang)
    office.shiftwork.shift(plant, "", office.now)
    screen = ShiftedAnswers(office.screen.text)
    screen.on_duty(office.answering, plant, office.closing.chain.period(period), role, as_json=as_json)


@shifts.command(cls=SpokenCommand, help=tr("Crews compared with ore, feed and hours taken out, and breaches by cause."))
def compare(
    period: OfPeriod,
    plant: PlantOnly = "",
    persons: ByPerson = False,
    by: By = "",
    reason: Reason = "",
    seed: Drawn = 1,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    from zveno.chain.fairness import Fairness
    from zveno.cli.shifted import ShiftedAnswers

    office = Office(chain, store, lang)
    fairness, screen = Fairness(office.closing), ShiftedAnswers(office.screen.text)
    if persons:
        if not by:
            raise DataError("breaches are summed by person only for a named person: --as ID --reason TEXT")
        fairness.require_reason(reason)
        screen.by_person(fairness.persons(period, reason, office.signer(by), office.now), as_json=as_json)
        return
    found = fairness.compare(period, plant, seed=seed)
    screen.compared(office.closing.chain.model, found, fairness.causes(period), as_json=as_json)


@shifts.command("import", cls=SpokenCommand, help=tr("Make roster entries from a workbook or a text table."))
def import_(book: Book, out: Made, chain: ChainFolder = HERE, lang: Lang = "") -> None:
    from zveno.chain.rosters import import_roster

    office = Office(chain, None, lang)
    n = import_roster(office.closing.chain.model, book, out)
    line = office.screen.text.count("{n} entry is written to {path}", "{n} entries are written to {path}", n, path=out)
    office.screen.line(line)
    office.screen.say(tr("next: zveno validate"))
