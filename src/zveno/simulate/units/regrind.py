"""Regrind: frees sulphides locked in slow grains and gangue locked in floating ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.moves import Moves
from zveno.simulate.units.unit import Spec, UnitModel, Values, column, moves, per_basis


@dataclass(frozen=True, kw_only=True)
class Regrind(UnitModel):
    """Part of the slow class of sulphides (not pyrite) becomes fast, part of floating gangue stops floating.

    Oxidised copper is treated like a sulphide. The mass of each mineral is conserved.

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import basis_of
    >>> ore = basis_of([("bornite", "fast"), ("bornite", "slow")], sg=[5.0, 5.0], k_per_min=[0.6, 0.04],
    ...     groups=["cu_sulphide", "cu_sulphide"])
    >>> Regrind(slow_to_fast=0.4, gangue_to_non=0.55).run(np.array([6.0, 1.0, 9.0]), ore)["product"]
    array([[6.4, 0.6, 9. ]])
    """

    slow_to_fast: Annotated[Values, Spec("frac", "share of slow sulphide that becomes fast", high=1.0)]
    gangue_to_non: Annotated[Values, Spec("frac", "share of floating gangue that stops floating", high=1.0)]

    def convert(self, drivers: Floats, basis: Basis) -> Moves | None:  # noqa: ARG002
        """Moves between the classes of each mineral."""
        return self._moves(basis)

    @per_basis
    def _moves(self, basis: Basis) -> Moves | None:
        """Moves between the classes of each mineral."""
        freed = column(self.slow_to_fast) * basis.among("cu_sulphide", "cu_oxide", "sulphide")
        sunk = column(self.gangue_to_non) * basis.among("gangue")
        return moves(basis, ("slow", "fast", freed), ("slow", "non", sunk), ("fast", "non", sunk))
