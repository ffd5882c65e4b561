"""What foundry.yaml may not say: each fault with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from zveno.model.load import load_description, read_description

CHAIN = """\
format: zveno/chain-1
id: small
title: {en: Small}
timezone: UTC+05:00
components: [Fe]
plants:
  - {id: mill, kind: concentrator, sections: [{id: mill.a}]}
  - {id: works, kind: foundry, sections: [{id: works.shop}]}
boundaries: [{id: mine}, {id: pond}]
units: [{id: mill.line1, section: mill.a}, {id: works.furnace, section: works.shop}]
streams:
  - {id: ore, from: mine, to: mill.line1}
  - {id: tail, from: mill.line1, to: pond}
  - {id: scrap, from: mine, to: works.furnace}
  - {id: castings, from: works.furnace, to: pond}
"""
FOUNDRY = """\
format: zveno/foundry-1
plant: works
metals:
  - {id: iron, title: {ru: Чугун}, yield: 0.8, reject: {value: 2, uom: "%"}, burn_off: 0.02, melt_energy: 600.0}
drivers:
  - {id: ore_milled, parts: [{stream: ore, customer: mill}]}
  - {id: mill_hours, parts: [{unit: "mill.line*", count: 2.0, customer: mill}]}
operations: [{id: melting}]
work_centres:
  - id: furnace
    section: works.shop
    count: 2
    attendance: {shifts_a_day: 1, hours: 12, days_a_week: 7}
    available: {value: 7000, uom: h}
products:
  - id: ball
    title: {en: Ball, ru: Шар, kk: Шар}
    metal: iron
    unit_mass: {value: 2, uom: kg, status: estimate}
    needs:
      - {driver: ore_milled, rate: {value: 0.5, uom: kg/t}}
      - {driver: mill_hours, pieces: 3.0, every: {value: 1, uom: y}}
    routing:
      - {operation: melting, work_centre: furnace, hours: 1.5, basis: t_liquid, amount: 6}
relinings:
  - id: relining.mill
    units: "mill.line*"
    campaigns: [{lasts: {value: 10, uom: mo}}]
    stands: {value: 3, uom: d}
    castings: [{product: ball, pieces: 40.0}]
transport: [{id: haul.mill, customers: [mill], lasts: 20.0}]
spares: {critical: [{product: ball, pieces: 4, at: [mill]}]}
"""


def write(folder: Path, foundry: str = FOUNDRY) -> Path:
    (folder / "chain.yaml").write_text(CHAIN, encoding="utf-8")
    (folder / "foundry.yaml").write_text(foundry, encoding="utf-8")
    return folder


def test_a_foundry_is_part_of_the_model_with_its_titles(tmp_path):
    model = load_description(write(tmp_path))
    assert model.foundry is not None
    assert model.title("ball", "kk") == "Шар"
    assert model.title("iron", "ru") == "Чугун"
    assert [one.is_cast for one in model.foundry.products] == [True]
    (tmp_path / "foundry.yaml").unlink()
    without = load_description(tmp_path)
    assert without.foundry is None
    assert without.hash != model.hash


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("plant: works", "plant: wroks", "foundry.yaml:2: 'plant' of 'foundry.yaml' names 'wroks', which does not exist; did you mean 'works'?"),
        ("plant: works", "plant: mill", "foundry.yaml:2: plant 'mill' is of the kind 'concentrator'"),
        ("stream: ore,", "stream: oer,", "foundry.yaml:6: 'parts.0.stream' of 'ore_milled' names 'oer', which does not exist; did you mean 'ore'?"),
        ('unit: "mill.line*"', "unit: mill.lin", "foundry.yaml:7: 'parts.0.unit' of 'mill_hours' names 'mill.lin'"),
        ("customer: mill}]}\n  - {id: mill_hours", "customer: mil}]}\n  - {id: mill_hours", "'parts.0.customer' of 'ore_milled' names 'mil'"),
        ("stream: ore,", "stream: ore, unit: mill.line1,", "foundry.yaml:6: a part of driver 'ore_milled' names a stream and a unit"),
        ("[{stream: ore, customer: mill}]", "[{stream: ore, customer: mill}, {customer: mill}]", "driver 'ore_milled' adds tonnes to hours"),
        ("work_centre: furnace,", "work_centre: furnance,", "foundry.yaml:24: 'routing.0.work_centre' of 'ball' names 'furnance', which does not exist; did you mean 'furnace'?"),
        ("operation: melting", "operation: smelting", "foundry.yaml:24: 'routing.0.operation' of 'ball' names 'smelting'"),
        ("metal: iron", "metal: ion", "foundry.yaml:18: 'metal' of 'ball' names 'ion', which does not exist; did you mean 'iron'?"),
        ("driver: ore_milled", "driver: ore", "foundry.yaml:21: 'needs.0.driver' of 'ball' names 'ore'"),
        ("product: ball, pieces: 40.0", "product: boll, pieces: 40.0", "foundry.yaml:30: 'castings.0.product' of 'relining.mill' names 'boll'"),
        ("product: ball, pieces: 4,", "product: boll, pieces: 4,", "foundry.yaml:32: 'critical.0.product' of 'spares' names 'boll'"),
        ("customers: [mill]", "customers: [mil]", "foundry.yaml:31: 'customers' of 'haul.mill' names 'mil'"),
        ("section: works.shop\n", "section: mill.a\n", "foundry.yaml:11: 'section' of 'furnace' names 'mill.a', which does not exist"),
        ('units: "mill.line*"', "units: mil", "foundry.yaml:27: 'units' of 'relining.mill' names 'mil'"),
        ("hours: 1.5", "hours: -1.5", "foundry.yaml:24: -1.5 is out of range for 'products.0.routing.0.hours'"),
        ("uom: kg/t", "uom: kg", "foundry.yaml:21: 'needs.0.rate' of 'ball' is given in 'kg', but must be in 'kg/t'"),
        ("uom: kg/t", "uom: kgt", "foundry.yaml:21: unit of measure 'kgt' is not known"),
        ("value: 0.5", "value: -0.5", "foundry.yaml:21: 'needs.0.rate' of 'ball' is -0.5 kg/t, but cannot be less than 0"),
        ("value: 1, uom: y", "value: 1, uom: t", "foundry.yaml:22: 'needs.1.every' of 'ball' is given in 't', but must be in 'h'"),
        ("value: 1, uom: y", "value: 0, uom: y", "foundry.yaml:22: 'needs.1.every' of 'ball' is 0, but must be more than 0"),
        (", every: {value: 1, uom: y}", "", "foundry.yaml:22: a need of 'ball': 'pieces' and 'mass' are for 'every'"),
        ("rate: {value: 0.5, uom: kg/t}", "note: none", "foundry.yaml:21: a need of 'ball' must have one of"),
        ("driver: ore_milled, rate", "driver: mill_hours, rate", "foundry.yaml:21: a need of 'ball' is a rate per tonne, but driver 'mill_hours' counts hours"),
        ("yield: 0.8", "yield: 0.0", "foundry.yaml:4: 'yield' of 'iron' is 0, but must be more than 0"),
        ("value: 2, uom: \"%\"", "value: 100, uom: \"%\"", "foundry.yaml:4: 'reject' of 'iron' is 100 %, but must be less than 1"),
        ("unit_mass: {value: 2", "unit_mass: {value: 0", "foundry.yaml:19: 'unit_mass' of 'ball' is 0"),
        ("yield: 0.8", "yield: iron.yield", "foundry.yaml:4: 'yield' of 'iron' names the parameter 'iron.yield', but parameters.yaml is missing"),
        ("{value: 7000", "{value: 8800", "foundry.yaml:14: work centre 'furnace' is available 8800 h a year, but can be only 8784 h at most"),
        ("[{lasts: {value: 10, uom: mo}}]", "[{title: {en: all}}]", "foundry.yaml:28: a campaign of relining 'relining.mill' needs either"),
        ("id: ball\n", "id: ore\n", "the id 'ore' is given 2 times"),
        ("unit_mass:", "mass_of_one:", "key 'products.0.mass_of_one' is not known"),
    ],
)  # fmt: skip
def test_a_fault_of_the_foundry_names_its_line(tmp_path, old, new, message):
    assert old in FOUNDRY
    found = [str(one) for one in read_description(write(tmp_path, FOUNDRY.replace(old, new, 1)))[1]]
    assert any(message in one for one in found), found
