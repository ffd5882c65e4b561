"""Roots of one unknown in many scenarios."""

from __future__ import annotations

import numpy as np
import pytest

from zveno.simulate.roots import falling_root


def test_a_scenario_that_settles_early_is_not_moved_while_others_are_sought():
    """Each root is found to the same digits alone and beside scenarios that need many more steps."""
    powers = np.array([1.0, 3.0, 9.0, 41.0])
    roots = np.array([0.3, 0.5, 0.7, 0.05])

    def value(x: np.ndarray, power: np.ndarray = powers, root: np.ndarray = roots) -> np.ndarray:
        return root**power - x**power

    together = falling_root(value, np.zeros(4), np.ones(4))
    for n in range(4):
        alone = falling_root(lambda x, n=n: value(x, powers[n : n + 1], roots[n : n + 1]), np.zeros(1), np.ones(1))
        assert together[n] == alone[0]
    assert together[:3] == pytest.approx(roots[:3], rel=1e-11)


def test_without_a_root_between_the_bounds_the_nearer_one_is_given():
    low, high = np.array([0.0, 0.0]), np.array([1.0, 1.0])
    assert falling_root(lambda x: np.array([2.0, -1.0]) - x, low, high) == pytest.approx([1.0, 0.0])
