"""A closed period in an archive: the file of its version against the records by which two persons closed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zveno.errors import fault
from zveno.log.archive import ARCHIVED, ENTRIES
from zveno.log.findings import Finding
from zveno.log.records import SignedRecord

VERSION = "version.zip"
VERSIONS = "period/versions/"
"""Where the versions of a period lie among the files of an archive: ``1.zip``, ``2.zip`` and so on."""
_DRAWN, _APPROVED = ("provisional", "restated"), ("closed", "restatement_approved")


@dataclass(frozen=True)
class ClosedVersion:
    """A version of a period with the records that made it; ``approved`` is None for a draft."""

    period: str
    number: int
    drawn: SignedRecord
    approved: SignedRecord | None


def closed_versions(
    records: Sequence[SignedRecord], hashes: Mapping[str, str]
) -> tuple[tuple[ClosedVersion, ...], list[Finding]]:
    """Versions in an archive, by number, and what is wrong with them.

    Parameters
    ----------
    hashes
        SHA-256 of the files by name.
    """
    period = str(records[-1].body.get("period", "")) if records and records[-1].kind == ARCHIVED else ""
    found: list[ClosedVersion] = []
    findings: list[Finding] = []
    held = {name: one for name, one in hashes.items() if name.startswith(VERSIONS)}
    for name in sorted(held, key=lambda one: (len(one), one)):
        number = name.removeprefix(VERSIONS).removesuffix(".zip")
        drawn = _signed(records, period, held[name], _DRAWN)
        if drawn is None or not number.isdigit():
            told = fault("'{name}' is no version that anybody has drawn up in {period}", name=name, period=period)
            findings.append(Finding("unsigned", told, ENTRIES))
            continue
        at, one = drawn
        approved = _approval(records, at, held[name])
        if approved is not None and approved.person == one.person:
            told = fault("version {number} of {period} was drawn up and approved by one person, '{person}'",
                         number=int(number), period=period, person=one.person)  # fmt: skip
            findings.append(Finding("unlawful", told, ENTRIES, record=at))
        found.append(ClosedVersion(period, int(number), one, approved))
    return tuple(found), findings


def _signed(
    records: Sequence[SignedRecord], period: str, content: str, kinds: Sequence[str]
) -> tuple[int, SignedRecord] | None:
    """The last record of some kinds that is bound to a file."""
    found = [
        (number, one) for number, one in enumerate(records)
        if one.kind in kinds and one.bound.get(VERSION) == content and one.body.get("period") == period
    ]  # fmt: skip
    return found[-1] if found else None


def _approval(records: Sequence[SignedRecord], drawn: int, content: str) -> SignedRecord | None:
    """The first record that approves what another one drew up."""
    return next(
        (one for one in records
         if one.kind in _APPROVED and one.body.get("of") == drawn and one.bound.get(VERSION) == content),
        None,
    )  # fmt: skip
