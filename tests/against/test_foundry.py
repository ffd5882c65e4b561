"""The foundry's needs at the simulated throughput, against the needs and loads that its pack states."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import zveno
from zveno.simulate import FoundryNeeds

DATA = Path(__file__).parents[2] / "../shared/data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the folder ../shared/data with the cases is absent")


@cache
def pack() -> dict[str, Any]:
    return json.loads((DATA / "example-chain" / "foundry.json").read_text(encoding="utf-8"))


@cache
def whole_chain() -> zveno.Chain:
    return zveno.load(zveno.example("zhez_balkhash"))


@cache
def found() -> FoundryNeeds:
    return whole_chain().foundry_needs()


@cache
def needed() -> dict[str, float]:
    """Tonnes a year by product."""
    return dict(found().needs.group_by("product").agg(pl.sum("need_t_y")).iter_rows())


def test_every_need_is_met_within_one_per_cent():
    assert len(pack()["products"]) == len(needed()) == 16
    for one in pack()["products"]:
        assert needed()[one["id"]] == pytest.approx(one["need_t_y"], rel=0.01), one["id"]


def test_totals_by_metal_are_met_within_one_per_cent():
    """The pack counts as steel, iron and copper only what is melted: tuyeres are made of bought tube."""
    products = whole_chain().model.foundry.products
    for metal in ("steel", "iron", "copper"):
        total = sum(needed()[one.id] for one in products if one.metal == metal and one.is_cast)
        assert total == pytest.approx(pack()["totals"][f"{metal}_t"], rel=0.01), metal
    assert sum(needed().values()) == pytest.approx(pack()["totals"]["need_t_y"], rel=0.01)


def test_loads_of_all_work_centres_are_met_within_two_per_cent():
    loads = {row["work_centre"]: row for row in found().loads.iter_rows(named=True)}
    stated = pack()["totals"]["load"]
    assert set(loads) == set(stated)
    for centre, one in stated.items():
        assert loads[centre]["load_h_y"] == pytest.approx(one["load_h_y"], rel=0.02), centre
        assert loads[centre]["available_h_y"] == pytest.approx(one["available_h_y"], rel=1e-9), centre
        assert loads[centre]["share_frac"] == pytest.approx(one["pct"] / 100, rel=0.02), centre


def test_the_description_holds_what_the_pack_says_of_metals_centres_and_routings():
    model = whole_chain().model
    for one in model.foundry.metals:
        assert model.number(one.casting_yield, "frac") == pytest.approx(pack()["yield_liquid_to_casting"][one.id])
        assert model.number(one.reject, "%") == pytest.approx(pack()["reject_pct"][one.id])
        assert model.number(one.melt_energy, "kWh/t") == pytest.approx(pack()["melt_kwh_t"][one.id])
    counts = {one["id"]: one["count"] for one in pack()["work_centres"]}
    assert {one.id: one.count for one in model.foundry.work_centres} == counts
    routings = {one["product"]: one["steps"] for one in pack()["routings"]}
    for product in model.foundry.products:
        steps = [(one.work_centre, one.hours, one.basis, one.amount) for one in product.routing]
        wanted = [(one["work_centre"], one["hours"], one["basis"], one["amount"]) for one in routings[product.id]]
        assert steps == wanted, product.id
        stated = next(one for one in pack()["products"] if one["id"] == product.id)
        assert model.number(product.unit_mass, "kg") == pytest.approx(stated["unit_mass_kg"])
        assert product.title["en"]


RELININGS = {
    "zhmz.ef1": "ef", "zhmz.ef2": "ef", "bmz.vf1": "vf", "bmz.vf2": "vf", "zhmz.conv*": "conv_zhmz", "bmz.conv*": "conv_bmz",
    "*.af*": "af", "zhez_conc.line*": "mills_zhez", "balk_conc.line*": "mills_balk", "bmz.acid": "acid",
}  # fmt: skip


def test_relinings_are_those_of_the_pack():
    model = whole_chain().model
    own = {one.id.removeprefix("relining."): one for one in model.foundry.relinings}
    assert {one["unit"] for one in pack()["relining"]} == set(RELININGS)
    assert set(own) == set(RELININGS.values())
    for stated in pack()["relining"]:
        one = own[RELININGS[stated["unit"]]]
        assert model.number(one.stands, "d") == pytest.approx(stated["days"])
        first = one.campaigns[0]
        length = model.number(first.charges, "-") if first.lasts is None else model.number(first.lasts, "mo")
        assert length == pytest.approx(float(stated["campaign"].split()[0])), stated["unit"]
        assert bool(one.months) == (stated["window"] == "May-September")


def test_ways_to_customers_are_those_of_the_pack():
    model = whole_chain().model
    hours = {one.id: model.number(one.lasts, "h") for one in model.foundry.transport}
    assert hours["haul.zhez"] == pack()["transport"]["to_zhezkazgan_h"]
    assert hours["haul.balk"] == pack()["transport"]["to_balkhash_h"]
    for stream in model.streams.values():
        if stream.group == "klmz.castings" and stream.target != "castings_mines":
            assert stream.transport_h == hours["haul.zhez" if stream.target == "castings_zhez" else "haul.balk"]
