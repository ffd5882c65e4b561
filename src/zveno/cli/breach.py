"""The commands ``zveno breaches`` and ``zveno breach ...``: what the rules find, and what follows from it, signed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zveno.cli.acting import By, OfPeriod, Reason, Seen, Words
from zveno.cli.app import HERE, AsJson, ChainFolder, Lang, PeriodText, StorePlace, app
from zveno.cli.office import Office
from zveno.cli.spoken import SpokenCommand, SpokenGroup
from zveno.cli.typed import typed_day
from zveno.errors import DataError
from zveno.text.mark import tr

if TYPE_CHECKING:
    from zveno.cli.breached import BreachedAnswers

breach = typer.Typer(cls=SpokenGroup, no_args_is_help=True, rich_markup_mode=None)
app.add_typer(breach, name="breach", help=tr("What follows from a breach: told, replied to, cause, action, end."))

BreachId = Annotated[
    str, typer.Argument(metavar="ID", help=tr("Breach, such as BM-01/2026-03-10/1: zveno breaches shows them."))
]
Files = Annotated[
    list[Path] | None, typer.Option("--file", metavar="FILE", help=tr("Evidence: kept in the store; repeatable."))
]
For = Annotated[
    str, typer.Option("--for", metavar="PARTY", help=tr("For a role or crew whose person the roster does not name."))
]
Parties = Annotated[
    list[str] | None,
    typer.Option("--party", metavar="PARTY", help=tr("Who of those on duty; all of them if left out; repeatable.")),
]
CauseName = Annotated[
    str,
    typer.Option(
        "--cause", metavar="CAUSE",
        help=tr("equipment, ore, order (from above), operator, instrument or rule (the rule itself)."),
    ),
]  # fmt: skip
Owner = Annotated[str, typer.Option("--owner", metavar="ID", help=tr("Person who does it."))]
Due = Annotated[str, typer.Option("--due", metavar="DATE", help=tr("Last day for it: 2026-04-20."))]
ActionNumber = Annotated[int, typer.Option("--action", metavar="NUMBER", help=tr("Record that ordered it."))]
Level = Annotated[
    int, typer.Option("--level", metavar="N", help=tr("How far it is taken up: 0 those on duty, 1 the next above."))
]
Balance = Annotated[str, typer.Option("--balance", metavar="PERIOD", help=tr("Period whose balance says so."))]
Enter = Annotated[bool, typer.Option("--enter", help=tr("Sign what is found; needs --as."))]
Late = Annotated[bool, typer.Option("--late", help=tr("Only those whose term has passed."))]


@app.command(cls=SpokenCommand, help=tr("Breaches of a period with who was on duty, how each stands, and what is new."))
def breaches(
    period: PeriodText = None,
    enter: Enter = False,
    by: By = "",
    late: Late = False,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    office, screen = _office(chain, store, lang)
    review = office.answering.review(office.closing.chain.period(period))
    if enter:
        if not by:
            raise DataError("say who signs: --as ID")
        if review.nothing:
            raise DataError("the breaches of {period} are entered as the rules find them", period=review.period.name)
        seen = office.answering.seen_period(review.period.name)
        screen.entered(review, office.answering.enter(review, office.signer(by), office.now, seen))
        return
    screen.breaches_of(office.answering, review, office.now, late=late, as_json=as_json)


@breach.command(cls=SpokenCommand, help=tr("One breach: both texts, who was on duty, and every signed step."))
def show(
    id: BreachId, chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = "", as_json: AsJson = False
) -> None:
    office, screen = _office(chain, store, lang)
    one = office.answering.get(id)
    screen.breach_whole(office.answering, one, office.now, as_json=as_json)


@breach.command(cls=SpokenCommand, help=tr("Sign that those on duty were told of a breach, or one above them."))
def notify(
    id: BreachId,
    by: By,
    party: Parties = None,
    level: Level = 0,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    from zveno.duty import acts

    office, screen = _office(chain, store, lang)
    one = office.answering.get(id)
    at = office.answering.plant_time(one, office.now)
    told = list(party or [])
    if not told and level == 0:
        told = [each for each in one.parties if one.notified_at(each) is None]
    if not told:
        told = [each.person for each in office.answering.standing(one, office.now).raised if each.level == level]
    if not told:
        raise DataError("nobody is left to be told of {id}: name one with --party", id=id)
    bodies = [{"party": each, "level": level} for each in told]
    for body in bodies:
        office.answering.require(id, acts.NOTIFIED, body, by, at)
    signer = office.signer(by)
    for body in bodies:
        one = office.answering.step(id, acts.NOTIFIED, body, signer, at)
    screen.stepped(office.answering, one, office.now)


@breach.command(cls=SpokenCommand, help=tr("Sign that you know of a breach in which you were on duty."))
def acknowledge(
    id: BreachId, by: By, party: For = "", chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = ""
) -> None:
    _of_party("ACKNOWLEDGED", id, by, party, {}, _Where(chain, store, lang))


@breach.command(cls=SpokenCommand, help=tr("Sign your reply to a breach in which you were on duty."))
def reply(
    id: BreachId,
    by: By,
    text: Words,
    files: Files = None,
    party: For = "",
    seen: Seen = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    _of_party("REPLIED", id, by, party, {"text": text.strip()}, _Where(chain, store, lang, seen, files or ()))


@breach.command(cls=SpokenCommand, help=tr("Confirm the cause of a breach; 'operator' only after a reply or its term."))
def cause(
    id: BreachId,
    by: By,
    cause: CauseName,
    text: Words,
    party: Parties = None,
    files: Files = None,
    seen: Seen = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    body = {"cause": cause, "text": text.strip(), "parties": list(party or ())}
    _step("CAUSE", id, by, body, _Where(chain, store, lang, seen, files or ()))


@breach.command(cls=SpokenCommand, help=tr("Ask for another decision on the cause of a breach."))
def appeal(
    id: BreachId,
    by: By,
    text: Words,
    files: Files = None,
    party: For = "",
    seen: Seen = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    _of_party("APPEALED", id, by, party, {"text": text.strip()}, _Where(chain, store, lang, seen, files or ()))


@breach.command(cls=SpokenCommand, help=tr("Decide on an appeal: another person than who confirmed the cause."))
def decide(
    id: BreachId,
    by: By,
    cause: CauseName,
    text: Words,
    party: Parties = None,
    seen: Seen = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    body = {"cause": cause, "text": text.strip(), "parties": list(party or ())}
    _step("DECIDED", id, by, body, _Where(chain, store, lang, seen))


@breach.command(cls=SpokenCommand, help=tr("Order what is done about a breach, by whom and until when."))
def act(
    id: BreachId,
    by: By,
    text: Words,
    owner: Owner,
    due: Due,
    seen: Seen = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    body = {"text": text.strip(), "owner": owner, "due": typed_day(due).isoformat()}
    _step("ACTION", id, by, body, _Where(chain, store, lang, seen))


@breach.command(cls=SpokenCommand, help=tr("Sign that an action is done."))
def done(
    id: BreachId,
    by: By,
    action: ActionNumber,
    text: Words = "",
    seen: Seen = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    _step("DONE", id, by, {"action": action, "text": text.strip()}, _Where(chain, store, lang, seen))


@breach.command(cls=SpokenCommand, help=tr("Close a breach: its cause is confirmed and everything is done."))
def close(
    id: BreachId, by: By, seen: Seen = None, chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = ""
) -> None:
    _step("CLOSED", id, by, {}, _Where(chain, store, lang, seen))


@breach.command(cls=SpokenCommand, help=tr("What the balance of a period proposes: to void, in doubt, to open again."))
def proposals(
    period: OfPeriod,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    office, screen = _office(chain, store, lang)
    screen.void_proposals(office.answering.void_proposals(period), period, as_json=as_json)


@breach.command(cls=SpokenCommand, help=tr("Void a breach whose instrument the balance finds at fault at that time."))
def void(
    id: BreachId,
    by: By,
    balance: Balance,
    reason: Reason,
    seen: Seen = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    office, _ = _office(chain, store, lang)
    body = office.answering.void_body(id, balance, reason)
    _step("VOIDED", id, by, body, _Where(chain, store, lang, seen))


@breach.command(cls=SpokenCommand, help=tr("Open a voided breach again: the balance no longer says what voided it."))
def reopen(
    id: BreachId,
    by: By,
    reason: Reason,
    seen: Seen = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    office, _ = _office(chain, store, lang)
    body = office.answering.reopen_body(id, reason)
    _step("REOPENED", id, by, body, _Where(chain, store, lang, seen))


# ---- inside ----------------------------------------------------------------------------------------------------------


class _Where:
    """Chain, store, language, and what goes with a signature."""

    def __init__(
        self, chain: str, store: str | None, lang: str, seen: int | None = None, files: list[Path] | tuple[()] = ()
    ) -> None:
        self.place = (chain, store, lang)
        self.seen, self.files = seen, files


def _office(chain: str, store: str | None, lang: str) -> tuple[Office, BreachedAnswers]:
    from zveno.cli.breached import BreachedAnswers

    office = Office(chain, store, lang)
    return office, BreachedAnswers(office.screen.text)


def _step(kind: str, id_: str, by: str, body: Mapping[str, Any], where: _Where) -> None:
    """Sign a step of a breach, after asking whether it may be."""
    from zveno.duty import acts

    office, screen = _office(*where.place)
    at, name = office.answering.plant_time(office.answering.get(id_), office.now), getattr(acts, kind)
    seen = office.answering.seen(id_) if where.seen is None else where.seen
    office.answering.require(id_, name, body, by, at)
    one = office.answering.step(id_, name, body, office.signer(by), at, files=where.files, seen=seen)
    screen.stepped(office.answering, one, at)


def _of_party(kind: str, id_: str, by: str, party: str, body: Mapping[str, Any], where: _Where) -> None:
    """Sign the words of somebody who was on duty."""
    office, _ = _office(*where.place)
    said = office.answering.party(office.answering.get(id_), by, party)
    _step(kind, id_, by, {"party": said, **body}, where)
