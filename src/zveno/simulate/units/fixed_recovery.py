"""Fixed recovery: a stage whose recoveries are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.units.unit import Spec, UnitModel, Values, column, two_ways


@dataclass(frozen=True, kw_only=True)
class FixedRecovery(UnitModel):
    """Each mineral group goes to the concentrate by a given share.

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import basis_of
    >>> ore = basis_of([("bornite", "fast"), ("quartz", "non")], sg=[5.07, 2.65], k_per_min=[0.6, 0.0],
    ...     groups=["cu_sulphide", "gangue"])
    >>> stage = FixedRecovery(cu_sulphide=0.8, gangue=0.1)
    >>> stage.run(np.array([10.0, 90.0, 200.0]), ore)["conc"]
    array([[8., 9., 0.]])
    """

    outlets: ClassVar = ("conc", "tail")

    cu_sulphide: Annotated[Values, Spec("frac", "share of copper sulphides in the concentrate", high=1.0)]
    gangue: Annotated[Values, Spec("frac", "share of gangue", high=1.0)]
    cu_oxide: Annotated[Values, Spec("frac", "share of oxidised copper minerals", high=1.0)] = 0.0
    sulphide: Annotated[Values, Spec("frac", "share of other sulphides", high=1.0)] = 0.0
    pyrite: Annotated[Values, Spec("frac", "share of pyrite", high=1.0)] = 0.0
    water: Annotated[Values, Spec("frac", "share of water", high=1.0)] = 0.0

    def split(self, drivers: Floats, basis: Basis) -> Floats:  # noqa: ARG002
        """Shares by mineral group."""
        groups = ("cu_sulphide", "gangue", "cu_oxide", "sulphide", "pyrite", "water")
        conc = sum((column(getattr(self, one)) * basis.among(one) for one in groups), np.zeros((1, len(basis))))
        return two_ways(conc)
