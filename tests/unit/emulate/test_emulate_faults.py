"""A play file that cannot be played is refused with its line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import zveno
from zveno.emulate import emulate, play_faults
from zveno.errors import ModelError
from zveno.model.load import load_description, read_play
from zveno.model.types import Meter
from zveno.periods import Period

EXAMPLE = zveno.example("one_concentrator")
PLAY = (EXAMPLE / "data/play.yaml").read_text("utf-8")
SWAP = """\
  - {kind: swap, id: S1, meters: [balk_conc.conc.assay, balk_conc.tail.assay], day: 2026-03-04, slot: night}
  - {kind: bias, id: S2, meter: balk_conc.conc.wagon, start: 2026-03-04T06:00:00+05:00, end: 2026-03-05T06:00:00+05:00, size_rel_pct: 5}
"""


@pytest.fixture(scope="module")
def model():
    return load_description(EXAMPLE)


def faults(model, folder: Path, old: str = "", new: str = "", text: str = PLAY + SWAP) -> list[str]:
    assert old in text, old
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data/play.yaml").write_text(text.replace(old, new, 1) if old else text, encoding="utf-8")
    play, places, found = read_play(folder)
    return [str(one) for one in (found if play is None else play_faults(model, play, places))]


def line(part: str, text: str = PLAY + SWAP) -> str:
    """``data/play.yaml:n: `` of the first line that holds a text."""
    return f"data/play.yaml:{next(n for n, one in enumerate(text.splitlines(), 1) if part in one)}: "


def test_the_example_can_be_played(model, tmp_path):
    assert faults(model, tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("sd_rel_pct: 4,", "sd_rel_pct: -4,", "-4 is out of range for 'variations.0.sd_rel_pct'"),
        ("persistence: 0.7", "persistence: 1.7", "1.7 is out of range for 'variations.0.persistence'"),
        ("parameter: balk_conc.ore.cu_pct", "parameter: balk_conc.ore.cu", "'balk_conc.ore.cu' is named, but the chain has no such thing among its figures"),
        ("availability: balk_conc.availability", "availability: balk_conc.avail", "'balk_conc.avail' is named, but the chain has no such thing among its figures"),
        ("availability: balk_conc.availability", "availability: balk_conc.grind.p80_um", "'um' measures length, but fraction is needed"),
        ("availability: balk_conc.availability", "availability: balk_conc.grind.circulating_load_pct", "of train 'balk_conc.line1' is 2.8: it lies above 0 and up to 1"),
        ("availability: balk_conc.availability}", "availability: balk_conc.availability, mean_stop_h: -4}", "-4 is out of range for 'trains.0.mean_stop_h'"),
        ("availability: balk_conc.availability}", "availability: balk_conc.availability, mean_stop_h: 9000}", "9000 is out of range for 'trains.0.mean_stop_h'"),
        ('units: "balk_conc.line1.*"', 'units: "balk_conc.lien1.*"', "'balk_conc.lien1.*' is named, but the chain has no such thing among its units"),
        ("id: balk_conc.line1,", "id: balk_conc.line2,", "the id 'balk_conc.line2' is given 2 times"),
        ("feed: balk.ore", "feed: balk.or", "'balk.or' is named, but the chain has no such thing among its streams; did you mean 'balk.ore'?"),
        ("feed: balk.ore", "feed: balk.crushed", "train 'balk_conc.line1' is fed by 'balk.crushed', which has no 'feed'"),
        ("share: balk_conc.divider.share_b", "share: balk_conc.divider.share_x", "'balk_conc.divider.share_x' is named, but the chain has no such thing"),
        ("share: balk_conc.divider.share_b", "share: balk_conc.divder.share_b", "'balk_conc.divder.share_b' is named, but the chain has no such thing"),
        ("stock: balk_conc.conc_bin", "stock: balk_conc.bin", "'balk_conc.bin' is named, but the chain has no such thing among its stocks"),
        ("stream: balk.conc}", "stream: balk.cake}", "'balk.cake' is named, but the chain has no such thing among its streams"),
        ("stream: balk.conc}", "stream: balk.filtrate}", "stock 'balk_conc.conc_bin' is made of 'balk.conc', so 'balk.filtrate' cannot be loaded out of it"),
        ("stream: balk.conc}", "stream: balk.conc, lot_wet_t: 0}", "0 is out of range for 'dispatches.0.lot_wet_t'"),
        ("stream: balk.conc}", "stream: balk.conc, spread_rel_pct: -1}", "-1 is out of range for 'dispatches.0.spread_rel_pct'"),
        ("stream: balk.conc}", "stream: balk.conc}\n  - {stock: balk_conc.conc_bin, stream: balk.conc}", "stock 'balk_conc.conc_bin' is played more than once"),
        ("  - {stock: balk_conc.conc_bin, stream: balk.conc}", "  []", "stock 'balk_conc.conc_bin' is measured by 'balk_conc.conc.stock', but nobody says how it is played"),
        ("end: 2026-03-07T18:00:00+05:00", "end: 2026-03-07T06:00:00+05:00", "event 'B04' ends at 2026-03-07T06:00:00+05:00, before it begins"),
        ("end: 2026-03-07T18:00:00+05:00", "end: 2026-03-07T18:00:00", "'events.0.end' cannot be read"),
        ("limit: 10.8", "limit: 9.4", "event 'B04' moves 'balk_conc.line1.cleaner1.ph' from 11.2 to 9.5, which does not pass the limit 9.4"),
        ("limit: 10.8", "limit: 11.3", "event 'B04' moves 'balk_conc.line1.cleaner1.ph' from 11.2 to 9.5, which does not pass the limit 11.3"),
        ("value: 9.5", "value: 11.2", "which does not pass the limit 10.8"),
        ("line*.cleaner1.ph", "line*.cleaner1.hp", "'balk_conc.line*.cleaner1.hp' is named, but the chain has no such thing among its signals"),
        ("rule: BC-03", "rule: BC-33", "'BC-33' is named, but the chain has no such thing among its rules"),
        ("balk_conc.tail.assay]", "balk_conc.conc.assay]", "event 'S1' exchanges the samples of 'balk_conc.conc.assay' with its own"),
        ("balk_conc.tail.assay]", "balk_conc.tails.assay]", "'balk_conc.tails.assay' is named, but the chain has no such thing among its meters"),
        ("slot: night", "slot: nihgt", "'nihgt' is named, but the chain has no such thing among its shifts; did you mean 'night'?"),
        ("meter: balk_conc.conc.wagon", "meter: balk_conc.wagon", "'balk_conc.wagon' is named, but the chain has no such thing among its meters"),
        ("size_rel_pct: 5}", "size_rel_pct: -100}", "-100 is out of range for 'events.3.size_rel_pct'"),
    ],
)  # fmt: skip
def test_a_play_that_cannot_be_is_refused_with_its_line(model, tmp_path, old, new, message):
    found = faults(model, tmp_path, old, new)
    whole = (PLAY + SWAP).replace(old, new, 1)
    near = line(new.splitlines()[-1].strip(" ,}")[:30], whole).rpartition(":")[0].rpartition(":")[2]
    hits = [one for one in found if message in one]
    assert hits, found
    told = int(hits[0].split(":")[1])
    assert abs(told - int(near)) <= 2  # the key itself, or the list that it stands in


def test_a_plant_without_shifts_or_models_cannot_be_played(model, tmp_path):
    (found,) = faults(model.model_copy(update={"people": None}), tmp_path)
    assert "people.yaml is missing: a plant is played by its shifts" in found
    units = tuple(one.model_copy(update={"model": ""}) for one in model.chain.units)
    bare = model.model_copy(update={"chain": model.chain.model_copy(update={"units": units})})
    bare = type(model).model_validate({name: getattr(bare, name) for name in type(model).model_fields})
    assert any(
        "unit 'balk_conc.crusher' has no model, so the plant cannot be played" in one for one in faults(bare, tmp_path)
    )


def test_a_load_lists_the_faults_of_the_play_with_those_of_the_chain(tmp_path):
    folder = shutil.copytree(EXAMPLE, tmp_path / "plant")
    (folder / "data/play.yaml").write_text(PLAY.replace("stock: balk_conc.conc_bin", "stock: balk_conc.bin"), "utf-8")
    chain = (folder / "chain.yaml").read_text("utf-8")
    (folder / "chain.yaml").write_text(
        chain.replace("{moisture: balk_conc.filter.moisture_pct}", "{moisture: balk_conc.ore.sg}"), "utf-8"
    )
    with pytest.raises(ModelError) as caught:
        zveno.load(folder)
    said = str(caught.value)
    assert "unit 'balk_conc.filter': parameter 'moisture' is given in 't/m3'" in said
    assert f"{line('balk_conc.conc_bin', PLAY)}'balk_conc.bin' is named" in said
    (folder / "data/play.yaml").unlink()
    (folder / "chain.yaml").write_text(chain, "utf-8")
    assert zveno.load(folder).model.chain.id == "one_concentrator"


def test_a_stock_may_be_assayed_when_it_is_played(model):
    lab = Meter(id="bin.lab", stream="balk_conc.conc_bin", quantity="assay", components=("Cu",), uom="%", sd_rel_pct=0)
    chain = model.chain.model_copy(update={"meters": (*model.chain.meters, lab)})
    other = type(model)(chain=chain, parameters=model.parameters, people=model.people, rulebook=model.rulebook)
    play, _, _ = read_play(EXAMPLE)
    played = emulate(other, play, Period.parse("2026-03-01/2026-03-03", model.tz), seed=3)
    content = played.truth.stocks["balk_conc.conc_bin"]
    said = [one.value for one in played.said if one.meter == "bin.lab"]
    copper = played.truth.columns.index("Cu")
    assert said == pytest.approx([content[0, copper] / content[0, 0], content[-1, copper] / content[-1, 0]], rel=1e-3)


STOCKS = """\
deliveries:
  - {stream: balk.tail, lot_dry_t: 100}
draws:
  - {stock: balk_conc.conc_bin, stream: balk.ore}
ways:
  - {stock: balk_conc.conc_bin, stream: balk.ore}
held:
  - {stock: balk_conc.nothing, mix: {balk.conc: 0.5, balk.corn: 0.2}}
"""
EVENTS = """\
  - {kind: pace, id: P1, stock: balk_conc.conc_bin, start: 2026-03-04T06:00:00+05:00, end: 2026-03-05T06:00:00+05:00, factor: 0.5}
  - {kind: silence, id: Q1, tags: balk_conc.nobody, start: 2026-03-04T06:00:00+05:00, end: 2026-03-05T06:00:00+05:00}
  - {kind: omission, id: O1, rule: XX-99, start: 2026-03-04T06:00:00+05:00, end: 2026-03-04T06:00:00+05:00}
"""


def test_stocks_lots_and_ways_that_cannot_be_are_told_one_by_one(model, tmp_path):
    found = "\n".join(faults(model, tmp_path, text=STOCKS + PLAY + EVENTS))
    for said in (
        "'balk.tail' is named, but the chain has no such thing among its streams",
        "'balk.ore' does not come out of the section in which the stock 'balk_conc.conc_bin' lies",
        "'balk.ore' takes no time on its way",
        "'balk.ore' does not arrive in the section in which the stock 'balk_conc.conc_bin' is counted",
        "'balk_conc.nothing' is named, but the chain has no such thing among its stocks",
        "'balk.corn' is named, but the chain has no such thing among its streams",
        "sum up to 0.7: they must give 1",
        "stock 'balk_conc.conc_bin' is played more than once",
        "'balk_conc.nobody' is named, but the chain has no such thing among its signals",
        "'XX-99' is named, but the chain has no such thing among its rules",
    ):
        assert said in found
    assert "O1" not in found  # an omission may last no time


def test_what_is_delivered_in_lots_is_a_boundary_feed(model, tmp_path):
    text = "deliveries:\n  - {stream: balk.conc, lot_dry_t: 100}\n" + PLAY
    assert any(
        "'balk.conc' is delivered in lots, but it is no boundary feed" in one
        for one in faults(model, tmp_path, text=text)
    )


def test_a_pace_belongs_to_a_draw(model, tmp_path):
    found = faults(model, tmp_path, text=PLAY + EVENTS.splitlines(keepends=True)[0])
    assert any("'balk_conc.conc_bin' is named, but the chain has no such thing among its draws" in one for one in found)
