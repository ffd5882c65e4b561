"""Levels of stocks that no survey tells: what stands in for a reading only carries what came in and went out."""

from __future__ import annotations

import math

from zveno.model.network import MASS, Network
from zveno.reconcile.result import NetworkResult
from zveno.reconcile.topology import BY_THE_BOOK, CLOSING, NO_SURVEY, OPENING

_TOLD = 0.5
"""A book stock is told if its standard deviation is less than this share of what it could have moved."""


def unsurveyed(network: Network) -> frozenset[str]:
    """Ends of stocks whose level nobody surveyed: only their change enters the balance, with all that was moved."""
    return frozenset(one.stream for one in network.readings if one.meter.endswith(NO_SURVEY))


def by_the_book(network: Network) -> frozenset[str]:
    """Ends of stocks that nobody surveyed, while the other end was: what came in and went out tells them."""
    return frozenset(one.stream for one in network.readings if one.meter.endswith(BY_THE_BOOK))


def untold(result: NetworkResult) -> frozenset[str]:
    """Ends of stocks whose level is unobservable: unsurveyed, or by the book where what moves them is not weighed."""
    could = {one.stream: one.sigma for one in result.network.readings if one.meter.endswith(BY_THE_BOOK)}
    wide = {name for name, sigma in could.items() if (result.sd(name, MASS) or sigma) > _TOLD * sigma}
    return unsurveyed(result.network) | wide


def change_told(result: NetworkResult, stock: str) -> bool:
    """Whether the change of a stock's mass is told by readings, and not by what it could have moved alone."""
    ends = stock + CLOSING, stock + OPENING
    stand_in = {one.stream: one for one in result.network.readings if one.meter.endswith((NO_SURVEY, BY_THE_BOOK))}
    found = [stand_in[name] for name in ends if name in stand_in]
    if not found:
        return True
    could = min(one.sigma for one in found) / (math.sqrt(2) if len(found) == len(ends) else 1.0)
    sd = result.total([(ends[0], MASS, 1.0), (ends[1], MASS, -1.0)])[1]
    return sd is not None and sd <= _TOLD * could
