"""Networks that are hard for sparse arrays: correlated errors far apart, zero flows, masses without end, poor optima."""

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.recycle_networks import recycle_case, recycle_network
from tests.depth import deep

from zveno.errors import DataError
from zveno.model.network import (
    MASS,
    NetClosure,
    NetConstraint,
    NetCovariance,
    NetNode,
    NetReading,
    NetStream,
    NetTerm,
    Network,
)
from zveno.reconcile import (
    LargeResult,
    NetworkResult,
    Scrutiny,
    problem_report,
    solve,
    solve_large,
    solve_network,
)
from zveno.reconcile.sparse.fit import fit_large


def with_pairs(network, count, correlation, *, seed=1, neighbours=False):
    """The network with pairs of readings whose errors are correlated, far apart or beside each other."""
    picked = np.arange(2 * count) if neighbours else np.random.default_rng(seed).permutation(len(network.readings))
    pairs = picked[: 2 * count].reshape(-1, 2)
    told = network.readings
    return replace(
        network,
        covariances=tuple(
            NetCovariance(
                (told[i].stream, told[i].quantity), (told[j].stream, told[j].quantity),
                correlation * told[i].sigma * told[j].sigma,
            )
            for i, j in pairs
        ),
    )  # fmt: skip


def splitter(readings, **more):
    """One node with a feed and two products."""
    streams = (NetStream("f", None, "n"), NetStream("c", "n", None), NetStream("t", "n", None))
    return Network((NetNode("n"),), streams, tuple(NetReading(*one) for one in readings), ("Cu",), **more)


def by_name(result):
    """Standardised adjustments of single readings that are told as suspects."""
    told = [one for group in result.suspect_classes for one in group.everything]
    return {(one.kind, one.stream, one.quantity): one.z for one in told}


@pytest.mark.parametrize(
    ("count", "correlation", "neighbours"), [(2, 0.9, False), (40, 0.5, False), (40, -0.6, False), (40, 0.9, True)]
)
def test_strongly_correlated_readings_are_solved_as_by_dense_algebra(count, correlation, neighbours):
    network = with_pairs(recycle_network(30, 3, 0), count, correlation, neighbours=neighbours)
    dense, sparse = solve_network(network), solve_large(network)
    assert sparse.objective == pytest.approx(dense.objective, rel=1e-8)
    assert sparse.dof == dense.dof
    for one, other in zip(sparse.readings, dense.readings, strict=True):
        assert (one.z is None) == (other.z is None)
        if one.z is not None:
            assert one.z == pytest.approx(other.z, abs=2e-3, rel=2e-3)


def test_common_errors_far_apart_cost_one_row_each():
    """Eliminated early, each would join all rows of four nodes; the factor would be many times as large."""
    network = recycle_network(200, 10, 0)
    plain = fit_large(network).spread.system.factors.pattern.entries
    tied = fit_large(with_pairs(network, 100, 0.5)).spread.system.factors.pattern.entries
    assert tied < 5 * plain


def test_correlated_assays_of_a_stream_that_carries_nothing_are_left_out():
    readings = [
        ("f", MASS, 100.0, 0.1), ("t", MASS, 103.0, 0.1), ("f", "Cu", 0.01, 1e-4), ("t", "Cu", 0.0102, 1e-4),
        ("c", "Cu", 0.25, 1e-3),
    ]  # fmt: skip
    pairs = (
        NetCovariance(("f", "Cu"), ("c", "Cu"), 0.7e-7),
        NetCovariance(("f", "Cu"), ("t", "Cu"), 0.5e-8),
    )
    network = splitter(readings, covariances=pairs)
    dense, sparse = solve_network(network), solve_large(network)
    assert sparse.value("c", MASS) == pytest.approx(0.0, abs=1e-6)
    assert sparse.value("c", "Cu") is None
    assert sparse.objective == pytest.approx(dense.objective, rel=1e-6)
    assert sparse.dof == dense.dof
    assert sparse.sd("f", "Cu") == pytest.approx(dense.sd("f", "Cu"), rel=1e-3)


@pytest.mark.parametrize("masses", [((100.0, 1.0), (0.0, 0.1), (100.0, 1.0)), ((0.0, 1.0), (0.0, 1.0), (0.0, 1.0))])
def test_flows_of_nothing_are_solved(masses):
    assays = [("f", "Cu", 0.01, 3e-4), ("c", "Cu", 0.27, 3e-3), ("t", "Cu", 0.01, 3e-4)]
    network = splitter([(name, MASS, *one) for name, one in zip("fct", masses, strict=True)] + assays)
    dense, sparse = solve_network(network), solve_large(network)
    assert sparse.objective == pytest.approx(0.0, abs=1e-6)
    assert sparse.dof == dense.dof
    for name in "fct":
        assert sparse.value(name, MASS) == pytest.approx(dense.value(name, MASS), abs=2e-3)
        assert sparse.sd(name, MASS) == pytest.approx(dense.sd(name, MASS), rel=1e-2)


def test_what_is_both_fixed_and_read_is_tested():
    readings = [
        ("f", MASS, 103.0, 1.0), ("c", MASS, 5.0, 0.1), ("t", MASS, 96.0, 1.0), ("f", "Cu", 0.01, 3e-4),
        ("c", "Cu", 0.2, 3e-3), ("t", "Cu", 0.001, 3e-4),
    ]  # fmt: skip
    network = splitter(readings, fixed={("f", MASS): 100.0, ("c", "Cu"): 0.195})
    dense, sparse = solve_network(network), solve_large(network)
    z = {(one.stream, one.quantity): one.z for one in sparse.readings}
    assert z["f", MASS] == pytest.approx(3.0)
    assert z == pytest.approx({(one.stream, one.quantity): one.z for one in dense.readings}, rel=1e-4)
    assert by_name(sparse) == pytest.approx(by_name(dense), rel=1e-4)


def test_a_closure_that_leaves_an_assay_no_choice_has_its_readings_tested():
    readings = [("f", MASS, 103.0, 1.0), ("c", MASS, 5.0, 0.1), ("t", MASS, 96.0, 1.0), ("f", "Cu", 0.51, 3e-3)]
    network = splitter(readings, closure=NetClosure(("Cu",), 0.5))
    dense, sparse = solve_network(network), solve_large(network)
    assert sparse.objective == pytest.approx(dense.objective, rel=1e-9)
    assert by_name(sparse) == pytest.approx(by_name(dense), rel=1e-4)


def recycle(assays):
    """A flotation circuit whose cleaner tailings return, the recycled masses unweighed."""
    nodes = (NetNode("A"), NetNode("B"))
    streams = (
        NetStream("f", None, "A"), NetStream("c", "A", "B"), NetStream("t", "A", None), NetStream("k", "B", None),
        NetStream("r", "B", "A"),
    )  # fmt: skip
    read = [NetReading("f", MASS, 1000.0, 20.0), NetReading("k", MASS, 32.0, 1.0)]
    read += [NetReading(*one) for one in assays]
    return Network(nodes, streams, tuple(read), ("Cu", "Fe"))


COMMON = [
    ("f", "Cu", 0.01, 3e-4), ("f", "Fe", 0.06, 1e-3), ("t", "Cu", 0.0011, 1e-4), ("t", "Fe", 0.055, 1e-3),
    ("k", "Cu", 0.27, 3e-3), ("k", "Fe", 0.28, 1e-2),
]  # fmt: skip


@pytest.mark.parametrize(
    "more",
    [
        [("c", "Fe", 0.12, 0.01), ("r", "Cu", 0.15, 2e-3), ("r", "Fe", 0.2, 5e-3)],
        deep([("c", "Cu", 0.10, 1e-3), ("c", "Fe", 0.12, 0.01), ("r", "Fe", 0.2, 5e-3)]),
    ],
)
def test_masses_without_end_are_held_and_the_rest_has_numbers(more):
    """The recycle is the richer the more of it there is: the objective falls with its mass for ever."""
    result = solve_large(recycle(COMMON + more))
    assert set(result.unbounded) == {"c", "r"}
    assert result.value("c", MASS) is None is result.value("r", MASS)
    assert result.value("f", MASS) == pytest.approx(996.78, rel=1e-4)
    assert result.value("k", MASS) == pytest.approx(32.25, rel=1e-3)
    assert result.objective == pytest.approx(54.20226, rel=1e-4)
    assert problem_report(result.network, result)["unbounded"] == list(result.unbounded)


def test_fixed_values_that_contradict_each_other_are_refused():
    streams = (NetStream("f", None, "n"), NetStream("x", "n", "k"), NetStream("t", "k", None))
    network = Network(
        (NetNode("n"), NetNode("k")), streams, (NetReading("x", MASS, 80.0, 1.0),),
        fixed={("f", MASS): 100.0, ("t", MASS): 50.0},
    )  # fmt: skip
    with pytest.raises(DataError, match="contradict"):
        solve_large(network)
    agreeing = solve_large(replace(network, fixed={("f", MASS): 100.0, ("t", MASS): 100.0}))
    assert agreeing.objective == pytest.approx(400.0)


def test_extra_equations_in_assays_of_two_streams_are_those_of_dense_algebra():
    network, truth = recycle_case(20, 3, 0)
    names = [one.id for one in network.streams]
    ratio = float(truth.assay_frac[4, 1] / truth.assay_frac[5, 1])
    equation = NetConstraint((NetTerm(names[4], "C1", 1.0), NetTerm(names[5], "C1", -ratio)), 0.0)
    network = replace(network, constraints=(equation,))
    dense, sparse = solve_network(network), solve_large(network)
    assert sparse.value(names[4], "C1") == pytest.approx(ratio * sparse.value(names[5], "C1"), rel=1e-8)
    assert sparse.objective == pytest.approx(dense.objective, rel=1e-7)
    assert sparse.dof == dense.dof
    assert sparse.sd(names[4], "C1") == pytest.approx(dense.sd(names[4], "C1"), rel=1e-3)


def test_networks_of_middle_size_that_contradict_themselves_get_all_that_dense_algebra_tells():
    network = recycle_network(60, 9, 0)
    assert isinstance(solve(network), LargeResult)
    at = next(k for k, one in enumerate(network.readings) if one.quantity == "C2" and k > 40)
    one = network.readings[at]
    wrong = replace(one, value=one.value + 15 * one.sigma)
    loud = replace(network, readings=(*network.readings[:at], wrong, *network.readings[at + 1 :]))
    found = solve(loud)
    assert isinstance(found, NetworkResult)
    assert found.suspect_classes
    asked = next(one.meter for one in network.readings)
    assert isinstance(solve(network, Scrutiny(asked=(asked,))), NetworkResult)


@pytest.mark.parametrize("seed", [0, 3])
def test_suspects_are_those_of_dense_algebra(seed):
    network = recycle_network(15, 2, seed)
    rng = np.random.default_rng(seed)
    readings = list(network.readings)
    for at in rng.choice(len(readings), 2, replace=False):
        readings[at] = replace(readings[at], value=readings[at].value + 12 * readings[at].sigma)
    network = with_pairs(replace(network, readings=tuple(readings)), 3, 0.6)
    dense, sparse = solve_network(network), solve_large(network)
    assert sparse.gross_errors.limit == pytest.approx(dense.gross_errors.limit, rel=1e-9)
    assert by_name(sparse).keys() == by_name(dense).keys()
    assert by_name(sparse) == pytest.approx(by_name(dense), rel=5e-3)
