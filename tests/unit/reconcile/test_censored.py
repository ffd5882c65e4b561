"""Assays below a limit, among others that are above it."""

from __future__ import annotations

import numpy as np
import pytest

from zveno.reconcile.censored import filled
from zveno.reconcile.records import Series


def series(value: np.ndarray, below: np.ndarray) -> Series:
    """Assays of successive shifts."""
    start = np.arange(len(value)) * 8 * 3600.0
    return Series(start, start + 8 * 3600, value, below)


def test_where_all_are_above_nothing_changes():
    value = np.array([1.0, 2.0, 3.0])
    found = filled(series(value, np.zeros(3, dtype=bool)))
    assert found.value.tolist() == [1.0, 2.0, 3.0]
    assert not found.own.any()
    assert not found.common.any()


def test_few_above_the_limit_tell_nothing_half_is_taken_and_its_error_is_common():
    value, below = np.array([0.02] * 6 + [0.03]), np.array([True] * 6 + [False])
    found = filled(series(value, below))
    assert found.value[:6].tolist() == [0.01] * 6
    assert found.common[:6] == pytest.approx(0.02 / np.sqrt(12))
    assert found.common[6] == 0.0


def test_the_mean_of_a_lognormal_cut_below_is_found_again_with_an_error_that_holds():
    """5.06 g/t with 3 % scatter, reported as '<5' below 5: half of the limit would be 16 % low."""
    rng, off = np.random.default_rng(4), []
    for _ in range(300):
        true = 5.06 * np.exp(0.04 * rng.standard_normal(31))
        below = true < 5.0
        found = filled(series(np.where(below, 5.0, true), below))
        sd = np.hypot(np.linalg.norm(found.own) / 31, found.common.mean())
        sampling = true.std(ddof=1) / np.sqrt(31)
        off.append((found.value.mean() - 5.06) / np.hypot(sd, sampling))
    assert abs(np.mean(off)) < 0.3
    assert 0.9 <= np.mean(np.abs(off) < 1.96) <= 1.0
