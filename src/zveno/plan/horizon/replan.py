"""Something has changed: the plan again, near the one that was published, and never worse than that one clipped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from zveno.model.planning import PlanProblem, Smelter
from zveno.plan.horizon.build import Writer, write
from zveno.plan.horizon.check import check
from zveno.plan.horizon.decisions import Decisions, decided
from zveno.plan.horizon.engine import HorizonPlan, PlanTerms
from zveno.plan.linear import INF, Floats, Ints, solver_version

_BINDS = 1e-7


@dataclass(frozen=True)
class Event:
    """What happened: a part of a capacity is lost, from a period on for so many of them.

    ``kind`` is one of ``mill``, ``smelter``, ``refinery``, ``foundry``, ``offer``; ``lost_frac`` by period.
    """

    kind: str
    who: str
    lost_frac: Mapping[int, float]


@dataclass(frozen=True)
class Change:
    """A decision that is not as published."""

    kind: str
    who: str
    period: int
    before: float
    after: float


@dataclass(frozen=True)
class Binding:
    """A limit that the plan touches, and what one unit more of it would bring."""

    kind: str
    who: tuple[str, ...]
    worth: float


@dataclass(frozen=True)
class Replanned:
    """The plan after the event.

    Parameters
    ----------
    plan
        The new plan.
    clipped
        Margin of the published plan as far as it can still be done.
    published
        Margin that the published plan had.
    changes, binding
        What is done otherwise; which limits bind.
    """

    plan: HorizonPlan
    clipped: float | None
    published: float
    changes: tuple[Change, ...]
    binding: tuple[Binding, ...]

    @property
    def cost(self) -> float | None:
        """Margin that the event takes, after replanning."""
        return None if self.plan.margin is None else self.published - self.plan.margin


def after(problem: PlanProblem, events: tuple[Event, ...]) -> PlanProblem:
    """The problem with what is lost taken off its capacities."""
    for event in events:
        problem = _AFTER[event.kind](problem, event)
    return problem


def _less(series: tuple[float, ...], event: Event) -> tuple[float, ...]:
    """A capacity less what is lost."""
    return tuple(value * (1.0 - event.lost_frac.get(t, 0.0)) for t, value in enumerate(series))


def _mill(problem: PlanProblem, event: Event) -> PlanProblem:
    mills = tuple(
        replace(one, capacity=_less(one.capacity, event)) if one.id == event.who else one
        for one in problem.concentrators
    )
    return replace(problem, concentrators=mills)


def _smelter(problem: PlanProblem, event: Event) -> PlanProblem:
    def less(one: Smelter) -> Smelter:
        return replace(one, feed_high=_less(one.feed_high, event), feed_low=_less(one.feed_low, event))

    return replace(problem, smelters=tuple(less(one) if one.id == event.who else one for one in problem.smelters))


def _refinery(problem: PlanProblem, event: Event) -> PlanProblem:
    smelters = tuple(
        replace(one, refine_high=_less(one.refine_high, event)) if one.id == event.who else one
        for one in problem.smelters
    )
    return replace(problem, smelters=smelters)


def _foundry(problem: PlanProblem, event: Event) -> PlanProblem:
    foundry = replace(problem.foundry, capacity=_less(problem.foundry.capacity, event))
    return replace(problem, foundry=foundry)


def _offer(problem: PlanProblem, event: Event) -> PlanProblem:
    offers = tuple(
        replace(one, high=_less(one.high, event), low=_less(one.low, event)) if one.brand == event.who else one
        for one in problem.offers
    )
    return replace(problem, offers=offers)


_AFTER = {"mill": _mill, "smelter": _smelter, "refinery": _refinery, "foundry": _foundry, "offer": _offer}


def replan(
    problem: PlanProblem,
    published: Decisions,
    events: tuple[Event, ...],
    since: int,
    terms: PlanTerms | None = None,
    change_price: float = 0.0,
) -> Replanned:
    """Plan anew after events, from period ``since`` on; what lies before stays as it was done.

    Parameters
    ----------
    change_price
        What a unit of mass costs that is shipped or fed otherwise than published.
    """  # fmt: skip
    terms = terms or PlanTerms()
    was = check(problem, published).margin
    problem = after(problem, events)
    fallback = clip(problem, published)
    writer = write(problem)
    _keep(writer, published, since)
    if change_price > 0:
        _near(writer, published, since, change_price)
    program = writer.program()
    program.option("mip_rel_gap", terms.gap)
    program.option("time_limit", terms.seconds)
    if fallback is not None:
        program.begin_with(_values(writer, fallback))
    answer = program.solve()
    found = (
        None if not len(answer.values) or answer.objective >= 1e29 else decided(problem, writer.columns, answer.values)
    )
    verdict = None if found is None else check(problem, found)
    clipped = None if fallback is None else check(problem, fallback)
    if clipped is not None and (verdict is None or clipped.margin > verdict.margin):
        found, verdict = fallback, clipped
    status = "infeasible" if found is None and answer.status == "infeasible" else answer.status
    bound = None if answer.status == "infeasible" else -answer.bound
    margin = None if verdict is None else verdict.margin
    plan = HorizonPlan(
        "none" if found is None and status != "infeasible" else status, margin, bound, found, verdict, solver_version()
    )
    return Replanned(
        plan, None if clipped is None else clipped.margin, was,
        () if found is None else changes(published, found), () if found is None else binding(problem, found),
    )  # fmt: skip


def _keep(writer: Writer, published: Decisions, since: int) -> None:
    """What was decided before ``since`` stays."""
    values = _values(writer, published)
    columns = writer.columns
    kinds = (
        columns.ore,
        columns.run,
        columns.ship,
        columns.feed,
        columns.on,
        columns.refined,
        columns.cast,
        columns.spare,
    )
    for block in (block for blocks in kinds for block in blocks.values()):
        writer.low[block[:since]] = writer.high[block[:since]] = values[block[:since]]
    for (_, relining), block in columns.start.items():
        if published.start[relining] < since:
            writer.low[block] = writer.high[block] = values[block]
        else:
            writer.high[block[:since]] = 0.0


def _near(writer: Writer, published: Decisions, since: int, price: float) -> None:
    """A price on what is shipped or fed otherwise."""
    for blocks, plan in ((writer.columns.ship, published.ship), (writer.columns.feed, published.feed)):
        for key, block in blocks.items():
            for t in range(since, len(block)):
                was = float(plan[key][t]) if key in plan else 0.0
                more, less = (writer.column(price, 0.0, INF) for _ in range(2))
                writer.row(("as published", *key, str(t)), [(int(block[t]), 1.0), (more, -1.0), (less, 1.0)], was, was)


def _values(writer: Writer, plan: Decisions) -> Floats:
    """A plan as values of the columns; stocks as they add up."""
    columns, values = writer.columns, np.zeros(len(writer.cost))
    verdict = check(writer.problem, plan)
    kinds: tuple[tuple[Mapping[Any, Ints], Mapping[Any, Any]], ...] = (
        (columns.ore, plan.ore), (columns.bought, plan.bought), (columns.ship, plan.ship), (columns.feed, plan.feed),
        (columns.refined, plan.refined), (columns.cast, plan.cast), (columns.spare, plan.spare),
        (columns.heap, verdict.heap), (columns.yard, verdict.yard), (columns.anode, verdict.anode),
    )  # fmt: skip
    for blocks, series in kinds:
        for key, block in blocks.items():
            if key in series:
                values[block] = series[key]
    for (mill, mode), block in columns.run.items():
        values[block] = [float(one == mode) for one in plan.mode[mill]]
    for smelter, block in columns.on.items():
        values[block] = plan.on[smelter]
    for (_, relining), block in columns.start.items():
        values[block] = np.arange(len(block)) == plan.start[relining]
    return values


def clip(problem: PlanProblem, published: Decisions) -> Decisions | None:
    """The published plan as far as it can still be done: its whole decisions, with less of everything where it must be.

    Furnaces, modes and relinings stay; ore, shipments, feed and castings are at most as published. None if even that is
    not possible.
    """
    writer = write(problem)
    writer.fix(published)
    columns, values = writer.columns, _values(writer, published)
    for smelter in problem.smelters:  # a furnace may stand where it was to run
        writer.low[columns.on[smelter.id]] = 0.0
    for blocks in (columns.ore, columns.ship, columns.feed, columns.cast, columns.spare, columns.bought):
        for block in blocks.values():
            writer.high[block] = np.maximum(writer.low[block], values[block] * (1 + 1e-9) + 1e-9)
    program = writer.program()
    answer = program.solve()
    return decided(problem, columns, answer.values) if answer.status == "optimal" else None


def changes(before: Decisions, now: Decisions, least: float = 1e-3) -> tuple[Change, ...]:
    """Decisions that differ, by more than ``least`` where they are masses."""
    found: list[Change] = []
    kinds: tuple[tuple[str, Mapping[Any, Floats], Mapping[Any, Floats]], ...] = (
        ("ore", before.ore, now.ore),
        ("ship", before.ship, now.ship),
        ("feed", before.feed, now.feed),
    )
    for kind, was, becomes in kinds:
        for key, series in becomes.items():
            old = was.get(key, np.zeros(len(series)))
            found += [
                Change(kind, " ".join(str(one) for one in key), t, float(a), float(b))
                for t, (a, b) in enumerate(zip(old, series, strict=True))
                if abs(a - b) > least
            ]
    found += [
        Change("relining", name, start, float(before.start[name]), float(start))
        for name, start in now.start.items()
        if before.start.get(name) != start
    ]
    found += [
        Change("furnace", name, t, float(a), float(b))
        for name, series in now.on.items()
        for t, (a, b) in enumerate(zip(before.on[name], series, strict=True))
        if a != b
    ]
    return tuple(found)


def binding(problem: PlanProblem, plan: Decisions) -> tuple[Binding, ...]:
    """Limits that hold the margin back while furnaces, modes and relinings stay as planned; the dearest first.

    The worth of one unit more of a limit is its dual value.
    """
    writer = write(problem)
    writer.fix(plan)
    program = writer.program(whole=False)
    if program.solve().status != "optimal":
        return ()
    duals = program.duals()
    rows = [
        Binding(name[0], name[1:], float(abs(dual)))
        for name, dual in zip(writer.names, duals, strict=True)
        if abs(dual) > _BINDS and name[0] not in ("heap", "yard", "anode", "change of mode", "one mode", "relining")
    ]
    return tuple(sorted(rows, key=lambda one: -one.worth))
