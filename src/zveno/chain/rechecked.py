"""The second opinion on a period: the rules once more in SQL by a database, and where it differs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from zveno.chain.facade import Chain
from zveno.errors import DataError
from zveno.model.chain import ChainModel
from zveno.periods import Period
from zveno.rules import Breaches, breach_table, check, watchlist
from zveno.rules.sql import DIALECTS, READINGS, Compiled, compiled, differences, episodes
from zveno.store.statements import answered, engine_of

_LEAD_DAYS = 62
"""How far before a period readings are looked at, by both."""


@dataclass(frozen=True)
class Recheck:
    """Breaches as the first engine finds them, as the database does, and the table ``rule_differences``.

    ``script`` is the SQL that the database ran, for whoever would run it himself.
    """

    first: Breaches
    second: pl.DataFrame
    differences: pl.DataFrame
    script: str


def recheck(chain: Chain, period: str | Period, place: str) -> Recheck:
    """Judge a period twice: by the engine of the program, and in SQL by ``duckdb`` or a PostgreSQL at an address.

    Raises
    ------
    DataError
        If there are no rules, or the place is no database.
    StoreError
        If the database cannot be reached, or its driver is not installed.
    """
    if not chain.model.rulebook.rules:
        raise DataError("the description has no rules, so there is nothing to check: write them in rules/*.yaml")
    span = chain.period(period) if isinstance(period, str) else period
    readings = chain.store.read("readings", Period(span.start - timedelta(days=_LEAD_DAYS), span.end))
    first = check(chain.model, readings, span)
    one = compiled(watchlist(chain.model), DIALECTS[engine_of(place)])
    second = _told(chain.model, one, readings, span, place)
    return Recheck(first, second, differences(first.breaches, second), one.text)


def _told(model: ChainModel, one: Compiled, readings: pl.DataFrame, span: Period, place: str) -> pl.DataFrame:
    """Breaches of a period as a database finds them in readings that begin before it."""
    start, end = span.instants
    until = readings.filter(pl.col("ts") < end)
    found = breach_table(model, episodes(one, answered(place, one.statements, one.answer, until, READINGS)))
    still_open = pl.col("open") & (pl.col("end") >= start)
    return found.filter(still_open | (pl.col("end") > start) | (pl.col("start") >= start))
