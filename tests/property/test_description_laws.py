"""The order in which a description is written says nothing."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

import zveno

LISTS = ("units", "streams", "meters", "tags", "minerals", "ores", "boundaries", "stocks", "groups", "gates")


def shuffled(folder: Path, seed: int) -> Path:
    """The example with every list and every mapping of chain.yaml in another order."""
    shutil.copytree(zveno.example("one_concentrator"), folder)
    yaml = YAML()
    path = folder / "chain.yaml"
    content = yaml.load(path)
    order = random.Random(seed)
    for name in LISTS:
        if name in content:
            items = [dict(order.sample(list(one.items()), len(one))) for one in content[name]]
            content[name] = order.sample(items, len(items))
    yaml.dump(dict(order.sample(list(content.items()), len(content))), path)
    return folder


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_a_description_is_irrelevant(tmp_path, seed):
    usual = zveno.load(zveno.example("one_concentrator"))
    other = zveno.load(shuffled(tmp_path / "other", seed))
    first, second = usual.simulate(), other.simulate()
    assert set(first.streams) == set(second.streams)
    for stream in first.streams:
        assert second.mass(stream) == pytest.approx(first.mass(stream), rel=1e-9, abs=1e-12)
    played = usual.emulate("2026-03-01/2026-03-04", tmp_path / "played")
    balances = []
    for chain in (usual, other):
        with_files, _ = chain.with_data([tmp_path / "played" / "plant"])
        balances.append(with_files.reconcile("2026-03-01/2026-03-04"))
    assert played.readings.height > 0
    assert balances[1].objective == pytest.approx(balances[0].objective, rel=1e-7)
    keys = ["stream", "component"]
    tables = [one.flows.sort(keys) for one in balances]
    assert tables[0].select(keys).equals(tables[1].select(keys))
    masses = [one["mass_t"].fill_null(-1).to_list() for one in tables]
    assert masses[1] == pytest.approx(masses[0], rel=1e-6)
