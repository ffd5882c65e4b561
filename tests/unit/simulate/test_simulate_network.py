"""The inner solve against one dense system of all flows: any conversions, water and returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from zveno.errors import SolveError
from zveno.simulate.basis import Basis, basis_of
from zveno.simulate.moves import Moves
from zveno.simulate.network import Order
from zveno.simulate.plan import OUTSIDE, Link
from zveno.simulate.solve import Circuit, solve
from zveno.simulate.units.unit import UnitModel

SOLIDS, SCENARIOS = 5, 3
COUNT = SOLIDS + 1
BASIS = basis_of(
    [(f"m{n}", "non") for n in range(SOLIDS)], sg=[3.0] * SOLIDS, k_per_min=[0.0] * SOLIDS, groups=["gangue"] * SOLIDS
)


@dataclass(frozen=True, kw_only=True)
class Box(UnitModel):
    """Converts, adds water and divides by given numbers, different in every scenario."""

    outlets: ClassVar = ("a", "b")
    moves: Moves | None
    water: np.ndarray | None
    shares: np.ndarray

    def convert(self, drivers: np.ndarray, basis: Basis) -> Moves | None:  # noqa: ARG002
        return self.moves

    def water_added(self, drivers: np.ndarray) -> np.ndarray | None:  # noqa: ARG002
        return self.water

    def split(self, drivers: np.ndarray, basis: Basis) -> np.ndarray:  # noqa: ARG002
        return self.shares

    def matrix(self) -> np.ndarray:
        """What it divides, by what it is fed: (S, C, C)."""
        whole = np.repeat(np.eye(COUNT)[None], SCENARIOS, axis=0)
        if self.moves is not None:
            whole = np.broadcast_to(self.moves.matrix(COUNT), whole.shape).copy()
        if self.water is not None:
            whole[:, -1, :SOLIDS] += self.water[:, None]
        return whole


def box(rng: np.random.Generator, *, ways: str) -> Box:
    """A box whose conversions lead up, or anywhere."""
    pairs = [(a, b) for a in range(SOLIDS) for b in range(SOLIDS) if (b > a if ways == "up" else b != a)]
    some = [pairs[n] for n in rng.permutation(len(pairs))[:4]]
    moves = None
    if ways != "none":
        source, target = (np.array(one) for one in zip(*some, strict=True))
        moves = Moves(source, target, rng.uniform(0, 0.2, (SCENARIOS if rng.random() < 0.5 else 1, len(some))))
    first = rng.uniform(0.05, 0.95, (SCENARIOS, COUNT))
    water = rng.uniform(0, 1, SCENARIOS) if rng.random() < 0.5 else None
    return Box(moves=moves, water=water, shares=np.stack([first, 1 - first], axis=1))


def network(rng: np.random.Generator, boxes: int) -> tuple[Link, ...]:
    """Boxes in a row, outlet b of each to any of them but of the last, whose outlets leave."""
    links = [Link(OUTSIDE, 0, 0), Link(boxes - 1, 0, OUTSIDE), Link(boxes - 1, 1, OUTSIDE)]
    for n in range(boxes - 1):
        links += [Link(n, 0, n + 1), Link(n, 1, int(rng.integers(0, boxes)))]
    return tuple(links)


def dense(units: tuple[Box, ...], links: tuple[Link, ...], feed: np.ndarray) -> np.ndarray:
    """Feeds of all boxes (units, S, C) by one system."""
    size = len(units) * COUNT
    found = np.zeros((len(units), SCENARIOS, COUNT))
    for row in range(SCENARIOS):
        system, right = np.eye(size), np.zeros(size)
        right[:COUNT] = feed[row]
        for one in links:
            if OUTSIDE not in (one.source, one.target):
                passed = units[one.source].shares[row, one.outlet][:, None] * units[one.source].matrix()[row]
                to, start = one.target * COUNT, one.source * COUNT
                system[to : to + COUNT, start : start + COUNT] -= passed
        found[:, row] = np.linalg.solve(system, right).reshape(len(units), COUNT)
    return found


@pytest.mark.parametrize("ways", ["none", "up", "any"])
@pytest.mark.parametrize("seed", range(12))
def test_flows_are_those_of_one_dense_system(ways, seed):
    rng = np.random.default_rng([seed, len(ways)])
    boxes = int(rng.integers(2, 7))
    units = tuple(box(rng, ways=ways) for _ in range(boxes))
    links, feed = network(rng, boxes), rng.uniform(0.1, 50, (SCENARIOS, COUNT))
    circuit = Circuit(BASIS, tuple(map(str, range(boxes))), units, links, {0: feed}, ("a", "b", "c"))
    found, wanted = solve(circuit).flows, dense(units, links, feed)
    for n, one in enumerate(links):
        if one.source != OUTSIDE:
            divided = np.einsum("sij,sj->si", units[one.source].matrix(), wanted[one.source])
            assert found[n] == pytest.approx(divided * units[one.source].shares[:, one.outlet], rel=1e-11)


def test_conversions_there_and_back_share_a_system():
    order = Order.of([Moves(np.array([0, 1, 1]), np.array([1, 0, 2]), np.full((1, 3), 0.1))], 4, water=True)
    assert [level.columns.tolist() for level in order.levels] == [[0, 1], [2], [3]]
    assert [level.blocks.shape for level in order.levels] == [(1, 2), (1, 1), (1, 1)]


def test_shares_that_are_no_numbers_are_named_not_passed_on():
    nothing = np.stack([np.full((SCENARIOS, COUNT), 0.5)] * 2, axis=1)
    bad = nothing.copy()
    bad[1] = np.nan
    units = (Box(moves=None, water=None, shares=nothing), Box(moves=None, water=None, shares=bad))
    links = (Link(OUTSIDE, 0, 0), Link(0, 0, 1), Link(1, 0, 0), Link(0, 1, OUTSIDE), Link(1, 1, OUTSIDE))
    circuit = Circuit(BASIS, ("one", "two"), units, links, {0: np.ones((SCENARIOS, COUNT))}, ("a", "b", "c"))
    with pytest.raises(SolveError, match="shares of the outlets of unit 'two' are not all from 0 to 1"):
        solve(circuit)
