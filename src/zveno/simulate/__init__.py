"""Simulate: what will the chain make, at steady state, in as many scenarios as asked."""

from __future__ import annotations

from zveno.simulate.castings import FoundryNeeds, foundry_needs
from zveno.simulate.checks import unit_faults
from zveno.simulate.engine import simulate
from zveno.simulate.precheck import simulation_faults
from zveno.simulate.result import Simulation
from zveno.simulate.schema import parameter_uom, unit_model_schemas
from zveno.simulate.totals import PeriodTotals, simulate_period
from zveno.simulate.units import UNIT_MODELS, UnitModel
from zveno.simulate.units.grinding import bond_energy, bond_work_index
from zveno.simulate.units.kinetics import klimpel_recovery, mixed_cells_recovery, plug_flow_recovery

__all__ = [
    "UNIT_MODELS",
    "FoundryNeeds",
    "PeriodTotals",
    "Simulation",
    "UnitModel",
    "bond_energy",
    "bond_work_index",
    "foundry_needs",
    "klimpel_recovery",
    "mixed_cells_recovery",
    "parameter_uom",
    "plug_flow_recovery",
    "simulate",
    "simulate_period",
    "simulation_faults",
    "unit_faults",
    "unit_model_schemas",
]
