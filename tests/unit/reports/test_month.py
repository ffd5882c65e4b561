"""What the month's report says: verdicts in words, tied suspects never singled out, nothing silently zero."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest

from zveno.reconcile import Nominal
from zveno.reports import MonthResults, month_report
from zveno.reports.document import Callout, Document, Facts, Figure, Paragraph
from zveno.text.catalogue import catalogue

EN = catalogue("en")


def blocks(document: Document, heading: str) -> tuple:
    return next(part.blocks for part in document.parts if part.heading.id == heading)


def said(document: Document, heading: str) -> str:
    return " ".join(b.text for b in blocks(document, heading) if isinstance(b, (Callout, Paragraph)))


def facts(document: Document) -> dict[str, tuple[object, str]]:
    found = [one for b in blocks(document, "summary") if isinstance(b, Facts) for one in b.items]
    return {one.label: (one.cell.value if one.cell.value is not None else one.cell.word, one.words) for one in found}


@pytest.fixture(scope="module")
def document(balkhash_month) -> Document:
    return month_report(balkhash_month, EN)


def empty(month: MonthResults) -> MonthResults:
    """The same month with every table empty."""
    names = ("flows", "adjustments", "suspects", "recoveries", "unaccounted", "gaps", "breaches", "not_checked",
             "plan_fact", "rejected")  # fmt: skip
    cleared = {name: getattr(month, name).clear() for name in names}
    return replace(month, **cleared, separating=(), dof=0, objective=0.0, p_value=None)


def test_headline_figures(document):
    found = facts(document)
    assert found["Dry feed"][0] == 679_452.0
    assert found["Cu in feed"] == (pytest.approx(6794.52), "at 1.00 % Cu")
    assert found["Cu in product"] == (pytest.approx(5757.5), "at 17.50 % Cu")
    assert found["Cu recovery, overall"] == (pytest.approx(0.859, abs=5e-4), "direct 84.7 %")
    assert found["Cu unaccounted"] == (38.0, "within error")
    assert [found[one][0] for one in ("Suspects", "Breaches", "Missing readings", "Rejected cells")] == [2, 2, 5, 1]


@pytest.mark.parametrize(
    ("mass", "words"), [(86.0, "within error"), (-87.0, "outside error"), (None, "cannot be judged")]
)
def test_unaccounted_copper_is_judged_at_95_percent(balkhash_month, mass, words):
    changed = balkhash_month.unaccounted.with_columns(pl.lit(mass, dtype=pl.Float64).alias("mass_t"))
    found = facts(month_report(replace(balkhash_month, unaccounted=changed), EN))
    assert found["Cu unaccounted"][1] == words


def test_every_balance_closes_and_says_so(document):
    row = document.tables["balance.balkh_conc.1"].by_key["closure"]
    assert all(abs(row.cells[f"{one}.mass"].value) < 1e-6 for one in ("mass", "Cu", "S"))


def test_an_unobservable_stream_on_the_boundary_makes_its_total_unobservable(balkhash_month):
    blind = balkhash_month.flows.with_columns(
        pl.when(pl.col("stream") == "tailings").then(None).otherwise(pl.col(name)).alias(name)
        for name in ("mass_t", "mass_sd_t", "grade_frac", "grade_sd_frac")
    )
    table = month_report(replace(balkhash_month, flows=blind), EN).tables["balance.balkh_conc.1"]
    for key in ("total.out", "closure"):
        cell = table.by_key[key].cells["Cu.mass"]
        assert (cell.value, cell.word) == (None, "unobservable")


def test_tied_suspects_are_named_together_with_the_check_that_would_separate_them(document):
    words = said(document, "suspects")
    assert (
        "cannot be told apart by these data; one of them is wrong: Belt scale 1 (dry mass), Feed sampler (Cu)" in words
    )
    assert "Wagon scale (dry mass) does not fit the rest" in words
    assert "To separate them measure: Mill feed 1 (dry mass), Concentrate dispatched (dry mass)." in words


def test_a_lone_suspect_needs_no_separating_check(balkhash_month):
    lone = balkhash_month.suspects.filter(pl.col("class_id") == 2)
    words = said(month_report(replace(balkhash_month, suspects=lone), EN), "suspects")
    assert "does not fit the rest" in words
    assert "To separate" not in words


def test_the_sign_of_the_error_is_said_in_words(document):
    rows = document.tables["suspects"].rows
    assert [row.cells["says"].value for row in rows] == ["reads too high", "reads too low", "reads too high"]


def test_readings_are_marked(document):
    marks = {row.cells["meter"].value + row.cells["quantity"].value: row.cells["mark"].value
             for row in document.tables["adjustments"].rows}  # fmt: skip
    assert marks["Belt scale 1dry mass"] == "suspect"
    assert marks["Tailings samplerS"] == "not checked by others"
    assert marks["Belt scale 2dry mass"] == ""


def test_a_large_adjustment_and_a_censored_reading_have_their_own_marks(balkhash_month):
    changed = balkhash_month.adjustments.with_columns(
        pl.when(pl.col("meter") == "belt_2").then(3.2).otherwise(pl.col("z")).alias("z"),
        pl.when(pl.col("meter") == "belt_3").then(pl.lit("censored")).otherwise(pl.col("status")).alias("status"),
    )
    table = month_report(replace(balkhash_month, adjustments=changed), EN).tables["adjustments"]
    marks = {row.cells["meter"].value: row.cells["mark"].value for row in table.rows}
    assert marks["Belt scale 2"] == "large"
    assert marks["Belt scale 3"] == "below the limit given"


def test_breaches_stand_in_plant_time_with_shift_crew_and_role(document):
    first, second = document.tables["breaches"].rows
    cells = {key: cell.value for key, cell in first.cells.items()}
    assert cells["start"] == datetime(2026, 3, 9, 20, 40, tzinfo=UTC)
    assert cells["start"].isoformat() == "2026-03-10T01:40:00+05:00"
    assert (cells["shift"], cells["duty"]) == ("9 Mar 2026 Night", "Filter operator (A)")
    assert cells["text"] == "Rake torque of the thickener stays below 60 %"
    assert (second.cells["end"].value, second.cells["end"].word) == (None, "still open")


def test_rules_are_quoted_in_the_version_judged_by_and_the_readers_language(balkhash_month):
    ru = month_report(balkhash_month, catalogue("ru"))
    assert ru.tables["breaches"].rows[1].cells["text"].value == "pH пульпы выше 9,8"
    assert ru.tables["breaches"].rows[1].cells["rule"].value == "B02 v2"


def test_rules_not_checked_say_why(document):
    cells = document.tables["not_checked"].rows[0].cells
    assert cells["reason"].value == "signal 'mill.power' has no usable readings in the period"


def test_specific_consumption_is_energy_over_tonnes_in_kwh_per_tonne(document):
    cells = document.tables["consumption"].by_key["power"].cells
    assert cells["uom"].value == "kWh/t"
    assert cells["plan"].value == pytest.approx(10_147_200 / 672_000)
    assert cells["fact"].value == pytest.approx(10_421_900 / 679_452)


def test_plan_lines_sum_their_days_and_leave_out_the_day_without_reading(document):
    row = document.tables["plan"].by_key["copper"]
    days = document.tables["days.copper"].rows
    known = [one.cells["fact_day"].value for one in days if one.cells["fact_day"].value is not None]
    assert len(known) == 30
    assert row.cells["fact_to_date"].value == pytest.approx(sum(known))
    assert row.cells["share"].value == pytest.approx(sum(known) / 5800.0)
    assert days[19].cells["fact_day"].word == "no reading"


def test_recovery_of_each_day_is_drawn_where_it_is_given(balkhash_month):
    daily = pl.concat(
        balkhash_month.recoveries.with_columns(pl.lit(f"2026-03-{day:02}").alias("period")) for day in (1, 2, 3)
    )
    shown = month_report(replace(balkhash_month, daily_recoveries=daily), EN)
    captions = [b.caption for b in blocks(shown, "flowsheet") if isinstance(b, Figure)]
    assert captions[1] == "Cu recovery by day, %: Balkhash concentrator"


def test_a_month_without_data_says_so_everywhere(balkhash_month):
    document = month_report(empty(balkhash_month), EN)
    found = facts(document)
    assert found["Dry feed"][0] == "unobservable"
    assert found["Cu recovery, overall"][0] == "unobservable"
    assert "none can be checked by the others" in said(document, "summary")
    assert "No reading is suspect" in said(document, "suspects")
    assert "No breach was found" in said(document, "breaches")
    for block in document.tables.values():
        assert block.rows or block.empty, block.id


def test_provenance_holds_the_hashes_and_the_time_in_plant_time(document, balkhash_month):
    values = [row.cells["value"].value for row in document.tables["provenance"].rows]
    assert values[:4] == ["Zveno 0.1.0", balkhash_month.provenance.model_hash, "0f" * 32, "9a" * 32]
    assert values[4] == "2 Apr 2026 09:30"


def test_a_bound_that_holds_and_a_limit_that_counts_are_told_beside_the_test(balkhash_month):
    streams = balkhash_month.flows["stream"].unique(maintain_order=True).to_list()
    nominal = Nominal(bounds=((streams[0], "Cu"),), limits=((streams[1], "mass"),))
    plain = said(month_report(balkhash_month, EN), "summary")
    assert "guide only" not in plain
    told = said(month_report(replace(balkhash_month, nominal=nominal), EN), "summary")
    assert "P and z are a guide only, for a bound holds: " in told
    assert 'P and z are a guide only, for a limit ("less than") counts: ' in told
