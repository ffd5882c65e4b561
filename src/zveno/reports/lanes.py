"""A flowsheet with a lane for each site, plants framed in it: heights and coordinates of what is routed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from zveno.reports.layering import Arrow, Node
from zveno.reports.layout import FONT_PX, Box, Label, LabelRole, Layout, Rect, Wire
from zveno.reports.lettering import text_width, wrap
from zveno.reports.routing import (
    BOX_WIDTH,
    GUTTER,
    MARGIN,
    PAD,
    STRIP,
    STUB_WIDTH,
    TRACK,
    Band,
    Frame,
    Routes,
    Span,
    feed_tracks,
    is_high,
    levels,
    rooms,
    route,
)

LINE_PX = 14.0
_CLEAR = 4.0
_DROP = 12.0
_LEAST_STUB, _GAP = 96.0, 12.0
Point = tuple[float, float]


def lay_out_lanes(
    frames: Sequence[Frame],
    arrows: Sequence[Arrow],
    *,
    stubs: Mapping[str, str],
    lanes: Mapping[str, str],
    back: set[str],
    columns: int = 6,
) -> Layout:
    """Lay a flowsheet with lanes out.

    Parameters
    ----------
    frames
        Plants with their sections, in the order in which they are stacked; those of a lane follow each other.
    arrows
        Flows between two different places, one of them a section at least.
    stubs
        Titles of the places that are in no frame, by the node id of the arrows.
    lanes
        Titles of lanes by id; an empty one is not written.
    back
        Ids of the arrows that run against the order of the process.
    columns
        Most boxes side by side.
    """
    routes = route(frames, arrows, columns)
    sheet = _Sheet(routes, stubs)
    rows = sheet.rows
    rows += [
        _Row(sheet, band, k, titled=k == 0 or routes.bands[k - 1].frame is not band.frame)
        for k, band in enumerate(routes.bands)
    ]
    y, lane_rects = 2 * _CLEAR, {}
    for k, (band, row) in enumerate(zip(routes.bands, rows, strict=True)):
        lane = band.frame.lane
        if lane not in lane_rects:
            lane_rects[lane] = (y, y)
            y += _CLEAR
        row.top = y
        y = row.bottom + PAD
        least = lane_rects[lane][0] + text_width(lanes.get(lane, ""), FONT_PX, bold=True) + 2 * PAD
        last = k + 1 == len(routes.bands) or routes.bands[k + 1].frame.lane != lane
        lane_rects[lane] = (lane_rects[lane][0], max(y, least))
        y = _snap(max(y, least) + MARGIN) if last else _snap(y)
    channels = _channels(routes, rows)
    right = routes.across.room_right + PAD + TRACK * (max((n for n, _ in channels.values()), default=-1) + 1)
    width = right + PAD + MARGIN
    bands = {lane: Rect(MARGIN, top, width - 2 * MARGIN, low - top) for lane, (top, low) in lane_rects.items()}
    wires = tuple(_wire(routes, rows, channels, one, back) for one in arrows)
    labels = [label for row in rows for label in row.labels]
    labels += [_lane_label(lane, rect, lanes.get(lane, "")) for lane, rect in bands.items() if lanes.get(lane)]
    boxes = tuple(box for row in rows for box in row.boxes)
    return Layout(width, y, tuple(bands.items()), boxes, wires, tuple(labels), _frames(routes, rows), LINE_PX)


def _snap(y: float) -> float:
    """The next multiple of 4."""
    return -(-y // 4) * 4


def _lane_label(lane: str, rect: Rect, title: str) -> Label:
    """Title of a lane, turned, at its left edge."""
    long = text_width(title, FONT_PX, bold=True)
    middle = rect.y + rect.height / 2
    return Label(lane, "lane", Rect(rect.x + 3, middle - long / 2, LINE_PX, long), (title,), turned=True)


def _frames(routes: Routes, rows: Sequence[_Row]) -> tuple[tuple[str, Rect], ...]:
    """The frame of each plant round its bands."""
    left, wide = routes.across.frame_left, routes.across.room_right - routes.across.frame_left
    found: dict[str, Rect] = {}
    for band, row in zip(routes.bands, rows, strict=True):
        top = found[band.frame.id].y if band.frame.id in found else row.top
        found[band.frame.id] = Rect(left, top, wide, row.frame_bottom - top)
    return tuple(found.items())


# ---- words ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Words:
    """Title and value in a room: on one line where they fit, else one above the other."""

    title: tuple[str, ...]
    value: tuple[str, ...]
    beside: float = 0.0

    @property
    def width(self) -> float:
        """Width of all of it, px."""
        widest = max((text_width(one, FONT_PX) for one in (*self.title, *self.value)), default=0.0)
        return self.beside + text_width("".join(self.value), FONT_PX) if self.beside else widest

    @property
    def height(self) -> float:
        """Height of all of it, px."""
        return LINE_PX * (1 if self.beside else len(self.title) + len(self.value))

    def labels(self, owner: str, x: float, y: float) -> list[Label]:
        """Labels with their top left corner at a point."""
        if self.beside:
            wide = text_width(self.value[0], FONT_PX)
            return [
                Label(owner, "title", Rect(x, y, self.beside - 6, LINE_PX), self.title, anchor="end"),
                Label(owner, "value", Rect(x + self.beside, y, wide, LINE_PX), self.value, anchor="start"),
            ]
        return [*_block(owner, "title", self.title, x, y, self.width),
                *_block(owner, "value", self.value, x, y + LINE_PX * len(self.title), self.width)]  # fmt: skip


def _block(owner: str, role: LabelRole, lines: tuple[str, ...], x: float, y: float, width: float) -> list[Label]:
    """Centred lines; nothing where there are none."""
    if not lines:
        return []
    own = max(text_width(one, FONT_PX) for one in lines)
    return [Label(owner, role, Rect(x + (width - own) / 2, y, own, LINE_PX * len(lines)), lines)]


def _words(arrow: Arrow, room: float) -> _Words:
    """Words of an arrow for a room."""
    title, value = text_width(arrow.title, FONT_PX), text_width(arrow.value, FONT_PX)
    if arrow.value and title + 6 + value <= room:
        return _Words((arrow.title,), (arrow.value,), title + 6)
    return _Words(wrap(arrow.title, FONT_PX, room), wrap(arrow.value, FONT_PX, room))


@dataclass
class _Sheet:
    """What all rows share."""

    routes: Routes
    stubs: Mapping[str, str]
    rows: list[_Row] = field(default_factory=list)

    def teller(self, name: str) -> int:
        """Band above which a far line has its words: that of its end, or of its start where only there they fit."""
        arrow = self.routes.arrows[name]
        ends = [self.routes.places[one].band for one in (arrow.target, arrow.source)]
        heights = [self.rows[band].room(self.rows[band].span_of[name])[0].height for band in ends]
        return ends[heights.index(min(heights))]


# ---- a row: one band with everything above and below ----------------------------------------------------


@dataclass
class _Row:
    """A band of boxes from the title of its frame down to its stubs; ``top`` is a multiple of 4."""

    sheet: _Sheet
    band: Band
    index: int
    titled: bool
    top: float = 0.0

    @cached_property
    def title(self) -> tuple[str, ...]:
        """Title of the frame."""
        across = self.sheet.routes.across
        room = across.room_right - across.frame_left - 2 * PAD
        return wrap(self.band.frame.title, FONT_PX, room, bold=True) if self.titled else ()

    @cached_property
    def title_height(self) -> float:
        """Height that the title asks for: none where the highest level leaves it room beside."""
        if not self.title:
            return 0.0
        end = self.sheet.routes.across.first + max(text_width(one, FONT_PX, bold=True) for one in self.title) + _GAP
        top = max(self.level.values(), default=-1)
        high = [one for one in self.band.spans if self.level[one.arrow] == top]
        is_beside = len(self.title) == 1 and high and all(one.low > end for one in high)
        return 0.0 if is_beside else LINE_PX * len(self.title) + _CLEAR

    # ---- levels above the boxes

    @cached_property
    def span_of(self) -> dict[str, Span]:
        """Level pieces by line."""
        return {one.arrow: one for one in self.band.spans}

    @cached_property
    def level(self) -> dict[str, int]:
        """Level of each far line."""
        return levels(self.band.spans)

    @cached_property
    def told(self) -> dict[str, tuple[_Words, float]]:
        """Words of the far lines that are told above this band, and the middle of their room."""
        return {
            span.arrow: self.room(span)
            for span in self.band.spans
            if self.sheet.routes.ways[span.arrow] == "far" and self.sheet.teller(span.arrow) == self.index
        }

    def room(self, span: Span) -> tuple[_Words, float]:
        """The room nearest to the line's end in this band in which its words stand on one line, else the widest."""
        arrow = self.sheet.routes.arrows[span.arrow]
        here = arrow.target if self.sheet.routes.places[arrow.target].band == self.index else arrow.source
        end = self.sheet.routes.top[arrow.id, here]
        free = rooms(span, self.band, self.level)
        near = sorted(free, key=lambda one: min(abs(one[0] - end), abs(one[1] - end)))
        fits = (one for one in near if _words(arrow, one[1] - one[0]).height <= LINE_PX)
        low, high = next(fits, max(free, key=lambda one: one[1] - one[0]))
        words = _words(arrow, high - low)
        half = words.width / 2
        wished = end + (half + _GAP if abs(low - end) <= abs(high - end) else -half - _GAP)
        return words, min(max(wished, low + half), high - half)

    @cached_property
    def level_y(self) -> dict[int, float]:
        """y of the lines of each level."""
        heights: dict[int, float] = defaultdict(float)
        for name, level in self.level.items():
            heights[level] = max(heights[level], self.told[name][0].height if name in self.told else 0.0)
        y = self.top + _snap(self.title_height)
        found = {}
        for level in sorted(heights, reverse=True):
            least = LINE_PX if self.title and not found and not self.title_height else 0.0
            y += _snap(max(heights[level], least) + 2 * _CLEAR)
            found[level] = y - 2
        return found

    # ---- boxes and what stands left of them

    @property
    def box_top(self) -> float:
        """Top of the boxes."""
        return _snap(max(self.level_y.values(), default=self._below_title) + _DROP)

    @property
    def _below_title(self) -> float:
        return self.top + self.title_height - (_DROP - PAD)

    @cached_property
    def slots(self) -> dict[str, tuple[_Words, float]]:
        """Words of the straight lines and the depth of each line below the top of the boxes."""
        found = {}
        for arrows in self.band.direct.values():
            parts = [(one, _words_apart(one)) for one in arrows]
            y = (self.box_height - sum(_slot_height(words) for _, words in parts)) / 2
            for one, words in parts:
                found[one.id] = words, y + _CLEAR + LINE_PX * len(words.title) + _CLEAR
                y += _slot_height(words)
        return found

    @cached_property
    def box_height(self) -> float:
        """Height of the boxes: for their words, the words between them, and the ends of feeds."""
        faces = [_face_height(one) for one in self.band.nodes]
        gutters = [sum(_slot_height(_words_apart(one)) for one in arrows) for arrows in self.band.direct.values()]
        return _snap(max([*faces, *gutters, 12.0 * (len(self.band.feeds) + 1), 36.0]))

    @property
    def frame_bottom(self) -> float:
        """Bottom of the frame."""
        return self.box_top + self.box_height + PAD

    @cached_property
    def feeds(self) -> dict[str, Box]:
        """Stubs of feeds, one above the other, level with the boxes as far as they can."""
        faces = [(one, self._stub_lines(one, one.source, STUB_WIDTH)) for one in self.band.feeds]
        heights = [_snap(LINE_PX * sum(map(len, lines)) + 2 * _CLEAR) for _, lines in faces]
        whole = sum(heights) + _CLEAR * 2 * max(len(heights) - 1, 0)
        middle = self.box_top + self.box_height / 2
        y = _snap(max(self.top, middle - whole / 2))
        found = {}
        for (one, lines), height in zip(faces, heights, strict=True):
            rect = Rect(MARGIN + STRIP, y, STUB_WIDTH, height)
            found[one.id] = _stub(one, one.source, rect, lines)
            y += height + 2 * _CLEAR
        return found

    def _stub_lines(self, arrow: Arrow, node: str, width: float) -> tuple[tuple[str, ...], ...]:
        """Place, stream and value in a stub."""
        room = width - 2 * PAD
        title = wrap(self.sheet.stubs[node], FONT_PX, room, bold=True)
        words = _words(arrow, room)
        if words.beside:
            return title, (f"{arrow.title} {arrow.value}",)
        return title, (*words.title, *words.value)

    # ---- outlets below the boxes

    @cached_property
    def outlets(self) -> dict[str, tuple[Box, float]]:
        """Stubs of outlets, and the x at which each line comes into its top."""
        ports = self.sheet.routes.bottom
        slots = self._outlet_slots()
        found = {}
        for one, (x, width) in zip(self.band.outlets, slots, strict=True):
            lines = self._stub_lines(one, one.target, width)
            rect = Rect(x, self.outlet_top, width, LINE_PX * sum(map(len, lines)) + 2 * _CLEAR)
            straight = x + PAD <= ports[one.id] <= x + width - PAD
            enter = ports[one.id] if straight else round((x + width / 2 - 3) / 4) * 4 + 3
            found[one.id] = _stub(one, one.target, rect, lines), enter
        return found

    def _outlet_slots(self) -> list[tuple[float, float]]:
        """Left edge and width of each stub: below its port as far as its neighbours leave room."""
        across, ports = self.sheet.routes.across, self.sheet.routes.bottom
        count = len(self.band.outlets)
        left, right = across.frame_left, max(across.room_right, across.frame_left + count * (_LEAST_STUB + _GAP))
        width = min(STUB_WIDTH, (right - left + _GAP) / max(count, 1) - _GAP)
        xs: list[float] = []
        for one in self.band.outlets:
            xs.append(max(ports[one.id] - width / 2, xs[-1] + width + _GAP if xs else left))
        for k in reversed(range(count)):
            xs[k] = min(xs[k], xs[k + 1] - width - _GAP if k + 1 < count else right - width)
        return [(x, width) for x in xs]

    @cached_property
    def outlet_levels(self) -> dict[str, int]:
        """Level, counted downwards, of each outlet that does not run straight down."""
        ports, slots = self.sheet.routes.bottom, self._outlet_slots()
        spans = []
        for one, (x, width) in zip(self.band.outlets, slots, strict=True):
            port = ports[one.id]
            if not x + PAD <= port <= x + width - PAD:
                low, high = sorted((port, x + width / 2))
                spans.append(Span(one.id, low, high, ()))
        return levels(spans, gap=TRACK)

    @property
    def outlet_top(self) -> float:
        """Top of the stubs of outlets."""
        return self.frame_bottom + _DROP + TRACK * (max(self.outlet_levels.values(), default=-1) + 1)

    @property
    def bottom(self) -> float:
        """Bottom of all that belongs to the row."""
        lows = [self.frame_bottom, *(box.rect.bottom for box, _ in self.outlets.values())]
        return max([*lows, *(box.rect.bottom for box in self.feeds.values())])

    # ---- what is drawn

    @property
    def boxes(self) -> list[Box]:
        """Sections and stubs."""
        across = self.sheet.routes.across
        found = [
            _section(node, Rect(across.left(k), self.box_top, BOX_WIDTH, self.box_height))
            for k, node in enumerate(self.band.nodes)
        ]
        return [*found, *self.feeds.values(), *(box for box, _ in self.outlets.values())]

    @property
    def labels(self) -> list[Label]:
        """Title of the frame, words of straight and of far lines."""
        across, found = self.sheet.routes.across, []
        if self.title:
            wide = max(text_width(one, FONT_PX, bold=True) for one in self.title)
            place = Rect(across.first, self.top + 3, wide, LINE_PX * len(self.title))
            found.append(Label(self.band.frame.id, "frame", place, self.title, anchor="start"))
        for column, arrows in self.band.direct.items():
            x = across.left(column) + BOX_WIDTH + _CLEAR
            for one in arrows:
                words, depth = self.slots[one.id]
                y = self.box_top + depth
                top = y - _CLEAR - LINE_PX * len(words.title)
                found += _block(one.id, "title", words.title, x, top, GUTTER - 2 * _CLEAR)
                found += _block(one.id, "value", words.value, x, y + _CLEAR, GUTTER - 2 * _CLEAR)
        for name, (words, middle) in self.told.items():
            y = self.level_y[self.level[name]] - _CLEAR - words.height
            found += words.labels(name, middle - words.width / 2, y)
        return found


def _words_apart(arrow: Arrow) -> _Words:
    """Words of a straight line: its title above, its value below."""
    room = GUTTER - 2 * _CLEAR
    return _Words(wrap(arrow.title, FONT_PX, room), wrap(arrow.value, FONT_PX, room))


def _slot_height(words: _Words) -> float:
    """Height of a straight line with its words."""
    return words.height + 4 * _CLEAR


def _face(node: Node) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Title and stocks of a section, wrapped."""
    room = BOX_WIDTH - 2 * _CLEAR
    stocks = [line for title, value in node.stocks for line in (*wrap(title, FONT_PX, room), *wrap(value, FONT_PX, room))]
    return wrap(node.title, FONT_PX, room, bold=True), tuple(stocks)


def _face_height(node: Node) -> float:
    """Height of a section's words."""
    return LINE_PX * sum(map(len, _face(node))) + 2 * PAD


def _section(node: Node, rect: Rect) -> Box:
    """A section with its words in the middle."""
    title, stocks = _face(node)
    top = rect.y + (rect.height - LINE_PX * (len(title) + len(stocks))) / 2
    return Box(node.id, "section", rect, (*title, *stocks), top, strong=len(title))


def _stub(arrow: Arrow, node: str, rect: Rect, lines: tuple[tuple[str, ...], ...]) -> Box:
    """The end of a line at a place outside."""
    title, rest = lines
    return Box(f"{node} {arrow.id}", "boundary", rect, (*title, *rest), rect.y + _CLEAR, strong=len(title))


# ---- lines ---------------------------------------------------------------------------------------------


def _channels(routes: Routes, rows: Sequence[_Row]) -> dict[str, tuple[int, float]]:
    """Number and x of the channel of each line that goes to another band."""
    spans = []
    for name, way in routes.ways.items():
        arrow = routes.arrows[name]
        if way != "far" or routes.places[arrow.source].band == routes.places[arrow.target].band:
            continue
        ends = [_level_at(routes, rows, arrow, node) for node in (arrow.source, arrow.target)]
        spans.append(Span(name, min(ends), max(ends), ()))
    left = routes.across.room_right + PAD
    return {name: (k, left + TRACK * k) for name, k in levels(spans).items()}


def _level_at(routes: Routes, rows: Sequence[_Row], arrow: Arrow, node: str) -> float:
    """y of a far line above one of its boxes."""
    row = rows[routes.places[node].band]
    return row.level_y[row.level[arrow.id]]


def _wire(
    routes: Routes, rows: Sequence[_Row], channels: Mapping[str, tuple[int, float]], arrow: Arrow, back: set[str]
) -> Wire:
    """Corner points of a line."""
    way = routes.ways[arrow.id]
    inside = arrow.target if way == "feed" else arrow.source
    row = rows[routes.places[inside].band]
    if way == "feed":
        points = _feed_points(routes, row, arrow)
    elif way == "outlet":
        points = _outlet_points(row, routes.bottom[arrow.id], arrow)
    elif way == "direct":
        x, y = routes.across.left(routes.places[inside].column) + BOX_WIDTH, row.box_top + row.slots[arrow.id][1]
        points = [(x, y), (x + GUTTER, y)]
    else:
        points = _far_points(routes, rows, channels, arrow)
    ends = {"feed": (f"{arrow.source} {arrow.id}", arrow.target), "outlet": (arrow.source, f"{arrow.target} {arrow.id}")}
    source, target = ends.get(way, (arrow.source, arrow.target))
    return Wire(arrow, tuple(points), arrow.id in back, source, target)


def _far_points(
    routes: Routes, rows: Sequence[_Row], channels: Mapping[str, tuple[int, float]], arrow: Arrow
) -> list[Point]:
    """Up, along, perhaps down a channel, along, down."""
    x1, x2 = routes.top[arrow.id, arrow.source], routes.top[arrow.id, arrow.target]
    y1, y2 = (_level_at(routes, rows, arrow, one) for one in (arrow.source, arrow.target))
    top1, top2 = (rows[routes.places[one].band].box_top for one in (arrow.source, arrow.target))
    if arrow.id not in channels:
        return [(x1, top1), (x1, y1), (x2, y1), (x2, top2)]
    x = channels[arrow.id][1]
    return [(x1, top1), (x1, y1), (x, y1), (x, y2), (x2, y2), (x2, top2)]


def _outlet_points(row: _Row, port: float, arrow: Arrow) -> list[Point]:
    """Down to the stub, straight or by a level."""
    box, enter = row.outlets[arrow.id]
    bottom = row.box_top + row.box_height
    if enter == port:
        return [(port, bottom), (port, box.rect.y)]
    y = row.frame_bottom + 5 + TRACK * row.outlet_levels[arrow.id]
    return [(port, bottom), (port, y), (enter, y), (enter, box.rect.y)]


def _feed_points(routes: Routes, row: _Row, arrow: Arrow) -> list[Point]:
    """From the stub to the first box, or by a level to one further on."""
    box = row.feeds[arrow.id].rect
    start = (box.right, round((box.y + box.height / 2 - 1) / 4) * 4 + 1.0)
    tracks = feed_tracks(routes, row.band)
    if is_high(routes, arrow):
        x, y = routes.top[arrow.id, arrow.target], row.level_y[row.level[arrow.id]]
        return [start, (tracks[arrow.id], start[1]), (tracks[arrow.id], y), (x, y), (x, row.box_top)]
    port = _feed_port(routes, row, arrow)
    if row.box_top + PAD <= start[1] <= row.box_top + row.box_height - PAD and len(row.band.feeds) == 1:
        return [start, (routes.across.first, start[1])]
    low = [one for one in row.band.feeds if not is_high(routes, one)]
    free = sorted(tracks[one.id] for one in low)
    x = _nested(low, {one.id: _goes_down(routes, row, one) for one in low}, free)[arrow.id]
    return [start, (x, start[1]), (x, port), (routes.across.first, port)]


def _feed_port(routes: Routes, row: _Row, arrow: Arrow) -> float:
    """y at which a feed comes into the first box."""
    low = [one.id for one in row.band.feeds if not is_high(routes, one)]
    y = row.box_top + row.box_height * (low.index(arrow.id) + 1) / (len(low) + 1)
    return round((y - 3) / 4) * 4 + 3.0


def _goes_down(routes: Routes, row: _Row, arrow: Arrow) -> bool:
    """Whether a feed's stub stands higher than its end."""
    box = row.feeds[arrow.id].rect
    return box.y + box.height / 2 < _feed_port(routes, row, arrow)


def _nested(feeds: Sequence[Arrow], down: Mapping[str, bool], tracks: Sequence[float]) -> dict[str, float]:
    """Track of each feed, so that lines coming from above and those from below lie inside each other."""
    above = [one.id for one in feeds if down[one.id]]
    below = [one.id for one in feeds if not down[one.id]]
    order = [*reversed(above), *below]
    return dict(zip(order, tracks, strict=False))
