"""Wet masses and moistures: adjusted together with everything else, exactly as if written out by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.depth import deep
from tests.unit.reconcile.as_equations import as_equations
from tests.unit.reconcile.networks import concentrator, separator

from zveno.errors import DataError
from zveno.model.network import (
    MOISTURE,
    WET_MASS,
    NetConstraint,
    NetCovariance,
    NetNode,
    NetReading,
    NetStream,
    NetTerm,
    Network,
)
from zveno.reconcile import free_report, problem_report, solve_batch, solve_network

BASE = concentrator(3)
WEIGHED = {one.stream: one.sigma for one in BASE.readings if one.quantity == "mass"}
FEED = (NetReading("feed", WET_MASS, 1090.0, 10.0), NetReading("feed", MOISTURE, 0.08, 0.005))
CONC = (NetReading("conc", WET_MASS, 44.0, 0.4), NetReading("conc", MOISTURE, 0.09, 0.004))
TAIL = (NetReading("tail", WET_MASS, 1055.0, 9.0), NetReading("tail", MOISTURE, 0.082, 0.005))
ASSAYED = tuple(one for one in BASE.readings if one.quantity != "mass")


def plant(*readings: NetReading, dry: bool = False, **changes: Any) -> Network:
    """The concentrator with wet readings, instead of those of dry masses or (``dry``) besides."""
    return replace(BASE, readings=(*(BASE.readings if dry else ASSAYED), *readings), **changes)


SHARED = (
    NetCovariance(("feed", MOISTURE), ("conc", MOISTURE), 0.5 * 0.005 * 0.004),
    NetCovariance(("feed", WET_MASS), ("conc", WET_MASS), 0.3 * 10.0 * 0.4),
)
CASES = {
    "two wet streams": plant(*FEED, *CONC),
    "all three": plant(*FEED, *CONC, *TAIL),
    "beside dry masses": plant(*FEED, *CONC, dry=True),
    "a moisture known exactly": plant(FEED[0], *CONC, fixed={("feed", MOISTURE): 0.08}),
    "a wet mass known exactly": plant(FEED[1], *CONC, fixed={("feed", WET_MASS): 1090.0}),
    "both known exactly": plant(*CONC, fixed={("feed", WET_MASS): 1090.0, ("feed", MOISTURE): 0.08}),
    "errors shared by gauges and scales": plant(*FEED, *CONC, covariances=SHARED),
    "an error shared with a dry mass": plant(
        *FEED, dry=True, covariances=(NetCovariance(("feed", "mass"), ("feed", WET_MASS), 4.0 * WEIGHED["feed"]),)
    ),
    "wet mass alone": plant(FEED[0], dry=True),
    "moisture alone": plant(FEED[1], dry=True),
    "wet mass below the dry one": plant(NetReading("feed", WET_MASS, 950.0, 10.0), dry=True),
    "hardly any water": plant(
        NetReading("feed", WET_MASS, 930.0, 10.0), NetReading("feed", MOISTURE, 0.001, 0.01), dry=True
    ),
    "far off": plant(
        NetReading("feed", WET_MASS, 1900.0, 10.0), FEED[1], NetReading("conc", WET_MASS, 50.0, 0.4), CONC[1], dry=True
    ),
    "an equation in assays of two streams": plant(
        *FEED, *CONC, constraints=(NetConstraint((NetTerm("conc", "Cu", 1.0), NetTerm("feed", "Cu", -20.5))),)
    ),
}


@pytest.mark.parametrize("network", CASES.values(), ids=CASES)
def test_the_answer_is_that_of_all_readings_together(network):
    """Against free equations in wet masses, moistures, dry masses and assays, solved by another method."""
    report = problem_report(network, solve_network(network))
    written, place = as_equations(network, report["reconciled"])
    free = free_report(written)
    assert report["objective"] == pytest.approx(free["objective"], rel=1e-9)
    assert report["dof"] == free["dof"]
    for (stream, quantity), name in place.items():
        assert report["reconciled"][stream][quantity] == pytest.approx(free["reconciled"][name], rel=1e-8, abs=1e-12)
        assert report["sigma_reconciled"][stream][quantity] == pytest.approx(free["sigma_reconciled"][name], rel=1e-7)
        for kind in ("measured", "unmeasured"):
            found = report["classification"][kind].get(stream, {}).get(quantity)
            assert found == free["classification"][kind].get(name)
    z = {(one["stream"], one["quantity"]): one["z"] for one in report["suspects"]}
    assert {place[key]: pytest.approx(value, rel=1e-6) for key, value in z.items()} == {
        one["variable"]: one["z"] for one in free["suspects"]
    }


def test_dry_mass_is_wet_mass_times_one_less_moisture():
    result = solve_network(CASES["two wet streams"])
    for stream in ("feed", "conc"):
        wet, moist = result.value(stream, WET_MASS), result.value(stream, MOISTURE)
        assert result.value(stream, "mass") == pytest.approx(wet * (1 - moist), rel=1e-12)


def test_one_wet_stream_by_hand():
    """One feed, one product: 103 t wet at 3 % against 100.5 t dry; the weighted mean of 99.91 and 100.5 t."""
    network = Network(
        (NetNode("dryer"),),
        (NetStream("feed", None, "dryer"), NetStream("product", "dryer", None)),
        (NetReading("feed", WET_MASS, 103.0, 0.5), NetReading("feed", MOISTURE, 0.03, 0.004),
         NetReading("product", "mass", 100.5, 0.4)),
    )  # fmt: skip
    result = solve_network(network)
    variance = (0.97 * 0.5) ** 2 + (103 * 0.004) ** 2
    mean = (99.91 / variance + 100.5 / 0.16) / (1 / variance + 1 / 0.16)
    assert result.value("feed", "mass") == pytest.approx(mean, rel=1e-5)  # tangent at the readings
    assert result.sd("feed", "mass") == pytest.approx((1 / variance + 1 / 0.16) ** -0.5, rel=5e-3)
    assert result.dof == 1
    assert {one.status for one in result.readings} == {"redundant"}
    wet, moist, dry = result.readings
    assert wet.z == pytest.approx(-moist.z) == pytest.approx(-dry.z)


def test_what_is_not_determined_has_no_number():
    """Only the feed has a wet reading and nothing is weighed dry: without its moisture no mass is known."""
    result = solve_network(plant(FEED[0]))
    assert result.value("feed", "mass") is None
    assert result.value("feed", MOISTURE) is None
    assert result.value("feed", WET_MASS) == pytest.approx(1090.0)
    assert result.classification["measured"]["feed"][WET_MASS] == "non_redundant"
    assert result.classification["unmeasured"]["feed"] == {"mass": "unobservable", MOISTURE: "unobservable"}
    alone = solve_network(plant(FEED[1]))
    assert alone.value("feed", WET_MASS) is None
    assert alone.value("feed", MOISTURE) == pytest.approx(0.08)
    assert alone.sd("feed", MOISTURE) == pytest.approx(0.005)


@pytest.mark.parametrize("double", [0, 1])
def test_two_readings_are_as_good_as_one_with_the_error_of_their_mean(double):
    twice = tuple(
        replace(FEED[double], sigma=FEED[double].sigma * np.sqrt(2), meter=meter) for meter in ("first", "second")
    )
    one, two = solve_network(plant(*FEED, *CONC)), solve_network(plant(*twice, FEED[1 - double], *CONC))
    assert two.dof == one.dof + 1
    assert two.objective == pytest.approx(one.objective, rel=1e-9)
    for quantity in ("mass", WET_MASS, MOISTURE):
        assert two.value("feed", quantity) == pytest.approx(one.value("feed", quantity), rel=1e-9)
        assert two.sd("feed", quantity) == pytest.approx(one.sd("feed", quantity), rel=1e-7)


@pytest.mark.parametrize("quantity", [WET_MASS, MOISTURE])
def test_two_readings_that_say_nothing_of_the_dry_mass_check_each_other(quantity):
    first, second = (0.08, 0.09) if quantity == MOISTURE else (1090.0, 1120.0)
    sigma = 0.005 if quantity == MOISTURE else 10.0
    readings = (
        NetReading("feed", quantity, first, sigma, meter="a"),
        NetReading("feed", quantity, second, sigma, meter="b"),
    )
    with_them, without = solve_network(plant(*readings, dry=True)), solve_network(BASE)
    off = (second - first) / sigma / np.sqrt(2)
    assert with_them.objective == pytest.approx(without.objective + off**2, rel=1e-9)
    assert with_them.dof == without.dof + 1
    assert with_them.value("feed", quantity) == pytest.approx((first + second) / 2)
    assert with_them.sd("feed", quantity) == pytest.approx(sigma / np.sqrt(2))
    assert [abs(one.z) for one in with_them.readings[-2:]] == pytest.approx([off, off])


def test_a_gross_error_names_wet_mass_and_moisture_together():
    wrong = replace(FEED[0], value=1290.0)
    result = solve_network(plant(wrong, FEED[1], *CONC, *TAIL, dry=True))
    loudest = {(one.stream, one.quantity) for one in result.suspect_classes[0].suspects}
    assert loudest == {("feed", WET_MASS), ("feed", MOISTURE)}
    biases = {one.quantity: one.bias for one in result.suspect_classes[0].suspects}
    assert biases[WET_MASS] == pytest.approx(200.0, rel=0.15)
    assert result.eliminations[-1].p_value > 0.01


@pytest.mark.parametrize(
    ("months", "inside_of", "mean_of"), [(40, (0.88, 0.99), (0.4, 1.6)), deep(200, (0.93, 0.97), (0.8, 1.2))]
)
def test_intervals_hold_the_truth_as_often_as_they_say(months, inside_of, mean_of):
    rng, inside, objectives = np.random.default_rng(4), [], []
    true = {"feed": (1000.0, 0.08), "a": (700.0, 0.05), "b": (300.0, 0.15)}
    streams = (NetStream("feed", None, "mill"), NetStream("a", "mill", None), NetStream("b", "mill", None))
    for _ in range(months):
        readings = []
        for name, (dry, moist) in true.items():
            wet = dry / (1 - moist)
            readings += [
                NetReading(name, WET_MASS, wet * (1 + 0.01 * rng.standard_normal()), 0.01 * wet),
                NetReading(name, MOISTURE, moist + 0.01 * rng.standard_normal(), 0.01),
            ]
        result = solve_network(Network((NetNode("mill"),), streams, tuple(readings)))
        objectives.append(result.objective)
        for name, (dry, moist) in true.items():
            for quantity, value in (("mass", dry), (MOISTURE, moist), (WET_MASS, dry / (1 - moist))):
                inside.append(abs(result.value(name, quantity) - value) < 1.96 * result.sd(name, quantity))
    assert inside_of[0] < np.mean(inside) < inside_of[1]
    assert mean_of[0] < np.mean(objectives) < mean_of[1]  # one degree of freedom


@pytest.mark.parametrize(
    ("network", "said"),
    [
        (plant(NetReading("feed", MOISTURE, 1.2, 0.1)), "moisture below one"),
        (plant(NetReading("feed", WET_MASS, -5.0, 0.1)), "wet mass must be above zero"),
        (plant(NetReading("feed", MOISTURE, None, 0.1, below=0.1)), "needs a value and a standard deviation"),
        (plant(NetReading("rock", MOISTURE, 0.1, 0.1)), "stream 'rock' does not exist"),
        (plant(*FEED, fixed={("feed", MOISTURE): 0.08}), "what is known exactly is not read"),
        (plant(*FEED, constraints=(NetConstraint((NetTerm("feed", WET_MASS, 1.0),), 5.0),)), "not wet mass of stream 'feed'"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(network, said):
    with pytest.raises(DataError, match=said):
        solve_network(network)


def test_many_periods_at_once_have_dry_masses_only():
    network = separator(("S1", 100.0, 1.0), ("S2", 60.0, 1.0))
    network = replace(network, readings=(*network.readings, NetReading("S3", MOISTURE, 0.1, 0.01)))
    with pytest.raises(DataError, match="quantity 'moisture'"):
        solve_batch(network, np.array([[100.0, 60.0, 0.1]]), np.array([[1.0, 1.0, 0.01]]))
