"""Result: a solved network becomes the tables of a balance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy.special import chdtri

from zveno.model.chain import ChainModel
from zveno.model.network import MASS, NetStream, Network
from zveno.model.types import Recovery
from zveno.periods import Period
from zveno.reconcile.batch import BatchResult
from zveno.reconcile.build import MonthInput
from zveno.reconcile.doubts import (
    Doubts,
    balance_test_rows,
    common_error_rows,
    counter_rows,
    elimination_rows,
    error_rows,
    step_rows,
    suspect_rows,
    swap_rows,
)
from zveno.reconcile.fit import SIGNIFICANCE, verdict
from zveno.reconcile.levels import by_the_book, unsurveyed, untold
from zveno.reconcile.nominal import Nominal, nominal_of
from zveno.reconcile.period_values import Gap
from zveno.reconcile.result import NetworkResult, Term
from zveno.reconcile.topology import CLOSING, OPENING, contents
from zveno.reconcile.unaccounted import unaccounted_rows
from zveno.tables import frame

Row = dict[str, Any]
_ANYTHING = 0.5
"""A mass fraction or recovery with a larger standard deviation may be anything from 0 to 1: it is unobservable."""


@dataclass(frozen=True)
class Balance:
    """A reconciled period: tables ``flows``, ``adjustments``, ``suspects``, ``eliminations``, ``gross_errors``,
    ``common_errors``, ``swaps``, ``scale_steps``, ``counters``, ``balance_tests``, ``recoveries``, ``unaccounted`` and
    ``gaps``, and the global test.

    ``chi2_95`` is the largest objective that agrees with the stated errors at 95 %; ``status`` says how the
    test ended: consistent, suspect or not testable. ``separating`` lists (stream, quantity) whose reading
    would tell tied suspects apart, the best first. ``eliminations`` are the steps of the search for several
    gross errors, ``gross_errors`` what it ends with; every published number uses all readings, unless a robust screen
    was asked for, and as they are written, unless swapped samples were to be exchanged back.
    ``nominal`` says where bounds that hold, or limits that count, leave p and z a guide only.
    """

    period: Period
    flows: pl.DataFrame
    adjustments: pl.DataFrame
    suspects: pl.DataFrame
    recoveries: pl.DataFrame
    unaccounted: pl.DataFrame
    gaps: pl.DataFrame
    objective: float
    dof: int
    p_value: float | None
    chi2_95: float | None
    status: str
    separating: tuple[tuple[str, str], ...]
    eliminations: pl.DataFrame
    gross_errors: pl.DataFrame
    common_errors: pl.DataFrame
    swaps: pl.DataFrame
    scale_steps: pl.DataFrame
    counters: pl.DataFrame
    balance_tests: pl.DataFrame
    nominal: Nominal
    result: NetworkResult


@dataclass(frozen=True)
class PeriodSeries:
    """Balances of many periods: tables ``periods`` (one row each, with a status), ``flows``, ``recoveries``."""

    periods: pl.DataFrame
    flows: pl.DataFrame
    recoveries: pl.DataFrame
    gaps: pl.DataFrame


def balance_of(
    model: ChainModel,
    month: MonthInput,
    period: Period,
    result: NetworkResult,
    doubts: Doubts,
    *,
    open_balances: bool = True,
) -> Balance:
    """All tables of a solved period; without ``open_balances`` nothing is said of what is unaccounted."""
    name = period.name
    dof = result.dof
    return Balance(
        period=period,
        flows=frame("flows", list(flow_rows(model, month.carried, result, name))),
        adjustments=frame("adjustments", list(_adjustment_rows(result, name))),
        suspects=frame("suspects", list(suspect_rows(result, name))),
        recoveries=frame("recoveries", list(recovery_rows(model, month.topology.place, result, name))),
        unaccounted=frame("unaccounted", list(unaccounted_rows(model, month, result, name)) if open_balances else []),
        gaps=frame("gaps", list(gap_rows(month.gaps, name))),
        objective=result.objective,
        dof=dof,
        p_value=result.p_value,
        chi2_95=float(chdtri(dof, SIGNIFICANCE)) if dof else None,
        status=verdict(result.fit),
        separating=_checks(result),
        eliminations=frame("eliminations", list(elimination_rows(result, name))),
        gross_errors=frame("gross_errors", list(error_rows(result, name))),
        common_errors=frame("common_errors", list(common_error_rows(result, name, doubts.asked))),
        swaps=frame("swaps", list(swap_rows(result, doubts, name))),
        scale_steps=frame("scale_steps", list(step_rows(doubts.scale_steps, name))),
        counters=frame("counters", list(counter_rows(doubts.counters, name))),
        balance_tests=frame("balance_tests", list(balance_test_rows(model, result, name))),
        nominal=nominal_of(result),
        result=result,
    )


def _checks(result: NetworkResult) -> tuple[tuple[str, str], ...]:
    """Separating checks of all classes, each once."""
    return tuple(dict.fromkeys(check for one in result.suspect_classes for check in one.checks))


def period_row(name: str, status: str, result: NetworkResult | None) -> Row:
    """A row of the table ``periods``."""
    return {
        "period": name,
        "status": status,
        "objective": result.objective if result else None,
        "dof": result.dof if result else None,
        "p_value": result.p_value if result else None,
        "tests": nominal_of(result).word if result else None,
    }


def gap_rows(gaps: Sequence[Gap], period: str) -> Iterator[Row]:
    """Rows of the table ``gaps``."""
    for one in gaps:
        yield {"period": period, **vars(one)}


def flow_rows(model: ChainModel, carried: Sequence[NetStream], result: NetworkResult, period: str) -> Iterator[Row]:
    """Rows of the table ``flows``: the mass of each stream and every component that it can carry.

    Of a stream whose content alone is followed there is one row, the mass of that content.
    """
    status = _statuses(result)
    followed = set(result.network.components)
    unknown = untold(result)
    content = contents(model)
    for stream in carried:
        mass, sd = result.component_flow(stream.id, MASS)
        if stream.id in content:
            known = (None, None) if stream.id in unknown else (mass, sd)
            word = None if stream.id in unknown else status.get((stream.id, MASS))
            yield _flow_row(period, stream.id, content[stream.id], known, (None, None), word)
            continue
        if stream.id in unknown:
            mass, sd = None, None
            status.pop((stream.id, MASS), None)
        yield _flow_row(period, stream.id, MASS, (mass, sd), (None, None), status.get((stream.id, MASS)))
        for component in stream.components if stream.components is not None else model.chain.components:
            if component in followed:
                flow = (None, None) if stream.id in unknown else result.component_flow(stream.id, component)
                grade = result.value(stream.id, component), result.sd(stream.id, component)
                if (grade[1] or 0) > _ANYTHING:
                    flow = grade = (None, None)
                    status.pop((stream.id, component), None)
            else:
                flow = grade = (None, None)
            yield _flow_row(period, stream.id, component, flow, grade, status.get((stream.id, component)))


def _flow_row(
    period: str,
    stream: str,
    component: str,
    flow: tuple[float | None, float | None],
    grade: tuple[float | None, float | None],
    status: str | None,
) -> Row:
    known = flow[0] is not None or grade[0] is not None
    return {
        "period": period,
        "stream": stream,
        "component": component,
        "mass_t": flow[0],
        "mass_sd_t": flow[1],
        "grade_frac": grade[0],
        "grade_sd_frac": grade[1],
        "status": status or ("estimated" if known else "unobservable"),
    }


def series_flows(model: ChainModel, batch: BatchResult, names: Sequence[str]) -> pl.DataFrame:
    """Table ``flows`` of all solved periods of a batch; components that are never assayed have no rows."""
    return frame("flows", _of_contents(_series_flows(batch, names), contents(model)))


def _of_contents(flows: pl.DataFrame, content: Mapping[str, str]) -> pl.DataFrame:
    """One row for each stream whose content alone is followed: its mass, under the name of that component."""
    if not content:
        return flows
    alone = pl.col("stream").is_in(list(content))
    named = pl.col("stream").replace_strict(content, default="", return_dtype=pl.String)
    return flows.filter(~alone | (pl.col("component") == MASS)).with_columns(
        component=pl.when(alone).then(named).otherwise(pl.col("component"))
    )


def _series_flows(batch: BatchResult, names: Sequence[str]) -> pl.DataFrame:
    """The same with masses and components of all streams alike."""
    solved = np.flatnonzero([one is not None for one in batch.fits])
    if len(solved) == 0:
        return frame("flows")
    network, table = batch.network, batch.table()
    quantities = [(one.id, MASS) for one in network.streams]
    quantities += [(one.id, component) for one in network.streams for component in network.carries(one)]
    order = [
        k for stream in network.streams for k, (name, _) in enumerate(quantities) if name == stream.id
    ]  # fmt: skip
    wide = [np.asarray(one)[solved][:, order].ravel() for one in (table.flow, table.flow_sd, table.read, table.read_sd)]
    is_mass = np.tile([quantities[k][1] == MASS for k in order], len(solved))
    hidden = unsurveyed(network)
    unknown = np.tile([quantities[k][0] in hidden for k in order], len(solved))
    anything = ~is_mass & (wide[3] > _ANYTHING)
    for n, one in enumerate(wide):
        one[anything | unknown if n < 2 else anything] = np.nan
    known = np.isfinite(wide[0]) | np.isfinite(wide[2])
    status = np.array(["", "measured", "adjusted"])[table.status[solved][:, order].ravel()]
    status = np.where(status != "", status, np.where(known, "estimated", "unobservable"))
    booked = by_the_book(network)
    by_book = np.tile([quantities[k][0] in booked for k in order], len(solved))
    status = np.where(by_book & is_mass & known, "estimated", status)
    status = np.where((unknown & is_mass) | anything, "unobservable", status)
    columns = {
        "period": np.repeat([names[int(k)] for k in solved], len(order)),
        "stream": np.tile([quantities[k][0] for k in order], len(solved)),
        "component": np.tile([quantities[k][1] for k in order], len(solved)),
        "mass_t": wide[0],
        "mass_sd_t": wide[1],
        "grade_frac": np.where(is_mass, np.nan, wide[2]),
        "grade_sd_frac": np.where(is_mass, np.nan, wide[3]),
        "status": status,
    }
    numbers = ("mass_t", "mass_sd_t", "grade_frac", "grade_sd_frac")
    found = pl.DataFrame({name: pl.Series(name, list(values) if name not in numbers else values)
                          for name, values in columns.items()})  # fmt: skip
    return frame("flows", found.with_columns(pl.col(numbers).fill_nan(None)))


def _statuses(result: NetworkResult) -> dict[tuple[str, str], str]:
    """Measured (read, nothing checks it) or adjusted (read and checked) by stream and quantity."""
    words = {"redundant": "adjusted", "non_redundant": "measured"}
    booked = by_the_book(result.network)
    return {
        (stream, quantity): words[status]
        for stream, found in result.classification["measured"].items()
        for quantity, status in found.items()
        if quantity != MASS or stream not in booked
    }


def _adjustment_rows(result: NetworkResult, period: str) -> Iterator[Row]:
    """Every reading beside its reconciled value."""
    unknown = unsurveyed(result.network) | by_the_book(result.network)
    for one in result.readings:
        if one.stream in unknown and one.quantity == MASS:
            continue
        yield {
            "period": period,
            "meter": one.meter,
            "stream": one.stream,
            "quantity": one.quantity,
            "reading": one.value,
            "sd": one.sigma,
            "reconciled": one.reconciled,
            "reconciled_sd": one.reconciled_sd,
            "z": one.z,
            "shows_from": one.shows_from,
            "status": one.status,
        }
    for gone in result.left_out:
        yield {
            "period": period,
            "meter": gone.meter,
            "stream": gone.stream,
            "quantity": gone.quantity,
            "reading": gone.value,
            "sd": gone.sigma,
            "reconciled": result.value(gone.stream, gone.quantity),
            "reconciled_sd": result.sd(gone.stream, gone.quantity),
            "z": None,
            "shows_from": None,
            "status": "left_out",
        }


# ---- recoveries ----------------------------------------------------------------------------------------------


def recovery_rows(model: ChainModel, place: Mapping[str, str], result: NetworkResult, period: str) -> Iterator[Row]:
    """Overall recovery (stock change counted as product) and direct recovery (dispatched only)."""
    for one in model.chain.recoveries:
        for component in one.components:
            for kind in ("overall", "direct"):
                value, sd = _recovery(one, place, result, component, with_stocks=kind == "overall")
                if (sd or 0) > _ANYTHING:
                    value, sd = None, None
                yield {
                    "period": period,
                    "plant": one.plant,
                    "component": component,
                    "kind": kind,
                    "recovery_frac": value,
                    "recovery_sd_frac": sd,
                }


def _recovery(
    one: Recovery, place: Mapping[str, str], result: NetworkResult, component: str, *, with_stocks: bool
) -> tuple[float | None, float | None]:
    """A component's share of the feeds that the products carry."""
    terms = recovery_terms(one, place, result.network, component, with_stocks=with_stocks)
    return (None, None) if terms is None else result.ratio(*terms)


def recovery_terms(
    one: Recovery, place: Mapping[str, str], network: Network, component: str, *, with_stocks: bool
) -> tuple[list[Term], list[Term]] | None:
    """What a recovery counts as product, and as feed; None where the balance does not have it."""
    if component not in network.components or not all(name in place for name in (*one.feeds, *one.products)):
        return None
    feeds, products = ([place[name] for name in names] for names in (one.feeds, one.products))
    above = [(name, component, 1.0) for name in dict.fromkeys(products)]
    if with_stocks:
        above += _stock_terms(network, one.stocks, component)
    return above, [(name, component, 1.0) for name in dict.fromkeys(feeds)]


def _stock_terms(network: Network, stocks: Sequence[str], component: str) -> list[Term]:
    """Closing less opening of the stocks that the network has."""
    there = {one.id for one in network.streams}
    signs = ((CLOSING, 1.0), (OPENING, -1.0))
    return [(one + end, component, sign) for one in stocks for end, sign in signs if one + end in there]
