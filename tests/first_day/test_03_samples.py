"""Two samples swapped: feed and tailings are always seen; near twins are said to be unobservable; no false alarms."""

from __future__ import annotations

import pytest
from benchmarks.plain_months import month

from tests.depth import deep
from tests.unit.reconcile.gross_errors.test_network_swaps import twins
from tests.unit.reconcile.plants import MONTH, model, shift_starts
from tests.unit.reconcile.test_sample_swaps import month as shifts_of
from zveno.model.network import Network
from zveno.reconcile import reconcile, solve_network
from zveno.reconcile.fit import fit_network
from zveno.reconcile.gross_errors.adjusted import DenseAdjusted
from zveno.reconcile.gross_errors.swaps import swapped, unseen

PARTS = ("Cu", "S", "Fe")


def proposed(network: Network) -> list[tuple[str, str]]:
    return [(one.first, one.second) for one in solve_network(network).gross_errors.swaps]


@pytest.mark.parametrize("months", [12, deep(60)])
def test_feed_and_tailings_of_a_month_are_always_seen_as_these_two(months):
    for seed in range(months):
        assert proposed(swapped(month(seed, 0.0, PARTS, receipts=seed % 2 == 0), "feed", "tail")) == [("feed", "tail")]


def test_feed_and_tailings_of_one_shift_are_always_seen_with_their_shift():
    for seed in range(10):
        k = 5 * seed
        table = reconcile(model(), shifts_of(seed, swap=("ore.assay", "tail.assay", k)), MONTH).swaps
        (row,) = table.filter(table["status"] == "swapped").rows(named=True)
        assert {row["first_meter"], row["second_meter"]} == {"ore.assay", "tail.assay"}
        assert row["start"] == shift_starts()[k]


def test_near_twins_are_said_to_be_unobservable_and_nobody_is_accused():
    network = twins()
    fit = fit_network(network)
    assert ("a.conc", "b.conc") in set(unseen(network, fit, DenseAdjusted.of(fit)))
    for seed in range(10):
        assert proposed(swapped(twins(seed), "a.conc", "b.conc")) == []


@pytest.mark.parametrize(("months", "most"), [(40, 3), deep(200, 8)])
def test_false_alarms_are_at_most_two_in_a_hundred(months, most):
    # draws of a 2 % event pass 3 of 40 with a chance of 1 %, 8 of 200 with one of 2 %
    assert sum(bool(proposed(month(seed, 0.0, PARTS, receipts=True))) for seed in range(months)) <= most
