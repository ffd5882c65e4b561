"""Authorisations: a named person answers for closing a period although verifications of instruments have expired."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from zveno.errors import DataError, some_names
from zveno.log import SignedRecord
from zveno.log.canonical import canonical
from zveno.periods import Period
from zveno.quality.overdue import days_of
from zveno.quality.register import Registered

KIND, MATTER = "authorised", "instruments"
ALL = "all"


@dataclass(frozen=True, order=True)
class Lapsed:
    """An instrument without a verification in force for a part of a period, and the last day on which it had one."""

    instrument: str
    valid_until: date


@dataclass(frozen=True)
class Authorisation:
    """What a person has authorised, when, and in which record of the log."""

    record: int
    person: str
    name: str
    at: datetime
    reason: str
    instruments: frozenset[Lapsed]


@dataclass(frozen=True)
class Missing:
    """What no authorisation covers; ``own`` was authorised by the one who draws the period up, which does not count."""

    instruments: tuple[Lapsed, ...]
    own: tuple[Lapsed, ...]


def lapsed(instruments: Iterable[Registered], period: Period) -> tuple[Lapsed, ...]:
    """Instruments that had no verification in force on some day of a period, in the order of their ids."""
    first, end = days_of(period)
    return tuple(sorted(Lapsed(one.id, each.valid_until) for one in instruments for each in one.lapses(first, end)))


def authorisations(records: Iterable[tuple[int, SignedRecord]], period: str) -> tuple[Authorisation, ...]:
    """Authorisations of instruments for a period, in their order."""
    return tuple(
        Authorisation(number, one.person, one.name, one.at, str(one.body["reason"]), _covered(one.body["instruments"]))
        for number, one in records
        if one.kind == KIND and one.body.get("matter") == MATTER and one.body.get("period") == period
    )


def _covered(said: Any) -> frozenset[Lapsed]:
    """Instruments of a body."""
    return frozenset(Lapsed(str(each["id"]), date.fromisoformat(str(each["valid_until"]))) for each in said)


def missing(wanted: Sequence[Lapsed], given: Iterable[Authorisation], drawer: str) -> Missing:
    """What must still be authorised by somebody other than ``drawer``, who draws the period up.

    Examples
    --------
    >>> missing([Lapsed("7", date(2026, 3, 5))], [], "accountant").instruments[0].instrument
    '7'
    """
    listed = list(given)
    others = {one for each in listed if each.person != drawer for one in each.instruments}
    mine = {one for each in listed if each.person == drawer for one in each.instruments}
    left = [one for one in wanted if one not in others]
    return Missing(tuple(one for one in left if one not in mine), tuple(one for one in left if one in mine))


def relied_on(wanted: Sequence[Lapsed], given: Iterable[Authorisation], drawer: str) -> tuple[int, ...]:
    """Records of the log by which others than ``drawer`` answer for one of the instruments."""
    needed = set(wanted)
    return tuple(one.record for one in given if one.person != drawer and one.instruments & needed)


def chosen(wanted: Sequence[Lapsed], names: Sequence[str]) -> tuple[Lapsed, ...]:
    """The instruments that a person names, or ``all``.

    Raises
    ------
    DataError
        If one of them needs no authorisation, or none is named.
    """
    if not wanted:
        raise DataError("the verification of every instrument held all the period: nothing needs to be authorised")
    if not names:
        raise DataError("name the instruments to be authorised, or 'all'")
    if list(names) == [ALL]:
        return tuple(wanted)
    known = {one.instrument for one in wanted}
    strange = [name for name in names if name not in known]
    if strange:
        raise DataError(
            "no verification of these instruments has expired, or they are not in the register: {instruments}",
            instruments=some_names(strange),
        )
    return tuple(one for one in wanted if one.instrument in set(names))


def body(period: str, instruments: Sequence[Lapsed], reason: str) -> dict[str, Any]:
    """What is signed: the instruments with the end of their verifications, and why it is answered for.

    Raises
    ------
    DataError
        If there is no reason in words.
    """
    if not reason.strip():
        raise DataError("an authorisation for {period} needs a reason in words: it is kept for good", period=period)
    said = [{"id": one.instrument, "valid_until": one.valid_until.isoformat()} for one in instruments]
    digest = hashlib.sha256(canonical(said)).hexdigest()
    return {"period": period, "matter": MATTER, "instruments": said, "register": digest, "reason": reason.strip()}
