"""Ore to cathode over both sites: what enters leaves, and recycles between plants need no start values."""

from __future__ import annotations

import numpy as np
import pytest

from zveno import example, load
from zveno.model.chain import ChainModel
from zveno.simulate import Simulation, simulate

MODEL = load(example("zhez_balkhash")).model


def closure(found: Simulation) -> np.ndarray:
    """Difference of what leaves and what enters, over what enters, of each component and scenario."""
    outside = set(MODEL.boundaries)
    streams = [one for one in MODEL.streams.values() if one.id in found.streams]
    entering = sum(found.mass(one.id)[:, 2:] for one in streams if one.source.partition(":")[0] in outside)
    leaving = sum(found.mass(one.id)[:, 2:] for one in streams if one.target in outside)
    return np.abs(leaving - entering) / entering


@pytest.mark.parametrize("settled", [True, False])
def test_every_element_closes_to_machine_precision_settled_or_not(*, settled: bool) -> None:
    rng = np.random.default_rng(10)
    feeds = [one.id for one in MODEL.streams.values() if one.feed is not None]
    cases = {
        f"case {n}": {f"{one}.feed": MODEL.number(MODEL.streams[one].feed, "t/h") * float(rng.uniform(0.7, 1.2)) for one in feeds}
        for n in range(12)
    }  # fmt: skip
    early = {} if settled else {"tolerance": 0.0, "iterations": 1, "allow_unconverged": True}
    found = simulate(MODEL, scenarios=cases, **early)
    assert found.converged.all() == settled
    assert closure(found).max() < 1e-12


def test_slag_concentrate_anode_scrap_and_reverts_come_back_without_start_values() -> None:
    """Three loops of the Balkhash smelter lie within one another; each carries a share of the copper."""
    found = simulate(MODEL)
    made = found.component("bmz.cathode", "Cu")[0]
    for stream in ("bmz.slag_conc", "bmz.scrap", "bmz.conv_slag"):
        assert 0.001 < found.component(stream, "Cu")[0] / made < 1
    assert found.iterations[0] < 30


def test_two_smelters_that_melt_one_another_s_scrap_need_no_start_values() -> None:
    """A loop over both sites: anode scrap of each goes to the anode furnaces of the other."""
    swap = {"bmz.scrap": MODEL.streams["zhmz.scrap"].target, "zhmz.scrap": MODEL.streams["bmz.scrap"].target}
    streams = tuple(
        one.model_copy(update={"target": swap[one.id]}) if one.id in swap else one for one in MODEL.chain.streams
    )
    chain = MODEL.chain.model_copy(update={"streams": streams})
    crossed = simulate(ChainModel(chain=chain, parameters=MODEL.parameters, foundry=MODEL.foundry))
    straight = simulate(MODEL)
    assert crossed.converged.all()
    assert crossed.iterations[0] < 40
    assert closure(crossed).max() < 1e-12
    both = [
        sum(found.component(f"{plant}.cathode", "Cu")[0] for plant in ("zhmz", "bmz")) for found in (crossed, straight)
    ]
    assert both[0] == pytest.approx(both[1], rel=0.01)
    assert crossed.component("zhmz.cathode", "Cu")[0] != pytest.approx(straight.component("zhmz.cathode", "Cu")[0])
