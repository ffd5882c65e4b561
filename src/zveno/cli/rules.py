"""The commands ``zveno rules ...`` that only look: the book on a day, what differs, what a draft would find."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zveno.cli.app import HERE, AsJson, ChainFolder, Lang, StorePlace, app, open_chain
from zveno.cli.known import AsKnown, as_known
from zveno.cli.languages import language
from zveno.cli.places import store_folder
from zveno.cli.spoken import SpokenCommand, SpokenGroup
from zveno.cli.typed import typed_day
from zveno.errors import DataError
from zveno.text.mark import tr

if TYPE_CHECKING:
    from zveno.chain.amending import Amending
    from zveno.cli.ruled import RuledAnswers

rules = typer.Typer(cls=SpokenGroup, no_args_is_help=True, rich_markup_mode=None)
app.add_typer(
    rules, name="rules", help=tr("The rulebook: its texts on a day, what differs, drafts, amendments, hand-over.")
)

On = Annotated[str, typer.Option("--on", metavar="DATE", help=tr("Day on which it is in force; today if left out."))]
RuleName = Annotated[str, typer.Argument(metavar="RULE", help=tr("Id of the rule."))]
DraftPlace = Annotated[
    str, typer.Argument(metavar="DRAFT", help=tr("File of the draft, or number of an amendment that was proposed."))
]
DraftOption = Annotated[
    str,
    typer.Option(
        "--draft", metavar="DRAFT", help=tr("File of the draft, or number of an amendment that was proposed.")
    ),
]
ForPeriod = Annotated[str, typer.Option("--period", metavar="PERIOD", help=tr("Period, such as 2026-03."))]
OutTable = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help=tr("Also write the table: .xlsx, or .csv."))
]
Texts = Annotated[
    list[str] | None,
    typer.Option("--text", metavar="en|ru|kk", help=tr("Languages of the clause texts; all if left out; repeatable.")),
]


@rules.command("list", cls=SpokenCommand, help=tr("The rules in force on a day."))
def list_(
    on: On = "",
    known: AsKnown = "",
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    from zveno.chain.rulebooks import in_force

    facade = as_known(open_chain(chain, store), known)
    day = day_of(facade, on)
    screen(lang).listed(facade.model, in_force(facade.model, day), day, as_json=as_json)


@rules.command(cls=SpokenCommand, help=tr("One rule: its text in force on a day, all its versions, source, approver."))
def show(
    rule: RuleName,
    on: On = "",
    known: AsKnown = "",
    texts: Texts = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    facade = as_known(open_chain(chain, store), known)
    shown = screen(lang)
    shown.rule(facade.model, rule, day_of(facade, on), languages(texts, [shown.lang]), as_json=as_json)


@rules.command(
    cls=SpokenCommand, help=tr("What differs between the rules of two days, or between today's and a draft's.")
)
def diff(
    first: Annotated[str, typer.Argument(metavar="DATE", help=tr("Day of the first book: 2026-03-07."))] = "",
    second: Annotated[str, typer.Argument(metavar="DATE", help=tr("Day of the second book."))] = "",
    draft: DraftOption = "",
    known: AsKnown = "",
    texts: Texts = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    from zveno.chain.replaying import last_day
    from zveno.chain.rulebooks import in_force

    facade = as_known(open_chain(chain, store), known)
    other = facade
    if draft:
        work = amending(chain, store, facade)
        overlay = work.require_sound(work.draft(draft))
        other = work.under(overlay)
        second = second or str(last_day(overlay))
    elif not second:
        raise DataError("give two days, or a draft: zveno rules diff 2026-03-01 2026-05-01")
    days = day_of(facade, first), day_of(facade, second)
    before, after = in_force(facade.model, days[0]), in_force(other.model, days[1])
    screen(lang).differences(before, after, days, languages(texts), as_json=as_json)


@rules.command(cls=SpokenCommand, help=tr("Every fault of the rulebook, or of a draft over it, with file and line."))
def validate(
    draft: DraftOption = "",
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    from zveno.chain import example, example_names
    from zveno.chain.amending import draft_at
    from zveno.chain.validating import validate_book, validate_draft

    folder, kept = Path(chain), store_folder(chain, store)
    if not (folder / "chain.yaml").is_file() and chain in example_names():
        folder = example(chain)
    found = validate_draft(folder, kept, draft_at(kept, draft)) if draft else validate_book(folder, kept)
    raise typer.Exit(screen(lang).validated(found, as_json=as_json))


@rules.command(cls=SpokenCommand, help=tr("Judge real history under a draft: which breaches appear, vanish, change."))
def replay(
    draft: DraftPlace,
    period: ForPeriod,
    on: Annotated[
        str, typer.Option("--on", metavar="DATE", help=tr("Day on which the draft's rules are taken; its last step."))
    ] = "",
    texts: Texts = None,
    out: OutTable = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    from zveno.chain.replaying import replay as run

    facade = open_chain(chain, store)
    work = amending(chain, store, facade)
    overlay = work.require_sound(work.draft(draft))
    found = run(facade, overlay, period, day_of(facade, on) if on else None)
    shown = screen(lang)
    shown.replayed(facade.model, found, languages(texts), as_json=as_json)
    shown.save({"replayed": found.changes}, out, alone="replayed")


def screen(lang: str) -> RuledAnswers:
    """A screen that knows how rules are shown."""
    from zveno.cli.ruled import RuledAnswers

    return RuledAnswers.of(lang or language())


def amending(chain: str, store: str | None, facade: Any) -> Amending:
    """Amendments of a chain that is open."""
    from zveno.chain.amending import Amending
    from zveno.chain.closing import Closing

    return Amending(Closing(facade, store_folder(chain, store)))


def day_of(facade: Any, text: str) -> date:
    """A day that was typed; today in plant time if nothing was."""
    if not text:
        return facade.now().astimezone(facade.model.tz).date()  # type: ignore[no-any-return]
    return typed_day(text)


def languages(asked: list[str] | None, usual: list[str] | None = None) -> list[str]:
    """Languages in which clauses are shown."""
    from zveno.text.mark import LANGUAGES

    for one in asked or ():
        if one not in LANGUAGES:
            raise DataError(
                "'{lang}' is no language of the rulebook: use {known}", lang=one, known=", ".join(LANGUAGES)
            )
    return asked or usual or list(LANGUAGES)
