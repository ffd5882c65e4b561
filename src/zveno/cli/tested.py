"""Options of how readings are balanced and tested; light, for ``--help`` must answer at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from zveno.errors import DataError
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
Exchange = Annotated[
    bool, typer.Option("--exchange", help=tr("Put samples that were taken for each other back before balancing."))
]
Lasting = Annotated[
    str,
    typer.Option(
        metavar="month|day|hour", help=tr("Errors that last over all months, days or hours of the period, since when.")
    ),
]


@dataclass(frozen=True)
class Tests:
    """How readings are to be balanced and tested, as the options ask for."""

    each: str = ""
    lasting: str = ""
    correction: str = ""
    robust: str = ""
    suspects: Sequence[str] = ()
    exchange: bool = False

    def require_sense(self, problem: Path | None, places: Sequence[tuple[str, object]]) -> None:
        """Refuse options that would be passed over; ``places`` say, by option, where a chain's readings are."""
        if problem is not None:
            for option, given in (*places, ("--each", self.each), ("--lasting", self.lasting)):
                if given:
                    raise DataError("--problem solves a file by itself: leave {option} out", option=option)
        self._require_time()
        ways: tuple[tuple[str, object], ...] = (
            ("--correction", self.correction), ("--robust", self.robust), ("--suspect", self.suspects),
            ("--exchange", self.exchange),
        )  # fmt: skip
        for option, given in ways:
            if given and self.each:
                raise DataError(
                    "--each balances hours or days without a search for suspects: leave {option} out, or ask for one "
                    "period without --each",
                    option=option,
                )
            if given and self.lasting and option != "--suspect":
                raise DataError("--lasting has tests of its own: leave {option} out", option=option)

    def _require_time(self) -> None:
        """Refuse times that are none, and such that do not go together."""
        if self.each and self.lasting:
            raise DataError("--each and --lasting ask different things: use one")
        if self.lasting not in ("", "month", "day", "hour"):
            raise DataError(
                "'{each}' is no time to test for lasting errors by: choose month, day or hour", each=self.lasting
            )
        if self.each not in ("", "hour", "day"):
            raise DataError("'{each}' cannot be balanced one by one: choose hour or day", each=self.each)
        if self.suspects and self.lasting in ("day", "hour"):
            raise DataError("--suspect goes with --lasting month: among days and hours all meters are tested alike")
