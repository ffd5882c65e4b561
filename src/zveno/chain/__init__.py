"""The facade: one description, four questions. Fetches tables, calls one engine, returns its answer."""

from zveno.chain.archives import ToArchive, archive, backup, restore
from zveno.chain.examples import example, example_names, new
from zveno.chain.facade import Chain, load
from zveno.chain.imports import Imported
from zveno.chain.problems import solve_problem
from zveno.chain.schemas import schemas
from zveno.close import Books, Carried
from zveno.couple import Calibration, Choices
from zveno.model.chain import ChainModel
from zveno.reconcile import Balance, Detection, Drifts, LastingErrors, PeriodSeries, Scrutiny
from zveno.reports import MonthResults
from zveno.rules import Breaches
from zveno.simulate import (
    CaseResults,
    Cases,
    DegreesOfFreedom,
    Draws,
    FoundryNeeds,
    Met,
    Origins,
    PeriodTotals,
    Sensitivities,
    Simulation,
    Spread,
    grid,
    span,
    sweep,
    usual_results,
    with_common,
)
from zveno.sources import Learnt, LearntTable
from zveno.store import StoreCheck, check_store, open_store

__all__ = [
    "Balance",
    "Books",
    "Breaches",
    "Calibration",
    "Carried",
    "CaseResults",
    "Cases",
    "Chain",
    "ChainModel",
    "Choices",
    "DegreesOfFreedom",
    "Detection",
    "Draws",
    "Drifts",
    "FoundryNeeds",
    "Imported",
    "LastingErrors",
    "Learnt",
    "LearntTable",
    "Met",
    "MonthResults",
    "Origins",
    "PeriodSeries",
    "PeriodTotals",
    "Scrutiny",
    "Sensitivities",
    "Simulation",
    "Spread",
    "StoreCheck",
    "ToArchive",
    "archive",
    "backup",
    "check_store",
    "example",
    "example_names",
    "grid",
    "load",
    "new",
    "open_store",
    "restore",
    "schemas",
    "solve_problem",
    "span",
    "sweep",
    "usual_results",
    "with_common",
]
