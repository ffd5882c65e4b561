"""The life of a breach, told by what persons signed and by nothing else.

Found, on duty, notified, acknowledged, replied, cause confirmed, action, closed. It can be voided, and
opened again. An act that the process does not allow (a cause ``operator`` before the reply or the end of its term, a
person who judges the own breach) changes nothing and is listed as void.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from zveno.duty import acts
from zveno.duty.acts import CAUSES
from zveno.duty.breach import Action, Breach, Change, Confirmed, Notice, Said, Void
from zveno.duty.found import Judged
from zveno.duty.terms import Clock
from zveno.errors import DataError, Fault, fault
from zveno.log import Signed, SignedRecord


def breaches(records: Iterable[tuple[int, SignedRecord]], clock: Clock) -> dict[str, Breach]:
    """Every breach that was ever entered, by its id, from the records of the log in their order."""
    found: dict[str, Breach] = {}
    for number, one in records:
        if one.kind == acts.ENTERED:
            _entered(found, number, one)
        elif one.kind in _STEPS and one.body.get("of") in found:
            of = str(one.body["of"])
            found[of] = after(found[of], number, one, clock)
    return found


def after(before: Breach, number: int, one: SignedRecord, clock: Clock) -> Breach:
    """A breach after one more act; an act that is not allowed is only noted."""
    said = MappingProxyType({**one.body, "bound": one.bound})
    refused = objection(before, one.kind, said, one.person, one.at, clock=clock)
    if refused is not None:
        return replace(before, void_acts=(*before.void_acts, (number, refused)))
    return _STEPS[one.kind](before, Signed.of(number, one), said)


def require(before: Breach, kind: str, said: Mapping[str, Any], person: str, at: datetime, *, clock: Clock) -> None:
    """Refuse an act that the process does not allow, before it is signed.

    Raises
    ------
    DataError
        If so.
    """
    refused = objection(before, kind, said, person, at, clock=clock)
    if refused is not None:
        raise DataError([refused])


# ---- what is allowed -------------------------------------------------------------------------------------------------


def objection(
    one: Breach, kind: str, said: Mapping[str, Any], person: str, at: datetime, *, clock: Clock
) -> Fault | None:
    """Why an act on a breach counts for nothing; None where it does."""
    if one.gone:
        return fault("breach {id} is no longer found by the rules: nothing follows from it", id=one.id)
    if kind == acts.REOPENED:
        return None if one.voided else fault("breach {id} is not voided", id=one.id)
    if one.voided is not None:
        return fault("breach {id} is voided (record {record})", id=one.id, record=one.voided.signed.record)
    if one.closed is not None:
        return fault("breach {id} is closed (record {record})", id=one.id, record=one.closed.record)
    if kind in _BY_OTHERS and person in one.parties:
        return fault("'{person}' was on duty when {id} happened: another person must do this", person=person, id=one.id)
    return _CHECKS[kind](one, said, person, at, clock) if kind in _CHECKS else None


_BY_OTHERS = {acts.CAUSE, acts.DECIDED, acts.CLOSED, acts.VOIDED}


def _party_objection(one: Breach, said: Mapping[str, Any], person: str, at: datetime, clock: Clock) -> Fault | None:
    """Words of a party come from that party: from the person, or, where the roster names a role, from anybody on it."""
    del at, clock
    party = str(said.get("party", ""))
    if party not in one.parties:
        return fault("'{party}' was not on duty when {id} happened: {parties} were", party=party, id=one.id,
                     parties=", ".join(one.parties))  # fmt: skip
    if party != person and _is_named(one, party):
        return fault("only '{party}' can say this: '{person}' cannot", party=party, person=person)
    return None


def _is_named(one: Breach, party: str) -> bool:
    return any(each["person"] == party and each["how"] in ("post", "substitute", "deputy") for each in one.judged.parts)


def _notice_objection(one: Breach, said: Mapping[str, Any], person: str, at: datetime, clock: Clock) -> Fault | None:
    del person, at, clock
    party, level = str(said.get("party", "")), int(said.get("level", 0))
    if level == 0 and party not in one.parties:
        return fault("'{party}' was not on duty when {id} happened: {parties} were", party=party, id=one.id,
                     parties=", ".join(one.parties))  # fmt: skip
    if level == 0 and one.notified_at(party) is not None:
        return fault("'{party}' was told of {id} before", party=party, id=one.id)
    return None


def _cause_objection(one: Breach, said: Mapping[str, Any], person: str, at: datetime, clock: Clock) -> Fault | None:
    """Nobody is found to be the cause unheard: not before the reply, or before the term for it has ended."""
    del person
    if one.causes:
        return fault("the cause of {id} is confirmed already: those on duty may appeal", id=one.id)
    return _wrong_cause(one, said) or _unheard(one, said, at, clock)


def _wrong_cause(one: Breach, said: Mapping[str, Any]) -> Fault | None:
    if said.get("cause") not in CAUSES:
        return fault("'{cause}' is no cause: choose among {causes}", cause=said.get("cause"), causes=", ".join(CAUSES))
    strangers = [each for each in said.get("parties", ()) if each not in one.parties]
    if strangers:
        return fault("'{party}' was not on duty when {id} happened: {parties} were", party=strangers[0], id=one.id,
                     parties=", ".join(one.parties))  # fmt: skip
    return None


def _unheard(one: Breach, said: Mapping[str, Any], at: datetime, clock: Clock) -> Fault | None:
    if said.get("cause") != "operator":
        return None
    for party in said.get("parties") or one.parties:
        told = one.notified_at(party)
        if one.replied(party):
            continue
        if told is None:
            return fault("'{party}' was not told of {id} yet and has a right of reply", party=party, id=one.id)
        if at < clock.reply_until(one.judged, told):
            return fault(
                "'{party}' has a right of reply to {id} until {until}: until then the cause cannot be 'operator'",
                party=party, id=one.id, until=f"{clock.reply_until(one.judged, told):%Y-%m-%d %H:%M}",
            )  # fmt: skip
    return None


def _appeal_objection(one: Breach, said: Mapping[str, Any], person: str, at: datetime, clock: Clock) -> Fault | None:
    if one.cause is None or one.appealed:
        return fault("there is no cause of {id} to appeal against", id=one.id)
    if len(one.causes) > 1:
        return fault("the appeal of {id} is decided: it is the last one", id=one.id)
    until = clock.appeal_until(one.judged, one.cause.signed.at)
    if at >= until:
        return fault("the term for an appeal of {id} ended on {until}", id=one.id, until=f"{until:%Y-%m-%d %H:%M}")
    return _party_objection(one, said, person, at, clock)


def _decision_objection(one: Breach, said: Mapping[str, Any], person: str, at: datetime, clock: Clock) -> Fault | None:
    if not one.appealed or one.cause is None:
        return fault("no appeal of {id} waits for a decision", id=one.id)
    if person == one.cause.signed.person:
        return fault("'{person}' has confirmed the cause of {id}: another person decides on the appeal", person=person,
                     id=one.id)  # fmt: skip
    return _wrong_cause(one, said) or _unheard(one, said, at, clock)


def _done_objection(one: Breach, said: Mapping[str, Any], person: str, at: datetime, clock: Clock) -> Fault | None:
    del at, clock
    action = next((each for each in one.actions if each.signed.record == said.get("action")), None)
    if action is None or action.done is not None:
        return fault("record {number} is no open action of {id}", number=said.get("action"), id=one.id)
    if person != action.owner:
        return fault("'{owner}' says what was done, not '{person}'", owner=action.owner, person=person)
    return None


def _void_objection(one: Breach, said: Mapping[str, Any], person: str, at: datetime, clock: Clock) -> Fault | None:
    """An instrument is said to be at fault by a balance, not by a person alone."""
    del person, at, clock
    if said.get("evidence", {}).get("key"):
        return None
    return fault("what voids {id} must be what a balance says: zveno breach proposals", id=one.id)


def _close_objection(one: Breach, said: Mapping[str, Any], person: str, at: datetime, clock: Clock) -> Fault | None:
    del said
    if one.cause is None:
        return fault("the cause of {id} is not confirmed yet", id=one.id)
    if one.appealed:
        return fault("an appeal of {id} waits for a decision", id=one.id)
    until = clock.appeal_until(one.judged, one.cause.signed.at)
    if one.cause.cause == "operator" and len(one.causes) == 1 and at < until:
        return fault("{id} may be appealed until {until}", id=one.id, until=f"{until:%Y-%m-%d %H:%M}")
    still = [each for each in one.actions if each.done is None]
    if still:
        return fault("action {number} of {id} is not done: '{owner}' says so", number=still[0].signed.record, id=one.id,
                     owner=still[0].owner)  # fmt: skip
    if person in [each.owner for each in one.actions]:
        return fault("'{person}' has done an action of {id}: another person closes it", person=person, id=one.id)
    return None


_CHECKS: Mapping[str, Callable[[Breach, Mapping[str, Any], str, datetime, Clock], Fault | None]] = MappingProxyType(
    {
        acts.NOTIFIED: _notice_objection,
        acts.ACKNOWLEDGED: _party_objection,
        acts.REPLIED: _party_objection,
        acts.CAUSE: _cause_objection,
        acts.APPEALED: _appeal_objection,
        acts.DECIDED: _decision_objection,
        acts.DONE: _done_objection,
        acts.CLOSED: _close_objection,
        acts.VOIDED: _void_objection,
    }
)


# ---- what follows ----------------------------------------------------------------------------------------------------


def _entered(found: dict[str, Breach], number: int, one: SignedRecord) -> None:
    """Breaches that came, changed, went and came back when the readings were judged."""
    signed = Signed.of(number, one)
    for id_, said in one.body.get("new", {}).items():
        if id_ not in found:
            found[id_] = Breach(id_, signed, Judged.read(said))
    for id_, said in one.body.get("changed", {}).items():
        if id_ in found:
            before, now = found[id_], Judged.read(said)
            change = Change(signed, before.judged, now)
            found[id_] = replace(before, judged=now, gone=False, changes=(*before.changes, change))
    for id_ in one.body.get("gone", ()):
        if id_ in found and not found[id_].gone:
            before = found[id_]
            found[id_] = replace(before, gone=True, changes=(*before.changes, Change(signed, before.judged, None)))


def _party(signed: Signed, said: Mapping[str, Any]) -> Said:
    return Said(signed, str(said["party"]), str(said.get("text", "")), said.get("bound", {}))


def _confirmed(signed: Signed, said: Mapping[str, Any]) -> Confirmed:
    return Confirmed(signed, str(said["cause"]), str(said.get("text", "")), tuple(said.get("parties", ())))


def _did(one: Breach, signed: Signed, said: Mapping[str, Any]) -> Breach:
    actions = tuple(
        replace(each, done=signed, outcome=str(said.get("text", ""))) if each.signed.record == said["action"] else each
        for each in one.actions
    )
    return replace(one, actions=actions)


def _again(one: Breach, signed: Signed, said: Mapping[str, Any]) -> Breach:
    last = replace(one.voids[-1], reopened=signed, reopened_because=str(said.get("reason", "")))
    return replace(one, voids=(*one.voids[:-1], last))


_STEPS: Mapping[str, Callable[[Breach, Signed, Mapping[str, Any]], Breach]] = MappingProxyType(
    {
        acts.NOTIFIED: lambda one, signed, said: replace(
            one, notices=(*one.notices, Notice(signed, str(said["party"]), int(said.get("level", 0))))
        ),
        acts.ACKNOWLEDGED: lambda one, signed, said: replace(
            one, acknowledged=(*one.acknowledged, _party(signed, said))
        ),
        acts.REPLIED: lambda one, signed, said: replace(one, replies=(*one.replies, _party(signed, said))),
        acts.CAUSE: lambda one, signed, said: replace(one, causes=(*one.causes, _confirmed(signed, said))),
        acts.APPEALED: lambda one, signed, said: replace(one, appeals=(*one.appeals, _party(signed, said))),
        acts.DECIDED: lambda one, signed, said: replace(one, causes=(*one.causes, _confirmed(signed, said))),
        acts.ACTION: lambda one, signed, said: replace(
            one,
            actions=(
                *one.actions,
                Action(signed, str(said["text"]), str(said["owner"]), date.fromisoformat(str(said["due"]))),
            ),
        ),
        acts.DONE: _did,
        acts.CLOSED: lambda one, signed, _: replace(one, closed=signed),
        acts.VOIDED: lambda one, signed, said: replace(
            one, voids=(*one.voids, Void(signed, str(said.get("reason", "")), said.get("evidence", {})))
        ),
        acts.REOPENED: _again,
    }
)
