"""Sites on which plants stand."""

from __future__ import annotations

from pathlib import Path

import zveno
from zveno.model.load import read_description

CHAIN = """\
format: zveno/chain-1
id: small
title: {en: Small}
timezone: UTC
components: [Cu]
sites:
  - {id: north, title: {en: North}}
  - {id: south, title: {en: South}}
plants:
  - {id: p, kind: other, site: north, sections: [{id: p.s}]}
boundaries: [{id: out}]
units: [{id: p.u, section: p.s}]
streams:
  - {id: feed, from: out, to: p.u}
  - {id: product, from: p.u, to: out}
"""


def _said(folder: Path, text: str) -> list[str]:
    (folder / "chain.yaml").write_text(text, encoding="utf-8")
    return [str(one) for one in read_description(folder)[1]]


def test_a_plant_stands_on_a_site_that_has_a_name(tmp_path: Path) -> None:
    assert _said(tmp_path, CHAIN) == []
    model, _ = read_description(tmp_path)
    assert model is not None
    assert model.chain.plants[0].site == "north"
    assert model.title("north", "en") == "North"


def test_an_unknown_site_is_a_fault_with_its_line_and_the_nearest_name(tmp_path: Path) -> None:
    (said,) = _said(tmp_path, CHAIN.replace("site: north", "site: nort"))
    assert said == "chain.yaml:10: 'site' of 'p' names 'nort', which does not exist; did you mean 'north'?"


def test_a_site_has_a_name_of_its_own(tmp_path: Path) -> None:
    (said,) = _said(tmp_path, CHAIN.replace("{id: south,", "{id: p,"))
    assert "the id 'p' is given 2 times" in said


def test_the_whole_chain_stands_on_its_sites() -> None:
    chain = zveno.load(zveno.example("zhez_balkhash")).model.chain
    assert [one.id for one in chain.sites] == ["zhez", "balk", "karaganda"]
    sites = {one.id: one.site for one in chain.plants}
    assert {one: sites[one] for one in ("zhez_conc", "zhmz", "balk_conc", "bmz")} == {
        "zhez_conc": "zhez", "zhmz": "zhez", "balk_conc": "balk", "bmz": "balk",
    }  # fmt: skip
