"""Balances at the readings: residuals, their errors, what is merged and what is taken out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.reconcile.networks import biased, concentrator, four_belts, row_of_units, without

from zveno.model.network import NetNode, NetReading, NetStream, Network
from zveno.reconcile.fit import fit_network
from zveno.reconcile.gross_errors import balance_tests


def by_name(network, groups=None):
    return {(one.place, one.quantity): one for one in balance_tests(network, groups)}


def test_a_residual_is_in_less_out_with_the_errors_of_its_readings():
    found = by_name(biased(row_of_units(), "s2", "mass", 0.7))
    one = found["n2", "mass"]
    assert one.residual == pytest.approx(30.0)
    assert one.sd == pytest.approx(np.sqrt(8.0**2 + 7.0**2 + 1.0**2))
    assert [name for name, test in found.items() if abs(test.z) > 1e-9] == [("n2", "mass")]


def test_covariances_enter_a_residual():
    one = by_name(four_belts(), {"plant": ["n0", "n1", "n2", "n3", "sum"]})["plant", "mass"]
    own, shared = 0.5, 0.4
    assert one.sd == pytest.approx(np.sqrt(4 * own**2 + (4 * shared) ** 2 + 1.0))


def test_groups_are_balanced_by_what_crosses_their_border():
    found = by_name(row_of_units(), {"first": ["n0", "n1", "n2"], "whole": [f"n{k}" for k in range(6)]})
    assert found["first", "mass"].nodes == ("n0", "n1", "n2")
    # feed, what goes on, and three side streams of 1 % each
    assert found["first", "mass"].sd == pytest.approx(np.sqrt(10.0**2 + 7.0**2 + 3))
    assert found["whole", "mass"].sd == pytest.approx(np.sqrt(10.0**2 + 4.0**2 + 6))


def test_nodes_are_merged_over_what_is_not_read():
    network = without(row_of_units(), ("m2", "mass"))
    found = by_name(network)
    assert ("n1", "mass") not in found
    assert ("n2", "mass") not in found
    assert found["n1+n2", "mass"].sd == pytest.approx(np.sqrt(9.0**2 + 7.0**2 + 2))
    # what is merged with the outside has no balance
    assert not any("n0" in one.nodes for one in balance_tests(without(network, ("s0", "mass"))))


def test_a_stream_that_is_assayed_but_not_weighed_is_taken_out_by_the_mass_balance():
    """The copper of a concentrator whose tailings are not weighed: the two-product formula as a balance."""
    network = biased(concentrator(0, noise=0), "feed", "Cu", 1.1)
    one = by_name(network)["mill", "Cu"]
    feed, conc = 1000.0, 40.0
    tail = (12 - 10) / 960
    assert one.without == "tail"
    assert one.residual == pytest.approx(feed * (0.0132 - tail) - conc * (0.25 - tail))
    slopes = {"feed": (0.0132 - tail, feed), "conc": (-(0.25 - tail), -conc), "tail": (0.0, -(feed - conc))}
    sds = {"feed": (10.0, 0.02 * 0.012), "conc": (0.4, 0.02 * 0.25), "tail": (0.0, 0.02 * tail)}
    variance = sum((a * b) ** 2 for name in slopes for a, b in zip(slopes[name], sds[name], strict=True))
    assert one.sd == pytest.approx(np.sqrt(variance), rel=1e-6)


def test_where_one_balance_is_all_there_is_its_square_is_the_objective():
    network = concentrator(4)
    copper = replace(network, components=("Cu",),
                     readings=tuple(one for one in network.readings if one.quantity in ("mass", "Cu")))  # fmt: skip
    (one,) = balance_tests(copper)
    # linear to second order in errors of 2 %
    assert one.z**2 == pytest.approx(fit_network(copper).objective, rel=0.05)


def test_residuals_are_unit_normals_where_errors_are_as_described():
    z = np.array([[one.z for one in balance_tests(concentrator(seed))] for seed in range(400)])
    assert z.shape[1] == 3
    assert np.abs(z.mean(axis=0)).max() < 0.2
    assert z.std(axis=0) == pytest.approx(np.ones(3), abs=0.12)


def test_what_cannot_be_known_has_no_test():
    """Two streams that nobody weighs cannot both be taken out."""
    streams = (NetStream("feed", None, "mill"), NetStream("conc", "mill", None), NetStream("tail", "mill", None))
    readings = (NetReading("feed", "mass", 100.0, 1.0),
                *(NetReading(one.id, "Cu", 0.01, 1e-4) for one in streams))  # fmt: skip
    assert balance_tests(Network((NetNode("mill"),), streams, readings, ("Cu",))) == ()


def test_several_readings_of_one_quantity_count_by_their_errors():
    network = row_of_units()
    network = replace(network, readings=(*network.readings, NetReading("s0", "mass", 103.0, 2.0, meter="second")))
    one = by_name(network)["n0", "mass"]
    assert one.residual == pytest.approx(-3.0 * (1 / 4) / (1 + 1 / 4))
    assert one.sd == pytest.approx(np.sqrt(10.0**2 + 9.0**2 + 1 / (1 + 1 / 4)))
