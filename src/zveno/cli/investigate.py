"""The commands ``zveno investigate ...``: what is looked into, by whom, until when, with what outcome."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zveno.cli.acting import By, OfPeriod, Seen
from zveno.cli.app import HERE, AsJson, ChainFolder, Lang, StorePlace, app
from zveno.cli.office import Office
from zveno.cli.spoken import SpokenCommand, SpokenGroup
from zveno.cli.typed import typed_day
from zveno.text.mark import tr

investigate = typer.Typer(cls=SpokenGroup, no_args_is_help=True, rich_markup_mode=None)
app.add_typer(
    investigate,
    name="investigate",
    help=tr("What is looked into: offered by the balance, opened, answered, signed off."),
)

Number = Annotated[
    int, typer.Argument(metavar="NUMBER", help=tr("Number of the investigation: zveno investigate list."))
]
About = Annotated[
    str, typer.Option("--about", metavar="KEY", help=tr("What it is about: a key of zveno investigate suggest."))
]
Ask = Annotated[str, typer.Option("--question", metavar="TEXT", help=tr("What is to be looked into, in words."))]
Owner = Annotated[str, typer.Option("--owner", metavar="ID", help=tr("Person who looks into it."))]
Due = Annotated[str, typer.Option("--due", metavar="DATE", help=tr("Last day for it: 2026-04-20."))]
Files = Annotated[
    list[Path] | None, typer.Option("--file", metavar="FILE", help=tr("Evidence: kept in the store; repeatable."))
]
Figures = Annotated[
    list[str] | None,
    typer.Option(
        "--figure", metavar="NAME", help=tr("Figure as evidence, with its version: flows/conc/Cu/mass_t; repeatable.")
    ),
]
Words = Annotated[str, typer.Option("--text", metavar="TEXT", help=tr("What was found so far."))]
Outcome = Annotated[str, typer.Option("--outcome", metavar="TEXT", help=tr("What came out; its owner says that."))]
Out = Annotated[Path | None, typer.Option("--out", metavar="FOLDER", help=tr("Also write its evidence into a folder."))]
Whole = Annotated[bool, typer.Option("--all", help=tr("Also those that are signed off."))]


@investigate.command(cls=SpokenCommand, help=tr("What the balance of a period would have looked into, a line each."))
def suggest(
    period: OfPeriod, chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = "", as_json: AsJson = False
) -> None:
    from zveno.cli.investigated import InvestigatedAnswers

    office = Office(chain, store, lang)
    screen = InvestigatedAnswers(office.screen.text, office.screen.tz)
    screen.suggestions(office.closing.chain.model, period, office.investigating.suggest(period), as_json=as_json)


@investigate.command("open", cls=SpokenCommand, help=tr("Ask for something to be looked into."))
def open_(
    period: OfPeriod,
    owner: Owner,
    due: Due,
    by: By,
    about: About = "",
    question: Ask = "",
    files: Files = None,
    figures: Figures = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    from zveno.chain.investigating import Question
    from zveno.cli.investigated import InvestigatedAnswers

    office = Office(chain, store, lang)
    asked = Question(period, owner, typed_day(due), about, question, tuple(files or ()), tuple(figures or ()))
    office.investigating.require_openable(asked, office.now.date())
    found = office.investigating.open(asked, office.signer(by), office.now)
    InvestigatedAnswers(office.screen.text, office.screen.tz).opened(found)


@investigate.command("list", cls=SpokenCommand, help=tr("What is looked into, with owner, day, state."))
def list_(
    everything: Whole = False,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    from zveno.cli.investigated import InvestigatedAnswers

    office = Office(chain, store, lang)
    found = [one for one in office.investigating.all() if everything or one.closed is None]
    InvestigatedAnswers(office.screen.text, office.screen.tz).listed(found, office.now.date(), as_json=as_json)


@investigate.command(cls=SpokenCommand, help=tr("One investigation with all its evidence."))
def show(
    number: Number,
    out: Out = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    from zveno.chain.evidence import evidence
    from zveno.cli.investigated import InvestigatedAnswers

    office = Office(chain, store, lang)
    found, screen = office.investigating.get(number), InvestigatedAnswers(office.screen.text, office.screen.tz)
    seen = office.investigating.seen(number)
    screen.investigation(office.closing.chain.model, found, seen, today=office.now.date(), as_json=as_json)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for note in found.notes:
            for name, digest in note.files.items():
                path = out / f"{note.signed.record}_{name}"  # two notes may bring files of one name
                path.write_bytes(evidence(office.closing.folder, digest))
                screen.say(tr("written: {path}"), err=True, path=path)


@investigate.command(cls=SpokenCommand, help=tr("Add words, evidence, the outcome, another owner or day."))
def add(
    number: Number,
    by: By,
    text: Words = "",
    outcome: Outcome = "",
    owner: Annotated[str, typer.Option("--owner", metavar="ID", help=tr("Person who looks into it."))] = "",
    due: Annotated[str, typer.Option("--due", metavar="DATE", help=tr("Last day for it: 2026-04-20."))] = "",
    files: Files = None,
    figures: Figures = None,
    seen: Seen = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    from zveno.chain.investigating import Added
    from zveno.cli.investigated import InvestigatedAnswers

    office = Office(chain, store, lang)
    before = office.investigating.seen(number) if seen is None else seen
    office.investigating.get(number)
    added = Added(text, outcome, owner, typed_day(due) if due else None, tuple(files or ()), tuple(figures or ()))
    found = office.investigating.add(number, added, office.signer(by), office.now, before)
    InvestigatedAnswers(office.screen.text, office.screen.tz).added(found)


@investigate.command(cls=SpokenCommand, help=tr("Sign an investigation off: somebody other than its owner does."))
def close(
    number: Number, by: By, seen: Seen = None, chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = ""
) -> None:
    from zveno.cli.investigated import InvestigatedAnswers

    office = Office(chain, store, lang)
    before = office.investigating.seen(number) if seen is None else seen
    office.investigating.require_closable(number, by)
    found = office.investigating.close(number, office.signer(by), office.now, before)
    InvestigatedAnswers(office.screen.text, office.screen.tz).closed(found)
