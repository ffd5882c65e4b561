"""Many periods at once say of each period what a balance of it alone says, whatever is missing, limited or shared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.networks import concentrator, hours
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import deep
from tests.unit.reconcile.networks import column

from zveno.errors import SolveError
from zveno.model.network import MASS, NetCovariance, NetNode, NetReading, NetStream, Network
from zveno.reconcile import BatchResult, solve_batch, solve_network
from zveno.reconcile.fit import Fit, fit_network, quantities, verdict

CIRCUIT = concentrator()
COUNT = 12


def one_hour(network: Network, value: np.ndarray, sigma: np.ndarray) -> Network:
    """The network with the readings of one hour; covariances follow the standard deviations."""
    there = np.flatnonzero(np.isfinite(value))
    readings = tuple(
        replace(one, below=float(value[k]), sigma=float(sigma[k])) if one.below is not None
        else replace(one, value=float(value[k]), sigma=float(sigma[k]))
        for k, one in enumerate(network.readings) if k in there
    )  # fmt: skip
    at = {(one.stream, one.quantity): k for k, one in enumerate(network.readings)}
    growth = sigma / np.array([one.sigma for one in network.readings])
    covariances = tuple(
        replace(one, value=one.value * float(growth[at[one.first]] * growth[at[one.second]]))
        for one in network.covariances if at[one.first] in there and at[one.second] in there
    )  # fmt: skip
    return replace(network, readings=readings, covariances=covariances)


def same(batch: BatchResult, period: int, alone: Fit) -> None:
    """Values, standard deviations, classes, tests and status of one period, as the batch and as a balance has them."""
    table, expected = batch.table(), quantities(alone)
    found = np.array([table.flow[period], table.flow_sd[period], table.read[period], table.read_sd[period]])
    assert np.array_equal(np.isnan(found), np.isnan(expected))
    # of a value near zero, the standard deviation is the measure; one that passes its value says "unknown"
    size = np.maximum(np.abs(expected), np.abs(expected[[1, 1, 3, 3]]))
    off = np.abs(found - expected) / np.maximum(size, 1e-300)
    vague = (expected[[1, 1, 3, 3]] > np.abs(expected[[0, 0, 2, 2]])) & np.array([[False], [True], [False], [True]])
    assert np.nanmax(off[[0, 2]], initial=0.0) < 1e-8
    if alone.held.any():  # where the search ends at a bound is known to fewer digits, and standard deviations follow it
        assert np.nanmax(off, initial=0.0) < 1e-5
    else:
        assert np.nanmax(np.where(vague, 0.0, off), initial=0.0) < 1e-8
        assert np.nanmax(off, initial=0.0) < 1e-6
    assert batch.objective[period] == pytest.approx(alone.objective, rel=1e-8, abs=1e-8)
    assert batch.dof[period] == alone.dof
    assert batch.p_value[period] == pytest.approx(np.nan if alone.p_value is None else alone.p_value, nan_ok=True)
    status = np.zeros(table.status.shape[1], dtype=int)
    np.maximum.at(status, alone.problem.reading_of[alone.linear.used], 1 + alone.linear.redundant)
    assert np.array_equal(table.status[period], status)
    assert batch.status[period] == verdict(alone)


def agree(network: Network, values: np.ndarray, sigmas: np.ndarray) -> list[str]:
    """Compare every period; returns the statuses."""
    batch = solve_batch(network, values, sigmas)
    for k, (value, sigma) in enumerate(zip(values, sigmas, strict=True)):
        if batch.status[k] == "no data":
            assert not np.isfinite(value).any()
            continue
        try:
            alone = fit_network(one_hour(network, value, sigma))
        except SolveError:
            assert (batch.status[k], batch.dof[k], batch.result(k)) == ("not solved", -1, None)
            assert np.all(np.isnan(batch.table().flow[k]))
            continue
        same(batch, k, alone)
    return list(batch.status)


def limited(network: Network) -> Network:
    """The network with the zinc of two streams reported as "less than" only."""
    low = {("tailings", "Zn"), ("rougher_tail", "Zn")}
    return replace(
        network,
        readings=tuple(
            replace(one, value=None, below=2 * one.value, sigma=0.1 * one.value)
            if (one.stream, one.quantity) in low else one for one in network.readings
        ),
    )  # fmt: skip


def shared(network: Network) -> Network:
    """The network with all copper assays and both feed scales off together."""
    copper = [one for one in network.readings if one.quantity == "Cu"]
    scales = [one for one in network.readings if one.quantity == MASS and one.stream in ("ore", "slag")]
    pairs = [(a, b) for group in (copper, scales) for k, a in enumerate(group) for b in group[k + 1 :]]
    return replace(
        network,
        covariances=tuple(
            NetCovariance((a.stream, a.quantity), (b.stream, b.quantity), 0.5 * a.sigma * b.sigma) for a, b in pairs
        ),
    )


@pytest.mark.parametrize("examples", [4, deep(12)])
def test_hours_with_random_missing_readings(examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(st.integers(0, 10**6), st.sampled_from([0.02, 0.15, 0.4, 0.7]))
    def holds(seed: int, missing: float) -> None:
        agree(CIRCUIT, *hours(CIRCUIT, COUNT, seed, missing=missing))

    holds()


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([limited, shared, lambda one: limited(shared(one))]))
def test_hours_with_limits_and_shared_errors(seed: int, change) -> None:
    network = change(CIRCUIT)
    plain = hours(CIRCUIT, COUNT, seed, missing=0.15)
    scale = np.array([2.0 if one.below is not None else 1.0 for one in network.readings])
    agree(network, plain[0] * scale, plain[1])


@pytest.mark.parametrize("examples", [2, deep(6)])
def test_hours_with_streams_at_rest_and_hours_without_any_reading(examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(st.integers(0, 10**6))
    def holds(seed: int) -> None:
        values, sigmas = hours(CIRCUIT, COUNT, seed, missing=0.1)
        at = {(one.stream, one.quantity): k for k, one in enumerate(CIRCUIT.readings)}
        values[2:5, at["slag", MASS]] = 0.0
        sigmas[2:5, at["slag", MASS]] = 0.01
        values[4:6, at["concentrate", MASS]] *= -1
        values[7] = np.nan
        found = agree(CIRCUIT, values, sigmas)
        assert found[7] == "no data"
        assert np.all(solve_batch(CIRCUIT, values, sigmas).table().flow[2:5, 1] < 0.05)

    holds()


def test_hours_that_have_no_solution_leave_the_others_alone():
    streams = (NetStream("in", None, "N"), NetStream("out", "N", None), NetStream("sludge", "N", None))
    readings = tuple(NetReading(one.id, MASS, 1.0, 1.0) for one in streams)
    network = Network((NetNode("N"),), streams, readings)
    values = np.array([[10.0, 6.0, 4.1], [1e200, 6.0, 4.0], [np.nan, 5.0, 1.0]])
    found = agree(network, values, np.array([[0.1] * 3, [1e-200] * 3, [0.1] * 3]))
    assert found == ["consistent", "not solved", "not testable"]


def test_closures_and_fixed_values_hold_in_every_hour():
    network = replace(column(), fixed={("S2", "A"): 0.95})
    sigma = np.array([one.sigma for one in network.readings])
    value = np.array([one.value for one in network.readings])
    values = value + 5 * sigma * np.random.default_rng(3).standard_normal((COUNT, len(value)))
    values[3, [1, 2, 4]] = np.nan
    agree(network, values, np.tile(sigma, (COUNT, 1)))


def test_nothing_at_all_is_an_answer():
    nothing = np.full((2, len(CIRCUIT.readings)), np.nan)
    for count in (0, 2):
        batch = solve_batch(CIRCUIT, nothing[:count], nothing[:count])
        assert (batch.status, batch.fits) == (("no data",) * count, (None,) * count)
        assert batch.table().flow.shape == (count, len(CIRCUIT.streams) * 5)


def test_a_single_period_of_the_batch_is_told_by_names():
    values, sigmas = hours(CIRCUIT, 3, missing=0.2)
    batch = solve_batch(CIRCUIT, values, sigmas)
    alone = solve_network(one_hour(CIRCUIT, values[1], sigmas[1]))
    mine = batch.result(1)
    assert mine.value("concentrate", "Cu") == pytest.approx(alone.value("concentrate", "Cu"), rel=1e-9)
    assert mine.sd("tailings", "Cu") == pytest.approx(alone.sd("tailings", "Cu"), rel=1e-7)
    assert batch.fits[1] is mine.fit
    read = {(one.stream, one.quantity): one.z for one in mine.readings}
    for one in alone.readings:
        assert read[one.stream, one.quantity] == (one.z if one.z is None else pytest.approx(one.z, rel=1e-6, abs=1e-6))
