"""A planning problem as a mixed-integer programme.

Stock is kept by brand, so that every blend is linear: what is found is an upper bound for any way of working with mixed
heaps. The margin is maximised as its negative is minimised.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from zveno.model.planning import BlendLimit, Load, PlanProblem, Smelter
from zveno.plan.horizon.columns import WEAR, castings, lay_out, relinings
from zveno.plan.horizon.decisions import Decisions
from zveno.plan.linear import INF, Floats, Program, Rows

Term = tuple[int, float]


class Writer:
    """The rows, costs and bounds while they are written."""

    def __init__(self, problem: PlanProblem) -> None:
        self.problem = problem
        self.columns = lay_out(problem)
        self.rows = Rows()
        self.names: list[tuple[str, ...]] = []
        """What each row says: kind, names, number of the period."""
        self.cost: Floats = np.zeros(self.columns.count)
        self.low: Floats = np.zeros(self.columns.count)
        self.high: Floats = np.full(self.columns.count, INF)
        self.high[self.columns.integers()] = 1.0

    def row(self, name: tuple[str, ...], terms: Iterable[Term], low: float, high: float) -> None:
        """A row ``low <= sum <= high``."""
        listed = list(terms)
        self.rows.add([column for column, _ in listed], [value for _, value in listed], low, high)
        self.names.append(name)

    def program(self, *, whole: bool = True) -> Program:
        """The programme; ``whole``: with yes or no as yes or no."""
        integer = self.columns.integers() if whole else None
        return Program(self.cost, self.low, self.high, self.rows, integer)

    def fix(self, plan: Decisions) -> None:
        """Take modes, furnaces and relinings as a plan has them."""
        columns, periods = self.columns, len(self.problem.periods)
        for (mill, mode), block in columns.run.items():
            self.low[block] = self.high[block] = [float(one == mode) for one in plan.mode[mill]]
        for smelter, block in columns.on.items():
            self.low[block] = self.high[block] = [float(one) for one in plan.on[smelter]]
        for (_, relining), block in columns.start.items():
            self.low[block] = self.high[block] = np.arange(periods) == plan.start[relining]

    def column(self, cost: float, low: float, high: float) -> int:
        """One column more; its number."""
        self.cost, self.low, self.high = (
            np.append(one, value) for one, value in ((self.cost, cost), (self.low, low), (self.high, high))
        )
        return len(self.cost) - 1


def write(problem: PlanProblem) -> Writer:
    """The rows, costs and bounds of a problem."""
    writer = Writer(problem)
    _price(writer)
    for t in range(len(problem.periods)):
        _mills(writer, t)
        _brands(writer, t)
        for one in problem.smelters:
            _smelter(writer, one, t)
        _castings(writer, t)
    _totals(writer)
    return writer


def _price(writer: Writer) -> None:
    """What every decision costs, and what bounds it by itself."""
    problem, columns, cost = writer.problem, writer.columns, writer.cost
    ore_cost = {one.id: np.array(one.cost or (0.0,) * len(problem.periods)) for one in problem.ores}
    for mill in problem.concentrators:
        for k, recipe in enumerate(mill.recipes):
            cost[columns.ore[mill.id, k]] = recipe.cost + ore_cost[recipe.ore]
            cost[columns.switch[mill.id, recipe.mode]] = mill.switch_cost
    for offer in problem.offers:
        block = columns.bought[offer.brand]
        cost[block], writer.low[block], writer.high[block] = offer.price, offer.low, offer.high
    for (_, family), block in columns.spare.items():
        cost[block] = problem.foundry.bought[family]
    for block in columns.cast.values():
        cost[block] = problem.foundry.cost
    _price_stocks(writer)
    for one in problem.smelters:
        _price_smelter(writer, one)


def _price_stocks(writer: Writer) -> None:
    """What lying over and carrying cost."""
    problem, columns, cost = writer.problem, writer.columns, writer.cost
    freight = {(one.site, one.smelter): one.cost for one in problem.routes}
    site = {one.id: one.site for one in problem.brands}
    for block in (*columns.heap.values(), *columns.yard.values()):
        cost[block] = problem.hold
    for (brand, smelter), block in columns.ship.items():
        cost[block] = freight[site[brand], smelter]


def _price_smelter(writer: Writer, one: Smelter) -> None:
    """What a smelter's work costs and brings."""
    problem, columns, cost = writer.problem, writer.columns, writer.cost
    cost[columns.on[one.id]] = one.on_cost
    cost[columns.anode[one.id]] = problem.anode_hold
    writer.low[columns.anode[one.id]] = one.anode_low
    writer.high[columns.anode[one.id]] = INF if one.anode_high is None else one.anode_high
    cost[columns.refined[one.id]] = one.refine_cost - one.refined_frac * np.array(problem.price)
    writer.high[columns.refined[one.id]] = one.refine_high
    for limit in one.limits:
        for slack in (columns.over, columns.under):
            if (one.id, limit.id) in slack:
                cost[slack[one.id, limit.id]] = limit.price
    for load in one.loads:
        if (one.id, load.id) in columns.excess:
            cost[columns.excess[one.id, load.id]] = load.excess_price
    for brand in problem.brands:
        if (brand.id, one.id) in columns.feed:
            fees = [weight_of(load, brand.assay) * np.array(load.fee) for load in one.loads if load.fee is not None]
            cost[columns.feed[brand.id, one.id]] = one.smelt_cost + np.sum(fees, axis=0) if fees else one.smelt_cost


def weight_of(one: BlendLimit | Load, assay: Mapping[str, float]) -> float:
    """The weighted sum of a brand's elements, with the constant of a load."""
    constant = one.constant if isinstance(one, Load) else 0.0
    return constant + sum(weight * assay.get(element, 0.0) for element, weight in one.weights.items())


def _mills(writer: Writer, t: int) -> None:
    """One mode a period, ore within the capacity of the mode that runs, changes of mode."""
    problem, columns = writer.problem, writer.columns
    for mill in problem.concentrators:
        modes = [mode for name, mode in columns.run if name == mill.id]
        writer.row(("one mode", mill.id, str(t)), [(columns.run[mill.id, mode][t], 1.0) for mode in modes], -INF, 1.0)
        for mode in modes:
            run = columns.run[mill.id, mode]
            ore = [(columns.ore[mill.id, k][t], 1.0) for k, one in enumerate(mill.recipes) if one.mode == mode]
            writer.row(("mill", mill.id, mode, str(t)), [*ore, (run[t], -mill.capacity[t])], -INF, 0.0)
            switch = (columns.switch[mill.id, mode][t], 1.0)
            name = ("change of mode", mill.id, mode, str(t))
            if t:
                writer.row(name, [switch, (run[t], -1.0), (run[t - 1], 1.0)], 0.0, INF)
            elif problem.opening.mode.get(mill.id, mode) != mode:
                writer.row(name, [switch, (run[t], -1.0)], 0.0, INF)
    for sort in problem.ores:
        writer.row(("ore", sort.id, str(t)), _mined(writer, sort.id, t), -INF, sort.high[t])


def _mined(writer: Writer, ore: str, t: int) -> list[Term]:
    """Everywhere an ore goes in a period."""
    return [
        (writer.columns.ore[mill.id, k][t], 1.0)
        for mill in writer.problem.concentrators
        for k, one in enumerate(mill.recipes)
        if one.ore == ore
    ]


def _brands(writer: Writer, t: int) -> None:
    """Heaps by brand, the ground they lie on, the ways from them."""
    problem, columns, opening = writer.problem, writer.columns, writer.problem.opening
    for brand in problem.brands:
        heap = columns.heap[brand.id]
        terms: list[Term] = [(heap[t], 1.0)]
        for mill in problem.concentrators:
            for k, recipe in enumerate(mill.recipes):
                if recipe.brand == brand.id:
                    terms.append((columns.ore[mill.id, k][t], -recipe.yield_frac))
        if brand.id in columns.bought:
            terms.append((columns.bought[brand.id][t], -1.0))
        terms += [(block[t], 1.0) for (name, _), block in columns.ship.items() if name == brand.id]
        before = opening.heap.get(brand.id, 0.0)
        if t:
            terms.append((heap[t - 1], -1.0))
            before = 0.0
        writer.row(("heap", brand.id, str(t)), terms, before, before)
    for mill in problem.concentrators:
        lying = [(columns.heap[one.id][t], 1.0) for one in problem.brands if one.site == mill.id]
        writer.row(("heap's ground", mill.id, str(t)), lying, -INF, mill.heap_high)
    site = {one.id: one.site for one in problem.brands}
    for route in problem.routes:
        if route.high is not None:
            gone = [(block[t], 1.0) for (brand, smelter), block in columns.ship.items()
                    if smelter == route.smelter and site[brand] == route.site]  # fmt: skip
            writer.row(("way", route.site, route.smelter, str(t)), gone, -INF, route.high[t])


def _smelter(writer: Writer, one: Smelter, t: int) -> None:
    """Yards, feed, limits, loads, metal, relinings of one smelter."""
    problem, columns = writer.problem, writer.columns
    assay = {brand.id: brand.assay for brand in problem.brands}
    brands = [brand for brand, smelter in columns.feed if smelter == one.id]
    feed = {brand: int(columns.feed[brand, one.id][t]) for brand in brands}
    for brand in brands:
        yard = columns.yard[brand, one.id]
        terms: list[Term] = [(yard[t], 1.0), (feed[brand], 1.0)]
        if (brand, one.id) in columns.ship:
            terms.append((columns.ship[brand, one.id][t], -1.0))
        before = problem.opening.yard.get(one.id, {}).get(brand, 0.0)
        if t:
            terms.append((yard[t - 1], -1.0))
            before = 0.0
        writer.row(("yard", brand, one.id, str(t)), terms, before, before)
    lying = [(columns.yard[brand, one.id][t], 1.0) for brand in brands]
    writer.row(("yard's ground", one.id, str(t)), lying, -INF, one.yard_high)
    on, all_feed = int(columns.on[one.id][t]), [(column, 1.0) for column in feed.values()]
    writer.row(("most feed", one.id, str(t)), [*all_feed, (on, -one.feed_high[t])], -INF, 0.0)
    writer.row(("least feed", one.id, str(t)), [*all_feed, (on, -one.feed_low[t])], 0.0, INF)
    standing = [(two.id, columns.start[one.id, two.id][max(0, t - two.periods + 1) : t + 1]) for two in one.relinings]
    for relining, starts in standing:
        writer.row(("stands", one.id, relining, str(t)), [(on, 1.0), *((int(c), 1.0) for c in starts)], -INF, 1.0)
    for limit in one.limits:
        _limit(writer, one.id, limit, t, {c: weight_of(limit, assay[b]) for b, c in feed.items()})
    for load in one.loads:
        if load.cap is not None:
            terms = [(column, weight_of(load, assay[brand])) for brand, column in feed.items()]
            if (one.id, load.id) in columns.excess:
                terms.append((columns.excess[one.id, load.id][t], -1.0))
            writer.row(("load", one.id, load.id, str(t)), terms, -INF, load.cap[t])
    metal = [(column, one.recovery_frac * assay[brand].get(problem.metal, 0.0)) for brand, column in feed.items()]
    anode = columns.anode[one.id]
    terms = [*metal, (columns.refined[one.id][t], -1.0), (anode[t], -1.0)]
    before = -problem.opening.anode.get(one.id, 0.0)
    if t:
        terms.append((anode[t - 1], 1.0))
        before = 0.0
    writer.row(("anode", one.id, str(t)), terms, before, before)


def _limit(writer: Writer, smelter: str, limit: BlendLimit, t: int, weights: dict[int, float]) -> None:
    """Both ends of a limit on a blend."""
    columns = writer.columns
    for end, bound, sign, slack in (
        ("at most", limit.high, 1.0, columns.over), ("at least", limit.low, -1.0, columns.under)
    ):  # fmt: skip
        if bound is None:
            continue
        terms = [(column, sign * (weight - bound)) for column, weight in weights.items()]
        if (smelter, limit.id) in slack:
            terms.append((slack[smelter, limit.id][t], -1.0))
        writer.row((end, smelter, limit.id, str(t)), terms, -INF, 0.0)


def _castings(writer: Writer, t: int) -> None:
    """What the foundry can cast, and what must lie there."""
    problem, columns, foundry = writer.problem, writer.columns, writer.problem.foundry
    if not columns.cast:
        return
    writer.row(("foundry", str(t)), [(block[t], 1.0) for block in columns.cast.values()], -INF, foundry.capacity[t])
    for family, high in foundry.family_high.items():
        made = [(block[t], 1.0) for (_, name), block in columns.cast.items() if name == family]
        if made:
            writer.row(("foundry", family, str(t)), made, -INF, high[t])
    need = {two.id: (name, two) for name, two in relinings(problem)}
    for purpose, family in castings(problem):
        there: list[Term] = [(int(c), 1.0) for c in columns.cast[purpose, family][: max(0, t - foundry.lead + 1)]]
        if (purpose, family) in columns.spare:
            there += [(int(c), 1.0) for c in columns.spare[purpose, family][: max(0, t - foundry.bought_lead + 1)]]
        if purpose == WEAR:
            worn = foundry.wear[family]
            there += [(int(columns.ore[mill.id, k][u]), -worn.get(mill.id, 0.0))
                      for mill in problem.concentrators if mill.id in worn
                      for k in range(len(mill.recipes)) for u in range(t + 1)]  # fmt: skip
            writer.row(("wear", family, str(t)), there, -foundry.stock.get(family, 0.0), INF)
        else:
            smelter, relining = need[purpose]
            start = int(columns.start[smelter, purpose][t])
            writer.row(("castings", purpose, family, str(t)), [*there, (start, -relining.castings[family])], 0.0, INF)


def _totals(writer: Writer) -> None:
    """What holds over all periods: relinings start once, few stand at once, totals of ores and offers."""
    problem, columns = writer.problem, writer.columns
    periods = range(len(problem.periods))
    for smelter, one in relinings(problem):
        block = columns.start[smelter, one.id]
        outside = [t for t in periods if not one.first <= t <= one.last]
        writer.high[block[outside]] = 0.0
        writer.row(("relining", one.id), [(int(column), 1.0) for column in block], 1.0, 1.0)
    every = relinings(problem)
    for t in periods if len(every) > 1 else ():
        standing = [(int(c), 1.0) for smelter, one in every
                    for c in columns.start[smelter, one.id][max(0, t - one.periods + 1) : t + 1]]  # fmt: skip
        writer.row(("stand at once", str(t)), standing, -INF, float(problem.down_high))
    for ore in problem.ores:
        if ore.total is not None:
            writer.row(("ore", ore.id), [term for t in periods for term in _mined(writer, ore.id, t)], -INF, ore.total)
    for offer in problem.offers:
        if offer.total is not None:
            bought = [(int(column), 1.0) for column in columns.bought[offer.brand]]
            writer.row(("offer", offer.brand), bought, -INF, offer.total)
