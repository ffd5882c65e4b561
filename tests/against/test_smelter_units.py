"""Smelter units in a flowsheet against published and exact figures; the files of the cases may be absent."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zveno.model.chain import ChainModel
from zveno.model.types import ChainFile, Figure
from zveno.simulate import Simulation, simulate
from zveno.simulate.basis import element_basis
from zveno.simulate.chemistry import formula
from zveno.simulate.thermo import enthalpy
from zveno.simulate.units.acid_plant import AcidPlant
from zveno.simulate.units.anode_furnace import AnodeFurnace
from zveno.simulate.units.converter import Converter
from zveno.simulate.units.dryer import Dryer
from zveno.simulate.units.gas_cleaning import GasCleaning
from zveno.simulate.units.slag_flotation import SlagFlotation
from zveno.simulate.units.slag_settler import SlagSettler
from zveno.simulate.units.tankhouse import GRADES, Tankhouse
from zveno.simulate.units.unit import Table

DATA = Path(__file__).parents[2] / "../shared/data"
needs_cases = pytest.mark.skipif(not DATA.is_dir(), reason="the folder ../shared/data with the cases is absent")
MINORS = ("As", "Sb", "Bi", "Pb", "Zn", "Ni", "Ag", "Au", "Se", "Te")
CLOSINGS = ("none", "surplus", "power", "fuel", "enrichment", "temperature")


@cache
def case(name: str) -> dict[str, Any]:
    return json.loads((DATA / "simulation" / f"{name}.json").read_text())


def works(
    units: list[dict[str, Any]], streams: list[dict[str, Any]], materials: dict[str, dict[str, float]], **figures: float
) -> ChainModel:
    """A description of one plant."""
    chain = {
        "format": "zveno/chain-1", "id": "case", "title": {"en": "case"}, "timezone": "UTC+05:00",
        "components": ["Cu", "Fe", "S", "SiO2", "O", "N", "C", "H", *MINORS],
        "plants": [{"id": "works", "kind": "smelter", "sections": [{"id": "all"}]}],
        "boundaries": [{"id": "rail"}, {"id": "out"}], "units": [{"section": "all", **one} for one in units],
        "streams": streams, "materials": [{"id": name, "contents": one} for name, one in materials.items()],
    }  # fmt: skip
    return ChainModel(
        chain=ChainFile.model_validate(chain),
        parameters={name: Figure(value=value, uom="frac") for name, value in figures.items()},
    )


def flash(given: dict[str, Any], **heat: Any) -> Simulation:
    """A flash furnace of the textbook, tonnes instead of kilograms, 10 % of moisture dried off before."""
    conc = given["concentrate_kg"]
    furnace = {
        "control": "matte_grade", "matte_rule": "sulphides", "matte_grade": given["matte_grade"],
        "fe_sio2": 0.7 / 0.3 * formula("FeO")["Fe"], "o2_enrichment": given["blast_o2_vol"], **heat,
    }  # fmt: skip
    materials = {
        "conc": {name: mass / 1000 for name, mass in conc.items()}, "silica": {"SiO2": 1.0},
        "air": {"O": 0.2330, "N": 0.7670}, "oxygen": {"O": 1.0}, "methane": {"CH4": 1.0},
    }  # fmt: skip
    feeds = [
        {"id": "conc", "from": "rail", "to": "flash", "material": "conc", "feed": 1.0},
        *({"id": name, "from": "rail", "to": f"flash:{inlet}", "material": name}
          for name, inlet in (("silica", "flux"), ("air", "air"), ("oxygen", "oxygen"), ("methane", "fuel"))
          if inlet != "fuel" or heat.get("heat") == "fuel"),
    ]  # fmt: skip
    outs = [{"id": one, "from": f"flash:{one}", "to": "out"} for one in ("matte", "slag", "gas")]
    return simulate(works([{"id": "flash", "model": "matte_furnace", "parameters": furnace}], feeds + outs, materials))


@needs_cases
@pytest.mark.parametrize("closing", CLOSINGS)
@pytest.mark.parametrize("name", ["smelt-flash-blend-60", "smelt-flash-pure-cpy-65"])
def test_a_flash_furnace_keeps_the_balance_of_the_textbook_whatever_closes_its_heat(name, closing):
    """Enrichment moves nitrogen only, fuel adds its own gas and oxygen only, temperature and power move no mass."""
    given, stated = case(name)["inputs"], case(name)["expected"]
    heat = {"heat_loss": 0.05, "matte_temp": 1490.0, "slag_temp": 1530.0, "gas_temp": 1600.0}
    found = flash(given, **({} if closing == "none" else {"heat": closing, **heat}))
    carbon = found.component("methane", "C")[0] / 12.011 if closing == "fuel" else 0.0
    masses = {
        "matte_kg": found.solids("matte"), "slag_kg": found.solids("slag"), "flux_SiO2_kg": found.solids("silica"),
        "oxygen_kg": found.component("air", "O") + found.solids("oxygen") - carbon * 4 * 15.999,
        "offgas_SO2_kg": found.component("gas", "S") / formula("SO2")["S"],
    }  # fmt: skip
    for key, value in masses.items():
        assert 1000 * value[0] == pytest.approx(stated[key], rel=case(name)["tolerance"]["rel"]), key
    nitrogen = 1000 * found.component("gas", "N")[0]
    if closing != "enrichment":
        assert nitrogen - carbon * 1000 * 2 * 28.014 * (1 / given["blast_o2_vol"] - 1) == pytest.approx(
            stated["offgas_N2_kg"], rel=1e-6
        )
    else:
        assert found.unit_result("flash", "heat_surplus")[0] == pytest.approx(0, abs=1e-9)
        richness = found.unit_result("flash", "enrichment")[0]
        oxygen = stated["oxygen_kg"] / 31.998
        assert nitrogen / 28.014 == pytest.approx(oxygen * (1 / richness - 1), rel=1e-6)


@needs_cases
def test_autogenous_smelting_of_chalcopyrite_asks_for_the_oxygen_that_plants_blow():
    """65 % matte without fuel, 12 MW lost for 100 t/h: flash furnaces blow 40 to 70 % O2 (Davenport et al., ch. 5)."""
    heat = {"heat": "enrichment", "heat_loss": 0.12, "matte_temp": 1490.0, "slag_temp": 1530.0, "gas_temp": 1600.0}
    found = flash(case("smelt-flash-pure-cpy-65")["inputs"], **heat)
    assert 0.4 < found.unit_result("flash", "enrichment")[0] < 0.7


def converter_of(feed_kmol: dict[str, float], **given: Any) -> dict[str, Any]:
    """What a converter with air of 21 % O2 reports of compounds, kmol."""
    basis = element_basis("Cu", "Fe", "S", "O", "N")
    flow, air, weights = np.zeros((1, 6)), np.zeros(6), {"FeS": 87.905, "Cu2S": 159.152}
    for name, amount in feed_kmol.items():
        for element, share in formula(name).items():
            flow[0, basis.elements[element]] += amount * weights[name] * share / 1e3
    air[[3, 4]] = np.array([0.21 * 31.998, 0.79 * 28.014]) / (0.21 * 31.998 + 0.79 * 28.014)
    nothing = {
        "slag_cu": 0.0,
        "slag_s": 0.0,
        "magnetite": 0.0,
        "blister_s": 0.0,
        "blister_o": 0.0,
        "o2_efficiency": 1.0,
    }
    unit = Converter(**nothing, **given, supplies=np.array([[np.zeros(6), air, np.zeros(6), np.zeros(6)]]))
    return {key: float(value[0]) for key, (value, _) in unit.report(flow, unit.observe(flow, basis), basis).items()}


def test_both_blows_last_as_long_as_in_the_lecture():
    """NPTEL 113104060, lecture 33: 103.5 kmol FeS (59.4 to 60 % matte and 44.1 left), 24325 m3 of air in all.

    Printed: 184 minutes of slag blow, 86 of blister blow, and 9504 m3 of air to white metal of 60 % Cu. The matte
    itself was not read; its 72.8 kmol of Cu2S follow from the air.
    """
    printed = 24325.3
    copper_sulphide = printed * 0.21 / 22.4 - 1.5 * 103.5
    charge = (103.5 * 87.905 + copper_sulphide * 159.152) / 1e3
    found = converter_of({"FeS": 103.5, "Cu2S": copper_sulphide}, blow=printed / 270 * 60, cycle=charge)
    assert found["blast"] == pytest.approx(printed, rel=1e-3)
    assert 60 * found["slag_blow_time"] == pytest.approx(184, abs=1)
    assert 60 * found["blister_blow_time"] == pytest.approx(86, abs=1)
    part = converter_of({"FeS": 59.4})
    assert part["slag_blow"] == pytest.approx(9504, rel=1e-3)
    left = {"FeS": 44.1, "Cu2S": copper_sulphide}
    mass = left["FeS"] * 87.905 + left["Cu2S"] * 159.152
    assert copper_sulphide * 2 * 63.546 / mass == pytest.approx(0.6, abs=0.003)


@needs_cases
def test_an_anode_furnace_asks_for_the_methane_of_deoxidation():
    """Per tonne of anodes, which hold the oxygen that is left: 0.2 % more than per tonne of copper."""
    given, stated = case("anode-deoxidation-methane")["inputs"], case("anode-deoxidation-methane")["expected"]
    basis = element_basis("Cu", "O", "C", "H")
    methane = np.zeros((1, 3, 5))
    methane[0, 1, [2, 3]] = formula("CH4")["C"], formula("CH4")["H"]
    unit = AnodeFurnace(
        slag_cu_share=0.0, anode_s=0.0, reductant_use=1.0, supplies=methane,
        oxidised_o=given["blister_pct_o"] / 100, anode_o=given["anode_pct_o"] / 100,
    )  # fmt: skip
    drivers = unit.observe(np.array([[given["copper_t"], 0.0, 0.0, 0.0, 0.0]]), basis)
    asked = unit.asked(drivers, "reductant")[0] * 1e3 / 16.043 * 22.414
    anode = 1 / (1 - given["anode_pct_o"] / 100)
    assert asked / anode == pytest.approx(stated["ch4_nm3_case_b"], rel=5e-4)  # burnt to CO2
    half = AnodeFurnace(**{**vars(unit), "reductant_use": 0.5})
    assert half.asked(half.observe(np.array([[1.0, 0, 0, 0, 0]]), basis), "reductant")[0] == pytest.approx(
        2 * unit.asked(drivers, "reductant")[0], rel=1e-12
    )


def dusty(capture: float, bleed: float) -> Simulation:
    """A furnace whose gas is cleaned and whose dust comes back; ten minor elements."""
    shares = {one: (0.5 - 0.04 * n, 0.1 + 0.02 * n, 0.4 + 0.02 * n) for n, one in enumerate(MINORS)}
    figures = {f"t.{one}.{word}": share for one, row in shares.items()
               for word, share in zip(("matte", "slag", "gas"), row, strict=True)}  # fmt: skip
    units = [
        {"id": "furnace", "model": "matte_furnace",
         "parameters": {"control": "matte_grade", "matte_grade": 0.5, "deportment": "t"}},
        {"id": "hood", "model": "gas_cleaning",
         "parameters": {"capture": 1.0, "dust_capture": capture, "bleed": bleed}},
    ]  # fmt: skip
    materials = {
        "conc": {"Cu": 0.25, "Fe": 0.28, "S": 0.32, **dict.fromkeys(MINORS, 0.001)},
        "air": {"O": 0.23, "N": 0.77},
    }
    ends = [
        ("furnace:matte", "out"), ("furnace:slag", "out"), ("furnace:gas", "hood"), ("hood:gas", "out"),
        ("hood:fugitive", "out"), ("hood:dust", "furnace"), ("hood:bleed", "out"),
    ]  # fmt: skip
    streams = [
        {"id": "conc", "from": "rail", "to": "furnace", "material": "conc", "feed": 100.0},
        {"id": "air", "from": "rail", "to": "furnace:air", "material": "air"},
        *({"id": f"{a.replace(':', '.')}", "from": a, "to": b} for a, b in ends),
    ]  # fmt: skip
    return simulate(works(units, streams, materials, **figures))


@pytest.mark.parametrize(("capture", "bleed"), [(0.98, 0.0), (0.95, 0.3), (1.0, 1.0)])
def test_dust_that_comes_back_gathers_as_the_series_says(capture, bleed):
    """Of an element g goes to gas and r = g capture (1 - bleed) returns: 1 / (1 - r) passes the furnace, exactly."""
    found = dusty(capture, bleed)
    for n, one in enumerate(MINORS):
        matte, slag, gas = 0.5 - 0.04 * n, 0.1 + 0.02 * n, 0.4 + 0.02 * n
        passes = 0.1 / (1 - gas * capture * (1 - bleed))
        want = {
            "furnace.matte": matte * passes, "furnace.slag": slag * passes, "hood.fugitive": gas * (1 - capture) * passes,
            "hood.bleed": gas * capture * bleed * passes, "hood.dust": gas * capture * (1 - bleed) * passes,
        }  # fmt: skip
        for stream, value in want.items():
            assert found.component(stream, one)[0] == pytest.approx(value, rel=1e-9, abs=1e-12), (stream, one)
        out = sum(found.component(stream, one)[0] for stream in want if stream != "hood.dust")
        assert out == pytest.approx(0.1, rel=1e-10)


def test_gas_and_metals_are_caught_apart():
    hood = GasCleaning(capture=0.92, dust_capture=0.99, bleed=0.25)
    found = hood.run(np.array([10.0, 1.0, 0.0]), element_basis("S", "Pb"))
    assert found["gas"][0, 0] == pytest.approx(9.2)
    assert [found[one][0, 1] for one in ("fugitive", "dust", "bleed")] == pytest.approx([0.01, 0.7425, 0.2475])


def test_a_settler_and_slag_flotation_close_their_two_products():
    """Two-product formula: mass pull (f - t) / (c - t), recovery c (f - t) / (f (c - t))."""
    basis = element_basis("Cu", "Fe", "S", "O", "Si")
    slag = np.array([[1.2, 45.0, 1.5, 30.0, 22.3, 0.0]])
    settler = SlagSettler(slag_cu=0.006, matte_grade=0.6)
    matte = settler.run(slag, basis)["matte"]
    assert matte[0, 0] == pytest.approx(0.6 * (1.2 - 0.6) / (0.6 - 0.006) * 1.0, rel=1e-12)
    assert matte.sum() == pytest.approx((1.2 - 0.6) / (0.6 - 0.006), rel=1e-12)
    plant = SlagFlotation(cu_recovery=0.85, conc_cu=0.25)
    conc, tail = plant.run(slag, basis).values()
    feed, rich, poor = 0.012, conc[0, 0] / conc.sum(), tail[0, 0] / tail.sum()
    assert rich == pytest.approx(0.25, rel=1e-12)
    assert rich * (feed - poor) / (feed * (rich - poor)) == pytest.approx(0.85, rel=1e-12)
    pull = plant.report(slag, plant.observe(slag, basis), basis)["mass_pull"][0][0]
    assert pull == pytest.approx((feed - poor) / (rich - poor), rel=1e-12)


def test_water_of_a_dryer_takes_the_heat_of_steam_tables():
    """2676.1 - 104.8 kJ/kg from water of 25 C to steam of 100 C (IAPWS), within what an ideal gas is off by."""
    unit = Dryer(moisture=0.0, efficiency=1.0, vapour_temp=373.15)
    basis, feed = element_basis("Cu"), np.array([[90.0, 10.0]])
    found = unit.report(feed, unit.observe(feed, basis), basis)["fuel"][0][0]
    assert found * 3.6 / 10 == pytest.approx(2.5713, rel=0.006)
    assert Dryer(moisture=0.0, efficiency=0.5, vapour_temp=373.15).report(feed, unit.observe(feed, basis), basis)[
        "fuel"
    ][0][0] == pytest.approx(2 * found)


def test_gas_for_acid_heats_up_as_in_the_textbook():
    """Davenport & King (2006), ch. 12: 10 % SO2, 11 % O2, 79 % N2 goes from 690 K to 893 K by 69.2 % (recalled)."""
    basis = element_basis("S", "O", "N")
    gas = np.array([[10 * 32.06, (2 * 10 + 2 * 11) * 15.999, 2 * 79 * 14.007, 0.0]])
    plant = AcidPlant(scrub_loss=0.0)
    found = plant.report(gas, plant.observe(gas, basis), basis)
    assert found["adiabatic_rise"][0][0] * 0.692 == pytest.approx(893 - 690, rel=0.02)
    assert found["gas_so2"][0][0] == pytest.approx(0.10, rel=1e-9)
    assert found["o2_so2"][0][0] == pytest.approx(1.1, rel=1e-9)
    assert found["autothermal_room"][0][0] == pytest.approx(0.055, rel=1e-9)


@pytest.mark.parametrize("lost", [0.0, 0.1])
def test_air_brings_gas_to_the_oxygen_that_conversion_needs(lost):
    """20 % SO2 and 10 % O2, diluted to O2/SO2 = 1.2: 67 m3 of air for 100 m3 of gas (21 % O2), exactly.

    What gas cleaning loses as weak acid takes half a mole of oxygen for each mole.
    """
    basis = element_basis("S", "O", "N", "H")
    gas = np.array([[20 * 32.06, (2 * 20 + 2 * 10) * 15.999, 2 * 70 * 14.007, 0.0, 0.0]])
    air = np.array([0.0, 0.21 * 31.998, 0.79 * 28.014, 0.0, 0.0]) / (0.21 * 31.998 + 0.79 * 28.014)
    water = np.array([0.0, formula("H2O")["O"], 0.0, formula("H2O")["H"], 0.0])
    plant = AcidPlant(scrub_loss=lost, o2_ratio=1.2, supplies=np.array([[air, water]]))
    drivers = plant.observe(gas, basis)
    found = plant.report(gas, drivers, basis)
    kmol = plant.asked(drivers, "air")[0] / (0.21 * 31.998 + 0.79 * 28.014)
    so2 = 20 * (1 - lost)
    assert kmol == pytest.approx((1.2 * so2 + 10 * lost - 10) / 0.21, rel=1e-9)
    assert found["o2_so2"][0][0] == pytest.approx(1.2, rel=1e-9)
    assert found["gas_so2"][0][0] == pytest.approx(so2 / (100 + kmol - 30 * lost), rel=1e-9)
    left = 1 - plant.conversion * plant.absorption
    volume = 100 + kmol - 30 * lost - so2 * (1 - left) * 1.5
    assert found["stack_content"][0][0] == pytest.approx(so2 * left / volume * 64.058 / 22.414 * 1e6, rel=1e-6)


def test_entrained_electrolyte_carries_what_stands_in_it():
    """Nickel of 1 kg/t, bleed of 0.5 % of the copper at 40 g/l: 8 kg/m3 in electrolyte, 0.8 litres of it per tonne."""
    basis = element_basis("Cu", "Ni", "As")
    house = Tankhouse(
        scrap=0.0, cu_to_slimes=0.0, cu_to_bleed=0.005, entrained=0.0008, electrolyte_cu=40.0,
        deportment=Table(("Ni", "As"), np.array([[[0.0, 0.3], [1.0, 0.69], [0.0, 0.01]]])),
    )  # fmt: skip
    found = house.run(np.array([1000.0, 1.0, 2.0, 0.0]), basis)
    bleed_m3 = 5.0 * 1e3 / 40.0
    taken_m3 = 0.0008 * 995.0
    concentration = found["bleed"][0, 1] * 1e3 / bleed_m3
    assert concentration == pytest.approx(1e3 / (bleed_m3 + taken_m3), rel=1e-12)
    assert found["cathode"][0, 1] * 1e3 == pytest.approx(concentration * taken_m3, rel=1e-12)
    assert found["cathode"][0, 2] == pytest.approx(2 * (0.01 + 0.69 * taken_m3 / (bleed_m3 + taken_m3)), rel=1e-12)
    assert sum(found.values())[0] == pytest.approx([1000.0, 1.0, 2.0, 0.0])


@needs_cases
def test_grades_of_cathodes_are_those_that_were_read():
    known = json.loads((DATA / "norms" / "cathode_grades.json").read_text())["standards"]
    for name, where in (("cu_cath_1", 0), ("m00k", 1)):
        one, grade = known[where], GRADES[name]
        assert one["status"] == {"cu_cath_1": "verified", "m00k": "inferred"}[name]
        assert dict(grade.elements) == pytest.approx({k: 1e4 * v for k, v in one["elements_max"].items()})
        assert grade.in_all == pytest.approx(1e4 * one["total_listed_max"])
    groups = [(tuple(one["elements"]), pytest.approx(1e4 * one["max"])) for one in known[0]["groups"]]
    assert list(GRADES["cu_cath_1"].groups) == groups
    assert "inferred" in GRADES["m00k"].source


def test_cathodes_are_held_against_every_limit_of_a_grade():
    """Single limits, groups and the sum; the tightest says how much room is left, negative off grade."""
    basis = element_basis("Cu", "As", "Bi", "Se", "Te", "Ag", "Pb")
    shares = np.zeros((1, 3, 6))
    shares[0, 2] = 1.0  # all to cathode
    house = Tankhouse(
        scrap=0.0, cu_to_slimes=0.0, cu_to_bleed=0.0, grade="cu_cath_1",
        deportment=Table(("As", "Bi", "Se", "Te", "Ag", "Pb"), shares),
    )  # fmt: skip
    good = np.array([[1e6, 2.0, 1.0, 0.8, 0.4, 10.0, 1.0, 0.0]])
    found = house.report(good, house.observe(good, basis), basis)
    whole = good.sum() / 1e6
    assert found["cathode_Ag"][0][0] == pytest.approx(10 / whole)
    assert found["room_As"][0][0] == pytest.approx(5 - 2 / whole)
    assert found["grade_room"][0][0] == pytest.approx(1 - (1.0 + 0.8 + 0.4) / whole / 3)  # Bi + Se + Te
    bad = np.array([[1e6, 6.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]])
    assert house.report(bad, house.observe(bad, basis), basis)["grade_room"][0][0] == pytest.approx(-0.2, rel=1e-3)


def test_heat_of_the_reactions_of_converting_is_that_of_nist():
    """JANAF: FeS -101.67, FeO -272.04, SO2 -296.84, Cu2S -79.5 kJ/mol; both blows at 298 K."""
    first = enthalpy("FeS") - enthalpy("FeO") - enthalpy("SO2(g)")
    late = enthalpy("Cu2S") - enthalpy("SO2(g)")
    assert first == pytest.approx(-101.67 + 272.04 + 296.84, rel=0.005)
    assert late == pytest.approx(-79.5 + 296.84, rel=0.005)
