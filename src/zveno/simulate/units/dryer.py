"""Dryer: a charge dried to a moisture, with a loss of dust and spill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.thermo import enthalpy
from zveno.simulate.units.element_unit import share
from zveno.simulate.units.unit import Driver, Report, Spec, UnitModel, Values, vector

_KG_PER_KMOL = 18.015


@dataclass(frozen=True, kw_only=True)
class Dryer(UnitModel):
    """Water leaves until the charge has its moisture; a share of the solids is lost.

    With w of moisture and s of solids that stay, s w / (1 - w) of the water stays. With ``efficiency`` the fuel is
    reported that evaporates the rest, Q = m (h_vapour(T) - h_water(298 K)) / efficiency.

    References
    ----------
    Sums; enthalpies: CODATA and NASA as :func:`zveno.simulate.thermo.enthalpy` has them. Steam tables give
    2.571 GJ/t from water of 25 C to steam of 100 C; the ideal gas is 0.4 % above that.

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import element_basis
    >>> Dryer(moisture=0.05).run(np.array([95.0, 15.0]), element_basis("Cu"))["charge"]
    array([[95.,  5.]])
    >>> unit = Dryer(moisture=0.05, efficiency=1.0, vapour_temp=373.15)
    >>> feed = np.array([[95.0, 15.0]])
    >>> unit.report(feed, unit.observe(feed, element_basis("Cu")), element_basis("Cu"))["fuel"][0].round(2)
    array([7.18])
    """

    outlets: ClassVar = ("charge", "vapour", "loss")
    optional: ClassVar = ("loss",)
    drivers: ClassVar = (Driver("water_kept", "logit", 0, 1),)

    moisture: Annotated[Values, Spec("frac", "water in the dried charge", high=0.5)]
    loss: Annotated[Values, Spec("frac", "share of the solids lost as dust and spill", high=0.2)] = 0.0
    efficiency: Annotated[
        Values, Spec("frac", "share of the fuel's heat that evaporates water; 0: not given", high=1.0)
    ] = 0.0
    vapour_temp: Annotated[Values, Spec("K", "temperature of the vapour", low=320.0, high=900.0)] = 400.0

    def observe(self, feed: Floats, basis: Basis) -> Floats:
        """Share of the water that stays."""
        moisture = vector(self.moisture)
        stays = basis.solids(feed) * (1 - vector(self.loss)) * moisture / (1 - moisture)
        return share(stays, feed[:, -1])[:, None]

    def split(self, drivers: Floats, basis: Basis) -> Floats:
        """Solids to the charge less the loss, water by moisture."""
        loss = np.broadcast_to(vector(self.loss), (len(drivers),))
        shares = np.zeros((len(drivers), 3, len(basis)))
        shares[:, 0], shares[:, 2] = 1 - loss[:, None], loss[:, None]
        shares[:, :, -1] = np.stack([drivers[:, 0], 1 - drivers[:, 0], 0 * loss], axis=1)
        return shares

    def flows_at(self, outlet: str) -> bool:
        """Nothing is lost where no loss is given."""
        return outlet != "loss" or bool(np.any(vector(self.loss)))

    def report(self, feed: Floats, drivers: Floats, basis: Basis) -> Report:  # noqa: ARG002
        """Water driven off, and the fuel for it."""
        evaporated = feed[:, -1] * (1 - drivers[:, 0])
        found: Report = {"evaporated": (evaporated, "t/h")}
        if np.all(vector(self.efficiency) > 0):
            heat = (enthalpy("H2O(g)", vector(self.vapour_temp)) - enthalpy("H2O(l)")) / _KG_PER_KMOL  # GJ/t
            found["fuel"] = (evaporated * heat / vector(self.efficiency) / 3.6, "MW")
        return found
