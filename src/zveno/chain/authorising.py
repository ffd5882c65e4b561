"""A person answers for instruments whose verification has expired, so that a period can be closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from zveno.chain.closing import Closing
from zveno.chain.instruments import known_instruments
from zveno.errors import DataError
from zveno.log import Draft, Entry, Signer
from zveno.quality.authorised import KIND, Authorisation, Lapsed, authorisations, body, chosen, lapsed


@dataclass(frozen=True)
class Authorising:
    """Authorisations for the periods of a chain.

    Parameters
    ----------
    closing
        The close of the chain's periods.
    """

    closing: Closing

    def lapsed(self, period: str) -> tuple[Lapsed, ...]:
        """Instruments without a verification in force on some day of a period."""
        chain = self.closing.chain
        return lapsed(known_instruments(chain.model, chain.store), chain.period(period))

    def given(self, period: str) -> tuple[Authorisation, ...]:
        """Authorisations of a period that were signed so far."""
        return authorisations(enumerate(self.closing.log.records), self.closing.chain.period(period).name)

    def require_authorisable(self, period: str, names: Sequence[str], reason: str, person: str) -> tuple[Lapsed, ...]:
        """The instruments that a person could authorise now: asked before the pass-phrase is.

        Raises
        ------
        DataError
            If none of them needs it, the reason is empty, or the person has drawn up the draft that waits.
        """
        name = self.closing.chain.period(period).name
        found = chosen(self.lapsed(period), names)
        body(name, found, reason)
        draft = self.closing.stage(name).draft
        if draft is not None and draft.drawn.person == person:
            raise DataError(
                "'{person}' has drawn up {period} and cannot authorise its instruments as well: another person must",
                person=person, period=name,
            )  # fmt: skip
        return found

    def authorise(self, period: str, names: Sequence[str], reason: str, signer: Signer, at: datetime) -> Entry:
        """Sign for instruments of a period, by name or ``all``.

        Raises
        ------
        DataError
            As ``require_authorisable``.
        StoreError
            If the person may not sign, or the disk refuses.
        """
        found = self.require_authorisable(period, names, reason, signer.person)
        name = self.closing.chain.period(period).name
        return self.closing.log.enter(signer, Draft(KIND, body(name, found, reason), at))
