"""Readings judged by bindings; live and batch use the same step, and any cut of a stream gives the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from zveno.errors import DataError
from zveno.rules.build import Binding, Key, Watchlist
from zveno.rules.feed import LONG_AGO, Feed
from zveno.rules.kinds.kind import Line, sifted_values
from zveno.rules.regions import Coded, coded_regions
from zveno.rules.runs import (
    BETWEEN,
    CLEAR,
    OUT,
    UNKNOWN,
    Carry,
    Codes,
    Floats,
    Ints,
    Samples,
    Spans,
    find_runs,
    merged,
    open_span,
)
from zveno.rules.signals import DOUBT, OFF, ON, Bools, Signal, Switch, no_readings, state_at
from zveno.rules.silences import Silence, last_answer, silence_manner, silence_samples, silence_told

_ROUNDING = 1e-12

_NO_SAMPLES = Samples(np.zeros(0, np.int64), np.zeros(0, np.int8), np.zeros(0), np.zeros(0))
States = dict[tuple[Switch, ...], Codes]


@dataclass(frozen=True)
class Episodes:
    """Unbroken stretches of time outside the limit of one binding.

    Start and end are each known to one sample. An open episode still goes on at its end, the last
    sample of the tag.
    """

    binding: Binding
    spans: Spans
    open: bool


@dataclass(frozen=True)
class Cover:
    """For how much of a stretch of time (microseconds) a version judged a tag, or did not have to."""

    rule: str
    version: int
    tag: str
    length: int
    judged: int
    off: int


@dataclass(frozen=True)
class WatchState:
    """What a stream remembers between batches.

    ``kept`` are the readings by tag that later ones may be judged with, ``carries`` the runs still going on,
    ``waiting`` the episodes that a later one may be told as one with, ``until`` the last moment seen, and ``answers``
    the last moment at which what a rule waits for was there: a later version may find it missing still.
    """

    kept: Mapping[str, Signal] = field(default_factory=dict)
    carries: Mapping[Key, Carry] = field(default_factory=dict)
    waiting: Mapping[Key, Spans] = field(default_factory=dict)
    until: int = LONG_AGO
    answers: Mapping[Key, int] = field(default_factory=dict)


def watch(
    bound: Watchlist, signals: Mapping[str, Signal], state: WatchState | None = None, *, until: int = LONG_AGO
) -> tuple[list[Episodes], WatchState]:
    """Judge one batch of a stream: the episodes that ended in it, and the state for the next batch.

    A batch holds all readings of the watched tags between two moments, the later of which is that of its last
    reading or ``until``, where other tags spoke later. However the time is cut into batches, the episodes are the
    same; ``open_episodes`` tells those still going on.

    Raises
    ------
    DataError
        If a reading is not later than one of the same tag that was already judged.
    """
    state = state or WatchState()
    _require_later(signals, state)
    heard = {tag: signal for tag, signal in signals.items() if len(signal.ts)}
    context = {**state.kept, **{tag: signal.after(state.kept.get(tag)) for tag, signal in heard.items()}}
    until = max([until, state.until, *(int(signal.ts[-1]) for signal in heard.values())])
    batch = Batch(heard, context, state, until)
    episodes: list[Episodes] = []
    carries, waiting = dict(state.carries), dict(state.waiting)
    for tag, bindings in bound.bindings.items():
        found = _check_bindings(tag, bindings, batch, bound.usual.get(tag, 0.0))
        for binding, ended, carry in found:
            _put(carries, binding.key, carry)
            told = ended
            if binding.line.merge_min:
                told, later = _parted(binding, ended, carry, state.waiting.get(binding.key), until)
                _put(waiting, binding.key, later)
            if told is not None and len(told.start):
                episodes.append(Episodes(binding, told, open=False))
    kept = {tag: signal.tail(until - bound.memory.get(tag, 0)) for tag, signal in context.items()}
    return episodes, WatchState(kept, carries, waiting, until, {**state.answers, **_answers(bound, heard)})


def _answers(bound: Watchlist, heard: Mapping[str, Signal]) -> dict[Key, int]:
    """The last answer among new readings, for each rule that waits for some."""
    waits = [one for tag in heard for one in bound.bindings.get(tag, ()) if one.style == "silence"]
    found = {one.key: last_answer(one, heard[one.key.tag]) for one in waits}
    return {key: moment for key, moment in found.items() if moment is not None}


def open_episodes(bound: Watchlist, state: WatchState) -> list[Episodes]:
    """Episodes that have lasted long enough and have not ended, and those that only wait for a later one."""
    found: list[Episodes] = []
    for bindings in bound.bindings.values():
        for binding in bindings:
            closed = state.waiting.get(binding.key)
            span = _open(binding, state.carries.get(binding.key))
            if span and closed is not None:
                both = merged(closed.followed(span), binding.manner)
                closed, span = both.take(slice(-1)), both.take(slice(-1, None))
            if closed is not None and len(closed.start):
                found.append(Episodes(binding, closed, open=False))
            if span:
                found.append(Episodes(binding, span, open=True))
    return found


@dataclass(frozen=True)
class Batch:
    """New readings by tag, the same with those kept from before, the state before them, the last moment."""

    signals: Mapping[str, Signal]
    context: Mapping[str, Signal]
    state: WatchState
    until: int


def coverage(bound: Watchlist, signals: Mapping[str, Signal], start: int, end: int) -> list[Cover]:
    """For how much of ``start <= t < end`` each version of each rule judged each of its tags.

    Each reading stands for the time to the next one, but for no longer than its reach. Time in which only
    an exception is undecided counts as judged.
    """
    covers: list[Cover] = []
    for tag, bindings in bound.bindings.items():
        states: States = {}
        for binding in {(one.key.rule, one.key.version): one for one in bindings}.values():
            first, last = max(start, binding.start), min(end, binding.end)
            if first < last:
                judged, off = _COVERS[binding.style](binding, signals, states, first, last)
                covers.append(Cover(binding.key.rule, binding.key.version, tag, last - first, judged, off))
    return covers


def check_tag(
    signal: Signal, bindings: Sequence[Binding], context: Mapping[str, Signal], carries: Mapping[Key, Carry]
) -> tuple[list[Episodes], dict[Key, Carry]]:
    """Judge the new readings of one tag, that nothing came before, by all its bindings in one pass.

    Each version of a rule judges only the stretch of time in which it is in force. An episode that
    crosses a change of versions ends at that midnight under the old text and begins anew, with a fresh
    hold, under the new one: nobody answers to a text for time in which it did not bind. The price: two
    pieces, each shorter than the hold of its version, are no breach of either.

    Parameters
    ----------
    signal
        New readings of the tag.
    bindings
        Bindings of this tag.
    context
        Readings by tag for gates, exceptions and further signals.
    carries
        Runs left open by earlier readings.

    Returns
    -------
    episodes, carries
        Episodes that ended, and the runs now open.
    """
    tag = bindings[0].key.tag
    until = max((int(one.ts[-1]) for one in context.values() if len(one.ts)), default=LONG_AGO)
    batch = Batch({**context, tag: signal}, {**context, tag: signal}, WatchState(carries=carries), until)
    found = list(_check_bindings(tag, bindings, batch, 0.0))
    episodes = [Episodes(one, spans, open=False) for one, spans, _ in found if spans is not None and len(spans.start)]
    return episodes, {one.key: carry for one, _, carry in found if carry}


def _check_bindings(
    tag: str, bindings: Sequence[Binding], batch: Batch, usual: float
) -> Iterator[tuple[Binding, Spans | None, Carry | None]]:
    """For each binding that has something new to judge: closed episodes, and the run now open."""
    states: States = {}
    feeds: dict[Any, Feed] = {}
    new = batch.signals.get(tag)
    own = batch.context.get(tag) or no_readings()
    first = len(own.ts) - (0 if new is None else len(new.ts))
    base = Feed(own, first, None, (), 0, batch.until, batch.state.until, reference=usual)
    for binding in bindings:
        style = binding.style
        if style == "number" or (style == "value" and new is None):
            continue
        carry = batch.state.carries.get(binding.key)
        known = carry is not None or binding.key in batch.state.waiting
        if not known and (binding.start > batch.until or binding.end <= batch.state.until):
            continue
        feed = base
        if binding.looks_around:
            seen = (binding.gate, binding.others, binding.every)
            feed = feeds[seen] = feeds.get(seen) or _feed_of(base, binding, batch.context, states)
        if style == "events":
            yield binding, _events(binding, feed, batch.context), None
        elif style == "silence":
            before = Silence(batch.state.answers.get(binding.key), carry)
            samples = silence_samples(binding, feed, batch.context, before)
            spans, left = _runs(samples, carry, binding, final=batch.until >= binding.end)
            yield binding, spans and silence_told(binding, spans), left
        else:
            yield (binding, *_check_value(binding, feed, batch.context, states, carry))


def _feed_of(base: Feed, binding: Binding, context: Mapping[str, Signal], states: States) -> Feed:
    """The readings as a binding sees them."""
    on = None if binding.gate is None else _state(binding.gate, base.own, context, states)
    others = tuple((context.get(tag) or no_readings(), reach) for tag, reach in binding.others)
    return replace(base, on=on, others=others, every=binding.every, state=binding.gate)


def _check_value(
    binding: Binding, feed: Feed, context: Mapping[str, Signal], states: States, carry: Carry | None
) -> tuple[Spans | None, Carry | None]:
    """Closed episodes of one binding, and its open run; samples far from any outside are skipped."""
    nearest = binding.nearest
    may_be_out, at = binding.kind.sifted(feed, nearest) if binding.kind else sifted_values(feed, nearest)
    ts = feed.own.ts[feed.first :]
    lo, hi = ts.searchsorted((binding.start, binding.end)).tolist()
    part = Judged(ts, at, feed.first)
    kept = coded_regions(
        ts[lo:hi],
        may_be_out[slice(*may_be_out.searchsorted((lo, hi)))] - lo,
        lambda place: _verdicts(part, place + lo, binding, context, states),
        binding.manner,
        going_on=carry is not None,
    )
    if kept is None and carry is None:
        return None, None
    final = hi < len(ts)
    samples = _NO_SAMPLES if kept is None else Samples(ts[kept.place], kept.code, kept.value, kept.limit)
    return _runs(_closed_at(binding.end, samples) if final else samples, carry, binding, final=final)


def _runs(samples: Samples, carry: Carry | None, binding: Binding, *, final: bool) -> tuple[Spans | None, Carry | None]:
    """Closed episodes of samples, and the run still going on."""
    if not len(samples.ts):
        return None, carry
    manner = silence_manner(binding) if binding.style == "silence" else binding.manner
    return find_runs(samples, carry, manner, final=final)


def _open(binding: Binding, carry: Carry | None) -> Spans | None:
    """The run going on as an episode so far."""
    if carry is None:
        return None
    if binding.style != "silence":
        return open_span(carry, binding.manner)
    span = open_span(carry, silence_manner(binding))
    return span and silence_told(binding, span)


def _events(binding: Binding, feed: Feed, context: Mapping[str, Signal]) -> Spans:
    """Episodes that a kind tells itself, while its version is in force and the operating state asks for them."""
    assert binding.kind is not None
    spans = binding.kind.events(feed)
    spans = spans.take((spans.start >= binding.start) & (spans.start < binding.end))
    if binding.gate is None:
        return spans
    return spans.take(state_at(binding.gate, spans.start, context) == ON)


def _parted(
    binding: Binding, spans: Spans | None, carry: Carry | None, waiting: Spans | None, until: int
) -> tuple[Spans | None, Spans | None]:
    """Episodes that nothing can join any more, and the last one where something still can."""
    if waiting is not None:
        spans = waiting if spans is None else waiting.followed(spans)
    if spans is None or not len(spans.start):
        return None, None
    manner = binding.manner
    spans = merged(spans, manner)
    near = until - (binding.kind.silence()[0] if binding.kind and binding.style == "silence" else 0)
    going_on = carry is not None
    if (carry.start if carry else near) - int(spans.end[-1]) < manner.merge and (going_on or near < binding.end):
        return spans.take(slice(-1)), spans.take(slice(-1, None))
    return spans, None


def _put(kept: dict[Key, Any], key: Key, one: Any) -> None:
    """Keep something, or forget what there was."""
    if one is None:
        kept.pop(key, None)
    else:
        kept[key] = one


@dataclass(frozen=True)
class Judged:
    """New readings of a tag: moments, what is judged at some of them and whether it is known, where they begin."""

    ts: Ints
    at: Callable[[Ints], tuple[Floats, Bools]]
    first: int


def _cover(binding: Binding, context: Mapping[str, Signal], states: States, start: int, end: int) -> tuple[int, int]:
    """Time judged and time gated off between two moments."""
    signal = context.get(binding.key.tag)
    if signal is None:
        return 0, 0
    gate = None if binding.gate is None else _state(binding.gate, signal, context, states)
    return _times(signal, gate, binding.reach, start, end)


def _times(signal: Signal, gate: Codes | None, reach: int, start: int, end: int) -> tuple[int, int]:
    """Time for which usable readings speak while the gate is on, and time for which it is off."""
    lo, hi = np.searchsorted(signal.ts, (start, end)).tolist()
    time = np.minimum(np.diff(signal.ts[lo:hi], append=end), reach)
    on = np.full(hi - lo, ON, np.int8) if gate is None else gate[lo:hi]
    return int(time[signal.good[lo:hi] & (on == ON)].sum()), int(time[on == OFF].sum())


def _cover_silence(
    binding: Binding, context: Mapping[str, Signal], states: States, start: int, end: int
) -> tuple[int, int]:
    """All time since the tag first spoke, as far as the operating state is known."""
    del states
    own = context.get(binding.key.tag)
    spoken = own.ts[own.good] if own else np.zeros(0, np.int64)
    if own is None or not len(spoken) or spoken[0] >= end:
        return 0, 0
    start = max(start, int(spoken[0]))
    if binding.gate is None:
        return end - start, 0
    states_at = [context[one.tag] for one in binding.gate if one.tag in context]
    if not states_at:
        return 0, 0
    gate = state_at(binding.gate, states_at[0].ts, context)
    return _times(states_at[0], gate, binding.gate[0].reach, start, end)


def _cover_events(
    binding: Binding, context: Mapping[str, Signal], states: States, start: int, end: int
) -> tuple[int, int]:
    """All time, where actions are seen at all."""
    del states
    seen = context.get(binding.others[0][0]) if binding.others else None
    return (end - start, 0) if seen is not None and seen.good.any() else (0, 0)


_COVERS: Mapping[str, Callable[[Binding, Mapping[str, Signal], States, int, int], tuple[int, int]]] = {
    "value": _cover,
    "silence": _cover_silence,
    "events": _cover_events,
    "number": lambda *_: (0, 0),
}


def _state(switches: tuple[Switch, ...], signal: Signal, context: Mapping[str, Signal], states: States) -> Codes:
    """State of the plant at every reading of a tag, worked out once."""
    if switches not in states:
        states[switches] = state_at(switches, signal.ts, context)
    return states[switches]


def _verdicts(part: Judged, place: Ints, binding: Binding, context: Mapping[str, Signal], states: States) -> Coded:
    """Value and code of each sample at some places, and the limit in force.

    Where it is not known whether an exception holds, a sample is judged only if both lines agree on it.
    """
    (value, good), line = part.at(place), binding.line
    code, limit = _codes(value, line), np.full(len(value), line.limit)

    def on_at(switches: tuple[Switch, ...]) -> Codes:
        if switches in states:
            return states[switches][part.first + place]
        return state_at(switches, part.ts[place], context)

    for switches, other in binding.exceptions:
        on, code_there = on_at(switches), _codes(value, other)
        laxer = line.sign * np.maximum(line.sign * limit, line.sign * other.limit)
        limit = np.select([on == ON, on == OFF], [np.full(len(value), other.limit), limit], laxer)
        undecided = np.where(code == code_there, code, UNKNOWN).astype(np.int8)
        code = np.select([on == ON, on == OFF], [code_there, code], undecided)
    code[~good] = UNKNOWN
    if binding.gate is not None:
        gate = on_at(binding.gate)
        code[gate == DOUBT] = UNKNOWN
        code[gate == OFF] = CLEAR
    return Coded(place, value, code, limit)


def _codes(value: Floats, line: Line) -> Codes:
    """Out, between or clear by the value alone."""
    code = np.full(len(value), CLEAR, np.int8)
    # a reading equal to a level keeps it, whatever its unit of measure: it is not out, and not yet clear
    if line.clear is not None:
        code[line.sign * value >= line.sign * line.clear - _ROUNDING * np.abs(line.clear)] = BETWEEN
    code[line.sign * value > line.sign * line.limit + _ROUNDING * np.abs(line.limit)] = OUT
    return code


def _closed_at(end: int, samples: Samples) -> Samples:
    """The samples with a clear one added at the moment from which the version no longer binds."""
    return Samples(
        np.append(samples.ts, end),
        np.append(samples.code, np.int8(CLEAR)),
        np.append(samples.value, np.nan),
        np.append(samples.limit, np.nan),
    )


def _require_later(signals: Mapping[str, Signal], state: WatchState) -> None:
    """A stream runs forward."""
    for tag, signal in signals.items():
        before = state.kept.get(tag)
        if before is not None and len(signal.ts) and signal.ts[0] <= before.ts[-1]:
            raise DataError(
                "readings of '{tag}' reach back before those already judged: judge the whole stretch of time again",
                tag=tag,
            )
