"""The desk of the month: values that one person proposes and another approves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any

import polars as pl

from zveno.chain.closing import Closing
from zveno.chain.entered import enter_approved, records_until
from zveno.chain.signed import Over, not_before, sign_over
from zveno.close.proposals import (
    APPROVED,
    PROPOSED,
    REFUSED,
    Proposal,
    PutIn,
    proposals,
    require_approvable_by,
    require_waiting,
)
from zveno.close.putin import Asked, by_key, put_in
from zveno.errors import ConflictError, DataError, Fault, Phrase, StoreError
from zveno.log import Draft, Log, Signer


@dataclass(frozen=True)
class Paper:
    """What somebody is about to propose.

    Parameters
    ----------
    kind
        Kind of the signed record: ``adjusted`` or ``stock_taken``.
    values
        What would enter the records.
    body
        What else is signed: the reason, how a stock was counted.
    bound
        SHA-256 of files that the signature stands under, by name.
    """

    kind: str
    period: str
    values: tuple[PutIn, ...]
    body: Mapping[str, Any]
    bound: Mapping[str, str]


@dataclass(frozen=True)
class Desk:
    """Proposals, approvals and refusals over a chain's close.

    The ledger of the store is asked first: whoever changes a period that another one has changed meanwhile gets a
    conflict that shows both. Then the log takes the signature. The log alone decides what was proposed and approved.
    """

    closing: Closing

    @property
    def log(self) -> Log:
        """The signed log."""
        return self.closing.log

    def proposals(self, period: str | None = None) -> tuple[Proposal, ...]:
        """All proposals, or those of a period, in their order."""
        name = None if period is None else self.closing.chain.period(period).name
        found = proposals(enumerate(self.log.records)).values()
        return tuple(one for one in found if name in (None, one.period))

    def seen(self, period: str) -> int:
        """Number of the last entry of the ledger about a period: what a person has before the eyes."""
        found = self.closing.chain.store.entries(subject=self.closing.chain.period(period).name)
        return found[-1].id if found else 0

    def adjustment(self, period: str, asked: Sequence[Asked], reason: str) -> Paper:
        """What an adjustment would change, with the values that count now beside it; nothing is kept.

        Raises
        ------
        DataError
            If a value cannot be put in, changes nothing, or there is no reason.
        """
        span = self.closing.chain.period(period)
        records = self._records(span.name)
        values = tuple(put_in(self.closing.chain.model, records, span, one) for one in asked)
        if not reason.strip():
            raise DataError("an adjustment of {period} needs a reason in words: it is kept for good", period=span.name)
        same = [
            one.point for one in values
            if (one.was == (one.value,) and not one.qualifier) or (one.value is None and not one.was)
        ]  # fmt: skip
        if same or not values:
            raise DataError("nothing would change: '{point}' has that value already", point=", ".join(same) or "–")
        return Paper("adjusted", span.name, values, {"reason": reason.strip()}, {})

    def propose(self, paper: Paper, signer: Signer, at: datetime, seen: int | None = None) -> Proposal:
        """Sign a proposal; ``seen`` is the last entry of the ledger that the person had seen (None = the last one).

        Raises
        ------
        ConflictError
            If somebody else changed the period meanwhile: it shows both. Nothing is kept, nothing is lost.
        StoreError
            If the person may not sign, or the disk refuses.
        """
        said = {"period": paper.period, "values": [one.said() for one in paper.values], **paper.body}
        seen = self.seen(paper.period) if seen is None else seen
        over = Over(PROPOSED[paper.kind], paper.period, seen)
        return self._one(sign_over(self.closing, signer, Draft(paper.kind, said, at, paper.bound), over))

    def require_decidable(self, number: int, person: str, *, approve: bool = True) -> Proposal:
        """A proposal that a person can decide: asked before the pass-phrase is.

        Raises
        ------
        DataError
            If it does not wait, or the person proposed it and would approve it.
        ConflictError
            If the values that it would replace are no longer those that it was proposed over.
        """
        one = require_waiting(proposals(enumerate(self.log.records)), number)
        if approve:
            require_approvable_by(one, person)
            self._require_fresh(one)
        return one

    def approve(self, number: int, signer: Signer, at: datetime) -> Proposal:
        """Approve what another person proposed: the values enter the records.

        Raises
        ------
        DataError, ConflictError
            As ``require_decidable``.
        StoreError
            If the person may not sign, somebody else decided meanwhile, or the disk refuses.
        """
        found = self._decide(number, APPROVED, {}, signer, at)
        self.enter(at)
        return found

    def refuse(self, number: int, reason: str, signer: Signer, at: datetime) -> Proposal:
        """Refuse a proposal, or take the own one back; the values enter nothing."""
        if not reason.strip():
            raise DataError("a refusal needs a reason in words: it is kept for good")
        return self._decide(number, REFUSED, {"reason": reason.strip()}, signer, at)

    def enter(self, at: datetime) -> int:
        """Put approved values into the records that a power cut kept out; how many proposals that were."""
        return enter_approved(self.closing.chain.store, self.log, self._clock(at))

    # ---- inside ------------------------------------------------------------------------------------------------------

    def _decide(self, number: int, kind: str, body: Mapping[str, Any], signer: Signer, at: datetime) -> Proposal:
        """Sign a decision and see that it is the one that counts."""
        waiting = self.require_decidable(number, signer.person, approve=kind == APPROVED)
        said = {"of": number, "period": waiting.period, **body}
        record = self.log.enter(signer, Draft(kind, said, at)).number
        found = self._one(number)
        if found.decided is None or found.decided.record != record:
            raise StoreError(
                "what record {number} proposes was decided by somebody else meanwhile: look again", number=number
            )
        return found

    def _one(self, number: int) -> Proposal:
        return proposals(enumerate(self.log.records))[number]

    def _records(self, period: str) -> pl.DataFrame:
        return records_until(self.closing.chain.store, self.closing.chain.period(period))

    def _require_fresh(self, one: Proposal) -> None:
        """Refuse to approve over values that changed after the proposal."""
        records = self._records(one.period)
        stale = [
            (each, now) for each in one.values if (now := by_key(records, each)) != each.was and now != (each.value,)
        ]
        if stale:
            raise ConflictError(
                [
                    Fault(
                        "'{point}' was {was} when record {number} proposed {value}, and is {now} now: refuse it and "
                        "propose anew",
                        {"point": each.point, "was": _values(each.was), "value": _values((each.value,)),
                         "now": _values(now), "number": one.number},
                    )
                    for each, now in stale
                ],
                versions=(one, *(now for _, now in stale)),
            )  # fmt: skip

    def _clock(self, at: datetime) -> Callable[[], datetime]:
        """Now, and not before the signature."""
        return not_before(self.closing, at)


def _values(found: Sequence[float | None]) -> Phrase:
    """Values in a message."""
    parts = [Phrase("–") if one is None else Phrase("{value}", {"value": one}) for one in found]
    if not parts:
        return Phrase("nothing")
    return reduce(lambda said, one: Phrase("{first} + {second}", {"first": said, "second": one}), parts)
