"""A draft of an amendment over real history: what it would have found, beside what was found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from zveno.chain.checked import breaches_of
from zveno.chain.facade import Chain
from zveno.errors import DataError
from zveno.model.chain import ChainModel
from zveno.model.overlay import Overlay
from zveno.model.rulebook import Rulebook
from zveno.periods import Period
from zveno.rules import Breaches
from zveno.rules.compare import Difference, differences, rules_on
from zveno.rules.replay import replayed, tallied, worlds


@dataclass(frozen=True)
class Replay:
    """The same history under the book in force and under a draft.

    Parameters
    ----------
    day
        Day on which the draft's rules are taken; over the whole period it is judged as if they had always been so.
    before, after
        What the rules that can differ find, under the book in force and under the draft.
    changes
        Table ``replayed``: what is not the same.
    texts
        The clauses that differ, of the book in force at the end of the period and of the draft.
    """

    period: Period
    day: date
    before: Breaches
    after: Breaches
    changes: pl.DataFrame
    texts: tuple[Difference, ...]

    def tally(self) -> dict[str, list[tuple[str, int, int, int]]]:
        """How many appear, vanish and change, by rule, unit and shift."""
        return {one: tallied(self.changes, one) for one in ("rule", "unit", "shift")}


def replay(chain: Chain, draft: Overlay, period: str, day: date | None = None) -> Replay:
    """Judge a period under the book in force and under a draft laid over it.

    Raises
    ------
    DataError
        If no signal that the draft's rules watch has a reading in the period, or none of its rules is in force on the
        day.
    """
    span = chain.period(period)
    on = day or last_day(draft)
    known = [one for one in draft.book.rules if any(rule == one.id for rule, _ in draft.laid)]
    if known and not draft.ended and not {one.id for one in known} & set(rules_on(draft.book, on)):
        raise DataError("none of the draft's rules is in force on {day}: name a later day", day=on)
    books = worlds(chain.model, draft, on)
    before, after = (breaches_of(_with(chain.model, book), chain.store, span) for book in (books.before, books.after))
    seen = pl.concat([before.coverage, after.coverage])
    if seen.select(pl.sum("judged_h") + pl.sum("off_h")).item() == 0:
        raise DataError(
            "no signal that the draft's rules watch has a reading in {period}: import some, or take another period",
            period=span.name,
        )
    last = (span.end - timedelta(microseconds=1)).date()
    texts = differences(rules_on(books.before, last), rules_on(books.after, on))
    return Replay(span, on, before, after, replayed(before.breaches, after.breaches), texts)


def last_day(draft: Overlay) -> date:
    """The day on which all that the draft says has begun."""
    days = [one.start for rule in draft.book.rules for one in rule.versions if (rule.id, one.version) in draft.laid]
    ends = [one.cut_on for rule in draft.book.rules if rule.id in draft.ended for one in rule.versions if one.cut_on]
    return max((*days, *ends), default=date.max)


def _with(model: ChainModel, book: Rulebook) -> ChainModel:
    return model.model_copy(update={"rulebook": book})
