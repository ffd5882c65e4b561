"""Converter: matte blown to slag and blister, over a whole cycle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.units.element_unit import (
    SILICA_PER_SI,
    SLAG_OXIDES,
    blast,
    drivers_of,
    flux_needed,
    iron_oxygen,
    oxides_of,
    share,
)
from zveno.simulate.units.furnace import Arrival, Furnace, blast_m3
from zveno.simulate.units.unit import Report, Spec, Values, vector

_SHARES = ("cu_slag", "s_slag", "s_blister", "o_slag", "o_blister")
_INLETS = ("flux", "air", "oxygen")


@dataclass(frozen=True, kw_only=True)
class Converter(Furnace):
    """Both blows of a Peirce-Smith converter, averaged over a cycle.

    All iron goes to slag, with silica flux asked for to reach ``fe_sio2``; copper and sulphur in slag are given
    shares of its mass, sulphur and oxygen in blister of the mass of the blister; the rest of the sulphur burns to
    SO2 with the air asked for. Minor elements follow the table of deportment. Skulls and spills that are frozen
    and charged again stay inside and do not show in the flows. With ``heat`` *surplus* the heat left after the shell
    loss is reported, and the cold charge that it melts.

    References
    ----------
    Davenport, King, Schlesinger & Biswas (2002), Extractive Metallurgy of Copper, 4th ed., ch. 9.

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import element_basis
    >>> matte = np.array([60.0, 15.0, 23.0, 0.0])
    >>> Converter(slag_cu=0.04).run(matte, element_basis("Cu", "Fe", "S"))["slag"].round(2)
    array([[ 0.83, 15.  ,  0.25,  0.  ]])
    """

    inlets: ClassVar = _INLETS
    outlets: ClassVar = ("blister", "slag", "gas")
    words: ClassVar = {"copper": "blister", "slag": "slag", "gas": "gas"}
    homes: ClassVar = {**dict.fromkeys(SLAG_OXIDES, "slag"), "Fe": "slag", "Cu": "blister", "S": "gas"}
    home: ClassVar = "gas"
    phases: ClassVar = {"blister": "metal", "slag": "slag", "gas": "gas"}
    temps: ClassVar = {"blister": "blister_temp", "slag": "slag_temp", "gas": "gas_temp"}
    drivers: ClassVar = drivers_of(_SHARES, _INLETS)

    fe_sio2: Annotated[Values, Spec("-", "Fe/SiO2 of the slag", low=0.5, high=4.0)] = 2.0
    slag_cu: Annotated[Values, Spec("frac", "copper in slag", high=0.15)] = 0.03
    slag_s: Annotated[Values, Spec("frac", "sulphur in slag", high=0.05)] = 0.012
    magnetite: Annotated[Values, Spec("frac", "share of the slag's iron that is Fe3O4", high=1.0)] = 0.28
    blister_s: Annotated[Values, Spec("frac", "sulphur in blister", high=0.05)] = 0.0003
    blister_o: Annotated[Values, Spec("frac", "oxygen in blister", high=0.05)] = 0.0045
    o2_efficiency: Annotated[Values, Spec("frac", "share of the oxygen that reacts", low=0.3, high=1.0)] = 0.93
    o2_enrichment: Annotated[Values, Spec("frac", "O2 in blast, by volume", low=0.2, high=1.0)] = 0.21
    blister_temp: Annotated[Values, Spec("K", "temperature of blister; 0: not given", high=1750.0)] = 0.0
    cold_heat: Annotated[Values, Spec("GJ/t", "heat that melts a tonne of cold charge; 0: not given", high=10.0)] = 0.0
    revert: Annotated[Values, Spec("frac", "share of the copper of matte that freezes as skulls", high=0.3)] = 0.0
    revert_cu: Annotated[Values, Spec("frac", "copper in skulls; 0: not given", high=1.0)] = 0.0
    blow: Annotated[Values, Spec("m3/h", "blast of one converter that blows; 0: not given", high=200000.0)] = 0.0

    def observe(self, feed: Floats, basis: Basis) -> Floats:
        """Shares of Cu, S and O, and what is asked for, that close the balance of a feed."""
        iron_in = self.supply("flux", basis, "Fe")
        silica_in = self.supply("flux", basis, "Si") * SILICA_PER_SI
        silica = self.of(feed, basis, "Si") * SILICA_PER_SI
        flux = flux_needed(self.of(feed, basis, "Fe"), silica, vector(self.fe_sio2), iron_in, silica_in)
        if not self.connected("flux"):
            flux = np.zeros(len(feed))
        total = feed if self.supplies is None else feed + flux[:, None] * self.supplies[:, 0]
        iron, magnetite = self.of(total, basis, "Fe"), iron_oxygen(vector(self.magnetite))
        (oxides, o_slag), (more, more_oxygen) = oxides_of(total, basis), self.minor_oxides(total, basis, "slag")
        slag, o_slag = iron * (1 + magnetite) + oxides + more, iron * magnetite + o_slag + more_oxygen
        copper, sulphur = self.of(total, basis, "Cu"), self.of(total, basis, "S")
        slag = slag / (1 - vector(self.slag_cu) - vector(self.slag_s))
        cu_slag = share(vector(self.slag_cu) * slag, copper)
        s_slag = share(vector(self.slag_s) * slag, sulphur)
        metal = copper * (1 - cu_slag) + self.minor(total, basis, "copper")
        blister = metal / (1 - vector(self.blister_s) - vector(self.blister_o))
        s_blister = np.minimum(share(vector(self.blister_s) * blister, sulphur), 1 - s_slag)
        burnt = self.oxygen_to_burn(total, sulphur * (1 - s_slag - s_blister), basis)
        o_blister = vector(self.blister_o) * blister
        there = self.of(total, basis, "O")
        wanted = np.maximum(o_blister + o_slag + burnt - there, 0) / vector(self.o2_efficiency)
        brought = blast(self, wanted, vector(self.o2_enrichment), basis)
        for inlet, amount in brought.items():
            there = there + amount * self.supply(inlet, basis, "O")
        shares = (cu_slag, s_slag, s_blister, share(o_slag, there), share(o_blister, there))
        asked = (flux, brought["air"], brought["oxygen"])
        return np.stack(np.broadcast_arrays(*shares, *asked), axis=1)

    def split(self, drivers: Floats, basis: Basis) -> Floats:
        """Shares of every element."""
        cu_slag, s_slag, s_blister, o_slag, o_blister = drivers[:, : len(_SHARES)].T
        balance = {
            "Cu": {"slag": cu_slag},
            "S": {"slag": s_slag, "blister": s_blister},
            "O": {"slag": o_slag, "blister": o_blister},
        }
        return self.shared(basis, balance, len(drivers))

    def report(self, feed: Floats, drivers: Floats, basis: Basis) -> Report:
        """Copper in blister, slag, blast."""
        blister, slag, gas = self.products(feed, drivers, basis)
        volume = sum((self.asked(drivers, one) * self.volume(one, basis) for one in ("air", "oxygen")), np.zeros(1))
        return {
            "blister_cu": (share(self.of(blister, basis, "Cu"), blister.sum(axis=1)), "frac"),
            "slag_fe_sio2": (self.iron_to_silica(slag, basis), "-"),
            "blast": (volume, "m3/h"),
            "gas_so2": (self.so2_in(gas, basis), "frac"),
        }

    def heat_report(self, arrivals: Sequence[Arrival], products: Sequence[Floats], basis: Basis) -> Report:
        """Heat, what cold charge it melts, skulls to be charged again, and the share of the time that is blown."""
        found = super().heat_report(arrivals, products, basis)
        if np.all(vector(self.cold_heat) > 0):
            spare = np.maximum(found["heat_surplus"][0], 0) * vector(self.running)
            found["cold_charge"] = (3.6 * spare / vector(self.cold_heat), "t/h")
        if np.all(vector(self.revert_cu) > 0):
            copper = sum((self.of(one.flow, basis, "Cu") for one in arrivals if one.phase == "matte"), np.zeros(1))
            found["reverts"] = (vector(self.revert) * copper / vector(self.revert_cu), "t/h")
        if np.all(vector(self.blow) > 0):
            fed = [one.flow for one in arrivals if one.phase == "gas" and one.temp_k is None]
            volume = sum((blast_m3(self, one, basis) for one in fed), np.zeros(1))
            found["blowing"] = (volume / vector(self.blow) / vector(self.furnaces), "frac")
        return found
