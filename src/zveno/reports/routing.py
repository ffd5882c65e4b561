"""Which way each line of a flowsheet with lanes takes, in words of bands, columns and levels; no heights yet.

Boxes of a plant stand in bands. A line to the next box runs straight; any other leaves by the top of its
box, runs on a level above the band and, where it goes to another band, down a channel right of all boxes;
it comes in by the top. What leaves the chain ends in a stub below the band, what comes in begins in a stub
left of it. So no line crosses a box, and a gap between two boxes is free of upright lines above them: there
its words find room.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from zveno.reports.layering import Arrow, Node

Way = Literal["feed", "outlet", "direct", "far"]

BOX_WIDTH, GUTTER, STUB_WIDTH = 124.0, 124.0, 160.0
PITCH = BOX_WIDTH + GUTTER
STRIP, MARGIN, PAD, TRACK = 20.0, 6.0, 7.0, 10.0
LEAST_STUB, GAP = 124.0, 12.0
_LAST_ROOM = 84.0


@dataclass(frozen=True)
class Frame:
    """A plant: its sections in the order of the process, in a lane."""

    id: str
    lane: str
    title: str
    nodes: tuple[Node, ...]


@dataclass(frozen=True)
class Place:
    """Band (counted from the top) and column of a section."""

    band: int
    column: int


@dataclass(frozen=True)
class Span:
    """A level piece of a far line above a band, and the upright pieces that come down from it."""

    arrow: str
    low: float
    high: float
    drops: tuple[float, ...]


@dataclass
class Band:
    """A row of sections with all that is drawn around it."""

    frame: Frame
    nodes: tuple[Node, ...]
    feeds: list[Arrow] = field(default_factory=list)
    outlets: list[Arrow] = field(default_factory=list)
    direct: dict[int, list[Arrow]] = field(default_factory=lambda: defaultdict(list))
    spans: list[Span] = field(default_factory=list)


@dataclass(frozen=True)
class Across:
    """Where things stand from left to right: columns, the gutter of feeds, the room right of the columns."""

    columns: int
    first: float
    feed_right: float
    room_right: float

    def left(self, column: int) -> float:
        """Left edge of a box."""
        return self.first + PITCH * column

    @property
    def frame_left(self) -> float:
        """Left edge of the frames of plants."""
        return self.first - PAD


@dataclass(frozen=True)
class Routes:
    """The way of every line; ``top`` and ``bottom`` hold the x at which lines touch a box."""

    bands: tuple[Band, ...]
    places: Mapping[str, Place]
    ways: Mapping[str, Way]
    arrows: Mapping[str, Arrow]
    top: Mapping[tuple[str, str], float]
    bottom: Mapping[str, float]
    across: Across


def route(frames: Sequence[Frame], arrows: Sequence[Arrow], columns: int) -> Routes:
    """Find the way of every line.

    Parameters
    ----------
    frames
        In the order in which they are stacked.
    arrows
        An end that is in no frame is a stub.
    columns
        Most boxes side by side.
    """
    bands, places = _bands(frames, columns)
    across_columns = max(len(one.nodes) for one in bands)
    ways = {one.id: _way(one, places) for one in arrows}
    for one in arrows:
        _note(one, ways[one.id], bands, places)
    feeds = max(len(band.feeds) for band in bands)
    feed_right = MARGIN + STRIP + (STUB_WIDTH if feeds else 0.0)
    first = _on(feed_right + PAD + (TRACK * (feeds + 1) if feeds else 0.0), 0)
    far = [one for one in arrows if ways[one.id] == "far"]
    across = Across(across_columns, first, feed_right, _room_right(first, far, bands, places))
    high = [one for band in bands for one in band.feeds if places[one.target].column]
    top = _ports(far, high, places, across)
    bottom = _bottom_ports(bands, places, across)
    routes = Routes(bands, places, ways, {one.id: one for one in arrows}, top, bottom, across)
    _spans(routes)
    return routes


def _on(x: float, offset: int) -> float:
    """The nearest place of a grid of 4; lines of different kinds stand on different offsets, so never on each other."""
    return round((x - offset) / 4) * 4 + offset


def _bands(frames: Sequence[Frame], columns: int) -> tuple[tuple[Band, ...], dict[str, Place]]:
    """Cut the sections of each plant into bands of nearly equal length."""
    bands: list[Band] = []
    places: dict[str, Place] = {}
    for frame in frames:
        count = -(-len(frame.nodes) // columns)
        size = -(-len(frame.nodes) // count)
        for start in range(0, len(frame.nodes), size):
            nodes = frame.nodes[start : start + size]
            places.update({node.id: Place(len(bands), k) for k, node in enumerate(nodes)})
            bands.append(Band(frame, nodes))
    return tuple(bands), places


def _way(arrow: Arrow, places: Mapping[str, Place]) -> Way:
    """How a line runs."""
    source, target = places.get(arrow.source), places.get(arrow.target)
    if source is None:
        return "feed"
    if target is None:
        return "outlet"
    return "direct" if target == Place(source.band, source.column + 1) else "far"


def _note(arrow: Arrow, way: Way, bands: Sequence[Band], places: Mapping[str, Place]) -> None:
    """Enter a line in the lists of its band."""
    if way == "feed":
        bands[places[arrow.target].band].feeds.append(arrow)
    elif way != "far":
        place = places[arrow.source]
        band = bands[place.band]
        (band.outlets if way == "outlet" else band.direct[place.column]).append(arrow)


def _room_right(first: float, far: Iterable[Arrow], bands: Sequence[Band], places: Mapping[str, Place]) -> float:
    """Right end of the room for words and stubs: more of it where a line from elsewhere comes to the last column."""
    columns = max(len(one.nodes) for one in bands)
    last = any(
        places[one.source].band != places[one.target].band and places[one.target].column == columns - 1 for one in far
    )
    boxes = first + PITCH * (columns - 1) + BOX_WIDTH + PAD + (_LAST_ROOM if last else 0.0)
    stubs = max(len(one.outlets) for one in bands) * (LEAST_STUB + GAP) - GAP
    return max(boxes, first - PAD + stubs)


# ---- where lines touch boxes ---------------------------------------------------------------------------


def _ports(
    far: Sequence[Arrow], high: Sequence[Arrow], places: Mapping[str, Place], across: Across
) -> dict[tuple[str, str], float]:
    """x of far lines and high feeds (arrow, node) at the tops of their boxes, so ordered that few of them cross."""
    ends: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for one in high:
        ends[one.target].append((-math.inf, one.id))
    for one in far:
        source, target = places[one.source], places[one.target]
        elsewhere = source.band != target.band
        for here, there in ((one.source, target), (one.target, source)):
            away = math.inf if elsewhere else there.column - places[here].column
            ends[here].append((away, one.id))
    found: dict[tuple[str, str], float] = {}
    for node, lines in ends.items():
        order = sorted(lines, key=lambda one: (one[0] > 0, -one[0], one[1]))
        for k, (_, arrow) in enumerate(order, start=1):
            x = across.left(places[node].column) + BOX_WIDTH * k / (len(order) + 1)
            found[arrow, node] = _on(x, 1)
    return found


def _bottom_ports(bands: Sequence[Band], places: Mapping[str, Place], across: Across) -> dict[str, float]:
    """x of outlets at the bottoms of their boxes."""
    found = {}
    for band in bands:
        band.outlets.sort(key=lambda one: places[one.source].column)
        for node in band.nodes:
            own = [one for one in band.outlets if one.source == node.id]
            for k, one in enumerate(own, start=1):
                found[one.id] = _on(across.left(places[node.id].column) + BOX_WIDTH * k / (len(own) + 1), 1)
    return found


def feed_tracks(routes: Routes, band: Band) -> dict[str, float]:
    """x of the upright piece of each feed of a band, in the gutter between its stub and the first box."""
    left = _on(routes.across.feed_right, 2)
    return {one.id: left + TRACK * (k + 1) for k, one in enumerate(band.feeds)}


def is_high(routes: Routes, feed: Arrow) -> bool:
    """Whether a feed goes to a box that is not the first of its band, hence by a level above."""
    return routes.places[feed.target].column > 0


# ---- levels --------------------------------------------------------------------------------------------


def _spans(routes: Routes) -> None:
    """Enter the level pieces of far lines and of feeds in their bands."""
    for name, way in routes.ways.items():
        if way != "far":
            continue
        arrow = routes.arrows[name]
        source, target = routes.places[arrow.source], routes.places[arrow.target]
        x_from, x_to = routes.top[name, arrow.source], routes.top[name, arrow.target]
        if source.band == target.band:
            low, high = sorted((x_from, x_to))
            routes.bands[source.band].spans.append(Span(name, low, high, (x_from, x_to)))
            continue
        for place, x in ((source, x_from), (target, x_to)):
            routes.bands[place.band].spans.append(Span(name, x, routes.across.room_right, (x,)))
    for band in routes.bands:
        tracks = feed_tracks(routes, band)
        for one in band.feeds:
            if is_high(routes, one):
                x = routes.top[one.id, one.target]
                band.spans.append(Span(one.id, tracks[one.id], x, (x,)))


def levels(spans: Sequence[Span], gap: float = 12.0) -> dict[str, int]:
    """Level of each piece, 0 next to the boxes: short ones low, so that few drops cross others.

    Examples
    --------
    >>> levels([Span("a", 0, 100, ()), Span("b", 20, 40, ()), Span("c", 60, 80, ())])
    {'b': 0, 'c': 0, 'a': 1}
    """
    taken: list[list[Span]] = []
    found: dict[str, int] = {}
    for one in sorted(spans, key=lambda span: (span.high - span.low, span.arrow)):
        free = (
            k
            for k, others in enumerate(taken)
            if all(one.high + gap <= other.low or other.high + gap <= one.low for other in others)
        )
        level = next(free, len(taken))
        if level == len(taken):
            taken.append([])
        taken[level].append(one)
        found[one.arrow] = level
    return found


def rooms(span: Span, band: Band, level: Mapping[str, int], clear: float = 6.0) -> list[tuple[float, float]]:
    """Stretches of a level piece that no upright line from above crosses: from, to."""
    above = (one for one in band.spans if level[one.arrow] > level[span.arrow])
    cuts = sorted(x for one in above for x in one.drops if span.low < x < span.high)
    edges = [span.low, *cuts, span.high]
    return [(a + clear, b - clear) for a, b in pairwise(edges) if b - a > 2 * clear]
