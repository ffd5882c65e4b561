"""The sparse engine on problems with independent reference solutions, small as they are.

Standard deviations come from one factored matrix with wide priors, so they are met to a hundredth here.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from zveno.reconcile import LargeResult, problem_report, solve_large
from zveno.sources.problems import read_problem

FOLDER = Path(__file__).parents[2] / "../shared/data/reconciliation"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the folder ../shared/data with the problems is absent")
PATHS = [one for one in sorted(FOLDER.glob("*.json")) if one.name.startswith(("lin", "bil"))]
each = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


@cache
def solved(path: Path) -> tuple[dict[str, Any], dict[str, Any], LargeResult]:
    network = read_problem(path)
    result = solve_large(network)
    return json.loads(path.read_text("utf-8")), problem_report(network, result), result


@each
def test_objective_degrees_of_freedom_and_classes(path: Path) -> None:
    problem, report, _ = solved(path)
    reference = problem["reference_solution"]
    assert report["objective"] == pytest.approx(reference["objective"], rel=1e-6, abs=1e-9)
    assert report["dof"] == reference["dof"]
    assert report["classification"]["measured"] == reference["classification"]["measured"]
    assert report["classification"]["unmeasured"] == reference["classification"]["unmeasured"]


@each
def test_values_and_standard_deviations(path: Path) -> None:
    problem, report, _ = solved(path)
    reference = problem["reference_solution"]
    sigma = reference["sigma_reconciled"]
    for stream, values in reference["reconciled"].items():
        for quantity, value in values.items():
            found, sd = report["reconciled"][stream][quantity], report["sigma_reconciled"][stream][quantity]
            if value is None:
                assert (found, sd) == (None, None), (stream, quantity)
                continue
            of = sigma[stream][quantity]
            assert found == pytest.approx(value, rel=1e-6, abs=1e-4 * of), (stream, quantity)
            assert sd == pytest.approx(of, rel=1e-2, abs=1e-9), (stream, quantity)


@each
def test_largest_standardised_adjustments(path: Path) -> None:
    problem, _, result = solved(path)
    z = {(one.stream, one.quantity): one.z for one in result.readings}
    for one in problem["reference_solution"]["measurement_test"]["top"]:
        assert z[one["stream"], one["quantity"]] == pytest.approx(one["z"], rel=1e-2, abs=1e-3)
