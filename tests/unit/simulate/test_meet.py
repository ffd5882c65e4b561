"""Specifications met by free parameters, degrees of freedom, and what is said where it cannot be done."""

from __future__ import annotations

import numpy as np
import pytest

from zveno.errors import DataError, ModelError, SolveError
from zveno.model.types import Figure
from zveno.simulate import Cases, degrees_of_freedom, meet, meet_each, read_free, read_specification, simulate
from zveno.simulate.involved import acts_on, alike, between
from zveno.simulate.keys import require_targets

RECOVERY = "recovery.Cu:cake"
VOLUME = "rougher.cell_m3"


def met(plant, specifications, free, **options):
    return meet(plant, [read_specification(one) for one in specifications], [read_free(one) for one in free], **options)


def degrees(plant, specifications, free, **options):
    wanted, moving = [read_specification(one) for one in specifications], [read_free(one) for one in free]
    return degrees_of_freedom(plant, wanted, moving, **options)


def refusal(plant, specifications, free, kind=SolveError, **options):
    with pytest.raises(kind) as caught:
        met(plant, specifications, free, **options)
    return str(caught.value)


def test_the_scenario_that_meets_gives_the_same_again(plant):
    base = simulate(plant).recovery("Cu", "cake")[0]
    found = met(plant, [f"{RECOVERY}={base + 0.01}"], [VOLUME])
    assert found.reached == pytest.approx([base + 0.01], rel=1e-9)
    again = simulate(plant, scenarios=Cases.of(found.cases.table))
    assert again.recovery("Cu", "cake")[0] == pytest.approx(base + 0.01, rel=1e-9)
    assert found.parameters["value"][0] > 40 == found.parameters["described"][0]
    assert found.specifications.row(0)[1:4] == (RECOVERY, pytest.approx(base), pytest.approx(base + 0.01))


def test_two_are_met_by_two(plant):
    wanted = ["recovery.Cu:cake=86.5%", "cake:grade.Cu=17.5%"]
    found = met(plant, wanted, [VOLUME, "cleaner.cell_m3"])
    again = simulate(plant, scenarios=found.cases)
    assert again.recovery("Cu", "cake")[0] == pytest.approx(0.865, rel=1e-9)
    assert again.grade("cake", "Cu")[0] == pytest.approx(0.175, rel=1e-9)


def test_a_feed_that_is_linear_is_found_in_closed_form(plant):
    found = met(plant, ["feed:Cu=3.6"], ["feed.feed"])
    assert found.values == pytest.approx([300.0], rel=1e-12)


def test_what_is_set_besides_is_kept_and_saved(plant):
    found = met(plant, ["cake:Cu=2"], ["feed.feed"], common={"ore.cu": 2.0, "feed.feed": 150.0}, name="rich")
    assert found.parameters["described"].to_list() == [150.0]
    assert set(found.cases.values) == {"ore.cu", "feed.feed"}
    assert found.scenario == "rich"
    assert simulate(plant, scenarios=found.cases).component("cake", "Cu")[0] == pytest.approx(2, rel=1e-9)


def test_every_scenario_is_met_by_itself(plant):
    cases = Cases(("poor", "rich"), {"ore.cu": np.array([0.9, 1.5])})
    found = meet_each(plant, [read_specification("cake:Cu=2")], [read_free("feed.feed")], cases)
    assert [one.scenario for one in found] == ["poor", "rich"]
    assert found[0].values[0] > found[1].values[0]
    with pytest.raises(SolveError, match=r"(?s)in scenario 'rich':.*cannot be met"):
        meet_each(plant, [read_specification("cake:Cu=2.8")], [read_free("feed.feed=100:240")],
                  Cases(("rich",), {"ore.cu": np.array([0.9])}))  # fmt: skip


def test_one_key_may_move_several_parameters(plant):
    found = met(plant, ["recovery.Cu:cake=0.84"], ["*.effective_volume=0.3:1"])
    assert set(found.cases.values) == {"*.effective_volume"}
    assert simulate(plant, scenarios=found.cases).recovery("Cu", "cake")[0] == pytest.approx(0.84, rel=1e-9)


def test_the_nearest_value_its_bound_its_units_and_the_losses_are_named(plant):
    told = refusal(plant, ["recovery.Cu:cake=0.97"], [VOLUME])
    assert "specification 'recovery.Cu:cake' cannot be met: 97 % is wanted, the nearest that was found is" in told
    assert f"'{VOLUME}' (acts in 'rougher') stands at 1000 m3, the upper end of the range of the unit model" in told
    assert "of the Cu that enters there, as much leaves by 'rougher_tail'" in told
    assert "in grains that do not float there leaves 8" in told
    assert "units involved in 'recovery.Cu:cake': 'rougher', 'cleaner', 'filter'" in told
    nearest = float(told.partition("that was found is ")[2].split(" ")[0]) / 100
    reached = simulate(plant, scenarios={"s": {VOLUME: 1000.0}}).recovery("Cu", "cake")[0]
    assert nearest == pytest.approx(reached, abs=1e-4)


def test_more_than_is_fed_is_said(plant):
    told = refusal(plant, ["cake:Cu=5"], [VOLUME])
    assert "more Cu is wanted than enters the units from which it could come: 2.4 t/h" in told


def test_the_range_that_a_figure_states_bounds_what_it_may_be(make):
    plant = make(figures={"ore.cu": Figure(value=1.2, uom="%", low=0.8, high=1.6)})
    assert "stands at 1.6 %, the upper end of the range that its figure states" in refusal(
        plant, ["cake:Cu=9"], ["ore.cu"]
    )
    assert "stands at 2 %, the upper end of the range asked for" in refusal(plant, ["cake:Cu=9"], ["ore.cu=0.5:2"])
    assert met(plant, ["cake:Cu=4"], ["ore.cu=0.5:3"]).values[0] > 1.6


def test_a_bound_in_the_way_is_told_in_the_uom_of_the_key(make):
    rougher = {"cells": 5, "cell_m3": 40.0, "conc_solids": 0.25, "effective_volume": "less_air"}
    plant = make(units={"rougher": {"model": "bank", "parameters": rougher}},
                 figures={"less_air": Figure(value=85.0, uom="%")})  # fmt: skip
    told = refusal(plant, ["recovery.Cu:cake=0.97"], ["less_air"])
    assert "'less_air' (acts in 'rougher') stands at 100 %, the upper end of the range of the unit model" in told


def test_what_a_unit_iterates_that_came_to_its_end_is_named(plant):
    told = refusal(plant, ["cake:water=40"], ["filter.moisture"])
    assert "'filter.moisture' (acts in 'filter') stands at" in told
    assert "unit 'filter': share of the water in the clear outlet has come to its end, 0 %" in told


def test_what_each_can_be_had_but_not_both_is_told_so(plant):
    told = refusal(plant, ["recovery.Cu:cake=90%", "cake:grade.Cu=22%"], [VOLUME, "cleaner.cell_m3"])
    assert "'recovery.Cu:cake', 'cake:grade.Cu' can each be met, but were not found to be met together" in told
    assert "where 90 % is wanted" in told
    assert "where 22 % is wanted" in told
    assert "units involved in 'cake:grade.Cu'" in told


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (
            "recovery.Cu:cake=1.1",
            "'recovery.Cu:cake' cannot be 110 %, whatever the parameters are: it lies from 0 % to 100 %",
        ),
        ("cake:grade.Cu=-1%", "'cake:grade.Cu' cannot be -1 %"),
        ("cake:Cu=-3", "'cake:Cu' cannot be -3 t/h, whatever the parameters are: it lies from 0 t/h to any size"),
        ("cake:Cu=3%", "'cake:Cu' is in t/h, so its value cannot be written in %"),
        ("filtrate:grade.Cu=0.1", "'filtrate:grade.Cu' has no value as described"),
    ],
)
def test_what_no_plant_could_meet_is_said_before_anything_is_tried(plant, wanted, message):
    assert message in refusal(plant, [wanted], [VOLUME])


@pytest.mark.parametrize(
    ("free", "message"),
    [
        (["cleaner_tail.feed"], "is calculated and cannot be set"),
        (["rougher.cels"], "did you mean 'cells'"),
        (["*.cell_m3"], "stands for things of several values"),
        (["rougher.cells", "roug*.cells"], "'rougher.cells' and 'roug*.cells' are both free, but both set 'rougher.cells'"),
        (["rougher.cells=50:80"], "'rougher.cells' stands at 5, outside the range 50 to 80"),
        (["rougher.cells=90:20"], "'rougher.cells' has nothing to move in: its range would be 90 to 20"),
        (["rougher.ph_cu_k"], "'rougher.ph_cu_k' stands at 0 and its range has no end"),
    ],
)  # fmt: skip
def test_what_cannot_be_free_is_refused(plant, free, message):
    assert message in refusal(plant, ["recovery.Cu:cake=0.87"], free, kind=ModelError)


@pytest.mark.parametrize("text", ["recovery.Cu:cake", "=0.3", "conc=0.3", "conc:Cu=a", "conc:Cu=nan"])
def test_a_specification_that_cannot_be_read_is_refused(text):
    with pytest.raises(DataError, match=r"is not RESULT=VALUE|is not the name of a result"):
        read_specification(text)


@pytest.mark.parametrize("text", ["", "=1:2", "a=1", "a=1:b", "a=", "a=:"])
def test_a_free_key_that_cannot_be_read_is_refused(text):
    with pytest.raises(DataError, match="is not KEY or KEY=LOW:HIGH"):
        read_free(text)


def test_one_end_of_a_range_may_be_left_out():
    assert (read_free("a=1:").low, read_free("a=1:").high) == (1.0, None)
    assert (read_free("a=:2").low, read_free("a=:2").high) == (None, 2.0)


# ---- degrees of freedom ------------------------------------------------------------------------------------------


def test_a_description_by_itself_leaves_nothing_open(plant):
    found = degrees(plant, [], [])
    assert found.unknowns == found.equations > 70
    assert (found.dof, found.rank, found.faults) == (0, 0, ())
    assert found.settable > 30


def test_what_moves_with_what_is_told_with_its_derivative(plant):
    found = degrees(plant, ["recovery.Cu:cake=0.87", "cake:water=1"], [VOLUME, "filter.moisture"])
    assert found.moves.tolist() == [[True, False], [True, True]]
    assert (found.dof, found.rank, found.faults) == (0, 2, ())
    step = 1e-3
    near = simulate(plant, scenarios={"-": {VOLUME: 40 - step}, "+": {VOLUME: 40 + step}}).recovery("Cu", "cake")
    assert found.dependences["derivative"][0] == pytest.approx((near[1] - near[0]) / (2 * step), rel=1e-4)


def test_a_parameter_that_acts_only_elsewhere_in_its_range_counts(make):
    """Collector gains nothing above 10 %: flat where the plant stands, not below."""
    rougher = {"cells": 5, "cell_m3": 40.0, "conc_solids": 0.25, "feed_solids": 0.33, "collector_k": 1.0,
               "collector_g_t": 30.0, "collector_design_g_t": 20.0}  # fmt: skip
    plant = make(units={"rougher": {"model": "bank", "parameters": rougher}})
    found = degrees(plant, ["recovery.Cu:cake=0.85"], ["rougher.collector_g_t=5:40"])
    assert found.slopes[0].tolist() == [[0.0]]
    assert found.faults == ()
    assert met(plant, ["recovery.Cu:cake=0.80"], ["rougher.collector_g_t=5:40"]).values[0] < 22


def test_what_does_not_depend_on_what_is_free_is_named_before_solving(plant):
    told = refusal(plant, ["feed:Cu=3"], [VOLUME])
    assert "specification 'feed:Cu' does not depend on what is free ('rougher.cell_m3', in 'rougher')" in told
    assert len(told.splitlines()) == 1
    told = refusal(plant, ["recovery.Cu:cake=0.87", "feed:Cu=3"], [VOLUME, "cleaner.cell_m3"])
    assert "'feed:Cu' does not depend" in told


def test_a_parameter_that_moves_nothing_is_named(plant):
    told = refusal(plant, ["recovery.Cu:cake=0.87", "cake:grade.Cu=0.3"], [VOLUME, "filter.moisture"])
    assert told == (
        "free parameter 'filter.moisture' moves none of the specifications ('recovery.Cu:cake', 'cake:grade.Cu'): keep it"
        " as it is, or free another"
    )


def test_too_few_and_too_many_are_counted_and_named(plant):
    told = refusal(plant, ["recovery.Cu:cake=0.87"], [VOLUME, "cleaner.cell_m3"])
    assert told.startswith("degrees of freedom left: 1 (free: 2, 'rougher.cell_m3', 'cleaner.cell_m3'; specified: 1,")
    told = refusal(plant, ["recovery.Cu:cake=0.87", "cake:grade.Cu=0.3"], [VOLUME])
    assert told.startswith("specifications too many: 1 (free: 1, 'rougher.cell_m3'; specified: 2,")
    assert "nothing is specified" in refusal(plant, [], [VOLUME])


def test_specifications_that_say_the_same_are_told_apart_from_those_that_contradict(plant):
    base = simulate(plant).recovery("Cu", "cake")[0]
    free = [VOLUME, "cleaner.cell_m3"]
    told = refusal(plant, [f"recovery.Cu:cake={base + 0.01}", f"cake:Cu={2.4 * (base + 0.01)}"], free)
    assert (
        "'recovery.Cu:cake', 'cake:Cu' move together whatever is free, and at the description they say the same" in told
    )
    told = refusal(plant, ["recovery.Cu:cake=0.87", "cake:Cu=2.2"], free)
    assert "'recovery.Cu:cake', 'cake:Cu' move together whatever is free, and contradict each other" in told
    assert "but 87 %, 2.2 t/h is wanted" in told
    assert "free parameters 'rougher.cell_m3', 'cleaner.cell_m3' act alike on all specifications" in told


def test_two_parameters_with_one_effect_are_named(plant):
    free = ["rougher.cell_m3", "rougher.effective_volume"]
    told = refusal(plant, ["recovery.Cu:cake=0.87", "cake:grade.Cu=0.3"], free)
    assert "free parameters 'rougher.cell_m3', 'rougher.effective_volume' act alike on all specifications" in told


def test_the_same_twice_is_refused(plant):
    assert "'cake:Cu' is specified twice" in refusal(plant, ["cake:Cu=2", "cake:Cu=2.1"], [VOLUME, "cleaner.cell_m3"])


# ---- units involved ----------------------------------------------------------------------------------------------


def test_keys_act_where_they_are_named(make):
    plant = make(units={"filter": {"model": "filter", "parameters": {"moisture": "moist"}}},
                 figures={"moist": Figure(value=10.0, uom="%")})  # fmt: skip
    for key, units in (
        ("moist", ("filter",)), ("ore.cu", ("rougher",)), ("float.quartz.k_fast", ("rougher",)),
        ("carrier.Ag.pyrite", ("rougher",)), ("feed.feed", ("rougher",)), (VOLUME, ("rougher",)),
    ):  # fmt: skip
        assert acts_on(plant, require_targets(plant, key)[0]) == units


def test_units_between_do_not_go_round_a_loop_in_vain(plant):
    assert between(plant, ["rougher"], ["rougher"]) == ("rougher",)
    assert between(plant, ["cleaner"], ["filter"]) == ("cleaner", "filter")
    assert between(plant, ["cleaner"], ["rougher"]) == ("rougher", "cleaner")


def test_names_of_parallel_lines_are_said_as_one():
    assert list(alike(["l1.a2", "l2.a2", "l1.a3", "b"])) == ["l*.a*", "b"]
    assert list(alike(["l1.a2", "l2.a2", "b7"])) == ["l*.a2", "b7"]
