"""Statements that say whether a value is out (2), between (1), clear (0) or unknown (3), and keep what matters.

Filter first: of a binding's values only those are kept that are out or between, and the first of each stretch of the
others. Time that a stretch of clear values spoke for is the difference of what was spoken before it and after it.
"""

from __future__ import annotations

from collections.abc import Iterator

from zveno.rules.sql.book import Book
from zveno.rules.sql.dialect import Dialect

_COLUMNS = "id, ts, v, nxt, spoken, has0, v0, ts0, sign"
_BOUND = """
SELECT b.id, b.g, b.sign, b.lim, j.ts, j.v, j.nxt, j.spoken, coalesce(j.ts0 >= b.t0, FALSE) AS has0, j.v0, j.ts0,
       {code} AS code, {code0} AS code0
FROM zv_bound b JOIN zv_judged j ON j.s = b.s AND j.ts >= b.t0 AND j.ts < b.t1
WHERE b.s IS NOT NULL AND (b.g IS NOT NULL) = {gated} AND b.moves = {moves}
"""
_BY_LEVEL = "CASE WHEN {sign} * {v} > {b}.out_at THEN 2 WHEN {sign} * {v} >= {b}.clear_at THEN 1 ELSE 0 END"
# the line that an exception puts in place while its state is on; in doubt only what both lines agree on is judged
_MOVED = """
SELECT id, g, sign, ts, v, nxt, spoken, has0, v0, ts0,
       CASE WHEN state = 1 OR code = there THEN there WHEN state = 0 THEN code ELSE 3 END AS code,
       CASE WHEN state0 = 1 OR code0 = there0 THEN there0 WHEN state0 = 0 THEN code0 ELSE 3 END AS code0,
       CASE state WHEN 1 THEN lim1 WHEN 0 THEN lim ELSE sign * greatest(sign * lim, sign * lim1) END AS lim
FROM (
  SELECT x.*, m.lim AS lim1, coalesce(t.state, -1) AS state, coalesce(t0.state, -1) AS state0,
         {there} AS there, {there0} AS there0
  FROM (
{inner}
  ) x JOIN zv_moved m ON m.id = x.id AND m.place = {place}
  LEFT JOIN zv_states t ON t.g = m.g AND t.ts = x.ts LEFT JOIN zv_states t0 ON t0.g = m.g AND t0.ts = x.ts0
) e
"""
_UNKNOWN = """
SELECT id, g, sign, ts, v, nxt, spoken, has0, ts0, lim,
       CASE WHEN v IS NULL THEN 3 ELSE code END AS code, CASE WHEN v0 IS NULL THEN 3 ELSE code0 END AS code0
FROM (
{inner}
) x
"""
_GATED = """
SELECT x.id, x.sign, x.ts, x.v, x.nxt, x.spoken, x.has0, x.lim,
       CASE coalesce(t.state, -1) WHEN 1 THEN x.code WHEN 0 THEN 0 ELSE 3 END AS code,
       CASE coalesce(t0.state, -1) WHEN 1 THEN x.code0 WHEN 0 THEN 0 ELSE 3 END AS code0
FROM (
{inner}
) x LEFT JOIN zv_states t ON t.g = x.g AND t.ts = x.ts LEFT JOIN zv_states t0 ON t0.g = x.g AND t0.ts = x.ts0
"""
_KEPT = """
SELECT id, ts, code, v, lim, nxt, spoken FROM (
{inner}
) x WHERE code IN (1, 2) OR NOT has0 OR code <> code0
"""
# A value speaks up to the next reading, or the end of the version, for no longer than its tag's readings do. Where
# readings go on after the version, it ends with a clear value.
_RUN = """
WITH ends AS (
  SELECT b.id, b.t1, b.reach, l.ts >= b.t1 AS is_final, l.spoken AS all_spoken
  FROM zv_bound b JOIN zv_last l ON l.t = b.t WHERE b.s IS NOT NULL
)
SELECT k.id, k.ts, 0 AS seq, k.code, k.v, k.lim,
       CASE k.code WHEN 3 THEN 0
         WHEN 0 THEN coalesce(lead(k.spoken) OVER (PARTITION BY k.id ORDER BY k.ts), e.all_spoken) - k.spoken
         ELSE least(least(coalesce(k.nxt, k.ts), e.t1) - k.ts, e.reach) END AS known
FROM zv_kept k JOIN ends e ON e.id = k.id
UNION ALL
SELECT e.id, e.t1, 0, 0, NULL::FLOAT8, NULL::FLOAT8, 0
FROM ends e WHERE e.is_final AND e.id IN (SELECT id FROM zv_kept)
"""


def of_verdicts(book: Book, dialect: Dialect) -> Iterator[str]:
    """The values that matter, with the time that each speaks for."""
    parts = [_kept(gated=gated, moves=moves) for gated, moves in sorted(book.shapes)]
    empty = (
        "SELECT 0::BIGINT AS id, 0::BIGINT AS ts, 0 AS code, 0::FLOAT8 AS v, 0::FLOAT8 AS lim, 0::BIGINT AS nxt, "
        "0::BIGINT AS spoken WHERE 1 = 0"
    )
    yield from dialect.table("zv_kept", "\nUNION ALL\n".join(parts) or empty)
    yield from dialect.table("zv_run", _RUN)


def _kept(*, gated: bool, moves: int) -> str:
    """Values of the bindings that have a gate or none and so many exceptions."""
    query = _BOUND.format(
        gated=str(gated).upper(),
        moves=moves,
        code=_BY_LEVEL.format(sign="b.sign", v="j.v", b="b"),
        code0=_BY_LEVEL.format(sign="b.sign", v="j.v0", b="b"),
    )
    for place in range(moves):
        query = _MOVED.format(
            inner=query,
            place=place,
            there=_BY_LEVEL.format(sign="x.sign", v="x.v", b="m"),
            there0=_BY_LEVEL.format(sign="x.sign", v="x.v0", b="m"),
        )
    query = _UNKNOWN.format(inner=query)
    return _KEPT.format(inner=_GATED.format(inner=query) if gated else query)
