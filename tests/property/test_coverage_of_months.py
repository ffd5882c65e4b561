"""Played months: the intervals of the balance hold the truth as often as they say, and sound readings pass."""

import numpy as np
import pytest
from benchmarks.coverage_months import answers, coverage, false_alarms, same_as_files, share_interval

MONTHS = 60
FIGURES = (
    ("balk.ore", "mass"), ("balk.ore", "Cu"), ("balk.conc", "mass"), ("balk.conc", "Cu"), ("balk.tail", "Cu"),
    ("balk.flotation_conc", "mass"), ("balk.flotation_conc", "Cu"), ("balk.flotation_conc", "S"),
    ("overall recovery", "Cu"), ("overall recovery", "Fe"), ("overall recovery", "S"),
    ("direct recovery", "Cu"), ("unaccounted", "Cu"),
)  # fmt: skip

pytestmark = [pytest.mark.slow, pytest.mark.long]


@pytest.fixture(scope="module")
def done():
    return list(answers(MONTHS))


def test_intervals_hold_the_truth_and_are_no_wider_than_needed(done):
    found = {one.figure: one for one in coverage(done)}
    low, high = share_interval(round(0.95 * MONTHS), MONTHS, level=0.999)
    chance = 4 / np.sqrt(2 * MONTHS)  # of the spread of so many standard normal values, four standard errors
    for figure in FIGURES:
        one = found[figure]
        assert low <= one.share <= high, figure
        assert one.spread == pytest.approx(1.0, abs=chance), figure
        assert abs(one.mean) < 4 / np.sqrt(MONTHS), figure


def test_sound_readings_pass_the_global_test(done):
    count, months = false_alarms(done)
    low, high = share_interval(count, months, level=0.999)
    assert low <= 0.05 <= high


def test_a_month_in_memory_is_the_month_that_its_files_hold():
    assert same_as_files(1)
