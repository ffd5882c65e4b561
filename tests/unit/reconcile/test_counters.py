"""Belt counters beside the tonnes that were written down: rollovers named, faults told, nothing else said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import polars as pl
import pytest
from tests.unit.reconcile.plants import METERS, MONTH, meter, model, shift_starts

from zveno.model.checks import chain_faults
from zveno.reconcile.build import plan_of
from zveno.reconcile.counters import counter_findings
from zveno.tables import frame

COUNTER = meter("ore.counter", "ore", "counter", uom="t", sd_rel_pct=0, sd_abs=0.1, turns_over_at=1_000_000)


def rows(shown: Sequence[tuple[float, float]], weighed: Sequence[float | None]) -> pl.DataFrame:
    """Readings of successive shifts."""
    found = []
    for start, (first, last), mass in zip(shift_starts(), shown, weighed, strict=False):
        values = {("ore.counter", "counter_start"): first, ("ore.counter", "counter_end"): last}
        values[("ore.belt", "wet_mass")] = mass
        found += [
            {"point": point, "quantity": quantity, "start": start, "end": start + timedelta(hours=12), "value": value,
             "qualifier": "", "file": "f", "sheet": "s", "cell": "A1", "file_hash": "0", "known": MONTH.start}
            for (point, quantity), value in values.items() if value is not None
        ]  # fmt: skip
    return frame("records", found)


def findings(shown: Sequence[tuple[float, float]], weighed: Sequence[float | None]):
    described = model([*METERS, COUNTER])
    return counter_findings(described, plan_of(described, rows(shown, weighed)).book, MONTH)


def test_a_counter_that_goes_on_and_agrees_says_nothing():
    assert findings([(10.0, 1010.0), (1010.0, 2020.0), (2020.0, 3000.0)], [1000.0, 1010.0, 980.0]) == ()


def test_a_rollover_is_named_with_what_it_counted_and_is_no_other_fault():
    (one,) = findings([(998_000.0, 999_500.0), (999_500.0, 600.0), (600.0, 1500.0)], [1500.0, 1100.0, 900.0])
    assert (one.kind, one.counted_t, one.weighed_t) == ("rollover", pytest.approx(1100.0), 1100.0)
    assert one.start == shift_starts()[1].timestamp()


@pytest.mark.parametrize("usual", [True, False])
def test_without_tonnes_written_down_a_usual_shift_decides(usual):
    end = 600.0 if usual else 400_000.0
    (one,) = findings([(997_500.0, 998_500.0), (998_500.0, 999_500.0), (999_500.0, end)], [1000.0, 1000.0, None])
    assert one.kind == ("rollover" if usual else "backwards")


def test_a_counter_that_goes_back_is_not_called_a_rollover_where_the_tonnes_say_otherwise():
    (one,) = findings([(5000.0, 6000.0), (6000.0, 4000.0)], [1000.0, 1000.0])
    assert one.kind == "backwards"


def test_tonnes_that_differ_from_the_counter_are_told_from_three_standard_deviations_on():
    assert findings([(0.0, 1000.0)], [1000.25]) == ()
    (one,) = findings([(0.0, 1000.0)], [1100.0])
    assert (one.kind, one.counted_t, one.weighed_t) == ("differs", 1000.0, 1100.0)


def test_a_shift_that_begins_elsewhere_than_the_last_ended_is_told():
    (one,) = findings([(0.0, 1000.0), (1040.0, 2040.0)], [1000.0, 1000.0])
    assert (one.kind, one.shown_from_t, one.shown_to_t) == ("jump", 1000.0, 1040.0)


def test_a_counter_takes_no_part_in_the_balance():
    described = model([*METERS, COUNTER])
    assert not chain_faults(described)


def test_a_counter_without_a_scale_and_a_scale_that_turns_over_are_faults():
    alone = model([COUNTER])
    assert "has no scale beside it" in " ".join(str(one) for one in chain_faults(alone))
    turning = model([{**METERS[0], "turns_over_at": 1e6}, *METERS[1:]])
    assert "only a counter does" in " ".join(str(one) for one in chain_faults(turning))
