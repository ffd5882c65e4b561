"""Self-contained problem files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zveno.model.network import Network
from zveno.reconcile import free_report, problem_report, solve_network
from zveno.sources import read_problem


def solve_problem(path: Path) -> dict[str, Any]:
    """Reconcile a problem file in the ``recon-problem/1`` schema.

    Returns
    -------
    report
        ``objective``, ``dof``, ``p_value``, ``reconciled``, ``sigma_reconciled``, ``classification``,
        ``suspects``; None stands for an unobservable value. Values are by stream and quantity, or by variable where
        the problem is of free equations.

    Raises
    ------
    DataError
        If the file cannot be read as such a problem.
    SolveError
        If the problem was not solved.
    """
    problem = read_problem(path)
    if isinstance(problem, Network):
        return problem_report(problem, solve_network(problem))
    return free_report(problem)
