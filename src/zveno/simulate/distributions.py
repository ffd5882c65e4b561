"""Distributions: what is known of a figure, as quantiles and moments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import scipy

from zveno.model.chain import ChainModel
from zveno.model.types import Figure
from zveno.quantities import convert
from zveno.simulate.basis import Floats

_PIECES = (1e-15, 1e-6, 0.01, 0.25, 0.5, 0.75, 0.99, 1 - 1e-6, 1 - 1e-15)
"""Chances at which an integral is cut: a narrow peak far from zero is not stepped over."""
Kind = Literal["normal", "lognormal", "uniform", "triangular"]


@dataclass(frozen=True)
class Distribution:
    """What is known of a number.

    Normal and lognormal have the mean ``centre`` and the standard deviation ``spread`` before they are cut at ``low``
    and ``high``; uniform and triangular lie between the two, triangular with its peak at ``centre``.

    Parameters
    ----------
    kind, centre, spread
        Shape; value of the figure; standard deviation (0 where it follows from the ends).
    low, high
        Where it is cut; minus and plus infinity where it is not.

    Examples
    --------
    >>> Distribution("triangular", 2.0, 0.0, 1.0, 3.0).quantiles(np.array([0.0, 0.5, 1.0])).tolist()
    [1.0, 2.0, 3.0]
    >>> round(Distribution("uniform", 0.5, 0.0, 0.0, 1.0).sd, 6)
    0.288675
    """

    kind: Kind
    centre: float
    spread: float
    low: float = -np.inf
    high: float = np.inf

    def quantiles(self, chances: Floats) -> Floats:
        """Values that are not exceeded with these chances, from 0 to 1."""
        first, last = (self._whole.cdf(one) for one in (self.low, self.high))
        found = self._whole.ppf(first + (last - first) * chances)
        return np.asarray(np.minimum(np.maximum(found, self.low), self.high))  # round-off at the ends

    @cached_property
    def mean(self) -> float:
        """Mean of what is left after cutting."""
        return self.centre + self._moment(1)

    @cached_property
    def sd(self) -> float:
        """Standard deviation of what is left after cutting."""
        return float(np.sqrt(max(self._moment(2) - self._moment(1) ** 2, 0.0)))

    def _moment(self, order: int) -> float:
        """Mean of a power of the distance from the centre, of what is left after cutting."""
        if not (np.isfinite(self.low) or np.isfinite(self.high)):
            return (0.0, self.spread**2)[order - 1]
        first, last = self._whole.support()
        low, high = max(self.low, first), min(self.high, last)
        edges = np.unique(np.clip([low, *self._whole.ppf(_PIECES), high], low, high))
        pieces = (
            scipy.integrate.quad(lambda x: (x - self.centre) ** order * self._whole.pdf(x), start, end)[0]
            for start, end in pairwise(edges)
        )
        return float(sum(pieces) / (self._whole.cdf(high) - self._whole.cdf(low)))

    @cached_property
    def _whole(self) -> Any:
        """The distribution before it is cut."""
        if self.kind == "uniform":
            return scipy.stats.uniform(self.low, self.high - self.low)
        if self.kind == "triangular":
            width = self.high - self.low
            return scipy.stats.triang((self.centre - self.low) / width, self.low, width)
        if self.kind == "lognormal":
            log_sd = np.sqrt(np.log1p((self.spread / self.centre) ** 2))
            return scipy.stats.lognorm(log_sd, scale=self.centre * np.exp(-(log_sd**2) / 2))
        return scipy.stats.norm(self.centre, self.spread)


def distribution_of(model: ChainModel, figure: Figure, uom: str, day: date | None = None) -> Distribution | None:
    """What a figure says of its uncertainty on a day, in a uom; None where it says nothing."""
    if not figure.is_uncertain:
        return None
    value = model.number(figure, figure.uom, day)
    spread = figure.sd if figure.sd is not None else (figure.sd_rel_pct or 0.0) / 100 * abs(value)
    low, high = (None if one is None else convert(one, figure.uom, uom) for one in (figure.low, figure.high))
    centre = convert(value, figure.uom, uom)
    return Distribution(
        kind=figure.distribution or "normal",
        centre=centre,
        spread=abs(convert(value + spread, figure.uom, uom) - centre),
        low=-np.inf if low is None else low,
        high=np.inf if high is None else high,
    )
