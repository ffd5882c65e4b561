"""A flowsheet with a lane for each site, plants framed in it: heights and coordinates of what is routed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zveno.reports.layering import Arrow
from zveno.reports.layout import Label, Layout, Rect, Wire
from zveno.reports.lettering import text_width
from zveno.reports.routing import (
    BOX_WIDTH,
    GUTTER,
    MARGIN,
    PAD,
    TRACK,
    Frame,
    Routes,
    Span,
    feed_tracks,
    is_high,
    levels,
    route,
)
from zveno.reports.rows import CLEAR, FONT_PX, LINE_PX, Row, Sheet, snap

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
    sheet = Sheet(routes, stubs)
    rows = sheet.rows
    rows += [
        Row(sheet, band, k, titled=k == 0 or routes.bands[k - 1].frame is not band.frame)
        for k, band in enumerate(routes.bands)
    ]
    y, lane_rects = 2 * CLEAR, {}
    for k, (band, row) in enumerate(zip(routes.bands, rows, strict=True)):
        lane = band.frame.lane
        if lane not in lane_rects:
            lane_rects[lane] = (y, y)
            y += CLEAR
        row.top = y
        y = row.bottom + PAD
        least = lane_rects[lane][0] + text_width(lanes.get(lane, ""), FONT_PX, bold=True) + 2 * PAD
        last = k + 1 == len(routes.bands) or routes.bands[k + 1].frame.lane != lane
        lane_rects[lane] = (lane_rects[lane][0], max(y, least))
        y = snap(max(y, least) + MARGIN) if last else snap(y)
    channels = _channels(routes, rows)
    right = routes.across.room_right + PAD + TRACK * (max((n for n, _ in channels.values()), default=-1) + 1)
    width = right + PAD + MARGIN
    bands = {lane: Rect(MARGIN, top, width - 2 * MARGIN, low - top) for lane, (top, low) in lane_rects.items()}
    wires = tuple(_wire(routes, rows, channels, one, back) for one in arrows)
    labels = [label for row in rows for label in row.labels]
    labels += [_lane_label(lane, rect, lanes.get(lane, "")) for lane, rect in bands.items() if lanes.get(lane)]
    boxes = tuple(box for row in rows for box in row.boxes)
    return Layout(width, y, tuple(bands.items()), boxes, wires, tuple(labels), _frames(routes, rows), LINE_PX, FONT_PX)


def _lane_label(lane: str, rect: Rect, title: str) -> Label:
    """Title of a lane, turned, at its left edge."""
    long = text_width(title, FONT_PX, bold=True)
    middle = rect.y + rect.height / 2
    return Label(lane, "lane", Rect(rect.x + 3, middle - long / 2, LINE_PX, long), (title,), turned=True)


def _frames(routes: Routes, rows: Sequence[Row]) -> tuple[tuple[str, Rect], ...]:
    """The frame of each plant round its bands."""
    left, wide = routes.across.frame_left, routes.across.room_right - routes.across.frame_left
    found: dict[str, Rect] = {}
    for band, row in zip(routes.bands, rows, strict=True):
        top = found[band.frame.id].y if band.frame.id in found else row.top
        found[band.frame.id] = Rect(left, top, wide, row.frame_bottom - top)
    return tuple(found.items())


# ---- lines ---------------------------------------------------------------------------------------------


def _channels(routes: Routes, rows: Sequence[Row]) -> dict[str, tuple[int, float]]:
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


def _level_at(routes: Routes, rows: Sequence[Row], arrow: Arrow, node: str) -> float:
    """y of a far line above one of its boxes."""
    row = rows[routes.places[node].band]
    return row.level_y[row.level[arrow.id]]


def _wire(
    routes: Routes, rows: Sequence[Row], channels: Mapping[str, tuple[int, float]], arrow: Arrow, back: set[str]
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
    ends = {
        "feed": (f"{arrow.source} {arrow.id}", arrow.target),
        "outlet": (arrow.source, f"{arrow.target} {arrow.id}"),
    }
    source, target = ends.get(way, (arrow.source, arrow.target))
    return Wire(arrow, tuple(points), arrow.id in back, source, target)


def _far_points(
    routes: Routes, rows: Sequence[Row], channels: Mapping[str, tuple[int, float]], arrow: Arrow
) -> list[Point]:
    """Up, along, perhaps down a channel, along, down."""
    x1, x2 = routes.top[arrow.id, arrow.source], routes.top[arrow.id, arrow.target]
    y1, y2 = (_level_at(routes, rows, arrow, one) for one in (arrow.source, arrow.target))
    top1, top2 = (rows[routes.places[one].band].box_top for one in (arrow.source, arrow.target))
    if arrow.id not in channels:
        return [(x1, top1), (x1, y1), (x2, y1), (x2, top2)]
    x = channels[arrow.id][1]
    return [(x1, top1), (x1, y1), (x, y1), (x, y2), (x2, y2), (x2, top2)]


def _outlet_points(row: Row, port: float, arrow: Arrow) -> list[Point]:
    """Down to the stub, straight or by a level."""
    box, enter = row.outlets[arrow.id]
    bottom = row.box_top + row.box_height
    if enter == port:
        return [(port, bottom), (port, box.rect.y)]
    y = row.frame_bottom + 5 + TRACK * row.outlet_levels[arrow.id]
    return [(port, bottom), (port, y), (enter, y), (enter, box.rect.y)]


def _feed_points(routes: Routes, row: Row, arrow: Arrow) -> list[Point]:
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


def _feed_port(routes: Routes, row: Row, arrow: Arrow) -> float:
    """y at which a feed comes into the first box."""
    low = [one.id for one in row.band.feeds if not is_high(routes, one)]
    y = row.box_top + row.box_height * (low.index(arrow.id) + 1) / (len(low) + 1)
    return round((y - 3) / 4) * 4 + 3.0


def _goes_down(routes: Routes, row: Row, arrow: Arrow) -> bool:
    """Whether a feed's stub stands higher than its end."""
    box = row.feeds[arrow.id].rect
    return box.y + box.height / 2 < _feed_port(routes, row, arrow)


def _nested(feeds: Sequence[Arrow], down: Mapping[str, bool], tracks: Sequence[float]) -> dict[str, float]:
    """Track of each feed, so that lines coming from above and those from below lie inside each other."""
    above = [one.id for one in feeds if down[one.id]]
    below = [one.id for one in feeds if not down[one.id]]
    order = [*reversed(above), *below]
    return dict(zip(order, tracks, strict=False))
