"""Self-contained problem files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zveno.reconcile import Scrutiny, problem_report, solve_network
from zveno.sources import read_problem


def solve_problem(path: Path, scrutiny: Scrutiny | None = None) -> dict[str, Any]:
    """Reconcile a problem file in the ``recon-problem/1`` schema.

    Returns
    -------
    report
        ``objective``, ``dof``, ``p_value``, ``reconciled``, ``sigma_reconciled``, ``classification``,
        ``suspects``, ``suspect_classes``, ``eliminations``, ``gross_errors``, ``swaps``, ``balance_tests``; None
        stands for an unobservable value.

    Raises
    ------
    DataError
        If the file cannot be read as such a problem.
    SolveError
        If the problem was not solved.
    """
    network = read_problem(path)
    return problem_report(network, solve_network(network, scrutiny))
