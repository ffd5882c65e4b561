"""Entries of the ledger: what persons did, in the order they did it, each with the hash of what it says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from zveno.errors import ConflictError, DataError, Phrase
from zveno.log.canonical import canonical as log_form


@dataclass(frozen=True)
class NewEntry:
    """What a person adds to the ledger.

    Parameters
    ----------
    kind
        What is done: ``adjustment``, ``authorisation``, ``approval``, ``close``, ``restatement``, ``stocktake``,
        ``investigation``, ``quarantine``, ``register`` or another word.
    subject
        What it is about: a period (``2026-03``), a point, a lot.
    body
        What it says; anything that JSON can hold.
    person
        Who does it, by id.
    after
        Number of the last entry of the same subject that the person had seen; 0 = there was none. If another one
        came meanwhile, the entry is refused as a conflict. None = no matter what came meanwhile.
    log_number
        Number of the record in the signed log that carries its signature.
    """

    kind: str
    subject: str
    body: Mapping[str, Any]
    person: str
    after: int | None = None
    log_number: int | None = None


@dataclass(frozen=True)
class Entry:
    """An entry as the ledger holds it: never changed, never removed.

    ``id`` numbers the entries from 1 without a gap; ``body_hash`` is the SHA-256 of the body as canonical JSON.
    """

    id: int
    kind: str
    subject: str
    body: Mapping[str, Any] = field(hash=False)
    body_hash: str
    person: str
    after: int | None
    log_number: int | None
    known: datetime


def canonical(body: Mapping[str, Any]) -> str:
    """A body as JSON in one way only, that of the signed log: keys in order, no blanks, letters as they are.

    Raises
    ------
    DataError
        If JSON cannot hold it.

    Examples
    --------
    >>> canonical({"b": 1, "a": "ә"})
    '{"a":"ә","b":1}'
    """
    try:
        return log_form(body).decode()
    except DataError as error:
        problem = error.faults[0].fields["problem"]
        raise DataError("an entry of the ledger cannot be written as JSON: {problem}", problem=problem) from error


def body_hash(text: str) -> str:
    """SHA-256 of a canonical body."""
    return hashlib.sha256(text.encode()).hexdigest()


def numbered(wanted: Sequence[NewEntry], last: int, known: datetime) -> list[Entry]:
    """New entries with their numbers, after the last one of the ledger."""
    made = []
    for number, one in enumerate(wanted, last + 1):
        text = canonical(one.body)
        body = json.loads(text)
        made.append(
            Entry(number, one.kind, one.subject, body, body_hash(text), one.person, one.after, one.log_number, known)
        )
    return made


def require_whole(wanted: Sequence[NewEntry]) -> None:
    """Refuse entries without kind, subject or person, or that JSON cannot hold, before anything is written."""
    for one in wanted:
        canonical(one.body)
        if not all(word and "\0" not in word for word in (one.kind, one.subject, one.person)):
            raise DataError("an entry of the ledger needs a kind, a subject and a person")


def kept_before(
    wanted: Sequence[NewEntry],
    since: Callable[[str, int], Sequence[Entry]],
    together: Callable[[Entry], Sequence[Entry]],
) -> Sequence[Entry]:
    """Entries that the same call kept before (its answer had been lost), or none if all are new.

    Parameters
    ----------
    wanted
        Entries of one call.
    since
        Entries of a subject from the number given on.
    together
        Entries that were kept in the same transaction as the one given.

    Raises
    ------
    ConflictError
        If an entry names a predecessor after which another one came.
    DataError
        If it names one that is not about its subject.
    """
    for one in wanted:
        if one.after is None:
            continue
        seen = since(one.subject, one.after)
        if one.after and (not seen or seen[0].id != one.after):
            raise DataError(
                "entry {number} of the ledger is not about '{subject}'", number=one.after, subject=one.subject
            )
        newer = seen[1:] if one.after else seen
        if newer:
            same = together(newer[0])
            if [_identity(each) for each in same] == [_identity(each) for each in wanted]:
                return same
            raise _conflict(one, newer)
    return ()


def _identity(one: NewEntry | Entry) -> tuple[object, ...]:
    """What makes two entries the same act of the same person."""
    return one.kind, one.subject, one.person, one.after, canonical(one.body)


def _conflict(ours: NewEntry, newer: Sequence[Entry]) -> ConflictError:
    """Both versions, and where they differ."""
    theirs = next((one for one in reversed(newer) if one.kind == ours.kind), newer[-1])
    different = tuple(
        Phrase("{key}: {theirs} there, {ours} here", {"key": key, "theirs": _shown(left), "ours": _shown(right)})
        for key, left, right in differences(theirs.body, ours.body)
    )
    return ConflictError(
        "'{subject}' was changed meanwhile: {person} kept entry {number} ({kind}) at {known} UTC. Yours was not kept; "
        "look at both and enter it anew. Different: {different}",
        versions=(ours, *newer),
        subject=ours.subject,
        person=theirs.person,
        number=theirs.id,
        kind=theirs.kind,
        known=f"{theirs.known:%Y-%m-%d %H:%M:%S}",
        different=different or (Phrase("nothing, both say the same"),),
    )


def differences(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Places at which two bodies differ, with both values; None where one has no such place.

    Examples
    --------
    >>> differences({"mass_t": 5, "why": {"lot": "a"}}, {"mass_t": 6, "why": {"lot": "a"}})
    [('mass_t', 5, 6)]
    """
    left, right = dict(_leaves(theirs)), dict(_leaves(ours))
    keys = dict.fromkeys([*left, *right])
    return [(key, left.get(key), right.get(key)) for key in keys if left.get(key) != right.get(key)]


def _leaves(body: Any, place: str = "") -> list[tuple[str, Any]]:
    """Values of a body by their places: ``why.lot``, ``lines.2.mass_t``."""
    if isinstance(body, Mapping):
        parts: Sequence[tuple[Any, Any]] = list(body.items())
    elif isinstance(body, (list, tuple)):
        parts = list(enumerate(body, 1))
    else:
        return [(place, body)]
    return [leaf for key, one in parts for leaf in _leaves(one, f"{place}.{key}" if place else str(key))]


def _shown(value: Any) -> str:
    """A value in a message; a dash where there is none."""
    return "–" if value is None else str(value)
