"""How far a reading may be off once the verification of its instrument has expired."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from zveno.model.quality import Overdue
from zveno.model.types import Meter
from zveno.reconcile.overdue_bias import bias_limit_pct, grown_pct


def meter(quantity: str = "mass", **more: object) -> Meter:
    uom, parts = ("%", ("Cu",)) if quantity == "assay" else ("t", ())
    return Meter(id="m", stream="s", quantity=quantity, components=parts, uom=uom, sd_rel_pct=1.5, **more)


def late(**more: object) -> Overdue:
    said = {"instrument": "7", "since": date(2026, 3, 11), "interval_days": 365.0, "limit_pct": 0.5}
    return Overdue(**{**said, **more})


def limits(one: Meter, overdue: Overdue | list[Overdue], *spans: tuple[str, str]) -> list[float]:
    start, end = (
        np.array([datetime.fromisoformat(span[k]).replace(tzinfo=UTC).timestamp() for span in spans]) for k in (0, 1)
    )
    several = overdue if isinstance(overdue, list) else [overdue]
    return list(bias_limit_pct(one, "Cu" if one.quantity == "assay" else "", several, start, end, UTC))


def test_limit_begins_with_what_was_vouched_for_and_grows_with_the_age():
    days = [("2026-03-10", "2026-03-11"), ("2026-03-11", "2026-03-12"), ("2027-03-10", "2027-03-11")]
    before, first, year = limits(meter(), late(), *days)
    assert before == 0.0
    assert first == pytest.approx(0.5 * (1 + 0.5 / 365))
    assert year == pytest.approx(0.5 * (1 + 364.5 / 365))


@pytest.mark.parametrize(("growth", "wanted"), [("linear", 2.0), ("square_root", np.sqrt(2)), ("none", 1.0)])
def test_growth_is_as_described(growth, wanted):
    (found,) = limits(meter("survey_mass"), late(growth=growth), ("2027-03-11", "2027-03-11"))
    assert found == pytest.approx(0.5 * wanted)


def test_described_bias_limit_is_never_made_smaller_and_grows_too():
    one = meter("survey_mass", bias_limit_pct=0.8)
    before, after = limits(one, late(), ("2026-03-01", "2026-03-01"), ("2027-03-11", "2027-03-11"))
    assert (before, after) == pytest.approx((0.8, 1.6))


def test_unknown_class_is_two_standard_deviations():
    (found,) = limits(meter("survey_mass"), late(limit_pct=0), ("2026-03-11", "2026-03-11"))
    assert found == pytest.approx(3.0)
    poor = meter("assay", sd_rel_pcts={"Cu": 0.4})
    assert limits(poor, late(limit_pct=0, growth="none"), ("2026-03-12", "2026-03-12")) == pytest.approx([0.8])


def test_mass_of_a_month_counts_by_its_part_and_an_assay_by_its_end():
    month = ("2026-03-01", "2026-04-01")
    (mass,) = limits(meter(bias_limit_pct=0.1), late(growth="none"), month)
    assert mass == pytest.approx(0.1 * 10 / 31 + 0.5 * 21 / 31)
    (assay,) = limits(meter("assay"), late(growth="none"), month)
    assert assay == pytest.approx(0.5)
    assert limits(meter("assay"), late(growth="none", until=date(2026, 3, 20)), month) == [0.0]


def test_lapse_that_ended_counts_no_more():
    days = [("2026-03-11", "2026-03-12"), ("2026-03-19", "2026-03-20"), ("2026-03-20", "2026-03-21")]
    found = limits(meter(), late(growth="none", until=date(2026, 3, 20)), *days)
    assert found == pytest.approx([0.5, 0.5, 0.0])


def test_worst_of_several_instruments_counts():
    two = [late(), late(instrument="8", since=date(2025, 3, 11)), late(instrument="9", limit_pct=0.1)]
    (found,) = limits(meter("survey_mass"), two, ("2026-03-11", "2026-03-11"))
    assert found == pytest.approx(1.0)


def test_what_it_has_grown_to_by_the_end_of_a_day():
    assert grown_pct(meter(), late(), date(2026, 3, 10)) == 0.5
    assert grown_pct(meter(), late(), date(2027, 3, 10)) == pytest.approx(1.0)
