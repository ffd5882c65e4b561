"""Responsibility over a chain: breaches entered in the log, their steps signed, terms, instruments at fault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from zveno.chain.closing import Closing
from zveno.chain.evidence import keep_evidence, read_evidence
from zveno.chain.signed import Over, last_seen, sign_over
from zveno.duty import acts
from zveno.duty.breach import Breach
from zveno.duty.found import Compared, Judged, compared, judged, named
from zveno.duty.instruments import Finding, VoidProposal, void_proposals
from zveno.duty.life import breaches, require
from zveno.duty.roster import Roster
from zveno.duty.shelving import Shelving, marks, shelvings
from zveno.duty.terms import Clock, Due, Raised
from zveno.errors import DataError, some_names
from zveno.log import Draft, Signer
from zveno.model.checks import near_match
from zveno.model.worktime import plant_time
from zveno.periods import Period
from zveno.reconcile import Balance
from zveno.tables import frame

_LOSS = "loss"


@dataclass(frozen=True)
class Review:
    """What the rules find now in a period beside what is entered.

    Parameters
    ----------
    compared
        Same, changed, new and gone.
    unjudged
        Entered breaches of signals without any reading now: nothing can be said of them.
    new
        New breaches with the ids that they would have, by id.
    """

    period: Period
    compared: Compared
    new: Mapping[str, Judged]
    unjudged: tuple[str, ...] = ()
    made_from: Mapping[str, str] = field(default_factory=dict)

    @property
    def nothing(self) -> bool:
        """Whether all is entered as it is found."""
        return not (self.new or self.compared.changed or self.compared.gone)


@dataclass(frozen=True)
class Standing:
    """How a breach stands at a moment: what it waits for, where it went meanwhile, whether its alarm was shelved."""

    breach: Breach
    due: Due | None
    raised: tuple[Raised, ...]
    shelved: tuple[Shelving, ...]


@dataclass(frozen=True)
class Answering:
    """Breaches of a chain and what follows from them."""

    closing: Closing

    @cached_property
    def clock(self) -> Clock:
        """Terms of the chain."""
        return Clock(self.closing.chain.model)

    @cached_property
    def roster(self) -> Roster:
        """Who is on duty, as known now."""
        return Roster(self.closing.chain.model)

    # ---- what is entered ---------------------------------------------------------------------------------------------

    def all(self) -> dict[str, Breach]:
        """Every breach that was entered, by id."""
        return breaches(enumerate(self.closing.log.records), self.clock)

    def get(self, id_: str) -> Breach:
        """One by its id.

        Raises
        ------
        DataError
            If none is entered under it.
        """
        found = self.all()
        if id_ not in found:
            raise DataError(
                "no breach '{id}' is entered: zveno breaches shows them", id=id_, near=near_match(id_, found)
            )
        return found[id_]

    def standing(self, one: Breach, now: datetime) -> Standing:
        """How a breach stands; while its alarm is shelved no term runs."""
        shelved = marks(shelvings(enumerate(self.closing.log.records)).values(), one.judged)
        due = self.clock.due(one)
        if any(each.holds(now) for each in shelved):
            return Standing(one, due, (), shelved)
        return Standing(one, due, self.clock.raised(one, now, self.roster, due), shelved)

    # ---- what the rules find -----------------------------------------------------------------------------------------

    def review(self, period: str | Period, known: date | None = None) -> Review:
        """The breaches of a period as the rules find them now, beside those that are entered.

        Parameters
        ----------
        known
            The roster as it was known on a day (None = now).
        """
        chain = self.closing.chain
        span = period if isinstance(period, Period) else chain.period(period)
        found = chain.check(span)
        roster = self.roster if known is None else Roster(chain.model, known)
        now = [judged(chain.model, roster, row) for row in found.breaches.iter_rows(named=True)]
        entered = self.all()
        mine = {id_: one.judged for id_, one in entered.items() if _inside(one.judged, span)}
        seen = {(rule, tag) for rule, tag, told in found.coverage.select(
            "rule", "tag", pl.col("judged_h") + pl.col("off_h")).iter_rows() if told > 0}  # fmt: skip
        both = compared(mine, now)
        back = tuple((id_, one, one) for id_, one in both.same if entered[id_].gone)
        still = tuple((id_, one) for id_, one in both.gone if not entered[id_].gone)
        gone = tuple((id_, one) for id_, one in still if one.alarm[:2] in seen)
        made_from = {"model": found.model_hash, "rulebook": found.rulebook_hash, "readings": found.readings_hash,
                     "known": chain.now().isoformat()}  # fmt: skip
        return Review(
            span,
            Compared(both.same, (*both.changed, *back), both.new, gone),
            dict(named(both.new, entered, chain.model)),
            tuple(id_ for id_, one in still if one.alarm[:2] not in seen),
            made_from,
        )

    def enter(self, review: Review, signer: Signer, at: datetime, seen: int | None = None) -> dict[str, Breach]:
        """Sign what the rules find: new breaches get their ids, changed and vanished ones are told with both texts.

        Raises
        ------
        DataError
            If all is entered as it is found.
        ConflictError
            If somebody else entered breaches of the period meanwhile.
        StoreError
            If the person may not sign, or the disk refuses.
        """
        if review.nothing:
            raise DataError("the breaches of {period} are entered as the rules find them", period=review.period.name)
        body = {
            "period": review.period.name,
            "new": {id_: one.said() for id_, one in review.new.items()},
            "changed": {id_: after.said() for id_, _, after in review.compared.changed},
            "gone": [id_ for id_, _ in review.compared.gone],
            "made_from": dict(review.made_from),
        }
        subject = f"breaches/{review.period.name}"
        before = last_seen(self.closing, subject) if seen is None else seen
        sign_over(self.closing, signer, Draft(acts.ENTERED, body, at), Over("breaches", subject, before))
        touched = {*review.new, *body["changed"], *body["gone"]}
        return {id_: one for id_, one in self.all().items() if id_ in touched}

    # ---- steps -------------------------------------------------------------------------------------------------------

    def require(self, id_: str, kind: str, body: Mapping[str, Any], person: str, at: datetime) -> Breach:
        """A breach on which a person could do this now: asked before the pass-phrase is.

        Raises
        ------
        DataError
            If the process does not allow it.
        """
        one = self.get(id_)
        require(one, kind, body, person, at, clock=self.clock)
        if kind == acts.ACTION:
            self._require_person(str(body["owner"]))
        return one

    def step(
        self, id_: str, kind: str, body: Mapping[str, Any], signer: Signer, at: datetime, *,
        files: Sequence[Path] = (), seen: int | None = None,
    ) -> Breach:  # fmt: skip
        """Sign a step of a breach (a kind of :mod:`zveno.duty.acts`).

        Raises
        ------
        DataError
            As ``require``.
        ConflictError
            If somebody else did something about it meanwhile.
        StoreError
            If the person may not sign, or the disk refuses.
        """
        self.require(id_, kind, body, signer.person, at)
        bound = keep_evidence(self.closing.folder, read_evidence(tuple(files)))
        before = self.seen(id_) if seen is None else seen
        draft = Draft(kind, {"of": id_, **body}, at, bound)
        sign_over(self.closing, signer, draft, Over("breach", f"breach/{id_}", before))
        return self.get(id_)

    def seen(self, id_: str) -> int:
        """Last entry of the ledger about a breach."""
        return last_seen(self.closing, f"breach/{id_}")

    def plant_time(self, one: Breach, moment: datetime) -> datetime:
        """A moment by the clock of the plant that a breach is of: what is signed bears it."""
        return plant_time(self.closing.chain.model, one.judged.facts["plant"], moment)

    def seen_period(self, period: str) -> int:
        """Last entry of the ledger about the breaches of a period."""
        return last_seen(self.closing, f"breaches/{period}")

    def party(self, one: Breach, person: str, named: str = "") -> str:
        """For whom a person speaks: itself, or the one named, or the only role on duty without a named person."""
        if named or person in one.parties:
            return named or person
        roles = [each["person"] for each in one.judged.parts if each["how"] in ("role", "nobody")]
        return roles[0] if len(set(roles)) == 1 else person

    def _require_person(self, person: str) -> None:
        known = self.closing.log.register.persons
        if person not in known:
            raise DataError("there is no person '{person}': zveno person list shows them", person=person,
                            near=near_match(person, known))  # fmt: skip

    # ---- instruments -------------------------------------------------------------------------------------------------

    def findings(self, period: str) -> tuple[Finding, ...]:
        """What the balance of a period says of meters."""
        chain = self.closing.chain
        span = chain.period(period)
        return tuple(findings_of(chain.reconcile(span), span))

    def void_proposals(self, period: str) -> tuple[VoidProposal, ...]:
        """Breaches whose instrument the balance of a period finds at fault, and those that it does so no longer."""
        name = self.closing.chain.period(period).name
        return void_proposals(self.closing.chain.model, self.all().values(), self.findings(name), [name])

    def void_body(self, id_: str, period: str, reason: str) -> dict[str, Any]:
        """What is signed when a breach is voided because of what a balance says.

        Raises
        ------
        DataError
            If that balance does not name its instrument alone, or there is no reason.
        """
        mine = {one.breach: one for one in self.void_proposals(period) if one.kind == "void"}
        finding = mine[id_].finding if id_ in mine else None
        if finding is None:
            raise DataError(
                "the balance of {period} does not name the instrument of {id} alone: it does of {ids}",
                period=period, id=id_, ids=some_names(list(mine)) or "–",
            )  # fmt: skip
        return self._reasoned(reason) | {"evidence": {
            "period": finding.period, "key": finding.key, "meter": mine[id_].meter,
            "rows": [_plain(row) for row in finding.rows], "model": self.closing.chain.model.hash,
        }}  # fmt: skip

    def reopen_body(self, id_: str, reason: str) -> dict[str, Any]:
        """What is signed when a voided breach counts again: the balance must no longer say what voided it.

        Raises
        ------
        DataError
            If it still does, or there is no reason.
        """
        void = self.get(id_).voided
        if void is None:
            raise DataError("breach {id} is not voided", id=id_)
        period = str(void.evidence.get("period", ""))
        if not any(one.breach == id_ and one.kind == "reopen" for one in self.void_proposals(period)):
            raise DataError("the balance of {period} still says '{key}': {id} stays voided", period=period,
                            key=void.evidence.get("key"), id=id_)  # fmt: skip
        return self._reasoned(reason)

    def _reasoned(self, reason: str) -> dict[str, Any]:
        if not reason.strip():
            raise DataError("say why in words: it is kept for good")
        return {"reason": reason.strip()}

    # ---- tables ------------------------------------------------------------------------------------------------------

    def parts(self, found: Mapping[str, Judged]) -> pl.DataFrame:
        """Table ``breach_parts``: who was on duty in each stretch of breaches, by their ids."""
        rows = [
            {
                "id": id_, **{name: one.facts[name] for name in ("rule", "tag", "plant", "unit")},
                "start": datetime.fromisoformat(part["start"]), "end": datetime.fromisoformat(part["end"]),
                "hours": _hours(part), **{name: part[name] for name in
                                          ("shift", "crew", "role", "person", "how", "instead_of")},
                "at_work": ", ".join(part["at_work"]),
            }
            for id_, one in found.items()
            for part in one.parts
        ]  # fmt: skip
        return frame("breach_parts", rows)


def _hours(part: Mapping[str, Any]) -> float:
    start, end = (datetime.fromisoformat(part[name]) for name in ("start", "end"))
    return (end - start).total_seconds() / 3600


def _inside(one: Judged, span: Period) -> bool:
    """Whether a breach has time in a period, as the rules count it; a mere moment counts where it begins."""
    start, end = span.instants
    return one.start < end and (one.end > start or one.start >= start or (one.facts["open"] and one.end >= start))


def findings_of(balance: Balance, span: Period) -> Iterator[Finding]:
    """Meters that a balance speaks of, and for which time.

    A suspect is sure where nothing else is in its class and it is among the errors with which all other readings
    agree; a scale that steps away from its fellows is off from the step on, swapped samples while they are.
    """
    start, end = span.instants
    named = set(balance.gross_errors.select("name", "meter", "quantity").iter_rows())
    for _, rows in balance.suspects.group_by("class_id", maintain_order=True):
        members = tuple(rows.iter_rows(named=True))
        first = members[0]
        meters = tuple(dict.fromkeys(one for row in members for one in str(row["meter"]).split("+") if one))
        alone = len(members) == 1 and first["kind"] != _LOSS
        sure = alone and (first["name"], first["meter"], first["quantity"]) in named
        key = f"suspects/{first['meter'] or first['name'] or first['stream']}/{first['quantity']}"
        yield Finding(span.name, key, meters, start, end, sure, members)
    for row in balance.scale_steps.iter_rows(named=True):
        since = _utc(row["since"]) or start
        yield Finding(span.name, f"step/{row['meter']}", (row["meter"],), since, end, True, (row,))
    for row in balance.swaps.filter(pl.col("status") == "swapped").iter_rows(named=True):
        pair = (row["first_meter"], row["second_meter"])
        times = _utc(row["start"]) or start, _utc(row["end"]) or end
        yield Finding(span.name, f"swap/{pair[0]}/{pair[1]}", pair, *times, True, (row,))


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON."""
    return {name: one.isoformat() if isinstance(one, (date, datetime)) else one for name, one in row.items()}
