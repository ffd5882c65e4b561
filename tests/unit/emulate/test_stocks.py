"""Stocks, lots and ways between plants, on the smallest chain that shows them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from zveno.emulate.stocks import pass_through
from zveno.model.chain import ChainModel
from zveno.model.play import Play
from zveno.model.types import ChainFile
from zveno.periods import Period, Shift

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
N = 12


def chain(**changes: Any) -> ChainModel:
    """Mine, mill with a bin, train, furnace with flux and a returned slag, market."""
    content: dict[str, Any] = {
        "format": "zveno/chain-1", "id": "small", "title": {"en": "Small"}, "timezone": "UTC",
        "components": ["Cu", "SiO2"],
        "plants": [
            {"id": "p", "kind": "other", "sections": [{"id": "mill"}, {"id": "furnace"}, {"id": "refinery"}]},
        ],
        "boundaries": [{"id": "out"}],
        "units": [{"id": "m", "section": "mill"}, {"id": "f", "section": "furnace"}, {"id": "r", "section": "refinery"}],
        "streams": [
            {"id": "ore", "from": "out", "to": "m", "feed": 10.0},
            {"id": "conc", "from": "m:conc", "to": "f", "transport_h": 20},
            {"id": "tail", "from": "m:tail", "to": "out"},
            {"id": "toll", "from": "out", "to": "f", "feed": 3.0},
            {"id": "flux", "from": "out", "to": "f"},
            {"id": "metal", "from": "f:metal", "to": "r"},
            {"id": "slag", "from": "f:slag", "to": "out"},
            {"id": "skulls", "from": "r:skulls", "to": "f"},
            {"id": "product", "from": "r:product", "to": "out"},
        ],
        "stocks": [
            {"id": "bin", "section": "mill", "material": "conc", "opening": 50.0},
            {"id": "way", "section": "furnace", "material": "conc"},
            {"id": "pigs", "section": "furnace", "material": "metal", "opening": 40.0},
            {"id": "cells", "section": "refinery", "material": "metal", "content": "Cu", "opening": 9.0},
        ],
        **changes,
    }  # fmt: skip
    return ChainModel(chain=ChainFile.model_validate(content))


def shifts(n: int = N) -> tuple[Shift, ...]:
    spans = [Period(START + timedelta(hours=12 * k), START + timedelta(hours=12 * (k + 1))) for k in range(n)]
    return tuple(Shift(date(2026, 3, 1) + timedelta(days=k // 2), str(k), "A", span) for k, span in enumerate(spans))


def steady(n: int = N) -> dict[str, np.ndarray]:
    """Columns solids, water, Cu, SiO2; the mill's feed wanders, the furnace follows it."""
    size = 1 + 0.1 * np.sin(np.arange(n))[:, None]
    ore = np.array([120.0, 6.0, 3.0, 80.0]) * size
    conc = np.array([10.0, 1.0, 2.7, 2.0]) * size
    toll = np.array([36.0, 3.0, 9.0, 6.0]) * np.ones((n, 1))
    flux = np.array([4.0, 0.0, 0.0, 4.0]) * size
    # skulls: a tenth of the metal's copper runs back; solids of the furnace are what is not blown away
    copper = (conc + toll)[:, 2] * 0.98 / (1 - 0.98 * 0.1)
    metal = np.column_stack([copper, 0 * copper, copper, 0 * copper])
    skulls = 0.1 * metal
    total = conc + toll + flux + skulls
    slag = total - metal
    slag[:, 1] = 0.0
    return {
        "ore": ore, "conc": conc, "tail": ore - conc, "toll": toll, "flux": flux, "metal": metal, "slag": slag,
        "skulls": skulls, "product": metal - skulls,
    }  # fmt: skip


def play(**content: Any) -> Play:
    base: dict[str, Any] = {
        "dispatches": [{"stock": "bin", "stream": "conc", "lot_wet_t": 5.0, "spread_rel_pct": 10}],
        "ways": [{"stock": "way", "stream": "conc"}],
        "deliveries": [{"stream": "toll", "lot_dry_t": 100.0}],
        "draws": [{"stock": "pigs", "stream": "metal", "spread_rel_pct": 2}],
        "held": [{"stock": "cells", "mix": {"metal": 1.0}}],
    }
    return Play.model_validate(base | content)


def imbalance(
    model: ChainModel, flows: dict[str, np.ndarray], stocks: dict[str, np.ndarray], section: str
) -> np.ndarray:
    """In less out less stock change of the components of a section, by shift."""
    net = np.zeros((N, 4))
    for stream in model.chain.streams:
        net += flows[stream.id] * (float(model.place_of(stream.target) == section)
                                   - float(model.place_of(stream.source) == section))  # fmt: skip
    for stock in model.chain.stocks:
        if stock.section == section:
            net -= np.diff(stocks[stock.id], axis=0)
    return net[:, 2:]


@pytest.mark.parametrize("section", ["mill", "furnace", "refinery"])
def test_every_component_closes_in_every_shift(section):
    passed = pass_through(chain(), play(), shifts(), steady(), seed=3)
    np.testing.assert_allclose(imbalance(chain(), passed.flows, passed.stocks, section), 0.0, atol=1e-10)


def test_without_stocks_and_lots_the_steady_state_stays():
    flows = pass_through(chain(), Play(), shifts(), steady(), seed=3).flows
    for name, one in steady().items():
        np.testing.assert_array_equal(flows[name], one)


def test_lots_come_whole_and_as_much_as_the_steady_feed_in_the_end():
    flows = pass_through(chain(), play(), shifts(), steady(), seed=3).flows
    solids = flows["toll"][:, 0]
    assert set(solids) == {0.0, 100.0}
    assert solids.sum() == 400.0  # 36 t a shift over twelve shifts fill four lots of 100 t
    np.testing.assert_allclose(flows["toll"][solids > 0][:, 2], 25.0)


def test_what_leaves_arrives_after_its_way_and_lies_there_meanwhile():
    passed = pass_through(chain(), play(), shifts(), steady(), seed=3)
    conc, way = passed.flows["conc"], passed.stocks["way"]
    # 20 h after the end of a 12 h shift is within the second shift that follows
    np.testing.assert_allclose(way[2:], conc[:-1] + conc[1:])
    np.testing.assert_allclose(way[0], 2 * steady()["conc"].mean(axis=0))


def test_a_furnace_runs_on_its_stock_at_a_pace_of_its_own():
    slow = {"kind": "pace", "id": "repair", "stock": "pigs", "start": "2026-03-02T08:00:00+00:00",
            "end": "2026-03-03T08:00:00+00:00", "factor": 0.5}  # fmt: skip
    steadily = play(draws=[{"stock": "pigs", "stream": "metal"}])
    usual = pass_through(chain(), steadily, shifts(), steady(), seed=3)
    stopped = pass_through(
        chain(), Play.model_validate({**steadily.model_dump(mode="json"), "events": [slow]}), shifts(), steady(), seed=3
    )
    mean = steady()["metal"].mean(axis=0)[0]
    np.testing.assert_allclose(usual.flows["metal"][:, 0], mean)
    np.testing.assert_allclose(stopped.flows["metal"][[2, 3], 0], mean / 2)
    np.testing.assert_allclose(stopped.flows["product"][[2, 3], 0], usual.flows["product"][[2, 3], 0] / 2)
    # skulls that come back from the refinery are halved too, so that the furnace itself makes a little less
    waiting = stopped.stocks["pigs"][4, 0] - usual.stocks["pigs"][4, 0]
    assert 0.85 * mean < waiting < mean


def test_grades_stay_within_their_bounds_whatever_the_pace():
    passed = pass_through(chain(), play(), shifts(), steady(), seed=3)
    for name, one in passed.flows.items():
        assert (one[:, 2:].sum(axis=1) <= one[:, 0] * (1 + 1e-12)).all(), name


def test_what_is_asked_for_follows_the_pace_of_its_unit():
    passed = pass_through(chain(), play(), shifts(), steady(), seed=3)
    arrived = np.vstack([np.tile(steady()["conc"].mean(axis=0), (2, 1)), passed.flows["conc"][:-2]])
    fed = arrived[:, 0] + passed.flows["toll"][:, 0] + passed.flows["skulls"][:, 0]
    usual = sum(steady()[name][:, 0] for name in ("conc", "toll", "skulls"))
    np.testing.assert_allclose(passed.flows["flux"][:, 0], steady()["flux"][:, 0] * fed / usual, rtol=0.05)


def test_a_stock_that_is_held_stays_as_it_is_by_its_content():
    held = pass_through(chain(), play(), shifts(), steady(), seed=3).stocks["cells"]
    assert held.shape == (N + 1, 4)
    np.testing.assert_allclose(held[:, 2], 9.0)


def test_a_stock_gives_no_more_than_it_holds():
    greedy = play(draws=[{"stock": "pigs", "stream": "metal", "spread_rel_pct": 0}],
                  events=[{"kind": "pace", "id": "rush", "stock": "pigs", "start": "2026-03-01T08:00:00+00:00",
                           "end": "2026-03-07T08:00:00+00:00", "factor": 9.0}])  # fmt: skip
    content = pass_through(chain(), greedy, shifts(), steady(), seed=3).stocks["pigs"]
    assert content.min() > -1e-9
