"""What castings the chain needs at its throughput, and how that loads the foundry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from functools import cached_property

import numpy as np
import polars as pl

from zveno.errors import ModelError
from zveno.model.chain import ChainModel
from zveno.model.foundry import Driver, DriverPart, FoundryFile, Metal, Need, Product
from zveno.simulate.basis import Floats
from zveno.simulate.result import Simulation
from zveno.tables import frame

YEAR_H = 8760.0
_KG_PER_T = 1e3


@dataclass(frozen=True)
class _Line:
    """A product for a driver and a customer: amount of the driver, t or h a year, and need, t a year, shape (S,)."""

    product: Product
    driver: Driver
    customer: str
    amount: Floats
    rate_t: float
    need_t: Floats


@dataclass(frozen=True)
class _Batch:
    """A product for all customers in a year, shape (S,): made castings, liquid metal (t), pieces, orders."""

    product: Product
    need_t: Floats
    made_t: Floats
    liquid_t: Floats
    pieces: Floats
    orders: Floats

    @property
    def hours(self) -> tuple[tuple[str, Floats], ...]:
        """Work centre and hours (S,) of each step of the routing."""
        basis = {
            "t_liquid": self.liquid_t,
            "t_casting": self.made_t,
            "piece": self.pieces,
            "order": self.orders,
        }
        return tuple((one.work_centre, basis[one.basis] / one.amount * one.hours) for one in self.product.routing)


@dataclass(frozen=True)
class FoundryNeeds:
    """Needs of castings and loads of work centres in a year, for every scenario of a simulation.

    Parameters
    ----------
    model
        The description.
    scenarios
        Names of the scenarios (S).
    day
        Date on which dated figures were read.
    """

    model: ChainModel
    scenarios: tuple[str, ...]
    day: date | None
    _foundry: FoundryFile
    _lines: tuple[_Line, ...]
    _batches: tuple[_Batch, ...]

    @cached_property
    def needs(self) -> pl.DataFrame:
        """Table ``foundry_needs``: a row for each scenario, product, driver and customer."""
        batches = {one.product.id: one for one in self._batches}
        rows = []
        for n, scenario in enumerate(self.scenarios):
            for one in self._lines:
                batch = batches[one.product.id]
                need, whole = float(one.need_t[n]), float(batch.need_t[n])
                part = need / whole if whole else 0.0
                rows.append(
                    {
                        "scenario": scenario, "product": one.product.id, "driver": one.driver.id,
                        "customer": one.customer, "driver_amount": float(one.amount[n]),
                        "driver_uom": "t" if one.driver.parts[0].stream else "h", "rate_kg": one.rate_t * _KG_PER_T,
                        "need_t_y": need, "pieces_y": need * _KG_PER_T / self._piece_kg(one.product),
                        "made_t_y": part * float(batch.made_t[n]), "liquid_t_y": part * float(batch.liquid_t[n]),
                        "load_h_y": part * sum(float(hours[n]) for _, hours in batch.hours),
                    }
                )  # fmt: skip
        return frame("foundry_needs", rows)

    @cached_property
    def loads(self) -> pl.DataFrame:
        """Table ``foundry_loads``: a row for each scenario and work centre."""
        load = {one.id: np.zeros(len(self.scenarios)) for one in self._foundry.work_centres}
        for batch in self._batches:
            for centre, hours in batch.hours:
                load[centre] = load[centre] + hours
        available = {one.id: self.model.number(one.available, "h", self.day) for one in self._foundry.work_centres}
        rows = [
            {
                "scenario": scenario,
                "work_centre": centre,
                "load_h_y": float(hours[n]),
                "available_h_y": available[centre],
                "share_frac": float(hours[n]) / available[centre],
            }
            for n, scenario in enumerate(self.scenarios)
            for centre, hours in load.items()
        ]
        return frame("foundry_loads", rows)

    def _piece_kg(self, product: Product) -> float:
        return self.model.number(product.unit_mass, "kg", self.day)


def foundry_needs(model: ChainModel, simulation: Simulation, *, day: date | None = None) -> FoundryNeeds:
    """Castings that a year of the simulated steady state takes, and the hours of work centres to make them.

    Rejected castings are made and melted too; orders are as many as the description says, while anything is needed.

    Parameters
    ----------
    model, simulation
        A description with a foundry, and a simulation of it.
    day
        Date on which dated figures are read.

    Raises
    ------
    ModelError
        If the description has no foundry.
    """
    if model.foundry is None:
        raise ModelError("the description has no foundry: write what it casts in foundry.yaml")
    lines = tuple(_lines(model, model.foundry, simulation, day))
    batches = tuple(_batch(model, model.foundry, one, lines, day) for one in model.foundry.products)
    return FoundryNeeds(model, simulation.scenarios, day, model.foundry, lines, batches)


def _lines(model: ChainModel, foundry: FoundryFile, simulation: Simulation, day: date | None) -> Iterator[_Line]:
    """Every product for every driver and customer."""
    drivers = {one.id: one for one in foundry.drivers}
    amounts = {
        one.id: [(part.customer, _amount(model, part, simulation, day)) for part in one.parts]
        for one in foundry.drivers
    }
    for product in foundry.products:
        for need in product.needs:
            rate = _rate_t(model, foundry, product, need, day)
            for customer, amount in amounts[need.driver]:
                yield _Line(product, drivers[need.driver], customer, amount, rate, amount * rate)


def _amount(model: ChainModel, part: DriverPart, simulation: Simulation, day: date | None) -> Floats:
    """Tonnes or hours of a year, shape (S,)."""
    if part.stream:
        return simulation.solids(part.stream) * YEAR_H
    hours = YEAR_H * model.number(part.count, "-", day)
    at_work = [_at_work(model, unit, simulation) for unit in model.units if fnmatchcase(unit, part.unit)]
    return hours * (np.sum(at_work, axis=0) if part.unit else np.ones(len(simulation.scenarios)))


def _at_work(model: ChainModel, unit: str, simulation: Simulation) -> Floats:
    """1 in scenarios in which anything enters a unit, or in which it is not simulated; else 0; shape (S,)."""
    entering = [
        simulation.solids(one.id)
        for one in model.streams.values()
        if one.target == unit and one.id in simulation.streams
    ]
    return np.asarray(np.sum(entering, axis=0) > 0, dtype=float) if entering else np.ones(len(simulation.scenarios))


def _rate_t(model: ChainModel, foundry: FoundryFile, product: Product, need: Need, day: date | None) -> float:
    """Castings, t, for a tonne or an hour of the driver."""
    if need.rate is not None:
        return model.number(need.rate, "kg/t", day) / _KG_PER_T
    every = model.number(need.every or 0.0, "t" if foundry.counts_tonnes(need.driver) else "h", day)
    if need.mass is not None:
        return model.number(need.mass, "t", day) / every
    pieces = model.number(need.pieces or 0.0, "-", day)
    return pieces * model.number(product.unit_mass, "kg", day) / _KG_PER_T / every


def _batch(
    model: ChainModel, foundry: FoundryFile, product: Product, lines: tuple[_Line, ...], day: date | None
) -> _Batch:
    """A product for all its customers."""
    need = np.sum([one.need_t for one in lines if one.product is product], axis=0)
    metal: Metal = next(one for one in foundry.metals if one.id == product.metal)
    made = need / (1 - model.number(metal.reject, "frac", day))
    liquid = made / model.number(metal.casting_yield, "frac", day) if product.is_cast else np.zeros_like(made)
    pieces = made * _KG_PER_T / model.number(product.unit_mass, "kg", day)
    orders = np.where(need > 0, model.number(foundry.orders_a_year, "-", day), 0.0)
    return _Batch(product, need, made, liquid, pieces, orders)
