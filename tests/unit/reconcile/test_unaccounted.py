"""Unaccounted metal, and networks solved from near by."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.reconcile.networks import concentrator
from tests.unit.reconcile.plants import MONTH, TRUTH, model, records

from zveno.model.network import NetNode, NetReading, NetStream, Network
from zveno.reconcile import reconcile, solve_network
from zveno.reconcile.fit import fit_network, refit
from zveno.reconcile.gross_errors import critical_z, smallest_shown


@pytest.mark.parametrize("seed", range(4))
def test_a_network_solved_from_near_by_is_the_same_as_solved_anew(seed):
    network = concentrator(seed)
    nodes = tuple(replace(one, components=("Fe", "S")) for one in network.nodes)
    released = replace(network, nodes=nodes)
    near, anew = refit(released, fit_network(network)), fit_network(released)
    assert near.objective == pytest.approx(anew.objective, rel=1e-8)
    np.testing.assert_allclose(near.mass, anew.mass, rtol=1e-6)
    np.testing.assert_allclose(near.flow, anew.flow, rtol=1e-6, atol=1e-9)
    assert near.dof == anew.dof


def test_copper_that_left_unseen_is_unaccounted():
    thief = {**TRUTH, ("tail.assay", "Cu"): TRUTH["tail.assay", "Cu"] / 2}
    honest, robbed = (reconcile(model(), records(values), MONTH) for values in (TRUTH, thief))
    rows = [{one["component"]: one for one in found.unaccounted.rows(named=True)}["Cu"] for found in (honest, robbed)]
    lost = 62 * 960 * TRUTH["tail.assay", "Cu"] / 2  # type: ignore[operator]
    assert rows[0]["mass_t"] == pytest.approx(0.0, abs=1e-6)
    assert rows[1]["mass_t"] == pytest.approx(lost, rel=0.02)
    assert rows[1]["mass_sd_t"] > 0


def test_what_a_component_is_not_followed_in_does_not_hide_the_rest():
    """A gas cleaning that follows sulphur only leaves the copper of its plant accountable."""
    plant = model().chain.plants[0].model_dump(mode="json")
    plant["sections"][1]["components"] = ["Fe"]
    found = reconcile(model(plants=[plant]), records(), MONTH)
    assert "Cu" in found.unaccounted["component"].to_list()


def chain_of(n: int) -> Network:
    """A stream that n scales weigh one after the other."""
    streams = tuple(NetStream(f"s{k}", f"n{k - 1}" if k else None, f"n{k}" if k < n - 1 else None) for k in range(n))
    readings = tuple(NetReading(f"s{k}", "mass", 100.0, 1.0) for k in range(n))
    return Network(tuple(NetNode(f"n{k}") for k in range(n - 1)), streams, readings)


def test_the_error_that_shows_is_found_four_times_out_of_five():
    network = chain_of(4)
    (least,) = {round(one.shows_from or 0.0, 9) for one in solve_network(network).readings}
    # five things can be told apart: an error of each of the four scales, and a loss half way
    assert least == pytest.approx((critical_z(5) + 0.8416) / np.sqrt(3 / 4), rel=1e-3)
    rng, found = np.random.default_rng(5), 0
    for _ in range(400):
        noise = rng.standard_normal(4)
        noise[1] += least
        readings = tuple(replace(one, value=100.0 + e) for one, e in zip(network.readings, noise, strict=True))
        fit = fit_network(replace(network, readings=readings))
        found += bool(abs(fit.tests.z[1]) > critical_z(5))
    assert 0.75 < found / 400 < 0.85


def test_a_reading_that_nothing_checks_never_shows():
    assert np.isnan(smallest_shown(np.array([np.nan]), 2.0))[0]
    network = concentrator()
    only_feed = replace(network, readings=tuple(one for one in network.readings if one.stream == "feed"))
    assert {one.shows_from for one in solve_network(only_feed).readings} == {None}
