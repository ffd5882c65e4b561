"""Faults of a rulebook: each is found, named with its place, and nothing sound is called a fault."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.rules.small_plant import TEXTS, model, rule, version

from zveno.errors import Fault
from zveno.rules.faults import rule_faults

SOUND = version(low=10.8, high=11.8, on_delay_min=10)


def faults(*rules: dict[str, Any], **places: str) -> list[Fault]:
    """Faults of a rulebook."""
    return rule_faults(model(*rules, places=places))


def one(*versions: dict[str, Any], **fields: Any) -> str:
    """The text of the only fault of a rule."""
    found = faults(rule(*(versions or (SOUND,)), **fields))
    assert len(found) == 1, [str(each) for each in found]
    return str(found[0])


def test_a_sound_rulebook_has_no_faults() -> None:
    exception = {"when": {"tag": "conc.air", "below": -5}, "params": {"high": 11.5}, "why": TEXTS}
    assert (
        faults(
            rule(version(end="2026-03-01", high=11), version(2, start="2026-03-01", high=12, exceptions=[exception])),
            rule(SOUND, id="R-2", tag="conc.line*.ph", gate="pumping", owner_role="*.floater", unit="*.flotation"),
            rule(version(high=14), id="R-3", tag="conc.moisture", uom="%"),
        )
        == []
    )


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"owner_role": "conc.flotator"}, "'owner_role' of rule 'R-1' names 'conc.flotator'"),
        ({"owner_role": "*.driver"}, "names '*.driver'"),
        ({"gate": "pumpin"}, "'gate' of rule 'R-1' names 'pumpin'"),
        ({"unit": "conc.grinding"}, "'unit' of rule 'R-1' names 'conc.grinding'"),
        ({"uom": "g/l"}, "'g/l' measures concentration, but pH is needed"),
        ({"uom": "furlong"}, "'furlong' is not known"),
        ({"kind": "sustain"}, "is of the kind 'sustain', which is not known"),
        ({"tag": ["conc.line1.ph", "conc.line2.ph"]}, "names 2 tags, but the kind 'limit' watches 1"),
        ({"acts_on": {}}, "must say what a breach acts on"),
        ({"acts_on": {"parameter": "conc.k", "via": "direct"}}, "'acts_on' of rule 'R-1' names 'conc.k'"),
    ],
)
def test_a_name_or_unit_that_leads_nowhere(fields: dict[str, Any], said: str) -> None:
    assert said in one(**fields)


def test_a_near_miss_is_offered() -> None:
    assert "'pumping'" in one(gate="pumpin")


def test_a_sensitivity_must_exist_too() -> None:
    acts = {"parameter": "conc.*.k", "via": "sens.k"}
    base = model(rule(SOUND, acts_on=acts))
    figures = type(base).model_validate(
        {**base.model_dump(by_alias=True), "parameters": {"conc.pyrite.k": {"value": 1}}}
    )
    assert [each.fields["name"] for each in rule_faults(figures)] == ["sens.k"]


@pytest.mark.parametrize(
    ("versions", "said"),
    [
        (
            [version(1, high=1), version(2, start="2026-03-01", high=2)],
            "versions 1 and 2 are both in force from 2026-03-01",
        ),
        (
            [version(1, end="2026-03-02", high=1), version(2, start="2026-03-01", high=2)],
            "versions 1 and 2 are both in force from 2026-03-01",
        ),
        (
            [version(1, end="2026-02-01", high=1), version(2, start="2026-03-01", high=2)],
            "no version is in force from 2026-02-01 to 2026-03-01",
        ),
        ([version(1, end="2026-01-01", high=1)], "ends on 2026-01-01, before it begins"),
        (
            [version(1, end="2026-03-01", high=1), version(1, start="2026-03-01", high=2)],
            "two versions of the same number",
        ),
    ],
)
def test_versions_leave_no_gap_and_no_overlap(versions: list[dict[str, Any]], said: str) -> None:
    assert said in one(*versions)


@pytest.mark.parametrize(
    ("kind", "params", "said"),
    [
        ("limit", {"high": 1, "hold_min": 5}, "the kind 'limit' has no parameter 'hold_min'"),
        ("sustained", {"high": 1}, "the parameter 'hold_min' is missing"),
        ("limit", {"high": "12"}, "'high' is '12', but must be a number"),
        ("limit", {"high": True}, "'high' is 'True', but must be a number"),
        ("limit", {"high": float("nan")}, "'high' is 'nan', but must be a number"),
        ("limit", {"high": 1, "on_delay_min": -1}, "'on_delay_min' is '-1', but must be minutes from 0"),
        ("limit", {"on_delay_min": 1}, "neither 'low' nor 'high'"),
        ("limit", {"low": 12, "high": 11}, "'low' is 12 and 'high' is 11"),
        ("sustained", {"high": 9, "hold_min": 5, "clear_below": 10}, "'clear_below' is 10, outside the limits"),
        ("sustained", {"high": 9, "hold_min": 5, "clear_above": 8}, "'clear_above' is given without the limit"),
        (
            "sustained",
            {"high": 9, "hold_min": 5, "min_readings": 0},
            "'min_readings' is '0', but must be a whole number",
        ),
        ("sustained", {"high": 9, "hold_min": 5, "min_readings": 1.5}, "'min_readings' is '1.5', but must be a whole"),
        ("limit", {"high_by_elment": {"As": 5}}, "no parameter 'high_by_elment'; did you mean 'high_by_element'?"),
    ],
)
def test_parameters_are_those_of_the_kind_and_make_sense(kind: str, params: dict[str, Any], said: str) -> None:
    assert said in one(version(**params), kind=kind)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"high_by_element": 5}, "'high_by_element' is '5', but must be numbers by name: {As: 5}"),
        ({"high_by_element": {"As": "5"}}, "'high_by_element' is '5', but must be a number"),
        ({"high_by_element": {"As": float("nan")}}, "'high_by_element' is 'nan', but must be a number"),
        ({"high_by_element": {"As": 5}, "high": 4}, "'high' and 'high_by_element' are both given"),
        ({"high_by_element": {"As": 5, "AS": 4}}, "'high_by_element' gives 'as' more than once"),
        ({"high_by_element": {"As": 5}, "low": 6}, "'low' is 6 and 'high' is 5"),
        ({"high_by_element": {}}, "neither 'low' nor 'high'"),
        (
            {"high_by_element": {"As": 5, "Pd": 4}},
            "a limit for 'Pd', but no tag 'conc.lot.*_ppm' is named so: the chain has as",
        ),
    ],
)
def test_levels_by_name_are_numbers_for_what_the_star_stands_for(params: dict[str, Any], said: str) -> None:
    assert said in one(version(**params), tag="conc.lot.*_ppm", uom="g/t")


def test_levels_by_name_need_a_star_to_choose_among_them() -> None:
    assert "its tag 'conc.lot.as_ppm' has no *" in one(
        version(high_by_element={"As": 5}), tag="conc.lot.as_ppm", uom="g/t"
    )


def test_a_rule_without_signals_concerns_the_plants_that_have_its_unit() -> None:
    listed = {"kind": "checklist", "tag": "*.ladle.precheck", "uom": "-", "owner_role": "*.floater"}
    base = model(rule(version(every="P7D", items=["a"]), **listed, unit="*.flotation"))
    plants = [*base.chain.plants, base.chain.plants[0].model_copy(update={"id": "shop", "sections": ()})]
    chain = base.chain.model_copy(update={"plants": tuple(plants)})
    assert rule_faults(base.model_copy(update={"chain": chain})) == []
    everywhere = model(rule(version(every="P7D", items=["a"]), **listed, unit="*.nowhere")).model_copy(
        update={"chain": chain}
    )
    assert [each.fields["name"] for each in rule_faults(everywhere)] == ["*.floater"]


@pytest.mark.parametrize(
    ("exception", "said"),
    [
        ({"when": {"tag": "conc.air"}, "params": {"high": 11}, "why": TEXTS}, "neither 'above' nor 'below'"),
        (
            {"when": {"tag": "conc.air", "above": 1}, "params": {"on_delay_min": 1}, "why": TEXTS},
            "changes 'on_delay_min'",
        ),
        ({"when": {"tag": "conc.air", "above": 1}, "params": {"high": 10}, "why": TEXTS}, "'low' must be less"),
        ({"when": {"tag": "conc.air", "above": 1}, "params": {"high": 11}, "why": {"en": "x"}}, "missing in kk, ru"),
    ],
)
def test_exceptions_are_checked_like_versions(exception: dict[str, Any], said: str) -> None:
    assert said in one(version(low=10.8, high=11.8, exceptions=[exception]))


def test_a_clause_stands_in_all_languages() -> None:
    assert "missing in kk" in one({**SOUND, "text": {"en": "x", "ru": "x", "kk": " "}})


def test_an_unknown_approver_is_a_fault() -> None:
    assert "'approver_role' of rule 'R-1' names 'conc.king'" in one({**SOUND, "approver_role": "conc.king"})


def test_the_same_id_twice_is_a_fault() -> None:
    assert "stands more than once" in str(faults(rule(SOUND), rule(SOUND))[0])


def test_a_fault_names_the_line_of_the_key_or_else_of_the_rule() -> None:
    found = faults(
        rule(SOUND, gate="nope", owner_role="nobody"), **{"R-1": "rules/a.yaml:3", "R-1/gate": "rules/a.yaml:8"}
    )
    assert sorted(each.where for each in found) == ["rules/a.yaml:3", "rules/a.yaml:8"]


def test_a_rule_on_a_unit_of_the_chain_watches_a_tag_that_there_is() -> None:
    found = one(tag="conc.line2.hp")
    assert found == "'tag' of rule 'R-1' names 'conc.line2.hp', which does not exist; did you mean 'conc.line2.ph'?"


def test_a_rule_on_a_unit_that_the_chain_lacks_may_watch_what_it_will() -> None:
    assert faults(rule(SOUND, unit="far.shop", tag="far.shop.ph")) == []


def test_an_exception_reads_a_tag_that_there_is() -> None:
    exception = {"when": {"tag": "conc.aire", "above": 1}, "params": {"high": 11}, "why": TEXTS}
    assert "'versions' of rule 'R-1' names 'conc.aire'" in one(version(low=10.8, high=11.8, exceptions=[exception]))


def test_a_gate_reads_a_tag_that_there_is() -> None:
    base = model(rule(SOUND), places={"pumping/tag": "chain.yaml:9"})
    gates = ({"id": "pumping", "tag": "conc.line*.pomp", "above": 0.5}, {"id": "blind"})
    changed = type(base).model_validate(
        {**base.model_dump(by_alias=True), "chain": {**base.chain.model_dump(by_alias=True), "gates": gates}}
    )
    (found,) = rule_faults(changed)
    assert str(found).startswith("chain.yaml:9: gate 'pumping' reads 'conc.line*.pomp', which is no tag")


def test_missing_people_are_one_fault_for_all_rules() -> None:
    found = rule_faults(model(rule(SOUND), rule(SOUND, id="R-2"), people=False, places={"R-1": "rules/a.yaml:3"}))
    assert [str(each) for each in found] == [
        "rules/a.yaml:3: people.yaml is missing: rule 'R-1' names 'conc.floater', and roles and shifts stand there"
    ]
    assert rule_faults(model(people=False)) == []
