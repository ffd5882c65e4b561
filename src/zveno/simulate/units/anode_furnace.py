"""Anode furnace: fire refining of blister, and what deoxidation takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.chemistry import per_mass
from zveno.simulate.units.element_unit import drivers_of, share
from zveno.simulate.units.furnace import Furnace
from zveno.simulate.units.unit import Report, Spec, Values, vector
from zveno.text.mark import tr

_SHARES = ("s_anode", "o_anode", "o_slag")
_MOLAR_M3, _O_WEIGHT = 22.414, 15.999
_O_PER_CH4 = {"CO": 3, "CO2": 4}


@dataclass(frozen=True, kw_only=True)
class AnodeFurnace(Furnace):
    """Blister and returned anode scrap are oxidised, slagged, reduced and cast.

    Sulphur and oxygen in the anodes are given shares of their mass; a share of the copper goes to slag as Cu2O,
    minor elements follow the table. Air is asked for as far as sulphur, carbon and hydrogen need it to burn.

    The reductant is asked for by mass per tonne of anodes, or, with ``reductant_use``, by its stoichiometry: copper
    is oxidised to ``oxidised_o`` and brought down to ``anode_o``, by CH4 + 4 O = CO2 + 2 H2O and C + 2 O = CO2 for
    what stands ready at the inlet, a share ``reductant_use`` of which takes oxygen of the copper; the rest burns with
    air.

    With ``heat`` *fuel* the fuel that closes the heat comes in at the inlet ``fuel``, if that and air are connected,
    and its gas leaves with the gas; else it is reported, counted as methane burnt with air, beside the flows.

    References
    ----------
    Stoichiometry; levels of oxygen: Schlesinger et al. (2011), Extractive Metallurgy of Copper, 5th ed., ch. 15
    (0.5 to 0.6 % before reduction, 0.16 % after, recalled).

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import element_basis
    >>> AnodeFurnace().run(np.array([99.0, 0.02, 0.0]), element_basis("Cu", "S"))["anode"].round(2)
    array([[98.41,  0.  ,  0.  ]])

    Methane, 100 t of copper from 0.5 to 0.16 % O, nothing wasted: 85 kg.

    >>> ready = np.array([[[0.0] * 5, [0.0, 0.0, 0.7487, 0.2513, 0.0], [0.0] * 5]])
    >>> basis = element_basis("Cu", "O", "C", "H")
    >>> unit = AnodeFurnace(slag_cu_share=0.0, oxidised_o=0.005, anode_o=0.0016, reductant_use=1.0, supplies=ready)
    >>> unit.requested(unit.observe(np.array([[100.0, 0.0, 0.0, 0.0, 0.0]]), basis), basis)[0, 1].sum().round(4)
    np.float64(0.0854)
    """

    inlets: ClassVar = ("air", "reductant", "fuel")
    outlets: ClassVar = ("anode", "slag", "gas")
    words: ClassVar = {"anode": "anode", "slag": "slag", "gas": "gas"}
    homes: ClassVar = {"Cu": "anode", "Fe": "slag", "Si": "slag"}
    home: ClassVar = "gas"
    phases: ClassVar = {"anode": "metal", "slag": "slag", "gas": "gas"}
    temps: ClassVar = {"anode": "anode_temp", "slag": "slag_temp", "gas": "gas_temp"}
    drivers: ClassVar = drivers_of(_SHARES, inlets)

    slag_cu_share: Annotated[Values, Spec("frac", "share of the copper that goes to slag", high=0.2)] = 0.006
    anode_s: Annotated[Values, Spec("frac", "sulphur in anodes", high=0.01)] = 0.00003
    anode_o: Annotated[Values, Spec("frac", "oxygen in anodes", high=0.02)] = 0.0015
    reductant: Annotated[Values, Spec("kg/t", "reductant per tonne of anodes", high=100.0)] = 0.0
    oxidised_o: Annotated[Values, Spec("frac", "oxygen in copper before it is reduced; 0: not given", high=0.02)] = 0.0
    reductant_use: Annotated[
        Values, Spec("frac", "share of the reductant that takes oxygen of the copper; 0: its mass is given", high=1.0)
    ] = 0.0
    anode_temp: Annotated[Values, Spec("K", "temperature of anode copper; 0: not given", high=1750.0)] = 0.0

    def conflict(self) -> str:
        """A use of reductant without the oxygen that it is to take."""
        used = vector(self.reductant_use) > 0
        if np.any(used & (vector(self.oxidised_o) <= vector(self.anode_o))):
            return tr("unit '{unit}' has a reductant_use, but its oxidised_o is not above its anode_o")
        return super().conflict()

    def observe(self, feed: Floats, basis: Basis) -> Floats:
        """Shares of S and O, and what is asked for, that close the balance of a feed."""
        copper, nothing = self.of(feed, basis, "Cu"), np.zeros(len(feed))
        slagged = copper * vector(self.slag_cu_share)
        metal = copper - slagged + self.minor(feed, basis, "anode")
        anode = metal / (1 - vector(self.anode_s) - vector(self.anode_o))
        reductant = anode * self._reductant(basis) if self.connected("reductant") else nothing
        fuel = nothing + vector(self.fuel_tph) if self.burns else nothing
        total = feed
        for inlet, amount in (("reductant", reductant), ("fuel", fuel)):
            total = total + amount[:, None] * self._at(inlet) if self.connected(inlet) else total
        sulphur, there = self.of(total, basis, "S"), self.of(total, basis, "O")
        s_anode = share(vector(self.anode_s) * anode, sulphur)
        burnt = self.oxygen_to_burn(total, sulphur * (1 - s_anode), basis)
        o_slag = slagged * per_mass("Cu2O", "Cu") + self.minor_oxides(feed, basis, "slag")[1]
        o_anode = vector(self.anode_o) * anode
        air = self.blown(np.maximum(o_anode + o_slag + burnt - there, 0), basis)["air"]
        there = there + air * self.supply("air", basis, "O")
        return np.stack([s_anode, share(o_anode, there), share(o_slag, there), air, reductant, fuel], axis=1)

    def _reductant(self, basis: Basis) -> Floats:
        """Reductant, t per tonne of anodes, shape (S or 1,)."""
        ready, use = self._at("reductant"), vector(self.reductant_use)
        takes = use * (self.oxygen_to_burn(ready, np.zeros(len(ready)), basis) - self.of(ready, basis, "O"))
        removed = np.maximum(vector(self.oxidised_o) - vector(self.anode_o), 0)
        needed = np.divide(removed, takes, out=np.zeros(np.broadcast(removed, takes).shape), where=takes > 0)
        return np.where(use > 0, needed, vector(self.reductant) / 1000)

    def split(self, drivers: Floats, basis: Basis) -> Floats:
        """Shares of every element."""
        rows = len(drivers)
        balance = {
            "Cu": {"slag": np.broadcast_to(vector(self.slag_cu_share), (rows,))},
            "S": {"anode": drivers[:, 0]},
            "O": {"anode": drivers[:, 1], "slag": drivers[:, 2]},
        }
        return self.shared(basis, balance, rows)

    def report(self, feed: Floats, drivers: Floats, basis: Basis) -> Report:
        """Copper in anodes."""
        anode = self.products(feed, drivers, basis)[0]
        return {"anode_cu": (share(self.of(anode, basis, "Cu"), anode.sum(axis=1)), "frac")}


def methane_to_deoxidise(
    copper: Values, oxygen_from: Values, oxygen_to: Values, product: Literal["CO", "CO2"] = "CO2"
) -> Floats:
    """Methane, Nm3, that takes oxygen out of molten copper (t) between two mass fractions, shape (S,).

    CH4 + 3 O = CO + 2 H2O, or CH4 + 4 O = CO2 + 2 H2O; no methane is lost.

    Examples
    --------
    >>> methane_to_deoxidise(1.0, 0.005, 0.0016, "CO").round(3)
    array([1.588])
    """
    removed = vector(copper) * (vector(oxygen_from) - vector(oxygen_to)) * 1e3
    return np.asarray(removed / _O_WEIGHT / _O_PER_CH4[product] * _MOLAR_M3)
