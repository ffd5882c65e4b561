"""A chain of two mills and one smelter that can be planned by hand."""

from __future__ import annotations

from dataclasses import replace

from zveno.model.planning import (
    BlendLimit,
    Brand,
    Concentrator,
    Foundry,
    Load,
    Offer,
    Opening,
    Ore,
    PlanProblem,
    Recipe,
    Relining,
    Route,
    Smelter,
)

T = 4


def flat(value: float) -> tuple[float, ...]:
    """The same in each period."""
    return (value,) * T


def mill(name: str, yield_frac: float, cost: float) -> Concentrator:
    """A mill with one mode."""
    return Concentrator(name, flat(1000.0), (Recipe("usual", f"ore {name}", name, yield_frac, cost),), 500.0)


def problem(**changes: object) -> PlanProblem:
    """Two brands, 25 % and 15 % Cu, of which the second holds arsenic; a smelter that takes 40 at most."""
    smelter = Smelter(
        "works", flat(10.0), flat(40.0), 500.0, 0.96, flat(20.0), 100.0, 50.0, 200.0,
        limits=(BlendLimit("As", {"As": 1.0}, high=0.003),),
        loads=(Load("S", {"S": 1.0}, cap=flat(14.0)),),
        relinings=(Relining("furnace", 1, 1, 2, {"blocks": 30.0}),),
    )  # fmt: skip
    found = PlanProblem(
        "small", tuple(str(t + 1) for t in range(T)), "Cu", flat(9000.0),
        (Brand("rich", "rich", {"Cu": 0.25, "S": 0.30, "As": 0.002}),
         Brand("poor", "poor", {"Cu": 0.15, "S": 0.35, "As": 0.006})),
        (Ore("ore rich", flat(1000.0)), Ore("ore poor", flat(1000.0))),
        (mill("rich", 0.03, 8.0), mill("poor", 0.04, 2.0)), (),
        (Route("rich", "works", 20.0), Route("poor", "works", 10.0)),
        (smelter,), Foundry(flat(20.0), lead=1), Opening(), 0.5, 5.0,
    )  # fmt: skip
    return replace(found, **changes)


def offer(price: float) -> tuple[Offer, Brand, Route]:
    """Concentrate on sale."""
    return (
        Offer("bought", flat(0.0), flat(15.0), flat(price)),
        Brand("bought", "market", {"Cu": 0.30, "S": 0.25, "As": 0.001}),
        Route("market", "works", 30.0),
    )
