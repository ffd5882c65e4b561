"""Descriptions that can be read, but cannot be true: each is refused with its line and what to do."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from zveno.errors import ModelError
from zveno.model.load import load_description, read_description
from zveno.model.values import days_of_change

CHAIN = """\
format: zveno/chain-1
id: small
title: {en: Small}
timezone: "UTC+05:00"
components: [Cu, Ag]
sources: {book: A book}
minerals:
  - {id: bornite, sg: 5, composition: {Cu: 0.6}, group: cu_sulphide}
  - {id: pyrite, sg: 5, composition: {}, group: pyrite}
  - {id: quartz, sg: 2.65, composition: {}, group: gangue}
ores:
  - id: blend
    grade: ore.cu
    moisture: ore.wet
    copper: {bornite: ore.all}
    minerals: {pyrite: ore.pyrite}
    balance: quartz
    trace: {Ag: ore.silver}
plants: [{id: mill, kind: concentrator, sections: [{id: mill.a}]}]
boundaries: [{id: mine}, {id: pond}]
units: [{id: mill.u, section: mill.a}]
groups: [{id: waste}]
streams:
  - {id: ore, from: mine, to: mill.u, ore: blend, feed: ore.feed, feed_water: 0.05}
  - {id: tail, from: mill.u, to: pond, group: waste}
stocks: [{id: pile, section: mill.a, material: ore, opening: pile.t, capacity: {value: 9, uom: kt}}]
meters:
  - {id: scale, stream: ore, quantity: wet_mass, uom: t, sd_rel_pct: 1, valid_low: 0, valid_high: 9}
  - {id: survey, stream: pile, quantity: survey_mass, uom: t, sd_rel_pct: 5}
  - {id: lab, stream: tail, quantity: assay, components: [Cu], uom: "%", sd_rel_pct: 1, column: {Cu: cu}}
tags:
  - {id: mill.kw, unit: mill.u, uom: kW, normal: 900}
  - {id: mill.ph, unit: mill.u, uom: pH, normal: {value: 11, uom: pH, source: book}}
gates: [{id: running, tag: mill.kw, above: 100, below: 2000}]
plans:
  - {id: plan.ore, period: 2026-03, meter: scale, value: 60, uom: kt}
  - {id: plan.energy, period: 2026-03, tag: "mill.k*", value: 60, uom: MWh, per: plan.ore}
recoveries: [{plant: mill, components: [Cu], feeds: [ore], products: [tail]}]
"""
PARAMETERS = """\
parameters:
  ore.cu: {value: 1.2, uom: "%"}
  ore.wet: {value: 5, uom: "%", dated: [{from: 2026-03-10, value: 6}]}
  ore.all: {value: 1, uom: frac}
  ore.pyrite: {value: 4, uom: "%"}
  ore.silver: {value: 9, uom: g/t}
  ore.feed: {value: 8, uom: Mt/y}
  pile.t: {value: 5, uom: kt, dated: [{from: 2026-03-18, value: 6}]}
"""
PEOPLE = """\
shifts:
  slots: [{id: day, start: "08:00", hours: 12}, {id: night, start: "20:00", hours: 12}]
  crews: [A, B, C, D]
  cycle: [day, night, "off", "off"]
  reference: {day: 2026-03-01}
roles: [{id: mill.head}]
duties: [{unit: mill.a, role: mill.head, from: 2026-01-01, to: 2026-07-01}]
"""
FILES = {"chain.yaml": CHAIN, "parameters.yaml": PARAMETERS, "people.yaml": PEOPLE}


def faults(folder: Path, *changes: tuple[str, str, str]) -> list[str]:
    """Faults of the description above after some changes of its texts."""
    texts = dict(FILES)
    for name, old, new in changes:
        assert old in texts[name], old
        texts[name] = texts[name].replace(old, new)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [str(one) for one in read_description(folder)[1]]


def test_the_description_as_it_stands_is_sound(tmp_path):
    assert faults(tmp_path) == []


def test_a_plain_normal_is_in_the_unit_of_its_tag(tmp_path):
    assert faults(tmp_path, ("chain.yaml", "normal: {value: 11, uom: pH, source: book}", "normal: 11")) == []
    density = (
        "chain.yaml",
        "{id: mill.ph, unit: mill.u, uom: pH, normal: {value: 11, uom: pH, source: book}}",
        "{id: mill.d, unit: mill.u, uom: '%', normal: 32}",
    )
    assert faults(tmp_path, density) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("feed: ore.feed", "feed: -3", "chain.yaml:24: 'feed' of 'ore' is -3 t/h, but cannot be less than 0"),
        ("feed: ore.feed", "feed: {value: -3, uom: t/h}", "chain.yaml:24: 'feed' of 'ore' is -3 t/h, but cannot"),
        ("feed: ore.feed", "feed: {value: 3, uom: '%'}", "chain.yaml:24: 'feed' of 'ore' is given in '%', but must be in 't/h'"),
        ("feed: ore.feed", "feed: {value: 3, uom: tph}", "chain.yaml:24: unit of measure 'tph' is not known"),
        ("feed: ore.feed", "feed: {value: 3, uom: t/h, low: 4}", "chain.yaml:24: parameter 'ore.feed' is 3, outside its own range"),
        ("feed: ore.feed", "feed: .nan", "chain.yaml:24: 'streams.0.feed' cannot be read: got 'nan'"),
        ("feed: ore.feed", "feed: true", "chain.yaml:24: 'streams.0.feed' cannot be read: got 'true'"),
        ("feed: ore.feed, ", "", "chain.yaml:24: stream 'ore' has 'feed_water' without 'feed'"),
        ("feed_water: 0.05", "feed_water: 5", "chain.yaml:24: 'feed_water' of 'ore' is 5 frac, but a moisture must be less than 1"),
        ("feed_water: 0.05", "feed_water: {value: 100, uom: '%'}", "'feed_water' of 'ore' is 100 %, but a moisture must be less than 1"),
        ("feed_water: 0.05", "feed_water: ore.feed", "'feed_water' of 'ore' is given in 'Mt/y', but must be in 'frac'"),
        ("opening: pile.t", "opening: -1", "chain.yaml:26: 'opening' of 'pile' is -1 t, but cannot be less than 0"),
        ("opening: pile.t", "opening: ore.feed", "chain.yaml:26: 'opening' of 'pile' is given in 'Mt/y', but must be in 't'"),
        ("value: 9, uom: kt", "value: -9, uom: kt", "chain.yaml:26: 'capacity' of 'pile' is -9 kt, but cannot be less"),
        ("value: 9, uom: kt", "value: 9, uom: m3", "chain.yaml:26: 'capacity' of 'pile' is given in 'm3', but must be in 't'"),
        ("value: 9, uom: kt", "value: 4, uom: kt", "chain.yaml:26: stock 'pile' opens with 5000 t, more than its capacity of 4000 t"),
        ("value: 9, uom: kt", "value: 5.5, uom: kt", "chain.yaml:26: stock 'pile' opens with 6000 t, more than its capacity of 5500 t"),
        ("grade: ore.cu", "grade: ore.feed", "chain.yaml:13: 'grade' of 'blend' is given in 'Mt/y', but must be in 'frac'"),
        ("{pyrite: ore.pyrite}", "{pyrite: pile.t}", "chain.yaml:16: 'minerals.pyrite' of 'blend' is given in 'kt'"),
        ("balance: quartz", "balance: pyrite", "chain.yaml:12: ore 'blend' gives 'pyrite' twice"),
        ("copper: {bornite", "copper: {pyrite", "chain.yaml:12: ore 'blend' gives 'pyrite' twice"),
        ("copper: {bornite", "copper: {pyrite", "chain.yaml:15: ore 'blend' shares its copper with 'pyrite', whose composition holds no Cu"),
        ("balance: quartz", "balance: quartz\n    copper_balance: quartz", "chain.yaml:18: 'copper_balance' of 'blend' names 'quartz'"),
        ("trace: {Ag", "trace: {AG", "chain.yaml:18: 'trace' of 'blend' names 'AG', which does not exist; did you mean 'Ag'?"),
        ("stream: pile, quantity: survey_mass", "stream: ore, quantity: survey_mass", "chain.yaml:29: meter 'survey' surveys 'ore', which is no stock"),
        ("stream: pile, quantity: survey_mass", "stream: pile, quantity: wet_mass", "chain.yaml:29: meter 'survey' reads 'wet_mass' of the stock 'pile'"),
        ("stream: pile, quantity: survey_mass, uom: t", "stream: pile, quantity: moisture, uom: '%'", "meter 'survey' reads 'moisture' of the stock 'pile': a stock takes only survey_mass, assay"),
        ("quantity: wet_mass", "quantity: wet_mass, components: [Cu]", "chain.yaml:28: meter 'scale' lists components, but reads 'wet_mass'"),
        ("column: {Cu: cu}", "column: {Ag: cu}", "chain.yaml:30: 'column' of 'lab' names 'Ag'"),
        ("column: {Cu: cu}", "uoms: {Ag: g/t}", "chain.yaml:30: 'uoms' of 'lab' names 'Ag'"),
        ("valid_low: 0", "valid_low: 9", "chain.yaml:28: meter 'scale' can read nothing: 'valid_low' is 9, 'valid_high' is 9"),
        ("normal: 900", "normal: ore.feed", "chain.yaml:32: 'normal' of 'mill.kw' is given in 'Mt/y', but must be in 'kW'"),
        ("source: book", "source: bok", "chain.yaml:33: 'source' of 'mill.ph.normal' names 'bok', which does not exist; did you mean 'book'?"),
        ("below: 2000", "below: 100", "chain.yaml:34: gate 'running' is never on: 'above' is 100, 'below' is 100"),
        ("meter: scale", "meter: 'scal?s'", "chain.yaml:36: 'meter' of 'plan.ore' names 'scal?s', which does not exist; did you mean 'scale'?"),
        ("meter: scale", "meter: lab", "chain.yaml:36: plan line 'plan.ore' sums 'lab', which reads 'assay': name meters of a mass"),
        ("meter: scale", "meter: scale, tag: mill.kw", "chain.yaml:36: plan line 'plan.ore' must name its fact: either 'meter' or 'tag'"),
        ("meter: scale, ", "", "chain.yaml:36: plan line 'plan.ore' must name its fact: either 'meter' or 'tag'"),
        ("value: 60, uom: kt", "value: 60, uom: MWh", "chain.yaml:36: 'plan.ore' needs a unit of mass, but 'MWh' measures energy"),
        ("value: 60, uom: kt", "value: -60, uom: kt", "chain.yaml:36: -60 is out of range for 'plans.0.value'"),
        ('tag: "mill.k*"', 'tag: "mill.x*"', "chain.yaml:37: 'tag' of 'plan.energy' names 'mill.x*', which does not exist"),
        ('tag: "mill.k*"', 'tag: "mill.*"', "chain.yaml:37: plan line 'plan.energy' sums 'mill.ph' in 'pH' over time"),
        ("value: 60, uom: MWh", "value: 60, uom: kt", "chain.yaml:37: 'plan.energy' needs a unit of energy, but 'kt' measures mass"),
        ("per: plan.ore", "per: plan.energy", "chain.yaml:37: 'per' of 'plan.energy' names 'plan.energy', which does not exist"),
        ("feeds: [ore], products: [tail]", "feeds: [tail], products: [ore]", "chain.yaml:38: a recovery names 'tail' as a feed, but it does not enter the plant 'mill'"),
        ("products: [tail]", "products: [tail, ore]", "chain.yaml:38: a recovery names 'ore' as a product, but it does not leave the plant 'mill'"),
        ("normal: {value: 11, uom: pH, source: book}", "normal: {value: 25, uom: pH}", "chain.yaml:33: 'normal' of 'mill.ph' is pH 25, but no pulp"),
        ("uom: kW, normal: 900", "uom: kW, normal: -900", "chain.yaml:32: 'normal' of 'mill.kw' is -900 kW, but cannot be less than 0"),
        ("uom: kW, normal: 900", "uom: '%', normal: {value: 132, uom: '%'}", "'normal' of 'mill.kw' is 132 %, but a share cannot be more than 1"),
        ("uom: t, sd_rel_pct: 5}", "uom: t, sd_rel_pct: 0}", "chain.yaml:29: meter 'survey' has no error at all: give its 'sd_rel_pct'"),
        ("feeds: [ore]", "feeds: []", "chain.yaml:38: 'feeds' of a recovery is empty"),
        ("sections: [{id: mill.a}]", "sections: []", "chain.yaml:19: plant 'mill' has no sections"),
        ("[{id: mill.a}]", "[{id: mill.a}, {id: mill.b}]", "chain.yaml:19: section 'mill.b' is declared, but no unit stands in it: delete it"),
        ("groups: [{id: waste}]", "groups: [{id: waste}, {id: slime}]", "chain.yaml:22: group 'slime' is declared, but no stream names it: delete it"),
        ("to: mill.u,", "to: 'mill.u:feed',", "chain.yaml:24: stream 'ore' ends at 'mill.u:feed', but only a 'from' names an outlet: write 'mill.u'"),
        ("components: [Cu, Ag]", "components: [Cu, Ag, Cu]", "chain.yaml:5: the id 'Cu' is given 2 times"),
        ("gates: [", "gates: [{id: running, tag: mill.kw, above: 1}, ", "chain.yaml:34: the id 'running' is given 2 times"),
    ],
)  # fmt: skip
def test_a_chain_that_cannot_be_is_refused(tmp_path, old, new, message):
    found = faults(tmp_path, ("chain.yaml", old, new))
    assert any(one.startswith(message) or (not message.startswith("chain") and message in one) for one in found), found


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("value: 8, uom: Mt/y", "value: -8, uom: Mt/y", "parameters.yaml:7: 'feed' of 'ore' is -8 Mt/y, but cannot be less than 0"),
        ("value: 1.2", "value: -1.2", "parameters.yaml:2: 'grade' of 'blend' is -1.2 %, but cannot be less than 0"),
        ("value: 1.2", "value: 120", "parameters.yaml:2: 'grade' of 'blend' is 120 %, but a share cannot be more than 1"),
        ("value: 6}]}\n  ore.all", "value: 100}]}\n  ore.all", "parameters.yaml:3: 'moisture' of 'blend' is 100 %, but a moisture"),
        ("{value: 1, uom: frac}", "{value: 1.1, uom: frac}", "parameters.yaml:4: 'copper.bornite' of 'blend' is 1.1 frac, but a share"),
        ("value: 4", "value: -4", "parameters.yaml:5: 'minerals.pyrite' of 'blend' is -4 %, but cannot be less"),
        ("value: 9, uom: g/t", "value: -9, uom: g/t", "parameters.yaml:6: 'trace.Ag' of 'blend' is -9 g/t, but cannot be less"),
        ("value: 9, uom: g/t", "value: .inf, uom: g/t", "parameters.yaml:6: 'parameters.ore.silver.value' cannot be read: got 'inf'"),
        ("value: 5, uom: kt", "value: -5, uom: kt", "parameters.yaml:8: 'opening' of 'pile' is -5 kt, but cannot be less"),
    ],
)  # fmt: skip
def test_a_figure_that_cannot_be_is_told_at_its_own_line(tmp_path, old, new, message):
    found = faults(tmp_path, ("parameters.yaml", old, new))
    assert [one for one in found if one.startswith(message)], found


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('cycle: [day, night, "off", "off"]', 'cycle: [day, day, "off", "off"]', "shift 'night' is without a crew on day 1 of the cycle"),
        ('cycle: [day, night, "off", "off"]', 'cycle: [day, day, "off", "off"]', "shift 'day' has 2 crews on day 1 of the cycle (A, D)"),
        ("crews: [A, B, C, D]", "crews: [A, B, C]", "shift 'day' is without a crew on day 4 of the cycle"),
        ("crews: [A, B, C, D]", "crews: [A, B, C, A]", "'A' stands more than once among the crews"),
        ('start: "20:00"', 'start: "19:00"', "shift 'night' begins before shift 'day' ends"),
        ('start: "20:00"', 'start: "21:00"', "shift 'day' begins before shift 'night' ends"),
        ('start: "20:00"', 'start: "25:00"', "'shifts.slots.1.start' cannot be read: got '25:00'"),
        ("id: night,", "id: day,", "'day' stands more than once among the slots"),
        ("to: 2026-07-01", "to: 2026-01-01", "the duty of 'mill.head' for 'mill.a' ends on 2026-01-01, before it begins on 2026-01-01"),
    ],
)  # fmt: skip
def test_shifts_that_cannot_be_worked_are_refused(tmp_path, old, new, message):
    found = faults(tmp_path, ("people.yaml", old, new))
    assert any(one.startswith("people.yaml:") and message in one for one in found), found


def test_an_empty_cycle_is_a_fault_and_no_crash(tmp_path):
    found = faults(tmp_path, ("people.yaml", 'cycle: [day, night, "off", "off"]', "cycle: []"))
    assert [one for one in found if "4 crews cannot take turns through a cycle of 0 places" in one]


def test_a_missing_parameters_file_is_one_fault_that_names_it(tmp_path):
    faults(tmp_path)
    (tmp_path / "parameters.yaml").unlink()
    with pytest.raises(ModelError) as caught:
        load_description(tmp_path)
    (found,) = caught.value.faults
    assert str(found).startswith(
        "chain.yaml:24: 'feed' of 'ore' names the parameter 'ore.feed', but parameters.yaml is"
    )


def test_a_figure_that_shares_its_name_with_a_tag_is_told_at_its_own_line(tmp_path):
    extra = "\n  mill.kw: {value: 7, uom: kW, high: 3}\n"
    found = faults(tmp_path, ("parameters.yaml", "\n  ore.feed", extra + "  ore.feed"))
    assert found == ["parameters.yaml:7: parameter 'mill.kw' is 7, outside its own range None to 3"]


def test_days_of_change_begin_when_every_figure_has_a_value(tmp_path):
    faults(tmp_path)
    days = (date(2026, 3, 10), date(2026, 3, 18))
    assert days_of_change(load_description(tmp_path)) == (None, *days)
    faults(tmp_path, ("parameters.yaml", '{value: 5, uom: "%", dated', '{uom: "%", dated'))
    assert days_of_change(load_description(tmp_path)) == days
