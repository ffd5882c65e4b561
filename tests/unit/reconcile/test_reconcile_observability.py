"""What can be known: unobservable is null, and ratios are known where their parts are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.depth import deep
from tests.unit.reconcile.networks import concentrator, separator, without

from zveno.model.network import NetNode, NetReading, NetStream, Network
from zveno.reconcile import problem_report, solve_network


def bypass() -> Network:
    ends = {"S1": (None, "N1"), "S2": ("N1", "N2"), "S3": ("N1", "N3"), "S4": ("N2", "N4"), "S5": ("N3", "N4"), "S6": ("N4", None)}  # fmt: skip
    return Network(
        tuple(NetNode(f"N{k}") for k in (1, 2, 3, 4)),
        tuple(NetStream(name, *one) for name, one in ends.items()),
        (NetReading("S1", "mass", 101.91, 1.0), NetReading("S6", "mass", 98.88, 1.0)),
    )


def test_parallel_branches_are_unobservable_and_null():
    # Narasimhan & Jordache (2000), chapter 1, heat exchanger with by-pass, inlet and outlet measured
    network = bypass()
    report = problem_report(network, solve_network(network))
    assert report["reconciled"]["S1"]["mass"] == pytest.approx(100.395)
    assert [report["reconciled"][name]["mass"] for name in ("S2", "S3", "S4", "S5")] == [None] * 4
    assert [report["sigma_reconciled"][name]["mass"] for name in ("S2", "S3", "S4", "S5")] == [None] * 4
    assert set(report["classification"]["unmeasured"]["S2"].values()) == {"unobservable"}
    assert (report["objective"], report["dof"]) == (pytest.approx(4.59045), 1)


def test_the_sum_of_two_unobservable_branches_is_known():
    result = solve_network(bypass())
    value, sd = result.total([("S2", "mass", 1.0), ("S3", "mass", 1.0)])
    assert (value, sd) == (pytest.approx(100.395), pytest.approx(0.5**0.5))


def test_recovery_is_known_without_any_mass():
    network = without(concentrator(0, noise=0), ("feed", "mass"), ("conc", "mass"))
    result = solve_network(network)
    assert result.value("feed", "mass") is None
    assert result.component_flow("conc", "Cu") == (None, None)
    recovery, sd = result.ratio([("conc", "Cu", 1.0)], [("feed", "Cu", 1.0)])
    assert recovery == pytest.approx(10 / 12, rel=1e-6)
    assert 0 < sd < 0.02


@pytest.mark.parametrize(("times", "within"), [(80, 0.3), deep(400, 0.14)])
def test_standard_deviations_agree_with_repeated_draws(times, within):
    """Monte Carlo: the scatter of the estimates is what the balance says of one."""
    draws = [solve_network(concentrator(seed)) for seed in range(times)]
    for pick in (
        lambda one: one.ratio([("conc", "Cu", 1.0)], [("feed", "Cu", 1.0)]),
        lambda one: one.component_flow("tail", "Cu"),
        lambda one: (one.value("conc", "mass"), one.sd("conc", "mass")),
    ):
        values = np.array([pick(one) for one in draws])
        # the scatter of 400 draws has a relative error of 3.5 %, that of 80 one of 8 %
        assert values[:, 0].std() == pytest.approx(np.median(values[:, 1]), rel=within)


@pytest.mark.parametrize(("times", "mean", "spread"), [(60, 0.5, 0.4), deep(300, 0.25, 0.2)])
def test_standardised_adjustments_are_standard(times, mean, spread):
    z = np.array([[one.z for one in solve_network(concentrator(seed)).readings] for seed in range(times)])
    assert np.abs(z.mean(axis=0)).max() < mean
    assert np.abs(z.std(axis=0) - 1).max() < spread


def test_a_component_that_nobody_assays_is_unobservable():
    network = replace(concentrator(0), components=("Cu", "Fe", "S", "Au"))
    result = solve_network(network)
    assert all(result.value(one, "Au") is None for one in ("feed", "conc", "tail"))
    assert result.dof == solve_network(concentrator(0)).dof


def test_classes_count_an_unread_quantity_and_a_reading_nobody_checks():
    network = without(concentrator(0), ("tail", "Fe"))
    classes = solve_network(network).classification
    assert classes["unmeasured"]["tail"] == {"mass": "observable", "Fe": "observable"}
    assert classes["measured"]["feed"]["Cu"] == "redundant"
    assert classes["measured"]["feed"]["Fe"] == "non_redundant"
    assert solve_network(separator(("S1", 9.0, 1.0))).classification["measured"] == {"S1": {"mass": "non_redundant"}}
