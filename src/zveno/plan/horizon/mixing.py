"""What truly happens where heaps and yards mix: the plan played forward, everything taken out as mixed as it lies."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from zveno.model.planning import PlanProblem
from zveno.plan.horizon.decisions import Decisions
from zveno.plan.linear import Floats

Shares = dict[tuple[str, int], Floats]
"""Composition of what is taken from a place (site or smelter) in a period: share of each brand, in their order."""

_NOTHING = 1e-9


@dataclass
class _Play:
    """What lies where while the plan is played: heaps by brand, yards by smelter and brand."""

    problem: PlanProblem
    plan: Decisions
    heap: Floats
    yard: dict[str, Floats]
    ship: dict[tuple[str, str], Floats]
    feed: dict[tuple[str, str], Floats]
    place: dict[str, int]
    shares: Shares = field(default_factory=dict)

    def make(self, t: int) -> None:
        """Concentrate comes on the heaps."""
        for mill in self.problem.concentrators:
            for k, recipe in enumerate(mill.recipes):
                self.heap[self.place[recipe.brand]] += self.plan.ore[mill.id, k][t] * recipe.yield_frac
        for brand, bought in self.plan.bought.items():
            self.heap[self.place[brand]] += bought[t]

    def send(self, site: str, t: int) -> None:
        """What goes from a site to the smelters."""
        brands = [one.id for one in self.problem.brands if one.site == site]
        here = [self.place[brand] for brand in brands]
        lying = np.zeros_like(self.heap)
        lying[here] = self.heap[here]
        self.shares[site, t] = mixed = _composition(lying)
        for smelter in self.yard:
            ways = [(brand, smelter) for brand in brands if (brand, smelter) in self.plan.ship]
            total = min(sum(float(self.plan.ship[way][t]) for way in ways), float(self.heap[here].sum()))
            self.heap -= total * mixed
            self.yard[smelter] += total * mixed
            for way in ways:
                self.ship[way][t] = total * mixed[self.place[way[0]]]
        np.maximum(self.heap, 0.0, out=self.heap)

    def smelt(self, smelter: str, t: int) -> None:
        """What a smelter takes from its yard."""
        yard = self.yard[smelter]
        self.shares[smelter, t] = mixed = _composition(yard)
        eaten = [key for key in self.plan.feed if key[1] == smelter]
        total = min(sum(float(self.plan.feed[key][t]) for key in eaten), float(yard.sum()))
        yard -= total * mixed
        np.maximum(yard, 0.0, out=yard)
        for key in eaten:
            self.feed[key][t] = total * mixed[self.place[key[0]]]


def play(problem: PlanProblem, plan: Decisions) -> tuple[Decisions, Shares]:
    """The same plan by its totals: what is milled, sent from site to smelter and fed, whatever brand it was to be.

    What comes in a period is on the heap before anything is taken. Metal that did not come is not refined.
    """
    names, periods = [one.id for one in problem.brands], len(problem.periods)
    opening = problem.opening
    heap = np.array([opening.heap.get(name, 0.0) for name in names])
    yard = {
        one.id: np.array([opening.yard.get(one.id, {}).get(name, 0.0) for name in names]) for one in problem.smelters
    }
    ship, feed = ({key: np.zeros(periods) for key in keys} for keys in (plan.ship, plan.feed))
    work = _Play(problem, plan, heap, yard, ship, feed, {name: k for k, name in enumerate(names)})
    for t in range(periods):
        work.make(t)
        for site in dict.fromkeys(one.site for one in problem.brands):
            work.send(site, t)
        for smelter in yard:
            work.smelt(smelter, t)
    played = replace(plan, ship=ship, feed=feed)
    return replace(played, refined=_refined(problem, played)), work.shares


def _composition(lying: Floats) -> Floats:
    """Share of each brand in what lies there; nothing where nothing does."""
    lying = np.maximum(lying, 0.0)
    total = lying.sum()
    return lying / total if total > _NOTHING else np.zeros_like(lying)


def _refined(problem: PlanProblem, plan: Decisions) -> dict[str, Floats]:
    """As much as planned, where so much metal is there; what was left of it later, where the refinery has room."""
    assay = {one.id: one.assay.get(problem.metal, 0.0) for one in problem.brands}
    found = {}
    for one in problem.smelters:
        anode, owed, series = problem.opening.anode.get(one.id, 0.0), 0.0, np.zeros(len(problem.periods))
        for t in range(len(series)):
            anode += one.recovery_frac * sum(
                assay[brand] * float(eaten[t]) for (brand, to), eaten in plan.feed.items() if to == one.id
            )
            wanted = min(float(plan.refined[one.id][t]) + owed, one.refine_high[t])
            series[t] = max(0.0, min(wanted, anode - one.anode_low))
            owed += float(plan.refined[one.id][t]) - series[t]
            anode -= series[t]
        found[one.id] = series
    return found
