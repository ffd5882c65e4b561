"""Geometry of flowsheets: no line through a box, no label over a box, a line, another label or the edge."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zveno.reports.layering import Arrow, Node, recycles
from zveno.reports.layout import Layout, Rect, lay_out

LETTERS = "абвгқңәөұүһіЖШЩЮMWabc0 -"
TITLES = st.text(LETTERS, min_size=1, max_size=34).filter(str.strip)


def segments(layout: Layout):
    """Every straight stretch of every wire, as a thin rectangle."""
    for wire in layout.wires:
        for (x1, y1), (x2, y2) in zip(wire.points, wire.points[1:], strict=False):
            assert x1 == x2 or y1 == y2, "lines are upright or level"
            yield wire, Rect(min(x1, x2), min(y1, y2), max(abs(x2 - x1), 1e-6), max(abs(y2 - y1), 1e-6))


def assert_clear(layout: Layout) -> None:
    outer = [box for box in layout.boxes if not box.parent]
    for first, second in combinations(outer, 2):
        assert not first.rect.overlaps(second.rect), (first, second)
    for wire, piece in segments(layout):
        for box in outer:
            assert not piece.overlaps(box.rect), (wire, box.id)
    canvas = Rect(0, 0, layout.width, layout.height)
    for label in layout.labels:
        r = label.rect
        assert min(r.x, r.y, canvas.width - r.right, canvas.height - r.bottom) >= 0, label
        for box in outer:
            assert not r.overlaps(box.rect), (label, box.id)
        for wire, piece in segments(layout):
            assert not piece.overlaps(r), (label, wire.arrow.id)
    for first, second in combinations(layout.labels, 2):
        assert not first.rect.overlaps(second.rect), (first, second)


def assert_lines_stay_apart(layout: Layout) -> None:
    """Two lines may cross, but never run on top of each other."""
    pieces = list(segments(layout))
    for (first, a), (second, b) in combinations(pieces, 2):
        if first is second:
            continue
        along = min(a.right, b.right) - max(a.x, b.x), min(a.bottom, b.bottom) - max(a.y, b.y)
        assert not (along[0] >= 0 and along[1] >= 0 and max(along) > 1e-3), (first.arrow.id, second.arrow.id)


@st.composite
def flowsheets(draw):
    """3-12 sections in 1-3 lanes with feeds, outlets, recycles, parallel flows and stocks."""
    count = draw(st.integers(3, 12))
    lanes = sorted(draw(st.lists(st.integers(0, 2), min_size=count, max_size=count)))
    stocks = st.lists(st.tuples(TITLES, TITLES), max_size=2).map(tuple)
    nodes = [Node(f"s{k}", f"lane{lane}", draw(TITLES), "section", draw(stocks)) for k, lane in enumerate(lanes)]
    ends = st.integers(0, count - 1)
    pairs = draw(st.lists(st.tuples(ends, ends).filter(lambda one: one[0] != one[1]), min_size=2, max_size=20))
    arrows = [Arrow(f"a{k}", f"s{a}", f"s{b}", draw(TITLES), draw(TITLES), k / 20) for k, (a, b) in enumerate(pairs)]
    for k in range(draw(st.integers(0, 4))):
        section, outlet = draw(ends), draw(st.booleans())
        node = Node(f"b{k}", f"lane{lanes[section]}", draw(TITLES), "boundary")
        first, second = (f"s{section}", node.id) if outlet else (node.id, f"s{section}")
        arrows.append(Arrow(f"x{k}", first, second, draw(TITLES), draw(TITLES)))
        nodes.append(node)
    return nodes, arrows, {f"lane{lane}": draw(TITLES) for lane in range(3)}


@settings(max_examples=80, deadline=None)
@given(flowsheets(), st.integers(1, 6))
def test_random_flowsheets_are_clear(sheet, columns):
    nodes, arrows, lanes = sheet
    layout = lay_out(nodes, arrows, lanes, columns=columns)
    assert {wire.arrow.id for wire in layout.wires} == {one.id for one in arrows}
    assert_clear(layout)
    assert_lines_stay_apart(layout)


@settings(max_examples=30, deadline=None)
@given(flowsheets())
def test_wires_begin_and_end_at_their_boxes(sheet):
    nodes, arrows, lanes = sheet
    layout = lay_out(nodes, arrows, lanes)
    boxes = {box.id: box.rect for box in layout.boxes}
    for wire in layout.wires:
        (x1, y1), (x2, y2) = wire.points[0], wire.points[-1]
        source, target = boxes[wire.arrow.source], boxes[wire.arrow.target]
        assert (x1, x2) == (source.right, target.x)
        assert source.y < y1 < source.bottom
        assert target.y < y2 < target.bottom


@settings(max_examples=30, deadline=None)
@given(flowsheets())
def test_stocks_stand_inside_their_section_without_touching(sheet):
    layout = lay_out(*sheet)
    boxes = {box.id: box.rect for box in layout.boxes}
    inner = [box for box in layout.boxes if box.parent]
    for box in inner:
        outer = boxes[box.parent]
        assert outer.x < box.rect.x < box.rect.right < outer.right
        assert outer.y < box.rect.y < box.rect.bottom <= outer.bottom
    for first, second in combinations(inner, 2):
        assert not first.rect.overlaps(second.rect)


def line(count: int) -> tuple[list[Node], list[Arrow]]:
    nodes = [Node(f"s{k}", "lane", f"Section {k}") for k in range(count)]
    return nodes, [Arrow(f"a{k}", f"s{k}", f"s{k + 1}", "feed", "1 t") for k in range(count - 1)]


def test_a_chain_runs_straight_from_left_to_right():
    nodes, arrows = line(4)
    layout = lay_out(nodes, arrows, {"lane": "Plant"})
    assert [len(wire.points) for wire in layout.wires] == [2, 2, 2]
    tops = [box.rect.x for box in layout.boxes]
    assert tops == sorted(tops)


def test_a_long_chain_is_folded_like_text():
    nodes, arrows = line(8)
    layout = lay_out(nodes, arrows, {"lane": "Plant"}, columns=4)
    columns = [box.rect.x for box in layout.boxes]
    assert columns[:4] == columns[4:]
    assert layout.boxes[4].rect.y > layout.boxes[3].rect.bottom


@pytest.mark.parametrize(("source", "target", "back"), [("s3", "s1", {"r"}), ("s1", "s3", set())])
def test_only_flows_against_the_process_inside_a_loop_are_recycles(source, target, back):
    nodes, arrows = line(4)
    assert recycles(nodes, [*arrows, Arrow("r", source, target, "", "")]) == back


def test_a_flow_to_an_earlier_section_without_a_way_back_is_no_recycle():
    nodes, _ = line(3)
    assert recycles(nodes, [Arrow("a", "s2", "s0", "", "")]) == set()


def test_the_checker_sees_a_line_through_a_box():
    nodes, arrows = line(3)
    layout = lay_out(nodes, arrows, {"lane": "Plant"})
    wire = layout.wires[0]
    through = type(wire)(wire.arrow, ((0.0, wire.points[0][1]), (layout.width, wire.points[0][1])), recycle=False)
    with pytest.raises(AssertionError):
        assert_clear(type(layout)(layout.width, layout.height, layout.lanes, layout.boxes, (through,), layout.labels))
