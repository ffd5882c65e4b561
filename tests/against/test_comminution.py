"""Published and exact cases of grinding and classification; the source of each stands in its file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zveno.simulate.units.classification import rosin_rammler_efficiency, whiten_efficiency
from zveno.simulate.units.grinding import load_by_dilution, pulp_solids
from zveno.simulate.units.perfect_mixing_mill import perfect_mixing
from zveno.simulate.units.reid_mill import batch_grinding

DATA = Path(__file__).parents[2] / "../shared/data/simulation"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the folder ../shared/data with the cases is absent")


def case(name: str) -> tuple[dict[str, Any], dict[str, Any], float]:
    """Inputs, expected values and relative tolerance."""
    found = json.loads((DATA / f"{name}.json").read_text())
    return found["inputs"], found["expected"], float(found["tolerance"]["rel"])


def test_batch_grinding_by_reid() -> None:
    given, wanted, rel = case("comm-batch-grinding-reid")
    fragments = np.array(given["breakage_columns"]).T
    fragments[-1, -1] = 1  # the case leaves the pan's column empty: it does not break
    matrix = batch_grinding(np.array(given["selection_per_min"]) * given["time_min"], fragments)
    assert matrix @ np.array(given["feed"]) == pytest.approx(wanted["product"], rel=rel)


def test_perfect_mixing_mill() -> None:
    given, wanted, rel = case("comm-perfect-mixing-mill")
    fragments = np.array(given["appearance_columns"]).T
    fragments[-1, -1] = 1
    product = perfect_mixing(np.array(given["breakage_over_discharge"]), fragments) @ np.array(given["feed_tph"])
    assert product == pytest.approx(wanted["product_tph"], rel=rel)
    assert product.sum() == pytest.approx(wanted["total_tph"], rel=rel)


def test_efficiency_curves_of_whiten_and_of_plitt() -> None:
    given, wanted, rel = case("comm-efficiency-curves")
    relative = np.array([*given["size_um"], given["d50c_um"]]) / given["d50c_um"]
    whiten = whiten_efficiency(relative, np.array(given["alpha"]))
    assert whiten == pytest.approx([*wanted["whiten"], wanted["at_d50c"]], rel=rel)
    plitt = rosin_rammler_efficiency(relative, np.array(given["m"]))
    assert plitt == pytest.approx([*wanted["plitt_rr"], wanted["at_d50c"]], rel=rel)


def test_cyclone_feed_from_pulp_densities_and_a_timed_sample() -> None:
    given, wanted, rel = case("comm-cyclone-slurry-nptel")
    names = ("feed", "overflow", "underflow")
    densities = np.array([given["slurry_density_kg_m3"][one] for one in names]) / given["water_density"]
    solids = pulp_solids(densities, given["solid_density"] / given["water_density"])
    assert 100 * solids == pytest.approx([wanted["pct_solids"][one] for one in names], rel=rel)
    litres_h = given["underflow_sample_litre"] / given["sample_s"] * 3600
    underflow_kg_h = litres_h * densities[2] * solids[2]
    assert underflow_kg_h == pytest.approx(wanted["underflow_dry_kg_h"], rel=rel)
    load = load_by_dilution(*solids)[0]
    assert underflow_kg_h * (1 + 1 / load) == pytest.approx(wanted["feed_dry_kg_h"], rel=rel)
