"""Heat of species and of the streams of furnaces, relative to the elements at 298.15 K."""

from __future__ import annotations

from zveno.simulate.thermo.enthalpy import REFERENCE_K, SPECIES, enthalpies, enthalpy
from zveno.simulate.thermo.phases import (
    COMPOUNDS,
    MeltRule,
    Melts,
    Parts,
    PhaseKind,
    enthalpy_of,
    parts_of,
    total,
)

__all__ = [
    "COMPOUNDS", "REFERENCE_K", "SPECIES", "MeltRule", "Melts", "Parts", "PhaseKind", "enthalpies", "enthalpy",
    "enthalpy_of", "parts_of", "total",
]  # fmt: skip
