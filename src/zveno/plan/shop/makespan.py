"""The shortest time in which a job shop can be done."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from ortools.sat.python import cp_model

from zveno.model.jobshop import JobShop

WORKERS = 8
"""Searches side by side, on two cores too: their bounds help each other."""


@dataclass(frozen=True)
class ShopPlan:
    """The answer.

    Parameters
    ----------
    status
        ``optimal`` (proven) or ``limit`` (time was up first).
    makespan, bound
        When the last operation ends, None where no order was found; no order ends before ``bound``.
    start
        Start of each operation, by job.
    """

    status: str
    makespan: int | None
    bound: int
    start: tuple[tuple[int, ...], ...]


def shortest(shop: JobShop, seconds: float, seed: int = 1) -> ShopPlan:
    """Order the operations so that the last ends as early as can be.

    References
    ----------
    CP-SAT of OR-Tools; interval and no-overlap constraints.
    """
    model = cp_model.CpModel()
    horizon = sum(duration for job in shop.jobs for _, duration in job)
    end = model.new_int_var(0, horizon, "end")
    by_machine: dict[int, list[cp_model.IntervalVar]] = {}
    starts = []
    for j, job in enumerate(shop.jobs):
        before, row = None, []
        for k, (machine, duration) in enumerate(job):
            start = model.new_int_var(0, horizon, f"{j}.{k}")
            by_machine.setdefault(machine, []).append(model.new_fixed_size_interval_var(start, duration, f"{j}.{k}"))
            if before is not None:
                model.add(start >= before)
            before = start + duration
            row.append(start)
        if before is not None:
            model.add(end >= before)
        starts.append(row)
    for intervals in by_machine.values():
        model.add_no_overlap(intervals)
    model.minimize(end)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = WORKERS
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.random_seed = seed
    status = solver.solve(model)
    bound = int(solver.best_objective_bound)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return ShopPlan("limit", None, bound, ())
    values = tuple(tuple(int(solver.value(one)) for one in row) for row in starts)
    return ShopPlan("optimal" if status == cp_model.OPTIMAL else "limit", int(solver.objective_value), bound, values)


def faults_of(shop: JobShop, start: tuple[tuple[int, ...], ...]) -> list[str]:
    """What an order of operations breaks, written apart from the search; empty where it is sound."""
    found = []
    busy: dict[int, list[tuple[int, int, str]]] = {}
    for j, (job, row) in enumerate(zip(shop.jobs, start, strict=True)):
        ready = 0
        for k, ((machine, duration), begin) in enumerate(zip(job, row, strict=True)):
            if begin < ready:
                found.append(f"jobs[{j}][{k}]")
            ready = begin + duration
            if duration:
                busy.setdefault(machine, []).append((begin, ready, f"jobs[{j}][{k}]"))
    for intervals in busy.values():
        intervals.sort()
        found += [two[2] for one, two in itertools.pairwise(intervals) if two[0] < one[1]]
    return found
