"""Heat of the furnaces of the example chain against what its pack states.

The pack counts melts, and the gas of Vanyukov furnaces and converters, at 1523 K; it does not say with which
enthalpies. The example counts melts as pure oxides and sulphides with one heat of mixing. Three of its figures were
chosen so that figures of the pack come out, and say so (``heat.slag_mixing_kj``, ``zhmz.ef.o2_efficiency``,
``bmz.vf.coal_c_pct``); for all others the pack is a check.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import zveno
from zveno.model.chain import ChainModel
from zveno.simulate import Simulation, simulate
from zveno.simulate.thermo import enthalpy

DATA = Path(__file__).parents[2] / "../shared/data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the folder ../shared/data with the cases is absent")

HOURS, TJ_PER_MW = 8760.0, 31.536  # a year of the calendar
EF_TJ_PER_MW, VF_TJ_PER_MW = 8000.0 * 3.6e-3, 7900.0 * 3.6e-3
VF_HOURS = 7900.0
MMOL_PER_M3H = HOURS / 22.414e3
MELT_K = 1523.0
FITTED = ("heat.slag_mixing_kj", "zhmz.ef.o2_efficiency", "bmz.vf.coal_c_pct")


@cache
def stated() -> dict[str, Any]:
    return json.loads((DATA / "example-chain" / "parameters.json").read_text())["check"]["heat"]


@cache
def chain() -> Simulation:
    """The example as it is, and without heat of mixing."""
    return zveno.load(zveno.example("zhez_balkhash")).simulate({"base": {}, "unmixed": {"heat.slag_mixing_kj": 0.0}})


@cache
def compounds() -> Simulation:
    """The example with melts as measured compounds, whose mixing is part of them."""
    model = zveno.load(zveno.example("zhez_balkhash")).model
    units = [
        one.model_copy(update={"parameters": {**one.parameters, "melts": "compounds"}})
        if "melts" in one.parameters else one
        for one in model.chain.units
    ]  # fmt: skip
    return simulate(ChainModel(chain=model.chain.model_copy(update={"units": units}), parameters=model.parameters))


def of(unit: str, quantity: str, scenario: int = 0) -> float:
    return float(chain().unit_result(unit, quantity)[scenario])


def kt(stream: str) -> float:
    return float(chain().solids(stream)[0]) * HOURS / 1e3


def gas() -> dict[str, float]:
    """SO2, H2O and CO2 in the gas of the Vanyukov furnaces without those of coal, Mmol a year."""
    build, flow = chain()._flow("bmz.gas_vf")
    at, per_year = build.circuit.basis.elements, flow[0] * HOURS
    water = per_year[-1] / 18.015 + per_year[at["H"]] / 2 / 1.008
    return {"SO2": per_year[at["S"]] / 32.06, "H2O": water, "CO2": per_year[at["C"]] / 12.011}


def blast(scenario: int = 0) -> tuple[float, float, float]:
    """O2 and N2 of the Vanyukov furnaces with those of coal, and CO2 of coal, Mmol a year."""
    coal = of("bmz.vf", "oxygen_of_coal", scenario) * MMOL_PER_M3H
    oxygen = of("bmz.vf", "oxygen", scenario) * MMOL_PER_M3H + coal
    return oxygen, oxygen * (1 / of("bmz.vf", "enrichment", scenario) - 1), coal * 0.985


def leaving(scenario: int = 0) -> float:
    """Products of the Vanyukov furnaces as the pack counts them, TJ: with CO2 of coal, without N2 and free O2."""
    oxygen, nitrogen, carbon = blast(scenario)
    blown = nitrogen * (1 - carbon / 0.985 / oxygen)  # gas of coal stands in the heat that coal adds
    free = 0.015 * (oxygen - carbon / 0.985)
    counted = carbon * enthalpy("CO2(g)", MELT_K) - blown * enthalpy("N2(g)", MELT_K)
    return of("bmz.vf", "heat_out", scenario) * VF_TJ_PER_MW + float(counted - free * enthalpy("O2(g)", MELT_K)) / 1e3


def vanyukov() -> Iterator[tuple[str, float]]:
    """Oxygen by concentrates as in the pack, without slag concentrate.

    2 % less than in the pack, which gives no credit for oxygen that iron oxides of charge and flux bring. SO2 is by
    wet gas with that of coal.
    """
    oxygen, nitrogen, carbon = blast()
    feed = sum(kt(one) for one in ("balk.conc", "regional", "toll_b"))
    wet = sum(gas().values()) + carbon + nitrogen + 0.015 * oxygen
    yield "vf.o2_knm3_h", oxygen * 22.414 / VF_HOURS
    yield "vf.o2_nm3_t", oxygen * 22.414 / feed
    yield "vf.n2_mmol", nitrogen
    yield "vf.enrichment_pct", 100 * of("bmz.vf", "enrichment")
    yield "vf.so2_pct", 100 * gas()["SO2"] / wet
    yield "vf.loss_TJ", of("bmz.vf", "heat_loss") * VF_TJ_PER_MW
    yield "vf.Hin", of("bmz.vf", "heat_in") * VF_TJ_PER_MW
    yield "vf.Hout", leaving(1)
    yield "vf.Hmix", leaving() - leaving(1)
    yield "vf.surplus_TJ", nitrogen * float(enthalpy("N2(g)", MELT_K)) / 1e3
    yield "vf.charge_tph", of("bmz.vf", "charge")
    yield "vf.t_m2_day", of("bmz.vf", "hearth_load")


def electric() -> Iterator[tuple[str, float]]:
    """The pack's kWh/t hold 0.97 of electrical efficiency, its MW do not."""
    power = of("zhmz.ef", "power")
    yield "ef.need_TJ", power * EF_TJ_PER_MW
    yield "ef.mw", power
    yield "ef.kwh_t", of("zhmz.ef", "specific_energy")
    yield "ef.loss_TJ", of("zhmz.ef", "heat_loss") * EF_TJ_PER_MW
    yield "ef.solid_kt", kt("zhmz.charge") + kt("zhmz.limestone")
    yield "ef.charge_t_day", 24 * of("zhmz.ef", "charge")
    yield "ef.t_m2_day", of("zhmz.ef", "hearth_load")


def converters() -> Iterator[tuple[str, float]]:
    for plant in ("zhmz", "bmz"):
        unit, name = f"{plant}.conv", f"converters.{plant}"
        loss, left = (of(unit, one) * 0.8 * TJ_PER_MW for one in ("heat_loss", "heat_surplus"))
        yield f"{name}.reaction_heat_surplus_TJ", left + loss
        yield f"{name}.shell_and_mouth_loss_TJ", loss
        yield f"{name}.left_for_cold_charge_TJ", left
        yield f"{name}.cold_charge_kt_at_1_GJ_t", of(unit, "cold_charge") * HOURS / 1e3
        yield f"{name}.reverts_kt", of(unit, "reverts") * HOURS / 1e3
        yield f"{name}.blast_mln_nm3", of(unit, "blast") * HOURS / 1e6
        yield f"{name}.blowing_hours_per_converter", of(unit, "blowing") * HOURS
        yield f"{name}.blowing_share", of(unit, "blowing")
        yield f"{name}.gas_so2_pct_before_dilution", 100 * of(unit, "gas_so2")


def leaves(tree: dict[str, Any], path: str = "") -> Iterator[tuple[str, float]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def test_every_figure_of_the_heat_check_is_met_within_two_per_cent():
    found, want = dict([*vanyukov(), *electric(), *converters()]), dict(leaves(stated()))
    assert found.keys() == want.keys()
    assert {n: (found[n], want[n]) for n in want if abs(found[n] - want[n]) > 0.02 * abs(want[n])} == {}


def test_figures_that_were_chosen_for_the_check_say_so():
    model = zveno.load(zveno.example("zhez_balkhash")).model
    for name in FITTED:
        assert model.parameters[name].status == "derived"
        assert "chosen so that" in model.parameters[name].note


def test_the_pack_adds_up_as_it_is_read_here():
    """Surplus = in - out - mixing - loss - free oxygen; nitrogen has 39.2 kJ/mol and free oxygen 41 at 1523 K."""
    want = stated()["vf"]
    oxygen = want["o2_knm3_h"] * VF_HOURS / 22.414
    free = 0.015 * oxygen * 41.0 / 1e3
    spare = want["Hin"] - want["Hout"] - want["Hmix"] - want["loss_TJ"] - free
    assert spare == pytest.approx(want["surplus_TJ"], abs=0.03)
    assert want["surplus_TJ"] == pytest.approx(want["n2_mmol"] * 39.2 / 1e3, rel=1e-5)
    assert want["enrichment_pct"] == pytest.approx(100 * oxygen / (oxygen + want["n2_mmol"]), rel=1e-5)
    electric = stated()["ef"]
    assert electric["kwh_t"] * electric["solid_kt"] / 8000 * 0.97 == pytest.approx(electric["mw"], rel=1e-3)


def test_measured_compounds_leave_less_heat_than_the_pack():
    """What the agreement hangs on: fayalite melt as measured is some 45 kJ/mol less stable than the pack's slag.

    Converters then have a sixth less heat before their loss, nitrogen takes up two fifths less; power is the same.
    """
    found = compounds()
    assert 0.72 < found.unit_result("bmz.vf", "enrichment")[0] < 0.82
    assert found.unit_result("zhmz.ef", "power")[0] == pytest.approx(stated()["ef"]["mw"], rel=0.03)
    for plant, want in stated()["converters"].items():
        spare = found.unit_result(f"{plant}.conv", "heat_surplus")[0] * 0.8 * TJ_PER_MW
        assert 0.6 < spare / want["left_for_cold_charge_TJ"] < 0.8


def test_furnaces_work_as_such_furnaces_do():
    """Electric smelting of dry charge takes 350 to 500 kWh/t, Vanyukov furnaces blow 60 to 90 % O2.

    Heat of anode furnaces is not checked by the pack; its 2.1 GJ/t is recalled, our loss and gas are estimates.
    """
    assert 350 < of("zhmz.ef", "specific_energy") < 500
    assert 0.6 < of("bmz.vf", "enrichment") < 0.9
    assert of("bmz.vf", "heat_surplus") == pytest.approx(0, abs=1e-6)
    for plant in ("zhmz", "bmz"):
        assert of(f"{plant}.conv", "cold_charge") > of(f"{plant}.conv", "reverts")
        assert 0.8 < of(f"{plant}.af", "fuel_per_t") < 2.5
