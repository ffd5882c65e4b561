"""The flowsheet is drawn from the description: merged groups, stocks, recycles, what can't be known."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import polars as pl
import pytest
from tests.unit.reports.test_layout import assert_clear, assert_lines_stay_apart

from zveno.model.chain import ChainModel
from zveno.reports.flowsheet import flowsheet_layout, flowsheet_svg
from zveno.reports.streams import balance_streams
from zveno.text.catalogue import Catalogue, catalogue

EN = catalogue("en")
SVG = "{http://www.w3.org/2000/svg}"


def words(svg: str) -> str:
    return " ".join("".join(node.itertext()) for node in ET.fromstring(svg).iter() if node.tag == f"{SVG}text")


def layout_of(month, lang="en"):
    return flowsheet_layout(month.model, month.flows, lang=lang, text=EN)


@pytest.mark.parametrize("lang", ["en", "ru", "kk"])
def test_the_month_is_clear_in_every_language(balkhash_month, lang):
    layout = flowsheet_layout(balkhash_month.model, balkhash_month.flows, lang=lang, text=catalogue(lang))
    assert_clear(layout)
    assert_lines_stay_apart(layout)


def test_streams_of_a_group_are_one_arrow_and_inner_streams_none(balkhash_month):
    names = [one.id for one in balance_streams(balkhash_month.model)]
    assert names.count("flotation_feed") == 1
    assert not any(name.startswith("mill_product") for name in names)
    assert [name for name in names if name.startswith("mill_feed")] == [f"mill_feed_{k}" for k in range(1, 5)]


def test_only_the_thickener_overflow_is_a_recycle(balkhash_month):
    back = [wire.arrow.title for wire in layout_of(balkhash_month).wires if wire.recycle]
    assert back == ["Thickener overflow"]


def test_arrows_carry_reconciled_copper_with_half_the_95_percent_interval(balkhash_month):
    values = {wire.arrow.title: wire.arrow.value.replace("\u00a0", " ") for wire in layout_of(balkhash_month).wires}
    row = balkhash_month.flows.filter(pl.col("stream") == "ore", pl.col("component") == "Cu").row(0, named=True)
    assert values["Ore"] == f"{row['mass_t']:,.0f} ± {1.96 * row['mass_sd_t']:.0f} t"
    assert values["Copper concentrate"] == "unobservable"


def test_the_thickest_line_is_the_largest_flow(balkhash_month):
    shares = {wire.arrow.title: wire.arrow.share for wire in layout_of(balkhash_month).wires}
    assert shares["Ore"] == 1.0
    assert 0 < shares["Tailings"] < shares["Concentrate dispatched"] < 1


def test_stocks_show_both_ends_of_the_period(balkhash_month):
    stock = next(box for box in layout_of(balkhash_month).boxes if box.kind == "stock")
    assert stock.parent == "dewatering"
    said = " ".join(stock.lines).replace("\u00a0", " ")
    assert said.startswith("Concentrate store 210 ± ")
    assert "→ 289 ± " in said


def test_without_flows_the_structure_alone_is_drawn(balkhash_month):
    svg = flowsheet_svg(balkhash_month.model, None, lang="ru", text=EN)
    assert "Обезвоживание" in words(svg)
    assert "±" not in words(svg)
    assert "unobservable" not in words(svg)


def test_svg_is_well_formed_and_tells_itself_in_words(balkhash_month):
    root = ET.fromstring(flowsheet_svg(balkhash_month.model, balkhash_month.flows, lang="en", text=EN))
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text == "Flowsheet with Cu, t"
    assert "Thickener overflow from Dewatering to Flotation: unobservable" in root.find(f"{SVG}desc").text


def chain(title: str = "x") -> ChainModel:
    """Two plants, a boundary on both ends of each, water that no balance counts."""
    plants = [{"id": f"p{k}", "kind": "other", "sections": [{"id": f"p{k}.a"}, {"id": f"p{k}.b"}]} for k in (1, 2)]
    units = [
        {"id": f"{section['id']}.u", "section": section["id"]} for plant in plants for section in plant["sections"]
    ]
    streams = [
        {"id": "ore", "from": "world", "to": "p1.a.u", "title": {"en": title}},
        {"id": "mid", "from": "p1.a.u", "to": "p1.b.u"},
        {"id": "conc", "from": "p1.b.u", "to": "p2.a.u"},
        {"id": "matte", "from": "p2.a.u", "to": "p2.b.u"},
        {"id": "slag", "from": "p2.b.u", "to": "p1.a.u"},
        {"id": "metal", "from": "p2.b.u", "to": "world"},
        {"id": "water", "from": "world", "to": "p1.a.u", "kind": "water"},
    ]
    return ChainModel.model_validate(
        {
            "chain": {
                "format": "zveno/chain-1", "id": "c", "title": {"en": "C"}, "timezone": "UTC+05:00",
                "components": ["Cu"],
                "plants": plants, "boundaries": [{"id": "world"}], "units": units, "streams": streams,
            }
        }
    )  # fmt: skip


def test_plants_have_lanes_and_a_boundary_does_not_close_a_loop():
    layout = flowsheet_layout(chain(), None, lang="en", text=EN)
    assert [lane for lane, _ in layout.lanes] == ["p1", "p2"]
    assert [wire.arrow.title for wire in layout.wires if wire.recycle] == ["slag"]
    assert sum(box.kind == "boundary" for box in layout.boxes) == 2
    assert_clear(layout)


def test_water_without_components_is_no_part_of_the_balance():
    assert "water" not in [one.id for one in balance_streams(chain())]


def test_titles_are_escaped():
    svg = flowsheet_svg(chain("<script>&"), None, lang="en", text=Catalogue("en", {}))
    assert "<script>" not in svg
    assert "<script>&" in words(svg)
