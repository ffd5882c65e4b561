"""Statements that find islands in what was kept: unbroken runs, episodes, and those that are told as one."""

from __future__ import annotations

from collections.abc import Iterator

from zveno.rules.sql.dialect import Dialect

# With an off-delay a value that is back counts as between until it has been back for long enough; `outs` numbers the
# stretches between values out. After the end of a version nothing can come, so that nothing is waited for.
_DECIDED = """
WITH numbered AS (
  SELECT r.*, b.off, l.ts >= b.t1 AS is_final,
         sum(CASE WHEN r.code = 2 THEN 1 ELSE 0 END) OVER (PARTITION BY r.id ORDER BY r.ts, r.seq) AS outs
  FROM (SELECT * FROM zv_run UNION ALL SELECT * FROM zv_silence_run) r
  JOIN zv_bound b ON b.id = r.id LEFT JOIN zv_last l ON l.t = b.t WHERE r.code <> 3
), back AS (
  SELECT n.*, max(CASE WHEN code = 0 THEN 1 ELSE 0 END) OVER (PARTITION BY id, outs ORDER BY ts, seq) AS is_back,
         max(outs) OVER (PARTITION BY id) AS last_outs
  FROM numbered n
), waited AS (
  SELECT b.*, sum(CASE WHEN is_back = 1 THEN known ELSE 0 END) OVER (PARTITION BY id, outs) AS back_for FROM back b
), patient AS (
  SELECT id, ts, seq, v, lim, known,
         CASE WHEN code = 0 AND off > 0 AND back_for < off AND NOT (is_final AND outs = last_outs) THEN 1
              ELSE code END AS code
  FROM waited
)
SELECT p.*, sum(CASE WHEN code = 0 THEN 1 ELSE 0 END) OVER w AS clears,
       sum(CASE WHEN code = 2 THEN 0 ELSE 1 END) OVER w AS breaks
FROM patient p WINDOW w AS (PARTITION BY id ORDER BY ts, seq)
"""
# A run of values out, unbroken by any other that is known, must last for the hold and hold readings enough. The first
# such run after a clear value begins an episode, which lasts to the next clear value.
_EPISODES = """
WITH runs AS (
  SELECT d.id, d.clears, d.breaks, min(d.ts) AS since
  FROM zv_decided d JOIN zv_bound b ON b.id = d.id WHERE d.code = 2
  GROUP BY d.id, d.clears, d.breaks, b.hold, b.least HAVING sum(d.known) >= b.hold AND count(*) >= b.least
), begun AS (
  SELECT id, clears, min(since) AS since FROM runs GROUP BY id, clears
), body AS (
  SELECT d.id, d.clears, g.since, d.known, d.code, d.v, d.lim,
         row_number() OVER (PARTITION BY d.id, d.clears
           ORDER BY d.code DESC, b.sign * (d.v - d.lim) DESC, d.ts) AS place
  FROM zv_decided d JOIN begun g ON g.id = d.id AND g.clears = d.clears AND d.ts >= g.since AND d.code IN (1, 2)
  JOIN zv_bound b ON b.id = d.id
), summed AS (
  SELECT id, clears, since, sum(known)::BIGINT AS known, sum(CASE WHEN code = 2 THEN 1 ELSE 0 END)::BIGINT AS outs,
         max(CASE WHEN place = 1 THEN v END) AS peak, max(CASE WHEN place = 1 THEN lim END) AS lim
  FROM body GROUP BY id, clears, since
)
SELECT s.id, e.ts IS NULL AS is_open, s.since,
       coalesce(e.ts, CASE WHEN b.s IS NULL THEN u.ts ELSE l.ts END) AS upto, s.known, s.peak, s.lim, s.outs
FROM summed s JOIN zv_bound b ON b.id = s.id CROSS JOIN zv_until u LEFT JOIN zv_last l ON l.t = b.t
LEFT JOIN zv_decided e ON e.id = s.id AND e.code = 0 AND e.clears = s.clears + 1
"""
# A silence is told by its length since the last answer, in minutes.
_TOLD = """
SELECT e.id, e.is_open, e.since, e.upto, e.known,
       CASE WHEN b.later IS NULL THEN e.peak ELSE (e.upto - e.since + b.later)::FLOAT8 / 60000000 END AS peak,
       CASE WHEN b.later IS NULL THEN e.lim ELSE b.lim END AS lim,
       CASE WHEN b.later IS NULL THEN e.outs ELSE 1 END AS outs, b.sign, b.merge_gap
FROM zv_episodes e JOIN zv_bound b ON b.id = e.id
"""
# Episodes less far apart than the merge gap are one; the time between them is known.
_MERGED = """
WITH parted AS (
  SELECT t.*, since - lag(upto) OVER (PARTITION BY id ORDER BY since) AS apart FROM zv_told t
), numbered AS (
  SELECT p.*, sum(CASE WHEN apart IS NULL OR merge_gap = 0 OR apart >= merge_gap THEN 1 ELSE 0 END)
                OVER (PARTITION BY id ORDER BY since) AS part
  FROM parted p
), ordered AS (
  SELECT n.*, row_number() OVER (PARTITION BY id, part ORDER BY sign * (peak - lim) DESC, since) AS place,
         row_number() OVER (PARTITION BY id, part ORDER BY since) AS nth
  FROM numbered n
)
SELECT id, bool_or(is_open) AS is_open, min(since) AS since, max(upto) AS upto,
       sum(known + CASE WHEN nth = 1 THEN 0 ELSE apart END)::BIGINT AS known,
       max(CASE WHEN place = 1 THEN peak END) AS peak, max(CASE WHEN place = 1 THEN lim END) AS lim,
       sum(outs)::BIGINT AS outs
FROM ordered GROUP BY id, part
UNION ALL
SELECT id, is_open, since, upto, known, peak, lim, outs FROM zv_missed_told
"""


def of_islands(dialect: Dialect) -> Iterator[str]:
    """Episodes."""
    yield from dialect.table("zv_decided", _DECIDED)
    yield from dialect.table("zv_episodes", _EPISODES)
    yield from dialect.table("zv_told", _TOLD)
    yield from dialect.table("zv_breaches", _MERGED)
