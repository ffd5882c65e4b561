"""Zveno: one description of a copper producer, four questions asked of it.

The face is loaded on first use, so that ``zveno --help`` stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zveno.chain import Chain, Imported, example, load, new
    from zveno.couple import Calibration, Choices
    from zveno.errors import (
        ConflictError,
        DataError,
        ModelError,
        QuantityError,
        RuleError,
        SolveError,
        StoreError,
        ZvenoError,
    )
    from zveno.model.chain import ChainModel
    from zveno.periods import Period
    from zveno.reconcile import Balance
    from zveno.rules import Breaches
    from zveno.simulate import Cases, Simulation, grid, sweep

__all__ = [
    "Balance",
    "Breaches",
    "Calibration",
    "Cases",
    "Chain",
    "ChainModel",
    "Choices",
    "ConflictError",
    "DataError",
    "Imported",
    "ModelError",
    "Period",
    "QuantityError",
    "RuleError",
    "Simulation",
    "SolveError",
    "StoreError",
    "ZvenoError",
    "example",
    "grid",
    "load",
    "new",
    "sweep",
]

_HOMES = {
    "Balance": "zveno.reconcile",
    "Breaches": "zveno.rules",
    "ChainModel": "zveno.model.chain",
    "Period": "zveno.periods",
    **dict.fromkeys(("Calibration", "Choices"), "zveno.couple"),
    **dict.fromkeys(("Cases", "Simulation", "grid", "sweep"), "zveno.simulate"),
    **dict.fromkeys(("Chain", "Imported", "example", "load", "new"), "zveno.chain"),
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'zveno' has no attribute '{name}'")
    return getattr(import_module(_HOMES.get(name, "zveno.errors")), name)
