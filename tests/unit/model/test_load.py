"""Descriptions: every fault of a folder at once, each with file, line and what to do."""

from datetime import date
from pathlib import Path

import pytest

from zveno.errors import ModelError, QuantityError
from zveno.model.load import load_description, load_play, read_description
from zveno.model.types import Figure, Step

SMALL = """\
format: zveno/chain-1
id: small
title: {en: Small}
timezone: "UTC+05:00"
components: [Cu]
plants:
  - id: mill
    kind: concentrator
    sections: [{id: mill.a}]
boundaries: [{id: mine}, {id: pond}]
units:
  - {id: "mill.line{n}", repeat: {n: [1, 2]}, section: mill.a}
streams:
  - {id: "ore{n}", repeat: {n: [1, 2]}, from: mine, to: "mill.line{n}"}
  - {id: "tail{n}", repeat: {n: [1, 2]}, from: "mill.line{n}", to: pond}
meters:
  - {id: "scale{n}", repeat: {n: [1, 2]}, stream: "ore{n}", quantity: wet_mass, uom: t, sd_rel_pct: 1}
"""


def write(folder: Path, chain: str = SMALL, **others: str) -> Path:
    (folder / "chain.yaml").write_text(chain, encoding="utf-8")
    for name, content in others.items():
        (folder / f"{name}.yaml").write_text(content, encoding="utf-8")
    return folder


def faults(folder: Path) -> list[str]:
    return [str(one) for one in read_description(folder)[1]]


def test_repeated_entries_are_written_out(tmp_path):
    model = load_description(write(tmp_path))
    assert list(model.units) == ["mill.line1", "mill.line2"]
    assert model.streams["tail2"].source == "mill.line2"
    assert model.places["scale2"] == "chain.yaml:17"


def test_missing_folder_says_how_to_begin(tmp_path):
    with pytest.raises(ModelError, match="zveno new"):
        load_description(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("to: pond", "to: pnd", "chain.yaml:15: stream 'tail1' ends at 'pnd', which does not exist; did you mean 'pond'?"),
        ("section: mill.a}", "section: mill.b}", "chain.yaml:12: 'section' of 'mill.line1' names 'mill.b'"),
        ("quantity: wet_mass", "quantity: wetmass", "chain.yaml:17: 'wetmass' is not allowed for 'meters.0.quantity'"),
        ("uom: t,", "uom: kW,", "chain.yaml:17: 'scale1' needs a unit of mass, but 'kW' measures power"),
        ("uom: t,", "uom: tonn,", "chain.yaml:17: unit of measure 'tonn' is not known"),
        ("sd_rel_pct: 1", "sd_rel_pct: -1", "chain.yaml:17: -1 is out of range for 'meters.0.sd_rel_pct'"),
        ("sd_rel_pct: 1", "sd_rel_pct: one", "chain.yaml:17: 'meters.0.sd_rel_pct' cannot be read: got 'one'"),
        ("sd_rel_pct: 1", "sd_rel: 1", "chain.yaml:17: key 'meters.0.sd_rel' is not known; did you mean 'sd_rel_pct'?"),
        ("timezone: \"UTC+05:00\"", "timezone: Mars", "chain.yaml:4: time zone 'Mars' is not known"),
        ("boundaries: [{id: mine}, {id: pond}]", "boundaries: [{id: mine}, {id: pond}, {id: pond}]", "the id 'pond' is given 2 times"),
        (SMALL, "- a\n- b\n", "chain.yaml:1: the file holds no keys: 'zveno schema' writes what belongs in it"),
        (SMALL, "# nothing\n", "chain.yaml:1: the file holds no keys"),
        ("UTC+05:00", "UTC+95:00", "chain.yaml:4: time zone 'UTC+95:00' is not known"),
        ("components: [Cu]", "components: [Cu", "chain.yaml:6: this is not valid YAML"),
        ("id: small", "id: small\nid: again", "chain.yaml:3: key 'id' stands twice: leave one"),
        ("title: {en: Small}\n", "", "chain.yaml:1: key 'title' is missing"),
        ("title: {en: Small}", "title: {en: Small}\nabout: {en: 2026-02-30}", "chain.yaml:4: no calendar has this date"),
    ],
)  # fmt: skip
def test_a_fault_names_its_line_and_what_to_do(tmp_path, old, new, message):
    assert old in SMALL
    found = faults(write(tmp_path, SMALL.replace(old, new)))
    assert any(one.startswith(message) or message in one for one in found), found


def test_all_faults_come_at_once(tmp_path):
    broken = SMALL.replace("to: pond", "to: pnd").replace("uom: t,", "uom: kW,")
    found = faults(write(tmp_path, broken))
    assert len(found) == 4  # two streams and two meters


def test_faults_of_several_files_come_together(tmp_path):
    chain = SMALL.replace("sd_rel_pct: 1", "sd_rel_pct: -1")
    found = faults(write(tmp_path, chain, parameters="parameters:\n  a: {value: 1, colour: red}\n"))
    assert {one.partition(":")[0] for one in found} == {"chain.yaml", "parameters.yaml"}


def test_a_figure_outside_its_own_range_is_a_fault(tmp_path):
    found = faults(write(tmp_path, parameters="parameters:\n  a: {value: 7, low: 1, high: 3}\n"))
    assert found == ["parameters.yaml:2: parameter 'a' is 7, outside its own range 1 to 3"]


def test_a_parameter_that_does_not_exist_is_named(tmp_path):
    chain = SMALL.replace("section: mill.a}", "section: mill.a, parameters: {water_t_t: wter}}")
    found = faults(write(tmp_path, chain, parameters="parameters:\n  water: {value: 1}\n"))
    assert "names the parameter 'wter', which parameters.yaml does not hold; did you mean 'water'?" in found[0]


def test_dated_figures_change_on_their_day():
    figure = Figure(value=1.0, uom="t", dated=(Step(**{"from": date(2026, 3, 18), "value": 2.0}),))
    assert figure.on(date(2026, 3, 17)) == 1.0
    assert figure.on(date(2026, 3, 18)) == 2.0


def test_numbers_are_resolved_into_the_uom_asked_for(tmp_path):
    model = load_description(write(tmp_path, parameters='parameters:\n  a: {value: 32, uom: "%"}\n'))
    assert model.number("a", "frac") == pytest.approx(0.32)
    with pytest.raises(QuantityError):
        model.number("a", "t")
    with pytest.raises(ModelError, match="'b' does not exist"):
        model.number("b", "t")


def test_the_hash_changes_with_any_byte(tmp_path):
    before = load_description(write(tmp_path)).hash
    after = load_description(write(tmp_path, SMALL + "# a remark\n")).hash
    assert before != after


def test_a_missing_play_file_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"data/play\.yaml"):
        load_play(write(tmp_path))


@pytest.mark.parametrize(("feeds", "wrong"), [("ore1", True), ("ore1, ore2", False), ("ore", False)])
def test_a_recovery_names_a_whole_group_or_all_its_members(tmp_path, feeds, wrong):
    chain = SMALL.replace('from: mine, to: "mill.line{n}"', 'from: mine, to: "mill.line{n}", group: ore')
    chain += "groups: [{id: ore}]\n"
    chain += f"recoveries: [{{plant: mill, components: [Cu], feeds: [{feeds}], products: [tail1]}}]\n"
    found = faults(write(tmp_path, chain))
    assert [("names a part of the group 'ore'" in one and "ore2" in one) for one in found] == [True] * wrong
