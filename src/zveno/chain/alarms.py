"""The health of a chain's alarms: breaches of its rules as alarms, or the journal of its control system."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from zveno.chain.checked import checked
from zveno.chain.facade import Chain
from zveno.errors import DataError
from zveno.periods import Period
from zveno.rules.alarm_health import AlarmHealth, alarm_health, alarms_of_breaches
from zveno.rules.alarm_targets import LEAST_DAYS, METRICS, TOP, Target
from zveno.sources.alarmjournal import Journal, read_journal, read_mapping

__all__ = ["METRICS", "TOP", "Alarms", "AlarmsAsked", "Target", "alarms_of"]


@dataclass(frozen=True)
class AlarmsAsked:
    """Which alarms are meant: the breaches of the rules, or a journal with its mapping."""

    journal: Path | None = None
    mapping: Path | None = None


@dataclass(frozen=True)
class Alarms:
    """The health of the alarms of a period.

    Parameters
    ----------
    short
        Whether the period is shorter than the metrics ask for.
    suppression_known
        Whether the source tells which alarms were shelved or suppressed.
    """

    health: AlarmHealth
    journal: Journal | None
    short: bool
    suppression_known: bool


def alarms_of(chain: Chain, period: str, asked: AlarmsAsked) -> Alarms:
    """Metrics of the alarms of a period.

    Raises
    ------
    DataError
        If the journal or its mapping cannot be read, has no alarm in the period, or there is nothing to check.
    """
    span = chain.period(period)
    short = span.end - span.start < timedelta(days=LEAST_DAYS)
    if asked.journal is None:
        if asked.mapping is not None:
            raise DataError("--map says how the columns of a journal are read: give it with --journal")
        breaches = checked(chain.model, chain.store, span).breaches
        health = alarm_health(alarms_of_breaches(breaches), span, suppression_known=False)
        return Alarms(health, None, short, suppression_known=False)
    if asked.mapping is None:
        raise DataError("--journal needs --map: a file that says which column is what")
    mapping = read_mapping(asked.mapping)
    journal = read_journal(asked.journal, mapping, chain.model.tz)
    _require_some(journal, span, asked.journal)
    told = bool(mapping.suppression)
    return Alarms(alarm_health(journal.alarms, span, suppression_known=told), journal, short, suppression_known=told)


def _require_some(journal: Journal, span: Period, path: Path) -> None:
    """A journal that speaks of another time is no journal of the period."""
    start, end = span.instants
    told = pl.concat([journal.alarms["raised"], journal.alarms["returned"].drop_nulls()])
    first, last = told.min(), told.max()
    if not isinstance(first, datetime) or not isinstance(last, datetime) or first >= end or last < start:
        raise DataError(
            "'{path}' has no alarm in {period}: it runs from {first} to {last}",
            path=path.name, period=span.name, first=first or "–", last=last or "–",
        )  # fmt: skip
