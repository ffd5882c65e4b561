"""The flowsheet of several plants, or of one with its neighbours, as nodes and arrows in lanes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from zveno.model.chain import ChainModel
from zveno.model.types import Plant, Section
from zveno.reports.document import digits_for, half_width
from zveno.reports.lanes import lay_out_lanes
from zveno.reports.layering import Arrow, Node
from zveno.reports.layout import Layout
from zveno.reports.routing import Frame
from zveno.reports.shown import (
    Found,
    ShownFlow,
    component_flows,
    is_loop,
    joint_places,
    joint_title,
    lanes_of,
    plants_in_order,
    shown_flows,
    without_place,
)
from zveno.reports.streams import CLOSING, OPENING
from zveno.text.catalogue import Catalogue


@dataclass(frozen=True)
class _Sheet:
    """What the picture is made from; ``plants`` are drawn, everything else is outside."""

    model: ChainModel
    plants: tuple[Plant, ...]
    table: Mapping[str, Found] | None
    component: str
    text: Catalogue
    lang: str

    @property
    def alone(self) -> bool:
        """Whether one plant is drawn with its neighbours as stubs."""
        return len(self.plants) == 1


def sheet_layout(
    model: ChainModel,
    flows: pl.DataFrame | None,
    *,
    component: str,
    lang: str,
    text: Catalogue,
    plant: str = "",
    columns: int = 6,
) -> Layout:
    """Geometry of all plants in the lanes of their sites, or of one plant with its neighbours as stubs.

    Parameters
    ----------
    flows
        Table ``flows`` of one period; None draws the structure alone.
    component
        Whose mass stands at the lines; what cannot carry it is left out.
    plant
        Draw this plant alone.
    columns
        Most sections side by side.
    """
    plants = tuple(one for one in plants_in_order(model) if plant in ("", one.id))
    sheet = _Sheet(model, plants, None if flows is None else component_flows(flows, component), component, text, lang)
    inside = {section.id for one in plants for section in one.sections}
    shown = [
        one
        for one in shown_flows(model, flows, component=component, lang=lang)
        if one.source in inside or one.target in inside
    ]
    stubs = {
        end: joint_places(
            [without_place(_outside(model, place, lang), _places(sheet, other)) for place in (end, *also)]
        )
        for one in shown
        for end, other, also in ((one.source, one.target, ()), (one.target, one.source, one.also))
        if end not in inside
    }
    used = {end for one in shown for end in (one.source, one.target)}
    return lay_out_lanes(
        _frames(sheet, used),
        _arrows(sheet, shown),
        stubs=stubs,
        lanes=_lane_titles(sheet),
        back={one.id for one in shown if is_loop(model, one.source, one.target)},
        columns=columns,
    )


def _outside(model: ChainModel, end: str, lang: str) -> str:
    """Name of a place that is not drawn: the plant of a section, or a boundary."""
    plant = model.plant_of(end)
    return model.title(plant or end, lang)


def _places(sheet: _Sheet, id_: str) -> list[str]:
    """Names of places that a title need not repeat: the site of a plant."""
    site = next((one.site for one in sheet.model.chain.plants if one.id == sheet.model.plant_of(id_)), "")
    return [sheet.model.title(site, sheet.lang)] if site else []


def _frames(sheet: _Sheet, used: set[str]) -> list[Frame]:
    """Plants with the sections that something shown passes; all of them where nothing does."""
    lanes = lanes_of(sheet.model)
    found = []
    for one in sheet.plants:
        sections = [section for section in one.sections if section.id in used] or one.sections
        nodes = tuple(_node(sheet, section, lanes[one.id]) for section in sections)
        found.append(Frame(one.id, lanes[one.id], sheet.model.title(one.id, sheet.lang), nodes))
    return found


def _node(sheet: _Sheet, section: Section, lane: str) -> Node:
    """A section with its stocks: each at both ends of the period, or what they changed by in the whole chain."""
    title = without_place(sheet.model.title(section.id, sheet.lang), _places(sheet, section.id))
    stocks = [one.id for one in sheet.model.chain.stocks if one.section == section.id]
    if sheet.table is None or not stocks:
        return Node(section.id, lane, title)
    if not sheet.alone:
        return Node(section.id, lane, title, stocks=((_change_words(sheet, stocks), ""),))
    places = _places(sheet, section.id)
    told = tuple(
        (without_place(sheet.model.title(one, sheet.lang), places), stock_words(one, sheet.table, sheet.text))
        for one in stocks
    )
    return Node(section.id, lane, title, stocks=told)


def _change_words(sheet: _Sheet, stocks: Sequence[str]) -> str:
    """What lies in the stocks of a section at the end less what lay there at the beginning."""
    table = sheet.table or {}
    closing = [table.get(one + CLOSING, (None, None))[0] for one in stocks]
    opening = [table.get(one + OPENING, (0.0, None))[0] for one in stocks]
    ends = [one for one in (*closing, *opening) if one is not None]
    if len(ends) < 2 * len(stocks):
        surveyed = all(one + CLOSING in table for one in stocks)
        return sheet.text("stock change unobservable") if surveyed else sheet.text("stock not surveyed")
    change = sum(ends[: len(stocks)]) - sum(ends[len(stocks) :])
    sign = "+" if change > 0 else "−" if change < 0 else ""
    value = f"{sign}{sheet.text.number(abs(change), 0 if abs(change) >= 100 else 1)} {sheet.text('t')}"
    return sheet.text("stock {change}", change=value.replace(" ", "\u00a0"))


def _arrows(sheet: _Sheet, shown: Sequence[ShownFlow]) -> list[Arrow]:
    """Flows with their words; the largest is as thick as lines get."""
    most = max((one.mass_t for one in shown if one.mass_t), default=0.0)
    found = []
    for one in shown:
        places = [*_places(sheet, one.source), *_places(sheet, one.target)]
        title = joint_title([without_place(sheet.model.title(name, sheet.lang), places) for name in one.streams])
        value = "" if sheet.table is None else mass_words((one.mass_t, one.mass_sd_t), sheet.text)
        value = value.replace("\u00a0±", " ±")  # a narrow room may break it there
        share = max(one.mass_t or 0.0, 0.0) / (most or 1.0)
        found.append(Arrow(one.id, one.source, one.target, title, value, share))
    return found


def _lane_titles(sheet: _Sheet) -> dict[str, str]:
    """Names of sites; a plant on no site is named by its frame, and so is one that is drawn alone."""
    if sheet.alone:
        return {}
    lanes = lanes_of(sheet.model)
    return {lanes[one.id]: sheet.model.title(one.site, sheet.lang) for one in sheet.plants if one.site}


# ---- figures in words ------------------------------------------------------------------------------------


def mass_words(found: Found | None, text: Catalogue) -> str:
    """A mass with its interval, or that it can't be known."""
    mass, sd = found or (None, None)
    if mass is None:
        return text("unobservable")
    half = half_width(sd)
    digits = digits_for(half, 0 if mass >= 100 else 1)
    value = text.number(mass, digits)
    shown = value if half is None else f"{value} ± {text.number(half, digits)}"
    return f"{shown} {text('t')}".replace(" ", "\u00a0")


def stock_words(stock: str, table: Mapping[str, Found], text: Catalogue) -> str:
    """What lay in a stock at either end of the period; a stock that was not surveyed says so."""
    if stock + CLOSING not in table:
        return text("not surveyed")
    first = mass_words(table[stock + OPENING], text) if stock + OPENING in table else text.number(0, 0)
    last = mass_words(table[stock + CLOSING], text)
    return last if first == last == text("unobservable") else f"{first} → {last}"
