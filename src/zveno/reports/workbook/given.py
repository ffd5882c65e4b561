"""What a workbook of the books is made from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from zveno.close import Books
from zveno.model.chain import ChainModel
from zveno.reconcile.by_meter import values_by_meter
from zveno.reports.month import MonthResults
from zveno.reports.parts.index import Flows, by_stream
from zveno.reports.standing import OPEN, Standing
from zveno.reports.workbook.trace import Trace, trace_of


@dataclass(frozen=True)
class PeriodBooks:
    """Everything that can be handed out of a period.

    Parameters
    ----------
    results
        What the month's report says; ``results.standing`` tells which version it is and who signed.
    books
        Both balances, stocks, owners, contracts.
    records
        The values that were known, those before the period too that opening surveys may come from.
    differing
        Tables that this program would make otherwise than they were kept; those that were kept are given.
    """

    results: MonthResults
    books: Books
    records: pl.DataFrame
    differing: tuple[str, ...] = ()

    @property
    def model(self) -> ChainModel:
        """The description that it was made with."""
        return self.results.model

    @property
    def standing(self) -> Standing:
        """Which version it is, and who signed it."""
        return self.results.standing or OPEN

    @cached_property
    def flows(self) -> Flows:
        """Reconciled masses and grades by stream and component."""
        return by_stream(self.results.flows)

    @cached_property
    def trace(self) -> Trace:
        """How the readings made the values of the period."""
        return trace_of(values_by_meter(self.model, self.records, self.results.period))
