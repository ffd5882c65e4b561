"""What every command needs by which a person signs something of the month."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from zveno.cli.app import open_chain
from zveno.cli.languages import language
from zveno.cli.places import store_folder

if TYPE_CHECKING:
    from zveno.chain.answering import Answering
    from zveno.chain.closing import Closing
    from zveno.chain.desk import Desk
    from zveno.chain.investigating import Investigating
    from zveno.chain.shiftwork import Shiftwork
    from zveno.log import Signer


class Office:
    """A chain with its close, its desk, a screen, and the time at which the command began."""

    def __init__(self, chain: str, store: str | None, lang: str) -> None:
        from zveno.chain.closing import Closing
        from zveno.cli.booked import BookedAnswers

        self.closing: Closing = Closing(open_chain(chain, store), store_folder(chain, store))
        plant = self.closing.chain.model.tz  # what is signed and shown bears the time of the plant
        self.screen, self.now = BookedAnswers.of(lang or language(), plant), datetime.now(plant)

    @property
    def desk(self) -> Desk:
        """Where values are proposed and approved."""
        from zveno.chain.desk import Desk

        return Desk(self.closing)

    @property
    def investigating(self) -> Investigating:
        """Where investigations are opened, added to and signed off."""
        from zveno.chain.investigating import Investigating

        return Investigating(self.closing)

    @property
    def answering(self) -> Answering:
        """Where breaches are entered and answered for."""
        from zveno.chain.answering import Answering

        return Answering(self.closing)

    @property
    def shiftwork(self) -> Shiftwork:
        """Where shifts are handed over, orders given, alarms shelved."""
        from zveno.chain.shiftwork import Shiftwork

        return Shiftwork(self.closing)

    def signer(self, person: str) -> Signer:
        """A person with an opened key."""
        from zveno.cli.passphrase import unlocked

        return unlocked(self.closing.log, person, self.screen.text)
