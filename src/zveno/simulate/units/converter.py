"""Converter: matte blown to slag and blister, over a whole cycle."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.chemistry import per_mass
from zveno.simulate.roots import falling_root
from zveno.simulate.thermo import Parts, PhaseKind, parts_of, total
from zveno.simulate.units.element_unit import (
    MELTS_K,
    O_PER_S,
    SILICA_PER_SI,
    SLAG_OXIDES,
    blast,
    drivers_of,
    flux_needed,
    iron_oxygen,
    oxides_of,
    share,
)
from zveno.simulate.units.furnace import Arrival, Furnace, at_inlet, blast_m3, over
from zveno.simulate.units.unit import Report, Spec, Values, vector
from zveno.text.mark import tr

_BLAST = ("air", "oxygen")
_LEAST_APART = 1e-6
_SHARES = ("cu_slag", "s_slag", "s_blister", "o_slag", "o_blister", "blister_frozen", "slag_frozen")
_INLETS = ("flux", "air", "oxygen", "cold_charge")
_S_PER_CU = per_mass("Cu2S", "Cu")


@dataclass(frozen=True, kw_only=True)
class Converter(Furnace):
    """A Peirce-Smith converter over whole cycles: two blows, a mean flow of each.

    *Slag blow*: all iron goes to slag, with silica flux asked for to reach ``fe_sio2``; FeS + 3/2 O2 = FeO + SO2,
    and ``magnetite`` of the iron further to Fe3O4. White metal, Cu2S, is left. *Blister blow*: Cu2S + O2 = 2 Cu + SO2.
    Copper and sulphur in slag are given shares of its mass, sulphur and oxygen in blister of the mass of the
    blister. Air and oxygen are asked for as these reactions and ``o2_efficiency`` take them. Minor elements follow
    the table of deportment.

    With heat (``heat`` *surplus*) what is left after the shell loss is reported, in all and for each blow: white
    metal passes from one to the other at the temperature of the slag, the shell loss is shared by the time blown,
    cold charge melts in the slag blow. The cold charge that melts with the heat left is reported, by ``cold_heat``.
    If the inlet ``cold_charge`` is connected, it is asked for instead, up to the heat that is left or to
    ``cold_most``. All that enters beside inlets is then taken for matte of ``matte_temp``: what is charged cold there
    leaves heat missing.

    Skulls and spills hold a share ``revert`` of the copper that enters. They stay inside and do not show in the
    flows, or, with ``skulls`` *leave*, leave hot by their outlet as so much frozen blister and slag that they hold
    ``revert_cu`` of copper.

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

    A tonne of Cu2S and FeS with 60 % Cu takes 95 m3 of O2 in the first blow and 106 in the second:

    >>> basis = element_basis("Cu", "Fe", "S", "O")
    >>> oxygen = np.array([[[0.0] * 5, [0.0] * 5, [0.0, 0.0, 0.0, 1.0, 0.0], [0.0] * 5]])
    >>> exact = {"slag_cu": 0.0, "slag_s": 0.0, "magnetite": 0.0, "blister_s": 0.0, "blister_o": 0.0}
    >>> unit = Converter(**exact, o2_efficiency=1.0, o2_enrichment=1.0, supplies=oxygen)
    >>> matte = np.array([[0.6, 0.158, 0.242, 0.0, 0.0]])
    >>> found = unit.report(matte, unit.observe(matte, basis), basis)
    >>> {name: found[name][0].round(1).tolist() for name in ("slag_blow", "blister_blow")}
    {'slag_blow': [95.1], 'blister_blow': [105.8]}
    """

    inlets: ClassVar = _INLETS
    outlets: ClassVar = ("blister", "slag", "gas", "skulls")
    optional: ClassVar = ("skulls",)
    words: ClassVar = {"copper": "blister", "slag": "slag", "gas": "gas"}
    homes: ClassVar = {**dict.fromkeys(SLAG_OXIDES, "slag"), "Fe": "slag", "Cu": "blister", "S": "gas"}
    home: ClassVar = "gas"
    phases: ClassVar = {"blister": "metal", "slag": "slag", "gas": "gas", "skulls": "charge"}
    temps: ClassVar = {"blister": "blister_temp", "slag": "slag_temp", "gas": "gas_temp", "skulls": "blister_temp"}
    cools: ClassVar = ("skulls",)
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
    cold_is: Annotated[
        Literal["charge", "matte", "metal"],
        Spec("", "what heat counts cold charge as: minerals and oxides, matte, metal"),
    ] = "charge"
    matte_temp: Annotated[
        Values,
        Spec("K", "temperature of the matte charged, which decides how much cold charge is asked for", high=1750.0),
    ] = 0.0
    cold_most: Annotated[Values, Spec("frac", "most cold charge that is asked for, per charge of matte", high=2.0)] = (
        0.5
    )
    revert: Annotated[Values, Spec("frac", "share of the copper that enters that freezes as skulls", high=0.3)] = 0.0
    revert_cu: Annotated[Values, Spec("frac", "copper in skulls; 0: not given", high=1.0)] = 0.0
    skulls: Annotated[Literal["stay", "leave"], Spec("", "whether skulls leave by their outlet")] = "stay"
    blow: Annotated[Values, Spec("m3/h", "blast of one converter that blows; 0: not given", high=200000.0)] = 0.0
    cycle: Annotated[Values, Spec("t", "charge of a cycle of one converter; 0: not given", high=2000.0)] = 0.0

    def conflict(self) -> str:
        """Skulls that leave need a grade, matte the temperature of a melt."""
        if self.skulls == "leave" and not np.all(vector(self.revert_cu) > 0):
            return tr("skulls of unit '{unit}' are to leave, but revert_cu does not say how much copper they hold")
        grade = vector(self.revert_cu)
        richest = 1 - vector(self.blister_s) - vector(self.blister_o)
        if self.skulls == "leave" and np.any((grade < vector(self.slag_cu)) | (grade > richest)):
            return tr("skulls of unit '{unit}' are slag and blister: revert_cu must lie between their copper")
        temp = vector(self.matte_temp)
        if not np.all((temp == 0) | ((temp >= MELTS_K[0]) & (temp <= MELTS_K[1]))):
            return tr("unit '{unit}' has a matte_temp that no matte has: give 1350 to 1750 K, or 0")
        return super().conflict()

    def idle_inlet(self, inlets: Collection[str]) -> str:
        """Cold charge is asked for by the heat that is left."""
        if "cold_charge" in inlets and not (self.heat == "surplus" and np.all(vector(self.matte_temp) > 0)):
            return tr(
                "cold charge reaches unit '{unit}', which does not count it: give it heat: surplus and a matte_temp"
            )
        return super().idle_inlet(inlets)

    def flows_at(self, outlet: str) -> bool:
        """Skulls leave only if told to."""
        return outlet != "skulls" or (self.skulls == "leave" and bool(np.any(vector(self.revert))))

    def fed_as(self, inlet: str) -> PhaseKind:
        """Cold charge is what the parameter says."""
        return self.cold_is if inlet == "cold_charge" else super().fed_as(inlet)

    def observe(self, feed: Floats, basis: Basis) -> Floats:
        """Shares of Cu, S and O, and what is asked for, that close the balance of a feed."""
        return self._blown(feed, self._cold(feed, basis), basis)

    def _blown(self, feed: Floats, cold: Floats, basis: Basis) -> Floats:
        """Drivers for a feed (S, C) and so much cold charge, t/h."""
        total = feed + cold[:, None] * self._at("cold_charge") if self.connected("cold_charge") else feed
        flux = np.zeros(len(feed))
        if self.connected("flux"):
            silica = self.of(total, basis, "Si") * SILICA_PER_SI
            made = self.supply("flux", basis, "Fe"), self.supply("flux", basis, "Si") * SILICA_PER_SI
            flux = flux_needed(self.of(total, basis, "Fe"), silica, vector(self.fe_sio2), *made)
            total = total + flux[:, None] * self._at("flux")
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
        brought = self.blown(np.maximum(o_blister + o_slag + burnt - there, 0), basis)
        for inlet, amount in brought.items():
            there = there + amount * self.supply(inlet, basis, "O")
        frozen = self._frozen(copper, (slag, cu_slag * copper), (blister, copper - cu_slag * copper))
        shares = (cu_slag, s_slag, s_blister, share(o_slag, there), share(o_blister, there), *frozen)
        asked = (flux, brought["air"], brought["oxygen"], cold)
        return np.stack(np.broadcast_arrays(*shares, *asked), axis=1)

    def blown(self, oxygen: Floats, basis: Basis) -> dict[str, Floats]:
        """Air and oxygen, t/h, that bring so much oxygen (t/h, (S,)) that reacts, at the enrichment set."""
        return blast(self, oxygen / vector(self.o2_efficiency), vector(self.o2_enrichment), basis)

    def _frozen(
        self, copper: Floats, slag: tuple[Floats, Floats], blister: tuple[Floats, Floats]
    ) -> tuple[Floats, Floats]:
        """Shares of blister and slag, given by mass and copper (t/h), that freeze as skulls."""
        if not self.flows_at("skulls"):
            return np.zeros(1), np.zeros(1)
        held = vector(self.revert) * copper
        mass = held / vector(self.revert_cu)
        poor, rich = share(slag[1], slag[0]), share(blister[1], blister[0])
        apart = np.maximum(rich - poor, _LEAST_APART)
        metal = np.clip((held - poor * mass) / apart, 0, mass)
        return share(metal, blister[0]), share(mass - metal, slag[0])

    def split(self, drivers: Floats, basis: Basis) -> Floats:
        """Shares of every element."""
        cu_slag, s_slag, s_blister, o_slag, o_blister, *frozen = drivers[:, : len(_SHARES)].T
        balance = {
            "Cu": {"slag": cu_slag},
            "S": {"slag": s_slag, "blister": s_blister},
            "O": {"slag": o_slag, "blister": o_blister},
        }
        shares = self.shared(basis, balance, len(drivers))
        if self.flows_at("skulls"):
            for outlet, part in zip(("blister", "slag"), frozen, strict=True):
                at = self.outlets.index(outlet)
                gone = shares[:, at] * part[:, None]
                shares[:, at] -= gone
                shares[:, self.outlets.index("skulls")] += gone
        return shares

    def report(self, feed: Floats, drivers: Floats, basis: Basis) -> Report:
        """Copper in blister, slag, the two blows."""
        products = self.products(feed, drivers, basis)
        blister, slag, gas, _ = products
        blown = (self.asked(drivers, one)[:, None] * self._at(one) for one in _BLAST if self.connected(one))
        volume = sum((blast_m3(self, one, basis) for one in blown), np.zeros(len(feed)))
        oxygen = sum((self.asked(drivers, one) * self.supply(one, basis, "O") for one in _BLAST), np.zeros(len(feed)))
        cold = self.asked(drivers, "cold_charge")
        white, late = self._second_blow(products, oxygen, self._copper_of(cold, basis), basis)
        found: Report = {
            "blister_cu": (share(self.of(blister, basis, "Cu"), blister.sum(axis=1)), "frac"),
            "slag_fe_sio2": (self.iron_to_silica(slag, basis), "-"),
            "blast": (volume, "m3/h"),
            "slag_blow": (volume * (1 - late), "m3/h"),
            "blister_blow": (volume * late, "m3/h"),
            "white_metal": (white.sum(axis=1), "t/h"),
            "gas_so2": (self.so2_in(gas, basis), "frac"),
        }
        if np.all(vector(self.cycle) > 0) and np.all(vector(self.blow) > 0):
            hours = over(volume * vector(self.cycle), (basis.solids(feed) + cold) * vector(self.blow))
            found["slag_blow_time"] = (hours * (1 - late), "h")
            found["blister_blow_time"] = (hours * late, "h")
        return found

    def _second_blow(
        self, products: Sequence[Floats], oxygen: Floats, metallic: Floats, basis: Basis
    ) -> tuple[Floats, Floats]:
        """White metal (S, C) that the second blow begins with, and the share of the oxygen that it takes, (S,).

        Copper that was charged as metal, ``metallic`` (t/h), is dissolved in it and needs no sulphur.
        """
        metal = products[0] + self._metal_of_skulls(products, basis)
        there = sum((self.of(one, basis, "S") for one in (products[0], products[2])), np.zeros(1))
        white = metal.copy()
        sulphur = np.minimum(np.maximum(self.of(metal, basis, "Cu") - metallic, 0) * _S_PER_CU, there)
        for name, amount in (("S", sulphur), ("O", 0.0)):
            if name in basis.elements:
                white[:, basis.elements[name]] = amount
        burnt = np.maximum(sulphur - self.of(metal, basis, "S"), 0) * O_PER_S
        return white, share(burnt + self.of(metal, basis, "O"), oxygen * vector(self.o2_efficiency))

    def _copper_of(self, cold: Floats, basis: Basis) -> Floats:
        """Copper of so much cold charge (t/h) that comes as metal."""
        return cold * self.supply("cold_charge", basis, "Cu") if self.cold_is == "metal" else np.zeros_like(cold)

    def _metal_of_skulls(self, products: Sequence[Floats], basis: Basis) -> Floats:
        """What of the skulls (S, C) is blister: all but so much slag as their iron says."""
        slag, skulls = products[1], products[3]
        frozen = over(self.of(skulls, basis, "Fe"), self.of(slag, basis, "Fe"))
        return np.asarray(np.maximum(skulls - frozen[:, None] * slag, 0))

    def made_of(self, products: Sequence[Floats], basis: Basis) -> tuple[Parts, ...]:
        """Species of the products; skulls are slag and blister, still liquid."""
        blister, slag, gas, skulls = products
        *told, _ = super().made_of((blister, slag, gas, 0 * skulls), basis)
        metal = self._metal_of_skulls(products, basis)
        frozen = parts_of("slag", skulls - metal, basis, self.counted)
        for name, amount in parts_of("metal", metal, basis).items():
            frozen[name] = frozen.get(name, np.zeros(1)) + amount
        return (*told, frozen)

    def _cold(self, feed: Floats, basis: Basis) -> Floats:
        """Cold charge, t/h, whose melting takes up all heat that is left."""
        nothing = np.zeros(len(feed))
        if not self.connected("cold_charge") or self.heat != "surplus":
            return nothing
        most = vector(self.cold_most) * basis.solids(feed)
        return falling_root(lambda cold: self._left(feed, cold, basis), nothing, most)

    def _left(self, feed: Floats, cold: Floats, basis: Basis) -> Floats:
        """Heat, MW, that a feed of hot matte leaves with so much cold charge."""
        drivers = self._blown(feed, cold, basis)
        brought = (
            Arrival(self.asked(drivers, one)[:, None] * self._at(one), self.fed_as(one), main=False, inlet=one)
            for one in _INLETS
        )
        matte = Arrival(feed, "matte", vector(self.matte_temp), melts=self.counted)
        return self.balance([matte, *brought], self.products(feed, drivers, basis), basis).spare

    def heat_report(self, arrivals: Sequence[Arrival], products: Sequence[Floats], basis: Basis) -> Report:
        """Heat in all and by blow, cold charge, skulls to be charged again, and the share of the time that is blown."""
        found = super().heat_report(arrivals, products, basis)
        fed = [one.flow for one in arrivals if one.inlet in _BLAST]
        cold = at_inlet(arrivals, "cold_charge").sum(axis=1)
        late = self._heat_of_second_blow(fed, products, self._copper_of(cold, basis), basis)
        found["slag_blow_heat"] = (found["heat_surplus"][0] - late, "MW")
        found["blister_blow_heat"] = (late, "MW")
        if self.connected("cold_charge"):
            found["cold_charge"] = (cold, "t/h")
        elif np.all(vector(self.cold_heat) > 0):
            spare = np.maximum(found["heat_surplus"][0], 0) * vector(self.running)
            found["cold_charge"] = (3.6 * spare / vector(self.cold_heat), "t/h")
        if self.flows_at("skulls"):
            found["reverts"] = (basis.solids(products[self.outlets.index("skulls")]), "t/h")
        elif np.all(vector(self.revert_cu) > 0):
            copper = sum((self.of(one, basis, "Cu") for one in products), np.zeros(1))
            found["reverts"] = (vector(self.revert) * copper / vector(self.revert_cu), "t/h")
        if np.all(vector(self.blow) > 0):
            volume = sum((blast_m3(self, one, basis) for one in fed), np.zeros(1))
            found["blowing"] = (volume / vector(self.blow) / vector(self.furnaces), "frac")
        return found

    def _heat_of_second_blow(
        self, fed: Sequence[Floats], products: Sequence[Floats], metallic: Floats, basis: Basis
    ) -> Floats:
        """Heat, MW while the converters work, that is left of the blister blow with its part of the shell loss."""
        blown = np.asarray(sum(fed, np.zeros_like(products[0])))
        oxygen = self.of(blown, basis, "O")
        white, late = self._second_blow(products, oxygen, metallic, basis)
        blister = products[0] + self._metal_of_skulls(products, basis)
        gas = late[:, None] * blown
        for name in ("S", "O"):
            if name in basis.elements:
                at = basis.elements[name]
                gas[:, at] += white[:, at] - blister[:, at]
        entering = total(parts_of("matte", white, basis, self.counted), self.temp_of("slag"))
        entering = entering + late * total(parts_of("gas", blown, basis), None)
        leaving = total(parts_of("metal", blister, basis), self.temp_of("blister"))
        leaving = leaving + total(parts_of("gas", np.maximum(gas, 0), basis), self.temp_of("gas"))
        loss = late * vector(self.heat_loss) * vector(self.furnaces)
        return np.asarray((entering - leaving) / vector(self.running) - loss)
