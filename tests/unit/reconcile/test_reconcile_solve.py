"""Reconciled values: published small problems, and what bounds, fixed values and covariances do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import least_squares
from scipy.special import erfcx
from tests.unit.reconcile.networks import biased, column, concentrator, separator, without

from zveno.errors import DataError, SolveError
from zveno.model.network import (
    NetConstraint,
    NetCovariance,
    NetNode,
    NetReading,
    NetStream,
    NetTerm,
    Network,
)
from zveno.reconcile import solve_network
from zveno.reconcile.arrays import arrays
from zveno.reconcile.fit import verdict
from zveno.reconcile.objective import data_of, misfit


def test_separator_of_rao_and_narasimhan_1996():
    result = solve_network(separator(("S1", 9.22, 0.2766), ("S2", 4.83, 0.1449), ("S3", 3.22, 0.0966)))
    assert result.objective == pytest.approx(12.813201051, rel=1e-9)
    assert (result.dof, result.p_value) == (1, pytest.approx(0.000344182, rel=1e-5))
    assert result.value("S1", "mass") == pytest.approx(8.382130984, rel=1e-9)
    assert result.sd("S2", "mass") == pytest.approx(0.129883, rel=1e-5)


def test_recycle_of_dovi_and_solisio_2001():
    ends = {"S1": (None, "N1"), "S2": ("N2", "N1"), "S3": ("N1", "N2"), "S4": ("N2", "N3"), "S5": ("N3", None), "S6": ("N3", None)}  # fmt: skip
    read = {"S1": (11.0, 0.17966667), "S2": (9.9, 0.1617), "S3": (21.25, 0.34708333), "S4": (11.1, 0.1813), "S5": (7.0, 0.22866667), "S6": (3.8, 0.12413333)}  # fmt: skip
    network = Network(
        tuple(NetNode(f"N{k}") for k in (1, 2, 3)),
        tuple(NetStream(name, *one) for name, one in ends.items()),
        tuple(NetReading(name, "mass", *one) for name, one in read.items()),
    )
    result = solve_network(network)
    assert (result.objective, result.dof) == (pytest.approx(1.65680279066, rel=1e-9), 3)
    assert result.value("S3", "mass") == pytest.approx(20.98692379, rel=1e-9)
    assert result.sd("S6", "mass") == pytest.approx(0.111919, rel=1e-5)


def test_binary_column_of_north_carolina_and_ottawa_2003():
    result = solve_network(column())
    assert (result.objective, result.dof) == (pytest.approx(291.424357633, rel=1e-9), 5)
    assert result.value("S2", "A") == pytest.approx(0.9499149732, rel=1e-9)
    assert result.sd("S1", "mass") == pytest.approx(3.71528, rel=1e-5)
    for stream in ("S1", "S2", "S3"):
        assert result.value(stream, "A") + result.value(stream, "B") == pytest.approx(1, abs=1e-12)


def test_bounded_least_squares_finds_the_same_point_where_a_bound_holds():
    network = biased(without(concentrator(3), ("tail", "Cu")), "feed", "Cu", 0.6)
    result = solve_network(network)
    metals = ("Cu", "Fe", "S")

    def residuals(v):
        mass = {"conc": v[0], "tail": v[1], "feed": v[0] + v[1]}
        flow = {"conc": v[2:5], "tail": v[5:8], "feed": v[2:5] + v[5:8]}
        return [
            ((mass[r.stream] if r.quantity == "mass" else flow[r.stream][metals.index(r.quantity)] / mass[r.stream])
             - r.value) / r.sigma
            for r in network.readings
        ]  # fmt: skip

    start = [40, 960, 10, 11, 12, 1, 40, 18]
    best = least_squares(residuals, start, bounds=(0, np.inf), x_scale=start, xtol=1e-15, ftol=1e-15, gtol=1e-15)
    assert result.value("tail", "Cu") == pytest.approx(0, abs=1e-9)
    assert result.objective == pytest.approx(2 * best.cost, rel=1e-7)
    assert result.value("conc", "mass") == pytest.approx(best.x[0], rel=1e-5)


def test_a_flow_that_readings_push_below_zero_is_reported_at_zero():
    result = solve_network(separator(("S1", 10.0, 0.1), ("S2", 11.0, 0.1)))
    assert result.value("S3", "mass") == pytest.approx(0.0, abs=1e-6)
    assert result.value("S1", "mass") == pytest.approx(10.5, abs=1e-6)
    assert result.objective == pytest.approx(50.0, rel=1e-6)


def test_an_assay_never_passes_the_total():
    network = without(concentrator(1, noise=0), ("conc", "Fe"))
    result = solve_network(biased(network, "conc", "Cu", 6.0))
    assert all(0 <= result.value(one, "Cu") <= 1 for one in ("feed", "conc", "tail"))


def test_fixed_values_stay_and_have_no_error():
    network = replace(column(), fixed={("S1", "mass"): 1050.0, ("S2", "A"): 0.95})
    result = solve_network(network)
    assert (result.value("S1", "mass"), result.sd("S1", "mass")) == (1050.0, 0.0)
    assert (result.value("S2", "A"), result.sd("S2", "A")) == (0.95, 0.0)
    assert result.value("S2", "mass") + result.value("S3", "mass") == pytest.approx(1050.0)


def test_two_meters_on_one_quantity_act_like_their_weighted_mean():
    both = separator(("S1", 10.0, 0.3), ("S1", 10.6, 0.4), ("S2", 6.0, 0.1), ("S3", 3.0, 0.1))
    weight = np.array([0.3, 0.4]) ** -2.0
    one = separator(
        ("S1", float(weight @ [10.0, 10.6] / weight.sum()), weight.sum() ** -0.5), ("S2", 6.0, 0.1), ("S3", 3.0, 0.1)
    )
    first, second = solve_network(both), solve_network(one)
    assert first.value("S2", "mass") == pytest.approx(second.value("S2", "mass"), rel=1e-10)
    assert first.sd("S1", "mass") == pytest.approx(second.sd("S1", "mass"), rel=1e-8)
    assert (first.dof, second.dof) == (2, 1)


def test_a_common_error_of_both_products_widens_their_sum():
    plain = separator(("S2", 6.0, 0.1), ("S3", 4.0, 0.1))
    common = replace(plain, covariances=(NetCovariance(("S2", "mass"), ("S3", "mass"), 0.008),))
    assert solve_network(plain).sd("S1", "mass") == pytest.approx(np.sqrt(0.02))
    assert solve_network(common).sd("S1", "mass") == pytest.approx(np.sqrt(0.02 + 0.016))


def test_correlated_assays_give_the_generalised_least_squares_point():
    network = concentrator(5)
    pairs = [("feed", "Cu"), ("conc", "Cu"), ("tail", "Cu")]
    sd = {(one.stream, one.quantity): one.sigma for one in network.readings}
    covariances = tuple(NetCovariance(a, b, 0.6 * sd[a] * sd[b]) for k, a in enumerate(pairs) for b in pairs[k + 1 :])
    result = solve_network(replace(network, covariances=covariances))
    residual = np.array([one.value - one.reconciled for one in result.readings])
    V = np.diag([one.sigma**2 for one in result.readings])
    at = {(one.stream, one.quantity): k for k, one in enumerate(result.readings)}
    for one in covariances:
        V[at[one.first], at[one.second]] = V[at[one.second], at[one.first]] = one.value
    assert result.objective == pytest.approx(residual @ np.linalg.solve(V, residual), rel=1e-9)
    for component in ("Cu", "Fe", "S"):
        off = sum(
            sign * result.component_flow(one, component)[0] for one, sign in (("feed", 1), ("conc", -1), ("tail", -1))
        )
        assert off == pytest.approx(0, abs=1e-10)


def test_a_linear_constraint_joins_masses():
    share = NetConstraint((NetTerm("S2", "mass", 1.0), NetTerm("S3", "mass", -2.0)))
    result = solve_network(replace(separator(("S1", 9.0, 0.1)), constraints=(share,)))
    assert result.value("S2", "mass") == pytest.approx(6.0)
    assert result.sd("S2", "mass") == pytest.approx(0.1 * 2 / 3)


def test_a_censored_assay_pulls_the_value_below_its_limit_only():
    network = without(concentrator(2, noise=0), ("tail", "Cu"))
    free = solve_network(network).value("tail", "Cu")
    loose = replace(network, readings=(*network.readings, NetReading("tail", "Cu", None, 1e-4, 10 * free)))
    tight = replace(network, readings=(*network.readings, NetReading("tail", "Cu", None, 1e-4, 0.5 * free)))
    assert solve_network(loose).value("tail", "Cu") == pytest.approx(free, rel=1e-6)
    assert solve_network(tight).value("tail", "Cu") < 0.9 * free


def test_a_stream_carries_only_its_components():
    network = concentrator(0)
    streams = (network.streams[0], replace(network.streams[1], components=("Cu", "S")), network.streams[2])
    result = solve_network(replace(without(network, ("conc", "Fe")), streams=streams))
    assert (result.value("conc", "Fe"), result.sd("conc", "Fe")) == (0.0, 0.0)
    assert result.component_flow("feed", "Fe")[0] == pytest.approx(result.component_flow("tail", "Fe")[0])


def test_a_node_without_mass_balance_keeps_its_components_balanced():
    network = replace(concentrator(0), nodes=(NetNode("mill", mass=False),))
    result = solve_network(network)
    flow = {one: result.component_flow(one, "Cu")[0] for one in ("feed", "conc", "tail")}
    assert flow["feed"] == pytest.approx(flow["conc"] + flow["tail"])


def test_contradicting_fixed_masses_are_refused_with_their_node():
    network = replace(separator(), fixed={("S1", "mass"): 10.0, ("S2", "mass"): 4.0, ("S3", "mass"): 5.0})
    with pytest.raises(DataError, match="N1"):
        solve_network(network)


def test_no_answer_without_a_balance():
    network = replace(separator(("S3", 2.0, 0.1)), fixed={("S1", "mass"): 4.0, ("S2", "mass"): 5.0})
    with pytest.raises(SolveError, match="'N1'"):
        solve_network(network)


def test_every_fault_of_a_network_comes_in_one_error():
    network = separator(("S1", 1.0, -0.1), ("S9", 1.0, 0.1))
    network = replace(network, streams=(*network.streams, NetStream("S4", "N7", None)))
    with pytest.raises(DataError) as caught:
        solve_network(network)
    assert {one.fields.get("stream") for one in caught.value.faults} == {"S1", "S9", "S4"}


def test_an_impossible_correlation_is_refused():
    network = separator(("S1", 10.0, 0.1), ("S2", 6.0, 0.1), ("S3", 4.0, 0.1))
    pairs = (("S1", "S2", 0.9), ("S2", "S3", 0.9), ("S1", "S3", -0.9))
    covariances = tuple(NetCovariance((a, "mass"), (b, "mass"), 0.01 * r) for a, b, r in pairs)
    with pytest.raises(DataError, match="contradict"):
        solve_network(replace(network, covariances=covariances))


def test_readings_that_need_a_negative_flow_are_suspect_though_nothing_is_measured_twice():
    result = solve_network(separator(("S1", 100.0, 1.0), ("S2", 130.0, 1.0)))
    assert result.fit.dof == 0
    assert verdict(result.fit) == "suspect"
    assert result.component_flow("S3", "mass")[0] == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("far", [0.0, 5.0, 9999.0, 10001.0, 1e9])
def test_a_limit_pulls_like_half_a_parabola_however_far_a_value_lies_above_it(far):
    """Mills' ratio: for far values the pull is their distance, the curvature that of a reading."""
    network = replace(separator(("S1", 10.0, 0.1)), readings=(NetReading("S1", "mass", None, 1.0, 1.0),))
    problem = arrays(network)
    data = data_of(problem, problem.value[None], problem.sigma[None])
    found = misfit(problem, data, np.array([[1.0 + far, 1.0, 1.0]]), np.zeros((1, 0)))
    ratio = np.sqrt(np.pi / 2) * erfcx(far / np.sqrt(2))
    assert found.slope[0, 0] == pytest.approx(1 / ratio, rel=1e-7)
    curve = (1 / ratio - far) / ratio if far < 1e3 else 1.0
    assert found.curve[0, 0] == pytest.approx(curve, rel=1e-6)
