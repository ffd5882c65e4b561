"""The provisional balance of a day: the day itself, and the month up to its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from zveno.model.chain import ChainModel
from zveno.model.network import MASS
from zveno.periods import Period
from zveno.reconcile import Balance, PeriodSeries, change_told, untold
from zveno.reconcile.topology import CLOSING, OPENING
from zveno.tables import frame

_RARE = ("month", "month_end")
_FLOW = ("mass_t", "mass_sd_t", "grade_frac", "grade_sd_frac")


@dataclass(frozen=True)
class Daily:
    """Tables ``daily_flows``, ``daily_recoveries``, ``daily_stocks``, ``daily_missing`` and ``plan_fact`` of a day.

    Parameters
    ----------
    day, to_date
        The day, and the time from the beginning of its month to its end.
    status
        How the global test of the day and of the month to date ended.
    so_far
        Balance of the month to date.
    """

    day: Period
    to_date: Period
    status: tuple[str, str]
    daily_flows: pl.DataFrame
    daily_recoveries: pl.DataFrame
    daily_stocks: pl.DataFrame
    daily_missing: pl.DataFrame
    plan_fact: pl.DataFrame
    so_far: Balance

    def tables(self) -> dict[str, pl.DataFrame]:
        """All tables by name."""
        return {name: one for name, one in vars(self).items() if isinstance(one, pl.DataFrame)}


def to_date_of(day: Period) -> Period:
    """From the beginning of a day's month to the day's end.

    Examples
    --------
    >>> from zveno.periods import zone
    >>> to_date_of(Period.parse("2026-03-14", zone("UTC+05:00"))).name
    '2026-03-01T00:00/2026-03-15T00:00'
    """
    return Period(day.start.replace(day=1), day.end)


def daily_of(model: ChainModel, day: tuple[Period, PeriodSeries], so_far: Balance, plans: pl.DataFrame) -> Daily:
    """The provisional balance of a day.

    Parameters
    ----------
    day
        The day, with its balance.
    so_far
        Balance of the month to date: stocks begin with their survey, and end by the book.
    plans
        Table ``plan_fact`` of the month to date.
    """
    span, alone = day
    moment = span.start.date()
    return Daily(
        day=span,
        to_date=so_far.period,
        status=(str(alone.periods["status"][0]), so_far.status),
        daily_flows=frame("daily_flows", list(_flows(model, alone.flows, so_far.flows, moment))),
        daily_recoveries=frame("daily_recoveries", list(_recoveries(alone, so_far, moment))),
        daily_stocks=frame("daily_stocks", list(_stocks(model, so_far, moment))),
        daily_missing=frame("daily_missing", list(_missing(model, alone.gaps, so_far.gaps, moment))),
        plan_fact=plans.filter(pl.col("day") == moment),
        so_far=so_far,
    )


def _flows(model: ChainModel, alone: pl.DataFrame, so_far: pl.DataFrame, day: date) -> Iterator[dict[str, Any]]:
    """What came in, passed between links and left: feeds and products of every recovery, each once."""
    tables = [{(row["stream"], row["component"]): row for row in one.iter_rows(named=True)} for one in (alone, so_far)]
    names = dict.fromkeys(name for one in model.chain.recoveries for name in (*one.feeds, *one.products))
    for stream in names:
        for component in (MASS, *model.chain.components):
            found = [one.get((stream, component)) for one in tables]
            if found[1] is None:
                continue
            row: dict[str, Any] = {"day": day, "stream": stream, "component": component}
            for prefix, one in zip(("day", "to_date"), found, strict=True):
                row |= {f"{prefix}_{name}": one[name] if one else None for name in _FLOW}
            yield row | {"status": found[1]["status"]}


def _recoveries(alone: PeriodSeries, so_far: Balance, day: date) -> Iterator[dict[str, Any]]:
    keys = ("plant", "component", "kind")
    today = {tuple(row[key] for key in keys): row for row in alone.recoveries.iter_rows(named=True)}
    for row in so_far.recoveries.iter_rows(named=True):
        one = today.get(tuple(row[key] for key in keys), {})
        yield {
            "day": day, **{key: row[key] for key in keys},
            "day_frac": one.get("recovery_frac"), "day_sd_frac": one.get("recovery_sd_frac"),
            "to_date_frac": row["recovery_frac"], "to_date_sd_frac": row["recovery_sd_frac"],
        }  # fmt: skip


def _stocks(model: ChainModel, so_far: Balance, day: date) -> Iterator[dict[str, Any]]:
    """Book stocks at the end of the day, each and all of a link together.

    What is not told of single stocks that lie one after another may be told of all of them.
    """
    result, network = so_far.result, so_far.result.network
    streams = {one.id: one for one in network.streams}
    hidden = untold(result)
    there = [one for one in model.chain.stocks if one.id + OPENING in streams and one.id + CLOSING in streams]
    groups = [((one.id, model.plant_of(one.section)), [one]) for one in there]
    plants = dict.fromkeys(model.plant_of(one.section) for one in there)
    groups += [(("", plant), [one for one in there if model.plant_of(one.section) == plant]) for plant in plants]
    for (stock, plant), members in groups:
        told = [change_told(result, one.id) for one in members]
        for component in (MASS, *model.chain.components):
            ends = {
                name: [(one.id + end, component, 1.0) for one in members
                       if component in (MASS, *network.carries(streams[one.id + end]))]
                for name, end in (("opening", OPENING), ("closing", CLOSING))
            }  # fmt: skip
            if not ends["opening"] or not ends["closing"]:
                continue
            sums = ends | {"change": [*ends["closing"], *((name, of, -1.0) for name, of, _ in ends["opening"])]}
            row: dict[str, Any] = {"day": day, "stock": stock, "plant": plant, "component": component}
            for name, terms in sums.items():
                seen = all(told) if name == "change" else not any(of in hidden for of, _, _ in terms)
                row[f"{name}_t"], row[f"{name}_sd_t"] = result.total(terms) if seen else (None, None)
            yield row


def _missing(model: ChainModel, alone: pl.DataFrame, so_far: pl.DataFrame, day: date) -> Iterator[dict[str, Any]]:
    """Meters that should have given more readings; what is read once a month is not awaited."""
    for span, gaps in (("day", alone), ("to_date", so_far)):
        for row in gaps.iter_rows(named=True):
            meter = model.meters.get(row["meter"])
            if meter is None or meter.period in _RARE or row["present"] >= row["expected"]:
                continue
            yield {"day": day, "span": span, **{key: row[key] for key in _GAP}}


_GAP = ("meter", "quantity", "expected", "present", "treatment")
