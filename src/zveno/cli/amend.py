"""The commands ``zveno rules ...`` by which persons sign: adopt, propose, review, approve, refuse, withdraw."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zveno.cli.app import HERE, AsJson, ChainFolder, Lang, StorePlace
from zveno.cli.office import Office
from zveno.cli.rules import DraftPlace, rules
from zveno.cli.spoken import SpokenCommand
from zveno.text.mark import tr

Number = Annotated[
    int, typer.Argument(metavar="NUMBER", help=tr("Number of the amendment: zveno rules amendments shows it."))
]
By = Annotated[str, typer.Option("--as", metavar="ID", help=tr("Who signs; the pass-phrase is asked for."))]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help=tr("Why; it is kept for good."))]


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
    from zveno.cli.ruled import RuledAnswers

    office = Office(chain, store, lang)
    office.amending.require_next(number, "review", by, office.now)
    found = office.amending.review(number, text, office.signer(by), office.now)
    RuledAnswers(office.screen.text).stepped(found, office.amending.state(found, office.now.date()))


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
    from zveno.cli.ruled import RuledAnswers

    office = Office(chain, store, lang)
    office.amending.require_next(number, "approve", by, office.now)
    found = office.amending.approve(number, office.signer(by), office.now, protocol)
    RuledAnswers(office.screen.text).stepped(found, office.amending.state(found, office.now.date()))


@rules.command(cls=SpokenCommand, help=tr("Refuse an amendment before it is approved, or take the own one back."))
def refuse(
    number: Number, by: By, reason: Reason, chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = ""
) -> None:
    from zveno.cli.ruled import RuledAnswers

    office = Office(chain, store, lang)
    office.amending.require_next(number, "refuse", by, office.now)
    found = office.amending.refuse(number, reason, office.signer(by), office.now)
    RuledAnswers(office.screen.text).stepped(found, office.amending.state(found, office.now.date()))


@rules.command(cls=SpokenCommand, help=tr("Withdraw an approved amendment before it takes effect."))
def withdraw(
    number: Number, by: By, reason: Reason, chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = ""
) -> None:
    from zveno.cli.ruled import RuledAnswers

    office = Office(chain, store, lang)
    office.amending.require_next(number, "withdraw", by, office.now)
    found = office.amending.withdraw(number, reason, office.signer(by), office.now)
    RuledAnswers(office.screen.text).stepped(found, office.amending.state(found, office.now.date()))


@rules.command(
    cls=SpokenCommand, help=tr("Hand a period over to an inspector: rules, signed checks, readings, proofs.")
)
def export(
    period: Annotated[str, typer.Argument(metavar="PERIOD", help=tr("Period, such as 2026-03."))],
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
