"""Figures of a balance: their addresses, and the formulas from which its tables were made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from zveno.model.chain import ChainModel
from zveno.model.network import MASS
from zveno.reconcile.balance import Balance, recovery_terms
from zveno.reconcile.build import MonthInput
from zveno.reconcile.result import NetworkResult, Term
from zveno.reconcile.tested import suspect_figures
from zveno.reconcile.topology import contents
from zveno.reconcile.unaccounted import unaccounted_makers
from zveno.tables.figure import Figure, Formula, Of, Over, Plus, Read, Score, Solved, address_of, row_address


@dataclass
class Views:
    """Balances of some of the readings, or with some equations released, by name; solved when they are asked for.

    The empty name is the balance of the period itself.
    """

    makers: dict[str, Callable[[], NetworkResult | None]]
    solved: dict[str, NetworkResult | None] = field(default_factory=dict)

    def __getitem__(self, name: str) -> NetworkResult | None:
        if name not in self.solved:
            self.solved[name] = self.makers[name]()
        return self.solved[name]


def flow_sum(terms: list[Term] | tuple[Term, ...], view: str = "") -> Formula:
    """Terms of a balance as a formula."""
    return Plus(tuple((sign, Solved(stream, component, view)) for stream, component, sign in terms))


def balance_figures(model: ChainModel, month: MonthInput, balance: Balance) -> Iterator[Figure]:
    """Figures of the tables ``flows``, ``recoveries``, ``adjustments`` and ``suspects``."""
    yield from _flow_figures(model, balance)
    yield from _recovery_figures(model, month, balance)
    yield from _adjustment_figures(balance)
    yield from suspect_figures(balance.result, balance.suspects)


def _flow_figures(model: ChainModel, balance: Balance) -> Iterator[Figure]:
    """Masses and grades; of a stream whose content alone is followed its mass is that of the content."""
    content = contents(model)
    for row in balance.flows.iter_rows(named=True):
        keys = row["stream"], row["component"]
        solved = MASS if content.get(row["stream"]) == row["component"] else row["component"]
        for column, sd, grade in (("mass_t", "mass_sd_t", False), ("grade_frac", "grade_sd_frac", True)):
            if row[column] is not None:
                yield Figure(
                    row_address("flows", row, column), "flows", column, keys, row[column], row[sd],
                    Solved(row["stream"], solved, grade=grade),
                )  # fmt: skip


def _recovery_figures(model: ChainModel, month: MonthInput, balance: Balance) -> Iterator[Figure]:
    """Products, and stock changes where they count, over feeds."""
    rules = {(one.plant, component): one for one in reversed(model.chain.recoveries) for component in one.components}
    for row in balance.recoveries.iter_rows(named=True):
        if row["recovery_frac"] is None:
            continue
        keys = row["plant"], row["component"], row["kind"]
        terms = recovery_terms(
            rules[keys[:2]], month.topology.place, balance.result.network, keys[1], with_stocks=keys[2] == "overall"
        )
        assert terms is not None  # it has a value
        yield Figure(
            row_address("recoveries", row, "recovery_frac"), "recoveries", "recovery_frac", keys,
            row["recovery_frac"], row["recovery_sd_frac"], Over(flow_sum(terms[0]), flow_sum(terms[1])),
        )  # fmt: skip


def unaccounted_figures(
    model: ChainModel, month: MonthInput, result: NetworkResult, period: str, views: Views
) -> dict[str, Callable[[], list[Figure]]]:
    """What makes the figures of the table ``unaccounted`` when it is called, by the beginning of their address.

    Each is in less out less stock change in a balance of its own, added to ``views``, that does not force the
    component to close.
    """
    found: dict[str, Callable[[], list[Figure]]] = {}
    for plant, component, make, terms in unaccounted_makers(model, month, result):
        view, keys = f"unaccounted:{plant}:{component}", (plant, component)
        views.makers[view] = make
        address = address_of(period, "unaccounted", keys, "mass_t")
        found[address.removesuffix("/mass_t").partition("/")[2]] = partial(
            _unaccounted, views, view, terms, (address, keys)
        )
    return found


def _unaccounted(views: Views, view: str, terms: list[Term], named: tuple[str, tuple[str, str]]) -> list[Figure]:
    """The figure, where the readings tell it."""
    opened = views[view]
    value, sd = opened.total(terms) if opened is not None else (None, None)
    if value is None:
        return []
    return [Figure(named[0], "unaccounted", "mass_t", named[1], value, sd, flow_sum(terms, view))]


def _adjustment_figures(balance: Balance) -> Iterator[Figure]:
    """Readings as read, with their standard deviations, reconciled, and their tests."""
    flows = balance.flows.filter(balance.flows["component"] != "").iter_rows(named=True)
    published = {(row["stream"], row["component"]): row for row in flows}
    for row in balance.adjustments.iter_rows(named=True):
        keys = row["stream"], row["quantity"], row["meter"]
        read = Read(*keys)
        reconciled = Solved(row["stream"], row["quantity"], grade=row["quantity"] != MASS)
        made: Mapping[str, tuple[str | None, Formula]] = {
            "reading": ("sd", read),
            "sd": (None, Read(*keys, sd=True)),
            "reconciled": ("reconciled_sd", _reconciled(row, published, reconciled)),
            "z": (None, Score(((*keys, 1.0),))),
        }
        for column, (sd, formula) in made.items():
            if row[column] is not None:
                yield Figure(
                    row_address("adjustments", row, column), "adjustments", column, keys, row[column],
                    row[sd] if sd else None, formula,
                )  # fmt: skip


def _reconciled(
    row: dict[str, object], published: Mapping[tuple[str, str], dict[str, object]], bare: Formula
) -> Formula:
    """The figure of the flows that a reading was reconciled to, where it is published there."""
    key = str(row["stream"]), str(row["quantity"])
    column = "mass_t" if key[1] == MASS else "grade_frac"
    if published.get(key, {}).get(column) != row["reconciled"]:
        return bare
    return Of(address_of(str(row["period"]), "flows", key, column))
