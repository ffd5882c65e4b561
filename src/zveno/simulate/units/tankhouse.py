"""Tankhouse: electrorefining of anodes, by Faraday's law and shares of what dissolves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal

import numpy as np

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.units.element_unit import ElementUnit, share
from zveno.simulate.units.unit import Report, Spec, Values, vector

FARADAY = 96485.33212
"""C/mol."""
_CU_WEIGHT = 63.546
COPPER_PER_KAH = _CU_WEIGHT / (2 * FARADAY) * 3600
"""kg of copper that 1 kAh deposits in one cell: 1.1855."""


_NOT_DISSOLVED = ("Cu", "O", "H", "S")
"""What entrained electrolyte is not counted for: copper is, whatever it comes by, cathode; the others are its own."""

Grade = Literal["none", "cu_cath_1", "m00k"]


@dataclass(frozen=True)
class CathodeGrade:
    """Highest contents of a grade, g/t: of single elements, of elements together, and of all that are named."""

    elements: Mapping[str, float]
    groups: tuple[tuple[tuple[str, ...], float], ...]
    in_all: float
    source: str


_CU_CATH_1 = CathodeGrade(
    elements={"Ag": 25, "As": 5, "Bi": 2, "Fe": 10, "Pb": 5, "S": 15, "Sb": 4, "Se": 2, "Te": 2},
    groups=(
        (("As", "Cd", "Cr", "Mn", "P", "Sb"), 15),
        (("Bi", "Se", "Te"), 3),
        (("Se", "Te"), 3),
        (("Co", "Fe", "Ni", "Si", "Sn", "Zn"), 20),
    ),
    in_all=65,
    source="EN 1978:1998 Cu-CATH-1, as the LME's special contract rules for Grade A have it (read)",
)
GRADES: Mapping[str, CathodeGrade] = {
    "cu_cath_1": _CU_CATH_1,
    "m00k": replace(
        _CU_CATH_1, source="GOST 859-2014 M00k: not read; its limits are inferred from M001 of GOST R 53803-2010"
    ),
}
"""Grades of cathodes whose limits are known; other limits are a matter of rules."""


@dataclass(frozen=True, kw_only=True)
class Tankhouse(ElementUnit):
    """Anodes dissolve but for the scrap; copper goes to cathodes less slimes, bleed and losses.

    Shares of slimes, bleed and loss are of the dissolved copper. Minor elements follow the table (*slimes*,
    *electrolyte*, *cathode*), also as shares of what dissolves; electrolyte leaves with the bleed.

    Cathodes also take along ``entrained`` electrolyte, m3 per tonne. An element in the electrolyte has the
    concentration at which what dissolves leaves again, with V_b of bleed and V_e of entrained electrolyte, so that
    V_e / (V_b + V_e) of it ends in cathodes. V_b is the copper of the bleed over ``electrolyte_cu``. Not so copper,
    oxygen, hydrogen and sulphur: the acid of the electrolyte is not followed.

    By Faraday's law a cell deposits M / (2 F) = 1.1855 kg of copper per kAh times the current efficiency; energy is
    the cell voltage over that. With ``grade`` the elements of cathodes are reported in g/t beside what the grade
    leaves room for, and ``grade_room``: the least share that is left of any of its limits, negative if one is
    broken. Elements that are not followed are not counted.

    References
    ----------
    Faraday's law; Davenport et al. (2002), ch. 16. Grades: EN 1978:1998, see ``GRADES`` for what was read.

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import element_basis
    >>> Tankhouse(scrap=0.15).run(np.array([100.0, 0.0]), element_basis("Cu"))["cathode"].round(3)
    array([[84.575,  0.   ]])

    A litre of electrolyte per tonne, 45 g/l of copper and 0.4 % of the copper in the bleed: 1.1 % of the nickel.

    >>> house = Tankhouse(scrap=0.0, entrained=0.001)
    >>> (100 * house.run(np.array([100.0, 1.0, 0.0]), element_basis("Cu", "Ni"))["cathode"][0, 1]).round(2)
    np.float64(1.11)
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
    entrained: Annotated[Values, Spec("m3/t", "electrolyte that cathodes take along", high=0.05)] = 0.0
    electrolyte_cu: Annotated[Values, Spec("g/l", "copper in electrolyte", low=20.0, high=70.0)] = 45.0
    current_density: Annotated[Values, Spec("A/m2", "current density", low=50.0, high=600.0)] = 250.0
    cathode_m2: Annotated[Values, Spec("m2", "area of a cathode, both sides", low=0.1, high=5.0)] = 1.8
    cathodes: Annotated[Values, Spec("-", "cathodes in a cell", low=1.0, high=200.0)] = 42.0
    voltage: Annotated[Values, Spec("V", "cell voltage", low=0.1, high=1.0)] = 0.29
    current_efficiency: Annotated[Values, Spec("frac", "share of the current that deposits", low=0.5, high=1.0)] = 0.955
    time_in_use: Annotated[Values, Spec("frac", "share of the time that cells work", low=0.1, high=1.0)] = 1.0
    grade: Annotated[Grade, Spec("", "grade that cathodes are held against")] = "none"

    def split(self, drivers: Floats, basis: Basis) -> Floats:
        """Scrap first, then what dissolves."""
        given = (self.scrap, self.cu_to_slimes, self.cu_to_bleed, self.cu_lost, self.entrained, self.electrolyte_cu)
        rows = max([1, *(np.size(one) for one in given)])
        if self.deportment is not None:
            rows = max(rows, len(self.deportment.shares))
        rows = max(rows, len(drivers) if rows > 1 else 1)
        copper = {
            "slimes": np.broadcast_to(vector(self.cu_to_slimes), (rows,)),
            "bleed": np.broadcast_to(vector(self.cu_to_bleed), (rows,)),
            "loss": np.broadcast_to(vector(self.cu_lost), (rows,)),
        }
        shares = self.shared(basis, {"Cu": copper}, rows)
        if np.any(vector(self.entrained) > 0):
            self._entrain(shares, basis)
        scrap = vector(self.scrap)[:, None, None]
        shares = shares * (1 - scrap)
        shares[:, self.outlets.index("scrap")] += scrap[:, 0]
        return shares

    def flows_at(self, outlet: str) -> bool:
        """Nothing is lost where no loss is given."""
        return outlet != "loss" or bool(np.any(vector(self.cu_lost)))

    def report(self, feed: Floats, drivers: Floats, basis: Basis) -> Report:
        """Cells needed, energy, copper of the cathodes, and their impurities against a grade."""
        cathode = self.products(feed, drivers, basis)[0]
        copper = self.of(cathode, basis, "Cu")
        current = vector(self.current_density) * vector(self.cathode_m2) * vector(self.cathodes) / 1000
        one = cathode_mass(current, 1.0, self.current_efficiency) * vector(self.time_in_use)
        energy = energy_per_tonne(self.voltage, self.current_efficiency)
        found: Report = {
            "cells_needed": (copper * 1000 / one, "-"),
            "energy": (np.broadcast_to(energy, (len(feed),)), "kWh/t"),
            "power": (energy * copper, "kW"),
            "cathode_cu": (share(copper, cathode.sum(axis=1)), "frac"),
        }
        return found if self.grade == "none" else {**found, **self._against(GRADES[self.grade], cathode, basis)}

    def _entrain(self, shares: Floats, basis: Basis) -> None:
        """Part of what the bleed would carry away goes to cathodes instead, in shares (S, outlets, C)."""
        cathode, bleed = self.outlets.index("cathode"), self.outlets.index("bleed")
        copper = 1 - vector(self.cu_to_slimes) - vector(self.cu_to_bleed) - vector(self.cu_lost)
        taken = vector(self.entrained) * copper * vector(self.electrolyte_cu) / 1e3
        taken = share(taken, taken + vector(self.cu_to_bleed))
        at = [n for name, n in basis.elements.items() if name not in _NOT_DISSOLVED]
        moved = shares[:, bleed, at] * taken[:, None]
        shares[:, bleed, at] -= moved
        shares[:, cathode, at] += moved

    def _against(self, grade: CathodeGrade, cathode: Floats, basis: Basis) -> Report:
        """Contents of cathodes, g/t, and what is left to the limits of a grade."""
        mass = basis.solids(cathode)
        named = dict.fromkeys((*grade.elements, *(one for group, _ in grade.groups for one in group)))
        content = {one: 1e6 * share(self.of(cathode, basis, one), mass) for one in named if one in basis.elements}
        nothing = np.zeros(len(cathode))
        limits = [(content.get(one, nothing), limit) for one, limit in grade.elements.items()]
        limits += [(sum((content.get(one, nothing) for one in group), nothing), limit) for group, limit in grade.groups]
        limits.append((sum(content.values(), nothing), grade.in_all))
        found: Report = {f"cathode_{one}": (value, "g/t") for one, value in content.items()}
        for one, limit in grade.elements.items():
            if one in content:
                found[f"room_{one}"] = (limit - content[one], "g/t")
        found["grade_room"] = (np.min([1 - value / limit for value, limit in limits], axis=0), "frac")
        return found


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
