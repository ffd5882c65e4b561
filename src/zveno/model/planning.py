"""A planning problem: what a chain can make over some periods, whoever stated it.

It comes from the description of a chain, its rulebook and its stocks, or from a self-contained problem file. Masses are
in one uom throughout (t, kt), money in one currency; ``by period`` means one entry a period. Shares are mass fractions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ByPeriod = tuple[float, ...]


@dataclass(frozen=True)
class Brand:
    """Concentrate that is kept apart: from one place, of one quality."""

    id: str
    site: str
    """The concentrator or the supplier's yard where it lies first."""
    assay: Mapping[str, float]
    """Mass fraction of each element."""


@dataclass(frozen=True)
class Ore:
    """Ore that can be mined: ``high`` by period, ``total`` over all of them."""

    id: str
    high: ByPeriod
    total: float | None = None
    cost: ByPeriod = ()


@dataclass(frozen=True)
class Recipe:
    """What a concentrator makes of an ore when it runs in a mode: ``yield_frac`` of its mass as a brand."""

    mode: str
    ore: str
    brand: str
    yield_frac: float
    cost: float
    """Of a unit of ore milled."""


@dataclass(frozen=True)
class Concentrator:
    """One mode a period; ``capacity`` of ore by period; ``heap_high`` of concentrate on its own ground."""

    id: str
    capacity: ByPeriod
    recipes: tuple[Recipe, ...]
    heap_high: float
    switch_cost: float = 0.0


@dataclass(frozen=True)
class Offer:
    """Concentrate that others bring: between ``low`` and ``high`` by period, at ``price`` (negative: they pay)."""

    brand: str
    low: ByPeriod
    high: ByPeriod
    price: ByPeriod
    total: float | None = None


@dataclass(frozen=True)
class Route:
    """A way from a site to a smelter: ``high`` by period, None where nothing limits it; ``cost`` of a unit."""

    site: str
    smelter: str
    cost: float
    high: ByPeriod | None = None


@dataclass(frozen=True)
class BlendLimit:
    """A limit on the blend of one period: the weighted sum of its elements in mass fractions.

    One element with weight 1 is a plain limit; ``{S: 1, Cu: -1.1}`` with a high of 0 is a limit on the ratio S/Cu.
    ``price`` is what a unit of excess costs, in fraction times mass; None makes the limit hard.
    """

    id: str
    weights: Mapping[str, float]
    low: float | None = None
    high: float | None = None
    price: float | None = None


@dataclass(frozen=True)
class Load:
    """What a unit of feed brings upon a plant: acid, dioxide, oxygen, energy, a by-product.

    The sum over the feed of ``constant + weights . assay`` may be ``cap`` by period; ``fee`` is paid for each unit of
    it (negative: income); ``excess_price`` for each unit above the cap, None makes the cap hard.
    """

    id: str
    weights: Mapping[str, float]
    constant: float = 0.0
    cap: ByPeriod | None = None
    fee: ByPeriod | None = None
    excess_price: float | None = None


@dataclass(frozen=True)
class Relining:
    """A campaign ends: the furnace stands ``periods`` from a start in ``first`` to ``last`` (numbers of periods)."""

    id: str
    periods: int
    first: int
    last: int
    castings: Mapping[str, float] = field(default_factory=dict)
    """Mass of castings by family, which must lie there when it starts."""


@dataclass(frozen=True)
class Smelter:
    """A smelter with its refinery: ``feed_low`` and ``feed_high`` by period while it runs."""

    id: str
    feed_low: ByPeriod
    feed_high: ByPeriod
    yard_high: float
    recovery_frac: float
    """Of the metal in the feed, to anode."""
    refine_high: ByPeriod
    smelt_cost: float
    on_cost: float
    refine_cost: float
    limits: tuple[BlendLimit, ...] = ()
    loads: tuple[Load, ...] = ()
    relinings: tuple[Relining, ...] = ()
    anode_low: float = 0.0
    anode_high: float | None = None
    refined_frac: float = 1.0
    """Of the anode that is refined, to cathode; the rest comes back as scrap and is counted in the recovery."""


@dataclass(frozen=True)
class Foundry:
    """Castings by family: ``capacity`` of all of them and ``family_high`` by period; delivered ``lead`` periods later.

    ``bought`` is the price of a unit from outside, which comes after ``bought_lead`` periods.
    """

    capacity: ByPeriod
    family_high: Mapping[str, ByPeriod] = field(default_factory=dict)
    lead: int = 0
    wear: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Castings of a family worn by a unit of ore, by concentrator."""
    stock: Mapping[str, float] = field(default_factory=dict)
    bought: Mapping[str, float] = field(default_factory=dict)
    bought_lead: int = 1
    cost: float = 0.0


@dataclass(frozen=True)
class Opening:
    """What lies there when the plan begins: brands on heaps and on yards (by smelter), anode; the modes that run."""

    heap: Mapping[str, float] = field(default_factory=dict)
    yard: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    anode: Mapping[str, float] = field(default_factory=dict)
    mode: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PlanProblem:
    """What a chain can make over ``periods``, and what it is worth: the margin is to be as large as can be.

    ``metal`` is the element that is smelted for, ``price`` of a refined unit of it by period. ``hold`` is what a unit
    of concentrate costs that lies over from a period to the next; anode costs ``anode_hold``. At most ``down_high``
    smelters are relined at once.
    """

    name: str
    periods: tuple[str, ...]
    metal: str
    price: ByPeriod
    brands: tuple[Brand, ...]
    ores: tuple[Ore, ...]
    concentrators: tuple[Concentrator, ...]
    offers: tuple[Offer, ...]
    routes: tuple[Route, ...]
    smelters: tuple[Smelter, ...]
    foundry: Foundry
    opening: Opening
    hold: float = 0.0
    anode_hold: float = 0.0
    down_high: int = 1
