"""Flowsheets with lanes: no line through a box, no word over another, whatever stands in them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.reports.test_layout import TITLES, assert_clear, assert_lines_stay_apart

from zveno.reports.lanes import lay_out_lanes
from zveno.reports.layering import Arrow, Node
from zveno.reports.layout import Layout, Rect
from zveno.reports.routing import Frame, Span, levels


def assert_framed(layout: Layout) -> None:
    """Frames hold sections; no words stand on the edge of a frame; lanes hold frames and do not overlap."""
    for box in layout.boxes:
        inside = [rect for _, rect in layout.frames if holds(rect, box.rect)]
        assert len(inside) == 1 or box.kind != "section", box.id
    for _, rect in layout.frames:
        edges = (
            Rect(rect.x, rect.y, rect.width, 0.1), Rect(rect.x, rect.bottom, rect.width, 0.1),
            Rect(rect.x, rect.y, 0.1, rect.height), Rect(rect.right, rect.y, 0.1, rect.height),
        )  # fmt: skip
        for label in layout.labels:
            assert not any(label.rect.overlaps(edge) for edge in edges), label
        assert any(holds(lane, rect) for _, lane in layout.lanes)
    for k, (_, upper) in enumerate(layout.lanes):
        assert all(not upper.overlaps(lower) for _, lower in layout.lanes[k + 1 :])


def holds(outer: Rect, inner: Rect) -> bool:
    return outer.x <= inner.x and outer.y <= inner.y and inner.right <= outer.right and inner.bottom <= outer.bottom


@st.composite
def sheets(draw):
    """1-4 plants of 1-9 sections in 1-3 lanes with feeds, outlets, recycles and parallel flows."""
    frames, sections = [], []
    lane = 0
    for k in range(draw(st.integers(1, 4))):
        lane += draw(st.integers(0, 1)) if k else 0
        ids = [f"p{k}s{n}" for n in range(draw(st.integers(1, 9)))]
        stocks = st.lists(st.tuples(TITLES, TITLES), max_size=1).map(tuple)
        nodes = tuple(Node(one, f"l{lane}", draw(TITLES), "section", draw(stocks)) for one in ids)
        frames.append(Frame(f"p{k}", f"l{lane}", draw(TITLES), nodes))
        sections += ids
    arrows, stubs = [], {}
    for k in range(draw(st.integers(1, 24))):
        source, target = draw(st.sampled_from(sections)), draw(st.sampled_from(sections))
        kind = "feed" if source == target else draw(st.sampled_from(["inside", "inside", "feed", "outlet"]))
        outside = f"o{draw(st.integers(0, 3))}"
        if kind != "inside":
            stubs[outside] = "Рынок" if k % 2 else draw(TITLES)
        source, target = {"inside": (source, target), "feed": (outside, target), "outlet": (source, outside)}[kind]
        arrows.append(Arrow(f"a{k}", source, target, draw(TITLES), draw(st.sampled_from(["", "1 234 ± 5 т"])), k / 24))
    return frames, arrows, stubs, {f"l{n}": draw(TITLES) for n in range(4)}


@settings(max_examples=150, deadline=None)
@given(sheets(), st.integers(1, 6))
def test_random_sheets_are_clear(sheet, columns):
    frames, arrows, stubs, lanes = sheet
    layout = lay_out_lanes(frames, arrows, stubs=stubs, lanes=lanes, back=set(), columns=columns)
    assert {wire.arrow.id for wire in layout.wires} == {one.id for one in arrows}
    assert_clear(layout)
    assert_lines_stay_apart(layout)
    assert_framed(layout)


@settings(max_examples=60, deadline=None)
@given(sheets())
def test_lines_begin_and_end_on_the_edges_of_their_boxes(sheet):
    frames, arrows, stubs, lanes = sheet
    layout = lay_out_lanes(frames, arrows, stubs=stubs, lanes=lanes, back=set())
    boxes = {box.id: box.rect for box in layout.boxes}
    for wire in layout.wires:
        for name, (x, y) in ((wire.source, wire.points[0]), (wire.target, wire.points[-1])):
            rect = boxes[name]
            upright, level = rect.y < y < rect.bottom, rect.x < x < rect.right
            assert (x in (rect.x, rect.right) and upright) or (y in (rect.y, rect.bottom) and level), (wire, rect)


@settings(max_examples=60, deadline=None)
@given(sheets())
def test_every_flow_is_named_once(sheet):
    frames, arrows, stubs, lanes = sheet
    layout = lay_out_lanes(frames, arrows, stubs=stubs, lanes=lanes, back=set())
    for one in arrows:
        labels = [label for label in layout.labels if label.owner == one.id and label.role == "title"]
        ends = [box for box in layout.boxes if box.kind == "boundary" and box.id.endswith(f" {one.id}")]
        assert len(labels) + len(ends) == 1, one


def test_levels_that_overlap_lie_one_above_the_other():
    found = levels([Span("long", 0, 100, ()), Span("left", 0, 40, ()), Span("right", 60, 100, ())])
    assert found == {"left": 0, "right": 0, "long": 1}


def test_a_straight_process_needs_no_bends():
    nodes = tuple(Node(f"s{k}", "lane", f"Section {k}") for k in range(4))
    arrows = [Arrow(f"a{k}", f"s{k}", f"s{k + 1}", "flow", "1 t") for k in range(3)]
    layout = lay_out_lanes([Frame("p", "lane", "Plant", nodes)], arrows, stubs={}, lanes={}, back=set())
    assert [len(wire.points) for wire in layout.wires] == [2, 2, 2]
