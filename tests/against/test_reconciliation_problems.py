"""Reconciliation problems from the literature with independent reference solutions.

The references were made by a dense solve of the optimality conditions and by CasADi + IPOPT; each file names
its paper. Reference values have ten digits, standard deviations six, so they are met to 1e-8 and 1e-5.

The balances are solved twice: as balances, and written out as free equations in masses and assays, so that two solvers
with nothing in common give the same answers.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.unit.reconcile.as_equations import as_equations

from zveno.chain import solve_problem
from zveno.model.network import MASS
from zveno.reconcile import NetworkResult, free_report, problem_report, solve_network
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


@pytest.fixture(scope="module", params=["as written", "without starts"])
def free(request: pytest.FixtureRequest) -> tuple[str, dict[str, dict[str, Any]]]:
    return request.param, {}


def answer(path: Path, starts: str, folder: Path, kept: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The answer to free equations; ``without starts`` leaves out where the source says that the search begins."""
    if path.stem not in kept:
        problem = content(path)
        if starts == "without starts":
            for one in problem["variables"]:
                one.pop("start")
        copy = folder / path.name
        copy.write_text(json.dumps(problem), encoding="utf-8")
        kept[path.stem] = solve_problem(copy)
    return kept[path.stem]


@pytest.mark.parametrize("path", FREE, ids=source)
def test_free_equations(path: Path, free: tuple[str, dict[str, dict[str, Any]]], tmp_path: Path) -> None:
    report, reference = answer(path, free[0], tmp_path, free[1]), content(path)["reference_solution"]
    assert report["objective"] == pytest.approx(reference["objective"], rel=1e-8)
    assert report["dof"] == reference["dof"]
    assert report["p_value"] == pytest.approx(reference["p_value"], rel=1e-5)
    assert report["reconciled"] == pytest.approx(reference["reconciled"], rel=1e-8)
    assert report["sigma_reconciled"] == pytest.approx(reference["sigma_reconciled"], rel=1e-5)
    assert report["suspects"] == []
    assert report["active_bounds"] == []


@pytest.mark.parametrize("path", FREE, ids=source)
def test_classes_of_free_equations(path: Path, free: tuple[str, dict[str, dict[str, Any]]], tmp_path: Path) -> None:
    report, problem = answer(path, free[0], tmp_path, free[1]), content(path)
    reference = problem["reference_solution"]["classification"]
    assert report["classification"] == {
        "measured": {
            one["id"]: "non_redundant" if one["id"] in reference["non_redundant"] else "redundant"
            for one in problem["variables"]
            if one["measured"] is not None
        },
        "unmeasured": {
            one["id"]: "unobservable" if one["id"] in reference["unobservable"] else "observable"
            for one in problem["variables"]
            if one["measured"] is None
        },
    }


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(
            one,
            marks=[pytest.mark.slow, pytest.mark.long] if one.stem == "bil_10_concentrator4_missing" else [],
            id=source(one),
        )
        for one in BALANCES
        if one.stem != "bil_12_gold_censored"
    ],
)
def test_balances_written_out_as_free_equations(path: Path) -> None:
    """Censored readings are no readings of free equations, so that one problem is left out."""
    problem, balance, _ = solved(path)
    reference = problem["reference_solution"]
    network = read_problem(path)
    written, place = as_equations(network, balance["reconciled"])
    report = free_report(written)
    assert report["objective"] == pytest.approx(reference["objective"], rel=1e-8)
    assert report["dof"] == reference["dof"]
    for (stream, quantity), name in place.items():
        wanted = balance["reconciled"][stream][quantity]
        assert report["reconciled"][name] == (None if wanted is None else pytest.approx(wanted, rel=1e-7, abs=1e-12))
        wanted = balance["sigma_reconciled"][stream][quantity]
        assert report["sigma_reconciled"][name] == (None if wanted is None else pytest.approx(wanted, rel=1e-5))
    assert MASS in {quantity for _, quantity in place}
