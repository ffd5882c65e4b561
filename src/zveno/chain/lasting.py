"""Errors of meters that last, from all parts of a period."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from zveno.errors import DataError
from zveno.model.chain import ChainModel
from zveno.periods import Period
from zveno.reconcile import Detection, LastingErrors, detect, drifting, lasting_errors

__all__ = ["Detection", "LastingErrors", "detection_of", "drifts_of", "lasting_errors_of"]


def lasting_errors_of(
    model: ChainModel, records: pl.DataFrame, span: Period, each: str, asked: Sequence[str]
) -> LastingErrors:
    """Errors that are the same in all months or days of a period."""
    if each not in ("month", "day"):
        raise DataError("'{each}' is no time to test for lasting errors by: choose month or day", each=each)
    return lasting_errors(model, records, list(span.split("month" if each == "month" else "day")), asked)


def drifts_of(model: ChainModel, records: pl.DataFrame, span: Period, each: str) -> pl.DataFrame:
    """Table ``drifts`` of the hours or days of a period."""
    return drifting(model, records, list(span.split("hour" if each == "hour" else "day")))


def detection_of(model: ChainModel, records: pl.DataFrame, span: Period, months: Sequence[int]) -> Detection:
    """Smallest errors that show in some months, and what one more reading would buy."""
    return detect(model, records, span, months)
