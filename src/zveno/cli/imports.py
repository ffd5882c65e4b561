"""The command ``zveno import``: files into the store, and mappings learnt from files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from zveno.cli.app import HERE, AsJson, ChainFolder, Lang, StorePlace, app, open_chain
from zveno.cli.languages import language
from zveno.cli.spoken import SpokenCommand
from zveno.errors import DataError
from zveno.text.mark import tr

Paths = Annotated[list[Path], typer.Argument(metavar="PATH...", help=tr("Files or folders."))]
KeepGoing = Annotated[bool, typer.Option("--keep-going", help=tr("Leave faulty cells out, keep the rest."))]
Learning = Annotated[
    bool, typer.Option("--learn", help=tr("Propose a mapping for the layout of one file; nothing is kept."))
]
MappingOut = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help=tr("Where to write the mapping, if not into the description.")),
]


@app.command("import", cls=SpokenCommand, help=tr("Read workbooks, journals and readings into the store."))
def import_(
    paths: Paths,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    keep_going: KeepGoing = False,
    learn: Learning = False,
    out: MappingOut = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    from zveno.cli.imported import ImportedAnswers

    facade = open_chain(chain, store)
    if learn:
        if len(paths) > 1 or keep_going:
            raise DataError("--learn reads one file and keeps nothing: leave other files and --keep-going out")
        _learn(facade, paths[0], out, lang or language(), as_json=as_json)
        return
    screen = ImportedAnswers.of(lang or language())
    if out is not None:
        raise DataError("--out says where --learn writes a mapping: it has no meaning without it")
    with screen.progress(tr("reading files")) as advance:
        done = facade.import_files(paths, keep_going=keep_going, progress=lambda _: advance(None))
    raise typer.Exit(screen.imported(done, as_json=as_json))


def _learn(facade: Any, source: Path, out: Path | None, lang: str, *, as_json: bool) -> None:
    """Show what a file was understood to hold, and write the mapping; one that is there is never overwritten."""
    from zveno.cli.learnt import LearntAnswers

    found = facade.learn(source)
    path = out or facade.folder / "mappings" / f"{found.id}.yaml"
    if path.exists():
        raise DataError("'{path}' is there already: name another file with --out", path=str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(found.text, encoding="utf-8")
    LearntAnswers.of(lang).learnt(found, path, source, facade.folder, as_json=as_json)
