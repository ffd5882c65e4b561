"""Unit models alone: what each does to a feed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from zveno.simulate.basis import basis_of
from zveno.simulate.units.bank import Bank
from zveno.simulate.units.cyclone import Cyclone
from zveno.simulate.units.fixed_recovery import FixedRecovery
from zveno.simulate.units.mill import Mill
from zveno.simulate.units.regrind import Regrind
from zveno.simulate.units.splitter import Splitter
from zveno.simulate.units.thickener import Thickener

MINERALS = [("bornite", "fast"), ("bornite", "slow"), ("bornite", "non"), ("pyrite", "fast"), ("quartz", "fast"),
            ("quartz", "slow"), ("quartz", "non")]  # fmt: skip
GROUPS = ["cu_sulphide"] * 3 + ["pyrite"] + ["gangue"] * 3
ORE = basis_of(MINERALS, sg=[5.0] * 4 + [2.65] * 3, k_per_min=[0.7, 0.05, 0.0, 0.3, 0.15, 0.02, 0.0], groups=GROUPS)
FEED = np.array([2.0, 0.3, 0.2, 4.0, 2.0, 3.0, 88.5, 220.0])
BANK = Bank(cells=5, cell_m3=40.0, conc_solids=0.25, entrain=0.12)


def recovery(bank: Bank, feed: np.ndarray = FEED) -> np.ndarray:
    return bank.run(feed, ORE)["conc"][0] / feed


def changed(bank: Bank, **values: float) -> Bank:
    return replace(bank, **values)


def test_bank_formula_by_hand():
    t = 60 * 40 * 0.85 / ORE.volume(FEED)
    floated = 1 - (1 + ORE.k_per_min[0] * t) ** -5.0
    conc = BANK.run(FEED, ORE)["conc"][0]
    water = conc[-1] / FEED[-1]
    follows = np.array([0.5, 0.5, 0.5, 0.6, 1.0, 1.0, 1.0])
    wanted = floated[:-1] + (1 - floated[:-1]) * 0.12 * follows * water
    assert conc[:-1] / FEED[:-1] == pytest.approx(wanted, rel=1e-12)
    assert conc[:-1].sum() / conc.sum() == pytest.approx(0.25, rel=1e-12)


def test_water_recovery_stops_at_its_cap():
    thin = changed(BANK, conc_solids=0.02)
    assert recovery(thin)[-1] == pytest.approx(0.6)
    assert recovery(changed(thin, water_recovery_cap=0.4))[-1] == pytest.approx(0.4)


def test_bank_dilutes_its_feed():
    products = changed(BANK, feed_solids=0.2).run(FEED, ORE)
    assert sum(one[0, -1] for one in products.values()) == pytest.approx(400.0)
    thick_enough = changed(BANK, feed_solids=0.5).run(FEED, ORE)
    assert sum(one[0, -1] for one in thick_enough.values()) == pytest.approx(220.0)


def test_more_cells_volume_and_rate_recover_more():
    base = recovery(BANK)[0]
    assert recovery(changed(BANK, cells=8))[0] > base
    assert recovery(changed(BANK, cell_m3=60.0))[0] > base
    assert recovery(changed(BANK, k_mult_sulphide=0.5))[0] < base
    assert recovery(changed(BANK, k_divisor=0.5))[0] > base


@pytest.mark.parametrize(
    ("setting", "same_as"),
    [
        ({"ph": 11.0, "ph_design": 10.0, "ph_pyrite_k": -0.55}, {"k_mult_pyrite": 0.45}),
        ({"ph": 11.0, "ph_design": 10.0, "ph_cu_k": -0.04}, {"k_mult_sulphide": 0.96}),
        ({"air_m3h": 70.0, "air_design_m3h": 100.0, "air_k": 0.6}, {"k_divisor": 1 / 0.82}),
        ({"collector_g_t": 24.0, "collector_design_g_t": 32.0, "collector_k": 0.4}, {"k_divisor": 1 / 0.9}),
        ({"collector_g_t": 90.0, "collector_design_g_t": 34.0, "collector_k": 0.35}, {"k_divisor": 1 / 1.1}),
        ({"froth_mm": 300.0, "froth_design_mm": 200.0, "froth_k": -0.15}, {"k_divisor": 1 / 0.925}),
        ({"froth_mm": 300.0, "froth_design_mm": 200.0, "froth_water": -0.35}, {"conc_solids": 1 / (1 + 3 * 0.825)}),
    ],
)  # fmt: skip
def test_levers_act_on_rates_and_water(setting, same_as):
    assert recovery(changed(BANK, **setting)) == pytest.approx(recovery(changed(BANK, **same_as)), rel=1e-12)


def test_levers_at_design_change_nothing():
    at_design = {"ph": 11.0, "ph_design": 11.0, "ph_pyrite_k": -0.5, "air_k": 0.6, "collector_k": 0.3, "froth_k": -0.1}
    assert recovery(changed(BANK, **at_design)) == pytest.approx(recovery(BANK), rel=1e-15)


def test_bank_without_volume_or_feed_gives_nothing_but_entrainment():
    assert recovery(changed(BANK, cell_m3=0.0))[:-1] == pytest.approx(0.0)
    empty = BANK.run(np.zeros(8), ORE)
    assert all((one == 0).all() for one in empty.values())


def test_dry_bank_does_not_break():
    dry = FEED.copy()
    dry[-1] = 0
    assert np.isfinite(BANK.run(dry, ORE)["conc"]).all()


def test_regrind_moves_classes_and_keeps_minerals():
    out = Regrind(slow_to_fast=0.4, gangue_to_non=0.55).run(FEED, ORE)["product"][0]
    assert out == pytest.approx([2.12, 0.18, 0.2, 4.0, 0.9, 1.35, 91.25, 220.0])


def mill(**values: float) -> Mill:
    given = {"work_index_kwh_t": 15.0, "f80_um": 14000.0, "p80_um": 110.0, "p80_design_um": 110.0, "solids": 0.74}
    return Mill(**{**given, "p80_rec": -0.045, "overgrind_rec": -0.03, "recovery_design": 0.9, **values})


@pytest.mark.parametrize(("p80_um", "loss"), [(110, 0.0), (150, 0.045 * 40 / 90), (95, 0.0), (75, 0.03 * 10 / 90)])
def test_product_size_costs_fast_copper(p80_um, loss):
    out = mill(p80_um=float(p80_um)).run(FEED, ORE)["product"][0]
    assert out[:3] == pytest.approx([2.0 * (1 - loss), 0.3, 0.2 + 2.0 * loss])
    assert out[3:-1] == pytest.approx(FEED[3:-1])


def test_mill_adds_water_but_takes_none_away():
    assert mill().run(FEED, ORE)["product"][0, -1] == pytest.approx(220.0)
    thick = FEED.copy()
    thick[-1] = 10.0
    assert mill().run(thick, ORE)["product"][0, -1] == pytest.approx(100 * (1 / 0.74 - 1))


def test_mill_power_counts_new_feed():
    alone, closed = mill(), mill(circulating_load=2.5)
    new = alone.report(FEED[None], alone.observe(FEED[None], ORE), ORE)["power"][0]
    loaded = closed.report(3.5 * FEED[None], closed.observe(FEED[None], ORE), ORE)["power"][0]
    assert loaded == pytest.approx(new)


def test_mill_refuses_a_product_coarser_than_its_feed():
    assert "p80_um" in mill(p80_um=20000.0).conflict()
    assert mill().conflict() == ""


def test_cyclone_densities_and_load():
    out = Cyclone(circulating_load=2.5, overflow_solids=0.3, underflow_solids=0.75).run(FEED, ORE)
    solids = {name: ORE.solids(flow)[0] for name, flow in out.items()}
    assert solids["underflow"] / solids["overflow"] == pytest.approx(2.5)
    assert solids["underflow"] / out["underflow"].sum() == pytest.approx(0.75)
    thin = out["overflow"][0, -1]
    assert thin == pytest.approx(220.0 - solids["underflow"] / 3)  # more water than needed stays in the overflow
    thick = FEED.copy()
    thick[-1] = 20.0
    out = Cyclone(circulating_load=2.5, overflow_solids=0.3, underflow_solids=0.75).run(thick, ORE)
    assert ORE.solids(out["overflow"])[0] / out["overflow"].sum() == pytest.approx(0.3)


def test_dense_overflow_costs_fast_copper():
    given = {"circulating_load": 0.0, "underflow_solids": 0.75, "density_rec": -0.1, "recovery_design": 0.8}
    out = Cyclone(overflow_solids=0.40, **given).run(FEED, ORE)["overflow"][0]
    assert out[0] == pytest.approx(2.0 * (1 - 0.1 * 4 / 80))
    at_limit = Cyclone(overflow_solids=0.36, **given).run(FEED, ORE)["overflow"][0]
    assert at_limit[0] == pytest.approx(2.0)


def test_splitter_shares():
    out = Splitter(share_b=0.2, share_c=0.3).run(FEED, ORE)
    assert out["a"][0] == pytest.approx(0.5 * FEED)
    assert out["c"][0] == pytest.approx(0.3 * FEED)
    assert (out["f"] == 0).all()
    assert Splitter(share_b=0.8, share_c=0.3).conflict()
    assert not Splitter(share_b=0.1 + 0.2, share_c=0.7).conflict()  # more than 1 by rounding only


def test_fixed_recovery_by_group():
    out = FixedRecovery(cu_sulphide=0.9, gangue=0.02, pyrite=0.5, water=0.1).run(FEED, ORE)["conc"][0]
    assert out / FEED == pytest.approx([0.9, 0.9, 0.9, 0.5, 0.02, 0.02, 0.02, 0.1])


def test_thickener_overflow_carries_its_grams():
    out = Thickener(underflow_solids=0.6, overflow_solids_g_l=0.5).run(FEED, ORE)
    over, under = out["overflow"][0], out["underflow"][0]
    grams_per_litre = ORE.solids(over) / ORE.volume(over) * 1000
    assert grams_per_litre == pytest.approx(0.5, rel=1e-9)
    assert ORE.solids(under) / under.sum() == pytest.approx(0.6, rel=1e-9)
    assert over[:-1] / ORE.solids(over) == pytest.approx(FEED[:-1] / ORE.solids(FEED))


def test_thickener_leaves_thick_feed_alone():
    thick = FEED.copy()
    thick[-1] = 30.0
    out = Thickener(underflow_solids=0.6, overflow_solids_g_l=0.5).run(thick, ORE)
    assert (out["overflow"] == 0).all()
    assert out["underflow"][0] == pytest.approx(thick)


def test_one_value_per_scenario():
    bank = changed(BANK, cell_m3=np.array([20.0, 40.0]))
    both = bank.run(np.stack([FEED, FEED]), ORE)["conc"]
    assert both[1] == pytest.approx(BANK.run(FEED, ORE)["conc"][0])
    assert both[0, 0] < both[1, 0]
    assert bank.take(np.array([1])).run(FEED, ORE)["conc"][0] == pytest.approx(both[1])
