"""The answer to free equations by names."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
from scipy.sparse.csgraph import connected_components

from zveno.errors import DataError
from zveno.model.free import FreeProblem
from zveno.reconcile.arrays import Bools, Floats
from zveno.reconcile.fit import SIGNIFICANCE
from zveno.reconcile.free_equations import FreeFit, fit_free
from zveno.reconcile.gross_errors import critical_z, smallest_shown
from zveno.reconcile.gross_errors.classes import TIED


def free_report(problem: FreeProblem, asked: Sequence[str] = ()) -> dict[str, Any]:
    """Reconcile free equations; the answer as one JSON object, null for what is unobservable.

    Keys as in :func:`problem_report`, by variable: objective, dof, p_value, tests, nominal_because, reconciled,
    sigma_reconciled, classification, suspects, in_question; besides ``active_bounds`` and ``other_local_optima``.

    Raises
    ------
    DataError, SolveError
        As ``fit_free`` does; if nothing reads a variable that is in question.

    Examples
    --------
    >>> from zveno.model.expression import parse
    >>> from zveno.model.free import FreeVariable
    >>> area = parse("width*height - area", frozenset({"width", "height", "area"}), {})
    >>> read = [FreeVariable("width", 2.0, 0.1), FreeVariable("area", 6.0, 0.1), FreeVariable("height")]
    >>> report = free_report(FreeProblem(tuple(read), (area,)))
    >>> report["reconciled"]["height"], report["dof"]
    (3.0, 0)
    """
    _require_read(asked, problem)
    fit = fit_free(problem)
    names = [one.id for one in problem.variables]
    held = [name for name, stands in zip(names, fit.active.tolist(), strict=True) if stands]
    linear = fit.linear
    known = linear.observables(linear.slopes)
    sds = linear.sds(linear.slopes)
    redundant = dict(zip(linear.of.tolist(), linear.redundant.tolist(), strict=True))
    return {
        "objective": fit.objective,
        "dof": fit.dof,
        "p_value": fit.p_value,
        "tests": "nominal" if held else "as stated",
        "nominal_because": {"bounds": [{"variable": name} for name in held], "limits": []},
        "reconciled": _named(names, fit.x, known),
        "sigma_reconciled": _named(names, sds, known),
        "classification": {
            "measured": {names[k]: "redundant" if sure else "non_redundant" for k, sure in redundant.items()},
            "unmeasured": {
                name: "observable" if known[k] else "unobservable" for k, name in enumerate(names) if k not in redundant
            },
        },
        "suspects": [{"variable": names[linear.of[k]], "z": float(fit.tests.z[k])} for k in _suspects(fit)],
        "in_question": [_in_question(fit, names.index(name), name, len(asked)) for name in asked],
        "active_bounds": held,
        "other_local_optima": [
            {"objective": one.objective, "reconciled": _named(names, one.x, known)} for one in fit.others
        ],
    }


def _require_read(asked: Sequence[str], problem: FreeProblem) -> None:
    """Refuse names of variables that are not there, or that nothing reads."""
    read = sorted(one.id for one in problem.variables if one.reading is not None)
    for name in asked:
        if name not in read:
            near = get_close_matches(name, read, n=1)
            raise DataError("there is no reading of '{name}'", name=name, near=near[0] if near else "")


def _in_question(fit: FreeFit, variable: int, name: str, asked: int) -> dict[str, Any]:
    """A reading that was in question beforehand; nulls where nothing tests it."""
    k = int(np.flatnonzero(fit.linear.of == variable)[0])
    z, bias, sd = (float(one[k]) for one in (fit.tests.z, fit.tests.bias, fit.tests.bias_sd))
    status = "redundant" if fit.linear.redundant[k] else "non_redundant"
    if not np.isfinite(z):
        return {
            "name": name,
            "variable": name,
            "z": None,
            "bias": None,
            "off": None,
            "shows_from": None,
            "status": status,
        }
    limit = critical_z(asked)
    shows = float(smallest_shown(np.array(sd), limit))
    return {"name": name, "variable": name, "z": z, "bias": bias, "off": abs(z) > limit, "shows_from": shows,
            "status": status}  # fmt: skip


def _named(names: list[str], values: Floats, known: Bools) -> dict[str, float | None]:
    """Values by name, None for what is not known."""
    return {name: float(values[k]) if known[k] else None for k, name in enumerate(names)}


def _suspects(fit: FreeFit) -> list[int]:
    """Readings that do not fit, with all that no test can tell from them, loudest first.

    Those above the critical value; where only the global test fails, the loudest.
    """
    z = np.abs(fit.tests.z)
    tested = np.flatnonzero(np.isfinite(z))
    limit = critical_z(len(tested))
    if fit.p_value is None or len(tested) == 0 or (fit.p_value >= SIGNIFICANCE and z[tested].max() <= limit):
        return []
    tied = np.abs(fit.tests.correlation[np.ix_(tested, tested)]) > TIED
    groups, label = connected_components(tied, directed=False)
    loudest = np.array([z[tested][label == group].max() for group in range(groups)])
    order = [group for group in np.argsort(-loudest, kind="stable") if loudest[group] > limit]
    return [int(k) for group in order or [int(np.argmax(loudest))] for k in tested[label == group]]
