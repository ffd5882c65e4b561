"""The verb and its answer, on the small plant."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from zveno.errors import DataError, ModelError, SolveError
from zveno.model.types import Figure
from zveno.simulate import simulate


def test_every_element_leaves_the_plant(plant):
    found = simulate(plant)
    out = found.mass("cake") + found.mass("waste")
    solids_and_elements = [0, 2, 3, 4, 5]
    assert out[:, solids_and_elements] == pytest.approx(found.mass("feed")[:, solids_and_elements], rel=1e-12)


def test_recycle_closes_within_tolerance(plant):
    found = simulate(plant)
    assert found.converged.all()
    assert found.residual.max() < 1e-11
    around = found.mass("rougher_conc") - found.mass("cleaner_tail") - found.mass("conc")
    assert np.abs(around[:, 0]).max() < 1e-12 * found.mass("feed")[0, 0]


def test_feed_has_the_grade_and_moisture_of_the_ore(plant):
    found = simulate(plant)
    assert found.grade("feed", "Cu")[0] == pytest.approx(0.012, rel=1e-12)
    assert found.grade("feed", "Ag")[0] == pytest.approx(10e-6, rel=1e-12)
    assert found.water("feed")[0] / (found.water("feed") + found.solids("feed"))[0] == pytest.approx(0.05)


def test_bank_reaches_its_product_density(plant):
    found = simulate(plant)
    assert found.solids("conc")[0] / (found.solids("conc") + found.water("conc"))[0] == pytest.approx(0.3, rel=1e-9)
    assert found.water("cake")[0] / (found.solids("cake") + found.water("cake"))[0] == pytest.approx(0.1, rel=1e-9)


def test_one_scenario_is_the_same_alone_and_in_a_batch(plant):
    rows = {f"s{n}": {"ore.cu": 0.8 + 0.1 * n, "rougher.cell_m3": 20.0 + 5 * n} for n in range(12)}
    batch = simulate(plant, scenarios=rows)
    for n, name in enumerate(rows):
        alone = simulate(plant, scenarios={name: rows[name]})
        for stream in batch.streams:
            assert alone.mass(stream)[0] == pytest.approx(batch.mass(stream)[n], rel=1e-9, abs=1e-12)


def test_a_figure_moves_all_that_uses_it(plant):
    found = simulate(plant, scenarios={"as it is": {}, "rich": {"ore.cu": 2.4}, "more silver": {"ore.silver": 20.0}})
    assert found.component("feed", "Cu") == pytest.approx([2.4, 4.8, 2.4])
    assert found.component("feed", "Ag") == pytest.approx([0.002, 0.002, 0.004])


def test_feeds_stand_for_all_scenarios_unless_one_sets_its_own(plant):
    found = simulate(plant, feeds={"feed": 100.0}, scenarios={"common": {}, "own": {"feed.feed": 50.0}})
    assert found.solids("feed") == pytest.approx([100.0, 50.0])


def test_scenarios_may_come_as_a_table(plant):
    table = pl.DataFrame({"scenario": ["wet", "dry"], "key": ["feed.feed_water"] * 2, "value": [0.2, 0.0]})
    found = simulate(plant, scenarios=table)
    assert found.scenarios == ("wet", "dry")
    assert found.water("feed") == pytest.approx([50.0, 0.0])


def test_dated_figures_hold_on_their_day(make):
    dated = Figure.model_validate({"value": 1.0, "uom": "%", "dated": [{"from": date(2026, 3, 1), "value": 2.0}]})
    plant = make(figures={"ore.cu": dated})
    before, after = (simulate(plant, day=date(2026, month, 15)) for month in (2, 3))
    assert after.component("feed", "Cu")[0] == pytest.approx(2 * before.component("feed", "Cu")[0])


def test_zero_feed_gives_zero_products(plant):
    found = simulate(plant, scenarios={"stopped": {"feed.feed": 0.0}, "runs": {}})
    for stream in found.streams:
        assert (found.mass(stream)[0] == 0).all()
    assert found.converged.all()
    assert np.isnan(found.recovery("Cu", "cake")[0])
    assert 0.5 < found.recovery("Cu", "cake")[1] < 1


def test_circulating_load_of_500_is_no_harder(make):
    plant = make(
        units={
            "loop": {"model": "splitter", "parameters": {"share_b": 500 / 501}},
            "sump": {"model": "mixer"},
        },
        streams={
            "feed": {"from": "mine", "to": "sump", "ore": "ore", "feed": 200.0},
            "round": {"from": "sump", "to": "loop"},
            "back": {"from": "loop:b", "to": "sump"},
            "on": {"from": "loop:a", "to": "rougher"},
        },
    )
    found = simulate(plant)
    assert found.solids("back")[0] == pytest.approx(500 * 200.0, rel=1e-11)
    assert found.solids("on")[0] == pytest.approx(200.0, rel=1e-11)
    assert found.iterations[0] == simulate(make()).iterations[0]


def test_a_loop_without_a_way_out_is_named(make):
    plant = make(
        units={"loop": {"model": "splitter", "parameters": {"share_b": 1.0}}, "sump": {"model": "mixer"}},
        streams={
            "feed": {"from": "mine", "to": "sump", "ore": "ore", "feed": 200.0},
            "round": {"from": "sump", "to": "loop"},
            "back": {"from": "loop:b", "to": "sump"},
            "on": {"from": "loop:a", "to": "rougher"},
        },
    )
    with pytest.raises(SolveError, match=r"the loop of 'loop', 'sump' .*scenario 'base'"):
        simulate(plant)
    with pytest.raises(SolveError, match="scenario 'shut'"):
        simulate(plant, scenarios={"open": {"loop.share_b": 0.5}, "shut": {}})
    with pytest.raises(SolveError, match="comes back"):
        simulate(plant, scenarios={"a crack": {"loop.share_b": 1 - 1e-15}})


def test_what_does_not_settle_is_raised_with_its_worst_unit(plant):
    with pytest.raises(SolveError, match=r"scenario 'base' did not settle in \d+ steps: unit '(rougher|cleaner)'"):
        simulate(plant, tolerance=0.0, iterations=1)
    found = simulate(plant, tolerance=0.0, iterations=1, allow_unconverged=True)
    assert not found.converged[0]
    assert found.worst_units[0] in ("rougher", "cleaner")
    assert found.status["worst_unit"].to_list() == list(found.worst_units)


def test_mass_is_conserved_even_where_nothing_settled(plant):
    odd = {"odd": {"rougher.cell_m3": 1000.0}}
    found = simulate(plant, scenarios=odd, tolerance=0.0, iterations=1, allow_unconverged=True)
    out = found.mass("cake") + found.mass("waste")
    assert out[0, [0, 2, 3]] == pytest.approx(found.mass("feed")[0, [0, 2, 3]], rel=1e-12)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("cleaner_tail.feed", "stream 'cleaner_tail' is calculated and cannot be set"),
        ("cleaner_tail", "stream 'cleaner_tail' is calculated and cannot be set"),
        ("rougher.cels", "unit 'rougher' has no parameter 'cels' to set; did you mean 'cells'"),
        ("ore.copper", "'ore.copper' is neither a parameter of a unit, nor a feed, nor a figure"),
        ("rougher.water_rule", "unit 'rougher' has no parameter 'water_rule' to set"),
    ],
)
def test_only_feeds_and_parameters_can_be_set(plant, key, message):
    with pytest.raises(ModelError) as caught:
        simulate(plant, scenarios={"s": {key: 1.0}})
    assert message.split(";")[0] in str(caught.value)
    if ";" in message:
        assert message.split("'")[-1] in str(caught.value)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ({"rougher.cells": 0.0}, "unit 'rougher': parameter 'cells' is 0 -, outside 1 to 100"),
        ({"feed.feed": -1.0}, "feed 'feed' is negative"),
        ({"feed.feed_water": 1.0}, "moisture of feed 'feed'"),
        ({"ore.cu": float("nan")}, "sets 'ore.cu' to no number"),
        ({"ore.pyrite": 99.0}, "ore 'ore' would hold a negative mass of quartz"),
    ],
)
def test_impossible_values_are_refused(plant, override, message):
    with pytest.raises(ModelError) as caught:
        simulate(plant, scenarios={"s": override})
    assert message in str(caught.value)


def test_a_fault_is_told_once_for_many_scenarios(plant):
    with pytest.raises(ModelError) as caught:
        simulate(plant, scenarios={f"s{n}": {"nothing": 1.0} for n in range(20)})
    assert len(caught.value.faults) == 1


def test_tables_are_tidy(plant):
    found = simulate(plant, scenarios={"base": {}, "stopped": {"feed.feed": 0.0}})
    flows = found.stream_flows
    assert flows.height == 2 * len(found.streams) * len(found.quantities)
    cake = flows.filter(scenario="base", stream="cake", component="Cu")
    assert cake["mass_tph"][0] == pytest.approx(found.component("cake", "Cu")[0])
    assert cake["grade_frac"][0] == pytest.approx(found.grade("cake", "Cu")[0])
    assert flows.filter(scenario="stopped")["grade_frac"].null_count() == flows.height // 2
    results = found.unit_results.filter(scenario="base", unit="rougher", quantity="residence_time")
    assert results["uom"].to_list() == ["min"]
    assert results["value"][0] == pytest.approx(found.unit_result("rougher", "residence_time")[0])
    assert found.status["converged"].to_list() == [True, True]
    assert found.model_hash == "abc"


def test_groups_add_up(plant):
    found = simulate(plant)
    assert found.mass("waste") == pytest.approx(found.mass("rougher_tail") + found.mass("filtrate"))
    assert found.recovery("Cu", ["cake", "waste"])[0] == pytest.approx(1, rel=1e-12)
    assert sum(found.minerals("waste").values())[0] == pytest.approx(found.solids("waste")[0])


def test_unknown_names_are_told(plant):
    found = simulate(plant)
    with pytest.raises(DataError, match="no stream 'cak'"):
        found.mass("cak")
    with pytest.raises(DataError, match="no component 'Au'"):
        found.grade("cake", "Au")
    with pytest.raises(DataError, match="reports no 'colour'"):
        found.unit_result("rougher", "colour")


def test_two_ores_keep_their_rates(make):
    """Two lines of different ores that join keep the minerals of each apart."""
    slow = {
        name.replace("float.", "slow."): one.model_copy(update={"value": one.value / (2 if ".k_" in name else 1)})
        for name, one in make().parameters.items()
        if name.startswith("float.")
    }
    plant = make(streams={"second": {"from": "mine", "to": "rougher", "ore": "poor", "feed": 200.0}}, figures=slow)
    poor = plant.chain.ores[0].model_copy(update={"id": "poor", "kinetics": "slow"})
    both = plant.model_copy(update={"chain": plant.chain.model_copy(update={"ores": (*plant.chain.ores, poor)})})
    found = simulate(
        both,
        scenarios={
            "both": {"feed.feed": 100.0, "second.feed": 100.0},
            "first": {"second.feed": 0.0},
            "second": {"feed.feed": 0.0},
        },
    )
    recovery = found.recovery("Cu", "cake")
    assert recovery[2] < recovery[0] < recovery[1]
    assert found.recovery("Cu", ["cake", "waste"]) == pytest.approx(1, rel=1e-12)
