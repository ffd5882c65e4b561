"""The facade: one description, four questions. Fetches tables, calls one engine, returns its answer."""

from zveno.chain.examples import example, example_names, new
from zveno.chain.facade import Chain, Imported, load
from zveno.chain.problems import solve_problem
from zveno.chain.schemas import schemas
from zveno.model.chain import ChainModel
from zveno.reconcile import Balance, PeriodSeries
from zveno.reports import MonthResults
from zveno.rules import Breaches
from zveno.simulate import FoundryNeeds, PeriodTotals, Simulation

__all__ = [
    "Balance",
    "Breaches",
    "Chain",
    "ChainModel",
    "FoundryNeeds",
    "Imported",
    "MonthResults",
    "PeriodSeries",
    "PeriodTotals",
    "Simulation",
    "example",
    "example_names",
    "load",
    "new",
    "schemas",
    "solve_problem",
]
