"""Terms of the steps after a breach, in the time of its plant, and to whom it goes when one has passed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from zveno.duty.breach import Breach
from zveno.duty.found import Judged
from zveno.duty.roster import Roster
from zveno.model.chain import ChainModel
from zveno.model.roster import Escalation, Terms
from zveno.model.worktime import day_of, zone_of

Step = Literal["notify", "acknowledge", "cause", "appeal", "action", "close"]


@dataclass(frozen=True)
class Due:
    """What a breach waits for.

    Parameters
    ----------
    step
        What is to be done next.
    of
        Whose step it is: those on duty, or the owner of an action; empty where a role may do it.
    until
        End of its term; None where it has none.
    """

    step: Step
    of: tuple[str, ...]
    until: datetime | None

    def late(self, now: datetime) -> bool:
        """Whether its term has passed."""
        return self.until is not None and now >= self.until


@dataclass(frozen=True)
class Raised:
    """A breach whose term has passed goes to somebody.

    Parameters
    ----------
    level
        1 for the first to whom it goes, and so on.
    since
        From when on it lies with this one.
    role, person
        To whom it goes: the role of duty.yaml, and who holds it now.
    """

    level: int
    since: datetime
    role: str
    person: str


@dataclass(frozen=True)
class Clock:
    """Terms of a chain.

    Parameters
    ----------
    model
        The description: duty.yaml with terms and escalation.
    """

    model: ChainModel

    def terms(self, one: Judged) -> Terms:
        """Terms for a breach: of the first entry of duty.yaml that fits, else the usual ones."""
        return next((each for each in self.model.duty.terms if _fits(each, one)), Terms())

    def reply_until(self, one: Judged, told: datetime) -> datetime:
        """End of the right of reply: full days by the clock of the plant, after the day of the notice."""
        return self._full_days(one, told, self.terms(one).reply_days)

    def appeal_until(self, one: Judged, confirmed: datetime) -> datetime:
        """End of the term for an appeal."""
        return self._full_days(one, confirmed, self.terms(one).appeal_days)

    def due(self, breach: Breach) -> Due | None:
        """What a breach waits for; None where it is settled."""
        if breach.settled:
            return None
        one, terms = breach.judged, self.terms(breach.judged)
        told = {party: breach.notified_at(party) for party in breach.parties}
        untold = tuple(party for party, at in told.items() if at is None)
        if untold:
            return Due("notify", untold, one.start + timedelta(hours=terms.notify_h))
        first = max(at for at in told.values() if at is not None)
        heard = {each.party for each in (*breach.acknowledged, *breach.replies)}
        silent = tuple(party for party in breach.parties if party not in heard)
        if silent and breach.cause is None:
            return Due("acknowledge", silent, first + timedelta(hours=terms.acknowledge_h))
        if breach.cause is None:
            return Due("cause", (), self._full_days(one, first, terms.cause_days))
        return self._after_cause(breach)

    def _after_cause(self, breach: Breach) -> Due:
        """What is due once a cause is confirmed: the appeal, the actions, the end."""
        terms = self.terms(breach.judged)
        if breach.appealed:
            return Due("appeal", (), self._full_days(breach.judged, breach.appeals[-1].signed.at, terms.cause_days))
        open_ = [each for each in breach.actions if each.done is None]
        if open_:
            next_ = min(open_, key=lambda each: each.due)
            until = datetime(next_.due.year, next_.due.month, next_.due.day,
                             tzinfo=zone_of(self.model, breach.judged.facts["plant"], next_.due))  # fmt: skip
            return Due("action", (next_.owner,), until + timedelta(days=1))
        return Due("close", (), None)

    def raised(self, breach: Breach, now: datetime, roster: Roster, due: Due | None = None) -> tuple[Raised, ...]:
        """To whom a breach goes because a term has passed, the nearest first."""
        wait = due or self.due(breach)
        if wait is None or wait.until is None or not wait.late(now):
            return ()
        steps = [one for one in self.model.duty.escalation if one.step == wait.step and _fits(one, breach.judged)]
        levels = sorted(steps, key=lambda one: one.after_h)
        plant = breach.judged.facts["plant"]
        found = []
        for level, one in enumerate(levels, 1):
            since = wait.until + timedelta(hours=one.after_h)
            if since <= now:
                role = self._role(one.to, plant)
                found.append(Raised(level, since, role, roster.at(role, plant, now).person))
        return tuple(found)

    def _role(self, name: str, plant: str) -> str:
        """A role with a star is that of the plant, where it has one."""
        own = f"{plant}.{name.removeprefix('*.')}"
        return own if name.startswith("*.") and own in self.model.roles else name.removeprefix("*.")

    def _full_days(self, one: Judged, moment: datetime, days: int) -> datetime:
        """Midnight of the plant's clock after so many full days, in UTC's instants."""
        plant = str(one.facts["plant"])
        day = day_of(self.model, plant, moment.astimezone(UTC)) + timedelta(days=days + 1)
        return datetime(day.year, day.month, day.day, tzinfo=zone_of(self.model, plant, day))


def _fits(entry: Terms | Escalation, one: Judged) -> bool:
    return _in(entry.severities, one.facts["severity"]) and _in(entry.plants, one.facts["plant"])


def _in(names: Iterable[str], name: str) -> bool:
    chosen = tuple(names)
    return not chosen or name in chosen
