"""Robust screen: what it leaves out is listed, and the final numbers are least squares without it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.depth import deep
from tests.unit.reconcile.networks import biased, concentrator, four_belts, row_of_units, without

from zveno.model.network import NetReading
from zveno.reconcile import Scrutiny, solve_network
from zveno.reconcile.fit import fit_network
from zveno.reconcile.gross_errors.robust import screen, weighted

BOTH = pytest.mark.parametrize("estimator", ["huber", "hampel"])


@BOTH
def test_two_wrong_scales_are_set_aside_and_least_squares_does_without(estimator):
    network = biased(biased(row_of_units(), "m1", "mass", 1.10), "m5", "mass", 0.85)
    result = solve_network(network, Scrutiny(robust=estimator))
    assert {(one.stream, one.quantity) for one in result.left_out} == {("m1", "mass"), ("m5", "mass")}
    plain = fit_network(without(network, ("m1", "mass"), ("m5", "mass")))
    assert result.objective == pytest.approx(plain.objective, abs=1e-9)
    assert result.value("m1", "mass") == pytest.approx(900.0, rel=1e-6)


@BOTH
def test_every_elimination_is_logged(estimator):
    network = biased(row_of_units(), "m2", "mass", 1.10)
    result = solve_network(network, Scrutiny(robust=estimator))
    (step,) = result.eliminations
    (gone,) = step.set_aside.everything
    assert (step.action, gone.stream) == ("screened out", "m2")
    assert gone.bias == pytest.approx(80.0, rel=0.1)  # from a fit that it still pulls a little
    assert (step.objective, step.dof) == (result.objective, result.dof)


@BOTH
def test_suspects_are_those_of_all_readings(estimator):
    network = biased(row_of_units(), "m2", "mass", 1.10)
    screened = solve_network(network, Scrutiny(robust=estimator))
    assert screened.suspect_classes == solve_network(network).suspect_classes


@pytest.mark.parametrize(("months", "most"), [(8, 1), deep(30, 2)])
@BOTH
def test_clean_readings_all_count(estimator, months, most):
    """Of eleven readings a month, each beyond 3.4 of its standard deviations with less than 0.0007."""
    gone = 0
    for seed in range(months):
        network = concentrator(seed)
        result = solve_network(network, Scrutiny(robust=estimator))
        gone += len(result.left_out)
        if not result.left_out:
            assert result.objective == pytest.approx(solve_network(network).objective, rel=1e-9)
    assert gone <= most


def test_published_numbers_use_every_reading_unless_a_screen_is_asked_for():
    network = biased(row_of_units(), "m2", "mass", 1.10)
    assert solve_network(network).left_out == ()
    assert len(solve_network(network).readings) == len(network.readings)


def test_a_far_reading_pulls_hampel_no_more():
    """Three scales of one stream: the third is wrong by 40 of its standard deviations."""
    network = row_of_units()
    more = (
        NetReading("m0", "mass", 1001.0, 10.0, meter="second"),
        NetReading("m0", "mass", 1400.0, 10.0, meter="third"),
    )
    network = replace(network, readings=(*network.readings, *more))
    found = screen(network, "hampel")
    (gone,) = found.set_aside
    assert network.readings[gone.reading].meter == "third"
    assert gone.weight == pytest.approx(1e-4)
    assert gone.fitted == pytest.approx(1000.0, rel=0.002)


def test_weights_keep_correlations():
    network = four_belts()
    weight = np.array([0.25 if one.stream == "belt0" else 1.0 for one in network.readings])
    wider = weighted(network, weight)
    assert wider.readings[0].sigma == pytest.approx(2 * network.readings[0].sigma)
    before, after = network.covariances[0].value, wider.covariances[0].value
    assert after == pytest.approx(2 * before)
    assert wider.covariances[-1].value == network.covariances[-1].value


@BOTH
def test_a_reading_that_nothing_checks_stays(estimator):
    network = without(row_of_units(), ("m0", "mass"), ("m1", "mass"))
    wild = biased(network, "s0", "mass", 50.0)
    assert solve_network(wild, Scrutiny(robust=estimator)).left_out == ()
