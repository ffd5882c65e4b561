"""The verb: what the meters of a chain can show, and what one more reading would buy."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from zveno.errors import DataError
from zveno.model.chain import ChainModel
from zveno.model.network import Network
from zveno.periods import Period
from zveno.reconcile.added_meters import AddedMeter, Aim, AimKind, added_meters
from zveno.reconcile.balance import recovery_terms
from zveno.reconcile.build import MonthInput, month_of, plan_of
from zveno.reconcile.detectability import Detectable, Watched, detectable
from zveno.reconcile.fitting import fit_any
from zveno.reconcile.gross_errors.hypotheses import Hypothesis
from zveno.reconcile.levels import unsurveyed
from zveno.reconcile.over_periods import error_parts
from zveno.reconcile.result import NetworkResult, Term
from zveno.reconcile.unaccounted import unaccounted_balances
from zveno.tables import frame

MONTHS = (1, 3, 12)
_HOURS = 8766 / 12
Row = dict[str, Any]


@dataclass(frozen=True)
class Detection:
    """What meters can show: tables ``detectability``, ``added_meters`` and ``added_gains``.

    ``limit`` is the limit of ``|z|`` over one period, ``dof`` how many independent checks the readings give.
    """

    period: Period
    detectability: pl.DataFrame
    added_meters: pl.DataFrame
    added_gains: pl.DataFrame
    limit: float
    dof: int


def detect(model: ChainModel, records: pl.DataFrame, period: Period, months: Sequence[int] = MONTHS) -> Detection:
    """Smallest errors of meters that show in some months like a period, and what one more reading would buy.

    Parameters
    ----------
    model, records, period
        As for ``reconcile``. What the meters can show hardly depends on what they read: any month of usual work will
        do.
    months
        Over how many months, fewest first. A calendar month counts as one, other periods by their hours.

    Raises
    ------
    DataError
        If the period has no reading at all, or there is no number of months.
    SolveError
        If no balanced point was found.
    """
    if not months or min(months) < 1:
        raise DataError("over how many months is told in whole numbers from 1 on: 1, 3, 12")
    month = month_of(plan_of(model, records), period)
    network = month.network
    fit = fit_any(network)
    parts = error_parts(network, month.measured)
    length = 1.0 if period.kind == "month" else period.hours / _HOURS
    watched = Watched.of(network, fit, parts.over(1))
    found = detectable(network, fit, parts, [one / length for one in months])
    aims = list(_aims(model, month, NetworkResult(network, fit)))
    hidden = unsurveyed(network)
    added = added_meters(network, fit, watched, aims, hidden)
    name = period.name
    return Detection(
        period=period,
        detectability=frame("detectability", list(_detectability_rows(network, found, months, name, hidden))),
        added_meters=frame("added_meters", list(_added_rows(added, name))),
        added_gains=frame("added_gains", list(_gain_rows(network, added, name))),
        limit=watched.limit,
        dof=fit.dof,
    )


def _aims(model: ChainModel, month: MonthInput, result: NetworkResult) -> Iterator[Aim]:
    """Overall recoveries, unaccounted masses of their components, and what their products hold of them."""
    network, seen = month.network, set()
    components = dict.fromkeys(name for one in model.chain.recoveries for name in one.components)
    for one in model.chain.recoveries:
        for component in one.components:
            terms = recovery_terms(one, month.topology.place, network, component, with_stocks=True)
            if terms is None:
                continue
            yield from _aim("recovery", one.plant, component, result, terms[0], terms[1])
            products = [month.topology.place[name] for name in one.products]
            for stream in products:
                if (stream, component) not in seen:
                    seen.add((stream, component))
                    yield from _aim("product", stream, component, result, [(stream, component, 1.0)])
    there = [one for one in components if one in network.components]
    for plant, component, opened, differences in unaccounted_balances(model, month, result, there):
        yield from _aim("unaccounted", plant, component, opened, differences)


def _aim(
    kind: AimKind,
    place: str,
    component: str,
    result: NetworkResult,
    terms: Sequence[Term],
    over: Sequence[Term] | None = None,
) -> Iterator[Aim]:
    """A number with its slopes, where it can be told at all."""
    found = result.sloped(terms, over)
    if found is not None:
        yield Aim(kind, place, component, found[0], found[1], result.fit.linear)


def _detectability_rows(
    network: Network, found: Sequence[Detectable], months: Sequence[int], period: str, hidden: frozenset[str]
) -> Iterator[Row]:
    """Rows of the table ``detectability``; the level of a stock that nobody surveyed is no reading."""
    groups = dict.fromkeys(frozenset((one.what, *one.tied)) for one in found if one.tied)
    numbers = {group: number for number, group in enumerate(groups, start=1)}
    for one in found:
        if any(network.readings[n].stream in hidden and network.readings[n].quantity == "mass"
               for n in one.what.readings):  # fmt: skip
            continue
        size = one.what.size
        never = one.never_below
        for count, shows, named in zip(months, one.shows, one.named, strict=True):
            yield {
                "period": period,
                **_names(network, one.what),
                "months": count,
                "shows_from": None if one.what.kind == "common" else shows,
                "shows_from_frac": _share(shows, size),
                "named_from_frac": _share(named, size),
                "never_below_frac": _share(never, size),
                "reason": one.reason,
                "class_id": numbers.get(frozenset((one.what, *one.tied))) if one.tied else None,
            }


def _names(network: Network, one: Hypothesis) -> Row:
    """What may be wrong, as other tables name it."""
    readings = [network.readings[n] for n in one.readings]
    return {
        "kind": one.kind,
        "name": one.name,
        "meter": "+".join(dict.fromkeys(reading.meter for reading in readings if reading.meter)),
        "stream": "+".join(dict.fromkeys(reading.stream for reading in readings)) or one.name,
        "quantity": one.quantity,
    }


def _share(value: float | None, size: float) -> float | None:
    """A size as a share of the reading."""
    return None if value is None or not size else value / size


def _added_rows(added: Sequence[AddedMeter], period: str) -> Iterator[Row]:
    """Rows of the table ``added_meters``, the best first."""
    for rank, one in enumerate(added, start=1):
        yield {
            "period": period,
            "rank": rank,
            "stream": one.stream,
            "quantity": one.quantity,
            "again": one.read,
            "sd_rel_frac": one.relative_sd,
            "makes_known": sum(gain.newly for gain in one.aims),
            "sd_less_frac": one.aim_gain,
            "shows_less_frac": -math.expm1(-one.watch_gain),
            "checked": sum(gain.before is None and gain.after is not None for gain in one.readings),
            "told_before": sum(gain.named_before for gain in one.readings) if one.readings else None,
            "told_after": sum(gain.named_after for gain in one.readings) if one.readings else None,
            "separated": one.separated,
        }


def _gain_rows(network: Network, added: Sequence[AddedMeter], period: str) -> Iterator[Row]:
    """Rows of the table ``added_gains``: every number that one more reading betters."""
    for rank, one in enumerate(added, start=1):
        first = {"period": period, "rank": rank, "stream": one.stream, "quantity": one.quantity}
        for gain in one.aims:
            if gain.newly or gain.share > 0:
                yield first | {
                    "of": gain.aim.kind,
                    "what": gain.aim.place,
                    "component": gain.aim.component,
                    "before": gain.before,
                    "after": gain.after,
                }
        for shown in one.readings:
            if shown.after is not None and shown.after != shown.before:
                reading = network.readings[shown.what.readings[0]]
                yield first | {
                    "of": "reading",
                    "what": reading.meter or reading.stream,
                    "component": reading.quantity,
                    "before": _share(shown.before, shown.what.size),
                    "after": _share(shown.after, shown.what.size),
                }
