"""Where the chances of tests are nominal only: a bound holds, or a reading that is only a limit counts.

The objective follows the chi-square law of its degrees of freedom where every reading is free to be adjusted either way
and every quantity free to move. A mass held at nothing, or an assay held at nothing or at pure, moves one way only;
"less than" pushes from one side only. With such, p and z are a guide and no chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import log_ndtr

from zveno.model.network import MOISTURE, WET_MASS
from zveno.reconcile.arrays import Names
from zveno.reconcile.moisture import has_water, wet_streams
from zveno.reconcile.result import NetworkResult
from zveno.reconcile.sparse.result import LargeResult

_COUNTS = 0.01
"""A limit counts where it adds more than this to the objective: the value then lies less than 2.6 sigma below it."""

Place = tuple[str, str]


@dataclass(frozen=True)
class Nominal:
    """Why the chances of the tests are nominal only; empty where they are as stated.

    ``bounds`` are (stream, quantity) held at a bound that pushes back, ``limits`` those of "less than" readings that
    count.
    """

    bounds: tuple[Place, ...] = ()
    limits: tuple[Place, ...] = ()

    def __bool__(self) -> bool:
        """Whether any of it is there."""
        return bool(self.bounds or self.limits)

    @property
    def word(self) -> str:
        """*nominal*, or *as stated*."""
        return "nominal" if self else "as stated"

    def told(self) -> dict[str, Any]:
        """The same for an answer as JSON."""
        return {
            "tests": self.word,
            "nominal_because": {
                name: [{"stream": stream, "quantity": quantity} for stream, quantity in places]
                for name, places in (("bounds", self.bounds), ("limits", self.limits))
            },
        }


def nominal_of(result: NetworkResult | LargeResult) -> Nominal:
    """What makes the tests of a solved network nominal."""
    fit, network = result.fit, result.network
    names = Names(network)
    streams = list(names.streams)
    places = [*((one, "mass") for one in streams), *names.pairs]
    if has_water(network):
        wet = [one.stream for one in wet_streams(network)]
        places += [*((one, WET_MASS) for one in wet), *((one, MOISTURE) for one in wet)]
    closed = {streams[k] for k in np.flatnonzero(fit.closed)}
    held = [place for place, stands in zip(places, fit.held, strict=False) if stands and place[0] not in closed]
    bounds = [*((one, "mass") for one in streams if one in closed), *held]
    limits = [
        (one.stream, one.quantity)
        for one in network.readings
        if one.below is not None and _counts(result.value(one.stream, one.quantity), one.below, one.sigma)
    ]
    return Nominal(tuple(bounds), tuple(dict.fromkeys(limits)))


def _counts(value: float | None, limit: float, sigma: float) -> bool:
    """Whether a limit moves the objective."""
    return value is not None and -2 * float(log_ndtr((limit - value) / sigma)) > _COUNTS
