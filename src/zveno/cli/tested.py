"""Options of how readings are balanced and tested; light, for ``--help`` must answer at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zveno.text.mark import tr

Each = Annotated[str, typer.Option(metavar="hour|day", help=tr("A balance for every hour or day."))]
ProblemFile = Annotated[
    Path | None, typer.Option(metavar="FILE.json", help=tr("Solve a self-contained problem file instead."))
]
Correction = Annotated[
    str,
    typer.Option(metavar="sidak|bonferroni|fdr", help=tr("How many tests at once are kept from accusing by chance.")),
]
Robust = Annotated[
    str, typer.Option(metavar="huber|hampel", help=tr("Leave out what a robust fit finds far off; all is listed."))
]
Suspected = Annotated[
    list[str] | None,
    typer.Option("--suspect", metavar="NAME", help=tr("A meter or shared error in question: tested for itself.")),
]
Lasting = Annotated[
    str,
    typer.Option(
        metavar="month|day|hour", help=tr("Errors that last over all months, days or hours of the period, since when.")
    ),
]
