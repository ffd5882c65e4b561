"""Errors that last: too small for one month, found over several; what is described as lasting is not accused."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from tests.depth import deep
from tests.unit.reconcile.plants import METERS, TRUTH, TZ, meter, model, row

from zveno.errors import DataError
from zveno.periods import Period
from zveno.reconcile import lasting_errors, reconcile
from zveno.tables import frame

MONTHS = [Period.parse(f"2026-{month:02d}", TZ) for month in range(1, 10)]
NOISE = {
    "ore.assay": 0.12,
    "tail.assay": 0.12,
    "cake.assay": 0.05,
    "ore.belt": 0.03,
    "cake.scale": 0.002,
    "ore.moisture": 0.05,
}
_BIN_T, _BIN_SD = 300.0, 0.02


def meters(**limits: float) -> list[dict]:
    """The plant's meters with the errors that are drawn here, and with limits of bias by meter."""
    found = []
    for one in METERS:
        if one["id"] == "bin.survey":
            found.append({**one, "sd_rel_pct": 100 * _BIN_SD})
        else:
            limit = {"bias_limit_pct": limits[one["id"]]} if one["id"] in limits else {}
            found.append({**one, "sd_rel_pct": 100 * NOISE[one["id"]], **limit})
    return found


def year(
    seed: int, months: list[Period] = MONTHS, *, wrong: dict[str, float] | None = None, since: int = 0
) -> pl.DataFrame:
    """Shifts of several months with surveys between them; some meters times a factor from a month on."""
    rng = np.random.default_rng(seed)
    rows = []
    for number, month in enumerate(months):
        starts = [month.start + timedelta(hours=8 + 12 * k) for k in range(round(month.hours / 12))]
        for (point, quantity), value in TRUTH.items():
            factor = (wrong or {}).get(point, 1.0) if number >= since else 1.0
            read = float(value) * factor * (1 + NOISE[point] * rng.standard_normal(len(starts)))
            rows += [row(point, quantity, at, float(one)) for at, one in zip(starts, read, strict=True)]
    for at in [one.start for one in months] + [months[-1].end]:
        rows.append(
            row("bin.survey", "survey_mass", at, _BIN_T * (1 + _BIN_SD * float(rng.standard_normal())), hours=0)
        )
    return frame("records", rows)


def of(found: pl.DataFrame, name: str, quantity: str) -> dict:
    (one,) = found.filter(pl.col("name") == name, pl.col("quantity") == quantity).rows(named=True)
    return one


def test_a_bias_that_no_month_shows_is_found_over_nine():
    described, rows = model(meters()), year(1, wrong={"ore.belt": 1.025})
    alone = [reconcile(described, rows, one).suspects.height for one in MONTHS]
    found = lasting_errors(described, rows, MONTHS)
    belt = of(found.errors, "ore.belt", "mass")
    assert sum(map(bool, alone)) <= 2
    assert belt["off"]
    assert belt["class_id"] == 1
    assert belt["size_frac"] == pytest.approx(0.025 / 1.025, abs=3 * belt["size_sd_frac"])
    assert found.periods == tuple(one.name for one in MONTHS)


def test_a_constant_error_is_known_better_with_every_month():
    described, rows = model(meters()), year(2)
    sds = [
        of(lasting_errors(described, rows, MONTHS[:n]).errors, "ore.belt", "mass")["size_sd_frac"] for n in (2, 4, 8)
    ]
    # random errors alone: half the variance with twice the months, a little less for the bin between them
    assert sds[0] / sds[1] == pytest.approx(np.sqrt(2), rel=0.03)
    assert sds[1] / sds[2] == pytest.approx(np.sqrt(2), rel=0.03)


def test_what_is_described_as_lasting_does_not_average_out():
    limits = {"ore.belt": 4.0, "ore.assay": 2.0}
    described, rows = model(meters(**limits)), year(2)
    sds = [of(lasting_errors(described, rows, MONTHS[:n]).errors, "ore.belt", "mass")["size_sd_frac"] for n in (2, 8)]
    assert sds[1] > 0.022  # half the limit of the belt and of the assay: 2 and 1 %
    assert sds[1] > 0.8 * sds[0]


@pytest.mark.parametrize(("times", "within"), [(15, 0.55), deep(60, 0.28)])
def test_scores_are_unit_normals_where_errors_are_as_described(times, within):
    """Biases of half the limit, the same in all months, drawn anew with every seed."""
    described = model(meters(**{"ore.belt": 4.0, "cake.scale": 2.0}))
    z = []
    for seed in range(times):
        rng = np.random.default_rng(1000 + seed)
        wrong = {
            "ore.belt": 1 + 0.02 * float(rng.standard_normal()),
            "cake.scale": 1 + 0.01 * float(rng.standard_normal()),
        }
        found = lasting_errors(described, year(seed, MONTHS[:4], wrong=wrong), MONTHS[:4]).errors
        z.append([of(found, *key)["z"] for key in (("ore.belt", "mass"), ("ore.assay", "Cu"), ("ore.assay", "Fe"))])
    spread = np.array(z).std(axis=0)
    assert (abs(spread - 1) < within).all()  # 15 draws scatter by 18 %, 60 by 9 %


def test_the_month_from_which_on_a_meter_errs_is_told():
    found = lasting_errors(model(meters()), year(3, wrong={"ore.belt": 1.12}, since=5), MONTHS)
    assert of(found.errors, "ore.belt", "mass")["since"] == "2026-06"


def test_the_survey_between_two_months_counts_once():
    """A bin that is surveyed badly hides a bias in each month, and hides little of it over all of them."""
    badly = [{**one, "sd_rel_pct": 60.0} if one["id"] == "bin.survey" else one for one in meters()]
    rows, well = year(2), meters()
    loss = [
        of(lasting_errors(model(badly), rows, MONTHS[:n]).errors, "ore.belt", "mass")["size_sd_frac"]
        / of(lasting_errors(model(well), rows, MONTHS[:n]).errors, "ore.belt", "mass")["size_sd_frac"]
        for n in (2, 9)
    ]
    # over n months the two surveys at the ends are left: their share falls as 1 / n, that of random errors as 1 / sqrt(n)
    assert loss[1] < 1 + 0.5 * (loss[0] - 1)


def test_meters_that_cannot_be_told_apart_are_one_class():
    found = lasting_errors(model(meters()), year(1, wrong={"ore.belt": 1.05}), MONTHS).errors
    first = found.filter(pl.col("class_id") == 1)
    # both say how much concentrate comes of a tonne of ore
    assert set(first["name"]) == {"ore.belt", "cake.scale"}
    assert first["off"].all()


def test_one_period_is_no_time_to_test_by():
    with pytest.raises(DataError, match="fewer than two periods"):
        lasting_errors(model(meters()), year(1, MONTHS[:1]), MONTHS[:1])


def test_days_of_a_month_are_tested_together():
    month = MONTHS[0]
    extra = [*meters(), meter("slurry.scale", "slurry", "mass", sd_rel_pct=1.0)]
    starts = [month.start + timedelta(hours=8 + 12 * k) for k in range(62)]
    rng = np.random.default_rng(4)
    more = [row("slurry.scale", "mass", at, 40.0 * 1.02 * (1 + 0.01 * float(rng.standard_normal()))) for at in starts]
    rows = pl.concat([year(4, [month]), frame("records", more)])
    found = lasting_errors(model(extra), rows, list(month.split("day")))
    assert len(found.periods) == 31
    assert isinstance(datetime.fromisoformat(found.periods[0]), datetime)
    assert of(found.errors, "slurry.scale", "mass")["z"] is not None


def test_what_was_in_question_is_tested_by_itself():
    described, rows = model(meters()), year(8, wrong={"ore.belt": 1.02})
    among_all = of(lasting_errors(described, rows, MONTHS).errors, "ore.belt", "mass")
    found = lasting_errors(described, rows, MONTHS, asked=("ore.belt",)).errors
    alone = of(found, "ore.belt", "mass")
    assert alone["z"] == pytest.approx(among_all["z"])
    assert 1.96 < alone["z"] < 2.38
    assert (among_all["asked"], among_all["off"]) == (False, False)
    assert (alone["asked"], alone["off"]) == (True, True)
    assert alone["shows_from_frac"] == pytest.approx((1.96 + 0.8416) * alone["size_sd_frac"], rel=1e-3)
