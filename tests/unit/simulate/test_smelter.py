"""A smelter in small: what its description may not say, and how its balance moves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from zveno.errors import ModelError
from zveno.model.chain import ChainModel
from zveno.model.types import ChainFile, Figure
from zveno.simulate import Simulation, simulate, unit_faults

MATERIALS: dict[str, dict[str, Any]] = {
    "conc": {"Cu": 0.25, "Fe": 0.28, "S": 0.32, "SiO2": 0.08, "Pb": 0.01, "H2O": 0.02},
    "air": {"O": 0.2314, "N": 0.7553},
    "oxygen": {"O": 0.956, "N": 0.044},
    "quartz": {"SiO2": 0.9, "Fe2O3": 0.03},
}
UNITS: dict[str, dict[str, Any]] = {
    "furnace": {
        "model": "matte_furnace",
        "parameters": {
            "control": "matte_grade", "matte_grade": 0.5, "slag_cu": 0.007, "slag_s": 0.01, "o2_enrichment": 0.6,
            "deportment": "table.furnace",
        },
    },
    "converter": {"model": "converter", "parameters": {"slag_cu": 0.04, "deportment": "table.conv"}},
}  # fmt: skip
STREAMS: dict[str, dict[str, Any]] = {
    "conc": {"from": "rail", "to": "furnace", "material": "conc", "feed": 100.0},
    "matte": {"from": "furnace:matte", "to": "converter"}, "slag": {"from": "furnace:slag", "to": "out"},
    "gas": {"from": "furnace:gas", "to": "out"}, "air": {"from": "rail", "to": "furnace:air", "material": "air"},
    "oxygen": {"from": "rail", "to": "furnace:oxygen", "material": "oxygen"},
    "quartz": {"from": "rail", "to": "furnace:flux", "material": "quartz"},
    "blister": {"from": "converter:blister", "to": "out"}, "conv_slag": {"from": "converter:slag", "to": "furnace"},
    "conv_gas": {"from": "converter:gas", "to": "out"},
    "conv_air": {"from": "rail", "to": "converter:air", "material": "air"},
    "conv_flux": {"from": "rail", "to": "converter:flux", "material": "quartz"},
}  # fmt: skip
FIGURES = {
    "table.furnace.Pb.matte": 0.5, "table.furnace.Pb.slag": 0.2, "table.furnace.Pb.gas": 0.3,
    "table.conv.Pb.copper": 0.05, "table.conv.Pb.slag": 0.5, "table.conv.Pb.gas": 0.45,
}  # fmt: skip


def smelter(units=None, streams=None, materials=None, figures=None, **more) -> ChainModel:
    """The small smelter, with other units, streams, materials or figures; None takes one away."""

    def changed(base, changes):
        merged = {**base, **(changes or {})}
        return {name: one for name, one in merged.items() if one is not None}

    chain = {
        "format": "zveno/chain-1", "id": "small", "title": {"en": "Small"}, "timezone": "UTC+05:00",
        "components": ["Cu", "Fe", "S", "SiO2", "Pb"], "boundaries": [{"id": "rail"}, {"id": "out"}],
        "plants": [{"id": "works", "kind": "smelter", "sections": [{"id": "all"}]}],
        "units": [{"id": name, "section": "all", **one} for name, one in changed(UNITS, units).items()],
        "streams": [{"id": name, **one} for name, one in changed(STREAMS, streams).items()],
        "materials": [{"id": name, "contents": one} for name, one in changed(MATERIALS, materials).items()],
        **more,
    }  # fmt: skip
    values = {name: Figure(value=one, uom="frac") for name, one in changed(FIGURES, figures).items()}
    return ChainModel(chain=ChainFile.model_validate(chain), parameters=values)


def furnace(**parameters) -> dict[str, Any]:
    given = {**UNITS["furnace"]["parameters"], **parameters}
    return {"furnace": {"model": "matte_furnace", "parameters": {k: v for k, v in given.items() if v is not None}}}


def closes(found: Simulation) -> None:
    entering = sum(found.mass(name) for name, one in STREAMS.items() if one["from"] == "rail")
    leaving = sum(found.mass(name) for name, one in STREAMS.items() if one["to"] == "out")
    assert leaving == pytest.approx(entering, rel=1e-10)


def test_a_small_smelter_closes_and_holds_what_is_set():
    found = simulate(smelter())
    closes(found)
    assert found.unit_result("furnace", "matte_grade")[0] == pytest.approx(0.5, rel=1e-9)
    assert found.unit_result("furnace", "slag_fe_sio2")[0] == pytest.approx(1.8, rel=1e-9)
    assert found.unit_result("furnace", "slag_cu")[0] == pytest.approx(0.007, rel=1e-6)
    assert found.unit_result("converter", "slag_fe_sio2")[0] == pytest.approx(2.0, rel=1e-9)
    assert found.grade("conv_slag", "Cu")[0] == pytest.approx(0.04, rel=1e-6)


def test_richer_matte_takes_more_oxygen_and_leaves_less_to_the_converter():
    rows = {str(grade): {"furnace.matte_grade": grade} for grade in (0.4, 0.5, 0.6, 0.7)}
    found = simulate(smelter(), scenarios=rows)
    closes(found)
    assert (np.diff(found.unit_result("furnace", "oxygen")) > 0).all()
    assert (np.diff(found.solids("matte")) < 0).all()
    assert (np.diff(found.solids("conv_flux")) < 0).all()
    assert (np.diff(found.component("gas", "S")) > 0).all()


def test_a_figure_of_a_table_can_be_set_as_long_as_the_shares_stay_shares():
    rows = {"base": {}, "dusty": {"table.furnace.Pb.gas": 0.5, "table.furnace.Pb.matte": 0.3}}
    lead = simulate(smelter(), scenarios=rows).component("gas", "Pb")
    assert lead[1] > 1.4 * lead[0]


def test_enrichment_between_air_and_oxygen_is_met():
    found = simulate(smelter(units=furnace(o2_enrichment=0.45)))
    brought = found.mass("air")[0, 0] * np.array([0.2314, 0.7553]) + found.mass("oxygen")[0, 0] * np.array(
        [0.956, 0.044]
    )
    moles = brought / [31.998, 28.014]
    assert moles[0] / moles.sum() == pytest.approx(0.45, rel=1e-6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"streams": {"quartz": {"from": "rail", "to": "furnace:quartz", "material": "quartz"}}}, "inlets of model 'matte_furnace' are flux, limestone, air, oxygen"),
        ({"streams": {"quartz": {"from": "rail", "to": "furnace:flux"}}}, "it needs 'material', and no 'feed'"),
        ({"streams": {"quartz": {"from": "rail", "to": "furnace:flux", "material": "quartz", "feed": 5.0}}}, "it needs 'material', and no 'feed'"),
        ({"units": furnace(deportment="table.oven")}, "no figures begin with 'table.oven.'"),
        ({"figures": {"table.furnace.Pb.gas": None}}, "needs the figures table.furnace.Pb.gas"),
        ({"figures": {"table.furnace.Pb.gas": 0.6}}, "shares of Pb in the table 'table.furnace' add up to 1.3"),
        ({"units": furnace(control="heat")}, "'control' must be one of s_elimination, matte_grade, slag_ratio"),
        ({"units": furnace(matte_grade="0,5")}, "with a decimal comma: write a decimal point, 0.5"),
    ],
)  # fmt: skip
def test_faults_of_a_smelter_are_named(changes, message):
    found = [str(one) for one in unit_faults(smelter(**changes))]
    assert any(message in one for one in found), found


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        ({"Cu": 0.7, "S": 0.4}, "must not be negative nor add up to more than 1, but give 1.1"),
        ({"Cu": -0.1}, "must not be negative"),
        ({"Cx": 0.2}, "'Cx' is neither an element nor the formula of a compound"),
    ],
)
def test_a_material_is_made_of_elements_and_compounds_up_to_one(contents, message):
    with pytest.raises(ModelError, match=message):
        simulate(smelter(materials={"conc": contents}))


def test_minerals_must_pass_a_yard_before_they_are_smelted():
    ore = {
        "minerals": [{"id": "chalcopyrite", "sg": 4.2, "group": "cu_sulphide", "composition": {"Cu": 0.35, "Fe": 0.3, "S": 0.35}},
                     {"id": "quartz", "sg": 2.65, "group": "gangue", "composition": {"Si": 0.467, "O": 0.533}}],
        "ores": [{"id": "ore", "grade": "grade", "moisture": "dry", "copper": {"chalcopyrite": "all"}, "minerals": {},
                  "balance": "quartz"}],
    }  # fmt: skip
    figures = {"grade": 0.2, "dry": 0.0, "all": 1.0}
    fed = {"conc": {"from": "rail", "to": "furnace", "ore": "ore", "feed": 100.0}}
    assert "minerals reach 'furnace'" in str(unit_faults(smelter(streams=fed, figures=figures, **ore))[0])
    bedded = {
        "conc": {"from": "rail", "to": "yard", "ore": "ore", "feed": 100.0},
        "bed": {"from": "yard", "to": "furnace"},
    }
    found = simulate(smelter(units={"yard": {"model": "yard"}}, streams=bedded, figures=figures, **ore))
    closes(found)
    assert found.component("bed", "Cu")[0] == pytest.approx(20.0)
    assert found.component("bed", "SiO2")[0] == pytest.approx(found.component("conc", "SiO2")[0])
