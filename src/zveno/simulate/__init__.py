"""Simulate: what will the chain make, at steady state, in as many scenarios as asked."""

from __future__ import annotations

from zveno.simulate.checks import unit_faults
from zveno.simulate.engine import simulate
from zveno.simulate.result import Simulation
from zveno.simulate.schema import parameter_uom, unit_model_schemas
from zveno.simulate.units import UNIT_MODELS, UnitModel

__all__ = ["UNIT_MODELS", "Simulation", "UnitModel", "parameter_uom", "simulate", "unit_faults", "unit_model_schemas"]
