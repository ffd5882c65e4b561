"""Whose metal lies in the stocks when a period begins: as it is told, else between what the chain lets be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np

from zveno.close.stages import OUTSIDE, Floats, Lane, Stages
from zveno.errors import ModelError
from zveno.model.chain import ChainModel
from zveno.reconcile.topology import CLOSING, OPENING

OWN = "own"


class Share(NamedTuple):
    """Share of an owner in a stock: from ``low`` to ``high``, which are equal where it is known, with its ``sd``."""

    low: float
    high: float
    sd: float = 0.0


Shares = Mapping[tuple[str, str], Mapping[str, Share]]
"""Share of each owner in what a stock holds of a component, by (stock, component)."""


@dataclass(frozen=True)
class GivenShares:
    """Shares of owners in lanes that come from outside or open a stock, each (lanes, owners): between ``low`` and
    ``high``, with the standard deviations ``sd`` of those that were stated; of ``untold`` stocks nobody says anything.
    """

    low: Floats
    high: Floats
    sd: Floats
    untold: tuple[str, ...]


def given_shares(model: ChainModel, stages: Stages, day: date, opening: Shares) -> GivenShares:
    """Shares of owners in what comes from outside, and in what lies in the stocks on the first ``day``.

    Of a stock, the first of these counts: what the period before closed with, what the description says of this very
    day. Else an owner whose metal no stream can bring there has nothing of it, and one who alone can bring metal there
    has all of it; between these, everything may be.
    """
    owners = owners_of(model)
    size = (len(stages.lanes), len(owners))
    low, high, sd = np.zeros(size), np.zeros(size), np.zeros(size)
    reach, untold = reaches(model, stages, owners), []
    for lane in stages.lanes:
        if lane.source != OUTSIDE:
            continue
        if not lane.stock:
            low[lane.number] = high[lane.number] = np.array([one == owner_of(model, lane.stream) for one in owners])
            continue
        told = opening.get((lane.stock, stages.component)) or described(model, lane.stock, stages.component, day)
        if told:
            low[lane.number], high[lane.number], sd[lane.number] = _in_order(told, owners, lane)
        else:
            low[lane.number], high[lane.number] = possible(reach[lane.target])
            untold += [lane.stock] if (low[lane.number] < high[lane.number]).any() else []
    return GivenShares(low, high, sd, tuple(untold))


def owners_of(model: ChainModel) -> tuple[str, ...]:
    """Owners in the order of the description; the company alone where it names none."""
    return tuple(one.id for one in model.chain.owners) or (OWN,)


def owner_of(model: ChainModel, stream: str) -> str:
    """Owner of a stream from outside; the company's own where the description names none."""
    for one in model.chain.streams:
        if stream in (one.id, one.group) and one.owner:
            return one.owner
    return owners_of(model)[0]


def described(model: ChainModel, stock: str, component: str, day: date) -> dict[str, Share]:
    """Shares that the description states of a stock on a day; none where it says nothing of this day."""
    found = next((one for one in model.chain.stocks if one.id == stock), None)
    mine = [one for one in (found.owners if found else ()) if one.on == day]
    stated = next((one for one in mine if component in one.components), None)
    stated = stated or next((one for one in mine if not one.components), None)
    if stated is None:
        return {}
    whole = sum(stated.share_pct.values())
    return {
        owner: Share(share / whole, share / whole, stated.sd_pct / 100) for owner, share in stated.share_pct.items()
    }


def reaches(model: ChainModel, stages: Stages, owners: Sequence[str]) -> Floats:
    """Which owners' metal streams can bring to each stage, 0 or 1, (stages, owners)."""
    out = np.zeros((len(stages.sections), len(owners)))
    ends = [(one.stream, one.source, one.target) for one in stages.lanes] + list(stages.unknown)
    for stream, source, target in ends:
        if source == OUTSIDE and target != OUTSIDE and not stream.endswith((OPENING, CLOSING)):
            out[target, owners.index(owner_of(model, stream))] = 1.0
    while True:
        before = out.sum()
        for _, source, target in ends:
            if OUTSIDE not in (source, target):
                out[target] = np.maximum(out[target], out[source])
        if out.sum() == before:
            return out


def possible(reach: Floats) -> tuple[Floats, Floats]:
    """Least and greatest shares of owners, of whom those may have a part whose metal reaches a place."""
    if not reach.any():
        return np.zeros_like(reach), np.ones_like(reach)
    return reach if reach.sum() == 1 else np.zeros_like(reach), reach


def _in_order(told: Mapping[str, Share], owners: Sequence[str], lane: Lane) -> tuple[list[float], ...]:
    """Shares in the order of the owners; an owner of whom nothing is told has nothing."""
    gone = [one for one in told if one not in owners and told[one].high > 0]
    if gone:
        raise ModelError(
            "the period before closed stock '{stock}' with metal of owner '{owner}', who is not described any more: "
            "keep the owner in the description until that metal has left",
            stock=lane.stock, owner=gone[0],
        )  # fmt: skip
    mine = [told.get(one, Share(0.0, 0.0)) for one in owners]
    return [one.low for one in mine], [one.high for one in mine], [one.sd for one in mine]
