"""The verb: the plan with the largest margin, its proven bound and the checker's verdict."""

from __future__ import annotations

from dataclasses import dataclass

from zveno.model.planning import PlanProblem
from zveno.plan.horizon.build import write
from zveno.plan.horizon.check import Verdict, check
from zveno.plan.horizon.decisions import Decisions, decided
from zveno.plan.linear import solver_version


@dataclass(frozen=True)
class PlanTerms:
    """When to stop: proven to ``gap`` (of the margin), or out of time."""

    gap: float = 0.01
    seconds: float = 60.0


@dataclass(frozen=True)
class HorizonPlan:
    """The answer.

    Parameters
    ----------
    status
        ``optimal`` (proven to the gap asked), ``limit`` (time was up first), ``infeasible`` or ``none`` (no plan was
        found in time).
    margin, bound
        Margin of the plan as the checker works it out; no plan has more than ``bound``.
    decisions, verdict
        What to do, and what the checker says of it.
    solver
        Name and version of the solver.
    """

    status: str
    margin: float | None
    bound: float | None
    decisions: Decisions | None
    verdict: Verdict | None
    solver: str

    @property
    def gap(self) -> float | None:
        """How far the margin may be below the largest one, as a part of its size (of 1 where it is smaller)."""
        if self.margin is None or self.bound is None:
            return None
        return max(0.0, self.bound - self.margin) / max(1.0, abs(self.margin))


def plan(problem: PlanProblem, terms: PlanTerms | None = None) -> HorizonPlan:
    """Plan a chain over its periods.

    Stock is kept by brand, so the bound holds for mixed heaps too; whole decisions (modes, furnaces, relinings) by
    branch and bound of HiGHS.
    """
    terms = terms or PlanTerms()
    writer = write(problem)
    program = writer.program()
    program.option("mip_rel_gap", terms.gap)
    program.option("time_limit", terms.seconds)
    answer = program.solve()
    if answer.status == "infeasible":
        return HorizonPlan("infeasible", None, None, None, None, solver_version())
    if not len(answer.values) or answer.objective >= 1e29:
        return HorizonPlan("none", None, -answer.bound, None, None, solver_version())
    decisions = decided(problem, writer.columns, answer.values)
    verdict = check(problem, decisions)
    return HorizonPlan(
        answer.status, verdict.margin, max(-answer.bound, verdict.margin), decisions, verdict, solver_version()
    )
