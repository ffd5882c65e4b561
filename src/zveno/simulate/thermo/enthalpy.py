"""Enthalpy of a species at any temperature, relative to the elements at 298.15 K."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from zveno.errors import DataError
from zveno.simulate.basis import Floats
from zveno.simulate.thermo.nasa import NASA, Piece
from zveno.simulate.thermo.sources import LINES, Line

GAS_CONSTANT = 8.314462618e-3
"""kJ/(mol K)."""
REFERENCE_K = 298.15
_ROUND = 2.0  # K: tables that begin at 300 K are read at 298.15 K
COLDEST_MELT_K, HOTTEST_MELT_K = 1350.0, 2000.0
"""Within these a liquid is carried on below its own melting point: in a melt it does not freeze."""

_STABLE = {
    "Cu": ("Cu(cr)", "Cu(L)"), "Cu2O": ("Cu2O(s)", "Cu2O(L)"), "FeO": ("FeO(s)", "FeO(L)"), "Fe2O3": ("Fe2O3(s)",),
    "Fe3O4": ("Fe3O4(s)",), "FeS": ("FeS(a)", "FeS(b)", "FeS(c)", "FeS(L)"), "FeS2": ("FeS2(s)",),
    "SiO2": ("SiO2(Lqz)", "SiO2(hqz)", "SiO2(L)"), "CaO": ("CaO(s)",), "CaCO3": ("CaCO3(caL)",), "MgO": ("MgO(s)",),
    "MgCO3": ("MgCO3(s)",), "MgSiO3": ("MgSiO3(I)",), "Al2O3": ("AL2O3(a)", "AL2O3(L)"), "K2O": ("K2O(s)",),
    "Na2O": ("Na2O(c)", "Na2O(a)", "Na2O(L)"),
    "TiO2": ("TiO2(ru)",), "PbO": ("PbO(rd)", "PbO(yw)", "PbO(L)"), "PbS": ("PbS(s)", "PbS(L)"),
    "S": ("S(cr1)", "S(cr2)", "S(L)"), "C": ("C(gr)",), "H2O(l)": ("H2O(L)",),
    **{f"{one}(g)": (f"{one}(g)",) for one in ("SO2", "S2", "O2", "N2", "H2O", "CO2", "CH4")},
}  # fmt: skip
_LIQUIDS = {
    "Cu": "Cu(L)", "Cu2O": "Cu2O(L)", "Fe": "Fe(L)", "FeO": "FeO(L)", "FeS": "FeS(L)", "SiO2": "SiO2(L)",
    "CaO": "CaO(L)", "MgO": "MgO(L)", "MgSiO3": "MgSiO3(L)", "Al2O3": "AL2O3(L)", "PbO": "PbO(L)", "PbS": "PbS(L)",
}  # fmt: skip


@dataclass(frozen=True)
class Species:
    """Polynomials (pieces, 6) of H/R by ascending power of T from T^0 to T^5, and where each piece ends, K."""

    low_k: float
    high_k: float
    ends_k: Floats
    powers: Floats


def _of(pieces: tuple[Piece, ...]) -> Species:
    """A species from its NASA pieces."""
    rows = [[a[5], *(a[n] / (n + 1) for n in range(5))] for _, _, a in pieces]
    return Species(pieces[0][0], pieces[-1][1], np.array([high for _, high, _ in pieces]), np.array(rows))


def _line(lines: tuple[Line, ...]) -> Species:
    """A species from its straight lines."""
    rows = [[(one.h0_kj - one.cp_j * one.t0_k / 1e3) / GAS_CONSTANT, one.cp_j / 1e3 / GAS_CONSTANT] for one in lines]
    powers = np.pad(np.array(rows), ((0, 0), (0, 4)))
    return Species(lines[0].low_k, lines[-1].high_k, np.array([one.high_k for one in lines]), powers)


def _melt(name: str) -> Species:
    """A liquid, carried on to the range of melts."""
    (_, _, first), *_ = NASA[name]
    return _of(((COLDEST_MELT_K, HOTTEST_MELT_K, first),))


SPECIES: Mapping[str, Species] = MappingProxyType(
    {
        **{name: _of(tuple(piece for one in phases for piece in NASA[one])) for name, phases in _STABLE.items()},
        **{f"{name}(l)": _melt(phase) for name, phase in _LIQUIDS.items()},
        **{name: _line(lines) for name, lines in LINES.items()},
    }
)
"""By name: *X* is the stable phase, *X(l)* the liquid as a part of a melt, *X(g)* the gas."""


def enthalpy(name: str, temp_k: Floats | float = REFERENCE_K) -> Floats:
    """Enthalpy of a species, kJ/mol, relative to the elements at 298.15 K.

    Parameters
    ----------
    temp_k
        Temperature, K, shape (S,) or a number.

    Raises
    ------
    DataError
        If a temperature is outside what is known of the species.

    Examples
    --------
    >>> enthalpy("SO2(g)", np.array([298.15, 1500.0])).round(1)
    array([-296.8, -234.5])
    """
    one, temp = SPECIES[name], np.asarray(temp_k, dtype=float)
    off = (temp < one.low_k - _ROUND) | (temp > one.high_k) | np.isnan(temp)
    if off.any():
        raise DataError(
            "the enthalpy of {species} is known from {low} to {high} K, not at {temp} K",
            species=name, low=round(one.low_k), high=round(one.high_k), temp=float(temp[off].flat[0]),
        )  # fmt: skip
    at = np.minimum(np.searchsorted(one.ends_k, temp), len(one.ends_k) - 1)
    powers = one.powers[at]
    total = powers[..., 5]
    for n in (4, 3, 2, 1, 0):
        total = total * temp + powers[..., n]
    return np.asarray(total * GAS_CONSTANT)


def enthalpies(names: tuple[str, ...], temp_k: Floats) -> Floats:
    """Enthalpies of several species, kJ/mol, shape (S, species), as :func:`enthalpy` gives them one by one.

    ``temp_k`` has the shape (S,). What holds at one temperature is remembered, as furnaces ask for it often.

    Examples
    --------
    >>> enthalpies(("SO2(g)", "N2(g)"), np.array([1500.0])).round(1)
    array([[-234.5,   38.4]])
    """
    temp = np.atleast_1d(np.asarray(temp_k, dtype=float))
    return _at_one(names, float(temp[0])) if len(temp) == 1 else _evaluated(names, temp)


@lru_cache(maxsize=4096)
def _at_one(names: tuple[str, ...], temp_k: float) -> Floats:
    """Enthalpies at one temperature, shape (1, species); not to be written to, as it is remembered."""
    found = _evaluated(names, np.array([temp_k]))
    found.flags.writeable = False
    return found


def _evaluated(names: tuple[str, ...], temp: Floats) -> Floats:
    """Enthalpies, shape (S, species)."""
    group = _group(names)
    if not ((temp >= group.low_k - _ROUND) & (temp <= group.high_k)).all():
        return np.stack([enthalpy(one, temp) for one in names], axis=1)  # raises for the one that is off
    piece = np.minimum((temp[:, None, None] > group.ends_k).sum(axis=2), group.last)
    powers = group.powers[np.arange(len(names)), piece]
    total = powers[..., 5]
    for n in (4, 3, 2, 1, 0):
        total = total * temp[:, None] + powers[..., n]
    return np.asarray(total * GAS_CONSTANT)


@dataclass(frozen=True)
class _Group:
    """Several species side by side: pieces padded to the most that any has; the range that all are known in."""

    low_k: float
    high_k: float
    ends_k: Floats
    powers: Floats
    last: NDArray[np.int64]


@lru_cache(maxsize=256)
def _group(names: tuple[str, ...]) -> _Group:
    """Species side by side."""
    found = [SPECIES[one] for one in names]
    most = max(len(one.ends_k) for one in found)
    ends, powers = np.full((len(found), most), np.inf), np.zeros((len(found), most, 6))
    for n, one in enumerate(found):
        ends[n, : len(one.ends_k)], powers[n, : len(one.ends_k)] = one.ends_k, one.powers
    last = np.array([len(one.ends_k) - 1 for one in found], dtype=np.int64)
    return _Group(max(one.low_k for one in found), min(one.high_k for one in found), ends, powers, last)
