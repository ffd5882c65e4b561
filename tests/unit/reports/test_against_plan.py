"""Plan against fact: dry tonnes by plant day, integrals of signals, what is missing and what is late."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import polars as pl
import pytest

from zveno import tables
from zveno.errors import DataError
from zveno.model.chain import ChainModel
from zveno.periods import Period
from zveno.reports import plan_fact

TZ = timezone(timedelta(hours=5))
MONTH = "2026-03"


def model(**plan: object) -> ChainModel:
    """A mill fed over a crusher, with scales on the mill feed and moisture on the crushed ore."""
    line = {"id": "line", "period": MONTH, "value": 3100.0, "uom": "t", **plan}
    return ChainModel.model_validate(
        {
            "chain": {
                "format": "zveno/chain-1", "id": "c", "title": {"en": "C"}, "timezone": "UTC+05:00",
                "components": ["Cu"],
                "plants": [{"id": "p", "kind": "concentrator", "sections": [{"id": "s"}]}],
                "boundaries": [{"id": "mine"}, {"id": "away"}],
                "units": [{"id": name, "section": "s"} for name in ("crusher", "divider", "mill")],
                "streams": [
                    {"id": "ore", "from": "mine", "to": "crusher"},
                    {"id": "crushed", "from": "crusher", "to": "divider"},
                    {"id": "feed", "from": "divider", "to": "mill"},
                    {"id": "product", "from": "mill", "to": "away"},
                ],
                "meters": [
                    {"id": "belt.one", "stream": "feed", "quantity": "wet_mass", "uom": "t", "sd_rel_pct": 1},
                    {"id": "oven", "stream": "crushed", "quantity": "moisture", "uom": "%", "sd_rel_pct": 5},
                    {"id": "scale", "stream": "product", "quantity": "mass", "uom": "t", "sd_rel_pct": 1,
                     "period": "lot"},
                ],
                "tags": [
                    {"id": "power", "unit": "mill", "uom": "MW", "normal": 2.0, "every_min": 60},
                    {"id": "heat", "unit": "mill", "uom": "C", "normal": 20.0},
                ],
                "plans": [line],
            }
        }
    )  # fmt: skip


def shift(
    point: str, quantity: str, value: float | None, day: int, hour: int = 8, *, known: int = 1
) -> dict[str, object]:
    start = datetime(2026, 3, day, hour, tzinfo=TZ)
    return {
        "point": point, "quantity": quantity, "start": start, "end": start + timedelta(hours=12), "value": value,
        "qualifier": "", "file": "f", "sheet": "s", "cell": "A1", "file_hash": str(known),
        "known": datetime(2026, 4, known, tzinfo=TZ),
    }  # fmt: skip


def fact(chain: ChainModel, *rows: dict[str, object], readings: pl.DataFrame | None = None) -> pl.DataFrame:
    records = tables.frame("records", rows)
    signals = tables.frame("readings") if readings is None else readings
    return plan_fact(chain, records, signals, Period.parse(MONTH, TZ))


def on(table: pl.DataFrame, day: int) -> dict[str, object]:
    return table.row(by_predicate=pl.col("day") == date(2026, 3, day), named=True)


def test_the_plan_is_spread_evenly_over_the_days():
    table = fact(model(meter="scale"))
    assert table.height == 31
    assert on(table, 10)["plan_day"] == pytest.approx(100.0)
    assert on(table, 10)["plan_to_date"] == pytest.approx(1000.0)
    assert on(table, 31)["fact_to_date"] is None


def test_a_wet_weight_loses_the_moisture_of_its_shift_read_upstream():
    rows = [
        shift("belt.one", "wet_mass", 100.0, 1),
        shift("oven", "moisture", 0.04, 1),
        shift("oven", "moisture", 0.10, 2),
    ]
    assert on(fact(model(meter="belt.*"), *rows), 1)["fact_day"] == pytest.approx(96.0)


def test_a_missing_moisture_is_the_mean_of_the_period():
    rows = [
        shift("belt.one", "wet_mass", 100.0, 1),
        shift("oven", "moisture", 0.04, 2),
        shift("oven", "moisture", 0.06, 3),
    ]
    assert on(fact(model(meter="belt.one"), *rows), 1)["fact_day"] == pytest.approx(95.0)


def test_without_any_moisture_the_dry_weight_is_not_known():
    row = on(fact(model(meter="belt.one"), shift("belt.one", "wet_mass", 100.0, 1)), 1)
    assert (row["fact_day"], row["coverage_frac"]) == (None, 0.0)


def test_a_shift_over_midnight_counts_for_the_day_it_began():
    rows = [shift("belt.one", "wet_mass", 50.0, 1, 20), shift("oven", "moisture", 0.0, 1, 20)]
    table = fact(model(meter="belt.one"), *rows)
    assert on(table, 1)["fact_day"] == pytest.approx(50.0)
    assert on(table, 2)["fact_day"] is None
    assert on(table, 2)["fact_to_date"] == pytest.approx(50.0)


def test_coverage_is_the_share_of_elapsed_time_with_readings():
    rows = [shift("belt.one", "wet_mass", 50.0, 1), shift("oven", "moisture", 0.0, 1)]
    table = fact(model(meter="belt.one"), *rows)
    assert on(table, 1)["coverage_frac"] == pytest.approx(0.5)
    assert on(table, 2)["coverage_frac"] == pytest.approx(0.25)


def test_wagons_of_one_shift_add_up():
    rows = [shift("scale", "mass", 70.0, 5), shift("scale", "mass", 60.0, 5)]
    assert on(fact(model(meter="scale"), *rows), 5)["fact_day"] == pytest.approx(130.0)


def test_the_value_last_known_replaces_the_earlier_one():
    rows = [shift("scale", "mass", 70.0, 5, known=3), shift("scale", "mass", 60.0, 5, known=2)]
    assert on(fact(model(meter="scale"), *rows), 5)["fact_day"] == pytest.approx(70.0)


def test_a_lot_covers_its_day_and_the_line_keeps_its_unit_of_measure():
    row = on(fact(model(meter="scale", uom="kt", value=3.1), shift("scale", "mass", 90.0, 1)), 1)
    assert row["fact_day"] == pytest.approx(0.09)
    assert (row["plan_day"], row["coverage_frac"], row["uom"]) == (pytest.approx(0.1), 1.0, "kt")


def signal(tag: str, *values: tuple[int, int, float | None, int]) -> pl.DataFrame:
    rows = [
        {"tag": tag, "ts": datetime(2026, 3, day, hour, tzinfo=TZ), "value": value, "quality": quality}
        for day, hour, value, quality in values
    ]
    return tables.frame("readings", rows)


def test_a_signal_is_integrated_over_its_good_readings_by_plant_day():
    readings = signal("power", (1, 0, 2.0, 0), (1, 23, 3.0, 0), (1, 12, 99.0, 1), (1, 13, None, 0), (2, 0, 5.0, 0))
    table = fact(model(tag="power", uom="MWh"), readings=readings)
    assert on(table, 1)["fact_day"] == pytest.approx(5.0)
    assert on(table, 1)["coverage_frac"] == pytest.approx(2 / 24)
    assert on(table, 2)["fact_to_date"] == pytest.approx(10.0)


def test_a_temperature_has_no_integral():
    with pytest.raises(DataError, match="signal 'heat' in 'C' cannot be summed over time"):
        fact(model(tag="heat"), readings=signal("heat", (1, 0, 2.0, 0)))


def test_days_outside_the_lines_own_period_have_no_plan():
    assert fact(model(meter="scale", period="2026-03-10/2026-03-12"))["day"].to_list() == [
        date(2026, 3, 10),
        date(2026, 3, 11),
    ]
    assert fact(model(meter="scale", period="2026-04")).is_empty()
