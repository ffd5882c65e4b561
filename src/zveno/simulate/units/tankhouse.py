"""Tankhouse: electrorefining of anodes, by Faraday's law and shares of what dissolves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.units.element_unit import ElementUnit, share
from zveno.simulate.units.unit import Report, Spec, Values, vector

FARADAY = 96485.33212
"""C/mol."""
_CU_WEIGHT = 63.546
COPPER_PER_KAH = _CU_WEIGHT / (2 * FARADAY) * 3600
"""kg of copper that 1 kAh deposits in one cell: 1.1855."""


@dataclass(frozen=True, kw_only=True)
class Tankhouse(ElementUnit):
    """Anodes dissolve but for the scrap; copper goes to cathodes less slimes, bleed and losses.

    Shares of slimes, bleed and loss are of the dissolved copper. Minor elements follow the table (*slimes*,
    *electrolyte*, *cathode*), also as shares of what dissolves; electrolyte leaves with the bleed.

    References
    ----------
    Faraday's law; Davenport et al. (2002), ch. 16.

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import element_basis
    >>> Tankhouse(scrap=0.15).run(np.array([100.0, 0.0]), element_basis("Cu"))["cathode"].round(3)
    array([[84.575,  0.   ]])
    """

    outlets: ClassVar = ("cathode", "scrap", "slimes", "bleed", "loss")
    optional: ClassVar = ("loss",)
    words: ClassVar = {"slimes": "slimes", "electrolyte": "bleed", "cathode": "cathode"}
    homes: ClassVar = {"Cu": "cathode"}
    home: ClassVar = "bleed"
    phases: ClassVar = {"scrap": "metal"}

    scrap: Annotated[Values, Spec("frac", "share of the anodes that comes back as scrap", high=0.5)] = 0.16
    cu_to_slimes: Annotated[Values, Spec("frac", "share of the dissolved copper in slimes", high=0.1)] = 0.001
    cu_to_bleed: Annotated[Values, Spec("frac", "share of the dissolved copper in the bleed", high=0.1)] = 0.004
    cu_lost: Annotated[Values, Spec("frac", "share of the dissolved copper lost mechanically", high=0.1)] = 0.0
    current_density: Annotated[Values, Spec("A/m2", "current density", low=50.0, high=600.0)] = 250.0
    cathode_m2: Annotated[Values, Spec("m2", "area of a cathode, both sides", low=0.1, high=5.0)] = 1.8
    cathodes: Annotated[Values, Spec("-", "cathodes in a cell", low=1.0, high=200.0)] = 42.0
    voltage: Annotated[Values, Spec("V", "cell voltage", low=0.1, high=1.0)] = 0.29
    current_efficiency: Annotated[Values, Spec("frac", "share of the current that deposits", low=0.5, high=1.0)] = 0.955
    time_in_use: Annotated[Values, Spec("frac", "share of the time that cells work", low=0.1, high=1.0)] = 1.0

    def split(self, drivers: Floats, basis: Basis) -> Floats:
        """Scrap first, then what dissolves."""
        rows = max([1, *(np.size(getattr(self, one)) for one in ("scrap", "cu_to_slimes", "cu_to_bleed", "cu_lost"))])
        if self.deportment is not None:
            rows = max(rows, len(self.deportment.shares))
        rows = max(rows, len(drivers) if rows > 1 else 1)
        copper = {
            "slimes": np.broadcast_to(vector(self.cu_to_slimes), (rows,)),
            "bleed": np.broadcast_to(vector(self.cu_to_bleed), (rows,)),
            "loss": np.broadcast_to(vector(self.cu_lost), (rows,)),
        }
        shares = self.shared(basis, {"Cu": copper}, rows)
        scrap = vector(self.scrap)[:, None, None]
        shares = shares * (1 - scrap)
        shares[:, self.outlets.index("scrap")] += scrap[:, 0]
        return shares

    def flows_at(self, outlet: str) -> bool:
        """Nothing is lost where no loss is given."""
        return outlet != "loss" or bool(np.any(vector(self.cu_lost)))

    def report(self, feed: Floats, drivers: Floats, basis: Basis) -> Report:
        """Cells needed, energy, copper of the cathodes."""
        cathode = self.products(feed, drivers, basis)[0]
        copper = self.of(cathode, basis, "Cu")
        current = vector(self.current_density) * vector(self.cathode_m2) * vector(self.cathodes) / 1000
        one = cathode_mass(current, 1.0, self.current_efficiency) * vector(self.time_in_use)
        energy = energy_per_tonne(self.voltage, self.current_efficiency)
        return {
            "cells_needed": (copper * 1000 / one, "-"),
            "energy": (np.broadcast_to(energy, (len(feed),)), "kWh/t"),
            "cathode_cu": (share(copper, cathode.sum(axis=1)), "frac"),
        }


def cathode_mass(current_ka: Values, hours: Values, current_efficiency: Values = 1.0) -> Floats:
    """Copper, kg, that a current (kA) deposits in one cell, shape (S,).

    >>> cathode_mass(33.8, 24.0).round(1)
    array([961.7])
    """
    return np.asarray(COPPER_PER_KAH * vector(current_ka) * vector(hours) * vector(current_efficiency))


def energy_per_tonne(voltage: Values, current_efficiency: Values) -> Floats:
    """Electricity of deposition, kWh per tonne of copper, shape (S,).

    >>> energy_per_tonne(0.29, 0.955).round(1)
    array([256.2])
    """
    return np.asarray(vector(voltage) / (COPPER_PER_KAH * vector(current_efficiency)) * 1000)
