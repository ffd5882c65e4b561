"""Errors that last: found long after they are too small for a single period, by the right name or as a class."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.networks import concentrator as benchmarked
from tests.unit.reconcile.networks import concentrator

from zveno.model.network import MASS, NetReading, Network
from zveno.reconcile import BatchResult, solve_batch, solve_network
from zveno.reconcile.cumulative import Drift, drifts, evidence, standardised

FULL = concentrator(noise=0)
SIGMA = np.array([one.sigma for one in FULL.readings])
TRUTH = np.array([one.value for one in FULL.readings])
NAMES = [f"{one.stream}.{one.quantity}" for one in FULL.readings]


def shifts(
    count: int, seed: int, *, network: Network = FULL, truth: np.ndarray = TRUTH, **biases: float
) -> BatchResult:
    """Shifts with errors drawn anew, a twentieth of the readings missing, and biases (shares) from ``since`` on."""
    rng = np.random.default_rng(seed)
    since = int(biases.pop("since", 0))
    sigma = np.array([one.sigma for one in network.readings])
    values = truth + sigma * rng.standard_normal((count, len(truth)))
    for name, bias in biases.items():
        at = [f"{one.stream}_{one.quantity}" for one in network.readings].index(name)
        values[since:, at] *= 1 + bias
    values[rng.random(values.shape) < 0.05] = np.nan
    return solve_batch(network, values, np.tile(sigma, (count, 1)))


def relative(batch: BatchResult, truth: np.ndarray = TRUTH) -> np.ndarray:
    """One unit of error of each reading is its whole value."""
    return np.tile(np.diag(truth), (len(batch.status), 1, 1))


def look(batch: BatchResult, names: list[str] = NAMES, truth: np.ndarray = TRUTH) -> tuple[Drift, ...]:
    return drifts(evidence(batch, names, relative(batch, truth)))


def test_scores_of_a_period_are_its_standardised_adjustments():
    batch = shifts(5, 0)
    found = standardised(batch)
    for k, fit in enumerate(batch.fits):
        expected = np.full(len(TRUTH), np.nan)
        expected[fit.linear.used] = fit.tests.z
        assert found[k] == pytest.approx(expected, nan_ok=True, abs=1e-8)
    one = evidence(batch, NAMES, relative(batch))
    estimate = one.score[0] / np.einsum("jj->j", one.information[0]) * TRUTH
    used = batch.fits[0].linear.used
    assert estimate[used] == pytest.approx(batch.fits[0].tests.bias, rel=1e-7)


@pytest.fixture(scope="module")
def small() -> float:
    """A bias of the feed's copper assay that moves its ``z`` by 1.2 in a shift on average."""
    batch = shifts(200, 99)
    _, covariance = batch.pulls()
    at = NAMES.index("feed.Cu")
    return float(1.2 / np.sqrt(covariance[:, at, at].mean()) / TRUTH[at])


def test_a_bias_too_small_for_one_shift_is_found_within_25(small):
    """In one shift at most one case in five is found; in 25 shifts 48 of 50, the right meter in the first class."""
    single = within = right = 0
    for seed in range(50):
        found = look(shifts(25, seed, feed_Cu=small))
        within += bool(found)
        right += bool(found) and "feed.Cu" in {one.name for one in found[0].suspects}
        single += bool(look(shifts(1, seed, feed_Cu=small)))
    assert single <= 10
    assert within >= 48
    assert right >= 0.95 * within


def test_the_beginning_and_the_size_of_a_bias_are_told(small):
    onsets, sizes = [], []
    for seed in range(30):
        found = look(shifts(60, 500 + seed, feed_Cu=2 * small, since=30))
        (suspect,) = [one for one in found[0].suspects if one.name == "feed.Cu"]
        onsets.append(found[0].onset)
        sizes.append((suspect.bias - 2 * small) / suspect.bias_sd)
        assert found[0].onset_range[0] <= found[0].onset <= found[0].onset_range[1]
    assert abs(np.median(onsets) - 30) <= 1
    assert np.mean(np.abs(np.array(onsets) - 30) <= 4) > 0.8
    assert abs(np.mean(sizes)) < 0.6
    assert 0.6 < np.std(sizes) < 1.5


@pytest.mark.slow
@pytest.mark.long
def test_false_alarms_over_1000_seeded_series_of_shifts():
    alarms = sum(bool(look(shifts(15, 10_000 + seed))) for seed in range(1000))
    assert alarms <= 50


def test_two_errors_are_both_found_and_no_third_one():
    circuit = benchmarked()
    solved = solve_network(circuit)
    truth = np.array([solved.value(one.stream, one.quantity) for one in circuit.readings])
    names = [f"{one.stream}.{one.quantity}" for one in circuit.readings]
    found = look(shifts(40, 3, network=circuit, truth=truth, ore_mass=0.04, concentrate_Cu=0.05), names, truth)
    assert len(found) == 2
    for drift, name, bias in zip(found, ("concentrate.Cu", "ore.mass"), (0.05, 0.04), strict=True):
        (suspect,) = [one for one in drift.suspects if one.name == name]
        assert len(drift.suspects) <= 2
        assert abs(suspect.bias - bias) < 3 * suspect.bias_sd


def test_what_cannot_be_told_apart_is_a_class():
    """With copper alone and all three assays and two masses there is one check: nobody can say whose error it is."""
    kept = [k for k, one in enumerate(FULL.readings) if one.quantity in (MASS, "Cu")]
    network = replace(FULL, components=("Cu",), readings=tuple(FULL.readings[k] for k in kept))
    batch = shifts(40, 5, network=network, truth=TRUTH[kept], feed_Cu=0.03)
    found = look(batch, [NAMES[k] for k in kept], TRUTH[kept])
    assert len(found) == 1
    assert {one.name for one in found[0].suspects} == {NAMES[k] for k in kept}
    assert np.ptp([abs(one.z) for one in found[0].suspects]) < 0.02


def test_a_loss_at_a_node_is_told_from_errors_of_meters():
    """Half a tonne of copper in a shift leaves the mill unseen, by an overflow that nobody samples."""
    lost = 0.5
    truth, at = TRUTH.copy(), {one: k for k, one in enumerate(NAMES)}
    truth[at["tail.Cu"]] -= lost / 960
    batch = shifts(40, 6, truth=truth)
    equations, leaks = batch.leak_loadings()
    names = [*NAMES, *(f"loss of {quantity} at {place}" for place, quantity in equations)]
    found = drifts(evidence(batch, names, np.concatenate([relative(batch), leaks], axis=2)))
    by_name = {one.name: one for one in found[0].suspects}
    assert by_name["loss of Cu at mill"].bias == pytest.approx(lost, abs=3 * by_name["loss of Cu at mill"].bias_sd)


def test_hours_without_a_solution_say_nothing():
    batch = shifts(10, 7)
    values = np.full((10, len(TRUTH)), np.nan)
    empty = solve_batch(FULL, values, np.tile(SIGMA, (10, 1)))
    assert look(empty) == ()
    assert np.all(np.isnan(standardised(empty)))
    assert not np.any(np.isnan(evidence(batch, NAMES, relative(batch)).score))


def test_readings_with_a_shared_error_and_limits():
    from tests.property.test_batch_laws import CIRCUIT, hours, limited, shared  # noqa: PLC0415

    network = limited(shared(CIRCUIT))
    values, sigmas = hours(CIRCUIT, 6, 11, missing=0.1)
    values *= np.array([2.0 if one.below is not None else 1.0 for one in network.readings])
    batch = solve_batch(network, values, sigmas)
    found = standardised(batch)
    for k, fit in enumerate(batch.fits):
        expected = np.full(len(network.readings), np.nan)
        expected[fit.linear.used] = fit.tests.z
        assert found[k] == pytest.approx(expected, nan_ok=True, abs=1e-6)


def test_one_more_reading_makes_a_drift_known_better():
    double = replace(FULL, readings=(*FULL.readings, NetReading("tail", MASS, 960.0, 9.6)))
    truth = np.append(TRUTH, 960.0)
    assert solve_network(double).dof == solve_network(FULL).dof + 1
    sds = []
    for network, values in ((FULL, TRUTH), (double, truth)):
        batch = shifts(20, 8, network=network, truth=values)
        found = evidence(batch, [str(k) for k in range(len(values))], relative(batch, values))
        sds.append(found.information[:, 0, 0].sum() ** -0.5)
    assert sds[1] < sds[0]


def test_what_is_expected_of_meters_is_no_finding():
    """Biases drawn from what is expected of every meter: with it, alarms are rare; without, they are the rule."""
    expected = np.full(len(TRUTH), 0.01)
    knowing = unknowing = 0
    for seed in range(60):
        rng = np.random.default_rng(900 + seed)
        drawn = {f"{one.stream}_{one.quantity}": 0.01 * float(rng.standard_normal()) for one in FULL.readings}
        found = evidence(shifts(40, seed, **drawn), NAMES, relative(shifts(40, seed)))
        knowing += bool(drifts(found, expected=expected))
        unknowing += bool(drifts(found))
    assert knowing <= 5
    assert unknowing > 30


def test_beyond_what_is_expected_an_error_is_found_with_its_whole_size():
    expected = np.full(len(TRUTH), 0.004)
    found = drifts(evidence(shifts(40, 5, feed_Cu=0.06), NAMES, relative(shifts(40, 5))), expected=expected)
    (suspect,) = [one for one in found[0].suspects if one.name == "feed.Cu"]
    assert abs(suspect.bias - 0.06) < 3 * suspect.bias_sd
    plain = drifts(evidence(shifts(40, 5, feed_Cu=0.06), NAMES, relative(shifts(40, 5))))
    assert suspect.bias_sd > next(one.bias_sd for one in plain[0].suspects if one.name == "feed.Cu")
