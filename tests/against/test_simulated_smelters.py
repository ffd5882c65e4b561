"""The two smelters of the example chain, fed with its concentrates, against the figures that it states."""

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

DATA = Path(__file__).parents[2] / "../shared/data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the folder ../shared/data with the cases is absent")

HOURS = 8760.0
MINORS = ("As", "Sb", "Bi", "Pb", "Zn", "Ni", "Ag", "Au", "Se", "Te", "Mo", "Re")
COMPONENTS = ("Cu", "Fe", "S", "SiO2", "CaO", "Al2O3", "MgO", *MINORS)
FEEDS = {"zhmz": ("zhez_conc", "toll_a"), "bmz": ("balk_conc", "regional", "toll_b")}
AIR = {"O": 0.2314, "N": 0.7553}
MATERIALS = {
    "air": AIR, "oxygen": {"O": 0.956, "N": 0.044}, "water": {"H": 0.111898, "O": 0.888102},
    "limestone": {"CaO": 0.53, "C": 0.1136, "O": 0.3026},
    "reductant": {"C": 0.75, "H": 0.25},
}  # fmt: skip
SLAG_FLOTATION = {"As": 0.35, "Sb": 0.35, "Bi": 0.6, "Pb": 0.4, "Ni": 0.3, "Se": 0.7, "Te": 0.6, "Re": 0.1}
"""Not stated in the pack: solved from what its check says of matte, anodes and slimes."""


@cache
def pack() -> dict[str, Any]:
    return json.loads((DATA / "example-chain" / "parameters.json").read_text())


@cache
def figures() -> dict[str, Any]:
    return {one["id"]: one["value"] for one in pack()["parameters"]}


def concentrate(name: str) -> tuple[float, dict[str, float]]:
    """kt a year and mass fractions."""
    stated = pack()["check"]["concentrates"].get(name)
    if stated:
        pct, ppm, kt = stated["pct"], stated["ppm"], stated["kt"]
    else:
        kt = figures()[f"{name}.kt"]
        pct, ppm = (
            {key.rpartition(".")[2]: value for key, value in figures().items() if key.startswith(f"{name}.{kind}.")}
            for kind in ("pct", "ppm")
        )
    return kt, {**{key: value / 100 for key, value in pct.items()}, **{key: value / 1e6 for key, value in ppm.items()}}


def flux_of(plant: str) -> dict[str, float]:
    """Converter flux: Fe2O3 by its iron, the rest half CaO, three tenths MgO, two tenths K2O."""
    at = lambda name: figures()[f"{plant}.conv.{name}"]  # noqa: E731
    silica, alumina, iron = at("flux_sio2_pct") / 100, at("flux_al2o3_pct") / 100, at("flux_fe_pct") / 100
    hematite = iron * 159.687 / 111.69
    rest = 1 - silica - alumina - hematite - 1e-5
    return {
        "SiO2": silica, "Al2O3": alumina, "Fe2O3": hematite, "CaO": 0.5 * rest, "MgO": 0.3 * rest, "K2O": 0.2 * rest,
        "Au": at("flux_au_ppm") / 1e6,
    }  # fmt: skip


def units(plant: str) -> list[dict[str, Any]]:
    """The unit models of a smelter with the figures of the pack."""
    at = lambda name: figures()[f"{plant}.{name}"]  # noqa: E731
    electric = plant == "zhmz"
    loss = at("mech_loss_share") + at("stack_dust_cu_share")
    dust = {"dust_capture": at("dust.capture"), "bleed": at("dust.bleed_share")}
    furnace = (
        {"control": "s_elimination", "s_elimination": pack()["check"]["zhmz"]["S_elim"], "magnetite": 0.0674,
         "slag_cu": at("ef.slag_cu_pct") / 100, "slag_s": at("ef.slag_s_pct") / 100, "deportment": "deport.zhmz.ef"}
        if electric
        else {"control": "matte_grade", "matte_grade": at("vf.matte_cu_pct") / 100, "magnetite": 0.05,
              "fe_sio2": at("vf.fe_sio2"), "slag_cao": at("vf.slag_cao_pct") / 100,
              "slag_cu": at("vf.slag_cu_pct") / 100, "slag_s": at("vf.slag_s_pct") / 100,
              "o2_efficiency": at("vf.o2_efficiency"), "o2_enrichment": at("vf.o2_enrichment_pct") / 100,
              "deportment": "deport.bmz.vf"}
    )  # fmt: skip
    conv = {
        "fe_sio2": at("conv.slag_fe_sio2"), "slag_cu": at("conv.slag_cu_pct") / 100,
        "slag_s": at("conv.slag_s_pct") / 100, "blister_s": at("conv.blister_s_pct") / 100,
        "blister_o": at("conv.blister_o_pct") / 100, "o2_efficiency": at("conv.o2_efficiency"),
        "o2_enrichment": at("conv.o2_in_blast_pct") / 100, "deportment": "deport.conv",
    }  # fmt: skip
    house = {
        "scrap": at("er.scrap_pct") / 100, "cu_to_slimes": at("er.cu_to_slimes_share"),
        "cu_to_bleed": at("er.bleed_cu_share"), "cu_lost": at("er.mech_loss_share"),
        "current_density": at("er.current_density_a_m2"), "cathode_m2": at("er.cathode_area_m2"),
        "cathodes": at("er.cathodes_per_cell"), "voltage": at("er.cell_voltage_v"),
        "current_efficiency": at("er.current_efficiency"), "time_in_use": at("er.time_in_use"),
        "deportment": "deport.er",
    }  # fmt: skip
    acid = {
        "conversion": at("acid.conversion"), "absorption": at("acid.absorption"),
        "scrub_loss": at("acid.scrub_loss"), "strength": at("acid.strength_pct") / 100,
    }  # fmt: skip
    rows: list[tuple[str, str, dict[str, Any]]] = [
        ("yard", "yard", {}),
        ("dryer", "dryer", {"moisture": at("dryer.moisture_pct") / 100, "loss": loss}),
        ("furnace", "matte_furnace", furnace),
        ("furnace_gas", "gas_cleaning", {"capture": at("gas.capture_smelt"), **dust}),
        ("conv", "converter", conv),
        ("conv_gas", "gas_cleaning", {"capture": at("gas.capture_conv"), **dust}),
        ("af", "anode_furnace", {"slag_cu_share": at("af.slag_cu_share"), "anode_o": at("af.anode_o_pct") / 100,
                                 "anode_s": at("af.anode_s_pct") / 100, "reductant": at("af.reductant_kg_t"),
                                 "deportment": "deport.af"}),
        ("er", "tankhouse", house),
        ("acid", "acid_plant", acid),
    ]  # fmt: skip
    if not electric:
        slag = lambda name: figures()[f"balk_conc.slagflot.{name}"] / 100  # noqa: E731
        rows += [
            ("settler", "slag_settler", {"slag_cu": figures()["bmz.slag_settler.slag_cu_pct"] / 100,
                                         "matte_grade": at("vf.matte_cu_pct") / 100}),
            ("slagflot", "slag_flotation", {"cu_recovery": slag("recovery_conv_pct"), "conc_cu": slag("conc_cu_pct"),
                                            "deportment": "slagflot"}),
        ]  # fmt: skip
    return [{"id": name, "section": "all", "model": kind, "parameters": values} for name, kind, values in rows]


def streams(plant: str) -> list[dict[str, Any]]:
    """How the units are joined."""
    feeds = [
        {"id": name, "from": "outside", "to": "yard", "material": name, "feed": 1e3 * concentrate(name)[0] / HOURS,
         "feed_water": 0.08}
        for name in FEEDS[plant]
    ]  # fmt: skip
    joined = [
        ("bed", "yard", "dryer"), ("charge", "dryer:charge", "furnace"), ("vapour", "dryer:vapour", "outside"),
        ("dryer_loss", "dryer:loss", "outside"), ("matte", "furnace:matte", "conv"),
        ("furnace_gas", "furnace:gas", "furnace_gas"), ("gas_1", "furnace_gas:gas", "acid"),
        ("fugitive_1", "furnace_gas:fugitive", "outside"), ("dust_1", "furnace_gas:dust", "furnace"),
        ("bleed_1", "furnace_gas:bleed", "outside"), ("blister", "conv:blister", "af"),
        ("conv_gas", "conv:gas", "conv_gas"), ("gas_2", "conv_gas:gas", "acid"),
        ("fugitive_2", "conv_gas:fugitive", "outside"), ("dust_2", "conv_gas:dust", "furnace"),
        ("bleed_2", "conv_gas:bleed", "outside"), ("anode", "af:anode", "er"), ("af_slag", "af:slag", "conv"),
        ("af_gas", "af:gas", "conv_gas"), ("scrap", "er:scrap", "af"), ("cathode", "er:cathode", "outside"),
        ("slimes", "er:slimes", "outside"), ("bleed_er", "er:bleed", "outside"), ("loss_er", "er:loss", "outside"),
        ("acid", "acid:acid", "outside"), ("stack", "acid:stack", "outside"), ("effluent", "acid:effluent", "outside"),
    ]  # fmt: skip
    if plant == "zhmz":
        joined += [("slag", "furnace:slag", "outside"), ("conv_slag", "conv:slag", "furnace")]
        feeds.append(
            {"id": "limestone", "from": "outside", "to": "furnace", "material": "limestone", "feed": 12e3 / HOURS}
        )
    else:
        joined += [
            ("slag_raw", "furnace:slag", "settler"), ("slag", "settler:slag", "outside"),
            ("settled", "settler:matte", "furnace"), ("conv_slag", "conv:slag", "slagflot"),
            ("slag_conc", "slagflot:conc", "dryer"), ("slag_tail", "slagflot:tail", "outside"),
        ]  # fmt: skip
    asked = [("furnace:air", "air"), ("conv:flux", "conv_flux"), ("conv:air", "air"), ("conv:oxygen", "oxygen"),
             ("af:air", "air"), ("af:reductant", "reductant"), ("acid:air", "air"), ("acid:water", "water")]  # fmt: skip
    if plant == "bmz":
        asked += [("furnace:oxygen", "oxygen"), ("furnace:flux", "quartz"), ("furnace:limestone", "limestone")]
    return [
        *feeds,
        *({"id": name, "from": source, "to": target} for name, source, target in joined),
        *({"id": f"to_{inlet}".replace(":", "_"), "from": "outside", "to": inlet, "material": material}
          for inlet, material in asked),
    ]  # fmt: skip


@cache
def smelter(plant: str) -> Simulation:
    materials = {
        **MATERIALS,
        "conv_flux": flux_of(plant),
        "quartz": {"SiO2": 0.85, "Al2O3": 0.05, "Fe2O3": 0.0429},
        **{name: concentrate(name)[1] for name in FEEDS[plant]},
    }
    chain = {
        "format": "zveno/chain-1", "id": plant, "title": {"en": plant}, "timezone": "UTC+05:00",
        "components": COMPONENTS, "plants": [{"id": "works", "kind": "smelter", "sections": [{"id": "all"}]}],
        "boundaries": [{"id": "outside"}], "units": units(plant), "streams": streams(plant),
        "materials": [{"id": name, "contents": made} for name, made in materials.items()],
    }  # fmt: skip
    shares = {name: Figure(value=value, uom="frac") for name, value in figures().items() if name.startswith("deport.")}
    for name, value in {
        **SLAG_FLOTATION,
        **{one: figures()[f"balk_conc.slagflot.{one.lower()}_recovery_pct"] / 100 for one in ("Ag", "Au")},
    }.items():
        shares[f"slagflot.{name}.conc"] = Figure(value=value, uom="frac")
        shares[f"slagflot.{name}.tail"] = Figure(value=1 - value, uom="frac")
    return simulate(ChainModel(chain=ChainFile.model_validate(chain), parameters=shares))


def kt(found: Simulation, stream: str, component: str = "solids") -> float:
    """kt a year."""
    return float(found.component(stream, component)[0]) * HOURS / 1e3


def results(plant: str) -> dict[str, float]:
    """What the check of the pack states, from the simulation."""
    found = smelter(plant)
    so2 = 64.058 / 32.06
    matte = found.mass("matte")[0]
    gas = [kt(found, one, "S") for one in ("furnace_gas", "conv_gas")]
    charged = kt(found, "charge", "Cu")
    kinds: dict[str, float] = {
        "Cu_in": sum(kt(found, one, "Cu") for one in FEEDS[plant]), "matte_kt": kt(found, "matte"),
        "matte_grade": 100 * float(matte[2] / matte[0]), "slag_kt": kt(found, "slag"),
        "conv_slag_kt": kt(found, "conv_slag"), "conv_flux_kt": kt(found, "to_conv_flux"),
        "blister_kt": kt(found, "blister"), "anode_cu": kt(found, "anode", "Cu"), "scrap_cu": kt(found, "scrap", "Cu"),
        "cathode": kt(found, "cathode", "Cu"), "slimes_cu": kt(found, "slimes", "Cu"),
        "bleed_cu": kt(found, "bleed_er", "Cu"), "S_gas_smelt": gas[0], "S_gas_conv": gas[1],
        "so2_total": sum(gas) * so2, "so2_captured": (kt(found, "gas_1", "S") + kt(found, "gas_2", "S")) * so2,
        "acid_100": kt(found, "acid", "S") * 98.072 / 32.06, "acid_mono": kt(found, "acid", "S") * 98.072 / 32.06 / 0.93,
        "so2_stack": so2 * sum(kt(found, one, "S") for one in ("fugitive_1", "fugitive_2", "stack")),
        "lime_kt": kt(found, "limestone" if plant == "zhmz" else "to_furnace_limestone"),
        "fe_sio2": kt(found, "slag", "Fe") / kt(found, "slag", "SiO2"), "charged": charged,
    }  # fmt: skip
    kinds["rec_cathode"] = kinds["cathode"] / kinds["Cu_in"]
    if plant == "bmz":
        kinds["flux_vf_kt"] = kt(found, "to_furnace_flux")
    return kinds


@pytest.mark.parametrize("plant", FEEDS)
def test_a_smelter_gives_the_figures_that_the_pack_states(plant):
    stated = pack()["check"][plant]
    found = results(plant)
    off = {
        name: (value, stated[name])
        for name, value in found.items()
        if name in stated and abs(value - stated[name]) > 0.02 * abs(stated[name])
    }
    assert not off
    assert len(set(found) & set(stated)) >= 20


@pytest.mark.parametrize("plant", FEEDS)
@pytest.mark.parametrize(("table", "stream"), [("anode_ppm", "anode"), ("cathode_ppm", "cathode")])
def test_minor_elements_are_where_the_pack_has_them(plant, table, stream):
    found = smelter(plant)
    for element, stated in pack()["check"][plant][table].items():
        ppm = 1e6 * found.component(stream, element)[0] / found.component(stream, "Cu")[0]
        assert ppm == pytest.approx(stated, rel=0.03, abs=1e-4), element


@pytest.mark.parametrize("plant", FEEDS)
def test_every_component_that_enters_leaves(plant):
    found = smelter(plant)
    model = streams(plant)
    entering = [one["id"] for one in model if one["from"] == "outside"]
    leaving = [one["id"] for one in model if one["to"] == "outside"]
    went, came = (sum(found.mass(one)[0] for one in names) for names in (leaving, entering))
    assert np.abs(went - came).max() < 1e-9 * came.max()
    assert went == pytest.approx(came, rel=1e-9, abs=1e-9)


def test_the_tankhouse_needs_the_cells_that_the_pack_states():
    for plant, stated in pack()["check"]["tankhouses"].items():
        assert smelter(plant).unit_result("er", "cells_needed")[0] == pytest.approx(stated["cells_needed"], rel=0.02)
        assert smelter(plant).unit_result("er", "energy")[0] == pytest.approx(stated["kwh_t"], rel=0.002)
