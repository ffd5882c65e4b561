"""Matte smelting: electric furnace, bath (Vanyukov) or flash furnace, by the balance of its elements."""

from __future__ import annotations

from collections.abc import Sequence
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
    iron_oxygen,
    oxides_of,
    share,
)
from zveno.simulate.units.furnace import Arrival, Furnace
from zveno.simulate.units.unit import Report, Spec, Values, vector

_LIME = 1 + per_mass("CaO", "Ca")
_STEPS = 60
_SETTLED = 1e-14
_LEAST_GAIN = 0.01
_TINY, _RICHEST = 1e-300, 1e6
_CU, _FE, _S, _SILICA, _CAO, _OXIDES, _OXYGEN, _MINOR = range(8)
_STEEPEST, _FLATTEST = -1.5, -0.5
_MAKE_SLAG = ("flux", "limestone")
_SHARES = ("cu_slag", "fe_matte", "s_matte", "s_slag", "o_matte", "o_slag")
_INLETS = ("flux", "limestone", "air", "oxygen", "fuel", "coal")


_Sums = tuple[Floats, Floats | None, Floats | None]
"""Of the charge, and of a tonne of flux and of limestone where there are any."""


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

    The mass of slag W is found so that W = oxides(W) + W (slag_cu + slag_s): copper that stays in slag is missing in
    matte and so moves iron, flux and limestone; the secant takes four or five steps.

    ``heat`` says what closes the heat balance: *power* (electric furnace), *enrichment* (nitrogen takes up what is
    left, in place of ``o2_enrichment``), *fuel*, *temperature* (of all products alike), or nothing, and the *surplus*
    is reported. Fuel comes in at the inlet ``fuel``, if that and air are connected, burns with the blast, sulphur
    to SO2, and its gas leaves with the gas; it must leave no ash. Where no fuel is connected it is reported, counted
    as methane burnt with air. ``coal`` is asked for at its inlet per tonne of all dry feed, with ash to slag and gas
    to gas; where that is not connected it counts per tonne of cold charge in heat and in ``oxygen_of_coal`` only.

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

    A flash furnace on 1000 kg of chalcopyrite with 65 % matte, 30 % SiO2 in slag of FeO and SiO2 and blast of half O2:
    its matte, slag, flux and SO2 (533, 444, 133 and 451 kg).

    >>> basis = element_basis("Cu", "Fe", "S", "Si", "O", "N")
    >>> stands = {"flux": [0, 0, 0, 0.46743, 0.53257, 0, 0], "air": [0, 0, 0, 0, 0.233, 0.767, 0],
    ...           "oxygen": [0, 0, 0, 0, 1.0, 0, 0]}
    >>> ready = np.array([[stands.get(one, [0.0] * 7) for one in MatteFurnace.inlets]])
    >>> furnace = MatteFurnace(control="matte_grade", matte_rule="sulphides", matte_grade=0.65,
    ...                        fe_sio2=0.7 / 0.3 * 0.7773, o2_enrichment=0.5, supplies=ready)
    >>> feed = np.array([[346.27, 304.31, 349.42, 0.0, 0.0, 0.0, 0.0]])
    >>> drivers = furnace.observe(feed, basis)
    >>> matte, slag, gas = furnace.products(feed, drivers, basis)
    >>> flux = furnace.asked(drivers, "flux")
    >>> np.concatenate([matte.sum(axis=1), slag.sum(axis=1), flux, gas[:, 2] * 1.998]).round()
    array([533., 444., 133., 451.])
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
        nothing = np.zeros(len(feed))
        coal = basis.solids(feed) * vector(self.coal) / 1000 if self.connected("coal") else nothing
        melt = self._melt(feed + coal[:, None] * self._at("coal") if self.connected("coal") else feed, basis)
        fuel = nothing + vector(self.fuel_tph) if self.burns else nothing
        asked = {"flux": melt.flux, "limestone": melt.limestone, "fuel": fuel, "coal": coal}
        total = feed
        for inlet, amount in asked.items():
            total = total + amount[:, None] * self._at(inlet) if self.connected(inlet) else total
        sulphur, there = self.of(total, basis, "S"), self.of(total, basis, "O")
        burnt = self.oxygen_to_burn(total, np.maximum(sulphur - melt.s_matte - melt.s_slag, 0), basis)
        asked |= self.blown(np.maximum(melt.o_matte + melt.o_slag + burnt - there, 0), basis)
        for inlet in ("air", "oxygen"):
            there = there + asked[inlet] * self.supply(inlet, basis, "O")
        copper, iron = self.of(total, basis, "Cu"), self.of(total, basis, "Fe")
        shares = (
            1 - share(melt.cu_matte, copper),
            share(melt.fe_matte, iron),
            share(melt.s_matte, sulphur),
            share(melt.s_slag, sulphur),
            share(melt.o_matte, there),
            share(melt.o_slag, there),
        )
        return np.stack(np.broadcast_arrays(*shares, *(asked[one] for one in _INLETS)), axis=1)

    def blown(self, oxygen: Floats, basis: Basis) -> dict[str, Floats]:
        """Air and oxygen, t/h, that bring so much oxygen (t/h, (S,)) that reacts, at the enrichment set."""
        return blast(self, oxygen / vector(self.o2_efficiency), vector(self.o2_enrichment), basis)

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
        oxygen = sum(
            (self.asked(drivers, one) * self.supply(one, basis, "O") for one in ("air", "oxygen")), np.zeros(1)
        )
        return {
            "matte_grade": (share(self.of(matte, basis, "Cu"), matte.sum(axis=1)), "frac"),
            "slag_cu": (share(self.of(slag, basis, "Cu"), slag.sum(axis=1)), "frac"),
            "slag_fe_sio2": (self.iron_to_silica(slag, basis), "-"),
            "s_elimination": (share(self.of(gas, basis, "S"), self.of(gas + matte + slag, basis, "S")), "frac"),
            "oxygen": (oxygen * NM3_PER_T["O2"], "m3/h"),
            "gas_so2": (self.so2_in(gas, basis), "frac"),
        }

    def carbon(self, arrivals: Sequence[Arrival], basis: Basis) -> Floats:
        """Carbon of the coal, kmol/h; none where coal comes in at its inlet and so is among the streams."""
        if self.connected("coal"):
            return np.zeros(1)
        charge = (basis.solids(one.flow) for one in arrivals if one.phase == "charge" and one.main)
        burnt = sum(charge, np.zeros(1)) * vector(self.coal) * vector(self.coal_c)
        return np.asarray(burnt / ATOMIC_WEIGHT["C"])

    def heat_report(self, arrivals: Sequence[Arrival], products: Sequence[Floats], basis: Basis) -> Report:
        """Heat, and what coal burns with."""
        found = super().heat_report(arrivals, products, basis)
        if np.any(vector(self.coal) > 0) and not self.connected("coal"):
            found["oxygen_of_coal"] = (self.carbon(arrivals, basis) * 22.414 / vector(self.o2_efficiency), "m3/h")
        return found

    def product(self, products: Sequence[Floats]) -> Floats:
        """Fuel is counted by matte and slag, t/h."""
        return np.asarray(products[0].sum(axis=1) + products[1].sum(axis=1))

    def _melt(self, feed: Floats, basis: Basis) -> _Melt:
        """Settle the mass of slag: what hangs on it gives a mass of slag again, and the two must be the same.

        They hang together weakly (by copper, sulphur and lime of the slag) and nearly in a straight line, so the
        secant finds them in four or five steps.
        """
        own = self._sums(feed, basis)
        flux, limestone = (self._sums(self._at(one), basis) if self.connected(one) else None for one in _MAKE_SLAG)
        nothing = np.zeros(len(feed))
        slag = own[_OXIDES] + own[_FE] * (1 + iron_oxygen(vector(self.magnetite)))
        melt = self._step((own, flux, limestone), slag, nothing, nothing)
        before, off_before, slag = slag, melt.slag - slag, melt.slag
        for _ in range(_STEPS):
            last, melt = melt, self._step((own, flux, limestone), slag, melt.flux, melt.limestone)
            off = melt.slag - slag
            moved = np.abs(off) + np.abs(melt.flux - last.flux) + np.abs(melt.limestone - last.limestone)
            if np.all(moved <= _SETTLED * np.maximum(slag, _SETTLED)):
                break
            slope = np.divide(off - off_before, slag - before, out=np.full(len(slag), -1.0), where=slag != before)
            before, off_before = slag, off
            slag = np.maximum(slag - off / np.clip(slope, _STEEPEST, _FLATTEST), 0)
        return melt

    def _sums(self, flow: Floats, basis: Basis) -> Floats:
        """What the balance asks of flows (S, C), t/h, as rows: see the order of ``_CU`` to ``_MINOR``."""
        oxides, oxygen = oxides_of(flow, basis)
        more, more_oxygen = self.minor_oxides(flow, basis, "slag")
        copper, iron, sulphur, silicon, calcium = (self.of(flow, basis, one) for one in ("Cu", "Fe", "S", "Si", "Ca"))
        minor = self.minor(flow, basis, "matte")
        rows = (copper, iron, sulphur, silicon * SILICA_PER_SI, calcium * _LIME, oxides + more, oxygen + more_oxygen)
        return np.array(np.broadcast_arrays(*rows, minor))

    def _step(self, sums: _Sums, slag: Floats, flux: Floats, lime: Floats) -> _Melt:
        """From the mass of slag to matte, flux, limestone, and slag again."""
        total, of_flux, of_lime = sums
        fe_oxygen = iron_oxygen(vector(self.magnetite))
        own = total if of_lime is None else total + lime * of_lime
        total = own if of_flux is None else own + flux * of_flux
        slag_cu = np.minimum(vector(self.slag_cu) * slag, total[_CU])
        slag_s = np.minimum(vector(self.slag_s) * slag, total[_S])
        copper = total[_CU] - slag_cu
        iron, sulphur, oxygen = self._matte(copper, total, slag_s)
        iron = np.clip(iron, 0, total[_FE])
        if of_flux is not None and self.control != "slag_ratio":
            in_slag = np.maximum(own[_FE] - iron, 0)
            before, flux = flux, flux_needed(
                in_slag, own[_SILICA], vector(self.fe_sio2), of_flux[_FE], of_flux[_SILICA]
            )  # fmt: skip
            total = total + (flux - before) * of_flux
        in_slag = np.maximum(total[_FE] - iron, 0)
        made = total[_OXIDES] + in_slag * (1 + fe_oxygen) + slag_cu + slag_s
        o_slag = total[_OXYGEN] + in_slag * fe_oxygen
        if of_lime is not None:
            makes = of_lime[_OXIDES] + of_lime[_FE] * (1 + fe_oxygen)
            before, lime = (
                lime,
                self._limestone(made - lime * makes, total[_CAO] - lime * of_lime[_CAO], of_lime, makes),
            )
            made = made + (lime - before) * makes
            o_slag = o_slag + (lime - before) * (of_lime[_OXYGEN] + of_lime[_FE] * fe_oxygen)
        return _Melt(
            cu_matte=copper, fe_matte=iron, s_matte=np.clip(sulphur, 0, total[_S] - slag_s), o_matte=oxygen,
            s_slag=slag_s, slag=made, o_slag=o_slag, flux=flux, limestone=lime,
        )  # fmt: skip

    def _limestone(self, slag: Floats, cao: Floats, of_lime: Floats, makes: Floats) -> Floats:
        """Limestone that brings a slag and its CaO without it to what is wanted; none where it cannot do that."""
        gains = of_lime[_CAO] - vector(self.slag_cao) * makes
        missing = vector(self.slag_cao) * slag - cao
        found = np.divide(missing, gains, out=np.zeros(np.broadcast(missing, gains).shape), where=gains > _LEAST_GAIN)
        return np.asarray(np.maximum(found, 0))

    def _matte(self, copper: Floats, total: Floats, s_slag: Floats) -> tuple[Floats, Floats, Floats]:
        """Fe, S and O in matte, t/h."""
        if self.control == "slag_ratio":
            iron = np.maximum(total[_FE] - vector(self.fe_sio2) * total[_SILICA], 0)
            if self.matte_rule == "sulphides":
                return iron, copper * per_mass("Cu2S", "Cu") + iron * per_mass("FeS", "Fe"), 0 * iron
            grade = 0.62 / (np.minimum(iron / np.maximum(copper, _TINY), _RICHEST) + 0.775)
            return _matte_of((copper + iron) / (grade + matte_of_grade(grade)[0]), grade)
        if self.control == "matte_grade":
            main = np.maximum(copper / vector(self.matte_grade) - total[_MINOR], 0)
            if self.matte_rule == "sulphides":
                ferrous = np.maximum(main - copper * (1 + per_mass("Cu2S", "Cu")), 0)
                iron = ferrous * formula("FeS")["Fe"]
                return iron, copper * per_mass("Cu2S", "Cu") + ferrous - iron, 0 * iron
            return _matte_of(main, share(copper, main))
        sulphur = np.maximum(total[_S] * (1 - vector(self.s_elimination)) - s_slag, 0)
        if self.matte_rule == "sulphides":
            ferrous = np.maximum(sulphur - copper * per_mass("Cu2S", "Cu"), 0) / formula("FeS")["S"]
            return ferrous * formula("FeS")["Fe"], sulphur, 0 * sulphur
        grade = grade_of_sulphur(np.minimum(sulphur / np.maximum(copper, _TINY), _RICHEST))
        return _matte_of(sulphur / matte_of_grade(grade)[1], grade)


def _matte_of(main: Floats, grade: Floats) -> tuple[Floats, Floats, Floats]:
    """Fe, S and O of so much Cu-Fe-S-O matte of a grade."""
    iron, sulphur, oxygen = matte_of_grade(grade)
    return np.maximum(iron * main, 0), sulphur * main, np.maximum(oxygen * main, 0)
