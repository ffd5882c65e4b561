"""Where nothing is possible: which limits would have to give way, by the least that is enough."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zveno.model.planning import PlanProblem
from zveno.plan.horizon.build import Writer, write
from zveno.plan.linear import INF, Program

SOFT = frozenset(
    {"mill", "ore", "heap's ground", "way", "yard's ground", "most feed", "least feed", "at most", "at least", "load",
     "foundry", "wear", "castings", "offer", "stand at once"}
)  # fmt: skip
"""Kinds of rows that a decision of persons could loosen; balances of mass and metal are none of them."""


_PERIOD = 0.1
"""What a period outside of a window weighs, beside the whole of any other limit."""


@dataclass(frozen=True)
class Relaxed:
    """A limit that gives way: its kind and names, the period, by how much."""

    kind: str
    who: tuple[str, ...]
    period: int | None
    size: float


def soften(program: Program, writer: Writer, weight: float, scaled: bool) -> dict[int, int]:
    """A slack at ``weight`` for each row that may give way, ``scaled``: over the size of its limit; row by column."""
    found = {}
    for row, name in enumerate(writer.names):
        if name[0] not in SOFT:
            continue
        low, high = writer.rows.low[row], writer.rows.high[row]
        size = _size(writer, row) if scaled else 1.0
        if high < INF:
            found[program.add_column(weight / size, INF, [row], [-1.0])] = row
        if low > -INF:
            found[program.add_column(weight / size, INF, [row], [1.0])] = row
    return found


def _size(writer: Writer, row: int) -> float:
    """What a limit is measured by: itself, or the largest number in its row."""
    rows = writer.rows
    side = max(abs(one) for one in (rows.low[row], rows.high[row]) if abs(one) < INF)
    values = rows.values[rows.starts[row] : rows.starts[row + 1]]
    return float(side or max((abs(one) for one in values), default=1.0) or 1.0)


def smallest_relaxation(problem: PlanProblem, seconds: float) -> tuple[Relaxed, ...]:
    """The limits that must give way so that there is a plan at all: least in sum, each over its own size.

    A window of a relining gives way by periods. Empty where a plan exists; also where even loosened limits allow none.
    """
    writer = write(problem)
    windows = _open_windows(problem, writer)
    writer.cost = np.zeros(len(writer.cost))
    for column, (_, _, outside) in windows.items():
        writer.cost[column] = _PERIOD * outside
    program = writer.program()
    slack = soften(program, writer, 1.0, scaled=True)
    program.option("time_limit", seconds)
    program.option("mip_rel_gap", 1e-4)
    answer = program.solve()
    if answer.status not in ("optimal", "limit") or not len(answer.values):
        return ()
    found = []
    for column, row in slack.items():
        if answer.values[column] > 1e-6 * max(1.0, _size(writer, row)):
            kind, *who = writer.names[row]
            period = int(who.pop()) if who and who[-1].isdigit() else None
            found.append(Relaxed(kind, tuple(who), period, float(answer.values[column])))
    for column, (relining, t, late) in windows.items():
        if answer.values[column] > 0.5:
            found.append(Relaxed("window", (relining,), t, float(late)))
    return tuple(found)


def _open_windows(problem: PlanProblem, writer: Writer) -> dict[int, tuple[str, int, int]]:
    """Let relinings start outside of their windows too; by column: which, when, how many periods outside."""
    found = {}
    for smelter in problem.smelters:
        for one in smelter.relinings:
            for t, column in enumerate(writer.columns.start[smelter.id, one.id]):
                outside = max(one.first - t, t - one.last)
                if outside > 0:
                    writer.high[column] = 1.0
                    found[int(column)] = (one.id, t, outside)
    return found
