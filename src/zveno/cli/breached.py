"""How breaches and what follows from them are shown on a screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from zveno.chain import ChainModel
from zveno.chain.answering import Answering, Review, Standing
from zveno.cli.screen import Screen
from zveno.duty.breach import Breach
from zveno.duty.found import FACTS, Judged, version_on
from zveno.duty.instruments import VoidProposal
from zveno.log import Signed
from zveno.model.worktime import plant_time
from zveno.reports.parts.discipline import shift_words
from zveno.text.mark import tr

STATES = {
    "found": tr("found, not entered"),
    "entered": tr("entered"),
    "notified": tr("those on duty are told"),
    "acknowledged": tr("acknowledged"),
    "replied": tr("replied to"),
    "cause": tr("cause confirmed"),
    "appealed": tr("appealed"),
    "action": tr("action ordered"),
    "closed": tr("closed"),
    "voided": tr("voided: the instrument was at fault"),
    "gone": tr("no longer found"),
}
CAUSES = {
    "equipment": tr("equipment"),
    "ore": tr("ore"),
    "order": tr("order from above"),
    "operator": tr("operator"),
    "instrument": tr("instrument"),
    "rule": tr("the rule itself"),
    "void": tr("voided"),
    "open": tr("not confirmed yet"),
}
STEPS = {
    "notify": tr("to be told"),
    "acknowledge": tr("to acknowledge"),
    "cause": tr("cause to be confirmed"),
    "appeal": tr("appeal to be decided"),
    "action": tr("action to be done"),
    "close": tr("to be closed"),
}
HOW = {
    "post": "",
    "substitute": tr("in place of {other}"),
    "deputy": tr("as deputy of {other}"),
    "role": tr("the roster names nobody"),
    "nobody": tr("nobody stood in for {other}"),
}
_CHANGED = {
    "version": tr("version"), "start": tr("start"), "end": tr("end"), "open": tr("still open"), "peak": tr("peak"),
    "limit": tr("limit"), "surety": tr("how sure"), "rule_hash": tr("text"), "shift": tr("shift"),
    "duration_h": tr("hours"), "role": tr("role"), "severity": tr("severity"), "unit": tr("unit"),
}  # fmt: skip


class BreachedAnswers(Screen):
    """A screen that knows how breaches are answered for."""

    # ---- a period ----------------------------------------------------------------------------------------------------

    def breaches_of(
        self, answering: Answering, review: Review, now: datetime, *, late: bool = False, as_json: bool = False
    ) -> None:
        """Breaches of a period, a line for each part that somebody was on duty in."""
        model = answering.closing.chain.model
        entered = answering.all()
        ids = dict(review.compared.same)
        ids |= {id_: after for id_, _, after in review.compared.changed} | dict(review.new)
        ids |= {id_: entered[id_].judged for id_ in review.unjudged}
        standing = {id_: answering.standing(entered[id_], now) for id_ in ids if id_ in entered}
        if late:
            ids = {id_: one for id_, one in ids.items() if id_ in standing and standing[id_].raised}
        if as_json:
            self.json(self._review_plain(review, ids, standing))
            return
        rows = [
            row
            for id_, one in sorted(ids.items(), key=lambda pair: (pair[1].start, pair[0]))
            for row in self._rows(model, id_, one, standing.get(id_))
        ]
        if rows:
            head = [tr("breach"), tr("tag"), tr("shift"), tr("on duty"), tr("from"), tr("to"), tr("state")]
            self.table(head, rows)
        else:
            self.say(tr("breaches: none"))
        self._differences(answering, review)

    def _rows(self, model: ChainModel, id_: str, one: Judged, standing: Standing | None) -> list[list[str]]:
        """A breach, with a line for each part after the first."""
        found = []
        for k, part in enumerate(one.parts):
            start, end = (self._local(model, one, part[name]) for name in ("start", "end"))
            end = self.text(tr("still open")) if one.facts["open"] and k == len(one.parts) - 1 else end
            first = [id_, model.title(one.facts["tag"], self.lang)] if k == 0 else ["", ""]
            state = self._state(standing) if k == 0 else ""
            found.append(
                [*first, shift_words(model, part["shift"], self.text), self.person(model, part), start, end, state]
            )
        return found

    def _state(self, standing: Standing | None) -> str:
        if standing is None:
            return self.text(STATES["found"])
        words = [self.text(STATES[standing.breach.state])]
        if standing.shelved:
            words.append(self.text(tr("shelved ({number})"), number=standing.shelved[-1].number))
        if standing.raised:
            words.append(self.text(tr("late: goes to {person}"), person=standing.raised[-1].person))
        return "; ".join(words)

    def _differences(self, answering: Answering, review: Review) -> None:
        """What is new, what changed, what is gone, and what to do about it."""
        for id_, before, after in review.compared.changed:
            self.say(tr("! {id} is judged otherwise now: {changes}"), id=id_, changes=self.changes(before, after))
            self._both_texts(before, after)
        for id_, before in review.compared.gone:
            self.say(tr("! {id} is no longer found: the readings known now do not show it"), id=id_)
            self._clause(before)
        for id_ in review.unjudged:
            self.say(tr("! {id} cannot be judged now: its signal has no readings"), id=id_)
        count = len(review.new)
        if count:
            self.line(self.text.count("{n} breach is not entered yet", "{n} breaches are not entered yet", count))
        if not review.nothing:
            self.say(tr("to enter what is found: zveno breaches {period} --enter --as ID"), period=review.period.name)
        del answering

    def entered(self, review: Review, found: Mapping[str, Breach]) -> None:
        """What was entered."""
        number = max((one.entered.record for one in found.values()), default=0)
        record = max([number, *(each.signed.record for one in found.values() for each in one.changes)])
        self.say(
            tr("entered (record {record}): {new} new, {changed} changed, {gone} no longer found"),
            record=record, new=len(review.new), changed=len(review.compared.changed), gone=len(review.compared.gone),
        )  # fmt: skip
        for id_, before, after in review.compared.changed:
            self.say(tr("! {id} is judged otherwise now: {changes}"), id=id_, changes=self.changes(before, after))

    # ---- one breach --------------------------------------------------------------------------------------------------

    def breach_whole(self, answering: Answering, one: Breach, now: datetime, *, as_json: bool = False) -> None:
        """All of one breach."""
        standing = answering.standing(one, now)
        if as_json:
            self.json({**_plain_breach(one, standing), "seen": answering.seen(one.id)})
            return
        model, facts = answering.closing.chain.model, one.judged.facts
        self.table(
            [tr("breach"), tr("tag"), tr("shift"), tr("on duty"), tr("from"), tr("to"), tr("state")],
            self._rows(model, one.id, one.judged, standing),
        )
        self.say(
            tr("{tag}: worst value {peak}, limit {limit}"), tag=model.title(facts["tag"], self.lang),
            peak=self.text.number(facts["peak"], 2), limit=self.text.number(facts["limit"], 2),
        )  # fmt: skip
        self._texts_of(model, one, now)
        self._history(model, one)
        for shelved in standing.shelved:
            self.say(
                tr("its alarm was shelved until {until}: {reason} (record {number})"),
                until=self._local(model, one.judged, shelved.end.isoformat()), reason=shelved.reason,
                number=shelved.number,
            )  # fmt: skip
        self._waits(model, standing)
        self.say(tr("last entry of the ledger about it: {seen} (--seen {seen})"), seen=answering.seen(one.id))

    def stepped(self, answering: Answering, one: Breach, now: datetime) -> None:
        """How a breach stands after a step."""
        self.say(tr("{id}: {state}"), id=one.id, state=self.text(STATES[one.state]))
        self._waits(answering.closing.chain.model, answering.standing(one, now))

    def _texts_of(self, model: ChainModel, one: Breach, now: datetime) -> None:
        """The clause that it was judged by, and that in force today where it is another."""
        facts = one.judged.facts
        self.say(tr("judged by {rule}, version {version}: {text}"), rule=facts["rule"], version=facts["version"],
                 text=self._words(one.judged.text))  # fmt: skip
        rule = model.rulebook.by_id.get(facts["rule"])
        today = version_on(rule, now.astimezone(model.tz).date())
        if today is not None and today.version != facts["version"]:
            self.say(tr("in force today is version {version}: {text}"), version=today.version,
                     text=self._words({str(key): each for key, each in today.text.items()}))  # fmt: skip

    def _history(self, model: ChainModel, one: Breach) -> None:
        """Every signed step, in the order of the log."""
        lines: list[tuple[Signed, str]] = [(one.entered, self.text(tr("entered")))]
        for change in one.changes:
            words = self.text(STATES["gone"]) if change.after is None else self.changes(change.before, change.after)
            lines.append((change.signed, self.text(tr("judged otherwise: {changes}"), changes=words)))
        lines += [(each.signed, self.text(tr("{party} is told"), party=each.party)) for each in one.notices]
        lines += [(each.signed, self.text(tr("{party} knows of it"), party=each.party)) for each in one.acknowledged]
        lines += [(each.signed, self.text(tr("reply of {party}: {text}"), party=each.party, text=each.text))
                  for each in one.replies]  # fmt: skip
        lines += [
            (each.signed, self.text(tr("cause: {cause}; {text}"), cause=self.text(CAUSES[each.cause]), text=each.text))
            for each in one.causes
        ]
        lines += [(each.signed, self.text(tr("appeal of {party}: {text}"), party=each.party, text=each.text))
                  for each in one.appeals]  # fmt: skip
        for action in one.actions:
            lines.append((action.signed, self.text(tr("action: {text}; {owner}, due {due}"), text=action.text,
                                                   owner=action.owner, due=action.due)))  # fmt: skip
            if action.done is not None:
                lines.append((action.done, self.text(tr("done: {text}"), text=action.outcome or action.text)))
        for void in one.voids:
            key = void.evidence.get("key", "–")
            lines.append((void.signed, self.text(tr("voided: {reason} ({key})"), reason=void.reason, key=key)))
            if void.reopened is not None:
                lines.append((void.reopened, self.text(tr("counts again: {reason}"), reason=void.reopened_because)))
        if one.closed is not None:
            lines.append((one.closed, self.text(STATES["closed"])))
        for signed, words in sorted(lines, key=lambda pair: pair[0].record):
            at = self._local(model, one.judged, signed.at.isoformat())
            self.line(f"  {at} {signed.name}: {words} ({signed.record})")
        for number, refused in one.void_acts:
            self.say(tr("  record {number} counts for nothing: {why}"), number=number, why=self.text.fault(refused))

    def _waits(self, model: ChainModel, standing: Standing) -> None:
        """What comes next, until when, and to whom it went."""
        due = standing.due
        if due is None:
            return
        step, who = self.text(STEPS[due.step]), ", ".join(due.of)
        if due.until is None:
            self.say(tr("next: {step}"), step=step)
        else:
            self.say(tr("next: {step} {who} until {until}"), step=step, who=who,
                     until=self._local(model, standing.breach.judged, due.until.isoformat()))  # fmt: skip
        for one in standing.raised:
            self.say(
                tr("  its term has passed: since {since} it lies with {role} ({person}), level {level}"),
                since=self._local(model, standing.breach.judged, one.since.isoformat()),
                role=model.title(one.role, self.lang), person=one.person, level=one.level,
            )  # fmt: skip

    # ---- instruments -------------------------------------------------------------------------------------------------

    def void_proposals(self, found: Sequence[VoidProposal], period: str, *, as_json: bool) -> None:
        """What the balance proposes about breaches."""
        if as_json:
            self.json([{"kind": one.kind, "breach": one.breach, "meter": one.meter,
                        "key": one.finding.key if one.finding else None} for one in found])  # fmt: skip
            return
        if not found:
            self.say(tr("the balance of {period} says nothing of instruments of breaches"), period=period)
        for one in found:
            key = one.finding.key if one.finding else "–"
            if one.kind == "void":
                self.say(
                    tr("{id}: the balance names its instrument, {meter} ({key}): zveno breach void {id} --balance "
                       "{period}"),
                    id=one.breach, meter=one.meter, key=key, period=period,
                )  # fmt: skip
            elif one.kind == "doubt":
                self.say(tr("{id}: its instrument, {meter}, is one of several suspects ({key}): nothing is proposed"),
                         id=one.breach, meter=one.meter, key=key)  # fmt: skip
            else:
                self.say(tr("{id}: the balance no longer says what voided it: zveno breach reopen {id}"), id=one.breach)

    # ---- words -------------------------------------------------------------------------------------------------------

    def person(self, model: ChainModel, part: Mapping[str, Any]) -> str:
        """Who was on duty in a part, and how."""
        role = model.title(part["role"], self.lang)
        who = self.text(tr("{role}, crew {crew}"), role=role, crew=part["crew"]) if part["crew"] else role
        named = "" if part["how"] in ("role", "nobody") else f" ({part['person']})"
        how = self.text(HOW[part["how"]], other=part["instead_of"]) if HOW[part["how"]] else ""
        return f"{who}{named}{', ' + how if how and part['how'] != 'role' else ''}"

    def changes(self, before: Judged, after: Judged) -> str:
        """What differs between two judgements."""
        pairs = [(name, before.facts[name], after.facts[name]) for name in FACTS if name != "rule_hash"]
        words = [
            f"{self.text(_CHANGED.get(name, name))} {self._shown(old)} → {self._shown(new)}"
            for name, old, new in pairs
            if old != new
        ]
        if before.parties != after.parties:
            words.append(f"{self.text(tr('on duty'))} {', '.join(before.parties)} → {', '.join(after.parties)}")
        if before.facts["rule_hash"] != after.facts["rule_hash"]:
            words.append(self.text(tr("the text of the rule is another one")))
        return "; ".join(words) or self.text(tr("it is found again"))

    def _both_texts(self, before: Judged, after: Judged) -> None:
        if before.facts["rule_hash"] == after.facts["rule_hash"]:
            self._clause(after)
            return
        self.say(
            tr("  before, version {version}: {text}"), version=before.facts["version"], text=self._words(before.text)
        )
        self.say(tr("  now, version {version}: {text}"), version=after.facts["version"], text=self._words(after.text))

    def _clause(self, one: Judged) -> None:
        self.say(tr("  version {version}: {text}"), version=one.facts["version"], text=self._words(one.text))

    def _words(self, text: Mapping[str, str]) -> str:
        return text.get(self.lang) or text.get("en") or "–"

    def _shown(self, value: Any) -> str:
        if isinstance(value, bool):
            return self.text(tr("yes") if value else tr("no"))
        return self.text.number(value, 3) if isinstance(value, float) else str(value)

    def _local(self, model: ChainModel, one: Judged, moment: str) -> str:
        """A moment by the clock of the plant that a breach is of."""
        return self.text.moment(plant_time(model, one.facts["plant"], datetime.fromisoformat(moment)))

    def _review_plain(
        self, review: Review, ids: Mapping[str, Judged], standing: Mapping[str, Standing]
    ) -> dict[str, Any]:
        return {
            "period": review.period.name,
            "breaches": [
                {"id": id_, **one.said(), **(_plain_standing(standing[id_]) if id_ in standing else {"state": "found"})}
                for id_, one in ids.items()
            ],
            "new": list(review.new),
            "changed": [{"id": id_, "before": before.said(), "after": after.said()}
                        for id_, before, after in review.compared.changed],
            "gone": [{"id": id_, "before": before.said()} for id_, before in review.compared.gone],
            "unjudged": list(review.unjudged),
        }  # fmt: skip


def _signed(one: Signed | None) -> dict[str, Any] | None:
    return None if one is None else vars(one)


def _plain_standing(one: Standing) -> dict[str, Any]:
    due = one.due
    return {
        "state": one.breach.state,
        "waits_for": None if due is None else {"step": due.step, "of": list(due.of), "until": due.until},
        "raised": [vars(each) for each in one.raised],
        "shelved": [each.number for each in one.shelved],
    }


def _plain_breach(one: Breach, standing: Standing) -> dict[str, Any]:
    """A breach for JSON."""

    def each(found: Iterable[Any]) -> list[dict[str, Any]]:
        return [
            {name: _signed(value) if isinstance(value, Signed) else value for name, value in vars(item).items()}
            for item in found
        ]

    return {
        "id": one.id, **one.judged.said(), **_plain_standing(standing), "entered": _signed(one.entered),
        "changes": [{"signed": _signed(item.signed), "before": item.before.said(),
                     "after": item.after.said() if item.after else None} for item in one.changes],
        "notices": each(one.notices), "acknowledged": each(one.acknowledged), "replies": each(one.replies),
        "causes": each(one.causes), "appeals": each(one.appeals), "actions": each(one.actions),
        "voids": each(one.voids), "closed": _signed(one.closed),
        "void_acts": [{"record": number, "why": str(refused)} for number, refused in one.void_acts],
    }  # fmt: skip
