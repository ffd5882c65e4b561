"""Self-contained problem files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from zveno.errors import DataError, SolveError
from zveno.model.network import Network
from zveno.reconcile import Scrutiny, free_report, network_report
from zveno.sources import read_problem


def solve_problem(path: Path, scrutiny: Scrutiny | None = None) -> dict[str, Any]:
    """Reconcile a problem file in the ``recon-problem/1`` schema.

    Returns
    -------
    report
        ``objective``, ``dof``, ``p_value``, ``tests``, ``nominal_because``, ``reconciled``, ``sigma_reconciled``,
        ``classification``, ``suspects``, ``suspect_classes``, ``eliminations``, ``gross_errors``, ``swaps``,
        ``balance_tests``, ``in_question``; None stands for an unobservable value. Values are by stream and quantity, or
        by variable where the problem is of free equations, which has suspects only.

    Raises
    ------
    DataError
        If the file cannot be read as such a problem, contradicts itself, or is of free equations, which have one way
        of testing, and another is asked for.
    SolveError
        If the problem was not solved.

    Every fault begins with the name of the file.
    """
    problem = read_problem(path)
    chosen = scrutiny or Scrutiny()
    try:
        if isinstance(problem, Network):
            return network_report(problem, chosen)
        for option, choice in (("--robust", chosen.robust), ("--correction", chosen.correction)):
            if choice not in (None, "sidak"):
                raise DataError("free equations have one way of testing: leave {option} {choice} out",
                                option=option, choice=choice)  # fmt: skip
        return free_report(problem, chosen.asked)
    except (DataError, SolveError) as error:
        name = Path(path).name
        raise type(error)(
            replace(one, where=f"{name}: {one.where}" if one.where else name) for one in error.faults
        ) from error
