"""Concentrate yard: minerals become elements, which is how a smelter counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.moves import Moves
from zveno.simulate.units.unit import UnitModel


@dataclass(frozen=True, kw_only=True)
class Yard(UnitModel):
    """Concentrates are bedded; from here on their elements are followed, not their minerals.

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import element_basis
    >>> Yard().run(np.array([20.0, 2.0]), element_basis("Cu"))["product"]
    array([[20.,  2.]])
    """

    outlets: ClassVar = ("product",)

    def convert(self, drivers: Floats, basis: Basis) -> Moves | None:  # noqa: ARG002
        """Minerals into elements."""
        return basis.composition
