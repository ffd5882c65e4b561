"""The commands ``zveno person ...``: who signs, with which key."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zveno.cli.acting import By
from zveno.cli.app import HERE, AsJson, ChainFolder, Lang, StorePlace, app
from zveno.cli.languages import language
from zveno.cli.places import store_folder
from zveno.cli.spoken import SpokenCommand, SpokenGroup
from zveno.cli.typed import day_or_none
from zveno.errors import DataError
from zveno.text.mark import tr

if TYPE_CHECKING:
    from zveno.cli.passphrase import Passphrases
    from zveno.cli.screen import Screen
    from zveno.log import Log, Persons, Signer

person = typer.Typer(cls=SpokenGroup, no_args_is_help=True, rich_markup_mode=None)
app.add_typer(person, name="person", help=tr("Persons who sign: enter, list, revoke, give new keys."))

PersonId = Annotated[str, typer.Argument(metavar="ID", help=tr("Short lower-case name of the person."))]
Name = Annotated[str, typer.Option("--name", metavar="NAME", help=tr("Name as it is printed beside signatures."))]
Roles = Annotated[
    list[str] | None,
    typer.Option(
        "--role",
        metavar="NAME",
        help=tr(
            "registrar, accountant, chief_accountant, metallurgist, metrologist, laboratory, foreman, auditor,"
            " operator, technologist, head, safety, chief_engineer; repeatable."
        ),
    ),
]
From = Annotated[str, typer.Option("--from", metavar="DATE", help=tr("First day of authority; today if left out."))]
To = Annotated[str, typer.Option("--to", metavar="DATE", help=tr("Last day of authority; none if left out."))]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help=tr("Why; it is kept in the log."))]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help=tr("File to write, instead of the screen."))]


@person.command(cls=SpokenCommand, help=tr("Enter a person with a new key; the first one keeps the register."))
def add(
    id: PersonId,
    name: Name,
    role: Roles = None,
    first: From = "",
    last: To = "",
    by: By = "",
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    from zveno.log import Newcomer

    desk = _Desk.of(chain, store, lang)
    newcomer = Newcomer(id, name, tuple(role or ()), day_or_none(first) or desk.now.date(), day_or_none(last))
    registrar = desk.signer(by) if by else None
    desk.persons.add(newcomer, desk.passphrases.new(id), desk.now, registrar)
    desk.tell_key(id)


@person.command("list", cls=SpokenCommand, help=tr("Everybody who was ever entered, with keys and authority."))
def list_(chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = "", as_json: AsJson = False) -> None:
    from zveno.cli.verified import show_persons

    desk = _Desk.of(chain, store, lang)
    show_persons(desk.screen, desk.log.register, as_json=as_json)


@person.command(cls=SpokenCommand, help=tr("End a key: nothing signed with it from now on is valid."))
def revoke(
    id: PersonId,
    reason: Reason,
    by: By,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    desk = _Desk.of(chain, store, lang)
    entry = desk.persons.revoke(id, reason, desk.signer(by), desk.now)
    desk.screen.say(tr("the key of {person} is revoked (record {number})"), person=id, number=entry.number)


@person.command(cls=SpokenCommand, help=tr("Give a person a new key and pass-phrase; the former key ends."))
def rekey(
    id: PersonId,
    reason: Reason,
    by: By = "",
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    desk = _Desk.of(chain, store, lang)
    signer = desk.signer(by or id)
    desk.persons.rekey(id, desk.passphrases.new(id), reason, signer, desk.now)
    desk.tell_key(id)


@person.command(cls=SpokenCommand, help=tr("Change a pass-phrase; the key stays."))
def passphrase(id: PersonId, chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = "") -> None:
    desk = _Desk.of(chain, store, lang)
    old = desk.passphrases.present(id)
    desk.persons.unlock(id, old)  # before a new one is thought of
    desk.persons.change_passphrase(id, old, desk.passphrases.new(id))
    desk.screen.say(tr("the pass-phrase of {person} is changed"), person=id)


@person.command(cls=SpokenCommand, help=tr("Change what a person may do, and until when."))
def amend(
    id: PersonId,
    by: By,
    role: Roles = None,
    last: To = "",
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    desk = _Desk.of(chain, store, lang)
    found = desk.persons.all.get(id)
    roles = tuple(role or (found.roles if found else ()))
    until = day_or_none(last) or (found.valid_to if found else None)
    entry = desk.persons.amend(id, roles, until, desk.signer(by), desk.now)
    desk.screen.say(tr("the authority of {person} is changed (record {number})"), person=id, number=entry.number)


@person.command(cls=SpokenCommand, help=tr("The public key of a person as a PEM file, for those who verify."))
def key(id: PersonId, out: Out = None, chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = "") -> None:
    from zveno.log import pem

    desk = _Desk.of(chain, store, lang)
    found = desk.persons.all.get(id)
    if found is None:
        raise DataError("there is no person '{person}': zveno person list shows them", person=id)
    content = pem(found.keys[-1].public)
    if out is None:
        desk.screen.line(content.decode().rstrip())
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(content)
    desk.screen.say(tr("written: {path}"), err=True, path=out)


class _Desk:
    """What every command on persons needs."""

    def __init__(self, log: Log, persons: Persons, screen: Screen, passphrases: Passphrases) -> None:
        self.log, self.persons, self.screen, self.passphrases = log, persons, screen, passphrases
        self.now = datetime.now().astimezone()

    @classmethod
    def of(cls, chain: str, store: str | None, lang: str) -> _Desk:
        """For the store of a description."""
        from zveno.cli.passphrase import Passphrases
        from zveno.cli.screen import Screen
        from zveno.log import Log, Persons

        screen = Screen.of(lang or language())
        log = Log(store_folder(chain, store))
        return cls(log, Persons(log), screen, Passphrases(screen.text))

    def signer(self, id: str) -> Signer:
        """A person with an opened key."""
        return self.persons.unlock(id, self.passphrases.present(id))

    def tell_key(self, id: str) -> None:
        """Say which key a person has now, and what was put right on the way."""
        from zveno.log import fingerprint

        self.screen.doubts(self.log.remarks)
        found = self.persons.all[id].keys[-1]
        self.screen.say(
            tr("{person} has the key {key} (record {number}); note it: who verifies compares it"),
            person=id,
            key=fingerprint(found.public),
            number=found.since,
        )
