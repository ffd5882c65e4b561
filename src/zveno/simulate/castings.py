"""What castings the chain needs at its throughput, and how that loads the foundry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from functools import cached_property

import numpy as np
import polars as pl

from zveno.errors import DataError, Fault, ModelError
from zveno.model.chain import ChainModel
from zveno.model.foundry import Driver, DriverPart, FoundryFile, Need, Product
from zveno.simulate.basis import Floats
from zveno.simulate.cases import Given
from zveno.simulate.result import Simulation
from zveno.simulate.scenario import Scenarios, read_scenarios
from zveno.tables import frame

YEAR_H = 8760.0
_KG_PER_T = 1e3


@dataclass(frozen=True)
class _Line:
    """A product for a driver and a customer in a year, arrays (S,): t or h of the driver, t for each, need in t."""

    product: Product
    driver: Driver
    customer: str
    amount: Floats
    rate_t: Floats
    need_t: Floats


@dataclass(frozen=True)
class _Batch:
    """A product for all customers in a year, arrays (S,): need, made castings and liquid metal in t, pieces, orders."""

    product: Product
    piece_t: Floats
    need_t: Floats
    made_t: Floats
    liquid_t: Floats
    orders: Floats

    @property
    def hours(self) -> tuple[tuple[str, Floats], ...]:
        """Work centre and hours (S,) of each step of the routing."""
        basis = {
            "t_liquid": self.liquid_t,
            "t_casting": self.made_t,
            "piece": self.made_t / self.piece_t,
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
    available_h
        Hours of a year that each work centre can work, shape (S,).
    doubts
        Values set outside the range that their figure states.
    """

    model: ChainModel
    scenarios: tuple[str, ...]
    available_h: Mapping[str, Floats]
    doubts: tuple[Fault, ...]
    _lines: tuple[_Line, ...]
    _batches: tuple[_Batch, ...]

    @cached_property
    def needs(self) -> pl.DataFrame:
        """Table ``foundry_needs``: a row for each scenario, product, driver and customer."""
        batches = {one.product.id: one for one in self._batches}
        rows = [
            {"scenario": scenario, **_row(line, batches[line.product.id], n)}
            for n, scenario in enumerate(self.scenarios)
            for line in self._lines
        ]
        return frame("foundry_needs", rows)

    @cached_property
    def loads(self) -> pl.DataFrame:
        """Table ``foundry_loads``: a row for each scenario and work centre."""
        load = {centre: np.zeros(len(self.scenarios)) for centre in self.available_h}
        for batch in self._batches:
            for centre, hours in batch.hours:
                load[centre] = load[centre] + hours
        rows = [
            {
                "scenario": scenario,
                "work_centre": centre,
                "load_h_y": float(hours[n]),
                "available_h_y": float(self.available_h[centre][n]),
                "share_frac": float(hours[n] / self.available_h[centre][n]),
            }
            for n, scenario in enumerate(self.scenarios)
            for centre, hours in load.items()
        ]
        return frame("foundry_loads", rows)


def _row(line: _Line, batch: _Batch, n: int) -> dict[str, object]:
    """One row of the needs in scenario n; what the batch takes is shared out by mass."""
    need, whole = float(line.need_t[n]), float(batch.need_t[n])
    part = need / whole if whole else 0.0
    return {
        "product": line.product.id,
        "driver": line.driver.id,
        "customer": line.customer,
        "driver_amount": float(line.amount[n]),
        "driver_uom": "t" if line.driver.parts[0].stream else "h",
        "rate_kg": float(line.rate_t[n]) * _KG_PER_T,
        "need_t_y": need,
        "pieces_y": need / float(batch.piece_t[n]),
        "made_t_y": part * float(batch.made_t[n]),
        "liquid_t_y": part * float(batch.liquid_t[n]),
        "load_h_y": part * sum(float(hours[n]) for _, hours in batch.hours),
    }


def foundry_needs(
    model: ChainModel,
    simulation: Simulation,
    scenarios: Given | None = None,
    *,
    day: date | None = None,
) -> FoundryNeeds:
    """Castings that a year of the simulated steady state takes, and the hours of work centres to make them.

    Need = amount of the driver x rate. Rejected castings are made and melted too: made = need / (1 - rejects),
    liquid metal = made / yield where the routing melts any. Orders are as many as the description says, while
    anything is needed.

    Parameters
    ----------
    model, simulation
        A description with a foundry, and a simulation of it.
    scenarios, day
        Those that the simulation was made with: figures set in a scenario count here too.

    Raises
    ------
    ModelError
        If the description has no foundry.
    DataError
        If the scenarios are not those of the simulation.
    """
    if model.foundry is None:
        raise ModelError("the description has no foundry: write what it casts in foundry.yaml")
    told = scenarios is not None and len(scenarios) > 0
    read = read_scenarios(model, scenarios, None, day) if told else Scenarios(model, simulation.scenarios, day)
    if read.names != simulation.scenarios:
        raise DataError(
            "the scenarios {given} are not those of the simulation, {known}",
            given=", ".join(read.names),
            known=", ".join(simulation.scenarios),
        )
    count = _Count(model.foundry, simulation, read)
    lines = tuple(count.lines())
    return FoundryNeeds(
        model=model,
        scenarios=simulation.scenarios,
        available_h={one.id: count.values(one.available, "h") for one in model.foundry.work_centres},
        doubts=simulation.doubts,
        _lines=lines,
        _batches=tuple(count.batch(one, lines) for one in model.foundry.products),
    )


@dataclass(frozen=True)
class _Count:
    """Counts castings of one foundry in the scenarios of a simulation."""

    foundry: FoundryFile
    simulation: Simulation
    read: Scenarios

    def values(self, reference: object, uom: str) -> Floats:
        """A number of the description in every scenario, shape (S,)."""
        found = self.read.values(reference, uom)  # type: ignore[arg-type]
        return np.broadcast_to(found, (len(self.read.names),))

    def lines(self) -> Iterator[_Line]:
        """Every product for every driver and customer."""
        drivers = {one.id: one for one in self.foundry.drivers}
        amounts = {name: [(part.customer, self.amount(part)) for part in one.parts] for name, one in drivers.items()}
        for product in self.foundry.products:
            for need in product.needs:
                rate = self.rate_t(product, need)
                for customer, amount in amounts[need.driver]:
                    yield _Line(product, drivers[need.driver], customer, amount, rate, amount * rate)

    def amount(self, part: DriverPart) -> Floats:
        """Tonnes or hours of a year, shape (S,)."""
        if part.stream:
            return self.simulation.solids(part.stream) * YEAR_H
        hours = YEAR_H * self.values(part.count, "-")
        units = [one for one in self.read.model.units if part.unit and fnmatchcase(one, part.unit)]
        return hours * np.sum([self.at_work(one) for one in units], axis=0) if part.unit else hours

    def at_work(self, unit: str) -> Floats:
        """1 in scenarios in which anything enters a unit, or in which it is not simulated; else 0; shape (S,)."""
        entering = [
            self.simulation.solids(one.id)
            for one in self.read.model.streams.values()
            if one.target == unit and one.id in self.simulation.streams
        ]
        return np.sum(entering, axis=0) > 0 if entering else np.ones(len(self.read.names))

    def rate_t(self, product: Product, need: Need) -> Floats:
        """Castings, t, for a tonne or an hour of the driver, shape (S,)."""
        if need.rate is not None:
            return self.values(need.rate, "kg/t") / _KG_PER_T
        every = self.values(need.every, "t" if self.foundry.counts_tonnes(need.driver) else "h")
        if need.mass is not None:
            return self.values(need.mass, "t") / every
        return self.values(need.pieces, "-") * self.piece_t(product) / every

    def piece_t(self, product: Product) -> Floats:
        """Mass of a piece, t, shape (S,)."""
        return self.values(product.unit_mass, "kg") / _KG_PER_T

    def batch(self, product: Product, lines: tuple[_Line, ...]) -> _Batch:
        """A product for all its customers."""
        need = np.sum([one.need_t for one in lines if one.product is product], axis=0)
        metal = next(one for one in self.foundry.metals if one.id == product.metal)
        made = need / (1 - self.values(metal.reject, "frac"))
        return _Batch(
            product=product,
            piece_t=self.piece_t(product),
            need_t=need,
            made_t=made,
            liquid_t=made / self.values(metal.casting_yield, "frac") if product.is_cast else np.zeros_like(made),
            orders=np.where(need > 0, self.values(self.foundry.orders_a_year, "-"), 0.0),
        )
