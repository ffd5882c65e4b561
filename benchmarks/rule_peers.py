"""The peers of the rules over a folder: SQL for DuckDB and expressions for Polars, written by hand.

Both share what can be shared: good readings are made once with the time that each speaks for, the sample after it, the
running means and changes; only what lies beyond a limit reaches the search for islands, and all rules of one family
are one query. They find the same breaches: rule, version, tag, side, start, end, known time.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import polars as pl

from zveno.chain import ChainModel
from zveno.rules import watchlist

Row = tuple[str, int, str, str, int, int, int]
_FAR = 2**62


def rows_of(found: pl.DataFrame) -> set[Row]:
    """Breaches as the peers tell them; times in microseconds."""
    us = found.select(
        "rule", "version", "tag", "side", pl.col("start").dt.epoch("us"), pl.col("end").dt.epoch("us"),
        known=(pl.col("known_h") * 3600e6).round().cast(pl.Int64),
    )  # fmt: skip
    return set(us.rows())


def bindings(model: ChainModel) -> pl.DataFrame:
    """Every rule, version and tag with its numbers, as a table that both peers join."""
    rows = []
    for tag, each in watchlist(model).bindings.items():
        for one in each:
            kind = model.rulebook.by_id[one.key.rule].kind
            window = getattr(one.kind, "window_min", 0) or 0
            rows.append(
                {
                    "rule": one.key.rule, "version": one.key.version, "tag": tag, "side": one.key.side,
                    "kind": "value" if kind in ("limit", "sustained") else kind, "sign": one.line.sign,
                    "lim": one.line.limit, "hold": one.manner.hold, "reach": one.reach,
                    "win": round(window * 60e6), "t0": max(one.start, -_FAR), "t1": one.end,
                }
            )  # fmt: skip
    return pl.DataFrame(rows)


def duckdb(model: ChainModel, folder: Path) -> set[Row]:
    """All rules in SQL."""
    import duckdb as db  # noqa: PLC0415

    con = db.connect()
    con.execute(f"SET threads TO 2; SET memory_limit = '2GB'; SET temp_directory = '{gettempdir()}'")
    con.register("bound_py", bindings(model).to_arrow())
    # names of tags as numbers: a quarter less time than with strings
    con.execute("CREATE TYPE names AS ENUM (SELECT DISTINCT tag FROM bound_py ORDER BY tag)")
    con.execute("CREATE TABLE b AS SELECT * REPLACE (tag::names AS tag) FROM bound_py")
    files = f"read_parquet('{folder}/*.parquet')"
    # silent to the end of all that came is silent still
    con.execute(f"CREATE TABLE ended AS SELECT epoch_us(max(ts)) AS moment FROM {files}")
    found: set[Row] = set()
    for batch in _batches(con.execute("SELECT DISTINCT tag FROM b ORDER BY tag").fetchall(), 50):
        names = ", ".join(f"'{tag}'" for tag in batch)
        con.execute(f"CREATE OR REPLACE TABLE good AS {_GOOD.format(files=files, names=names)}")
        for query in (_VALUE, _RATE, _MEAN, _SILENCE):
            found |= set(con.execute(query).fetchall())
    return found


def _batches(rows: list[tuple[Any, ...]], size: int) -> Iterator[list[str]]:
    """Tags a few at a time, so that the tables in between fit into memory."""
    tags = [row[0] for row in rows]
    for n in range(0, len(tags), size):
        yield tags[n : n + size]


# A good reading, the next reading of any quality, the next good one, and its number among the good ones. `last` is the
# last moment of all signals.
_GOOD = """
WITH r AS (
  SELECT tag::names AS tag, epoch_us(ts) AS ts, value AS v, quality,
         lead(epoch_us(ts)) OVER (PARTITION BY tag ORDER BY ts) AS nxt
  FROM {files} WHERE tag IN ({names})
)
SELECT tag, ts, v, nxt,
       row_number() OVER w AS n, lead(ts) OVER w AS nxt_good
FROM r WHERE quality = 0 WINDOW w AS (PARTITION BY tag ORDER BY ts)
"""
_ISLANDS = """
, o AS (
  SELECT *, n - row_number() OVER (PARTITION BY rule, version, tag, side ORDER BY ts) AS island FROM hits
)
SELECT rule, version, tag, side, min(ts) AS start,
       CASE WHEN max(coalesce(nxt_good, last_seen)) >= max(t1) THEN max(t1)
            ELSE max(coalesce(nxt_good, last_seen)) END AS stop,
       sum(least(coalesce(nxt, ts) - ts, reach, t1 - ts))::BIGINT AS known
FROM o GROUP BY rule, version, tag, side, island
HAVING sum(least(coalesce(nxt, ts) - ts, reach, t1 - ts)) >= max(hold)
"""
_LAST = "l AS (SELECT tag, max(coalesce(nxt, ts)) AS last_seen FROM good GROUP BY tag)"
_HIT = "b.rule, b.version, b.side, b.t1, b.hold, b.reach, g.tag, g.ts, g.n, g.nxt, g.nxt_good, l.last_seen"
_VALUE = f"""
WITH {_LAST}, hits AS (
  SELECT {_HIT} FROM good g JOIN b ON g.tag = b.tag AND b.kind = 'value' JOIN l ON l.tag = g.tag
  WHERE b.sign * g.v > b.sign * b.lim AND g.ts >= b.t0 AND g.ts < b.t1
) {_ISLANDS}
"""
# the last good reading at least a window older, no older than two windows
_RATE = f"""
WITH {_LAST}, wins AS (SELECT DISTINCT tag, win FROM b WHERE kind = 'rate'),
p AS (
  SELECT g.*, w.win, a.ts AS ts0, a.v AS v0
  FROM good g JOIN wins w ON g.tag = w.tag ASOF JOIN good a ON a.tag = g.tag AND a.ts <= g.ts - w.win
), c AS (
  SELECT *, (v - v0) / ((ts - ts0) / 3600e6) AS change, ts - ts0 <= 2 * win AS told FROM p
), known AS (
  SELECT c.*, row_number() OVER w AS m, lead(ts) OVER w AS nxt_told
  FROM c WHERE told WINDOW w AS (PARTITION BY tag, win ORDER BY ts)
), hits AS (
  SELECT b.rule, b.version, b.side, b.t1, b.hold, b.reach, g.tag, g.ts, g.m AS n, g.nxt, g.nxt_told AS nxt_good,
         l.last_seen
  FROM known g JOIN b ON g.tag = b.tag AND b.kind = 'rate' AND b.win = g.win JOIN l ON l.tag = g.tag
  WHERE b.sign * g.change > b.sign * b.lim AND g.ts >= b.t0 AND g.ts < b.t1
) {_ISLANDS}
"""
# sums over a time-range frame, at least half of the readings that the window could hold
_MEAN = f"""
WITH {_LAST}, wins AS (SELECT DISTINCT tag, win, reach / 3 AS every FROM b WHERE kind = 'window_mean'),
c AS (
  SELECT g.*, w.win, w.every,
         avg(v) OVER f AS mean, count(*) OVER f AS number
  FROM good g JOIN wins w ON g.tag = w.tag
  WINDOW f AS (PARTITION BY g.tag, w.win ORDER BY g.ts RANGE BETWEEN w.win - 1 PRECEDING AND CURRENT ROW)
), known AS (
  SELECT *, row_number() OVER w AS m, lead(ts) OVER w AS nxt_told
  FROM c WHERE number >= greatest(win / every / 2, 1) - 1e-9 WINDOW w AS (PARTITION BY tag, win ORDER BY ts)
), hits AS (
  SELECT b.rule, b.version, b.side, b.t1, b.hold, b.reach, g.tag, g.ts, g.m AS n, g.nxt, g.nxt_told AS nxt_good,
         l.last_seen
  FROM known g JOIN b ON g.tag = b.tag AND b.kind = 'window_mean' AND b.win = g.win JOIN l ON l.tag = g.tag
  WHERE b.sign * g.mean > b.sign * b.lim + 1e-12 * abs(b.lim) AND g.ts >= b.t0 AND g.ts < b.t1
) {_ISLANDS}
"""
_SILENCE = """
WITH s AS (
  SELECT b.rule, b.version, b.tag, b.side, greatest(g.ts, b.t0) AS start, b.hold,
         least(coalesce(g.nxt_good, moment), b.t1) AS stop
  FROM ended, good g JOIN b ON g.tag = b.tag AND b.kind = 'no_data' AND g.ts < b.t1
  WHERE coalesce(g.nxt_good, moment) > b.t0
)
SELECT rule, version, tag, side, start, stop, stop - start FROM s WHERE stop - start > hold
"""


def polars(model: ChainModel, folder: Path) -> set[Row]:
    """All rules as expressions, the same way."""
    bound = bindings(model)
    # names of tags as numbers: a third less time than with strings
    names = pl.Enum(bound["tag"].unique().sort())
    bound = bound.with_columns(pl.col("tag").cast(names))
    found: set[Row] = set()
    lazy = pl.scan_parquet(f"{folder}/*.parquet")
    ended = lazy.select(pl.col("ts").max().dt.epoch("us")).collect().item()  # silent to the end is silent still
    for batch in _batches([(tag,) for tag in bound["tag"].unique().sort()], 50):
        good = (
            lazy.filter(pl.col("tag").is_in(batch))
            .select(pl.col("tag").cast(names), ts=pl.col("ts").dt.epoch("us"), v="value", q="quality")
            .sort("tag", "ts")
            .with_columns(nxt=pl.col("ts").shift(-1).over("tag"))
            .filter(pl.col("q") == 0)
            .with_columns(
                nxt_good=pl.col("ts").shift(-1).over("tag"),
                last_seen=pl.max_horizontal("ts", "nxt").max().over("tag"),
            )
            .collect()
        )
        own = bound.filter(pl.col("tag").is_in(batch))
        for part in (_values_of, _rates_of, _means_of):
            found |= set(_islands(part(good, own)).rows())
        found |= set(_silences(good.with_columns(pl.col("nxt_good").fill_null(ended)), own).rows())
    return found


def _values_of(good: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """Readings beyond the limits of the rules on values."""
    numbered = good.with_columns(n=pl.int_range(pl.len()).over("tag"), judged="v")
    return _hits(numbered, own.filter(pl.col("kind") == "value"), ["tag"])


def _rates_of(good: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """Changes beyond the limits."""
    rules = own.filter(pl.col("kind") == "rate")
    parts = []
    for (win,), each in rules.partition_by("win", as_dict=True).items():
        some = good.filter(pl.col("tag").is_in(each["tag"].unique().to_list()))
        before = some.select("tag", at="ts", ts0="ts", v0="v")
        changed = (
            some.with_columns(at=pl.col("ts") - win)
            .join_asof(before, on="at", by="tag", strategy="backward", check_sortedness=False)
            .filter(pl.col("ts") - pl.col("ts0") <= 2 * int(win))
            .with_columns(judged=(pl.col("v") - pl.col("v0")) / ((pl.col("ts") - pl.col("ts0")) / 3600e6))
        )
        parts.append(_hits(_renumbered(changed), each, ["tag"]))
    return pl.concat(parts) if parts else _hits(good.head(0).with_columns(n=0, judged="v"), rules, ["tag"])


def _means_of(good: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """Means beyond the limits."""
    rules = own.filter(pl.col("kind") == "window_mean")
    parts = []
    for (win, reach), each in rules.partition_by("win", "reach", as_dict=True).items():
        some = good.filter(pl.col("tag").is_in(each["tag"].unique().to_list()))
        period = f"{int(win)}us"
        moment = pl.col("ts").cast(pl.Datetime("us"))
        # a frame is (t - window, t], which is what rolling by a time does
        means = some.with_columns(
            some.with_columns(moment=moment)
            .rolling("moment", period=period, group_by="tag")
            .agg(judged=pl.col("v").mean(), number=pl.len())
            .select("judged", "number")
        ).filter(pl.col("number") >= max(int(win) / (int(reach) / 3) / 2, 1) - 1e-9)
        parts.append(_hits(_renumbered(means), each, ["tag"]))
    return pl.concat(parts) if parts else _hits(good.head(0).with_columns(n=0, judged="v"), rules, ["tag"])


def _renumbered(table: pl.DataFrame) -> pl.DataFrame:
    """What is known, numbered, with the next one of it."""
    return table.with_columns(n=pl.int_range(pl.len()).over("tag"), nxt_good=pl.col("ts").shift(-1).over("tag"))


def _hits(table: pl.DataFrame, rules: pl.DataFrame, on: list[str]) -> pl.DataFrame:
    """What lies beyond a limit while its version binds."""
    columns = ["tag", "ts", "n", "nxt", "nxt_good", "last_seen", "judged"]
    return (
        table.lazy().select(columns).join(rules.lazy(), on=on)
        .filter(
            pl.col("sign") * pl.col("judged") > pl.col("sign") * pl.col("lim") + 1e-12 * pl.col("lim").abs(),
            pl.col("ts") >= pl.col("t0"), pl.col("ts") < pl.col("t1"),
        )
        .select("rule", "version", "side", "t1", "hold", "reach", *columns).collect()
    )  # fmt: skip


def _islands(hits: pl.DataFrame) -> pl.DataFrame:
    """Unbroken runs of them that last long enough."""
    keys = ["rule", "version", "tag", "side"]
    known = pl.min_horizontal(
        pl.col("nxt").fill_null(pl.col("ts")) - pl.col("ts"), "reach", pl.col("t1") - pl.col("ts")
    )
    return (
        hits.sort(*keys, "ts")
        .with_columns(island=pl.col("n") - pl.int_range(pl.len()).over(keys), known=known)
        .group_by(*keys, "island")
        .agg(
            start=pl.col("ts").min(),
            stop=pl.min_horizontal(pl.col("nxt_good").fill_null(pl.col("last_seen")).max(), pl.col("t1").max()),
            known=pl.col("known").sum(),
            hold=pl.col("hold").max(),
        )
        .filter(pl.col("known") >= pl.col("hold"))
        .select(*keys, "start", "stop", "known")
    )


def _silences(good: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """Gaps between good readings."""
    rules = own.filter(pl.col("kind") == "no_data")
    least = int(rules["hold"].min() or 0) if rules.height else 0  # type: ignore[call-overload]
    gaps = good.filter(pl.col("nxt_good") - pl.col("ts") > least).select("tag", "ts", "nxt_good")
    return (
        gaps.join(rules, on="tag")
        .with_columns(start=pl.max_horizontal("ts", "t0"), stop=pl.min_horizontal("nxt_good", "t1"))
        .filter(pl.col("stop") - pl.col("start") > pl.col("hold"))
        .select("rule", "version", "tag", "side", "start", "stop", known=pl.col("stop") - pl.col("start"))
    )
