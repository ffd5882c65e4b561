"""Linked periods beside one dense least-squares problem of all periods; what is carried on; coverage of the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import null_space
from scipy.optimize import least_squares
from tests.depth import deep
from tests.unit.reconcile.chains import BIASED, BIASES, STREAMS, Played, network, part, played

from zveno.errors import DataError
from zveno.model.network import MASS, NetCovariance
from zveno.reconcile import solve_network
from zveno.reconcile.linked import follow_linked, solve_linked, stock_links
from zveno.reconcile.linked_periods import LastingBias, LinkedPeriods, LinkedResult


class Dense:
    """All periods as one problem: masses and flows of component of every period (by stream), then biases (the second
    one anew in every period); balances and links are exact.
    """

    def __init__(self, game: Played) -> None:
        self.asked, self.periods = game.asked, len(game.asked.values)
        self.width = 1 + len(self.asked.network.components)
        self.n = 6 * self.width
        self.first = self.periods * self.n
        self.size = self.first + 2 + self.periods
        flows = game.truth.reshape(self.periods, 6, self.width).copy()
        flows[:, :, 1:] *= flows[:, :, :1]
        self.start = np.concatenate([flows.ravel(), np.zeros(2 + self.periods)])

    def _equations(self):
        for t in range(self.periods):
            for k in range(self.width):
                at = [t * self.n + s * self.width + k for s in range(6)]
                mill, shed = np.zeros(self.size), np.zeros(self.size)
                mill[at[:3]] = 1, -1, -1
                shed[at[2:]] = 1, -1, 1, -1
                yield mill
                yield shed
                if t:
                    link = np.zeros(self.size)
                    link[at[4]], link[(t - 1) * self.n + 5 * self.width + k] = 1, -1
                    yield link

    def biases(self, x: np.ndarray) -> np.ndarray:
        conc, tail, cake = x[self.first], x[self.first + 1], x[self.first + 2 :]
        return np.stack([np.full(self.periods, conc), cake, np.full(self.periods, tail)], axis=1)

    def residuals(self, x: np.ndarray) -> np.ndarray:
        flows = x[: self.first].reshape(self.periods, 6, self.width).copy()
        flows[:, :, 1:] /= flows[:, :, :1]
        biases = self.biases(x)
        shown = flows.reshape(self.periods, -1) + np.einsum("trj,tj->tr", self.asked.loadings, biases)
        off = (shown - self.asked.values) / self.asked.sigmas
        cake = biases[:, 1]
        prior = (biases[0, 0] / BIASES[0].sd, biases[0, 2] / BIASES[2].sd, cake[0] / BIASES[1].sd)
        return np.concatenate([off[np.isfinite(off)], prior, np.diff(cake) / BIASES[1].walk_sd])

    def solve(self) -> tuple[np.ndarray, np.ndarray, float, int]:
        """Values, standard deviations (NaN where unobservable), sum of squares and degrees of freedom."""
        scale = np.abs(self.start) + 1e-3
        basis = null_space(np.array(list(self._equations())) * scale)

        def at(y: np.ndarray) -> np.ndarray:
            return self.start + scale * (basis @ y)

        y = least_squares(lambda y: self.residuals(at(y)), np.zeros(basis.shape[1]), max_nfev=200).x
        for _ in range(4):  # to the last digits
            J = np.stack([_slope(lambda y: self.residuals(at(y)), y, k) for k in range(len(y))], axis=1)
            y = y - np.linalg.lstsq(J, self.residuals(at(y)), rcond=1e-9)[0]
        _, size, V = np.linalg.svd(J, full_matrices=True)
        rank = int(np.sum(size > 1e-9 * size[0]))
        x = at(y)
        slopes = scale[:, None] * basis
        sd = np.linalg.norm(slopes @ (V[:rank].T / size[:rank]), axis=1)
        unseen = np.linalg.norm(slopes @ V[rank:].T, axis=1) > 1e-6 * np.linalg.norm(slopes, axis=1)
        return x, np.where(unseen, np.nan, sd), float(np.sum(self.residuals(x) ** 2)), len(J) - rank


def _slope(function, x: np.ndarray, k: int) -> np.ndarray:
    """Central difference; what is missed is of the third order."""
    step = np.zeros_like(x)
    step[k] = 1e-4
    return (function(x + step) - function(x - step)) / 2e-4


def by_stream(game: Played, found: LinkedResult, *, sd: bool = False) -> np.ndarray:
    """Masses and flows of component as the dense problem orders them, (T, streams x width)."""
    quantities = (MASS, *game.asked.network.components)
    return np.stack([found.track(one, quantity)[int(sd)] for one in STREAMS for quantity in quantities], axis=1)


@pytest.mark.parametrize(("components", "seed"), [((), 0), ((), 1), (("Cu",), 0), (("Cu",), 3)])
def test_all_periods_at_once_are_one_least_squares_problem(components, seed):
    game = played(5, seed, components)
    dense = Dense(game)
    x, sd, cost, dof = dense.solve()
    found = solve_linked(game.asked)
    values, sds = x[: dense.first].reshape(5, -1), sd[: dense.first].reshape(5, -1)
    mine, mine_sd = by_stream(game, found), by_stream(game, found, sd=True)
    assert np.array_equal(np.isnan(mine_sd), np.isnan(sds))
    tight = 1e-8 if not components else 1e-5
    assert np.nanmax(np.abs(mine - values) / sds) < tight
    assert np.nanmax(np.abs(mine_sd / sds - 1)) < tight
    assert found.objective == pytest.approx(cost, rel=1e-8)
    assert found.dof == dof
    assert pytest.approx(dense.biases(x), abs=tight * 0.01) == np.array([one.value for one in found.biases]).T
    assert pytest.approx(dense.biases(sd), rel=max(tight, 1e-6)) == np.array([one.sd for one in found.biases]).T


@pytest.mark.parametrize("seed", range(3))
def test_carried_on_from_period_to_period_the_last_one_is_that_of_all_at_once(seed):
    game = played(6, seed)
    whole, steps = solve_linked(game.asked), follow_linked(game.asked)
    for table in ("flow", "flow_sd", "read", "read_sd"):
        last = getattr(whole.table, table)[-1]
        assert getattr(steps[-1].table, table)[0] == pytest.approx(last, rel=1e-8, nan_ok=True)
    assert [one.value[0] for one in steps[-1].biases] == pytest.approx(
        [one.value[-1] for one in whole.biases], abs=1e-10
    )
    assert sum(one.objective for one in steps) == pytest.approx(whole.objective, rel=1e-8)
    assert sum(one.dof for one in steps) == whole.dof


def test_two_halves_are_the_whole_if_the_full_covariance_is_carried():
    game = played(7, 2)
    game.asked.values[3, 5] = game.truth[3, 5]
    whole = solve_linked(game.asked)
    first = solve_linked(part(game.asked, slice(0, 4)))
    second = solve_linked(part(game.asked, slice(4, None)), first.carried)
    assert second.table.flow[-1] == pytest.approx(whole.table.flow[-1], rel=1e-9)
    assert second.table.flow_sd[-1] == pytest.approx(whole.table.flow_sd[-1], rel=1e-8)
    assert first.objective + second.objective == pytest.approx(whole.objective, rel=1e-8)
    stock, sd = first.track("pile.closing", MASS)
    assert first.carried.states == (("pile.closing", MASS),)
    assert first.carried.mean[0] == pytest.approx(stock[-1], rel=1e-10)
    assert first.carried.covariance[0, 0] == pytest.approx(sd[-1] ** 2, rel=1e-8)
    assert abs(first.carried.covariance[0, 1]) > 0  # a stock depends on the scale that filled it


def test_with_assays_the_step_by_step_answer_is_near_the_joint_one():
    game = played(6, 1, ("Cu",))
    whole, steps = solve_linked(game.asked), follow_linked(game.asked)
    for stream in ("cake", "conc", "pile.closing"):
        value, sd = whole.track(stream, "Cu")
        stepwise, stepwise_sd = steps[-1].track(stream, "Cu")
        assert abs(stepwise[0] - value[-1]) < 0.02 * sd[-1]
        assert stepwise_sd[0] == pytest.approx(sd[-1], rel=0.02)


def test_one_period_without_biases_is_a_balance():
    game = played(1, 4, ("Cu",))
    asked = replace(game.asked, biases=(), loadings=None)
    found = solve_linked(asked)
    there = np.isfinite(asked.values[0])
    readings = tuple(
        replace(one, value=float(value), sigma=float(sigma))
        for one, value, sigma, used in zip(asked.network.readings, asked.values[0], asked.sigmas[0], there, strict=True)
        if used
    )
    alone = solve_network(replace(asked.network, readings=readings))
    assert (found.objective, found.dof) == (pytest.approx(alone.objective, rel=1e-8), alone.dof)
    for stream in STREAMS:
        for quantity in (MASS, "Cu"):
            value, sd = (float(one[0]) for one in found.track(stream, quantity))
            expected = alone.component_flow(stream, quantity)
            if expected[0] is None:
                assert np.isnan(value)
                assert np.isnan(sd)
            else:
                assert (value, sd) == (pytest.approx(expected[0], rel=1e-8), pytest.approx(expected[1], rel=1e-7))


def test_what_nobody_reads_is_unobservable_though_its_changes_are_known():
    game = played(4, 0)
    values = game.asked.values.copy()
    values[:, 4:] = np.nan
    found = solve_linked(replace(game.asked, values=values))
    assert np.all(np.isnan(found.track("pile.closing", MASS)[0]))
    assert np.all(np.isfinite(found.track("ore", MASS)[0]))
    assert found.biases[1].value == (None,) * 4  # nothing checks the cake then
    assert None not in found.biases[0].value
    assert found.carried.known == 0


def test_a_survey_at_the_end_tells_of_the_beginning():
    game = played(4, 0)
    values = game.truth.copy()
    values[:, 4:] = np.nan
    values[-1, 5] = game.truth[-1, 5]
    late = replace(game.asked, values=values)
    opening, sd = solve_linked(late).track("pile.opening", MASS)
    assert opening[0] == pytest.approx(game.truth[0, 4], rel=1e-8)
    closing_sd = solve_linked(late).track("pile.closing", MASS)[1]
    assert sd[0] > closing_sd[-1] == pytest.approx(0.03 * game.truth[-1, 5], rel=1e-6)


def test_a_stock_that_readings_push_below_nothing_is_reported_empty():
    made = network()
    values = np.array([[1000.0, 900.0, 100.0, 150.0, 30.0, np.nan], [1000.0, 900.0, 100.0, 60.0, np.nan, np.nan]])
    found = solve_linked(LinkedPeriods(made, values, np.where(np.isnan(values), 1.0, 0.01 * values), stock_links(made)))
    closing = found.track("pile.closing", MASS)[0]
    assert closing[0] == pytest.approx(0, abs=1e-5)
    assert closing[1] == pytest.approx(40.0, abs=1.5)
    assert found.active[0].any()
    assert np.flatnonzero(found.active[1]).tolist() == [STREAMS.index("pile.opening")]


def test_a_day_without_any_reading_is_bridged_by_the_stocks():
    game = played(5, 2)
    values = game.asked.values.copy()
    values[2] = np.nan
    found = solve_linked(replace(game.asked, values=values))
    flow = found.table.flow[2]
    assert np.isnan(flow[STREAMS.index("ore")])
    assert np.isfinite(flow[STREAMS.index("pile.opening")])


def test_readings_that_share_an_error_within_a_period():
    game = played(4, 3)
    made = game.asked.network
    pair = NetCovariance(("ore", MASS), ("tail", MASS), 0.7)
    matrix = np.eye(len(made.readings))
    matrix[0, 1] = matrix[1, 0] = 0.7
    by_name = solve_linked(replace(game.asked, network=replace(made, covariances=(pair,))))
    by_matrix = solve_linked(replace(game.asked, correlations=np.tile(matrix, (4, 1, 1))))
    assert by_name.objective == pytest.approx(by_matrix.objective, rel=1e-10)
    assert by_name.objective != pytest.approx(solve_linked(game.asked).objective, rel=1e-3)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"loadings": None}, "loadings"),
        ({"links": (("pile.closing", "heap.opening"),)}, "heap"),
        ({"biases": (LastingBias("a", 0.0), *BIASES[1:])}, "standard deviation"),
    ],
)
def test_what_does_not_fit_is_refused(change, word):
    with pytest.raises(DataError, match=word):
        solve_linked(replace(played(2, 0).asked, **change))


def test_what_was_carried_for_other_stocks_is_refused():
    carried = solve_linked(played(2, 0).asked).carried
    with pytest.raises(DataError, match="carried"):
        solve_linked(replace(played(2, 0).asked, biases=(), loadings=None), carried)


@pytest.mark.parametrize(("chains", "least", "most"), [(40, 0.91, 0.985), deep(300, 0.93, 0.97)])
def test_intervals_cover_the_truth(chains, least, most):
    """95 % intervals of stocks, flows, assays and biases hold the truth; of 300 seeded chains in 93 to 97 of 100."""
    inside = []
    for seed in range(chains):
        game = played(4, 1000 + seed, ("Cu",))
        found = solve_linked(game.asked)
        width = 2
        for stream in ("ore", "conc", "cake", "pile.opening", "pile.closing"):
            for k, quantity in enumerate((MASS, "Cu")):
                value, sd = found.track(stream, quantity, as_read=True)
                inside += list((np.abs(value - game.truth[:, width * STREAMS.index(stream) + k]) / sd)[np.isfinite(sd)])
        for j, one in enumerate(found.biases):
            inside += [
                abs(v - b) / sd for v, sd, b in zip(one.value, one.sd, game.biases[:, j], strict=True) if v is not None
            ]
    assert len(inside) > 33 * chains
    assert least < np.mean(np.array(inside) < 1.959964) < most


def test_stocks_are_linked_by_role_and_name():
    assert stock_links(network()) == (("pile.closing", "pile.opening"),)
    assert BIASED == ("conc", "cake", "tail")


def test_a_day_on_which_a_stream_stood_still_is_no_hindrance():
    game = played(4, 1, ("Cu",))
    values = game.asked.values.copy()
    cake = 2 * STREAMS.index("cake")
    values[2, cake], values[2, cake + 1] = 0.0, 0.2
    sigmas = game.asked.sigmas.copy()
    sigmas[2, cake] = 1e-3
    loadings = game.asked.loadings.copy()
    loadings[2, cake] = 0.0  # a scale in error shows nothing for nothing
    found = solve_linked(replace(game.asked, values=values, sigmas=sigmas, loadings=loadings))
    mass, sd = found.track("cake", MASS)
    assert (mass[2], sd[2]) == (0.0, pytest.approx(1e-3, rel=1e-3))
    assert found.track("cake", "Cu")[0][2] == 0.0
    assert np.isnan(found.track("cake", "Cu", as_read=True)[0][2])
    before, after = found.track("pile.opening", "Cu")[0][2], found.track("pile.closing", "Cu")[0][2]
    assert after - before == pytest.approx(found.track("conc", "Cu")[0][2], rel=1e-6)
