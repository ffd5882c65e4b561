"""Published and exact cases of grinding and classification; the source of each stands in its file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zveno.simulate.basis import basis_of
from zveno.simulate.units import UnitModel
from zveno.simulate.units.classification import rosin_rammler_efficiency, whiten_efficiency
from zveno.simulate.units.classifier import Classifier
from zveno.simulate.units.column import dispersed_recovery
from zveno.simulate.units.crusher import Crusher
from zveno.simulate.units.grinding import load_by_dilution, pulp_solids
from zveno.simulate.units.nageswararao_cyclone import NageswararaoCyclone
from zveno.simulate.units.perfect_mixing_mill import PerfectMixingMill
from zveno.simulate.units.plitt_cyclone import PlittCyclone
from zveno.simulate.units.reid_mill import ReidMill
from zveno.simulate.units.screen import stays_on

DATA = Path(__file__).parents[2] / "../shared/data/simulation"
CYCLONE = {
    "cyclones": 1.0, "diameter_mm": 500.0, "inlet_mm": 150.0, "vortex_finder_mm": 200.0, "spigot_mm": 100.0,
}  # fmt: skip
CYLINDER = {"cylinder_mm": 500.0, "cone_deg": 20.0, "kd": 1e-4, "kq": 450.0, "kw": 20.0}
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the folder ../shared/data with the cases is absent")


def case(name: str) -> tuple[dict[str, Any], dict[str, Any], float]:
    """Inputs, expected values and relative tolerance."""
    found = json.loads((DATA / f"{name}.json").read_text())
    return found["inputs"], found["expected"], float(found["tolerance"]["rel"])


def test_batch_grinding_by_reid() -> None:
    given, wanted, rel = case("comm-batch-grinding-reid")
    fragments = np.array(given["breakage_columns"]).T
    fragments[-1, -1] = 1  # the case leaves the pan's column empty: it does not break
    mill = ReidMill(pulp_m3=1.0, solids=0.7, rate_per_min=1.0)
    broken = np.array(given["selection_per_min"]) * given["time_min"]
    matrix = mill.ground(broken[None, None], fragments[None])[0, 0]
    assert matrix @ np.array(given["feed"]) == pytest.approx(wanted["product"], rel=rel)


def test_perfect_mixing_mill() -> None:
    given, wanted, rel = case("comm-perfect-mixing-mill")
    fragments = np.array(given["appearance_columns"]).T
    fragments[-1, -1] = 1
    mill = PerfectMixingMill(pulp_m3=1.0, solids=0.7, rate_per_min=1.0)
    broken = np.array(given["breakage_over_discharge"])
    product = mill.ground(broken[None, None], fragments[None])[0, 0] @ np.array(given["feed_tph"])
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


@pytest.mark.parametrize("kind", [Classifier, PlittCyclone, NageswararaoCyclone])
def test_units_that_classify_follow_the_curve(kind: type[UnitModel]) -> None:
    """Sieves whose classes stand for 300, 100 and 30 um, grains of the reference density, no by-pass."""
    given, wanted, rel = case("comm-efficiency-curves")
    basis = basis_of(
        [("quartz", "non")] * 5, sg=[2.6] * 5, k_per_min=[0.0] * 5, groups=["gangue"] * 5,
        sizes=([600.0, 150.0, 200 / 3, 13.5], range(5)),
    )  # fmt: skip
    for curve, sharpness, name in (("whiten", given["alpha"], "whiten"), ("rosin_rammler", given["m"], "plitt_rr")):
        shape = {"curve": curve, "sharpness": sharpness}
        if kind is Classifier:
            split = Classifier(d50c_um=given["d50c_um"], bypass=0.0, **shape).split(np.zeros((1, 0)), basis)
        else:
            geometry = {"vortex_height_mm": 1500.0} if kind is PlittCyclone else CYLINDER
            unit = kind(**CYCLONE, **geometry, **shape)
            split = unit.split(np.array([[0.0, given["d50c_um"], 0.0]]), basis)
        assert split[0, 1, 1:4] == pytest.approx(wanted[name][1:], rel=rel)


def test_plitt_s_cut_size_in_the_form_of_1976() -> None:
    """50.21 ... / (d - 1)^0.5, as a public library of mineral processing functions prints it (A. Ghasemi, PLITT.D50)."""
    dc, di, do, du, h, per_cent, sg, litres = 50.0, 5.0, 10.0, 8.0, 15.0, 45.0, 2.7, 300.0  # its example
    volume = 100 * (per_cent / sg) / (per_cent / sg + 100 - per_cent)
    printed = 50.21 * dc**0.46 * di**0.6 * do**1.21 * np.exp(0.063 * volume)
    printed /= du**0.71 * h**0.38 * litres**0.45 * (sg - 1) ** 0.5
    cyclone = PlittCyclone(
        cyclones=1, diameter_mm=500.0, inlet_mm=50.0, vortex_finder_mm=100.0, spigot_mm=80.0, vortex_height_mm=150.0,
        sharpness=2.0,
    )  # fmt: skip
    basis = basis_of([("ore", "non")], sg=[sg], k_per_min=[0.0], groups=["gangue"])
    tph = litres * 60 / 1000 * volume / 100 * sg
    drivers = cyclone.observe(np.array([[tph, tph * (100 / per_cent - 1)]]), basis)
    assert drivers[0, 1] * (1.6 / (sg - 1)) ** 0.5 == pytest.approx(printed, rel=3e-4)


def test_a_closed_vessel_with_dispersion_converts_what_fogler_s_example_says() -> None:
    """Fogler, Elements of Chemical Reaction Engineering, 4th ed., example 14-3: Da = 1.29, Pe = 7.5, X = 0.68."""
    assert dispersed_recovery(np.array([1.29]), np.array([7.5]))[0] == pytest.approx(0.68, abs=0.005)


def test_a_grain_passes_an_opening_as_often_as_taggart_s_table_says() -> None:
    """Chances in 1000 by grain over opening: Wills & Finch, Mineral Processing Technology, table 8.1, after Taggart."""
    table = {0.001: 998, 0.01: 980, 0.1: 810, 0.2: 640, 0.3: 490, 0.4: 360, 0.5: 250}
    stays = stays_on(np.array(list(table)), np.ones(1), np.zeros(1), np.ones(1))
    assert 1000 * (1 - stays) == pytest.approx(list(table.values()), abs=0.5)


def test_a_crusher_draws_what_bond_s_energy_asks_for() -> None:
    given, wanted, rel = case("comm-bond-energy")
    crusher = Crusher(energy_kwh_t=wanted["kwh_per_tonne"])
    basis = basis_of([("ore", "non")], sg=[2.7], k_per_min=[0.0], groups=["gangue"])
    power = crusher.report(np.array([[given["tonnage_tph"], 5.0]]), np.zeros((1, 0)), basis)["power"][0]
    assert power == pytest.approx(wanted["power_kw_metric"], rel=rel)
