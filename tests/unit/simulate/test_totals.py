"""Masses of a period from steady states, and published figures beside them."""

from __future__ import annotations

from datetime import date

import pytest
from tests.unit.simulate.test_smelter import STREAMS, smelter

from zveno.model.asked import asked_faults
from zveno.model.types import Figure
from zveno.periods import Period
from zveno.simulate import simulate, simulate_period

OWNERS = [{"id": "own"}, {"id": "other"}]
FIGURE = {
    "id": "stated", "period": "2026-03", "streams": ["blister"], "component": "Cu", "owner": "own", "value": 5.0,
    "uom": "kt", "source": "page",
}  # fmt: skip


def month(model):
    return Period.parse("2026-03", model.tz)


def dated():
    feed = Figure(value=100.0, uom="t/h", dated=({"from": date(2026, 3, 11), "value": 50.0},))
    return smelter(streams={"conc": {**STREAMS["conc"], "feed": feed}})


def test_a_figure_that_changes_within_the_month_counts_from_its_day():
    model = dated()
    found = simulate_period(model, month(model))
    assert found.hours == (240.0, 504.0)
    assert found.mass("conc") == pytest.approx(240 * 100 + 504 * 50)
    assert found.mass("blister", "Cu") == pytest.approx(
        sum(h * simulate(model, day=d).component("blister", "Cu")[0]
            for h, d in ((240, date(2026, 3, 1)), (504, date(2026, 3, 11)))), rel=1e-9,
    )  # fmt: skip
    table = found.period_totals
    assert table.filter(stream="conc", component="solids")["mass_t"].item() == pytest.approx(found.mass("conc"))


def test_feeds_can_be_set_for_the_whole_period():
    model = smelter()
    assert simulate_period(model, month(model), {"conc.feed": 10.0}).mass("conc") == pytest.approx(7440.0)


def test_a_published_figure_counts_the_owner_s_part_of_what_the_plant_takes_in():
    other = {"from": "rail", "to": "furnace", "material": "conc", "feed": 300.0, "owner": "other"}
    own = {**STREAMS["conc"], "owner": "own"}
    model = smelter(streams={"conc": own, "more": other}, owners=OWNERS, published=[FIGURE], sources={"page": "a page"})
    found = simulate_period(model, month(model))
    (row,) = found.published_totals.iter_rows(named=True)
    assert row["simulated_t"] == pytest.approx(0.25 * found.mass("blister", "Cu"))
    assert row["stated_t"] == 5000.0
    assert row["ratio"] == pytest.approx(row["simulated_t"] / 5000)
    assert simulate_period(model, Period.parse("2026-04", model.tz)).published_totals.is_empty()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"streams": ["blaster"]}, "names 'blaster', which does not exist"),
        ({"component": "Zn"}, "names 'Zn', which does not exist"),
        ({"owner": "nobody"}, "names 'nobody', which does not exist"),
        ({"source": "book"}, "names 'book', which does not exist"),
        ({"uom": "m3"}, "needs a unit of mass"),
        ({"period": "year 19"}, "period"),
    ],
)
def test_a_published_figure_that_cannot_be_is_a_fault(changes, message):
    model = smelter(published=[{**FIGURE, **changes}], owners=OWNERS, sources={"page": "a page"})
    assert any(message in str(one) for one in asked_faults(model)), asked_faults(model)
