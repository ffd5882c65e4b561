"""The best plan with truly mixed heaps near one with stock kept by brand: successive linear programmes.

With the composition ``y`` of what lies at a place, everything taken from it is ``x = y f`` of its total ``f``. Around a
plan that has been played forward, ``x = y0 f + f0 (y - y0)``; what the programme proposes is played forward again, and
taken only if the played plan is better.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from zveno.model.planning import PlanProblem
from zveno.plan.horizon.build import Writer, write
from zveno.plan.horizon.check import Verdict, check
from zveno.plan.horizon.decisions import Decisions, decided
from zveno.plan.horizon.elastic import soften
from zveno.plan.horizon.mixing import Shares, play
from zveno.plan.linear import Ints, Program

_FIRST_REACH = 0.3
_LAST_REACH = 1e-4
_REPAIR_REACH = 0.01
_REPAIRS = 6
_ROWS = {"blend": "at most"}
"""What the checker calls a limit that the programme calls otherwise."""
_WORTH = 1e-7
"""A step worth less than this part of the margin ends the search."""


@dataclass(frozen=True)
class MixedPlan:
    """The played plan, what the checker says of it, and how many programmes it took."""

    decisions: Decisions
    verdict: Verdict
    rounds: int


def improve(problem: PlanProblem, plan: Decisions, out_of_time: Callable[[], bool], rounds: int = 60) -> MixedPlan:
    """Better plans with mixed heaps, from a plan by brands; modes, furnaces and relinings stay as they are."""
    search = _Search(problem, *play(problem, plan))
    reach, done = _FIRST_REACH, 0
    while done < rounds and not out_of_time():
        done += 1
        reach = min(2 * reach, 1.0) if search.step(reach) else reach / 4
        if reach <= _LAST_REACH:
            if search.verdict.accepted or not search.tighten():
                break
            reach = _REPAIR_REACH
    return MixedPlan(search.played, search.verdict, done)


class _Search:
    """Where the search stands: the played plan, its compositions and verdict, and what limits are held back by."""

    def __init__(self, problem: PlanProblem, played: Decisions, shares: Shares) -> None:
        self.problem, self.played, self.shares = problem, played, shares
        self.verdict = check(problem, played)
        self.price = 10.0 * max(problem.price)
        self.held_back: dict[tuple[str, ...], float] = {}
        self.repairs = 0
        self._basis: Any = None

    def step(self, reach: float) -> bool:
        """One programme and its play; whether that was better."""
        program, writer = _linearised(self.problem, self, reach)
        soften(program, writer, self.price, scaled=False)
        program.begin_at(self._basis)
        answer = program.solve()
        if answer.status == "failed":  # the old basis led astray
            program.forget()
            answer = program.solve()
        self._basis = program.basis()
        if answer.status != "optimal":
            return False
        played, shares = play(self.problem, decided(self.problem, writer.columns, answer.values))
        found = check(self.problem, played)
        gain = self._worth(found) - self._worth(self.verdict)
        if gain <= _WORTH * max(1.0, abs(self.verdict.margin)):
            return False
        self.played, self.shares, self.verdict = played, shares, found
        return True

    def tighten(self) -> bool:
        """Hold limits back by what the play breaks them by, so that the next keeps them; False when tried enough."""
        self.repairs += 1
        for one in self.verdict.broken:
            key = (_ROWS.get(one.kind, one.kind), *one.who.split(), str(one.period))
            self.held_back[key] = self.held_back.get(key, 0.0) + 1.5 * one.size
        return self.repairs <= _REPAIRS

    def _worth(self, verdict: Verdict) -> float:
        """Margin less what is broken."""
        return verdict.margin - self.price * sum(one.size for one in verdict.broken)


def _linearised(problem: PlanProblem, search: _Search, reach: float) -> tuple[Program, Writer]:
    """The programme around a played plan, compositions within ``reach`` of what they were."""
    writer, plan, shares, verdict = write(problem), search.played, search.shares, search.verdict
    for row, name in enumerate(writer.names):
        if name in search.held_back:
            writer.rows.high[row] -= search.held_back[name]
    writer.fix(plan)
    columns, periods = writer.columns, range(len(problem.periods))
    place = {one.id: k for k, one in enumerate(problem.brands)}
    for site in dict.fromkeys(one.site for one in problem.brands):
        brands = [one.id for one in problem.brands if one.site == site]
        for t in periods:
            outs = [({brand: columns.heap[brand] for brand in brands}, sum(verdict.heap[brand][t] for brand in brands))]
            for smelter in problem.smelters:
                gone = {
                    brand: columns.ship[brand, smelter.id] for brand in brands if (brand, smelter.id) in columns.ship
                }
                outs.append((gone, sum(float(plan.ship[brand, smelter.id][t]) for brand in gone)))
            _mix(writer, outs, {brand: float(shares[site, t][place[brand]]) for brand in brands}, t, reach)
    for smelter in problem.smelters:
        brands = [brand for brand, to in columns.feed if to == smelter.id]
        for t in periods:
            outs = [
                ({brand: columns.yard[brand, smelter.id] for brand in brands},
                 sum(verdict.yard[brand, smelter.id][t] for brand in brands)),
                ({brand: columns.feed[brand, smelter.id] for brand in brands},
                 sum(float(plan.feed[brand, smelter.id][t]) for brand in brands)),
            ]  # fmt: skip
            _mix(writer, outs, {brand: float(shares[smelter.id, t][place[brand]]) for brand in brands}, t, reach)
    return writer.program(whole=False), writer


def _mix(
    writer: Writer, outs: list[tuple[dict[str, Ints], float]], mixed: dict[str, float], t: int, reach: float
) -> None:
    """Everything taken from one place in one period has one composition, near ``mixed``."""
    if len(mixed) < 2 or not any(mixed.values()):
        return
    share = {brand: writer.column(0.0, max(0.0, part - reach), min(1.0, part + reach)) for brand, part in mixed.items()}
    writer.row(("shares", str(t)), [(column, 1.0) for column in share.values()], 1.0, 1.0)
    for blocks, taken in outs:
        total = max(taken, 0.0)
        for brand, block in blocks.items():
            part = mixed[brand]
            terms = [(int(other[t]), -part) for name, other in blocks.items() if name != brand]
            terms += [(int(block[t]), 1.0 - part), (share[brand], -total)]
            writer.row(("mixed", brand, str(t)), terms, -total * part, -total * part)
