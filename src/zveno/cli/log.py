"""The commands ``zveno log ...``: the head of the log, and outside parties who co-sign it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zveno.cli.app import HERE, AsJson, ChainFolder, Lang, StorePlace, app
from zveno.cli.languages import language
from zveno.cli.places import store_folder
from zveno.cli.spoken import SpokenCommand, SpokenGroup
from zveno.errors import DataError, StoreError, refusal
from zveno.text.mark import tr

if TYPE_CHECKING:
    from zveno.cli.screen import Screen
    from zveno.log import Finding, Head, Witnessed
    from zveno.log.keys import PrivateKey

log = typer.Typer(cls=SpokenGroup, no_args_is_help=True, rich_markup_mode=None)
app.add_typer(log, name="log", help=tr("The signed log: its head, and outside parties who co-sign it."))

Place = Annotated[
    Path | None,
    typer.Argument(metavar="[PLACE]", help=tr("Archive, or folder of a store; the store of --chain if left out.")),
]


@log.command(cls=SpokenCommand, help=tr("The head of the log now, and which heads are witnessed."))
def head(chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = "", as_json: AsJson = False) -> None:
    from zveno.cli.verified import show_head
    from zveno.log import Log, kept_witnessed

    folder = store_folder(chain, store)
    show_head(_screen(lang), Log(folder), kept_witnessed(folder), as_json=as_json)


@log.command(
    cls=SpokenCommand, help=tr("Make a key for an outside party: sealed by a pass-phrase, the public half beside.")
)
def key(
    path: Annotated[Path, typer.Argument(metavar="FILE", help=tr("File of the key to make."))],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help=tr("Name as it is printed beside signatures."))],
    lang: Lang = "",
) -> None:
    from zveno.cli.passphrase import Passphrases
    from zveno.log import fingerprint, pem
    from zveno.log.keys import new_key, seal

    screen = _screen(lang)
    public = path.with_name(path.name + ".pem")
    for one in (path, public):
        if one.exists():
            raise DataError("'{path}' is there already: give another place", path=str(one))
    made = new_key()
    sealed = seal(made, name, Passphrases(screen.text).new(name))
    _write(path, sealed)
    _write(public, pem(made.public))
    screen.say(
        tr("made {path} and {public}; hand the public one over, and tell its fingerprint by another way: {key}"),
        path=path, public=public, key=fingerprint(made.public),
    )  # fmt: skip


@log.command(cls=SpokenCommand, help=tr("Co-sign the head of a log as an outside party, after verifying all of it."))
def witness(
    place: Place = None,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help=tr("Own key, made by zveno log key."))
    ] = None,
    by: Annotated[str, typer.Option("--as", metavar="ID", help=tr("Or a person of the store's register."))] = "",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help=tr("Own notebook: what was witnessed before is read from it first.")
        ),
    ] = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    from zveno.log import add_witnessed, read_notebook
    from zveno.log import witness as sign
    from zveno.log.archive import WITNESSES

    screen = _screen(lang)
    if (key is None) == (not by):
        raise DataError("say who witnesses: --key FILE for an outside party, or --as ID")
    folder = store_folder(chain, store) if place is None else place
    if out is None and not folder.is_dir():
        raise DataError("an archive cannot take the statement in: name your notebook with --out")
    before = read_notebook(out) if out is not None and out.is_file() else ()
    head, findings = _verified(folder, before)
    if findings:
        for one in findings:
            screen.line(screen.text.fault(one.fault))
        screen.say(tr("nothing was signed"), err=True)
        raise typer.Exit(1)
    name, opened = _opened(screen, key) if key is not None else _of_register(screen, store_folder(chain, store), by)
    statement = sign(opened, name, head, datetime.now().astimezone())
    if out is not None:
        add_witnessed(out, [statement])
    if folder.is_dir():
        add_witnessed(folder / "log" / WITNESSES, [statement])
    _say(screen, statement)


@log.command(
    cls=SpokenCommand, help=tr("Keep statements of a witness with the log, after holding the log against them.")
)
def accept(
    path: Annotated[Path, typer.Argument(metavar="FILE", help=tr("Statements, as the witness sent them."))],
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    from zveno.log import add_witnessed, read_notebook
    from zveno.log.archive import WITNESSES

    screen, folder = _screen(lang), store_folder(chain, store)
    statements = read_notebook(path)
    _, findings = _verified(folder, statements)
    if findings:
        for one in findings:
            screen.line(screen.text.fault(one.fault))
        raise typer.Exit(1)
    count = add_witnessed(folder / "log" / WITNESSES, statements)
    screen.say(tr("kept with the log: {n}"), n=count)


def _screen(lang: str) -> Screen:
    from zveno.cli.screen import Screen

    return Screen.of(lang or language())


def _verified(place: Path, before: Sequence[Witnessed]) -> tuple[Head, tuple[Finding, ...]]:
    """The head of a store or an archive, and everything that is wrong with it."""
    from zveno.log import Head, Log, Trusted, verify_archive, verify_store

    none = Head(0, bytes(32))

    if place.is_dir():
        if not (place / "log").is_dir():
            raise DataError(
                "there is no log in '{folder}': give the folder of a store, or an archive", folder=str(place)
            )
        kept = Log(place)
        findings, _ = verify_store(kept, before)
        return (none if findings else kept.head), findings
    found = verify_archive(place, Trusted(witnessed=tuple(before)))
    if not found.findings and found.head is None:
        raise DataError("'{path}' has no whole log to compare with", path=str(place))
    return (found.head.head if found.head else none), found.findings


def _opened(screen: Screen, path: Path) -> tuple[str, PrivateKey]:
    """Name and opened key of an outside party."""
    from zveno.cli.passphrase import Passphrases
    from zveno.log.keys import sealed_for, unseal

    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError("'{path}' cannot be read: {problem}", path=str(path), problem=refusal(error)) from error
    name = sealed_for(content, str(path))
    return name, unseal(content, Passphrases(screen.text).present(name), str(path))


def _of_register(screen: Screen, folder: Path, by: str) -> tuple[str, PrivateKey]:
    """Name and opened key of a person of the register."""
    from zveno.cli.passphrase import unlocked
    from zveno.log import Log

    signer = unlocked(Log(folder), by, screen.text)
    return signer.name, signer.key


def _say(screen: Screen, one: Witnessed) -> None:
    from zveno.cli.verified import show_witnessed

    show_witnessed(screen, [one])


def _write(path: Path, content: bytes) -> None:
    from zveno.log.journal import replace_whole

    try:
        replace_whole(path, content)
        path.chmod(0o600 if path.suffix != ".pem" else 0o644)
    except OSError as error:
        raise StoreError("'{path}' could not be written: {problem}", path=str(path), problem=refusal(error)) from error
