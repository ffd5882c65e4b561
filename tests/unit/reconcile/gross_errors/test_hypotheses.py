"""Errors that are not one reading's: what several readings share, and what is lost at a node."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.reconcile.networks import biased, concentrator, four_belts, row_of_units

from zveno.model.network import NetCovariance, NetReading
from zveno.reconcile import solve_network
from zveno.reconcile.fit import fit_network
from zveno.reconcile.gross_errors.adjusted import DenseAdjusted
from zveno.reconcile.gross_errors.checks import separating
from zveno.reconcile.gross_errors.classes import tied_classes
from zveno.reconcile.gross_errors.hypotheses import family


def family_of(network):
    fit = fit_network(network)
    adjusted = DenseAdjusted.of(fit)
    return fit, adjusted, family(network, fit, adjusted)


def test_an_error_that_four_belts_share_is_named_as_such():
    result = solve_network(four_belts(1.05))
    top = result.suspect_classes[0]
    assert [(one.kind, one.name, one.readings) for one in top.everything] == [("common", "calibration", (0, 1, 2, 3))]
    # 5 % too high is 1/1.05 of 5 % of what they read
    assert top.everything[0].bias == pytest.approx(0.05 / 1.05, rel=1e-6)
    assert [step.set_aside.everything[0].name for step in result.eliminations] == ["calibration"]
    # letting a common error go takes one degree of freedom, not the readings
    assert result.eliminations[0].dof == result.dof - 1
    assert result.eliminations[0].objective < 0.01
    (error,) = result.gross_errors.errors
    assert error.bias == pytest.approx(0.05 / 1.05, rel=1e-4)


def test_one_belt_alone_is_not_taken_for_their_common_error():
    result = solve_network(biased(four_belts(), "belt1", "mass", 1.05))
    assert [(one.kind, one.stream) for one in result.suspect_classes[0].everything[:1]] == [("reading", "belt1")]


def test_a_common_error_as_large_as_described_is_no_suspect():
    assert solve_network(four_belts(1.004)).suspect_classes == ()


def test_the_statistic_of_a_common_error_is_what_letting_it_go_gains():
    network = four_belts(1.02)
    fit, _, found = family_of(network)
    (k,) = (k for k, one in enumerate(found.members) if one.kind == "common" and one.name)
    gone = replace(
        network,
        readings=tuple(replace(one, sigma=float(np.hypot(one.sigma, 1e4))) if one.stream.startswith("belt") else one
                       for one in network.readings),
        covariances=tuple(replace(one, value=one.value + 1e8) for one in network.covariances),
    )  # fmt: skip
    assert found.z[k] ** 2 == pytest.approx(fit.objective - fit_network(gone).objective, rel=1e-6)


def test_correlated_readings_without_a_name_are_tried_together():
    network = four_belts(1.05)
    unnamed = replace(network, common=())
    assert solve_network(unnamed).suspect_classes[0].everything[0].readings == (0, 1, 2, 3)
    assert all(isinstance(one, NetCovariance) for one in unnamed.covariances)


def test_a_loss_looks_like_a_low_scale_of_what_leaves_there():
    network = row_of_units()
    for k in range(3, 7):  # 60 t are lost at n2
        network = biased(network, f"m{k}", "mass", (1000.0 - 100 * k - 60) / (1000.0 - 100 * k))
    top = solve_network(network).suspect_classes[0]
    assert [(one.kind, one.stream) for one in top.everything] == [("reading", "s2"), ("loss", "n2")]
    reading, loss = top.everything
    assert (reading.bias, loss.bias) == (pytest.approx(-60.0), pytest.approx(60.0))
    # of what comes into n2, 800 t, as the balance that has to close has it
    assert loss.relative == pytest.approx(60 / 800, rel=0.1)


def test_a_loss_at_a_node_that_no_single_reading_explains_is_named_by_the_node():
    """Of two nodes between three scales that are weighed twice, the first loses 30 t."""
    network = row_of_units()
    double = tuple(NetReading(f"s{k}", "mass", 100.0, 1.0, meter="second") for k in range(6))
    network = replace(network, readings=(*network.readings, *double))
    for k in range(3, 7):
        network = biased(network, f"m{k}", "mass", (1000.0 - 100 * k - 60) / (1000.0 - 100 * k))
    result = solve_network(network)
    assert [(one.kind, one.stream) for one in result.suspect_classes[0].everything] == [("loss", "n2")]
    assert result.eliminations[0].objective < 0.01
    assert result.eliminations[0].dof == result.dof - 1
    assert result.gross_errors.errors[0].bias == pytest.approx(60.0, rel=1e-4)


def test_a_component_lost_at_a_node_is_found_by_its_balance():
    network = biased(concentrator(0, noise=0), "tail", "Cu", 0.4)
    top = solve_network(network).suspect_classes[0]
    told = {(one.kind, one.stream, one.quantity) for one in top.everything}
    assert ("loss", "mill", "Cu") in told
    assert ("reading", "tail", "Cu") in told


def test_scores_of_hypotheses_are_unit_normals_where_nothing_is_wrong():
    rng = np.random.default_rng(11)
    network = four_belts()
    V = np.diag([one.sigma**2 for one in network.readings])
    V[:4, :4] += (1 - np.eye(4)) * network.covariances[0].value
    root = np.linalg.cholesky(V)
    rows = []
    for _ in range(300):
        noise = root @ rng.standard_normal(len(V))
        drawn = tuple(replace(one, value=one.value + e) for one, e in zip(network.readings, noise, strict=True))
        rows.append(family_of(replace(network, readings=drawn))[2].z)
    z = np.array(rows)
    assert np.abs(z.mean(axis=0)).max() < 0.25  # 4 standard errors
    assert z.std(axis=0) == pytest.approx(np.ones(z.shape[1]), abs=0.17)


def test_classes_hold_every_hypothesis_once():
    _, adjusted, found = family_of(four_belts())
    members = np.concatenate(tied_classes(found, adjusted))
    assert sorted(members) == list(range(len(found.members)))


def test_where_nothing_unread_parts_a_class_a_second_reading_is_named():
    network = row_of_units()
    fit, adjusted, found = family_of(network)
    members = next(one for one in tied_classes(found, adjusted) if "n1" in {found.members[k].name for k in one})
    assert [found.members[k].kind for k in members] == ["reading", "loss"]
    assert separating(network, fit, adjusted, found, members) == ((("s1", "mass"),), True)
    more = NetReading("s1", "mass", 100.0, 1.0, meter="second")
    _, other, after = family_of(replace(network, readings=(*network.readings, more)))
    (alone,) = (one for one in tied_classes(after, other) if "n1" in {after.members[k].name for k in one})
    assert [after.members[k].kind for k in alone] == ["loss"]
