"""The register: verifications that hold, lapse and follow each other; registers that were imported."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from tests.unit.quality.cells import cell, table

from zveno.model.quality import Instrument, QualityFile, RegisterColumns, Verification
from zveno.quality.register import Checked, Lapse, Registered, instrument_rows, months_after, register

EPOCH = date(1970, 1, 1)


def instrument(*spans: tuple[str, str], **said: object) -> Registered:
    checks = tuple(Checked(date.fromisoformat(a), date.fromisoformat(b)) for a, b in spans)
    return Registered("7", checks=checks, **said)  # type: ignore[arg-type]


def row(serial: str, on: str, n: int, *, until: str | None = None, months: float = 12.0, **more: object) -> list[dict]:
    """A row of a register: what the mapping takes, and what stands beside it."""
    days = (date.fromisoformat(on) - EPOCH).days
    cells = [
        cell(f"instr.{serial}", None, quantity="accuracy_class", text="0,5", row=n, column="G", **more),
        cell(f"instr.{serial}", float(days), quantity="verified_on", uom="d", row=n, column="H", **more),
        cell(f"instr.{serial}", months, quantity="interval", uom="mo", row=n, column="I", **more),
        cell("", None, quantity="", text=" Весы  ", row=n, column="B", role="note", **{**more, "status": "context"}),
        cell("", None, quantity="", text="ORE", row=n, column="F", role="id", **{**more, "status": "context"}),
    ]
    if until:
        said = (date.fromisoformat(until) - EPOCH).days
        cells.append(cell(f"instr.{serial}", float(said), quantity="valid_until", uom="d", row=n, column="J", **more))
    return cells


def heads(**more: object) -> list[dict]:
    return [cell("", None, quantity="", text=text, row=1, column=column, role="header", **{**more, "status": "context"})
            for text, column in (("Наименование", "B"), ("Точка  учёта", "F"), ("Класс", "G"))]  # fmt: skip


COLUMNS = QualityFile(register=RegisterColumns(mapping="m", name="наименование", point="Точка учёта"))


@pytest.mark.parametrize(("day", "state"), [
    ("2025-03-04", "unknown"), ("2025-03-05", "valid"), ("2026-02-03", "valid"), ("2026-02-04", "due_soon"),
    ("2026-03-05", "due_soon"), ("2026-03-06", "expired"),
])  # fmt: skip
def test_verification_holds_through_its_last_day(day, state):
    assert instrument(("2025-03-05", "2026-03-05")).state(date.fromisoformat(day)) == state


def test_lapse_ends_with_the_next_verification():
    one = instrument(("2025-03-05", "2026-03-05"), ("2026-03-20", "2027-03-20"))
    march = (date(2026, 3, 1), date(2026, 4, 1))
    assert one.lapses(*march) == (Lapse(date(2026, 3, 6), date(2026, 3, 20)),)
    assert one.lapses(date(2026, 3, 20), date(2026, 4, 1)) == ()
    assert one.lapses(date(2026, 2, 1), date(2026, 3, 6)) == ()
    assert one.state(date(2026, 3, 10)) == "expired"
    assert one.state(date(2026, 3, 20)) == "valid"


def test_verifications_that_follow_each_other_leave_no_lapse():
    one = instrument(("2025-03-05", "2026-03-05"), ("2026-03-06", "2027-03-06"), ("2026-12-01", "2027-12-01"))
    assert one.lapses(date(2025, 3, 5), date(2027, 12, 2)) == ()
    assert one.lapses(date(2025, 3, 5), date(2027, 12, 3)) == (Lapse(date(2027, 12, 2), None),)


def test_retired_instrument_lapses_no_more():
    one = instrument(("2020-01-01", "2021-01-01"), retired=date(2026, 3, 10))
    assert one.lapses(date(2026, 3, 1), date(2026, 4, 1)) == (Lapse(date(2021, 1, 2), None),)
    assert one.lapses(date(2026, 4, 1), date(2026, 5, 1)) == ()


def test_imported_register_is_read_row_by_row():
    (one,) = register(COLUMNS, table(*heads(), *row("15", "2025-11-16", 4)))
    assert (one.id, one.name, one.point, one.accuracy_class, one.permissible_pct) == ("15", "Весы", "ORE", "0,5", 0.5)
    (check,) = one.checks
    assert (check.on, check.until, check.cell) == (date(2025, 11, 16), date(2026, 11, 16), "H4")


def test_end_that_is_written_goes_before_the_interval():
    (one,) = register(COLUMNS, table(*heads(), *row("15", "2025-11-16", 4, until="2026-05-01")))
    assert one.checks[0].until == date(2026, 5, 1)


def test_former_registers_keep_their_verifications():
    old, new = {"file_hash": "old", "days": 0}, {"file_hash": "new", "days": 40}
    cells = table(*heads(**old), *row("15", "2025-02-01", 4, **old), *heads(**new), *row("15", "2026-03-20", 9, **new))
    (one,) = register(COLUMNS, cells)
    assert [each.on for each in one.checks] == [date(2025, 2, 1), date(2026, 3, 20)]
    assert one.lapses(date(2026, 3, 1), date(2026, 4, 1)) == (Lapse(date(2026, 2, 2), date(2026, 3, 20)),)


def test_corrected_day_of_one_verification_is_not_two():
    old, new = {"file_hash": "old", "days": 0}, {"file_hash": "new", "days": 40}
    cells = table(*row("15", "2025-02-01", 4, until="2027-02-01", **old), *row("15", "2025-02-01", 4, **new))
    (one,) = register(COLUMNS, cells)
    assert [each.until for each in one.checks] == [date(2026, 2, 1)]


def test_rows_of_a_replaced_file_count_for_nothing():
    assert register(COLUMNS, table(*row("15", "2025-11-16", 4, status="rejected"))) == ()


def test_description_stands_beside_the_register_and_goes_before_it():
    described = Instrument(
        id="15", title={"en": "Belt"}, accuracy_class="0,2", verified=(Verification(on=date(2026, 3, 1)),)
    )
    quality = COLUMNS.model_copy(update={"instruments": (described, Instrument(id="3"))})
    one, other = register(quality, table(*heads(), *row("15", "2025-02-01", 4, months=24)))
    assert (one.id, one.accuracy_class, one.point, one.interval_mo) == ("15", "0,2", "ORE", 24)
    assert [each.on for each in one.checks] == [date(2025, 2, 1), date(2026, 3, 1)]
    assert other.state(date(2026, 3, 1)) == "unknown"


def test_list_has_the_longest_overdue_first():
    found = instrument_rows(
        [instrument(("2025-03-05", "2026-03-05")), Registered("8"), Registered("9", checks=(Checked(date(2020, 1, 1), date(2021, 1, 1)),))],
        (date(2026, 3, 1), date(2026, 3, 31)), {"7": ("a", "b")}, due_soon_days=30, lang="en",
    )  # fmt: skip
    assert found["instrument"].to_list() == ["8", "9", "7"]
    assert found["days_overdue"].to_list() == [None, 1915, 26]
    assert found["days_without"].to_list() == [0, 31, 26]
    assert found.filter(pl.col("instrument") == "7")["meters"].item() == "a+b"


def test_days_without_a_verification_are_counted_within_the_time():
    one = instrument(("2025-03-05", "2026-03-05"), ("2026-03-20", "2026-03-25"), retired=date(2026, 3, 29))
    assert one.days_without(date(2026, 3, 1), date(2026, 4, 1)) == 14 + 3
    assert one.days_without(date(2026, 3, 10), date(2026, 3, 11)) == 1
    assert one.days_without(date(2026, 3, 5), date(2026, 3, 6)) == 0


def test_months_after_the_last_day():
    assert months_after(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert months_after(date(2025, 12, 31), 2) == date(2026, 2, 28)
    assert all(months_after(date(2025, 1, 31) + timedelta(days=k), 12).year == 2026 for k in range(300))
