"""Matte smelting: electric furnace, bath (Vanyukov) or flash furnace, by the balance of its elements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.chemistry import ATOMIC_WEIGHT, formula, grade_of_sulphur, matte_of_grade, per_mass
from zveno.simulate.units.element_unit import (
    NM3_PER_T,
    SILICA_PER_SI,
    SLAG_OXIDES,
    blast,
    drivers_of,
    flux_needed,
    share,
    slag_of,
)
from zveno.simulate.units.furnace import Arrival, Furnace
from zveno.simulate.units.unit import Report, Spec, Values, vector

_LIME = 1 + per_mass("CaO", "Ca")
_STEPS = 60
_SETTLED = 1e-14
_LEAST_GAIN = 0.01
_TINY, _RICHEST = 1e-300, 1e6
_SHARES = ("cu_slag", "fe_matte", "s_matte", "s_slag", "o_matte", "o_slag")
_INLETS = ("flux", "limestone", "air", "oxygen")


@dataclass(frozen=True)
class _Melt:
    """Matte, slag and demands of one step of the balance, t/h, shape (S,)."""

    cu_matte: Floats
    fe_matte: Floats
    s_matte: Floats
    o_matte: Floats
    s_slag: Floats
    slag: Floats
    o_slag: Floats
    flux: Floats
    limestone: Floats


@dataclass(frozen=True, kw_only=True)
class MatteFurnace(Furnace):
    """A furnace that smelts a charge to matte and slag.

    One thing is set and the rest follows: ``control`` *s_elimination* sets the share of sulphur that goes to gas,
    and the matte grade results (electric furnace); *matte_grade* sets the copper grade, and the sulphur to gas and
    the oxygen result (bath and flash furnaces); *slag_ratio* lets the silica of the charge take all iron that the
    Fe/SiO2 of the slag allows, and grade and sulphur to gas result (reverberatory furnaces).

    Matte by ``matte_rule`` *matousek* is Cu-Fe-S-O of Matousek's composition besides its minor elements;
    *sulphides* is Cu2S and FeS. Slag is FeO and Fe3O4 (``magnetite``, by iron) and the oxides of Si, Ca, Al, Mg,
    K, Na, Ti, Zn, Pb, with copper and sulphur as given shares of its mass. Flux is asked for to reach ``fe_sio2``,
    limestone to reach ``slag_cao``, air and oxygen to burn what burns: S to SO2, C to CO2, H to H2O.

    ``heat`` says what closes the heat balance: *power* (electric furnace), *enrichment* (nitrogen takes up what is
    left, in place of ``o2_enrichment``), *fuel* (methane in air, reported beside the flows), *temperature* (of all
    products alike), or nothing, and the *surplus* is reported. ``coal`` burns with oxygen of the enrichment; it is
    counted in heat and in ``oxygen_of_coal`` only, its carbon and oxygen do not join the flows.

    References
    ----------
    Davenport, King, Schlesinger & Biswas (2002), Extractive Metallurgy of Copper, 4th ed.;
    Matousek (1996), CIM Bulletin 89, no. 1002.

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import element_basis
    >>> furnace = MatteFurnace(control="s_elimination", s_elimination=0.5, matte_rule="sulphides")
    >>> matte = furnace.run(np.array([30.0, 30.0, 35.0, 0.0]), element_basis("Cu", "Fe", "S"))["matte"]
    >>> matte.round(2)
    array([[30. , 17.3, 17.5,  0. ]])
    """

    inlets: ClassVar = _INLETS
    outlets: ClassVar = ("matte", "slag", "gas")
    words: ClassVar = {"matte": "matte", "slag": "slag", "gas": "gas"}
    homes: ClassVar = {**dict.fromkeys(SLAG_OXIDES, "slag"), "Cu": "matte", "Fe": "slag", "S": "gas"}
    home: ClassVar = "gas"
    phases: ClassVar = {"matte": "matte", "slag": "slag", "gas": "gas"}
    temps: ClassVar = {"matte": "matte_temp", "slag": "slag_temp", "gas": "gas_temp"}
    drivers: ClassVar = drivers_of(_SHARES, _INLETS)

    control: Annotated[Literal["s_elimination", "matte_grade", "slag_ratio"], Spec("", "what is set")]
    matte_rule: Annotated[Literal["matousek", "sulphides"], Spec("", "what matte is made of")] = "matousek"
    s_elimination: Annotated[Values, Spec("frac", "share of the sulphur that goes to gas", high=1.0)] = 0.25
    matte_grade: Annotated[Values, Spec("frac", "copper in matte", low=0.15, high=0.79)] = 0.5
    fe_sio2: Annotated[Values, Spec("-", "Fe/SiO2 of the slag", low=0.2, high=4.0)] = 1.8
    slag_cao: Annotated[Values, Spec("frac", "CaO in slag that limestone is asked for; 0: none", high=0.4)] = 0.0
    slag_cu: Annotated[Values, Spec("frac", "copper in slag", high=0.15)] = 0.0
    slag_s: Annotated[Values, Spec("frac", "sulphur in slag", high=0.05)] = 0.0
    magnetite: Annotated[Values, Spec("frac", "share of the slag's iron that is Fe3O4", high=1.0)] = 0.0
    o2_efficiency: Annotated[Values, Spec("frac", "share of the oxygen that reacts", low=0.3, high=1.0)] = 1.0
    o2_enrichment: Annotated[Values, Spec("frac", "O2 in blast, by volume", low=0.2, high=1.0)] = 0.21
    matte_temp: Annotated[Values, Spec("K", "temperature of matte; 0: not given", high=1750.0)] = 0.0
    coal: Annotated[Values, Spec("kg/t", "coal per tonne of dry charge without fluxes", high=200.0)] = 0.0
    coal_c: Annotated[Values, Spec("frac", "carbon in coal", high=1.0)] = 0.8

    def observe(self, feed: Floats, basis: Basis) -> Floats:
        """Shares of Cu, Fe, S and O, and what is asked for, that close the balance of a charge."""
        melt = self._melt(feed, basis)
        total = feed + melt.flux[:, None] * self._at("flux") + melt.limestone[:, None] * self._at("limestone")
        sulphur = self.of(total, basis, "S")
        burnt = self.oxygen_to_burn(total, np.maximum(sulphur - melt.s_matte - melt.s_slag, 0), basis)
        there = self.of(total, basis, "O")
        wanted = np.maximum(melt.o_matte + melt.o_slag + burnt - there, 0) / vector(self.o2_efficiency)
        brought = blast(self, wanted, vector(self.o2_enrichment), basis)
        for inlet, amount in brought.items():
            there = there + amount * self.supply(inlet, basis, "O")
        copper, iron = self.of(total, basis, "Cu"), self.of(total, basis, "Fe")
        shares = (
            1 - share(melt.cu_matte, copper),
            share(melt.fe_matte, iron),
            share(melt.s_matte, sulphur),
            share(melt.s_slag, sulphur),
            share(melt.o_matte, there),
            share(melt.o_slag, there),
        )
        asked = (melt.flux, melt.limestone, brought["air"], brought["oxygen"])
        return np.stack(np.broadcast_arrays(*shares, *asked), axis=1)

    def split(self, drivers: Floats, basis: Basis) -> Floats:
        """Shares of every element."""
        cu_slag, fe_matte, s_matte, s_slag, o_matte, o_slag = drivers[:, : len(_SHARES)].T
        balance = {
            "Cu": {"slag": cu_slag},
            "Fe": {"matte": fe_matte},
            "S": {"matte": s_matte, "slag": s_slag},
            "O": {"matte": o_matte, "slag": o_slag},
        }
        return self.shared(basis, balance, len(drivers))

    def report(self, feed: Floats, drivers: Floats, basis: Basis) -> Report:
        """Matte grade, slag, sulphur to gas, oxygen and the strength of the gas."""
        matte, slag, gas = self.products(feed, drivers, basis)
        asked = self.requested(drivers, basis)
        oxygen = np.zeros(len(feed)) if asked is None else self.of(asked[:, 2:].sum(axis=1), basis, "O")
        return {
            "matte_grade": (share(self.of(matte, basis, "Cu"), matte.sum(axis=1)), "frac"),
            "slag_cu": (share(self.of(slag, basis, "Cu"), slag.sum(axis=1)), "frac"),
            "slag_fe_sio2": (self.iron_to_silica(slag, basis), "-"),
            "s_elimination": (share(self.of(gas, basis, "S"), self.of(gas + matte + slag, basis, "S")), "frac"),
            "oxygen": (oxygen * NM3_PER_T["O2"], "m3/h"),
            "gas_so2": (self.so2_in(gas, basis), "frac"),
        }

    def carbon(self, arrivals: Sequence[Arrival], basis: Basis) -> Floats:
        """Carbon of the coal, kmol/h."""
        charge = (basis.solids(one.flow) for one in arrivals if one.phase == "charge" and one.main)
        burnt = sum(charge, np.zeros(1)) * vector(self.coal) * vector(self.coal_c)
        return np.asarray(burnt / ATOMIC_WEIGHT["C"])

    def heat_report(self, arrivals: Sequence[Arrival], products: Sequence[Floats], basis: Basis) -> Report:
        """Heat, and what coal burns with."""
        found = super().heat_report(arrivals, products, basis)
        if np.any(vector(self.coal) > 0):
            found["oxygen_of_coal"] = (self.carbon(arrivals, basis) * 22.414 / vector(self.o2_efficiency), "m3/h")
        return found

    def product(self, products: Sequence[Floats]) -> Floats:
        """Fuel is counted by matte and slag, t/h."""
        return np.asarray(products[0].sum(axis=1) + products[1].sum(axis=1))

    def _at(self, inlet: str) -> Floats:
        """Composition of what stands ready at an inlet, shape (S or 1, C)."""
        if self.supplies is None:
            return np.zeros((1, 1))
        return self.supplies[:, self.inlets.index(inlet)]

    def _melt(self, feed: Floats, basis: Basis) -> _Melt:
        """Settle slag, flux and limestone on each other; they hang together weakly, so a few steps do."""
        names = ("Cu", "Fe", "S", *SLAG_OXIDES)
        flux = limestone = np.zeros(len(feed))
        slag = 2 * self.of(feed, basis, "Fe") + 2 * self.of(feed, basis, "Si")
        for _ in range(_STEPS):
            total = feed + flux[:, None] * self._at("flux") + limestone[:, None] * self._at("limestone")
            amounts = {name: self.of(total, basis, name) for name in names}
            melt = self._step(feed, total, amounts, slag, limestone, basis)
            moved = np.abs(melt.slag - slag) + np.abs(melt.flux - flux) + np.abs(melt.limestone - limestone)
            slag, flux, limestone = melt.slag, melt.flux, melt.limestone
            if np.all(moved <= _SETTLED * np.maximum(slag, _SETTLED)):
                break
        return melt

    def _step(
        self, feed: Floats, total: Floats, amounts: Mapping[str, Floats], slag: Floats, limestone: Floats, basis: Basis
    ) -> _Melt:
        """One step: from the mass of slag to matte, iron in slag, flux, limestone, and slag again."""
        minor = sum(self.minors(total, basis, "matte").values(), np.zeros(len(feed)))
        copper = np.maximum(amounts["Cu"] - vector(self.slag_cu) * slag, 0)
        s_slag = np.minimum(vector(self.slag_s) * slag, amounts["S"])
        silica = amounts["Si"] * SILICA_PER_SI
        iron, sulphur, oxygen = self._matte(copper, amounts, s_slag, silica, minor)
        iron = np.clip(iron, 0, amounts["Fe"])
        fe_slag = amounts["Fe"] - iron
        flux = np.zeros(len(feed))
        if self.connected("flux") and self.control != "slag_ratio":
            own = feed + limestone[:, None] * self._at("limestone")
            flux = flux_needed(
                np.maximum(self.of(own, basis, "Fe") - iron, 0),
                self.of(own, basis, "Si") * SILICA_PER_SI,
                vector(self.fe_sio2),
                self.supply("flux", basis, "Fe"),
                self.supply("flux", basis, "Si") * SILICA_PER_SI,
            )
        oxides = {name: amounts[name] for name in SLAG_OXIDES}
        mass, o_slag = slag_of(fe_slag, oxides, self.minors(total, basis, "slag"), vector(self.magnetite))
        new = mass + np.minimum(vector(self.slag_cu) * slag, amounts["Cu"]) + s_slag
        return _Melt(
            cu_matte=copper, fe_matte=iron, s_matte=np.clip(sulphur, 0, amounts["S"] - s_slag), o_matte=oxygen,
            s_slag=s_slag, slag=new, o_slag=o_slag, flux=flux,
            limestone=self._limestone(new, limestone, amounts["Ca"], basis),
        )  # fmt: skip

    def _limestone(self, slag: Floats, there: Floats, calcium: Floats, basis: Basis) -> Floats:
        """Limestone that brings the CaO of a slag to what is wanted; none where limestone cannot do that."""
        if not self.connected("limestone"):
            return np.zeros(len(slag))
        wanted, lime = vector(self.slag_cao), self.supply("limestone", basis, "Ca") * _LIME
        brings = {name: self.supply("limestone", basis, name) for name in SLAG_OXIDES}
        makes, _ = slag_of(self.supply("limestone", basis, "Fe"), brings, {}, vector(self.magnetite))
        gains = lime - wanted * makes
        missing = wanted * (slag - there * makes) - (calcium * _LIME - there * lime)
        found = np.divide(missing, gains, out=np.zeros(np.broadcast(missing, gains).shape), where=gains > _LEAST_GAIN)
        return np.maximum(found, 0)

    def _matte(
        self, copper: Floats, amounts: Mapping[str, Floats], s_slag: Floats, silica: Floats, minor: Floats
    ) -> tuple[Floats, Floats, Floats]:
        """Fe, S and O in matte, t/h."""
        if self.control == "slag_ratio":
            iron = np.maximum(amounts["Fe"] - vector(self.fe_sio2) * silica, 0)
            if self.matte_rule == "sulphides":
                return iron, copper * per_mass("Cu2S", "Cu") + iron * per_mass("FeS", "Fe"), 0 * iron
            grade = 0.62 / (np.minimum(iron / np.maximum(copper, _TINY), _RICHEST) + 0.775)
            return _matte_of((copper + iron) / (grade + matte_of_grade(grade)[0]), grade)
        if self.control == "matte_grade":
            main = np.maximum(copper / vector(self.matte_grade) - minor, 0)
            if self.matte_rule == "sulphides":
                ferrous = np.maximum(main - copper * (1 + per_mass("Cu2S", "Cu")), 0)
                iron = ferrous * formula("FeS")["Fe"]
                return iron, copper * per_mass("Cu2S", "Cu") + ferrous - iron, 0 * iron
            return _matte_of(main, share(copper, main))
        sulphur = np.maximum(amounts["S"] * (1 - vector(self.s_elimination)) - s_slag, 0)
        if self.matte_rule == "sulphides":
            ferrous = np.maximum(sulphur - copper * per_mass("Cu2S", "Cu"), 0) / formula("FeS")["S"]
            return ferrous * formula("FeS")["Fe"], sulphur, 0 * sulphur
        grade = grade_of_sulphur(np.minimum(sulphur / np.maximum(copper, _TINY), _RICHEST))
        return _matte_of(sulphur / matte_of_grade(grade)[1], grade)


def _matte_of(main: Floats, grade: Floats) -> tuple[Floats, Floats, Floats]:
    """Fe, S and O of so much Cu-Fe-S-O matte of a grade."""
    iron, sulphur, oxygen = matte_of_grade(grade)
    return np.maximum(iron * main, 0), sulphur * main, np.maximum(oxygen * main, 0)
