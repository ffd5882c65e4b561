"""Readings that do not fit: tests, classes that the data cannot tell apart, the check that would, and the search."""

from __future__ import annotations

from zveno.reconcile.gross_errors.classes import Suspect, SuspectClass, flat
from zveno.reconcile.gross_errors.critical import Correction, critical_z, smallest_shown
from zveno.reconcile.gross_errors.freed import without
from zveno.reconcile.gross_errors.nodal import BalanceTest, balance_tests
from zveno.reconcile.gross_errors.scrutiny import Scrutiny
from zveno.reconcile.gross_errors.search import Elimination, GrossErrors, find, limit, screened
from zveno.reconcile.gross_errors.swaps import Swap, swapped

__all__ = [
    "BalanceTest",
    "Correction",
    "Elimination",
    "GrossErrors",
    "Scrutiny",
    "Suspect",
    "SuspectClass",
    "Swap",
    "balance_tests",
    "critical_z",
    "find",
    "flat",
    "limit",
    "screened",
    "smallest_shown",
    "swapped",
    "without",
]
