"""A working plant's readings (published by Zyfra for teaching), read in place; see docs/explanation/flotation-plant.md."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from benchmarks import flotation_hours as study

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
def series(plant):
    """The balance of each hour."""
    return plant.reconcile_each(plant.period())


@pytest.fixture(scope="module")
def means(plant):
    """Mean assay by (stream, metal), per cent."""
    rows = plant.store.read("records").group_by("point", "quantity").agg(pl.col("value").mean()).iter_rows()
    return {(point.removesuffix(".assay"), metal): 100 * value for point, metal, value in rows}


def test_every_hour_has_a_balance_or_says_why_not(series):
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
    assert (last["step"], last["dof"]) == (5, 4)
    assert last["p_value"] == pytest.approx(0.49, abs=0.01)
    first = balance.suspects.row(0, named=True)
    assert (first["kind"], first["name"], first["quantity"]) == ("loss", "plant.tailings", "mass")
    assert first["bias_rel_frac"] == pytest.approx(0.234, abs=0.003)
    reading = balance.suspects.filter(pl.col("kind") == "reading").row(0, named=True)
    assert (reading["stream"], reading["quantity"]) == ("final_tail", "Ag")


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


# ---- which assay is at odds ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hours():
    return study.read_hours()


@pytest.fixture(scope="module")
def base(hours):
    return study.fit(hours)


@pytest.fixture(scope="module")
def factors(hours, base):
    asked = {
        "Ag": ("final_tail", ("Ag",)), "final": ("final_tail", METALS), "rougher": ("rougher_tail", METALS),
        "Pb": ("rougher_conc", ("Pb",)),
    }  # fmt: skip
    return {name: study.fit(hours, study.effect(*one)[None], like=base) for name, one in asked.items()}


def test_an_hour_of_the_study_is_the_balance_of_that_hour(series, hours, base):
    theirs = series.periods.filter(pl.col("dof") == 9)["objective"].to_numpy()  # less where a share is at its bound
    mine = np.sort(base.objective)
    assert (len(mine), len(theirs)) == (699, 677)
    at = np.clip(np.searchsorted(mine, theirs), 1, len(mine) - 1)
    nearest = np.minimum(np.abs(mine[at] - theirs), np.abs(mine[at - 1] - theirs))
    assert np.mean(nearest < 1e-4 * theirs) > 0.99


@pytest.mark.long
def test_silver_of_the_final_tailings_is_the_single_assay_most_at_odds(hours, base, factors):
    hours_count = len(hours.assay_pct)
    assert base.total / hours_count == pytest.approx(112.0, abs=0.1)
    found = factors["Ag"]
    assert found.total / hours_count == pytest.approx(88.1, abs=0.1)
    assert found.bias[0] == pytest.approx(0.390, abs=0.002)
    assert 1.96 * found.bias_sd(hours.day)[0] == pytest.approx(0.051, abs=0.003)
    assert study.preferred(hours, factors["Ag"], factors["Pb"])[0] < -4


def test_the_two_samples_of_tailings_cannot_be_told_apart(hours, factors):
    t, days = study.preferred(hours, factors["final"], factors["rougher"])
    assert t == pytest.approx(-0.87, abs=0.05)
    assert (days, hours.days) == (21, 34)
    assert factors["final"].bias[0] == pytest.approx(0.268, abs=0.002)
    assert factors["rougher"].bias[0] == pytest.approx(-0.306, abs=0.002)


def test_adjustments_over_all_hours(hours, base):
    z = study.standardised(hours, base)
    silver = z[:, study.STREAMS.index("final_tail"), METALS.index("Ag")]
    assert silver.mean() == pytest.approx(5.0, abs=0.02)
    assert study.effective(silver) < 20
    assert study.student(silver) == pytest.approx(8.7, abs=0.2)


def test_a_factor_laid_on_sound_hours_is_found_again():
    rng = np.random.default_rng(7)
    count = 200
    shares = rng.uniform([0.25, 0.45, 0.6], [0.4, 0.6, 0.75], size=(count, 3))
    grades = np.zeros((count, len(study.STREAMS), len(METALS)))
    at = {name: k for k, name in enumerate(study.STREAMS)}
    feed = rng.uniform([6, 8, 2], [8, 10, 3], size=(count, 3))
    cut = rng.uniform(0.15, 0.3, size=(count, 3, 3))
    flow, metal, lost, lost_metal = np.ones((count, 1)), feed, 0.0, 0.0
    grades[:, at["feed"]] = feed
    for k, (tail, conc) in enumerate((("rougher_tail", "rougher_conc"), ("primary_tail", "primary_conc"),
                                      ("secondary_tail", "final_conc"))):  # fmt: skip
        off, off_metal = flow * (1 - shares[:, [k]]), metal * cut[:, k]
        grades[:, at[tail]] = off_metal / off
        lost, lost_metal = lost + off, lost_metal + off_metal
        flow, metal = flow - off, metal - off_metal
        grades[:, at[conc]] = metal / flow
    grades[:, at["final_tail"]] = lost_metal / lost
    assert np.abs(study.residuals(grades, shares, (0, 1, 2, 3))).max() < 1e-9
    read = grades * (1 + 0.05 * rng.standard_normal(grades.shape))
    read[:, at["final_tail"], METALS.index("Ag")] *= 1.3
    played = study.Hours(read, np.arange(count) // 10)
    asked = [(stream, (metal,)) for stream in study.STREAMS for metal in METALS]
    found = {one: study.fit(played, study.effect(*one)[None]) for one in asked}
    best = min(found, key=lambda one: found[one].total)
    assert best == ("final_tail", ("Ag",))
    assert abs(found[best].bias[0] - 0.3) < 3 * found[best].bias_sd(played.day)[0]
