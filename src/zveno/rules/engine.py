"""The verb: readings of a period judged by the rulebook."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from zveno.model.chain import ChainModel
from zveno.periods import Period
from zveno.rules.build import Lack, Watchlist, microseconds, watchlist
from zveno.rules.result import Breaches, breach_table, coverage_table, not_checked_table
from zveno.rules.signals import Signal
from zveno.rules.solve import Episodes, coverage, open_episodes, watch
from zveno.tables import frame
from zveno.text.mark import tr

_SILENT = tr("signal '{detail}' has no usable readings in the period")
_SILENT_GATE = tr("signal '{detail}', which tells whether the rule binds, has no usable readings in the period")
_SILENT_EXCEPTION = tr(
    "an exception depends on the signal '{detail}', which has no usable readings in the period: "
    "values that it decides on were not judged"
)


def check(model: ChainModel, readings: pl.DataFrame, period: Period) -> Breaches:
    """Judge the readings of a period by the rules in force.

    Readings before the period are a lead-in: an episode that began in it and lasted into the period is
    told with its true start. Readings after the period are left aside; what still goes on at its end is
    open.

    Parameters
    ----------
    model
        The description with its rulebook.
    readings
        Table ``readings``, in any order.
    period
        The period asked for.

    Raises
    ------
    DataError
        If the table lacks a column.
    QuantityError
        If the unit of measure of a rule does not fit its tag.
    """
    bound = watchlist(model)
    signals = read_signals(readings, bound.tags, until=period)
    closed, state = watch(bound, signals)
    start = microseconds(period.start)
    episodes = [*closed, *open_episodes(bound, state)]
    inside = {tag: _inside(signal, start) for tag, signal in signals.items()}
    breaches = breach_table(model, [_since(start, one) for one in episodes])
    not_checked = not_checked_table(_lacks(model, bound, inside, period))
    covers = coverage(bound, signals, start, microseconds(period.end))
    counts = {**_volume(bound, inside), "breaches": breaches.height, "open": int(breaches["open"].sum())}
    return Breaches(
        breaches=breaches,
        not_checked=not_checked,
        coverage=coverage_table(covers),
        period=period,
        counts={**counts, "not_checked": not_checked.height},
        model_hash=model.hash,
        rulebook_hash=model.rulebook.hash,
        readings_hash=_hash(signals),
    )


def read_signals(readings: pl.DataFrame, tags: frozenset[str], *, until: Period | None = None) -> dict[str, Signal]:
    """Readings of the tags named, as arrays by tag; ``until`` leaves out what comes after a period."""
    wanted = pl.col("tag").is_in(list(tags))
    if until is not None:
        wanted &= pl.col("ts") < until.instants[1]
    table = frame("readings", readings).filter(wanted & pl.col("ts").is_not_null())
    return {
        str(tag): Signal.of(
            part["ts"].to_physical().to_numpy(),
            part["value"].fill_null(np.nan).to_numpy(),
            (part["quality"] == 0).fill_null(False).to_numpy(),
        )
        for (tag,), part in table.partition_by("tag", as_dict=True).items()
    }


def _since(start: int, episodes: Episodes) -> Episodes:
    """Those that have time after a moment; what is open and was last seen at that moment counts too."""
    starts, ends = episodes.spans.start, episodes.spans.end
    still = ends >= start if episodes.open else (ends > start) | (starts >= start)
    return replace(episodes, spans=episodes.spans.take(still))


def _inside(signal: Signal, start: int) -> Signal:
    """The readings from the start of the period on."""
    first = int(np.searchsorted(signal.ts, start))
    return signal.part(first)


def _lacks(model: ChainModel, bound: Watchlist, inside: Mapping[str, Signal], period: Period) -> Iterator[Lack]:
    """What was not judged in the period, by versions in force in it."""
    start, end = microseconds(period.start), microseconds(period.end)
    heard = {tag for tag, signal in inside.items() if signal.good.any()}
    for lack in bound.lacks:
        if lack.start < end and lack.end > start:
            yield lack
    for binding in (one for bindings in bound.bindings.values() for one in bindings):
        if binding.start >= end or binding.end <= start:
            continue
        kind = model.rulebook.by_id[binding.key.rule].kind
        watched = [tag for tag, _ in binding.others]
        if binding.style != "events":
            watched.append(binding.key.tag)
        silent: list[tuple[str, tuple[str, ...]]] = [(_SILENT, (tag,)) for tag in watched]
        silent += [(_SILENT_GATE, tuple(one.tag for one in binding.gate or ()))]
        silent += [(_SILENT_EXCEPTION, tuple(one.tag for one in on)) for on, _ in binding.exceptions]
        for reason, tags in silent:
            if tags and not heard.intersection(tags):
                detail = ", ".join(tags)
                yield Lack(binding.key.rule, binding.key.version, kind, reason, detail, binding.start, binding.end)


def _volume(bound: Watchlist, inside: Mapping[str, Signal]) -> dict[str, int]:
    """How much was judged: rules and tags with usable readings, readings of all tags that rules watch."""
    watched = {tag: inside[tag] for tag in bound.bindings if tag in inside}
    judged = [tag for tag, signal in watched.items() if signal.good.any()]
    return {
        "rules": len({binding.key.rule for tag in judged for binding in bound.bindings[tag]}),
        "tags": len(judged),
        "readings": sum(len(signal.ts) for signal in watched.values()),
        "bad_readings": sum(int(np.count_nonzero(~signal.good)) for signal in watched.values()),
    }


def _hash(signals: Mapping[str, Signal]) -> str:
    """SHA-256 of all readings that were used, whatever order they came in."""
    digest = hashlib.sha256()
    for tag in sorted(signals):
        signal = signals[tag]
        digest.update(tag.encode() + b"\0" + len(signal.ts).to_bytes(8, "little"))
        for array in (signal.ts, np.where(signal.good, signal.value, np.nan), signal.good):
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
