"""Heat of furnaces: it closes, what closes it acts, and a furnace that was told nothing says nothing."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from tests.unit.simulate.heat_by_hand import streams_heat

import zveno
from zveno.errors import DataError, ModelError
from zveno.model.chain import ChainModel
from zveno.model.types import ChainFile
from zveno.simulate import Simulation, simulate
from zveno.simulate.basis import element_basis
from zveno.simulate.thermo import Melts, enthalpy, enthalpy_of, parts_of, total
from zveno.simulate.units.anode_furnace import AnodeFurnace
from zveno.simulate.units.furnace import Arrival

TEMPS = {"matte_temp": 1500.0, "slag_temp": 1550.0, "gas_temp": 1573.0}
HOT = {"heat_loss": 5.0, "running": 0.9, "furnaces": 2.0, **TEMPS}
CONVERTER = {"heat": "surplus", "heat_loss": 1.0, "blister_temp": 1473.0, "slag_temp": 1520.0, "gas_temp": 1473.0}
KEYS = ("heat_in", "heat_added", "heat_out", "heat_loss", "heat_surplus")


def smelter(furnace: dict[str, Any], converter: dict[str, Any] | None = None, charge: dict[str, float] | None = None):
    """Furnace and converter; converter slag comes back."""
    conc = charge or {"Cu": 0.22, "Fe": 0.28, "S": 0.33, "SiO2": 0.09, "Pb": 0.01, "Zn": 0.01, "CaO": 0.01}
    materials = {
        "conc": conc, "air": {"O": 0.2314, "N": 0.7553}, "oxygen": {"O": 0.956, "N": 0.044},
        "quartz": {"SiO2": 0.9, "Fe2O3": 0.03},
    }  # fmt: skip
    units = {
        "furnace": ("matte_furnace", {"control": "matte_grade", "matte_grade": 0.5, "slag_cu": 0.007, "slag_s": 0.01,
                                      "o2_enrichment": 0.6, "magnetite": 0.05, **furnace}),
        "converter": ("converter", {"slag_cu": 0.04, **(converter or {})}),
    }  # fmt: skip
    streams = [
        ("conc", "rail", "furnace", "conc"), ("matte", "furnace:matte", "converter", ""),
        ("slag", "furnace:slag", "out", ""), ("gas", "furnace:gas", "out", ""), ("air", "rail", "furnace:air", "air"),
        ("oxygen", "rail", "furnace:oxygen", "oxygen"), ("quartz", "rail", "furnace:flux", "quartz"),
        ("blister", "converter:blister", "out", ""), ("conv_slag", "converter:slag", "furnace", ""),
        ("conv_gas", "converter:gas", "out", ""), ("conv_air", "rail", "converter:air", "air"),
        ("conv_flux", "rail", "converter:flux", "quartz"),
    ]  # fmt: skip
    chain = {
        "format": "zveno/chain-1", "id": "small", "title": {"en": "Small"}, "timezone": "UTC+05:00",
        "components": ["Cu", "Fe", "S", "O", "N", "SiO2"], "boundaries": [{"id": "rail"}, {"id": "out"}],
        "plants": [{"id": "works", "kind": "smelter", "sections": [{"id": "all"}]}],
        "units": [{"id": name, "section": "all", "model": model, "parameters": given}
                  for name, (model, given) in units.items()],
        "streams": [{"id": name, "from": source, "to": target, **({"material": one} if one else {}),
                     **({"feed": 100.0, "feed_water": 0.05} if name == "conc" else {})}
                    for name, source, target, one in streams],
        "materials": [{"id": name, "contents": one} for name, one in materials.items()],
    }  # fmt: skip
    return ChainModel(chain=ChainFile.model_validate(chain), parameters={})


def heat(found: Simulation, unit: str = "furnace") -> dict[str, np.ndarray]:
    return {name: found.unit_result(unit, name) for name in KEYS}


def closure(one: dict[str, np.ndarray]) -> np.ndarray:
    return one["heat_in"] + one["heat_added"] - one["heat_out"] - one["heat_loss"] - one["heat_surplus"]


@pytest.mark.parametrize("closing", ["surplus", "power", "fuel", "enrichment", "temperature"])
@pytest.mark.parametrize("coal", [0.0, 12.0])
def test_heat_closes_whatever_closes_it(closing, coal):
    scenarios = {f"s{n}": {"furnace.matte_grade": 0.4 + 0.02 * n, "furnace.heat_loss": 2.0 + n} for n in range(8)}
    found = simulate(smelter({"heat": closing, "coal": coal, **HOT}, CONVERTER), scenarios=scenarios)
    for unit in ("furnace", "converter"):
        one = heat(found, unit)
        assert np.abs(closure(one) / one["heat_in"]).max() < 1e-9
    one = heat(found)
    if closing in ("enrichment", "temperature"):
        bounded = {"enrichment": (0.2101, 0.94), "temperature": (1401.0, 1749.0)}[closing]
        value = found.unit_result("furnace", "bath_temp" if closing == "temperature" else closing)
        inside = (value > bounded[0]) & (value < bounded[1])
        assert inside.any()
        assert np.abs(one["heat_surplus"] / one["heat_in"])[inside].max() < 1e-9
    if closing in ("power", "fuel"):
        assert (one["heat_surplus"] >= -1e-9).all()
        assert (np.minimum(one["heat_surplus"], found.unit_result("furnace", closing)) < 1e-9).all()


CLOSINGS = ("surplus", "power", "fuel", "enrichment", "temperature")


@cache
def whole_chain() -> ChainModel:
    return zveno.load(zveno.example("zhez_balkhash")).model


@pytest.mark.parametrize("closing", CLOSINGS)
def test_heat_of_every_furnace_of_the_whole_chain_closes_to_a_billionth(closing):
    """What enters, by streams and by what is added, leaves or is left; whichever of the five closes it."""
    model = whole_chain()
    furnaces = [one.id for one in model.units.values() if "heat" in one.parameters]
    units = [
        one.model_copy(update={"parameters": {**one.parameters, "heat": closing}})
        if one.id in furnaces and not (closing == "enrichment" and one.model == "anode_furnace") else one
        for one in model.chain.units
    ]  # fmt: skip
    changed = ChainModel(chain=model.chain.model_copy(update={"units": units}), parameters=model.parameters)
    found = simulate(changed, scenarios={"base": {}, "richer": {"bmz.vf.matte_grade": 0.55}})
    assert len(furnaces) == 6
    told = {"surplus": set(), "temperature": {"bath_temp"}}.get(closing, {closing})
    for unit in furnaces:
        one = heat(found, unit)
        entering, leaving = streams_heat(found, unit)
        rest = entering + one["heat_added"] - leaving - one["heat_loss"] - one["heat_surplus"]
        assert np.abs(rest / entering).max() < 1e-9
        assert np.abs(closure(one) / one["heat_in"]).max() < 1e-9
        closes = np.abs(one["heat_surplus"] / one["heat_in"]) < 1e-9
        if closing in ("power", "fuel"):
            assert (one["heat_surplus"] >= -1e-9).all()
            assert (np.minimum(one["heat_surplus"], found.unit_result(unit, closing)) < 1e-9).all()
        if closing == "temperature":  # the others would have to be cooler than any melt that is known
            assert closes.all() == (unit in ("zhmz.conv", "bmz.vf", "bmz.conv"))
        if closing == "enrichment" and unit == "bmz.vf":
            assert closes.all()
        quantities = set(found.unit_results.filter(unit=unit)["quantity"])
        wanted = {"fuel"} if closing == "enrichment" and ".af" in unit else told
        assert quantities & {"power", "fuel", "enrichment", "bath_temp"} == wanted


def test_heat_is_that_of_the_streams_counted_by_hand():
    """Enthalpies of the streams as the simulation lists them, by the phases of a person who knows the furnace."""
    found = simulate(smelter({"heat": "surplus", **HOT}, CONVERTER))
    build, solution = found._parts[0]
    basis, flows = build.circuit.basis, dict(zip(build.streams, solution.flows, strict=True))
    cold = sum(enthalpy_of("charge", flows[one], basis)[0] for one in ("conc", "quartz"))
    entering = cold + enthalpy_of("slag", flows["conv_slag"], basis, np.array([1520.0]))[0]
    leaving = sum(
        enthalpy_of(one, flows[one], basis, np.array([TEMPS[f"{one}_temp"]]))[0] for one in ("matte", "slag", "gas")
    )
    one = heat(found)
    assert one["heat_in"][0] == pytest.approx(entering / 0.9, rel=1e-9)
    assert one["heat_out"][0] == pytest.approx(leaving / 0.9, rel=1e-12)
    assert one["heat_loss"][0] == pytest.approx(10.0)


def test_the_enrichment_that_closes_heat_is_blown():
    found = simulate(smelter({"heat": "enrichment", **HOT}, CONVERTER))
    richness = found.unit_result("furnace", "enrichment")[0]
    oxygen, nitrogen = (
        sum(found.component(one, name)[0] for one in ("air", "oxygen")) / weight
        for name, weight in (("O", 31.998), ("N", 28.014))
    )
    assert 0.3 < richness < 0.9
    assert oxygen / (oxygen + nitrogen) == pytest.approx(richness, rel=1e-9)
    for name in ("Cu", "Fe", "S", "O", "N"):
        entering = sum(found.component(one, name)[0] for one in found.feeds) + sum(
            found.component(one, name)[0] for one in ("air", "oxygen", "quartz", "conv_air", "conv_flux")
        )
        leaving = sum(found.component(one, name)[0] for one in ("slag", "gas", "blister", "conv_gas"))
        assert leaving == pytest.approx(entering, rel=1e-10)


def test_more_loss_means_less_nitrogen_until_oxygen_has_no_more_to_give():
    losses = {f"s{n}": {"furnace.heat_loss": value} for n, value in enumerate((1.0, 5.0, 9.0, 60.0))}
    found = simulate(smelter({"heat": "enrichment", **HOT}, CONVERTER), scenarios=losses)
    richness, surplus = found.unit_result("furnace", "enrichment"), found.unit_result("furnace", "heat_surplus")
    assert (np.diff(richness) > 0).all()
    assert richness[-1] == pytest.approx((0.956 / 31.998) / (0.956 / 31.998 + 0.044 / 28.014), rel=1e-9)
    assert surplus[-1] < -50
    assert np.abs(surplus[:3]).max() < 1e-6


def test_scenarios_do_not_feel_each_other():
    model = smelter({"heat": "temperature", **HOT}, CONVERTER)
    scenarios = {"a": {"furnace.heat_loss": 4.0}, "b": {"conc.feed": 60.0}}
    both = simulate(model, scenarios=scenarios)
    for n, (name, given) in enumerate(scenarios.items()):
        alone = simulate(model, scenarios={name: given})
        for quantity in (*KEYS, "bath_temp"):
            together = both.unit_result("furnace", quantity)[n]
            assert alone.unit_result("furnace", quantity)[0] == pytest.approx(together, rel=1e-9, abs=1e-9)


def test_a_furnace_without_figures_of_heat_reports_none():
    found = simulate(smelter({}, None))
    quantities = set(found.unit_results["quantity"])
    assert not quantities & {*KEYS, "power", "fuel", "enrichment", "charge"}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({**HOT, "heat_loss": 0.0}, "heat_loss"),
        ({**HOT, "matte_temp": 0.0}, "temperature of each product"),
        ({**HOT, "slag_temp": 1100.0}, "between 1350 and 1750"),
    ],
)
def test_heat_cannot_be_closed_without_loss_and_temperatures(given, says):
    with pytest.raises(ModelError, match=says):
        simulate(smelter({"heat": "power", **given}))
    unit = AnodeFurnace(heat="enrichment", heat_loss=1.0, anode_temp=1450.0, slag_temp=1450.0, gas_temp=1500.0)
    assert "no enrichment" in unit.conflict()


def test_wetter_charge_and_hotter_slag_need_more_power():
    """Water: 1 t of it takes 2.44 GJ to boil at 298 K and 1.0 to 2.8 GJ to reach 873 to 1573 K."""
    model = smelter({"heat": "power", **HOT, "heat_loss": 40.0}, CONVERTER)
    dry, wet, hot = ({}, {"conc.feed_water": 0.08}, {"furnace.slag_temp": 1600.0})
    found = simulate(model, scenarios={"dry": dry, "wet": wet, "hot": hot}).unit_result("furnace", "power")
    water = 100 * (0.08 / 0.92 - 0.05 / 0.95)
    steam = (enthalpy("H2O(g)", 1573.0) - enthalpy("H2O(l)")) / 18.015
    assert found[1] - found[0] == pytest.approx(water * steam / 3.6 / 0.9, rel=1e-6)
    assert found[2] > found[0]


def test_minerals_of_a_charge_take_all_its_copper_iron_and_sulphur():
    basis = element_basis("Cu", "Fe", "S", "Si", "Ca", "Zn", "Pb", "C", "O", "H")
    rng = np.random.default_rng(4)
    flow = np.concatenate([rng.uniform(0, 1, (500, 10)), np.zeros((500, 1))], axis=1)
    parts = parts_of("charge", flow, basis)
    assert min(one.min() for one in parts.values()) > -1e-9
    atoms = {
        "Cu": {"CuFeS2": 1, "Cu2S": 2, "Cu5FeS4": 5, "Cu2O": 2, "Cu": 1}, "Fe": {"CuFeS2": 1, "FeS2": 1, "Cu5FeS4": 1, "FeO": 1, "Fe2O3": 2},
        "S": {"CuFeS2": 2, "FeS2": 2, "Cu5FeS4": 4, "Cu2S": 1, "ZnS": 1, "PbS": 1, "S": 1},
        "Zn": {"ZnS": 1, "ZnO": 1}, "C": {"CaCO3": 1, "MgCO3": 1, "C": 1},
    }  # fmt: skip
    weights = {"Cu": 63.546, "Fe": 55.845, "S": 32.06, "Zn": 65.38, "C": 12.011}
    for element, names in atoms.items():
        total = sum(parts[name] * count for name, count in names.items())
        assert total == pytest.approx(flow[:, basis.elements[element]] * 1e3 / weights[element], rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("phase", "atoms"),
    [
        ("matte", {"Cu": {"Cu2S(l)": 2, "Cu(l)": 1}, "Fe": {"Fe3O4(l)": 3, "FeS(l)": 1, "Fe(l)": 1},
                   "S": {"Cu2S(l)": 1, "ZnS": 1, "PbS(l)": 1, "FeS(l)": 1, "S(matte)": 1}}),
        ("slag", {"Cu": {"Cu2S(l)": 2, "Cu2O(l)": 2}, "Fe": {"FeS(l)": 1, "Fe2SiO4(l)": 2, "FeO(l)": 1, "Fe3O4(l)": 3},
                  "Si": {"CaSiO3(l)": 1, "MgSiO3(l)": 1, "Fe2SiO4(l)": 1, "SiO2(l)": 1},
                  "Ca": {"CaSiO3(l)": 1, "CaO(l)": 1}}),
        ("metal", {"Cu": {"Cu(l)": 1, "Cu2S(l)": 2, "Cu2O(l)": 2}}),
        ("gas", {"S": {"SO2(g)": 1, "S2(g)": 2}, "C": {"CO2(g)": 1}, "N": {"N2(g)": 2}}),
    ],
)  # fmt: skip
def test_compounds_of_a_product_take_all_its_elements(phase, atoms):
    names = ("Cu", "Fe", "S", "Si", "Ca", "Mg", "Zn", "Pb", "C", "O", "H", "N")
    basis = element_basis(*names)
    weights = {"Cu": 63.546, "Fe": 55.845, "S": 32.06, "Si": 28.085, "Ca": 40.078, "C": 12.011, "N": 14.007}
    rng = np.random.default_rng(6)
    flow = np.concatenate([rng.uniform(0, 1, (500, len(names))), np.zeros((500, 1))], axis=1)
    parts = parts_of(phase, flow, basis)
    assert min(one.min() for one in parts.values()) > -1e-9
    for element, held in atoms.items():
        total = sum(parts[name] * count for name, count in held.items())
        assert total == pytest.approx(flow[:, basis.elements[element]] * 1e3 / weights[element], rel=1e-9, abs=1e-9)


def test_matte_pays_back_what_its_slag_blow_is_known_to_give():
    """FeS to FeO and SO2 at 298 K gives 467 kJ/mol: a cold matte of FeS blown cold gives that and no more."""
    basis = element_basis("Fe", "S", "O")
    fes = np.array([[0.055845, 0.03206, 0.0, 0.0]])  # 1 kmol/h
    feo, gas = np.array([[0.055845, 0.0, 0.015999, 0.0]]), np.array([[0.0, 0.03206, 0.031998, 0.0]])
    given = enthalpy_of("matte", fes, basis) - enthalpy_of("slag", feo, basis) - enthalpy_of("gas", gas, basis)
    assert given[0] * 3600 == pytest.approx(467, abs=3)


def test_a_hot_stream_brings_its_heat_and_a_cold_one_none():
    furnace = AnodeFurnace(heat="fuel", heat_loss=1.0, anode_temp=1453.0, slag_temp=1473.0, gas_temp=1573.0)
    basis = element_basis("Cu", "O", "N")
    copper = np.array([[10.0, 0.0, 0.0, 0.0]])
    out = [copper, 0 * copper, 0 * copper]
    cold, hot = Arrival(copper, "metal"), Arrival(copper, "metal", np.array([1453.0]))
    liquid = furnace.heat_report([hot], out, basis)
    solid = furnace.heat_report([cold], out, basis)
    assert liquid["heat_in"][0] == pytest.approx(liquid["heat_out"][0])
    assert solid["heat_in"][0][0] == pytest.approx(0, abs=1e-9)
    melting = 10e3 / 63.546 * float(enthalpy("Cu", 1453.0)) / 3600
    assert solid["heat_added"][0][0] - liquid["heat_added"][0][0] == pytest.approx(melting, rel=1e-3)
    assert furnace.fuel_stays()[0] < 802.6


def test_a_temperature_out_of_what_is_known_is_named():
    basis = element_basis("Fe", "O")
    with pytest.raises(DataError, match="known from"):
        enthalpy_of("slag", np.array([[1.0, 0.3, 0.0]]), basis, np.array([900.0]))


def test_a_furnace_that_is_fed_nothing_only_loses_heat():
    for closing in ("power", "fuel", "enrichment", "temperature"):
        found = simulate(smelter({"heat": closing, **HOT}, CONVERTER), scenarios={"empty": {"conc.feed": 0.0}})
        one = heat(found)
        assert np.isfinite([value[0] for value in one.values()]).all()
        assert one["heat_in"][0] == one["heat_out"][0] == 0
        assert one["heat_surplus"][0] + found.unit_result("furnace", "heat_loss")[0] == one["heat_added"][0]


BASIS = element_basis("Cu", "Fe", "S", "O", "Si", "Ca")
FAYALITE = np.array([[0.0, 2 * 55.845, 0.0, 4 * 15.999, 28.085, 0.0, 0.0]])  # 1 kmol in t
HOT_K = np.array([1523.0])


def test_slag_of_pure_oxides_is_fayalite_once_its_measured_heat_of_mixing_is_added():
    """9 kJ per mole of 2FeO.SiO2 beside liquid FeO and SiO2; what a producer states instead is added as it stands."""
    measured = total(parts_of("slag", FAYALITE, BASIS), HOT_K)
    for mixing, apart in ((9.0, 0.0), (-35.0, -44.0)):
        found = total(parts_of("slag", FAYALITE, BASIS, Melts("oxides", mixing)), HOT_K)
        assert found - measured == pytest.approx(apart / 3.6, abs=0.1 / 3.6)


def test_pure_oxides_keep_magnetite_solid_and_leave_sulphur_and_its_copper_without_heat():
    oxide = np.array([[0.0, 3 * 55.845, 0.0, 4 * 15.999, 0.0, 0.0, 0.0]])
    laden = oxide + np.array([[2 * 63.546, 0.0, 32.06, 0.0, 0.0, 0.0, 0.0]])
    for flow in (oxide, laden):
        parts = parts_of("slag", flow, BASIS, Melts("oxides", -35.0))
        assert parts["Fe3O4"] == pytest.approx(1000.0, rel=1e-3)
        assert total(parts, HOT_K) == pytest.approx(1000 * enthalpy("Fe3O4", HOT_K) / 3600, rel=1e-3)


def test_matte_of_pure_sulphides_leaves_sulphur_beyond_them_without_heat():
    """Cu2S + FeS + S, kmol each."""
    flow = np.array([[2 * 63.546, 55.845, 3 * 32.06, 0.0, 0.0, 0.0, 0.0]])
    want = enthalpy("Cu2S(l)", HOT_K) + enthalpy("FeS(l)", HOT_K)
    found = total(parts_of("matte", flow, BASIS, Melts("oxides")), HOT_K)
    assert found * 3.6 == pytest.approx(want, rel=1e-3)
    assert (total(parts_of("matte", flow, BASIS), HOT_K) - found) * 3.6 == pytest.approx(-31.1, abs=0.1)


def test_slag_that_comes_back_is_counted_as_it_left():
    """Heat of mixing leaves the converter and enters the furnace; what neither sees cancels."""
    oxides = {"melts": "oxides", "slag_mixing": -30.0}
    mixed = simulate(smelter({"heat": "surplus", **HOT}, {**CONVERTER, **oxides}))
    plain = simulate(smelter({"heat": "surplus", **HOT}, {**CONVERTER, **oxides, "slag_mixing": 0.0}))
    gone, come = (heat(mixed, unit)[name] - heat(plain, unit)[name]
                  for unit, name in (("converter", "heat_out"), ("furnace", "heat_in")))  # fmt: skip
    assert gone[0] < -0.1
    assert come[0] * 0.9 == pytest.approx(gone[0], rel=1e-9)


def test_coal_heats_the_oxygen_that_it_leaves_over():
    """Carbon burnt at half the efficiency: as much O2 again, and its nitrogen, leave hot."""
    found = [simulate(smelter({"heat": "surplus", "coal": 10.0, "o2_efficiency": one, **HOT}, CONVERTER))
             for one in (1.0, 0.5)]  # fmt: skip
    added = [heat(one)["heat_added"][0] for one in found]
    carbon = found[0].unit_result("furnace", "oxygen_of_coal")[0] / 22.414  # kmol/h
    temp = TEMPS["gas_temp"]
    hot = enthalpy("O2(g)", temp) + (1 / 0.6 - 1) * enthalpy("N2(g)", temp)
    assert added[0] - added[1] == pytest.approx(carbon * hot / 3600 / 0.9, rel=1e-6)
