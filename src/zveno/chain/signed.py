"""An act that is signed over what a person had before the eyes: the ledger refuses it where that has changed meanwhile.

The database is asked first, then the log: so nobody waits for the other in a circle. Should the power fail between the
two, the ledger holds an entry without a signature, which counts for nothing; the same call made again signs it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from zveno.chain.closing import Closing
from zveno.errors import StoreError
from zveno.log import Draft, Signer
from zveno.store import NewEntry


@dataclass(frozen=True)
class Over:
    """What an act is about.

    Parameters
    ----------
    kind, subject
        As the ledger keeps them.
    seen
        Last entry of the subject that the person had seen; 0 = none; None = no matter what came meanwhile.
    """

    kind: str
    subject: str
    seen: int | None = None


def last_seen(closing: Closing, subject: str) -> int:
    """Number of the last entry of the ledger about a subject; 0 if there is none."""
    found = closing.chain.store.entries(subject=subject)
    return found[-1].id if found else 0


def sign_over(closing: Closing, signer: Signer, draft: Draft, over: Over) -> int:
    """Keep an act in the ledger, then sign it; the number of its record in the log.

    A call that was made before, and whose answer was lost, gives the record that it made then.

    Raises
    ------
    ConflictError
        If somebody else kept an entry about the subject meanwhile. Nothing is kept, nothing is lost.
    StoreError
        If the person may not sign, or the disk refuses.
    """
    objection = closing.log.register.objection(signer.sign(draft, closing.log.head))
    if objection is not None:
        raise StoreError([replace(objection, where=str(closing.folder))])
    entry = NewEntry(over.kind, over.subject, dict(draft.body), signer.person, over.seen)
    kept = closing.chain.store.append_entries([entry], not_before(closing, draft.at))[0]
    for number, one in enumerate(closing.log.records):
        if one.body.get("entry") == kept.id:
            return number
    return closing.log.enter(signer, replace(draft, body={**draft.body, "entry": kept.id})).number


def not_before(closing: Closing, at: datetime) -> Callable[[], datetime]:
    """The clock, and never before a signature."""
    return lambda: max(closing.chain.now(), at)
