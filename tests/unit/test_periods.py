import itertools
from datetime import date, datetime, time, timedelta

import pytest

from zveno.errors import DataError
from zveno.periods import DatedValue, Period, ShiftPattern, ShiftSlot, value_on, zone

TZ = zone("UTC+05:00")
PATTERN = ShiftPattern(
    slots=(ShiftSlot("day", time(8), 12), ShiftSlot("night", time(20), 12)),
    crews=("A", "B", "C", "D"),
    cycle=("day", "night", "off", "off"),
    reference=date(2026, 3, 1),
)


@pytest.mark.parametrize(
    ("text", "kind", "hours"),
    [
        ("2024", "year", 366 * 24),
        ("2024-02", "month", 29 * 24),
        ("2026-03-07", "day", 24),
        ("2026-03-07T14:00", "hour", 1),
        ("2026-03-01/2026-03-08", "span", 168),
    ],
)
def test_periods_are_read_from_text(text, kind, hours):
    period = Period.parse(text, TZ)
    assert (period.kind, period.hours) == (kind, hours)


@pytest.mark.parametrize("text", ["March", "2026-13", "2026-03-08/2026-03-01", "2026-03-01/", ""])
def test_text_that_is_no_period_is_refused(text):
    with pytest.raises(DataError, match="is not understood"):
        Period.parse(text, TZ)


def test_a_month_splits_into_its_days():
    days = list(Period.parse("2026-02", TZ).split("day"))
    assert len(days) == 28
    assert days[0].name == "2026-02-01"
    assert days[-1].end == Period.parse("2026-02", TZ).end


def test_crews_follow_the_formula_of_the_pattern():
    # day shift of day n: crew n mod 4; night shift beginning on day n: crew (n - 1) mod 4
    for n in range(-8, 40):
        day = date(2026, 3, 1) + timedelta(days=n)
        assert PATTERN.crew(day, "day") == "ABCD"[n % 4]
        assert PATTERN.crew(day, "night") == "ABCD"[(n - 1) % 4]


def test_after_midnight_the_night_shift_of_yesterday_is_at_work():
    shift = PATTERN.at(datetime(2026, 3, 7, 6, 0, tzinfo=TZ))
    assert (shift.day, shift.slot, shift.crew) == (date(2026, 3, 6), "night", "A")


def test_shifts_touch_without_gap_or_overlap():
    shifts = list(PATTERN.shifts(Period.parse("2026-03", TZ)))
    assert all(a.period.end == b.period.start for a, b in itertools.pairwise(shifts))
    assert len(shifts) == 63  # 62 that begin in the month, and the night that reaches into it


def test_clock_of_kazakhstan_follows_the_change_of_2024():
    east = zone("Asia/Almaty")
    assert datetime(2024, 2, 1, tzinfo=east).utcoffset() == timedelta(hours=6)
    assert datetime(2024, 4, 1, tzinfo=east).utcoffset() == timedelta(hours=5)


def test_unknown_zone_is_refused():
    with pytest.raises(DataError, match="time zone 'Mars'"):
        zone("Mars")


def test_dated_value_holds_from_its_day_to_the_day_before_its_end():
    values = [DatedValue(1.0, date(2026, 1, 1), date(2026, 3, 1)), DatedValue(2.0, date(2026, 3, 1))]
    assert value_on(values, date(2026, 2, 28)) == 1.0
    assert value_on(values, date(2026, 3, 1)) == 2.0
    assert value_on(values, date(2025, 12, 31)) is None


def test_hours_are_real_where_clocks_are_changed():
    almaty = zone("Asia/Almaty")  # set back by an hour on 1 March 2024
    month = Period.parse("2024-02", almaty)
    assert month.hours == 29 * 24 + 1
    hours = list(month.split("hour"))
    assert len(hours) == 29 * 24 + 1
    assert {one.hours for one in hours} == {1.0}
