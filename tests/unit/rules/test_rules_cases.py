"""Small examples beside the rules: those of the demonstration chain hold, and a wrong one is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.rules.small_plant import model, rule, version

from zveno.chain import example
from zveno.model.load import read_description
from zveno.rules import case_faults
from zveno.rules.faults import rule_faults


def test_every_rule_of_the_chain_has_examples_and_they_hold() -> None:
    chain, _ = read_description(Path(example("zhez_balkhash")))
    assert chain is not None
    assert [rule.id for rule in chain.rulebook.rules if len(rule.cases) < 2] == []
    assert [str(one) for one in case_faults(chain)] == []


def test_examples_are_no_part_of_the_clause() -> None:
    bare = model(rule(version(high=12.0))).rulebook.rules[0]
    shown = model(rule(version(high=12.0), cases=[{"of": "11", "finds": []}])).rulebook.rules[0]
    assert bare.hash_of(bare.versions[0]) == shown.hash_of(shown.versions[0])


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ({"of": "11*3 12.5*2 11", "finds": ["0:03-0:05"]}, None),
        ({"of": "11*3 12.5*2", "finds": ["0:03-"]}, None),
        ({"of": "11*3 12.5*2 11", "finds": []}, "its example 1 finds 0:03-0:05, but should find nothing"),
        ({"of": "11 x", "finds": []}, "'x' is no reading"),
        ({"of": "11", "finds": ["soon"]}, "'soon' is no episode"),
        ({"of": {"b": "11"}, "finds": []}, "the example names 'b', but the rule has 1 tags"),
        ({"of": "11", "finds": [], "version": 7}, "has no version 7"),
        ({"of": "11", "finds": [], "tag": "conc.line9.ph"}, "has no signal in this chain"),
    ],
)
def test_an_example_is_run_and_told_with_its_line(case: dict[str, object], said: str | None) -> None:
    places = {"R-1": "rules/a.yaml:3", "R-1/cases/0": "rules/a.yaml:20"}
    found = [str(one) for one in case_faults(model(rule(version(high=12.0), cases=[case]), places=places))]
    assert len(found) == bool(said)
    assert all(one.startswith("rules/a.yaml:20: ") and said in one for one in found if said)


def test_a_gate_is_played_where_an_example_gives_its_readings() -> None:
    gated = {"gate": "pumping", "cases": [
        {"of": "12.5*10 11", "finds": ["0:00-0:10"]},
        {"of": "12.5*10 11", "beside": {"conc.line1.pump": "1*5 0*6"}, "finds": ["0:00-0:05"]},
    ]}  # fmt: skip
    assert case_faults(model(rule(version(high=12.0), **gated))) == []


def test_all_that_is_wrong_in_a_rulebook_is_told_at_once_each_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    texts = "text: {en: a, ru: б, kk: в}, status: estimate"
    clause = f"params: {{high: 12}}, {texts}, source: made up"
    body = f"""
  - {{id: GAP, kind: limit, unit: c.f, tag: c.ph, uom: pH, owner_role: c.a, severity: low, acts_on: {{not_priced: safety}},
     versions: [{{version: 1, from: 2026-01-01, to: 2026-02-01, {clause}}}, {{version: 2, from: 2026-03-01, {clause}}}]}}
  - {{id: TWICE, kind: limit, unit: c.f, tag: c.ph, uom: pH, owner_role: c.a, severity: low, acts_on: {{not_priced: safety}},
     versions: [{{version: 1, from: 2026-01-01, {clause}}}, {{version: 2, from: 2026-03-01, {clause}}}]}}
  - {{id: TAG, kind: limit, unit: c.f, tag: c.hp, uom: pH, owner_role: c.a, severity: low, acts_on: {{not_priced: safety}},
     versions: [{{version: 1, from: 2026-01-01, {clause}}}]}}
  - {{id: UOM, kind: limit, unit: c.f, tag: c.ph, uom: g/l, owner_role: c.a, severity: low, acts_on: {{not_priced: safety}},
     versions: [{{version: 1, from: 2026-01-01, {clause}}}]}}
  - {{id: SOURCE, kind: limit, unit: c.f, tag: c.ph, uom: pH, owner_role: c.a, severity: low, acts_on: {{not_priced: safety}},
     versions: [{{version: 1, from: 2026-01-01, params: {{high: 12}}, {texts}}}]}}
"""
    (tmp_path / "rules" / "all.yaml").write_text(f"format: zveno/rules-1\nrules:{body}", "utf-8")
    (tmp_path / "chain.yaml").write_text(
        """
format: zveno/chain-1
id: c
title: {en: a}
timezone: "UTC+05:00"
components: [Cu]
plants: [{id: c, kind: concentrator, sections: [{id: c.f}]}]
units: [{id: c.u, section: c.f}]
streams: []
tags: [{id: c.ph, unit: c.u, uom: pH, normal: 11}]
""",
        "utf-8",
    )
    (tmp_path / "people.yaml").write_text(
        "shifts: {slots: [{id: day, start: '08:00', hours: 24}], crews: [A], cycle: [day], reference: {day: 2026-03-01}}\n"
        "roles: [{id: c.a, plant: c, title: {en: a, ru: б, kk: в}}]\n",
        "utf-8",
    )
    chain, faults = read_description(tmp_path)
    assert chain is not None, [str(one) for one in faults]
    found = {one.fields.get("rule", one.fields.get("uom", "UOM")): str(one) for one in rule_faults(chain)}
    assert len(rule_faults(chain)) == 5
    said = " ".join(found.values())
    for words in ("no version is in force from 2026-02-01 to 2026-03-01", "are both in force from 2026-03-01",
                  "'c.hp', which does not exist", "measures concentration, but pH is needed", "no source is named"):  # fmt: skip
        assert words in said
    assert all(one.startswith("rules/all.yaml:") for one in found.values())
