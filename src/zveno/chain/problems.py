"""Self-contained problem files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zveno.model.network import Network
from zveno.reconcile import Scrutiny, free_report, problem_report, solve
from zveno.sources import read_problem


def solve_problem(path: Path, scrutiny: Scrutiny | None = None) -> dict[str, Any]:
    """Reconcile a problem file in the ``recon-problem/1`` schema.

    Returns
    -------
    report
        ``objective``, ``dof``, ``p_value``, ``reconciled``, ``sigma_reconciled``, ``classification``,
        ``suspects``, ``suspect_classes``, ``eliminations``, ``gross_errors``, ``swaps``, ``balance_tests``; None
        stands for an unobservable value. Values are by stream and quantity, or by variable where the problem is of
        free equations, which has suspects only.

    Raises
    ------
    DataError
        If the file cannot be read as such a problem.
    SolveError
        If the problem was not solved.
    """
    problem = read_problem(path)
    if isinstance(problem, Network):
        return problem_report(problem, solve(problem, scrutiny))
    return free_report(problem)
