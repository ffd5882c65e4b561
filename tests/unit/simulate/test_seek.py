"""Bounded search for points at which nothing is missed, on functions whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from zveno.simulate.seek import Box, Sought, descend, seek, slopes

UNIT = Box(np.zeros(1), np.ones(1))
SQUARE = Box(np.zeros(2), np.ones(2))


def counted(function):
    """The function, and a list that grows by the number of points of each call."""
    calls = []

    def misses(points):
        calls.append(len(points))
        return function(points)

    return misses, calls


def test_a_smooth_system_takes_few_steps():
    misses, calls = counted(lambda p: np.stack([p[:, 0] * p[:, 1] - 0.21, np.exp(p[:, 0]) - np.exp(0.3)], axis=1))
    found = seek(misses, np.array([0.9, 0.1]), SQUARE)
    assert found.met
    assert found.point == pytest.approx([0.3, 0.7], abs=1e-9)
    assert len(calls) < 25


def test_of_two_answers_the_one_nearer_to_the_start_is_found():
    square = lambda p: p**2 - 0.25  # noqa: E731
    box = Box(np.array([-1.0]), np.array([1.0]))
    assert seek(square, np.array([0.8]), box).point == pytest.approx(0.5)
    assert seek(square, np.array([-0.8]), box).point == pytest.approx(-0.5)


def test_a_flat_start_does_not_end_the_search():
    found = seek(lambda p: np.maximum(p - 0.6, 0) - 0.2, np.array([0.1]), UNIT)
    assert found.met
    assert found.point == pytest.approx(0.8)


def test_an_answer_behind_a_kink_and_a_hill_is_found():
    found = seek(lambda p: np.abs(np.sin(9 * p)) - 0.5 * p - 0.45, np.array([0.28]), UNIT)
    assert found.met


def test_what_is_out_of_reach_ends_at_its_bound():
    found = seek(lambda p: p - 2.0, np.array([0.3]), UNIT)
    assert not found.met
    assert (found.point, found.miss) == pytest.approx((1.0, -1.0))


def test_the_top_of_a_hill_is_the_nearest_there_is():
    found = seek(lambda p: 0.8 - (p - 0.37) ** 2 - 1.0, np.array([0.9]), UNIT)
    assert not found.met
    assert found.point == pytest.approx(0.37, abs=1e-3)
    assert found.miss == pytest.approx(-0.2, abs=1e-6)


def test_two_aims_that_exclude_each_other_end_between_them():
    found = seek(lambda p: np.stack([p[:, 0] - 0.2, p[:, 0] + 0 * p[:, 1] - 0.6], axis=1), np.array([0.5, 0.5]), SQUARE)
    assert found.point[0] == pytest.approx(0.4, abs=1e-6)
    assert found.miss == pytest.approx([0.2, -0.2], abs=1e-6)


def test_several_unknowns_begin_anew_where_the_first_steps_are_caught():
    def misses(p):
        return (p - 0.8) * (1.2 + np.cos(20 * p))

    assert not descend(misses, np.array([0.637, 0.27]), SQUARE).met
    found = seek(misses, np.array([0.637, 0.27]), SQUARE)
    assert found.met
    assert found.point == pytest.approx(0.8)


def test_points_that_cannot_be_worked_out_are_gone_round():
    def misses(p):
        return np.where((p > 0.62) & (p < 0.7), np.nan, p - 0.9)

    assert seek(misses, np.array([0.5]), UNIT).point == pytest.approx(0.9)


def test_a_range_without_an_end_is_searched_by_a_factor():
    found = seek(lambda p: np.where(p < 6, 0.0, p - 6) - 1.0, np.array([1.0]), Box(np.zeros(1), np.array([np.inf])))
    assert found.met
    assert found.point == pytest.approx(7.0)


def test_slopes_look_to_one_side_at_a_bound():
    at = Sought(np.array([1.0, 0.0]), np.array([1.0]))
    found = slopes(lambda p: p[:, :1] ** 2 + 3 * p[:, 1:], at, SQUARE)
    assert found == pytest.approx(np.array([[2.0, 3.0]]), rel=1e-3)
