"""Self-contained planning problems: blends, shops, plans of a chain."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from zveno.plan import HorizonPlan, PlanTerms, Terms, blend, plan, shortest, smallest_relaxation
from zveno.sources import arcs_as_written, read_jobshop, read_plan, read_pooling


def solve_blend(path: Path, seconds: float) -> dict[str, Any]:
    """The cheapest blend of a pooling problem's file.

    Returns
    -------
    report
        ``status``, ``objective``, ``bound``, ``gap``, ``flows`` (from, to, flow, as the file lists the arcs), ``pools``
        (share of each source in each pool), ``excess`` (largest breach of a limit by these flows), ``nodes``.

    Raises
    ------
    DataError
        If the file cannot be read as such a problem.
    """
    problem, begun = read_pooling(path), time.monotonic()
    found = blend(problem, lambda: time.monotonic() - begun, Terms(seconds=seconds))
    return {
        "status": found.status, "objective": found.objective, "bound": found.bound, "gap": found.gap,
        "flows": [[*arc, one.flow] for arc, one in zip(arcs_as_written(path), found.flows, strict=False)],
        "pools": found.shares, "excess": found.excess, "nodes": found.nodes,
    }  # fmt: skip


def solve_shop(path: Path, seconds: float) -> dict[str, Any]:
    """The shortest order of a job shop's file: ``status``, ``makespan``, ``bound``, ``start`` by job and operation."""
    found = shortest(read_jobshop(path), seconds)
    return {"status": found.status, "makespan": found.makespan, "bound": found.bound,
            "start": [list(row) for row in found.start]}  # fmt: skip


def solve_plan(path: Path, seconds: float, gap: float) -> dict[str, Any]:
    """The plan of a chain's file.

    Returns
    -------
    report
        ``status``, ``objective`` (the margin), ``bound``, ``gap``, ``accepted`` and ``broken`` (the checker's verdict),
        ``metal`` (refined), ``decisions``; where nothing is possible, ``relaxation``: the limits that would have to
        give way, and by how much.
    """
    problem = read_plan(path)
    found = plan(problem, PlanTerms(gap, seconds))
    report: dict[str, Any] = {"status": found.status, "objective": found.margin, "bound": found.bound, "gap": found.gap,
              "solver": found.solver}  # fmt: skip
    if found.status == "infeasible":
        report["relaxation"] = [
            {"limit": one.kind, "of": list(one.who), "period": one.period, "by": one.size}
            for one in smallest_relaxation(problem, seconds)
        ]
    return report | _told(found)


def _told(found: HorizonPlan) -> dict[str, Any]:
    """Decisions and verdict as they are written down."""
    if found.decisions is None or found.verdict is None:
        return {}
    made = found.decisions
    return {
        "accepted": found.verdict.accepted,
        "broken": [
            {"limit": one.kind, "of": one.who, "period": one.period, "by": one.size} for one in found.verdict.broken
        ],
        "metal": found.verdict.metal,
        "decisions": {
            "ore": [
                {"concentrator": mill, "recipe": k, "by_period": _list(one)} for (mill, k), one in made.ore.items()
            ],
            "mode": {mill: list(one) for mill, one in made.mode.items()},
            "bought": {brand: _list(one) for brand, one in made.bought.items()},
            "ship": [_pair(key, one) for key, one in made.ship.items()],
            "feed": [_pair(key, one) for key, one in made.feed.items()],
            "on": {smelter: list(one) for smelter, one in made.on.items()},
            "start": dict(made.start),
            "refined": {smelter: _list(one) for smelter, one in made.refined.items()},
            "cast": [{"for": purpose, "family": family, "by_period": _list(one)}
                     for (purpose, family), one in made.cast.items()],
        },
    }  # fmt: skip


def _pair(key: tuple[str, str], values: Any) -> dict[str, Any]:
    """What of a brand goes to a smelter."""
    return {"brand": key[0], "smelter": key[1], "by_period": _list(values)}


def _list(values: Any) -> list[float]:
    """Numbers for JSON."""
    return [float(one) for one in values]
