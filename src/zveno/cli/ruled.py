"""How the rulebook is shown on a screen: texts, differences, faults, replays, amendments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from zveno.cli.screen import Screen
from zveno.errors import DataError
from zveno.log import stamp
from zveno.model.checks import near_match
from zveno.reports.parts.discipline import SEVERITY_WORDS
from zveno.text.mark import tr
from zveno.text.words import RULE_KIND_WORDS

if TYPE_CHECKING:
    from zveno.chain import ChainModel
    from zveno.chain.replaying import Replay
    from zveno.chain.rulebooks import BookOfLog, Difference, InForce, Motion, State, Step
    from zveno.chain.validating import Validated

STATE_WORDS = {
    "proposed": tr("proposed"),
    "reviewed": tr("reviewed"),
    "approved": tr("approved, not yet in force"),
    "in_force": tr("in force"),
    "superseded": tr("superseded"),
    "refused": tr("refused"),
    "withdrawn": tr("withdrawn"),
}
STATUS_WORDS = {
    "verified": tr("verified"),
    "inferred": tr("inferred"),
    "estimate": tr("estimate"),
    "unverified": tr("unverified"),
}
CHANGE_WORDS = {
    "added": tr("added"),
    "ended": tr("ended"),
    "changed": tr("changed"),
    "appears": tr("appears"),
    "vanishes": tr("vanishes"),
}
SURETY_WORDS = {"sure": tr("sure"), "likely": tr("likely"), "within_error": tr("within the error"), "": "–"}
_FAULTY = 3


class RuledAnswers(Screen):
    """A screen that knows how rules are shown."""

    def listed(self, model: ChainModel, found: Mapping[str, InForce], day: date, *, as_json: bool) -> None:
        """Rules in force on a day, a line each."""
        if as_json:
            self.json({"day": day, "book": model.rulebook.hash, "rules": [_plain(one) for one in found.values()]})
            return
        rows = [
            [rule, str(one.version.version), self.text.day(one.version.start), self._kind(one.rule.kind),
             self.text(SEVERITY_WORDS[one.rule.severity]), self.text(STATUS_WORDS[one.version.status]),
             one.version.text.get(self.lang, "")]  # type: ignore[call-overload]
            for rule, one in sorted(found.items())
        ]  # fmt: skip
        head = (tr("rule"), tr("version"), tr("in force since"), tr("kind"), tr("severity"), tr("status"), tr("text"))
        self.table(head, rows)
        self.say(
            tr("rules in force on {day}: {n}; hash of the book {hash}"),
            n=len(found), day=self.text.day(day), hash=model.rulebook.hash[:16],
        )  # fmt: skip
        self._doubt_kazakh(model)

    def rule(self, model: ChainModel, name: str, day: date, langs: Sequence[str], *, as_json: bool) -> None:
        """One rule with all its versions."""
        from zveno.chain.rulebooks import in_force

        rule = model.rulebook.by_id.get(name)
        if rule is None:
            raise DataError(
                "the book has no rule '{rule}': zveno rules list shows them", rule=name,
                near=near_match(name, model.rulebook.by_id),
            )  # fmt: skip
        now = in_force(model, day).get(name)
        if as_json:
            versions = [{**rule.text_of(one)["version"], "ends": one.end, "hash": rule.hash_of(one)}
                        for one in rule.versions]  # fmt: skip
            self.json({**rule.text_of(rule.versions[0])["rule"], "in_force": now and now.version.version,
                       "versions": versions})  # fmt: skip
            return
        self.line(f"{name}: {self._kind(rule.kind)}, {', '.join(rule.tags) or '–'}, {rule.uom}")
        if now is None:
            self.say(tr("it is not in force on {day}"), day=self.text.day(day))
        for one in sorted(rule.versions, key=lambda each: each.start):
            mark = "*" if now is not None and one.version == now.version.version else " "
            until = self.text.day(one.end) if one.end else "…"
            self.say(
                tr("{mark} version {version}: from {start} to {end}, {status}; hash {hash}"),
                mark=mark, version=one.version, start=self.text.day(one.start), end=until,
                status=self.text(STATUS_WORDS[one.status]), hash=rule.hash_of(one)[:16],
            )  # fmt: skip
            for lang in langs:
                self.line(f"    {lang}: {one.text.get(lang, '–')}")  # type: ignore[call-overload]
            self.line(f"    {_params(one.params)}")
            self.say(tr("    source: {source}; approver: {role}"), source=one.source or "–",
                     role=model.title(one.approver_role, self.lang) if one.approver_role else "–")  # fmt: skip
        if "kk" in langs:
            self._doubt_kazakh(model)

    def differences(
        self, before: Mapping[str, InForce], after: Mapping[str, InForce], days: tuple[date, date],
        langs: Sequence[str], *, as_json: bool,
    ) -> None:  # fmt: skip
        """What differs between two books."""
        from zveno.chain.rulebooks import differences

        found = differences(before, after)
        if as_json:
            self.json({"days": list(days), "differences": [_told(one) for one in found]})
            return
        if not found:
            self.say(tr("no rule differs between {first} and {second}"),
                     first=self.text.day(days[0]), second=self.text.day(days[1]))  # fmt: skip
        self._texts(found, langs)

    def validated(self, found: Validated, *, as_json: bool) -> int:
        """Every fault, or that there is none; the exit code."""
        if as_json:
            self.json({"faults": [{"where": one.where, "text": self.text.fault(one)} for one in found.faults]})
            return _FAULTY if found.faults else 0
        for one in found.faults:
            self.line(self.text.fault(one), err=True)
        if found.faults or found.model is None:
            self.say(tr("faults: {n}"), err=True, n=len(found.faults))
            return _FAULTY
        rules = found.model.rulebook.rules
        self.say(
            tr("no faults; rules: {rules}, versions without gap or overlap: {versions}, examples: {cases}"),
            rules=len(rules), versions=sum(len(one.versions) for one in rules),
            cases=sum(len(one.cases) for one in rules),
        )  # fmt: skip
        return 0

    def replayed(self, model: ChainModel, found: Replay, langs: Sequence[str], *, as_json: bool) -> None:
        """What appears, vanishes and changes; by rule, unit and shift; the clauses side by side."""
        counts = found.tally()
        if as_json:
            self.json({
                "period": found.period.name, "day": found.day, "before": found.before.breaches.height,
                "after": found.after.breaches.height, "by": counts,
                "changes": found.changes.to_dicts(), "texts": [_told(one) for one in found.texts],
            })  # fmt: skip
            return
        self.say(
            tr("{period}: breaches of these rules under the book in force: {before}, under the draft: {after}"
                " (its rules of {day}, held to be in force all the time)"
            ),
            period=found.period.name, before=found.before.breaches.height, after=found.after.breaches.height,
            day=self.text.day(found.day),
        )  # fmt: skip
        if found.changes.is_empty():
            self.say(tr("no breach appears, vanishes or changes"))
        else:
            self.table(
                (tr("rule"), tr("tag"), tr("change"), tr("start"), tr("end"), tr("surety"), tr("limit"), tr("on duty")),
                [self._change(model, row) for row in found.changes.iter_rows(named=True)],
            )
            for name, head in (("rule", tr("rule")), ("unit", tr("unit")), ("shift", tr("shift"))):
                self.line()
                self.table(
                    (head, *(CHANGE_WORDS[one] for one in ("appears", "vanishes", "changed"))),
                    [[self._named(model, name, key), *(self.text.number(one, 0) for one in numbers)]
                     for key, *numbers in counts[name]],
                )  # fmt: skip
        self.line()
        self._texts(found.texts, langs)
        lacking = found.after.not_checked.height
        if lacking:
            self.say(tr("not checked under the draft: {n}; zveno check says which and why"), n=lacking)

    def adopted(self, step: Step) -> None:
        """An adoption."""
        body = step.signed.body
        self.say(
            tr("the rulebook is adopted (record {record}); rules: {rules}, versions: {versions}, hash {hash}"),
            record=step.record, rules=body["rules"], versions=body["versions"], hash=body["book"][:16],
        )  # fmt: skip

    def proposed(self, motion: Motion) -> None:
        """A new amendment."""
        self.say(
            tr("amendment {number} is proposed; another person reviews it: zveno rules review {number} --as ID"),
            number=motion.number,
        )

    def stepped(self, motion: Motion, state: State) -> None:
        """Where an amendment stands after a step."""
        self.say(tr("amendment {number} ({id}): {state}; takes effect on {day}"), number=motion.number, id=motion.id,
                 state=self.text(STATE_WORDS[state]), day=self.text.day(motion.effective))  # fmt: skip

    def amendments(self, known: BookOfLog, found: Sequence[tuple[Motion, State]], *, as_json: bool) -> None:
        """Amendments with their signatures."""
        if as_json:
            self.json([_motion(one, state) for one, state in found])
            return
        if known.adopted is not None:
            self.adopted(known.adopted)
        if not found:
            self.say(tr("no amendment was proposed"))
        for motion, state in found:
            self.stepped(motion, state)
            self.line(f"  {motion.title.get(self.lang, '')}")
            for step in (motion.proposed, motion.reviewed, motion.approved, motion.ended):
                if step is not None:
                    self.line(f"  {step.record}: {stamp(step.signed, self.lang)}")
            if motion.correction:
                self.say(tr("  it corrects the past: books known before stay as they were known"))
            protocol = motion.approved and motion.approved.signed.bound.get("protocol")
            if protocol:
                self.say(tr("  protocol of the vote: {name}, SHA-256 {digest}"),
                         name=motion.approved.signed.body.get("protocol", "–"), digest=protocol)  # type: ignore[union-attr] # fmt: skip

    # ---- inside ------------------------------------------------------------------------------------------------------

    def _kind(self, kind: str) -> str:
        return self.text(RULE_KIND_WORDS.get(kind, kind))

    def _doubt_kazakh(self, model: ChainModel) -> None:
        if self.lang == "kk" and not model.rulebook.kk_reviewed:
            self.say(tr("The Kazakh wording of the rules has not been reviewed yet; the Russian wording counts."))

    def _named(self, model: ChainModel, what: str, key: str) -> str:
        return model.title(key, self.lang) if what == "unit" else key

    def _change(self, model: ChainModel, row: Mapping[str, Any]) -> list[str]:
        """A row of a replay: where both books find something, both."""

        def both(name: str, say: Any) -> str:
            told = [say(row[f"{name}_{when}"]) for when in ("before", "after") if row[f"count_{when}"]]
            return " → ".join(dict.fromkeys(told))

        def moment(value: Any) -> str:
            return self.text.moment(value.astimezone(model.tz))

        role = model.title(row["person"].partition(":")[0], self.lang)
        crew = self.text(tr("{role}, crew {crew}"), role=role, crew=row["crews"]) if row["crews"] else role
        return [
            row["rule"], model.title(row["tag"], self.lang), self.text(CHANGE_WORDS[row["change"]]),
            both("start", moment), both("end", moment),
            both("surety", lambda one: self.text(SURETY_WORDS[one])),
            both("limit", lambda one: self.text.number(one, 2)), crew,
        ]  # fmt: skip

    def _texts(self, found: Sequence[Difference], langs: Sequence[str]) -> None:
        """Clauses side by side, and what differs beside them."""
        for one in found:
            numbers = " → ".join(str(each.version.version) for each in (one.before, one.after) if each)
            self.line(f"{one.rule}: {self.text(CHANGE_WORDS[one.change])} ({numbers})")
            for key, old, new in one.fields:
                if not key.startswith("text."):
                    self.line(f"  {key}: {_shown(old)} → {_shown(new)}")
            for lang in langs:
                for sign, each in (("-", one.before), ("+", one.after)):
                    if each is not None:
                        self.line(f"  {lang} {sign} {each.version.text.get(lang, '–')}")  # type: ignore[call-overload]


def _shown(value: Any) -> str:
    return "–" if value is None else str(value)


def _params(params: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in params.items()) or "–"


def _plain(one: InForce) -> dict[str, Any]:
    said = one.rule.text_of(one.version)
    return {**said["rule"], "version": said["version"], "ends": one.version.end, "hash": one.hash}


def _told(one: Difference) -> dict[str, Any]:
    return {
        "rule": one.rule, "change": one.change, "fields": [list(each) for each in one.fields],
        "before": one.before and _plain(one.before), "after": one.after and _plain(one.after),
    }  # fmt: skip


def _motion(one: Motion, state: State) -> dict[str, Any]:
    steps = {"proposed": one.proposed, "reviewed": one.reviewed, "approved": one.approved, "ended": one.ended}
    return {
        "number": one.number, "id": one.id, "title": dict(one.title), "effective": one.effective, "state": state,
        "correction": one.correction, "draft": one.draft, "void": list(one.void),
        **{name: step and {"record": step.record, "person": step.signed.person, "at": step.signed.at,
                           "bound": dict(step.signed.bound)} for name, step in steps.items()},
    }  # fmt: skip
