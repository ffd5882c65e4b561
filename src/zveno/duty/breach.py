"""What is known of a breach that was entered: who was told, what was said, its cause, what is done about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from zveno.duty.found import Judged
from zveno.errors import Fault
from zveno.log import Signed

State = Literal[
    "gone", "voided", "closed", "appealed", "action", "cause", "replied", "acknowledged", "notified", "entered"
]


@dataclass(frozen=True)
class Notice:
    """Somebody was told of a breach; ``level`` counts how far it was taken up (0: those on duty)."""

    signed: Signed
    party: str
    level: int = 0


@dataclass(frozen=True)
class Said:
    """Words of a party: that it knows (empty), a reply, an appeal."""

    signed: Signed
    party: str
    text: str = ""
    files: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Confirmed:
    """A cause that was confirmed, or decided upon after an appeal."""

    signed: Signed
    cause: str
    text: str
    parties: tuple[str, ...] = ()


@dataclass(frozen=True)
class Action:
    """What is to be done, by whom, until when."""

    signed: Signed
    text: str
    owner: str
    due: date
    done: Signed | None = None
    outcome: str = ""


@dataclass(frozen=True)
class Void:
    """Why a breach does not count: what the balance says of the instrument."""

    signed: Signed
    reason: str
    evidence: Mapping[str, Any] = field(default_factory=dict, hash=False)
    reopened: Signed | None = None
    reopened_because: str = ""


@dataclass(frozen=True)
class Change:
    """The breach was judged again and is no longer as it was: ``after`` is None where it is no longer found."""

    signed: Signed
    before: Judged
    after: Judged | None


@dataclass(frozen=True)
class Breach:
    """A breach that is entered in the log."""

    id: str
    entered: Signed
    judged: Judged
    changes: tuple[Change, ...] = ()
    gone: bool = False
    notices: tuple[Notice, ...] = ()
    acknowledged: tuple[Said, ...] = ()
    replies: tuple[Said, ...] = ()
    causes: tuple[Confirmed, ...] = ()
    appeals: tuple[Said, ...] = ()
    actions: tuple[Action, ...] = ()
    voids: tuple[Void, ...] = ()
    closed: Signed | None = None
    void_acts: tuple[tuple[int, Fault], ...] = ()

    @property
    def parties(self) -> tuple[str, ...]:
        """Who was on duty."""
        return self.judged.parties

    @property
    def cause(self) -> Confirmed | None:
        """The cause in force."""
        return self.causes[-1] if self.causes else None

    @property
    def voided(self) -> Void | None:
        """Why it does not count now; None where it does."""
        return self.voids[-1] if self.voids and self.voids[-1].reopened is None else None

    @property
    def appealed(self) -> bool:
        """Whether an appeal waits for a decision."""
        return bool(self.appeals) and (
            not self.causes or self.appeals[-1].signed.record > self.causes[-1].signed.record
        )

    @property
    def state(self) -> State:
        """How far it has come, in one word."""
        told = {one.party for one in self.notices if not one.level}
        reached: tuple[tuple[State, bool], ...] = (
            ("gone", self.gone),
            ("voided", self.voided is not None),
            ("closed", self.closed is not None),
            ("appealed", self.appealed),
            ("action", bool(self.actions)),
            ("cause", bool(self.causes)),
            ("replied", {one.party for one in self.replies} >= set(self.parties)),
            ("acknowledged", {one.party for one in (*self.acknowledged, *self.replies)} >= set(self.parties)),
            ("notified", told >= set(self.parties)),
        )
        return next((name for name, so in reached if so), "entered")

    @property
    def settled(self) -> bool:
        """Whether nothing more is to be done: closed, voided, or no longer found."""
        return self.state in ("gone", "voided", "closed")

    def notified_at(self, party: str) -> datetime | None:
        """When a party was first told."""
        return next((one.signed.at for one in self.notices if one.party == party and not one.level), None)

    def replied(self, party: str) -> bool:
        """Whether a party has replied."""
        return any(one.party == party for one in self.replies)
