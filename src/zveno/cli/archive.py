"""The commands ``zveno archive``, ``verify``, ``backup`` and ``restore``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from zveno.cli.acting import By
from zveno.cli.app import HERE, AsJson, ChainFolder, Lang, StorePlace, VersionAsked, app, open_chain
from zveno.cli.languages import language
from zveno.cli.places import store_folder
from zveno.cli.spoken import SpokenCommand
from zveno.errors import DataError
from zveno.text.mark import tr

Files = Annotated[list[Path] | None, typer.Argument(metavar="PATH...", help=tr("Files or folders to hand over."))]
ArchivePath = Annotated[Path, typer.Option("--out", metavar="FILE", help=tr("Archive to write: .tar."))]
ForPeriod = Annotated[
    str,
    typer.Option("--period", metavar="PERIOD", help=tr("Also the description and all values of this period.")),
]
ToVerify = Annotated[Path, typer.Argument(metavar="ARCHIVE", help=tr("Archive, backup, or folder of a store."))]
Keys = Annotated[
    list[Path] | None,
    typer.Option("--key", metavar="PUBLIC.pem", help=tr("Public key that must have signed it; repeatable.")),
]
Earlier = Annotated[
    list[Path] | None,
    typer.Option("--with", metavar="ARCHIVE", help=tr("Another archive of the same log, to compare; repeatable.")),
]
Heads = Annotated[
    list[str] | None,
    typer.Option("--head", metavar="SIZE:ROOT", help=tr("Head of the log as it was noted before; repeatable.")),
]
Notebooks = Annotated[
    list[Path] | None,
    typer.Option("--witness", metavar="FILE", help=tr("Statements of a witness that came by another way; repeatable.")),
]
Listed = Annotated[bool, typer.Option("--records", help=tr("Also list every record: number, kind, signature."))]
BackupPath = Annotated[Path, typer.Argument(metavar="FILE", help=tr("File of the backup: .tar."))]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help=tr("Put it in place of a store that is there; that one is kept beside."))
]


@app.command(cls=SpokenCommand, help=tr("Pack files with the signed log, for somebody who verifies them offline."))
def archive(
    out: ArchivePath,
    by: By,
    files: Files = None,
    period: ForPeriod = "",
    version: VersionAsked = "",
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    from zveno.chain import ToArchive
    from zveno.chain import archive as pack
    from zveno.cli.passphrase import unlocked
    from zveno.cli.screen import Screen
    from zveno.log import Log

    screen = Screen.of(lang or language())
    folder = store_folder(chain, store)
    log = Log(folder)
    signer = unlocked(log, by, screen.text)
    facade = open_chain(chain, store) if period else None
    wanted = ToArchive(tuple(files or ()), facade, period, version, screen.lang)
    entry = pack(log, signer, datetime.now().astimezone(), wanted, out)
    screen.doubts(log.remarks)
    screen.say(tr("written: {path}"), path=out)
    screen.say(tr("head of the log: {head}; note it: a later archive must agree with it"), head=entry.head)


@app.command(cls=SpokenCommand, help=tr("Verify an archive or a backup offline: every byte, signature and person."))
def verify(
    path: ToVerify,
    key: Keys = None,
    head: Heads = None,
    earlier: Earlier = None,
    notebook: Notebooks = None,
    listed: Listed = False,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    from zveno.cli.screen import Screen
    from zveno.cli.verified import show_live_log, show_verified
    from zveno.log import Head, Log, Trusted, read_notebook, read_pem, verify_archive

    screen = Screen.of(lang or language())
    witnessed = tuple(statement for one in notebook or () for statement in read_notebook(one))
    if path.is_dir():
        if not (path / "log").is_dir():
            raise DataError(
                "there is no log in '{folder}': give the folder of a store, or an archive", folder=str(path)
            )
        raise typer.Exit(show_live_log(screen, Log(path), witnessed, listed=listed, as_json=as_json))
    trusted = Trusted(
        keys=tuple(read_pem(one.read_bytes()) for one in key or ()),
        heads=tuple(Head.parse(one) for one in head or ()),
        earlier=tuple(earlier or ()),
        witnessed=witnessed,
    )
    found = verify_archive(path, trusted)
    raise typer.Exit(show_verified(screen, found, keys_given=bool(key), listed=listed, as_json=as_json))


@app.command(cls=SpokenCommand, help=tr("Write the whole store into one file, as it is at this moment."))
def backup(out: BackupPath, chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = "") -> None:
    from zveno.chain import backup as pack
    from zveno.cli.screen import Screen

    screen = Screen.of(lang or language())
    count = pack(store_folder(chain, store), out)
    screen.say(tr("written: {path} ({n} files)"), path=out, n=count)


@app.command(cls=SpokenCommand, help=tr("Put a backup in place, after verifying all of it."))
def restore(
    path: BackupPath,
    overwrite: Overwrite = False,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    from zveno.chain import restore as unpack
    from zveno.cli.screen import Screen

    screen = Screen.of(lang or language())
    folder = store_folder(chain, store)
    kept = unpack(path, folder, overwrite=overwrite)
    screen.say(tr("the store in '{folder}' is that of the backup"), folder=folder)
    if kept is not None:
        screen.say(tr("the store that was there is kept in '{folder}'"), folder=kept)
