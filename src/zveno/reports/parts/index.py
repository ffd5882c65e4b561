"""Where each mass of a month stands in the tables of the plants' balances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import polars as pl

from zveno.model.chain import ChainModel
from zveno.model.types import Plant, Recovery
from zveno.reports.document import Calc, Cell, Expr, Kind, Ref, Total, measured
from zveno.reports.shown import MASS, plants_in_order
from zveno.reports.streams import CLOSING, OPENING, balance_streams, balanced_name
from zveno.tables.figure import row_address
from zveno.text.catalogue import Catalogue

Side = Literal["in", "out", "inside", "stock"]
Flows = Mapping[tuple[str, str], Mapping[str, Any]]
_AT_ONCE = 3
_WHOLE_TONNES = 1000.0


def by_stream(flows: pl.DataFrame) -> Flows:
    """Rows of ``flows`` by stream and component."""
    return {(row["stream"], row["component"]): row for row in flows.iter_rows(named=True)}


def mass_column(component: str) -> str:
    """Key of the column that holds a component's mass."""
    return f"{component}.mass"


@dataclass(frozen=True)
class PlantStreams:
    """Ids of streams and stocks on each side of a plant's boundary."""

    sides: Mapping[Side, tuple[str, ...]]

    def all(self) -> Iterable[tuple[Side, str]]:
        """Every id with its side."""
        return ((side, one) for side, ids in self.sides.items() for one in ids)


@dataclass(frozen=True)
class BalanceIndex:
    """The month's flows, sorted into tables of a few components for each plant, so that a page holds them."""

    model: ChainModel
    flows: Flows

    @classmethod
    def of(cls, model: ChainModel, flows: pl.DataFrame) -> BalanceIndex:
        """The index of the table ``flows`` of one period."""
        return cls(model, by_stream(flows))

    @cached_property
    def streams(self) -> Mapping[str, PlantStreams]:
        """Streams and surveyed stocks by plant, in the order of the process."""
        known = {stream for stream, _ in self.flows}
        return {one.id: _plant_streams(self.model, one, known) for one in plants_in_order(self.model)}

    @cached_property
    def chunks(self) -> Mapping[str, tuple[tuple[str, ...], ...]]:
        """Components of each table of each plant: those with a recovery to report first, then the others."""
        reported = {one for rule in self.model.chain.recoveries for one in rule.components}
        found = {}
        for plant in self.model.chain.plants:
            carried = self._carried(plant)
            first = [one for one in carried if one in reported]
            rest = [one for one in carried if one not in reported]
            found[plant.id] = (*_in_threes(first), *_in_threes(rest)) or ((),)
        return found

    def _carried(self, plant: Plant) -> list[str]:
        """Components that a section of the plant balances, or that are known in a stream of it."""
        balanced = {name for one in plant.sections for name in _balanced(self.model, one.components)}
        known = {
            component
            for _, stream in self.streams[plant.id].all()
            for component in self.model.chain.components
            if self.flows.get((stream, component), {}).get("mass_t") is not None
        }
        return [one for one in self.model.chain.components if one in balanced | known]

    @cached_property
    def _homes(self) -> Mapping[str, str]:
        """A plant whose balance holds a stream or stock."""
        found: dict[str, str] = {}
        for plant, streams in self.streams.items():
            for _, one in streams.all():
                found.setdefault(one, plant)
        return found

    def home(self, stream: str) -> str:
        """A plant whose balance holds a stream, or a stock by itself or at one end; empty where none does."""
        return self._homes.get(stream) or self._homes.get(stream + CLOSING, "")

    def table(self, plant: str, quantity: str) -> str:
        """Id of the table that holds a quantity; the dry mass stands in the first."""
        found = (k for k, chunk in enumerate(self.chunks.get(plant, ())) if quantity in chunk)
        return f"balance.{plant}.{next(found, 0) + 1}"

    def has(self, stream: str, quantity: str) -> bool:
        """Whether a stream or stock is followed by a quantity."""
        return (stream, quantity) in self.flows

    def says_nothing_of(self, stream: str) -> bool:
        """Whether the flows have no row of a stream at all."""
        return all((stream, one) not in self.flows for one in (MASS, *self.model.chain.components))

    def closes(self, plant: Plant, quantity: str) -> bool:
        """Whether every section of a plant that a quantity passes balances it, so that its total means something."""
        if quantity == MASS:
            return all(one.mass for one in plant.sections)
        blind = {one.id for one in plant.sections if quantity not in _balanced(self.model, one.components)}
        passed = {
            place
            for one in balance_streams(self.model)
            if self.has(one.id, quantity)
            for place in (one.source, one.target)
        }
        return not blind & passed

    # ---- sums over the streams of a recovery -----------------------------------------------------------

    def total(self, rule: Recovery, ids: Iterable[str], quantity: str) -> Total:
        """Sum of a quantity over streams or stocks, by reference to the balances."""
        names = dict.fromkeys(balanced_name(self.model, one) for one in ids)
        return Total(
            tuple(Ref(self.table(rule.plant or self.home(one), quantity), one, mass_column(quantity)) for one in names)
        )

    def recovery(self, rule: Recovery, component: str, kind: str) -> Expr:
        """Component in products (with the stock change, if overall) over the component in feeds."""
        product: Expr = self.total(rule, rule.products, component)
        if kind == "overall" and rule.stocks:
            product = Calc("+", product, self.stock_change(rule, component))
        return Calc("/", product, self.total(rule, rule.feeds, component))

    def stock_change(self, rule: Recovery, quantity: str) -> Expr:
        """Closing less opening of the stocks of a recovery."""
        closing, opening = (self.total(rule, self.stocks(rule, end), quantity) for end in (CLOSING, OPENING))
        return Calc("-", closing, opening)

    def stocks(self, rule: Recovery, *ends: str) -> list[str]:
        """Stocks of a recovery at one end of the period or at both."""
        return [one + end for end in ends for one in rule.stocks]

    def is_known(self, ids: Iterable[str], quantity: str) -> bool:
        """Whether a quantity is known in every one of some streams or stocks."""
        return all(self.flows.get((one, quantity), {}).get("mass_t") is not None for one in ids)

    def sum_cell(self, rule: Recovery, ids: tuple[str, ...], quantity: str, text: Catalogue) -> Cell:
        """Sum of a quantity over streams; ± only where it is one, for several are correlated."""
        formula, unknown = self.total(rule, ids, quantity), text("unobservable")
        names = {balanced_name(self.model, one) for one in ids}
        if len(names) == 1:
            row = self.flows.get((names.pop(), quantity), {})
            return measured(
                row.get("mass_t"), row.get("mass_sd_t"), Kind.MASS, word=unknown, formula=formula,
                address=row_address("flows", row, "mass_t"),
            )  # fmt: skip
        whole = sum(self.flows.get((one, quantity), {}).get("mass_t") or 0.0 for one in names)
        return Cell(formula=formula, digits=0 if quantity == MASS or whole >= _WHOLE_TONNES else 1, word=unknown)


def recovery_rule(model: ChainModel, plant: str, component: str) -> Recovery | None:
    """The recovery of a component that a plant reports, or the whole chain where no plant is named."""
    rules = (one for one in model.chain.recoveries if one.plant == plant and component in one.components)
    return next(rules, None)


def _in_threes(names: list[str]) -> list[tuple[str, ...]]:
    """Names cut into threes."""
    return [tuple(names[k : k + _AT_ONCE]) for k in range(0, len(names), _AT_ONCE)]


def _balanced(model: ChainModel, components: tuple[str, ...] | None) -> tuple[str, ...]:
    """Components that a section balances: all where it names none."""
    return model.chain.components if components is None else components


def _plant_streams(model: ChainModel, plant: Plant, known: set[str]) -> PlantStreams:
    """Sort the balance streams of a plant, and its surveyed stocks at both ends of the period, by side."""
    inside = {one.id for one in plant.sections}
    sides: dict[Side, list[str]] = {"in": [], "out": [], "stock": [], "inside": []}
    for one in balance_streams(model):
        enters, leaves = one.target in inside, one.source in inside
        if enters or leaves:
            sides["inside" if enters and leaves else "in" if enters else "out"].append(one.id)
    ends = [one.id + end for one in model.chain.stocks if one.section in inside for end in (OPENING, CLOSING)]
    sides["stock"] = [one for one in ends if one in known]
    return PlantStreams({side: tuple(dict.fromkeys(ids)) for side, ids in sides.items()})
