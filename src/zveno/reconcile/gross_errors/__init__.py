"""Readings that do not fit: tests, classes that the data cannot tell apart, the check that would, and the search."""

from __future__ import annotations

from zveno.reconcile.gross_errors.classes import Suspect, SuspectClass, flat
from zveno.reconcile.gross_errors.critical import Correction, critical_z, smallest_shown
from zveno.reconcile.gross_errors.freed import without
from zveno.reconcile.gross_errors.search import Elimination, GrossErrors, find, limit

__all__ = [
    "Correction",
    "Elimination",
    "GrossErrors",
    "Suspect",
    "SuspectClass",
    "critical_z",
    "find",
    "flat",
    "limit",
    "smallest_shown",
    "without",
]
