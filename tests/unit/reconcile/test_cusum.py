"""Cumulative sums and looks back: published run lengths and chances, and seeded series without any shift."""

from __future__ import annotations

import numpy as np
import pytest

from zveno.errors import DataError
from zveno.reconcile.change_points import critical, crossing_chance
from zveno.reconcile.cusum import (
    CusumDesign,
    alarm_chance,
    cusum,
    design_for_chance,
    design_for_run_length,
    run_length,
)


@pytest.mark.parametrize(
    ("shift", "four", "five"),
    [(0.0, 168, 465), (0.25, 74.2, 139), (0.5, 26.6, 38.0), (0.75, 13.3, 17.0), (1.0, 8.38, 10.4), (1.5, 4.75, 5.75),
     (2.0, 3.34, 4.01), (2.5, 2.62, 3.11), (3.0, 2.19, 2.57)],
)  # fmt: skip
def test_run_lengths_of_lucas_and_crosier_1982(shift, four, five):
    """Technometrics 24, 199-205, table of two-sided sums with k = 0.5 and h = 4 and 5."""
    assert run_length(CusumDesign(0.5, 4.0), shift) == pytest.approx(four, rel=6e-3)
    assert run_length(CusumDesign(0.5, 5.0), shift) == pytest.approx(five, rel=6e-3)


@pytest.mark.parametrize(("k", "h"), [(0.25, 8.01), (0.5, 4.77), (0.75, 3.34), (1.0, 2.52), (1.25, 1.99), (1.5, 1.61)])
def test_limits_of_hawkins_1993(k, h):
    """J. Qual. Technol. 25, 248-261: limits for a false alarm in 370 periods, as tabulated in Montgomery's book."""
    assert design_for_run_length(370.4, shift=2 * k).h == pytest.approx(h, abs=6e-3)


def test_the_chance_of_a_false_alarm_is_what_is_asked_on_1000_seeded_series():
    rng = np.random.default_rng(20)
    design = design_for_chance(0.05, 30)
    alarms = [cusum(rng.standard_normal(30), design).alarm is not None for _ in range(1000)]
    assert 0.03 < np.mean(alarms) < 0.065
    assert alarm_chance(design, 30) == pytest.approx(0.05, abs=1e-4)
    assert design_for_chance(0.05, 30, series=40).h > design.h + 1


def test_a_shift_is_found_with_its_beginning_side_and_size():
    z = np.random.default_rng(1).standard_normal(60)
    z[40:] -= 1.5
    found = cusum(z, design_for_chance(0.01, 60))
    assert found.side == -1
    assert 38 <= found.onset <= 43
    assert found.alarm < 52
    assert found.shift == pytest.approx(-1.5, abs=0.5)


def test_periods_that_say_nothing_change_nothing():
    z = np.array([1.0, 2.0, 3.0])
    gaps = np.array([np.nan, 1.0, np.nan, np.nan, 2.0, 3.0])
    design = CusumDesign(0.5, 100.0)
    assert cusum(gaps, design).upper[[1, 4, 5]].tolist() == cusum(z, design).upper.tolist()
    assert cusum(gaps, design).upper[2] == cusum(gaps, design).upper[1]


@pytest.mark.parametrize("arguments", [(1.0, 1.0), (100.0, 0.0)])
def test_impossible_designs_are_refused(arguments):
    with pytest.raises(DataError):
        design_for_run_length(arguments[0], shift=arguments[1])
    with pytest.raises(DataError):
        design_for_chance(arguments[0], 10)


@pytest.mark.parametrize(("looks", "chance"), [(1, 0.050), (2, 0.083), (3, 0.107), (4, 0.126), (5, 0.142), (10, 0.193), (20, 0.248), (50, 0.320)])  # fmt: skip
def test_repeated_tests_of_armitage_mcpherson_and_rowe_1969(looks, chance):
    assert crossing_chance(np.ones(looks), 1.96) == pytest.approx(chance, abs=1e-3)


@pytest.mark.parametrize(("looks", "limit"), [(2, 2.178), (3, 2.289), (4, 2.361), (5, 2.413), (10, 2.555)])
def test_limits_of_pocock_1977(looks, limit):
    """Biometrika 64, 191-199, at 5 %."""
    assert critical(np.ones(looks), 0.05) == pytest.approx(limit, abs=1.5e-3)


def test_uneven_information_as_simulated():
    rng = np.random.default_rng(2)
    information = rng.uniform(0.1, 3.0, 40)
    walks = np.cumsum(np.sqrt(information) * rng.standard_normal((40_000, 40)), axis=1) / np.sqrt(
        np.cumsum(information)
    )
    for limit in (2.0, 2.8):
        simulated = np.mean(np.abs(walks).max(axis=1) > limit)
        assert crossing_chance(information, limit) == pytest.approx(simulated, abs=4 * np.sqrt(simulated / 40_000))


def test_nothing_told_is_nothing_found():
    assert crossing_chance(np.zeros(5), 2.0) == 0
    assert crossing_chance(np.array([0.0, 1.0, np.nan]), 1.96) == pytest.approx(0.05, abs=1e-4)


def test_far_limits_have_tiny_chances_and_no_warnings():
    assert crossing_chance(np.ones(800), 100.0) == 0
    assert crossing_chance(np.ones(50), 8.001) == pytest.approx(crossing_chance(np.ones(50), 7.999), rel=0.7)
