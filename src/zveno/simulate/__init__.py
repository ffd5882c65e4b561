"""Simulate: what will the chain make, at steady state, in as many scenarios as asked."""

from __future__ import annotations

from zveno.simulate.cases import BASE, Cases, Given, grid, span, sweep
from zveno.simulate.castings import FoundryNeeds, foundry_needs
from zveno.simulate.checks import unit_faults
from zveno.simulate.degrees import DegreesOfFreedom, degrees_of_freedom
from zveno.simulate.draws import Correlations, Draws, Sampling, draws
from zveno.simulate.engine import simulate
from zveno.simulate.keys import targets, with_common
from zveno.simulate.meet import MET, Met, meet, meet_each
from zveno.simulate.origins import Origins, origins
from zveno.simulate.precheck import simulation_faults
from zveno.simulate.result import Simulation
from zveno.simulate.results import read_result, usual_results
from zveno.simulate.schema import parameter_uom, unit_model_schemas
from zveno.simulate.sensitivity import Sensitivities, sensitivities
from zveno.simulate.specifications import Free, Specification, read_free, read_specification
from zveno.simulate.spread import Spread
from zveno.simulate.tabulated import CaseResults, joined, tabulate
from zveno.simulate.totals import PeriodTotals, simulate_period
from zveno.simulate.units import UNIT_MODELS, UnitModel
from zveno.simulate.units.grinding import bond_energy, bond_work_index
from zveno.simulate.units.kinetics import klimpel_recovery, mixed_cells_recovery, plug_flow_recovery

__all__ = [
    "BASE",
    "MET",
    "UNIT_MODELS",
    "CaseResults",
    "Cases",
    "Correlations",
    "DegreesOfFreedom",
    "Draws",
    "FoundryNeeds",
    "Free",
    "Given",
    "Met",
    "Origins",
    "PeriodTotals",
    "Sampling",
    "Sensitivities",
    "Simulation",
    "Specification",
    "Spread",
    "UnitModel",
    "bond_energy",
    "bond_work_index",
    "degrees_of_freedom",
    "draws",
    "foundry_needs",
    "grid",
    "joined",
    "klimpel_recovery",
    "meet",
    "meet_each",
    "mixed_cells_recovery",
    "origins",
    "parameter_uom",
    "plug_flow_recovery",
    "read_free",
    "read_result",
    "read_specification",
    "sensitivities",
    "simulate",
    "simulate_period",
    "simulation_faults",
    "span",
    "sweep",
    "tabulate",
    "targets",
    "unit_faults",
    "unit_model_schemas",
    "usual_results",
    "with_common",
]
