"""Two samples whose labels were exchanged, found by the balances."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.depth import deep
from tests.unit.reconcile.networks import biased, concentrator

from zveno.errors import SolveError
from zveno.model.network import MASS, NetNode, NetReading, NetStream, Network
from zveno.reconcile import solve_network
from zveno.reconcile.fit import fit_network
from zveno.reconcile.gross_errors.adjusted import DenseAdjusted
from zveno.reconcile.gross_errors.swaps import needed, pairs, solved_swap, swapped, unseen


def twins(seed: int = 0, *, apart: float = 0.0) -> Network:
    """Two lines of one ore with feed, concentrate and tailings; the second differs by a share in every assay."""
    rng = np.random.default_rng(seed)
    streams, readings = [], []
    for k, line in enumerate(("a", "b")):
        truth = {"feed": (500.0, 0.012, 0.05), "conc": (20.0, 0.25, 0.28), "tail": (480.0, 1 / 480, 19.4 / 480)}
        for name, (mass, *assays) in truth.items():
            id_ = f"{line}.{name}"
            into = name == "feed"
            streams.append(NetStream(id_, None if into else line, line if into else None))
            if name != "tail":
                readings.append(NetReading(id_, "mass", mass * (1 + 0.01 * rng.standard_normal()), 0.01 * mass))
            for component, assay in zip(("Cu", "Fe"), assays, strict=True):
                value = assay * (1 + apart * k) * (1 + 0.02 * rng.standard_normal())
                readings.append(NetReading(id_, component, value, 0.02 * assay * (1 + apart * k)))
    return Network((NetNode("a"), NetNode("b")), tuple(streams), tuple(readings), ("Cu", "Fe"))


def found(network: Network) -> list[tuple[str, str]]:
    return [(one.first, one.second) for one in solve_network(network).gross_errors.swaps]


@pytest.mark.parametrize("seeds", [5, deep(20)])
@pytest.mark.parametrize("pair", [("feed", "tail"), ("feed", "conc"), ("conc", "tail")])
def test_swapped_samples_are_found_as_these_two_whatever_the_seed(pair, seeds):
    for seed in range(seeds):
        assert found(swapped(concentrator(seed), *pair)) == [pair]


@pytest.mark.parametrize(("seeds", "most"), [(40, 3), deep(200, 8)])
def test_nothing_is_said_to_be_swapped_where_nothing_is(seeds, most):
    # at most 2 % by construction; draws of a 2 % event pass 3 of 40 with a chance of 1 %, 8 of 200 with one of 2 %
    assert sum(bool(found(concentrator(seed))) for seed in range(seeds)) <= most


def test_what_is_left_is_judged_with_the_samples_exchanged_back():
    network = concentrator(3, noise=0.5)
    result = solve_network(swapped(network, "feed", "tail"))
    (swap,) = result.gross_errors.swaps
    clean = fit_network(network)
    assert swap.objective == pytest.approx(clean.objective, rel=1e-6)
    assert swap.p_value == pytest.approx(clean.p_value, rel=1e-6)
    assert swap.gain == pytest.approx(result.objective - clean.objective, rel=1e-3)
    assert result.suspect_classes == ()


def test_published_numbers_are_of_the_readings_as_given():
    network = swapped(concentrator(3, noise=0.5), "feed", "tail")
    result = solve_network(network)
    assert result.network == network
    assert result.objective > 100


def test_one_wrong_scale_is_no_swap():
    for factor in (0.7, 1.2, 1.5):
        assert found(biased(concentrator(1, noise=0.3), "feed", "mass", factor)) == []


def test_a_swap_beside_a_wrong_scale_leaves_the_scale_as_suspect():
    network = biased(concentrator(1, noise=0.3), "feed", "mass", 1.2)
    result = solve_network(swapped(network, "feed", "tail"))
    assert [(one.first, one.second) for one in result.gross_errors.swaps] == [("feed", "tail")]
    assert ("feed", "mass") in {(one.stream, one.quantity) for one in result.suspect_classes[0].suspects}


def test_near_twins_are_told_to_be_unseen_and_other_pairs_are_not():
    network = twins()
    fit = fit_network(network)
    hidden = set(unseen(network, fit, DenseAdjusted.of(fit)))
    assert {("a.feed", "b.feed"), ("a.conc", "b.conc"), ("a.tail", "b.tail")} <= hidden
    assert not {("a.feed", "a.tail"), ("a.feed", "a.conc"), ("b.conc", "b.tail")} & hidden
    # and what is told unseen is: none of the swaps between twins is found
    for pair in (("a.feed", "b.feed"), ("a.conc", "b.conc")):
        assert all(pair not in found(swapped(twins(seed), *pair)) for seed in range(10))


def test_what_is_not_told_unseen_is_found():
    network = twins(apart=0.6)
    fit = fit_network(network)
    assert ("a.feed", "b.feed") not in unseen(network, fit, DenseAdjusted.of(fit))
    assert (
        sum(("a.feed", "b.feed") in found(swapped(twins(seed, apart=0.6), "a.feed", "b.feed")) for seed in range(20))
        >= 16
    )


def test_a_copy_made_from_a_sample_goes_with_it():
    """The stock is assayed by its material: both follow when labels are exchanged."""
    stock = NetStream("bin", "mill", None, role="closing_stock")
    network = concentrator(0, noise=0)
    readings = tuple(
        replace(one, meter=f"{one.stream}.assay") if one.quantity != "mass" else one for one in network.readings
    )
    more = (NetReading("bin", "mass", 4.0, 0.4),
            NetReading("bin", "Cu", 0.25, 0.01, meter="conc.assay"))  # fmt: skip
    network = replace(network, streams=(*network.streams, stock), readings=(*readings, *more))
    back = swapped(network, "feed.assay", "conc.assay")
    assert back.readings[-1].value == pytest.approx(0.012)
    assert back.readings[-1].sigma == pytest.approx(0.01 * 0.012 / 0.25)
    again = swapped(back, "feed.assay", "conc.assay")
    for one, other in zip(again.readings, network.readings, strict=True):
        assert one.value == pytest.approx(other.value)
        assert one.sigma == pytest.approx(other.sigma)


def test_a_wide_error_in_a_telling_place_is_no_evidence():
    """A sample assayed badly, like the concentrate: exchanged, its wide error would forgive whatever is wrong there."""
    network = concentrator(0, noise=0)
    streams = (*network.streams, NetStream("spill", "mill", None))
    spill = (NetReading("spill", "mass", 0.1, 0.02), NetReading("spill", "Cu", 0.24, 0.06))
    network = replace(network, streams=streams, readings=(*network.readings, *spill))
    fit = fit_network(network)
    other = fit_network(swapped(network, "conc", "spill"))
    fall = fit.objective - other.objective
    assert fall > -1  # the exchange itself costs next to nothing
    (pair,) = (one for one in pairs(network) if {one[0].label, one[1].label} == {"conc", "spill"})
    assert solved_swap(network, fit, pair, 0.0).gain < fall - 1


def test_only_samples_with_an_assay_in_common_are_compared():
    network = concentrator(0)
    readings = tuple(one for one in network.readings if (one.stream, one.quantity) != ("tail", "Cu"))
    kept = tuple(one for one in readings if one.stream != "tail" or one.quantity == "Fe")
    kept = tuple(one for one in kept if one.stream != "feed" or one.quantity != "Fe")
    names = [(a.label, b.label) for a, b in pairs(replace(network, readings=kept))]
    assert ("feed", "conc") in names
    assert ("feed", "tail") not in names


def test_more_pairs_need_more_evidence():
    assert needed(1000) > needed(10) > needed(1) > 4


def loop(*without: tuple[str, str]) -> Network:
    """A section whose concentrate, recycle and tailings nothing weighs; samples of concentrate and recycle swapped."""
    ends = {"f": (None, "A"), "c": ("A", "B"), "t": ("A", None), "k": ("B", None), "r": ("B", "A")}
    told = {
        ("f", MASS): (1000, 20), ("f", "Cu"): (0.01, 0.0003), ("f", "Fe"): (0.06, 0.001), ("c", "Cu"): (0.03, 0.005),
        ("c", "Fe"): (0.12, 0.01), ("t", "Cu"): (0.0011, 0.0001), ("t", "Fe"): (0.055, 0.001), ("k", MASS): (32, 1),
        ("k", "Cu"): (0.27, 0.003), ("k", "Fe"): (0.28, 0.01), ("r", "Cu"): (0.15, 0.002), ("r", "Fe"): (0.2, 0.005),
    }  # fmt: skip
    streams = tuple(NetStream(name, *one) for name, one in ends.items())
    readings = tuple(NetReading(*key, *one) for key, one in told.items() if key not in without)
    return Network((NetNode("A"), NetNode("B")), streams, readings, ("Cu", "Fe"))


def test_two_samples_of_streams_that_nothing_weighs_are_found_swapped():
    """The fit runs off to an endless recycle, far from where slopes tell anything."""
    (swap,) = solve_network(loop()).gross_errors.swaps
    assert {swap.first, swap.second} == {"c", "r"}
    assert swap.objective == pytest.approx(3.05, abs=0.01)


def test_readings_that_drive_a_recycle_up_without_end_are_named():
    with pytest.raises(SolveError, match="the mass of c, r up without end"):
        solve_network(loop(("r", "Cu")))
