"""Small charts: in bounds, in order, honest about what is missing."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zveno.reports.charts import Bar, DayPoint, Estimate, plan_fact_svg, recovery_by_day_svg, z_bars_svg
from zveno.text.catalogue import catalogue

EN = catalogue("en")
SVG = "{http://www.w3.org/2000/svg}"
SIZE = st.floats(0.001, 1e7)


def texts(svg: str) -> list[str]:
    return ["".join(node.itertext()) for node in ET.fromstring(svg).iter(f"{SVG}text")]


def assert_inside(svg: str) -> None:
    root = ET.fromstring(svg)
    _, _, width, height = (float(one) for one in root.get("viewBox").split())
    for rect in root.iter(f"{SVG}rect"):
        x, y, w, h = (float(rect.get(name)) for name in ("x", "y", "width", "height"))
        assert min(x, y, w, h) >= 0
        assert x + w <= width + 0.1
        assert y + h <= height + 0.1
    for circle in root.iter(f"{SVG}circle"):
        assert 0 <= float(circle.get("cy")) <= height


def days(*facts: float | None, plan: float = 10.0) -> list[DayPoint]:
    return [DayPoint(date(2026, 3, 1) + timedelta(k), plan, fact, plan * (k + 1), fact) for k, fact in enumerate(facts)]


def test_adjustments_are_ranked_and_labelled():
    svg = z_bars_svg([Bar("small", 0.5), Bar("large", -4.2), Bar("middle", 2.1)], EN)
    assert [one for one in texts(svg) if one in ("small", "large", "middle")] == ["large", "middle", "small"]
    assert "−4.20" in texts(svg)
    assert "Largest: large, z = −4.20." in svg
    assert_inside(svg)


@settings(deadline=None)
@given(st.lists(st.tuples(st.text("жш W", max_size=90), st.floats(-60, 60)), min_size=1, max_size=40))
def test_adjustments_stay_in_the_picture(rows):
    assert_inside(z_bars_svg([Bar(name, z) for name, z in rows], EN))


def test_a_day_without_reading_is_a_cross_and_no_bar():
    svg = plan_fact_svg(days(9.0, None, 11.0), title="Ore", uom="t", text=EN)
    assert texts(svg).count("×") == 1
    assert len(list(ET.fromstring(svg).iter(f"{SVG}rect"))) == 2


def test_days_that_met_the_plan_stand_out():
    svg = plan_fact_svg(days(9.0, 10.0), title="Ore", uom="t", text=EN)
    fills = [rect.get("fill") for rect in ET.fromstring(svg).iter(f"{SVG}rect")]
    assert ["accent" in one for one in fills] == [False, True]


def test_a_consumption_is_drawn_as_dots():
    svg = plan_fact_svg(days(9.0, 10.5), title="Power", uom="MWh", text=EN, is_consumption=True)
    assert len(list(ET.fromstring(svg).iter(f"{SVG}circle"))) == 2


@settings(deadline=None)
@given(st.lists(st.none() | st.floats(0, 1e7), min_size=1, max_size=31), SIZE, st.booleans())
def test_any_plan_and_fact_stay_in_the_picture(facts, plan, is_consumption):
    assert_inside(plan_fact_svg(days(*facts, plan=plan), title="x", uom="t", text=EN, is_consumption=is_consumption))


def test_unobservable_days_leave_a_gap_in_the_line_of_recoveries():
    points = [Estimate(date(2026, 3, k), value, 0.01) for k, value in ((1, 0.86), (2, None), (3, 0.85))]
    svg = recovery_by_day_svg(points, title="Recovery", text=EN)
    assert len(list(ET.fromstring(svg).iter(f"{SVG}circle"))) == 2
    line = [path.get("d") for path in ET.fromstring(svg).iter(f"{SVG}path")]
    assert line[-1].count("M") == 2
    assert "2 of 3 days are known." in svg
    assert_inside(svg)


@pytest.mark.parametrize("value", [None, 0.5])
def test_a_single_or_unknown_day_can_be_drawn(value):
    assert_inside(recovery_by_day_svg([Estimate(date(2026, 3, 1), value, None)], title="R", text=EN))
