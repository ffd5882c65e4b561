"""The command ``zveno calibrate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from zveno.cli.app import HERE, AsJson, ChainFolder, DataPath, Lang, StorePlace, app, open_chain, with_data
from zveno.cli.languages import language
from zveno.cli.spoken import SpokenCommand
from zveno.cli.typed import assignment
from zveno.errors import DataError
from zveno.quantities import typed_number
from zveno.text.mark import tr

Names = list[str] | None
FittedPeriod = Annotated[
    str,
    typer.Option(
        "--period", metavar="PERIOD", help=tr("Period whose balance is fitted: 2026-03; all data if left out.")
    ),
]
Fit = Annotated[
    Names, typer.Option("--fit", metavar="NAME", help=tr("What is fitted; * allowed, each on its own; repeatable."))
]
Together = Annotated[
    Names, typer.Option("--together", metavar="NAME", help=tr("With *: things that keep one common value."))
]
Inputs = Annotated[
    Names, typer.Option("--input", metavar="NAME", help=tr("Feeds and head grades fitted beside; found by themselves."))
]
Uncertain = Annotated[
    Names, typer.Option("--uncertain", metavar="NAME", help=tr("Figures that may move within what they state."))
]
Bounds = Annotated[
    Names, typer.Option("--bound", metavar="NAME=LOW:HIGH", help=tr("Between which values a parameter stays."))
]
Priors = Annotated[bool, typer.Option("--priors", help=tr("Stated uncertainty of what is fitted counts as knowledge."))]
Known = Annotated[
    Names, typer.Option("--set", metavar="NAME=VALUE", help=tr("What is known of the period; repeatable."))
]
Running = Annotated[
    str,
    typer.Option(
        "--running", metavar="SHARE|feed", help=tr("Share of the time that the plant ran, or feed: it follows.")
    ),
]
Wander = Annotated[
    Names, typer.Option("--wander", metavar="NAME=VALUE", help=tr("How far a feed moved between shifts, %, as sd."))
]
Use = Annotated[
    Names, typer.Option("--use", metavar="NAME", help=tr("Compare these only: stream:quantity; * allowed."))
]
WithoutSuspects = Annotated[
    bool, typer.Option("--without-suspects", help=tr("Set readings that do not fit aside first."))
]
Backcast = Annotated[
    Names, typer.Option("--backcast", metavar="PERIOD", help=tr("Another period to predict; repeatable."))
]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help=tr("Write figures (.yaml) or scenarios (.csv) to this file.")),
]


@app.command(
    cls=SpokenCommand, help=tr("Fit parameters of the simulation to a reconciled period; say which ones it determines.")
)
def calibrate(
    period: FittedPeriod = "",
    fit: Fit = None,
    together: Together = None,
    inputs: Inputs = None,
    uncertain: Uncertain = None,
    bounds: Bounds = None,
    priors: Priors = False,
    known: Known = None,
    running: Running = "",
    wander: Wander = None,
    use: Use = None,
    without_suspects: WithoutSuspects = False,
    backcast: Backcast = None,
    out: Out = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    data: DataPath = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    from zveno.chain import Choices
    from zveno.cli.calibrated import CalibratedAnswers

    if out is not None and out.suffix.lower() not in (".yaml", ".csv"):
        raise DataError("'{path}' must end in .yaml (figures) or .csv (scenarios)", path=str(out))
    screen = CalibratedAnswers.of(lang or language())
    choices = Choices(
        fit=tuple(fit or ()),
        together=tuple(together or ()),
        inputs=tuple(inputs) if inputs else None,
        uncertain=tuple(uncertain or ()),
        bounds=dict(_bounds(one) for one in bounds or ()),
        priors=priors,
        known=dict(assignment(one) for one in known or ()),
        running=_running(running),
        wander={key: value / 100 for key, value in map(assignment, wander or ())},
        use=tuple(use or ()),
        without_suspects=without_suspects,
    )
    facade = with_data(open_chain(chain, store), data, screen)
    found = facade.calibrate(facade.period(period or None), choices, backcast=backcast or ())
    screen.calibration(found, out, as_json=as_json)


def _bounds(text: str) -> tuple[str, tuple[float, float]]:
    """``name=low:high`` as a name and two numbers."""
    name, _, ends = text.partition("=")
    low, _, high = ends.partition(":")
    try:
        return name.strip(), (typed_number(low), typed_number(high))
    except ValueError:
        raise DataError("'{text}' is not NAME=LOW:HIGH with two numbers, such as k_fast=0.3:0.9", text=text) from None


def _running(text: str) -> float | Literal["feed"]:
    """A share of time, or the word ``feed``."""
    if text == "feed":
        return "feed"
    try:
        return typed_number(text or "1")
    except ValueError:
        raise DataError("'{text}' is neither a share of time such as 0.92 nor the word feed", text=text) from None
