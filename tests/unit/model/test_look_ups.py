"""Look-ups of the whole description."""

from __future__ import annotations

import pytest

from zveno.chain import example
from zveno.model.chain import ChainModel
from zveno.model.load import load_description


@pytest.fixture(scope="module")
def model() -> ChainModel:
    return load_description(example("one_concentrator"))


def test_streams_are_found_by_both_their_ends_whatever_the_port(model):
    for name in (*model.units, *model.boundaries):
        leaving = [one for one in model.chain.streams if one.source.split(":")[0] == name]
        entering = [one for one in model.chain.streams if one.target.split(":")[0] == name]
        assert list(model.leaving.get(name, ())) == leaving
        assert list(model.entering.get(name, ())) == entering
    assert any(":" in one.source for one in model.chain.streams)


def test_parts_of_figures_are_those_that_begin_with_the_name_and_a_dot(model):
    for name in model.parameters:
        head = name.rpartition(".")[0]
        expected = [one for one in model.parameters if one.startswith(f"{head}.")]
        assert list(model.parts_of_figures.get(head, ())) == (expected if head else [])


def test_a_copy_with_other_streams_finds_these(model):
    fewer = model.chain.model_copy(update={"streams": model.chain.streams[1:]})
    assert model.chain.streams[0].id in model.streams
    copied = model.model_copy(update={"chain": fewer})
    assert {name for name in ChainModel.model_fields if getattr(copied, name) != getattr(model, name)} == {"chain"}
    assert list(copied.streams) == [one.id for one in fewer.streams]
    assert list(model.streams) == [one.id for one in model.chain.streams]
