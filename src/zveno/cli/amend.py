"""The commands ``zveno rules ...`` by which persons sign: adopt, propose, review, approve, refuse, withdraw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zveno.cli.acting import By, OfPeriod, Reason
from zveno.cli.app import HERE, AsJson, ChainFolder, Lang, StorePlace
from zveno.cli.office import Office
from zveno.cli.rules import DraftPlace, rules
from zveno.cli.spoken import SpokenCommand
from zveno.text.mark import tr

if TYPE_CHECKING:
    from zveno.log import Signer

Number = Annotated[
    int, typer.Argument(metavar="NUMBER", help=tr("Number of the amendment: zveno rules amendments shows it."))
]


@rules.command(
    cls=SpokenCommand, help=tr("Sign for the rules as they stand: from then on only amendments change them.")
)
def adopt(by: By, chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = "") -> None:
    from zveno.cli.ruled import RuledAnswers

    office = Office(chain, store, lang)
    office.amending.require_adoptable()
    adopted = office.amending.adopt(office.signer(by), office.now)
    RuledAnswers(office.screen.text).adopted(adopted)


@rules.command(cls=SpokenCommand, help=tr("Propose a draft: sign it as its author."))
def propose(draft: DraftPlace, by: By, chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = "") -> None:
    from zveno.cli.ruled import RuledAnswers

    office = Office(chain, store, lang)
    read = office.amending.draft(draft)
    office.amending.require_proposable(read, office.now)
    found = office.amending.propose(read, office.signer(by), office.now)
    RuledAnswers(office.screen.text).proposed(found)


@rules.command(cls=SpokenCommand, help=tr("Sign an amendment as its reviewer: another person than its author."))
def review(
    number: Number,
    by: By,
    text: Annotated[str, typer.Option("--text", metavar="TEXT", help=tr("What was looked at and found."))] = "",
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    office = Office(chain, store, lang)
    _step(office, number, "review", by, lambda signer: office.amending.review(number, text, signer, office.now))


@rules.command(cls=SpokenCommand, help=tr("Approve an amendment: a third person does, before the day it takes effect."))
def approve(
    number: Number,
    by: By,
    protocol: Annotated[
        Path | None,
        typer.Option(
            "--protocol", metavar="FILE", help=tr("Protocol of the vote by which it was adopted, where one was held.")
        ),
    ] = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    office = Office(chain, store, lang)
    _step(office, number, "approve", by, lambda signer: office.amending.approve(number, signer, office.now, protocol))


@rules.command(cls=SpokenCommand, help=tr("Refuse an amendment before it is approved, or take the own one back."))
def refuse(
    number: Number, by: By, reason: Reason, chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = ""
) -> None:
    office = Office(chain, store, lang)
    _step(office, number, "refuse", by, lambda signer: office.amending.refuse(number, reason, signer, office.now))


@rules.command(cls=SpokenCommand, help=tr("Withdraw an approved amendment before it takes effect."))
def withdraw(
    number: Number, by: By, reason: Reason, chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = ""
) -> None:
    office = Office(chain, store, lang)
    _step(office, number, "withdraw", by, lambda signer: office.amending.withdraw(number, reason, signer, office.now))


@rules.command(
    cls=SpokenCommand, help=tr("Hand a period over to an inspector: rules, signed checks, readings, proofs.")
)
def export(
    period: OfPeriod,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help=tr("Archive to write: .tar."))],
    by: By,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    office = Office(chain, store, lang)
    office.inspection.require(period)
    entry = office.inspection.export(period, office.signer(by), office.now, out)
    office.screen.say(tr("written: {path}"), path=out)
    office.screen.say(tr("head of the log: {head}; note it: a later archive must agree with it"), head=entry.head)


@rules.command(cls=SpokenCommand, help=tr("Amendments with their state, effective day and signatures."))
def amendments(chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = "", as_json: AsJson = False) -> None:
    from zveno.cli.ruled import RuledAnswers

    office = Office(chain, store, lang)
    work = office.amending
    RuledAnswers(office.screen.text).amendments(work.known(), work.all(office.now.date()), as_json=as_json)


def _step(office: Office, number: int, verb: str, by: str, sign: Callable[[Signer], Any]) -> None:
    """A step of an amendment: whether it is the next one is asked before the pass-phrase is."""
    from zveno.cli.ruled import RuledAnswers

    office.amending.require_next(number, verb, by, office.now)
    found = sign(office.signer(by))
    RuledAnswers(office.screen.text).stepped(found, office.amending.state(found, office.now.date()))
