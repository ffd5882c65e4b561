"""Laws of verifications and authorisations: no day is counted twice or left out, nobody answers to himself."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from zveno.quality.authorised import Authorisation, Lapsed, chosen, missing, relied_on
from zveno.quality.holm import holm
from zveno.quality.register import Checked, Registered

START = date(2025, 1, 1)
PERSONS = ("clerk", "chief", "metrologist")
DAYS = st.integers(0, 400)
SPANS = st.lists(st.tuples(DAYS, st.integers(0, 120)), max_size=6)
ONES = [Lapsed(name, START) for name in "abcde"]
SIGNED = st.lists(st.tuples(st.sampled_from(PERSONS), st.sets(st.sampled_from(ONES))), max_size=6)


def instrument(spans: list[tuple[int, int]]) -> Registered:
    days = {START + timedelta(days=first): length for first, length in spans}
    return Registered("x", checks=tuple(Checked(on, on + timedelta(days=length)) for on, length in days.items()))


def signed(parts: list[tuple[str, set[Lapsed]]]) -> list[Authorisation]:
    at = datetime(2026, 4, 1, tzinfo=UTC)
    return [Authorisation(k, who, who, at, "why", frozenset(what)) for k, (who, what) in enumerate(parts)]


@given(SPANS, DAYS, st.integers(1, 90))
def test_lapses_are_the_days_after_a_verification_on_which_none_holds(spans, first, length):
    one, begin = instrument(spans), START + timedelta(days=first)
    end = begin + timedelta(days=length)
    lapses = one.lapses(begin, end)
    for k in range(length):
        day = begin + timedelta(days=k)
        held = any(each.on <= day <= each.until for each in one.checks)
        before = any(each.on <= day for each in one.checks)
        within = [each for each in lapses if each.since <= day and (each.until is None or day < each.until)]
        assert len(within) == (0 if held or not before else 1)
        assert one.state(day) == ("unknown" if not before else "expired" if not held else one.state(day))


@given(st.sets(st.sampled_from(ONES)), SIGNED, st.sampled_from(PERSONS))
def test_what_is_missing_own_or_authorised_is_all_and_only_once(wanted, parts, drawer):
    listed = sorted(wanted)
    left = missing(listed, signed(parts), drawer)
    others = {one for who, what in parts if who != drawer for one in what}
    covered = [one for one in listed if one in others]
    assert sorted([*left.instruments, *left.own, *covered]) == listed
    assert all(any(who == drawer and one in what for who, what in parts) for one in left.own)


@given(st.sets(st.sampled_from(ONES), min_size=1), SIGNED, st.sampled_from(PERSONS))
def test_another_signature_never_makes_more_missing_and_own_ones_never_count(wanted, parts, drawer):
    listed = sorted(wanted)
    before = missing(listed, signed(parts), drawer)
    for who in PERSONS:
        after = missing(listed, signed([*parts, (who, set(wanted))]), drawer)
        assert set(after.instruments) <= set(before.instruments)
        assert (not after.instruments and not after.own) == (who != drawer or not (before.instruments or before.own))
    assert all(parts[k][0] != drawer for k in relied_on(listed, signed(parts), drawer))


@given(st.sets(st.sampled_from(ONES), min_size=1))
def test_all_and_each_by_name_are_the_same(wanted):
    listed = sorted(wanted)
    assert chosen(listed, ["all"]) == chosen(listed, [one.instrument for one in listed]) == tuple(listed)


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_lies_between_the_plain_chance_and_that_of_bonferroni(p_values):
    for plain, corrected in zip(p_values, holm(p_values), strict=True):
        assert plain <= corrected <= min(1.0, plain * len(p_values)) or corrected == max(
            min(1.0, (len(p_values) - k) * one) for k, one in enumerate(sorted(p_values)) if one <= plain
        )
