"""The rulebook of the example: sound, complete against its source, and right on the events of its month."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zveno.model.chain import ChainModel
from zveno.model.load import read_description
from zveno.rules.faults import rule_faults
from zveno.text.mark import LANGUAGES

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "src/zveno/examples/one_concentrator"
PACK = ROOT / "../shared/data/example-chain/rules.json"


@pytest.fixture(scope="module")
def chain() -> ChainModel:
    """The example as loaded."""
    model, faults = read_description(EXAMPLE)
    assert model is not None, [str(one) for one in faults]
    return model


def test_the_rulebook_fits_its_chain(chain: ChainModel) -> None:
    assert [str(one) for one in rule_faults(chain)] == []


def test_kazakh_texts_are_marked_as_unreviewed_and_stand_in_kazakh(chain: ChainModel) -> None:
    assert not chain.rulebook.kk_reviewed
    for rule in chain.rulebook.rules:
        for version in rule.versions:
            assert set(version.text) == set(LANGUAGES)
            assert set(version.text["kk"].lower()) & set("әғқңөұүһі")


@pytest.mark.skipif(not PACK.exists(), reason="the data pack that the example is made from is not here")
def test_every_rule_of_the_concentrator_has_the_values_of_its_source(chain: ChainModel) -> None:
    pack = [one for one in json.loads(PACK.read_text("utf-8"))["rules"] if one["id"][:2] in ("BC", "CM")]
    assert [rule.id for rule in chain.rulebook.rules] == sorted(one["id"] for one in pack)
    for wanted in pack:
        rule = chain.rulebook.by_id[wanted["id"]]
        (version,) = rule.versions
        assert (rule.kind, rule.gate, rule.owner_role, rule.severity, rule.unit) == (
            wanted["kind"], wanted["gate"], wanted["owner_role"], wanted["severity"], wanted["unit"],
        )  # fmt: skip
        assert version.params == wanted["params"]
        assert version.status == wanted["status"]
        assert (version.text["en"], version.text["ru"]) == (wanted["text_en"], wanted["text_ru"])
        assert version.start.isoformat() == wanted["effective_from"]
        assert [one.params for one in version.exceptions] == [one["params"] for one in wanted.get("exceptions", [])]
        if isinstance(wanted["acts_on"], dict):
            assert rule.acts_on.parameter == wanted["acts_on"]["parameter"]
