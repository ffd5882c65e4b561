"""The peers of the rule check: a loop from sample to sample, and a script of Polars expressions.

Both are handed the rules bound to tags (``watchlist``) and give the episodes alone: no crew or role on duty, no
hours judged, no hash of what was read. Readings must not repeat a moment of a tag.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from zveno.rules import watchlist
from zveno.rules.build import Binding, Watchlist
from zveno.rules.kinds.kind import Line
from zveno.rules.signals import Switch

Episode = tuple[Any, ...]
"""Rule, version, tag, side, start, end (microseconds), open, known time, peak, limit (in the uom of the tag)."""

CLEAR, BETWEEN, OUT, UNKNOWN = range(4)

__all__ = ["Episode", "loop_episodes", "polars_episodes", "watchlist"]


# sample by sample


class Series:
    """Samples of one tag in order of time."""

    def __init__(self, rows: Sequence[tuple[int, float | None, int]]) -> None:
        self.ts = [row[0] for row in rows]
        self.value = [float("nan") if row[1] is None else row[1] for row in rows]
        self.good = [row[2] == 0 and row[1] is not None for row in rows]


def loop_episodes(bound: Watchlist, readings: pl.DataFrame) -> list[Episode]:
    """Episodes by the definition, word by word."""
    plain = readings.select("tag", pl.col("ts").dt.epoch("us"), "value", "quality").sort("tag", "ts")
    series = {
        str(tag): Series(part.select("ts", "value", "quality").rows())
        for (tag,), part in plain.partition_by("tag", as_dict=True).items()
    }
    return [
        (*list(vars(binding.key).values())[:4], *found)
        for tag, bindings in bound.bindings.items()
        if tag in series
        for binding in bindings
        for found in _walk(list(_samples(series[tag], binding, series)), binding)
    ]


def _samples(own: Series, binding: Binding, series: Mapping[str, Series]) -> Iterator[tuple[int, int, float, float]]:
    """Moment, code, value and limit of every sample while the version binds, with a clear one where it ends."""
    gate = [_Pointer(one, series.get(one.tag)) for one in binding.gate or ()]
    exceptions = [([_Pointer(one, series.get(one.tag)) for one in on], line) for on, line in binding.exceptions]
    for ts, value, good in zip(own.ts, own.value, own.good, strict=True):
        if ts < binding.start:
            continue
        if ts >= binding.end:
            yield binding.end, CLEAR, value, value
            return
        line, code = binding.line, _code(binding.line, value)
        limit = line.limit
        for on, other in exceptions:
            state, there = _state(on, ts), _code(other, value)
            if state is None:
                code, limit = (code if code == there else UNKNOWN), max(limit, other.limit, key=lambda x: line.sign * x)
            elif state:
                code, limit = there, other.limit
        state = _state(gate, ts) if binding.gate is not None else True
        if not good or state is None:
            code = UNKNOWN
        if state is False:
            code = CLEAR
        yield ts, code, value, limit


class _Pointer:
    """A switch read forward in time."""

    def __init__(self, switch: Switch, series: Series | None) -> None:
        self.switch, self.series, self.next = switch, series, 0

    def at(self, ts: int) -> bool | None:
        """On, off, or None where the last reading is bad or too old."""
        if self.series is None:
            return None
        moments = self.series.ts
        self.next = bisect_right(moments, ts, self.next, min(self.next + 64, len(moments)))
        if self.next < len(moments) and moments[self.next] <= ts:
            self.next = bisect_right(moments, ts, self.next)
        last = self.next - 1
        if last < 0 or ts - moments[last] > self.switch.reach or not self.series.good[last]:
            return None
        return self.switch.above < self.series.value[last] < self.switch.below


def _state(switches: Sequence[_Pointer], ts: int) -> bool | None:
    """On if one of them is, off if all are, else None."""
    states = [one.at(ts) for one in switches]
    if True in states:
        return True
    return None if None in states or not states else False


def _code(line: Line, value: float) -> int:
    """What the value alone says."""
    if line.sign * value > line.sign * line.limit:
        return OUT
    return BETWEEN if line.clear is not None and line.sign * value >= line.sign * line.clear else CLEAR


def _walk(rows: list[tuple[int, int, float, float]], binding: Binding) -> Iterator[Episode]:
    """Episodes of coded samples."""
    sign, hold, reach = binding.line.sign, binding.manner.hold, binding.reach
    start = known = 0
    peak = limit = 0.0
    running = confirmed = False
    before: Sequence[tuple[int, int] | tuple[int, int, float, float]] = [(0, UNKNOWN), *rows]
    for (last, code_before, *_), (ts, code, value, line) in zip(before, rows, strict=False):
        if running and code_before != UNKNOWN:
            known += min(ts - last, reach)
        confirmed = running and (confirmed or known >= hold)
        if code == OUT:
            if not running:
                start, known, peak, limit = ts, 0, value, line
            elif sign * (value - line) > sign * (peak - limit):
                peak, limit = value, line
            running, confirmed = True, confirmed or known >= hold
        elif code == CLEAR or (code == BETWEEN and not confirmed):
            if confirmed:
                yield start, ts, False, known, peak, limit
            running = confirmed = False
    if confirmed:
        yield start, rows[-1][0], True, known, peak, limit


# expressions


def polars_episodes(bound: Watchlist, readings: pl.DataFrame) -> list[Episode]:
    """Episodes by joins, running sums and groups, as they would be written in Polars."""
    series = {
        str(tag): part.select(
            pl.col("ts").dt.epoch("us"),
            "value",
            good=(pl.col("quality") == 0) & pl.col("value").is_finite().fill_null(False),
        ).sort("ts")
        for (tag,), part in readings.partition_by("tag", as_dict=True).items()
    }
    found: list[Episode] = []
    for tag, bindings in bound.bindings.items():
        for binding in bindings if tag in series else ():
            rows = _grouped(_coded(series[tag], binding, series), binding)
            found += [(*list(vars(binding.key).values())[:4], *row) for row in rows.iter_rows()]
    return found


def _coded(own: pl.DataFrame, binding: Binding, series: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Samples while the version binds: ts, code, excess over the limit, value, limit."""
    table = own.filter(pl.col("ts") >= binding.start, pl.col("ts") < binding.end)
    code, limit = _by_value(binding.line), pl.lit(binding.line.limit)
    sign = binding.line.sign
    for n, (switches, line) in enumerate(binding.exceptions):
        table, on = _joined(table, switches, series, f"exception{n}")
        there = _by_value(line)
        laxer = sign * pl.max_horizontal(sign * limit, pl.lit(sign * line.limit))
        agreed = pl.when(code == there).then(code).otherwise(UNKNOWN)
        code = pl.when(on).then(there).when(~on).then(code).otherwise(agreed)
        limit = pl.when(on).then(line.limit).when(~on).then(limit).otherwise(laxer)
    code = pl.when(pl.col("good")).then(code).otherwise(UNKNOWN)
    if binding.gate is not None:
        table, on = _joined(table, binding.gate, series, "gate")
        code = pl.when(on).then(code).when(~on).then(CLEAR).otherwise(UNKNOWN)
    coded = table.select("ts", "value", code=code.cast(pl.Int8), limit=limit.cast(pl.Float64))
    if not own.filter(pl.col("ts") >= binding.end).is_empty():
        end = {"ts": [binding.end], "value": [None], "code": [CLEAR], "limit": [None]}
        coded = pl.concat([coded, pl.DataFrame(end, schema=coded.schema)])
    return coded


def _by_value(line: Line) -> pl.Expr:
    """What the value alone says."""
    value = pl.col("value") * line.sign
    kept = pl.lit(CLEAR) if line.clear is None else pl.when(value >= line.sign * line.clear).then(BETWEEN).otherwise(0)
    return pl.when(value > line.sign * line.limit).then(OUT).otherwise(kept)


def _joined(
    table: pl.DataFrame, switches: Sequence[Switch], series: Mapping[str, pl.DataFrame], name: str
) -> tuple[pl.DataFrame, pl.Expr]:
    """The samples with the state of the switches beside them, and that state."""
    states = []
    for n, one in enumerate(switches):
        column = f"{name}.{n}"
        states.append(column)
        if one.tag not in series:
            table = table.with_columns(pl.lit(None, pl.Boolean).alias(column))
            continue
        on = pl.when("good").then((pl.col("value") > one.above) & (pl.col("value") < one.below))
        beside = series[one.tag].select("ts", seen="ts", on=on)
        table = table.join_asof(beside, on="ts", strategy="backward").with_columns(
            pl.when(pl.col("ts") - pl.col("seen") <= one.reach).then("on").alias(column)
        )
        table = table.drop("seen", "on")
    return table, pl.any_horizontal(states) if states else pl.lit(None, pl.Boolean)


def _grouped(coded: pl.DataFrame, binding: Binding) -> pl.DataFrame:
    """Episodes of coded samples: start, end, open, known, peak, limit."""
    known = pl.when(pl.col("code") != UNKNOWN).then(
        (pl.col("ts").shift(-1) - pl.col("ts")).fill_null(0).clip(upper_bound=binding.reach)
    )
    table = (
        coded.with_row_index("at")
        .with_columns(known=known.fill_null(0))
        .with_columns(
            before=pl.col("known").cum_sum() - pl.col("known"),
            close=pl.when(pl.col("code") == CLEAR).then("at").fill_null(strategy="backward").fill_null(coded.height),
        )
    )
    total = int(table["known"].sum())
    runs = (
        table.filter(pl.col("code") != UNKNOWN)
        .with_columns(run=(pl.col("code") == OUT).rle_id(), after=pl.col("before").shift(-1).fill_null(total))
        .filter(pl.col("code") == OUT)
        .group_by("run", "close", maintain_order=True)
        .agg(pl.col("at").first(), pl.col("before").first(), pl.col("after").last())
        .filter(pl.col("after") - pl.col("before") >= binding.manner.hold)
        .group_by("close", maintain_order=True)
        .agg(begin=pl.col("at").first(), known_before=pl.col("before").first())
    )
    excess = binding.line.sign * (pl.col("value") - pl.col("limit"))
    worst = (
        table.filter(pl.col("code") == OUT)
        .join(runs, on="close")
        .filter(pl.col("at") >= pl.col("begin"))
        .with_columns(excess=excess)
        .group_by("close", maintain_order=True)
        .agg(
            pl.col("ts").first().alias("start"),
            pl.col("known_before").first(),
            peak=pl.col("value").sort_by("excess", descending=True, maintain_order=True).first(),
            limit=pl.col("limit").sort_by("excess", descending=True, maintain_order=True).first(),
        )
    )
    ends = table.select(close="at", end="ts", known_end="before")
    last = int(coded["ts"][-1]) if coded.height else 0
    return worst.join(ends, on="close", how="left").select(
        "start",
        pl.col("end").fill_null(last),
        open=pl.col("end").is_null(),
        known=pl.col("known_end").fill_null(total) - pl.col("known_before"),
        peak="peak",
        limit="limit",
    )
