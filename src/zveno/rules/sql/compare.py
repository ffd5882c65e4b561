"""Two tables of breaches side by side: what one engine found and the other did not, and what they tell otherwise."""

from __future__ import annotations

from typing import Any

import polars as pl

from zveno.tables import frame

_KEYS = ("rule", "version", "tag", "side", "start")
_EXACT = ("end", "open", "known_h", "count")
_NUMBERS = ("peak", "limit")
NEAR = 1e-12
"""Means are summed up in another order by each engine; numbers that agree to so much of themselves are equal."""


def differences(first: pl.DataFrame, second: pl.DataFrame) -> pl.DataFrame:
    """Table ``rule_differences``: a row for each breach that both do not tell alike, in order of time.

    Breaches of the two are one where rule, version, signal, side and start are the same. ``field`` is what they tell
    otherwise, empty where one of them lacks the breach.
    """
    ours, theirs = _by_key(first), _by_key(second)
    rows = []
    for key in sorted(ours.keys() | theirs.keys(), key=lambda one: (one[-1], *map(str, one))):
        a, b = ours.get(key), theirs.get(key)
        named = dict(zip(_KEYS, key, strict=True))
        if a is None or b is None:
            rows.append({**named, "found_by": "second" if a is None else "first", "field": ""})
            continue
        rows += [
            {**named, "found_by": "both", "field": name, "first": str(a[name]), "second": str(b[name])}
            for name in (*_EXACT, *_NUMBERS)
            if not _same(name, a, b)
        ]
    return frame("rule_differences", [{"first": "", "second": "", **row} for row in rows])


def _by_key(breaches: pl.DataFrame) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Breaches by what they are."""
    return {tuple(row[name] for name in _KEYS): row for row in breaches.iter_rows(named=True)}


def _same(name: str, one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether both tell the same; a number is small or large beside its limit."""
    a, b = one[name], other[name]
    if a == b or name in _EXACT:
        return bool(a == b)
    return bool(abs(a - b) <= NEAR * max(abs(a), abs(b), abs(one["limit"])))
