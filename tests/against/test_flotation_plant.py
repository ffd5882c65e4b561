"""A working plant's readings (published by Zyfra for teaching), read in place; see docs/explanation/flotation-plant.md."""

from pathlib import Path

import polars as pl
import pytest

import zveno

READINGS = Path(__file__).parents[3] / "shared" / "data" / "flotation-plant" / "readings.csv"
METALS = ("Au", "Ag", "Pb")
BANKS = {
    "rougher": ("feed", "rougher_tail", "rougher_conc"),
    "primary": ("rougher_conc", "primary_tail", "primary_conc"),
    "secondary": ("primary_conc", "secondary_tail", "final_conc"),
}

pytestmark = [
    pytest.mark.skipif(not READINGS.is_file(), reason="the plant's readings are not beside the project"),
    pytest.mark.slow,
]


@pytest.fixture(scope="module")
def plant():
    chain, done = zveno.load(zveno.example("flotation_plant")).with_data([READINGS])
    assert (done.records, done.rejected.height, done.faults) == (18_816, 1_009, ())
    return chain


@pytest.fixture(scope="module")
def means(plant):
    """Mean assay by (stream, metal), per cent."""
    rows = plant.store.read("records").group_by("point", "quantity").agg(pl.col("value").mean()).iter_rows()
    return {(point.removesuffix(".assay"), metal): 100 * value for point, metal, value in rows}


def test_every_hour_has_a_balance_or_says_why_not(plant):
    series = plant.reconcile_each(plant.period())
    counts = dict(series.periods.group_by("status").len().iter_rows())
    assert counts == {"suspect": 757, "no data": 35, "not testable": 8}
    solved = series.periods.filter(pl.col("objective").is_not_null())["period"]
    masses = series.flows.filter(pl.col("component") == "Au").pivot(on="stream", index="period", values="mass_t")
    assert masses.height == len(solved)
    whole = masses.drop_nulls()
    off = whole["feed"] - whole["final_conc"] - whole["final_tail"]
    assert whole.height > 700
    assert (off.abs() / whole["feed"]).max() < 1e-9


def test_the_whole_period_says_that_its_readings_disagree(plant):
    balance = plant.reconcile(plant.period())
    assert balance.objective == pytest.approx(1419, abs=1)
    assert (balance.dof, balance.status) == (9, "suspect")
    recovery = balance.recoveries.filter(pl.col("component") == "Au", pl.col("kind") == "overall")
    assert recovery["recovery_frac"][0] == pytest.approx(0.736, abs=0.001)
    last = balance.eliminations.row(-1, named=True)
    assert (last["step"], last["dof"]) == (7, 2)
    assert last["p_value"] == pytest.approx(0.43, abs=0.01)


def test_the_final_tailings_are_a_quarter_richer_than_their_mixture_by_every_metal(means):
    for metal in METALS:
        share, tailings, metal_in_tailings = 1.0, 0.0, 0.0
        for feed, tail, conc in BANKS.values():
            pulled = (means[feed, metal] - means[tail, metal]) / (means[conc, metal] - means[tail, metal])
            tailings += share * (1 - pulled)
            metal_in_tailings += share * (1 - pulled) * means[tail, metal]
            share *= pulled
        ratio = means["final_tail", metal] / (metal_in_tailings / tailings)
        assert ratio == pytest.approx(1.255, abs=0.01)
