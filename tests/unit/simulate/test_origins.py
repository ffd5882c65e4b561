"""Where components came from: closed forms, ores told apart by the engine itself, and the way forward."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import zveno
from zveno.errors import DataError, SolveError
from zveno.simulate import origins, simulate
from zveno.simulate.basis import basis_of
from zveno.simulate.plan import OUTSIDE, Link
from zveno.simulate.recycles import recycles
from zveno.simulate.solve import Circuit, solve
from zveno.simulate.trail import Trail
from zveno.simulate.units.splitter import Splitter
from zveno.simulate.units.unit import converted

EXACT = 1e-12


@pytest.fixture(scope="module")
def chain():
    """Ore to cathode over two sites: minerals, a yard, elements, materials that furnaces ask for."""
    return zveno.load(zveno.example("zhez_balkhash")).simulate()


def loop(make, share):
    """The small plant with a box before it that returns a share of what leaves a sump; a second feed enters the box."""
    return make(
        units={"sump": {"model": "mixer"}, "box": {"model": "splitter", "parameters": {"share_b": share}}},
        streams={
            "feed": {"from": "mine", "to": "sump", "ore": "ore", "feed": 150.0},
            "late": {"from": "mine", "to": "box", "ore": "ore", "feed": 50.0, "feed_water": 0.2},
            "round": {"from": "sump", "to": "box"},
            "back": {"from": "box:b", "to": "sump"},
            "on": {"from": "box:a", "to": "rougher"},
        },
    )


def twin(make, **streams):
    """The small plant with a second feed of a second ore that is just like the first."""
    plant = make(streams={"other": {"from": "mine", "to": "cleaner", "ore": "twin", "feed": 30.0}, **streams})
    ores = (*plant.chain.ores, plant.chain.ores[0].model_copy(update={"id": "twin"}))
    return plant.model_copy(update={"chain": plant.chain.model_copy(update={"ores": ores})})


@pytest.mark.parametrize("load", [0.5, 3.0, 500.0])
def test_a_loop_is_the_geometric_series(make, load):
    share = load / (1 + load)
    found = origins(simulate(loop(make, share)), "on", ["solids", "water", "Cu"])
    for component in ("solids", "Cu"):
        assert found.share(component, "feed") == pytest.approx(0.75, rel=EXACT)
        assert found.share(component, "late") == pytest.approx(0.25, rel=EXACT)
        assert found.origins.filter(component=component)["share_frac"].sum() == pytest.approx(1, rel=EXACT)
        for name in ("", "back"):
            row = found.recycled.filter(component=component, recycle=name).row(0, named=True)
            assert row["once_frac"] == pytest.approx(share, rel=EXACT)
            assert row["mean_passes"] == pytest.approx(load, rel=1e-11)
    wet = 50 * 0.2 / 0.8, 150 * 0.05 / 0.95
    assert found.share("water", "late") == pytest.approx(wet[0] / sum(wet), rel=EXACT)
    steps = found.last_steps.filter(component="Cu")
    assert dict(steps.select("came_by", "share_frac").iter_rows()) == pytest.approx(
        {"round": 1 - 0.25 * (1 - share), "late": 0.25 * (1 - share)}, rel=1e-11
    )


def test_feeds_are_shared_as_the_engine_tells_two_ores_apart(make):
    found = simulate(twin(make))
    build, solution = found.circuits[0]
    own = np.array([one == "twin" for one in build.circuit.basis.ores])
    for stream in ("cake", "rougher_tail", "cleaner_tail"):
        told = origins(found, stream)
        flow = solution.streams.of(build.streams.index(stream))[0]
        for n, component in enumerate(found.components):
            weights = build.elements[0, n]
            wanted = (flow * weights)[own].sum() / (flow * weights).sum()
            assert told.share(component, "other") == pytest.approx(wanted, rel=1e-12)
            assert told.share(component, "feed") == pytest.approx(1 - wanted, rel=1e-12)


def test_one_ore_at_two_places_is_told_apart_as_two_alike_are(make):
    """What cannot be seen in the flows, because one ore enters twice, is seen where the same ore has two names."""
    once = make(streams={"other": {"from": "mine", "to": "cleaner", "ore": "ore", "feed": 30.0}})
    two = simulate(twin(make))
    found = origins(simulate(once), "cake")
    told = origins(two, "cake")
    for component in ("solids", "Cu", "Ag"):
        assert found.share(component, "other") == pytest.approx(told.share(component, "other"), rel=1e-9)
    assert 0.05 < found.share("Cu", "other") < 0.5


def test_origins_of_every_stream_add_up_to_it(chain):
    for stream in (*chain.streams[::9], "bmz.cathode", "zhmz.cathode", "bmz.matte", "zhmz.slag"):
        if chain.solids(stream)[0] + chain.water(stream)[0]:
            sums = origins(chain, stream).origins.group_by("component").agg(pl.sum("share_frac", "mass_tph"))
            assert sums["share_frac"].to_numpy() == pytest.approx(1, rel=EXACT)
            for component, mass in sums.select("component", "mass_tph").iter_rows():
                assert mass == pytest.approx(chain.component(stream, component)[0], rel=EXACT)


def test_the_way_back_is_the_way_forward_of_one_feed_alone(chain):
    """Shares and conversions held, the ore of Balkhash alone is sent through the chain, sweep by sweep."""
    build, solution = next(one for one in chain.circuits if "balk.ore" in one[0].streams)
    circuit, number = build.circuit, build.streams.index("balk.ore")
    flows = [solution.streams.of(n) for n in range(len(build.streams))]
    units = range(len(circuit.units))
    mixed = [sum((flows[n] for n, one in enumerate(circuit.links) if one.source == unit)) for unit in units]
    share = [np.divide(flow, mixed[one.source], out=np.zeros_like(flow), where=mixed[one.source] > 0)
             if one.source != OUTSIDE else 0 * flow for one, flow in zip(circuit.links, flows, strict=True)]  # fmt: skip
    moves = [unit.convert(np.ones((1, len(unit.drivers))), circuit.basis) for unit in circuit.units]
    alone = [flows[n] if n == number else 0 * flows[n] for n in range(len(flows))]
    for _ in range(400):
        feed = [
            sum((alone[n] for n, one in enumerate(circuit.links) if one.target == unit), 0 * flows[0]) for unit in units
        ]
        after = [converted(feed[unit], moves[unit]) for unit in units]
        alone = [
            after[one.source] * share[n] if one.source != OUTSIDE else alone[n] for n, one in enumerate(circuit.links)
        ]
    copper = build.elements[0, chain.components.index("Cu")]
    for stream in ("bmz.cathode", "bmz.matte", "balk.conc", "bmz.slag_conc"):
        n = build.streams.index(stream)
        wanted = (alone[n][0] @ copper) / (flows[n][0] @ copper)
        assert origins(chain, stream, ["Cu"]).share("Cu", "balk.ore") == pytest.approx(wanted, rel=1e-9)


def test_all_that_one_feed_brings_is_found_again_in_what_leaves(chain):
    leaving = [
        name for build, _ in chain.circuits for name, one in zip(build.streams, build.circuit.links, strict=True)
        if one.target == OUTSIDE and one.source != OUTSIDE
    ]  # fmt: skip
    for feed in ("balk.ore", "toll_b"):
        total = 0.0
        for stream in leaving:
            if chain.component(stream, "Cu")[0]:
                told = origins(chain, stream, ["Cu"]).origins.filter(origin=feed)
                total += float(told["mass_tph"].sum())
        assert total == pytest.approx(chain.component(feed, "Cu")[0], rel=1e-9)


def test_what_units_ask_for_and_water_that_they_add_are_origins(chain, make):
    slag = origins(chain, "zhmz.slag", ["SiO2", "CaO"]).origins
    assert set(slag["kind"]) == {"feed", "asked"}
    plant = make(units={"sump": {"model": "mixer", "parameters": {"water_t_t": 0.5}}},
                 streams={"feed": {"from": "mine", "to": "sump", "ore": "ore", "feed": 200.0},
                          "wet": {"from": "sump", "to": "rougher"}})  # fmt: skip
    water = origins(simulate(plant), "wet", ["water"])
    added, brought = 100.0, 200 * 0.05 / 0.95
    assert water.origins["kind"].to_list() == ["water_added", "feed"]
    assert water.share("water", "sump") == pytest.approx(added / (added + brought), rel=EXACT)
    assert water.last_steps["came_by"].to_list() == ["sump", "feed"]


def test_grains_that_a_mill_or_regrind_changes_are_followed_on(make):
    plant = make(
        units={"regrind": {"model": "regrind", "parameters": {"slow_to_fast": 0.4, "gangue_to_non": 0.5}}},
        streams={
            "rougher_conc": {"from": "rougher:conc", "to": "regrind"},
            "reground": {"from": "regrind", "to": "cleaner"},
        },
    )
    found = origins(simulate(plant), "cake", ["Cu", "Ag"])
    assert found.origins["origin"].to_list() == ["feed", "feed"]
    assert found.origins["share_frac"].to_numpy() == pytest.approx(1, rel=EXACT)


def test_grains_that_are_broken_in_a_loop_are_followed_on():
    """Mills that work by size: shares of what breaks into what depend on the drivers of the mill."""
    found = zveno.load(zveno.example("grinding_by_size")).simulate()
    leaving = ["conc", "tail"]
    told = {one: origins(found, one, ["solids", "Cu"]) for one in leaving}
    for component in ("solids", "Cu"):
        sums = [float(one.origins.filter(component=component)["share_frac"].sum()) for one in told.values()]
        assert sums == pytest.approx([1.0] * len(leaving), rel=EXACT)
        masses = sum(
            float(one.origins.filter(component=component, origin="feed")["mass_tph"].sum()) for one in told.values()
        )
        assert masses == pytest.approx(found.component("feed", component)[0], rel=1e-9)
    row = told["tail"].recycled.filter(component="solids", recycle="underflow").row(0, named=True)
    assert 0.5 < row["once_frac"] < 1 < row["mean_passes"]


def test_a_recycle_tells_how_often_it_came_round_before(make):
    found = origins(simulate(loop(make, 0.75)), "back", ["solids"])
    row = found.recycled.filter(recycle="back").row(0, named=True)
    assert (row["once_frac"], row["mean_passes"]) == pytest.approx((0.75, 3.0), rel=EXACT)


def test_a_feed_comes_from_itself(plant):
    found = origins(simulate(plant), "feed", ["Cu"])
    assert found.origins.row(0)[3:5] == ("feed", "feed")
    assert found.last_steps.is_empty()
    assert found.recycled["mean_passes"].to_list() == [0.0]


def test_a_group_is_explained_as_the_sum_of_its_streams(plant):
    found = simulate(plant)
    told = origins(found, "waste", ["Cu", "water"])
    assert told.origins.filter(component="Cu")["mass_tph"].sum() == pytest.approx(found.component("waste", "Cu")[0])
    parts = [origins(found, one, ["water"]).origins for one in ("rougher_tail", "filtrate")]
    added = sum(float(one.filter(origin="cleaner")["mass_tph"].sum()) for one in parts)
    assert told.origins.filter(component="water", origin="cleaner")["mass_tph"].sum() == pytest.approx(added, rel=1e-11)


def test_scenarios_are_each_explained(plant):
    cases = {"weak": {"rougher.cell_m3": 15.0}, "empty": {"feed.feed": 0.0}, "base": {}}
    both = origins(simulate(plant, scenarios=cases), "cake", ["Cu"])
    alone = origins(simulate(plant), "cake", ["Cu"])
    assert both.origins["scenario"].unique(maintain_order=True).to_list() == ["weak", "base"]
    own = both.recycled.filter(scenario="base").drop("scenario").rows()
    for row, other in zip(own, alone.recycled.drop("scenario").rows(), strict=True):
        assert row[3:] == pytest.approx(other[3:], rel=1e-9)
    assert both.recycled.filter(scenario="weak", recycle="")["mean_passes"][0] != pytest.approx(own[0][-1], rel=1e-3)


def test_what_cannot_be_explained_is_said(plant):
    found = simulate(plant)
    with pytest.raises(DataError, match="no stream 'cak'; did you mean 'cake'"):
        origins(found, "cak")
    with pytest.raises(DataError, match="no component 'Ni'"):
        origins(found, "cake", ["Ni"])
    with pytest.raises(DataError, match="stream 'filtrate' carries no Cu"):
        origins(found, "filtrate", ["Cu"])


def test_a_loop_that_returns_nearly_all_is_not_followed_to_a_wrong_end(make):
    """Round-off grows with the circulating load: at 1e5 it is no matter, at 1e11 it is told."""
    assert origins(simulate(loop(make, 1 - 1e-5)), "on").origins["share_frac"].sum() == pytest.approx(6, abs=1e-9)
    with pytest.raises(SolveError, match=r"the origins of the solids come to 1\d\d\..* a loop returns nearly all"):
        origins(simulate(loop(make, 1 - 1e-11)), "on", ["solids"])


def test_shares_of_random_networks_are_those_of_a_dense_solve():
    """Splitters joined at random; what one feed sends to each unit, by one matrix of all units."""
    rng = np.random.default_rng(5)
    basis = basis_of([("quartz", "non")], sg=[2.6], k_per_min=[0.0], groups=["gangue"])
    for _ in range(20):
        share = rng.uniform(0.1, 0.9, 6)
        units = tuple(Splitter(share_b=float(one)) for one in share)
        inner = [Link(n, outlet, int(rng.integers(-1, 6))) for n in range(6) for outlet in (0, 1)]
        inner[-1] = Link(5, 1, OUTSIDE)
        links = (Link(OUTSIDE, 0, 0), Link(OUTSIDE, 0, 3), *inner)
        passing = np.zeros((6, 6))
        for one in inner:
            if one.target != OUTSIDE:
                passing[one.target, one.source] += share[one.source] if one.outlet else 1 - share[one.source]
        if np.abs(np.linalg.eigvals(passing)).max() > 0.999:
            continue
        each = np.linalg.solve(np.eye(6) - passing, np.eye(6)[:, [0, 3]] * [7.0, 3.0])
        feeds = {0: np.array([[7.0, 1.0]]), 1: np.array([[3.0, 1.0]])}
        circuit = Circuit(basis, tuple("abcdef"), units, links, feeds, ("base",))
        trail = Trail.of(circuit, solve(circuit))
        for unit in np.flatnonzero(each.sum(axis=1) > 0):
            start = np.zeros((12, 1))
            start[2 * unit] = 1
            way = trail.back(start, 0)
            came = way.passing()[:, 0]
            from_first = came[trail.link[way.steps] == 0].sum()
            assert from_first == pytest.approx(each[unit, 0] / each[unit].sum(), rel=1e-11, abs=1e-13)


def test_recycles_do_not_depend_on_the_order_where_loops_have_one_entry():
    """A line of four units, two of which send back, numbered in every way."""
    rng = np.random.default_rng(0)
    pairs = [(0, 1), (1, 2), (2, 3), (2, 1), (3, 0)]
    for _ in range(20):
        new = rng.permutation(4)
        links = [Link(OUTSIDE, 0, int(new[0])), *(Link(int(new[a]), 0, int(new[b])) for a, b in pairs)]
        assert recycles(4, links) == (4, 5)


def test_without_recycles_there_is_no_loop():
    rng = np.random.default_rng(1)
    for _ in range(50):
        links = [Link(OUTSIDE, 0, 0), *(Link(int(a), 0, int(b)) for a, b in rng.integers(0, 8, (15, 2)))]
        back = recycles(8, links)
        forward = {(one.source, one.target) for n, one in enumerate(links) if n not in back and one.source != OUTSIDE}
        order = np.linalg.matrix_power(np.array([[float((a, b) in forward) for b in range(8)] for a in range(8)]), 8)
        assert not order.any()
        assert all(links[n].source != OUTSIDE for n in back)
