"""Breaches of the rules from the readings of a store."""

from __future__ import annotations

from datetime import UTC, timedelta

import polars as pl

from zveno.duty import roster_faults
from zveno.errors import DataError, Fault, some_names
from zveno.model.chain import ChainModel
from zveno.periods import Period
from zveno.rules import Breaches, check, rule_faults
from zveno.store import Store

_LEAD_DAYS = (2, 15, 62)
"""How far before a period readings are looked at, until no breach is found to be open where they begin."""


def ruled_faults(model: ChainModel) -> list[Fault]:
    """Faults of the rules, and of who answers for them."""
    return [*rule_faults(model), *roster_faults(model)]


def checked(model: ChainModel, store: Store, span: Period) -> Breaches:
    """Breaches of a period.

    Raises
    ------
    DataError
        If there are no rules, or no signal has a reading in the period.
    """
    if not model.rulebook.rules:
        raise DataError("the description has no rules, so there is nothing to check: write them in rules/*.yaml")
    found = breaches_of(model, store, span)
    if found.coverage.select(pl.sum("judged_h") + pl.sum("off_h")).item() == 0:
        tags = found.coverage["tag"].unique(maintain_order=True).to_list() or list(model.tags)
        raise DataError(
            "no signal that a rule watches has a reading in {period}: import files that hold {tags}",
            period=span.name,
            tags=some_names(tags),
        )
    return found


def breaches_of(model: ChainModel, store: Store, span: Period) -> Breaches:
    """The rules over whatever readings there are."""
    for days in _LEAD_DAYS:
        lead = span.start - timedelta(days=days)
        found = check(model, store.read("readings", Period(lead, span.end)), span)
        if found.breaches.filter(pl.col("start") < lead.astimezone(UTC) + timedelta(hours=1)).is_empty():
            break
    return found
