"""A control chart of individuals drawn as SVG: assays of a standard in their order, limits, and rules broken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from zveno.reports import svg
from zveno.text.catalogue import Catalogue

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _FOOT = 720.0, 260.0, 62.0, 44.0, 14.0, 34.0
_REACH = 3.6


@dataclass(frozen=True)
class ControlPoint:
    """An assay on the chart: its day, value and distance in standard deviations, in the uom of the chart."""

    day: date
    value: float
    z: float
    rules: tuple[str, ...]


def control_chart_svg(
    points: Sequence[ControlPoint], *, centre: float, sd: float, title: str, text: Catalogue, digits: int = 2
) -> str:
    """Values by number of assay; lines at 0, 2 and 3 standard deviations; a point that breaks a rule is marked."""
    reach = max(_REACH, *(abs(one.z) + 0.4 for one in points))
    step = (_WIDTH - _LEFT - _RIGHT) / max(len(points), 1)

    def x(k: float) -> float:
        return _LEFT + (k + 0.5) * step

    def y(z: float) -> float:
        return _TOP + (_HEIGHT - _TOP - _FOOT) * (1 - (z + reach) / (2 * reach))

    band = svg.element("rect", x=_LEFT, y=y(2), width=_WIDTH - _LEFT - _RIGHT, height=y(-2) - y(2), fill=svg.PANEL)
    lines = "".join(_limit(z, y(z), text.number(centre + z * sd, digits)) for z in (-3, -2, 0, 2, 3))
    path = "".join(f"{'L' if k else 'M'}{svg.number(x(k))} {svg.number(y(one.z))}" for k, one in enumerate(points))
    trace = svg.element("path", "", d=path, fill="none", stroke=svg.SOFT, stroke_width=1.2)
    dots = "".join(_dot(x(k), y(one.z), one) for k, one in enumerate(points))
    every = max(1, len(points) // 12)
    days = "".join(
        svg.label([f"{one.day.day}.{one.day.month:02d}"], x(k), _HEIGHT - 12, 0, text_anchor="middle", fill=svg.SOFT,
                  font_size=11.0)
        for k, one in enumerate(points) if k % every == 0
    )  # fmt: skip
    broken = sum(bool(one.rules) for one in points)
    said = text.count("{n} assay breaks a rule.", "{n} assays break a rule.", broken)
    return svg.picture(band + lines + trace + dots + days, _WIDTH, _HEIGHT, title=title, desc=said)


def _limit(z: float, at: float, value: str) -> str:
    """A line with its value on the left and its distance on the right."""
    colour = svg.BAD if abs(z) == 3 else svg.SOFT if z else svg.INK
    dash = {"stroke_dasharray": "5 4"} if z else {}
    line = svg.element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=at, y2=at, stroke=colour, stroke_width=1.0, **dash)
    left = svg.label([value], _LEFT - 6, at + 4, 0, text_anchor="end", fill=svg.SOFT, font_size=11.0)
    name = f"{'+' if z > 0 else '−'}{abs(z)}s" if z else "0"
    return line + left + svg.label([name], _WIDTH - _RIGHT + 6, at + 4, 0, fill=svg.SOFT, font_size=11.0)


def _dot(x: float, y: float, one: ControlPoint) -> str:
    """A point; the rules that it breaks stand above it."""
    dot = svg.element("circle", cx=x, cy=y, r=4.0 if one.rules else 3.0, fill=svg.BAD if one.rules else svg.ACCENT)
    if not one.rules:
        return dot
    return dot + svg.label([one.rules[0]], x, y - 8, 0, text_anchor="middle", fill=svg.BAD, font_size=10.0)
