"""Reconciliation problems from the literature with independent reference solutions.

The references were made by a dense solve of the optimality conditions and by CasADi + IPOPT; each file names
its paper. Reference values have ten digits, standard deviations six, so they are met to 1e-8 and 1e-5.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from zveno.errors import DataError
from zveno.reconcile import NetworkResult, problem_report, solve_network
from zveno.sources.problems import read_problem

FOLDER = Path(__file__).parents[2] / "../shared/data/reconciliation"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the folder ../shared/data with the problems is absent")


def content(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))


def source(path: Path) -> str:
    """Id of a problem with the authors of its paper."""
    return f"{path.stem} - {content(path)['reference'].split(',')[0][:40]}"


BALANCES = [one for one in sorted(FOLDER.glob("*.json")) if one.name.startswith(("lin", "bil"))]
FREE = sorted(FOLDER.glob("nl*.json"))
each = pytest.mark.parametrize("path", BALANCES, ids=source)


@cache
def solved(path: Path) -> tuple[dict[str, Any], dict[str, Any], NetworkResult]:
    network = read_problem(path)
    result = solve_network(network)
    return content(path), problem_report(network, result), result


@each
def test_objective_and_degrees_of_freedom(path: Path) -> None:
    problem, report, _ = solved(path)
    reference = problem["reference_solution"]
    assert report["objective"] == pytest.approx(reference["objective"], rel=1e-8)
    assert report["dof"] == reference["dof"]
    assert report["p_value"] == pytest.approx(reference["p_value"], rel=1e-4, abs=1e-300)


@each
def test_reconciled_values_and_null_where_unobservable(path: Path) -> None:
    problem, report, _ = solved(path)
    for stream, values in problem["reference_solution"]["reconciled"].items():
        for quantity, value in values.items():
            found = report["reconciled"][stream][quantity]
            assert found == (None if value is None else pytest.approx(value, rel=1e-8)), (stream, quantity)


@each
def test_standard_deviations(path: Path) -> None:
    problem, report, _ = solved(path)
    for stream, values in problem["reference_solution"]["sigma_reconciled"].items():
        for quantity, value in values.items():
            found = report["sigma_reconciled"][stream][quantity]
            assert found == (None if value is None else pytest.approx(value, rel=1e-5)), (stream, quantity)


@each
def test_classification(path: Path) -> None:
    problem, report, _ = solved(path)
    reference = problem["reference_solution"]["classification"]
    assert report["classification"]["measured"] == reference["measured"]
    assert report["classification"]["unmeasured"] == reference["unmeasured"]


@each
def test_largest_standardised_adjustments(path: Path) -> None:
    problem, _, result = solved(path)
    z = {(one.stream, one.quantity): one.z for one in result.readings}
    for one in problem["reference_solution"]["measurement_test"]["top"]:
        assert z[one["stream"], one["quantity"]] == pytest.approx(one["z"], rel=2e-5, abs=1e-5)


@pytest.mark.parametrize("path", [one for one in BALANCES if one.stem in ("lin_06g_rosenberg7_one_bias",
                                                                          "lin_15g_steam28_two_biases")], ids=source)  # fmt: skip
def test_planted_biases_are_the_readings_set_aside(path: Path) -> None:
    problem, _, result = solved(path)
    planted = {(one["stream"], one["quantity"]) for one in problem["gross_errors"]}
    aside = {(one.stream, one.quantity) for step in result.eliminations for one in step.set_aside.suspects}
    assert aside == planted
    last = result.eliminations[-1]
    assert last.p_value is not None
    assert last.p_value > 0.05


@pytest.mark.parametrize("path", FREE, ids=source)
def test_free_equations_are_refused_in_words(path: Path) -> None:
    with pytest.raises(DataError, match="not supported yet"):
        read_problem(path)
