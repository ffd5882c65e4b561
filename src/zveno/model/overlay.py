"""An amendment laid over a rulebook: the book with its new rules and versions, the old ones ended where they give way.

Nothing is edited: a version that is superseded keeps its number, text and hash, and ends on the day on which another
one begins. One that never was in force falls out of the book as it is known from then on; the book as it was known
before still has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from zveno.errors import Fault, fault
from zveno.model.amendment import Amendment, DraftVersion, RuleEnd
from zveno.model.rulebook import Rule, Rulebook, Version
from zveno.text.mark import tr

Where = Callable[..., str]
Laid = tuple[str, int]
"""A version that an amendment lays: id of the rule and number."""


@dataclass(frozen=True)
class Overlay:
    """A rulebook with an amendment laid over it.

    Parameters
    ----------
    laid
        Versions that came in, with the path of each in the draft; what comes back after a temporary one is not.
    ended
        Rules that it ends, with the path in the draft.
    faults
        What could not be laid; the rest was.
    """

    book: Rulebook
    laid: Mapping[Laid, tuple[str | int, ...]]
    ended: Mapping[str, tuple[str | int, ...]]
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class _Work:
    """The book while it is changed."""

    amendment: Amendment
    where: Where
    numbers: Mapping[str, int]
    rules: dict[str, Rule]
    laid: dict[Laid, tuple[str | int, ...]] = field(default_factory=dict)
    ended: dict[str, tuple[str | int, ...]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def overlaid(
    book: Rulebook, amendment: Amendment, where: Where = lambda *_: "", *, numbers: Mapping[str, int] | None = None
) -> Overlay:
    """Lay an amendment over a rulebook.

    Parameters
    ----------
    where
        Place of a path of the draft, for faults.
    numbers
        Highest version number ever given, by rule, where that is more than the book shows.
    """
    work = _Work(amendment, where, numbers or {}, dict(book.by_id))
    for n, rule in enumerate(amendment.rules):
        _add(work, rule, ("rules", n))
    for key, given in (("versions", amendment.versions), ("changes", amendment.changes)):
        for n, one in enumerate(given):
            _lay(work, one, (key, n), whole=key == "versions")
    for n, end in enumerate(amendment.ends):
        _end(work, end, ("ends", n))
    kept = tuple(one for one in work.rules.values() if one.versions)
    reviewed = book.kk_reviewed and amendment.kk_reviewed
    return Overlay(Rulebook(rules=kept, kk_reviewed=reviewed), work.laid, work.ended, tuple(work.faults))


def in_force_on(rule: Rule, day: date) -> Version | None:
    """The version of a rule that is in force on a day."""
    return next((one for one in rule.versions if one.start <= day and (one.end is None or day < one.end)), None)


def highest(book: Rulebook, before: Mapping[str, int]) -> dict[str, int]:
    """Highest version number by rule, those given before considered."""
    found = dict(before)
    for rule in book.rules:
        found[rule.id] = max(found.get(rule.id, 0), *(one.version for one in rule.versions))
    return found


def _add(work: _Work, rule: Rule, path: tuple[str | int, ...]) -> None:
    """A rule that the book does not hold."""
    where = work.where(*path, "id")
    if rule.id in work.rules:
        message = tr("rule '{rule}' is in the book already: give it a version under 'versions' or 'changes'")
        work.faults.append(fault(message, where, rule=rule.id))
        return
    early = min(one.start for one in rule.versions)
    if early < work.amendment.effective:
        work.faults.append(_early(work, rule.id, early, work.where(*path, "versions")))
    work.rules[rule.id] = rule
    for one in rule.versions:
        work.laid[rule.id, one.version] = path


def _early(work: _Work, rule: str, day: date, where: str) -> Fault:
    return fault(
        "rule '{rule}' would be changed from {day} on, before the amendment takes effect on {effective}",
        where, rule=rule, day=day, effective=work.amendment.effective,
    )  # fmt: skip


def _lay(work: _Work, one: DraftVersion, path: tuple[str | int, ...], *, whole: bool) -> None:
    """A version over what is in force on its first day."""
    rule, start = work.rules.get(one.rule), one.start or work.amendment.effective
    if rule is None:
        work.faults.append(_no_rule(work, one.rule, path))
        return
    if start < work.amendment.effective:
        work.faults.append(_early(work, rule.id, start, work.where(*path, "from")))
    before = in_force_on(rule, start)
    if before is None and not whole:
        message = tr("rule '{rule}' has no version in force on {day} that could be changed: write one under 'versions'")
        work.faults.append(fault(message, work.where(*path), rule=rule.id, day=start))
        return
    number = one.version or max(work.numbers.get(rule.id, 0), *(each.version for each in rule.versions)) + 1
    version = _version(one, number, start, None if whole else before)
    last = max(each.version for each in rule.versions)
    cases = [each if each.version else each.model_copy(update={"version": last}) for each in rule.cases]
    cases += [each.model_copy(update={"version": number}) for each in one.cases]
    kept = [*_given_way(rule, version), version, *_coming_back(before, version)]
    work.rules[rule.id] = rule.model_copy(update={"versions": tuple(kept), "cases": tuple(cases)})
    work.laid[rule.id, number] = path


def _no_rule(work: _Work, rule: str, path: tuple[str | int, ...]) -> Fault:
    known = [one for one in work.rules if one.casefold() == rule.casefold()]
    message = tr("the book has no rule '{rule}': name one of it, or write a new one under 'rules'")
    return fault(message, work.where(*path, "rule"), rule=rule, near=known[0] if known else "")


def _version(one: DraftVersion, number: int, start: date, before: Version | None) -> Version:
    """The version as the book holds it; of a change with what it leaves as it was."""
    given: dict[str, Any] = {name: value for name, value in one.params.items() if value is not None}
    exceptions = one.exceptions or ()
    if before is not None:
        gone = {name for name, value in one.params.items() if value is None}
        given = {name: value for name, value in before.params.items() if name not in gone} | given
        exceptions = before.exceptions if one.exceptions is None else one.exceptions
    said = one.model_dump(
        by_alias=True, exclude={"rule", "version", "start", "params", "exceptions", "cases"}
    )  # keys as YAML has them
    return Version(**said, version=number, **{"from": start}, params=given, exceptions=exceptions)


def _given_way(rule: Rule, version: Version) -> Iterator[Version]:
    """The versions of a rule as another one leaves them."""
    for one in rule.versions:
        goes_on = one.end is None or one.end > version.start
        if one.start == version.start:
            continue
        if one.start < version.start and goes_on:
            yield one.ended(version.start)
        else:
            yield one


def _coming_back(before: Version | None, version: Version) -> Iterator[Version]:
    """What was in force before a temporary version, from its end on."""
    if before is None or version.end is None or not version.temporary or version.end <= version.start:
        return
    if before.end is None or version.end < before.end:
        yield before.model_copy(update={"version": version.version + 1, "start": version.end})


def _end(work: _Work, one: RuleEnd, path: tuple[str | int, ...]) -> None:
    """No version of a rule from a day on."""
    rule, day = work.rules.get(one.rule), one.on or work.amendment.effective
    if rule is None:
        work.faults.append(_no_rule(work, one.rule, path))
        return
    if day < work.amendment.effective:
        work.faults.append(_early(work, rule.id, day, work.where(*path, "on")))
    if all(each.end is not None and each.end <= day for each in rule.versions):
        message = tr("rule '{rule}' is not in force on {day} or later: there is nothing to end")
        work.faults.append(fault(message, work.where(*path), rule=rule.id, day=day))
        return
    kept = [
        each.ended(day) if each.end is None or each.end > day else each for each in rule.versions if each.start < day
    ]
    work.rules[rule.id] = rule.model_copy(update={"versions": tuple(kept)})
    work.ended[rule.id] = path


def stretched(book: Rulebook, draft: Overlay, day: date) -> Rulebook:
    """The book as if what an amendment makes of its rules on a day had always been so.

    Rules that the amendment does not touch keep their dated versions.
    """
    touched = {rule for rule, _ in draft.laid} | set(draft.ended)
    kept = [one for one in book.rules if one.id not in touched]
    for rule in draft.book.rules:
        version = in_force_on(rule, day) if rule.id in touched else None
        if version is not None:
            always = version.model_copy(update={"start": date(1970, 1, 2), "end": None, "temporary": False})
            kept.append(rule.model_copy(update={"versions": (always,), "cases": ()}))
    return replace_rules(book, kept)


def replace_rules(book: Rulebook, rules: list[Rule]) -> Rulebook:
    """A book with other rules."""
    return Rulebook(rules=tuple(rules), kk_reviewed=book.kk_reviewed)
