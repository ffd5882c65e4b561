"""Readings judged by bindings; live and batch use the same step, and any cut of a stream gives the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from zveno.errors import DataError
from zveno.rules.build import Binding, Key, Watchlist
from zveno.rules.kinds.kind import Line
from zveno.rules.runs import BETWEEN, CLEAR, OUT, UNKNOWN, Carry, Codes, Floats, Samples, Spans, find_runs, open_span
from zveno.rules.signals import DOUBT, OFF, ON, Signal, Switch, state_at

_ROUNDING = 1e-12

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
    """What a stream remembers between batches: the last reading of each tag and the runs still going on."""

    last: Mapping[str, Signal] = field(default_factory=dict)
    carries: Mapping[Key, Carry] = field(default_factory=dict)


def watch(
    bound: Watchlist, signals: Mapping[str, Signal], state: WatchState | None = None
) -> tuple[list[Episodes], WatchState]:
    """Judge one batch of a stream: the episodes that ended in it, and the state for the next batch.

    A batch holds all readings of the watched tags between two moments. However the time is cut into
    batches, the episodes are the same; ``open_episodes`` tells those still going on.

    Raises
    ------
    DataError
        If a reading is not later than one of the same tag that was already judged.
    """
    state = state or WatchState()
    _require_later(signals, state)
    seen = {tag: signal.after(state.last.get(tag)) for tag, signal in signals.items() if len(signal.ts)}
    context = {**state.last, **seen}
    episodes: list[Episodes] = []
    carries = {key: carry for key, carry in state.carries.items() if key.tag not in seen}
    for tag, bindings in bound.bindings.items():
        if tag in seen:
            found, left = check_tag(signals[tag], bindings, context, state.carries)
            episodes += found
            carries |= left
    last = {**state.last, **{tag: signal.last() for tag, signal in seen.items()}}
    return episodes, WatchState(last, carries)


def open_episodes(bound: Watchlist, state: WatchState) -> list[Episodes]:
    """Episodes that have lasted long enough and have not ended."""
    found: list[Episodes] = []
    for bindings in bound.bindings.values():
        for binding in bindings:
            carry = state.carries.get(binding.key)
            span = open_span(carry, binding.hold, binding.line.least) if carry else None
            if span:
                found.append(Episodes(binding, span, open=True))
    return found


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
                judged, off = _cover(signals.get(tag), binding, signals, states, first, last)
                covers.append(Cover(binding.key.rule, binding.key.version, tag, last - first, judged, off))
    return covers


def check_tag(
    signal: Signal, bindings: Sequence[Binding], context: Mapping[str, Signal], carries: Mapping[Key, Carry]
) -> tuple[list[Episodes], dict[Key, Carry]]:
    """Judge the new readings of one tag by all its bindings in one pass.

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
        Readings by tag for gates and exceptions, with at least the last reading before the new ones.
    carries
        Runs left open by earlier readings.

    Returns
    -------
    episodes, carries
        Episodes that ended, and the runs now open.
    """
    states: States = {}
    episodes: list[Episodes] = []
    left: dict[Key, Carry] = {}
    for binding in bindings:
        spans, carry = _check_binding(signal, binding, context, states, carries.get(binding.key))
        if spans and len(spans.start):
            episodes.append(Episodes(binding, spans, open=False))
        if carry:
            left[binding.key] = carry
    return episodes, left


def _check_binding(
    signal: Signal, binding: Binding, context: Mapping[str, Signal], states: States, carry: Carry | None
) -> tuple[Spans | None, Carry | None]:
    """Closed episodes of one binding, and its open run; samples before the first one out are skipped."""
    lo, hi = np.searchsorted(signal.ts, (binding.start, binding.end)).tolist()
    skipped = _first_out(signal.value[lo:hi], binding)
    if carry is None:
        lo += skipped
    if lo >= hi and carry is None:
        return None, None
    code, limit = _verdicts(signal, slice(lo, hi), binding, context, states)
    samples = Samples(signal.ts[lo:hi], code, signal.value[lo:hi], limit)
    if hi < len(signal.ts):
        samples = _closed_at(binding.end, samples)
    line = binding.line
    return find_runs(samples, carry, sign=line.sign, hold=binding.hold, reach=binding.reach, least=line.least)


def _cover(
    signal: Signal | None,
    binding: Binding,
    context: Mapping[str, Signal],
    states: States,
    start: int,
    end: int,
) -> tuple[int, int]:
    """Time judged and time gated off between two moments."""
    if signal is None:
        return 0, 0
    lo, hi = np.searchsorted(signal.ts, (start, end)).tolist()
    time = np.minimum(np.diff(signal.ts[lo:hi], append=end), binding.reach)
    gate = np.full(hi - lo, ON, np.int8)
    if binding.gate is not None:
        gate = _state(binding.gate, signal, context, states)[lo:hi]
    good = signal.good[lo:hi]
    return int(time[good & (gate == ON)].sum()), int(time[gate == OFF].sum())


def _state(switches: tuple[Switch, ...], signal: Signal, context: Mapping[str, Signal], states: States) -> Codes:
    """State of the plant at every reading of a tag, worked out once."""
    if switches not in states:
        states[switches] = state_at(switches, signal.ts, context)
    return states[switches]


def _first_out(value: Floats, binding: Binding) -> int:
    """Number of samples before the first one that is outside any of the binding's limits."""
    sign = binding.line.sign
    nearest = min(sign * line.limit for line in (binding.line, *(line for _, line in binding.exceptions)))
    out = sign * value > nearest
    first = int(np.argmax(out)) if len(out) else 0
    return first if first < len(out) and out[first] else len(out)


def _verdicts(
    signal: Signal, part: slice, binding: Binding, context: Mapping[str, Signal], states: States
) -> tuple[Codes, Floats]:
    """Code of each sample and the limit in force.

    Where it is not known whether an exception holds, a sample is judged only if both lines agree on it.
    """
    value, line = signal.value[part], binding.line
    code, limit = _codes(value, line), np.full(len(value), line.limit)
    for switches, other in binding.exceptions:
        on, code_there = _state(switches, signal, context, states)[part], _codes(value, other)
        laxer = line.sign * np.maximum(line.sign * limit, line.sign * other.limit)
        limit = np.select([on == ON, on == OFF], [np.full(len(value), other.limit), limit], laxer)
        undecided = np.where(code == code_there, code, UNKNOWN).astype(np.int8)
        code = np.select([on == ON, on == OFF], [code_there, code], undecided)
    code[~signal.good[part]] = UNKNOWN
    if binding.gate is not None:
        gate = _state(binding.gate, signal, context, states)[part]
        code[gate == DOUBT] = UNKNOWN
        code[gate == OFF] = CLEAR
    return code, limit


def _codes(value: Floats, line: Line) -> Codes:
    """Out, between or clear by the value alone."""
    code = np.full(len(value), CLEAR, np.int8)
    if line.clear is not None:
        code[line.sign * value >= line.sign * line.clear] = BETWEEN
    slack = _ROUNDING * np.abs(line.limit)  # a reading equal to the limit keeps it, whatever its unit of measure
    code[line.sign * value > line.sign * line.limit + slack] = OUT
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
        before = state.last.get(tag)
        if before is not None and len(signal.ts) and signal.ts[0] <= before.ts[0]:
            raise DataError(
                "readings of '{tag}' reach back before those already judged: judge the whole stretch of time again",
                tag=tag,
            )
