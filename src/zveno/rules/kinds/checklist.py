"""Kind ``checklist``: a list that people sign every so often, or before each action."""

from __future__ import annotations

import re
from typing import Annotated

import numpy as np
from pydantic import Field

from zveno.errors import RuleError
from zveno.rules.feed import DAY, Feed, Pauses
from zveno.rules.kinds.kind import MICROSECONDS, WORDS, KindParams, Line, Minutes, Shown, Style, Words
from zveno.rules.runs import Ints, Spans
from zveno.rules.signals import Bools, Signal

_EVERY = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")
_HALF = 0.5

Items = Annotated[list[str], Field(min_length=1, json_schema_extra=WORDS)]


class Checklist(KindParams):
    """A list of items that is signed in full every so often, or before each action.

    The tag of the list holds one reading a signature: how many items were answered yes, at the moment of
    signing. With ``every`` (``P7D``, ``PT12H``) a list in full is due that long after the last one; from then on
    until the next one it is late. With ``before`` the rule names a second tag, which is above a half at each
    action: a list in full must be signed after the action before, and no earlier than ``valid_min``. An action
    without it is an episode of no length; its worst value is the most items that were signed for it.

    Examples
    --------
    >>> Checklist(every="P7D", items=["belt run empty", "zero read"]).silence()
    (604800000000, 604800000000)
    """

    tags = (1, 2)
    excepts = False

    every: Words = Field(default="", description="how often it is due: days and hours, such as `P7D` or `PT12H`")
    before: Words = Field(default="", description="action before which it is due, in words")
    items: Items = Field(description="what is answered")
    valid_min: Minutes = Field(default=720.0, gt=0, description="how long before an action it may be signed")
    same_min: Minutes = Field(default=10.0, description="readings of an action no further apart are of one action")

    @property
    def style(self) -> Style:
        """What is due every so often judges a silence; what is due before an action tells its episodes itself."""
        return "silence" if self.every else "events"

    def require_sense(self) -> None:
        """Raise RuleError where the parameters contradict each other."""
        if bool(self.every) == bool(self.before):
            raise RuleError("give either 'every' or 'before'")
        if self.every and self._every == 0:
            raise RuleError("'every' is '{every}', but must be days and hours, such as P7D or PT12H", every=self.every)

    def lines(self) -> tuple[Line, ...]:
        """One line: the days or items asked for."""
        if self.every:
            return (Line("high", self._every / MICROSECONDS),)
        return (Line("low", float(len(self.items))),)

    def shown(self, rule_uom: str, tag_uom: str) -> Shown:
        """Time since the last list in minutes, or items."""
        del rule_uom, tag_uom
        return Shown("min" if self.every else "-")

    @property
    def _every(self) -> int:
        """Time after which it is due again, in microseconds; 0 where that cannot be read."""
        found = _EVERY.fullmatch(self.every)
        days, hours, minutes = (int(one or 0) for one in found.groups()) if found else (0, 0, 0)
        return days * DAY + hours * DAY // 24 + minutes * MICROSECONDS

    @property
    def lookback(self) -> int:
        """How far back a list, or a reading of the same action, counts."""
        return self._every if self.every else round((self.valid_min + self.same_min) * MICROSECONDS)

    def silence(self) -> tuple[int, int]:
        """It is late from the moment at which it was due."""
        return self._every, self._every

    def pauses(self, feed: Feed, longest: int) -> Pauses:
        """Pauses between lists signed in full."""
        full = np.flatnonzero(self.answered(feed.own))
        return Pauses.between(feed.own.ts[full], int(np.searchsorted(full, feed.first)), longest)

    def answered(self, own: Signal) -> Bools:
        """Lists signed in full."""
        return own.good & (own.value > len(self.items) - _HALF)

    def events(self, feed: Feed) -> Spans:
        """Actions, among the new ones, before which no list was signed in full."""
        moments = actions_in(feed.others[0][0], round(self.same_min * MICROSECONDS))
        before = np.concatenate(([np.iinfo(np.int64).min // 2], moments[:-1]))[: len(moments)]
        new = (moments > feed.since) & (moments <= feed.until)
        moments, before = moments[new], before[new]
        since = np.maximum(before, moments - round(self.valid_min * MICROSECONDS))
        full = feed.own.ts[self.answered(feed.own)]
        signed = np.searchsorted(full, moments, side="right") - np.searchsorted(full, since, side="right")
        missed = signed == 0
        most = np.array([self._most(feed.own, a, b) for a, b in zip(since[missed], moments[missed], strict=True)])
        at = moments[missed]
        asked = np.full(len(at), float(len(self.items)))
        return Spans(at, at, np.zeros(len(at), np.int64), most.astype(np.float64), asked, np.ones(len(at), np.int64))

    def _most(self, lists: Signal, since: int, until: int) -> float:
        """Most items signed between two moments."""
        within = lists.good & (lists.ts > since) & (lists.ts <= until)
        return float(lists.value[within].max(initial=0.0))

    def on_shift(self, shift_min: float) -> bool:
        """What is due less often than once a shift is no shift's own."""
        return not self.every or self._every / MICROSECONDS <= shift_min

    def sd_of(self, sds: tuple[float | None, ...], values: tuple[float, ...]) -> float | None:
        """A signature has no error."""
        del sds, values
        return 0.0


def actions_in(signal: Signal, same: int) -> Ints:
    """Moments at which an action begins: usable readings above a half, but not one that follows such a one closely.

    Examples
    --------
    >>> taps = Signal(np.array([0, 5, 10, 90]), np.array([1.0, 1.0, 0.0, 1.0]), np.ones(4, bool))
    >>> actions_in(taps, same=15).tolist()
    [0, 90]
    """
    good = np.flatnonzero(signal.good)
    ts, on = signal.ts[good], signal.value[good] > _HALF
    follows = np.concatenate(([False], on[:-1] & (np.diff(ts) <= same))) if len(ts) else on
    return ts[on & ~follows]
