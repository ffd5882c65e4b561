"""Coordinates: parameters as the search sees them, without ends and of one size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

ScaleName = Literal["log", "logit", "linear"]
_EDGE = 1e-3
"""How near an end of its range a share may stand where the search begins."""


@dataclass(frozen=True)
class Scale:
    """How a parameter becomes a coordinate: its logarithm, its logit between 0 and ``top``, or itself over ``unit``.

    Examples
    --------
    >>> Scale("log").coordinate(np.array([1.0, np.e])).tolist()
    [0.0, 1.0]
    >>> float(Scale("logit", top=100.0).value(np.array(0.0)))
    50.0
    """

    name: ScaleName
    top: float = 1.0
    unit: float = 1.0

    def coordinate(self, value: Floats) -> Floats:
        """Coordinates of values; infinite at the ends of the range."""
        value = np.asarray(value, dtype=float)
        with np.errstate(divide="ignore"):
            if self.name == "log":
                return np.asarray(np.log(value))
            if self.name == "logit":
                return np.asarray(np.log(value) - np.log(self.top - value))
        return np.asarray(value / self.unit)

    def value(self, coordinate: Floats) -> Floats:
        """Values of coordinates."""
        coordinate = np.asarray(coordinate, dtype=float)
        if self.name == "log":
            return np.asarray(np.exp(coordinate))
        if self.name == "logit":
            return np.asarray(self.top / (1 + np.exp(-coordinate)))
        return np.asarray(coordinate * self.unit)

    def slope(self, value: float) -> float:
        """Change of the value for a change of 1 of the coordinate."""
        if self.name == "log":
            return value
        if self.name == "logit":
            return value * (1 - value / self.top)
        return self.unit


def scale_of(value: float, top: float | None, spread: float | None = None) -> Scale:
    """The scale that suits a value: a share of a whole its logit, what is above zero its logarithm.

    Parameters
    ----------
    value
        Where the description has it.
    top
        One whole, in the uom of the value; None where the value is no share.
    spread
        Size of a usual change, for values that are zero or less.
    """
    if top is not None and 0 <= value <= top:
        return Scale("logit", top=top)
    if value > 0:
        return Scale("log")
    return Scale("linear", unit=spread or abs(value) or 1.0)


def started(value: float, scale: Scale) -> float:
    """The value from which the search begins: that of the description, a little inside if it stands at an end."""
    if scale.name == "logit":
        return min(max(value, _EDGE * scale.top), (1 - _EDGE) * scale.top)
    return value
