"""Flows through a strongly connected part once the shares of its units are known: an exact linear solve.

With shares given, flows are linear. The unknowns are the feeds of the torn units; the response to a unit of
each is found by walking the part once, for all components together. Components that others are converted into
come after those; only such as some units convert there and back share a small system. A circulating load of any
size is no harder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from zveno.simulate.basis import Basis, Bools, Floats, Ints
from zveno.simulate.moves import Inflow, Moves
from zveno.simulate.plan import OUTSIDE, Link, Part
from zveno.simulate.units import UnitModel

_LARGEST_LOAD = 1e12  # times the feed: beyond it a loop has no way out
_LEAST_LEAK = 1e-13

Layers = list[Floats | None]
"""Flows (S or 1, C) of one place in a walk: from outside, then from a unit in each tear; None: nothing."""


@dataclass(frozen=True)
class Action:
    """What a unit does with any feed: conversion, water per t of solids, shares of the outlets."""

    conversion: Moves | None
    water: Floats | None
    split: Floats

    @classmethod
    def of(cls, unit: UnitModel, drivers: Floats, basis: Basis) -> Action:
        """The action of a unit for given drivers."""
        return cls(unit.convert(drivers, basis), unit.water_added(drivers), unit.split(drivers, basis))


@dataclass(frozen=True)
class Wiring:
    """A part by the places of its units in walking order; made once, the same for every scenario.

    ``ways`` lists for each unit the outlets that stay in the part and where they lead; ``torn`` are the places of
    the torn units.
    """

    ways: tuple[tuple[tuple[int, int], ...], ...]
    torn: tuple[int, ...]

    @classmethod
    def of(cls, part: Part, links: Sequence[Link]) -> Wiring:
        """The wiring of a part."""
        place = {unit: n for n, unit in enumerate(part.units)}
        ways = tuple(
            tuple((one.outlet, place[one.target]) for one in links if one.source == unit and one.target in place)
            for unit in part.units
        )
        return cls(ways, tuple(place[one] for one in part.tears))


@dataclass(frozen=True)
class Level:
    """Components that are solved together, once those that become them are known.

    ``blocks`` (B, b) are components, by their place in ``columns``, that are converted there and back.
    """

    columns: Ints
    blocks: Ints

    @cached_property
    def place(self) -> Ints:
        """Place of each component within its block, by place in ``columns``."""
        found = np.zeros(len(self.columns), dtype=np.int64)
        for n in range(self.blocks.shape[1]):
            found[self.blocks[:, n]] = n
        return found


@dataclass(frozen=True)
class Order:
    """Components of a part in levels, and what each unit moves between and within them.

    By level, then by place of the unit: ``into`` are the moves that arrive from lower levels, ``within`` those that
    stay in the level; ``gives`` are the units that move components of the level anywhere.
    """

    levels: tuple[Level, ...]
    into: tuple[Mapping[int, Inflow], ...]
    within: tuple[Mapping[int, Ints], ...]
    gives: tuple[frozenset[int], ...]

    @classmethod
    def of(cls, conversions: Sequence[Moves | None], count: int, *, water: bool) -> Order:
        """The order for the conversions of the units of a part; with ``water`` added, it comes after all solids."""
        moving = {n: one for n, one in enumerate(conversions) if one is not None and len(one)}
        edges = {pair for one in moving.values() for pair in zip(one.source.tolist(), one.target.tolist(), strict=True)}
        if water:
            edges |= {(solid, count - 1) for solid in range(count - 1)}
        levels = tuple(_levels(edges, count))
        level_of = np.zeros(count, dtype=np.int64)
        for n, level in enumerate(levels):
            level_of[level.columns] = n
        into: list[dict[int, Inflow]] = [{} for _ in levels]
        within: list[dict[int, Ints]] = [{} for _ in levels]
        gives: list[set[int]] = [set() for _ in levels]
        for unit, moves in moving.items():
            start, end = level_of[moves.source], level_of[moves.target]
            for n, level in enumerate(levels):
                if (start == n).any():
                    gives[n].add(unit)
                inner = np.flatnonzero((end == n) & (start == n))
                if len(inner):
                    within[n][unit] = inner
                below = np.flatnonzero((end == n) & (start != n))
                if len(below):
                    into[n][unit] = moves.inflow(below, level.columns)
        return cls(levels, tuple(into), tuple(within), tuple(frozenset(one) for one in gives))


def _levels(edges: set[tuple[int, int]], count: int) -> list[Level]:
    """Levels of components, lowest first; those of one level have blocks of one size."""
    pairs = np.array(sorted(edges), dtype=np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    number, labels = connected_components(graph, directed=True, connection="strong")
    before: dict[int, set[int]] = {n: set() for n in range(number)}
    for source, target in pairs:
        if labels[source] != labels[target]:
            before[int(labels[target])].add(int(labels[source]))
    depth: dict[int, int] = {}
    for n in TopologicalSorter(before).static_order():
        depth[n] = max((depth[one] + 1 for one in before[n]), default=0)
    members: dict[tuple[int, int], list[list[int]]] = {}
    for n in range(number):
        block = np.flatnonzero(labels == n).tolist()
        members.setdefault((depth[n], len(block)), []).append(block)
    found = []
    for key in sorted(members):
        columns = np.array(sorted(one for block in members[key] for one in block))
        found.append(Level(columns, np.searchsorted(columns, np.array(members[key]))))
    return found


@dataclass(frozen=True)
class Loop:
    """A part to be closed: what its units do, and what enters them from outside, shape (units, S, C)."""

    wiring: Wiring
    order: Order
    actions: Sequence[Action]
    outside: Floats
    basis: Basis

    def feeds(self) -> tuple[Floats, Bools]:
        """Feed of every unit of the part, in its order, shape (units, S, C).

        Second, shape (S,): True where the loop returns all that enters it. Feeds mean nothing there.
        """
        feeds = np.zeros_like(self.outside)
        stuck = np.zeros(self.outside.shape[1], dtype=bool)
        limit = _LARGEST_LOAD * (self.outside.sum(axis=(0, 2)) + 1)
        for n, level in enumerate(self.order.levels):
            stuck |= self._close(n, level, feeds, limit)
        return feeds, stuck

    def _close(self, number: int, level: Level, feeds: Floats, limit: Floats) -> Bools:
        """Write the feeds of a level's components; True (S,) where they find no way out."""
        walked, returned = self._walk(number, level, feeds)
        size = level.blocks.shape[1]
        base = np.zeros((len(returned), self.outside.shape[1], len(level.columns)))
        for tear, layers in enumerate(returned):
            if layers[0] is not None:
                base[tear] = layers[0]
        load, lost = _solved(returned, base) if size == 1 else _solved_in_blocks(returned, base, level)
        stuck = lost | ~(np.abs(load).max(axis=(0, 2)) <= limit)
        load[:, stuck] = 0
        spread = load if size == 1 else _spread(load, level)
        whole = len(level.columns) == len(self.basis)
        for unit, used in enumerate(walked):
            if unit in self.wiring.torn:
                feed: Floats | float = load[self.wiring.torn.index(unit)]
            else:
                feed = 0.0 if used[0] is None else used[0]
                for share, amount in zip(used[1:], spread, strict=True):
                    if share is not None:
                        feed = feed + share * amount
            feeds[unit][:, slice(None) if whole else level.columns] = feed
        return np.asarray(stuck)

    def _walk(self, number: int, level: Level, feeds: Floats) -> tuple[list[Layers], list[Layers]]:
        """Walk the part with empty tears, the first layer, and with a unit in each place of each tear, the others.

        Returns the feeds used by each unit, and what arrives at each tear.
        """
        columns, torn, size = level.columns, self.wiring.torn, level.blocks.shape[1]
        whole = len(columns) == len(self.basis)
        arrived: list[Layers] = [[None] * (len(torn) * size + 1) for _ in self.actions]
        for unit in self._entered:
            arrived[unit][0] = self.outside[unit] if whole else self.outside[unit][:, columns]
        used: list[Layers] = []
        for unit, action in enumerate(self.actions):
            used.append(_unit_feed(torn.index(unit), len(torn), level) if unit in torn else arrived[unit])
            if not self.wiring.ways[unit]:
                continue
            mixed = self._mixed(unit, used[unit], number, level, feeds)
            split = action.split if whole else action.split[:, :, columns]
            for outlet, target in self.wiring.ways[unit]:
                share, there = split[:, outlet], arrived[target]
                for k, amount in enumerate(mixed):
                    if amount is not None:
                        now, gained = there[k], amount * share
                        there[k] = gained if now is None else now + gained
        return used, [arrived[one] for one in torn]

    @cached_property
    def _entered(self) -> list[int]:
        """Units that something enters from outside."""
        return [n for n, one in enumerate(self.outside) if one.any()]

    def _mixed(self, unit: int, used: Layers, number: int, level: Level, feeds: Floats) -> Layers:
        """What a unit divides among its outlets for what it is fed with."""
        action, columns, count = self.actions[unit], level.columns, len(self.basis)
        moves, mixed = action.conversion, list(used)
        if moves is not None and unit in self.order.gives[number]:
            kept = moves.kept(count)[:, columns]
            within = [
                (moves.share[:, at], *np.searchsorted(columns, (moves.source[at], moves.target[at])))
                for at in self.order.within[number].get(unit, ())
            ]
            for k, amount in enumerate(used):
                if amount is not None:
                    mixed[k] = stays = amount * kept
                    for share, source, target in within:
                        stays[:, target] += amount[:, source] * share
        inflow = self.order.into[number].get(unit)
        water = action.water if columns[-1] == count - 1 else None
        if inflow is None and water is None:
            return mixed
        first = np.zeros((self.outside.shape[1], len(columns)))
        if mixed[0] is not None:
            first += mixed[0]
        if moves is not None and inflow is not None:
            first[:, inflow.targets] += inflow.amounts(feeds[unit], moves.share)
        if water is not None:
            first[:, -1] += water * self.basis.solids(feeds[unit])
        mixed[0] = first
        return mixed


def _unit_feed(tear: int, tears: int, level: Level) -> Layers:
    """Layers of a torn unit: none in the first, a unit of each component in its place."""
    size = level.blocks.shape[1]
    found: Layers = [None] * (tears * size + 1)
    for place in range(size):
        found[1 + tear * size + place] = (level.place == place).astype(float)[None]
    return found


def _solved(returned: Sequence[Layers], base: Floats) -> tuple[Floats, Bools]:
    """Loads x (T, S, C) with x = base + response x, where nothing is converted; True (S,) where there are none.

    ``returned`` are the layers that arrive at each tear: what returns from empty tears, which is ``base`` (T, S, C),
    and from a unit in each. Elimination needs no pivots: nothing leaves a loop that did not enter it, so the matrix is
    an M-matrix.
    """
    count, load = len(base), base.copy()
    if not base.any():
        return load, np.zeros(base.shape[1], dtype=bool)
    fed = base.any(axis=0)
    matrix = {
        (i, j): share for i, layers in enumerate(returned) for j, share in enumerate(layers[1:]) if share is not None
    }
    stuck = np.zeros(base.shape[1], dtype=bool)
    pivots: list[Floats | float] = []
    for k in range(count):
        leak = 1 - matrix.get((k, k), np.zeros((1, 1)))
        closed = leak < _LEAST_LEAK
        if closed.any():
            stuck |= (closed & fed).any(axis=1)
            leak = np.where(closed, 1.0, leak)
        pivots.append(leak)
        for i in (i for i in range(k + 1, count) if (i, k) in matrix):
            factor = matrix[i, k] / leak
            load[i] += factor * load[k]
            for j in (j for j in range(k + 1, count) if (k, j) in matrix):
                matrix[i, j] = matrix.get((i, j), 0.0) + factor * matrix[k, j]
    for k in reversed(range(count)):
        for j in (j for j in range(k + 1, count) if (k, j) in matrix):
            load[k] += matrix[k, j] * load[j]
        load[k] /= pivots[k]
    return load, stuck


def _solved_in_blocks(returned: Sequence[Layers], base: Floats, level: Level) -> tuple[Floats, Bools]:
    """The same where components of a block are converted into one another; a layer for each place of each tear."""
    response = np.zeros((len(returned[0]) - 1, *base.shape))  # (from x b, to, S, C)
    for to, layers in enumerate(returned):
        for start, share in enumerate(layers[1:]):
            if share is not None:
                response[start, to] = share
    tears, size = len(base), level.blocks.shape[1]
    right = base[:, :, level.blocks].transpose(1, 2, 0, 3).reshape(base.shape[1], len(level.blocks), tears * size)
    square = response[:, :, :, level.blocks].transpose(2, 3, 1, 4, 0)  # (S, B, to, b, from x b)
    square = square.reshape(*right.shape, tears * size)
    fed = (right != 0).any(axis=2)
    system = np.eye(tears * size) - np.where(fed[..., None, None], square, 0)
    flat = np.linalg.svd(system, compute_uv=False)[..., -1] < _LEAST_LEAK
    system = np.where(flat[..., None, None], np.eye(tears * size), system)
    found = np.linalg.solve(system, right[..., None])[..., 0].reshape(len(right), len(level.blocks), tears, size)
    load = np.zeros_like(base)
    load[:, :, level.blocks] = np.maximum(found, 0).transpose(2, 0, 1, 3)
    return load, np.asarray(flat.any(axis=1))


def _spread(load: Floats, level: Level) -> Floats:
    """Loads (T x b, S, C): for each component the load of each place of its block, tear by tear."""
    size = level.blocks.shape[1]
    found = np.zeros((len(load) * size, *load.shape[1:]))
    for t, one in enumerate(load):
        for p in range(size):
            for q in range(size):
                found[t * size + p][:, level.blocks[:, q]] = one[:, level.blocks[:, p]]
    return found


def external(link: Link, part: Part) -> bool:
    """A stream enters a part from outside it."""
    return link.target in part.units and (link.source == OUTSIDE or link.source not in part.units)
