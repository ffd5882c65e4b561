"""Flows through a strongly connected part once the shares of its units are known: an exact linear solve.

With shares given, flows are linear. The unknowns are the feeds of the torn units; the response to a unit of
each is found by walking the part once, for all components together: only those that some unit converts into
one another (the classes of a mineral) share a small system. A circulating load of any size is no harder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.sparse.csgraph import connected_components

from zveno.simulate.basis import Basis, Bools, Floats, Ints
from zveno.simulate.plan import OUTSIDE, Link, Part
from zveno.simulate.units import UnitModel
from zveno.simulate.units.unit import converted

_LARGEST_LOAD = 1e12  # times the feed: beyond it a loop has no way out
_SINGULAR = 1e-13


@dataclass(frozen=True)
class Action:
    """What a unit does with any feed: conversion, water per t of solids, shares of the outlets."""

    conversion: Floats | None
    water: Floats | None
    split: Floats

    @classmethod
    def of(cls, unit: UnitModel, drivers: Floats, basis: Basis) -> Action:
        """The action of a unit for given drivers."""
        return cls(unit.convert(drivers, basis), unit.water_added(drivers), unit.split(drivers, basis))

    def products(self, feed: Floats, solid: Floats, *, wet: bool) -> tuple[Floats, ...]:
        """Flows (S, K, C) at the outlets for feeds (S, K, C); ``wet`` False leaves the added water out."""
        mixed = converted(feed, self.conversion)
        if wet and self.water is not None:
            mixed = mixed.copy()
            mixed[..., -1] += self.water[:, None] * (feed @ solid)
        return tuple(mixed * self.split[:, None, n] for n in range(self.split.shape[1]))


@dataclass(frozen=True)
class Loop:
    """A part to be closed: its units' actions and what enters them from outside, shape (S, units, C).

    ``inner`` are the streams of each unit that stay in the part.
    """

    part: Part
    inner: Mapping[int, Sequence[Link]]
    actions: dict[int, Action]
    outside: Floats
    basis: Basis

    def feeds(self) -> tuple[Floats, Bools]:
        """Feed of every unit of the part, in its order, shape (S, units, C).

        Second, shape (S,): True where the loop returns all that enters it. Feeds mean nothing there.
        """
        blocks = _blocks(len(self.basis), [one.conversion for one in self.actions.values()])
        still, response = self._response(blocks)
        solids, stuck = self._solve(response, still, blocks)
        solids[:, :, -1] = 0
        wet = self._walk(solids[:, None], wet=True)[1][:, 0]
        with_water = solids.copy()
        last = np.flatnonzero((blocks == len(self.basis) - 1).any(axis=1))
        water, stuck_too = self._solve(response[:, last], wet, blocks[last])
        with_water[:, :, -1] = water[:, :, -1]
        return self._walk(with_water[:, None], wet=True)[0][:, 0], stuck | stuck_too

    def _response(self, blocks: Ints) -> tuple[Floats, Floats]:
        """What returns to the tears with empty tears, (S, T, C), and per unit of each, (S, B, Tb, Tb)."""
        tears, size, count = len(self.part.tears), blocks.shape[1], len(self.basis)
        unit = np.zeros((tears, size, tears, count + 1))
        for t in range(tears):
            for position in range(size):
                unit[t, position, t, blocks[:, position]] = 1
        unit = unit[..., :count].reshape(1, tears * size, tears, count)
        start = np.concatenate([np.zeros((1, 1, tears, count)), unit], axis=1)
        returned = self._walk(np.repeat(start, len(self.outside), axis=0), wet=False)[1]
        response = _gather(returned[:, 1:], blocks).transpose(0, 3, 2, 4, 1)
        shape = (len(self.outside), len(blocks), tears * size, tears * size)
        return returned[:, 0], response.reshape(shape)

    def _walk(self, tears: Floats, *, wet: bool) -> tuple[Floats, Floats]:
        """Walk the part with the tears (S, K, T, C) given; what comes from outside joins the first of K.

        Returns the feeds (S, K, units, C) used, and what arrives at the tears (S, K, T, C).
        """
        place = {unit: n for n, unit in enumerate(self.part.units)}
        solid = self.basis.solid.astype(float)
        arrived = np.zeros((*tears.shape[:2], len(place), tears.shape[-1]))
        arrived[:, 0] = self.outside
        used = arrived.copy()
        for unit, n in place.items():
            torn = unit in self.part.tears
            used[:, :, n] = tears[:, :, self.part.tears.index(unit)] if torn else arrived[:, :, n]
            products = self.actions[unit].products(used[:, :, n], solid, wet=wet)
            for link in self.inner[unit]:
                arrived[:, :, place[link.target]] += products[link.outlet]
        return used, arrived[:, :, [place[unit] for unit in self.part.tears]]

    def _solve(self, response: Floats, returned: Floats, blocks: Ints) -> tuple[Floats, Bools]:
        """Tears (S, T, C) that return themselves, given what returns when they are empty (S, T, C).

        A scenario in which nothing leaves, or a load is out of all proportion, is marked and left at zero.
        """
        right = _gather(returned[:, None], blocks)[:, 0].transpose(0, 2, 1, 3)
        right = right.reshape(*right.shape[:2], -1)
        fed = (right != 0).any(axis=2, keepdims=True)[..., None]
        found = _solutions(np.eye(right.shape[2]) - np.where(fed, response, 0), right)
        entering = self.outside.sum(axis=(1, 2)) + 1
        stuck = ~(np.abs(found).max(axis=(1, 2)) <= _LARGEST_LOAD * entering)
        found[stuck] = 0
        tears = np.zeros((*returned.shape[:2], len(self.basis) + 1))
        parts = found.reshape(len(found), len(blocks), returned.shape[1], -1)
        tears[:, :, blocks] = parts.transpose(0, 2, 1, 3)
        return np.maximum(tears[..., :-1], 0), stuck


def _solutions(systems: Floats, right: Floats) -> Floats:
    """Solutions of systems (S, B, n, n), shape (S, B, n); infinite where a system is singular."""
    try:
        return np.asarray(np.linalg.solve(systems, right[..., None])[..., 0], dtype=np.float64)
    except np.linalg.LinAlgError:
        flat = np.linalg.svd(systems, compute_uv=False)[..., -1] < _SINGULAR
        regular = np.where(flat[..., None, None], np.eye(systems.shape[-1]), systems)
        found = np.linalg.solve(regular, right[..., None])[..., 0]
        return np.asarray(np.where(flat[..., None], np.inf, found), dtype=np.float64)


def _blocks(count: int, conversions: Sequence[Floats | None]) -> Ints:
    """Components that are converted into one another, a row each, filled up with ``count``."""
    linked = np.eye(count, dtype=bool)
    for one in conversions:
        if one is not None:
            linked |= (one != 0).any(axis=0)
    return _blocks_of(np.packbits(linked).tobytes(), count)


@lru_cache(maxsize=256)
def _blocks_of(links: bytes, count: int) -> Ints:
    """Blocks of a pattern of links, a bit for each pair of components; the pattern is the same at every step."""
    linked = np.unpackbits(np.frombuffer(links, dtype=np.uint8), count=count * count).reshape(count, count)
    number, labels = connected_components(linked, directed=False)
    members = [np.flatnonzero(labels == n) for n in range(number)]
    blocks = np.full((number, max(map(len, members))), count)
    for n, block in enumerate(members):
        blocks[n, : len(block)] = block
    blocks.flags.writeable = False
    return blocks


def _gather(flows: Floats, blocks: Ints) -> Floats:
    """Flows (S, K, T, C) arranged by block, shape (S, K, T, B, b); places filled up hold zero."""
    padded = np.concatenate([flows, np.zeros((*flows.shape[:-1], 1))], axis=-1)
    return padded[..., blocks]


def external(link: Link, part: Part) -> bool:
    """A stream enters a part from outside it."""
    return link.target in part.units and (link.source == OUTSIDE or link.source not in part.units)
