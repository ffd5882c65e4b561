"""The flowsheet of a whole chain: sites as lanes, what is drawn and what is left out, clear in every language."""

from __future__ import annotations

import time
from xml.etree import ElementTree as ET

import polars as pl
import pytest
from tests.unit.reports.test_lanes import assert_framed, holds
from tests.unit.reports.test_layout import assert_clear, assert_lines_stay_apart

import zveno
from zveno import tables
from zveno.model.chain import ChainModel
from zveno.reports.document import Figure
from zveno.reports.flowsheet import flowsheet_layout, flowsheet_svg
from zveno.reports.layout import Layout
from zveno.reports.render.paper import LARGE_TURNED, LARGE_UPRIGHT, figure_scale
from zveno.reports.shown import is_loop, joint_title, plants_in_order, shown_flows
from zveno.text.catalogue import catalogue

EN = catalogue("en")
PAGE_PX = 1132.0
"""Room for a picture on a page 1200 px wide, CSS px."""
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def model() -> ChainModel:
    return zveno.load(zveno.example("zhez_balkhash")).model


@pytest.fixture(scope="module")
def flows(model) -> pl.DataFrame:
    """A simulated month as the table ``flows``, with an error of 0.6 %."""
    found: dict[tuple[str, str], float] = {}
    totals = zveno.load(zveno.example("zhez_balkhash")).simulate_period("2026-03").period_totals
    for row in totals.filter(pl.col("component") != "water").iter_rows(named=True):
        stream = model.streams[row["stream"]]
        key = stream.group or stream.id, "mass" if row["component"] == "solids" else row["component"]
        found[key] = found.get(key, 0.0) + row["mass_t"]
    rows = [
        {
            "period": "2026-03", "stream": stream, "component": component, "mass_t": mass, "mass_sd_t": 0.006 * mass,
            "grade_frac": None, "grade_sd_frac": None, "status": "adjusted",
        }
        for (stream, component), mass in found.items()
    ]  # fmt: skip
    return tables.frame("flows", rows)


def with_foundry(model: ChainModel) -> ChainModel:
    """The example with one small plant on the third site, which takes blister and gives castings to two plants."""
    content = model.chain.model_dump(by_alias=True)
    content["plants"] = [one for one in content["plants"] if one["site"] != "karaganda"]
    content["plants"].append(
        {
            "id": "small", "kind": "foundry", "site": "karaganda", "title": {"en": "Small foundry"},
            "sections": [{"id": "small.casting", "title": {"en": "Casting, Karaganda"}}],
        }
    )  # fmt: skip
    content["units"] = [*content["units"], {"id": "small.furnace", "section": "small.casting"}]
    for name, source, target in (
        ("scrap", "market", "small.furnace"), ("blister", "bmz.conv:blister", "small.furnace"),
        ("tuyeres", "small.furnace", "bmz.vf"), ("liners", "small.furnace", "zhez_conc.line1.mill"),
        ("dross", "small.furnace", "dump_balk"),
    ):  # fmt: skip
        content["streams"] = [*content["streams"], {"id": f"small.{name}", "from": source, "to": target}]
    return ChainModel.model_validate({"chain": content})


def assert_sound(layout: Layout) -> None:
    assert_clear(layout)
    assert_lines_stay_apart(layout)
    assert_framed(layout)


def letters_pt(layout: Layout) -> float:
    """Size of the letters on the sheet that the paper takes for a picture of three sites, A3, in points."""
    size = f'<svg viewBox="0 0 {layout.width} {layout.height}">'
    return layout.font_px * max(figure_scale(Figure(size, "", wide=True), one) for one in (LARGE_UPRIGHT, LARGE_TURNED))


@pytest.mark.parametrize("lang", ["en", "ru", "kk"])
@pytest.mark.parametrize("measured", [True, False])
@pytest.mark.parametrize("component", ["Cu", "Fe", "Au"])
def test_the_whole_chain_is_clear_in_every_language(model, flows, lang, measured, component):
    table = flows if measured else None
    assert_sound(flowsheet_layout(model, table, component=component, lang=lang, text=catalogue(lang)))


@pytest.mark.parametrize("lang", ["en", "ru", "kk"])
@pytest.mark.parametrize("plant", ["zhez_conc", "zhmz", "balk_conc", "bmz"])
def test_a_plant_with_its_neighbours_is_clear(model, flows, lang, plant):
    layout = flowsheet_layout(model, flows, lang=lang, text=catalogue(lang), plant=plant)
    assert_sound(layout)
    assert [name for name, _ in layout.frames] == [plant]


@pytest.mark.parametrize("lang", ["en", "ru", "kk"])
@pytest.mark.parametrize("measured", [True, False])
def test_a_site_with_one_small_plant_has_its_lane(model, flows, lang, measured):
    layout = flowsheet_layout(with_foundry(model), flows if measured else None, lang=lang, text=catalogue(lang))
    assert_sound(layout)
    assert [name for name, _ in layout.lanes] == ["site zhez", "site balk", "site karaganda"]
    assert letters_pt(layout) > 4.8


@pytest.mark.parametrize("lang", ["en", "ru", "kk"])
def test_letters_can_be_read_on_a_page_and_on_paper(model, flows, lang):
    layout = flowsheet_layout(model, flows, lang=lang, text=catalogue(lang))
    assert layout.font_px * PAGE_PX / layout.width > 9.5
    assert letters_pt(layout) > 6


def test_the_picture_is_made_at_once(model, flows):
    began = time.perf_counter()
    flowsheet_svg(model, flows, lang="ru", text=catalogue("ru"))
    assert time.perf_counter() - began < 2


def test_lanes_are_sites_and_hold_concentrator_before_smelter(model):
    layout = flowsheet_layout(model, None, lang="en", text=EN)
    lanes, frames = dict(layout.lanes), dict(layout.frames)
    assert list(lanes) == ["site zhez", "site balk", "site karaganda"]
    assert holds(lanes["site karaganda"], frames["klmz"])
    for lane, upper, lower in (("site zhez", "zhez_conc", "zhmz"), ("site balk", "balk_conc", "bmz")):
        assert holds(lanes[lane], frames[upper])
        assert holds(lanes[lane], frames[lower])
        assert frames[upper].bottom < frames[lower].y


def test_plants_without_sites_have_lanes_of_their_own(model):
    content = model.chain.model_dump(by_alias=True)
    content["plants"] = [{**one, "site": ""} for one in content["plants"] if one["id"] != "klmz"]
    plain = ChainModel.model_validate({"chain": content})
    layout = flowsheet_layout(plain, None, lang="en", text=EN)
    assert [name for name, _ in layout.lanes] == ["zhez_conc", "zhmz", "balk_conc", "bmz"]
    assert not [label for label in layout.labels if label.role == "lane"]
    assert_sound(layout)


def test_feeds_stand_left_of_the_sections_and_outlets_below(model, flows):
    layout = flowsheet_layout(model, flows, lang="en", text=EN)
    boxes = {box.id: box for box in layout.boxes}
    sections = [box.rect for box in layout.boxes if box.kind == "section"]
    for wire in layout.wires:
        source, target = boxes[wire.source], boxes[wire.target]
        if source.kind == "boundary":
            assert source.rect.right < min(rect.x for rect in sections)
        if target.kind == "boundary":
            assert target.rect.y > source.rect.bottom


def titles(layout: Layout, *, recycle: bool) -> set[str]:
    return {wire.arrow.title for wire in layout.wires if wire.recycle is recycle}


def test_what_cannot_carry_copper_is_left_out(model):
    shown = {name for one in shown_flows(model, None, component="Cu", lang="en") for name in one.streams}
    assert {"zhez.ore", "zhmz.matte", "toll_a", "zhmz.slimes"} <= shown
    assert not shown & {"bmz.flux", "bmz.limestone", "bmz.goldquartz", "zhmz.acid_water", "bmz.vf_air"}
    assert not shown & {"bmz.gas_vf", "zhmz.ef_dust", "klmz.castings"}
    silica = {name for one in shown_flows(model, None, component="SiO2", lang="en") for name in one.streams}
    assert {"bmz.goldquartz", "bmz.flux"} <= silica
    assert "bmz.limestone" not in silica


def test_a_gas_followed_by_its_sulphur_is_drawn_with_sulphur_alone(model):
    sulphur = {name for one in shown_flows(model, None, component="S", lang="en") for name in one.streams}
    mass = {name for one in shown_flows(model, None, component="mass", lang="en") for name in one.streams}
    assert {"bmz.gas_vf", "zhmz.so2", "zhmz.stack"} <= sulphur
    assert not {"bmz.gas_vf", "zhmz.so2", "zhmz.stack"} & mass
    assert {"klmz.charge", "klmz.castings", "zhmz.ef_dust"} <= mass


def test_what_is_weighed_for_several_places_is_one_line_with_their_names(model):
    castings = [one for one in shown_flows(model, None, component="mass", lang="en") if "klmz.castings" in one.streams]
    assert [(one.target, one.also) for one in castings] == [("castings_zhez", ("castings_balk", "castings_mines"))]
    layout = flowsheet_layout(model, None, component="mass", lang="en", text=EN, plant="klmz")
    (box,) = [one for one in layout.boxes if one.id.startswith("castings_zhez")]
    assert " ".join(box.lines).startswith("Castings in service: Zhezkazgan, Balkhash, mines")
    assert_sound(layout)


def test_a_flow_weighed_as_one_between_plants_is_not_given_to_each(model, flows):
    content = model.chain.model_dump(by_alias=True)
    ends = {"castings_zhez": "zhez_conc.line1.mill", "castings_balk": "balk_conc.line1.mill"}
    content["streams"] = [{**one, "to": ends.get(one["to"], one["to"])} for one in content["streams"]]
    weighed = pl.concat([flows, flows.head(1).with_columns(stream=pl.lit("klmz.castings"), component=pl.lit("mass"))])
    changed = ChainModel.model_validate({"chain": content})
    found = [
        one for one in shown_flows(changed, weighed, component="mass", lang="en") if one.streams == ("klmz.castings",)
    ]
    assert len({one.id for one in found}) == len(found) == 3
    assert {one.mass_t for one in found} == {None}


def test_what_is_known_to_carry_none_is_left_out_and_so_are_its_sections(model, flows):
    layout = flowsheet_layout(model, flows, lang="en", text=EN)
    assert "Sulphuric acid" not in titles(layout, recycle=False)
    assert "bmz.gas" not in [box.id for box in layout.boxes]
    assert "bmz.gas" in [box.id for box in flowsheet_layout(model, flows, component="S", lang="en", text=EN).boxes]


def test_what_cannot_be_known_is_drawn_and_said(model, flows):
    blind = flows.with_columns(
        pl.when(pl.col("stream") == "bmz.dore").then(None).otherwise(pl.col("mass_t")).alias("mass_t")
    )
    values = {wire.arrow.id: wire.arrow.value for wire in flowsheet_layout(model, blind, lang="en", text=EN).wires}
    assert values["bmz.dore"] == "unobservable"


def test_parallel_lines_are_one_with_their_sum_and_no_interval(model, flows):
    wires = {wire.arrow.title: wire.arrow for wire in flowsheet_layout(model, flows, lang="en", text=EN).wires}
    row = flows.filter(pl.col("stream").str.ends_with("zhez.flotation_feed"), pl.col("component") == "Cu").row(
        0, named=True
    )
    assert wires["Mill feed, line 1–6"].value.replace("\u00a0", " ") == f"{row['mass_t']:,.0f} t"
    assert "±" in wires["Zhezkazgan concentrate"].value


def test_a_sum_with_an_unknown_part_is_unknown(model, flows):
    part = (pl.col("stream") == "zhez.line3.mill_feed") & (pl.col("component") == "Cu")
    blind = flows.with_columns(pl.when(part).then(None).otherwise(pl.col("mass_t")).alias("mass_t"))
    found = {one.id: one for one in shown_flows(model, blind, component="Cu", lang="en")}
    merged = next(one for name, one in found.items() if name.startswith("zhez.line1.mill_feed"))
    assert len(merged.streams) == 6
    assert merged.mass_t is None


def test_products_of_different_names_are_not_added(model):
    groups = [set(one.streams) for one in shown_flows(model, None, component="Cu", lang="en")]
    assert {"bmz.cathode"} in groups
    assert {"bmz.dore"} in groups


def test_recycles_are_dashed_and_forward_flows_are_not(model):
    back = titles(flowsheet_layout(model, None, lang="en", text=EN), recycle=True)
    assert {"Converter slag", "Anode furnace slag", "Anode scrap"} <= back
    dust = titles(flowsheet_layout(model, None, component="mass", lang="en", text=EN), recycle=True)
    assert {"Returned furnace dust + Returned converter dust"} <= dust
    assert not back & {"Matte", "Cathode", "Slag concentrate", "Anode slimes", "Zhezkazgan concentrate"}
    assert is_loop(model, "bmz.converting", "balk_conc.slag")
    assert not is_loop(model, "balk_conc.slag", "bmz.preparation")


def test_the_thickest_line_carries_most(model, flows):
    shares = {wire.arrow.id: wire.arrow.share for wire in flowsheet_layout(model, flows, lang="en", text=EN).wires}
    assert max(shares.values()) == 1.0
    assert shares["zhmz.anode"] == 1.0
    assert shares["zhmz.cathode"] > shares["bmz.cathode"] > shares["bmz.slag"]


def test_neighbours_are_named_as_links(model, flows):
    layout = flowsheet_layout(model, flows, lang="en", text=EN, plant="zhmz")
    named = {" ".join(box.lines[: box.strong]) for box in layout.boxes if box.kind == "boundary"}
    assert {"Zhezkazgan concentrators", "Balkhash smelter", "Toll owner A", "Slag dump"} <= named


def test_the_picture_tells_itself_in_words_and_fits_paper(model, flows):
    root = ET.fromstring(flowsheet_svg(model, flows, lang="en", text=EN))
    assert "Anode slimes from Refinery, Zhezkazgan to Slimes treatment, Balkhash: " in root.find(f"{SVG}desc").text
    assert root.get("class") == "sheet"
    assert "svg.sheet{max-height:168mm}" in root.find(f"{SVG}style").text
    assert root.get("font-size") == "13"


def test_plants_stand_in_the_order_of_sites_and_process(model):
    content = model.chain.model_dump(by_alias=True)
    content["plants"] = list(reversed([one for one in content["plants"] if one["id"] != "klmz"]))
    turned = ChainModel.model_validate({"chain": content})
    assert [one.id for one in plants_in_order(turned)] == ["zhez_conc", "zhmz", "balk_conc", "bmz"]


@pytest.mark.parametrize(
    ("titles", "joint"),
    [
        (["Line 1", "Line 2"], "Line 1, 2"),
        (["Line 1", "Line 2", "Line 3"], "Line 1–3"),
        (["Line 1", "Line 2", "Line 5"], "Line 1, 2, 5"),
        (["1-line feed", "2-line feed", "3-line feed"], "1–3-line feed"),
        (["Line 1 of 2", "Line 2 of 2"], "Line 1, 2 of 2"),
        (["Line 1 of 2", "Line 2 of 3"], "Line 1 of 2 + Line 2 of 3"),
        (["Dust", "Dust"], "Dust"),
        (["Dust"], "Dust"),
    ],
)
def test_names_of_several_streams(titles, joint):
    assert joint_title(titles) == joint
