"""Options of ``zveno simulate`` that ask for many scenarios, read and carried out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zveno.errors import DataError, SolveError
from zveno.quantities import typed_number
from zveno.text.mark import tr

if TYPE_CHECKING:
    from zveno.chain import Cases, Chain
    from zveno.cli.answers import Answers

Sweeps = Annotated[
    list[str] | None,
    typer.Option(
        "--sweep",
        metavar="NAME=VALUES",
        help=tr("Values of one feed or parameter: 90,105,130 or 90:130:5 (from, to, how many); repeatable."),
    ),
]
Grid = Annotated[bool, typer.Option("--grid", help=tr("All combinations of what --sweep names."))]
CasesPath = Annotated[
    Path | None,
    typer.Option("--cases", metavar="FILE", help=tr("Scenarios of a table: .csv or .xlsx.")),
]
DrawCount = Annotated[
    int, typer.Option("--draws", metavar="NUMBER", help=tr("Random scenarios from the uncertainty of figures."))
]
Seed = Annotated[int, typer.Option("--seed", metavar="NUMBER", help=tr("The same seed gives the same draws."))]
Sensitivity = Annotated[
    bool, typer.Option("--sensitivity", help=tr("How results answer to figures, the most telling first."))
]
Vary = Annotated[
    list[str] | None,
    typer.Option(
        "--vary", metavar="NAME", help=tr("What --draws and --sensitivity change; all uncertain figures if left out.")
    ),
]
ResultNames = Annotated[
    list[str] | None,
    typer.Option(
        "--result", metavar="NAME", help=tr("A result: conc:Cu, conc:grade.Cu, recovery.Cu:conc; repeatable.")
    ),
]
Processes = Annotated[
    int,
    typer.Option(
        "--processes", metavar="NUMBER", help=tr("Processes that share the work; 0: as many as are worth it.")
    ),
]
OutFile = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help=tr("Write the scenarios to this file: .csv or .xlsx."))
]


@dataclass(frozen=True)
class Asked:
    """What the options ask for."""

    sweep: Sequence[str] | None = None
    grid: bool = False
    cases: Path | None = None
    draws: int = 0
    seed: int = 1
    sensitivity: bool = False
    vary: Sequence[str] | None = None
    results: Sequence[str] | None = None
    processes: int = 0
    out: Path | None = None

    def __bool__(self) -> bool:
        """Whether anything beyond one steady state is asked for."""
        return bool(self.sources or self.results or self.out or self.vary or self.grid)

    @property
    def sources(self) -> tuple[str, ...]:
        """Options that say where scenarios come from."""
        given = {
            "--sweep": bool(self.sweep),
            "--cases": self.cases is not None,
            "--draws": self.draws != 0,
            "--sensitivity": self.sensitivity,
        }
        return tuple(name for name, is_given in given.items() if is_given)

    @property
    def steady(self) -> bool:
        """A file of one steady state, and nothing beyond it, is asked for."""
        return bool(self.out) and not (self.sources or self.results or self.vary or self.grid)

    def require_sense(self) -> None:
        """Refuse options that do not go together."""
        if len(self.sources) > 1:
            raise DataError("{first} and {second} each give their own scenarios: use one", first=self.sources[0],
                            second=self.sources[1])  # fmt: skip
        if self.grid and not self.sweep:
            raise DataError("--grid combines the values of --sweep: name some")
        if self.vary and not (self.draws or self.sensitivity):
            raise DataError("--vary says what --draws or --sensitivity change: add one of them")
        if self.out and self.out.suffix.lower() not in (".csv", ".xlsx"):
            raise DataError("'{path}' must end in .csv or .xlsx", path=str(self.out))


def show_scenarios(
    screen: Answers, chain: Chain, asked: Asked, common: Mapping[str, float], *, day: date | None, as_json: bool
) -> None:
    """Simulate what the options ask for, and show and write it.

    Parameters
    ----------
    common
        What ``--set`` sets in every scenario.
    """
    processes = asked.processes or None
    if asked.sensitivity:
        found = chain.sensitivities(
            asked.results or (), asked.vary or None, common=common, day=day, processes=processes
        )
        screen.sensitivities(found, asked.out, as_json=as_json)
    elif asked.draws:
        drawn = chain.draws(asked.draws, asked.seed, asked.vary or None, without=tuple(common), day=day)
        spread = chain.spread(drawn, asked.results or (), common=common, day=day, processes=processes)
        screen.spread(spread, asked.out, as_json=as_json)
    else:
        results = chain.simulate_many(
            _cases(chain, asked), asked.results or (), common=common, day=day, processes=processes,
            allow_unconverged=True,
        )  # fmt: skip
        screen.cases(results, asked.out, as_json=as_json)
        if results.unsettled:  # the others are shown all the same
            raise SolveError(results.unsettled)


def _cases(chain: Chain, asked: Asked) -> Cases:
    """Scenarios of a file or of sweeps; the description alone where neither is given."""
    from zveno.chain import Cases, grid, sweep

    if asked.cases is not None:
        return chain.read_cases(asked.cases)
    if not asked.sweep:
        return Cases.of(None)
    values = dict(_swept(one) for one in asked.sweep)
    return grid(values) if asked.grid else sweep(values)


def _swept(text: str) -> tuple[str, Sequence[float]]:
    """``KEY=90,105,130`` or ``KEY=90:130:5`` as a key and its values."""
    from zveno.chain import span

    key, _, values = text.partition("=")
    ends = values.split(":")
    try:
        if len(ends) == 3:
            return key.strip(), list(span(typed_number(ends[0]), typed_number(ends[1]), int(ends[2])))
        return key.strip(), [float(one) for one in values.split(",")]
    except ValueError:
        message = tr("'{text}' is not NAME=VALUES: write such as mill.p80_um=90,105,130 or mill.p80_um=90:130:5")
        raise DataError(message, text=text) from None
