"""The command ``zveno recheck``: the rules judged a second time, in SQL by a database."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zveno.cli.app import HERE, AsJson, ChainFolder, DataPath, Lang, PeriodText, StorePlace, app, open_chain, with_data
from zveno.cli.languages import language
from zveno.cli.spoken import SpokenCommand
from zveno.text.mark import tr

if TYPE_CHECKING:
    import polars as pl

    from zveno.chain.rechecked import Recheck
    from zveno.cli.answers import Answers

Engine = Annotated[
    str,
    typer.Option(
        "--engine", metavar="DATABASE", help=tr("duckdb, or a PostgreSQL such as postgresql://USER@HOST/DATABASE.")
    ),
]
Script = Annotated[
    Path | None, typer.Option("--sql", metavar="FILE", help=tr("Also write the statements that the database ran."))
]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help=tr("Also write both tables of breaches as a workbook."))
]
_FIELDS = {
    "end": tr("end"),
    "open": tr("open"),
    "known_h": tr("known time"),
    "count": tr("number of readings"),
    "peak": tr("peak"),
    "limit": tr("limit"),
}


@app.command(
    cls=SpokenCommand,
    help=tr("Check the rules twice, by the program and in SQL by a database, and list where the two differ."),
)
def recheck(
    period: PeriodText = None,
    engine: Engine = "duckdb",
    script: Script = None,
    out: Out = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    data: DataPath = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    from zveno.chain.rechecked import recheck as judged_twice
    from zveno.cli.answers import Answers

    screen = Answers.of(lang or language())
    facade = with_data(open_chain(chain, store), data, screen)
    found = judged_twice(facade, facade.period(period), engine)
    tables = {"breaches": found.first.breaches, "breaches_in_sql": found.second, "differences": found.differences}
    screen.save({name: _in_plant_time(one, facade.model.tz) for name, one in tables.items()}, out, alone="differences")
    if script is not None:
        script.write_text(found.script, "utf-8")
        screen.say(tr("written: {path}"), err=True, path=script)
    _show(screen, found, facade.model.tz, as_json=as_json)
    raise typer.Exit(0 if found.differences.is_empty() else 1)


def _in_plant_time(table: pl.DataFrame, zone: tzinfo) -> pl.DataFrame:
    """A table with its moments as the plant's clocks show them, which is what a workbook can hold."""
    import polars as pl

    moments = [name for name in ("start", "end") if name in table.columns]
    return table.with_columns(
        pl.Series(name, [one.astimezone(zone).replace(tzinfo=None) for one in table[name]], pl.Datetime("us"))
        for name in moments
    )


def _show(screen: Answers, found: Recheck, zone: tzinfo, *, as_json: bool) -> None:
    """How many breaches each found, and what differs."""
    rows = found.differences.to_dicts()
    if as_json:
        screen.json({"first": found.first.breaches.height, "second": found.second.height, "differences": rows})
        return
    screen.say(
        tr("breaches found by the program: {first}; in SQL: {second}; differences: {count}"),
        first=found.first.breaches.height,
        second=found.second.height,
        count=len(rows),
    )
    for row in rows:
        named = {"rule": row["rule"], "tag": row["tag"], "start": screen.text.moment(row["start"].astimezone(zone))}
        if row["found_by"] == "both":
            field = screen.text(_FIELDS[row["field"]])
            message = tr("{rule} {tag} from {start}: {field} is {first} by the program and {second} in SQL")
            screen.say(message, **named, field=field, first=row["first"], second=row["second"])
        elif row["found_by"] == "first":
            screen.say(tr("{rule} {tag} from {start}: found by the program, not in SQL"), **named)
        else:
            screen.say(tr("{rule} {tag} from {start}: found in SQL, not by the program"), **named)
