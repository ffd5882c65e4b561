"""Heat of the furnaces of the example chain against what its pack states, and what the pack leaves open.

Figures of the pack that follow from masses and given losses are met within 2 %. The pack does not say which
enthalpies it took, only that it took all melts at 1523 K with rough mixing terms, good to about 10 %; figures that
hang on enthalpies are compared at its temperature, with the tolerance that each argues.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import zveno
from zveno.simulate import Simulation

DATA = Path(__file__).parents[2] / "../shared/data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the folder ../shared/data with the cases is absent")

HOURS, TJ_PER_MW = 8760.0, 31.536  # a year of the calendar
EF_HOURS, VF_HOURS = 8000.0, 7900.0
MELTS = ("zhmz.ef.matte_temp_k", "zhmz.ef.slag_temp_k", "bmz.vf.temp_k", "bmz.vf.gas_temp_k",
         "conv.blister_temp_k", "conv.slag_temp_k", "conv.gas_temp_k")  # fmt: skip
H_N2_1523 = 39.21
"""H(1523 K) - H(298 K) of nitrogen, kJ/mol, JANAF: surplus_TJ over n2_mmol of the pack."""


@cache
def stated() -> dict[str, Any]:
    return json.loads((DATA / "example-chain" / "parameters.json").read_text())["check"]["heat"]


@cache
def chain() -> Simulation:
    """The example as it is, and with the temperature of the pack's melts."""
    scenarios = {"ours": {}, "1523 K": dict.fromkeys(MELTS, 1523.15)}
    return zveno.load(zveno.example("zhez_balkhash")).simulate(scenarios)


def of(unit: str, quantity: str, scenario: int = 0) -> float:
    return float(chain().unit_result(unit, quantity)[scenario])


def kt(stream: str) -> float:
    return float(chain().solids(stream)[0]) * HOURS / 1e3


def vanyukov() -> Iterator[tuple[str, float, float]]:
    """Oxygen with that of coal; concentrates as in the pack, without slag concentrate.

    2 % less than in the pack, which gives no credit for oxygen that iron oxides of charge and flux bring.
    """
    want, oxygen = stated()["vf"], of("bmz.vf", "oxygen") + of("bmz.vf", "oxygen_of_coal")
    feed = sum(kt(one) for one in ("balk.conc", "regional", "toll_b"))
    yield "vf.o2_knm3_h", oxygen * HOURS / VF_HOURS / 1e3, want["o2_knm3_h"]
    yield "vf.o2_nm3_t", oxygen * HOURS / feed / 1e3, want["o2_nm3_t"]
    yield "vf.loss_TJ", of("bmz.vf", "heat_loss") * VF_HOURS * 3.6e-3, want["loss_TJ"]
    yield "vf.Hin", of("bmz.vf", "heat_in") * VF_HOURS * 3.6e-3, want["Hin"]
    yield "vf.charge_tph", of("bmz.vf", "charge"), want["charge_tph"]
    yield "vf.t_m2_day", of("bmz.vf", "hearth_load"), want["t_m2_day"]


def electric() -> Iterator[tuple[str, float, float]]:
    want = stated()["ef"]
    yield "ef.loss_TJ", of("zhmz.ef", "heat_loss") * EF_HOURS * 3.6e-3, want["loss_TJ"]
    yield "ef.solid_kt", kt("zhmz.charge") + kt("zhmz.limestone"), want["solid_kt"]
    yield "ef.charge_t_day", 24 * of("zhmz.ef", "charge"), want["charge_t_day"]
    yield "ef.t_m2_day", of("zhmz.ef", "hearth_load"), want["t_m2_day"]


def converters() -> Iterator[tuple[str, float, float]]:
    for plant, want in stated()["converters"].items():
        unit = f"{plant}.conv"
        loss = of(unit, "heat_loss") * 0.8 * TJ_PER_MW
        yield f"{unit}.loss", loss, want["shell_and_mouth_loss_TJ"]
        yield f"{unit}.reverts_kt", of(unit, "reverts") * HOURS / 1e3, want["reverts_kt"]
        yield f"{unit}.blast", of(unit, "blast") * HOURS / 1e6, want["blast_mln_nm3"]
        yield f"{unit}.blowing_share", of(unit, "blowing"), want["blowing_share"]
        yield f"{unit}.blowing_hours", of(unit, "blowing") * HOURS, want["blowing_hours_per_converter"]
        yield f"{unit}.gas_so2", 100 * of(unit, "gas_so2"), want["gas_so2_pct_before_dilution"]


def test_what_masses_and_given_losses_determine_is_met_within_two_per_cent():
    rows = [*vanyukov(), *electric(), *converters()]
    assert len(rows) == 22
    assert not {name: (value, want) for name, value, want in rows if abs(value - want) > 0.02 * abs(want)}


def test_electric_furnace_needs_its_power_within_fifteen_per_cent():
    """10 % of the pack, and as much as 30 K of slag and matte change (1.3 %), and the state of sulphur in matte.

    The pack's kWh/t hold 0.97 of electrical efficiency, its MW do not.
    """
    want = stated()["ef"]
    for scenario in (0, 1):
        power = of("zhmz.ef", "power", scenario)
        assert power == pytest.approx(want["mw"], rel=0.15)
        assert power * EF_HOURS * 3.6e-3 == pytest.approx(want["need_TJ"], rel=0.15)
        assert of("zhmz.ef", "specific_energy", scenario) == pytest.approx(want["kwh_t"], rel=0.15)
    assert want["kwh_t"] * want["solid_kt"] / EF_HOURS * 0.97 == pytest.approx(want["mw"], rel=1e-3)
    assert 350 < of("zhmz.ef", "specific_energy") < 500  # electric smelting of dry charge


def test_vanyukov_furnace_is_autogenous_with_enrichment_in_the_range_of_practice():
    """The heat left for nitrogen is the small rest of 4,300 TJ in and 5,000 out: within 2 % of these."""
    want = stated()["vf"]
    enrichment = of("bmz.vf", "enrichment", 1)
    oxygen = want["o2_knm3_h"] * VF_HOURS / 22.414
    spare = oxygen * (1 / enrichment - 1) * H_N2_1523 / 1e3
    assert want["surplus_TJ"] == pytest.approx(want["n2_mmol"] * H_N2_1523 / 1e3, rel=2e-3)
    assert abs(spare - want["surplus_TJ"]) < 0.02 * abs(want["Hin"])
    for scenario in (0, 1):
        assert 0.6 < of("bmz.vf", "enrichment", scenario) < 0.9
        assert of("bmz.vf", "heat_surplus", scenario) == pytest.approx(0, abs=1e-6)


def test_what_leaves_the_vanyukov_furnace_has_the_heat_of_the_pack_within_two_per_cent():
    """Products at 1523 K without nitrogen, with the CO2 of coal (62.9 kJ/mol above 298 K, JANAF), mixing included."""
    want = stated()["vf"]
    oxygen = (of("bmz.vf", "oxygen", 1) + of("bmz.vf", "oxygen_of_coal", 1)) * HOURS / 22.414e3
    carbon = of("bmz.vf", "oxygen_of_coal", 1) * 0.985 * HOURS / 22.414e3
    nitrogen = (oxygen - carbon) * (1 / of("bmz.vf", "enrichment", 1) - 1)
    leaving = of("bmz.vf", "heat_out", 1) * VF_HOURS * 3.6e-3
    leaving += (carbon * (62.9 - 393.5) - nitrogen * H_N2_1523) / 1e3
    assert leaving == pytest.approx(want["Hout"] + want["Hmix"], rel=0.02)


def test_converters_have_heat_for_cold_charge():
    """Surplus before shell loss within 10 %, and so, of the smaller rest, within 15 %.

    At our temperatures of blister and gas, 1473 K: at 1523 K each converter aisle would have 30 to 40 TJ less.
    """
    for plant, want in stated()["converters"].items():
        unit = f"{plant}.conv"
        before = (of(unit, "heat_surplus") + of(unit, "heat_loss")) * 0.8 * TJ_PER_MW
        assert before == pytest.approx(want["reaction_heat_surplus_TJ"], rel=0.1)
        left = of(unit, "heat_surplus") * 0.8 * TJ_PER_MW
        assert left == pytest.approx(want["left_for_cold_charge_TJ"], rel=0.15)
        assert of(unit, "cold_charge") * HOURS / 1e3 == pytest.approx(want["cold_charge_kt_at_1_GJ_t"], rel=0.15)
        assert of(unit, "cold_charge") > of(unit, "reverts")


def test_anode_furnaces_burn_what_such_furnaces_burn():
    """Not checked by the pack; its 2.1 GJ/t is recalled. Loss and gas are estimates: 0.8 to 2.5 GJ/t of anodes."""
    for plant in ("zhmz", "bmz"):
        assert 0.8 < of(f"{plant}.af", "fuel_per_t") < 2.5
