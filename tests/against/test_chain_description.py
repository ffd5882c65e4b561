"""The example describes the chain of the parameter pack: every meter, stock, owner and product of it."""

from __future__ import annotations

import json
from fnmatch import filter as matching
from pathlib import Path

import pytest

from zveno.chain import example, load
from zveno.model.chain import ChainModel

PACK = Path(__file__).parents[2].parent / "shared" / "data" / "example-chain"
pytestmark = pytest.mark.skipif(not PACK.is_dir(), reason="the parameter pack is not beside the project")

# instruments that are for operators stand among the tags; one reading of two fluxes is two meters here
TAGS = {
    "zhez_conc.analyser": "zhez_conc.analyser.*", "balk_conc.analyser": "balk_conc.analyser.*",
    "zhez_conc.psi": "zhez_conc.line*.cyclone.p80_um", "balk_conc.psi": "balk_conc.line*.cyclone.p80_um",
    "zhez_conc.density": "zhez_conc.line*.cyclone.overflow_solids_pct",
    "balk_conc.density": "balk_conc.line*.cyclone.overflow_solids_pct",
    "zhmz.stack.so2": "zhmz.stack.so2_mg_nm3", "bmz.stack.so2": "bmz.stack.so2_mg_nm3",
    "zhmz.power": "zhmz.power_mw", "bmz.power": "bmz.power_mw", "bmz.oxygen": "bmz.vf*.oxygen_nm3h",
    "bmz.vf.temp": "bmz.vf*.bath_temp_c", "bmz.jackets": "bmz.vf*.jacket*.dt_k",
    "zhmz.aisle.so2_wz": "zhmz.aisle.so2_mg_m3", "bmz.aisle.so2_wz": "bmz.aisle.so2_mg_m3",
}  # fmt: skip
METERS = {
    "zhmz.flux.weigh": ("zhmz.quartz.weigh", "zhmz.limestone.weigh"),
    "bmz.flux.weigh": ("bmz.flux.weigh", "bmz.limestone.weigh"),
}


@pytest.fixture(scope="module")
def model() -> ChainModel:
    return load(example("zhez_balkhash")).model


def pack(name: str) -> dict:
    return json.loads((PACK / name).read_text(encoding="utf-8"))


def test_every_meter_of_the_pack_is_described_with_its_errors(model):
    for one in pack("meters.json")["meters"]:
        if one["id"] in TAGS:
            assert matching(model.tags, TAGS[one["id"]]), one["id"]
            continue
        for name in METERS.get(one["id"], (one["id"],)):
            meter = model.meters[name]
            assert (meter.sd_rel_pct, meter.bias_limit_pct) == (one["sd_rel_pct"], one["bias_limit_pct"]), name


def test_meters_that_the_pack_lacks_say_so(model):
    known = {one["id"] for one in pack("meters.json")["meters"]} | {name for both in METERS.values() for name in both}
    ours = [one for one in model.chain.meters if one.id not in known]
    assert ours
    assert [one.id for one in ours if "not in the parameter pack" not in one.note] == []


def test_what_nobody_measures_is_listed_whole(model):
    assert len(model.chain.not_measured) == len(pack("meters.json")["not_measured"]) == 12


def test_stocks_begin_with_the_packs_levels(model):
    figures = {one["id"]: one for one in pack("parameters.json")["parameters"]}
    for stock, figure in {
        "zhez_conc.conc_bin": "stock.zhez_conc.conc_kt", "balk_conc.conc_bin": "stock.balk_conc.conc_kt",
        "zhmz.yard_stock": "stock.zhmz.conc_yard_kt", "bmz.yard_stock": "stock.bmz.conc_yard_kt",
        "bmz.slag_cooling": "stock.bmz.conv_slag_cooling_kt",
    }.items():  # fmt: skip
        assert model.number(model.stocks[stock].opening, "t") == figures[figure]["value"] * 1000
    for stock, figure in {
        "zhmz.pigs": "stock.zhmz.blister_t", "bmz.pigs": "stock.bmz.blister_t", "zhmz.cells": "stock.zhmz.cells_anode_t",
        "bmz.cells": "stock.bmz.cells_anode_t", "zhmz.anode_stock": "stock.zhmz.anode_t",
        "bmz.anode_stock": "stock.bmz.anode_t", "zhmz.reverts": "stock.conv.reverts_t",
    }.items():  # fmt: skip
        assert model.number(model.stocks[stock].opening, "t") == figures[figure]["value"]


def test_concentrates_of_others_come_over_the_boundary_with_their_owners(model):
    owners = {name: model.streams[name].owner for name in ("regional", "toll_a", "toll_b", "zhez.conc", "balk.conc")}
    assert owners == {
        "regional": "own", "toll_a": "toll_owner_a", "toll_b": "toll_owner_b", "zhez.conc": "own", "balk.conc": "own",
    }  # fmt: skip
    assert all(model.streams[name].source in model.boundaries for name in ("regional", "toll_a", "toll_b"))


def test_people_rules_and_castings_are_all_there(model):
    rules = pack("rules.json")
    assert set(model.roles) >= {one["id"] for one in rules["organisation"]["roles"]}
    assert sum(len(one.versions) for one in model.rulebook.rules) == len(rules["rules"]) == 61
    assert model.foundry is not None
    assert {one.id for one in model.foundry.products} == {one["id"] for one in pack("foundry.json")["products"]}
