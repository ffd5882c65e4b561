"""Reconcile: what did the chain make, as all readings together say, and which of them do not fit."""

from __future__ import annotations

from zveno.reconcile.balance import Balance, PeriodSeries
from zveno.reconcile.batch import BatchResult, solve_batch
from zveno.reconcile.build import MonthInput, month_network, reading_values
from zveno.reconcile.detect import Detection, detect
from zveno.reconcile.drifting import Drifts, drifting
from zveno.reconcile.engine import reconcile, reconcile_many, solve_month
from zveno.reconcile.fit import BOUND_CONFLICT
from zveno.reconcile.free_report import free_report
from zveno.reconcile.gross_errors import Scrutiny
from zveno.reconcile.lasting import LastingErrors, lasting_errors
from zveno.reconcile.levels import change_told, unsurveyed, untold
from zveno.reconcile.linked import follow_linked, solve_linked, stock_links
from zveno.reconcile.linked_periods import Carried, LastingBias, LinkedPeriods, LinkedResult
from zveno.reconcile.nominal import Nominal
from zveno.reconcile.overdue_bias import grown_pct
from zveno.reconcile.problem_report import network_report, problem_report
from zveno.reconcile.result import NetworkResult
from zveno.reconcile.solve import solve, solve_network
from zveno.reconcile.sparse.result import LargeResult
from zveno.reconcile.sparse.solve import solve_large
from zveno.reconcile.stock_difference import StockDifference, stock_difference
from zveno.reconcile.topology import flow_faults
from zveno.reconcile.widened import widened_flows

__all__ = [
    "BOUND_CONFLICT",
    "Balance",
    "BatchResult",
    "Carried",
    "Detection",
    "Drifts",
    "LargeResult",
    "LastingBias",
    "LastingErrors",
    "LinkedPeriods",
    "LinkedResult",
    "MonthInput",
    "NetworkResult",
    "Nominal",
    "PeriodSeries",
    "Scrutiny",
    "StockDifference",
    "change_told",
    "detect",
    "drifting",
    "flow_faults",
    "follow_linked",
    "free_report",
    "grown_pct",
    "lasting_errors",
    "month_network",
    "network_report",
    "problem_report",
    "reading_values",
    "reconcile",
    "reconcile_many",
    "solve",
    "solve_batch",
    "solve_large",
    "solve_linked",
    "solve_month",
    "solve_network",
    "stock_difference",
    "stock_links",
    "unsurveyed",
    "untold",
    "widened_flows",
]
