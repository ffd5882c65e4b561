"""Statements on what did not come: silences that are too long, and actions before which no list was signed."""

from __future__ import annotations

from collections.abc import Iterator

from zveno.rules.sql.dialect import Dialect

# From an answer, or the beginning of the version, to the next answer, or the end of the version or of all readings.
_SILENCES = """
WITH answers AS (
  SELECT q.id, s.ts, lead(s.ts) OVER (PARTITION BY q.id ORDER BY s.ts) AS nxt
  FROM zv_quiet q JOIN zv_sig s ON s.t = q.t AND s.v > q.full_at
), spans AS (
  SELECT q.id, q.g, q.gap, q.later, greatest(a.ts + q.later, q.t0) AS since,
         least(coalesce(a.nxt, u.ts), q.t1) AS upto, a.nxt IS NOT NULL OR u.ts >= q.t1 AS is_over
  FROM zv_quiet q JOIN answers a ON a.id = q.id CROSS JOIN zv_until u WHERE q.t0 <= u.ts
)
SELECT id, g, since, upto, is_over FROM spans WHERE upto - since > gap - later
"""
# The operating state may change in a silence with each reading of its tags, and when one has spoken for too long.
_MOMENTS = """
SELECT id, since AS ts FROM zv_silences
UNION SELECT id, upto FROM zv_silences WHERE NOT is_over
UNION
SELECT z.id, m.ts
FROM zv_silences z JOIN zv_switches w ON w.g = z.g JOIN zv_tags g ON g.t = w.t
JOIN (
  SELECT t, ts, ts AS spoke FROM zv_sig
  UNION ALL
  SELECT s.t, s.ts + g.reach + 1, s.ts FROM zv_sig s JOIN zv_tags g ON g.t = s.t
) m ON m.t = w.t AND m.ts >= z.since AND m.ts < z.upto
"""
# Out while answers are asked for, clear while they are not; an answer comes before the silence that begins with it.
_SAMPLES = """
WITH coded AS (
  SELECT z.id, m.ts, 1 AS seq,
         CASE WHEN z.g IS NULL OR t.state = 1 THEN 2 WHEN t.state = 0 THEN 0 ELSE 3 END AS code
  FROM zv_silences z
  JOIN zv_silence_moments m ON m.id = z.id AND m.ts >= z.since AND (m.ts < z.upto OR (m.ts = z.upto AND NOT z.is_over))
  LEFT JOIN zv_states t ON t.g = z.g AND t.ts = m.ts
  UNION ALL
  SELECT id, upto, 0, 0 FROM zv_silences WHERE is_over
)
SELECT id, ts, seq, code, 1::FLOAT8 AS v, 0::FLOAT8 AS lim,
       CASE WHEN code = 3 THEN 0 ELSE coalesce(lead(ts) OVER (PARTITION BY id ORDER BY ts, seq) - ts, 0) END AS known
FROM coded
"""
# An action begins with a usable reading above a half, unless it closely follows another such reading.
_MISSED = """
WITH heard AS (
  SELECT l.id, s.ts, s.v > 0.5 AS acts, lag(s.v > 0.5) OVER w AS acted, lag(s.ts) OVER w AS ts0, l.same
  FROM zv_lists l JOIN zv_sig s ON s.t = l.action AND s.v IS NOT NULL WINDOW w AS (PARTITION BY l.id ORDER BY s.ts)
), actions AS (
  SELECT id, ts, lag(ts) OVER (PARTITION BY id ORDER BY ts) AS action_before
  FROM heard WHERE acts AND NOT coalesce(acted AND ts - ts0 <= same, FALSE)
), signed AS (
  SELECT a.id, a.ts, max(s.v) AS most
  FROM actions a JOIN zv_lists l ON l.id = a.id
  LEFT JOIN zv_sig s ON s.t = l.t AND s.v IS NOT NULL AND s.ts <= a.ts
       AND s.ts > greatest(coalesce(a.action_before, a.ts - l.valid), a.ts - l.valid)
  GROUP BY a.id, a.ts
)
SELECT g.id, g.ts, greatest(coalesce(g.most, 0), 0) AS most, l.items
FROM signed g JOIN zv_lists l ON l.id = g.id
WHERE NOT coalesce(g.most > l.items - 0.5, FALSE) AND g.ts >= l.t0 AND g.ts < l.t1
"""
_TOLD = """
SELECT m.id, FALSE AS is_open, m.ts AS since, m.ts AS upto, 0::BIGINT AS known, m.most AS peak, m.items AS lim,
       1::BIGINT AS outs
FROM zv_missed m JOIN zv_lists l ON l.id = m.id LEFT JOIN zv_states t ON t.g = l.g AND t.ts = m.ts
WHERE l.g IS NULL OR t.state = 1
"""


def of_silences(dialect: Dialect) -> Iterator[str]:
    """Silences and actions without a list, and the moments at which they ask for an operating state."""
    yield from dialect.table("zv_silences", _SILENCES)
    yield from dialect.table("zv_silence_moments", _MOMENTS)
    yield from dialect.table("zv_missed", _MISSED)


def told_silences(dialect: Dialect) -> Iterator[str]:
    """Samples of the silences, and the episodes of actions."""
    yield from dialect.table("zv_silence_run", _SAMPLES)
    yield from dialect.table("zv_missed_told", _TOLD)
