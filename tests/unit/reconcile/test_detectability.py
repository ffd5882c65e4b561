"""How small an error shows: by hand, over several periods, and by planting what is told to be found."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtri
from tests.depth import deep
from tests.unit.reconcile import plants
from tests.unit.reconcile.networks import concentrator, four_belts, row_of_units, separator

from zveno.model.network import NetNode, NetReading, NetStream, Network
from zveno.reconcile import solve_network
from zveno.reconcile.build import month_of, plan_of
from zveno.reconcile.detectability import (
    A_LIMIT,
    AS_DESCRIBED,
    NOTHING_CHECKS,
    TIED_WITH,
    TOO_WIDE,
    Watched,
    detectable,
)
from zveno.reconcile.fit import fit_network
from zveno.reconcile.gross_errors import critical_z
from zveno.reconcile.gross_errors.adjusted import DenseAdjusted
from zveno.reconcile.gross_errors.hypotheses import family
from zveno.reconcile.over_periods import ErrorParts, all_fresh, error_parts

POWER_Z = float(ndtri(0.8))


def two_scales(sigma: float = 1.0) -> Network:
    """One bin between two scales."""
    streams = (NetStream("in", None, "bin"), NetStream("out", "bin", None))
    readings = (NetReading("in", "mass", 100.0, sigma), NetReading("out", "mass", 101.0, sigma))
    return Network((NetNode("bin"),), streams, readings)


def lasting(network: Network, share: float) -> ErrorParts:
    """Parts of which a share of each variance lasts."""
    whole = all_fresh(network).fresh
    return ErrorParts((1 - share) * whole, share * whole, np.zeros_like(whole))


def of(found, network, stream, quantity="mass"):
    """What is told of one reading."""
    number = next(k for k, one in enumerate(network.readings) if (one.stream, one.quantity) == (stream, quantity))
    return next(one for one in found if one.what.kind == "reading" and one.what.readings == (number,))


def test_two_scales_by_hand():
    network = two_scales(sigma=0.5)
    first, second, *others = detectable(network, fit_network(network), all_fresh(network))
    by_hand = (1.959964 + POWER_Z) * np.sqrt(2) * 0.5
    assert first.shows[0] == pytest.approx(by_hand, rel=1e-6)
    assert second.shows == pytest.approx([by_hand, by_hand / np.sqrt(3), by_hand / np.sqrt(12)], rel=1e-6)
    assert first.named == (None, None, None)
    assert first.reason == second.reason == TIED_WITH
    assert {one.kind for one in first.tied} == {"reading", "loss"}
    assert first.never_below == pytest.approx(0.0, abs=1e-3)
    assert [one.what.kind for one in others] == ["loss"]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_months_average_what_is_drawn_anew_and_no_more(share):
    network = two_scales()
    found = detectable(network, fit_network(network), lasting(network, share), (1, 3, 12))[0]
    one = (1.959964 + POWER_Z) * np.sqrt(2)
    assert found.shows == pytest.approx([one * np.sqrt((1 - share) / n + share) for n in (1, 3, 12)], rel=1e-6)
    assert found.never_below == pytest.approx(one * np.sqrt(share), rel=1e-4, abs=1e-3)


def test_waiting_that_does_not_help_is_said():
    network = row_of_units()
    fit = fit_network(network)
    still = of(detectable(network, fit, lasting(network, 0.95)), network, "m3")
    moving = of(detectable(network, fit, lasting(network, 0.05)), network, "m3")
    assert (still.reason, moving.reason) == (AS_DESCRIBED, "")
    assert still.named[0] is not None


def test_one_period_is_told_as_the_balance_tells_it():
    for network in (concentrator(3), row_of_units(), four_belts()):
        told = {one.what.readings[0]: one for one in detectable(network, fit_network(network), all_fresh(network))
                if one.what.kind == "reading"}  # fmt: skip
        for number, one in enumerate(solve_network(network).readings):
            known = one.shows_from is not None and one.shows_from <= abs(one.value)
            assert told[number].shows[0] == (pytest.approx(one.shows_from, rel=1e-9) if known else None)


def test_what_nothing_checks_has_a_reason_and_no_number():
    network = separator(("S1", 100.0, 1.0), ("S2", 60.0, 1.0))
    found = detectable(network, fit_network(network), all_fresh(network))
    for stream in ("S1", "S2"):
        one = of(found, network, stream)
        assert (one.shows, one.never_below, one.reason) == ((None, None, None), None, NOTHING_CHECKS)
    limit = replace(network, readings=(*network.readings, NetReading("S3", "mass", None, 1.0, below=50.0)))
    assert of(detectable(limit, fit_network(limit), all_fresh(limit)), limit, "S3").reason == A_LIMIT


def test_an_error_larger_than_the_reading_is_no_answer():
    network = separator(("S1", 100.0, 10.0), ("S2", 99.0, 10.0), ("S3", 1.0, 0.5))
    one = of(detectable(network, fit_network(network), all_fresh(network), (1, 12)), network, "S3")
    assert (one.shows, one.reason) == ((None, None), TOO_WIDE)


def test_a_common_error_shows_where_single_ones_are_told_apart():
    network = four_belts()
    found = detectable(network, fit_network(network), all_fresh(network))
    common = next(one for one in found if one.what.name == "calibration")
    single = of(found, network, "belt0")
    assert common.reason == ""
    assert common.shows[0] < 0.04
    assert common.named[0] >= common.shows[0]
    assert single.shows[0] / 100 > common.shows[0]


def test_a_name_needs_as_large_an_error_as_the_nearest_rival_asks():
    network = four_belts()
    fit = fit_network(network)
    watched = Watched.of(network, fit, all_fresh(network).fresh)
    k = next(n for n, one in enumerate(watched.members) if one.name == "calibration")
    rival = np.abs(np.delete(watched.correlation[k], k)).max()
    bias = POWER_Z * np.sqrt(2 / (1 - rival)) * watched.sd[k]
    assert watched.named[k] == pytest.approx(max(bias, watched.shows[k]))


# ---- by planting what is told to be found -----------------------------------------------------------------------


def noisy(network: Network, rng: np.random.Generator, covariance, at: int, bias: float) -> Network:
    """The network with errors drawn anew and one reading biased."""
    errors = np.linalg.cholesky(covariance) @ rng.standard_normal(len(network.readings))
    errors[at] += bias
    readings = tuple(replace(one, value=one.value + error) for one, error in zip(network.readings, errors, strict=True))
    return replace(network, readings=readings)


def four_out_of_five(found: list[bool]) -> bool:
    """Whether so many are as told, but for what chance does to a share: 2.5 standard deviations of it."""
    return bool(abs(np.mean(found) - 0.8) <= 2.5 * np.sqrt(0.8 * 0.2 / len(found)))


@pytest.mark.parametrize("times", [80, deep(400)])
@pytest.mark.parametrize(("stream", "quantity"), [("m2", "mass"), ("s4", "mass")])
def test_a_planted_bias_is_found_four_times_out_of_five(stream, quantity, times):
    network = row_of_units()
    found = of(detectable(network, fit_network(network), all_fresh(network)), network, stream, quantity)
    at, bias = found.what.readings[0], found.shows[0]
    covariance = all_fresh(network).fresh
    limit = Watched.of(network, fit_network(network), covariance).limit
    rng = np.random.default_rng(7)
    loud = [abs(fit_network(noisy(network, rng, covariance, at, bias)).tests.z[at]) > limit for _ in range(times)]
    assert four_out_of_five(loud)


@pytest.mark.parametrize("times", [80, deep(400)])
def test_a_planted_bias_of_an_assay_is_found_four_times_out_of_five(times):
    network = concentrator(noise=0.0)
    fit, covariance = fit_network(network), all_fresh(network).fresh
    found = of(detectable(network, fit, all_fresh(network)), network, "tail", "Fe")
    at, limit = found.what.readings[0], Watched.of(network, fit, covariance).limit
    rng = np.random.default_rng(11)
    loud = [abs(fit_network(noisy(network, rng, covariance, at, found.shows[0])).tests.z[at]) > limit
            for _ in range(times)]  # fmt: skip
    assert four_out_of_five(loud)


@pytest.mark.parametrize("times", [80, deep(400)])
@pytest.mark.parametrize(("network", "stream"), [(row_of_units(), "m3"), (four_belts(), "line1")])
def test_a_planted_bias_that_is_told_by_name_is_louder_than_its_rivals(network, stream, times):
    fit, covariance = fit_network(network), all_fresh(network).fresh
    found = of(detectable(network, fit, all_fresh(network)), network, stream)
    at, rng = found.what.readings[0], np.random.default_rng(13)
    named = 0
    for _ in range(times):
        other = noisy(network, rng, covariance, at, found.named[0])
        again = fit_network(other)
        told = family(other, again, DenseAdjusted.of(again))
        loudest = told.members[int(np.abs(told.z).argmax())]
        named += loudest.readings == (at,)
    assert named / times >= 0.8 - 2.5 * np.sqrt(0.8 * 0.2 / times)


@pytest.mark.parametrize("times", [80, deep(400)])
def test_a_bias_planted_in_three_periods_with_lasting_errors_is_found_in_their_mean(times):
    network = row_of_units()
    parts = lasting(network, 0.4)
    fit = fit_network(network)
    found = of(detectable(network, fit, parts, (1, 3)), network, "m2")
    at, bias = found.what.readings[0], found.shows[1]
    assert bias < found.shows[0]
    watched = Watched.of(network, fit, parts.over(3))
    mean = replace(network, readings=tuple(
        replace(one, sigma=float(np.sqrt(variance)))
        for one, variance in zip(network.readings, np.diag(parts.over(3)), strict=True)
    ))  # fmt: skip
    rng = np.random.default_rng(5)
    found_in = []
    for _ in range(times):
        stays = np.sqrt(np.diag(parts.lasting)) * rng.standard_normal(len(network.readings))
        anew = np.sqrt(np.diag(parts.fresh)) * rng.standard_normal((3, len(network.readings)))
        errors = stays + anew.mean(axis=0)
        errors[at] += bias
        read = tuple(replace(one, value=one.value + error) for one, error in zip(mean.readings, errors, strict=True))
        found_in.append(abs(fit_network(replace(mean, readings=read)).tests.z[at]) > watched.limit)
    assert four_out_of_five(found_in)


# ---- parts of the errors of a month ----------------------------------------------------------------------------


def month(**changes):
    """The small plant's month, a bias limit here and there."""
    meters = [one | changes.get(one["id"].replace(".", "_"), {}) for one in plants.METERS]
    model = plants.model(meters)
    return month_of(plan_of(model, plants.records()), plants.MONTH)


def test_the_parts_of_one_month_add_up_to_its_covariance():
    found = month(ore_belt={"bias_limit_pct": 2.0}, cake_assay={"bias_limit_pct": 1.0})
    covariance = error_parts(found.network, found.measured).over(1)
    assert np.sqrt(np.diag(covariance)) == pytest.approx([one.sigma for one in found.network.readings])
    assert covariance == pytest.approx(all_fresh(found.network).fresh, rel=1e-9, abs=1e-12)


def test_half_the_bias_limit_lasts_and_a_moisture_as_measured_does_not():
    found = month(ore_belt={"bias_limit_pct": 2.0})
    at = next(k for k, one in enumerate(found.network.readings) if one.meter == "ore.belt")
    parts = error_parts(found.network, found.measured)
    value = found.network.readings[at].value
    assert parts.lasting[at, at] == pytest.approx((0.01 * value) ** 2)
    assert np.sqrt(parts.over(1e12)[at, at]) == pytest.approx(0.01 * value, rel=1e-6)
    assert "moisture:ore.moisture" in found.measured[at].shared


def test_the_survey_that_closes_a_month_opens_the_next_one():
    found = month()
    parts = error_parts(found.network, found.measured)
    ends = [k for k, one in enumerate(found.network.readings)
            if one.stream.startswith("bin.") and one.quantity == "mass"]  # fmt: skip
    change = np.zeros(len(found.measured))
    change[ends] = -1.0, 1.0
    once, twelve = (change @ parts.over(n) @ change for n in (1, 12))
    assert len(ends) == 2
    assert twelve == pytest.approx(once / 12**2)


def test_the_limit_is_that_of_the_balance():
    network = concentrator(1)
    watched = Watched.of(network, fit_network(network), all_fresh(network).fresh)
    assert watched.limit == solve_network(network).gross_errors.limit
    assert watched.limit <= critical_z(len(watched.members))
