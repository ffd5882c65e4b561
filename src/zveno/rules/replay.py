"""The same history under two rulebooks: which breaches appear, vanish, change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from zveno.model.chain import ChainModel
from zveno.model.overlay import Overlay, stretched
from zveno.model.rulebook import Rulebook
from zveno.rules.numbers import NUMBER, named_numbers
from zveno.tables import frame

_KEY = ("rule", "tag", "side")
_TOLD = ("version", "start", "end", "open", "surety", "peak", "limit")
_COMPARED = ("start", "end", "open", "surety", "peak", "limit")
Row = Mapping[str, Any]
_MOMENT = timedelta(microseconds=1)
"""What a breach that was seen once only lasts, so that it shares time with one that begins with it."""


@dataclass(frozen=True)
class Worlds:
    """The two rulebooks of a replay, with the rules that can differ and no others."""

    before: Rulebook
    after: Rulebook


def worlds(model: ChainModel, draft: Overlay, day: date) -> Worlds:
    """The book in force, and the book as if what a draft makes of its rules on a day had always been so.

    Rules that take a dated number which the draft touches are among those that can differ.
    """
    touched = {rule for rule, _ in draft.laid} | set(draft.ended)
    after = stretched(model.rulebook, draft, day)
    wanted = {*touched, *(one.id for book in (model.rulebook, after) for one in book.rules if _takes(one, touched))}

    def part(book: Rulebook) -> Rulebook:
        kept = [one for one in book.rules if one.id in wanted or one.kind == NUMBER]
        return Rulebook(rules=tuple(kept), kk_reviewed=book.kk_reviewed)

    return Worlds(part(model.rulebook), part(after))


def _takes(rule: Any, touched: set[str]) -> bool:
    """Whether a rule takes a level from a touched number."""
    return any(touched & set(named_numbers(rule, one.params).values()) for one in rule.versions)


def replayed(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Table ``replayed``: breaches of two books over one history, those that are the same left out.

    Breaches of one rule, signal and side that share time belong together, however many they are: several may become
    one. Two that only touch do not share time.
    """
    rows: list[dict[str, Any]] = []
    for key in sorted({*_by_key(before), *_by_key(after)}):
        for old, new in _together(_by_key(before).get(key, []), _by_key(after).get(key, [])):
            rows += _told(old, new)
    table = frame("replayed", rows)
    return table.sort(pl.coalesce("start_before", "start_after"), "rule", "tag", "side")


def _by_key(breaches: pl.DataFrame) -> dict[tuple[str, ...], list[Row]]:
    found: dict[tuple[str, ...], list[Row]] = {}
    for row in breaches.sort("start").iter_rows(named=True):
        found.setdefault(tuple(row[one] for one in _KEY), []).append(row)
    return found


def _together(before: Sequence[Row], after: Sequence[Row]) -> Iterator[tuple[list[Row], list[Row]]]:
    """Groups of breaches that share time."""
    waiting = sorted(
        [(row["start"], 0, n) for n, row in enumerate(before)] + [(row["start"], 1, n) for n, row in enumerate(after)]
    )
    group: tuple[list[Row], list[Row]] = ([], [])
    until = None
    for start, which, n in waiting:
        row = (before, after)[which][n]
        end = max(row["end"], start + _MOMENT)
        if until is not None and start >= until:
            yield group
            group, until = ([], []), None
        group[which].append(row)
        until = end if until is None else max(until, end)
    if until is not None:
        yield group


def _told(old: Sequence[Row], new: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """A row for a group; nothing where both books say the same."""
    same = len(old) == len(new) and all(
        all(a[name] == b[name] for name in _COMPARED) for a, b in zip(old, new, strict=True)
    )
    if same:
        return
    first = (*new, *old)[0]
    change = "appears" if not old else "vanishes" if not new else "changed"
    yield {
        "change": change,
        **{name: first[name] for name in ("rule", "kind", "tag", "plant", "unit", "side", "uom", "severity")},
        **{name: first[name] for name in ("shift", "crew", "crews", "person")},
        **{f"{name}_before": value for name, value in _summed(old).items()},
        **{f"{name}_after": value for name, value in _summed(new).items()},
    }


def _summed(rows: Sequence[Row]) -> dict[str, Any]:
    """Breaches of one book as one: how many, from the first start to the last end, the worst value."""
    if not rows:
        return {"count": 0, **dict.fromkeys(_TOLD)}
    first, last = rows[0], rows[-1]
    worst = max(rows, key=lambda one: abs(one["peak"] - one["limit"]) if one["peak"] is not None else 0.0)
    return {
        "count": len(rows), "version": first["version"], "start": first["start"],
        "end": max(one["end"] for one in rows), "open": last["open"], "surety": worst["surety"],
        "peak": worst["peak"], "limit": worst["limit"],
    }  # fmt: skip


def tallied(table: pl.DataFrame, by: str) -> list[tuple[str, int, int, int]]:
    """How many appear, vanish and change, by a column of the table ``replayed``."""
    counts = table.group_by(by).agg(
        *((pl.col("change") == one).sum().alias(one) for one in ("appears", "vanishes", "changed"))
    )
    return [(str(a), b, c, d) for a, b, c, d in counts.sort(by).iter_rows()]
