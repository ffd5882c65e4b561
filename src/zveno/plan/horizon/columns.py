"""Columns of the plan: one block of numbers for each kind of decision."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zveno.model.planning import PlanProblem, Relining
from zveno.plan.linear import Ints


@dataclass(frozen=True)
class Columns:
    """Where each decision stands; the last axis of every block is the period.

    Blocks are keyed by names: recipes by (concentrator, place in its list), modes by (concentrator, mode), brands by
    name, what lies at or goes to a smelter by (brand, smelter).
    """

    ore: dict[tuple[str, int], Ints]
    run: dict[tuple[str, str], Ints]
    switch: dict[tuple[str, str], Ints]
    heap: dict[str, Ints]
    bought: dict[str, Ints]
    ship: dict[tuple[str, str], Ints]
    yard: dict[tuple[str, str], Ints]
    feed: dict[tuple[str, str], Ints]
    on: dict[str, Ints]
    start: dict[tuple[str, str], Ints]
    anode: dict[str, Ints]
    refined: dict[str, Ints]
    over: dict[tuple[str, str], Ints]
    under: dict[tuple[str, str], Ints]
    excess: dict[tuple[str, str], Ints]
    cast: dict[tuple[str, str], Ints]
    """By (purpose, family): a purpose is a relining or the wear of the mills."""
    spare: dict[tuple[str, str], Ints]
    count: int

    def integers(self) -> Ints:
        """Columns that are yes or no."""
        blocks = [*self.run.values(), *self.on.values(), *self.start.values()]
        return np.concatenate(blocks) if blocks else np.empty(0, dtype=np.int64)


WEAR = "wear"
"""The purpose of castings that the mills wear down."""


def lay_out(problem: PlanProblem) -> Columns:
    """Number the decisions of a problem."""
    count = 0

    def block() -> Ints:
        nonlocal count
        count += len(problem.periods)
        return np.arange(count - len(problem.periods), count)

    mills, smelters = problem.concentrators, problem.smelters
    ore = {(one.id, k): block() for one in mills for k in range(len(one.recipes))}
    modes = [(one.id, mode) for one in mills for mode in dict.fromkeys(recipe.mode for recipe in one.recipes)]
    run = {key: block() for key in modes}
    switch = {key: block() for key in modes}
    heap = {one.id: block() for one in problem.brands}
    bought = {one.brand: block() for one in problem.offers}
    ways = {(one.site, one.smelter) for one in problem.routes}
    pairs = [(one.id, two.id) for one in problem.brands for two in smelters]
    ship = {pair: block() for pair, one in _sites(problem, pairs) if (one, pair[1]) in ways}
    lying = [pair for pair in pairs if pair in ship or problem.opening.yard.get(pair[1], {}).get(pair[0])]
    yard, feed = {pair: block() for pair in lying}, {pair: block() for pair in lying}
    on = {one.id: block() for one in smelters}
    start = {(one.id, two.id): block() for one in smelters for two in one.relinings}
    anode, refined = ({one.id: block() for one in smelters} for _ in range(2))
    soft = [(one.id, two) for one in smelters for two in one.limits if two.price is not None]
    over = {(name, two.id): block() for name, two in soft if two.high is not None}
    under = {(name, two.id): block() for name, two in soft if two.low is not None}
    excess = {
        (one.id, two.id): block()
        for one in smelters
        for two in one.loads
        if two.cap is not None and two.excess_price is not None
    }
    needs = castings(problem)
    cast = {key: block() for key in needs}
    spare = {key: block() for key in needs if key[1] in problem.foundry.bought}
    return Columns(
        ore,
        run,
        switch,
        heap,
        bought,
        ship,
        yard,
        feed,
        on,
        start,
        anode,
        refined,
        over,
        under,
        excess,
        cast,
        spare,
        count,
    )


def _sites(problem: PlanProblem, pairs: list[tuple[str, str]]) -> list[tuple[tuple[str, str], str]]:
    """Each pair with the site of its brand."""
    site = {one.id: one.site for one in problem.brands}
    return [(pair, site[pair[0]]) for pair in pairs]


def relinings(problem: PlanProblem) -> list[tuple[str, Relining]]:
    """Every relining with its smelter."""
    return [(one.id, two) for one in problem.smelters for two in one.relinings]


def castings(problem: PlanProblem) -> list[tuple[str, str]]:
    """What castings are needed for: (relining, family) and (wear, family)."""
    wanted = [(two.id, family) for _, two in relinings(problem) for family in two.castings]
    return wanted + [(WEAR, family) for family in problem.foundry.wear]
