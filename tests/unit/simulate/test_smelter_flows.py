"""Fuel, coal, cold charge and skulls as flows of furnaces, and the two blows of a converter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.unit.simulate.heat_by_hand import streams_heat

import zveno
from zveno.errors import ModelError
from zveno.model.chain import ChainModel
from zveno.model.types import ChainFile, Stream
from zveno.simulate import Simulation, simulate
from zveno.simulate.basis import element_basis
from zveno.simulate.chemistry import formula
from zveno.simulate.thermo import enthalpy, enthalpy_of, parts_of
from zveno.simulate.units.converter import Converter
from zveno.simulate.units.matte_furnace import MatteFurnace

MATERIALS = {
    "conc": {"Cu": 0.25, "Fe": 0.28, "S": 0.32, "SiO2": 0.08, "CaO": 0.01},
    "air": {"O": 0.2314, "N": 0.7553}, "oxygen": {"O": 0.956, "N": 0.044}, "quartz": {"SiO2": 0.95},
    "methane": {"CH4": 1.0}, "oil": {"C": 0.86, "H": 0.11, "S": 0.02, "N": 0.01},
    "coal": {"C": 0.75, "H": 0.045, "O": 0.08, "SiO2": 0.08, "Al2O3": 0.03, "S": 0.008},
    "pure_air": {"O": 0.21 * 31.998 / 28.85064, "N": 0.79 * 28.014 / 28.85064}, "carbon": {"C": 1.0},
    "burns": {"Fe": 0.63, "S": 0.36}, "returns": {"Cu2O": 0.4, "FeO": 0.35, "SiO2": 0.2}, "scrap": {"Cu": 0.99}, "cold_matte": {"Cu": 0.6, "Fe": 0.15, "S": 0.23},
}  # fmt: skip
FURNACE = {
    "control": "matte_grade", "matte_grade": 0.6, "slag_cu": 0.01, "slag_s": 0.01, "o2_enrichment": 0.3,
    "heat_loss": 20.0, "matte_temp": 1500.0, "slag_temp": 1550.0, "gas_temp": 1600.0,
}  # fmt: skip
CONVERTER = {
    "slag_cu": 0.04, "heat": "surplus", "heat_loss": 1.0, "blister_temp": 1473.0, "slag_temp": 1520.0,
    "gas_temp": 1500.0, "matte_temp": 1500.0, "running": 0.8, "blow": 40000.0, "cycle": 250.0, "cold_most": 2.0,
}  # fmt: skip
ENTER, LEAVE = "rail", "out"


def smelter(furnace: dict[str, Any], converter: dict[str, Any] | None = None, **inlets: str) -> ChainModel:
    """A flash furnace and a converter whose slag comes back; more inlets as unit__inlet = material."""
    streams: list[tuple[str, str, str, str]] = [
        ("conc", ENTER, "furnace", "conc"), ("matte", "furnace:matte", "converter", ""),
        ("slag", "furnace:slag", LEAVE, ""), ("gas", "furnace:gas", LEAVE, ""), ("air", ENTER, "furnace:air", "air"),
        ("oxygen", ENTER, "furnace:oxygen", "oxygen"), ("quartz", ENTER, "furnace:flux", "quartz"),
        ("blister", "converter:blister", LEAVE, ""), ("conv_slag", "converter:slag", "furnace", ""),
        ("conv_gas", "converter:gas", LEAVE, ""), ("conv_air", ENTER, "converter:air", "air"),
        ("conv_flux", ENTER, "converter:flux", "quartz"),
        *((name, ENTER, name.replace("__", ":"), material) for name, material in inlets.items()),
    ]  # fmt: skip
    converter = {**CONVERTER, **(converter or {})}
    if converter.get("skulls") == "leave":
        streams.append(("skulls", "converter:skulls", LEAVE, ""))
    units = {"furnace": ("matte_furnace", {**FURNACE, **furnace}), "converter": ("converter", converter)}
    chain = {
        "format": "zveno/chain-1", "id": "flash", "title": {"en": "Flash"}, "timezone": "UTC+05:00",
        "components": ["Cu", "Fe", "S", "O", "N", "C", "H", "SiO2"], "boundaries": [{"id": ENTER}, {"id": LEAVE}],
        "plants": [{"id": "works", "kind": "smelter", "sections": [{"id": "all"}]}],
        "units": [{"id": name, "section": "all", "model": model, "parameters": given}
                  for name, (model, given) in units.items()],
        "streams": [{"id": name, "from": source, "to": target, **({"material": one} if one else {}),
                     **({"feed": 100.0} if name == "conc" else {})} for name, source, target, one in streams],
        "materials": [{"id": name, "contents": one} for name, one in MATERIALS.items()],
    }  # fmt: skip
    return ChainModel(chain=ChainFile.model_validate(chain), parameters={})


def closes(found: Simulation, model: ChainModel) -> None:
    """Every component, and the heat of both furnaces."""
    entering = sum(found.mass(one.id) for one in model.streams.values() if one.source == ENTER)
    leaving = sum(found.mass(one.id) for one in model.streams.values() if one.target == LEAVE)
    assert leaving == pytest.approx(entering, rel=1e-10)
    for unit in ("furnace", "converter"):
        if f"{unit}" not in set(found.unit_results.filter(quantity="heat_in")["unit"]):
            continue
        one = {name: found.unit_result(unit, f"heat_{name}") for name in ("in", "added", "out", "loss", "surplus")}
        entering, leaving = streams_heat(found, unit)
        rest = entering + one["added"] - leaving - one["loss"] - one["surplus"]
        assert np.abs(rest / entering).max() < 1e-9


@pytest.mark.parametrize("fuel", ["methane", "oil"])
def test_fuel_at_its_inlet_closes_the_heat_and_its_gas_joins_the_gas(fuel):
    model, without = smelter({"heat": "fuel"}, furnace__fuel=fuel), smelter({"heat": "fuel"})
    found, before = simulate(model), simulate(without)
    closes(found, model)
    assert found.unit_result("furnace", "heat_surplus")[0] == pytest.approx(0, abs=1e-9)
    assert found.unit_result("furnace", "heat_added")[0] == 0
    burnt = found.solids("furnace__fuel")[0]
    assert burnt > 1
    assert found.component("gas", "C")[0] == pytest.approx(burnt * found.grade("furnace__fuel", "C")[0], rel=1e-9)
    assert found.component("gas", "H")[0] == pytest.approx(burnt * found.grade("furnace__fuel", "H")[0], rel=1e-9)
    carbon, hydrogen, sulphur = (found.component("furnace__fuel", one)[0] for one in ("C", "H", "S"))
    needs = 31.998 * (carbon / 12.011 + hydrogen / 4 / 1.008 + sulphur / 32.06)
    more = sum(found.component(one, "O")[0] - before.component(one, "O")[0] for one in ("air", "oxygen"))
    assert more == pytest.approx(needs, rel=1e-9)
    for name in ("matte", "slag"):
        assert found.mass(name) == pytest.approx(before.mass(name), rel=1e-9)


def test_methane_at_the_inlet_is_what_is_reported_where_it_burns_with_air():
    """Without an inlet fuel counts as methane burnt with air: the same megawatts, if blast is air of 21 %."""
    shared = {"heat": "fuel", "o2_enrichment": 0.21, "heat_loss": 40.0}
    model = smelter(shared, furnace__fuel="methane")
    found, before = (simulate(_with_air(one)) for one in (model, smelter(shared)))
    for quantity in ("fuel", "fuel_per_t"):
        assert found.unit_result("furnace", quantity)[0] == pytest.approx(
            before.unit_result("furnace", quantity)[0], rel=2e-4
        )


def _with_air(model: ChainModel) -> ChainModel:
    """The furnace blows air alone, of 21 % by volume."""
    streams = [
        one.model_copy(update={"material": "pure_air"}) if one.id == "air" else one
        for one in model.chain.streams if one.id != "oxygen"
    ]  # fmt: skip
    return ChainModel(chain=model.chain.model_copy(update={"streams": streams}), parameters={})


def test_no_fuel_is_asked_for_where_heat_is_left():
    found = simulate(smelter({"heat": "fuel", "o2_enrichment": 0.9, "heat_loss": 1.0}, furnace__fuel="methane"))
    assert found.solids("furnace__fuel")[0] == 0
    assert found.unit_result("furnace", "heat_surplus")[0] > 1


def test_scenarios_that_burn_fuel_do_not_feel_each_other():
    model = smelter({"heat": "fuel"}, furnace__fuel="oil")
    scenarios = {"a": {"furnace.heat_loss": 10.0}, "b": {"furnace.heat_loss": 30.0}, "c": {"conc.feed": 70.0}}
    together = simulate(model, scenarios=scenarios)
    for n, (name, given) in enumerate(scenarios.items()):
        alone = simulate(model, scenarios={name: given})
        assert alone.solids("furnace__fuel")[0] == pytest.approx(together.solids("furnace__fuel")[n], rel=1e-9)
    assert np.diff(together.solids("furnace__fuel")[:2])[0] > 0


@pytest.mark.parametrize("closing", ["surplus", "power", "fuel", "enrichment", "temperature"])
def test_coal_at_its_inlet_brings_gas_and_ash(closing):
    model = smelter({"heat": closing, "coal": 20.0}, furnace__coal="coal")
    found = simulate(model, scenarios={"coal": {}, "none": {"furnace.coal": 0.0}})
    closes(found, model)
    coal = found.solids("furnace__coal")
    assert coal[1] == 0
    charge = found.solids("conc")[0] + found.solids("conv_slag")[0]
    assert coal[0] == pytest.approx(0.02 * charge, rel=1e-9)
    assert found.component("gas", "C")[0] == pytest.approx(0.75 * coal[0], rel=1e-9)
    assert found.component("slag", "SiO2")[0] > 0
    assert found.unit_result("furnace", "matte_grade") == pytest.approx(0.6, rel=1e-9)
    assert "oxygen_of_coal" not in set(found.unit_results["quantity"])


def test_carbon_at_the_inlet_gives_the_heat_that_coal_beside_the_flows_is_counted_with():
    shared = {"heat": "surplus", "coal_c": 1.0}
    beside = simulate(smelter(shared), scenarios={"none": {}, "coal": {"furnace.coal": 10.0}})
    model = smelter(shared, furnace__coal="carbon")
    inside = simulate(model, scenarios={"none": {}, "coal": {"furnace.coal": 10.0}})
    fed = inside.solids("furnace__coal")[1] / (0.01 * inside.solids("conc")[1])  # converter slag counts as charge here
    gains = [np.diff(one.unit_result("furnace", "heat_surplus"))[0] for one in (beside, inside)]
    assert gains[1] / fed == pytest.approx(gains[0], rel=0.01)  # blast is not of exactly 30 % O2 beside its argon


def test_heat_of_fuels_is_that_of_tables():
    """Net: methane 50.0, graphite 32.8 MJ/kg; oil of 86 % C and 11 % H 40.7 by Mendeleev's formula (recalled).

    Oil counts as methane and carbon, which are 3 % more stable than it is.
    """
    basis = element_basis("C", "H", "S", "O", "N")
    for contents, want, within in (
        ({"C": 0.7487, "H": 0.2513}, 50.0, 0.002),
        ({"C": 1.0}, 32.8, 0.002),
        ({"C": 0.86, "H": 0.11, "S": 0.02}, 40.7, 0.03),
    ):
        flow = np.zeros((1, 6))
        for name, share in contents.items():
            flow[0, basis.elements[name]] = share
        gas = flow.copy()
        carbon, hydrogen, sulphur = (contents.get(one, 0.0) for one in ("C", "H", "S"))
        gas[0, basis.elements["O"]] = 15.999 * (2 * carbon / 12.011 + hydrogen / 2.016 + 2 * sulphur / 32.06)
        found = 3.6 * (enthalpy_of("fuel", flow, basis) - enthalpy_of("gas", gas, basis))[0]
        assert found == pytest.approx(want, rel=within)


def test_copper_without_sulphur_or_oxygen_is_metal_in_a_cold_charge():
    basis = element_basis("Cu", "S", "O")
    scrap = np.array([[1.0, 0.0, 0.0, 0.0]])
    oxide = np.array([[1.0, 0.0, 15.999 / (2 * 63.546), 0.0]])
    assert enthalpy_of("charge", scrap, basis)[0] == pytest.approx(0, abs=1e-6)
    cuprite = 1e3 / 63.546 / 2 * float(enthalpy("Cu2O")) / 3600
    assert enthalpy_of("charge", oxide, basis)[0] == pytest.approx(cuprite, rel=1e-6)


BASIS = element_basis("Cu", "Fe", "S", "O", "N", "Si")
AIR, SILICA = [0.0, 0.0, 0.0, 0.2330, 0.7670, 0.0, 0.0], [0.0, 0.0, 0.0, 0.5326, 0.0, 0.4674, 0.0]
PURE = {"slag_cu": 0.0, "slag_s": 0.0, "blister_s": 0.0, "blister_o": 0.0, "magnetite": 0.0, "o2_efficiency": 1.0}


def matte(grade: float) -> np.ndarray:
    """A tonne of Cu2S and FeS."""
    cu2s = grade / formula("Cu2S")["Cu"]
    fes = 1 - cu2s
    return np.array([[grade, fes * formula("FeS")["Fe"], 1 - grade - fes * formula("FeS")["Fe"], 0.0, 0.0, 0.0, 0.0]])


def converter(**given: Any) -> Converter:
    return Converter(**{**PURE, **given}, supplies=np.array([[SILICA, AIR, [0.0] * 7, [0.0] * 7]]))


@pytest.mark.parametrize("grade", [0.4, 0.6, 0.79])
def test_the_two_blows_take_the_oxygen_of_their_reactions(grade):
    """FeS + 3/2 O2 = FeO + SO2; Cu2S + O2 = 2 Cu + SO2, exactly."""
    feed, unit = matte(grade), converter()
    found = unit.report(feed, unit.observe(feed, BASIS), BASIS)
    iron, copper = feed[0, 1] / 55.845, feed[0, 0] / 63.546
    in_air = (0.2330 / 31.998) / (0.2330 / 31.998 + 0.7670 / 28.014)
    assert found["slag_blow"][0][0] == pytest.approx(1.5 * iron * 22414 / in_air, rel=2e-4)
    assert found["blister_blow"][0][0] == pytest.approx(0.5 * copper * 22414 / in_air, rel=2e-4)
    assert found["blast"][0] == pytest.approx(found["slag_blow"][0] + found["blister_blow"][0])
    assert found["white_metal"][0][0] == pytest.approx(grade / formula("Cu2S")["Cu"], rel=1e-9)


def test_magnetite_and_oxygen_of_blister_lengthen_the_blow_they_belong_to():
    feed = matte(0.5)
    plain, ferric, oxidised = (
        unit.report(feed, unit.observe(feed, BASIS), BASIS)
        for unit in (converter(), converter(magnetite=0.3), converter(blister_o=0.01))
    )
    assert ferric["slag_blow"][0] > plain["slag_blow"][0]
    assert ferric["blister_blow"][0] == pytest.approx(plain["blister_blow"][0])
    assert oxidised["blister_blow"][0] > plain["blister_blow"][0]
    assert oxidised["slag_blow"][0] == pytest.approx(plain["slag_blow"][0])


def test_blows_of_a_cycle_take_their_air_at_the_rate_of_the_tuyeres():
    feed, unit = 30 * matte(0.55), converter(blow=40000.0, cycle=250.0)
    found = unit.report(feed, unit.observe(feed, BASIS), BASIS)
    for blow in ("slag_blow", "blister_blow"):
        assert found[f"{blow}_time"][0] == pytest.approx(found[blow][0] / 30 * 250 / 40000)
        assert 2 < found[f"{blow}_time"][0][0] < 8


def test_each_blow_gives_the_heat_of_its_reaction():
    """NIST: Cu2S -79.5, SO2 -296.8 kJ/mol, so 217 kJ in the second blow at 298 K; FeS gives 467 in the first.

    At 1500 K, from liquids and with cold air: the gas takes up what its heat content is.
    """
    found = simulate(smelter({}, {"slag_cu": 0.0, "slag_s": 0.0, "magnetite": 0.0, "o2_efficiency": 1.0,
                                  "blister_s": 0.0, "blister_o": 0.0, "running": 1.0}))  # fmt: skip
    surplus, first, late = (
        found.unit_result("converter", one)[0] for one in ("heat_surplus", "slag_blow_heat", "blister_blow_heat")
    )
    assert first + late == pytest.approx(surplus)
    assert first > late > 0
    copper = found.component("blister", "Cu")[0] / 63.546 * 1e3 / 2  # kmol Cu2S/h
    reaction = (
        -float(enthalpy("SO2(g)", 1500.0)) + float(enthalpy("Cu2S(l)", 1520.0)) - 2 * float(enthalpy("Cu(l)", 1473.0))
    )
    nitrogen = 0.7553 / 28.014 / (0.2314 / 31.998) * float(enthalpy("N2(g)", 1500.0))
    air = found.unit_result("converter", "blister_blow")[0] / found.unit_result("converter", "blast")[0]
    assert late == pytest.approx(copper * (reaction - nitrogen) / 3600 - 1.0 * air, rel=1e-3)


@pytest.mark.parametrize(("kind", "cold_is"), [("scrap", "metal"), ("cold_matte", "matte"), ("returns", "charge")])
def test_cold_charge_is_asked_for_up_to_the_heat_that_is_left(kind, cold_is):
    model = smelter({}, {"cold_is": cold_is}, converter__cold_charge=kind)
    losses = {
        "hot": {"converter.heat_loss": 0.5},
        "cool": {"converter.heat_loss": 2.0},
        "cold": {"converter.heat_loss": 50.0},
    }
    found = simulate(model, scenarios=losses)
    closes(found, model)
    cold, left = found.solids("converter__cold_charge"), found.unit_result("converter", "heat_surplus")
    assert cold[0] > cold[1] > 0
    assert cold[2] == 0
    assert np.abs(left[:2]).max() < 1e-7
    assert left[2] < -10
    assert found.unit_result("converter", "cold_charge") == pytest.approx(cold)
    for n, (name, given) in enumerate(losses.items()):
        assert simulate(model, scenarios={name: given}).solids("converter__cold_charge")[0] == pytest.approx(
            cold[n], rel=1e-8
        )


def test_scrap_melts_with_the_heat_that_copper_takes():
    """0.733 GJ/t from 298 K to liquid copper of 1473 K: 32.8445 x 1.473 - 1.8049 kJ/mol (NIST WebBook, recalled)."""
    model = smelter({}, {"cold_is": "metal"}, converter__cold_charge="scrap")
    takes = simulate(model).solids("converter__cold_charge")[0]
    without = simulate(smelter({}))
    spare = without.unit_result("converter", "heat_surplus")[0] * 0.8
    a_tonne = float(enthalpy("Cu(l)", 1473.0)) / 63.546
    assert a_tonne == pytest.approx((32.8445 * 1.473 - 1.8049) / 63.546, rel=0.005)
    assert takes == pytest.approx(
        3.6 * spare / (0.99 * a_tonne), rel=0.02
    )  # a little goes to slag, which asks for more air


def test_metal_among_the_cold_charge_needs_no_air_in_the_blister_blow():
    model = smelter({}, {"cold_is": "metal"}, converter__cold_charge="scrap")
    found, without = simulate(model), simulate(smelter({}))
    for one in ("slag_blow", "blister_blow"):
        assert found.unit_result("converter", one)[0] == pytest.approx(
            without.unit_result("converter", one)[0], rel=0.05
        )
    heats = [found.unit_result("converter", f"{one}_heat")[0] for one in ("slag_blow", "blister_blow")]
    assert heats[0] < 0 < heats[1]
    assert sum(heats) == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize("plant", ["zhmz", "bmz"])
def test_anode_furnaces_of_the_whole_chain_burn_what_they_reported(plant):
    """Natural gas of 94 % methane at the inlet takes as many megawatts as methane beside the flows, within 1 %."""
    model = zveno.load(zveno.example("zhez_balkhash")).model
    stream = {"id": "gas", "from": "market", "to": f"{plant}.af:fuel", "material": "natural_gas", "kind": "gas"}
    streams = (*model.chain.streams, Stream.model_validate(stream))
    burns = ChainModel(chain=model.chain.model_copy(update={"streams": streams}), parameters=model.parameters)
    found, before = simulate(burns), simulate(model)
    unit = f"{plant}.af"
    assert found.unit_result(unit, "heat_surplus")[0] == pytest.approx(0, abs=1e-9)
    assert found.unit_result(unit, "fuel")[0] == pytest.approx(before.unit_result(unit, "fuel")[0], rel=0.01)
    assert found.solids("gas")[0] * 0.94 * 50.0 / 3.6 == pytest.approx(found.unit_result(unit, "fuel")[0], rel=0.005)
    assert found.component(f"{plant}.cathode", "Cu") == pytest.approx(
        before.component(f"{plant}.cathode", "Cu"), rel=1e-9
    )


def test_skulls_leave_with_the_copper_they_are_told_to_hold():
    model = smelter({}, {"revert": 0.05, "revert_cu": 0.4, "skulls": "leave"})
    found, stay = simulate(model), simulate(smelter({}, {"revert": 0.05, "revert_cu": 0.4}))
    closes(found, model)
    assert found.grade("skulls", "Cu")[0] == pytest.approx(0.4, rel=1e-6)
    assert found.component("skulls", "Cu")[0] == pytest.approx(0.05 * found.component("matte", "Cu")[0], rel=1e-6)
    assert found.component("blister", "Cu")[0] < stay.component("blister", "Cu")[0]
    per_copper = [
        one.unit_result("converter", "heat_surplus")[0] / one.component("matte", "Cu")[0] for one in (found, stay)
    ]
    assert per_copper[0] == pytest.approx(per_copper[1], rel=0.01)  # they leave as hot as blister, slag hotter


def test_skulls_come_back_as_cold_charge_of_the_furnace():
    model = smelter({}, {"revert": 0.05, "revert_cu": 0.4, "skulls": "leave"})
    streams = [
        one.model_copy(update={"target": "furnace"}) if one.id == "skulls" else one for one in model.chain.streams
    ]
    back = ChainModel(chain=model.chain.model_copy(update={"streams": streams}), parameters={})
    found = simulate(back)
    closes(found, back)
    assert found.component("matte", "Cu")[0] > simulate(model).component("matte", "Cu")[0]


def test_cold_charge_that_burns_is_limited_by_what_the_converter_takes():
    """Iron sulphide gives more heat than it takes: as much of it as the unit allows, and heat is left."""
    model = smelter({}, {"cold_most": 0.1, "o2_enrichment": 0.3}, converter__cold_charge="burns")
    found = simulate(_with_oxygen(model))
    assert found.solids("converter__cold_charge")[0] == pytest.approx(0.1 * found.solids("matte")[0], rel=1e-9)
    assert found.unit_result("converter", "heat_surplus")[0] > 1


def _with_oxygen(model: ChainModel) -> ChainModel:
    """The converter blows oxygen beside air."""
    streams = [*model.chain.streams, next(one for one in model.chain.streams if one.id == "oxygen").model_copy(
        update={"id": "conv_oxygen", "target": "converter:oxygen"})]  # fmt: skip
    return ChainModel(chain=model.chain.model_copy(update={"streams": streams}), parameters={})


@pytest.mark.parametrize(
    ("furnace", "converter", "inlet", "says"),
    [
        ({"heat": "power"}, {}, {"furnace__fuel": "oil"}, "which does not burn it"),
        ({}, {"heat": "none"}, {"converter__cold_charge": "scrap"}, "which does not count it"),
        ({}, {"matte_temp": 0.0}, {"converter__cold_charge": "scrap"}, "a matte_temp"),
    ],
)
def test_what_a_furnace_would_never_ask_for_is_named(furnace, converter, inlet, says):
    with pytest.raises(ModelError, match=says):
        simulate(smelter(furnace, converter, **inlet))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"skulls": "leave", "revert": 0.1}, "revert_cu does not say"),
        ({"matte_temp": 900.0}, "matte_temp that no matte has"),
    ],
)
def test_a_converter_says_what_it_cannot_do(given, says):
    with pytest.raises(ModelError, match=says):
        simulate(smelter({}, given))


def test_the_mass_of_slag_is_settled_to_the_last_digits():
    """Put back into the balance, the shares give slag of the copper and lime asked for, with flux and limestone."""
    rng = np.random.default_rng(3)
    names = ("Cu", "Fe", "S", "Si", "Ca", "O", "N", "C")
    basis = element_basis(*names)
    lime = [0, 0, 0, 0, 0.4004, 0.4796, 0, 0.12, 0]
    quartz = [0.001, 0.02, 0.003, 0.42, 0.0, 0.50, 0, 0, 0]
    air = [0, 0, 0, 0, 0, 0.2314, 0.7553, 0, 0]
    nothing = [0.0] * 9
    feed = np.array([25.0, 28, 32, 4, 0.7, 2, 0, 0, 0]) * rng.uniform(0.5, 1.5, (300, 9))
    common = {"slag_cu": 0.01, "slag_s": 0.012, "slag_cao": 0.05, "fe_sio2": 1.4, "magnetite": 0.1}
    for control in ("matte_grade", "s_elimination"):
        unit = MatteFurnace(
            control=control, matte_grade=0.5, s_elimination=0.6, **common,
            supplies=np.array([[quartz, lime, air, nothing, nothing, nothing]]),
        )  # fmt: skip
        slag = unit.run(feed, basis)["slag"]
        whole = slag.sum(axis=1)
        made = slag[:, 4] * formula("CaO")["Ca"] ** -1
        assert slag[:, 0] / whole == pytest.approx(0.01, rel=1e-12)
        assert slag[:, 2] / whole == pytest.approx(0.012, rel=1e-12)
        asked = unit.observe(feed, basis)
        limed, fluxed = (unit.asked(asked, one) > 0 for one in ("limestone", "flux"))
        assert limed.sum() > 150
        assert fluxed.sum() > 100
        assert (made / whole)[limed] == pytest.approx(0.05, rel=1e-12)
        assert (made / whole)[~limed].min() > 0.05
        ratio = slag[:, 1] / (slag[:, 3] / formula("SiO2")["Si"])
        assert ratio[fluxed] == pytest.approx(1.4, rel=1e-12)
        assert ratio[~fluxed].max() < 1.4
        alone = replace(unit).run(feed[17], basis)["slag"]
        assert alone[0] == pytest.approx(slag[17], rel=1e-13)


def with_acid_plant(model: ChainModel) -> ChainModel:
    """The furnace's gas becomes acid; the weak acid of gas cleaning goes back into the furnace."""
    chain = model.chain
    acid = {"id": "acid", "section": "all", "model": "acid_plant", "parameters": {}}
    more = [
        ("product", "acid:acid", LEAVE, ""), ("stack", "acid:stack", LEAVE, ""), ("weak", "acid:effluent", "furnace", ""),
        ("acid_air", ENTER, "acid:air", "air"), ("acid_water", ENTER, "acid:water", "water"),
    ]  # fmt: skip
    streams = [one.model_copy(update={"target": "acid"}) if one.id == "gas" else one for one in chain.streams]
    streams += [
        Stream.model_validate({"id": name, "from": source, "to": target, **({"material": one} if one else {})})
        for name, source, target, one in more
    ]
    water = type(chain.materials[0]).model_validate({"id": "water", "contents": {"H2O": 1.0}})
    units = [*chain.units, type(chain.units[0]).model_validate(acid)]
    update = {"units": units, "streams": streams, "materials": [*chain.materials, water]}
    return ChainModel(chain=chain.model_copy(update=update), parameters={})


@pytest.mark.parametrize("fuel", ["oil", "methane"])
def test_fuel_whose_gas_comes_round_a_loop_leaves_every_unit_in_balance(fuel):
    model = with_acid_plant(smelter({"heat": "fuel"}, furnace__fuel=fuel))
    found = simulate(model, scenarios={"a": {}, "b": {"furnace.heat_loss": 30.0}})
    closes(found, model)
    assert found.unit_result("furnace", "heat_surplus") == pytest.approx(0, abs=1e-9)
    sulphur = found.component("product", "S")
    acid, water, dilution = formula("H2SO4"), formula("H2O"), 1 / 0.93 - 1
    for element in ("O", "H"):
        per_s = (acid[element] + dilution * water[element]) / acid["S"]
        assert found.component("product", element) / sulphur == pytest.approx(per_s, rel=1e-9)


def test_fuel_that_leaves_ash_is_refused():
    with pytest.raises(ModelError, match=r"leaves ash \(Si, Al\)"):
        simulate(smelter({"heat": "fuel"}, furnace__fuel="coal"))


@pytest.mark.parametrize("copper", [0.0, 0.2, 0.5])
def test_metal_of_skulls_leaves_the_oxygen_to_iron_and_silica(copper):
    """Half metal, half slag of FeO and SiO2: all oxygen is in the oxides, none is counted twice."""
    basis = element_basis("Cu", "Fe", "Si", "O")
    iron, silicon = 0.28, 0.08
    oxygen = iron / 55.845 * 15.999 + silicon / 28.085 * 31.998
    parts = parts_of("charge", np.array([[copper, iron, silicon, oxygen, 0.0]]), basis)
    atoms = {"Cu2O": 1, "FeO": 1, "Fe2O3": 3, "SiO2": 2}
    assert sum(count * parts[one][0] for one, count in atoms.items()) == pytest.approx(oxygen * 1e3 / 15.999, rel=1e-9)
    assert parts["Cu"][0] == pytest.approx(copper * 1e3 / 63.546, abs=1e-9)


@pytest.mark.parametrize("cold", ["", "scrap"])
def test_reverts_are_the_skulls_that_leave(cold):
    given = {"revert": 0.05, "revert_cu": 0.4, "skulls": "leave", "cold_is": "metal"}
    found = simulate(smelter({}, given, **({"converter__cold_charge": cold} if cold else {})))
    assert found.unit_result("converter", "reverts") == pytest.approx(found.solids("skulls"), rel=1e-12)
    assert found.grade("skulls", "Cu") == pytest.approx(0.4, rel=1e-6)


@pytest.mark.parametrize("grade", [0.02, 1.0])
def test_skulls_poorer_than_slag_or_richer_than_blister_are_refused(grade):
    with pytest.raises(ModelError, match="must lie between their copper"):
        simulate(smelter({}, {"revert": 0.05, "revert_cu": grade, "skulls": "leave"}))
