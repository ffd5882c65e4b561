"""Errors of meters that last, from all parts of a period."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from zveno.model.chain import ChainModel
from zveno.periods import Period
from zveno.reconcile import Detection, Drifts, LastingErrors, detect, drifting, lasting_errors

__all__ = ["Detection", "Drifts", "LastingErrors", "detection_of", "drifts_of", "lasting_errors_of"]


def lasting_errors_of(model: ChainModel, records: pl.DataFrame, span: Period, asked: Sequence[str]) -> LastingErrors:
    """Errors that are the same in all months of a period."""
    return lasting_errors(model, records, list(span.split("month")), asked)


def drifts_of(model: ChainModel, records: pl.DataFrame, span: Period, each: str) -> Drifts:
    """Errors that last to the end of the period, from its hours or days."""
    return drifting(model, records, list(span.split("hour" if each == "hour" else "day")))


def detection_of(model: ChainModel, records: pl.DataFrame, span: Period, months: Sequence[int]) -> Detection:
    """Smallest errors that show in some months, and what one more reading would buy."""
    return detect(model, records, span, months)
