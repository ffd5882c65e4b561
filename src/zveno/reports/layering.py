"""Order in a flowsheet: which flows run back, in which column and row each node stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

NodeKind = Literal["section", "boundary", "stock"]


@dataclass(frozen=True)
class Node:
    """Something drawn as a box; its stocks are drawn inside it. Order = order of the process."""

    id: str
    lane: str
    title: str
    kind: NodeKind = "section"
    stocks: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Arrow:
    """A flow between two nodes; ``share`` (0 to 1) sets how thick it is drawn."""

    id: str
    source: str
    target: str
    title: str
    value: str = ""
    share: float = 0.0


def recycles(nodes: Sequence[Node], arrows: Iterable[Arrow]) -> set[str]:
    """Ids of the arrows that run against the order of the process inside a loop."""
    arrows = tuple(arrows)
    place = {node.id: k for k, node in enumerate(nodes)}
    reach = {node.id: _reachable(node.id, arrows) for node in nodes}
    return {one.id for one in arrows if place[one.target] < place[one.source] and one.source in reach[one.target]}


def _reachable(start: str, arrows: Sequence[Arrow]) -> set[str]:
    """Nodes that can be come to from a node."""
    found, open_ = {start}, [start]
    while open_:
        here = open_.pop()
        for one in arrows:
            if one.source == here and one.target not in found:
                found.add(one.target)
                open_.append(one.target)
    return found


def _layers(ids: Sequence[str], forward: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Layer of each node: the longest way to it; a feed stands right before what it feeds."""
    before: dict[str, list[str]] = defaultdict(list)
    after: dict[str, list[str]] = defaultdict(list)
    for source, target in forward:
        before[target].append(source)
        after[source].append(target)
    layer = dict.fromkeys(ids, 0)
    for _ in ids:
        for target, sources in before.items():
            layer[target] = max(layer[source] + 1 for source in sources)
    for one in ids:
        if not before[one] and after[one]:
            layer[one] = min(layer[target] for target in after[one]) - 1
    return layer


@dataclass(frozen=True)
class Spot:
    """Column and row of a node; rows count through all lanes."""

    column: int
    row: int


@dataclass
class Grid:
    """Places of all nodes, the lane of each row, and the count of columns."""

    spots: dict[str, Spot] = field(default_factory=dict)
    row_lane: list[str] = field(default_factory=list)
    columns: int = 1


def arrange(nodes: Sequence[Node], arrows: Sequence[Arrow], columns: int) -> Grid:
    """Put each lane's nodes in columns by layer; a lane longer than ``columns`` is folded into bands."""
    back = recycles(nodes, arrows)
    grid = Grid()
    for lane in dict.fromkeys(node.lane for node in nodes):
        inside = [node for node in nodes if node.lane == lane]
        ids = [node.id for node in inside]
        forward = [
            (one.source, one.target) for one in arrows if one.id not in back and one.source in ids and one.target in ids
        ]
        layer = _layers(ids, forward)
        depth = max(layer.values()) + 1
        bands = -(-depth // columns)
        across = -(-depth // bands)
        for band in range(bands):
            members = [node for node in inside if layer[node.id] // across == band]
            _stack(grid, members, {one.id: layer[one.id] % across for one in members}, arrows)
        grid.columns = max(grid.columns, across)
    return grid


def _stack(grid: Grid, members: Sequence[Node], column: Mapping[str, int], arrows: Sequence[Arrow]) -> None:
    """Give a band's nodes rows: sections above boundaries, then level with what feeds them, the larger flow first."""
    first = len(grid.row_lane)
    deepest = 0
    for place in sorted(set(column.values())):
        here = [node for node in members if column[node.id] == place]
        here.sort(key=lambda node: (node.kind != "section", _mean_row(node.id, grid, arrows), -_share(node.id, arrows)))
        for k, node in enumerate(here):
            grid.spots[node.id] = Spot(place, first + k)
        deepest = max(deepest, len(here))
    grid.row_lane.extend([members[0].lane] * deepest)


def _share(one: str, arrows: Sequence[Arrow]) -> float:
    """Largest share of the arrows at a node."""
    return max((arrow.share for arrow in arrows if one in (arrow.source, arrow.target)), default=0.0)


def _mean_row(one: str, grid: Grid, arrows: Sequence[Arrow]) -> float:
    """Mean row of the neighbours that already have one."""
    ends = [arrow.source for arrow in arrows if arrow.target == one]
    ends += [arrow.target for arrow in arrows if arrow.source == one]
    rows = [grid.spots[end].row for end in ends if end in grid.spots]
    return sum(rows) / len(rows) if rows else 0.0
