"""Castings follow the throughput; the melting unit closes on itself; the example's foundry fits its needs."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest

import zveno
from zveno.errors import DataError, ModelError
from zveno.model.chain import ChainModel
from zveno.model.foundry import FoundryFile
from zveno.model.types import ChainFile, Figure
from zveno.simulate import FoundryNeeds, Simulation, foundry_needs, simulate
from zveno.simulate.basis import element_basis
from zveno.simulate.units.foundry import Foundry

YEAR_H = 8760.0
IRON = element_basis("Fe", "Cu")


# ---- the unit model ----------------------------------------------------------------------------------------------


def test_a_foundry_is_the_end_of_melting_its_returns_again_and_again():
    """Melt, cast, take the returns back: the same as the closed form, loop by loop."""
    yield_, reject, burn = 0.62, 0.04, 0.05
    shop = Foundry(casting_yield=yield_, reject=reject, burn_off=burn, energy_kwh_t=620)
    good, burnt, returns, liquid = 0.0, 0.0, 0.0, 0.0
    for _ in range(400):
        charge = 10.0 + returns
        burnt, liquid = charge * burn, charge * (1 - burn)
        good = liquid * yield_ * (1 - reject)
        returns = liquid - good
    feed = np.array([[10.0, 0.0, 0.0]])
    out = shop.run(feed, IRON)
    assert out["castings"][0, 0] == pytest.approx(good, rel=1e-12)
    assert out["loss"][0, 0] == pytest.approx(burnt, rel=1e-12)
    told = {key: values[0] for key, (values, _) in shop.report(feed, np.zeros((1, 0)), IRON).items()}
    want = {"liquid_metal": liquid, "returns": returns, "power": liquid * 620, "charge_melted": 10.0 + returns}
    assert told == pytest.approx({**want, "melt_yield": good / (10.0 + returns)}, rel=1e-12)


def test_a_foundry_without_burn_off_loses_water_only():
    out = Foundry(casting_yield=0.5, reject=0.1, burn_off=0.0, energy_kwh_t=1).run(np.array([5.0, 1.0, 0.3]), IRON)
    assert out["castings"][0].tolist() == [5.0, 1.0, 0.0]
    assert out["loss"][0].tolist() == pytest.approx([0.0, 0.0, 0.3])


# ---- needs of a small chain --------------------------------------------------------------------------------------

CHAIN: dict[str, Any] = {
    "format": "zveno/chain-1", "id": "small", "title": {"en": "Small"}, "timezone": "UTC+05:00", "components": ["Fe"],
    "plants": [
        {"id": "mill", "kind": "concentrator", "sections": [{"id": "mill.a"}]},
        {"id": "works", "kind": "foundry", "sections": [{"id": "works.shop"}]},
    ],
    "boundaries": [{"id": "mine"}, {"id": "pond"}],
    "materials": [{"id": "rock", "contents": {"Fe": 0.05}}],
    "units": [{"id": f"mill.line{n}", "section": "mill.a", "model": "mixer"} for n in (1, 2)],
    "streams": [
        {"id": f"ore{n}", "from": "mine", "to": f"mill.line{n}", "material": "rock", "feed": 100.0} for n in (1, 2)
    ] + [{"id": f"tail{n}", "from": f"mill.line{n}", "to": "pond"} for n in (1, 2)],
}  # fmt: skip
FOUNDRY: dict[str, Any] = {
    "format": "zveno/foundry-1", "plant": "works", "orders_a_year": 12.0,
    "metals": [{"id": "iron", "yield": 0.8, "reject": 0.1, "burn_off": 0.0, "melt_energy": 600.0}],
    "drivers": [
        {"id": "ore", "parts": [{"stream": "ore1", "customer": "mill"}, {"stream": "ore2", "customer": "mine"}]},
        {"id": "hours", "parts": [{"unit": "mill.line*", "count": 3.0, "customer": "mill"}]},
        {"id": "year", "parts": [{"customer": "mine"}]},
    ],
    "operations": [{"id": "work"}],
    "work_centres": [
        {"id": one, "section": "works.shop", "count": 1, "available": 5000.0} for one in ("oven", "bench", "desk")
    ],
    "products": [
        {
            "id": "ball", "metal": "iron", "unit_mass": 2.0, "needs": [{"driver": "ore", "rate": 0.5}],
            "routing": [
                {"operation": "work", "work_centre": "oven", "hours": 2, "basis": "t_liquid", "amount": 4},
                {"operation": "work", "work_centre": "bench", "hours": 1, "basis": "t_casting", "amount": 10},
                {"operation": "work", "work_centre": "desk", "hours": 3, "basis": "order"},
            ],
        },
        {
            "id": "liner", "metal": "iron", "unit_mass": 500.0,
            "needs": [{"driver": "hours", "pieces": 4.0, "every": 8760.0}, {"driver": "year", "mass": 2.0, "every": 8760.0}],
            "routing": [{"operation": "work", "work_centre": "bench", "hours": 5, "basis": "piece"}],
        },
    ],
}  # fmt: skip


def small() -> ChainModel:
    return ChainModel(chain=ChainFile.model_validate(CHAIN), foundry=FoundryFile.model_validate(FOUNDRY))


def needs_of(table: pl.DataFrame, scenario: str, column: str = "need_t_y") -> dict[str, float]:
    return dict(table.filter(scenario=scenario).group_by("product").agg(pl.sum(column)).iter_rows())


def test_needs_are_rates_times_what_passes_and_hours_of_what_works():
    model = small()
    found = foundry_needs(model, simulate(model))
    ball = 200 * YEAR_H * 0.5 / 1000
    liner = 2 * 3 * 4 * 0.5 + 2  # two lines of three machines, four pieces each of half a tonne; and the lump
    assert needs_of(found.needs, "base") == pytest.approx({"ball": ball, "liner": liner})
    assert needs_of(found.needs, "base", "pieces_y") == pytest.approx({"ball": ball * 500, "liner": liner * 2})
    assert needs_of(found.needs, "base", "made_t_y") == pytest.approx({"ball": ball / 0.9, "liner": liner / 0.9})
    assert needs_of(found.needs, "base", "liquid_t_y") == pytest.approx({"ball": ball / 0.9 / 0.8, "liner": 0.0})
    loads = {row[1]: row[2:] for row in found.loads.iter_rows()}
    bench = ball / 0.9 / 10 + liner / 0.9 * 2 * 5
    assert loads["oven"] == pytest.approx((ball / 0.9 / 0.8 / 2, 5000.0, ball / 0.9 / 0.8 / 2 / 5000))
    assert loads["bench"][0] == pytest.approx(bench)
    assert loads["desk"][0] == pytest.approx(36)
    assert found.needs["load_h_y"].sum() == pytest.approx(found.loads["load_h_y"].sum())


def test_equipment_that_stands_and_ore_that_does_not_come_take_no_castings():
    model = small()
    rows = {"base": {}, "one": {"ore2.feed": 0.0}, "none": {"ore1.feed": 0.0, "ore2.feed": 0.0}}
    found = foundry_needs(model, simulate(model, scenarios=rows))
    assert needs_of(found.needs, "one") == pytest.approx({"ball": 100 * YEAR_H * 0.5 / 1000, "liner": 3 * 4 * 0.5 + 2})
    assert needs_of(found.needs, "none") == pytest.approx({"ball": 0.0, "liner": 2.0})
    desk = found.loads.filter(pl.col("work_centre") == "desk")
    assert desk["load_h_y"].to_list() == [36.0, 36.0, 0.0]  # nothing is ordered where nothing is needed
    assert not found.needs["load_h_y"].is_nan().any()


def test_a_figure_set_in_a_scenario_counts_in_routings_too():
    figure = Figure(value=0.8, uom="frac")
    iron = {**FOUNDRY["metals"][0], "yield": "iron.yield"}
    foundry = FoundryFile.model_validate({**FOUNDRY, "metals": [iron]})
    model = ChainModel(chain=ChainFile.model_validate(CHAIN), foundry=foundry, parameters={"iron.yield": figure})
    rows = {"base": {}, "poor": {"iron.yield": 0.4}}
    found = foundry_needs(model, simulate(model, scenarios=rows), rows)
    oven = found.loads.filter(work_centre="oven")["load_h_y"].to_list()
    assert oven[1] == pytest.approx(2 * oven[0])
    assert needs_of(found.needs, "poor") == pytest.approx(needs_of(found.needs, "base"))
    with pytest.raises(DataError, match="are not those of the simulation"):
        foundry_needs(model, simulate(model), rows)


def test_a_chain_without_a_foundry_needs_nothing_to_be_asked():
    model = ChainModel(chain=ChainFile.model_validate(CHAIN))
    with pytest.raises(ModelError, match="has no foundry"):
        foundry_needs(model, simulate(model))


# ---- the example -------------------------------------------------------------------------------------------------

BY_ORE = ("liner_shell", "liner_end", "cone_mantle", "pump_casing")
LESS = 0.8


@cache
def example() -> tuple[ChainModel, Simulation, FoundryNeeds]:
    model = zveno.load(zveno.example("zhez_balkhash")).model
    feed = float(simulate(model).solids("balk.ore")[0])
    found = simulate(model, scenarios={"base": {}, "less": {"balk.ore.feed": LESS * feed}})
    return model, found, foundry_needs(model, found)


def test_a_fifth_less_ore_at_balkhash_takes_a_fifth_less_castings_there():
    _, _, found = example()
    at = pl.col("customer") == "balk_conc"
    base, less = (found.needs.filter(pl.col("scenario") == one, at) for one in ("base", "less"))
    for product in BY_ORE:
        rows = [table.filter(pl.col("product") == product)["need_t_y"].item() for table in (base, less)]
        assert rows[1] == pytest.approx(LESS * rows[0], rel=1e-9), product
    zhez = found.needs.filter(pl.col("customer") == "zhez_conc").group_by("scenario").agg(pl.sum("need_t_y"))
    assert len(set(zhez["need_t_y"].round(6))) == 1
    loads = dict(found.loads.filter(pl.col("work_centre") == "ball_line").select("scenario", "load_h_y").iter_rows())
    assert 0.92 < loads["less"] / loads["base"] < 0.95  # a third of the balls goes to Balkhash


def test_the_simulated_foundry_casts_what_is_needed():
    """Feeds and shares of klmz are derived from the needs at the base throughput: they must not drift from them."""
    model, simulation, found = example()
    assert model.foundry is not None
    metal = {one.id: one.metal for one in model.foundry.products}
    short = {"zhez_conc": "zhez", "balk_conc": "balk", "castings_mines": "mines"}
    wanted: dict[str, float] = {}
    for row in found.needs.filter(scenario="base").iter_rows(named=True):
        key = f"klmz.castings_{short.get(row['customer'], row['customer'])}.{metal[row['product']]}"
        wanted[key] = wanted.get(key, 0.0) + row["need_t_y"]
    cast = {one: simulation.solids(one)[0] * YEAR_H for one in simulation.streams if one.startswith("klmz.castings")}
    assert cast == pytest.approx(wanted, rel=5e-3)


def test_the_simulated_foundry_closes_and_melts_what_the_routings_melt():
    model, simulation, found = example()
    entering = sum(simulation.mass(one) for one in ("klmz.charge", "klmz.tube"))
    leaving = sum(simulation.mass(one) for one in ("klmz.castings", "klmz.burnt"))
    assert leaving == pytest.approx(entering, rel=1e-9)
    assert model.foundry is not None
    metal = {one.id: one.metal for one in model.foundry.products}
    liquid: dict[str, float] = {}
    for row in found.needs.filter(scenario="base").iter_rows(named=True):
        liquid[metal[row["product"]]] = liquid.get(metal[row["product"]], 0.0) + row["liquid_t_y"]
    for name, mass in liquid.items():
        melted = simulation.unit_result(f"klmz.{name}.melt", "liquid_metal")[0] * YEAR_H
        assert melted == pytest.approx(mass, rel=5e-3), name


def test_the_jackets_of_a_relining_are_the_jackets_needed():
    """The need of jackets and the relining of the furnaces are told in two places: they must say the same."""
    foundry = example()[0].foundry
    assert foundry is not None
    need = next(one for one in foundry.products if one.id == "jacket").needs[0]
    relining = next(one for one in foundry.relinings if one.id == "relining.vf")
    pieces = next(one.pieces for one in relining.castings if one.product == "jacket")
    values = [one.value for one in (need.pieces, pieces, need.every, relining.campaigns[0].lasts)]
    assert values == [44, 44, 30, 30]
