"""A value of a period with the parts of its error: what averages out, and what is shared."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from zveno.reconcile.origin import Added, Assumed, Origin

BIAS, SHARED = "bias:", "shared:"
"""How names of errors begin that last from period to period: of one meter, and of several."""


@dataclass(frozen=True)
class Measured:
    """A value, the standard deviation that is its own, and signed errors that it shares by name.

    Two values that share an error of standard deviations ``a`` and ``b`` have the covariance ``a b``. ``below``
    says that the value is a limit: less than that was reported. ``spread`` is the scatter between the readings.
    ``origin`` tells from which records it was made.
    """

    value: float
    own: float
    shared: Mapping[str, float] = field(default_factory=dict)
    meter: str = ""
    below: bool = False
    spread: float = 0.0
    origin: Origin | None = field(default=None, compare=False, repr=False)

    @property
    def sd(self) -> float:
        """Standard deviation with every part.

        Examples
        --------
        >>> Measured(100.0, 3.0, {"calibration": 4.0}).sd
        5.0
        """
        return math.sqrt(self.own**2 + sum(one**2 for one in self.shared.values()))

    def scaled(self, factor: float) -> Measured:
        """The value times a factor."""
        shared = {name: one * factor for name, one in self.shared.items()}
        origin = None if self.origin is None else Added(((factor, self.origin),))
        return Measured(
            self.value * factor, self.own * abs(factor), shared, self.meter, self.below, self.spread * abs(factor),
            origin,
        )  # fmt: skip

    def halved(self) -> Measured:
        """A limit as a value: half of it, with the error of a value anywhere below."""
        own = math.hypot(self.own, self.value / math.sqrt(12))
        origin = None if self.origin is None else Added(((0.5, self.origin),))
        return Measured(0.5 * self.value, own, self.shared, self.meter, spread=self.spread, origin=origin)

    def named(self, name: str) -> Measured:
        """The same with its own error under a name, so that what is derived from it stays correlated."""
        return replace(self, own=0.0, shared={**self.shared, name: self.own})

    def with_own(self, sd: float) -> Measured:
        """The same shared errors with another error of its own."""
        return replace(self, own=sd)

    def made(self, origin: Origin) -> Measured:
        """The same with what it was made from."""
        return replace(self, origin=origin)

    def standing_in(self, why: str) -> Measured:
        """The same for a value that nobody read; ``why`` is the key of a message."""
        return self if self.origin is None else replace(self, origin=Assumed(self.origin, why))


def total(parts: Sequence[Measured]) -> Measured:
    """Sum of values: own errors add in squares, shared ones as they are."""
    shared: dict[str, float] = {}
    for part in parts:
        for name, one in part.shared.items():
            shared[name] = shared.get(name, 0.0) + one
    return Measured(
        value=math.fsum(one.value for one in parts),
        own=math.sqrt(math.fsum(one.own**2 for one in parts)),
        shared=shared,
        meter="+".join(one.meter for one in parts),
        below=any(one.below for one in parts),
        spread=math.sqrt(math.fsum(one.spread**2 for one in parts)),
        origin=Added(tuple((1.0, one.origin) for one in parts if one.origin is not None)),
    )


def covariance(first: Measured, second: Measured) -> float:
    """Covariance of two values through the errors that they share."""
    return math.fsum(one * second.shared[name] for name, one in first.shared.items() if name in second.shared)
