"""Laws of the rule check: cuts, order and other signals change nothing; a plain engine finds the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import deep
from tests.property.rules_in_pieces import in_pieces

from zveno.model.chain import ChainModel
from zveno.model.load import load_description
from zveno.model.rulebook import Rulebook, RulesFile
from zveno.periods import Period
from zveno.rules.build import microseconds, watchlist
from zveno.rules.engine import check, read_signals
from zveno.rules.runs import BETWEEN, CLEAR, OUT, UNKNOWN, Manner, Samples, Spans, find_runs, open_span
from zveno.rules.solve import Episodes, open_episodes, watch
from zveno.tables import frame

Row = tuple[Any, ...]

EXAMPLE = Path(__file__).parents[2] / "src/zveno/examples/one_concentrator"
REACH = 4
MIDNIGHT = microseconds(datetime(2026, 3, 2, tzinfo=timezone(timedelta(hours=5))))


# one series of samples, against a plain engine that goes from sample to sample


@dataclass
class Run:
    """A run that is going on: since when, time known, worst value and its limit, samples outside, back since when."""

    start: int
    peak: float
    limit: float
    known: int = 0
    outs: int = 1
    confirmed: bool = False
    back: int | None = None
    cleared: int = 0

    def row(self, end: int, *, still: bool) -> Row:
        """The run as an episode."""
        return (self.start, end, self.known, self.peak, self.limit, self.outs, still)


def plain(samples: Samples, manner: Manner) -> list[Row]:
    """Episodes by a loop over samples: the definition, word by word."""
    found: list[Row] = []
    run: Run | None = None
    rows = list(zip(samples.ts, samples.code, samples.value, samples.limit, strict=True))
    for n, (ts, code, value, line) in enumerate(rows):
        if run:
            _passes(run, min(ts - rows[n - 1][0], REACH) if rows[n - 1][1] != UNKNOWN else 0, manner)
        run = _over(run, manner, found)
        if code == OUT:
            run = _out(run, ts, value, line, manner)
        elif run and not run.confirmed and code != UNKNOWN:
            run = None
        elif run and run.back is None and code == CLEAR:
            run.back = ts
        run = _over(run, manner, found)
    if run and run.confirmed:
        run.known += run.cleared
        found.append(run.row(rows[-1][0], still=True))
    return found


def _passes(run: Run, spoken: int, manner: Manner) -> None:
    """Known time goes by."""
    if run.back is None:
        run.known += spoken
    else:
        run.cleared += spoken
    run.confirmed |= run.known >= manner.hold and run.outs >= manner.least


def _over(run: Run | None, manner: Manner, found: list[Row]) -> Run | None:
    """A run that has been back for the off-delay is over."""
    if run and run.back is not None and run.cleared >= manner.off:
        found.append(run.row(run.back, still=False))
        return None
    return run


def _out(run: Run | None, ts: int, value: float, line: float, manner: Manner) -> Run:
    """A sample outside begins a run or goes on with one."""
    if run is None:
        run = Run(ts, value, line)
    else:
        run.outs += 1
        if manner.sign * (value - line) > manner.sign * (run.peak - run.limit):
            run.peak, run.limit = value, line
    run.known, run.cleared, run.back = run.known + run.cleared, 0, None
    run.confirmed |= run.known >= manner.hold and run.outs >= manner.least
    return run


@st.composite
def some_samples(draw: st.DrawFn) -> Samples:
    """Samples at uneven moments, with codes in clumps."""
    clumps = draw(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 5)), min_size=1, max_size=12))
    code = np.repeat([one for one, _ in clumps], [n for _, n in clumps]).astype(np.int8)
    n = len(code)
    steps = draw(st.lists(st.integers(1, 9), min_size=n, max_size=n))
    heights = draw(st.lists(st.integers(1, 8), min_size=n, max_size=n))
    limit = np.array(draw(st.lists(st.sampled_from([10.0, 20.0]), min_size=n, max_size=n)))
    return Samples(np.cumsum(steps), code, limit + np.array(heights) / 4, limit)


def vector(samples: Samples, manner: Manner, cuts: list[int]) -> list[Row]:
    """Episodes by the real engine, the series cut at the places given."""
    found: list[Row] = []
    carry = None
    edges = [0, *sorted(min(one, len(samples.ts)) for one in cuts), len(samples.ts)]
    for a, b in pairwise(edges):
        part = Samples(samples.ts[a:b], samples.code[a:b], samples.value[a:b], samples.limit[a:b])
        if a < b:
            spans, carry = find_runs(part, carry, manner)
            found += rows(spans, still=False)
    spans_left = open_span(carry, manner) if carry else None
    return [*found, *rows(spans_left, still=True)] if spans_left else found


def rows(spans: Spans, *, still: bool) -> list[Row]:
    """Episodes as comparable rows: start, end, known time, peak, limit, number of samples outside, open."""
    return [(*row, still) for row in zip(*(one.tolist() for one in vars(spans).values()), strict=True)]


@given(
    some_samples(), st.integers(0, 25), st.integers(1, 4), st.integers(0, 15), st.lists(st.integers(0, 60), max_size=6)
)
def test_islands_are_those_of_a_plain_loop_however_the_series_is_cut(
    samples: Samples, hold: int, least: int, off: int, cuts: list[int]
) -> None:
    manner = Manner(1.0, hold, REACH, least, off)
    assert vector(samples, manner, cuts) == plain(samples, manner)


@pytest.mark.parametrize("off", [0, 2, 4])
@pytest.mark.parametrize("least", [1, 2, 3])
@pytest.mark.parametrize("hold", [0, 5])
def test_every_short_series_cut_at_every_place_gives_the_islands_of_a_plain_loop(
    hold: int, least: int, off: int
) -> None:
    manner = Manner(1.0, hold, REACH, least, off)
    for codes in product((CLEAR, BETWEEN, OUT, UNKNOWN), repeat=4):
        code = np.array(codes, np.int8)
        samples = Samples(np.arange(0, 12, 3), code, np.array([11.0, 13.0, 12.0, 14.0]), np.full(4, 10.0))
        expected = plain(samples, manner)
        assert all(vector(samples, manner, [cut]) == expected for cut in range(5)), codes


# a whole chain: gates, exceptions, versions, clear levels


@pytest.fixture(scope="module")
def chain() -> ChainModel:
    """The example with short rules that use everything a rule can use."""
    base = load_description(EXAMPLE)
    versions = [
        {
            "version": 1,
            "from": "2026-01-01",
            "to": "2026-03-02",
            "params": {"low": 10.5, "high": 11.5, "on_delay_min": 3},
        },
        {"version": 2, "from": "2026-03-02", "params": {"low": 10.8, "high": 11.8, "on_delay_min": 2}},
    ]
    frost = {"when": {"tag": "balk_conc.ambient.temp_c", "below": -5}, "params": {"high": 12.5}, "why": {"en": "ice"}}
    rules = [
        _rule("P-1", "limit", "balk_conc.line*.cleaner1.ph", "pH", "flotation.running", versions),
        _rule(
            "P-2", "sustained", "balk_conc.line*.cleaner1.ph", "pH", "any",
            [{"version": 1, "from": "2026-01-01", "params": {"high": 11.4, "clear_below": 11.0, "hold_min": 6}}],
        ),
        _rule(
            "P-3", "limit", "balk_conc.filter.moisture_pct", "%", "filter.running",
            [{"version": 1, "from": "2026-01-01", "params": {"high": 14.0}, "exceptions": [frost]}],
        ),
    ]  # fmt: skip
    book = Rulebook.of([RulesFile.model_validate({"rules": rules})])
    return base.model_copy(update={"rulebook": book})


def _rule(id_: str, kind: str, tag: str, uom: str, gate: str, versions: list[dict[str, Any]]) -> dict[str, Any]:
    """A rule with the fields that do not matter here."""
    filled = [{"text": {"en": id_}, "source": "made up", "status": "estimate", **one} for one in versions]
    who = {"unit": "balk_conc.flotation", "owner_role": "balk_conc.flotation_operator", "severity": "low"}
    return {"id": id_, "kind": kind, "tag": tag, "uom": uom, "gate": gate, "versions": filled, **who}


LEVELS = {
    "balk_conc.line1.cleaner1.ph": (1, [10.2, 10.6, 10.9, 11.1, 11.45, 11.6, 11.9]),
    "balk_conc.line2.cleaner1.ph": (1, [10.2, 10.9, 11.2, 11.6, 11.9]),
    "balk_conc.line1.feed_pump.on": (5, [0.0, 1.0, 1.0]),
    "balk_conc.line2.feed_pump.on": (5, [0.0, 1.0]),
    "balk_conc.filter.moisture_pct": (60, [12.0, 13.0, 15.0]),
    "balk_conc.filter.drive.on": (5, [0.0, 1.0, 1.0, 1.0]),
    "balk_conc.ambient.temp_c": (60, [-9.0, 1.0]),
}


def some_readings(seed: int) -> pl.DataFrame:
    """Four hours around a change of versions: values in clumps, some bad, some lost, some null."""
    rng = np.random.default_rng(seed)
    parts = []
    for tag, (every, levels) in LEVELS.items():
        minutes = np.arange(0, 241, every)
        clump = np.cumsum(rng.random(len(minutes)) < 0.15)
        value = rng.choice(levels, clump[-1] + 1)[clump]
        keep = rng.random(len(minutes)) > 0.1
        null = rng.random(len(minutes)) < 0.03
        part = pl.DataFrame(
            {
                "tag": [tag] * len(minutes),
                "ts": (MIDNIGHT + (minutes - 120) * 60_000_000),
                "value": [None if gone else float(one) for one, gone in zip(value, null, strict=True)],
                "quality": (rng.random(len(minutes)) < 0.05).astype(np.int8),
            }
        ).with_columns(pl.col("ts").cast(pl.Datetime("us", "UTC")))
        parts.append(frame("readings", part).filter(pl.Series(keep)))
    return pl.concat(parts)


def plainly(episodes: list[Episodes]) -> set[Row]:
    """Episodes with their bindings as comparable rows."""
    return {(one.binding.key, *row) for one in episodes for row in rows(one.spans, still=one.open)}


@pytest.mark.parametrize("examples", [20, deep(60)])
def test_a_stream_cut_anywhere_gives_the_same_episodes(chain: ChainModel, examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(st.integers(0, 10_000), st.lists(st.integers(-125, 125), max_size=8))
    def holds(seed: int, cuts: list[int]) -> None:
        readings, bound = some_readings(seed), watchlist(chain)
        whole, end = watch(bound, read_signals(readings, bound.tags))
        at_once = plainly([*whole, *open_episodes(bound, end)])
        assert plainly(in_pieces(bound, readings, [MIDNIGHT + cut * 60_000_000 for cut in cuts])) == at_once

    holds()


def test_the_random_readings_hold_every_sort_of_episode(chain: ChainModel) -> None:
    bound = watchlist(chain)
    kept: list[Episodes] = []
    for seed in range(40):
        closed, state = watch(bound, read_signals(some_readings(seed), bound.tags))
        kept += [*closed, *open_episodes(bound, state)]
    assert {(key.rule, key.version) for key, *_ in plainly(kept)} == {("P-1", 1), ("P-1", 2), ("P-2", 1), ("P-3", 1)}
    assert {one.open for one in kept} == {True, False}
    assert {limit for key, _, _, _, _, limit, _, _ in plainly(kept) if key.rule == "P-3"} == {12.5, 14.0}
    assert any(end == MIDNIGHT for _, _, end, *_ in plainly(kept))
    assert any(known < end - start for _, start, end, known, *_ in plainly(kept))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 100))
def test_the_order_of_readings_and_other_signals_change_nothing(chain: ChainModel, seed: int, order: int) -> None:
    readings = some_readings(seed)
    day = Period.parse("2026-03-01/2026-03-03", chain.tz)
    straight = check(chain, readings, day)
    calm = readings.filter(pl.col("tag") == "balk_conc.line1.cleaner1.ph").with_columns(
        tag=pl.lit("balk_conc.line3.cleaner1.ph"), value=pl.lit(11.0), quality=pl.lit(0, pl.Int8)
    )
    stranger = calm.with_columns(tag=pl.lit("not.of.this.chain"), value=pl.lit(99.0))
    shuffled = pl.concat([readings, calm, stranger]).sample(fraction=1.0, shuffle=True, seed=order)
    again = check(chain, shuffled, day)
    assert again.breaches.equals(straight.breaches)
    assert (
        check(chain, readings.sample(fraction=1.0, shuffle=True, seed=order), day).readings_hash
        == straight.readings_hash
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_every_breach_is_held_long_enough_and_judged_by_the_version_of_its_time(chain: ChainModel, seed: int) -> None:
    day = Period.parse("2026-03-01/2026-03-03", chain.tz)
    for row in check(chain, some_readings(seed), day).breaches.iter_rows(named=True):
        rule = chain.rulebook.by_id[row["rule"]]
        (version,) = [one for one in rule.versions if one.version == row["version"]]
        hold = version.params.get("hold_min", version.params.get("on_delay_min", 0))
        assert row["duration_h"] - row["unknown_h"] >= hold / 60 - 1e-9
        assert version.start <= row["start"].astimezone(chain.tz).date()
        last = row["end"].astimezone(chain.tz)
        assert version.end is None or last <= last.replace(**_midnight(version.end))
        assert (row["peak"] - row["limit"]) * (1 if row["side"] == "high" else -1) > 0


def _midnight(day: date) -> dict[str, int]:
    """Parts of the midnight that begins a day."""
    return {"year": day.year, "month": day.month, "day": day.day, "hour": 0, "minute": 0, "second": 0}
