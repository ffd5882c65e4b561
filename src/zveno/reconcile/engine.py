"""The verb: reconcile a period, or many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from zveno.errors import DataError, SolveError
from zveno.model.chain import ChainModel
from zveno.periods import Period
from zveno.reconcile.balance import (
    Balance,
    PeriodSeries,
    balance_of,
    gap_rows,
    period_row,
    recovery_rows,
    series_flows,
)
from zveno.reconcile.batch import BatchResult
from zveno.reconcile.build import (
    Found,
    MonthInput,
    any_record,
    find_readings,
    month_network,
    month_of,
    network_of,
    plan_of,
)
from zveno.reconcile.columns import columns, solved
from zveno.reconcile.counters import counter_findings
from zveno.reconcile.doubts import Doubts
from zveno.reconcile.fit import fit_network
from zveno.reconcile.fitting import fit_any
from zveno.reconcile.gross_errors import Scrutiny
from zveno.reconcile.in_question import unknown_names
from zveno.reconcile.optima import optima
from zveno.reconcile.result import NetworkResult
from zveno.reconcile.sample_swaps import SampleSwap, SampleSwaps, exchanged, sample_swaps
from zveno.reconcile.scale_steps import scale_steps
from zveno.reconcile.solve import solve_network
from zveno.reconcile.stock_readings import Plan
from zveno.tables import frame

_CHECKED = 5


def reconcile(model: ChainModel, records: pl.DataFrame, period: Period, scrutiny: Scrutiny | None = None) -> Balance:
    """Flows and assays of a period that fit together, each with its standard deviation.

    Parameters
    ----------
    model
        The chain.
    records
        Table ``records``: values of meters, and of stocks at the opening, also from before the period.
    period
        Any stretch of plant time: a month, a day, an hour.
    scrutiny
        How readings are tested; unless it asks for a robust screen, published numbers use every reading.

    Raises
    ------
    DataError
        If the period has no reading at all: names the meters; if ``scrutiny`` puts in question what there is not.
    SolveError
        If no balanced point was found; an unconverged answer is never returned.
    """
    asked = scrutiny.asked if scrutiny else ()
    faults = list(unknown_names(model, asked))
    if faults:
        raise DataError(faults)
    plan = plan_of(model, records)
    swaps = sample_swaps(model, plan.book, period)
    exchange = scrutiny is not None and scrutiny.exchange
    if exchange:
        plan = plan_of(model, _all_exchanged(records, swaps))
    month = month_of(plan, period)
    result = solve_network(month.network, scrutiny)
    after = {} if exchange else _exchanged(model, records, period, swaps)
    steps, counters = scale_steps(model, plan.book, period), counter_findings(model, plan.book, period)
    doubts = Doubts(swaps, after, steps, asked, counters, exchange)
    return balance_of(model, replace(month, network=result.network), period, result, doubts)


def _all_exchanged(records: pl.DataFrame, swaps: SampleSwaps) -> pl.DataFrame:
    """Records with every swap of single samples exchanged back."""
    for swap in swaps.found:
        records = exchanged(records, swap)
    return records


def solve_month(model: ChainModel, records: pl.DataFrame, period: Period) -> tuple[MonthInput, Balance]:
    """The readings of a period and the same balance, without what does not fit and what is unaccounted.

    Raises
    ------
    DataError, SolveError
        As ``reconcile`` does.
    """
    plan = plan_of(model, records)
    month = month_of(plan, period)
    best = optima(month.network, fit_any(month.network)).best
    doubts = Doubts(SampleSwaps((), ()), {}, ())
    return month, balance_of(model, month, period, NetworkResult(month.network, best), doubts, open_balances=False)


def _exchanged(
    model: ChainModel, records: pl.DataFrame, period: Period, swaps: SampleSwaps
) -> dict[SampleSwap, tuple[float, float | None]]:
    """What the balance says once each of the swapped samples is exchanged back."""
    after = {}
    for swap in swaps.found[:_CHECKED]:
        try:
            fit = fit_network(month_network(model, exchanged(records, swap), period).network)
        except SolveError:
            continue
        after[swap] = (fit.objective, fit.p_value)
    return after


def reconcile_many(model: ChainModel, records: pl.DataFrame, periods: Sequence[Period]) -> PeriodSeries:
    """A balance for each of many periods, solved side by side.

    A period without readings or without a solution has a status and no number. Suspects are not searched for:
    ask for the period itself.

    Raises
    ------
    DataError
        If no period has a reading.
    """
    plan = plan_of(model, records)
    found = [find_readings(plan, period) for period in periods]
    if not any(any_record(plan, period) for period in periods):
        raise DataError("none of the periods has a reading: import files that cover them")
    kinds: dict[tuple[str, ...], list[int]] = {}
    for k, one in enumerate(found):
        kinds.setdefault(tuple(stream.id for stream in one.stocks), []).append(k)
    names = [period.name for period in periods]
    parts = [_solve_kind(plan, names, found, group) for group in kinds.values()]
    order = pl.DataFrame({"period": names, "_at": range(len(names))})
    tables = {
        name: pl.concat([part[name] for part in parts])
        .join(order, on="period", how="left", maintain_order="left")
        .sort("_at", maintain_order=True)
        .drop("_at")
        for name in ("periods", "flows", "recoveries")
    }
    gaps = [row for name, one in zip(names, found, strict=True) for row in gap_rows(one.gaps, name)]
    return PeriodSeries(gaps=frame("gaps", gaps), **tables)


def _solve_kind(
    plan: Plan, names: Sequence[str], found: Sequence[Found], group: Sequence[int]
) -> dict[str, pl.DataFrame]:
    """Solve the periods of a group, which have the same streams, and make their tables."""
    mine = [names[k] for k in group]
    batch = _solve(plan, [found[k] for k in group])
    results = [batch.result(k) for k in range(len(group))]
    rows = zip(mine, batch.status, results, strict=True)
    recoveries = [
        row
        for name, result in zip(mine, results, strict=True)
        if result is not None
        for row in recovery_rows(plan.model, plan.topology.place, result, name)
    ]
    return {
        "periods": frame("periods", [period_row(*row) for row in rows]),
        "flows": series_flows(plan.model, batch, mine),
        "recoveries": frame("recoveries", recoveries),
    }


def _solve(plan: Plan, found: Sequence[Found]) -> BatchResult:
    """Readings of all periods as columns, and their solution."""
    network, _ = network_of(plan, found)
    return solved(network, columns(network, found))
