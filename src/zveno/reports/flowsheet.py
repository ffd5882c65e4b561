"""The flowsheet of a chain with a component's flows, drawn from the description alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from zveno.model.chain import ChainModel
from zveno.reports import svg
from zveno.reports.document import digits_for, half_width
from zveno.reports.layering import Arrow, Node
from zveno.reports.layout import FONT_PX, LINE_PX, Box, Label, Layout, Wire, lay_out
from zveno.reports.streams import CLOSING, OPENING, BalanceStream, balance_streams
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
    columns: int = 4,
) -> str:
    """The chain's sections with the flows between them, as SVG text.

    Parameters
    ----------
    flows
        Table ``flows`` of one period; None draws the structure alone.
    component
        Whose mass stands at the arrows, with half its 95 % interval.
    columns
        Most columns of boxes before a plant's row goes on below.
    """
    layout = flowsheet_layout(model, flows, component=component, lang=lang, text=text, columns=columns)
    title = text("Flowsheet with {component}, t", component=component) if flows is not None else text("Flowsheet")
    return draw(layout, title=title, desc=_in_words(layout, text))


def flowsheet_layout(
    model: ChainModel,
    flows: pl.DataFrame | None,
    *,
    component: str = "Cu",
    lang: str,
    text: Catalogue,
    columns: int = 4,
) -> Layout:
    """Geometry of the same picture."""
    table = _component_flows(flows, component)
    most = max((mass for mass, _ in table.values() if mass), default=0.0)
    arrows, ends = [], {}
    for k, one in enumerate(balance_streams(model)):
        lane = _lane(model, one)
        source, target = _end(model, one.source, lane, "in"), _end(model, one.target, lane, "out")
        ends.update({source: one.source, target: one.target})
        mass = table.get(one.id, (None, None))[0]
        value = "" if flows is None else _mass_words(table.get(one.id), text)
        arrows.append(
            Arrow(f"{one.id}#{k}", source, target, model.title(one.id, lang), value, (mass or 0) / (most or 1))
        )
    nodes = _nodes(model, ends, table if flows is not None else None, lang=lang, text=text)
    lanes = {plant.id: model.title(plant.id, lang) for plant in model.chain.plants}
    return lay_out(nodes, arrows, lanes, columns=columns)


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
                (model.title(stock.id, lang), "" if table is None else _stock_words(stock.id, table, text))
                for stock in model.chain.stocks
                if stock.section == section.id
            )
            nodes.append(Node(section.id, plant.id, model.title(section.id, lang), "section", stocks))
        for one in (end for end in outside if end.endswith("@out")):
            nodes.append(Node(one, plant.id, model.title(ends[one], lang), "boundary"))
    return nodes


def _component_flows(flows: pl.DataFrame | None, component: str) -> dict[str, tuple[float | None, float | None]]:
    """Mass and standard deviation of a component by stream."""
    if flows is None:
        return {}
    rows = flows.filter(pl.col("component") == component).iter_rows(named=True)
    return {row["stream"]: (row["mass_t"], row["mass_sd_t"]) for row in rows}


def _mass_words(found: tuple[float | None, float | None] | None, text: Catalogue) -> str:
    """A mass with its interval, or that it can't be known."""
    mass, sd = found or (None, None)
    if mass is None:
        return text("unobservable")
    half = half_width(sd)
    digits = digits_for(half, 0 if mass >= 100 else 1)
    value = text.number(mass, digits)
    shown = value if half is None else f"{value} ± {text.number(half, digits)}"
    return f"{shown} {text('t')}".replace(" ", "\u00a0")


def _stock_words(stock: str, table: Mapping[str, tuple[float | None, float | None]], text: Catalogue) -> str:
    """What lay in a stock at either end of the period; a stock that was not surveyed says so."""
    if stock + CLOSING not in table:
        return text("not surveyed")
    first = _mass_words(table[stock + OPENING], text) if stock + OPENING in table else text.number(0, 0)
    return f"{first} → {_mass_words(table[stock + CLOSING], text)}"


def _in_words(layout: Layout, text: Catalogue) -> str:
    """The picture told as a list of flows."""
    titles = {box.id: " ".join(box.lines) for box in layout.boxes}
    return "; ".join(
        text(
            "{stream} from {source} to {target}: {value}",
            stream=one.arrow.title,
            source=titles[one.arrow.source],
            target=titles[one.arrow.target],
            value=one.arrow.value or "–",
        )
        for one in layout.wires
    )


# ---- drawing -------------------------------------------------------------------------------------------


def draw(layout: Layout, *, title: str, desc: str) -> str:
    """Draw a layout: lanes, then lines, then boxes, then words."""
    lanes = "".join(
        svg.element("rect", x=r.x, y=r.y, width=r.width, height=r.height, rx=10, fill=svg.PANEL, stroke=svg.LINE)
        for _, r in layout.lanes
    )
    wires = "".join(_wire(one) for one in layout.wires)
    boxes = "".join(_box(one) for one in layout.boxes)
    labels = "".join(_label(one) for one in layout.labels)
    return svg.picture(lanes + wires + boxes + labels, layout.width, layout.height, title=title, desc=desc)


def _wire(wire: Wire) -> str:
    """A line with round corners and its arrowhead."""
    (x, y) = wire.points[-1]
    width = 1.4 + 3.2 * wire.arrow.share
    points = [*wire.points[:-1], (x - _ARROW, y)]
    dash: dict[str, str | float] = {"stroke_dasharray": "6 4"} if wire.recycle else {}
    path = svg.element(
        "path",
        "",
        d=_rounded(points),
        fill="none",
        stroke=svg.ACCENT,
        stroke_width=width,
        stroke_linejoin="round",
        **dash,
    )
    half = _ARROW * 0.62
    tip = f"M{svg.number(x)} {svg.number(y)}l{-_ARROW - 1} {-half:.1f}v{2 * half:.1f}z"
    return path + svg.element("path", d=tip, fill=svg.ACCENT)


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


def _box(box: Box) -> str:
    """A box with its text in the middle, or at the top where stocks stand below it."""
    r = box.rect
    frame = svg.element("rect", "", x=r.x, y=r.y, width=r.width, height=r.height, **_BOX_STYLE[box.kind])
    first = box.text_top + FONT_PX * 0.95
    words = svg.label(
        box.lines,
        r.x + r.width / 2,
        first,
        LINE_PX,
        text_anchor="middle",
        font_weight="600" if box.kind == "section" else "400",
    )
    return frame + words


_LABEL_STYLE: dict[str, dict[str, str | float]] = {
    "title": {"fill": svg.SOFT, "text_anchor": "middle"},
    "value": {"fill": svg.INK, "text_anchor": "middle", "font_weight": "500"},
    "lane": {"fill": svg.ACCENT, "font_weight": "600"},
}


def _label(label: Label) -> str:
    """Words in their rectangle."""
    r, style = label.rect, _LABEL_STYLE[label.role]
    x = r.x if label.role == "lane" else r.x + r.width / 2
    return svg.label(label.lines, x, r.y + FONT_PX * 0.95, LINE_PX, **style)
