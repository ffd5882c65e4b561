"""What a stream of elements is made of, as far as heat is concerned: charge, matte, slag, metal, gas.

The elements decide; compounds are worked out from them by rules, most stable first. What is neither named here nor
bound in one of these compounds (As, Sb, Ag, ``other``, ...) is counted without enthalpy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from zveno.simulate.basis import Basis, Floats, Ints
from zveno.simulate.chemistry import ATOMIC_WEIGHT
from zveno.simulate.thermo.enthalpy import REFERENCE_K, enthalpies

PhaseKind = Literal["charge", "matte", "slag", "metal", "gas", "fuel"]
MeltRule = Literal["compounds", "oxides"]
Parts = dict[str, Floats]
"""Species -> kmol/h, shape (S,); under ``MIXING`` heat, MJ/h."""
MIXING = "mixing"

_ELEMENTS = ("Cu", "Fe", "S", "O", "Si", "Ca", "Al", "Mg", "K", "Na", "Ti", "Zn", "Pb", "C", "H", "N")
_OXYGEN = {"Si": 2.0, "Ca": 1.0, "Al": 1.5, "Mg": 1.0, "K": 0.5, "Na": 0.5, "Ti": 2.0}
_KMOL_PER_T = np.array([[1e3 / ATOMIC_WEIGHT[one]] for one in _ELEMENTS])
_WATER_WEIGHT = 18.015
MJ_PER_H_IN_MW = 3600.0
_AT_REFERENCE, _NOTHING = np.array([REFERENCE_K]), np.zeros(1)


@dataclass(frozen=True)
class Melts:
    """What melts are counted as, and heat of mixing of slag, kJ per mole of 2FeO.SiO2 (``rule`` *oxides* only)."""

    rule: MeltRule = "compounds"
    mixing: Floats | float = 0.0


COMPOUNDS = Melts()


def enthalpy_of(phase: PhaseKind, flow: Floats, basis: Basis, temp_k: Floats | None = None) -> Floats:
    """Enthalpy, MW, of flows (S, C), t/h, relative to the elements at 298.15 K, shape (S,).

    Parameters
    ----------
    phase
        What the flow is.
    temp_k
        Its temperature, K, shape (S or 1,); None: cold (298.15 K) and, unless a gas, solid.
    """
    return total(parts_of(phase, flow, basis), temp_k)


def total(parts: Parts, temp_k: Floats | None) -> Floats:
    """Enthalpy, MW, of amounts of species at a temperature; None: cold."""
    names = tuple(one for one in parts if one != MIXING)
    asked = tuple(_COLD.get(one, one.removesuffix("(l)")) for one in names) if temp_k is None else names
    heats = enthalpies(asked, _AT_REFERENCE if temp_k is None else temp_k)
    found = parts.get(MIXING, _NOTHING)
    for n, name in enumerate(names):
        found = found + parts[name] * heats[:, n]
    return np.asarray(found / MJ_PER_H_IN_MW)


def parts_of(phase: PhaseKind, flow: Floats, basis: Basis, melts: Melts = COMPOUNDS) -> Parts:
    """Species of flows (S, C), t/h; ``melts`` says what matte and slag are counted as."""
    at = _counted(tuple(basis.elements.items()), flow.shape[1])
    moles = dict(
        zip(_ELEMENTS, np.concatenate([flow, np.zeros((len(flow), 1))], axis=1)[:, at].T * _KMOL_PER_T, strict=True)
    )
    water = flow[:, -1] * 1e3 / _WATER_WEIGHT
    if melts.rule == "oxides" and phase == "slag":
        return _oxides(moles, melts.mixing)
    if melts.rule == "oxides" and phase == "matte":
        return _sulphide_melt(moles)
    return _RULES[phase](moles, water)


@lru_cache(maxsize=64)
def _counted(elements: tuple[tuple[str, int], ...], count: int) -> Ints:
    """Place of each element that carries heat; ``count`` where it is not followed."""
    at = dict(elements)
    return np.array([at.get(one, count) for one in _ELEMENTS], dtype=np.int64)


def _charge(n: Mapping[str, Floats], water: Floats) -> Parts:
    """Minerals of a cold charge.

    Zn, Pb as sulphides, Ca and Mg as carbonates as far as carbon goes. Copper, iron and sulphur as pyrite,
    chalcopyrite and chalcocite with as little iron oxide as possible; chalcocite and chalcopyrite join to bornite.
    Copper beyond that is Cu2O as far as oxygen goes, then metal, as in scrap and skulls.
    """
    sulphur = n["S"]
    sphalerite = np.minimum(n["Zn"], sulphur)
    galena = np.minimum(n["Pb"], sulphur - sphalerite)
    cu, fe, s = n["Cu"], n["Fe"], sulphur - sphalerite - galena
    pyrite, chalcopyrite, chalcocite, free = _sulphides(cu, fe, s)
    iron = np.maximum(fe - pyrite - chalcopyrite, 0)
    bornite = np.minimum(chalcocite / 2, chalcopyrite)
    calcite = np.minimum(n["C"], n["Ca"])
    magnesite = np.minimum(n["C"] - calcite, n["Mg"])
    bound = _bound(n) + 2 * (calcite + magnesite) + n["H"] / 2
    beyond = np.maximum(cu - 2 * chalcocite - chalcopyrite, 0)
    cuprite = np.minimum(beyond / 2, np.maximum(n["O"] - bound - iron, 0))  # iron takes its oxygen first
    oxygen = np.maximum(n["O"] - bound - cuprite, 0)
    ferric = _share(oxygen - iron, 0.5 * iron)  # of the oxidised iron: FeO and Fe2O3
    return {
        "ZnS": sphalerite, "PbS": galena, "FeS2": pyrite, "CuFeS2": chalcopyrite - bornite,
        "Cu2S": chalcocite - 2 * bornite, "Cu5FeS4": bornite, "S": free, "Cu2O": cuprite,
        "Cu": beyond - 2 * cuprite,
        "FeO": iron * (1 - ferric), "Fe2O3": iron * ferric / 2, "SiO2": n["Si"],
        "CaCO3": calcite, "CaO": n["Ca"] - calcite, "MgCO3": magnesite, "MgO": n["Mg"] - magnesite,
        "C": n["C"] - calcite - magnesite, "H2O(l)": water + n["H"] / 2, **_rest(n),
        "ZnO": n["Zn"] - sphalerite, "PbO": n["Pb"] - galena, "Al2O3": n["Al"] / 2,
    }  # fmt: skip


def _sulphides(cu: Floats, fe: Floats, s: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Pyrite, chalcopyrite, chalcocite and free sulphur, kmol/h, with the least iron left over."""
    iron = np.minimum(fe, s / 2)  # with all copper in chalcopyrite, S = 2 Fe
    chalcopyrite = np.clip(4 * iron - 2 * s + cu, 0, cu)
    chalcopyrite = np.minimum(chalcopyrite, np.maximum(2 * s - cu, 0) / 3)
    chalcopyrite = np.minimum(chalcopyrite, iron)
    chalcocite = np.minimum((cu - chalcopyrite) / 2, np.maximum(s - 2 * chalcopyrite, 0))
    left = np.maximum(s - 2 * chalcopyrite - chalcocite, 0)
    pyrite = np.minimum(left / 2, fe - chalcopyrite)
    return pyrite, chalcopyrite, chalcocite, left - 2 * pyrite


def _matte(n: Mapping[str, Floats], _: Floats) -> Parts:
    """Cu2S, ZnS, PbS, oxygen as Fe3O4, FeS; sulphur beyond that is dissolved, as metals are."""
    cu2s = np.minimum(n["Cu"] / 2, n["S"])
    sulphur = n["S"] - cu2s
    zns = np.minimum(n["Zn"], sulphur)
    pbs = np.minimum(n["Pb"], sulphur - zns)
    fe3o4 = np.minimum(n["O"] / 4, n["Fe"] / 3)
    iron, sulphur = n["Fe"] - 3 * fe3o4, sulphur - zns - pbs
    fes = np.minimum(iron, sulphur)
    return {
        "Cu2S(l)": cu2s, "ZnS": zns, "PbS(l)": pbs, "Fe3O4(l)": fe3o4, "FeS(l)": fes, "S(matte)": sulphur - fes,
        "Fe(l)": iron - fes, "Cu(l)": n["Cu"] - 2 * cu2s,
    }  # fmt: skip


def _slag(n: Mapping[str, Floats], _: Floats) -> Parts:
    """Silicates of Ca, Mg and Fe, in this order as far as silica goes, and free oxides; sulphur as Cu2S, then FeS."""
    cu2s = np.minimum(n["Cu"] / 2, n["S"])
    cu2o = n["Cu"] / 2 - cu2s
    fes = np.minimum(n["S"] - cu2s, n["Fe"])
    iron = n["Fe"] - fes
    oxygen = np.maximum(n["O"] - _bound(n) - n["Zn"] - n["Pb"] - cu2o, 0)
    magnetite = _share(3 * (oxygen - iron), iron)  # share of the oxidised iron
    feo = iron * (1 - magnetite)
    lime = np.minimum(n["Ca"], n["Si"])
    magnesia = np.minimum(n["Mg"], n["Si"] - lime)
    fayalite = np.minimum(feo / 2, n["Si"] - lime - magnesia)
    return {
        "Cu2S(l)": cu2s, "Cu2O(l)": cu2o, "FeS(l)": fes, "S(matte)": n["S"] - cu2s - fes,
        "CaSiO3(l)": lime, "MgSiO3(l)": magnesia, "Fe2SiO4(l)": fayalite,
        "CaO(l)": n["Ca"] - lime, "MgO(l)": n["Mg"] - magnesia, "FeO(l)": feo - 2 * fayalite,
        "SiO2(l)": n["Si"] - lime - magnesia - fayalite, "Fe3O4(l)": iron * magnetite / 3, "Al2O3(l)": n["Al"] / 2,
        "ZnO": n["Zn"], "PbO(l)": n["Pb"], **_rest(n),
    }  # fmt: skip


def _oxides(n: Mapping[str, Floats], mixing: Floats | float) -> Parts:
    """Pure oxides, FeO and SiO2 liquid and the others as they are stable, and heat of mixing of 2FeO.SiO2.

    Sulphur, and copper as far as it is Cu2S, carry no heat.
    """
    cu2o = np.maximum(n["Cu"] / 2 - n["S"], 0)
    oxygen = np.maximum(n["O"] - _bound(n) - n["Zn"] - n["Pb"] - cu2o, 0)
    magnetite = _share(3 * (oxygen - n["Fe"]), n["Fe"])
    feo = n["Fe"] * (1 - magnetite)
    return {
        "FeO(l)": feo, "Fe3O4": n["Fe"] * magnetite / 3, "SiO2(l)": n["Si"], "CaO": n["Ca"], "MgO": n["Mg"],
        "Al2O3": n["Al"] / 2, "ZnO": n["Zn"], "PbO(l)": n["Pb"], "Cu2O(l)": cu2o, **_rest(n),
        MIXING: mixing * np.minimum(feo / 2, n["Si"]),
    }  # fmt: skip


def _sulphide_melt(n: Mapping[str, Floats]) -> Parts:
    """As matte, but magnetite is solid and sulphur beyond sulphides carries no heat."""
    parts = _matte(n, n["S"])
    del parts["S(matte)"]
    parts["Fe3O4"] = parts.pop("Fe3O4(l)")
    return parts


def _metal(n: Mapping[str, Floats], _: Floats) -> Parts:
    """Copper with dissolved Cu2S and Cu2O."""
    cu2s = np.minimum(n["S"], n["Cu"] / 2)
    cu2o = np.minimum(n["O"], n["Cu"] / 2 - cu2s)
    return {"Cu(l)": n["Cu"] - 2 * (cu2s + cu2o), "Cu2S(l)": cu2s, "Cu2O(l)": cu2o}


def _gas(n: Mapping[str, Floats], water: Floats) -> Parts:
    """CO2, H2O, ZnO and PbO as dust, then SO2 as far as oxygen goes; what is left of sulphur is S2, of oxygen O2."""
    fixed = 2 * n["C"] + n["H"] / 2 + n["Zn"] + n["Pb"]
    oxygen = np.maximum(n["O"] - fixed, 0)
    so2 = np.minimum(n["S"], oxygen / 2)
    return {
        "CO2(g)": n["C"], "H2O(g)": n["H"] / 2 + water, "ZnO": n["Zn"], "PbO": n["Pb"], "SO2(g)": so2,
        "S2(g)": (n["S"] - so2) / 2, "O2(g)": oxygen / 2 - so2, "N2(g)": n["N"] / 2,
    }  # fmt: skip


def _fuel(n: Mapping[str, Floats], water: Floats) -> Parts:
    """Ash as oxides, oxygen beyond it as water (as Dulong's formula has it), methane; all else as elements."""
    oxygen = np.maximum(n["O"] - _bound(n) - 1.5 * n["Fe"], 0)
    bound = np.minimum(oxygen, n["H"] / 2)
    methane = np.minimum(n["C"], (n["H"] - 2 * bound) / 4)
    return {
        "CH4(g)": methane, "C": n["C"] - methane, "H2O(l)": bound + water, "S": n["S"], "SiO2": n["Si"],
        "Al2O3": n["Al"] / 2, "CaO": n["Ca"], "MgO": n["Mg"], "Fe2O3": n["Fe"] / 2, **_rest(n),
    }  # fmt: skip


def _bound(n: Mapping[str, Floats]) -> Floats:
    """Oxygen of the oxides that a furnace leaves as they are, kmol/h."""
    return np.asarray(sum((n[name] * ratio for name, ratio in _OXYGEN.items()), np.zeros(1)))


def _rest(n: Mapping[str, Floats]) -> Parts:
    """Oxides of alkalis and titanium, as solids."""
    return {"K2O": n["K"] / 2, "Na2O": n["Na"] / 2, "TiO2": n["Ti"]}


def _share(part: Floats, whole: Floats) -> Floats:
    """Part of a whole, from 0 to 1; zero where there is nothing."""
    found = np.divide(part, whole, out=np.zeros(np.broadcast(part, whole).shape), where=whole > 0)
    return np.asarray(np.clip(found, 0, 1))


_RULES: Mapping[str, Callable[[Mapping[str, Floats], Floats], Parts]] = {
    "charge": _charge, "matte": _matte, "slag": _slag, "metal": _metal, "gas": _gas, "fuel": _fuel,
}  # fmt: skip
_COLD = {"S(matte)": "S", "H2O(l)": "H2O(l)"}
