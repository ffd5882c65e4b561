"""What differs between two rulebooks, each on a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from zveno.model.overlay import in_force_on
from zveno.model.rulebook import Rule, Rulebook, Version

Change = Literal["added", "ended", "changed"]


@dataclass(frozen=True)
class InForce:
    """A rule with the version of it that is in force."""

    rule: Rule
    version: Version

    @property
    def hash(self) -> str:
        """SHA-256 of the text in force."""
        return self.rule.hash_of(self.version)


@dataclass(frozen=True)
class Difference:
    """A rule that is not the same in two books.

    Parameters
    ----------
    fields
        What differs, key by key: before and after; None where there is nothing.
    """

    rule: str
    change: Change
    before: InForce | None
    after: InForce | None
    fields: tuple[tuple[str, Any, Any], ...] = ()


def rules_on(book: Rulebook, day: date) -> dict[str, InForce]:
    """The rules in force on a day, by id."""
    found = ((one, in_force_on(one, day)) for one in book.rules)
    return {one.id: InForce(one, version) for one, version in found if version is not None}


def differences(before: Mapping[str, InForce], after: Mapping[str, InForce]) -> tuple[Difference, ...]:
    """Rules that are not the same, in order of id; the number of a version alone is no difference."""
    found = []
    for rule in sorted({*before, *after}):
        old, new = before.get(rule), after.get(rule)
        if old is None or new is None:
            found.append(Difference(rule, "added" if old is None else "ended", old, new))
        elif fields := _fields(old, new):
            found.append(Difference(rule, "changed", old, new, fields))
    return tuple(found)


def _fields(old: InForce, new: InForce) -> tuple[tuple[str, Any, Any], ...]:
    """Keys that differ, inner ones of parameters and texts one by one."""
    first, second = _flat(old), _flat(new)
    keys = [*first, *(one for one in second if one not in first)]
    return tuple(
        (key, first.get(key), second.get(key)) for key in keys
        if first.get(key) != second.get(key) and key not in ("version", "from", "to", "temporary")
    )  # fmt: skip


def _flat(one: InForce) -> dict[str, Any]:
    """Everything that a version says, by key."""
    said = one.rule.text_of(one.version)
    flat: dict[str, Any] = {}
    for key, value in {**said["rule"], **said["version"]}.items():
        if key in ("params", "text", "acts_on") and isinstance(value, dict):
            flat |= {f"{key}.{inner}": each for inner, each in value.items()}
        else:
            flat[key] = value
    return flat
