"""Laws of the tests of gross errors, for any readings of a network of flows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.recycle_networks import recycle_network
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import deep
from tests.unit.reconcile.networks import row_of_units

from zveno.model.network import MASS, Network
from zveno.reconcile import solve_network
from zveno.reconcile.fit import fit_network
from zveno.reconcile.gross_errors import balance_tests
from zveno.reconcile.gross_errors.freed import freed
from zveno.reconcile.gross_errors.search import Trial

noises = st.lists(st.floats(-3, 3), min_size=13, max_size=13)


def noisy(noise: list[float], *, scale: float = 1.0) -> Network:
    """The row of units with errors in standard deviations; ``scale`` is that of the unit of mass."""
    network = row_of_units()
    readings = tuple(
        replace(one, value=scale * (one.value + e * one.sigma), sigma=scale * one.sigma)
        for one, e in zip(network.readings, noise, strict=True)
    )
    return replace(network, readings=readings)


@pytest.mark.parametrize("examples", [6, deep(25)])
def test_letting_a_hypothesis_go_lowers_the_objective_by_its_squared_score(examples):
    @given(noises)
    @settings(max_examples=examples, deadline=None)
    def holds(noise):
        tested = Trial(noisy(noise), fit_network(noisy(noise)))
        found = tested.family
        for k, one in enumerate(found.members):
            rest = fit_network(freed(tested.network, [(one, float(found.bias_sd[k]))]).network)
            fall = tested.fit.objective - rest.objective
            assert fall == pytest.approx(found.z[k] ** 2, rel=1e-3, abs=1e-4)

    holds()


@given(noises, st.floats(1e-3, 1e3))
@settings(max_examples=25, deadline=None)
def test_scores_do_not_depend_on_the_unit_of_mass(noise, scale):
    first, second = (Trial(one, fit_network(one)) for one in (noisy(noise), noisy(noise, scale=scale)))
    assert second.family.z == pytest.approx(first.family.z, rel=1e-5, abs=1e-5)
    losses = [k for k, one in enumerate(first.family.members) if one.kind == "loss"]
    assert second.family.bias[losses] == pytest.approx(scale * first.family.bias[losses], rel=1e-4, abs=1e-4 * scale)
    assert second.limit == first.limit


@given(noises, st.permutations(range(13)))
@settings(max_examples=15, deadline=None)
def test_the_order_of_readings_is_irrelevant(noise, order):
    network = noisy([3 * one for one in noise])
    shuffled = replace(network, readings=tuple(network.readings[k] for k in order))

    def told(result):
        return [
            (step.action, sorted((one.kind, one.stream) for one in step.set_aside.everything))
            for step in result.eliminations
        ]

    assert told(solve_network(shuffled)) == told(solve_network(network))


@given(noises)
@settings(max_examples=25, deadline=None)
def test_of_one_balance_the_residual_at_the_readings_is_the_whole_misfit(noise):
    """The whole row as one unit: feed, last product and side streams alone."""
    network = noisy(noise)
    side = {"m0", "m6", *(f"s{k}" for k in range(6))}
    alone = replace(network, readings=tuple(one for one in network.readings if one.stream in side))
    (test,) = [one for one in balance_tests(alone) if len(one.nodes) == 6]
    fit = fit_network(alone)
    assert fit.dof == 1
    assert test.z**2 == pytest.approx(fit.objective, rel=1e-6, abs=1e-9)
    assert np.sign(test.residual) == np.sign(test.z)


@given(seed=st.integers(0, 10_000), share=st.floats(0.02, 0.15))
@settings(max_examples=40, deadline=None)
def test_no_score_exceeds_the_root_of_the_objective_where_bounds_hold(seed, share):
    """A reading let go lowers the objective by its squared score, so no more than to nothing: bounds push, not err."""
    network = recycle_network(20, 3, seed)
    rng = np.random.default_rng(seed)
    readings = tuple(
        replace(one, value=0.0) if rng.random() < share and one.quantity != MASS else one for one in network.readings
    )
    network = replace(network, readings=readings)
    fit = fit_network(network)
    z = np.nan_to_num(fit.tests.z)
    assert np.max(z**2, initial=0.0) <= fit.objective * (1 + 1e-6) + 1e-9
