"""Blends, shops and plans with known optima, as their folder gives them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zveno.plan import PlanTerms, Terms, blend, check, plan, shortest
from zveno.sources import read_jobshop, read_plan, read_pooling

HERE = Path(__file__).parents[2] / "../shared/data/planning"
pytestmark = pytest.mark.skipif(not HERE.is_dir(), reason="the folder ../shared/data with the cases is absent")
TOLERANCE = 2e-4


def cases(folder: str) -> list[Path]:
    """Files of a folder, or one name that a skipped test can bear."""
    return sorted((HERE / folder).glob("*.json")) or [Path("absent.json")]


def told(path: Path) -> dict:
    """What the file says of its own answer."""
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", cases("pooling"), ids=lambda one: one.stem)
def test_the_cheapest_blend_is_found_and_proven(path):
    found = blend(read_pooling(path), lambda: 0.0, Terms(gap=1e-4))
    optimum = told(path)["optimum"]
    assert found.status == "optimal"
    assert found.objective == pytest.approx(optimum, rel=TOLERANCE)
    assert found.bound <= optimum + TOLERANCE * abs(optimum)
    assert found.excess < 1e-4


@pytest.mark.parametrize("name", ["ft06", "la01", "la04", "la05", "la07"])
def test_small_shops_are_proven(name):
    path = HERE / "jobshop" / f"{name}.json"
    shop, optimum = read_jobshop(path), told(path)["optimum"]
    found = shortest(shop, 60)
    assert (found.status, found.makespan, found.bound) == ("optimal", optimum, optimum)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("name", ["ft10", "la16", "la17", "la18", "orb01", "orb02", "abz5"])
def test_shops_of_ten_by_ten_come_within_three_per_cent(name):
    path = HERE / "jobshop" / f"{name}.json"
    shop, optimum = read_jobshop(path), told(path)["optimum"]
    found = shortest(shop, 20)
    assert optimum <= found.makespan <= 1.03 * optimum
    assert found.bound <= optimum


def test_the_plan_of_a_year_is_as_good_as_the_best_known():
    path = HERE / "chain" / "chain_12_a.json"
    problem, known = read_plan(path), told(path)
    found = plan(problem, PlanTerms(gap=1e-3, seconds=300))
    assert found.margin >= 0.999 * known["best_known"]
    assert found.bound >= known["best_known"]
    assert check(problem, found.decisions).accepted


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("name", ["chain_24_a", "chain_36_a"])
def test_plans_of_years_are_near_the_best_known(name):
    path = HERE / "chain" / f"{name}.json"
    problem, known = read_plan(path), told(path)
    found = plan(problem, PlanTerms(gap=0.01, seconds=600))
    assert found.margin >= 0.99 * known["best_known"]
    assert found.bound >= known["best_known"]
    assert check(problem, found.decisions).accepted
