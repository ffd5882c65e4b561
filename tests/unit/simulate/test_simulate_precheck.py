"""What a simulation would refuse before it iterates is said of the description, on every day that changes it."""

from __future__ import annotations

from datetime import date

import pytest

from zveno.errors import ModelError
from zveno.model.types import ChainFile, Figure, Step
from zveno.simulate import simulate, simulation_faults


def share(value, uom="frac"):
    return Figure(value=value, uom=uom)


def dated(value, later, uom):
    return Figure(value=value, uom=uom, dated=(Step(**{"from": date(2026, 3, 18), "value": later}),))


def test_a_sound_plant_has_no_faults(plant):
    assert simulation_faults(plant) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"figures": {"ore.copper_in_bornite": share(0.9)}}, "shares of copper by mineral in ore 'ore' add up to 0.9, but must to 1"),
        ({"figures": {"ore.cu": share(70, "%")}}, "negative mass of quartz"),
        ({"figures": {"float.bornite.share_slow": share(0.5)}}, "fast and slow shares of bornite add up to more than 1"),
        ({"figures": {"float.pyrite.share_fast": share(-0.1)}}, "'float.pyrite.share_fast' of 'ore' is -0.1 frac, but cannot be less than 0"),
        ({"figures": {"float.pyrite.k_fast": share(-0.1, "1/min")}}, "'float.pyrite.k_fast' of 'ore' is -0.1 1/min, but cannot be less than 0"),
        ({"figures": {"float.pyrite.k_fast": share(0.1, "frac")}}, "'float.pyrite.k_fast' of 'ore' is given in 'frac', but must be in '1/min'"),
        ({"ore": {"kinetics": "flaot"}}, "the kinetics 'flaot' of ore 'ore' lack 12 figures, first 'flaot.bornite.share_fast'"),
        ({"figures": {"carrier.Ag.pyrite": share(0.5)}}, "carrier shares of Ag in ore 'ore' add up to 1.35"),
        ({"figures": {"carrier.Ag.pyrite": share(-0.15)}}, "'carrier.Ag.pyrite' of 'ore' is -0.15 frac, but cannot be less"),
        ({"ore": {"carriers": "carry"}}, "carrier shares of Ag in ore 'ore' add up to 0"),
        ({"figures": {"carrier.Ag.galena": share(0.0), "ore.pyrite": share(0)}}, "but the ore holds none of it"),
        ({"streams": {"feed": {"from": "mine", "to": "rougher", "ore": "ore", "feed": -200.0}}}, "feed 'feed' is negative"),
        ({"streams": {"feed": {"from": "mine", "to": "rougher", "ore": "ore", "feed": 2.0, "feed_water": 1.0}}}, "moisture of feed 'feed' must be"),
        ({"figures": {"ore.cu": dated(1.2, 70, "%")}}, "negative mass of quartz"),
        ({"units": {"rougher": {"model": "bnak"}}}, "unknown model 'bnak'"),
        ({"units": {"filter": {"model": "filter", "parameters": {"moisture": dated(0.1, 1.2, "frac")}}}}, "parameter 'moisture' is 1.2 frac, outside"),
        ({"units": {"filter": {"model": "filter", "parameters": {"moisture": "wet"}}}, "figures": {"wet": dated(10, 120, "%")}}, "parameter 'moisture' is 1.2 frac, outside"),
        ({"streams": {"feed": {"from": "mine", "to": "rougher", "ore": "ore", "feed": dated(2.0, -2.0, "t/h")}}}, "feed 'feed' is negative: -2 t/h"),
    ],
)  # fmt: skip
def test_what_simulate_refuses_is_a_fault(make, changes, message):
    plant = make(**changes)
    found = [str(one) for one in simulation_faults(plant)]
    assert any(message in one for one in found), found
    assert len(found) == len(set(found))
    day = date(2026, 3, 18)
    with pytest.raises(ModelError):
        simulate(plant, day=day)


def test_an_ore_that_no_stream_brings_is_tried_too(make):
    plant = make(
        figures={"ore.copper_in_bornite": share(0.9)}, places={"ore": "chain.yaml:9", "ore/copper": "chain.yaml:11"}
    )
    streams = [one for one in plant.chain.streams if one.ore != "ore"]
    units = [one.model_copy(update={"model": ""}) for one in plant.chain.units]
    chain = ChainFile.model_validate(plant.chain.model_copy(update={"streams": tuple(streams), "units": tuple(units)}))
    (found,) = simulation_faults(plant.model_copy(update={"chain": chain}))
    assert str(found).startswith("chain.yaml:11: shares of copper by mineral")


def test_all_that_is_wrong_with_an_ore_comes_at_once(make):
    wrong = {"ore.copper_in_bornite": share(0.9), "float.quartz.k_slow": share(-1, "1/min")}
    assert len(simulation_faults(make(figures=wrong))) == 2


def test_an_unsound_description_is_only_asked_for_its_units(make):
    plant = make(figures={"ore.cu": share(70, "%")}, units={"rougher": {"model": "bnak"}})
    assert ["unknown model" in one.message for one in simulation_faults(plant, sound=False)] == [True]
    assert simulation_faults(make(figures={"ore.cu": share(70, "%")}), sound=False) == []


def test_a_circuit_that_no_stream_leaves_is_a_fault(make):
    plant = make(
        units={"box": {"model": "mixer"}, "sump": {"model": "mixer"}},
        streams={
            "rougher_tail": {"from": "rougher:tail", "to": "box"},
            "there": {"from": "box", "to": "sump"},
            "back": {"from": "sump", "to": "box"},
        },
        places={"box": "chain.yaml:12"},
    )
    (found,) = simulation_faults(plant)
    assert (
        str(found)
        == "chain.yaml:12: what enters 'box', 'sump' can never leave: let a stream lead from there to a boundary"
    )


def test_a_circuit_may_end_at_a_unit_that_is_only_measured(make):
    plant = make(units={"pad": {}}, streams={"rougher_tail": {"from": "rougher:tail", "to": "pad"}})
    assert simulation_faults(plant) == []


@pytest.mark.parametrize(
    ("drive", "uom", "message"),
    [
        ({"unit": "rougher", "parameter": "cels"}, "-", "tag 'level' drives 'cels' of unit 'rougher', which has no such parameter"),
        ({"unit": "rougher", "parameter": "cell_m3"}, "kW", "'kW' measures power, but volume is needed"),
        ({"unit": "pad", "parameter": "cells"}, "-", "tag 'level' drives 'cells' of unit 'pad', which has no such parameter"),
        ({"unit": "rougher", "parameter": "cells"}, "-", ""),
    ],
)  # fmt: skip
def test_a_tag_drives_a_parameter_that_there_is(make, drive, uom, message):
    plant = make(units={"pad": {}})
    tag = {"id": "level", "unit": "rougher", "uom": uom, "normal": 5, "drives": [drive]}
    chain = ChainFile.model_validate({**plant.chain.model_dump(by_alias=True), "tags": [tag]})
    found = [str(one) for one in simulation_faults(plant.model_copy(update={"chain": chain}))]
    assert [message in one for one in found] == [True] * bool(message), found
