"""Statements on readings: those of one moment as one, what another tag last said, which operating state was on."""

from __future__ import annotations

from collections.abc import Iterator

from zveno.rules.sql.dialect import Dialect

# Readings of one moment count once; where usable ones differ, none of them is. `v` is null where a reading is not
# usable; `nxt` is the next reading of any quality, `spoken` the time that all readings before this one spoke for.
_MERGED = """
WITH read AS (
  SELECT g.t, g.reach, r.ts,
         CASE WHEN r.quality = 0 AND r.value > '-Infinity'::FLOAT8 AND r.value < 'Infinity'::FLOAT8
              THEN r.value END AS v
  FROM {readings} r JOIN zv_tags g ON g.tag = r.tag
), merged AS (
  SELECT t, reach, ts, CASE WHEN min(v) = max(v) THEN min(v) END AS v FROM read GROUP BY t, reach, ts
), followed AS (
  SELECT t, reach, ts, v, lead(ts) OVER (PARTITION BY t ORDER BY ts) AS nxt FROM merged
)
SELECT t, ts, v, nxt,
       coalesce(sum(least(nxt - ts, reach)) OVER
         (PARTITION BY t ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::BIGINT AS spoken
FROM followed
"""
_LAST = "SELECT t, max(ts) AS ts, max(spoken) AS spoken FROM zv_sig GROUP BY t"
# Until when readings are there at all.
_UNTIL = "SELECT max(ts) AS ts FROM zv_last"
# Moments at which an operating state is asked for.
_ASKED = """
SELECT n.g, s.ts FROM zv_needs n JOIN zv_sig s ON s.t = n.t
UNION SELECT q.g, m.ts FROM zv_silence_moments m JOIN zv_quiet q ON q.id = m.id WHERE q.g IS NOT NULL
UNION SELECT l.g, a.ts FROM zv_missed a JOIN zv_lists l ON l.id = a.id WHERE l.g IS NOT NULL
"""
# Moments at which the value of another tag is asked for.
_WANTED = """
SELECT w.t, a.ts FROM zv_switches w JOIN zv_asked a ON a.g = w.g
UNION SELECT p.other, s.ts FROM zv_partners p JOIN zv_sig s ON s.t = p.t
"""
# The last reading of a tag at or before each moment, for as long as it speaks; null where that is not usable.
_LATEST = """
WITH both_rows AS (
  SELECT t, ts, NULL::BIGINT AS seen FROM zv_wanted
  UNION ALL
  SELECT s.t, s.ts, s.ts FROM zv_sig s WHERE s.t IN (SELECT t FROM zv_wanted)
), carried AS (
  SELECT t, ts, seen, max(seen) OVER (PARTITION BY t ORDER BY ts) AS place FROM both_rows
)
SELECT c.t, c.ts, s.v
FROM carried c JOIN zv_sig s ON s.t = c.t AND s.ts = c.place JOIN zv_tags g ON g.t = c.t
WHERE c.seen IS NULL AND c.ts - c.place <= g.reach
"""
# On (1) if one of its tags is, off (0) if all are, else in doubt (-1); one without tags is absent, and so in doubt.
_STATES = """
WITH told AS (
  SELECT a.g, a.ts, CASE WHEN l.v IS NULL THEN -1 WHEN l.v > w.above AND l.v < w.below THEN 1 ELSE 0 END AS one
  FROM zv_asked a JOIN zv_switches w ON w.g = a.g LEFT JOIN zv_latest l ON l.t = w.t AND l.ts = a.ts
)
SELECT g, ts, CASE WHEN max(one) = 1 THEN 1 ELSE min(one) END AS state FROM told GROUP BY g, ts
"""


def of_readings(dialect: Dialect, readings: str) -> Iterator[str]:
    """Readings made ready."""
    yield from dialect.table("zv_sig", _MERGED.format(readings=readings))
    yield from dialect.table("zv_last", _LAST)
    yield from dialect.table("zv_until", _UNTIL)


def of_states(dialect: Dialect) -> Iterator[str]:
    """What other tags said at the moments at which they are asked for, and the operating states."""
    yield from dialect.table("zv_asked", _ASKED)
    yield from dialect.table("zv_wanted", _WANTED)
    yield from dialect.table("zv_latest", _LATEST)
    yield from dialect.table("zv_states", _STATES)
