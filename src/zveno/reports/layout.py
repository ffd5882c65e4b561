"""Where the boxes, lines and labels of a flowsheet go; plain geometry, drawn elsewhere.

Boxes stand in columns and rows. A line runs vertically only in the gutters between columns, and
horizontally only in the gutters between rows or from a box into the gutter beside it, so it can't cross a
box. Each label stands at the end of its line, in a strip of the gutter kept for labels.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from zveno.reports.layering import Arrow, Grid, Node, NodeKind, arrange, recycles
from zveno.reports.lettering import text_width, wrap

LabelRole = Literal["title", "value", "lane", "frame"]

GRID = 8
FONT_PX = 12.0
LINE_PX = 15.0
BOX_WIDTH = 152.0
LABEL_WIDTH = 120.0
TRACK = 12.0
MARGIN = 16.0
CLEAR = 4.0


@dataclass(frozen=True)
class Rect:
    """An upright rectangle; x to the right, y down."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Lower edge."""
        return self.y + self.height

    def overlaps(self, other: Rect) -> bool:
        """Whether the two share more than an edge."""
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom


@dataclass(frozen=True)
class Box:
    """A drawn node, or a stock inside its ``parent``; its first ``strong`` lines are its name."""

    id: str
    kind: NodeKind
    rect: Rect
    lines: tuple[str, ...]
    text_top: float
    parent: str = ""
    strong: int = 0


@dataclass(frozen=True)
class Wire:
    """A drawn flow: corner points from box to box; ``source`` and ``target`` name the boxes where arrows do not."""

    arrow: Arrow
    points: tuple[tuple[float, float], ...]
    recycle: bool
    source: str = ""
    target: str = ""


@dataclass(frozen=True)
class Label:
    """Lines of text in their rectangle, or one turned upright; ``owner`` is an arrow, a frame or a lane."""

    owner: str
    role: LabelRole
    rect: Rect
    lines: tuple[str, ...]
    turned: bool = False
    anchor: Literal["start", "middle", "end"] = "middle"


@dataclass(frozen=True)
class Layout:
    """The whole picture."""

    width: float
    height: float
    lanes: tuple[tuple[str, Rect], ...]
    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]
    labels: tuple[Label, ...]
    frames: tuple[tuple[str, Rect], ...] = ()
    leading: float = LINE_PX
    font_px: float = FONT_PX


# ---- heights: what a node and its incoming labels need ------------------------------------------------


@dataclass(frozen=True)
class _Slot:
    """Room of one incoming arrow: its title above the line, its value below."""

    title: tuple[str, ...]
    value: tuple[str, ...]

    @property
    def line(self) -> int:
        """Depth of the line under the top of the slot."""
        return _snap(CLEAR + LINE_PX * len(self.title) + CLEAR)

    @property
    def height(self) -> int:
        """Height of the slot."""
        return _snap(self.line + CLEAR + LINE_PX * len(self.value) + CLEAR)

    @property
    def width(self) -> float:
        """Width of the widest line of text."""
        return max((text_width(one, FONT_PX) for one in (*self.title, *self.value)), default=0.0)


@dataclass(frozen=True)
class _Face:
    """What is written in a box: its title, and a block of lines for each stock."""

    title: tuple[str, ...]
    stocks: tuple[tuple[str, ...], ...]

    @property
    def title_height(self) -> float:
        """Height that the title takes."""
        return LINE_PX * len(self.title) + 2 * GRID

    @property
    def height(self) -> float:
        """Height that title and stocks take."""
        return self.title_height + sum(_stock_height(one) + GRID for one in self.stocks)


def _stock_height(lines: tuple[str, ...]) -> float:
    """Height of a stock's box."""
    return LINE_PX * len(lines) + GRID


def _snap(size: float) -> int:
    """The next multiple of the grid."""
    return math.ceil(size / GRID) * GRID


def _face(node: Node) -> _Face:
    """Wrapped texts of a node."""
    room = BOX_WIDTH - 2 * GRID
    inner = room - 2 * GRID
    stocks = tuple((*wrap(title, FONT_PX, inner), *wrap(value, FONT_PX, inner)) for title, value in node.stocks)
    return _Face(wrap(node.title, FONT_PX, room, bold=True), stocks)


def _slot(arrow: Arrow) -> _Slot:
    """Wrapped texts of an arrow."""
    return _Slot(wrap(arrow.title, FONT_PX, LABEL_WIDTH), wrap(arrow.value, FONT_PX, LABEL_WIDTH))


# ---- the plan: everything known before coordinates -----------------------------------------------------


@dataclass(frozen=True)
class _Plan:
    """Nodes and arrows with their places, sizes and the gutter each arrow takes."""

    nodes: Mapping[str, Node]
    arrows: tuple[Arrow, ...]
    grid: Grid
    faces: Mapping[str, _Face]
    slots: Mapping[str, _Slot]
    into: Mapping[str, tuple[Arrow, ...]]
    out_of: Mapping[str, tuple[Arrow, ...]]
    lanes: Mapping[str, tuple[str, ...]]

    def gutters(self, arrow: Arrow) -> tuple[int, int]:
        """Column gutters in which an arrow leaves and arrives (gutter k is left of column k)."""
        return self.grid.spots[arrow.source].column + 1, self.grid.spots[arrow.target].column

    def is_direct(self, arrow: Arrow) -> bool:
        """Whether one gutter serves both ends."""
        leave, arrive = self.gutters(arrow)
        return leave == arrive

    def node_height(self, node: str) -> int:
        """Height of a box that has room for its texts, labels and line ends."""
        slots = sum(self.slots[one.id].height for one in self.into[node])
        ends = 2 * GRID * len(self.out_of[node]) + 3 * GRID
        return _snap(max(self.faces[node].height, slots, ends, 6 * GRID))


def _plan(nodes: Sequence[Node], arrows: Sequence[Arrow], lanes: Mapping[str, str], columns: int) -> _Plan:
    """Gather what is known before coordinates."""
    grid = arrange(nodes, arrows, columns)

    def rank(node: str) -> tuple[int, int]:
        return grid.spots[node].row, grid.spots[node].column

    into: dict[str, tuple[Arrow, ...]] = {}
    out_of: dict[str, tuple[Arrow, ...]] = {}
    for node in nodes:
        arriving = [one for one in arrows if one.target == node.id]
        leaving = [one for one in arrows if one.source == node.id]
        into[node.id] = tuple(sorted(arriving, key=lambda one: rank(one.source)))
        out_of[node.id] = tuple(sorted(leaving, key=lambda one: rank(one.target)))
    return _Plan(
        {node.id: node for node in nodes},
        tuple(arrows),
        grid,
        {node.id: _face(node) for node in nodes},
        {one.id: _slot(one) for one in arrows},
        into,
        out_of,
        _lane_titles(nodes, lanes, grid.columns),
    )


def _lane_titles(nodes: Sequence[Node], lanes: Mapping[str, str], columns: int) -> dict[str, tuple[str, ...]]:
    """Wrapped titles; those under another lane stay narrow, since lines from it may come down beside them."""
    order = list(dict.fromkeys(node.lane for node in nodes))
    widths = {lane: BOX_WIDTH * (1 if k else columns) for k, lane in enumerate(order)}
    return {lane: wrap(lanes.get(lane, ""), FONT_PX, width, bold=True) for lane, width in widths.items()}


# ---- tracks: side by side in a gutter --------------------------------------------------------------------


def _pack(spans: Iterable[tuple[str, float, float]], gap: float) -> dict[str, int]:
    """Give spans track numbers so that two on one track stand at least ``gap`` apart."""
    ends: list[float] = []
    track: dict[str, int] = {}
    for key, low, high in sorted(spans, key=lambda one: (one[1], one[2], one[0])):
        free = next((k for k, end in enumerate(ends) if end + gap <= low), len(ends))
        ends[free : free + 1] = [high]
        track[key] = free
    return track


def _row_gutter(plan: _Plan, arrow: Arrow, *, back: bool) -> int:
    """Row gutter of an arrow that can't go straight (gutter k is above row k): the shortest way round."""
    source, target = plan.grid.spots[arrow.source], plan.grid.spots[arrow.target]
    lanes = {plan.nodes[arrow.source].lane, plan.nodes[arrow.target].lane}
    open_ = [k for k, lane in enumerate(plan.grid.row_lane) if lane in lanes]

    def way(k: int) -> tuple[float, int]:
        return abs(k - 0.5 - source.row) + abs(k - 0.5 - target.row), k if back else -k

    return min(open_, key=way)


@dataclass(frozen=True)
class _Rows:
    """Heights: top of each row, of each lane, the row track of each arrow that takes one."""

    tops: tuple[float, ...]
    heights: tuple[int, ...]
    lane_rects: Mapping[str, tuple[float, float]]
    tracks: Mapping[str, float]
    bottom: float


def _rows(plan: _Plan, back: set[str]) -> _Rows:
    """Stack lanes, gutters and rows."""
    chosen = {one.id: _row_gutter(plan, one, back=one.id in back) for one in plan.arrows if not plan.is_direct(one)}
    spans: dict[int, list[tuple[str, float, float]]] = defaultdict(list)
    for one in plan.arrows:
        if one.id in chosen:
            low, high = sorted(plan.gutters(one))
            spans[chosen[one.id]].append((one.id, low, high))
    y, tops, heights = MARGIN, [], []
    tracks: dict[str, float] = {}
    lane_rects: dict[str, tuple[float, float]] = {}
    for row, lane in enumerate(plan.grid.row_lane):
        if lane not in lane_rects:
            y = _snap(y)
            lane_rects[lane] = (y, y)
            y += LINE_PX * len(plan.lanes.get(lane, ())) + GRID
        packed = _pack(spans[row], gap=1)
        tracks.update({key: y + GRID + (k + 0.5) * TRACK for key, k in packed.items()})
        y = _snap(y + 2 * GRID + TRACK * (max(packed.values(), default=-1) + 1))
        tops.append(y)
        heights.append(max(plan.node_height(one) for one, at in plan.grid.spots.items() if at.row == row))
        y += heights[-1] + GRID
        lane_rects[lane] = (lane_rects[lane][0], y)
        y += GRID if row + 1 < len(plan.grid.row_lane) and plan.grid.row_lane[row + 1] == lane else MARGIN
    return _Rows(tuple(tops), tuple(heights), lane_rects, tracks, y)


# ---- line ends ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Ends:
    """Top of each box and height of both ends of each arrow."""

    tops: Mapping[str, float]
    leaving: Mapping[str, float]
    arriving: Mapping[str, float]


def _ends(plan: _Plan, rows: _Rows) -> _Ends:
    """Set line ends; those arriving lie on the grid, those leaving half a step off it or level."""
    tops: dict[str, float] = {}
    arriving: dict[str, float] = {}
    for node, spot in plan.grid.spots.items():
        height = plan.node_height(node)
        tops[node] = rows.tops[spot.row] + (rows.heights[spot.row] - height) // 2 // GRID * GRID
        room = sum(plan.slots[one.id].height for one in plan.into[node])
        y = tops[node] + (height - room) // 2 // GRID * GRID
        for one in plan.into[node]:
            arriving[one.id] = y + plan.slots[one.id].line
            y += plan.slots[one.id].height
    leaving: dict[str, float] = {}
    for node in plan.grid.spots:
        leaving.update(_leave(plan, node, tops[node], arriving))
    return _Ends(tops, leaving, arriving)


def _leave(plan: _Plan, node: str, top: float, arriving: Mapping[str, float]) -> dict[str, float]:
    """Heights at which arrows leave a box: level with their end where they can, else spread."""
    height = plan.node_height(node)
    level = {
        one.id: arriving[one.id]
        for one in plan.out_of[node]
        if plan.is_direct(one) and top + GRID <= arriving[one.id] <= top + height - GRID
    }
    rest = [one for one in plan.out_of[node] if one.id not in level]
    free = [
        y
        for y in (top + GRID / 2 + GRID * k for k in range(1, int(height) // GRID - 1))
        if all(abs(y - taken) >= GRID / 2 + 1 for taken in level.values())
    ]
    step = len(free) / (len(rest) or 1)
    spread = {one.id: free[int((k + 0.5) * step)] for k, one in enumerate(rest)}
    return {**level, **spread}


# ---- across: gutters, columns, wires -----------------------------------------------------------------------


@dataclass(frozen=True)
class _Columns:
    """Left edge of each column, label strip of each gutter (x, width), x of each vertical run."""

    lefts: tuple[float, ...]
    strips: tuple[tuple[float, float], ...]
    runs: Mapping[tuple[str, int], float]
    right: float


def _columns(plan: _Plan, rows: _Rows, ends: _Ends) -> _Columns:
    """Widths of gutters from the lines that run in them and the labels that stand there."""
    spans: dict[int, list[tuple[str, float, float]]] = defaultdict(list)
    for one in plan.arrows:
        for gutter, low, high in _vertical_runs(plan, rows, ends, one):
            spans[gutter].append((one.id, min(low, high), max(low, high)))
    widths: dict[int, float] = defaultdict(float)
    for one in plan.arrows:
        gutter = plan.gutters(one)[1]
        widths[gutter] = max(widths[gutter], plan.slots[one.id].width + 2 * GRID)
    x, lefts, strips = MARGIN, [], []
    runs: dict[tuple[str, int], float] = {}
    for gutter in range(plan.grid.columns + 1):
        packed = _pack(spans[gutter], gap=GRID)
        runs.update({(key, gutter): x + GRID + (k + 0.5) * TRACK for key, k in packed.items()})
        x += GRID + TRACK * (max(packed.values(), default=-1) + 1)
        strips.append((x, widths[gutter]))
        x += widths[gutter]
        if gutter < plan.grid.columns:
            lefts.append(x)
            x += BOX_WIDTH
    return _Columns(tuple(lefts), tuple(strips), runs, x + MARGIN)


def _vertical_runs(plan: _Plan, rows: _Rows, ends: _Ends, arrow: Arrow) -> list[tuple[int, float, float]]:
    """Vertical pieces of an arrow: gutter, from, to."""
    leave, arrive = plan.gutters(arrow)
    start, end = ends.leaving[arrow.id], ends.arriving[arrow.id]
    if leave == arrive:
        return [(leave, start, end)] if start != end else []
    track = rows.tracks[arrow.id]
    return [(leave, start, track), (arrive, track, end)]


def _wire(plan: _Plan, rows: _Rows, ends: _Ends, columns: _Columns, arrow: Arrow) -> list[tuple[float, float]]:
    """Corner points of an arrow."""
    x_start = columns.lefts[plan.grid.spots[arrow.source].column] + BOX_WIDTH
    x_end = columns.lefts[plan.grid.spots[arrow.target].column]
    points = [(x_start, ends.leaving[arrow.id])]
    for gutter, low, high in _vertical_runs(plan, rows, ends, arrow):
        x = columns.runs[arrow.id, gutter]
        points += [(x, low), (x, high)]
    return [*points, (x_end, ends.arriving[arrow.id])]


# ---- the whole ---------------------------------------------------------------------------------------------


def lay_out(nodes: Sequence[Node], arrows: Sequence[Arrow], lanes: Mapping[str, str], *, columns: int = 4) -> Layout:
    """Lay a flowsheet out.

    Parameters
    ----------
    nodes
        In the order of the process: what runs against it inside a loop is a recycle.
    arrows
        Flows between two different nodes.
    lanes
        Titles of lanes by id; lanes are stacked in the order in which nodes name them.
    columns
        Most columns of a lane; a longer one goes on below, as a text does.
    """
    plan = _plan(nodes, arrows, lanes, columns)
    back = recycles(nodes, arrows)
    rows = _rows(plan, back)
    ends = _ends(plan, rows)
    across = _columns(plan, rows, ends)
    wires = tuple(Wire(one, tuple(_wire(plan, rows, ends, across, one)), one.id in back) for one in plan.arrows)
    bands = {
        lane: Rect(GRID, top, across.right - 2 * GRID, bottom - top) for lane, (top, bottom) in rows.lane_rects.items()
    }
    labels = [*_lane_labels(plan, bands, across, wires), *_arrow_labels(plan, ends, across)]
    boxes = tuple(box for node in nodes for box in _boxes(plan, node, ends, across))
    return Layout(across.right, rows.bottom, tuple(bands.items()), boxes, wires, tuple(labels))


def _boxes(plan: _Plan, node: Node, ends: _Ends, columns: _Columns) -> list[Box]:
    """A node's box and those of its stocks inside it."""
    face = plan.faces[node.id]
    x = columns.lefts[plan.grid.spots[node.id].column]
    outer = Rect(x, ends.tops[node.id], BOX_WIDTH, plan.node_height(node.id))
    top = outer.y + (outer.height - face.height) / 2
    found = [Box(node.id, node.kind, outer, face.title, top + GRID)]
    y = top + face.title_height
    for k, lines in enumerate(face.stocks):
        rect = Rect(x + GRID, y, BOX_WIDTH - 2 * GRID, _stock_height(lines))
        found.append(Box(f"{node.id}/{k}", "stock", rect, lines, y + CLEAR, parent=node.id))
        y += rect.height + GRID
    return found


def _lane_labels(plan: _Plan, bands: Mapping[str, Rect], columns: _Columns, wires: Sequence[Wire]) -> list[Label]:
    """Titles of lanes: in the corner, or over the first column where lines run through the corner."""
    found = []
    for lane, band in bands.items():
        lines = plan.lanes.get(lane, ())
        if lines:
            width = max(text_width(one, FONT_PX, bold=True) for one in lines)
            corner = Rect(MARGIN + CLEAR, band.y + CLEAR, width, LINE_PX * len(lines))
            over = Rect(columns.lefts[0], corner.y, width, corner.height)
            found.append(Label(lane, "lane", over if _is_crossed(corner, wires) else corner, lines, anchor="start"))
    return found


def _is_crossed(rect: Rect, wires: Sequence[Wire]) -> bool:
    """Whether a line runs through a rectangle."""
    return any(
        rect.overlaps(Rect(min(x1, x2) - 1, min(y1, y2) - 1, abs(x2 - x1) + 2, abs(y2 - y1) + 2))
        for wire in wires
        for (x1, y1), (x2, y2) in zip(wire.points, wire.points[1:], strict=False)
    )


def _arrow_labels(plan: _Plan, ends: _Ends, columns: _Columns) -> list[Label]:
    """Title above and value below the last stretch of each arrow."""
    found = []
    for one in plan.arrows:
        slot, y = plan.slots[one.id], ends.arriving[one.id]
        strip, room = columns.strips[plan.gutters(one)[1]]
        above = y - CLEAR - LINE_PX * len(slot.title)
        roles: tuple[tuple[LabelRole, tuple[str, ...], float], ...] = (
            ("title", slot.title, above),
            ("value", slot.value, y + CLEAR),
        )
        for role, lines, top in roles:
            if lines:
                width = max(text_width(line, FONT_PX) for line in lines)
                x = strip + (room - GRID - width) / 2
                found.append(Label(one.id, role, Rect(x, top, width, LINE_PX * len(lines)), lines))
    return found
