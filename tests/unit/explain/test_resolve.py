"""A balance solved again the short way agrees with the reconciliation, and says so where a point is no optimum."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.close.smelter import network

from zveno.explain.recompute import start_of
from zveno.explain.resolve import resolved
from zveno.model.network import MASS, NetCovariance, NetReading
from zveno.reconcile import NetworkResult
from zveno.reconcile.fit import fit_network
from zveno.tables.figure import Solved


def solved(one):
    return NetworkResult(one, fit_network(one))


@pytest.fixture
def noisy():
    """The smelter with readings that contradict each other a little, two of them correlated."""
    one = network()
    rng = np.random.default_rng(7)
    readings = tuple(
        replace(each, value=each.value + each.sigma * float(rng.normal())) for each in one.readings if each.value
    )
    first, second = readings[:2]
    shared = NetCovariance(
        (first.stream, first.quantity), (second.stream, second.quantity), 0.5 * first.sigma * second.sigma,
        first.meter, second.meter,
    )  # fmt: skip
    return replace(one, readings=readings, covariances=(shared,))


def test_the_published_point_does_not_move(noisy):
    result = solved(noisy)
    again = resolved(noisy, start_of(result))
    assert again.moved < 1e-9
    for stream in noisy.streams:
        for quantity in (MASS, *noisy.carries(stream)):
            wanted = result.sloped([(stream.id, quantity, 1.0)])[0]
            assert again.value(Solved(stream.id, quantity)) == pytest.approx(wanted, rel=1e-9, abs=1e-9)


def test_a_point_that_is_no_optimum_is_left(noisy):
    result = solved(noisy)
    start = start_of(result)
    shifted = {name: value * (1.02 if name[0] in ("own", "blister") else 1.0) for name, value in start.at.items()}
    again = resolved(noisy, replace(start, at=shifted))
    assert again.moved > 1e-3
    assert again.value(Solved("blister", MASS)) == pytest.approx(result.value("blister", MASS), rel=1e-9)


def test_slopes_by_readings_are_those_of_the_reconciliation(noisy):
    result = solved(noisy)
    again = resolved(noisy, start_of(result))
    leaf = Solved("blister", MASS)
    mine = dict(zip(again.keys, again.slopes(leaf) @ again.linear, strict=True))
    linear = result.fit.linear
    theirs = linear.by_readings(result.slopes([("blister", MASS, 1.0)]))
    for number, slope in zip(linear.used, theirs, strict=True):
        one = result.network.readings[int(number)]
        assert mine[one.stream, one.quantity, one.meter] == pytest.approx(slope, abs=1e-9)


def test_limits_pull_as_they_do_in_the_reconciliation():
    one = network()
    low = NetReading("dust", MASS, None, 0.2, 0.8, "limit")
    limited = replace(one, readings=(*(each for each in one.readings if each.stream != "dust"), low))
    result = solved(limited)
    again = resolved(limited, start_of(result))
    assert again.moved < 1e-8
    for stream in ("blister", "slag", "own"):
        assert again.value(Solved(stream, MASS)) == pytest.approx(result.sloped([(stream, MASS, 1.0)])[0], rel=1e-8)


def test_where_a_bound_holds_standard_deviations_are_those_published(noisy):
    """Readings that ask for less than nothing: the point stands at the bound, what is published ignores it."""
    first = next(one for one in noisy.readings if one.stream == "dust" and one.quantity == MASS)
    asking = replace(first, value=-4 * first.sigma)
    one = replace(noisy, readings=tuple(asking if each is first else each for each in noisy.readings))
    result = solved(one)
    start = start_of(result)
    assert start.held or start.closed
    again = resolved(one, start)
    linear = result.fit.linear
    for stream in one.streams:
        if stream.id in start.closed:
            continue
        mine = dict(zip(again.keys, again.slopes(Solved(stream.id, MASS)) @ again.linear, strict=True))
        theirs = linear.by_readings(result.slopes([(stream.id, MASS, 1.0)]))
        for number, slope in zip(linear.used, theirs, strict=True):
            read = result.network.readings[int(number)]
            key = read.stream, read.quantity, read.meter
            assert mine.get(key, 0.0) == pytest.approx(slope, rel=1e-6, abs=1e-9), (stream.id, key)
