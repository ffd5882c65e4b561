"""Lasting errors over linked periods: the same as one dense fit, and found by what stocks remember."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.depth import deep
from tests.unit.reconcile.chains import BIASED, STREAMS, network, played

from zveno.errors import DataError
from zveno.reconcile import solve_batch
from zveno.reconcile.change_points import crossing_bound, crossing_chance
from zveno.reconcile.cumulative import drifts, evidence
from zveno.reconcile.linked import solve_linked, stock_links
from zveno.reconcile.linked_evidence import linked_evidence
from zveno.reconcile.linked_periods import LastingBias, LinkedPeriods

NAMES = ("ore", "tail", "conc", "cake")


def loadings(periods: int, truth: np.ndarray) -> np.ndarray:
    """One unit of error of a scale is all that it weighs."""
    out = np.zeros((periods, truth.shape[1], len(NAMES)))
    for j, one in enumerate(NAMES):
        at = STREAMS.index(one)
        out[:, at, j] = truth[:, at]
    return out


def weighed(periods: int, seed: int, survey_every: int, **biases: float) -> tuple[LinkedPeriods, np.ndarray]:
    """Days of weighing with a survey of the pile every few days; biases from ``since`` on."""
    game = played(periods, seed)
    truth, sigma = game.truth, game.asked.sigmas
    since = int(biases.pop("since", 0))
    values = truth + sigma * np.random.default_rng(seed).standard_normal(truth.shape)
    for one, bias in biases.items():
        values[since:, STREAMS.index(one)] *= 1 + bias
    values[1:, 4] = np.nan
    values[np.arange(periods) % survey_every != survey_every - 1, 5] = np.nan
    made = network()
    return LinkedPeriods(made, values, sigma, stock_links(made)), truth


def test_the_score_of_an_error_is_that_of_its_fit_as_a_state():
    """A bias of no prior knowledge, solved for as a state, is score over information; so is its sd."""
    asked, truth = weighed(8, 0, 4)
    load = loadings(8, truth)
    found = linked_evidence(asked, NAMES, load)
    assert found.onsets.tolist() == list(range(8))
    for j, since in ((2, 0), (3, 3), (0, 5)):
        begun = load[:, :, [j]] * (np.arange(8) >= since)[:, None, None]
        state = solve_linked(replace(asked, biases=(LastingBias("free", 1e3),), loadings=begun)).biases[0]
        assert found.score[since, j] / found.own()[since, j] == pytest.approx(state.value[0], rel=1e-5)
        assert found.own()[since, j] ** -0.5 == pytest.approx(state.sd[0], rel=1e-5)


def test_where_nothing_is_linked_it_is_the_evidence_of_periods_apart():
    asked, truth = weighed(6, 1, 3)
    apart = replace(asked, links=())
    batch = solve_batch(asked.network, asked.values, asked.sigmas)
    load = loadings(6, truth)
    one, other = linked_evidence(apart, NAMES, load), evidence(batch, NAMES, load)
    assert one.scores() == pytest.approx(other.scores(), abs=1e-6)
    assert one.own() == pytest.approx(other.own(), rel=1e-6, abs=1e-6)
    assert one.joint(2, 1) == pytest.approx(other.joint(2, 1), rel=1e-6, abs=1e-6)
    assert one.together(3) == pytest.approx(other.together(3), rel=1e-6, abs=1e-6)


def test_a_scale_behind_a_stock_is_found_by_the_surveys():
    """Day by day nothing checks the cake: only the pile remembers how much went out."""
    hits = right = alone = 0
    for seed in range(20):
        asked, truth = weighed(40, 100 + seed, 8, cake=0.03)
        load = loadings(40, truth)
        found = drifts(linked_evidence(asked, NAMES, load))
        hits += bool(found)
        right += bool(found) and "cake" in {one.name for one in found[0].suspects}
        batch = solve_batch(asked.network, asked.values, asked.sigmas)
        alone += any("cake" in {s.name for s in one.suspects} for one in drifts(evidence(batch, NAMES, load)))
    assert hits >= 16
    assert right >= 0.9 * hits
    assert alone == 0


def test_the_beginning_is_told_too():
    onsets = []
    for seed in range(12):
        asked, truth = weighed(40, 300 + seed, 2, ore=0.03, since=20)
        drift = drifts(linked_evidence(asked, NAMES, loadings(40, truth)))[0]
        assert "ore" in {one.name for one in drift.suspects}
        onsets.append(drift.onset)
    assert abs(np.median(onsets) - 20) <= 2


@pytest.mark.parametrize(("chains", "most"), [(40, 6), deep(300, 15)])
def test_false_alarms_over_seeded_chains(chains, most):
    alarms = 0
    for seed in range(chains):
        asked, truth = weighed(12, 7000 + seed, 4)
        alarms += bool(drifts(linked_evidence(asked, NAMES, loadings(12, truth))))
    assert alarms <= most


def test_biases_are_either_states_or_looked_for():
    game = played(3, 0)
    with pytest.raises(DataError, match="leave"):
        linked_evidence(game.asked, BIASED, game.asked.loadings)


def test_the_bound_of_neighbours_is_a_bound():
    steps = np.arange(1, 20)
    for limit in (2.0, 3.0, 4.0):
        bound = crossing_bound(np.sqrt(steps / (steps + 1)), limit)
        assert crossing_chance(np.ones(20), limit) <= bound <= 1
    assert crossing_bound(np.zeros(0), 1.959964) == pytest.approx(0.05, abs=1e-6)
