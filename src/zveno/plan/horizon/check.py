"""The independent checker: every limit and the margin worked out again from the decisions alone.

Nothing of the programme is used: stocks are added up from what is decided, period after period.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from zveno.model.planning import BlendLimit, Load, PlanProblem, Relining, Smelter
from zveno.plan.horizon.decisions import Decisions
from zveno.plan.linear import Floats

CLOSE = 1e-6
"""A limit counts as kept within this part of its size."""


@dataclass(frozen=True)
class Broken:
    """A limit that is not kept: which one, whose, in which period, by how much."""

    kind: str
    who: str
    period: int
    size: float


@dataclass
class Verdict:
    """What the checker found: the margin, what is broken, and the stocks it added up."""

    margin: float = 0.0
    broken: list[Broken] = field(default_factory=list)
    heap: dict[str, list[float]] = field(default_factory=dict)
    yard: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    anode: dict[str, list[float]] = field(default_factory=dict)
    metal: float = 0.0
    """Refined metal over all periods."""

    @property
    def accepted(self) -> bool:
        """Whether every limit is kept."""
        return not self.broken


@dataclass
class _Check:
    """The work of one check."""

    problem: PlanProblem
    plan: Decisions
    verdict: Verdict = field(default_factory=Verdict)

    def most(self, kind: str, who: str, t: int, value: float, limit: float) -> None:
        """Note it where a value is above its limit."""
        if value > limit + CLOSE * max(1.0, abs(limit)):
            self.verdict.broken.append(Broken(kind, who, t, value - limit))

    def pay(self, cost: float) -> None:
        """Take from the margin."""
        self.verdict.margin -= cost


def check(problem: PlanProblem, plan: Decisions) -> Verdict:
    """Check a plan."""
    work = _Check(problem, plan)
    for t in range(len(problem.periods)):
        _mills(work, t)
        _offers(work, t)
        _heaps(work, t)
        for one in problem.smelters:
            _smelter(work, one, t)
        _foundry(work, t)
    _relinings(work)
    for ore in problem.ores:
        if ore.total is not None:
            work.most("ore", ore.id, -1, sum(float(np.sum(series)) for series in _mined(work, ore.id)), ore.total)
    return work.verdict


def _mined(work: _Check, ore: str) -> Iterator[Floats]:
    """All series of an ore."""
    for mill in work.problem.concentrators:
        for k, one in enumerate(mill.recipes):
            if one.ore == ore:
                yield work.plan.ore[mill.id, k]


def _mills(work: _Check, t: int) -> None:
    """Ore, modes and what they cost."""
    cost = {one.id: one.cost for one in work.problem.ores}
    for mill in work.problem.concentrators:
        mode = work.plan.mode[mill.id][t]
        total = 0.0
        for k, recipe in enumerate(mill.recipes):
            ore = float(work.plan.ore[mill.id, k][t])
            work.most("mode", mill.id, t, 0.0 if recipe.mode == mode else ore, 0.0)
            work.pay(ore * (recipe.cost + (cost[recipe.ore][t] if cost[recipe.ore] else 0.0)))
            total += ore
        work.most("mill", mill.id, t, total, mill.capacity[t])
        before = work.plan.mode[mill.id][t - 1] if t else work.problem.opening.mode.get(mill.id, mode)
        if mode and mode != before:
            work.pay(mill.switch_cost)
    for one in work.problem.ores:
        work.most("ore", one.id, t, sum(float(series[t]) for series in _mined(work, one.id)), one.high[t])


def _offers(work: _Check, t: int) -> None:
    """What is bought."""
    for offer in work.problem.offers:
        bought = float(work.plan.bought[offer.brand][t])
        work.pay(bought * offer.price[t])
        work.most("offer", offer.brand, t, bought, offer.high[t])
        work.most("offer", offer.brand, t, offer.low[t], bought)
        if offer.total is not None and t == len(work.problem.periods) - 1:
            work.most("offer", offer.brand, -1, float(np.sum(work.plan.bought[offer.brand])), offer.total)


def _heaps(work: _Check, t: int) -> None:
    """Heaps added up; the ground they lie on; what ways carry and cost."""
    problem, plan, heaps = work.problem, work.plan, work.verdict.heap
    site = {one.id: one.site for one in problem.brands}
    for brand in problem.brands:
        series = heaps.setdefault(brand.id, [])
        made = sum(
            float(plan.ore[mill.id, k][t]) * recipe.yield_frac
            for mill in problem.concentrators
            for k, recipe in enumerate(mill.recipes)
            if recipe.brand == brand.id
        )
        came = float(plan.bought[brand.id][t]) if brand.id in plan.bought else 0.0
        gone = sum(float(one[t]) for (name, _), one in plan.ship.items() if name == brand.id)
        before = series[-1] if series else problem.opening.heap.get(brand.id, 0.0)
        series.append(before + made + came - gone)
        work.most("heap", brand.id, t, -series[-1], 0.0)
        work.pay(problem.hold * series[-1])
    for mill in problem.concentrators:
        lying = sum(heaps[one.id][t] for one in problem.brands if one.site == mill.id)
        work.most("heap's ground", mill.id, t, lying, mill.heap_high)
    for route in problem.routes:
        carried = sum(float(one[t]) for (brand, smelter), one in plan.ship.items()
                      if smelter == route.smelter and site[brand] == route.site)  # fmt: skip
        work.pay(route.cost * carried)
        if route.high is not None:
            work.most("way", f"{route.site} {route.smelter}", t, carried, route.high[t])


def _smelter(work: _Check, one: Smelter, t: int) -> None:
    """Yard, feed, blend, metal and costs of one smelter."""
    problem, plan = work.problem, work.plan
    feed = {brand: float(series[t]) for (brand, smelter), series in plan.feed.items() if smelter == one.id}
    lying = 0.0
    for brand, eaten in feed.items():
        series = work.verdict.yard.setdefault((brand, one.id), [])
        before = series[-1] if series else problem.opening.yard.get(one.id, {}).get(brand, 0.0)
        came = float(plan.ship[brand, one.id][t]) if (brand, one.id) in plan.ship else 0.0
        series.append(before + came - eaten)
        work.most("yard", f"{brand} {one.id}", t, -series[-1], 0.0)
        lying += series[-1]
    work.most("yard's ground", one.id, t, lying, one.yard_high)
    work.pay(problem.hold * lying)
    total, on = sum(feed.values()), plan.on[one.id][t]
    work.most("most feed", one.id, t, total, one.feed_high[t] if on else 0.0)
    work.most("least feed", one.id, t, one.feed_low[t] if on else 0.0, total)
    work.pay(one.on_cost * on + one.smelt_cost * total)
    blend: dict[str, float] = {}
    for sort in problem.brands:
        for element, part in sort.assay.items():
            blend[element] = blend.get(element, 0.0) + part * feed.get(sort.id, 0.0)
    for limit in one.limits:
        _limit(work, one, limit, t, (blend, total))
    for load in one.loads:
        _load(work, one, load, t, (blend, total))
    anode = work.verdict.anode.setdefault(one.id, [])
    before = anode[-1] if anode else problem.opening.anode.get(one.id, 0.0)
    refined = float(plan.refined[one.id][t])
    anode.append(before + one.recovery_frac * blend.get(problem.metal, 0.0) - refined)
    work.most("anode", one.id, t, one.anode_low, anode[-1])
    if one.anode_high is not None:
        work.most("anode", one.id, t, anode[-1], one.anode_high)
    work.most("refinery", one.id, t, refined, one.refine_high[t])
    work.pay(problem.anode_hold * anode[-1] + refined * (one.refine_cost - one.refined_frac * problem.price[t]))
    work.verdict.metal += refined * one.refined_frac


def _weighed(weights: Mapping[str, float], blend: tuple[dict[str, float], float], constant: float) -> float:
    """The weighted sum of the elements of a blend."""
    elements, total = blend
    return constant * total + sum(weight * elements.get(name, 0.0) for name, weight in weights.items())


def _limit(work: _Check, one: Smelter, limit: BlendLimit, t: int, blend: tuple[dict[str, float], float]) -> None:
    """A limit on the blend: broken where it is hard, paid for where it has a price."""
    value, total = _weighed(limit.weights, blend, 0.0), blend[1]
    ends = ((limit.high, 1.0), (limit.low, -1.0))
    for excess in (sign * (value - bound * total) for bound, sign in ends if bound is not None):
        if limit.price is None:
            work.most("blend", f"{one.id} {limit.id}", t, excess, 0.0)
        else:
            work.pay(limit.price * max(0.0, excess))


def _load(work: _Check, one: Smelter, load: Load, t: int, blend: tuple[dict[str, float], float]) -> None:
    """A load: within its cap or paid for above it; its fee."""
    value = _weighed(load.weights, blend, load.constant)
    if load.fee is not None:
        work.pay(load.fee[t] * value)
    if load.cap is not None and load.excess_price is None:
        work.most("load", f"{one.id} {load.id}", t, value, load.cap[t])
    elif load.cap is not None:
        work.pay((load.excess_price or 0.0) * max(0.0, value - load.cap[t]))


def _foundry(work: _Check, t: int) -> None:
    """What is cast and bought, and whether what is worn is there."""
    foundry, plan = work.problem.foundry, work.plan
    if not plan.cast:
        return
    work.most("foundry", "", t, sum(float(one[t]) for one in plan.cast.values()), foundry.capacity[t])
    for family, high in foundry.family_high.items():
        made = sum(float(one[t]) for (_, name), one in plan.cast.items() if name == family)
        work.most("foundry", family, t, made, high[t])
    work.pay(foundry.cost * sum(float(one[t]) for one in plan.cast.values()))
    work.pay(sum(foundry.bought[family] * float(one[t]) for (_, family), one in plan.spare.items()))
    for family, worn in foundry.wear.items():
        used = sum(
            worn.get(mill.id, 0.0) * float(np.sum(plan.ore[mill.id, k][: t + 1]))
            for mill in work.problem.concentrators
            for k in range(len(mill.recipes))
        )
        work.most("wear", family, t, used, foundry.stock.get(family, 0.0) + _there(work, ("wear", family), t))


def _there(work: _Check, key: tuple[str, str], t: int) -> float:
    """Castings that have come by a period."""
    foundry, plan = work.problem.foundry, work.plan
    made = float(np.sum(plan.cast[key][: max(0, t - foundry.lead + 1)]))
    spare = plan.spare.get(key)
    return made + (0.0 if spare is None else float(np.sum(spare[: max(0, t - foundry.bought_lead + 1)])))


def _relinings(work: _Check) -> None:
    """Windows, standing, castings, and how many stand at once."""
    problem, plan = work.problem, work.plan
    down = [0] * len(problem.periods)
    for one in problem.smelters:
        for relining in one.relinings:
            start = plan.start[relining.id]
            work.most("window", relining.id, start, relining.first, start)
            work.most("window", relining.id, start, start, relining.last)
            for t in _standing(relining, start, len(down)):
                down[t] += 1
                work.most("stands", f"{one.id} {relining.id}", t, float(plan.on[one.id][t]), 0.0)
            for family, need in relining.castings.items():
                work.most(
                    "castings", f"{relining.id} {family}", start, need, _there(work, (relining.id, family), start)
                )
    for t, count in enumerate(down):
        work.most("stand at once", "", t, count, problem.down_high)


def _standing(relining: Relining, start: int, periods: int) -> range:
    """Periods in which a furnace stands."""
    return range(start, min(periods, start + relining.periods))
