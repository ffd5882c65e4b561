"""Foundry: scrap and returns melted and cast; what is not a good casting is melted again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.units.unit import Report, Spec, UnitModel, Values, vector


@dataclass(frozen=True, kw_only=True)
class Foundry(UnitModel):
    """One metal of a foundry, from charge to good castings.

    Of the liquid metal a share becomes castings, the rest (gates, risers, skulls) comes back; of the castings a
    share is rejected and comes back too. All of that is remelted inside, so nothing leaves but good castings and
    what burns or goes to slag in each melt. With yield Y, rejects r and burn-off b a tonne of good castings takes
    L = 1 / (Y (1 - r)) tonnes of liquid and L / (1 - b) of charge, of which L - 1 are returns; b L / (1 - b) is
    lost, and (1 - b) / L of what is charged becomes good castings. All elements burn alike, the oxygen they take up is
    not counted. Water of the charge goes with the loss.

    References
    ----------
    Sums of one melt, as the loop of returns closes.

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import element_basis
    >>> shop = Foundry(casting_yield=0.5, reject=0.2, burn_off=0.05, energy_kwh_t=600)
    >>> {outlet: flow.round(3).tolist() for outlet, flow in shop.run(np.array([8.6, 0.0]), element_basis("Fe")).items()}
    {'castings': [[7.6, 0.0]], 'loss': [[1.0, 0.0]]}
    """

    outlets: ClassVar = ("castings", "loss")

    casting_yield: Annotated[Values, Spec("frac", "castings per liquid metal", low=0.05, high=1.0)]
    reject: Annotated[Values, Spec("frac", "share of the castings that is rejected", high=0.9)]
    burn_off: Annotated[Values, Spec("frac", "share of the charge that burns or goes to slag in a melt", high=0.5)]
    energy_kwh_t: Annotated[Values, Spec("kWh/t", "energy per tonne of liquid metal", high=5000.0)]

    def split(self, drivers: Floats, basis: Basis) -> Floats:  # noqa: ARG002
        """Good castings and loss, all elements alike; water to the loss."""
        lost = self._liquid() * vector(self.burn_off) / (1 - vector(self.burn_off))
        castings = np.asarray(1 / (1 + lost))[:, None] * basis.solid
        return np.stack([castings, 1 - castings], axis=1)

    def report(self, feed: Floats, drivers: Floats, basis: Basis) -> Report:
        """Charge and liquid metal, returns, yield, power of melting."""
        good = basis.solids(feed * self.split(drivers, basis)[:, 0])
        liquid = good * self._liquid()
        return {
            "liquid_metal": (liquid, "t/h"),
            "charge_melted": (liquid / (1 - vector(self.burn_off)), "t/h"),
            "returns": (liquid - good, "t/h"),
            "melt_yield": (np.broadcast_to((1 - vector(self.burn_off)) / self._liquid(), (len(feed),)), "frac"),
            "power": (liquid * vector(self.energy_kwh_t), "kW"),
        }

    def _liquid(self) -> Floats:
        """Liquid metal per tonne of good castings, shape (S or 1,)."""
        return np.asarray(1 / (vector(self.casting_yield) * (1 - vector(self.reject))))
