"""The order in which a flowsheet is solved: its strongly connected parts, and where each loop is torn.

Made once from the wiring; the same plan serves every scenario.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

OUTSIDE = -1


@dataclass(frozen=True)
class Link:
    """A stream between units by number: ``source`` OUTSIDE is a feed, ``target`` OUTSIDE a product.

    ``inlet`` is the number of the inlet of a material that the target asks for, such as a flux.
    """

    source: int
    outlet: int
    target: int
    inlet: int = -1


@dataclass(frozen=True)
class Part:
    """Units that feed one another, in walking order; ``tears`` are those whose whole feed is an unknown."""

    units: tuple[int, ...]
    tears: tuple[int, ...]


def plan(units: int, links: Sequence[Link]) -> tuple[Part, ...]:
    """Strongly connected parts in the order of flow, each torn so that the rest of it has no loop.

    Examples
    --------
    >>> plan(3, [Link(-1, 0, 0), Link(0, 0, 1), Link(1, 0, 0), Link(1, 1, 2), Link(2, 0, -1)])
    (Part(units=(0, 1), tears=(0,)), Part(units=(2,), tears=()))
    """
    edges = {(one.source, one.target) for one in links if OUTSIDE not in (one.source, one.target)}
    parts = _strong_parts(range(units), edges)
    home = {unit: n for n, part in enumerate(parts) for unit in part}
    before: dict[int, set[int]] = {n: set() for n in range(len(parts))}
    for source, target in edges:
        if home[source] != home[target]:
            before[home[target]].add(home[source])
    return tuple(_torn(parts[n], edges) for n in TopologicalSorter(before).static_order())


def _torn(part: Sequence[int], edges: set[tuple[int, int]]) -> Part:
    """Order a part after taking away the edges into its tears."""
    if len(part) == 1 and (part[0], part[0]) not in edges:
        return Part(tuple(part), ())
    inside = {(a, b) for a, b in edges if a in part and b in part}
    tears = _tears(part, inside)
    before: dict[int, set[int]] = {unit: set() for unit in part}
    for source, target in sorted(inside):
        if target not in tears:
            before[target].add(source)
    return Part(tuple(TopologicalSorter(before).static_order()), tears)


def _tears(part: Sequence[int], edges: set[tuple[int, int]]) -> tuple[int, ...]:
    """Few units that break every loop: greedily the busiest one of each remaining strong part."""
    loops = [one for one in _strong_parts(part, edges) if len(one) > 1 or (one[0], one[0]) in edges]
    tears: list[int] = []
    for loop in loops:
        inside = {(a, b) for a, b in edges if a in loop and b in loop}
        busiest = max(loop, key=lambda unit: (_business(unit, inside), -unit))
        rest = [unit for unit in loop if unit != busiest]
        tears += [busiest, *_tears(rest, {(a, b) for a, b in inside if busiest not in (a, b)})]
    return tuple(sorted(tears))


def _business(unit: int, edges: set[tuple[int, int]]) -> int:
    """Product of the numbers of ways in and out; a unit that feeds itself comes first."""
    into = sum(target == unit for _, target in edges)
    out = sum(source == unit for source, _ in edges)
    return into * out + len(edges) ** 2 * ((unit, unit) in edges)


def _strong_parts(units: Sequence[int], edges: set[tuple[int, int]]) -> list[list[int]]:
    """Strongly connected parts as lists of units, each in rising order, the lists by their first unit."""
    at = {unit: n for n, unit in enumerate(units)}
    inside = [(at[a], at[b]) for a, b in edges if a in at and b in at]
    rows, columns = (np.array(one, dtype=int) for one in (zip(*inside, strict=True) if inside else ((), ())))
    graph = coo_array((np.ones(len(rows)), (rows, columns)), shape=(len(at), len(at)))
    _, labels = connected_components(graph, directed=True, connection="strong")
    parts: dict[int, list[int]] = {}
    for unit, label in zip(units, labels, strict=True):
        parts.setdefault(int(label), []).append(unit)
    return sorted((sorted(one) for one in parts.values()), key=lambda part: part[0])
