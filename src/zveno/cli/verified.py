"""Shows persons, and what a verification found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zveno.cli.screen import Screen
from zveno.log import (
    ROLES,
    ClosedVersion,
    Finding,
    Inspected,
    Log,
    Person,
    Register,
    SignedRecord,
    Verified,
    Witnessed,
    fingerprint,
    stamp,
    verify_store,
)
from zveno.text.mark import tr

WRONG = 1
"""Exit code of a verification that found something."""


def show_persons(screen: Screen, register: Register, *, as_json: bool) -> None:
    """Persons with their roles, authority and keys."""
    if as_json:
        screen.json([_said(one) for one in register.persons.values()])
        return
    if not register.persons:
        screen.say(tr("nobody is entered yet: begin with zveno person add ID --name NAME --role registrar"))
        return
    head = (tr("id"), tr("name"), tr("roles"), tr("valid from"), tr("valid to"), tr("key"), tr("state"))
    screen.table(head, [_row(screen, one) for one in register.persons.values()])


def show_verified(screen: Screen, found: Verified, *, keys_given: bool, listed: bool, as_json: bool) -> int:
    """What an archive holds and what is wrong with it; the exit code."""
    if as_json:
        screen.json({**_findings(screen, found.findings), **_told(found)})
        return 0 if found.sound else WRONG
    if listed:
        _show_records(screen, found.records)
    _show_findings(screen, found.findings)
    if not found.sound:
        return WRONG
    if found.holds == "backup":
        screen.say(
            tr("sound: a backup with {files} files; nobody signs for a backup as a whole"), files=len(found.files)
        )
        return 0
    screen.say(
        tr("sound: {files} files and {records} signed records, every byte as it was signed"),
        files=len(found.files),
        records=len(found.records),
    )
    for version in found.closed:
        _show_version(screen, version)
    if found.inspected is not None:
        _show_inspected(screen, found.inspected)
    show_witnessed(screen, found.witnessed)
    if found.record is not None and found.head is not None:
        screen.line(stamp(found.record, screen.lang))
        screen.say(tr("head of the log: {head}; note it: a later archive must agree with it"), head=found.head.head)
    if not keys_given and found.records and found.records[0] is not None:
        screen.say(
            tr("the keys are those in the archive itself: compare {key}, or verify with --key, to know who signed"),
            key=fingerprint(found.records[0].key),
        )
    return 0


def _show_version(screen: Screen, version: ClosedVersion) -> None:
    """A version of a closed period with its signatures."""
    state = tr("closed") if version.approved is not None else tr("a draft")
    screen.say(
        tr("{period}, version {number}: {state}, byte for byte what was signed:"),
        period=version.period, number=version.number, state=screen.text(state),
    )  # fmt: skip
    for one in (version.drawn, version.approved):
        if one is not None:
            screen.line(f"  {stamp(one, screen.lang)}")


def show_witnessed(screen: Screen, witnessed: Sequence[Witnessed]) -> None:
    """Heads that outside parties have signed."""
    for one in witnessed:
        screen.say(
            tr("head {size} ({root}) is witnessed by {name} on {at:%Y-%m-%d %H:%M %z}, key {key}"),
            size=one.head.size, root=one.head.root.hex()[:16], name=one.name, at=one.at, key=fingerprint(one.key),
        )  # fmt: skip


def show_head(screen: Screen, log: Log, witnessed: Sequence[Witnessed], *, as_json: bool) -> None:
    """The head of a log, and those that were witnessed."""
    if as_json:
        screen.json({"head": str(log.head), "witnessed": [_statement(one) for one in witnessed]})
        return
    screen.say(tr("head of the log: {head}; note it: a later archive must agree with it"), head=log.head)
    show_witnessed(screen, witnessed)
    seen = max((one.head.size for one in witnessed), default=0)
    if seen < log.head.size:
        screen.say(tr("not witnessed yet: the last {n} of {size} records"), n=log.head.size - seen, size=log.head.size)


def _show_inspected(screen: Screen, found: Inspected) -> None:
    """What an inspector's export holds, each check with who signed for it."""
    for one in found.checks:
        screen.say(
            tr("check of {period} (record {number}), as it was signed: breaches {breaches}, texts of rules {texts}"),
            period=one.record.body.get("period", ""), number=one.number, breaches=one.breaches, texts=one.texts,
        )  # fmt: skip
        screen.line(f"  {stamp(one.record, screen.lang)}")
    if found.amendments:
        screen.say(
            tr("drafts of amendments, as they were signed: {numbers}"), numbers=", ".join(map(str, found.amendments))
        )


def show_live_log(screen: Screen, log: Log, statements: Sequence[Witnessed], *, listed: bool, as_json: bool) -> int:
    """What is wrong with the log of a store; the exit code."""
    findings, witnessed = verify_store(log, statements)
    if listed and not findings:
        _show_records(screen, log.records)
    if as_json:
        screen.json({**_findings(screen, findings), "witnessed": [_statement(one) for one in witnessed]})
    elif findings:
        _show_findings(screen, findings)
    else:
        screen.say(tr("sound: {records} signed records"), records=len(log.records))
        screen.say(tr("head of the log: {head}; note it: a later archive must agree with it"), head=log.head)
        show_witnessed(screen, witnessed)
    return WRONG if findings else 0


def _show_records(screen: Screen, records: Sequence[SignedRecord | None]) -> None:
    """Every record by number and kind, with its signature as it is printed."""
    for number, one in enumerate(records):
        said = "–" if one is None else f"{one.kind}  {stamp(one, screen.lang)}"
        screen.line(f"{number:>5}  {said}")


def _show_findings(screen: Screen, findings: Sequence[Finding]) -> None:
    for one in findings:
        screen.line(screen.text.fault(one.fault))


def _findings(screen: Screen, findings: Sequence[Finding]) -> dict[str, Any]:
    return {
        "sound": not findings,
        "findings": [
            {
                "kind": one.kind,
                "member": one.member,
                "start": one.start,
                "end": one.end,
                "record": one.record,
                "text": screen.text.fault(one.fault),
            }
            for one in findings
        ],
    }


def _told(found: Verified) -> dict[str, Any]:
    return {
        "holds": found.holds,
        "files": list(found.files),
        "records": [_record(one) for one in found.records],
        "head": str(found.head.head) if found.head is not None else None,
        "closed": [
            {
                "period": one.period,
                "version": one.number,
                "drawn": _record(one.drawn),
                "approved": _record(one.approved),
            }
            for one in found.closed
        ],
        "witnessed": [_statement(one) for one in found.witnessed],
        "inspected": found.inspected
        and {
            "period": found.inspected.period,
            "checks": [
                {"record": one.number, "breaches": one.breaches, "texts": one.texts} for one in found.inspected.checks
            ],
            "amendments": list(found.inspected.amendments),
        },
    }


def _statement(one: Witnessed) -> dict[str, Any]:
    return {"head": str(one.head), "at": one.at, "name": one.name, "key": fingerprint(one.key)}


def _record(record: SignedRecord | None) -> dict[str, Any] | None:
    return None if record is None else record.said()


def _row(screen: Screen, person: Person) -> list[str]:
    key = person.keys[-1]
    return [
        person.id,
        person.name,
        ", ".join(screen.text(ROLES[one]) for one in person.roles),
        str(person.valid_from),
        str(person.valid_to or ""),
        fingerprint(key.public),
        screen.text(_state(key.ended)),
    ]


def _state(ended: str) -> str:
    return tr("revoked") if ended == "revoked" else tr("in use")


def _said(person: Person) -> dict[str, Any]:
    keys = [
        {
            "public_key": one.public.hex(),
            "fingerprint": fingerprint(one.public),
            "since_record": one.since,
            "until_record": one.until,
            "ended": one.ended,
            "reason": one.reason,
        }
        for one in person.keys
    ]
    return {
        "id": person.id,
        "name": person.name,
        "roles": list(person.roles),
        "valid_from": person.valid_from,
        "valid_to": person.valid_to,
        "keys": keys,
    }
