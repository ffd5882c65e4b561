"""Crusher: changes size only, takes energy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.units.unit import Report, Spec, UnitModel, Values, vector


@dataclass(frozen=True, kw_only=True)
class Crusher(UnitModel):
    """Crushing and screening with a known specific energy.

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import basis_of
    >>> ore = basis_of([("quartz", "non")], sg=[2.65], k_per_min=[0.0], groups=["gangue"])
    >>> feed, none = np.array([[500.0, 15.0]]), np.zeros((1, 0))
    >>> Crusher(energy_kwh_t=2.2).report(feed, none, ore)["power"][0]
    array([1100.])
    """

    energy_kwh_t: Annotated[Values, Spec("kWh/t", "electric energy per t of dry feed", high=100.0)]

    def report(self, feed: Floats, drivers: Floats, basis: Basis) -> Report:  # noqa: ARG002
        """Power."""
        return {"power": (vector(self.energy_kwh_t) * basis.solids(feed), "kW")}
