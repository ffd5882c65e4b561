"""Figures of the books: their addresses, and the formulas from which their tables were made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from math import erfc, sqrt
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zveno.close.books import Books, Carried, stock_terms
from zveno.close.discrepancy import ALLOWED, both_views
from zveno.close.owners import Mixed, account_lines, mixed_of
from zveno.close.returns import payable_terms
from zveno.model.chain import ChainModel
from zveno.reconcile import Balance
from zveno.reconcile.balance import recovery_terms
from zveno.reconcile.figures import Views, flow_sum
from zveno.reconcile.topology import topology
from zveno.tables.figure import (
    FIGURE_KEYS,
    ErrorOf,
    Figure,
    Formula,
    Given,
    Handed,
    Of,
    Over,
    Plus,
    Recorded,
    Solved,
    Times,
    Worked,
    address_of,
)
from zveno.text.mark import tr

Floats = NDArray[np.float64]
MIXED = tr("day by day, each stage mixes what comes in with what lies there; what leaves it carries that mixture")
AT_LEAST_NOTHING = tr("never less than nothing")
HALF = tr("half of the 95 % interval over the standard deviation")
CARRIED = tr("from the books of the period before")
BY_CONTRACT = tr("by contract")
BY_METER = tr("relative error of one assay of the meter, its bias included")
JUST_WITHIN = tr("chance that the error of the assay alone takes a lot at the limit so far beyond it")


@dataclass(frozen=True)
class _Making:
    """What the figures of the books are made from."""

    model: ChainModel
    balance: Balance
    books: Books
    before: Carried

    @property
    def period(self) -> str:
        """Name of the period."""
        return self.books.period.name

    @property
    def day(self) -> date:
        """The first of the period: terms in force then count."""
        return self.books.period.start.date()

    def figure(self, table: str, column: str, row: Mapping[str, Any], formula: Formula, sd: str = "") -> Figure:
        """A figure of a row."""
        keys = tuple(row[one] for one in FIGURE_KEYS[table])
        address = address_of(self.period, table, keys, column)
        return Figure(address, table, column, keys, row[column], row[sd] if sd else None, formula)


BOOKS = ("stock_books", "owner_flows", "owner_accounts", "owner_returns", "owner_dues", "lot_limits", "discrepancies")
"""Tables of the books."""


def book_figures(
    model: ChainModel, balance: Balance, books: Books, views: Views, before: Carried | None = None
) -> Iterator[Figure]:
    """Figures of all tables of the books; the two balances behind each discrepancy are added to ``views``.

    Parameters
    ----------
    before
        What the period before closed with, as the books were made with it.
    """
    making = _Making(model, balance, books, before or Carried())
    yield from _stocks(making)
    yield from _discrepancies(making, views)
    yield from _owners(making)
    yield from _returns(making)
    yield from _dues(making)
    yield from lot_figures(making.period, books.lot_limits)


def _stocks(making: _Making) -> Iterator[Figure]:
    for row in making.books.stock_books.iter_rows(named=True):
        for name, terms in stock_terms(row["stock"], row["component"]).items():
            if row[f"{name}_t"] is not None:
                yield making.figure("stock_books", f"{name}_t", row, flow_sum(terms), f"{name}_sd_t")


def _discrepancies(making: _Making, views: Views) -> Iterator[Figure]:
    """Two recoveries, each from its own balance; their difference over and in metal; what errors allow of it."""
    network, place = making.balance.result.network, topology(making.model).place
    rules = {(one.plant, c): one for one in reversed(making.model.chain.recoveries) for c in one.components}
    for row in making.books.discrepancies.iter_rows(named=True):
        rule = rules[row["plant"], row["component"]]
        told: dict[str, Formula] = {}
        fed: Formula | None = None
        for name, make in both_views(making.model, network, rule, place).items():
            view = f"{name}:{rule.plant}"
            views.makers.setdefault(view, make)
            solved = views[view] if row[f"{name}_frac"] is not None else None
            terms = recovery_terms(rule, place, solved.network, row["component"], with_stocks=True) if solved else None
            if terms is not None:
                fed = flow_sum(terms[1], view)
                told[name] = Over(flow_sum(terms[0], view), fed)
                yield making.figure("discrepancies", f"{name}_frac", row, told[name], f"{name}_sd_frac")
        if fed is not None and row["difference_t"] is not None:
            yield from _apart(making, row, told, fed)


def _apart(making: _Making, row: Mapping[str, Any], told: Mapping[str, Formula], fed: Formula) -> Iterator[Figure]:
    """The discrepancy as a share and in metal, and its allowance."""
    apart = Plus(((1.0, told["technological"]), (-1.0, told["commodity"])))
    difference = making.figure("discrepancies", "difference_frac", row, apart, "difference_sd_frac")
    yield difference
    metal = making.figure("discrepancies", "fed_t", row, fed)
    yield metal
    yield making.figure("discrepancies", "difference_t", row, Times(Of(difference.address), Of(metal.address)))
    error = Times(Given(ALLOWED, HALF), ErrorOf(difference.address))
    yield making.figure("discrepancies", "allowance_t", row, Times(error, Of(metal.address)))


# ---- owners ------------------------------------------------------------------------------------------------------


def _owners(making: _Making) -> Iterator[Figure]:
    """Metal by owner in each stream, and the accounts."""
    result = making.balance.result
    accounts = making.books.owner_accounts.partition_by("component", as_dict=True)
    for (component,), flows in making.books.owner_flows.partition_by("component", as_dict=True).items():
        mixed = mixed_of(making.model, result, str(component), making.books.period, making.before.shares)
        by_stream = {lane.stream: lane.number for lane in mixed.stages.lanes}
        owner = {name: k for k, name in enumerate(mixed.owners)}
        for row in flows.iter_rows(named=True):
            if row["mass_t"] is not None:
                made = _owned(mixed, [(by_stream[row["stream"]], 1.0)], owner[row["owner"]])
                yield making.figure("owner_flows", "mass_t", row, made, "mass_sd_t")
        yield from _accounts(making, mixed, accounts.get((component,), making.books.owner_accounts.clear()))


def _accounts(making: _Making, mixed: Mixed, accounts: pl.DataFrame) -> Iterator[Figure]:
    """Lines of the accounts of a component; what is left is what all other lines leave."""
    (lines, _), owner = account_lines(making.model, mixed), {name: k for k, name in enumerate(mixed.owners)}
    for row in accounts.iter_rows(named=True):
        if row["mass_t"] is None:
            continue
        k = owner[row["owner"]]
        if row["line"] == "left":
            made = _owned(mixed, [(n, sign) for found in lines.values() for n, sign in found], k)
            made = replace(made, told_sd=None)  # whoever owned what lay there, it is on both sides
        else:
            made = _owned(mixed, [(n, 1.0) for n, _ in lines[row["line"], row["stream"]]], k)
        yield making.figure("owner_accounts", "mass_t", row, made, "mass_sd_t")


def _owned(mixed: Mixed, terms: list[tuple[int, float]], owner: int) -> Worked:
    """An owner's metal in some lanes or leaks together, by the masses of all lanes."""
    inputs = tuple(Solved(lane.stream, mixed.stages.component) for lane in mixed.stages.lanes)
    return Worked(MIXED, inputs, _mixing(mixed, terms, owner), _told(mixed, terms, owner))


def _mixing(mixed: Mixed, terms: list[tuple[int, float]], owner: int) -> Callable[[Floats], float]:
    def work(mass: Floats) -> float:
        found = mixed.all_of(mass)
        return float(sum(sign * found[n, owner] for n, sign in terms))

    return work


def _told(mixed: Mixed, terms: list[tuple[int, float]], owner: int) -> Callable[[Floats], float]:
    """The error that stated shares of owners bring."""

    def told_sd(mass: Floats) -> float:
        found = mixed.mixing.all_of(mass, mixed.given.sd)
        return float(sum(abs(sign) * found[n, owner] for n, sign in terms))

    return told_sd


# ---- contracts ---------------------------------------------------------------------------------------------------


def _returns(making: _Making) -> Iterator[Figure]:
    """What was received, its grade, and what the contract returns of it."""
    for row in making.books.owner_returns.iter_rows(named=True):
        if row["received_t"] is not None:
            yield making.figure("owner_returns", "received_t", row, Solved(row["stream"], "mass"))
        if row["grade_frac"] is not None:
            yield making.figure("owner_returns", "grade_frac", row, Solved(row["stream"], row["component"], grade=True))
        if row["returnable_t"] is None:
            continue
        payable = flow_sum(payable_terms(row["stream"], row["component"], row["deduct_frac"]))
        kept = Worked(AT_LEAST_NOTHING, (payable,), lambda one: max(float(one[0]), 0.0))
        formula = Times(Given(row["recovery_frac"], BY_CONTRACT), kept)
        yield making.figure("owner_returns", "returnable_t", row, formula, "returnable_sd_t")


def _dues(making: _Making) -> Iterator[Figure]:
    """What was owed, what the period adds, what was handed over, what is owed now; what the processor gains."""
    owners = {one.id: one for one in making.model.chain.owners}
    for row in making.books.owner_dues.iter_rows(named=True):
        owner, component = row["owner"], row["component"]
        contract = owners[owner].contract
        meters = contract.returned.get(component, ()) if contract else ()
        mine = making.books.owner_returns.filter(pl.col("owner") == owner, pl.col("component") == component)
        returnable = _sum_of(making, "owner_returns", "returnable_t", mine)
        opening, handed = Given(row["opening_due_t"], CARRIED), Handed(tuple(meters), "mass")
        yield making.figure("owner_dues", "opening_due_t", row, opening)
        made: dict[str, Formula] = {"returnable_t": returnable, "returned_t": handed}
        due = [(1.0, opening), (1.0, _own(making, "returnable_t", row))]
        due += [(-1.0, _own(making, "returned_t", row))] if row["returned_t"] is not None else []
        made["closing_due_t"] = Plus(tuple(due))
        accounts = making.books.owner_accounts.filter(pl.col("owner") == owner, pl.col("component") == component)
        lines = {name: accounts.filter(pl.col("line") == name) for name in ("received", "lost", "closing")}
        sums = {name: _sum_of(making, "owner_accounts", "mass_t", part) for name, part in lines.items()}
        made["physical_t"] = sums["closing"]
        made["gain_t"] = Plus(((1.0, sums["received"]), (-1.0, sums["lost"]), (-1.0, made["returnable_t"])))
        for column, formula in made.items():
            if row[column] is not None:
                yield making.figure("owner_dues", column, row, formula)


def lot_figures(period: str, lots: pl.DataFrame) -> Iterator[Figure]:
    """Single assays of lots against the limits of contracts, table ``lot_limits``: nothing of them is reconciled."""
    for row in lots.iter_rows(named=True):
        grade = Recorded(row["meter"], row["component"], row["file"], row["sheet"], row["cell"])
        relative = row["grade_sd_frac"] / row["grade_frac"]
        sd, limit = Times(grade, Given(relative, BY_METER)), Given(row["limit_frac"], BY_CONTRACT)
        made: dict[str, Formula] = {"grade_frac": grade, "grade_sd_frac": sd, "limit_frac": limit}
        made["chance_within"] = Worked(JUST_WITHIN, (grade, limit, sd), _chance)
        keys = tuple(row[one] for one in FIGURE_KEYS["lot_limits"])
        for column, formula in made.items():
            address = address_of(period, "lot_limits", keys, column)
            yield Figure(address, "lot_limits", column, keys, row[column], None, formula)


def _chance(of: Floats) -> float:
    """Chance of such an assay or a higher one, given the limit as the lot's grade and the assay's error."""
    return 0.5 * erfc((of[0] - of[1]) / (of[2] * sqrt(2))) if of[2] > 0 else 0.0


def _own(making: _Making, column: str, row: Mapping[str, Any]) -> Formula:
    """Another figure of the same row of what is due."""
    return Of(address_of(making.period, "owner_dues", (row["owner"], row["component"]), column))


def _sum_of(making: _Making, table: str, column: str, rows: pl.DataFrame) -> Formula:
    """Sum of the figures of a column over rows."""
    keys = [tuple(row[one] for one in FIGURE_KEYS[table]) for row in rows.iter_rows(named=True)]
    return Plus(tuple((1.0, Of(address_of(making.period, table, one, column))) for one in keys))
