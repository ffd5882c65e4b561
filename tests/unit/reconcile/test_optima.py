"""Several local optima: the better one is told, and that there are others."""

from dataclasses import replace

import numpy as np
import pytest

from zveno.model.network import MASS, NetNode, NetReading, NetStream, Network
from zveno.reconcile import problem_report, solve_large, solve_network
from zveno.reconcile.fit import fit_network
from zveno.reconcile.optima import optima

STREAMS = (NetStream("feed", None, "cell"), NetStream("conc", "cell", None), NetStream("tail", "cell", None))


def split(assays):
    """One unweighed split whose three assays are given with 2 % errors, by component."""
    readings = [NetReading("feed", MASS, 100.0, 1.0)]
    for component, values in assays.items():
        readings += [
            NetReading(one.id, component, v, 0.02 * v) for one, v in zip(STREAMS, values, strict=True)
        ]  # fmt: skip
    return Network((NetNode("cell"),), STREAMS, tuple(readings), tuple(assays))


TORN = {"Cu": (0.020, 0.25, 0.010), "Fe": (0.30, 0.25, 0.21)}
"""Copper calls for a small concentrate; iron is richer in the feed than in both products."""


def test_readings_that_agree_are_solved_once():
    network = split({"Cu": (0.010, 0.25, 0.0011), "Fe": (0.0455, 0.28, 0.0367)})
    result = solve_network(network)
    assert result.p_value > 0.05
    assert result.other_optima == ()


def two_ways():
    """Copper says that a tenth goes to the concentrate, iron says four fifths, and each has one poor assay.

    The misfit has a valley at either: what the other component misses by is put on its poor assay.
    """
    readings = [NetReading("feed", MASS, 100.0, 0.1)]
    for component, values, sigmas in (
        ("Cu", (0.02, 0.11, 0.01), (1e-5, 0.02, 1e-5)),
        ("Fe", (0.20, 0.225, 0.10), (1e-4, 1e-4, 0.02)),
    ):
        readings += [
            NetReading(one.id, component, v, s) for one, v, s in zip(STREAMS, values, sigmas, strict=True)
        ]  # fmt: skip
    return Network((NetNode("cell"),), STREAMS, tuple(readings), ("Cu", "Fe"))


def misfit_at(share):
    """Least sum of squares at a share of the feed in the concentrate, of errors small enough to be added."""
    total = 0.0
    for (f, c, t), (sf, sc, st) in (
        ((0.02, 0.11, 0.01), (1e-5, 0.02, 1e-5)),
        ((0.20, 0.225, 0.10), (1e-4, 1e-4, 0.02)),
    ):
        variance = sf**2 + (share * sc) ** 2 + ((1 - share) * st) ** 2
        total += (f - share * c - (1 - share) * t) ** 2 / variance
    return total


def test_the_better_of_two_optima_is_told_and_the_other_named():
    shares = np.linspace(0.01, 0.99, 9801)
    curve = misfit_at(shares)
    valleys = np.flatnonzero((curve[1:-1] < curve[:-2]) & (curve[1:-1] < curve[2:])) + 1
    assert len(valleys) == 2
    network = two_ways()
    result = solve_network(network)
    assert result.objective == pytest.approx(curve[valleys].min(), rel=1e-4)
    assert [one.objective for one in result.other_optima] == pytest.approx([curve[valleys].max()], rel=1e-4)
    told = problem_report(network, result)["other_local_optima"]
    assert told[0]["objective"] == result.other_optima[0].objective
    assert told[0]["reconciled"]["conc"]["mass"] != pytest.approx(result.value("conc", MASS), rel=0.1)


def test_a_poor_start_does_not_decide():
    """Begun at the worse optimum, the search comes back with the better one."""
    network = two_ways()
    found = optima(network, fit_network(network))
    again = optima(network, found.others[0])
    assert again.best.objective == pytest.approx(found.best.objective, rel=1e-6)
    assert again.others[0].objective == pytest.approx(found.others[0].objective, rel=1e-6)


def test_flows_alone_have_one_optimum():
    readings = tuple(NetReading(one, MASS, v, 1.0) for one, v in (("feed", 100.0), ("conc", 20.0), ("tail", 60.0)))
    network = Network((NetNode("cell"),), STREAMS, readings)
    result = solve_network(network)
    assert result.p_value < 0.05
    assert result.other_optima == ()


def test_torn_readings_still_have_one_answer():
    result = solve_network(split(TORN))
    assert result.p_value < 0.05
    objectives = [result.objective, *(one.objective for one in result.other_optima)]
    assert objectives == sorted(objectives)
    assert np.isfinite(objectives).all()
    assert replace(result).objective == result.objective


def test_readings_of_a_stream_that_is_empty_here_count_at_another_optimum():
    """The concentrate is emptied, which leaves its reading out; it must count where the concentrate flows."""
    ends = (
        ("feed", None, "a"), ("mid", "a", "b"), ("tail", "a", None), ("fine", "b", "c"), ("coarse", "b", None),
        ("conc", "c", None), ("slime", "c", None),
    )  # fmt: skip
    readings = (
        ("feed", MASS, 1063.5904, 30.0), ("feed", "Cu", 0.75978695, 0.05212), ("mid", MASS, 356.11613, 3.37079),
        ("tail", MASS, 858.62145, 66.29208), ("tail", "Cu", 0.503751, 0.00483), ("fine", MASS, 186.14395, 5.9798),
        ("coarse", "Cu", 0.73212046, 0.08314), ("conc", "Cu", 0.35468551, 0.00348), ("slime", "Cu", 0.617995, 0.01695),
    )  # fmt: skip
    network = Network(
        tuple(NetNode(one) for one in "abc"), tuple(NetStream(*one) for one in ends),
        tuple(NetReading(*one) for one in readings), ("Cu",),
    )  # fmt: skip
    for solver in (solve_network, solve_large):
        result = solver(network)
        assert result.objective == pytest.approx(18.1916, rel=1e-4)
        assert all(one.objective > result.objective for one in result.other_optima)
        assert result.value("conc", "Cu") is None
