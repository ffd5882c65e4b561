"""One band of a flowsheet with lanes: the heights of what is above, in and below its boxes, and its words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from zveno.reports.layering import Arrow, Node
from zveno.reports.layout import Box, Label, LabelRole, Rect
from zveno.reports.lettering import text_width, wrap
from zveno.reports.routing import (
    BOX_WIDTH,
    GAP,
    GUTTER,
    MARGIN,
    PAD,
    STRIP,
    STUB_WIDTH,
    TRACK,
    Band,
    Routes,
    Span,
    levels,
    rooms,
)

FONT_PX, LINE_PX = 13.0, 15.0
CLEAR = 3.0
_DROP = 11.0


def snap(y: float) -> float:
    """The next multiple of 4."""
    return -(-y // 4) * 4


# ---- words ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Words:
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


def _words(arrow: Arrow, room: float) -> Words:
    """Words of an arrow for a room."""
    title, value = text_width(arrow.title, FONT_PX), text_width(arrow.value, FONT_PX)
    if arrow.value and title + 6 + value <= room:
        return Words((arrow.title,), (arrow.value,), title + 6)
    return Words(wrap(arrow.title, FONT_PX, room), wrap(arrow.value, FONT_PX, room))


@dataclass
class Sheet:
    """What all rows share."""

    routes: Routes
    stubs: Mapping[str, str]
    rows: list[Row] = field(default_factory=list)

    def teller(self, name: str) -> int:
        """Band above which a far line has its words: that of its end, or of its start where only there they fit."""
        arrow = self.routes.arrows[name]
        ends = [self.routes.places[one].band for one in (arrow.target, arrow.source)]
        heights = [self.rows[band].room(self.rows[band].span_of[name])[0].height for band in ends]
        return ends[heights.index(min(heights))]


# ---- a row: one band with everything above and below ----------------------------------------------------


@dataclass
class Row:
    """A band of boxes from the title of its frame down to its stubs; ``top`` is a multiple of 4."""

    sheet: Sheet
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
        end = self.sheet.routes.across.first + max(text_width(one, FONT_PX, bold=True) for one in self.title) + GAP
        top = max(self.level.values(), default=-1)
        high = [one for one in self.band.spans if self.level[one.arrow] == top]
        is_beside = len(self.title) == 1 and high and all(one.low > end for one in high)
        return 0.0 if is_beside else LINE_PX * len(self.title) + CLEAR

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
    def told(self) -> dict[str, tuple[Words, float]]:
        """Words of the far lines that are told above this band, and the middle of their room."""
        return {
            span.arrow: self.room(span)
            for span in self.band.spans
            if self.sheet.routes.ways[span.arrow] == "far" and self.sheet.teller(span.arrow) == self.index
        }

    def room(self, span: Span) -> tuple[Words, float]:
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
        wished = end + (half + GAP if abs(low - end) <= abs(high - end) else -half - GAP)
        return words, min(max(wished, low + half), high - half)

    @cached_property
    def level_y(self) -> dict[int, float]:
        """y of the lines of each level."""
        heights: dict[int, float] = defaultdict(float)
        for name, level in self.level.items():
            heights[level] = max(heights[level], self.told[name][0].height if name in self.told else 0.0)
        y = self.top + snap(self.title_height)
        found: dict[int, float] = {}
        for level in sorted(heights, reverse=True):
            least = LINE_PX if self.title and not found and not self.title_height else 0.0
            y += snap(max(heights[level], least) + 2 * CLEAR)
            found[level] = y - 2
        return found

    # ---- boxes and what stands left of them

    @property
    def box_top(self) -> float:
        """Top of the boxes."""
        return snap(max(self.level_y.values(), default=self._below_title) + _DROP)

    @property
    def _below_title(self) -> float:
        return self.top + self.title_height - (_DROP - PAD)

    @cached_property
    def slots(self) -> dict[str, tuple[Words, float]]:
        """Words of the straight lines and the depth of each line below the top of the boxes."""
        found = {}
        for arrows in self.band.direct.values():
            parts = [(one, _words_apart(one)) for one in arrows]
            y = (self.box_height - sum(_slot_height(words) for _, words in parts)) / 2
            for one, words in parts:
                found[one.id] = words, y + CLEAR + LINE_PX * len(words.title) + CLEAR
                y += _slot_height(words)
        return found

    @cached_property
    def box_height(self) -> float:
        """Height of the boxes: for their words, the words between them, and the ends of feeds."""
        faces = [_face_height(one) for one in self.band.nodes]
        gutters = [sum(_slot_height(_words_apart(one)) for one in arrows) for arrows in self.band.direct.values()]
        return snap(max([*faces, *gutters, 12.0 * (len(self.band.feeds) + 1), 36.0]))

    @property
    def frame_bottom(self) -> float:
        """Bottom of the frame."""
        return self.box_top + self.box_height + PAD

    @cached_property
    def feeds(self) -> dict[str, Box]:
        """Stubs of feeds, one above the other, level with the boxes as far as they can."""
        faces = [(one, self._stub_lines(one, one.source, STUB_WIDTH)) for one in self.band.feeds]
        heights = [snap(LINE_PX * sum(map(len, lines)) + 2 * CLEAR) for _, lines in faces]
        whole = sum(heights) + CLEAR * 2 * max(len(heights) - 1, 0)
        middle = self.box_top + self.box_height / 2
        y = snap(max(self.top, middle - whole / 2))
        found = {}
        for (one, lines), height in zip(faces, heights, strict=True):
            rect = Rect(MARGIN + STRIP, y, STUB_WIDTH, height)
            found[one.id] = _stub(one, one.source, rect, lines)
            y += height + 2 * CLEAR
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
            rect = Rect(x, self.outlet_top, width, LINE_PX * sum(map(len, lines)) + 2 * CLEAR)
            straight = x + PAD <= ports[one.id] <= x + width - PAD
            enter = ports[one.id] if straight else round((x + width / 2 - 3) / 4) * 4 + 3
            found[one.id] = _stub(one, one.target, rect, lines), enter
        return found

    def _outlet_slots(self) -> list[tuple[float, float]]:
        """Left edge and width of each stub: below its port as far as its neighbours leave room."""
        across, ports = self.sheet.routes.across, self.sheet.routes.bottom
        count = len(self.band.outlets)
        left, right = across.frame_left, across.room_right
        width = min(STUB_WIDTH, (right - left + GAP) / max(count, 1) - GAP)
        xs: list[float] = []
        for one in self.band.outlets:
            xs.append(max(ports[one.id] - width / 2, xs[-1] + width + GAP if xs else left))
        for k in reversed(range(count)):
            xs[k] = min(xs[k], xs[k + 1] - width - GAP if k + 1 < count else right - width)
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
        across = self.sheet.routes.across
        found: list[Label] = []
        if self.title:
            wide = max(text_width(one, FONT_PX, bold=True) for one in self.title)
            place = Rect(across.first, self.top + 3, wide, LINE_PX * len(self.title))
            found.append(Label(self.band.frame.id, "frame", place, self.title, anchor="start"))
        for column, arrows in self.band.direct.items():
            x = across.left(column) + BOX_WIDTH + CLEAR
            for one in arrows:
                words, depth = self.slots[one.id]
                y = self.box_top + depth
                top = y - CLEAR - LINE_PX * len(words.title)
                found += _block(one.id, "title", words.title, x, top, GUTTER - 2 * CLEAR)
                found += _block(one.id, "value", words.value, x, y + CLEAR, GUTTER - 2 * CLEAR)
        for name, (words, middle) in self.told.items():
            y = self.level_y[self.level[name]] - CLEAR - words.height
            found += words.labels(name, middle - words.width / 2, y)
        return found


def _words_apart(arrow: Arrow) -> Words:
    """Words of a straight line: its title above, its value below."""
    room = GUTTER - 2 * CLEAR
    return Words(wrap(arrow.title, FONT_PX, room), wrap(arrow.value, FONT_PX, room))


def _slot_height(words: Words) -> float:
    """Height of a straight line with its words."""
    return words.height + 4 * CLEAR


def _face(node: Node) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Title and stocks of a section, wrapped."""
    room = BOX_WIDTH - 2 * CLEAR
    stocks = [
        line for title, value in node.stocks for line in (*wrap(title, FONT_PX, room), *wrap(value, FONT_PX, room))
    ]
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
    return Box(f"{node} {arrow.id}", "boundary", rect, (*title, *rest), rect.y + CLEAR, strong=len(title))
