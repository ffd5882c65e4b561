"""The provisional balance of a day: book stocks from the survey at the beginning of the month."""

from __future__ import annotations

import polars as pl
import pytest
from tests.unit.reconcile.plants import METERS, MONTH, TRUTH, model, records

from zveno.close import books_of
from zveno.close.daily import daily_of, to_date_of
from zveno.periods import Period
from zveno.reconcile import reconcile, reconcile_many
from zveno.reconcile.stock_readings import BY_BOOK
from zveno.tables import frame

DAY = Period.parse("2026-03-10", MONTH.start.tzinfo)
HALF = {**TRUTH, ("cake.scale", "mass"): 20.0}  # half of what is made is dispatched: 20 t a shift stay


def day_of(values=HALF, meters=METERS, rows=None):
    described, rows = model(meters), records(values) if rows is None else rows
    so_far = reconcile(described, rows, to_date_of(DAY))
    alone = reconcile_many(described, rows, [DAY])
    return daily_of(described, (DAY, alone), so_far, frame("plan_fact"))


def stock(found, component="mass", name="bin"):
    return found.daily_stocks.filter(pl.col("stock") == name, pl.col("component") == component).row(0, named=True)


def test_the_month_to_date_begins_with_the_month():
    found = day_of()
    assert found.to_date.name == "2026-03-01T00:00/2026-03-11T00:00"
    flow = found.daily_flows.filter(pl.col("stream") == "cake", pl.col("component") == "mass").row(0, named=True)
    assert (flow["day_mass_t"], flow["to_date_mass_t"]) == (pytest.approx(40, abs=0.5), pytest.approx(400, abs=2))


def test_a_book_stock_is_its_survey_and_what_came_and_went():
    row = stock(day_of())
    assert row["opening_t"] == pytest.approx(100, abs=1)
    assert row["closing_t"] == pytest.approx(100 + 20 * 20, abs=4 * row["closing_sd_t"])
    assert row["change_sd_t"] < row["closing_sd_t"] + row["opening_sd_t"]
    assert 0 < row["closing_sd_t"] < 60
    assert stock(day_of(), name="")["closing_t"] == row["closing_t"]


def test_the_book_agrees_with_the_month_that_has_both_surveys():
    described, rows = model(), records(HALF, stocks=(100.0, 100.0 + 20 * 62))
    whole = reconcile(described, rows, MONTH).flows.filter(
        pl.col("stream") == "bin.closing", pl.col("component") == "mass"
    )
    alone = rows.filter((pl.col("quantity") != "survey_mass") | (pl.col("start") <= pl.lit(MONTH.start)))
    late = Period(MONTH.start, MONTH.end.replace(month=3, day=26))
    book = reconcile(described, alone, late).flows.filter(
        pl.col("stream") == "bin.closing", pl.col("component") == "mass"
    )
    assert book["status"].item() == "estimated"
    assert whole["status"].item() == "adjusted"
    assert book["mass_t"].item() == pytest.approx(100 + 20 * 50, abs=3 * book["mass_sd_t"].item())


def test_where_nothing_weighs_what_comes_the_book_does_not_tell():
    meters = [one for one in METERS if one["id"] not in ("ore.belt", "tail.assay")]
    values = {key: one for key, one in HALF.items() if key[0] not in ("ore.belt", "tail.assay")}
    row = stock(day_of(values, meters))
    assert row["opening_t"] == pytest.approx(100, abs=1)
    assert row["closing_t"] is None
    assert row["change_t"] is None


def test_what_is_not_surveyed_at_all_is_no_stock_of_anybody():
    described, rows = model(), records(HALF)
    lone = Period.parse("2026-03-15", MONTH.start.tzinfo)
    books = books_of(described, reconcile(described, rows, lone), rows)
    levels = books.stock_books.filter(pl.col("component") == "mass").row(0, named=True)
    assert (levels["opening_t"], levels["closing_t"]) == (None, None)
    lines = {row["line"]: row["mass_t"] for row in books.owner_accounts.iter_rows(named=True)}
    assert (lines["opening"], lines["closing"]) == (None, None)


def test_what_has_not_come_yet_is_named_but_not_a_survey_of_the_months_end():
    rows = records(HALF)
    morning = DAY.start.replace(hour=8)
    rows = rows.filter((pl.col("point") != "cake.assay") | (pl.col("start") != pl.lit(morning)))
    missing = day_of(rows=rows).daily_missing
    assert set(missing["meter"]) == {"cake.assay"}
    assert set(missing["span"]) == {"day", "to_date"}


def test_the_gap_of_a_book_stock_says_how_it_is_told():
    found = reconcile(model(), records(HALF), to_date_of(DAY))
    assert BY_BOOK in found.gaps["treatment"].to_list()
    assert found.adjustments.filter(pl.col("stream") == "bin.closing", pl.col("quantity") == "mass").is_empty()
