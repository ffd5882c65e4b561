"""Parts of the calibration: whitening, the search, what is compared, inputs, figures as they are written."""

from __future__ import annotations

import numpy as np
import pytest
from ruamel.yaml import YAML
from tests.unit.couple.small_plant import MODEL, MONTH, exact_records, plant

from zveno.chain import example, load
from zveno.couple import Choices, calibrate
from zveno.couple.comparable import comparable, stocked_feeds
from zveno.couple.inputs import input_keys
from zveno.couple.solve import Problem, Whitener, run, search
from zveno.model.network import Network
from zveno.model.types import Figure, Step
from zveno.reconcile import reconcile
from zveno.reconcile.topology import stock_streams, topology
from zveno.simulate import simulate


def problem(values, spread, start, low=-9.0, high=9.0):
    n = len(start)
    nothing = np.full(n, np.nan)
    return Problem(np.asarray(values, float), Whitener.of(np.asarray(spread, float)), np.asarray(start, float),
                   np.full(n, low), np.full(n, high), nothing, nothing)  # fmt: skip


def solved(one, function):
    return run({0: search(one)}, lambda asked: {0: np.array([function(point) for point in asked[0]])})[0]


def test_a_sum_that_is_known_without_error_is_left_out():
    """Two values and their sum: three numbers with two errors."""
    spread = np.array([[2.0, 0.0], [0.0, 3.0], [2.0, 3.0]])
    whitener = Whitener.of(spread)
    assert whitener.matrix.shape == (2, 3)
    error = spread @ np.array([0.7, -1.1])
    assert np.sum((whitener.matrix @ error) ** 2) == pytest.approx(0.7**2 + 1.1**2)
    assert np.abs(whitener.fixed @ error).max() < 1e-12
    assert np.abs(whitener.fixed @ (error + np.array([0, 0, 1]))).max() > 0.1


def test_the_search_finds_the_minimum_of_a_crooked_valley():
    """Rosenbrock's function, from its usual start."""
    found = solved(
        problem([1.0, 0.0], 0.1 * np.eye(2), [-1.2, 1.0]), lambda p: np.array([p[0], 10 * (p[1] - p[0] ** 2)])
    )
    assert found.converged
    assert found.point == pytest.approx([1.0, 1.0], abs=1e-6)


def test_a_bound_holds_and_the_rest_settles():
    found = solved(
        problem([2.0, 1.0], 0.1 * np.eye(2), [0.0, 0.0], high=1.5), lambda p: np.array([p[0], p[1] + 0.5 * p[0]])
    )
    assert found.converged
    assert found.at_bound.tolist() == [True, False]
    assert found.point == pytest.approx([1.5, 0.25])


def test_what_does_not_settle_is_not_called_settled():
    """The least misfit lies in a kink, where no derivative tells that it is one."""
    found = solved(problem([-1.0], [[0.1]], [0.7]), lambda p: np.array([np.abs(p[0] - 0.123456)]))
    assert not found.converged
    gone = solved(problem([1.0], [[0.1]], [0.0]), lambda p: p + np.nan)
    assert not gone.converged


def test_a_step_into_what_has_no_answer_is_shortened():
    found = solved(problem([np.e], [[0.01]], [-3.0]), lambda p: np.array([np.exp(p[0]) if p[0] < 1.05 else np.nan]))
    assert found.point == pytest.approx([1.0])


def test_a_weak_direction_that_runs_into_what_is_refused_is_left():
    """Two values that hardly differ in what they do; their sum may not pass 1, which the weak one would have it do."""

    def function(p):
        return np.array([p[0] + p[1], p[0] - p[1]]) if p[0] + 0.2 * p[1] < 1 else np.full(2, np.nan)

    found = solved(problem([0.5, 6.0], np.diag([0.01, 0.8]), [0.0, 0.0]), function)
    assert found.converged
    assert found.limit < 0.8 / np.sqrt(2)
    assert found.point.sum() == pytest.approx(0.5)


# ---- what is compared ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole_chain():
    return load(example("zhez_balkhash")).model


@pytest.fixture(scope="module")
def network(whole_chain):
    """The network of the whole chain with all its stocks and components, without readings."""
    topo = topology(whole_chain)
    stocks = [end for one in whole_chain.chain.stocks for end in stock_streams(whole_chain, one.id, topo)]
    return Network(topo.nodes, (*topo.streams, *stocks), (), whole_chain.chain.components)


def test_flows_before_a_stock_and_contents_behind_it(whole_chain, network):
    names = {one.name: one for one in comparable(whole_chain, network, topology(whole_chain).members)}
    assert {"zhez.ore:solids", "zhez.tail:Cu", "zhez.conc:Cu"} <= set(names)
    assert {"zhmz.slag:grade.Cu", "zhmz.slag:share.Cu", "bmz.matte:grade.Cu"} <= set(names)
    assert not {"zhmz.slag:Cu", "zhmz.slag:solids", "toll_a:solids", "bmz.matte:solids"} & set(names)
    made = [(name, sign) for name, _, sign in names["zhez.conc:Cu"].above]
    assert made == [("zhez.conc", 1.0), ("zhez_conc.conc_bin.closing", 1.0), ("zhez_conc.conc_bin.opening", -1.0)]
    shares = [one for name, one in names.items() if name.endswith(":share.Cu") and "zhmz.matte" in name]
    bath = ["zhmz.bath.closing", "zhmz.bath.opening"]  # matte that stays in the bath was made too
    assert [name for name, _, _ in shares[0].below] == ["zhmz.matte", *bath, "zhmz.slag"]


def test_shares_of_a_section_are_those_of_the_simulation(whole_chain, network):
    """A share is read from the simulation as the same streams give it."""
    one = next(one for one in comparable(whole_chain, network, topology(whole_chain).members)
               if one.name == "zhmz.slag:share.Cu")  # fmt: skip
    found = simulate(whole_chain)
    copper = {name: found.component(name, "Cu")[0] for name in ("zhmz.matte", "zhmz.slag")}
    sums = [sum(sign * copper[name] for name, _, sign in terms) for terms in (one.made_above, one.made_below)]
    assert sums[0] / sums[1] == pytest.approx(0.0111, abs=1e-4)


def test_feeds_that_go_into_a_stock(whole_chain, network):
    assert set(stocked_feeds(whole_chain, network)) >= {"toll_a", "toll_b", "regional"}
    assert not {"zhez.ore", "balk.ore"} & set(stocked_feeds(whole_chain, network))


def test_each_component_of_an_ore_has_a_figure_of_its_own(whole_chain):
    concentrator = load(example("one_concentrator")).model
    observed = ["balk.ore:solids", "balk.ore:grade.Cu", "balk.tail:grade.S", "balk.tail:grade.Fe", "balk.conc:grade.Zn",
                "balk.flotation_feed:grade.Ag"]  # fmt: skip
    prefix = "balk_conc.ore."
    assert input_keys(concentrator, observed, None) == (
        "balk.ore.feed", f"{prefix}cu_pct", f"{prefix}ppm.Ag", f"{prefix}wt.chlorite", f"{prefix}wt.pyrite",
        f"{prefix}wt.sphalerite",
    )  # fmt: skip
    lines = [f"balk.line{n}.mill_feed:solids" for n in (1, 2, 3, 4)]
    assert input_keys(concentrator, lines, None) == tuple(f"balk_conc.divider.share_{one}" for one in "bcd")
    # of several feeds only what is known of the feed itself
    assert input_keys(whole_chain, ["zhmz.matte:grade.Fe", "toll_a:grade.Cu"], None) == ("toll_a.pct.Cu",)
    assert input_keys(whole_chain, ["zhez.flotation_feed:grade.Ag"], None) == ("zhez_conc.ore.ppm.Ag",)


# ---- figures as they are written ---------------------------------------------------------------------------------


def test_figures_are_written_as_parameters_hold_them():
    fit = ("float.bornite.share_fast", "float.pyrite.k_fast", "filter.moisture", "ore.cu")
    dated = Figure(uom="%", value=1.0, dated=(Step.model_validate({"from": "2026-01-01", "value": 1.2}),))
    model = plant({"ore.cu": dated, "float.pyrite.k_fast": Figure(value=0.3, uom="1/min", low=0.1, high=0.29)})
    balance = reconcile(model, exact_records(plant({"float.bornite.share_fast": 0.76})), MONTH)
    text = calibrate(model, balance, Choices(fit)).figures_yaml
    assert "# filter.moisture: not determined by 2026-03" in text
    assert 'calibration_2026_03: "calibrated on 2026-03"' in text
    written = YAML(typ="safe").load(text)["parameters"]
    figures = {name: Figure.model_validate(one) for name, one in written.items()}
    share = figures["float.bornite.share_fast"]
    assert (share.value, share.uom, share.status, share.source) == (
        pytest.approx(0.76, abs=1e-4), "frac", "derived", "calibration_2026_03"
    )  # fmt: skip
    assert 0.001 < share.sd < 0.002
    rate = figures["float.pyrite.k_fast"]
    assert (rate.distribution, rate.low, rate.high) == ("lognormal", None, None)  # its own range does not hold
    assert [step.start.isoformat() for step in figures["ore.cu"].dated] == ["2026-01-01", "2026-03-01"]
    assert MODEL.parameters["ore.cu"].value == 1.2
