"""The sparse engine beside the dense one on generated flowsheets with recycles, and by itself where that is too large."""

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.recycle_networks import recycle_case, recycle_network
from tests.depth import deep

from zveno.errors import DataError, SolveError
from zveno.model.network import MASS, NetNode, NetReading, NetStream, Network
from zveno.reconcile import LargeResult, NetworkResult, solve, solve_large, solve_network
from zveno.reconcile.fitting import fit_any
from zveno.reconcile.sparse.condensed import condensation
from zveno.reconcile.sparse.fit import fit_large
from zveno.reconcile.sparse.layout import layout
from zveno.reconcile.sparse.spread import quantity_slopes

ALL_SORTS = {"closure": True, "fixed": 4, "covariances": 6, "censored": 0.1}


def thinned(network, weighed, assayed, seed):
    """The network with fewer streams weighed and assayed."""
    rng = np.random.default_rng(seed)
    keep = {
        kind: {one.id for one in network.streams if rng.random() < share}
        for kind, share in ((True, weighed), (False, assayed))
    }
    readings = tuple(one for one in network.readings if one.stream in keep[one.quantity == MASS])
    left = {(one.stream, one.quantity) for one in readings}
    covariances = tuple(one for one in network.covariances if one.first in left and one.second in left)
    return replace(network, readings=readings, covariances=covariances)


def numbers(result: NetworkResult | LargeResult):
    """Values and standard deviations of everything, NaN where unobservable."""
    names = [(one.id, q) for one in result.network.streams for q in result.quantities(one.id)]
    return np.array([(result.value(*name), result.sd(*name)) for name in names], dtype=float).T


CASES = [
    pytest.param(20, 4, 0, {}, (1.0, 1.0), id="as read"),
    pytest.param(60, 5, 2, {}, (0.5, 0.7), id="half of it read"),
    pytest.param(60, 5, 0, {"closure": True}, (0.5, 0.7), id="closures"),
    pytest.param(60, 5, 1, {"closure": True}, (0.5, 0.7), id="priors of what is unobservable would tell"),
    pytest.param(60, 5, 0, {"fixed": 5, "covariances": 4, "censored": 0.1}, (1.0, 1.0), id="fixed, tied, limits"),
    pytest.param(60, 5, 1, {"fixed": 5, "covariances": 4, "censored": 0.1}, (0.5, 0.7), id="the same, half read"),
    pytest.param(60, 5, 0, {"fixed": 5, "covariances": 4, "censored": 0.1}, (0.3, 0.5), id="nothing to check"),
    pytest.param(40, 3, 3, ALL_SORTS, (1.0, 1.0), id="all sorts"),
]


@pytest.mark.parametrize(("streams", "components", "seed", "extras", "read"), CASES)
def test_answers_are_those_of_dense_algebra(streams, components, seed, extras, read):
    network = thinned(recycle_network(streams, components, seed, **extras), *read, seed)
    dense, sparse = NetworkResult(network, fit_any(network)), solve_large(network)
    assert sparse.objective == pytest.approx(dense.objective, rel=1e-7, abs=1e-9)
    assert sparse.dof == dense.dof
    assert sparse.classification == dense.classification
    ours, theirs = numbers(sparse), numbers(dense)
    assert np.array_equal(np.isnan(ours), np.isnan(theirs))
    known = ~np.isnan(theirs[0]) & (theirs[1] > 1e-7 * theirs[0])
    np.testing.assert_allclose(ours[1, known], theirs[1, known], rtol=5e-3)
    assert np.all(np.abs(ours[0] - theirs[0])[known] <= 1e-3 * theirs[1, known])
    for one, other in zip(sparse.readings, dense.readings, strict=True):
        assert (one.z is None) == (other.z is None)
        if one.z is not None and other.z is not None:
            assert one.z == pytest.approx(other.z, abs=5e-3, rel=5e-3)


def test_totals_and_ratios_are_those_of_dense_algebra():
    network = recycle_network(30, 3, 1)
    dense, sparse = solve_network(network), solve_large(network)
    feeds = [one.id for one in network.streams if one.source is None]
    ends = [one.id for one in network.streams if one.target is None]
    above, below = [(ends[0], "C1", 1.0)], [(one, "C1", 1.0) for one in feeds]
    assert sparse.ratio(above, below) == pytest.approx(dense.ratio(above, below), rel=1e-4)
    assert sparse.total(below) == pytest.approx(dense.total(below), rel=1e-4)
    assert sparse.component_flow(feeds[0], "C2") == pytest.approx(dense.component_flow(feeds[0], "C2"), rel=1e-4)
    assert sparse.total([(feeds[0], MASS, 1.0)])[1] == pytest.approx(sparse.sd(feeds[0], MASS), rel=1e-4)


def test_a_total_of_what_is_unobservable_has_no_number():
    streams = (NetStream("feed", None, "mill"), NetStream("a", "mill", None), NetStream("b", "mill", None))
    network = Network((NetNode("mill"),), streams, (NetReading("feed", MASS, 100.0, 1.0),))
    result = solve_large(network)
    assert result.total([("a", MASS, 1.0)]) == (None, None)
    assert result.total([("a", MASS, 1.0), ("b", MASS, 1.0)]) == pytest.approx((100.0, 1.0), rel=1e-6)
    assert result.value("a", MASS) is None


def test_an_empty_stream_has_a_mass_of_zero_and_no_assay():
    streams = (NetStream("feed", None, "mill"), NetStream("a", "mill", None), NetStream("b", "mill", None))
    readings = (
        NetReading("feed", MASS, 100.0, 0.1), NetReading("a", MASS, 103.0, 0.1), NetReading("feed", "Cu", 0.01, 1e-4),
    )  # fmt: skip
    network = Network((NetNode("mill"),), streams, readings, ("Cu",))
    dense, sparse = solve_network(network), solve_large(network)
    assert sparse.value("b", MASS) == pytest.approx(0.0, abs=1e-6)
    assert sparse.value("b", "Cu") is None is dense.value("b", "Cu")
    assert sparse.objective == pytest.approx(dense.objective, rel=1e-6)


def test_a_planted_error_is_named_and_sized():
    network, truth = recycle_case(150, 6, 4)
    at = next(k for k, one in enumerate(network.readings) if one.quantity == "C2" and k > 100)
    one = network.readings[at]
    stream = int(one.stream[1:])
    true = float(truth.assay_frac[stream, 2])
    wrong = replace(one, value=true + 15 * one.sigma)
    network = replace(network, readings=(*network.readings[:at], wrong, *network.readings[at + 1 :]))
    found = solve_large(network)
    assert found.p_value is not None
    loudest = found.suspect_classes[0]
    assert (one.stream, "C2") in {(each.stream, each.quantity) for each in loudest.everything}
    assert loudest.z > found.gross_errors.limit
    assert found.eliminations[-1].p_value is None or found.eliminations[-1].p_value > 0.05


def test_readings_that_nothing_tells_apart_are_one_class():
    streams = (NetStream("in", None, "a"), NetStream("mid", "a", "b"), NetStream("out", "b", None))
    readings = (
        NetReading("in", MASS, 100.0, 1.0), NetReading("mid", MASS, 110.0, 1.0), NetReading("out", MASS, 110.2, 1.0),
    )  # fmt: skip
    result = solve_large(Network((NetNode("a"), NetNode("b")), streams, readings))
    assert [(one.stream, one.kind) for one in result.suspect_classes[0].everything] == [
        ("in", "reading"),
        ("a", "loss"),
    ]
    two = Network((NetNode("a"),), streams[:2], readings[:2])
    pair = solve_large(replace(two, streams=(streams[0], NetStream("mid", "a", None))))
    assert {one.stream for one in pair.suspect_classes[0].suspects} == {"in", "mid"}


def test_masses_that_would_grow_without_end_are_named_and_have_no_value():
    """Two unweighed streams in a circle, whose assays say that what comes back is richer than what went."""
    nodes = (NetNode("a"), NetNode("b"))
    streams = (
        NetStream("feed", None, "a"), NetStream("out", "a", "b"), NetStream("back", "b", "a"),
        NetStream("tail", "b", None),
    )  # fmt: skip
    readings = [NetReading("feed", MASS, 100.0, 1.0)]
    for name, value in (("feed", 0.010), ("out", 0.020), ("back", 0.0195), ("tail", 0.011)):
        readings.append(NetReading(name, "Cu", value, 0.02 * value))
    result = solve_large(Network(nodes, streams, tuple(readings), ("Cu",)))
    known = result.value("out", MASS)
    assert known is None or known < 1e5
    assert result.value("feed", MASS) == pytest.approx(100.0, rel=1e-3)


def test_large_networks_go_to_the_sparse_engine_and_small_ones_do_not():
    assert isinstance(solve(recycle_network(20, 4, 0)), NetworkResult)
    assert isinstance(solve(recycle_network(200, 10, 0)), LargeResult)


def test_a_network_that_contradicts_itself_is_refused():
    network = recycle_network(20, 2, 0)
    feeds = [one.id for one in network.streams if one.source is None]
    broken = replace(network, readings=(*network.readings, NetReading("nowhere", MASS, 1.0, 1.0)))
    with pytest.raises(DataError, match="nowhere"):
        solve_large(broken)
    ends = [one.id for one in network.streams if one.target is None]
    fixed = {(one, MASS): 1.0 for one in feeds} | {(one, MASS): 50.0 for one in ends}
    with pytest.raises((SolveError, DataError)):
        solve_large(replace(network, fixed=fixed))


@pytest.mark.parametrize("streams", [300, deep(2000)])
def test_standard_deviations_are_those_of_refined_solutions(streams):
    """200 random values and the 50 whose priors tell most, each solved for by itself until nothing moves."""
    network = recycle_network(streams, 10, 0)
    fit = fit_large(network)
    known = np.flatnonzero(fit.structure.observable & (fit.spread.variance > 0))
    rng = np.random.default_rng(0)
    unread = known[~fit.structure.read[known]]
    size = np.concatenate([fit.mass, fit.assay])
    worst = unread[np.argsort(-(fit.spread.variance[unread] / size[unread] ** 2))[:50]]
    some = np.concatenate([rng.choice(known, 200, replace=False), worst])
    slopes = quantity_slopes(fit.layout, fit.mass, fit.assay, some)
    refined = np.einsum("ik,ik->k", slopes, fit.spread.covariances(slopes))
    np.testing.assert_allclose(np.sqrt(fit.spread.variance[some]), np.sqrt(refined), rtol=1e-2)


@pytest.mark.slow
@pytest.mark.long
def test_standard_deviations_are_the_scatter_of_repeated_months():
    """60 draws of the readings of 300 streams around their truth; the scatter of 60 is known to about 9 %."""
    network, truth = recycle_case(300, 4, 7)
    value = {(one.id, MASS): m for one, m in zip(network.streams, truth.mass_t, strict=True)}
    for k, one in enumerate(network.streams):
        value |= {(one.id, f"C{c}"): truth.assay_frac[k, c] for c in range(4)}
    rng = np.random.default_rng(1)
    draws, spreads = [], []
    for _ in range(60):
        readings = tuple(
            replace(one, value=float(value[one.stream, one.quantity] + one.sigma * rng.standard_normal()))
            for one in network.readings
        )
        fit = fit_large(replace(network, readings=readings))
        draws.append(np.concatenate([fit.mass, fit.assay]))
        spreads.append(np.sqrt(fit.spread.variance))
    ratio = np.std(draws, axis=0, ddof=1) / np.median(spreads, axis=0)
    tight = np.median(spreads, axis=0) < 0.05 * np.abs(np.mean(draws, axis=0))  # linear in its errors
    assert np.nanmedian(ratio[tight]) == pytest.approx(1.0, abs=0.03)
    assert np.nanquantile(ratio[tight], [0.02, 0.98]) == pytest.approx([0.82, 1.18], abs=0.06)


def test_an_analysis_has_each_entry_once():
    analysed = condensation(layout(recycle_network(20, 3, 0, covariances=3)))
    keys = analysed.entry_row * analysed.rows + analysed.entry_column
    assert len(np.unique(keys)) == len(keys)
    assert np.all(analysed.entry_row >= analysed.entry_column)
