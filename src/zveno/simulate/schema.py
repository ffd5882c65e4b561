"""Unit models as JSON Schema, for editors and forms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from zveno.errors import ModelError
from zveno.model.checks import near_match
from zveno.simulate.units import UNIT_MODELS, UNIT_PARAMETERS, Parameter, UnitModel


def unit_model_schemas() -> dict[str, Any]:
    """For each unit model the schema of the unit's ``parameters``, with its outlets.

    Examples
    --------
    >>> unit_model_schemas()["filter"]["required"]
    ['moisture']
    """
    return {name: _schema(model, UNIT_PARAMETERS[name]) for name, model in UNIT_MODELS.items()}


def parameter_uom(model: str, name: str) -> str:
    """Unit of measure in which a unit model takes a parameter.

    Raises
    ------
    ModelError
        If there is no such model or parameter.

    Examples
    --------
    >>> parameter_uom("bank", "cell_m3")
    'm3'
    """
    found = {one.name: one.uom for one in UNIT_PARAMETERS.get(model, ())}
    if name not in found:
        raise ModelError(
            "unit model '{model}' has no parameter '{name}'", model=model, name=name, near=near_match(name, found)
        )
    return found[name]


def _schema(model: type[UnitModel], parameters: Sequence[Parameter]) -> dict[str, Any]:
    """Schema of one unit model."""
    return {
        "type": "object",
        "description": (model.__doc__ or "").partition("\n")[0],
        "x-inlets": list(model.inlets),
        "x-outlets": list(model.outlets),
        "properties": {one.name: _property(one) for one in parameters},
        "required": [one.name for one in parameters if one.default is None],
        "additionalProperties": False,
    }


def _property(one: Parameter) -> dict[str, Any]:
    """Schema of one parameter: a number in its range, the name of a figure, or a figure."""
    if one.table:
        return {"description": one.meaning, "type": "string"}
    about = {"description": f"{one.meaning}, {one.uom}" if one.uom else one.meaning}
    if one.default is not None:
        about["default"] = one.default  # type: ignore[assignment]
    if one.choices:
        return {**about, "enum": list(one.choices)}
    number: dict[str, Any] = {"type": "number", "minimum": one.low}
    if np.isfinite(one.high):
        number["maximum"] = one.high
    return {**about, "anyOf": [number, {"type": "string"}, {"type": "object"}]}
