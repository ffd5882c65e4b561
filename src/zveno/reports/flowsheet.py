"""The flowsheet of a chain with a component's flows, drawn from the description alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import polars as pl

from zveno.model.chain import ChainModel
from zveno.reports import svg
from zveno.reports.layering import Arrow, Node
from zveno.reports.layout import Box, Label, Layout, Wire, lay_out
from zveno.reports.sheet import mass_words, sheet_layout, stock_words
from zveno.reports.shown import component_flows
from zveno.reports.streams import BalanceStream, balance_streams
from zveno.text.catalogue import Catalogue

_CORNER = 7.0
_ARROW = 7.0


def flowsheet_svg(
    model: ChainModel,
    flows: pl.DataFrame | None,
    *,
    component: str = "Cu",
    lang: str,
    text: Catalogue,
    plant: str = "",
) -> str:
    """The chain's sections with the flows between them, as SVG text.

    Parameters
    ----------
    flows
        Table ``flows`` of one period; None draws the structure alone.
    component
        Whose mass stands at the arrows, with half its 95 % interval.
    plant
        Draw this plant alone, its neighbours as stubs; empty: the whole chain.
    """
    layout = flowsheet_layout(model, flows, component=component, lang=lang, text=text, plant=plant)
    title = text("Flowsheet with {component}, t", component=component) if flows is not None else text("Flowsheet")
    return draw(layout, title=title, desc=_in_words(model, layout, text))


def flowsheet_layout(
    model: ChainModel,
    flows: pl.DataFrame | None,
    *,
    component: str = "Cu",
    lang: str,
    text: Catalogue,
    plant: str = "",
) -> Layout:
    """Geometry of the same picture: several plants stand in the lanes of their sites."""
    if plant or len(model.chain.plants) > 1:
        columns = 5 if plant else 6
        return sheet_layout(model, flows, component=component, lang=lang, text=text, plant=plant, columns=columns)
    return _plant_layout(model, flows, component=component, lang=lang, text=text)


def _plant_layout(
    model: ChainModel, flows: pl.DataFrame | None, *, component: str, lang: str, text: Catalogue
) -> Layout:
    """The only plant of a chain with every stream of its balance."""
    table = component_flows(flows, component)
    most = max((mass for mass, _ in table.values() if mass), default=0.0)
    arrows, ends = [], {}
    for k, one in enumerate(balance_streams(model)):
        lane = _lane(model, one)
        source, target = _end(model, one.source, lane, "in"), _end(model, one.target, lane, "out")
        ends.update({source: one.source, target: one.target})
        mass = table.get(one.id, (None, None))[0]
        value = "" if flows is None else mass_words(table.get(one.id), text)
        arrows.append(
            Arrow(f"{one.id}#{k}", source, target, model.title(one.id, lang), value, (mass or 0) / (most or 1))
        )
    nodes = _nodes(model, ends, table if flows is not None else None, lang=lang, text=text)
    lanes = {plant.id: model.title(plant.id, lang) for plant in model.chain.plants}
    return lay_out(nodes, arrows, lanes)


def _lane(model: ChainModel, stream: BalanceStream) -> str:
    """Plant in whose lane a stream's boundary end is drawn."""
    return model.plant_of(stream.source) or model.plant_of(stream.target) or model.chain.plants[0].id


def _end(model: ChainModel, place: str, lane: str, side: str) -> str:
    """Node id of a place: a boundary is drawn once a lane and side, so it ties no lanes together."""
    return f"{place}@{lane}@{side}" if place in model.boundaries else place


def _nodes(
    model: ChainModel,
    ends: Mapping[str, str],
    table: Mapping[str, tuple[float | None, float | None]] | None,
    *,
    lang: str,
    text: Catalogue,
) -> list[Node]:
    """Nodes in the order of the process: a plant's feeds, its sections, its outlets."""
    nodes: list[Node] = []
    for plant in model.chain.plants:
        outside = [one for one in ends if one.split("@")[1:2] == [plant.id]]
        for one in (end for end in outside if end.endswith("@in")):
            nodes.append(Node(one, plant.id, model.title(ends[one], lang), "boundary"))
        for section in plant.sections:
            stocks = tuple(
                (model.title(stock.id, lang), "" if table is None else stock_words(stock.id, table, text))
                for stock in model.chain.stocks
                if stock.section == section.id
            )
            nodes.append(Node(section.id, plant.id, model.title(section.id, lang), "section", stocks))
        for one in (end for end in outside if end.endswith("@out")):
            nodes.append(Node(one, plant.id, model.title(ends[one], lang), "boundary"))
    return nodes


def _in_words(model: ChainModel, layout: Layout, text: Catalogue) -> str:
    """The picture told as a list of flows between places with their whole names."""
    titles = {box.id: _whole_name(model, box, text.lang) for box in layout.boxes}
    return "; ".join(
        text(
            "{stream} from {source} to {target}: {value}",
            stream=one.arrow.title,
            source=titles[one.source or one.arrow.source],
            target=titles[one.target or one.arrow.target],
            value=one.arrow.value or "–",
        )
        for one in layout.wires
    )


def _whole_name(model: ChainModel, box: Box, lang: str) -> str:
    """Name of a place; a section that is not drawn goes by its plant."""
    place = re.split("[ @]", box.id)[0]
    return model.title((box.kind == "boundary" and model.plant_of(place)) or place, lang)


# ---- drawing -------------------------------------------------------------------------------------------


def draw(layout: Layout, *, title: str, desc: str) -> str:
    """Draw a layout: lanes, frames, then lines, then boxes, then words."""
    lanes = "".join(
        svg.element("rect", x=r.x, y=r.y, width=r.width, height=r.height, rx=10, fill=svg.PANEL, stroke=svg.LINE)
        for _, r in layout.lanes
    )
    frames = "".join(
        svg.element("rect", x=r.x, y=r.y, width=r.width, height=r.height, rx=8, fill="none", stroke=svg.SOFT)
        for _, r in layout.frames
    )
    wires = "".join(_wire(one) for one in layout.wires)
    boxes = "".join(_box(one, layout) for one in layout.boxes)
    labels = "".join(_label(one, layout) for one in layout.labels)
    inner = lanes + frames + wires + boxes + labels
    size = layout.font_px
    if layout.frames:
        inner = _ON_PAPER + inner
        return svg.picture(inner, layout.width, layout.height, title=title, desc=desc, size=size, class_="sheet")
    return svg.picture(inner, layout.width, layout.height, title=title, desc=desc, size=size)


_ON_PAPER = "<style>@media print{svg.sheet{max-height:168mm}}</style>"
"""A sheet of A4 across holds the whole picture."""


def _wire(wire: Wire) -> str:
    """A line with round corners and its arrowhead; one that runs back is dashed."""
    tip, (dx, dy) = wire.points[-1], _heading(wire.points)
    width = 1.4 + 3.2 * wire.arrow.share
    dash: dict[str, str | float] = {"stroke_dasharray": "6 4"} if wire.recycle else {}
    line: dict[str, str | float] = {
        "d": _rounded([*wire.points[:-1], (tip[0] - _ARROW * dx, tip[1] - _ARROW * dy)]),
        "fill": "none",
        "stroke_linejoin": "round",
    }
    path = svg.element("path", "", **line, stroke=svg.ACCENT, stroke_width=width, **dash)
    half, long = max(_ARROW * 0.62, width), _ARROW + 1
    left = (tip[0] - long * dx - half * dy, tip[1] - long * dy - half * dx)
    right = (tip[0] - long * dx + half * dy, tip[1] - long * dy + half * dx)
    return path + svg.element("path", d=f"M{_at(tip)}L{_at(left)}L{_at(right)}z", fill=svg.ACCENT)


def _heading(points: Sequence[tuple[float, float]]) -> tuple[int, int]:
    """Direction in which a line comes in: one step right, left, down or up."""
    (x1, y1), (x2, y2) = points[-2:]
    return (x2 > x1) - (x2 < x1), (y2 > y1) - (y2 < y1)


def _rounded(points: Sequence[tuple[float, float]]) -> str:
    """Path through corner points, each corner cut by a curve."""
    parts = [f"M{svg.number(points[0][0])} {svg.number(points[0][1])}"]
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        near, far = _toward(here, before), _toward(here, after)
        parts.append(f"L{_at(near)}Q{_at(here)} {_at(far)}")
    return "".join([*parts, f"L{_at(points[-1])}"])


def _toward(corner: tuple[float, float], end: tuple[float, float]) -> tuple[float, float]:
    """Point at the corner radius, or half-way where the stretch is shorter."""
    length = abs(end[0] - corner[0]) + abs(end[1] - corner[1])
    share = min(_CORNER, length / 2) / length if length else 0.0
    return corner[0] + (end[0] - corner[0]) * share, corner[1] + (end[1] - corner[1]) * share


def _at(point: tuple[float, float]) -> str:
    """Coordinates of a point in a path."""
    return f"{svg.number(point[0])} {svg.number(point[1])}"


_BOX_STYLE: dict[str, dict[str, str | float]] = {
    "section": {"fill": svg.PAPER, "stroke": svg.INK, "stroke_width": 1.2, "rx": 6},
    "boundary": {"fill": svg.PANEL, "stroke": svg.SOFT, "stroke_dasharray": "3 3", "rx": 20},
    "stock": {"fill": svg.ACCENT_SOFT, "stroke": svg.ACCENT, "stroke_width": 0.8, "rx": 3},
}


def _box(box: Box, layout: Layout) -> str:
    """A box with its text in the middle, or at the top where stocks stand below it."""
    r = box.rect
    style = _BOX_STYLE[box.kind] | ({"rx": 10} if box.strong else {})
    frame = svg.element("rect", "", x=r.x, y=r.y, width=r.width, height=r.height, **style)
    strong = box.strong or (len(box.lines) if box.kind == "section" else 0)
    x, first = r.x + r.width / 2, box.text_top + layout.font_px * 0.95
    name, rest = box.lines[:strong], box.lines[strong:]
    words = svg.label(name, x, first, layout.leading, text_anchor="middle", font_weight="600") if name else ""
    if rest:
        words += svg.label(
            rest, x, first + layout.leading * strong, layout.leading, text_anchor="middle", font_weight="400"
        )
    return frame + words


_LABEL_STYLE: dict[str, dict[str, str | float]] = {
    "title": {"fill": svg.SOFT},
    "value": {"fill": svg.INK, "font_weight": "500"},
    "lane": {"fill": svg.ACCENT, "font_weight": "600"},
    "frame": {"fill": svg.INK, "font_weight": "600"},
}


def _label(label: Label, layout: Layout) -> str:
    """Words in their rectangle."""
    r, style = label.rect, _LABEL_STYLE[label.role]
    if label.anchor != "start":
        style = style | {"text_anchor": label.anchor}
    if label.turned:
        x, y = r.x + layout.font_px * 0.95, r.y + r.height / 2
        turn = f"rotate(-90 {svg.number(x)} {svg.number(y)})"
        return svg.label(label.lines, x, y, layout.leading, **style, transform=turn)
    x = {"start": r.x, "middle": r.x + r.width / 2, "end": r.right}[label.anchor]
    return svg.label(label.lines, x, r.y + layout.font_px * 0.95, layout.leading, **style)
