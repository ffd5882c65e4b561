"""What furnaces have in common beside their elements: heat, and what closes it.

Heat is worked out from the streams at a furnace once flows are known. Every stream has an enthalpy relative to
the elements at 298.15 K: what comes from a furnace has the temperature of its outlet, everything else is cold.

    heat in + heat added = heat out + loss + surplus

What closes it acts on the flows where it can: enrichment by its nitrogen, fuel by its gas if an inlet ``fuel`` is
connected.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.chemistry import OTHER
from zveno.simulate.roots import falling_root
from zveno.simulate.thermo import COMPOUNDS, MeltRule, Melts, Parts, PhaseKind, enthalpy, parts_of, total
from zveno.simulate.units.element_unit import MELTS_K, NM3_PER_T, ElementUnit, share
from zveno.simulate.units.unit import Report, Spec, Values, vector
from zveno.text.mark import tr

Closing = Literal["none", "surplus", "power", "fuel", "enrichment", "temperature"]
FUEL_ELEMENTS = ("C", "H", "O", "N", "S", OTHER)
"""What fuel that closes the heat may hold: what goes to gas."""
LHV_CH4 = 802.6
"""Net calorific value of methane, kJ/mol."""
_MOLAR_M3, _KMOL_H_PER_MW = 22.414, 3600.0
_COOLEST_SHIFT, _HOTTEST_SHIFT = -150.0, 250.0
_GASES_K = (298.15, 1900.0)


@dataclass(frozen=True)
class Arrival:
    """A stream that enters a furnace: flow (S, C), t/h; what it is; temperature, K, or None if cold.

    ``main`` is False for what the furnace asked for at an ``inlet``; ``melts``: how the furnace it left counts melts.
    """

    flow: Floats
    phase: PhaseKind
    temp_k: Floats | None = None
    main: bool = True
    melts: Melts = COMPOUNDS
    inlet: str = ""


@dataclass(frozen=True)
class Heat:
    """Heat balance of a furnace, MW while it runs, shape (S,), and what its products are made of."""

    entering: Floats
    leaving: Floats
    loss: Floats
    coal: Floats
    products: tuple[Parts, ...]

    @property
    def spare(self) -> Floats:
        """What is left, or missing if negative, before power or fuel is added."""
        return self.entering + self.coal - self.leaving - self.loss


@dataclass(frozen=True, kw_only=True)
class Furnace(ElementUnit):
    """Base of the furnaces. ``phases`` says what leaves by an outlet, ``fed`` what comes in at an inlet.

    What leaves by an outlet of ``cools`` leaves hot and arrives cold.

    ``fuel_tph`` is filled in by what closes the heat: fuel asked for at the inlet ``fuel``, t/h, shape (S,).
    """

    phases: ClassVar[Mapping[str, PhaseKind]] = {}
    fed: ClassVar[Mapping[str, PhaseKind]] = {
        "air": "gas", "oxygen": "gas", "reductant": "fuel", "fuel": "fuel", "coal": "fuel"
    }  # fmt: skip

    cools: ClassVar[tuple[str, ...]] = ()

    heat: Annotated[Closing, Spec("", "what closes the heat balance; none: heat is not reported")] = "none"
    furnaces: Annotated[Values, Spec("-", "furnaces at work", low=0.1, high=20.0)] = 1.0
    running: Annotated[Values, Spec("frac", "share of the time that they work", low=0.05, high=1.0)] = 1.0
    heat_loss: Annotated[Values, Spec("MW", "heat lost by one furnace at work, besides gas", high=100.0)] = 0.0
    power_efficiency: Annotated[
        Values, Spec("frac", "share of the power metered that becomes heat", low=0.5, high=1.0)
    ] = 1.0
    hearth_m2: Annotated[Values, Spec("m2", "hearth or tuyere plane of one furnace; 0: not given", high=1000.0)] = 0.0
    slag_temp: Annotated[Values, Spec("K", "temperature of slag; 0: not given", high=1750.0)] = 0.0
    gas_temp: Annotated[Values, Spec("K", "temperature of gas; 0: not given", high=1900.0)] = 0.0
    melts: Annotated[
        MeltRule, Spec("", "what heat counts melts as: silicates and sulphides, or pure oxides and sulphides")
    ] = "compounds"
    slag_mixing: Annotated[
        Values, Spec("kJ/mol", "heat of mixing per mole of 2FeO.SiO2 in slag of pure oxides", low=-80.0, high=40.0)
    ] = 0.0
    fuel_tph: Values = 0.0

    def conflict(self) -> str:
        """Heat needs a loss and temperatures, and something that can close it."""
        if self.heat == "none":
            return ""
        if not np.all(vector(self.heat_loss) > 0):
            return tr("unit '{unit}' is to close its heat, but its heat_loss is not given")
        for outlet, name in self.temps.items():
            low, high = _GASES_K if self.phases[outlet] == "gas" else MELTS_K
            temp = vector(getattr(self, name))
            if not np.all((temp >= low) & (temp <= high)):
                return tr(
                    "unit '{unit}' is to close its heat: give the temperature of each product,"
                    " melts between 1350 and 1750 K, gas up to 1900 K"
                )
        if self.heat == "enrichment" and not hasattr(self, "o2_enrichment"):
            return tr("unit '{unit}' has no enrichment of blast that could close its heat")
        return ""

    def idle_inlet(self, inlets: Collection[str]) -> str:
        """Sentence about {unit} that says which of the inlets connected it would never ask at; empty if none."""
        if "fuel" in inlets and not (self.heat == "fuel" and "air" in inlets):
            return tr("fuel reaches unit '{unit}', which does not burn it: give it heat: fuel and a stream of air")
        return ""

    def fed_as(self, inlet: str) -> PhaseKind:
        """What comes in at an inlet."""
        return self.fed.get(inlet, "charge")

    @property
    def counted(self) -> Melts:
        """What heat counts the melts of this furnace as."""
        return Melts(self.melts, vector(self.slag_mixing))

    def balance(self, arrivals: Sequence[Arrival], products: Sequence[Floats], basis: Basis) -> Heat:
        """Heat of all streams, with products (S, C) as ``outlets`` lists them."""
        running = vector(self.running)
        parts = self.made_of(products, basis)
        entering = sum(
            (total(parts_of(one.phase, one.flow, basis, one.melts), one.temp_k) for one in arrivals), np.zeros(1)
        )
        leaving = sum(
            (total(part, self.temp_of(one)) for part, one in zip(parts, self.outlets, strict=True)), np.zeros(1)
        )
        loss = vector(self.heat_loss) * vector(self.furnaces)
        coal = self.carbon(arrivals, basis) * self._carbon_stays() / _KMOL_H_PER_MW
        both = np.broadcast_arrays(entering / running, leaving / running, loss, coal / running)
        return Heat(both[0], both[1], both[2], both[3], parts)

    def made_of(self, products: Sequence[Floats], basis: Basis) -> tuple[Parts, ...]:
        """Species of the products (S, C), as ``outlets`` lists them."""
        return tuple(
            parts_of(self.phases[one], flow, basis, self.counted)
            for one, flow in zip(self.outlets, products, strict=True)
        )

    @property
    def burns(self) -> bool:
        """Fuel that closes the heat is asked for, and so joins the flows; else it is only reported."""
        asked = self.heat == "fuel" and "fuel" in self.inlets
        return asked and self.connected("fuel") and self.connected("air")

    @property
    def closes(self) -> bool:
        """What closes the heat is a figure of the furnace itself, not only of its report."""
        return self.heat in ("enrichment", "temperature") or self.burns

    def blown(self, oxygen: Floats, basis: Basis) -> dict[str, Floats]:
        """What is asked for at each inlet, t/h, to bring so much oxygen (t/h, (S,)) that reacts."""
        holds = self.supply("air", basis, "O")
        return {"air": np.divide(oxygen, holds, out=np.zeros(np.broadcast(oxygen, holds).shape), where=holds > 0)}

    def carbon(self, arrivals: Sequence[Arrival], basis: Basis) -> Floats:  # noqa: ARG002
        """Carbon of coal burnt beside the flows, kmol/h, mean over all hours."""
        return np.zeros(1)

    def _carbon_stays(self, hotter: Floats | float = 0.0) -> Floats:
        """Heat of a mole of carbon burnt with the blast that stays, its gas leaving at ``gas_temp`` or hotter, kJ."""
        if not hasattr(self, "o2_enrichment"):
            return np.zeros(1)
        temp, oxygen = vector(self.gas_temp) + hotter, 1 / vector(getattr(self, "o2_efficiency"))  # noqa: B009
        nitrogen = oxygen * (1 / vector(self.o2_enrichment) - 1)
        gas = enthalpy("CO2(g)", temp) + (oxygen - 1) * enthalpy("O2(g)", temp) + nitrogen * enthalpy("N2(g)", temp)
        return np.asarray(-gas)

    def closed(self, arrivals: Sequence[Arrival], products: Sequence[Floats], basis: Basis) -> Self:
        """The same furnace with the enrichment, fuel or temperatures that close its heat, within their bounds."""
        if self.heat == "enrichment":
            return self._with_enrichment(arrivals, products, basis)
        if self.heat == "temperature":
            carbon = self.carbon(arrivals, basis) / _KMOL_H_PER_MW
            return self._with_temperature(self.balance(arrivals, products, basis), carbon)
        if self.burns:
            return self._with_fuel(arrivals, products, basis)
        return self

    def heat_report(self, arrivals: Sequence[Arrival], products: Sequence[Floats], basis: Basis) -> Report:
        """The heat balance in MW while the furnaces work, and what closes it."""
        heat = self.balance(arrivals, products, basis)
        running, charge = vector(self.running), self.charge(arrivals)
        found: Report = {"charge": (charge / running, "t/h")}
        needed = np.maximum(-heat.spare, 0)
        added = np.zeros_like(needed)
        if self.heat == "power":
            added = needed
            metered = needed * running / vector(self.power_efficiency)
            found["power"] = (needed, "MW")
            found["specific_energy"] = (over(1e3 * metered, self.dry_charge(arrivals, basis)), "kWh/t")
        elif self.heat == "fuel":
            if self.burns:
                fuel = at_inlet(arrivals, "fuel").sum(axis=1) * self._fuel_heats(basis)[0] / running
            else:
                added = needed
                fuel = needed * LHV_CH4 / self.fuel_stays()
            found["fuel"] = (fuel, "MW")
            found["fuel_per_t"] = (over(3.6 * fuel * running, self.product(products)), "GJ/t")
        elif self.heat == "enrichment":
            found["enrichment"] = (vector(getattr(self, "o2_enrichment")), "frac")  # noqa: B009
        elif self.heat == "temperature":
            found["bath_temp"] = (vector(self.slag_temp), "K")
        if np.all(vector(self.hearth_m2) > 0):
            liquid = sum((one.flow.sum(axis=1) for one in arrivals if one.temp_k is not None and one.phase == "slag"),
                         np.zeros(1))  # fmt: skip
            area = vector(self.hearth_m2) * vector(self.furnaces)
            found["hearth_load"] = (24 * (charge + liquid) / running / area, "t/m2/d")
        found["heat_in"], found["heat_added"] = (heat.entering, "MW"), (heat.coal + added, "MW")
        found["heat_out"], found["heat_loss"] = (heat.leaving, "MW"), (heat.loss, "MW")
        found["heat_surplus"] = (heat.spare + added, "MW")
        return found

    def charge(self, arrivals: Sequence[Arrival]) -> Floats:
        """Cold charge with its moisture and fluxes, t/h, mean over all hours."""
        cold = (one.flow.sum(axis=1) for one in arrivals if one.phase == "charge" and one.temp_k is None)
        return np.asarray(sum(cold, np.zeros(1)))

    def dry_charge(self, arrivals: Sequence[Arrival], basis: Basis) -> Floats:
        """Cold charge and fluxes without moisture, t/h, mean over all hours."""
        cold = (basis.solids(one.flow) for one in arrivals if one.phase == "charge" and one.temp_k is None)
        return np.asarray(sum(cold, np.zeros(1)))

    def product(self, products: Sequence[Floats]) -> Floats:
        """What fuel is counted by: the first outlet, t/h."""
        return np.asarray(products[0].sum(axis=1))

    def fuel_stays(self) -> Floats:
        """Heat of a mole of methane burnt with air that stays in the furnace, its gas leaving at ``gas_temp``, kJ."""
        temp = vector(self.gas_temp)
        gas = enthalpy("CO2(g)", temp) + 2 * enthalpy("H2O(g)", temp) + 2 * (0.79 / 0.21) * enthalpy("N2(g)", temp)
        return np.asarray(enthalpy("CH4(g)") - gas)

    def _with_enrichment(self, arrivals: Sequence[Arrival], products: Sequence[Floats], basis: Basis) -> Self:
        """Nitrogen takes up what heat is left; the enrichment stays between air and the oxygen supplied."""
        heat, running = self.balance(arrivals, products, basis), vector(self.running)
        content = enthalpy("N2(g)", vector(self.gas_temp)) / _KMOL_H_PER_MW
        carbon = self.carbon(arrivals, basis) / vector(getattr(self, "o2_efficiency"))  # noqa: B009
        fed = [one.flow for one in arrivals if one.phase == "gas" and one.temp_k is None]
        oxygen = sum((self.of(one, basis, "O") for one in fed), np.zeros(1)) / 31.998e-3 + carbon
        nitrogen = sum((self.of(one, basis, "N") for one in fed), np.zeros(1)) / 28.014e-3
        nitrogen = nitrogen + carbon * (1 / vector(getattr(self, "o2_enrichment")) - 1)  # noqa: B009
        wanted = np.maximum(nitrogen + heat.spare * running / content, 0)
        low, high = (self._richness(one, basis) for one in ("air", "oxygen"))
        return self._with({"o2_enrichment": np.clip(share(oxygen, oxygen + wanted), low, high)})

    def _richness(self, inlet: str, basis: Basis) -> Floats:
        """O2 in what stands ready at an inlet, by volume; 0.21 where nothing does."""
        oxygen, nitrogen = self.supply(inlet, basis, "O") / 31.998, self.supply(inlet, basis, "N") / 28.014
        return np.where(oxygen > 0, share(oxygen, oxygen + nitrogen), 0.21)

    def _with_fuel(self, arrivals: Sequence[Arrival], products: Sequence[Floats], basis: Basis) -> Self:
        """As much fuel as heat is missing; none where its gas leaves too hot to leave any heat behind."""
        missing = -self.balance(arrivals, products, basis).spare * vector(self.running)
        stays = self._fuel_heats(basis)[1]
        more = np.divide(missing, stays, out=np.zeros(np.broadcast(missing, stays).shape), where=stays > 0)
        return self._with({"fuel_tph": np.maximum(at_inlet(arrivals, "fuel").sum(axis=1) + more, 0)})

    def _fuel_heats(self, basis: Basis) -> tuple[Floats, Floats]:
        """Net calorific value of the fuel, and what of it stays with its gas leaving at ``gas_temp``, MW per t/h."""
        fuel = self._at("fuel")
        sulphur = self.of(fuel, basis, "S")
        burnt = np.maximum(self.oxygen_to_burn(fuel, sulphur, basis) - self.of(fuel, basis, "O"), 0)
        gas, cold = fuel, total(parts_of("fuel", fuel, basis), None)
        for inlet, amount in self.blown(burnt, basis).items():
            blast = amount[:, None] * self._at(inlet)
            gas, cold = gas + blast, cold + total(parts_of("gas", blast, basis), None)
        made = parts_of("gas", gas, basis)
        return cold - total(made, None), cold - total(made, vector(self.gas_temp))

    def _with_temperature(self, heat: Heat, carbon: Floats) -> Self:
        """All products hotter or cooler by the same number of degrees."""
        running = vector(self.running)
        given, burns = heat.entering - heat.loss, bool(carbon.any())
        asked = [
            (part, vector(getattr(self, self.temps[one])))
            for part, one in zip(heat.products, self.outlets, strict=True)
            if one in self.temps
        ]

        def spare(shift: Floats) -> Floats:
            leaving = sum((total(part, temp + shift) for part, temp in asked), np.zeros(1))
            coal = carbon * self._carbon_stays(shift) if burns else 0.0
            return np.asarray(given + (coal - leaving) / running)

        shift = falling_root(spare, *self._shifts(len(given)))
        names = dict.fromkeys(self.temps.values())
        return self._with({name: vector(getattr(self, name)) + shift for name in names})

    def _with(self, values: dict[str, Any]) -> Self:
        """The same furnace with other values of some parameters."""
        return replace(self, **values)

    def _shifts(self, rows: int) -> tuple[Floats, Floats]:
        """How much cooler and hotter the products may be for all of them to stay within what is known."""
        low, high = np.full(rows, _COOLEST_SHIFT), np.full(rows, _HOTTEST_SHIFT)
        for outlet, name in self.temps.items():
            coldest, hottest = _GASES_K if self.phases[outlet] == "gas" else MELTS_K
            low = np.maximum(low, coldest - vector(getattr(self, name)))
            high = np.minimum(high, hottest - vector(getattr(self, name)))
        return low, high


def at_inlet(arrivals: Sequence[Arrival], inlet: str) -> Floats:
    """Flow (S, C) that was asked for at an inlet."""
    return np.asarray(sum((one.flow for one in arrivals if one.inlet == inlet), np.zeros((1, 1))))


def blast_m3(unit: ElementUnit, flow: Floats, basis: Basis) -> Floats:
    """Volume of a blast (S, C) of oxygen and nitrogen, m3/h at 0 C and 1 atm."""
    return unit.of(flow, basis, "O") * NM3_PER_T["O2"] + unit.of(flow, basis, "N") * NM3_PER_T["N2"]


def over(part: Floats, whole: Floats) -> Floats:
    """Part over whole; zero where there is nothing."""
    part, whole = np.broadcast_arrays(part, whole)
    return np.asarray(np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0))
