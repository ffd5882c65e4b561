"""A description in several files."""

from __future__ import annotations

from pathlib import Path

from zveno.model.load import read_description

CHAIN = """\
format: zveno/chain-1
id: small
title: {en: Small}
timezone: UTC
components: [Cu]
parts: [meters.yaml]
plants: [{id: p, kind: other, sections: [{id: p.s}]}]
boundaries: [{id: out}]
units: [{id: p.u, section: p.s}]
streams:
  - {id: feed, from: out, to: p.u}
  - {id: product, from: p.u, to: out}
meters:
  - {id: feed.scale, stream: feed, quantity: mass, uom: t, sd_rel_pct: 1}
"""
METERS = """\
# scales of the plant
meters:
  - id: product.scale{n}
    repeat: {n: [1, 2]}
    stream: product
    quantity: mass
    uom: t
    sd_rel_pct: 1
"""


def _folder(tmp_path: Path, meters: str | None = METERS) -> Path:
    (tmp_path / "chain.yaml").write_text(CHAIN, encoding="utf-8")
    if meters is not None:
        (tmp_path / "meters.yaml").write_text(meters, encoding="utf-8")
    return tmp_path


def test_lists_of_parts_are_added_to_those_of_the_chain(tmp_path: Path) -> None:
    model, faults = read_description(_folder(tmp_path))
    assert model is not None, faults
    assert list(model.meters) == ["feed.scale", "product.scale1", "product.scale2"]
    assert model.places["feed.scale"] == "chain.yaml:14"
    assert model.places["product.scale2"] == "meters.yaml:3"
    assert model.places["product.scale2/quantity"] == "meters.yaml:6"


def test_a_part_counts_for_the_hash_of_the_description(tmp_path: Path) -> None:
    before, _ = read_description(_folder(tmp_path))
    after, _ = read_description(_folder(tmp_path, METERS + "  # a remark\n"))
    assert before is not None
    assert after is not None
    assert before.hash != after.hash


def test_faults_of_a_part_name_its_file_and_line(tmp_path: Path) -> None:
    _, faults = read_description(_folder(tmp_path, METERS.replace("quantity: mass", "quantity: colour")))
    assert [one.where for one in faults] == ["meters.yaml:6"] * len(faults)
    assert faults


def test_a_missing_part_and_a_part_without_lists_are_told(tmp_path: Path) -> None:
    _, faults = read_description(_folder(tmp_path, None))
    assert [(one.where, one.fields["name"]) for one in faults] == [("chain.yaml:6", "meters.yaml")]
    _, faults = read_description(_folder(tmp_path, "title: {en: Other}\n"))
    assert [(one.where, one.fields["key"]) for one in faults] == [("meters.yaml:1", "title")]
