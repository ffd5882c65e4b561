"""The option ``--as-known``: answers from what was known at a moment, and nothing that came later."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zveno.errors import DataError
from zveno.text.mark import tr

if TYPE_CHECKING:
    from zveno.chain import ChainModel

AsKnown = Annotated[
    str,
    typer.Option(
        "--as-known",
        metavar="DATE",
        help=tr("As it was known at the end of this day, or at this moment: 2026-04-05T09:00."),
    ),
]


def known_moment(model: ChainModel, text: str) -> datetime | None:
    """The moment that was typed: of a day alone its end; None where nothing was."""
    if not text:
        return None
    from zveno.close.putin import moment_of

    moment, whole = moment_of(model, text)
    return moment + timedelta(days=1, microseconds=-1) if whole else moment


def as_known(facade: Any, text: str, data: object = None) -> Any:
    """The chain as it was known, where that was asked for."""
    moment = known_moment(facade.model, text)
    if moment is None:
        return facade
    if data is not None:
        raise DataError("--as-known looks into the store, --data does not: give one of them")
    from zveno.chain.closing import as_known as known

    return known(facade, moment)
