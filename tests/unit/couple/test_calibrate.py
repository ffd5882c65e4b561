"""Calibration: planted values come back, what the data cannot tell is said, the answer is that of other methods."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.optimize import least_squares
from tests.unit.couple.small_plant import METERS, MODEL, MONTH, UNITS, exact_records, plant, played
from tests.unit.reconcile.plants import meter

from zveno.couple import Choices, calibrate
from zveno.errors import DataError, ModelError
from zveno.model.types import Figure
from zveno.reconcile import reconcile
from zveno.simulate import simulate

PLANTED = {"float.bornite.share_fast": 0.76, "float.pyrite.share_fast": 0.26, "float.quartz.share_fast": 0.024}
FIT = Choices(tuple(PLANTED))


@pytest.fixture(scope="module")
def exact():
    """A month without errors of a plant with the planted values."""
    return reconcile(MODEL, exact_records(plant(PLANTED)), MONTH)


@pytest.fixture(scope="module")
def month():
    """A month as its meters show it."""
    return reconcile(MODEL, played(plant(PLANTED), 1)[0], MONTH)


@pytest.fixture(scope="module")
def found(month):
    return calibrate(MODEL, month, FIT)


def test_data_without_errors_give_the_planted_values(exact):
    found = calibrate(MODEL, exact, FIT)
    for key, value in PLANTED.items():
        assert found.value(key)[0] == pytest.approx(value, rel=1e-6)
    assert found.inputs == pytest.approx({"ore.feed": 200.0, "ore.cu": 1.2, "ore.pyrite": 4.0}, rel=1e-6)
    assert found.objective < 1e-6
    assert found.status == "agrees"
    assert found.doubts == ()


def test_what_is_put_in_stock_was_made(exact):
    """200 t of the month's concentrate are not dispatched: they count as product all the same."""
    kept = reconcile(MODEL, exact_records(plant(PLANTED), stock_t=(300.0, 500.0)), MONTH)
    found = calibrate(MODEL, kept, FIT)
    assert found.scenario == pytest.approx(PLANTED, rel=1e-6)
    dispatched, made = (one.result.component_flow("cake", "mass")[0] for one in (kept, exact))
    assert dispatched == pytest.approx(made - 200.0)


def test_the_scenario_runs_as_the_period_did(found, month):
    run = simulate(MODEL, scenarios=found.cases)
    copper = run.component("cake", "Cu")[1] * MONTH.hours
    told = month.result.total([("cake", "Cu", 1.0), ("bin.closing", "Cu", 1.0), ("bin.opening", "Cu", -1.0)])
    assert abs(copper - told[0]) < 3 * told[1]
    assert run.given.table["scenario"].to_list() == ["calibrated", "2026-03"]


# ---- the same as other methods ---------------------------------------------------------------------------------


def linear_plant(share: float = 0.3):
    """Two feeds are mixed and divided by a known share: the flows are linear in the two tonnages."""
    units = [
        {"id": "mix", "section": "crushing", "model": "mixer", "parameters": {}},
        {"id": "part", "section": "crushing", "model": "splitter", "parameters": {"share_b": share}},
    ]
    ends = {"a": ("mine", "mix"), "b": ("mine", "mix"), "c": ("part:a", "pond"), "d": ("part:b", "smelter")}
    streams = [{"id": name, "from": one, "to": to} for name, (one, to) in ends.items()]
    for one, value in zip(streams[:2], (120.0, 70.0), strict=True):
        one |= {"ore": "ore", "feed": value}
    streams.append({"id": "mixed", "from": "mix", "to": "part"})
    sds = {"a": 1.0, "b": 2.0, "c": 1.5, "d": 3.0}
    meters = [meter(f"{one}.scale", one, "mass", sd_rel_pct=sd, bias_limit_pct=1.0) for one, sd in sds.items()]
    return plant(meters=meters, units=units, streams=streams, stocks=[], recoveries=[])


def test_a_linear_case_is_the_closed_form_of_weighted_least_squares():
    model = linear_plant()
    records = exact_records(model)
    off = {"a.scale": 1.004, "b.scale": 0.995, "c.scale": 1.002, "d.scale": 0.997}
    records = records.with_columns(value=pl.col("value") * pl.col("point").replace_strict(off, return_dtype=pl.Float64))
    balance = reconcile(model, records, MONTH)
    found = calibrate(model, balance, Choices(("a.feed", "b.feed"), inputs=()))
    # straight from the readings, which know nothing of any balance
    table = {row["stream"]: (row["reading"], row["sd"]) for row in balance.adjustments.iter_rows(named=True)}
    y, sd = (np.array([table[one][n] for one in "abcd"]) for n in (0, 1))
    H = MONTH.hours * np.array([[1, 0], [0, 1], [0.7, 0.7], [0.3, 0.3]])
    covariance = np.linalg.inv(H.T @ np.diag(sd**-2) @ H)
    exact = covariance @ H.T @ (y / sd**2)
    for n, key in enumerate(("a.feed", "b.feed")):
        assert found.value(key) == pytest.approx((exact[n], np.sqrt(covariance[n, n])), rel=1e-7)
    correlation = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert found.correlations["correlation"][0] == pytest.approx(correlation, rel=1e-6)
    assert found.dof == 1
    assert balance.objective + found.objective == pytest.approx(float(np.sum(((y - H @ exact) / sd) ** 2)), rel=1e-7)


def test_the_fit_is_that_of_the_readings_themselves(month, found):
    """Everything at once from the readings by another program: the same values to a few hundredths of their error."""
    read = month.adjustments.filter(~pl.col("stream").str.starts_with("bin"))
    made = ["float.bornite.share_fast", "float.pyrite.share_fast", "float.quartz.share_fast", "feed_tph", "ore.cu",
            "ore.pyrite"]  # fmt: skip
    start = np.array([PLANTED.get(key, MODEL.parameters[key].value) for key in made])
    stock = month.adjustments.filter(pl.col("stream").str.starts_with("bin") & (pl.col("quantity") == "mass"))
    gain, gain_sd = stock["reading"][1] - stock["reading"][0], float(np.linalg.norm(stock["sd"].to_numpy()))

    def errors(point):
        """Errors of the readings of a plant with these values; what is put in stock is one more unknown."""
        run = simulate(MODEL, scenarios={"one": dict(zip(made, point[:-1] * start, strict=True))})
        rows = []
        for row in read.iter_rows(named=True):
            mass, quantity = run.mass(row["stream"])[0], row["quantity"]
            if quantity == "mass":
                value = mass[0] * MONTH.hours - (point[-1] * gain_sd if row["stream"] == "cake" else 0.0)
            else:
                value = mass[run.quantities.index(quantity)] / mass[0]
            rows.append((row["reading"] - value) / row["sd"])
        return np.array([*rows, (gain - point[-1] * gain_sd) / gain_sd])

    other = least_squares(errors, np.array([1.0] * len(made) + [gain / gain_sd]), x_scale="jac", diff_step=1e-5)
    for n, key in enumerate(made[:3]):
        value, sd = found.value(key)
        assert abs(value - other.x[n] * start[n]) < 0.05 * sd
    # here the stock may have contents of its own, there it has those of the concentrate
    assert 0.8 * 2 * other.cost < month.objective + found.objective < 2 * other.cost


# ---- what the data determine -----------------------------------------------------------------------------------


def test_a_pair_that_only_moves_together_is_named_with_its_product(month):
    """Residence time is volume times the part of it that pulp fills: only their product acts."""
    found = calibrate(MODEL, month, Choices(("rougher.cell_m3", "rougher.effective_volume")))
    table = found.parameters.filter(role="fitted")
    assert table["status"].to_list() == ["not determined"] * 2
    assert table["value"].null_count() == table["sd"].null_count() == table["low_95"].null_count() == 2
    open_, known = (found.groups.filter(kind=kind) for kind in ("open", "known"))
    assert set(open_["key"]) == set(known["key"]) == {"rougher.cell_m3", "rougher.effective_volume"}
    moves = dict(zip(open_["key"], open_["coefficient"], strict=True))
    # d ln V = -d ln e, and d ln e = (1 - e) d logit e
    assert moves["rougher.cell_m3"] == pytest.approx(-(1 - 0.85) * moves["rougher.effective_volume"], rel=0.05)
    assert known["sd"][0] < 0.5
    assert found.checks.is_empty()  # no measurement of streams could part them


def test_a_parameter_without_effect_has_no_number(exact):
    found = calibrate(MODEL, exact, Choices((*PLANTED, "filter.moisture")))
    row = found.parameters.filter(key="filter.moisture").row(0, named=True)
    assert (row["value"], row["sd"], row["status"]) == (None, None, "not determined")
    assert row["used"] == pytest.approx(0.1)  # stays as described
    assert found.scenario == pytest.approx({**PLANTED, "filter.moisture": 0.1}, rel=1e-6)


def test_the_measurement_that_is_proposed_parts_a_group(month):
    """What is entrained in the rougher comes back from the cleaner, and the outer streams tell little of it."""
    choices = Choices(("float.*.share_fast", "rougher.entrain"))
    sections = [{"id": one} for one in ("crushing", "flotation", "cleaning", "filtering")]
    plants = [{"id": "plant", "kind": "concentrator", "sections": sections}]
    units = [one | {"section": "cleaning"} if one["id"] == "cleaner" else one for one in UNITS]
    apart = plant(plants=plants, units=units)
    records = exact_records(apart)
    before = calibrate(apart, reconcile(apart, records, MONTH), choices)
    best = before.checks.row(0, named=True)
    assert before.value("rougher.entrain")[0] is None
    assert best["result"] == "cleaner_tail:solids"
    scale = meter("more", "cleaner_tail", "mass", sd_rel_pct=0.0, bias_limit_pct=2.0)
    more = plant(plants=plants, units=units, meters=[*METERS, scale])
    after = calibrate(more, reconcile(more, exact_records(more), MONTH), choices)
    assert (after.parameters["status"] != "not determined").all()
    value, sd = after.value("rougher.entrain")
    assert sd / value == pytest.approx(best["sd_left"], rel=0.1)


def test_prior_knowledge_counts_only_if_asked(month):
    model = plant({"float.pyrite.k_fast": Figure(value=0.3, uom="1/min", sd=0.03)})
    fit = (*PLANTED, "float.pyrite.k_fast")
    without = calibrate(model, month, Choices(fit))
    with_prior = calibrate(model, month, Choices(fit, priors=True))
    assert not without.parameters["prior"].any()
    assert with_prior.parameters["prior"].to_list()[:4] == [False, False, False, True]
    assert without.value("float.pyrite.k_fast")[0] is None
    value, sd = with_prior.value("float.pyrite.k_fast")
    assert 0.9 < sd / 0.03 * 0.3 / value < 1.001  # the data add next to nothing
    assert with_prior.dof == without.dof  # it had no share in them


def test_what_is_not_sure_widens_the_intervals(month):
    rate = Figure(value=0.3, uom="1/min", sd_rel_pct=20, distribution="lognormal")
    model = plant({"float.pyrite.k_fast": rate})
    sure = calibrate(model, month, FIT)
    unsure = calibrate(model, month, Choices(tuple(PLANTED), uncertain=("float.pyrite.k_fast",)))
    key = "float.pyrite.share_fast"
    assert unsure.value(key)[1] > 1.8 * sure.value(key)[1]
    assert unsure.dof == sure.dof  # one more unknown, and one more thing known
    assert unsure.parameters["role"].to_list()[3] == "uncertain"


def test_a_bound_that_holds_is_said(month):
    found = calibrate(MODEL, month, Choices(tuple(PLANTED), bounds={"float.bornite.*": (0.78, 0.9)}))
    row = found.parameters.row(0, named=True)
    assert (row["status"], row["value"]) == ("at bound", None)
    assert row["used"] == pytest.approx(0.78)


def test_fitted_as_one(month):
    """Both banks keep one common entrainment."""
    even = plant(units=[one | ({"parameters": {**one["parameters"], "entrain": 0.15}} if one["model"] == "bank" else {})
                        for one in UNITS])  # fmt: skip
    found = calibrate(
        even,
        reconcile(even, exact_records(even), MONTH),
        Choices(("float.bornite.share_fast",), together=("*.entrain",)),
    )
    assert found.value("*.entrain")[0] == pytest.approx(0.15, rel=1e-6)
    assert {key for key in found.scenario if "entrain" in key} == {"rougher.entrain", "cleaner.entrain"}


# ---- misfit ----------------------------------------------------------------------------------------------------


def test_a_simulation_that_cannot_fit_says_so_and_names_where(month):
    """Copper alone is fitted, while pyrite floats otherwise than described."""
    found = calibrate(MODEL, month, Choices(("float.bornite.share_fast",)))
    assert found.status == "misfit"
    assert found.widened == pytest.approx(np.sqrt(found.objective / found.dof))
    assert found.widened > 3
    worst = found.residuals.row(0, named=True)
    assert worst["result"].partition(":")[0] in ("cake", "conc", "tail")
    assert abs(worst["z"]) > 5


def test_residuals_are_standardised(month, found):
    """The sum of squares of independent residuals is the objective; single ones are of size 1."""
    z = found.residuals["z"].drop_nulls().to_numpy()
    assert np.abs(z).max() < np.sqrt(found.objective) + 1e-6
    assert found.residuals.filter(pl.col("difference").abs() > 1e-9)["z"].null_count() == 0


def test_suspects_are_told_or_set_aside(month):
    """One of three belts on the way of the ore weighs 6 % too much."""
    belts = [meter(f"belt{n}", "crushed", "mass", bias_limit_pct=1.0) for n in (1, 2)]
    model = plant(meters=[*METERS, *belts])
    records = exact_records(plant(PLANTED, meters=[*METERS, *belts]))
    right = pl.when(pl.col("point") == "belt1").then(1.06).otherwise(1.0)
    balance = reconcile(model, records.with_columns(value=pl.col("value") * right), MONTH)
    assert balance.status == "suspect"
    taken = calibrate(model, balance, FIT)
    assert "readings of 2026-03 do not fit (belt1" in str(taken.doubts[0])
    assert taken.inputs["ore.feed"] > 202
    aside = calibrate(model, balance, Choices(tuple(PLANTED), without_suspects=True))
    assert aside.set_aside == ("belt1",)
    assert "readings of 2026-03 that do not fit were set aside: belt1" in str(aside.doubts[0])
    assert aside.inputs["ore.feed"] == pytest.approx(200, rel=1e-6)


# ---- time and moves --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stopped():
    """A month in which the plant ran nine tenths of the time at its described feed."""
    records = exact_records(plant(PLANTED)).with_columns(
        value=pl.when(pl.col("quantity").is_in(["mass", "wet_mass"])).then(pl.col("value") * 0.9).otherwise("value")
    )
    return reconcile(MODEL, records, MONTH)


def test_a_plant_that_stood_has_its_rates_of_the_time_at_work(stopped):
    astray = calibrate(MODEL, stopped, FIT)
    assert "say for what share it ran (0.9 " in str(astray.doubts[0])
    for running in (0.9, "feed", {"2026-03": 0.9}):
        found = calibrate(MODEL, stopped, Choices(tuple(PLANTED), running=running))
        assert found.scenario == pytest.approx(PLANTED, rel=1e-6)
        assert found.inputs["ore.feed"] == pytest.approx(200.0)
        assert found.doubts == ()
    assert abs(astray.scenario["float.bornite.share_fast"] - 0.76) > 1e-3


@pytest.mark.parametrize("running", [0.0, 1.2, -1.0])
def test_no_share_of_time(stopped, running):
    with pytest.raises(DataError, match="above 0 and up to 1"):
        calibrate(MODEL, stopped, Choices(tuple(PLANTED), running=running))


def test_moves_within_the_period_are_averaged():
    """Shifts of 160 and 240 t/h: a plant at the mean feed of 200 makes more of it than both on average."""
    planted = plant(PLANTED)
    parts = [exact_records(plant({**PLANTED, "feed_tph": feed})) for feed in (160.0, 240.0)]
    first, second = (one.with_row_index().filter(pl.col("index") % 2 == n).drop("index") for n, one in enumerate(parts))
    balance = reconcile(planted, pl.concat([first, second]), MONTH)
    steady = calibrate(planted, balance, FIT)
    moved = calibrate(planted, balance, Choices(tuple(PLANTED), wander={"ore.feed": 0.2}))
    off = [abs(one.value(key)[0] - PLANTED[key]) / one.value(key)[1] for one in (steady, moved) for key in PLANTED]
    assert max(off[:3]) > 1.0
    assert max(off[3:]) < 0.2 * max(off[:3])


# ---- what cannot be asked --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        (Choices(()), "nothing is asked for"),
        (Choices(("float.bornit.k_fast",)), "cannot be set; did you mean 'float.bornite.k_fast'"),
        (Choices(("flaot.*",)), "no feed, parameter or figure is named 'flaot.*'"),
        (Choices(("ore.cu", "ore.c*")), "'ore.cu' is fitted twice"),
        (Choices(("ore.cu",), bounds={"ore.pyrite": (1, 2)}), "bounds are given for 'ore.pyrite', which is not fitted"),
        (Choices(("ore.cu",), bounds={"ore.*": (2, 1)}), "leave no room: 2 to 1"),
        (Choices(("ore.cu",), uncertain=("float.bornite.k_fast",)), "states no uncertainty"),
        (Choices(("ore.cu",), wander={"ore.fed": 0.1}), "did you mean 'ore.feed'"),
        (Choices((), together=("*.k_fast",)), "stands for things of several values"),
    ],
)
def test_what_cannot_be_fitted_is_refused_with_its_name(month, choices, message):
    with pytest.raises(ModelError) as caught:
        calibrate(MODEL, month, choices)
    assert message in str(caught.value)


def test_a_share_of_a_whole_cannot_be_fitted_alone(month):
    with pytest.raises(
        ModelError, match=r"'ore\.copper' cannot be fitted by itself: shares of copper by mineral"
    ) as caught:
        calibrate(MODEL, month, Choices(("ore.copper", "float.bornite.share_fast")))
    assert len(caught.value.faults) == 1


def test_a_balance_that_knows_nothing_of_it_is_refused(month):
    with pytest.raises(DataError, match="determines nothing that the simulation states"):
        calibrate(MODEL, month, Choices(tuple(PLANTED), use=("gas:*",)))
