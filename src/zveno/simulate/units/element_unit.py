"""What furnaces, converters and the plants behind them have in common: they share out elements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Annotated, ClassVar, Self

import numpy as np

from zveno.simulate.basis import Basis, Floats, Ints
from zveno.simulate.chemistry import ATOMIC_WEIGHT, per_mass
from zveno.simulate.units.unit import Driver, Spec, Table, UnitModel, vector

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
MELTS_K = (1350.0, 1750.0)
"""Temperatures that melts may be given."""
_TINY = 1e-300


@dataclass(frozen=True, kw_only=True)
class ElementUnit(UnitModel):
    """Base of the units that share out elements.

    An element goes where the balance of the unit puts it, else as the table of deportment says, else to its
    home. ``words`` names the outlets as the table does. ``supplies`` (S or 1, inlets, C) is what stands ready at
    the inlets, t of each component per t; nothing where an inlet is not connected. ``temps`` names the parameter that
    holds the temperature of what leaves by an outlet.
    """

    words: ClassVar[Mapping[str, str]] = {}
    homes: ClassVar[Mapping[str, str]] = {}
    home: ClassVar[str] = ""
    temps: ClassVar[Mapping[str, str]] = {}

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

    def _at(self, inlet: str) -> Floats:
        """Composition of what stands ready at an inlet, shape (S or 1, C)."""
        if self.supplies is None:
            return np.zeros((1, 1))
        return self.supplies[:, self.inlets.index(inlet)]

    def temp_of(self, outlet: str) -> Floats | None:
        """Temperature of what leaves by an outlet, K; None where it is not given."""
        temp = vector(getattr(self, self.temps[outlet])) if outlet in self.temps else np.zeros(1)
        return temp if np.all(temp > 0) else None

    def asked(self, drivers: Floats, inlet: str) -> Floats:
        """What is asked for at an inlet, t/h, shape (S,); zero where nothing stands ready."""
        amount = np.maximum(drivers[:, len(self.drivers) - len(self.inlets) + self.inlets.index(inlet)], 0)
        return amount if self.connected(inlet) else np.zeros_like(amount)

    def requested(self, drivers: Floats, basis: Basis) -> Floats | None:  # noqa: ARG002
        """What is asked for at each inlet, (S, inlets, C); its amounts, t/h, are the last of the drivers."""
        if self.supplies is None:
            return None
        return self._amounts(drivers)[:, :, None] * self.supplies

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
        free = np.maximum(self.free_oxygen(gas, basis), 0) * NM3_PER_T["O2"]
        return share(so2, so2 + free + self.inert(gas, basis))

    def free_oxygen(self, gas: Floats, basis: Basis) -> Floats:
        """Oxygen of a gas (S, C) beyond SO2, CO2 and H2O, t/h; negative where it does not suffice."""
        return self.of(gas, basis, "O") - self.oxygen_to_burn(gas, self.of(gas, basis, "S"), basis)

    def inert(self, gas: Floats, basis: Basis) -> Floats:
        """Volume of nitrogen and CO2 of a gas (S, C), m3/h at 0 C and 1 atm."""
        carbon = self.of(gas, basis, "C") * (1 + O_PER_C) * NM3_PER_T["CO2"]
        return self.of(gas, basis, "N") * NM3_PER_T["N2"] + carbon

    def described(self, basis: Basis) -> Floats:
        """Shares (S or 1, outlets, C) by home and table, before the balance of the unit."""
        shares = _at_home(self.outlets, tuple(self.homes.items()), self.home, _key(basis))[None].copy()
        table = self.deportment
        if table is None:
            return shares
        at, listed = _listed(table.elements, _key(basis))
        shares = np.repeat(shares, len(table.shares), axis=0)
        shares[:, :, at] = 0
        for m, outlet in enumerate(self.words.values()):
            shares[:, self.outlets.index(outlet), at] = table.shares[:, m, listed]
        return shares

    def shared(self, basis: Basis, balance: Mapping[str, Mapping[str, Floats]], rows: int) -> Floats:
        """Shares (S, outlets, C): those of the balance by element and outlet; what they leave goes home."""
        told = self.described(basis)
        shares = np.repeat(told, rows, axis=0) if len(told) == 1 < rows else told
        known = [one for one in balance if one in basis.elements]
        parts = np.zeros((len(shares), len(self.outlets), len(known)))
        for n, name in enumerate(known):
            for outlet, part in balance[name].items():
                parts[:, self.outlets.index(outlet), n] = part
        whole = parts.sum(axis=1)
        if (whole > 1).any():
            parts /= np.maximum(whole, 1)[:, None]
            whole = parts.sum(axis=1)
        for n, name in enumerate(known):
            parts[:, self.outlets.index(self.homes.get(name, self.home)), n] += np.maximum(1 - whole[:, n], 0)
        shares[:, :, [basis.elements[one] for one in known]] = parts
        return shares

    def products(self, feed: Floats, drivers: Floats, basis: Basis) -> tuple[Floats, ...]:
        """Flows (S, C) at the outlets for a feed (S, C), without what is asked for, and given drivers."""
        if self.supplies is not None:
            amounts = self._amounts(drivers)
            one_for_all = len(self.supplies) == 1
            feed = feed + (amounts @ self.supplies[0] if one_for_all else (amounts[:, None] @ self.supplies)[:, 0])
        split = self.split(drivers, basis)
        return tuple(feed * split[:, n] for n in range(len(self.outlets)))

    def minor(self, flow: Floats, basis: Basis, word: str) -> Floats:
        """Mass of the elements of the table that goes with a product, from flows (S, C); shape (S or 1,)."""
        return np.asarray(self._minors(flow, basis, word)[0].sum(axis=1))

    def minor_oxides(self, flow: Floats, basis: Basis, word: str) -> tuple[Floats, Floats]:
        """Mass and oxygen of the elements of the table in a slag: Zn and Pb as oxides, the others as they are."""
        amounts, listed = self._minors(flow, basis, word)
        bound = _minor_oxygen(() if self.deportment is None else self.deportment.elements)[listed]
        return np.asarray(amounts @ (1 + bound)), np.asarray(amounts @ bound)

    def _minors(self, flow: Floats, basis: Basis, word: str) -> tuple[Floats, Ints]:
        """Elements of the table (S, n) that go with a product, and which of the table they are."""
        if self.deportment is None:
            return np.zeros((1, 0)), np.zeros(0, dtype=np.int64)
        at, listed = _listed(self.deportment.elements, _key(basis))
        return flow[:, at] * self.deportment.shares[:, list(self.words).index(word), listed], listed

    def _amounts(self, drivers: Floats) -> Floats:
        """What is asked for at each inlet, t/h, (S, inlets): the last of the drivers."""
        return np.maximum(drivers[:, len(self.drivers) - len(self.inlets) :], 0)


_Key = tuple[tuple[tuple[str, int], ...], int]
"""Places of the elements among the components, and how many components there are."""


def _key(basis: Basis) -> _Key:
    """What the layout of a basis is remembered by."""
    return tuple(basis.elements.items()), len(basis)


@lru_cache(maxsize=256)
def _at_home(outlets: tuple[str, ...], homes: tuple[tuple[str, str], ...], home: str, key: _Key) -> Floats:
    """Shares (outlets, C) of a unit that sends every component home."""
    elements, count = key
    of_element = dict(homes)
    shares = np.zeros((len(outlets), count))
    shares[outlets.index(home)] = 1
    for name, at in elements:
        shares[:, at] = 0
        shares[outlets.index(of_element.get(name, home)), at] = 1
    return shares


@lru_cache(maxsize=256)
def _listed(elements: tuple[str, ...], key: _Key) -> tuple[Ints, Ints]:
    """Places among the components, and in a table, of the elements of the table that are followed."""
    at = dict(key[0])
    found = [(at[name], n) for n, name in enumerate(elements) if name in at]
    both = np.array(found, dtype=np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


@lru_cache(maxsize=256)
def _minor_oxygen(elements: tuple[str, ...]) -> Floats:
    """Oxygen that goes with each minor element in slag, t/t."""
    return np.array([per_mass(_ALSO_OXIDES[one], one) if one in _ALSO_OXIDES else 0.0 for one in elements])


@lru_cache(maxsize=64)
def _slag_weights(key: _Key) -> Floats:
    """Mass and oxygen of the oxides of Si, Ca, Al, Mg, K, Na, Ti that a tonne of each component makes, (C, 2)."""
    weights = np.zeros((key[1], 2))
    for name, at in key[0]:
        if name in SLAG_OXIDES:
            bound = per_mass(SLAG_OXIDES[name], name)
            weights[at] = 1 + bound, bound
    return weights


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


def oxides_of(flow: Floats, basis: Basis) -> tuple[Floats, Floats]:
    """Mass and oxygen, t/h, shape (S,), of the oxides of Si, Ca, Al, Mg, K, Na and Ti of flows (S, C).

    >>> from zveno.simulate.basis import element_basis
    >>> [one.round(3).tolist() for one in oxides_of(np.array([[28.085, 40.078, 0.0]]), element_basis("Si", "Ca"))]
    [[116.16], [47.997]]
    """
    both = flow @ _slag_weights(_key(basis))
    return both[..., 0], both[..., 1]


def iron_oxygen(magnetite: Floats) -> Floats:
    """Oxygen of a tonne of iron of which a share is Fe3O4 and the rest FeO, t.

    >>> iron_oxygen(np.array([0.0, 1.0])).round(4)
    array([0.2865, 0.382 ])
    """
    return (1 - magnetite) * per_mass("FeO", "Fe") + magnetite * per_mass("Fe3O4", "Fe")


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
