"""The provisional balance of a day."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from zveno.chain.facade import Chain
from zveno.close.daily import Daily, daily_of, to_date_of
from zveno.errors import DataError
from zveno.periods import Period
from zveno.reconcile import reconcile_many
from zveno.reports import plan_fact


def daily(chain: Chain, day: str | None = None) -> Daily:
    """The provisional balance of a day and of the month to date, from all that is known now.

    Parameters
    ----------
    day
        Such as ``2026-03-14``; the last day with readings if left out.

    Raises
    ------
    DataError
        If the text is no single day, or the day has no reading.
    """
    span = chain.period(day) if day else _last_day(chain)
    if span.kind != "day":
        raise DataError("'{period}' is not a single day: give one such as 2026-03-14", period=day or span.name)
    so_far = to_date_of(span)
    records = chain.records_for(so_far)
    alone = reconcile_many(chain.model_for(span), records, [span])
    balance = chain.reconcile(so_far)
    readings = chain.store.read("readings", Period(span.start.replace(day=1), span.end + timedelta(days=1)))
    plans = plan_fact(chain.model, records, readings, so_far)
    return daily_of(chain.model, (span, alone), balance, plans)


def _last_day(chain: Chain) -> Period:
    """The last day on which a record begins."""
    records = chain.store.read("records").filter(pl.col("quantity") != "survey_mass", pl.col("end") > pl.col("start"))
    last = records["start"].max()
    if not isinstance(last, datetime):
        raise DataError("there are no records yet: import some, or name a period")
    moment = last.astimezone(chain.model.tz)
    return list(chain.period(f"{moment:%Y-%m}").split("day"))[moment.day - 1]
