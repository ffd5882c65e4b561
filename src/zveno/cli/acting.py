"""Options of commands that a person signs; light, for ``--help`` must answer at once."""

from __future__ import annotations

from typing import Annotated

import typer

from zveno.text.mark import tr

By = Annotated[str, typer.Option("--as", metavar="ID", help=tr("Who signs; the pass-phrase is asked for."))]
Seen = Annotated[
    int | None,
    typer.Option(
        "--seen",
        metavar="ENTRY",
        help=tr("Last entry of the ledger that you have seen: a later one by somebody else is a conflict."),
    ),
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help=tr("Why; it is kept for good."))]
Words = Annotated[str, typer.Option("--text", metavar="TEXT", help=tr("In words."))]
OfPeriod = Annotated[str, typer.Argument(metavar="PERIOD", help=tr("Period, such as 2026-03."))]
