"""Alarms that are shelved for a time: with a reason, by whom it is allowed, no longer than the plant's rule says.

A shelved alarm is not silent in the books: its breaches are found and entered as all others, and marked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from zveno.duty import acts
from zveno.duty.found import Judged, is_safety
from zveno.errors import DataError
from zveno.log import Signed, SignedRecord
from zveno.model.chain import ChainModel
from zveno.model.checks import near_match
from zveno.model.roster import ShelvingRule
from zveno.model.rulebook import Rule
from zveno.rules.patterns import matching


@dataclass(frozen=True)
class Shelving:
    """An alarm that is shelved.

    Parameters
    ----------
    number
        Number of the record that shelved it.
    rule, tag
        The rule, and the signal; all its signals where that is empty.
    start, until
        From when on, and up to when at most.
    ended
        Who put it back before that; None if nobody did.
    """

    number: int
    rule: str
    tag: str
    start: datetime
    until: datetime
    reason: str
    signed: Signed
    ended: Signed | None = None

    @property
    def end(self) -> datetime:
        """First moment at which it is in force again."""
        return self.until if self.ended is None else min(self.until, self.ended.at)

    def covers(self, rule: str, tag: str) -> bool:
        """Whether it is about a rule and a signal."""
        return self.rule == rule and self.tag in ("", tag)

    def holds(self, moment: datetime) -> bool:
        """Whether the alarm is shelved at a moment."""
        return self.start <= moment < self.end


def shelvings(records: Iterable[tuple[int, SignedRecord]]) -> dict[int, Shelving]:
    """Every shelving by its number, in their order."""
    found: dict[int, Shelving] = {}
    for number, one in records:
        body = one.body
        if one.kind == acts.SHELVED:
            found[number] = Shelving(
                number, str(body["rule"]), str(body.get("tag", "")), datetime.fromisoformat(str(body["from"])),
                datetime.fromisoformat(str(body["until"])), str(body["reason"]), Signed.of(number, one),
            )  # fmt: skip
        elif one.kind == acts.UNSHELVED and body.get("of") in found:
            before = found[int(body["of"])]
            if before.ended is None:
                found[before.number] = replace(before, ended=Signed.of(number, one))
    return found


def marks(found: Iterable[Shelving], one: Judged) -> tuple[Shelving, ...]:
    """Shelvings that were in force while a breach lasted."""
    rule, tag, _ = one.alarm
    return tuple(
        each
        for each in found
        if each.covers(rule, tag) and one.start < each.end and (each.start < one.end or each.start <= one.start)
    )


def limit_of(model: ChainModel, rule: Rule) -> ShelvingRule | None:
    """What the plant says of shelving a rule; None where it may not be shelved at all.

    A safety norm may be shelved only where an entry is about safety norms.
    """
    safety = is_safety(rule)
    for one in model.duty.shelving:
        fits = (not one.rules or rule.id in one.rules) and (not one.severities or rule.severity in one.severities)
        if fits and one.safety == safety:
            return one
    return None


def require_shelvable(
    model: ChainModel, found: Iterable[Shelving], asked: Shelving, roles: Iterable[str]
) -> ShelvingRule:
    """Refuse what may not be shelved, before it is signed.

    Shelvings of an alarm that follow each other without a pause of their longest term count as one.

    Raises
    ------
    DataError
        If the rule or signal does not exist, nobody may shelve it, the person may not, there is no reason, or it would
        be shelved for too long.
    """
    rule = model.rulebook.by_id.get(asked.rule)
    if rule is None:
        near = near_match(asked.rule, model.rulebook.by_id)
        raise DataError("there is no rule '{rule}'", rule=asked.rule, near=near)
    tags = matching(rule.tags[0], model.tags) if rule.tags else []
    if asked.tag and asked.tag not in tags:
        raise DataError("rule '{rule}' does not watch '{tag}'", rule=asked.rule, tag=asked.tag,
                        near=near_match(asked.tag, tags))  # fmt: skip
    limit = limit_of(model, rule)
    if limit is None and is_safety(rule):
        raise DataError("'{rule}' is a safety norm: duty.yaml names nobody who may shelve it", rule=rule.id)
    if limit is None:
        raise DataError(
            "duty.yaml lets nobody shelve '{rule}' (severity {severity})", rule=rule.id, severity=rule.severity
        )
    if not set(limit.roles) & set(roles):
        raise DataError("'{rule}' is shelved by one of the roles {roles} only", rule=rule.id,
                        roles=", ".join(limit.roles))  # fmt: skip
    if not asked.reason.strip():
        raise DataError("a shelved alarm needs a reason in words: it is kept for good")
    if asked.until <= asked.start:
        raise DataError("{until} has passed: give a later moment", until=asked.until.isoformat(timespec="minutes"))
    begun = _begun(asked, found, timedelta(hours=limit.longest_h))
    if asked.until - begun > timedelta(hours=limit.longest_h):
        raise DataError(
            "'{rule}' may be shelved for {hours} h at most, counted from {start}: until {until}",
            rule=rule.id, hours=limit.longest_h, start=begun.isoformat(timespec="minutes"),
            until=(begun + timedelta(hours=limit.longest_h)).isoformat(timespec="minutes"),
        )  # fmt: skip
    return limit


def _begun(asked: Shelving, found: Iterable[Shelving], pause: timedelta) -> datetime:
    """When the unbroken row of shelvings began that a new one goes on with."""
    begun = asked.start
    for one in sorted(found, key=lambda each: each.end, reverse=True):
        alike = one.rule == asked.rule and (not one.tag or not asked.tag or one.tag == asked.tag)
        if alike and one.start <= begun and begun - one.end < pause:
            begun = min(begun, one.start)
    return begun


def require_shelved(found: Mapping[int, Shelving], number: int, at: datetime) -> Shelving:
    """A shelving that is in force.

    Raises
    ------
    DataError
        If there is none of this number, or it is over.
    """
    one = found.get(number)
    if one is None:
        raise DataError("record {number} of the log shelves no alarm: zveno shelve list", number=number)
    if at >= one.end:
        raise DataError("shelving {number} ended on {end}", number=number, end=one.end.isoformat(timespec="minutes"))
    return one
