"""Statements that make what is judged: the value of a tag, or what a kind makes of it, at each of its readings.

Each yields ``s, ts, v`` with a null where nothing is known. A reading that is not usable, or was not taken while the
rule binds, needs no value: it lies between, or is clear, whatever the series says there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

from zveno.rules.sql.book import WEEK, Book, Series
from zveno.rules.sql.dialect import Dialect, literal
from zveno.rules.sql.expressions import LETTERS, calculated

Numbered = list[tuple[int, Series]]

_JUDGED = """
SELECT d.s, d.ts, d.v, g.nxt, g.spoken, lag(d.v) OVER w AS v0, lag(d.ts) OVER w AS ts0
FROM (
{parts}
) d JOIN zv_series b ON b.s = d.s JOIN zv_sig g ON g.t = b.t AND g.ts = d.ts
WINDOW w AS (PARTITION BY d.s ORDER BY d.ts)
"""
_VALUE = "SELECT b.s, g.ts, g.v FROM zv_series b JOIN zv_sig g ON g.t = b.t WHERE b.s IN ({numbers})"
_DEADBAND = """
SELECT b.s, g.ts, g.v - o.v AS v
FROM zv_series b JOIN zv_sig g ON g.t = b.t LEFT JOIN zv_latest o ON o.t = b.t1 AND o.ts = g.ts WHERE b.s IN ({numbers})
"""
_CROSS = """
SELECT s, ts, CASE WHEN {all_known} AND value > '-Infinity'::FLOAT8 AND value < 'Infinity'::FLOAT8 THEN value END AS v
FROM {calculated}
"""
_CROSS_FROM = """
  SELECT b.s, g.ts, g.v AS a{columns}
  FROM zv_series b JOIN zv_sig g ON g.t = b.t
  {joins}
  WHERE b.s IN ({numbers})
"""
# the last usable reading that is at least a window older, and no older than two
_RATE = """
SELECT p.s, p.ts,
       CASE WHEN p.ts - p.place <= {longest} THEN (p.v - o.v) / ((p.ts - p.place)::FLOAT8 / 3600000000) END AS v
FROM (
  SELECT b.s, b.t, g.ts, g.v,
         max(CASE WHEN g.v IS NOT NULL THEN g.ts END) OVER
           (PARTITION BY b.s ORDER BY g.ts RANGE BETWEEN UNBOUNDED PRECEDING AND {window} PRECEDING) AS place
  FROM zv_series b JOIN zv_sig g ON g.t = b.t WHERE b.s IN ({numbers})
) p LEFT JOIN zv_sig o ON o.t = p.t AND o.ts = p.place
"""
# usable readings that were taken while the rule binds
_USED = """
  SELECT b.s, g.ts, g.nxt, g.v
  FROM zv_series b JOIN zv_sig g ON g.t = b.t LEFT JOIN zv_states t ON t.g = b.g AND t.ts = g.ts
  WHERE b.s IN ({numbers}) AND g.v IS NOT NULL AND (b.g IS NULL OR t.state = 1)
"""
_MEAN = """
SELECT s, ts, CASE WHEN number >= {fewest} THEN total / number END AS v
FROM (
  SELECT s, ts, sum(v) OVER f AS total, count(*) OVER f AS number FROM ({used}) u
  WINDOW f AS (PARTITION BY s ORDER BY ts RANGE BETWEEN {within} PRECEDING AND CURRENT ROW)
) m
"""
_LOTS = """
SELECT s, ts, CASE WHEN number = {lots} AND ts - oldest <= {longest} THEN total / {lots} END AS v
FROM (
  SELECT s, ts, sum(v) OVER f AS total, count(*) OVER f AS number, min(ts) OVER f AS oldest FROM ({used}) u
  WINDOW f AS (PARTITION BY s ORDER BY ts ROWS BETWEEN {lots} - 1 PRECEDING AND CURRENT ROW)
) m
"""
# time outside within the window: of readings that began in it all, of the one before it what reaches into it
_TIME = """
SELECT s, ts, (coalesce(within, 0) + coalesce(greatest(length0 - (ts - {window} - ts0), 0), 0))::FLOAT8 / 60000000 AS v
FROM (
  SELECT s, ts,
         sum(length) OVER (PARTITION BY s ORDER BY ts RANGE BETWEEN {window} PRECEDING AND 1 PRECEDING) AS within,
         last_value(ts) OVER w AS ts0, last_value(length) OVER w AS length0
  FROM (
    SELECT s, ts, CASE WHEN v > {high} OR -v > {low} THEN least(coalesce(nxt, ts) - ts, {longest}) ELSE 0 END AS length
    FROM ({used}) u
  ) o WINDOW w AS (PARTITION BY s ORDER BY ts RANGE BETWEEN UNBOUNDED PRECEDING AND {before} PRECEDING)
) c
"""
# an excursion begins with a reading outside after one inside, or after a whole window without any
_COUNT = """
SELECT s, ts, (sum(begins) OVER
  (PARTITION BY s ORDER BY ts RANGE BETWEEN {within} PRECEDING AND CURRENT ROW))::FLOAT8 AS v
FROM (
  SELECT s, ts, CASE WHEN is_out AND (ts0 IS NULL OR ts - ts0 > {window} OR NOT was_out) THEN 1 ELSE 0 END AS begins
  FROM (
    SELECT s, ts, is_out, lag(is_out) OVER w AS was_out, lag(ts) OVER w AS ts0
    FROM (SELECT s, ts, v > {high} OR -v > {low} AS is_out FROM ({used}) u) o
    WINDOW w AS (PARTITION BY s ORDER BY ts)
  ) b
) c
"""
_EVERY = """
SELECT b.s, g.ts, m.v FROM zv_series b JOIN zv_sig g ON g.t = b.t
LEFT JOIN (
{made}
) m ON m.s = b.s AND m.ts = g.ts WHERE b.s IN ({numbers})
"""


def of_series(book: Book, dialect: Dialect) -> Iterator[str]:
    """All series, each with the value before it."""
    numbered: Numbered = [(number, one) for one, number in book.series.known.items() if isinstance(one, Series)]
    columns = {"s": "i", "t": "i", "g": "i", "t1": "i", "t2": "i", "t3": "i"}
    rows = [(n, one.tag, one.state, *(*one.others, None, None, None)[:3]) for n, one in numbered]
    yield from dialect.filled("zv_series", columns, rows)
    alike = sorted(numbered, key=_sort)
    parts = [_SERIES[key[0]](key[1], list(each), dialect) for key, each in groupby(alike, key=_like)]
    empty = "SELECT 0::BIGINT AS s, 0::BIGINT AS ts, 0::FLOAT8 AS v WHERE 1 = 0"
    yield from dialect.table("zv_judged", _JUDGED.format(parts="\nUNION ALL\n".join(parts) or empty))


def _like(numbered: tuple[int, Series]) -> tuple[str, tuple[Any, ...], int]:
    """Series of one kind with the same parameters are one query."""
    one = numbered[1]
    return one.kind, one.params, len(one.others)


def _sort(numbered: tuple[int, Series]) -> str:
    return repr(_like(numbered))


def _numbers(alike: Numbered) -> str:
    return ", ".join(str(number) for number, _ in alike)


def _used(alike: Numbered) -> str:
    return _USED.format(numbers=_numbers(alike))


def _every(made: str, alike: Numbered) -> str:
    """A row for each reading of the tag, also where nothing was made."""
    return _EVERY.format(made=made, numbers=_numbers(alike))


def _plain(query: str) -> Callable[[tuple[Any, ...], Numbered, Dialect], str]:
    def made(params: tuple[Any, ...], alike: Numbered, dialect: Dialect) -> str:
        del params, dialect
        return query.format(numbers=_numbers(alike))

    return made


def _rate(params: tuple[Any, ...], alike: Numbered, dialect: Dialect) -> str:
    del dialect
    return _RATE.format(window=params[0], longest=2 * params[0], numbers=_numbers(alike))


def _mean(params: tuple[Any, ...], alike: Numbered, dialect: Dialect) -> str:
    del dialect
    return _every(_MEAN.format(within=params[0] - 1, fewest=literal(params[1], "f"), used=_used(alike)), alike)


def _lots(params: tuple[Any, ...], alike: Numbered, dialect: Dialect) -> str:
    del dialect
    return _every(_LOTS.format(lots=params[0], longest=params[0] * WEEK, used=_used(alike)), alike)


def _time(params: tuple[Any, ...], alike: Numbered, dialect: Dialect) -> str:
    del dialect
    window, low, high, longest = params
    levels = {"low": literal(low, "f"), "high": literal(high, "f")}
    return _every(_TIME.format(window=window, before=window + 1, longest=longest, used=_used(alike), **levels), alike)


def _count(params: tuple[Any, ...], alike: Numbered, dialect: Dialect) -> str:
    del dialect
    window, low, high = params
    levels = {"low": literal(low, "f"), "high": literal(high, "f")}
    return _every(_COUNT.format(window=window, within=window - 1, used=_used(alike), **levels), alike)


def _cross(params: tuple[Any, ...], alike: Numbered, dialect: Dialect) -> str:
    others = LETTERS[1 : 1 + len(alike[0][1].others)]
    columns = "".join(f", o{n}.v AS {letter}" for n, letter in enumerate(others, 1))
    joins = " ".join(
        f"LEFT JOIN zv_latest o{n} ON o{n}.t = b.t{n} AND o{n}.ts = g.ts" for n in range(1, len(others) + 1)
    )
    given = _CROSS_FROM.format(columns=columns, joins=joins, numbers=_numbers(alike))
    known = " AND ".join(f"{letter} IS NOT NULL" for letter in ("a", *others))
    return _CROSS.format(all_known=known, calculated=calculated(params[0], given, dialect))


_SERIES: dict[str, Callable[[tuple[Any, ...], Numbered, Dialect], str]] = {
    "value": _plain(_VALUE),
    "deadband": _plain(_DEADBAND),
    "cross_tag": _cross,
    "rate": _rate,
    "window_mean": _mean,
    "lot_mean": _lots,
    "cumulative_time": _time,
    "count": _count,
}
