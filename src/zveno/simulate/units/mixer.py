"""Mixer: a sump or box where streams meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from zveno.simulate.basis import Floats
from zveno.simulate.units.unit import Spec, UnitModel, Values, vector


@dataclass(frozen=True, kw_only=True)
class Mixer(UnitModel):
    """Sum of what enters, with an optional wash water in proportion to the solids.

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import basis_of
    >>> ore = basis_of([("quartz", "non")], sg=[2.65], k_per_min=[0.0], groups=["gangue"])
    >>> Mixer(water_t_t=1.5).run(np.array([10.0, 4.0]), ore)["product"]
    array([[10., 19.]])
    """

    water_t_t: Annotated[Values, Spec("-", "water added, t per t of solids")] = 0.0

    def water_added(self, drivers: Floats) -> Floats | None:  # noqa: ARG002
        """Wash water."""
        return vector(self.water_t_t)
