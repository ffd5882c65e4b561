"""An inspector's export: texts of rules, checks and drafts in an archive, held against what was signed."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from zveno.errors import fault
from zveno.log.archive import ARCHIVED
from zveno.log.findings import Finding
from zveno.log.records import SignedRecord

EXPORT = "rules"
"""What the record of an archive says that it is of: ``export``."""
CHECKS, AMENDMENTS, ADOPTED_BOOK, ANSWERS = "rules/checks/", "rules/amendments/", "rules/adopted/", "answers/"
BREACHES, BOOK = "breaches.csv", "rulebook.jsonl"
FOUND = "breaches_found"
Read = Callable[[str], bytes]


@dataclass(frozen=True)
class Check:
    """A check whose outcome a person has signed: its record, its breaches and the texts that they were judged by."""

    number: int
    record: SignedRecord
    breaches: int
    texts: int


@dataclass(frozen=True)
class Inspected:
    """What an inspector's export holds, every piece bound by a signature in its log."""

    period: str
    checks: tuple[Check, ...]
    amendments: tuple[int, ...]


def inspected(
    records: Sequence[SignedRecord], hashes: Mapping[str, str], read: Read
) -> tuple[Inspected | None, list[Finding]]:
    """What a sound archive holds as an inspector's export, and what in it nobody has signed for.

    Parameters
    ----------
    hashes
        SHA-256 of the files by name.
    read
        Bytes of a file by name.
    """
    last = records[-1] if records else None
    if last is None or last.kind != ARCHIVED or last.body.get("export") != EXPORT:
        return None, []
    findings: list[Finding] = []
    checks = []
    for number in _numbers(hashes, CHECKS):
        folder = f"{CHECKS}{number}/"
        found = _bound(records, number, FOUND, hashes, folder)
        findings += found
        if found:
            continue
        texts = {sha256(line).hexdigest() for line in read(folder + BOOK).splitlines()}
        rows = list(csv.DictReader(io.StringIO(read(folder + BREACHES).decode("utf-8"))))
        findings += [_unknown_text(row, folder, number) for row in rows if row.get("rule_hash") not in texts]
        checks.append(Check(number, records[number], len(rows), len(texts)))
    amendments = _numbers(hashes, AMENDMENTS)
    for number in amendments:
        findings += _bound(records, number, "rules_proposed", hashes, f"{AMENDMENTS}{number}/")
    for number in _numbers(hashes, ADOPTED_BOOK):
        findings += _bound(records, number, "rules_adopted", hashes, f"{ADOPTED_BOOK}{number}/")
    for number in _numbers(hashes, ANSWERS):
        findings += _bound(records, number, "", hashes, f"{ANSWERS}{number}/")
    return Inspected(str(last.body.get("period", "")), tuple(checks), tuple(amendments)), findings


def _numbers(hashes: Mapping[str, str], folder: str) -> list[int]:
    """Numbers of records that have files in a folder."""
    names = {name.removeprefix(folder).partition("/")[0] for name in hashes if name.startswith(folder)}
    return sorted(int(one) for one in names if one.isdigit())


def _bound(
    records: Sequence[SignedRecord], number: int, kind: str, hashes: Mapping[str, str], folder: str
) -> list[Finding]:
    """Whether all that a record (of a kind, if one is given) is bound to is there, and nothing else."""
    record = records[number] if number < len(records) else None
    if record is None or (kind and record.kind != kind):
        told = fault("'{folder}' is of record {number}, which is no such record", folder=folder, number=number)
        return [Finding("unsigned", told, record=number)]
    found = {name.removeprefix(folder): one for name, one in hashes.items() if name.startswith(folder)}
    if found == dict(record.bound):
        return []
    wrong = sorted({name for name in {*found, *record.bound} if found.get(name) != record.bound.get(name)})
    told = fault(
        "what stands in '{folder}' is not what record {number} was signed for: {names}",
        folder=folder, number=number, names=", ".join(wrong),
    )  # fmt: skip
    return [Finding("unsigned", told, record=number)]


def _unknown_text(row: Mapping[str, str], folder: str, number: int) -> Finding:
    told = fault(
        "a breach of rule '{rule}' in '{folder}' names a text that is not among those signed for",
        rule=row.get("rule", ""), folder=folder,
    )  # fmt: skip
    return Finding("unsigned", told, record=number)
