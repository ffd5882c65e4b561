"""How far a stock's assay may lie from the period's: the scatter of means over as many shifts as it holds."""

import numpy as np
import pytest
from tests.unit.reconcile.plants import MONTH, model, records

from zveno.reconcile import month_network
from zveno.reconcile.period_values import sd_of_mean


def chained(count: int, persistence: float, seed: int) -> np.ndarray:
    shocks = np.random.default_rng(seed).standard_normal(count)
    path = np.empty(count)
    level = shocks[0]
    for k, shock in enumerate(shocks):
        level = shock if k == 0 else persistence * level + np.sqrt(1 - persistence**2) * shock
        path[k] = level
    return path


@pytest.mark.parametrize("persistence", [0.0, 0.5, 0.8])
def test_the_scatter_of_means_is_that_of_the_means(persistence):
    values = chained(40_000, persistence, seed=3)
    means = values.reshape(-1, 20).mean(axis=1)
    assert sd_of_mean(values, 20.0) == pytest.approx(means.std(ddof=1), rel=0.06)


def test_a_month_of_shifts_gives_it_without_much_bias():
    long = chained(36_000, 0.6, seed=4).reshape(-1, 12).mean(axis=1).std(ddof=1)
    short = [sd_of_mean(chained(62, 0.6, seed=seed), 12.0) for seed in range(300)]
    assert np.sqrt(np.mean(np.square(short))) == pytest.approx(long, rel=0.2)


def test_one_shift_has_the_scatter_of_shifts():
    values = chained(62, 0.5, seed=5)
    assert sd_of_mean(values, 0.3) == pytest.approx(values.std(ddof=1))


def test_equal_values_have_no_scatter():
    assert sd_of_mean(np.full(30, 0.25), 10.0) == 0.0


def test_one_figure_for_every_shift_says_nothing_of_the_scatter():
    """A stock's assay then keeps the 2 % that it has where few were assayed: it is not known as the month's mean is."""
    network = month_network(model(), records(), MONTH).network
    assay = {one.stream: one for one in network.readings if one.quantity == "Cu"}
    for end in ("bin.opening", "bin.closing"):
        assert assay[end].sigma == pytest.approx(0.02 * assay[end].value, rel=0.01)
