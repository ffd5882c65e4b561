"""Faults of the simulated part of a description, named with their places."""

from __future__ import annotations

import pytest

from zveno.errors import ModelError
from zveno.model.types import Figure
from zveno.simulate import parameter_uom, simulate, unit_faults, unit_model_schemas

GOOD = {"cells": 5, "cell_m3": 40.0, "conc_solids": 0.25}


def rougher(**parameters):
    return {"rougher": {"model": "bank", "parameters": {**GOOD, **parameters}}}


def test_a_sound_description_has_no_faults(plant):
    assert unit_faults(plant) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"units": {"rougher": {"model": "bnak", "parameters": GOOD}}}, "unit 'rougher' has the unknown model 'bnak'"),
        ({"units": rougher(cels=4)}, "model 'bank' has no parameter 'cels'"),
        ({"units": {"rougher": {"model": "bank", "parameters": {"cells": 5}}}}, "(volume of one cell) is missing"),
        ({"units": rougher(conc_solids=25.0)}, "parameter 'conc_solids' is 25 frac, outside 0.01 to 0.95"),
        ({"units": rougher(cells="ore.cels")}, "parameter 'cells' names the figure 'ore.cels', which does not exist"),
        ({"units": rougher(cells="ore.cu")}, "parameter 'cells' is given in '%', but must be in '-'"),
        ({"units": rougher(cells=Figure(value=5, uom="m3"))}, "parameter 'cells' is given in 'm3'"),
        ({"units": rougher(water_rule="rain")}, "parameter 'water_rule' must be one of product_solids, floated_solids"),
        ({"streams": {"conc": None}}, "outlet 'cleaner:conc' has no stream"),
        ({"streams": {"conc": {"from": "cleaner:froth", "to": "filter"}}}, "outlets of model 'bank' are conc, tail"),
        ({"streams": {"conc": {"from": "cleaner", "to": "filter"}}}, "begins at 'cleaner:'"),
        ({"streams": {"more": {"from": "cleaner:conc", "to": "pond"}}}, "has several streams (conc, more)"),
        ({"streams": {"feed": {"from": "mine", "to": "rougher", "ore": "ore"}}}, "so it needs 'feed'"),
        ({"streams": {"feed": {"from": "mine", "to": "rougher", "feed": 5.0}}}, "needs 'ore' or 'material', or kind 'water'"),
        (
            {"streams": {"cleaner_tail": {"from": "cleaner:tail", "to": "rougher", "feed": 5.0}}},
            "calculated by unit 'cleaner' and cannot have a feed",
        ),
        ({"units": {"spare": {"model": "mixer"}}, "streams": {"s": {"from": "spare", "to": "pond"}}}, "nothing enters"),
        (
            {
                "units": {"box": {"model": "splitter", "parameters": {"share_b": 0.7, "share_c": 0.7}}},
                "streams": {
                    "conc": {"from": "cleaner:conc", "to": "box"},
                    "a": {"from": "box:a", "to": "filter"},
                    "b": {"from": "box:b", "to": "pond"},
                    "c": {"from": "box:c", "to": "pond"},
                },
            },
            "add up to more than 1",
        ),
        (
            {
                "units": {"box": {"model": "splitter", "parameters": {"share_b": 0.5, "share_c": 0.2}}},
                "streams": {
                    "conc": {"from": "cleaner:conc", "to": "box"},
                    "a": {"from": "box:a", "to": "filter"},
                    "b": {"from": "box:b", "to": "pond"},
                },
            },
            "outlet 'box:c' has no stream, but material goes there",
        ),
    ],
)  # fmt: skip
def test_faults_are_named(make, changes, message):
    plant = make(**changes)
    faults = [str(one) for one in unit_faults(plant)]
    assert any(message in one for one in faults), faults
    with pytest.raises(ModelError):
        simulate(plant)


def test_a_fault_tells_its_place_and_a_near_word(make):
    plant = make(units={"rougher": {"model": "bnak"}}, places={"rougher": "chain.yaml:12"})
    (fault,) = [one for one in unit_faults(plant) if "unknown model" in one.message]
    assert fault.where == "chain.yaml:12"
    assert fault.fields["near"] == "bank"


def test_all_faults_come_at_once(make):
    plant = make(units={**rougher(cels=4, conc_solids=2.0), "filter": {"model": "filter"}})
    assert len(unit_faults(plant)) == 3


def test_units_without_model_are_left_alone(make):
    plant = make(units={"filter": {}})
    assert unit_faults(plant) == []
    assert simulate(plant).streams[-1] == "conc"


def test_a_description_without_models_cannot_be_simulated(make):
    plant = make(units={"rougher": {}, "cleaner": {}, "filter": {}})
    with pytest.raises(ModelError, match="no unit has a model"):
        simulate(plant)


def test_outlet_without_material_may_stay_open(make):
    plant = make(
        units={"box": {"model": "splitter", "parameters": {"share_b": 0.5}}},
        streams={
            "conc": {"from": "cleaner:conc", "to": "box"},
            "a": {"from": "box:a", "to": "filter"},
            "b": {"from": "box:b", "to": "pond"},
        },
    )
    found = simulate(plant)
    assert found.mass("a") == pytest.approx(found.mass("b"))


def test_water_may_be_fed(make):
    plant = make(streams={"spray": {"from": "mine", "to": "cleaner", "kind": "water", "feed": 25.0}})
    found = simulate(plant)
    assert found.water("spray")[0] == pytest.approx(25.0)
    assert found.solids("spray")[0] == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"figures": {"carrier.Ag.pyrite": Figure(value=0.5, uom="frac")}}, "shares of Ag in ore 'ore' add up to 1.35"),
        ({"figures": {"carrier.Ag.galena": Figure(value=0.0, uom="frac"), "ore.pyrite": Figure(value=0, uom="%")}},
         "Ag of ore 'ore' has the carrier 'pyrite', but the ore holds none of it"),
        ({"figures": {"float.bornite.share_slow": Figure(value=0.5, uom="frac")}}, "fast and slow shares of bornite"),
        ({"figures": {"ore.cu": Figure(value=70, uom="%")}}, "negative mass of quartz"),
    ],
)  # fmt: skip
def test_impossible_ores_are_refused(make, changes, message):
    with pytest.raises(ModelError) as caught:
        simulate(make(**changes))
    assert message in str(caught.value)


def test_copper_of_other_minerals_is_given_up_in_proportion(make):
    ore = {"copper": {"bornite": "ore.copper_in_bornite"}, "minerals": {"pyrite": "ore.pyrite"}}
    found = simulate(make(ore=ore))
    assert found.minerals("feed")["bornite"][0] == pytest.approx(200 * 0.012 / 0.6)


def test_an_ore_without_kinetics_is_only_entrained(make):
    found = simulate(make(ore={"kinetics": ""}))
    assert found.recovery("Cu", "cake")[0] == pytest.approx(0.0)


def test_schemas_tell_parameters_and_outlets():
    schemas = unit_model_schemas()
    bank = schemas["bank"]
    assert bank["x-outlets"] == ["conc", "tail"]
    assert set(bank["required"]) == {"cells", "cell_m3", "conc_solids"}
    assert bank["properties"]["conc_solids"]["anyOf"][0] == {"type": "number", "minimum": 0.01, "maximum": 0.95}
    assert bank["properties"]["water_rule"]["enum"] == ["product_solids", "floated_solids"]
    assert bank["properties"]["entrain"]["default"] == 0.0
    assert parameter_uom("thickener", "overflow_solids_g_l") == "g/l"
    with pytest.raises(ModelError, match="no parameter 'cell'"):
        parameter_uom("bank", "cell")
