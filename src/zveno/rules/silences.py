"""Time in which nothing came, as samples: what is judged where a rule asks that something be there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from zveno.rules.build import Binding
from zveno.rules.feed import Feed
from zveno.rules.kinds.kind import MICROSECONDS
from zveno.rules.runs import CLEAR, FOREVER, OUT, UNKNOWN, Carry, Codes, Ints, Manner, Samples, Spans
from zveno.rules.signals import OFF, ON, Signal, state_at


@dataclass(frozen=True)
class Silence:
    """What is known from before: the moment of the last answer, and the silence that is going on."""

    answer: int | None
    going_on: Carry | None

    def begun(self, offset: int) -> int | None:
        """Since when nothing has come; None where nothing ever did."""
        if self.answer is not None or self.going_on is None:
            return self.answer
        return self.going_on.start - offset


def last_answer(binding: Binding, own: Signal) -> int | None:
    """Moment of the last reading that ends a silence."""
    assert binding.kind is not None
    found = binding.kind.answered(own)[::-1]
    place = int(found.argmax()) if len(found) else 0
    return int(own.ts[len(found) - 1 - place]) if len(found) and found[place] else None


def silence_manner(binding: Binding) -> Manner:
    """How silences become episodes: each sample speaks until the next one."""
    gap, offset = _asked(binding)
    return replace(binding.manner, hold=0 if offset else gap + 1, reach=FOREVER)


def silence_samples(binding: Binding, feed: Feed, context: Mapping[str, Signal], before: Silence) -> Samples:
    """Samples of the silences that are longer than allowed, as far as they were not told before.

    A silence begins with an answer (a usable reading, a full list) or with the version, is out while the operating
    state asks for answers, and is over with the next answer or the end of the version. It may have begun with an
    answer whose reading is forgotten by now.
    """
    gap, offset = _asked(binding)
    kind = binding.kind
    assert kind is not None
    pauses = kind.pauses(feed, gap)
    begun = before.begun(offset) if pauses.forgotten else None
    if begun is not None:
        pauses = pauses.since(begun)
    answers = pauses.left if pauses.last is None else np.append(pauses.left, pauses.last)
    following = pauses.right if pauses.last is None else np.append(pauses.right, feed.until)
    begin = np.maximum(answers + offset, binding.start)
    over = np.minimum(following, binding.end)
    told = feed.since - begin > gap - offset
    moments: list[Ints] = []
    codes: list[Codes] = []
    for n in np.flatnonzero(over - begin > gap - offset).tolist():
        at = _moments(binding, context, int(begin[n]), int(over[n]))
        code = _codes(binding, context, at)
        ends = n < len(pauses.left) or over[n] == binding.end
        at, code = np.append(at, over[n]), np.append(code, CLEAR if ends else _codes(binding, context, over[n : n + 1]))
        fresh = at > feed.since if told[n] else np.ones(len(at), np.bool_)
        moments.append(at[fresh])
        codes.append(code[fresh].astype(np.int8))
    if not moments:
        nothing = np.zeros(0)
        return Samples(nothing.astype(np.int64), nothing.astype(np.int8), nothing, nothing)
    at = np.concatenate(moments)
    return Samples(at, np.concatenate(codes), np.ones(len(at)), np.zeros(len(at)))


def silence_told(binding: Binding, spans: Spans) -> Spans:
    """Episodes of silence with their length, since the last answer, as the worst value in minutes."""
    _, offset = _asked(binding)
    length = (spans.end - spans.start + offset) / MICROSECONDS
    return replace(spans, peak=length, limit=np.full(len(length), binding.line.limit), count=np.ones_like(spans.count))


def _asked(binding: Binding) -> tuple[int, int]:
    """Longest silence, and how long after the last answer its episode begins."""
    assert binding.kind is not None
    return binding.kind.silence()


def _moments(binding: Binding, context: Mapping[str, Signal], begin: int, over: int) -> Ints:
    """The beginning of a silence, and the moments in it at which the operating state may change."""
    found = [np.array([begin], np.int64)]
    for switch in binding.gate or ():
        signal = context.get(switch.tag)
        if signal is not None:
            a, b = np.searchsorted(signal.ts, (begin - switch.reach, over)).tolist()
            found += [signal.ts[a:b], signal.ts[a:b] + switch.reach + 1]
    every = np.unique(np.concatenate(found))
    return every[(every >= begin) & (every < over)]


def _codes(binding: Binding, context: Mapping[str, Signal], at: Ints) -> Codes:
    """Out while the operating state asks for answers, clear while it does not."""
    if binding.gate is None:
        return np.full(len(at), OUT, np.int8)
    state = state_at(binding.gate, at, context)
    return np.select([state == ON, state == OFF], [OUT, CLEAR], UNKNOWN).astype(np.int8)
