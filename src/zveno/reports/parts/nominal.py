"""Bounds that hold and limits that count: why p and z of a balance are a guide only."""

from __future__ import annotations

from collections.abc import Sequence

from zveno.model.chain import ChainModel
from zveno.reconcile import Nominal
from zveno.reports.document import Block, Callout
from zveno.reports.parts.words import measured_words
from zveno.reports.streams import stream_title
from zveno.text.catalogue import Catalogue
from zveno.text.mark import tr

_MOST = 6


def nominal_paragraphs(model: ChainModel, nominal: Nominal, text: Catalogue) -> list[Block]:
    """What leaves the tests a guide only, in a report."""
    return [Callout(one[:1].upper() + one[1:] + ".", "warn") for one in nominal_words(model, nominal, text)]


def nominal_words(model: ChainModel, nominal: Nominal, text: Catalogue) -> list[str]:
    """The same in sentences; none where p and z are as stated."""
    bounds, limits = (
        [f"{stream_title(model, stream, text)}, {measured_words(model, stream, what, text)}" for stream, what in places]
        for places in (nominal.bounds, nominal.limits)
    )
    return nominal_sentences(bounds, limits, text)


def nominal_sentences(bounds: Sequence[str], limits: Sequence[str], text: Catalogue) -> list[str]:
    """The same for quantities by name."""
    told = (
        (bounds, tr("p and z are a guide only, for a bound holds: {names}")),
        (limits, tr('p and z are a guide only, for a limit ("less than") counts: {names}')),
    )
    return [text(message, names=_some(names, text)) for names, message in told if names]


def _some(names: Sequence[str], text: Catalogue) -> str:
    """Names in a row, the first of them where they are many."""
    shown = "; ".join(names[:_MOST])
    if len(names) <= _MOST:
        return shown
    return text(tr("{names} and {n} more"), names=shown, n=len(names) - _MOST)
