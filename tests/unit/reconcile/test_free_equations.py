"""Readings joined by free equations: minima, bounds, ranks, and what is said where there is no answer."""

import numpy as np
import pytest

from zveno.errors import DataError, SolveError
from zveno.model.expression import Expression, parse
from zveno.model.free import FreeProblem, FreeVariable
from zveno.reconcile.free_equations import fit_free
from zveno.reconcile.free_report import free_report


def problem(*equations: str, covariances=(), **variables) -> FreeProblem:
    """Variables as (reading, sigma), None, or whole records."""
    records = []
    for name, one in variables.items():
        if isinstance(one, dict):
            records.append(FreeVariable(name, **one))
        else:
            records.append(FreeVariable(name) if one is None else FreeVariable(name, *one))
    read = [parse(text, frozenset(variables), {}) for text in equations]
    assert all(isinstance(one, Expression) for one in read), read
    return FreeProblem(tuple(records), tuple(read), tuple(covariances))


def test_linear_equations_give_what_a_balance_gives():
    report = free_report(problem("feed - a - b", feed=(10.0, 0.1), a=(6.2, 0.1), b=(3.9, 0.1)))
    assert report["reconciled"]["feed"] == pytest.approx(10.0 + 0.1 / 3)
    assert report["objective"] == pytest.approx(1 / 3)
    assert report["sigma_reconciled"]["feed"] == pytest.approx(0.1 * np.sqrt(2 / 3))
    assert report["dof"] == 1
    assert report["classification"] == {
        "measured": {"feed": "redundant", "a": "redundant", "b": "redundant"},
        "unmeasured": {},
    }
    assert report["suspects"] == []


def test_nearest_point_of_a_curve():
    # nearest point of y = x^2 to (0, 2): x^2 = 3/2, and the mirror image is as good
    report = free_report(problem("y - x**2", x=(0.1, 1.0), y=(2.0, 1.0)))
    x = report["reconciled"]["x"]
    assert 2 * x**3 - 3 * x - 0.1 == pytest.approx(0, abs=1e-12)
    assert x > 0
    assert report["other_local_optima"][0]["reconciled"]["x"] < 0
    assert report["other_local_optima"][0]["objective"] > report["objective"]


def test_a_saddle_is_left_and_equal_optima_are_both_told():
    report = free_report(problem("x**2/4 + y**2 - 1", x=(0.0, 1.0), y=(0.0, 1.0)))
    assert report["objective"] == pytest.approx(1.0)
    tops = {round(report["reconciled"]["y"], 9)} | {
        round(one["reconciled"]["y"], 9) for one in report["other_local_optima"]
    }
    assert tops == {1.0, -1.0}


def test_what_nothing_determines_has_no_number():
    report = free_report(problem("a - p*q", "r - 2", a=(6.0, 0.1), p=None, q=None, r=None))
    assert report["reconciled"] == {"a": pytest.approx(6.0), "p": None, "q": None, "r": pytest.approx(2.0)}
    assert report["sigma_reconciled"] == {"a": pytest.approx(0.1), "p": None, "q": None, "r": pytest.approx(0.0)}
    assert report["classification"] == {
        "measured": {"a": "non_redundant"},
        "unmeasured": {"p": "unobservable", "q": "unobservable", "r": "observable"},
    }
    assert report["dof"] == 0
    assert report["p_value"] is None


def test_an_equation_given_twice_changes_nothing():
    once = free_report(problem("a*b - c", a=(2.0, 0.1), b=(3.1, 0.1), c=(6.0, 0.1)))
    twice = free_report(problem("a*b - c", "2*c - 2*a*b", a=(2.0, 0.1), b=(3.1, 0.1), c=(6.0, 0.1)))
    assert twice["dof"] == once["dof"] == 1
    assert twice["objective"] == pytest.approx(once["objective"], rel=1e-12)
    assert twice["sigma_reconciled"]["a"] == pytest.approx(once["sigma_reconciled"]["a"], rel=1e-9)


def test_correlated_readings_against_the_formula():
    V = np.array([[0.04, 0.03, 0], [0.03, 0.09, 0], [0, 0, 0.01]])
    y, a = np.array([5.0, 3.0, 8.6]), np.array([1.0, 1.0, -1.0])
    report = free_report(problem("p + q - s", p=(5.0, 0.2), q=(3.0, 0.3), s=(8.6, 0.1), covariances=[("p", "q", 0.03)]))
    gain = V @ a / (a @ V @ a)
    assert list(report["reconciled"].values()) == pytest.approx(y - gain * (a @ y))
    cov = V - np.outer(gain, a @ V)
    assert list(report["sigma_reconciled"].values()) == pytest.approx(np.sqrt(np.diag(cov)))
    assert report["objective"] == pytest.approx((a @ y) ** 2 / (a @ V @ a))


def test_covariances_that_no_errors_have_are_refused():
    with pytest.raises(DataError, match="contradict each other"):
        fit_free(
            problem(
                "p + q - s", p=(5.0, 1.0), q=(3.0, 1.0), s=(8.0, 1.0),
                covariances=[("p", "q", 0.9), ("q", "s", 0.9), ("p", "s", -0.9)],
            )
        )  # fmt: skip


def test_a_bound_holds_and_is_told():
    free = free_report(problem("y - a*x", x=(1.0, 0.1), y=(-0.5, 0.1), a=None))
    held = free_report(problem("y - a*x", x=(1.0, 0.1), y=(-0.5, 0.1), a={"lower": 0.0}))
    assert free["reconciled"]["a"] == pytest.approx(-0.5)
    assert free["active_bounds"] == []
    assert held["reconciled"] == {"x": pytest.approx(1.0), "y": pytest.approx(0.0, abs=1e-12), "a": 0.0}
    assert held["objective"] == pytest.approx(25.0)
    assert held["active_bounds"] == ["a"]


def test_a_bound_that_pushes_the_wrong_way_is_let_go():
    # the way to the minimum leads past the bounds of u and v, of which only that of v holds there
    report = free_report(problem("u + v - 3", "w - u*v", u={"reading": 4.0, "sigma": 1.0, "lower": 0.0, "upper": 3.5},
                                 v={"reading": -2.0, "sigma": 0.5, "lower": 0.5}, w=None))  # fmt: skip
    assert report["reconciled"] == {"u": pytest.approx(2.5), "v": pytest.approx(0.5), "w": pytest.approx(1.25)}
    assert report["active_bounds"] == ["v"]


def test_equations_that_contradict_each_other_are_named():
    with pytest.raises(SolveError, match=r"equation [23] \(a [+] b - 1[12]\).*'start'"):
        fit_free(problem("c - a*b", "a + b - 11", "a + b - 12", a=(5.0, 1.0), b=(6.0, 1.0), c=None))


def test_equations_without_a_value_at_the_readings_are_named():
    with pytest.raises(SolveError, match=r"equation 2 \(y - log\(x\)\) has no value"):
        fit_free(problem("x + y - 2", "y - log(x)", x={"reading": -5.0, "sigma": 1e-3, "upper": -1.0}, y=None))


def test_division_by_zero_at_the_first_start_is_passed_by():
    report = free_report(problem("r - 1/(k - 1)", r=(2.0, 0.1), k=None))  # k begins at 1
    assert report["reconciled"]["k"] == pytest.approx(1.5)


def test_no_reading_at_all_still_solves_the_equations():
    report = free_report(problem("x**2 - 2", "y - x", x={"lower": 0.0}, y=None))
    assert report["reconciled"] == {"x": pytest.approx(np.sqrt(2)), "y": pytest.approx(np.sqrt(2))}
    assert report["dof"] == 0


def test_a_gross_error_is_suspected():
    report = free_report(
        problem(
            "area - width*height", "rim - 2*(width + height)", "cut**2 - width**2 - height**2",
            width=(3.0, 0.01), height=(4.0, 0.01), area=(12.0, 0.05), rim=(14.0, 0.02), cut=(5.3, 0.01),
        )
    )  # fmt: skip
    assert report["suspects"][0]["variable"] == "cut"
    assert report["suspects"][0]["z"] > 10
    assert report["p_value"] < 1e-6


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_the_units_of_measure_do_not_matter(scale):
    here = free_report(problem("r - k*c/(1 + q*c)", "s - k*d/(1 + q*d)", "t - k*e/(1 + q*e)",
                               c=(1.0, 0.01), d=(2.0, 0.02), e=(4.0, 0.04), r=(0.52, 0.01), s=(0.66, 0.01),
                               t=(0.81, 0.01), k=None, q=None))  # fmt: skip
    far = free_report(problem("r - k*c/(1 + q*c)", "s - k*d/(1 + q*d)", "t - k*e/(1 + q*e)",
                              c=(scale, 0.01 * scale), d=(2 * scale, 0.02 * scale), e=(4 * scale, 0.04 * scale),
                              r=(0.52, 0.01), s=(0.66, 0.01), t=(0.81, 0.01),
                              k={"start": 1 / scale}, q={"start": 1 / scale}))  # fmt: skip
    assert far["objective"] == pytest.approx(here["objective"], rel=1e-9)
    assert far["dof"] == here["dof"] == 1
    assert far["reconciled"]["k"] * scale == pytest.approx(here["reconciled"]["k"], rel=1e-8)
    assert far["sigma_reconciled"]["k"] * scale == pytest.approx(here["sigma_reconciled"]["k"], rel=1e-8)
