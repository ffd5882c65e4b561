"""Breaches as they are entered: facts, text, who was on duty; the same breach known again when data are judged anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from zveno.duty.roster import Part, Roster
from zveno.model.chain import ChainModel
from zveno.model.rulebook import Rule, Version

FACTS = (
    "rule", "version", "kind", "tag", "plant", "unit", "side", "start", "end", "open", "peak", "limit", "uom",
    "duration_h", "surety", "severity", "role", "shift", "rule_hash",
)  # fmt: skip
"""What is kept of a row of table ``breaches``."""
_NO_PRICE = "safety"


@dataclass(frozen=True)
class Judged:
    """A breach as the rules find it now.

    Parameters
    ----------
    facts
        Columns of :data:`FACTS`; times as texts of UTC.
    parts
        Stretches of it, each with who was on duty.
    text
        The clause of the version that it was judged by, by language.
    """

    facts: Mapping[str, Any] = field(hash=False)
    parts: tuple[Mapping[str, Any], ...] = field(hash=False)
    text: Mapping[str, str] = field(hash=False)

    @property
    def start(self) -> datetime:
        """First moment, UTC."""
        return datetime.fromisoformat(self.facts["start"])

    @property
    def end(self) -> datetime:
        """First moment after, UTC."""
        return datetime.fromisoformat(self.facts["end"])

    @property
    def alarm(self) -> tuple[str, str, str]:
        """What is said to be the same: rule, signal, side."""
        return self.facts["rule"], self.facts["tag"], self.facts["side"]

    @property
    def parties(self) -> tuple[str, ...]:
        """Everybody who was on duty, in order: persons, or roles where the roster names nobody."""
        return tuple(dict.fromkeys(one["person"] for one in self.parts))

    def said(self) -> dict[str, Any]:
        """As JSON."""
        return {"facts": dict(self.facts), "parts": [dict(one) for one in self.parts], "text": dict(self.text)}

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Judged:
        """From JSON."""
        return cls(said["facts"], tuple(said["parts"]), said["text"])


def judged(model: ChainModel, roster: Roster, row: Mapping[str, Any]) -> Judged:
    """A row of table ``breaches`` with who was on duty and the clause."""
    rule = model.rulebook.by_id[row["rule"]]
    facts = {name: _plain(row[name]) for name in FACTS}
    as_role = row["crew"] == "" and roster.works_in_shifts(row["role"]) and bool(row["shift"])
    parts = roster.parts(row["role"], row["plant"], row["start"], row["end"], of_the_role=as_role)
    return Judged(facts, tuple(_said(one) for one in parts), clause(rule, int(row["version"])))


def clause(rule: Rule, version: int) -> dict[str, str]:
    """The text of a version, by language; empty where the rulebook no longer holds it."""
    return next(({str(key): words for key, words in one.text.items()} for one in rule.versions
                 if one.version == version), {})  # fmt: skip


def version_on(rule: Rule | None, day: date) -> Version | None:
    """The version of a rule in force on a day."""
    for one in rule.versions if rule else ():
        if one.start <= day and (one.end is None or day < one.end):
            return one
    return None


def is_safety(rule: Rule | None) -> bool:
    """Whether a rule is a safety norm."""
    return rule is not None and rule.acts_on.not_priced == _NO_PRICE


def _said(part: Part) -> dict[str, Any]:
    """A part as JSON."""
    return {
        "start": part.start.isoformat(), "end": part.end.isoformat(), "shift": part.shift, "role": part.duty.role,
        "crew": part.duty.crew, "person": part.duty.person, "how": part.duty.how,
        "instead_of": part.duty.instead_of, "at_work": list(part.crews_at_work),
    }  # fmt: skip


def _plain(value: Any) -> Any:
    """A cell as JSON has it: times as texts of UTC."""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


# ---- the same breach, judged again -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Compared:
    """Breaches that are entered beside those that the rules find now.

    Parameters
    ----------
    same
        Judged as before, by id.
    changed
        (id, before, now) where facts, text or persons on duty differ.
    new
        Found now, not entered.
    gone
        Entered, no longer found, by id.
    """

    same: tuple[tuple[str, Judged], ...]
    changed: tuple[tuple[str, Judged, Judged], ...]
    new: tuple[Judged, ...]
    gone: tuple[tuple[str, Judged], ...]


def compared(entered: Mapping[str, Judged], now: Sequence[Judged]) -> Compared:
    """Know entered breaches again among those found now.

    A breach is the same as one of the same rule, signal and side that it has most time in common with; each is that of
    one other at most. Where one falls into several, the longest keeps its id; where several become one, the one with
    most time in common does.
    """
    pairs = _pairs(entered, now)
    taken = set(pairs.values())
    same = [(id_, now[k]) for id_, k in pairs.items() if entered[id_].said() == now[k].said()]
    changed = [(id_, entered[id_], now[k]) for id_, k in pairs.items() if entered[id_].said() != now[k].said()]
    gone = [(id_, one) for id_, one in entered.items() if id_ not in pairs]
    return Compared(tuple(same), tuple(changed), tuple(one for k, one in enumerate(now) if k not in taken), tuple(gone))


def _pairs(entered: Mapping[str, Judged], now: Sequence[Judged]) -> dict[str, int]:
    """Number of the judged breach that an entered one is, in the order of entry."""
    alike: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for k, one in enumerate(now):
        alike[one.alarm].append(k)
    common = sorted(
        (
            (-_common(one, now[k]), abs(one.start - now[k].start), id_, k)
            for id_, one in entered.items()
            for k in alike.get(one.alarm, ())
            if one.start <= now[k].end and now[k].start <= one.end
        ),
    )
    pairs: dict[str, int] = {}
    for _, _, id_, k in common:
        if id_ not in pairs and k not in pairs.values():
            pairs[id_] = k
    return {id_: pairs[id_] for id_ in entered if id_ in pairs}


def _common(one: Judged, other: Judged) -> timedelta:
    return min(one.end, other.end) - max(one.start, other.start)


def named(new: Iterable[Judged], used: Iterable[str], model: ChainModel) -> Iterator[tuple[str, Judged]]:
    """New breaches with their ids: rule, plant day on which it began, number on that day (``BM-01/2026-03-10/1``).

    An id is given once, when a breach is entered, and never again to another.
    """
    known = set(used)
    for one in sorted(new, key=lambda each: (each.start, each.alarm)):
        stem = f"{one.facts['rule']}/{one.start.astimezone(model.tz).date().isoformat()}"
        number = 1
        while f"{stem}/{number}" in known:
            number += 1
        known.add(f"{stem}/{number}")
        yield f"{stem}/{number}", one
