"""Two hundred played months: planted values lie in their 95 % intervals, and other months are predicted as well as said."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from tests.unit.couple.small_plant import MODEL, MONTH, plant, played

from zveno.couple import Choices, calibrate_each
from zveno.reconcile import reconcile

pytestmark = [pytest.mark.slow, pytest.mark.long]
SEEDS = range(1, 201)
PLANTED = {"float.bornite.share_fast": 0.76, "float.pyrite.k_fast": 0.24, "float.quartz.share_fast": 0.024}


@pytest.fixture(scope="module")
def balances():
    planted = plant(PLANTED)
    return [reconcile(MODEL, played(planted, seed)[0], MONTH) for seed in SEEDS]


@pytest.fixture(scope="module")
def found(balances):
    return calibrate_each(MODEL, balances, Choices(tuple(PLANTED)))


@pytest.mark.parametrize("key", PLANTED)
def test_planted_values_lie_in_their_intervals(found, key):
    rows = [one.parameters.row(by_predicate=pl.col("key") == key, named=True) for one in found]
    assert all(row["status"] in ("determined", "rough") for row in rows)
    inside = np.mean([row["low_95"] <= PLANTED[key] <= row["high_95"] for row in rows])
    assert 0.91 <= inside <= 0.98
    # the values themselves: no bias worth a third of their error, and errors of the size that is said
    off = np.array([(row["value"] - PLANTED[key]) / row["sd"] for row in rows])
    assert abs(off.mean()) < 0.3
    assert 0.85 < off.std() < 1.15


def test_the_fit_is_rejected_as_often_as_it_should_be(found):
    objective = np.array([one.objective for one in found])
    assert {one.dof for one in found} == {2}
    assert objective.mean() == pytest.approx(2, abs=0.5)  # chi-square of 2 degrees: 2 +- 0.14 over 200 months
    assert np.mean([one.status == "misfit" for one in found]) <= 0.09


def test_errors_of_other_months_are_of_the_size_that_is_said(balances):
    """Twenty months, each predicted from four others: of all results 95 % lie within twice their standard deviation."""
    found = calibrate_each(MODEL, balances[:20], Choices(tuple(PLANTED)), others=balances[100:104])
    table = pl.concat([one.backcast for one in found])
    assert table["error"].null_count() == 0
    for result in ("cake:Cu", "cake:solids", "recovery.Cu:cake/ore", "tail:grade.Cu"):
        z = table.filter(result=result)["z"].to_numpy()
        assert len(z) == 80
        assert 0.88 <= np.mean(np.abs(z) < 1.96) <= 1.0
    rms, expected, periods = found[0].backcast_error("recovery.Cu:cake/ore")
    assert periods == sum(one.status != "suspect" for one in balances[100:104])
    assert 0.2 < rms / expected < 2.5
