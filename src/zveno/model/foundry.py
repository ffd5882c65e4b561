"""A foundry as people describe it: what it casts, for whom, how, on which work centres; when furnaces are relined.

A need follows the throughput of the chain: so much casting for every tonne that passes, or every hour that
equipment stands in work.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from zveno.model.record import Id, Record, Titles
from zveno.model.types import Number, Status

Bound = Literal["amount", "positive", "below_one"]
"""Which values a number can have: from 0, above 0, from 0 to less than 1."""


class Metal(Record):
    """A kind of metal that the foundry melts: what becomes of a tonne of liquid, and what it takes to melt."""

    id: Id
    title: Titles = {}
    casting_yield: Number = Field(alias="yield", description="castings per liquid metal, mass fraction")
    reject: Number = Field(description="share of the castings that is rejected and remelted, frac")
    burn_off: Number = Field(description="share of the charge that burns or goes to slag in one melt, frac")
    melt_energy: Number = Field(description="energy of a tonne of liquid metal, kWh/t")


class DriverPart(Record):
    """A flow or a group of equipment that wears castings, and who takes them.

    A ``stream`` (or group of streams) counts in tonnes a year of dry solids; a ``unit`` in hours a year of the
    ``count`` machines that each such unit stands for, while anything enters it; without either, the calendar counts.
    """

    stream: str = Field(default="", description="stream or group whose tonnes count")
    unit: str = Field(default="", description="units whose hours count while something enters them, * allowed")
    count: Number = Field(default=1.0, description="how many machines each unit stands for")
    customer: Id = Field(description="plant or boundary that takes the castings")


class Driver(Record):
    """What wears castings: tonnes or hours of a year, by customer."""

    id: Id
    title: Titles = {}
    parts: tuple[DriverPart, ...] = Field(min_length=1)
    note: str = ""


class Need(Record):
    """How much of a product a driver takes: a ``rate``, or ``pieces`` or ``mass`` for ``every`` so much of it."""

    driver: Id
    rate: Number | None = Field(default=None, description="castings per tonne of the driver, kg/t")
    pieces: Number | None = Field(default=None, description="pieces for every amount of the driver")
    mass: Number | None = Field(default=None, description="mass for every amount of the driver, t")
    every: Number | None = Field(default=None, description="amount of the driver: t for a flow, h for equipment")
    note: str = ""


class RoutingStep(Record):
    """One operation of a routing: hours of a work centre for an amount of liquid, castings or pieces."""

    operation: Id
    work_centre: Id
    hours: Annotated[float, Field(ge=0, description="hours of one place of the work centre")]
    basis: Literal["t_liquid", "t_casting", "piece", "order"] = Field(description="what the hours are for")
    amount: Annotated[float, Field(gt=0, description="how much of it: t, pieces or orders")] = 1.0
    note: str = ""


class Product(Record):
    """A casting or made part: alloy, mass, need, life, routing.

    What no step of basis ``t_liquid`` melts is made of bought metal and is not cast.
    """

    id: Id
    title: Titles = {}
    alloy: Titles = Field(default={}, description="alloy, for readers")
    metal: Id = Field(description="metal by whose yield and rejects it is counted")
    unit_mass: Number = Field(description="mass of a piece, kg")
    needs: tuple[Need, ...] = Field(min_length=1)
    life: Number | None = Field(default=None, description="how long a piece lasts: a time, or a number of uses")
    life_of: Titles = Field(default={}, description="what a life in numbers counts")
    routing: tuple[RoutingStep, ...] = Field(min_length=1, description="operations in their order")
    status: Status = Status.ESTIMATE
    note: str = ""

    @property
    def is_cast(self) -> bool:
        """Liquid metal goes into it."""
        return any(one.basis == "t_liquid" for one in self.routing)


class Operation(Record):
    """A kind of work, as routings name it."""

    id: Id
    title: Titles = {}


class Attendance(Record):
    """When a work centre is manned."""

    shifts_a_day: Annotated[int, Field(ge=1, le=4)]
    hours: Annotated[float, Field(gt=0, le=24, description="length of a shift, h")]
    days_a_week: Annotated[int, Field(ge=1, le=7)]


class WorkCentre(Record):
    """Furnaces, benches, machines or places of one kind; ``available`` is of all of them together."""

    id: Id
    title: Titles = {}
    section: Id = Field(description="section that it stands in")
    count: Annotated[int, Field(ge=1, description="furnaces, benches, machines or places")]
    capacity: Titles = Field(default={}, description="size of one, for readers")
    attendance: Attendance | None = Field(default=None, description="shifts; empty: it needs nobody")
    available: Number = Field(description="hours of a year that all of them can work, h")
    note: str = ""


class Campaign(Record):
    """How long a lining lasts: a time, or a number of charges."""

    title: Titles = {}
    lasts: Number | None = Field(default=None, description="time between relinings, h")
    charges: Number | None = Field(default=None, description="charges between relinings")


class RelinedCasting(Record):
    """What a relining takes from the foundry: pieces of a product, or a mass of several things."""

    product: str = Field(default="", description="product, where it is one of those listed")
    title: Titles = {}
    pieces: Number | None = Field(default=None, description="pieces of a relining")
    mass: Number | None = Field(default=None, description="mass of a relining, t")


class Relining(Record):
    """The planned rebuild of units: how often, how long, with which castings, when it may be."""

    id: Id
    title: Titles = {}
    units: str = Field(description="units that are relined, * allowed")
    count: Annotated[int, Field(ge=1, description="furnaces or machines that each unit stands for")] = 1
    campaigns: tuple[Campaign, ...] = Field(min_length=1)
    stands: Number = Field(description="length of the stop, h")
    castings: tuple[RelinedCasting, ...] = ()
    months: tuple[Annotated[int, Field(ge=1, le=12)], ...] = Field(default=(), description="months; empty: any")
    window: Titles = Field(default={}, description="when it may be, for readers")
    status: Status = Status.ESTIMATE
    note: str = ""


class Haul(Record):
    """How castings travel to their customers."""

    id: Id
    title: Titles = {}
    customers: tuple[Id, ...] = Field(min_length=1)
    products: tuple[Id, ...] = Field(default=(), description="products that go this way; empty: all the others")
    lasts: Number = Field(description="time on the way, h")
    batch: Number | None = Field(default=None, description="mass of a dispatch, t")


class Spare(Record):
    """Pieces of a product that must lie ready."""

    product: Id
    pieces: Annotated[int, Field(ge=1, description="pieces at each place")]
    at: tuple[Id, ...] = Field(min_length=1, description="plants where they lie")


class Spares(Record):
    """When castings are ordered, and what must lie ready."""

    rule: Titles = {}
    critical: tuple[Spare, ...] = ()


class OfFoundry(NamedTuple):
    """A number of the foundry: whose it is, its key, its value, the uom it must fit, and its bound."""

    owner: str
    key: str
    value: Number
    uom: str
    bound: Bound


class FoundryFile(Record):
    """The content of foundry.yaml."""

    format: Literal["zveno/foundry-1"]
    plant: Id = Field(description="plant that casts")
    notice: Titles = {}
    orders_a_year: Number = Field(default=12.0, description="orders of a product in a year, where its need is not 0")
    metals: tuple[Metal, ...]
    drivers: tuple[Driver, ...]
    operations: tuple[Operation, ...]
    work_centres: tuple[WorkCentre, ...]
    products: tuple[Product, ...]
    relinings: tuple[Relining, ...] = ()
    transport: tuple[Haul, ...] = ()
    spares: Spares = Spares()

    @property
    def titled(self) -> tuple[Metal | Driver | Operation | WorkCentre | Product | Relining | Haul, ...]:
        """Everything that has an id."""
        groups = (self.metals, self.drivers, self.operations, self.work_centres, self.products, self.relinings)
        return tuple(one for group in (*groups, self.transport) for one in group)

    @property
    def numbers(self) -> tuple[OfFoundry, ...]:
        """Every number that may be written as a figure or the name of one."""
        everything = (
            *self._of_metals(),
            *self._of_drivers(),
            *self._of_products(),
            *self._of_relinings(),
            *(OfFoundry(one.id, "available", one.available, "h", "positive") for one in self.work_centres),
            *self._of_hauls(),
            OfFoundry("orders_a_year", "orders_a_year", self.orders_a_year, "-", "amount"),
        )
        return tuple(one for one in everything if one.value is not None)

    def _of_metals(self) -> Iterator[OfFoundry]:
        for one in self.metals:
            yield OfFoundry(one.id, "yield", one.casting_yield, "frac", "positive")
            yield OfFoundry(one.id, "reject", one.reject, "frac", "below_one")
            yield OfFoundry(one.id, "burn_off", one.burn_off, "frac", "below_one")
            yield OfFoundry(one.id, "melt_energy", one.melt_energy, "kWh/t", "amount")

    def _of_drivers(self) -> Iterator[OfFoundry]:
        for one in self.drivers:
            for n, part in enumerate(one.parts):
                yield OfFoundry(one.id, f"parts.{n}.count", part.count, "-", "amount")

    def _of_products(self) -> Iterator[OfFoundry]:
        for one in self.products:
            yield OfFoundry(one.id, "unit_mass", one.unit_mass, "kg", "positive")
            if one.life is not None:
                yield OfFoundry(one.id, "life", one.life, "-" if one.life_of else "h", "positive")
            for n, need in enumerate(one.needs):
                every = "t" if self.counts_tonnes(need.driver) else "h"
                for key, uom in (("rate", "kg/t"), ("pieces", "-"), ("mass", "t"), ("every", every)):
                    bound: Bound = "positive" if key == "every" else "amount"
                    yield OfFoundry(one.id, f"needs.{n}.{key}", getattr(need, key), uom, bound)

    def _of_relinings(self) -> Iterator[OfFoundry]:
        for one in self.relinings:
            yield OfFoundry(one.id, "stands", one.stands, "h", "amount")
            for n, lining in enumerate(one.campaigns):
                for key, uom in (("lasts", "h"), ("charges", "-")):
                    yield OfFoundry(one.id, f"campaigns.{n}.{key}", getattr(lining, key), uom, "positive")
            for n, casting in enumerate(one.castings):
                for key, uom in (("pieces", "-"), ("mass", "t")):
                    yield OfFoundry(one.id, f"castings.{n}.{key}", getattr(casting, key), uom, "amount")

    def _of_hauls(self) -> Iterator[OfFoundry]:
        for one in self.transport:
            yield OfFoundry(one.id, "lasts", one.lasts, "h", "amount")
            if one.batch is not None:
                yield OfFoundry(one.id, "batch", one.batch, "t", "positive")

    def counts_tonnes(self, driver: str) -> bool:
        """Whether a driver counts tonnes; hours otherwise."""
        found = next((one for one in self.drivers if one.id == driver), None)
        return found is not None and bool(found.parts[0].stream)
