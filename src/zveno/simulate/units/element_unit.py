"""What furnaces, converters and the plants behind them have in common: they share out elements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Self

import numpy as np

from zveno.simulate.basis import Basis, Floats, Ints
from zveno.simulate.chemistry import ATOMIC_WEIGHT, per_mass
from zveno.simulate.units.unit import Driver, Spec, Table, UnitModel

GASES = ("S", "O", "C", "H", "N", "other")
"""Elements that a cleaned gas is made of."""
SLAG_OXIDES = {"Si": "SiO2", "Ca": "CaO", "Al": "Al2O3", "Mg": "MgO", "K": "K2O", "Na": "Na2O", "Ti": "TiO2"}
"""Elements that go to slag as a whole, and as what."""
_ALSO_OXIDES = {"Zn": "ZnO", "Pb": "PbO"}
O_PER_S = 2 * ATOMIC_WEIGHT["O"] / ATOMIC_WEIGHT["S"]  # in SO2
O_PER_C = 2 * ATOMIC_WEIGHT["O"] / ATOMIC_WEIGHT["C"]  # in CO2
O_PER_H = ATOMIC_WEIGHT["O"] / (2 * ATOMIC_WEIGHT["H"])  # in H2O
NM3_PER_T = {"SO2": 22.414e3 / 64.058, "O2": 22.414e3 / 31.998, "N2": 22.414e3 / 28.014, "CO2": 22.414e3 / 44.009,
             "H2O": 22.414e3 / 18.015}  # fmt: skip
SILICA_PER_SI = 1 + per_mass("SiO2", "Si")
_N_PER_O2 = 28.014 / 31.998
_TINY = 1e-300


@dataclass(frozen=True, kw_only=True)
class ElementUnit(UnitModel):
    """Base of the units that share out elements.

    An element goes where the balance of the unit puts it, else as the table of deportment says, else to its
    home. ``words`` names the outlets as the table does. ``supplies`` (S or 1, inlets, C) is what stands ready at
    the inlets, t of each component per t; nothing where an inlet is not connected.
    """

    words: ClassVar[Mapping[str, str]] = {}
    homes: ClassVar[Mapping[str, str]] = {}
    home: ClassVar[str] = ""

    deportment: Annotated[
        Table | None, Spec("table", "prefix of figures: share of each minor element in each product")
    ] = None
    supplies: Floats | None = None

    def of(self, flow: Floats, basis: Basis, element: str) -> Floats:
        """Mass flow of an element in flows (S, C), shape (S,)."""
        at = basis.elements.get(element)
        return np.zeros(len(flow)) if at is None else flow[:, at]

    def supply(self, inlet: str, basis: Basis, element: str) -> Floats:
        """Mass fraction of an element in what stands ready at an inlet, shape (S or 1,)."""
        if self.supplies is None:
            return np.zeros(1)
        return self.of(self.supplies[:, self.inlets.index(inlet)], basis, element)

    def connected(self, inlet: str) -> bool:
        """Something stands ready at an inlet."""
        return self.supplies is not None and bool(self.supplies[:, self.inlets.index(inlet)].any())

    def requested(self, drivers: Floats, basis: Basis) -> Floats | None:  # noqa: ARG002
        """What is asked for at each inlet, (S, inlets, C); its amounts, t/h, are the last of the drivers."""
        if self.supplies is None:
            return None
        amounts = np.maximum(drivers[:, len(self.drivers) - len(self.inlets) :], 0)
        return amounts[:, :, None] * self.supplies

    def pick(self, columns: Ints) -> Self:
        """The same unit with what stands ready at its inlets in some of the components."""
        if self.supplies is None or self.supplies.shape[2] == len(columns):
            return self
        return replace(self, supplies=self.supplies[:, :, columns])

    def oxygen_to_burn(self, flow: Floats, sulphur: Floats, basis: Basis) -> Floats:
        """Oxygen, t/h, that so much sulphur (t/h, (S,)) and all carbon and hydrogen of a flow (S, C) burn with."""
        carbon, hydrogen = self.of(flow, basis, "C"), self.of(flow, basis, "H")
        return sulphur * O_PER_S + carbon * O_PER_C + hydrogen * O_PER_H

    def iron_to_silica(self, slag: Floats, basis: Basis) -> Floats:
        """Fe/SiO2 of a slag (S, C); zero where it holds no silica."""
        silica = self.of(slag, basis, "Si") * SILICA_PER_SI
        return np.divide(self.of(slag, basis, "Fe"), silica, out=np.zeros(len(slag)), where=silica > 0)

    def so2_in(self, gas: Floats, basis: Basis) -> Floats:
        """SO2 in a gas (S, C) as it leaves, dry, by volume."""
        so2 = self.of(gas, basis, "S") * (1 + O_PER_S) * NM3_PER_T["SO2"]
        free = self.of(gas, basis, "O") - self.oxygen_to_burn(gas, self.of(gas, basis, "S"), basis)
        rest = self.of(gas, basis, "N") * NM3_PER_T["N2"]
        rest = rest + self.of(gas, basis, "C") * (1 + O_PER_C) * NM3_PER_T["CO2"]
        return share(so2, so2 + np.maximum(free, 0) * NM3_PER_T["O2"] + rest)

    def described(self, basis: Basis) -> Floats:
        """Shares (S or 1, outlets, C) by home and table, before the balance of the unit."""
        rows = 1 if self.deportment is None else len(self.deportment.shares)
        shares = np.zeros((rows, len(self.outlets), len(basis)))
        for name, at in basis.elements.items():
            shares[:, self.outlets.index(self.homes.get(name, self.home)), at] = 1
        rest = [n for n in range(len(basis)) if n not in basis.elements.values()]
        shares[:, self.outlets.index(self.home), rest] = 1
        if self.deportment is not None:
            for n, name in enumerate(self.deportment.elements):
                if name in basis.elements:
                    shares[:, :, basis.elements[name]] = 0
                    for m, outlet in enumerate(self.words.values()):
                        shares[:, self.outlets.index(outlet), basis.elements[name]] = self.deportment.shares[:, m, n]
        return shares

    def shared(self, basis: Basis, balance: Mapping[str, Mapping[str, Floats]], rows: int) -> Floats:
        """Shares (S, outlets, C): those of the balance by element and outlet; what they leave goes home."""
        told = self.described(basis)
        shares = np.repeat(told, rows, axis=0) if len(told) == 1 else told
        for name, parts in balance.items():
            at = basis.elements.get(name)
            if at is None:
                continue
            shares[:, :, at] = 0
            for outlet, share in parts.items():
                shares[:, self.outlets.index(outlet), at] = share
            over = np.maximum(shares[:, :, at].sum(axis=1), 1)
            shares[:, :, at] /= over[:, None]
            home = self.outlets.index(self.homes.get(name, self.home))
            shares[:, home, at] += np.maximum(1 - shares[:, :, at].sum(axis=1), 0)
        return shares

    def minors(self, flow: Floats, basis: Basis, word: str) -> dict[str, Floats]:
        """Mass of each element of the table that goes with a product, from flows (S, C)."""
        if self.deportment is None:
            return {}
        n = list(self.words).index(word)
        return {
            name: self.of(flow, basis, name) * self.deportment.shares[:, n, m]
            for m, name in enumerate(self.deportment.elements)
        }


def drivers_of(shares: tuple[str, ...], inlets: tuple[str, ...] = ()) -> tuple[Driver, ...]:
    """Drivers of a unit that iterates shares and amounts asked for at its inlets, t/h."""
    return (
        *(Driver(name, "logit", 0, 1) for name in shares),
        *(Driver(f"{name}_tph", "linear") for name in inlets),
    )


def share(part: Floats, whole: Floats) -> Floats:
    """Part of a whole, from 0 to 1; zero where there is nothing."""
    found = np.divide(part, whole, out=np.zeros(np.broadcast(part, whole).shape), where=np.asarray(whole) > _TINY)
    return np.asarray(np.clip(found, 0, 1))


def slag_of(iron: Floats, lithophile: Mapping[str, Floats], minor: Mapping[str, Floats], magnetite: Floats) -> tuple[
    Floats, Floats
]:  # fmt: skip
    """Mass and oxygen of the oxides of a slag, t/h, shape (S,), without its copper and sulphur.

    Parameters
    ----------
    iron
        Fe in slag, t/h; ``magnetite`` is the share of it that is Fe3O4, the rest is FeO.
    lithophile
        Elements of ``SLAG_OXIDES`` in slag, t/h.
    minor
        Other elements in slag, t/h: Zn and Pb as oxides, the others as they are.
    """
    oxygen = iron * ((1 - magnetite) * per_mass("FeO", "Fe") + magnetite * per_mass("Fe3O4", "Fe"))
    mass = iron + oxygen
    for names, amounts in ((SLAG_OXIDES, lithophile), (_ALSO_OXIDES, minor)):
        for name, amount in amounts.items():
            bound = amount * per_mass(names[name], name) if name in names else 0.0 * amount
            mass, oxygen = mass + amount + bound, oxygen + bound
    return mass, oxygen


def blast(unit: ElementUnit, oxygen: Floats, enrichment: Floats, basis: Basis) -> dict[str, Floats]:
    """Air and oxygen (t/h) that bring so much oxygen (t/h, (S,)) at an enrichment (volume fraction of O2)."""
    air_o, air_n = unit.supply("air", basis, "O"), unit.supply("air", basis, "N")
    pure_o, pure_n = unit.supply("oxygen", basis, "O"), unit.supply("oxygen", basis, "N")
    only_air = np.divide(oxygen, air_o, out=np.zeros(np.broadcast(oxygen, air_o).shape), where=air_o > 0)
    if not unit.connected("oxygen"):
        return {"air": only_air, "oxygen": np.zeros_like(only_air)}
    nitrogen = oxygen * (1 / enrichment - 1) * _N_PER_O2
    solved = air_o * pure_n - pure_o * air_n
    air = np.where(solved == 0, 0.0, (oxygen * pure_n - pure_o * nitrogen) / np.where(solved == 0, 1.0, solved))
    air = np.clip(air, 0.0, only_air if unit.connected("air") else 0.0)
    return {"air": air, "oxygen": np.maximum(oxygen - air * air_o, 0) / pure_o}


def flux_needed(iron: Floats, silica: Floats, ratio: Floats, flux_iron: Floats, flux_silica: Floats) -> Floats:
    """Flux (t/h) that brings Fe/SiO2 of a slag down to a ratio; zero where it is lower already."""
    gives = ratio * flux_silica - flux_iron
    needed = np.divide(iron - ratio * silica, gives, out=np.zeros(np.broadcast(iron, gives).shape), where=gives > 0)
    return np.maximum(needed, 0)
