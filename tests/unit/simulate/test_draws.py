"""Draws and spreads: figures vary as the description says, and the error of the numbers is honest."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
import pytest
from scipy import stats

from zveno.chain import Chain
from zveno.errors import DataError, ModelError, SolveError
from zveno.model.types import Figure
from zveno.simulate import UNIT_MODELS, Spread, UnitModel, draws, simulate, tabulate
from zveno.simulate.distributions import Distribution, distribution_of
from zveno.simulate.keys import with_common
from zveno.simulate.units import UNIT_PARAMETERS
from zveno.simulate.units.unit import Driver, Spec, Values, parameters_of, two_ways
from zveno.store.memory import MemoryStore

GRADE = Figure(value=1.2, uom="%", sd=0.1)
PYRITE = Figure(value=4.0, uom="%", low=3.0, high=6.0, distribution="triangular")
SILVER = Figure(value=10.0, uom="g/t", sd_rel_pct=20, distribution="lognormal")
MOISTURE = Figure(value=5.0, uom="%", low=3.0, high=7.0, distribution="uniform")


@pytest.fixture
def uncertain(make):
    return make(
        figures={"ore.cu": GRADE, "ore.pyrite": PYRITE, "ore.silver": SILVER, "ore.moisture": MOISTURE},
        streams={
            "feed": {"from": "mine", "to": "rougher", "ore": "ore", "feed": {"value": 200.0, "uom": "t/h", "sd": 10.0}}
        },
    )


def spread_of(model, drawn, *results):
    return Spread(
        drawn, tabulate(model, drawn.cases, results), tabulate(model, drawn.cases.take(slice(0, 1)), results).values[0]
    )


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (Distribution("normal", 1.0, 0.2, 0.9, 1.5), stats.truncnorm(-0.5, 2.5, 1.0, 0.2)),
        (Distribution("normal", 1.0, 0.2), stats.norm(1.0, 0.2)),
        (Distribution("triangular", 2.0, 0.0, 1.0, 4.0), stats.triang(1 / 3, 1.0, 3.0)),
        (Distribution("uniform", 2.0, 0.0, 1.0, 4.0), stats.uniform(1.0, 3.0)),
        (Distribution("normal", 1e5, 1.0, low=0.0), stats.norm(1e5, 1.0)),
        (Distribution("lognormal", 10.0, 20.0, low=0.0), stats.lognorm(np.sqrt(np.log(5)), scale=10 / np.sqrt(5))),
        (Distribution("lognormal", 3.0, 1.0), stats.lognorm(np.sqrt(np.log(10 / 9)), scale=3 / np.sqrt(10 / 9))),
    ],
)
def test_distributions_are_those_of_the_books(found, wanted):
    chances = np.array([0.01, 0.3, 0.5, 0.99])
    assert found.quantiles(chances) == pytest.approx(wanted.ppf(chances), rel=1e-9)
    assert found.mean == pytest.approx(wanted.mean(), rel=1e-9)
    assert found.sd == pytest.approx(wanted.std(), rel=1e-8)


def test_an_uncertainty_is_told_in_the_uom_in_which_a_key_is_set(make):
    plant = make()
    figure = Figure(value=50.0, uom="C", sd=3.0, low=20.0)
    known = distribution_of(plant, figure, "K")
    assert (known.centre, known.spread, known.low) == pytest.approx((323.15, 3.0, 293.15))
    assert distribution_of(plant, Figure(value=2.0, uom="%"), "frac") is None


def test_figures_without_an_uncertainty_are_not_varied_and_that_is_told(uncertain):
    drawn = draws(uncertain, 32, 1)
    assert set(drawn.varied) == {"ore.cu", "ore.pyrite", "ore.silver", "ore.moisture", "feed.feed"}
    assert set(drawn.cases.values) == set(drawn.varied)
    assert "float.bornite.k_fast" in drawn.fixed
    assert set(drawn.fixed) | set(drawn.varied) == {*uncertain.parameters, "feed.feed"}


def test_the_same_seed_gives_the_same_draws_and_another_does_not(uncertain):
    first, again, other = (draws(uncertain, 50, seed).cases.values["ore.cu"] for seed in (7, 7, 8))
    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()


def test_chosen_keys_alone_are_drawn_and_those_that_are_set_are_not(uncertain):
    assert list(draws(uncertain, 4, 1, ["ore.silver"]).varied) == ["ore.silver"]
    assert "ore.cu" not in draws(uncertain, 4, 1, without=["ore.cu"]).varied


@pytest.mark.parametrize("sampling", ["latin", "sobol", "random"])
def test_mean_and_sd_of_a_linear_result_are_those_of_theory_within_the_error_told(uncertain, sampling):
    drawn = draws(uncertain, 512, 3, ["ore.cu", "feed.feed"], sampling=sampling)
    spread = spread_of(uncertain, drawn, "feed:grade.Cu", "feed:solids")
    for result, mean, sd in (("feed:grade.Cu", 0.012, 0.001), ("feed:solids", 200.0, 10.0)):
        for statistic, wanted in (("mean", mean), ("sd", sd), ("p5", mean - 1.6449 * sd), ("p50", mean)):
            value, error = spread.value(result, statistic)
            assert abs(value - wanted) < 4 * error + 1e-12, (result, statistic)
    # a product of independent figures: variance a2 sb2 + b2 sa2 + sa2 sb2
    value, error = spread_of(uncertain, drawn, "feed:Cu").value("feed:Cu", "sd")
    assert abs(value - np.sqrt((200 * 0.001) ** 2 + (0.012 * 10) ** 2 + 0.01**2)) < 4 * error


@pytest.mark.parametrize("sampling", ["latin", "random"])
def test_the_error_told_is_as_large_as_the_error_made(uncertain, sampling):
    errors = {"mean": [], "sd": [], "p95": []}
    truth = {"mean": 2.4, "sd": np.hypot(200 * 0.001, 0.012 * 10), "p95": 2.4 + 1.64485 * np.hypot(0.2, 0.12)}
    for seed in range(40):
        drawn = draws(uncertain, 160, seed, ["ore.cu", "feed.feed"], sampling=sampling)
        spread = spread_of(uncertain, drawn, "feed:Cu")
        for statistic, wanted in truth.items():  # nearly linear: the product adds 0.2 % to the sd
            value, error = spread.value("feed:Cu", statistic)
            errors[statistic].append((value - wanted) / error)
    for statistic, found in errors.items():
        assert 0.6 < np.sqrt(np.mean(np.square(found))) < 1.6, statistic


def test_even_sampling_errs_less_than_random_numbers(uncertain):
    told = {}
    for sampling in ("latin", "sobol", "random"):
        drawn = draws(uncertain, 512, 5, sampling=sampling)
        told[sampling] = spread_of(uncertain, drawn, "recovery.Cu:cake").value("recovery.Cu:cake", "mean")[1]
    assert told["latin"] < told["random"] / 3
    assert told["sobol"] < told["random"] / 3


def test_correlations_are_those_asked_for(uncertain):
    asked = {("ore.cu", "ore.pyrite"): -0.8, ("ore.cu", "feed.feed"): 0.3}
    values = draws(uncertain, 4000, 2, correlations=asked).cases.values
    normal = {key: stats.rankdata(one) for key, one in values.items()}
    for (first, second), wanted in {**asked, ("ore.silver", "ore.cu"): 0.0}.items():
        rank = np.corrcoef(normal[first], normal[second])[0, 1]
        # rank correlation of a Gaussian copula (Kruskal 1958): 6/pi asin(r/2)
        assert rank == pytest.approx(6 / np.pi * np.arcsin(wanted / 2), abs=0.04)
    assert values["ore.pyrite"].min() >= 3.0
    assert values["ore.pyrite"].max() <= 6.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"keys": ["ore.copper_in_bornite"]}, "'ore.copper_in_bornite' states no uncertainty"),
        ({"keys": ["ore.copper"]}, "neither a parameter of a unit"),
        ({"keys": ["ore.*"]}, "stands for things of several units of measure"),
        ({"count": 0}, "0 draws cannot be made"),
        ({"sampling": "sobol", "count": 100}, "powers of two"),
        ({"correlations": {("ore.cu", "rougher.cells"): 0.1}}, "'rougher.cells' has a correlation but is not varied"),
        ({"correlations": {("ore.cu", "ore.silver"): 1.0}}, "must lie between -1 and 1"),
        (
            {
                "correlations": {
                    ("ore.cu", "ore.silver"): 0.9,
                    ("ore.cu", "ore.pyrite"): 0.9,
                    ("ore.silver", "ore.pyrite"): -0.9,
                }
            },
            "contradict each other",
        ),
    ],
)
def test_draws_that_cannot_be_made_are_refused(uncertain, options, message):
    with pytest.raises(ModelError) as caught:
        draws(uncertain, **{"count": 16, "seed": 1, **options})
    assert message in str(caught.value)


def test_a_description_without_uncertainties_has_no_draws(plant):
    with pytest.raises(ModelError, match="no figure states its uncertainty"):
        draws(plant, 10, 1)


def test_few_draws_tell_no_error_of_their_own_and_one_tells_nothing(uncertain):
    few = spread_of(uncertain, draws(uncertain, 16, 1), "cake:Cu")
    assert few.value("cake:Cu", "mean")[1] is None
    one = spread_of(uncertain, draws(uncertain, 1, 1), "cake:Cu")
    with pytest.raises(DataError, match="at least 2 are needed"):
        _ = one.result_spreads


def test_draws_that_give_a_result_no_value_are_not_counted(make):
    plant = make(streams={"feed": {"from": "mine", "to": "rougher", "ore": "ore", "feed": 200.0}})
    drawn = draws(make(figures={"ore.cu": GRADE}), 32, 1)
    stopped = with_common(plant, drawn.cases, {"feed.feed": 200.0})
    stopped.values["feed.feed"][:3] = 0.0
    found = tabulate(plant, stopped, ["cake:grade.Cu"])
    spread = Spread(drawn, found, found.values[-1])
    assert (~spread.used).sum() == 3
    assert np.isfinite(spread.value("cake:grade.Cu", "mean")[0])


@dataclass(frozen=True, kw_only=True)
class Restless(UnitModel):
    """Sends much back while it holds little copper, and little while it holds much: some feeds have no rest."""

    outlets: ClassVar = ("on", "back")
    drivers: ClassVar = (Driver("back", "linear", 0.0, 1.0),)

    limit_tph: Annotated[Values, Spec("t/h", "copper mineral that it may hold")]

    def observe(self, feed, basis):
        held = feed[:, [one == "bornite" for one in basis.minerals]].sum(axis=1)
        return np.where(held < self.limit_tph, 0.9, 0.1)[:, None]

    def split(self, drivers, basis):
        return two_ways(np.repeat(1 - drivers[:, :1], len(basis), axis=1))


@pytest.fixture
def restless(make, monkeypatch):
    """A plant that rests as described, but not with less than 98 % of that copper."""
    monkeypatch.setitem(UNIT_MODELS, "restless", Restless)
    monkeypatch.setitem(UNIT_PARAMETERS, "restless", tuple(parameters_of(Restless)))
    held = simulate(make()).minerals("feed")["bornite"][0]

    def plant(limit):
        model = make(
            units={"box": {"model": "restless", "parameters": {"limit_tph": limit * held}}},
            streams={
                "feed": {"from": "mine", "to": "box", "ore": "ore", "feed": 200.0},
                "fed": {"from": "box:on", "to": "rougher"},
                "back": {"from": "box:back", "to": "box"},
            },
            figures={"ore.cu": GRADE},
        )
        return Chain(model, Path(), MemoryStore())

    return plant


def test_draws_that_do_not_settle_are_not_counted(restless):
    chain = restless(0.98 / 0.9)
    drawn = chain.draws(32, 1)
    spread = chain.spread(drawn, ["cake:Cu"])
    settles = drawn.cases.values["ore.cu"] > 0.98 * 1.2
    assert 0 < settles.sum() < 32
    assert spread.used.tolist() == settles.tolist()
    assert spread.value("cake:Cu", "mean")[0] == pytest.approx(spread.results.values[settles].mean(), rel=1e-12)


def test_a_description_that_does_not_settle_has_no_spread(restless):
    chain = restless(2.0)
    with pytest.raises(SolveError, match="did not settle"):
        chain.spread(chain.draws(4, 1), ["cake:Cu"])


def test_what_is_drawn_by_a_star_is_not_listed_as_fixed(uncertain):
    drawn = draws(uncertain, 4, 1, keys=["ore.c*u"])
    assert "ore.cu" not in drawn.fixed
    assert "ore.pyrite" in drawn.fixed


def test_nothing_left_to_vary_is_said(uncertain):
    with pytest.raises(ModelError, match="nothing is left to vary"):
        draws(uncertain, 4, 1, keys=["ore.cu"], without=["ore.cu"])


def test_what_a_star_sets_is_not_drawn(uncertain):
    assert not {"ore.cu", "ore.pyrite"} & set(draws(uncertain, 4, 1, without=["ore.p*", "ore.cu"]).varied)
