"""Small charts drawn as SVG text: adjustments, plan against fact, recovery by day."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from zveno.reports import svg
from zveno.reports.lettering import text_width
from zveno.text.catalogue import Catalogue

_ROW = 20.0
_LIMIT = 3.0
_MOST_LABEL = 330.0
_WIDTH = 720.0
_HEIGHT = 230.0
_TICK_ROOM, _LONG_TICK = 34.0, 10.0


@dataclass(frozen=True)
class Bar:
    """A labelled bar; its value is in standard deviations."""

    label: str
    z: float


@dataclass(frozen=True)
class DayPoint:
    """Plan and fact of a day and since the month began; None where there is no reading."""

    day: date
    plan: float
    fact: float | None
    plan_to_date: float
    fact_to_date: float | None


@dataclass(frozen=True)
class Estimate:
    """A day's figure with half its 95 % interval; None = unobservable."""

    day: date
    value: float | None
    half: float | None


# ---- adjustments ---------------------------------------------------------------------------------------


def z_bars_svg(bars: Sequence[Bar], text: Catalogue) -> str:
    """Horizontal bars of standardised adjustments, largest first; the band marks +/- 1.96."""
    ranked = sorted(bars, key=lambda one: -abs(one.z))
    left = min(_MOST_LABEL, max(text_width(one.label, 12) for one in ranked)) + 12
    reach = max(_LIMIT, *(abs(one.z) for one in ranked)) * 1.05
    width, height = max(_WIDTH, left + 320.0), _ROW * len(ranked) + 34
    middle, scale = (left + width - 56) / 2, (width - 56 - left) / 2 / reach

    def x(z: float) -> float:
        return middle + z * scale

    band = svg.element(
        "rect", "", x=x(-1.96), y=4.0, width=x(1.96) - x(-1.96), height=_ROW * len(ranked), fill=svg.PANEL
    )
    axis = svg.element("line", x1=middle, x2=middle, y1=4.0, y2=4 + _ROW * len(ranked), stroke=svg.SOFT)
    rows = "".join(_z_row(k, one, x, text) for k, one in enumerate(ranked))
    ticks = "".join(
        svg.label(
            [text.number(z, 2 if z % 1 else 0)],
            x(z),
            height - 12,
            0,
            text_anchor="middle",
            fill=svg.SOFT,
            font_size=11.0,
        )
        for z in ((-1.96, 0.0, 1.96) if 1.96 * scale > _TICK_ROOM else (-_LONG_TICK, 0.0, _LONG_TICK))
    )
    worst = ranked[0]
    return svg.picture(
        band + axis + rows + ticks,
        width,
        height,
        title=text("Readings less their reconciled values, in standard deviations: right of zero reads high"),
        desc=text("Largest: {meter}, z = {z}.", meter=worst.label, z=text.number(worst.z, 2)),
    )


def _z_row(k: int, bar: Bar, x: Callable[[float], float], text: Catalogue) -> str:
    """One bar with its label and number."""
    y = 4 + _ROW * k
    start, end = sorted((x(0.0), x(bar.z)))
    colour = svg.BAD if abs(bar.z) >= _LIMIT else svg.ACCENT if abs(bar.z) >= 1.96 else svg.SOFT
    rect = svg.element("rect", x=start, y=y + 5, width=max(1.0, end - start), height=_ROW - 9, rx=2, fill=colour)
    name = svg.label([_shortened(bar.label)], 0.0, y + 14, 0)
    anchor, at = ("end", start - 6) if bar.z < 0 else ("start", end + 6)
    return rect + name + svg.label([text.number(bar.z, 2)], at, y + 14, 0, text_anchor=anchor, font_size=11.0)


def _shortened(label: str) -> str:
    """A label that fits its place; the table beside the chart holds the whole."""
    if text_width(label, 12) <= _MOST_LABEL:
        return label
    kept = label
    while text_width(kept + "…", 12) > _MOST_LABEL:
        kept = kept[:-1]
    return kept + "…"


# ---- charts by day -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Axes:
    """Scale of a chart by day."""

    left: float
    low: float
    high: float
    days: int

    def x(self, k: float) -> float:
        """Middle of day ``k``."""
        return self.left + (k + 0.5) * (_WIDTH - self.left - 10) / self.days

    def y(self, value: float) -> float:
        """Height of a value."""
        return 14 + (_HEIGHT - 44) * (1 - (value - self.low) / (self.high - self.low))

    @property
    def step(self) -> float:
        """Width of a day."""
        return (_WIDTH - self.left - 10) / self.days


def _nice_step(span: float, parts: int = 4) -> float:
    """A round step that cuts a span into about so many parts."""
    raw = span / parts
    power = 10.0 ** math.floor(math.log10(raw))
    return next(one * power for one in (1, 2, 2.5, 5, 10) if one * power >= raw)


def _ticks(low: float, high: float) -> list[float]:
    """Round values between two bounds, the bounds widened to them."""
    step = _nice_step(high - low)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [k * step for k in range(first, last + 1)]


def _axes(values: Sequence[float], days: Sequence[date], text: Catalogue, *, zero: bool) -> tuple[_Axes, str]:
    """Scale, and the drawn grid with its numbers."""
    low, high = min(values), max(values)
    low = min(low, 0.0) if zero else low - (high - low) * 0.1
    high = high if high > low else low + 1.0
    ticks = _ticks(low, high)
    step = ticks[1] - ticks[0]
    digits = max(
        0, -math.floor(math.log10(step) + 1e-9) + (1 if step / 10 ** math.floor(math.log10(step)) == 2.5 else 0)
    )
    names = [text.number(one, digits) for one in ticks]
    axes = _Axes(max(text_width(one, 11) for one in names) + 10, ticks[0], ticks[-1], len(days))
    lines = "".join(
        svg.element("line", x1=axes.left, x2=_WIDTH - 10, y1=axes.y(one), y2=axes.y(one), stroke=svg.LINE)
        + svg.label([name], axes.left - 6, axes.y(one) + 4, 0, text_anchor="end", fill=svg.SOFT, font_size=11.0)
        for one, name in zip(ticks, names, strict=True)
    )
    dates = "".join(
        svg.label([str(day.day)], axes.x(k), _HEIGHT - 14, 0, text_anchor="middle", fill=svg.SOFT, font_size=11.0)
        for k, day in enumerate(days)
        if k % max(1, len(days) // 15) == 0
    )
    return axes, lines + dates


def plan_fact_svg(
    points: Sequence[DayPoint], *, title: str, uom: str, text: Catalogue, is_consumption: bool = False
) -> str:
    """The day's fact with the day's plan as a dashed line; a cross where there is no reading.

    Amounts are bars from zero; a consumption is a line of dots.
    """
    facts = [one.fact for one in points if one.fact is not None]
    plans = [one.plan for one in points]
    axes, grid = _axes([*facts, *plans], [one.day for one in points], text, zero=not is_consumption)
    draw = _day_dot if is_consumption else _day_bar
    days = "".join(
        _no_reading(axes, k) if one.fact is None else draw(axes, k, one.fact, one.plan) for k, one in enumerate(points)
    )
    trace = _path(axes, [one.fact for one in points], svg.LINE) if is_consumption else ""
    last = points[-1]
    return svg.picture(
        grid + trace + days + _path(axes, plans, svg.INK, dash="5 4"),
        _WIDTH,
        _HEIGHT,
        title=text("{line} by day, {uom}: plan and fact", line=title, uom=uom),
        desc=text(
            "To date: plan {plan}, fact {fact} {uom}.",
            plan=text.number(last.plan_to_date, 1),
            fact=text.number(last.fact_to_date, 1),
            uom=uom,
        ),
    )


def _no_reading(axes: _Axes, k: int) -> str:
    """A cross at the foot of a day without reading."""
    return svg.label(["×"], axes.x(k), axes.y(axes.low) - 4, 0, text_anchor="middle", fill=svg.BAD)


def _day_bar(axes: _Axes, k: int, fact: float, plan: float) -> str:
    """A day's amount from zero."""
    top, bottom = sorted((axes.y(fact), axes.y(0.0)))
    width = axes.step * 0.66
    colour = svg.ACCENT if fact >= plan else svg.SOFT
    x = axes.x(k) - width / 2
    return svg.element("rect", x=x, y=top, width=width, height=bottom - top, rx=1.5, fill=colour)


def _day_dot(axes: _Axes, k: int, fact: float, _plan: float) -> str:
    """A day's consumption as a dot; less than planned is good only with the tonnes it served."""
    return svg.element("circle", cx=axes.x(k), cy=axes.y(fact), r=3.5, fill=svg.ACCENT)


def _path(axes: _Axes, values: Sequence[float | None], colour: str, *, dash: str = "") -> str:
    """A line through the days that have a value, broken where there is none."""
    parts, pen = [], "M"
    for k, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        parts.append(f"{pen}{svg.number(axes.x(k))} {svg.number(axes.y(value))}")
        pen = "L"
    extra: dict[str, str | float] = {"stroke_dasharray": dash} if dash else {}
    return svg.element("path", "", d="".join(parts), fill="none", stroke=colour, stroke_width=1.6, **extra)


def recovery_by_day_svg(days: Sequence[Estimate], *, title: str, text: Catalogue) -> str:
    """Recovery by day in per cent with its interval; nothing where it is unobservable."""
    known = [(k, one.value * 100, (one.half or 0.0) * 100) for k, one in enumerate(days) if one.value is not None]
    values = [edge for _, value, half in known for edge in (value - half, value + half)]
    axes, grid = _axes(values or [0.0, 100.0], [one.day for one in days], text, zero=False)
    whiskers = "".join(
        svg.element(
            "line", x1=axes.x(k), x2=axes.x(k), y1=axes.y(value - half), y2=axes.y(value + half),
            stroke=svg.ACCENT, stroke_opacity=0.4, stroke_width=4.0, stroke_linecap="round",
        )
        + svg.element("circle", cx=axes.x(k), cy=axes.y(value), r=3.0, fill=svg.ACCENT)
        for k, value, half in known
    )  # fmt: skip
    line = _path(axes, [None if one.value is None else one.value * 100 for one in days], svg.ACCENT)
    said = text("{n} of {all} days are known.", n=len(known), all=len(days))
    return svg.picture(grid + whiskers + line, _WIDTH, _HEIGHT, title=title, desc=said)
