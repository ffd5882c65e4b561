"""Slopes and curvatures of expressions against what is known on paper, and against differences."""

import numpy as np
import pytest

from zveno.model.expression import Expression, parse
from zveno.reconcile.derivatives import Equations, equations_of

NAMES = ("x", "y", "z")


def equations(*texts: str) -> Equations:
    found = [parse(text, frozenset(NAMES), {}) for text in texts]
    assert all(isinstance(one, Expression) for one in found), found
    return equations_of(found, NAMES)


ON_PAPER = {
    "x**3*y - z": ([3 * 4 * 5, 8, -1], [[6 * 2 * 5, 12, 0], [12, 0, 0], [0, 0, 0]]),
    "x/y": ([0.2, -2 / 25, 0], [[0, -1 / 25, 0], [-1 / 25, 4 / 125, 0], [0, 0, 0]]),
    "x*x + 2*x": ([6, 0, 0], [[2, 0, 0], [0, 0, 0], [0, 0, 0]]),
    "exp(-x)*y": (
        [-5 * np.exp(-2), np.exp(-2), 0],
        [[5 * np.exp(-2), -np.exp(-2), 0], [-np.exp(-2), 0, 0], [0, 0, 0]],
    ),
}


@pytest.mark.parametrize("text", ON_PAPER)
def test_derivatives_are_those_on_paper(text):
    slopes, bends = ON_PAPER[text]
    found, at = equations(text), np.array([2.0, 5.0, 7.0])
    assert found.jacobian(at)[0] == pytest.approx(np.array(slopes), rel=1e-14)
    assert found.curvature(at, np.ones(1)) == pytest.approx(np.array(bends), rel=1e-14)


@pytest.mark.parametrize(
    "text",
    [
        "x + 2*y - z/3",
        "x*y*z",
        "x**2.5 - y**-0.5 + z**3",
        "x**y",
        "y**(x*z)",
        "exp(x*y) - log(z) + ln(x) + log10(y)",
        "sqrt(x*y + z**2)",
        "sin(x)*cos(y)/tan(z)",
        "sinh(x) - cosh(y)*tanh(z)",
        "atan(x/y) + abs(x - y)*z",
        "-x**2*(y - z)**3/(1 + x*y + z)**2",
        "x*y**2/(1 + x + y)**3 + x*y**2/(1 + x + y)",
    ],
)
def test_derivatives_are_the_limits_of_differences(text):
    found, h = equations(text), 1e-5
    for at in np.random.default_rng(3).uniform(0.5, 1.5, (5, 3)):
        ends = [at + h * one for one in np.eye(3)], [at - h * one for one in np.eye(3)]
        slopes = [(found.values(a) - found.values(b))[0] / (2 * h) for a, b in zip(*ends, strict=True)]
        bends = [(found.jacobian(a) - found.jacobian(b))[0] / (2 * h) for a, b in zip(*ends, strict=True)]
        assert found.jacobian(at)[0] == pytest.approx(np.array(slopes), rel=1e-7, abs=1e-8)
        assert found.curvature(at, np.ones(1)) == pytest.approx(np.array(bends), rel=1e-7, abs=1e-8)


def test_equations_of_one_form_are_calculated_together():
    found = equations("x*y - 2", "3*z - y", "y*z - 5", "x**2 + z", "y**3 + x")
    assert len(found.families) == 3
    at = np.array([2.0, 3.0, 4.0])
    assert found.values(at) == pytest.approx([4, 9, 7, 8, 29])
    assert found.jacobian(at) == pytest.approx(np.array([[3, 2, 0], [0, -1, 3], [0, 4, 3], [4, 0, 1], [1, 27, 0]]))
    weights = np.array([1.0, 1.0, 10.0, 100.0, 1000.0])
    assert found.curvature(at, weights) == pytest.approx(np.array([[200, 1, 0], [1, 18000, 10], [0, 10, 0]]))


@pytest.mark.parametrize(("text", "straight"), [("x - 2*y + z/4 - 7", True), ("(x + y)*3", True), ("x*y", False),
                                                ("1/x", False), ("x**2", False)])  # fmt: skip
def test_what_has_no_curvature_is_known(text, straight):
    assert equations(text).linear is straight


def test_powers_at_zero():
    found, at = equations("x**2 + y**1.0 + z**3"), np.zeros(3)
    assert found.jacobian(at)[0] == pytest.approx([0, 1, 0])
    assert np.diag(found.curvature(at, np.ones(1))) == pytest.approx([2, 0, 0])


@pytest.mark.parametrize("text", ["1/x", "log(x)", "sqrt(x - 1)", "(x - 1)**0.5", "y**0.5/x"])
def test_what_has_no_value_is_not_finite_and_raises_nothing(text):
    found, at = equations(text), np.array([0.0, 1.0, 1.0])
    assert not np.isfinite(found.values(at)[0])
