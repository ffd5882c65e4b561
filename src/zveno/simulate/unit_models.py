"""What a unit model of one's own is written with, and how Zveno comes to know it."""

from __future__ import annotations

from zveno.errors import ModelError
from zveno.quantities import uom_of
from zveno.simulate.basis import Basis, Floats
from zveno.simulate.moves import Moves
from zveno.simulate.units import BUILT_IN, UNIT_MODELS, UNIT_PARAMETERS, ElementUnit, UnitModel
from zveno.simulate.units.unit import (
    WATER_ADDED,
    Driver,
    Report,
    Spec,
    Values,
    column,
    moves,
    parameters_of,
    per_basis,
    two_ways,
    vector,
    water_needed,
)

__all__ = [
    "WATER_ADDED",
    "Basis",
    "Driver",
    "ElementUnit",
    "Floats",
    "Moves",
    "Report",
    "Spec",
    "UnitModel",
    "Values",
    "add_unit_model",
    "added_unit_models",
    "column",
    "moves",
    "per_basis",
    "two_ways",
    "vector",
    "water_needed",
]


def added_unit_models() -> dict[str, type[UnitModel]]:
    """Unit models that were added, by name."""
    return {name: model for name, model in UNIT_MODELS.items() if model not in BUILT_IN}


def add_unit_model(name: str, model: type[UnitModel]) -> None:
    """Let descriptions use a unit model by a name.

    Raises
    ------
    ModelError
        If it is no frozen dataclass of a unit model, a model of Zveno has the name, or a parameter has no ``Spec``.
    QuantityError
        If the unit of measure of a parameter is not known.
    """
    if not (isinstance(model, type) and issubclass(model, UnitModel) and "__dataclass_fields__" in vars(model)):
        raise ModelError("'{name}' is no unit model: derive a frozen dataclass from UnitModel", name=name)
    if UNIT_MODELS.get(name) in BUILT_IN:
        raise ModelError("there is a unit model '{name}' already: choose another name", name=name)
    found = tuple(parameters_of(model))
    declared = set(model.__dataclass_fields__) - set(UnitModel.__dataclass_fields__)
    if not issubclass(model, ElementUnit) and (bare := sorted(declared - {one.name for one in found})):
        raise ModelError(
            "parameters of the unit model '{name}' need a Spec with uom and meaning: {missing}",
            name=name, missing=", ".join(bare),
        )  # fmt: skip
    for one in found:
        if not (one.choices or one.table):
            uom_of(one.uom)
    UNIT_MODELS[name] = model
    UNIT_PARAMETERS[name] = found
