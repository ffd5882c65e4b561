"""The rule check over one-minute readings, beside a plain loop and a script of Polars expressions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from scipy.signal import lfilter

from benchmarks.measure import Contender, Match
from benchmarks.plain_rules import Episode, loop_episodes, polars_episodes, watchlist
from benchmarks.room import Room
from zveno.chain import ChainModel
from zveno.model.rulebook import Rulebook
from zveno.periods import Period
from zveno.quantities import convert
from zveno.rules import Breaches, check
from zveno.rules.build import microseconds
from zveno.tables import frame

_SAME = 1e-9  # of an hour, or of the value
_HOUR = 3600e6
_WANDER = 8.0  # standard deviations about the normal value: far enough to break most rules often
_BAD, _LOST = 0.01, 0.01
_LOOP_MOST = 1_000_000


def played(period: str) -> Callable[[Room], Match]:
    """The example as played: a few planted breaches."""

    def make(room: Room) -> Match:
        chain = room.chain()
        chain.import_files([room.played(period) / "readings"])
        span = chain.period(period)
        return _match(chain.model, chain.store.read("readings", span), span, "as played")

    return make


def restless(period: str) -> Callable[[Room], Match]:
    """The same signals wandering in and out of their limits all the time, some readings bad or lost."""

    def make(room: Room) -> Match:
        chain = room.chain()
        span = chain.period(period)
        return _match(chain.model, wandering(chain.model, span), span, "restless")

    return make


def wandering(model: ChainModel, period: Period, seed: int = 1) -> pl.DataFrame:
    """Readings of all tags that wander; switches go on and off."""
    rng = np.random.default_rng(seed)
    start, end = microseconds(period.start), microseconds(period.end)
    parts = []
    for tag in model.tags.values():
        ts = np.arange(start, end, round(tag.every_min * 60e6))
        centre = model.number(tag.normal, tag.uom)
        wander = _smooth(rng, len(ts))
        value = np.where(wander > -1.0, 1.0, 0.0) if tag.uom == "-" else centre + _WANDER * (tag.sd or 0.0) * wander
        part = pl.DataFrame(
            {
                "tag": np.full(len(ts), tag.id),
                "ts": ts,
                "value": value,
                "quality": (rng.random(len(ts)) < _BAD).astype(np.int8),
            }
        ).with_columns(pl.col("ts").cast(pl.Datetime("us", "UTC")))
        parts.append(frame("readings", part.filter(pl.Series(rng.random(len(ts)) > _LOST))))
    return pl.concat(parts)


def _smooth(rng: np.random.Generator, count: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A random walk that is pulled back, of unit size, with noise from sample to sample."""
    pull = 0.98
    slow = lfilter([np.sqrt(1 - pull**2)], [1.0, -pull], rng.standard_normal(count))
    return np.asarray(slow + 0.1 * rng.standard_normal(count))


def _match(model: ChainModel, readings: pl.DataFrame, span: Period, how: str) -> Match:
    """The check and its peers over the same readings, by the kinds of rules that the peers know."""
    known = tuple(one for one in model.rulebook.rules if one.kind in ("limit", "sustained"))
    model = model.model_copy(update={"rulebook": Rulebook(rules=known)})
    bound = watchlist(model)
    rules = sum(map(len, bound.bindings.values()))
    found = check(model, readings, span).breaches.height
    contenders = [
        Contender("Zveno check", lambda: _episodes(model, check(model, readings, span))),
        Contender("script in Polars, episodes only", lambda: polars_episodes(bound, readings)),
    ]
    if readings.height <= _LOOP_MOST:
        loop = Contender("plain Python loop, episodes only", lambda: loop_episodes(bound, readings), once=True)
        contenders.append(loop)
    return Match(
        f"{readings.height:,} readings, {how}; {rules} rules on tags, {found} breaches",
        contenders,
        _gap,
        _SAME,
        "of hours and values",
    )


def _episodes(model: ChainModel, found: Breaches) -> list[Episode]:
    """Breaches as the peers tell them, in the uom of the tags."""
    rows = []
    for one in found.breaches.iter_rows(named=True):
        units = model.rulebook.by_id[one["rule"]].uom, model.tags[one["tag"]].uom
        known = (one["duration_h"] - one["unknown_h"]) * _HOUR
        peak, limit = (convert(one[name], *units) for name in ("peak", "limit"))
        rows.append(
            (
                *(one[name] for name in ("rule", "version", "tag", "side")),
                *(microseconds(one[name]) for name in ("start", "end")),
                one["open"],
                known,
                peak,
                limit,
            )
        )
    return rows


def _gap(ours: list[Episode], theirs: list[Episode]) -> float:
    """Largest difference of known time (h), peak or limit; infinite where the episodes are not the same."""
    mine, other = ({row[:7]: row[7:] for row in rows} for rows in (ours, theirs))
    if mine.keys() != other.keys() or len(ours) != len(theirs):
        return float("inf")
    gaps = [
        max(abs(a[0] - b[0]) / _HOUR, *(abs(x - y) / max(abs(x), 1.0) for x, y in zip(a[1:], b[1:], strict=True)))
        for a, b in ((mine[key], other[key]) for key in mine)
    ]
    return max(gaps, default=0.0)
