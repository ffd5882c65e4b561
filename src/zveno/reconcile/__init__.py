"""Reconcile: what did the chain make, as all readings together say, and which of them do not fit."""

from __future__ import annotations

from zveno.reconcile.balance import Balance, PeriodSeries
from zveno.reconcile.batch import BatchResult, solve_batch
from zveno.reconcile.build import MonthInput, month_network
from zveno.reconcile.engine import reconcile, reconcile_many
from zveno.reconcile.fit import BOUND_CONFLICT
from zveno.reconcile.lasting import drifting
from zveno.reconcile.linked import follow_linked, solve_linked, stock_links
from zveno.reconcile.linked_periods import Carried, LastingBias, LinkedPeriods, LinkedResult
from zveno.reconcile.result import NetworkResult, problem_report
from zveno.reconcile.solve import solve_network
from zveno.reconcile.topology import flow_faults

__all__ = [
    "BOUND_CONFLICT",
    "Balance",
    "BatchResult",
    "Carried",
    "LastingBias",
    "LinkedPeriods",
    "LinkedResult",
    "MonthInput",
    "NetworkResult",
    "PeriodSeries",
    "drifting",
    "flow_faults",
    "follow_linked",
    "month_network",
    "problem_report",
    "reconcile",
    "reconcile_many",
    "solve_batch",
    "solve_linked",
    "solve_network",
    "stock_links",
]
