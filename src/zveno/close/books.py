"""The month as books: both balances with their discrepancy, stocks, owners and what contracts return."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from zveno.close.discrepancy import discrepancies
from zveno.close.lots import Lots, lot_limits
from zveno.close.owners import owner_books
from zveno.close.returns import owner_dues, owner_returns
from zveno.close.shares import Shares
from zveno.model.chain import ChainModel
from zveno.model.network import MASS, Network
from zveno.periods import Period
from zveno.reconcile import Balance, NetworkResult, change_told, untold
from zveno.reconcile.result import Term
from zveno.reconcile.topology import CLOSING, OPENING, topology
from zveno.tables import frame


@dataclass(frozen=True)
class Carried:
    """What a month takes over from the one before it.

    ``shares`` of owners in each stock, by (stock, component); ``dues`` metal owed, t, by (owner, component).
    """

    shares: Shares = field(default_factory=dict)
    dues: Mapping[tuple[str, str], float] = field(default_factory=dict)


@dataclass(frozen=True)
class Books:
    """Tables ``discrepancies``, ``stock_books``, ``owner_flows``, ``owner_accounts``, ``owner_returns``,
    ``owner_dues`` and ``lot_limits`` of a period, and what the next one takes over; ``untold`` are stocks and
    components of which nobody tells whose they were at the beginning.
    """

    period: Period
    discrepancies: pl.DataFrame
    stock_books: pl.DataFrame
    owner_flows: pl.DataFrame
    owner_accounts: pl.DataFrame
    owner_returns: pl.DataFrame
    owner_dues: pl.DataFrame
    lot_limits: pl.DataFrame
    carried: Carried
    untold: tuple[tuple[str, str], ...] = ()

    def tables(self) -> dict[str, pl.DataFrame]:
        """All tables by name."""
        return {name: one for name, one in vars(self).items() if isinstance(one, pl.DataFrame)}


def books_of(
    model: ChainModel,
    balance: Balance,
    records: pl.DataFrame,
    carried: Carried | None = None,
    lots: Lots | None = None,
) -> Books:
    """The books of a reconciled period.

    Parameters
    ----------
    records
        Records of the period, from which what was handed over to owners is read.
    carried
        What the period before closed with; without it the description may tell whose the stocks were, and nothing is
        owed.
    lots
        Names of lots by the cell that holds their assay.
    """
    carried = carried or Carried()
    network, result, name = balance.result.network, balance.result, balance.period.name
    owners = owner_books(model, result, balance.period, carried.shares)
    day = balance.period.start.date()
    returns = owner_returns(model, network, result, name, day)
    handed = dict(_returned(model, records, balance.period))
    dues = owner_dues(returns, owners.accounts, handed, carried.dues, name)
    owed = {
        (owner, component): due
        for owner, component, due in dues.select("owner", "component", "closing_due_t").iter_rows()
        if due is not None
    }
    return Books(
        period=balance.period,
        discrepancies=discrepancies(model, network, topology(model).place, name),
        stock_books=frame("stock_books", list(_stock_rows(model, network, result, name))),
        owner_flows=owners.flows,
        owner_accounts=owners.accounts,
        owner_returns=returns,
        owner_dues=dues,
        lot_limits=lot_limits(model, records, balance.period, lots),
        carried=Carried(owners.closing, owed),
        untold=owners.untold,
    )


def _returned(
    model: ChainModel, records: pl.DataFrame, period: Period
) -> Iterator[tuple[tuple[str, str], float | None]]:
    """Metal handed over to each owner, by component; None where no meter of the contract has a reading."""
    start, end = period.instants
    within = records.filter(pl.col("start") >= start, pl.col("end") <= end, pl.col("quantity") == MASS)
    for owner in model.chain.owners:
        for component, meters in (owner.contract.returned if owner.contract else {}).items():
            mine = within.filter(pl.col("point").is_in(meters))["value"].drop_nulls()
            yield (owner.id, component), float(mine.sum()) if len(mine) else None


def _stock_rows(model: ChainModel, network: Network, result: NetworkResult, period: str) -> Iterator[dict[str, Any]]:
    """Each stock at both ends and its change, dry mass and components, on the way or lying."""
    streams = {one.id: one for one in network.streams}
    hidden = untold(result)
    for stock in model.chain.stocks:
        if stock.id + OPENING not in streams or stock.id + CLOSING not in streams:
            continue
        for component in (MASS, *network.carries(streams[stock.id + OPENING])):
            row: dict[str, Any] = {
                "period": period, "stock": stock.id, "plant": model.plant_of(stock.section), "kind": stock.kind,
                "component": component,
            }  # fmt: skip
            for name, sums in stock_terms(stock.id, component).items():
                told = change_told(result, stock.id) if name == "change" else stock.id + "." + name not in hidden
                row[f"{name}_t"], row[f"{name}_sd_t"] = result.total(sums) if told else (None, None)
            yield row


def stock_terms(stock: str, component: str) -> dict[str, list[Term]]:
    """What a stock holds at both ends, and its change, as terms of the balance."""
    ends = {"opening": [(stock + OPENING, component, 1.0)], "closing": [(stock + CLOSING, component, 1.0)]}
    return ends | {"change": [*ends["closing"], (stock + OPENING, component, -1.0)]}
