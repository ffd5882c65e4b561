"""What truly happens where heaps and yards mix: the plan played forward with what is taken out as mixed as what lies there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from zveno.model.planning import PlanProblem
from zveno.plan.horizon.decisions import Decisions
from zveno.plan.linear import Floats

Shares = dict[tuple[str, int], Floats]
"""Composition of what is taken from a place (site or smelter) in a period: share of each brand, in the problem's order."""

_NOTHING = 1e-9


def play(problem: PlanProblem, plan: Decisions) -> tuple[Decisions, Shares]:
    """The same plan by its totals: what is milled, sent from site to smelter and fed, whatever brands it was meant to be.

    What comes in a period is on the heap before anything is taken. Metal that did not come is not refined.
    """
    names = [one.id for one in problem.brands]
    place = {name: k for k, name in enumerate(names)}
    site = [one.site for one in problem.brands]
    periods = len(problem.periods)
    ship = {key: np.zeros(periods) for key in plan.ship}
    feed = {key: np.zeros(periods) for key in plan.feed}
    heap = np.array([problem.opening.heap.get(name, 0.0) for name in names])
    yard = {one.id: np.array([problem.opening.yard.get(one.id, {}).get(name, 0.0) for name in names])
            for one in problem.smelters}  # fmt: skip
    shares: Shares = {}
    for t in range(periods):
        for mill in problem.concentrators:
            for k, recipe in enumerate(mill.recipes):
                heap[place[recipe.brand]] += plan.ore[mill.id, k][t] * recipe.yield_frac
        for brand, bought in plan.bought.items():
            heap[place[brand]] += bought[t]
        for one in dict.fromkeys(site):
            here = np.array([name == one for name in site])
            shares[one, t] = mixed = _composition(np.where(here, heap, 0.0))
            for smelter in yard:
                total = sum(
                    float(series[t])
                    for (brand, to), series in plan.ship.items()
                    if to == smelter and here[place[brand]]
                )
                total = min(total, float(heap[here].sum()))
                moved = total * mixed
                heap, yard[smelter] = heap - moved, yard[smelter] + moved
                for brand in (name for name, at in zip(names, here, strict=True) if at):
                    if (brand, smelter) in ship:
                        ship[brand, smelter][t] = moved[place[brand]]
        for smelter, lying in yard.items():
            shares[smelter, t] = mixed = _composition(lying)
            total = sum(float(series[t]) for (_, to), series in plan.feed.items() if to == smelter)
            eaten = min(total, float(lying.sum())) * mixed
            yard[smelter] = lying - eaten
            for brand in names:
                if (brand, smelter) in feed:
                    feed[brand, smelter][t] = eaten[place[brand]]
        heap = np.maximum(heap, 0.0)
    played = replace(plan, ship=ship, feed=feed)
    return replace(played, refined=_refined(problem, played)), shares


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
